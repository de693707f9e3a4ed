"""Intervals for rates, their ratios and differences, for whole columns at once.

The formulas are those of statsmodels (`proportion_confint`, `confint_proportions_2indep`), whose two-sample functions
take one table a call; the tests hold these to them. y persons of n have the outcome; y0 of n0 are the reference.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv, ndtri, stdtrit

Floats = NDArray[np.float64]
STEPS = 62  # bisections of the log ratio: from a bracket of e^80 to below 1e-16
FARTHEST = 40.0


class Interval(NamedTuple):
    """Lower and upper bounds, NaN where there is none, and how each was found."""

    low: Floats
    high: Floats
    method: NDArray[np.str_]


def _floats(*values: ArrayLike) -> list[Floats]:
    return list(np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in values)))


def wilson(y: ArrayLike, n: ArrayLike, level: float = 0.95) -> tuple[Floats, Floats]:
    """Return the score interval of a rate (Wilson 1927)."""
    y, n = _floats(y, n)
    z = ndtri((1 + level) / 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = y / n
        middle = (rate + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z * np.sqrt(rate * (1 - rate) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return middle - half, middle + half


def clopper_pearson(y: ArrayLike, n: ArrayLike, level: float = 0.95) -> tuple[Floats, Floats]:
    """Return the exact interval of a rate (Clopper and Pearson 1934)."""
    y, n = _floats(y, n)
    tail = (1 - level) / 2
    low = np.where(y == 0, 0.0, betaincinv(np.maximum(y, 1), n - y + 1, tail))
    high = np.where(y == n, 1.0, betaincinv(y + 1, np.maximum(n - y, 1), 1 - tail))
    return np.where(n > 0, low, np.nan), np.where(n > 0, high, np.nan)


def rate(y: ArrayLike, n: ArrayLike, level: float = 0.95) -> Interval:
    """Return the interval of a rate: Wilson's, or Clopper and Pearson's where nobody or everybody has the outcome."""
    y, n = _floats(y, n)
    edge = (y == 0) | (y == n)
    (low, high), (exact_low, exact_high) = wilson(y, n, level), clopper_pearson(y, n, level)
    return Interval(
        np.where(edge, exact_low, low), np.where(edge, exact_high, high), np.where(edge, "Clopper-Pearson", "Wilson")
    )


def difference(y: ArrayLike, n: ArrayLike, y0: ArrayLike, n0: ArrayLike, level: float = 0.95) -> Interval:
    """Return the interval of a difference of two rates (Newcombe 1998, method 10)."""
    y, n, y0, n0 = _floats(y, n, y0, n0)
    (low, high), (low0, high0) = wilson(y, n, level), wilson(y0, n0, level)
    with np.errstate(invalid="ignore", divide="ignore"):
        p, p0 = y / n, y0 / n0
    gap = p - p0
    below, above = np.hypot(p - low, high0 - p0), np.hypot(high - p, p0 - low0)
    return Interval(gap - below, gap + above, np.full(gap.shape, "Newcombe"))


def ratio(y: ArrayLike, n: ArrayLike, y0: ArrayLike, n0: ArrayLike, level: float = 0.95) -> Interval:
    """Return the score interval of a ratio of two rates (Koopman 1984; Miettinen and Nurminen 1985).

    It is finite where y = 0 and has a finite lower bound where y0 = 0; where both are 0 it does not exist.
    """
    y, n, y0, n0 = _floats(y, n, y0, n0)
    z = ndtri((1 + level) / 2)
    with np.errstate(all="ignore"):
        start = np.log(np.clip((y / n) / (y0 / n0), np.exp(-FARTHEST), np.exp(FARTHEST)))
        low = _where_score_is(z, start, -FARTHEST, (y, n, y0, n0))
        high = _where_score_is(-z, start, FARTHEST, (y, n, y0, n0))
    low, high = np.where(y == 0, 0.0, np.exp(low)), np.where(y0 == 0, np.inf, np.exp(high))
    none = (n == 0) | (n0 == 0) | ((y == 0) & (y0 == 0))
    return Interval(np.where(none, np.nan, low), np.where(none, np.nan, high), np.full(y.shape, "score"))


def _where_score_is(wanted: float, inner: Floats, outer: float, table: tuple[Floats, ...]) -> Floats:
    """Return the log ratio at which the score statistic takes a value, by bisection between two starting points."""
    inner, outer_side = inner.copy(), np.full(inner.shape, outer)
    for _ in range(STEPS):
        middle = (inner + outer_side) / 2
        inside = ~(np.abs(_score(np.exp(middle), *table)) >= abs(wanted))  # 0/0 where both rates are 1 is inside
        inner, outer_side = np.where(inside, middle, inner), np.where(inside, outer_side, middle)
    return (inner + outer_side) / 2


def _score(theta: Floats, y: Floats, n: Floats, y0: Floats, n0: Floats) -> Floats:
    """Return the score statistic of the hypothesis that the ratio is theta, at the rates most likely under it."""
    a, b, c = (n + n0) * theta, (n + y0) * theta + y + n0, y + y0
    p0 = 2 * c / (b + np.sqrt(np.maximum(b**2 - 4 * a * c, 0)))
    p = np.minimum(theta * p0, 1.0)
    spread = np.sqrt((p * (1 - p) / n + theta**2 * p0 * (1 - p0) / n0) * (n + n0) / (n + n0 - 1))
    return (y / n - theta * y0 / n0) / spread


def student(level: float, seeds: ArrayLike) -> Floats:
    """Return the two-sided quantile of Student's t with seeds - 1 degrees of freedom; NaN for one seed."""
    (seeds,) = _floats(seeds)
    return np.where(seeds > 1, stdtrit(np.maximum(seeds - 1, 1), (1 + level) / 2), np.nan)
