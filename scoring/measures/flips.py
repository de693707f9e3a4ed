"""Flips: how often do errors in the records turn the verdict of a person?

The probe makes errors of declared kinds and rates θ (`param`: `lost, theta=0.05`), again and again over the same
persons. θ is assumed. It is the share of records for `lost` and `swapped`, of persons for `false` and `mislinked`, so
kinds are not held against one another. A verdict is the band; of a scheme without bands, all of its outcomes. Persons
are the sample, not redraws, so there is no interval of one auditor, who could not draw errors again.

Legend: redraws in which errors were made · any, worse, better in how many of them the verdict turned, summed over
persons · n persons.
"""

from __future__ import annotations

from dataclasses import replace

import polars as pl
from scipy.special import bdtrc

from scoring.measures import estimates, rates
from scoring.measures.counts import Counts
from scoring.measures.nulls import OBSERVED
from scoring.measures.rates import MEAN, MEAN_DIFFERENCE, MEAN_SHARE
from scoring.measures.study import GROUP, WORLD, Study

TERMS = ("any", "worse", "better")
MILLIONTHS = 1_000_000
UNSTEADY = 10  # more than one redraw of so many: an unsteady verdict
ALIKE = "if all were alike"
PLACE = [*WORLD, "seed", *GROUP]
THETA = (pl.col("theta") / MILLIONTHS).round(6)
PARAM = pl.format("{}, theta={}", "kind", THETA).alias("param")


def flip_rate(counts: Counts, study: Study) -> pl.DataFrame:
    """How often does another verdict come of errors in the records?

    Mean over scored persons of the share of redraws whose verdict is another (`term`: `any`, `worse`, `better`), from 0
    to 1. `better` and `worse` need a verdict both times, so they may sum to less than `any`. Who has no records loses
    none, but can be given false ones or those of another. Stable is not correct.
    """
    return rates.rows(_flips(counts), study, "flip_rate", MEAN_SHARE)


def flip_rate_difference(counts: Counts, study: Study) -> pl.DataFrame:
    """How much more often do errors turn verdicts of this group than of the reference?

    Difference of `flip_rate`, from -1 to 1. Errors are as frequent in both groups; where the records of one are kept
    less well, its verdicts turn more often than is said here.
    """
    return rates.rows(_flips(counts), study, "flip_rate_difference", replace(MEAN_DIFFERENCE, within=(-1, 1)))


def flip_rate_slope(counts: Counts, study: Study) -> pl.DataFrame:
    """How many verdicts turn for each error, while errors are rare?

    Slope of `flip_rate` F at θ = 0, where nothing turns: (4 F(θ/2) - F(θ)) / θ for each kind (`param`), exact where F
    is a line or bends as a square does. At 1, every person's verdict turns with her first error.
    """
    full = pl.col("theta") == pl.col("theta").max()
    weight = pl.when(full).then(-1).otherwise(4) / THETA.max()
    table = _by_term(counts.cells, pl.col("kind").alias("param"), pl.col("n").filter(full).sum(), weight)
    return rates.rows(table, study, "flip_rate_slope", MEAN)


def flip_rate_above_10(counts: Counts, study: Study) -> pl.DataFrame:
    """For how many persons of this group do errors turn the verdict in more than one redraw of ten?

    `observed`: persons with more than .1 of their redraws / scored persons of the probe, from 0 to 1. `if all were
    alike`: what so few redraws would have shown by chance, had every person of the group its mean flip rate; only what
    goes beyond it tells persons apart. Interval: Wilson.
    """
    table = rates.tally(counts.cells.with_columns(PARAM), pl.col("unsteady"), by=("param",))
    observed = rates.rows(table.with_columns(term=pl.lit(OBSERVED)), study, "flip_rate_above_10")
    means = _flips(counts, ("redraws",)).filter(pl.col("term") == "any").sort(*PLACE, "param")
    times, mean = means["redraws"].to_numpy(), (means["y"] / means["n"]).to_numpy()
    tail = pl.Series(bdtrc(times // UNSTEADY, times, mean))
    expected = means.select(*PLACE, "param", "n").with_columns(value=tail, term=pl.lit(ALIKE))
    alike = estimates.of_table(expected, study, "flip_rate_above_10").with_columns(pl.col("low", "high").clip(0, 1))
    return pl.concat([observed, alike], how="diagonal_relaxed")


def _flips(counts: Counts, also: tuple[str, ...] = ()) -> pl.DataFrame:
    """Return the sum of the shares of redraws that turned, by kind and θ and term, and how many persons there are."""
    return _by_term(counts.cells, PARAM, pl.col("n").sum(), pl.lit(1), also)


def _by_term(
    cells: pl.DataFrame, param: pl.Expr, persons: pl.Expr, weight: pl.Expr, also: tuple[str, ...] = ()
) -> pl.DataFrame:
    keys = [*PLACE, "param", *also]
    told = cells.with_columns(param).sort(*keys, "theta", "unsteady")  # floating-point sums are then always the same
    shares = [(pl.col(term) / pl.col("redraws") * weight).sum().alias(term) for term in TERMS]
    table = told.group_by(keys, maintain_order=True).agg(persons.alias("n"), *shares)
    return table.unpivot(TERMS, index=[*keys, "n"], variable_name="term", value_name="y")
