"""Universes: every way in which the choices that a study declares can be made at once.

With at most 5,000 of them the factorial is whole; else they are a sample in the design of Saltelli, which gives the
main and the total effect of each factor.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST = 5_000
PUBLISHED = 0  # the variant of a scheme that is its own text; others are numbered from 1 on
UNSCORED = -1  # how the verdict of who is meant and not scored is counted, beside 1 and 0
SEED = 20_240_603  # of the sample; fixed, so that the universes are a function of the factors
Whole = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Projected:
    """The universes as some factors alone tell them apart: distinct `rows`, which `of` each universe, and how many."""

    names: tuple[str, ...]
    rows: Whole
    of: Whole
    times: Whole


@dataclass(frozen=True)
class Universes:
    """The factors, each with its choices, and the universes that they span."""

    factors: Mapping[str, Sequence[Any]]

    @property
    def levels(self) -> list[int]:
        return [len(choices) for choices in self.factors.values()]

    @property
    def sample(self) -> int | None:
        """The size of each matrix of the sample, a power of 2; None where the factorial is whole."""
        if prod(self.levels) <= MOST:
            return None
        return max(2, 2 ** int(np.log2(MOST / (len(self.levels) + 2))))

    @cached_property
    def rows(self) -> Whole:
        """Which choice of each factor holds in each universe, [universe, factor]."""
        if self.sample is None:
            return np.indices(self.levels).reshape(len(self.levels), -1).T
        return sobol(self.levels, self.sample)

    def about(self, names: Iterable[str]) -> Projected:
        """Return the universes as some factors alone tell them apart."""
        wanted = set(names)
        kept = [name for name in self.factors if name in wanted]
        places = [list(self.factors).index(name) for name in kept]
        if not places:
            whole = np.zeros(len(self.rows), dtype=np.int64)
            return Projected((), np.zeros((1, 0), dtype=np.int64), whole, np.array([len(self.rows)]))
        rows, of, times = np.unique(self.rows[:, places], axis=0, return_inverse=True, return_counts=True)
        return Projected(tuple(kept), rows, of.reshape(-1), times)

    def own(self, scheme: str) -> list[str]:
        """Return the factors that touch a scheme."""
        return [name for name in self.factors if name.startswith(f"schemes.{scheme}.")]


def sobol(levels: Sequence[int], n: int) -> Whole:
    """Return the matrices A, B and AB_i of Saltelli's design, one beneath the other, as choices of each factor."""
    from scipy.stats import qmc

    d = len(levels)
    points = qmc.Sobol(2 * d, rng=np.random.default_rng(SEED)).random(n)
    a, b = points[:, :d], points[:, d:]
    crossed = [np.where(np.arange(d) == i, b, a) for i in range(d)]
    return np.floor(np.concatenate([a, b, *crossed]) * np.array(levels)).astype(np.int64)


def effects(values: Floats, levels: Sequence[int]) -> tuple[Floats, Floats]:
    """Return the main and the total effect of each factor on values over their whole factorial; NaN where none varies.

    Functional ANOVA with equal weights: main is Var(E[y | x_i]) / Var(y), total is 1 - Var(E[y | all but x_i]) /
    Var(y).
    """
    grid = values.reshape(levels)
    axes, variance = range(grid.ndim), grid.var()
    if variance <= (1e-12 * np.abs(grid).max(initial=0)) ** 2:
        return np.full(grid.ndim, np.nan), np.full(grid.ndim, np.nan)
    main = [grid.mean(axis=tuple(a for a in axes if a != i)).var() / variance for i in axes]
    total = [1 - grid.mean(axis=i).var() / variance for i in axes]
    return np.array(main), np.array(total)


def sampled_effects(values: Floats, factors: int, n: int) -> tuple[Floats, Floats]:
    """Return the same from a sample in Saltelli's design, as scipy estimates them."""
    from scipy.stats import sobol_indices

    if np.ptp(values) <= 1e-12 * np.abs(values).max(initial=0):
        return np.full(factors, np.nan), np.full(factors, np.nan)
    a, b, crossed = values[:n], values[n : 2 * n], values[2 * n :].reshape(factors, n)
    found = sobol_indices(func={"f_A": a[None], "f_B": b[None], "f_AB": crossed[:, None]}, n=n)
    return found.first_order.reshape(-1), found.total_order.reshape(-1)
