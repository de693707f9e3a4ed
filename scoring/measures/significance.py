"""Significance: could two groups, or several, have fared so unlike by chance alone? Tests of counts, by column.

y persons of n have the outcome; y0 of n0 are the reference. A p value belongs to one auditor's sample: how many people
a simulation draws is ours to choose, so it is no evidence about a scheme, only about what an auditor would have seen.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

Floats = NDArray[np.float64]
Table = tuple[int, int, int, int]  # y, n - y, y0, n0 - y0

EXPECTED = 5  # persons whom the emptiest cell would hold by chance: below, a normal approximation is rough
FEW = 200  # persons in both groups below whom Boschloo's test, more powerful than Fisher's, is taken
AFFORDABLE = 100  # distinct tables a column for which Boschloo's test is worked out, some 15 ms each


class Test(NamedTuple):
    """p, NaN where there is nothing to test; the statistic, NaN where the test is exact; the name of the test."""

    p: Floats
    statistic: Floats
    name: NDArray[np.str_]


def pooled_z(y: ArrayLike, n: ArrayLike, y0: ArrayLike, n0: ArrayLike) -> Floats:
    """Return the difference of two rates in standard errors of equal rates (statsmodels `proportions_ztest`).

    NaN where a group is empty, and where nobody or everybody has the outcome.
    """
    y, n, y0, n0 = (np.asarray(v, dtype=np.float64) for v in (y, n, y0, n0))
    with np.errstate(invalid="ignore", divide="ignore"):
        pooled = (y + y0) / (n + n0)
        return (y / n - y0 / n0) / np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / n0))


def least_expected(y: ArrayLike, n: ArrayLike, y0: ArrayLike, n0: ArrayLike) -> Floats:
    """Return the persons expected in the emptiest of the four cells, were the rates equal."""
    y, n, y0, n0 = (np.asarray(v, dtype=np.float64) for v in (y, n, y0, n0))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.minimum(n, n0) * np.minimum(y + y0, n + n0 - y - y0) / (n + n0)


def chosen(y: ArrayLike, n: ArrayLike, y0: ArrayLike, n0: ArrayLike) -> NDArray[np.str_]:
    """Return the test that suits each table: `fisher`, `boschloo` or `z`.

    Fisher's where a cell expects fewer than 5 persons; else Boschloo's below 200 persons, and where a column holds more
    such tables than are affordable, Fisher's, which errs on the side of seeing nothing; else the pooled z.
    """
    counts = y, n, y0, n0 = _columns(y, n, y0, n0)
    few = n + n0 < FEW
    name = np.where(least_expected(*counts) < EXPECTED, "fisher", np.where(few, "boschloo", "z"))
    small = (name == "boschloo") & _whole(*counts)
    tables = {_alike(*map(int, table)) for table in np.column_stack(counts)[small]}
    return np.where(name == "boschloo", "fisher", name) if len(tables) > AFFORDABLE else name


def two_sample(y: ArrayLike, n: ArrayLike, y0: ArrayLike, n0: ArrayLike) -> Test:
    """Test whether two rates are equal, two-sided, each table by the test that suits it.

    p is NaN where a group is empty, where nobody or everybody has the outcome, and where counts are no whole numbers:
    the weight of a person is not a number of persons.
    """
    y, n, y0, n0 = _columns(y, n, y0, n0)
    name, z = chosen(y, n, y0, n0), pooled_z(y, n, y0, n0)
    sound = np.isfinite(z) & _whole(y, n, y0, n0)
    p = np.where(sound, 2 * ndtr(-np.abs(z)), np.nan)
    for at in np.flatnonzero(sound & (name != "z")):
        table = _alike(int(y[at]), int(n[at]), int(y0[at]), int(n0[at]))
        p[at] = _boschloo(table) if name[at] == "boschloo" else _fisher(table)
    return Test(p, np.where(sound & (name == "z"), z, np.nan), name)


class Independence(NamedTuple):
    """Pearson's statistic over all groups, its degrees of freedom, p, and the persons the emptiest cell expects."""

    statistic: float
    freedom: int
    p: float
    expected: float


def chi_square(y: ArrayLike, n: ArrayLike) -> Independence:
    """Test whether all groups have one rate, without correction; p is NaN where nobody or everybody has the outcome."""
    y, n = np.asarray(y, dtype=np.float64), np.asarray(n, dtype=np.float64)
    if len(n) < 2 or not 0 < y.sum() < n.sum() or (n == 0).any():
        return Independence(float("nan"), max(len(n) - 1, 0), float("nan"), 0.0)
    from scipy.stats import chi2_contingency

    found = chi2_contingency(np.column_stack([y, n - y]), correction=False)
    return Independence(float(found.statistic), int(found.dof), float(found.pvalue), float(np.min(found.expected_freq)))


def _columns(*counts: ArrayLike) -> list[Floats]:
    return list(np.broadcast_arrays(*(np.atleast_1d(np.asarray(c, dtype=np.float64)) for c in counts)))


def _whole(*counts: Floats) -> NDArray[np.bool_]:
    return np.all([np.isfinite(c) & (c == np.round(c)) for c in counts], axis=0)


def _alike(y: int, n: int, y0: int, n0: int) -> Table:
    """Return one table for all that a two-sided test cannot tell apart: groups swapped, verdicts swapped."""
    first, second = sorted([(y, n - y), (y0, n0 - y0)])
    swapped = sorted([first[::-1], second[::-1]])
    (a, b), (c, d) = min([first, second], swapped)
    return a, b, c, d


@lru_cache(maxsize=4096)
def _fisher(table: Table) -> float:
    from scipy.stats import fisher_exact

    return min(1.0, float(fisher_exact(np.reshape(table, (2, 2))).pvalue))


@lru_cache(maxsize=4096)
def _boschloo(table: Table) -> float:
    from scipy.stats import boschloo_exact

    return min(1.0, float(boschloo_exact(np.reshape(table, (2, 2))).pvalue))
