"""Errors: verdicts beside simulated harm. Positive means sanctioned or listed; the harm is simulated, never desert.

Simulated truth is "harm of at least tau", and tau is a choice: every measure is given over all of TAUS. The three
rates obey FPR = prevalence / (1 - prevalence) · (1 - PPV) / PPV · (1 - FNR) in every group (Chouldechova 2017), so
equal PPV and equal FPR cannot both hold where prevalence differs.
"""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from scoring.measures import rates
from scoring.measures.counts import Counts
from scoring.measures.rates import DIFFERENCE, RATE, RATIO, Statistic
from scoring.measures.study import Study

TAUS = (1, 3, 10, 30, 100)  # simulated harm from which on a person counts as harmful

_selected, _harmful = pl.col("selected"), pl.col("truth")
RATES = {  # who is counted (y), and among whom (n)
    "false_positive_rate": (_selected, ~_harmful),
    "false_negative_rate": (~_selected, _harmful),
    "true_positive_rate": (_selected, _harmful),
    "positive_predictive_value": (_harmful, _selected),
    "false_discovery_rate": (~_harmful, _selected),
    "prevalence": (_harmful, None),
}
# No convention speaks of a ratio of errors, so none is called fragile at one.
ERROR_RATIO = replace(RATIO, undefined="nobody in the reference meets with this error")


def truths(counts: Counts) -> dict[str, pl.Expr]:
    """Return the classes to hold verdicts against: each threshold of simulated harm, or a truth that was counted."""
    if "truth" in counts.axes:
        return {"truth": pl.col("truth")}
    return {f"tau={tau}": pl.col("harm") > level for level, tau in enumerate(TAUS)} if "harm" in counts.axes else {}


def against_truth(counts: Counts, study: Study, rate: str) -> pl.DataFrame:
    """Return y and n of one rate by group, outcome and class of truth; nothing where no truth was counted.

    Simulated harm is held against adverse outcomes alone; a truth that a table records, against whatever it selects.
    Who has no truth is left out.
    """
    known = study.polarities()
    polarity = pl.lit(True) if "truth" in counts.axes else pl.col("polarity") == "adverse"
    cells = counts.cells.join(known.filter(polarity), on=["scheme", "outcome"])
    yes, among = RATES[rate]
    by = ("outcome", "polarity", "param")
    tables = [
        rates.tally(
            cells.with_columns(truth.alias("truth"), pl.lit(param).alias("param")).drop_nulls("truth"), yes, among, by
        )
        for param, truth in truths(counts).items()
    ]
    return pl.concat(tables) if tables else pl.DataFrame()


def _rows(counts: Counts, study: Study, rate: str, statistic: Statistic = RATE, told: str = "") -> pl.DataFrame:
    table = against_truth(counts, study, rate)
    return table if table.is_empty() else rates.rows(table, study, rate + told, statistic)


def false_positive_rate(counts: Counts, study: Study) -> pl.DataFrame:
    """Of the persons below the simulated harm, how many are sanctioned or listed?

    FP / (FP + TN), from 0 to 1; undefined where everybody's simulated harm reaches tau.
    """
    return _rows(counts, study, "false_positive_rate")


def false_negative_rate(counts: Counts, study: Study) -> pl.DataFrame:
    """Of the persons whose simulated harm reaches tau, how many does the scheme pass over?

    FN / (FN + TP), from 0 to 1; undefined where nobody's simulated harm reaches tau.
    """
    return _rows(counts, study, "false_negative_rate")


def true_positive_rate(counts: Counts, study: Study) -> pl.DataFrame:
    """Of the persons whose simulated harm reaches tau, how many are sanctioned or listed?

    TP / (TP + FN), from 0 to 1; undefined where nobody's simulated harm reaches tau.
    """
    return _rows(counts, study, "true_positive_rate")


def positive_predictive_value(counts: Counts, study: Study) -> pl.DataFrame:
    """Of the persons sanctioned or listed, how many reach the simulated harm?

    TP / (TP + FP), from 0 to 1; undefined where nobody is sanctioned or listed.
    """
    return _rows(counts, study, "positive_predictive_value")


def false_discovery_rate(counts: Counts, study: Study) -> pl.DataFrame:
    """Of the persons sanctioned or listed, how many are below the simulated harm?

    FP / (TP + FP), from 0 to 1; undefined where nobody is sanctioned or listed.
    """
    return _rows(counts, study, "false_discovery_rate")


def prevalence(counts: Counts, study: Study) -> pl.DataFrame:
    """How many scored persons reach the simulated harm? (TP + FN) / n, from 0 to 1."""
    return _rows(counts, study, "prevalence")


def false_positive_rate_difference(counts: Counts, study: Study) -> pl.DataFrame:
    """How much more often than in the reference group is the verdict a false positive? From -1 to 1; Newcombe."""
    return _rows(counts, study, "false_positive_rate", DIFFERENCE, "_difference")


def false_negative_rate_difference(counts: Counts, study: Study) -> pl.DataFrame:
    """How much more often than in the reference group is simulated harm passed over? From -1 to 1; Newcombe."""
    return _rows(counts, study, "false_negative_rate", DIFFERENCE, "_difference")


def positive_predictive_value_difference(counts: Counts, study: Study) -> pl.DataFrame:
    """How much more than in the reference group does a verdict say about simulated harm? From -1 to 1; Newcombe."""
    return _rows(counts, study, "positive_predictive_value", DIFFERENCE, "_difference")


def false_positive_rate_ratio(counts: Counts, study: Study) -> pl.DataFrame:
    """How many times as often as in the reference group is the verdict a false positive?

    From 0 up, 1 is alike; score interval. 0/0 is null, x/0 infinite.
    """
    return _rows(counts, study, "false_positive_rate", ERROR_RATIO, "_ratio")


def false_negative_rate_ratio(counts: Counts, study: Study) -> pl.DataFrame:
    """How many times as often as in the reference group is simulated harm passed over?

    From 0 up, 1 is alike; score interval. 0/0 is null, x/0 infinite.
    """
    return _rows(counts, study, "false_negative_rate", ERROR_RATIO, "_ratio")
