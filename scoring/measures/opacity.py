"""Opacity: how much of a score cannot be worked out from what is published, and which facts move one that is hidden."""

from __future__ import annotations

import polars as pl

from scoring.measures import estimates, rates
from scoring.measures.counts import Counts
from scoring.measures.rates import MEAN
from scoring.measures.stability import undefined
from scoring.measures.study import GROUP, WORLD, Study
from scoring.measures.surrogate import SAME_SCORE, spread

KEYS = [*WORLD, "seed", *GROUP]
PARTS = 1_000_000  # the unit in which probabilities were summed
FINE = 100  # a point in the unit in which scores were summed
APPROXIMATE = "approximation, each fact taken from other persons"


def opacity(counts: Counts, study: Study) -> pl.DataFrame:
    """How much of the score can nobody work out from the published facts and rules?

    `term` `score`: with V what is hidden, the mean variance of a person's score given what is published, and M the
    score expected of her, V / (V + Var M), from 0 to 1 (methods C6). `verdict`: how probably two scores that could be
    hers, given what is published, lead to different verdicts. `method` says what is not published and how it was
    varied: nothing of a rulebook, which is 0 exactly, whatever its numbers rest on here (see `score_variance_share`
    for that); of a family the weights, so that all its draws make one value; a lot, which stands for what no record
    tells; what a learned scheme makes of the facts. Of the last, fixed points for each fact leave at most so much
    hidden, and the verdict is that of the nearest such score. Undefined where everybody has the same score, or
    weights were drawn once. Discretion in applying a rule is not simulated, so it is not in it.
    """
    cells = counts.cells.group_by(*KEYS, "part", "basis", "varied").agg(pl.col(counts.sums).sum())
    known = spread(pl.col("guess"), pl.col("squares")).fill_null(0)
    share = pl.when(pl.col("hidden") + known > 0).then(pl.col("hidden") / (pl.col("hidden") + known))
    value = pl.when(pl.col("part") == "score").then(share).otherwise(pl.col("hidden") / PARTS / pl.col("n"))
    told = cells.sort(*KEYS, "part").select(
        *KEYS,
        pl.col("part").alias("term"),
        pl.col("basis").alias("param"),
        pl.when("varied").then(value).alias("value"),
        "n",
        pl.when(~pl.col("varied")).then("basis").alias("note"),
    )
    rows = estimates.of_table(told, study, "opacity", SAME_SCORE)
    return rows.with_columns(
        pl.concat_str("param", "method", separator="; ").alias("method"), pl.col("low", "high").clip(0, 1)
    ).drop("param")


def permutation_importance(counts: Counts, study: Study) -> pl.DataFrame:
    """Which facts move a score that nobody can read?

    Of a learned scheme, by fact (`param`): how far scores move on average, up or down, in points, where each person is
    given the fact of another and keeps the rest; from 0 up. An approximation, never to be held against the exact
    points of a ledger: facts that go together are told apart as if they did not, and what several do together counts
    for each.
    """
    table = counts.cells.group_by(*KEYS, pl.col("fact").alias("param")).agg(
        (pl.col("change").sum() / FINE).alias("y"), pl.col("n").sum()
    )
    rows = rates.rows(table, study, "permutation_importance", undefined("nobody of the group is scored", MEAN))
    method = pl.concat_str(pl.lit(APPROXIMATE), "method", separator="; ")
    return rows.with_columns(method.alias("method"), pl.col("low").clip(0))
