"""Disparity: who is reached, rewarded, listed or sanctioned, and how much more often than the reference group."""

from __future__ import annotations

import polars as pl

from scoring.measures import rates
from scoring.measures.counts import Counts
from scoring.measures.rates import DIFFERENCE, FLIPPED_RATIO, PER_10000, RATIO, Statistic
from scoring.measures.study import EVERYONE, GROUP, WORLD, Study

ELIGIBLE = ["unenrolled", "missing", "scored"]
STAGES = {  # of the residents: who is left after each step, as coverages
    "residents": ["ineligible", *ELIGIBLE],
    "eligible": ELIGIBLE,
    "enrolled": ["missing", "scored"],
    "scored": ["scored"],
}


def selected(counts: Counts, study: Study) -> pl.DataFrame:
    """Return y selected of n scored persons by outcome and group."""
    table = rates.tally(counts.cells, pl.col("selected"), by=("outcome",))
    return table.join(study.polarities(), on=["scheme", "outcome"], how="left", maintain_order="left")


def not_selected(counts: Counts, study: Study) -> pl.DataFrame:
    """Return y not selected of n scored persons."""
    return selected(counts, study).with_columns((pl.col("n") - pl.col("y")).alias("y"))


def selection_rate(counts: Counts, study: Study) -> pl.DataFrame:
    """How often is a scored person of this group rewarded, listed or sanctioned?

    y/n, from 0 to 1; undefined where nobody of the group is scored. Interval: Wilson. fairlearn `selection_rate`.
    """
    return rates.rows(selected(counts, study), study, "selection_rate")


def selection_rate_ratio(counts: Counts, study: Study) -> pl.DataFrame:
    """How many times as often as in the reference group?

    (y/n) / (y_ref/n_ref), from 0 up, 1 is alike, never clipped. 0/0 is null; x/0 is infinite, with the finite lower
    bound of the score interval. Below .80 (favourable) or above 1.25 (adverse) lies beyond a US employment-selection
    convention (29 CFR 1607.4(D)), which is no law elsewhere.
    """
    return rates.rows(selected(counts, study), study, "selection_rate_ratio", RATIO)


def non_selection_rate_ratio(counts: Counts, study: Study) -> pl.DataFrame:
    """How many times as often as in the reference group is a person passed over?

    The flipped ratio (1 - p) / (1 - p_ref): sanctions of 1% against 2% are .990 one way and 2.0 the other.
    """
    return rates.rows(not_selected(counts, study), study, "non_selection_rate_ratio", FLIPPED_RATIO)


def selection_rate_difference(counts: Counts, study: Study) -> pl.DataFrame:
    """How much more often than in the reference group?

    y/n - y_ref/n_ref, from -1 to 1, 0 is alike. Interval: Newcombe (1998). There is no legal line.
    """
    return rates.rows(selected(counts, study), study, "selection_rate_difference", DIFFERENCE)


def excess_per_10000(counts: Counts, study: Study) -> pl.DataFrame:
    """Of 10,000 scored persons of this group, how many more than at the rate of the reference group?

    10,000 (y/n - y_ref/n_ref).
    """
    return rates.rows(selected(counts, study), study, "excess_per_10000", PER_10000)


def coverage_rate(counts: Counts, study: Study) -> pl.DataFrame:
    """How many persons of this group does the scheme score at all?

    Scored / all residents. To be without a score is an outcome and not a missing row: rates above are of the scored.
    """
    return rates.rows(rates.tally(counts.cells, pl.col("coverage") == "scored"), study, "coverage_rate")


def band_rate(counts: Counts, study: Study) -> pl.DataFrame:
    """How many scored persons of this group stand in each band?

    Persons in band / scored persons; the bands of a group sum to 1.
    """
    return rates.rows(rates.shares(counts.cells, "band"), study, "band_rate")


def reach(coverage: Counts, study: Study, outcome: Counts | None = None) -> pl.DataFrame:
    """Of 10,000 residents, how many are eligible, enrolled, scored, and given each outcome?

    10,000 y / residents, everyone together. Outcomes too are counted of all residents, not of the scored.
    """
    everyone = coverage.where(group_by=EVERYONE).cells
    stages = [
        rates.tally(everyone, pl.col("coverage").is_in(left)).with_columns(pl.lit(stage).alias("term"))
        for stage, left in STAGES.items()
    ]
    if outcome is not None:
        given = rates.tally(outcome.where(group_by=EVERYONE).cells, pl.col("selected"), by=("outcome",))
        residents = stages[0].drop("y", "term")
        stages.append(given.drop("n").rename({"outcome": "term"}).join(residents, on=[*WORLD, "seed", *GROUP]))
    table = pl.concat(stages, how="diagonal")
    return rates.rows(table, study, "reach", Statistic(1e4 * rates.y / rates.n, None))
