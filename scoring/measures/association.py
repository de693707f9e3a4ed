"""Association: would one auditor, holding these persons and no others, have taken the gap for chance?"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from scoring.measures import disparity, estimates, rates, seeds, significance
from scoring.measures.counts import UNKNOWN, Counts
from scoring.measures.intervals import Interval
from scoring.measures.rates import Statistic
from scoring.measures.study import BEST, EVERYONE, WORLD, Study
from scoring.result import NOT_APPLICABLE, SMALL_CELL

ALL_GROUPS = "all groups"
METHOD = {"z": "pooled z", "fisher": "Fisher's exact test", "boschloo": "Boschloo's exact test"}
EXACT = "an exact test has a p value and no statistic"
PICKED = "a reference that was picked for its rate has no test of two samples; see chi_square"
ALIKE = "nobody, or everybody, has the outcome: nothing to test"


def _named(y: Any, n: Any, y_ref: Any, n_ref: Any, level: float) -> Interval:
    """Return no interval, and the test that these counts are given."""
    name = significance.chosen(y, n, y_ref, n_ref)
    none = np.full(name.shape, np.nan)
    return Interval(none, none, name)


_pooled = (rates.y + rates.y_ref) / (rates.n + rates.n_ref)
POOLED_Z = Statistic(
    (rates.y / rates.n - rates.y_ref / rates.n_ref)
    / (_pooled * (1 - _pooled) * (1 / rates.n + 1 / rates.n_ref)).sqrt(),
    _named,
    compared=True,
    undefined=ALIKE,
)


def association_test(counts: Counts, study: Study) -> pl.DataFrame:
    """Would an auditor with these persons have told the gap from chance?

    For each group beside its reference (`param`): `fisher` where a cell expects fewer than 5 persons, else `boschloo`
    below 200 persons, else `z`, the difference in standard errors of equal rates, whose square is the chi-square
    without correction. For all known groups of a grouping at once: `chi_square`. p is two-sided. Of one auditor only:
    with more simulated persons any gap becomes significant, so read it as a statement on power. Undefined where nobody
    or everybody has the outcome. scipy `fisher_exact`, `boschloo_exact`, `chi2_contingency`; statsmodels
    `proportions_ztest`.
    """
    selected = disparity.selected(counts, study)
    pairs = rates.rows(selected, study, "association_test", POOLED_Z).filter(pl.col("uncertainty") == "audit")
    picked, exact = pl.col("reference") == BEST, (pl.col("method") != "z") & pl.col("value").is_not_null()
    notes = pl.when(picked).then(pl.lit(PICKED)).when(exact).then(pl.lit(EXACT)).otherwise("note")
    pairs = pairs.with_columns(
        pl.col("method").alias("param"),
        pl.col("method").replace_strict(METHOD, return_dtype=pl.String),
        pl.when(~picked & ~exact).then("value").alias("value"),
        pl.when(picked).then(pl.lit(NOT_APPLICABLE)).otherwise("status").alias("status"),
        notes.alias("note"),
    )
    return pl.concat([pairs, _over_all_groups(selected, study)], how="diagonal_relaxed")


def _over_all_groups(selected: pl.DataFrame, study: Study) -> pl.DataFrame:
    """Return the chi-square rows: are the rates of all known groups one rate?"""
    first = seeds.first_seed(selected.filter(pl.col("group_by") != EVERYONE))
    keys = [*WORLD, "seed", "outcome", "polarity", "group_by"]
    known = pl.col("group") != UNKNOWN
    groupings = first.sort(*keys, "group").group_by(keys, maintain_order=True)
    found = []
    for *key, y, n, left_out in groupings.agg(
        pl.col("y").filter(known), pl.col("n").filter(known), pl.col("n").filter(~known).sum().alias("left_out")
    ).iter_rows():
        if len(n) < 2:
            continue
        test = significance.chi_square(y, n)
        found.append(
            dict(zip(keys, key, strict=True))
            | {
                "param": "chi_square",
                "group": ALL_GROUPS,
                "reference": None,
                "value": test.statistic,
                "p": None if np.isnan(test.p) else test.p,
                "method": f"chi-square, {test.freedom} degree{'s' if test.freedom > 1 else ''} of freedom",
                "n": sum(n),
                "status": SMALL_CELL if 0 < test.expected < significance.EXPECTED else None,
                "note": f"{left_out:,} persons of an unknown group left out" if left_out else None,
            }
        )
    rows = estimates.rows(found, study, "association_test", undefined=ALIKE)
    return rows if rows.is_empty() else rows.filter(pl.col("uncertainty") == "audit")
