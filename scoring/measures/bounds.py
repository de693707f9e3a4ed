"""Bounds: how far the persons without a score could move a rate, had they been scored (Manski 1990).

A rate of the scored says nothing of the others. Read all of them as selected, then none: what is true of everybody lies
between. A comparison is farthest off where the two groups are read in opposite ways. Nothing is estimated here and no
sample narrows it: the bounds are uncertainty of `specification`.

Legend: y selected of n scored persons · m persons without a score, though the scheme is for them · y_ref, n_ref, m_ref
the same of the reference. Counts are means over seeds.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from scoring.measures import disparity, rates
from scoring.measures.counts import Counts
from scoring.measures.rates import DIFFERENCE, RATE, RATIO, Statistic, n, n_ref, y, y_ref
from scoring.measures.study import GROUP, NO_DRAW, WORLD, Study

UNSCORED = ["missing", "unenrolled"]  # for the ineligible the scheme is not meant
METHOD = "unscored read both ways"

m, m_ref = (pl.col(c).cast(pl.Float64) for c in ("m", "m_ref"))
least, most = y / (n + m), (y + m) / (n + m)
least_ref, most_ref = y_ref / (n_ref + m_ref), (y_ref + m_ref) / (n_ref + m_ref)


@dataclass(frozen=True)
class Bounded:
    """A statistic of the scored, and what it could at least and at most be of everybody."""

    statistic: Statistic
    low: pl.Expr
    high: pl.Expr


BOUNDS = {
    "selection_rate_bounds": Bounded(RATE, least, most),
    "selection_rate_difference_bounds": Bounded(DIFFERENCE, least - most_ref, most - least_ref),
    "selection_rate_ratio_bounds": Bounded(
        RATIO, pl.when((most > 0) | (least_ref > 0)).then(least / most_ref), most / least_ref
    ),
}


def selection_rate_bounds(
    outcome: Counts, study: Study, coverage: Counts | None = None, coverages: Counts | None = None
) -> pl.DataFrame:
    """Between which rates does the selection rate lie, whatever the persons without a score would have been given?

    From y / (n + m) to (y + m) / (n + m), beside y/n of the scored, which is undefined where nobody is. No row where
    everybody is scored.
    """
    return _rows(outcome, study, coverages or coverage, "selection_rate_bounds")


def selection_rate_difference_bounds(
    outcome: Counts, study: Study, coverage: Counts | None = None, coverages: Counts | None = None
) -> pl.DataFrame:
    """Could the persons without a score turn the difference to the reference around?

    From the least rate of the group minus the greatest of the reference to the reverse, within -1 and 1: yes, where the
    bounds have unlike signs. No row where everybody of both groups is scored.
    """
    return _rows(outcome, study, coverages or coverage, "selection_rate_difference_bounds")


def selection_rate_ratio_bounds(
    outcome: Counts, study: Study, coverage: Counts | None = None, coverages: Counts | None = None
) -> pl.DataFrame:
    """Could the persons without a score bring the ratio to the reference to the other side of 1, or of a convention?

    From the least rate of the group over the greatest of the reference to the reverse, from 0 up; infinite where nobody
    of the reference is selected, none where 0/0 may be. No row where everybody of both groups is scored.
    """
    return _rows(outcome, study, coverages or coverage, "selection_rate_ratio_bounds")


def unscored(outcome: Counts, study: Study, coverage: Counts) -> pl.DataFrame:
    """Return y of n scored persons and the m without a score by outcome and group, as means over seeds.

    The coverage may be that of each outcome. Effective numbers follow it: y is the share of the selected times n.
    """
    keys = [*WORLD, *GROUP, *(["outcome"] if "outcome" in coverage.axes else [])]
    scored = pl.col("coverage") == "scored"
    repeats = coverage.cells.group_by(WORLD).agg(pl.col("seed").n_unique().alias("seeds"))
    meant = coverage.where(coverage=["scored", *UNSCORED]).cells
    people = meant.group_by(keys).agg(pl.col("n").filter(scored).sum(), pl.col("n").filter(~scored).sum().alias("m"))
    chosen = disparity.selected(outcome, study)
    given = chosen.select(*WORLD, "outcome", "polarity").unique()
    found = chosen.group_by(*WORLD, *GROUP, "outcome").agg(pl.col("y").sum(), pl.col("n").sum().alias("n_given"))
    table = people.join(given, on=[k for k in keys if k not in GROUP])
    table = table.join(found, on=[*WORLD, *GROUP, "outcome"], how="left").join(repeats, on=WORLD)
    if table.schema["n"].is_float():
        table = table.with_columns(pl.col("y") / pl.col("n_given") * pl.col("n"))
    means = [(pl.col(c).fill_null(0) / pl.col("seeds")).alias(c) for c in ("y", "n", "m")]
    return table.drop("n_given").with_columns(*means, pl.col("seeds").cast(pl.Int32))


def _rows(outcome: Counts, study: Study, coverage: Counts | None, measure: str) -> pl.DataFrame:
    if coverage is None:
        return pl.DataFrame()
    bounded = BOUNDS[measure]
    table = unscored(outcome, study, coverage)
    keys = ["world", "scheme", "outcome", "polarity", *GROUP]
    share = pl.col("n") / pl.col("n").sum().over([k for k in keys if k != "group"] + ["draw"])
    table, without = table.with_columns(share.alias("share")), m
    if bounded.statistic.compared:
        table = rates.against_reference(table, study, ("y", "n", "m"))
        table = table.filter((pl.col("group") != pl.col("reference")) | (pl.col("groups") == 1))
        keys, without = [*keys, "reference"], m + m_ref.fill_null(0)
    values = {"value": bounded.statistic.value, "low": bounded.low, "high": bounded.high}
    table = table.with_columns(value.fill_nan(None).alias(name) for name, value in values.items())
    table = _over_draws(table.filter((without > 0).any().over(keys)), keys)
    if table.is_empty():
        return pl.DataFrame()
    counted = pl.format("{} of {} persons without a score", m.round().cast(pl.Int64), (n + m).round().cast(pl.Int64))
    theirs = pl.format("{} of {} in the reference", *(c.round().cast(pl.Int64) for c in (m_ref, n_ref + m_ref)))
    note = pl.concat_str([counted, theirs], separator=", ") if bounded.statistic.compared else counted
    told = {"measure": measure, "method": METHOD, "uncertainty": "specification"}
    table = table.with_columns(note.alias("note"), *(pl.lit(text).alias(name) for name, text in told.items()))
    return rates.judged(table, bounded.statistic)


def _over_draws(table: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Return one row a scheme: of a family the median over draws, and the least and greatest that any draw allows."""
    one, family = table.filter(pl.col("draw") == NO_DRAW), table.filter(pl.col("draw") != NO_DRAW)
    counted = [c for c, kind in table.schema.items() if kind.is_numeric() and c not in {*keys, "low", "high"}]
    over = family.group_by(keys, maintain_order=True).agg(
        pl.col(counted).median(), pl.col("low").min(), pl.col("high").max()
    )
    return pl.concat([one, over], how="diagonal_relaxed")
