"""Draw subjects: attributes, latent conduct, events, law, enforcement and data, in integers only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from scoring.documents import Problem, Refused, did_you_mean
from scoring.population import identity
from scoring.population.attributes import Codes, Do, Drawn, attributes
from scoring.population.conduct import Conduct, conduct, latent, receivers
from scoring.population.events import Events, Pressure, events
from scoring.population.noise import Source
from scoring.population.plan import BLOCK, LOTS, PAGE, Plan
from scoring.population.recording import recorded
from scoring.population.representatives import representatives
from scoring.population.steps import Steps, reached

LOT = 10_000


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
    for all or row by row, and what depends on them follows. `pressure` gives units of a declared pressure by row.
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
    wanted, rows = min(rows, plan.block), needed(plan, rows)
    source = Source(seed, plan.subject, block, rows, year)
    drawn, acts = attributes(plan, source, whole(do, wanted, rows)), conduct(plan, source)
    taken = receivers(plan, source)
    acting = whole(declared(plan, pressure), wanted, rows)
    found = {name: events(plan, name, source, drawn.codes, acts, taken, acting) for name in plan.counted}
    once = [*visible(plan, source, drawn), *hidden(plan, drawn.codes, acts, taken, found, rows)]
    again = [records(plan, found, Source(seed, plan.subject, block, rows, year, r)) for r in replicates]
    return pl.concat([pl.DataFrame(ordered(plan, [*once, *anew])).head(wanted) for anew in again])


def ordered(plan: Plan, columns: Sequence[pl.Series]) -> list[pl.Series]:
    """Put columns into the order of the plan."""
    by_name = {column.name: column for column in columns}
    return [by_name[name] for name in plan.columns]


def needed(plan: Plan, rows: int) -> int:
    """Return how many rows to draw so that the first are known: whole pages, or the block where conduct is donated."""
    return plan.block if plan.donors else min(plan.block, -(-rows // PAGE) * PAGE)


def declared(plan: Plan, pressure: Pressure | None) -> Pressure:
    """Return the pressures that act. Raises Refused for one that no record type declares."""
    known = {name for record in plan.counted.values() for name in record.pressure}
    unknown = [name for name in pressure or {} if name not in known]
    if unknown:
        what = "no pressure of that name"
        raise Refused(Problem(plan.recipe_name, 0, f"pressure({n})", what, did_you_mean(n, known)) for n in unknown)
    return pressure or {}


def whole(given: Mapping[str, Any] | None, wanted: int, rows: int) -> dict[str, Any]:
    """Lengthen what is given row by row to the rows that are drawn; the rows beyond are thrown away."""
    lengthened = {}
    for name, values in (given or {}).items():
        one = isinstance(values, (str, int))
        lengthened[name] = values if one or len(values) != wanted else np.resize(np.asarray(values), rows)
    return lengthened


def visible(plan: Plan, source: Source, drawn: Drawn) -> list[pl.Series]:
    """Return the columns that no record changes: ids, attributes, quantities, lot."""
    first = source.block * plan.block
    columns = {f"{plan.subject}_id": identity.ids(plan.recipe_name, first, source.rows, plan.subject)}
    if drawn.homes:
        homes = identity.ids(plan.recipe_name, source.block * BLOCK, drawn.homes.count, "household")
        columns["household_id"] = homes.take(drawn.homes.of)
    if plan.persons:
        columns["legal_representative_id"] = representatives(plan.persons, source, plan.block)
    columns |= drawn.values
    for name, yearly in LOTS.items():
        lot = ((source.dense(f"lot/{name}", yearly) >> np.uint32(16)) * np.uint32(LOT)) >> np.uint32(16)
        columns[f"lot__{name}"] = lot.astype(np.int32)
    levels = {n: pl.Enum(ls) for n, ls in plan.levels.items() if not plan.years or n != plan.years[0]}
    named = pl.DataFrame({n: drawn.codes[n] for n in levels}).select(pl.col(n).cat.to(e) for n, e in levels.items())
    return [*(pl.Series(name, column) for name, column in columns.items()), *named.get_columns()]


def hidden(
    plan: Plan, codes: Codes, acts: Conduct, taken: np.ndarray | None, found: Mapping[str, Events], rows: int
) -> list[pl.Series]:
    """Return the simulated truth, for auditors only: latent conduct, events, harm."""
    columns = {f"hidden_z_{z}": latent(plan, z, codes, acts) for z in plan.latents}
    if taken is not None:
        columns = {name: received(column, taken) for name, column in columns.items()}
    harm, harm_law = np.zeros(rows, dtype=np.int32), np.zeros(rows, dtype=np.int32)
    for name, event in found.items():
        columns[f"hidden_events_{name}"] = scatter(event.happened, event.some, rows)
        weight = plan.records[name].harm
        if weight:
            harm[event.some] += weight * event.happened.astype(np.int32)
            harm_law[event.some] += weight * event.forbidden.astype(np.int32)
    columns |= {"hidden_harm": harm, "hidden_harm_law": harm_law}
    return [pl.Series(name, column) for name, column in columns.items()]


def records(plan: Plan, found: Mapping[str, Events], source: Source) -> list[pl.Series]:
    """Return the columns of recorded counts and amounts."""
    columns = {}
    others = np.zeros(source.rows, dtype=np.int16)
    for name, record in plan.counted.items():
        event = found[name]
        got = recorded(name, record, event, source, plan.block)
        column = columns[f"n_{name}"] = scatter(got.own, event.some, source.rows)
        if len(got.landed):
            np.add.at(column, got.landed, got.false)
            np.add.at(others, got.landed, got.false)
        if record.amounts:
            rows, doers = np.flatnonzero(column), np.arange(source.rows)
            doers[event.some] = event.doers
            columns[f"amt_{name}"] = amounts(name, record.amounts, source, rows, doers[rows])
    columns["hidden_others_records"] = others
    return [pl.Series(name, column) for name, column in columns.items()]


def amounts(
    name: str, table: tuple[Steps, np.ndarray], source: Source, rows: np.ndarray, doers: np.ndarray
) -> np.ndarray:
    """Return the amount (hours, yuan) of those who have a record of the type; it belongs to the conduct."""
    shares, values = table
    column = np.zeros(source.rows, dtype=np.int32)
    column[rows] = values[reached(shares, source.sparse(f"{name}/amount", doers), np.zeros(1, dtype=np.intp))]
    return column


def scatter(values: np.ndarray, some: np.ndarray, rows: int) -> np.ndarray:
    """Return a whole column from the values of some rows; the others are zero."""
    column = np.zeros(rows, dtype=np.int16)
    column[some] = values
    return column


def received(column: np.ndarray, taken: np.ndarray) -> np.ndarray:
    """Return a column as its receivers have it."""
    moved = np.empty_like(column)
    moved[taken] = column
    return moved
