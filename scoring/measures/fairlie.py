"""Fairlie: what of a difference of rates goes with unlike conduct, records and strata in a logistic fit.

Persons of the group are matched with persons of the reference of the same rank by their fitted chance, and the axes are
exchanged one after the other along the matches (Fairlie 2005; 2017 on the order of the axes). Where the method draws
orders, subsamples and ties at random and averages, all of them are summed here: cells match by weight, tied cells in
proportion, and every order counts alike, so that no number depends on a draw.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from math import factorial
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import expit

from scoring.measures import estimates, logit
from scoring.measures.conditional import FEW, INFLUENCE, Array, Floats, Table, bounds, noted, overlap, tables
from scoring.measures.counts import Counts
from scoring.measures.logit import Logit, NotFitted
from scoring.measures.study import Study
from scoring.result import FIT_FAILED

TIED = 10  # decimals of the log odds to which two cells rank alike
METHOD = "all orders and matches by rank"
MIXED = "some level says nobody and another everybody of the same persons"


class Explained(NamedTuple):
    """The explained part, and what each axis adds to it."""

    total: float
    shares: Floats


def fairlie(counts: Counts, study: Study) -> pl.DataFrame:
    """How much of the difference would be left if only conduct, records and strata were unlike, and which makes it?

    `explained`: the mean chance of the group less that of the reference, both predicted by one logistic fit of the
    verdict on the group and the levels of all axes, as the reference is treated; `explained: conduct` and so on, what
    each axis adds, averaged over all orders and all matches by rank, and summing to the whole. From -1 to 1. Explained
    is not justified: what is held alike may itself follow from the group. A match by rank pairs unlike persons of equal
    chance, so an axis that is spread alike in both groups may still be given a little. Interval of the whole: from the
    influence of each person; of the parts none. Undefined (`fit_failed`) where the likelihood has no maximum.
    """
    found: list[dict[str, Any]] = []
    for table in tables(counts, study):
        if table.why_not:
            found.append({**table.why_not, "term": "explained"})
        else:
            found += _terms(table, study)
    return estimates.rows(found, study, "fairlie")


def contributions(
    base: float,
    levels: Sequence[Floats],
    mine: Floats,
    theirs: Floats,
    link: Callable[[Floats], Floats] = expit,
) -> Explained:
    """Return the explained part and the share of each axis, for persons [*levels] of the group and of the reference.

    `base` and `levels` are the coefficients of a fit without interactions, `link` makes a chance of their sum.
    """
    at, at0 = np.nonzero(mine), np.nonzero(theirs)
    effect, effect0 = ([e[i] for e, i in zip(levels, where, strict=True)] for where in (at, at0))
    with np.errstate(invalid="ignore"):
        matched = match(_sum(base, effect), mine[at], _sum(base, effect0), theirs[at0])
        one, other = np.nonzero(matched)
        mass = matched[one, other]
        axes = range(len(levels))
        value = {  # the mean chance once some axes have been exchanged
            gone: float(mass @ link(_sum(base, [(effect0[k][other] if k in gone else effect[k][one]) for k in axes])))
            for size in range(len(levels) + 1)
            for gone in combinations(axes, size)
        }
    shares = np.zeros(len(levels))
    for gone, before in value.items():
        orders = factorial(len(gone)) * factorial(len(levels) - len(gone) - 1) if len(gone) < len(levels) else 0
        for k in set(axes) - set(gone):
            shares[k] += orders / factorial(len(levels)) * (before - value[tuple(sorted((*gone, k)))])
    return Explained(value[()] - value[tuple(axes)], shares)


def match(rank: Floats, weight: Floats, rank0: Floats, weight0: Floats) -> Floats:
    """Return the mass of each pair of cells, [mine, theirs], when persons of like rank are matched; it sums to 1."""
    (block, held), (block0, held0) = _blocks(rank, weight), _blocks(rank0, weight0)
    ends, ends0 = np.cumsum(held), np.cumsum(held0)
    upper = np.minimum(ends[:, None], ends0[None, :])
    lower = np.maximum((ends - held)[:, None], (ends0 - held0)[None, :])
    shared = np.clip(upper - lower, 0, None)
    within, within0 = weight / weight.sum() / held[block], weight0 / weight0.sum() / held0[block0]
    return shared[np.ix_(block, block0)] * within[:, None] * within0[None, :]


def _blocks(rank: Floats, weight: Floats) -> tuple[NDArray[np.intp], Floats]:
    """Return the block of tied cells that each cell belongs to, and the share of the weight in each, by rank."""
    _, block = np.unique(np.round(rank, TIED), return_inverse=True)
    return block, np.bincount(block, weight) / weight.sum()


def _sum(base: float, effects: Sequence[Floats]) -> Floats:
    return base + np.sum(np.stack(effects), axis=0)


def _terms(table: Table, study: Study) -> list[dict[str, Any]]:
    """Return the row of each term."""
    names = ["explained", *(f"explained: {axis}" for axis in table.axes)]
    try:
        fitted = logit.fit(table.selected, table.persons)
        split = contributions(fitted.intercept, fitted.levels, *table.persons.astype(np.float64))
        if not np.isfinite([split.total, *split.shares]).all():
            raise NotFitted(MIXED)
    except NotFitted as why:
        gone = {"value": None, "status": FIT_FAILED, "note": str(why), "method": METHOD}
        return [{**table.told, "term": name, **gone} for name in names]
    support = f"{overlap(table.persons):.1%} of persons are in cells that hold both groups"
    found = [
        {**table.told, "term": name, "value": float(value), "note": support, "method": METHOD}
        for name, value in zip(names, [split.total, *split.shares], strict=True)
    ]
    if table.audited:
        error = table.error(influence(fitted, table.persons), *table.axes)
        found[0] |= bounds(split.total, error, study.level, INFLUENCE)
        found[0]["note"] = noted(None if error is not None else FEW, support)
    return found


def influence(fitted: Logit, persons: Array) -> Floats:
    """Return how a person of each [cell, selected or not] moves the explained part, times all persons.

    She moves the fit by her verdict, and the mean chance of her group by who she is.
    """
    group = persons.reshape(2, -1).sum(axis=1).reshape(2, *[1] * (persons.ndim - 1))
    share = persons / group
    chance = np.where((persons > 0).any(axis=0), fitted.chance[1], 0.0)  # as the reference is treated
    means = (chance * share).reshape(2, -1).sum(axis=1).reshape(group.shape)
    slope = (share[0] - share[1]) * chance * (1 - chance)
    moved = fitted.influence(persons, np.tensordot(slope, fitted.design[1], slope.ndim))
    sign = np.array([1, -1]).reshape(group.shape)
    return moved + (sign * persons.sum() / group * (chance - means))[..., None]
