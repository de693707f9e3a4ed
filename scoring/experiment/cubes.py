"""Cubes: a scored frame reduced to counts, once, in one pass.

Every person stands in one cell, the cross of all attributes that the experiment groups by, written as one integer. A
frame is tallied by cell; what a grouping needs is rolled up from the cells, so that many groupings cost what one costs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import polars as pl

from scoring.measures import TAUS

EVERYONE = "everyone"
SCORED = pl.col("coverage").cast(pl.String) == "scored"


@dataclass(frozen=True)
class Groupings:
    """The groupings of an experiment (`residence`, `residence*sex`, …) over the levels of a population."""

    names: tuple[str, ...]
    levels: Mapping[str, Sequence[str]]

    @property
    def attributes(self) -> list[str]:
        """Every attribute that some grouping uses, once."""
        return list(dict.fromkeys(a for name in self.names for a in name.split("*")))

    @property
    def strides(self) -> dict[str, int]:
        sizes = [len(self.levels[a]) for a in self.attributes]
        return {a: reduce(int.__mul__, sizes[:i], 1) for i, a in enumerate(self.attributes)}

    def cell(self) -> pl.Expr:
        """Return the cell of each person."""
        codes = [pl.col(a).to_physical().cast(pl.UInt32) * stride for a, stride in self.strides.items()]
        return pl.sum_horizontal(codes).cast(pl.UInt32).alias("cell")

    def group(self, name: str) -> pl.Expr:
        """Return the group, in one grouping, of each cell."""
        if name == EVERYONE:
            return pl.lit(EVERYONE).alias("group")
        parts = [
            ((pl.col("cell") // self.strides[a]) % len(self.levels[a])).replace_strict(
                dict(enumerate(self.levels[a])), return_dtype=pl.String
            )
            for a in name.split("*")
        ]
        return pl.concat_str(parts, separator="*").alias("group")

    def roll_up(self, cells: pl.DataFrame, sums: Iterable[str] = ("n",)) -> pl.DataFrame:
        """Return tallies by cell as tallies by grouping and group."""
        sums = list(sums)
        axes = [c for c in cells.columns if c not in {"cell", *sums}]
        return pl.concat(
            cells.select(pl.lit(name).alias("group_by"), self.group(name), *axes, *sums)
            .group_by("group_by", "group", *axes)
            .agg(pl.col(sums).sum())
            for name in (EVERYONE, *self.names)
        )


def tally(frame: pl.DataFrame, by: Sequence[str], **sums: pl.Expr) -> pl.DataFrame:
    """Count persons by cell and the given columns."""
    return frame.group_by("cell", *by).agg(pl.len().cast(pl.Int64).alias("n"), **sums)


def harm_level() -> pl.Expr:
    """Return how many of the declared thresholds a person's simulated harm reaches."""
    return pl.sum_horizontal([(pl.col("hidden_harm") >= tau).cast(pl.Int8) for tau in TAUS]).cast(pl.Int8).alias("harm")


def verdict_cubes(outcome: pl.DataFrame, scheme: Any, groups: Groupings) -> dict[str, pl.DataFrame]:
    """Return the coverage, band and outcome cubes of one scored frame."""
    names = list(scheme.outcomes)
    verdicts = tally(
        outcome.with_columns(pl.col("coverage", "band").cast(pl.String)), ["coverage", "band", *names, "harm"]
    )
    scored = verdicts.filter(SCORED)
    small = {"coverage": verdicts.group_by("cell", "coverage").agg(pl.col("n").sum())}
    if scheme.bands:
        small["band"] = scored.group_by("cell", "band").agg(pl.col("n").sum())
    if names:
        small["outcome"] = pl.concat(
            scored.select("cell", pl.lit(name).alias("outcome"), pl.col(name).alias("selected"), "harm", "n")
            for name in names
        )
    return {cube: groups.roll_up(cells) for cube, cells in small.items()}


def ledger_cube(ledger: pl.DataFrame, scheme: Any, groups: Groupings) -> pl.DataFrame:
    """Return the ledger cube: persons by rule and points, with the sum of their scores.

    Only points that are not zero are tallied; the rest of each cell got none from the rule.
    """
    scored = ledger.filter(SCORED)
    totals = tally(scored, [], score=pl.col("score").cast(pl.Int64).sum())
    rules = [c.removeprefix("points__") for c in scored.columns if c.startswith("points__")]
    fired = pl.concat(
        pl.collect_all(
            scored.lazy()
            .filter(pl.col(f"points__{rule}") != 0)
            .group_by("cell", pl.col(f"points__{rule}").cast(pl.Int32).alias("points"))
            .agg(pl.len().cast(pl.Int64).alias("n"), pl.col("score").cast(pl.Int64).sum())
            .select("cell", pl.lit(rule).alias("rule"), "points", "n", "score")
            for rule in rules
        )
    )
    spent = fired.group_by("cell", "rule").agg(pl.col("n", "score").sum())
    silent = (
        totals.join(pl.DataFrame({"rule": rules}), how="cross")
        .join(spent, on=["cell", "rule"], how="left", suffix="_spent")
        .select(
            "cell",
            "rule",
            pl.lit(0, pl.Int32).alias("points"),
            pl.col("n") - pl.col("n_spent").fill_null(0),
            pl.col("score") - pl.col("score_spent").fill_null(0),
        )
        .filter(pl.col("n") > 0)
    )
    return groups.roll_up(pl.concat([fired, silent]), ["n", "score"])


def signature_columns(outcome: pl.DataFrame, scheme: Any) -> list[pl.Series]:
    """Return one column per outcome of a scheme: 1 selected, 0 not, -1 unscored."""
    return [outcome[name].cast(pl.Int8).fill_null(-1).alias(f"{scheme.name}:{name}") for name in scheme.outcomes]


def signature_cube(cells: pl.Series, columns: list[pl.Series], groups: Groupings) -> pl.DataFrame:
    """Return the joint tally of every outcome of every scheme over the same persons."""
    frame = pl.DataFrame([cells, *columns])
    return groups.roll_up(tally(frame, [c.name for c in columns]))
