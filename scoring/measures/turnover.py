"""Turnover: what a list does over the years. Who enters it, who is on it, who leaves it."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from scoring.measures import rates
from scoring.measures.counts import Counts
from scoring.measures.rates import MEAN, RATE
from scoring.measures.study import Study

YEARLY = ("period",)


def listed_rate(counts: Counts, study: Study) -> pl.DataFrame:
    """How many of this group are on the list in each year?

    Listed / scored, from 0 to 1, by `period` (the year, from 0). Interval: as `selection_rate`. The first year has no
    past, so the share rises towards what entries, terms and repairs let stand.
    """
    return rates.rows(rates.tally(counts.cells, pl.col("listed"), by=YEARLY), study, "listed_rate")


def entry_rate(counts: Counts, study: Study) -> pl.DataFrame:
    """How many of this group come onto the list in each year, who were not on it the year before?

    Entered / scored, from 0 to 1, by `period`.
    """
    return rates.rows(rates.tally(counts.cells, pl.col("entered"), by=YEARLY), study, "entry_rate")


def exit_rate(counts: Counts, study: Study) -> pl.DataFrame:
    """How many of those listed leave the list at the end of the year, by repair or because the term has run?

    Leave / listed, from 0 to 1, by `period`; undefined where nobody of the group is listed.
    """
    table = rates.tally(counts.cells, pl.col("leaves"), pl.col("listed"), YEARLY)
    return rates.rows(table, study, "exit_rate", replace(RATE, undefined="nobody of the group is listed"))


def exits_over_entries(counts: Counts, study: Study) -> pl.DataFrame:
    """How many leave the list for each one who comes onto it?

    Leave / entered in the same year, by `period`; 1 where the list keeps its size. Undefined where nobody enters.
    Nothing bounds it, and no interval of one sample is given.
    """
    left = rates.tally(counts.cells, pl.col("leaves"), by=YEARLY)
    came = rates.tally(counts.cells, pl.col("entered"), by=YEARLY)
    keys = [c for c in left.columns if c not in ("y", "n")]
    both = left.join(came.select(*keys, pl.col("y").alias("came")), on=keys)
    table = both.with_columns(pl.col("came").alias("n")).drop("came")
    return rates.rows(table, study, "exits_over_entries", replace(MEAN, undefined="nobody entered"))
