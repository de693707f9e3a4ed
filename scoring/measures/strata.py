"""Strata: do groups fare unlike among persons who are alike in what was declared a legitimate ground?

A gap over everybody may close, or turn round, within strata (Simpson's paradox), and a pooled ratio is one answer only
where the strata agree. That a ground is legitimate is declared, not found: a stratum which the scheme itself made, such
as a record, hides what it did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import ndtri

from scoring.measures import estimates, mantel_haenszel, rates
from scoring.measures.counts import Counts
from scoring.measures.rates import RATIO
from scoring.measures.significance import EXPECTED
from scoring.measures.study import BEST, LARGEST, NO_DRAW, WORLD, Study
from scoring.result import NOT_APPLICABLE, SINGLE_GROUP, SMALL_CELL, ZERO_DENOM

if TYPE_CHECKING:
    from statsmodels.stats.contingency_tables import StratifiedTable

Floats = NDArray[np.float64]
HETEROGENEOUS = "odds ratios differ between strata (Breslow-Day p < .05): read stratum_ratio, not the pooled ratio"
UNINFORMATIVE = "no stratum in which both groups and both verdicts occur"
NEVER = "the reference never has the outcome where a stratum could tell"
NO_REFERENCE = "nobody belongs to the declared reference"
ONE_STRATUM = "fewer than two strata in which both groups and both verdicts occur"
FLAT = "the pooled odds ratio is 0 or infinite: nothing to hold the strata to"


@dataclass(frozen=True)
class Stratified:
    """One group beside its reference, stratum by stratum.

    `told` is what a result row says of the pair; `cells` is 2 × 2 × strata, the group above its reference and selected
    before not selected, of the strata that say anything; `left_out` tells how many do not.
    """

    told: Mapping[str, Any]
    cells: Floats
    audited: bool
    alone: bool
    left_out: str | None

    @property
    def table(self) -> StratifiedTable:
        """The strata as statsmodels takes them."""
        from statsmodels.stats.contingency_tables import StratifiedTable

        return StratifiedTable(self.cells)

    def row(self, **found: Any) -> dict[str, Any]:
        """Return a row of estimates; its note begins with the strata left out."""
        notes = [note for note in (self.left_out, found.get("note")) if note]
        return {**self.told, **found, "note": "; ".join(notes) or None}

    def undefined(self, method: str) -> dict[str, Any]:
        """Return the row of a pair of which no stratum says anything, and why."""
        if self.alone:
            why = {"status": SINGLE_GROUP, "note": estimates.ALONE, "reference": None}
        elif self.told["n_ref"] == 0:
            why = {"status": NOT_APPLICABLE, "note": NO_REFERENCE}
        else:
            why = {"status": ZERO_DENOM, "note": UNINFORMATIVE}
        return {**self.told, "value": None, "method": method, **why}


def pooled_odds_ratio(counts: Counts, study: Study) -> pl.DataFrame:
    """Within the strata, how many times the odds of the reference group?

    Mantel and Haenszel's pooled odds ratio, from 0 up, 1 is alike; interval of Robins, Breslow and Greenland (1986); p
    of the Mantel-Haenszel test. Strata without both groups and both verdicts say nothing: they are left out, and
    counted in the note. Infinite, without an interval, where the reference never has the outcome. With one stratum
    there is nothing to pool, and no row. statsmodels `StratifiedTable`.
    """

    def estimate(pair: Stratified) -> tuple[float, float, float]:
        table = pair.table
        low, high = table.oddsratio_pooled_confint(alpha=1 - study.level)
        return table.oddsratio_pooled, low, high

    method = "Mantel-Haenszel, Robins-Breslow-Greenland"
    return _pooled(counts, study, "pooled_odds_ratio", estimate, method)


def pooled_risk_ratio(counts: Counts, study: Study) -> pl.DataFrame:
    """Within the strata, how many times as often as in the reference group?

    Mantel and Haenszel's pooled ratio of rates, from 0 up, 1 is alike; interval of Greenland and Robins (1985); p of
    the Mantel-Haenszel test. Strata left out and undefined cases as in `pooled_odds_ratio`. statsmodels
    `StratifiedTable`.
    """

    def estimate(pair: Stratified) -> tuple[float, float, float]:
        ratio = pair.table.riskratio_pooled
        wide = np.exp(ndtri((1 + study.level) / 2) * mantel_haenszel.log_risk_error(pair.cells))
        return ratio, ratio / wide, ratio * wide

    return _pooled(counts, study, "pooled_risk_ratio", estimate, "Mantel-Haenszel, Greenland-Robins")


def mantel_haenszel_test(counts: Counts, study: Study) -> pl.DataFrame:
    """Within the strata, would one auditor have told the gap from chance?

    Mantel and Haenszel's chi-square with one degree of freedom and continuity correction, as R's `mantelhaen.test`;
    `small_cell` where the selected of the group could, given the margins, lie less than 5 from what is expected (Mantel
    and Fleiss 1980). Its hypothesis is one common odds ratio of 1: gaps that point both ways cancel. One auditor only.
    """
    method = "Mantel-Haenszel, continuity correction"
    found = []
    for pair in _pairs(counts, study, audited=True):
        if not pair.cells.size:
            found.append(pair.undefined(method))
            continue
        statistic, p = mantel_haenszel.test(pair.table)
        status = SMALL_CELL if mantel_haenszel.reach(pair.cells) < EXPECTED else None
        found.append(pair.row(value=statistic, p=p, method=method, status=status))
    return _of_an_auditor(found, study, "mantel_haenszel_test")


def homogeneity_test(counts: Counts, study: Study) -> pl.DataFrame:
    """Is the gap the same in every stratum, as far as one auditor could tell?

    Breslow and Day's chi-square of one common odds ratio; `small_cell` where a cell expects fewer than 5 persons under
    it. Undefined with one stratum that says anything, and where the pooled odds ratio is 0 or infinite. A large p is no
    proof that the strata agree. One auditor only.
    """
    found = []
    for pair in _pairs(counts, study, audited=True):
        strata = pair.cells.shape[2]
        method = f"Breslow-Day, {max(strata - 1, 0)} degree{'' if strata == 2 else 's'} of freedom"
        if not strata:
            found.append(pair.undefined(method))
            continue
        statistic, p, expected = mantel_haenszel.breslow_day(pair.cells)
        status = SMALL_CELL if expected < EXPECTED else None
        if strata == 1:
            found.append(pair.row(value=None, method=method, status=NOT_APPLICABLE, note=ONE_STRATUM))
        elif p is None:
            found.append(pair.row(value=None, method=method, status=ZERO_DENOM, note=FLAT))
        else:
            found.append(pair.row(value=statistic, p=p, method=method, status=status))
    return _of_an_auditor(found, study, "homogeneity_test")


def stratum_ratio(counts: Counts, study: Study) -> pl.DataFrame:
    """Within each stratum (`term`), how many times as often as in the reference group?

    The selection rate ratio of the persons of one stratum, with its score interval; read these, and no pooled ratio,
    where `homogeneity_test` says that the strata differ. Undefined as `selection_rate_ratio`. No row with one stratum.
    """
    table, told = _by_stratum(counts, study)
    return table if table.is_empty() else rates.rows(table.drop("strata"), told, "stratum_ratio", RATIO)


def _pooled(
    counts: Counts,
    study: Study,
    measure: str,
    estimate: Callable[[Stratified], tuple[float, float, float]],
    method: str,
) -> pl.DataFrame:
    """Return the rows of a pooled ratio; its interval, its p and a word on the strata are of one auditor."""
    found = []
    for pair in _pairs(counts, study):
        if not pair.cells.size:
            found.append(pair.undefined(method))
            continue
        with np.errstate(divide="ignore", invalid="ignore"):  # a ratio of 0 or infinity has no logarithm
            value, low, high = (float(v) for v in estimate(pair))
        row: dict[str, Any] = {"value": value, "method": method}
        if np.isinf(value):
            row |= {"status": ZERO_DENOM, "note": NEVER}
        if pair.audited:
            bounded = bool(np.isfinite([low, high]).all() and value > 0)
            row |= {"low": low, "high": high} if bounded else {}
            row["p"] = mantel_haenszel.test(pair.table)[1]
            row["status"] = row.get("status") or (SMALL_CELL if mantel_haenszel.reach(pair.cells) < EXPECTED else None)
            unlike = mantel_haenszel.breslow_day(pair.cells)[1]
            if unlike is not None and unlike < 0.05:
                row["note"] = HETEROGENEOUS
        found.append(pair.row(**row))
    return estimates.rows(found, study, measure)


def _of_an_auditor(found: list[dict[str, Any]], study: Study, measure: str) -> pl.DataFrame:
    """Return the rows of tests, which are of one auditor only."""
    rows = estimates.rows(found, study, measure)
    return rows if rows.is_empty() else rows.filter(pl.col("uncertainty") == "audit")


def _by_stratum(counts: Counts, study: Study) -> tuple[pl.DataFrame, Study]:
    """Return y and n by group and stratum (`term`) of all that have more than one stratum, and the references taken.

    The group that fares best is another one in each stratum, so the largest is the reference in its place.
    """
    named = {g: LARGEST if reference == BEST else reference for g, reference in study.references.items()}
    told = replace(study, references=named)
    if "stratum" not in counts.axes:
        return pl.DataFrame(), told
    table = rates.tally(counts.cells, pl.col("selected"), by=("outcome", "stratum")).rename({"stratum": "term"})
    within = [*WORLD, "seed", "outcome", "group_by"]
    table = table.with_columns(pl.col("term").n_unique().over(within).alias("strata")).filter(pl.col("strata") > 1)
    return table.join(study.polarities(), on=["scheme", "outcome"], how="left", maintain_order="left"), told


def _pairs(counts: Counts, study: Study, audited: bool = False) -> Iterator[Stratified]:
    """Yield every group beside its reference in all strata; of one auditor's counts only where `audited`."""
    table, told = _by_stratum(counts, study)
    if table.is_empty():
        return
    first = pl.col("seed").min().over("world")
    table = table.with_columns(((pl.col("draw") == NO_DRAW) & (pl.col("seed") == first)).alias("audited"))
    table = rates.against_reference(table, told)
    table = table.filter((pl.col("group") != pl.col("reference")) | (pl.col("groups") == 1))
    yes, all_of = rates.y + rates.y_ref, rates.n + rates.n_ref
    says = (rates.n > 0) & (rates.n_ref > 0) & (yes > 0) & (yes < all_of) & (pl.col("groups") > 1)
    about = [*WORLD, "seed", "outcome", "polarity", "group_by", "group", "reference"]
    keys, cells = [*about, "groups", "strata", "audited"], ["y", "n", "y_ref", "n_ref"]
    pairs = (
        table.filter(pl.col("audited") | pl.lit(not audited))
        .sort(*keys, "term")
        .group_by(keys, maintain_order=True)
        .agg(pl.col(cells).filter(says.fill_null(False)), pl.col("n", "n_ref").sum().name.prefix("all_"))
    )
    for row in pairs.iter_rows(named=True):
        y, n, y_ref, n_ref = (np.asarray(row[c], dtype=np.float64) for c in cells)
        held, strata = len(n), row["strata"]
        sizes = {"n": n.sum(), "n_ref": n_ref.sum()} if held else {"n": row["all_n"], "n_ref": row["all_n_ref"]}
        yield Stratified(
            {c: row[c] for c in about} | {name: int(size) for name, size in sizes.items()},
            np.array([[y, n - y], [y_ref, n_ref - y_ref]]),
            row["audited"],
            row["groups"] == 1,
            f"{strata - held} of {strata} strata lack a group or a verdict: left out" if held < strata else None,
        )
