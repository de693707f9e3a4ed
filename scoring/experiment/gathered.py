"""Gathered: the tables of each cube as batches leave them, added up into counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import polars as pl

from scoring.experiment import bins, cubes, flips, opacity, sensitivity
from scoring.experiment.designs import NO_DRAW, Design
from scoring.measures import Counts

FOLDED = 500_000  # rows of a cube above which batches are added up before the next one
SUMS = {  # of each cube that sums more than persons
    "ledger": ["n", "score"],
    "lottery": ["n", "pairs"],
    "actionability": ["n", "parts", "points", "all"],
    "neighbours": ["n", "band", "reasons", "both", "step"],
    "mistaken": ["n", *flips.TERMS],
    "surrogate_score": ["n", "score", "squares", "errors"],
    "opacity": ["n", *opacity.SUMS],
    "permuted": ["n", "change"],
    "weights": [*sensitivity.SUMS],
    "rank_shift": ["n", "shift", "cross", "square", "before"],
}
Tables = defaultdict[str, list[pl.DataFrame]]


def keep(tables: Tables, design: Design, found: dict[str, pl.DataFrame]) -> None:
    """Add tables of one design to those kept, under its name and draw."""
    for cube, table in found.items():
        name, draw = pl.lit(design.name).alias("scheme"), pl.lit(design.draw, pl.Int32).alias("draw")
        tables[cube].append(table.select(name, draw, *table.columns))


def keep_joint(
    tables: Tables, cube: str, verdicts: Mapping[int, list[pl.Series]], cells: pl.Series, groups: cubes.Groupings
) -> None:
    """Add to a cube what all designs say of the same persons, once a draw of the families among them."""
    for draw in [d for d in verdicts if d != NO_DRAW] or [NO_DRAW]:
        columns = verdicts.get(NO_DRAW, []) + (verdicts[draw] if draw != NO_DRAW else [])
        joint = cubes.signature_cube(cells, columns, groups)
        tables[cube].append(joint.select(pl.lit(draw, pl.Int32).alias("draw"), *joint.columns))


def fold(tables: Tables, most: int = FOLDED) -> None:
    """Add up what the batches so far have left of a cube, where it has grown long."""
    for cube, found in tables.items():
        if len(found) > 1 and sum(table.height for table in found) > most:
            tables[cube] = [added(cube, pl.concat(found))]


def added(cube: str, table: pl.DataFrame) -> pl.DataFrame:
    """Add up the rows of one cube that stand for the same cell."""
    sums = SUMS.get(cube, ["n"])
    axes = [c for c in table.columns if c not in sums]
    whole = table.group_by(axes).agg(pl.col(sums).sum())
    return bins.binned(whole, bins.ONE) if cube == "score" else whole


def pooled(cube: str, found: list[pl.DataFrame], world: str, seed: int) -> Counts:
    """Pool the tables of one cube into its counts."""
    of = pl.lit(world).alias("world"), pl.lit(seed, pl.Int32).alias("seed")
    table = added(cube, pl.concat(found)).select(*of, pl.all())
    return Counts(tuple(c for c in table.columns if c not in SUMS.get(cube, ["n"])), table)
