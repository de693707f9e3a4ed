"""A chunk: one seed of one world, drawn, scored under every design and reduced to cubes, block by block.

Nothing row-level outlives its batch of blocks, so memory does not grow with the number of people.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from scoring import population
from scoring.experiment import cubes, probes
from scoring.experiment.config import Experiment
from scoring.experiment.designs import NO_DRAW, Design
from scoring.measures import Counts

BLOCKS_AT_ONCE = 4
SUMS = {"ledger": ["n", "score"], "lottery": ["n", "pairs"]}
Tables = defaultdict[str, list[pl.DataFrame]]


def chunk(config: Experiment, plan: Any, designs: Sequence[Design], seed: int) -> dict[str, Counts]:
    """Return every cube of one seed in one world."""
    groups = cubes.Groupings(tuple(config.groupings), plan.levels)
    tables: Tables = defaultdict(list)
    for people in batches(plan, config.people.n, seed, groups):
        count(people, designs, groups, tables)
    if config.probes:
        look_again(config, plan, designs, seed, groups, tables)
    return {cube: pooled(cube, found, plan.world, seed) for cube, found in tables.items()}


def batches(plan: Any, n: int, seed: int, groups: cubes.Groupings) -> Iterator[pl.DataFrame]:
    """Draw n people a few blocks at a time, each with the cell and the simulated harm level."""
    blocks = list(population.blocks(n))
    for start in range(0, len(blocks), BLOCKS_AT_ONCE):
        drawn = [population.draw(plan, seed, block, rows) for block, rows in blocks[start : start + BLOCKS_AT_ONCE]]
        yield pl.concat(drawn).with_columns(groups.cell(), cubes.harm_level())


def visible(people: pl.DataFrame, design: Design, *also: str) -> pl.DataFrame:
    """Return only what a scheme declares that it reads, and the axes of the counts."""
    return people.select(*dict.fromkeys([*design.scheme.reads, *also]))


def count(people: pl.DataFrame, designs: Sequence[Design], groups: cubes.Groupings, tables: Tables) -> None:
    """Score one batch under every design and add what it counts to the tables."""
    signatures: dict[int, list[pl.Series]] = defaultdict(list)
    for design in designs:
        frame = visible(people, design, "cell", "harm")
        outcome = design.scheme.score(frame)
        keep(tables, design, cubes.verdict_cubes(outcome, design.scheme, groups))
        if has_ledger(design):
            ledger = design.scheme.ledger(outcome)
            keep(tables, design, {"ledger": cubes.ledger_cube(ledger, design.scheme, groups)})
        signatures[design.draw] += cubes.signature_columns(outcome, design.scheme)
    for draw in [d for d in signatures if d != NO_DRAW] or [NO_DRAW]:
        columns = signatures[NO_DRAW] + (signatures[draw] if draw != NO_DRAW else [])
        joint = cubes.signature_cube(people["cell"], columns, groups)
        tables["signature"].append(joint.select(pl.lit(draw, pl.Int32).alias("draw"), *joint.columns))


def look_again(
    config: Experiment, plan: Any, designs: Sequence[Design], seed: int, groups: cubes.Groupings, tables: Tables
) -> None:
    """Run the probes on the first people of the first block."""
    assert config.probes is not None
    rows, redraws = min(config.probes.people, config.people.n), config.probes.redraws
    index = pl.int_range(rows, dtype=pl.UInt32, eager=True).alias("person")
    people = population.draw(plan, seed, 0, rows).with_columns(index, groups.cell())
    reads = list(dict.fromkeys(column for design in designs for column in design.scheme.reads))
    redrawn = population.redraw(plan, seed, 0, rows, range(1, redraws + 1)).select(*reads, pl.concat([index] * redraws))
    cells = people.select("person", "cell")
    for design in designs:
        scheme = design.scheme
        mine = visible(people, design, "cell", "person")
        outcome = scheme.score(mine)
        found = {
            "pivotal": probes.pivotal(scheme, mine, outcome, groups),
            "lottery": probes.lottery(scheme, visible(redrawn, design, "person"), redraws, cells, groups),
        }
        if has_ledger(design):
            found["reasons"] = probes.reasons(scheme, scheme.ledger(outcome), groups)
        keep(tables, design, {cube: table for cube, table in found.items() if table is not None})


def has_ledger(design: Design) -> bool:
    """Tell whether a design gives each person her points by rule."""
    return design.scheme.base is not None and not design.scheme.opaque


def keep(tables: Tables, design: Design, found: dict[str, pl.DataFrame]) -> None:
    """Add tables of one design to those kept, under its name and draw."""
    for cube, table in found.items():
        name, draw = pl.lit(design.name).alias("scheme"), pl.lit(design.draw, pl.Int32).alias("draw")
        tables[cube].append(table.select(name, draw, *table.columns))


def pooled(cube: str, found: list[pl.DataFrame], world: str, seed: int) -> Counts:
    """Pool the tables of one cube into its counts."""
    table = pl.concat(found).select(pl.lit(world).alias("world"), pl.lit(seed, pl.Int32).alias("seed"), pl.all())
    sums = SUMS.get(cube, ["n"])
    axes = tuple(c for c in table.columns if c not in sums)
    return Counts(axes, table.group_by(axes).agg(pl.col(sums).sum()).sort(axes))
