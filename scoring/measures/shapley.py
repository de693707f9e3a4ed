"""Shapley: what each rule adds to a person's score, exactly, where points add up."""

from __future__ import annotations

import polars as pl

from scoring.measures import estimates, rates
from scoring.measures.counts import Counts
from scoring.measures.decomposition import CLIP
from scoring.measures.rates import MEAN
from scoring.measures.stability import undefined
from scoring.measures.study import EVERYONE, GROUP, WORLD, Study

KEYS = [*WORLD, "seed", *GROUP]
CONSTANT = 1e-12
EXACT = "exact, from the ledger"


def shapley_value(counts: Counts, study: Study) -> pl.DataFrame:
    """By how many points does each rule move a person's score away from what is usual?

    Mean of |φ| over the persons of the group, by rule (`param`), in points. φ = p - E p, with E over everyone, is the
    Shapley value of a rule of a score that is a sum, where a rule left out gives what it gives on average. It is exact.
    Floor and ceiling do not add up: see `non_additive_share`. What a person would be given had she other records is
    not in it, and neither are values that condition on the other rules.
    """
    p, n = pl.col("points").cast(pl.Float64), pl.col("n")
    cells = counts.cells.filter(pl.col("rule") != CLIP)
    of_seed = [*WORLD, "seed", "rule"]
    usual = cells.filter(pl.col("group_by") == EVERYONE).group_by(of_seed).agg(((p * n).sum() / n.sum()).alias("usual"))
    moved = ((p - pl.col("usual")).abs() * n).sum().alias("y")
    table = (
        cells.join(usual, on=of_seed)
        .sort(*KEYS, "rule", "points")  # sums of floating-point numbers in one order
        .group_by(*KEYS, pl.col("rule").alias("param"), maintain_order=True)
        .agg(moved, n.sum())
    )
    rows = rates.rows(table, study, "shapley_value", undefined("nobody of the group is scored", MEAN))
    return rows.with_columns(
        pl.concat_str(pl.lit(EXACT), "method", separator="; ").alias("method"), pl.col("low").clip(0)
    )


def non_additive_share(counts: Counts, study: Study) -> pl.DataFrame:
    """How much of what sets scores apart is no sum over rules?

    1 - Var(additive projection) / Var(S), the projection being the multiple of the points before floor and ceiling that
    comes nearest to the score: 1 - cov(S, R)² / (Var S · Var R), from 0 to 1; 0 where nobody is clipped. Other weights
    might come nearer, so it is at most that. Undefined where everybody has the same score, or the same points. Bands
    are not in it: they add up nowhere.
    """
    p, s, n = pl.col("points").cast(pl.Float64), pl.col("score").cast(pl.Float64), pl.col("n")
    persons = n.sum()
    with_score = ((p * s).sum() - (p * n).sum() * s.sum() / persons) / persons
    by_rule = (
        counts.cells.sort(*KEYS, "rule", "points")
        .group_by(*KEYS, "rule", maintain_order=True)
        .agg(
            with_score.alias("with_score"),
            ((p**2 * n).sum() / persons - ((p * n).sum() / persons) ** 2).alias("own"),
            persons,
        )
    )
    clipped, all_of = pl.col("rule") == CLIP, pl.col("with_score").sum()
    clip, own = (pl.col(c).filter(clipped).sum() for c in ("with_score", "own"))
    sums = by_rule.group_by(KEYS, maintain_order=True).agg(
        all_of.alias("score"), (all_of - clip).alias("shared"), (all_of - 2 * clip + own).alias("raw"), n.first()
    )
    defined = (pl.col("score") > CONSTANT) & (pl.col("raw") > CONSTANT)
    share = 1 - pl.col("shared") ** 2 / (pl.col("score") * pl.col("raw"))
    table = sums.select(*KEYS, pl.when(defined).then(share.clip(0, 1)).alias("value"), "n")
    rows = estimates.of_table(table, study, "non_additive_share", "everybody has the same score, or the same points")
    return rows.with_columns(
        pl.concat_str(pl.lit(EXACT), "method", separator="; ").alias("method"), pl.col("low", "high").clip(0, 1)
    )
