"""Stability: would the verdict stand with one record less, or if detection and recording were drawn again?"""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from scoring.measures import rates
from scoring.measures.counts import Counts
from scoring.measures.rates import MEAN_SHARE
from scoring.measures.study import GROUP, WORLD, Study

STEADY = 0.75  # self-consistency below which a verdict is called a lottery; our convention


def pivotal_record_share(counts: Counts, study: Study) -> pl.DataFrame:
    """For how many persons of this group does the verdict turn on one record?

    Persons whose band or outcome changes when one record of a type (term; `any` for some type) is taken away / scored
    persons of the probe, from 0 to 1. Who has no record is not pivotal by deletion. Interval: Wilson.
    """
    table = rates.tally(counts.cells, pl.col("pivotal"), by=("record",)).rename({"record": "term"})
    return rates.rows(table, study, "pivotal_record_share", undefined("nobody of the group was probed"))


def agreement(counts: Counts) -> pl.DataFrame:
    """Return the lottery's cells with `pairs`, the ordered pairs of redraws that agree, and `possible`, all of them.

    B redraws of which k select a person agree in k(k-1) + (B-k)(B-k-1) of B(B-1) ordered pairs; for bands the counts
    give the sum of B_k(B_k-1) over the bands.
    """
    b, k = pl.col("redraws").cast(pl.Int64), pl.col("agree").cast(pl.Int64)
    binary = (k * (k - 1) + (b - k) * (b - k - 1)) * pl.col("n")
    banded = pl.col("pairs") if "pairs" in counts.sums else pl.lit(None, pl.Int64)
    return counts.cells.rename({"outcome": "param"}).with_columns(
        pl.when(pl.col("param") == "band").then(banded).otherwise(binary).alias("pairs"),
        pl.when(b > 1).then(b * (b - 1)).alias("possible"),
    )


def self_consistency(counts: Counts, study: Study) -> pl.DataFrame:
    """How likely do two redraws of detection and recording give the same person the same verdict?

    Mean over persons of SC = 1 - 2 B0 B1 / (B(B-1)), for bands the sum of B_k(B_k-1) / (B(B-1)) (Cooper et al. 2024);
    1 is never otherwise. Conduct stays the same: what varies is who is caught and recorded. `param` is the outcome, or
    `band`. Undefined below two redraws. Stable is not correct.
    """
    table = (
        agreement(counts)
        .group_by(*WORLD, "seed", *GROUP, "param", maintain_order=True)
        .agg((pl.col("pairs") / pl.col("possible")).sum().alias("y"), pl.col("n").filter(pl.col("possible") > 0).sum())
    )
    return rates.rows(table, study, "self_consistency", undefined("fewer than two redraws", MEAN_SHARE))


def self_consistency_below_75(counts: Counts, study: Study) -> pl.DataFrame:
    """For how many persons of this group do redraws agree in less than three of four pairs?

    Persons with SC < .75 / persons redrawn, from 0 to 1; .75 is our convention.
    """
    cells = agreement(counts)
    if "below" not in cells.columns:
        mean = pl.col("pairs") / (pl.col("possible") * pl.col("n"))
        cells = cells.filter(pl.col("param") != "band").with_columns((mean < STEADY).alias("below"))
    table = rates.tally(cells, pl.col("below"), pl.col("possible") > 0, ("param",))
    return rates.rows(table, study, "self_consistency_below_75", undefined("fewer than two redraws"))


def undefined(why: str, statistic: rates.Statistic = rates.RATE) -> rates.Statistic:
    """Return a statistic that says why it is undefined."""
    return replace(statistic, undefined=why)
