"""Decomposition: which rules make the gap in mean score. Points add up, so the split by rule is exact."""

from __future__ import annotations

import polars as pl

from scoring.measures import rates
from scoring.measures.counts import Counts
from scoring.measures.rates import MEAN, MEAN_DIFFERENCE
from scoring.measures.study import GROUP, WORLD, Study

CLIP = "clip"  # the ledger's line for points cut off at the floor or the ceiling


def scores(counts: Counts) -> pl.DataFrame:
    """Return y, the sum of the scores of n scored persons; every rule's cells hold each of them once."""
    cells = counts.cells.filter(pl.col("rule") == pl.col("rule").min().over("scheme"))
    return cells.group_by(*WORLD, "seed", *GROUP).agg(pl.col("score").sum().alias("y"), pl.col("n").sum())


def points(counts: Counts) -> pl.DataFrame:
    """Return y, the sum of the points that each rule (the term) gave n scored persons."""
    given = (pl.col("points").cast(pl.Int64) * pl.col("n")).sum()
    return counts.cells.group_by(*WORLD, "seed", *GROUP, pl.col("rule").alias("term")).agg(
        given.alias("y"), pl.col("n").sum()
    )


def mean_score(counts: Counts, study: Study) -> pl.DataFrame:
    """What does a scored person of this group score on average? Sum of scores / persons, in points."""
    return rates.rows(scores(counts), study, "mean_score", MEAN)


def rule_gap(counts: Counts, study: Study) -> pl.DataFrame:
    """Which rules make the gap in mean score to the reference group?

    For each rule (term) the mean points of the group less those of the reference; `clip` is the line of the floor and
    the ceiling, `total` the gap in mean score. The lines sum to the total, since base and ledger sum to the score. For
    points that add up this is also the Shapley value.
    """
    total = scores(counts).with_columns(pl.lit("total").alias("term"))
    table = pl.concat([points(counts), total], how="diagonal")
    return rates.rows(table, study, "rule_gap", MEAN_DIFFERENCE)
