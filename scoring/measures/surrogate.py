"""Surrogates: could a short decision tree say what the scheme says, and for whom could it not?

The trees were fitted out of sample, on what persons are shown of themselves. A tree that does well explains the scheme
to an analyst; whether a person understands it is another matter.
"""

from __future__ import annotations

import polars as pl

from scoring.measures import estimates
from scoring.measures.counts import Counts
from scoring.measures.study import GROUP, WORLD, Study
from scoring.result import NOT_APPLICABLE

ENOUGH = 0.9  # R² from which on a tree is taken to say what the scheme says; methods C5
BASELINE = "majority"  # what a tree without a question says
CONSTANT = 1e-9  # of the mean square: a spread of scores below it is rounding
KEYS = [*WORLD, "seed", *GROUP]
BY_DEPTH = [*KEYS, "depth"]
SAME_SCORE = "everybody has the same score"
SAME_VERDICT = "everybody has the same verdict: agreement is trivial"
TREE_SAYS_ONE = "the tree says the same of everybody: agreement beyond chance has no meaning"
TOO_SHALLOW = "no tree of at most 5 questions comes to R² .9"


def spread(total: pl.Expr, squares: pl.Expr) -> pl.Expr:
    """Return the sum of squares about the mean, null where it is nothing but rounding."""
    total, squares = total.cast(pl.Float64), squares.cast(pl.Float64)
    about = squares - total**2 / pl.col("n")
    return pl.when(about > CONSTANT * squares).then(about)


def surrogate_fidelity(counts: Counts, study: Study) -> pl.DataFrame:
    """How much of what sets the scores apart does a short decision tree say, of persons it has not seen?

    R² = 1 - Σ (s - ŝ)² / Σ (s - mean of the group)², for a tree of at most `param` questions, five folds; 1 is all of
    it, 0 what the group's mean alone says, and below 0 the tree does worse than that. Undefined where everybody has the
    same score. A surrogate explains the scheme to an analyst, and says nothing of what a person understands.
    """
    table = (
        counts.cells.filter(pl.col("depth") > 0)
        .group_by(BY_DEPTH)
        .agg(pl.col(counts.sums).sum())
        .sort(BY_DEPTH)
        .with_columns((1 - pl.col("errors") / spread(pl.col("score"), pl.col("squares"))).alias("value"))
    )
    told = table.select(*KEYS, pl.col("depth").cast(pl.String).alias("param"), "value", "n")
    rows = estimates.of_table(told, study, "surrogate_fidelity", SAME_SCORE)
    return rows.with_columns(pl.col("high").clip(upper_bound=1)) if rows.width else rows


def surrogate_depth(counts: Counts, study: Study) -> pl.DataFrame:
    """How many questions does a tree need to say nearly all that sets the scores apart?

    The smallest depth, of 2 to 5, at which the R² of `surrogate_fidelity` (its mean over seeds, its median over draws)
    is at least .9; the ends are where its upper and its lower end come to as much, null where not by 5. Undefined where
    no such tree does, or everybody has the same score.
    """
    fidelity = surrogate_fidelity(counts, study)
    if fidelity.is_empty():
        return fidelity
    keys = [c for c in fidelity.columns if c not in {"param", "value", "low", "high", "n", "status", "note"}]
    depth = pl.col("param").cast(pl.Float64)
    ends = {"value": "value", "low": "high", "high": "low"}
    found = fidelity.group_by(keys, maintain_order=True).agg(
        *(depth.filter(pl.col(of) >= ENOUGH).min().alias(end) for end, of in ends.items()),
        pl.col("n", "status", "note").first(),
        pl.col("value").is_null().any().alias("same"),
    )
    shallow = pl.col("value").is_null() & ~pl.col("same")
    return found.with_columns(
        pl.lit("surrogate_depth").alias("measure"),
        pl.when(shallow).then(pl.lit(NOT_APPLICABLE)).otherwise("status").alias("status"),
        pl.when(shallow).then(pl.lit(TOO_SHALLOW)).otherwise("note").alias("note"),
    ).drop("same")


def surrogate_agreement(counts: Counts, study: Study) -> pl.DataFrame:
    """How often does a short decision tree give the same verdict, of persons it has not seen?

    The verdict is the band, or all outcomes together where a scheme has no bands. `param` is how many questions the
    tree may ask, or `majority`, the most frequent verdict of all, which every tree should beat. `term` `agreement`: the
    share of persons of whom both say the same; `balanced`: its mean over the verdicts that occur, so that a rare one
    counts as much; both from 0 to 1. `kappa`: agreement beyond chance, 1 at most; undefined where either says the same
    of everybody. Where the scheme does, agreement is trivial, and a note says so.
    """
    long = agreed(counts).unpivot(
        ["agreement", "balanced", "kappa"], index=[*BY_DEPTH, "n", "same"], variable_name="term", value_name="value"
    )
    param = pl.when(pl.col("depth") == 0).then(pl.lit(BASELINE)).otherwise(pl.col("depth").cast(pl.String))
    note = pl.when("same").then(pl.lit(SAME_VERDICT)).when(pl.col("value").is_null()).then(pl.lit(TREE_SAYS_ONE))
    told = long.select(*KEYS, param.alias("param"), "term", "value", "n", note.alias("note"))
    rows = estimates.of_table(told, study, "surrogate_agreement")
    least = pl.when(pl.col("term") == "kappa").then(-1).otherwise(0)
    return rows.with_columns(pl.col("low").clip(least), pl.col("high").clip(upper_bound=1)) if rows.width else rows


def agreed(counts: Counts) -> pl.DataFrame:
    """Return how far trees agree with the scheme, and whether the scheme says the `same` of everybody."""
    cells = counts.marginal([*BY_DEPTH, "verdict", "predicted"]).cells
    n, right = pl.col("n"), pl.col("verdict") == pl.col("predicted")
    by_scheme = cells.group_by(*BY_DEPTH, "verdict").agg(n.sum().alias("row"), n.filter(right).sum().alias("right"))
    by_tree = cells.group_by(*BY_DEPTH, pl.col("predicted").alias("verdict")).agg(n.sum().alias("column"))
    one = cells.group_by(BY_DEPTH).agg((pl.col("predicted").n_unique() == 1).alias("one"))
    row, column, persons = pl.col("row"), pl.col("column").fill_null(0), pl.col("row").sum()
    table = (
        by_scheme.join(by_tree, on=[*BY_DEPTH, "verdict"], how="left")
        .sort(*BY_DEPTH, "verdict")
        .group_by(BY_DEPTH, maintain_order=True)
        .agg(
            persons.alias("n"),
            (pl.col("right").sum() / persons).alias("agreement"),
            (pl.col("right") / row).mean().alias("balanced"),
            ((row / persons) * (column / persons)).sum().alias("chance"),
            (pl.len() == 1).alias("same"),
        )
        .join(one, on=BY_DEPTH, maintain_order="left")
    )
    beyond = (pl.col("agreement") - pl.col("chance")) / (1 - pl.col("chance"))
    return table.with_columns(pl.when(~pl.col("same") & ~pl.col("one")).then(beyond).alias("kappa"))
