"""Seeds and draws: what repeating the simulation says about a value.

Over seeds a value is a mean with Student's interval: it tells how well the simulation has been averaged, and shrinks
with more seeds. Over the draws of a family it is a median with the whole range: it tells what is not known of the
scheme, and does not shrink. The two are never mixed (Morris, White and Crowther 2019).
"""

from __future__ import annotations

import polars as pl

from scoring.measures import intervals
from scoring.measures.study import NO_DRAW

ONE_SEED = "one seed: no interval over seeds"


def over_seeds(table: pl.DataFrame, keys: list[str], pooled: pl.Expr | None = None) -> pl.DataFrame:
    """Return, by keys and draw, the mean of `value` over seeds, its standard error `mcse` and the number of seeds.

    Other numeric columns are averaged. Where a seed leaves the value undefined or infinite, a mean over the others
    would be biased: `pooled`, an expression of the averaged columns, is taken instead, without an interval.
    """
    averaged = [c for c, t in table.schema.items() if t.is_numeric() and c not in {*keys, "seed", "draw", "value"}]
    defined = pl.col("value").is_not_null() & pl.col("value").is_finite()
    # In one order: floating-point sums are then the same whatever the number of threads.
    means = (
        table.sort(*keys, "draw", "seed")
        .group_by(*keys, "draw", maintain_order=True)
        .agg(
            pl.col("value").mean(),
            (pl.col("value").std() / pl.len().sqrt()).alias("mcse"),
            pl.len().cast(pl.Int32).alias("seeds"),
            (~defined).sum().cast(pl.Int32).alias("undefined"),
            pl.col(averaged).mean(),
        )
    )
    whole = pl.col("undefined") == 0
    instead = pl.lit(None, pl.Float64) if pooled is None else pooled
    return means.with_columns(
        pl.when(whole).then("value").otherwise(instead).fill_nan(None).alias("value"),
        pl.when(whole).then("mcse").alias("mcse"),
    )


def seed_rows(table: pl.DataFrame, keys: list[str], level: float, pooled: pl.Expr | None = None) -> pl.DataFrame:
    """Return one row a value of each scheme that is no family: mean and t interval over seeds."""
    means = over_seeds(table.filter(pl.col("draw") == NO_DRAW), keys, pooled)
    half = pl.col("mcse") * pl.Series(intervals.student(level, means["seeds"].to_numpy()), dtype=pl.Float64)
    pooling = "" if pooled is None else ": counts pooled over seeds"
    partly = pl.format(f"undefined in {{}} of {{}} seeds{pooling}", "undefined", "seeds")
    return means.with_columns(
        (pl.col("value") - half).fill_nan(None).alias("low"),
        (pl.col("value") + half).fill_nan(None).alias("high"),
        pl.lit("t over seeds").alias("method"),
        pl.lit("seeds").alias("uncertainty"),
        pl.when(pl.col("undefined").is_between(1, pl.col("seeds") - 1))
        .then(partly)
        .when(pl.col("seeds") == 1)
        .then(pl.lit(ONE_SEED))
        .alias("note"),
    ).drop("draw", "mcse", "undefined")


def draw_rows(table: pl.DataFrame, keys: list[str], pooled: pl.Expr | None = None) -> pl.DataFrame:
    """Return one row a value of each family: median over draws, and the least and largest draw."""
    means = over_seeds(table.filter(pl.col("draw") != NO_DRAW), keys, pooled)
    averaged = [c for c, t in means.schema.items() if t.is_numeric() and c not in {*keys, "draw", "value", "seeds"}]
    return (
        means.group_by(keys, maintain_order=True)
        .agg(
            pl.col("value").median(),
            pl.col("value").min().alias("low"),
            pl.col("value").max().alias("high"),
            pl.col("seeds").max(),
            pl.len().alias("draws"),
            pl.col("value").null_count().alias("without"),
            pl.col(averaged).mean(),
        )
        .with_columns(
            pl.lit("range over draws").alias("method"),
            pl.lit("specification").alias("uncertainty"),
            pl.when(pl.col("without") == 0)
            .then(pl.format("{} draws", "draws"))
            .otherwise(pl.format("{} draws, undefined in {}", "draws", "without"))
            .alias("note"),
        )
        .drop("mcse", "undefined", "draws", "without")
    )


def repeated(table: pl.DataFrame, keys: list[str], level: float, pooled: pl.Expr | None = None) -> pl.DataFrame:
    """Return the rows over seeds and over draws of a table of values by keys, draw and seed."""
    return pl.concat([seed_rows(table, keys, level, pooled), draw_rows(table, keys, pooled)], how="diagonal_relaxed")


def first_seed(table: pl.DataFrame) -> pl.DataFrame:
    """Return what one auditor would hold: the first seed of each scheme that is no family."""
    single = table.filter(pl.col("draw") == NO_DRAW)
    return single.filter(pl.col("seed") == pl.col("seed").min().over("world"))
