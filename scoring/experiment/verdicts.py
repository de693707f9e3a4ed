"""Verdicts already made: the one query that counts a table of them.

Every row becomes one cell: its groups, its strata, whether it was selected, whether it is of the class of truth, and
its score. The engine that holds the table counts the cells; rows never reach Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import polars as pl

from scoring.documents import Refused
from scoring.experiment.asked import Asked, as_flag, as_number, as_text, frames
from scoring.experiment.profile import problems, profile
from scoring.experiment.tables import Table, collected

LATTICE = 4_096  # distinct scores that are kept as they are; more are binned
STAR = "∗"  # stands in names of groups for the sign that parts the groups of a crossing
BINS = 512  # bins of nearly equal mass that more scores than that are merged into


@dataclass(frozen=True)
class Counted:
    """A counted table: one row a cell, with `n` and, where weights were given, their sum `w` and sum of squares `w2`.

    `bin_share` is the largest share of scored rows in one bin where scores were binned, else None.
    """

    cells: pl.DataFrame
    rows: int
    bin_share: float | None

    @property
    def unweighted(self) -> Counted:
        """The same rows without their weights."""
        return Counted(self.cells.select(pl.exclude("w", "w2")), self.rows, self.bin_share)


def count(table: Table, asked: Asked) -> Counted:
    """Count a table by everything that is asked of it. Raises Refused with every problem found."""
    known = profile(table, asked)
    if wrong := list(problems(table, asked, known)):
        raise Refused(wrong)
    spread = _spread(known) if asked.score else None
    found = [_counted(frame, asked, spread) for frame in frames(table, asked)]
    keys = [c for c in found[0].columns if c not in ("n", "w", "w2")]
    sums = [pl.col(c).sum() for c in found[0].columns if c not in keys]
    named = [pl.col(c).str.replace_all("*", STAR, literal=True) for c in keys if c.startswith("group:")]
    cells = pl.concat(found).with_columns(named).group_by(keys).agg(sums).sort(keys)
    if spread is None:
        return Counted(cells, known["n"], None)
    cells, share = merged(cells, spread)
    return Counted(cells, known["n"], share)


def _spread(profile: Mapping[str, Any]) -> tuple[float, float] | None:
    """Return the least score and the width of a bin, or None where every score is kept as it is."""
    if profile["levels:"] <= LATTICE:
        return None
    low, high = profile["min:score"], profile["max:score"]
    return low, (high - low) / LATTICE


def _counted(frame: Any, asked: Asked, spread: tuple[float, float] | None) -> pl.DataFrame:
    """Count one frame by all that is asked of it."""
    types = frame.collect_schema()
    keys = {f"group:{c}": as_text(c, types) for c in asked.groups} | {
        f"stratum:{c}": as_text(c, types) for c in asked.strata
    }
    keys |= {kind: as_flag(flag, types) for kind, flag in asked.flags.items()}
    if asked.score:
        score = as_number(asked.score, types)
        passed = [(score >= cut).cast(nw.Int64) for cut in asked.cuts]
        if passed:
            keys["level"] = nw.when(~score.is_null()).then(nw.sum_horizontal(*passed))
        keys["score"] = score if spread is None else ((score - spread[0]) / spread[1]).floor()
    sums = [nw.len().alias("n")]
    columns = [expression.alias(name) for name, expression in keys.items()]
    if asked.weight:
        weight = as_number(asked.weight, types)
        columns += [weight.alias("w"), (weight * weight).alias("w2")]
        sums += [nw.col("w").sum(), nw.col("w2").sum()]
    cells = collected(frame.select(*columns).group_by(*keys).agg(*sums))
    return cells.with_columns(pl.col("n").cast(pl.Int64))


def merged(cells: pl.DataFrame, spread: tuple[float, float]) -> tuple[pl.DataFrame, float]:
    """Merge narrow bins of scores into bins of nearly equal mass, each by the middle score of its persons."""
    low, width = spread
    narrow = cells.drop_nulls("score").group_by("score").agg(pl.col("n").sum()).sort("score")
    before = narrow["n"].cum_sum() - narrow["n"]
    narrow = narrow.with_columns(
        (before * BINS // narrow["n"].sum()).alias("bin"), (low + (pl.col("score") + 0.5) * width).alias("at")
    )
    bins = narrow.group_by("bin").agg(
        (pl.col("at") * pl.col("n")).sum() / pl.col("n").sum(), pl.col("n").sum().alias("mass")
    )
    share = float((bins["mass"] / bins["mass"].sum()).max() or 0)  # type: ignore[arg-type]
    placed = narrow.select("score", "bin").join(bins.select("bin", "at"), on="bin").select("score", "at")
    keys = [c for c in cells.columns if c not in ("n", "w", "w2")]
    moved = cells.join(placed, on="score", how="left").with_columns(pl.col("at").alias("score")).drop("at")
    return moved.group_by(keys).agg(pl.all().sum()).sort(keys), share
