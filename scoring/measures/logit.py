"""Logit: the chance of being selected as a logistic function of the group and of the levels of some axes.

statsmodels fits it to grouped cells, which is the maximum likelihood over persons. A level at which nobody or everybody
is selected has no finite coefficient and tells nothing of the others: its limit, a chance of 0 or 1, is taken, and the
rest is fitted without it, as the likelihood itself does in the limit (Geyer 2009). Where the group itself, or a mixture
of levels, has no finite coefficient, the fit is refused.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.special import expit

Floats = NDArray[np.float64]
Array = NDArray[np.int64]
FAR = 15.0  # log odds beyond which a cell of one verdict may be on its way to infinity
PENALTY = 1.0  # on half the squared log odds ratio of the groups: a normal prior of standard deviation 1
TOGETHER = "the group and the levels cannot be told apart: they occur together only"
WITHIN = "a level occurs only beside levels that decide the verdict"
SEPARATED = "separated: some coefficient grows without end, and the likelihood has no maximum"
NO_END = "the fit did not converge"


class NotFitted(ValueError):
    """The likelihood has no maximum, or not one alone; the message says why.

    `effect` is what a fit with a penalty says of the group instead, where one was asked for.
    """

    effect: float | None = None


@dataclass(frozen=True)
class Logit:
    """A fit: `design` over [group or reference, *levels, coefficient], with the covariance of those coefficients.

    `intercept` is of the reference, `group` is added for the group, `levels` for each level of each axis: infinite
    where nobody or everybody is selected.
    """

    design: Floats
    covariance: Floats
    intercept: float
    group: float
    levels: list[Floats]

    @property
    def chance(self) -> Floats:
        """The fitted chance in every cell; NaN where one level says nobody and another everybody."""
        both = np.array(self.intercept)
        with np.errstate(invalid="ignore"):
            for effects in self.levels:
                both = both[..., None] + effects
            return np.asarray(expit(np.stack([both + self.group, both])))

    @property
    def decided(self) -> int:
        """The number of levels at which nobody or everybody is selected."""
        return sum(int(np.isinf(effects).sum()) for effects in self.levels)

    def effect(self, persons: Array) -> tuple[float, Floats]:
        """Return the average marginal effect of the group over all these persons, and its gradient.

        Everybody is predicted once as of the group and once as of the reference (g-computation).
        """
        share, chance = persons.sum(axis=0) / persons.sum(), self.chance
        slope = np.stack([share, -share]) * chance * (1 - chance)
        return float((share * (chance[0] - chance[1])).sum()), np.tensordot(slope, self.design, slope.ndim)

    def influence(self, persons: Array, gradient: Floats) -> Floats:
        """Return how one person of each [cell, selected or not] moves gradient · coefficients, times all persons."""
        drift, chance = self.design @ (self.covariance @ gradient), self.chance
        return persons.sum() * np.stack([drift * (1 - chance), -drift * chance], axis=-1)


def fit(selected: Array, persons: Array, retry: bool = False) -> Logit:
    """Fit selected of persons, each over [group or reference, *levels]; every level is held by somebody.

    Raises NotFitted; with `retry` it carries the effect that a penalty on the group's coefficient gives.
    """
    levels, kept = _limits(selected, persons)
    columns = [np.flatnonzero(np.isfinite(effects))[1:] for effects in levels]
    if not kept.any():  # every verdict follows from a level, and nothing is left to estimate
        if not (persons > 0).all(axis=0).any():
            raise NotFitted(TOGETHER)
        return Logit(np.zeros((*persons.shape, 0)), np.zeros((0, 0)), 0.0, 0.0, levels)
    design = _design(persons.shape, columns)
    cells = kept & (persons > 0)
    rows, y, n = design[cells], selected[cells], persons[cells]
    if np.linalg.matrix_rank(rows) < rows.shape[1]:
        raise NotFitted(TOGETHER)
    model = sm.GLM(np.column_stack([y, n - y]), rows, family=sm.families.Binomial())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of separation and overflow: both are looked for here
        found = model.fit()
        edge = (y == 0) | (y == n)
        far = not (np.abs(rows[edge] @ found.params) < FAR).all()
        if found.converged and not (far and _separated(rows, y, n)):
            return Logit(design, found.cov_params(), *_named(found.params, columns, levels))
        refused = NotFitted(SEPARATED if far else NO_END)
        if retry:
            penalty = np.zeros(rows.shape[1])
            penalty[1] = PENALTY / len(rows)  # statsmodels divides the likelihood by the number of its rows
            params = model.fit_regularized(alpha=penalty, L1_wt=0.0).params
            refused.effect, _ = Logit(design, np.eye(len(penalty)), *_named(params, columns, levels)).effect(persons)
    raise refused


def _limits(selected: Array, persons: Array) -> tuple[list[Floats], NDArray[np.bool_]]:
    """Return the coefficients of all levels, infinite where one decides, and the cells left when those are gone."""
    kept = np.ones(persons.shape, dtype=bool)
    levels = [np.zeros(size) for size in persons.shape[1:]]
    again = True
    while again and kept.any():
        again = False
        for axis, effects in enumerate(levels, start=1):
            others = tuple(i for i in range(persons.ndim) if i != axis)
            y, n = (selected * kept).sum(axis=others), (persons * kept).sum(axis=others)
            decides = np.isfinite(effects) & (n > 0) & ((y == 0) | (y == n))
            effects[decides] = np.where(y[decides] == 0, -np.inf, np.inf)
            kept &= np.expand_dims(~decides, others)
            again |= bool(decides.any())
    for axis, effects in enumerate(levels, start=1):
        others = tuple(i for i in range(persons.ndim) if i != axis)
        if kept.any() and (np.isfinite(effects) & ((persons * kept).sum(axis=others) == 0)).any():
            raise NotFitted(WITHIN)
    return levels, kept


def _design(shape: tuple[int, ...], columns: list[NDArray[np.intp]]) -> Floats:
    """Return a constant, the group, and one column a level but the first of each axis, over all cells."""
    design = np.zeros((*shape, 2 + sum(map(len, columns))))
    design[..., 0] = 1
    design[0, ..., 1] = 1
    for at, (axis, level) in enumerate(((a, k) for a, kept in enumerate(columns, start=1) for k in kept), start=2):
        np.moveaxis(design[..., at], axis, 0)[level] = 1
    return design


def _named(params: Floats, columns: list[NDArray[np.intp]], levels: list[Floats]) -> tuple[float, float, list[Floats]]:
    parts = np.split(params[2:], np.cumsum([len(kept) for kept in columns])[:-1])
    named = [effects.copy() for effects in levels]
    for effects, kept, part in zip(named, columns, parts, strict=True):
        effects[kept] = part
    return float(params[0]), float(params[1]), named


def _separated(rows: Floats, y: Array, n: Array) -> bool:
    """Say whether the coefficients have a direction along which the likelihood never falls (Albert and Anderson 1984).

    A linear programme: along it the cells of nobody only sink, those of everybody only rise, and mixed ones stay.
    """
    edge = (y == 0) | (y == n)
    sinking = np.where(y[edge] == 0, 1.0, -1.0)[:, None] * rows[edge]
    mixed = rows[~edge]
    stays = {"A_eq": mixed, "b_eq": np.zeros(len(mixed))} if len(mixed) else {}
    found = linprog(sinking.sum(axis=0), A_ub=sinking, b_ub=np.zeros(len(sinking)), bounds=(-1, 1), **stays)
    return bool(found.status != 0 or found.fun < -1e-7)
