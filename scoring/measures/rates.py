"""Rates: y of n persons in a group, alone or against the reference; what every share by group has in common.

Legend: y persons with the outcome · n persons of the group who could have it · y_ref, n_ref the same of the reference
group · share the group's part of all n of its grouping.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from scoring.measures import intervals, seeds, significance
from scoring.measures.counts import UNKNOWN
from scoring.measures.intervals import Interval
from scoring.measures.study import BEST, EVERYONE, GROUP, LARGEST, REST, WORLD, Study
from scoring.result import COLUMNS, NOT_APPLICABLE, OK, SINGLE_GROUP, SMALL_CELL, ZERO_DENOM

SMALL_GROUP, SMALL_EXPECTED = 30, significance.EXPECTED  # persons
SMALL_SHARE = 0.02  # Uniform Guidelines practice
LARGE_GROUP = 1_000  # persons from which on a group is never called small for its share; our convention
CONVENTION = {"favourable": 0.8, "adverse": 1.25}  # 29 CFR 1607.4(D), a US convention, and its mirror
FRAGILE = "FRAGILE_ONE_PERSON: one person more or fewer changes the side of the convention"
NOBODY = "nobody in the denominator"

y, n, y_ref, n_ref = (pl.col(c).cast(pl.Float64) for c in ("y", "n", "y_ref", "n_ref"))
Bounds = Callable[..., Interval]


@dataclass(frozen=True)
class Statistic:
    """What is made of y and n: the value, the interval of one auditor (None: none known), and whom it needs.

    What is compared, and has an interval, also has the p of the two-sample test of its table.
    """

    value: pl.Expr
    bounds: Bounds | None
    compared: bool = False
    undefined: str = NOBODY
    within: tuple[float, float] = (-float("inf"), float("inf"))  # what is possible; no interval reaches beyond it


def _per_10000(y: Any, n: Any, y0: Any, n0: Any, level: float) -> Interval:
    low, high, method = intervals.difference(y, n, y0, n0, level)
    return Interval(1e4 * low, 1e4 * high, method)


RATE = Statistic(y / n, intervals.rate, within=(0, 1))
MEAN = Statistic(y / n, None)
MEAN_SHARE = replace(MEAN, within=(0, 1))
RATIO = Statistic(
    (y / n) / (y_ref / n_ref), intervals.ratio, True, "nobody in the reference has the outcome", (0, float("inf"))
)
FLIPPED_RATIO = replace(RATIO, undefined="everybody in the reference has the outcome")
DIFFERENCE = Statistic(y / n - y_ref / n_ref, intervals.difference, True, within=(-1, 1))
PER_10000 = Statistic(1e4 * (y / n - y_ref / n_ref), _per_10000, True)
MEAN_DIFFERENCE = Statistic(y / n - y_ref / n_ref, None, True)


def tally(
    cells: pl.DataFrame, yes: pl.Expr, among: pl.Expr | None = None, by: tuple[str, ...] = (), weight: str = "n"
) -> pl.DataFrame:
    """Return y and n by world, scheme, draw, seed, group and `by`: who are `yes` among those who are `among`."""
    asked = pl.lit(True) if among is None else among
    return cells.group_by(*WORLD, "seed", *GROUP, *by).agg(
        pl.col(weight).filter(yes & asked).sum().alias("y"), pl.col("n").filter(asked).sum()
    )


def shares(cells: pl.DataFrame, term: str) -> pl.DataFrame:
    """Return y and n for every value of one axis, with y = 0 for the groups where it does not occur."""
    keys = [*WORLD, "seed", *GROUP]
    everyone = cells.group_by(keys).agg(pl.col("n").sum())
    values = cells.select(*WORLD, "seed", term).unique()
    found = cells.group_by(*keys, term).agg(pl.col("n").sum().alias("y"))
    full = everyone.join(values, on=[*WORLD, "seed"]).join(found, on=[*keys, term], how="left")
    return full.with_columns(pl.col("y").fill_null(0)).rename({term: "term"})


def references(table: pl.DataFrame, study: Study) -> dict[str, str]:
    """Return the reference of each grouping of a table: the declared one, else the largest known group."""
    size = table.filter(pl.col("group_by") != EVERYONE).group_by(GROUP).agg(pl.col("n").sum().alias("size"))
    known = size.filter(pl.col("group") != UNKNOWN).sort("size", "group", descending=[True, False])
    named = {}
    for group_by, group in known.group_by("group_by", maintain_order=True).first().select(GROUP).iter_rows():
        declared = study.references.get(group_by)
        named[group_by] = group if declared in (None, LARGEST) else declared
    return named


def against_reference(table: pl.DataFrame, study: Study, counted: tuple[str, ...] = ("y", "n")) -> pl.DataFrame:
    """Join each group with the reference of its grouping: a group, the rest of all, or the group that fares best.

    What is `counted` of the reference is named `y_ref`, `n_ref` and so on. A grouping of one group has no reference;
    neither has one whose declared reference nobody belongs to.
    """
    table = table.filter(pl.col("group_by") != EVERYONE)
    named = pl.DataFrame(
        list(references(table, study).items()), schema={"group_by": pl.String, "reference": pl.String}, orient="row"
    )
    keys = [c for c in table.columns if c not in {"group", "share", "polarity", *counted}]
    referred = [pl.col(c).alias(f"{c}_ref") for c in counted]
    joined = table.join(named, on="group_by").with_columns(pl.col("group").n_unique().over("group_by").alias("groups"))
    rest, best, one = (joined.filter(how) for how in _by_reference())
    theirs = table.select(*keys, pl.col("group").alias("reference"), *referred)
    beside_one = one.join(theirs, on=[*keys, "reference"], how="left", nulls_equal=True)
    beside_rest = rest.with_columns((pl.col(c).sum().over(keys) - pl.col(c)).alias(f"{c}_ref") for c in counted)
    # Best is the highest rate of what is favourable, the lowest of what is adverse, small groups left out.
    worth = (
        pl.when(pl.col("polarity") == "adverse").then(-y / n).otherwise(y / n) if "polarity" in table.columns else y / n
    )
    fit = (pl.col("group") != UNKNOWN) & (pl.col("n") >= SMALL_GROUP)
    top = best.filter(fit).sort(worth, "group", descending=[True, False]).group_by(keys, maintain_order=True).first()
    top = top.select(*keys, *referred)
    beside_best = best.join(top, on=keys, how="left", nulls_equal=True)
    return pl.concat([beside_one, beside_rest, beside_best], how="diagonal_relaxed")


def _by_reference() -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    reference = pl.col("reference")
    return reference == REST, reference == BEST, ~reference.is_in([REST, BEST])


def rows(table: pl.DataFrame, study: Study, measure: str, statistic: Statistic = RATE) -> pl.DataFrame:
    """Return the result rows of one statistic: over seeds or over draws, and as one auditor would see it."""
    keys = [c for c in table.columns if c in COLUMNS and c not in {"draw", "seed", "n"}]
    share = pl.col("n") / pl.col("n").sum().over([k for k in keys if k != "group"] + ["draw", "seed"])
    table = table.with_columns(share.alias("share"))
    if statistic.compared:
        table = against_reference(table, study)
        table = table.filter((pl.col("group") != pl.col("reference")) | (pl.col("groups") == 1))
        keys.append("reference")
    table = table.with_columns(statistic.value.fill_nan(None).alias("value"))
    found = [_audited(table, keys, statistic, study.level)]
    if not study.single:
        found.insert(0, seeds.repeated(table, keys, study.level, statistic.value))
    both = pl.concat(found, how="diagonal_relaxed").with_columns(
        pl.lit(measure).alias("measure"), pl.lit(study.level).alias("level")
    )
    return judged(both, statistic)


def judged(table: pl.DataFrame, statistic: Statistic) -> pl.DataFrame:
    """Give each value of a table its status and the reason why it is missing, and keep the columns of a result.

    The table holds y, n, `share`, and of what is compared y_ref, n_ref and the number of `groups`.
    """
    return _finished(table.with_columns(_status(statistic)), statistic)


def _audited(table: pl.DataFrame, keys: list[str], statistic: Statistic, level: float) -> pl.DataFrame:
    """Return the value and interval that one sample of this size, the first seed, would have shown."""
    if statistic.bounds is None:
        return table.clear().select(keys)
    first = seeds.first_seed(table)
    columns = ["y", "n", "y_ref", "n_ref"] if statistic.compared else ["y", "n"]
    counts = [first[c].cast(pl.Float64).fill_null(0).to_numpy() for c in columns]
    low, high, method = statistic.bounds(*counts, level=level)
    return first.with_columns(
        pl.Series("low", low, dtype=pl.Float64).fill_nan(None),
        pl.Series("high", high, dtype=pl.Float64).fill_nan(None),
        pl.Series("method", method.astype(object), dtype=pl.String),
        (_p(first, counts) if statistic.compared else pl.lit(None, pl.Float64)).alias("p"),
        pl.lit("audit").alias("uncertainty"),
        pl.lit(1, pl.Int32).alias("seeds"),
        (_fragile() if statistic is RATIO and "polarity" in keys else pl.lit(None, pl.String)).alias("note"),
    ).drop("draw", "seed")


def _p(first: pl.DataFrame, counts: list[Any]) -> pl.Series:
    """Return p of the two-sample test; null beside the best group, which was picked for the rate that it had."""
    p = significance.two_sample(*counts).p
    picked = (first["reference"] == BEST).to_numpy()
    return pl.Series(np.where(picked, np.nan, p), dtype=pl.Float64).fill_nan(None)


def _fragile() -> pl.Expr:
    """Note where one person who fared otherwise in each group moves a ratio across the convention of its polarity."""
    value = pl.col("value")
    up = ((y + 1) / n) / ((y_ref - 1) / n_ref)
    down = ((y - 1) / n) / ((y_ref + 1) / n_ref)
    favourable, adverse = CONVENTION["favourable"], CONVENTION["adverse"]
    rises = (value < favourable) & (up >= favourable)
    falls = (value > adverse) & (down <= adverse)
    crosses = pl.when(pl.col("polarity") == "favourable").then(rises).otherwise(falls)
    return pl.when(crosses & (y_ref > 1) & value.is_finite()).then(pl.lit(FRAGILE))


def _status(statistic: Statistic) -> pl.Expr:
    """Say how far a value can be trusted, from the (mean) counts behind it."""
    small = (pl.col("n") < SMALL_GROUP) | ((pl.col("share") < SMALL_SHARE) & (pl.col("n") < LARGE_GROUP))
    if not statistic.compared:
        return (
            pl.when(pl.col("value").is_null())
            .then(pl.lit(ZERO_DENOM))
            .when(small)
            .then(pl.lit(SMALL_CELL))
            .otherwise(pl.lit(OK))
            .alias("status")
        )
    small = small | (pl.col("n_ref") < SMALL_GROUP)
    if statistic.bounds is not None:
        yes, all_of = y + y_ref, n + n_ref
        small = small | (pl.min_horizontal(n, n_ref) * pl.min_horizontal(yes, all_of - yes) / all_of < SMALL_EXPECTED)
    return (
        pl.when(pl.col("groups") == 1)
        .then(pl.lit(SINGLE_GROUP))
        .when(pl.col("n_ref").is_null())
        .then(pl.lit(NOT_APPLICABLE))
        .when(pl.col("value").is_null() | pl.col("value").is_infinite())
        .then(pl.lit(ZERO_DENOM))
        .when(small)
        .then(pl.lit(SMALL_CELL))
        .otherwise(pl.lit(OK))
        .alias("status")
    )


def _finished(table: pl.DataFrame, statistic: Statistic) -> pl.DataFrame:
    """Say why values are missing, and keep the columns of a result."""
    status = pl.col("status")
    nobody = (n == 0) | (n_ref == 0) if statistic.compared else n == 0
    why = (
        pl.when(status == SINGLE_GROUP)
        .then(pl.lit("only one group: nothing to compare"))
        .when(status == NOT_APPLICABLE)
        .then(pl.lit("nobody belongs to the declared reference"))
        .when((status == ZERO_DENOM) & nobody & pl.lit(statistic.compared))
        .then(pl.lit(NOBODY))
        .when(status == ZERO_DENOM)
        .then(pl.lit(statistic.undefined))
    )
    gone = status.is_in([SINGLE_GROUP, NOT_APPLICABLE])
    table = table.with_columns(
        pl.when(~gone).then("value").alias("value"),
        *[pl.when(~gone).then(pl.col(c).clip(*statistic.within)).alias(c) for c in ("low", "high")],
        *[pl.when(~gone).then(pl.col(c)).alias(c) for c in ("p",) if c in table.columns],
    ).with_columns(
        pl.concat_str([why, pl.col("note")], separator="; ", ignore_nulls=True).replace("", None).alias("note"),
        pl.col("n").round().cast(pl.Int64),
    )
    return table.select(c for c in COLUMNS if c in table.columns and c != "draw")
