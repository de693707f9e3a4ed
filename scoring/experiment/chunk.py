"""A chunk: one seed of one world, drawn, scored under every design and reduced to cubes, block by block.

Nothing row-level outlives its batch of blocks, so memory does not grow with the number of people.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from scoring import population
from scoring.experiment import cubes
from scoring.experiment.config import Declared, Experiment, grouping
from scoring.experiment.designs import Design
from scoring.experiment.gathered import Tables, fold, keep, keep_joint, pooled
from scoring.experiment.multiverse import Multiverse
from scoring.experiment.second_look import look_again
from scoring.experiment.view import has_ledger, visible
from scoring.experiment.years import Past, in_order, seen_by, transitions, turnover
from scoring.measures import Counts

BLOCKS_AT_ONCE = 4


def chunk(declared: Declared, plan: Any, designs: Sequence[Design], seed: int) -> dict[str, Counts]:
    """Return every cube of one seed in one world, over the subjects of one kind."""
    config = declared.config
    names = tuple(grouping(g) for g in config.groups_of(plan.subject))
    groups = cubes.Groupings(names, plan.levels, tuple(config.strata_of(plan.subject)))
    tables: Tables = defaultdict(list)
    designs = in_order(designs)
    last = config.people.years - 1
    many = Multiverse.of(config, plan)
    for years in batches(config, plan, seed, groups):
        past = Past()
        for year, people in enumerate(years):
            count(people, designs, groups, plan.records, tables, past, year, year == last, many)
        fold(tables)
    if config.probes:
        look_again(declared, plan, designs, seed, groups, tables)
    return {cube: pooled(cube, found, plan.world, seed) for cube, found in tables.items()}


def batches(config: Experiment, plan: Any, seed: int, groups: cubes.Groupings) -> Iterator[Iterator[pl.DataFrame]]:
    """Draw the subjects a few blocks at a time, each batch once a year, with the cell and the simulated harm level."""
    blocks = list(population.blocks(config.people.n, plan.block))
    size = max(1, BLOCKS_AT_ONCE * population.BLOCK // plan.block)
    for start in range(0, len(blocks), size):
        yield (drawn(config, plan, seed, blocks[start : start + size], groups, y) for y in range(config.people.years))


def drawn(
    config: Experiment, plan: Any, seed: int, blocks: Sequence[tuple[int, int]], groups: cubes.Groupings, year: int
) -> pl.DataFrame:
    """Draw some blocks in one year; in the first, everyone does what the experiment says that all do."""
    do = config.events.get(plan.subject) if year == 0 else None
    frames = [population.draw(plan, seed, block, rows, year=year, do=do) for block, rows in blocks]
    return pl.concat(frames).with_columns(*groups.places(), cubes.harm_level())


def scored(
    people: pl.DataFrame, designs: Sequence[Design], past: Past, *axes: str
) -> Iterator[tuple[Design, pl.DataFrame]]:
    """Yield what each design makes of the people of one year; lists come before the designs that take them over."""
    verdicts: dict[str, pl.DataFrame] = {}
    for design in designs:
        frame = seen_by(visible(people, design, *axes), design, past, verdicts)
        outcome = verdicts[design.name] = design.scheme.score(frame)
        past.keep(design, outcome)
        yield design, outcome


def count(
    people: pl.DataFrame,
    designs: Sequence[Design],
    groups: cubes.Groupings,
    records: Mapping[str, Any],
    tables: Tables,
    past: Past,
    year: int,
    last: bool,
    many: Multiverse | None = None,
) -> None:
    """Score one batch in one year; count turnover and transitions, and in the last year the verdicts."""
    signatures: dict[int, list[pl.Series]] = defaultdict(list)
    axes = [axis for axis in ("cell", "harm", "stratum") if axis in people.columns]
    for design, outcome in scored(people, designs, past, *axes):
        if design.scheme.state:
            flow = cubes.tally(turnover(outcome, year), ["period", "listed", "entered", "leaves"])
            keep(tables, design, {"turnover": groups.roll_up(flow)})
        several = year > 0 or not last
        moves = transitions(outcome, design, past, year) if several else None
        if moves is not None:
            keep(tables, design, {"transition": groups.roll_up(moves)})
        if not last:
            continue
        keep(tables, design, cubes.verdict_cubes(outcome, design.scheme, groups, records))
        if has_ledger(design):
            ledger = design.scheme.ledger(outcome)
            keep(tables, design, {"ledger": cubes.ledger_cube(ledger, design.scheme, groups)})
        if many:
            keep(tables, design, many.count(people, outcome, design))
        signatures[design.draw] += cubes.signature_columns(outcome, design.scheme)
    if not last:
        return
    keep_joint(tables, "signature", signatures, people["cell"], groups)
