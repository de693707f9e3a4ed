"""Draw subjects: attributes, latent conduct, events, law, enforcement and data, in integers only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import polars as pl

from scoring.documents import Problem, Refused, did_you_mean
from scoring.population import screens
from scoring.population.attributes import Do, attributes
from scoring.population.conduct import conduct, receivers
from scoring.population.events import Acting, Pressure, done, events
from scoring.population.frame import hidden, records, visible
from scoring.population.noise import Source
from scoring.population.plan import BLOCK, PAGE, Plan

KEPT = 31 << 20  # bytes; of a chunk above 32 MiB glibc takes no notice


def blocks(n: int, size: int = BLOCK) -> list[tuple[int, int]]:
    """Return each block of n subjects with its number of rows.

    >>> blocks(70_000)
    [(0, 65536), (1, 4464)]
    """
    return [(block, min(size, n - start)) for block, start in enumerate(range(0, n, size))]


def people(plan: Plan, n: int, seed: int, year: int = 0, do: Do | None = None) -> pl.DataFrame:
    """Draw n subjects, one row each, with the records of one year."""
    return pl.concat([draw(plan, seed, b, rows, year=year, do=do) for b, rows in blocks(n, plan.block) or [(0, 0)]])


def draw(
    plan: Plan,
    seed: int,
    block: int,
    rows: int = BLOCK,
    replicate: int = 0,
    year: int = 0,
    do: Do | None = None,
    pressure: Pressure | None = None,
) -> pl.DataFrame:
    """Draw the first rows of one block in one year.

    `replicate` draws enforcement and data again over the same people, conduct and law. `do` sets attributes to a level,
    for all or row by row, and what depends on them follows; of a record type it sets how many events there are, whoever
    is at risk, and law, enforcement and data follow. `pressure` gives units of a declared pressure by row.
    """
    return redraw(plan, seed, block, rows, [replicate], year, do, pressure)


def redraw(
    plan: Plan,
    seed: int,
    block: int,
    rows: int,
    replicates: Sequence[int],
    year: int = 0,
    do: Do | None = None,
    pressure: Pressure | None = None,
) -> pl.DataFrame:
    """Draw the first rows of a block once per replicate, stacked: the same people and conduct, recorded anew.

    Equal to stacking `draw(…, replicate=r)`, at the cost of the recording chain only.
    """
    keep_memory()
    wanted, rows = min(rows, plan.block), needed(plan, rows)
    source = Source(seed, plan.subject, block, rows, year)
    set_by_hand = whole(do, wanted, rows)
    acted = {name: set_by_hand.pop(name) for name in plan.counted if name in set_by_hand}
    drawn, acts = attributes(plan, source, set_by_hand), conduct(plan, source)
    taken = receivers(plan, source)
    felt = whole(declared(plan, pressure), wanted, rows)
    classes = screens.classes(plan.counted.values(), drawn.codes, acts, rows)
    found = events(plan, source, Acting(drawn.codes, acts, classes, taken, felt, done(plan, acted, rows)))
    once = [*visible(plan, source, drawn), *hidden(plan, drawn.codes, acts, taken, found, rows)]
    again = [records(plan, found, drawn.codes, replace(source, replicate=r)) for r in replicates]
    return pl.concat([pl.DataFrame(ordered(plan, [*once, *anew])).head(wanted) for anew in again])


@cache
def keep_memory() -> None:
    """Let this process keep the memory of one block for the next.

    glibc hands what is freed back to the kernel at once, until it has seen a large chunk freed; a sixth of the time of
    drawing would go into getting it back, page by page. With another C library this does nothing.
    """
    np.empty(KEPT, dtype=np.uint8)


def ordered(plan: Plan, columns: Sequence[pl.Series]) -> list[pl.Series]:
    """Put columns into the order of the plan."""
    by_name = {column.name: column for column in columns}
    return [by_name[name] for name in plan.columns]


def needed(plan: Plan, rows: int) -> int:
    """Return how many rows to draw so that the first are known: whole pages, or the block where conduct is donated."""
    return plan.block if plan.donors else min(plan.block, -(-rows // PAGE) * PAGE)


def declared(plan: Plan, pressure: Pressure | None) -> Pressure:
    """Return the pressures that act. Raises Refused for one that no record type declares."""
    if not pressure:
        return {}
    known = {name for record in plan.counted.values() for name in record.pressure}
    unknown = [name for name in pressure if name not in known]
    if unknown:
        what = "no pressure of that name"
        raise Refused(Problem(plan.recipe_name, 0, f"pressure({n})", what, did_you_mean(n, known)) for n in unknown)
    return pressure


def whole(given: Mapping[str, Any] | None, wanted: int, rows: int) -> dict[str, Any]:
    """Lengthen what is given row by row to the rows that are drawn; the rows beyond are thrown away."""
    lengthened = {}
    for name, values in (given or {}).items():
        one = isinstance(values, (str, int))
        lengthened[name] = values if one or len(values) != wanted else np.resize(np.asarray(values), rows)
    return lengthened
