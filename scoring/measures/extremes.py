"""Extremes: the lowest and the highest selection rate of all groups of a grouping, held against equal rates.

The more groups, the farther their extremes lie apart by chance. With 500 persons a group and an equal rate of .10, the
ratio of the lowest to the highest is below .8 in a quarter of samples of two groups and in every sample of twenty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from scoring.measures import estimates, groups, nulls, resample
from scoring.measures.counts import UNKNOWN, Counts
from scoring.measures.rates import LARGE_GROUP, SMALL_EXPECTED, SMALL_GROUP, SMALL_SHARE
from scoring.measures.study import SEED, Study
from scoring.result import NOT_APPLICABLE

ALL = "all groups"
DRAWS = 2_000
NOBODY = "nobody of these groups is selected"
METHOD = f"equal rates, {DRAWS:,} draws"

Cells = NDArray[np.int64]
Floats = NDArray[np.float64]


def lowest_to_highest_ratio(counts: Counts, study: Study) -> pl.DataFrame:
    """How many times the highest selection rate of any group is the lowest?

    min p_g / max p_g over the groups, from 0 to 1; fairlearn `demographic_parity_ratio`. Undefined where nobody is
    selected. Small values are extreme: of equal groups 5 in 100 lie below the null line. Small cells and `unknown` are
    left out.
    """
    return _rows(counts, study, "lowest_to_highest_ratio", ratio, low=True)


def widest_difference(counts: Counts, study: Study) -> pl.DataFrame:
    """How far apart are the highest and the lowest selection rate of any two groups?

    max p_g - min p_g over the groups, from 0 to 1; fairlearn `demographic_parity_difference`. Of equal groups 5 in 100
    lie above the null line. Small cells and `unknown` are left out.
    """
    return _rows(counts, study, "widest_difference", width)


def ratio(y: Cells, n: Cells) -> Floats:
    """Return min/max of the rates along the last axis, NaN where all are 0."""
    rates = y / n
    with np.errstate(invalid="ignore"):
        return rates.min(axis=-1) / rates.max(axis=-1)


def width(y: Cells, n: Cells) -> Floats:
    """Return max - min of the rates along the last axis."""
    return np.ptp(y / n, axis=-1)


def equal_rates(y: Cells, n: Cells, times: int, rng: np.random.Generator) -> Cells:
    """Return y of each group, [draw, group], had all groups the pooled rate."""
    return rng.binomial(n, y.sum() / n.sum(), size=(times, len(n)))


def small(y: Cells, n: Cells) -> NDArray[np.bool_]:
    """Say which groups are small cells: few persons, a small share, or few expected either way beside the others."""
    rarer = min(y.sum(), n.sum() - y.sum()) / n.sum()
    fewer = np.minimum(n, n.sum() - n)
    return (n < SMALL_GROUP) | ((n < SMALL_SHARE * n.sum()) & (n < LARGE_GROUP)) | (fewer * rarer < SMALL_EXPECTED)


def _rows(
    counts: Counts, study: Study, measure: str, statistic: Callable[[Cells, Cells], Floats], low: bool = False
) -> pl.DataFrame:
    return nulls.rows(_found(counts, study, statistic, low), study, measure, within=(0, 1))


def _found(
    counts: Counts, study: Study, statistic: Callable[[Cells, Cells], Floats], low: bool
) -> Iterator[dict[str, Any]]:
    for every in groups.everyone(counts, ["selected"], ["outcome"]):
        polarity = study.outcomes.get((every.told["scheme"], every.told["outcome"]))
        told = {**every.told, "group": ALL, "reference": None, "polarity": polarity, "term": nulls.OBSERVED}
        n = every.mine.sum(axis=1)
        y = (every.mine * np.array(every.levels["selected"])).sum(axis=1)
        known = np.array([group != UNKNOWN for group in every.levels["group"]])
        y, n = y[known], n[known]
        if len(n) < 2:
            yield estimates.alone(told)
            continue
        fit = ~small(y, n)
        y, n, left = y[fit], n[fit], f"{(~fit).sum()} of {len(fit)} groups are small cells and left out"
        told |= {"n": int(n.sum()), "note": None if fit.all() else left}
        if len(n) < 2:
            yield {**told, "value": None, "status": NOT_APPLICABLE}
        elif not y.any() and low:
            yield {**told, "value": None, "method": METHOD, "note": "; ".join(filter(None, [NOBODY, told["note"]]))}
        elif every.audited:
            null = statistic(equal_rates(y, n, DRAWS, resample.philox(SEED)), n)
            yield from nulls.beside(told, float(statistic(y, n)), null, METHOD, study.level, low)
        else:
            yield {**told, "value": float(statistic(y, n))}
