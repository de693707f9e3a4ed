"""Oaxaca and Blinder: what of a difference of rates goes with unlike conduct, records and strata in a linear fit.

Rates are means of 0 and 1, so the fit is the linear probability model. Of the levels of an axis only the sum is given:
how it is divided among them depends on which level is left out, the sum does not.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import statsmodels.api as sm
from numpy.typing import NDArray

from scoring.measures import estimates
from scoring.measures.conditional import FEW, INFLUENCE, Floats, Table, bounds, noted, overlap, tables
from scoring.measures.counts import Counts
from scoring.measures.study import Study
from scoring.result import FIT_FAILED

TERMS = ("gap", "explained", "unexplained", "endowments", "coefficients", "interaction")
DETERMINED = 1e-9  # how far a sum of coefficients may lie off what the rows span
TOGETHER = "some levels occur only together with the group or with each other: the fit cannot tell them apart"
ONE_SIDED = "some levels hold only one of the two groups: their coefficient is unknown in the other"
Mask = NDArray[np.bool_]


def oaxaca_blinder(counts: Counts, study: Study) -> pl.DataFrame:
    """Does the group fare otherwise because of what its persons did and what is recorded, or where those are alike?

    Linear fits of the verdict on the levels of all axes counted, without interactions. `gap`, the difference of the
    rates; twofold with the coefficients of both groups pooled: `explained`, the difference in mean levels at those
    coefficients, the part of each axis in it (`explained: conduct`), and `unexplained`, the rest; threefold:
    `endowments` at the coefficients of the reference, `coefficients` at the levels of the reference, and `interaction`
    (Oaxaca 1973; Blinder 1973; statsmodels `OaxacaBlinder`). In rate units. A part is undefined (`fit_failed`) where
    the levels do not identify it. Explained is not justified: what is held alike may itself follow from the group.
    Interval: Newcombe for the gap, for its parts from the influence of each person.
    """
    found: list[dict[str, Any]] = []
    for table in tables(counts, study):
        found += [{**table.why_not, "term": "gap"}] if table.why_not else _terms(table, study.level)
    return estimates.rows(found, study, "oaxaca_blinder")


@dataclass(frozen=True)
class Fit:
    """Least squares on rows that stand for `weights` persons: coefficients, mean row, and the inverse of the squares.

    `span` projects on the sums of coefficients that the rows determine; None where that is every one.
    """

    params: Floats
    mean: Floats
    inverse: Floats
    span: Floats | None

    @classmethod
    def to(cls, outcome: Floats, rows: Floats, weights: Floats) -> Fit:
        """Fit the outcome by statsmodels."""
        model = sm.WLS(outcome, rows, weights=weights)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of collinear rows: what they leave open is looked for below
            found = model.fit()
        span = None if model.rank == rows.shape[1] else np.linalg.pinv(rows) @ rows
        return cls(found.params, weights @ rows / weights.sum(), found.normalized_cov_params, span)

    def of(self, wanted: Floats) -> float:
        """Return a weighted sum of the coefficients, NaN where the rows do not determine it."""
        if self.span is not None and np.abs(wanted - self.span @ wanted).max() > DETERMINED:
            return float("nan")
        return float(wanted @ self.params)

    def moved(self, wanted: Floats, outcome: float, rows: Floats) -> Floats:
        """Return how a person of each row moves that sum: by her residual."""
        return (rows @ (self.inverse @ wanted)) * (outcome - rows @ self.params)


@dataclass(frozen=True)
class Decomposition:
    """Three fits of an outcome: of the first rows (`mine`), of the others (`theirs`), and of all with the group.

    `rows` have a constant and no column for the group; `sets` marks, for all columns and then for each axis, which of
    the differences in mean level, `apart`, are explained together.
    """

    rows: Floats
    weights: Floats
    first: Mask
    sets: list[Mask]
    mine: Fit
    theirs: Fit
    pooled: Fit

    @classmethod
    def of(cls, outcome: Floats, design: Floats, weights: Floats, first: Mask, axes: list[list[int]]) -> Decomposition:
        """Fit an outcome to a design that has neither constant nor group; `axes` lists the columns of each axis."""
        rows = np.column_stack([np.ones(len(design)), design])
        column = np.arange(rows.shape[1])
        mine, theirs = (Fit.to(outcome[at], rows[at], weights[at]) for at in (first, ~first))
        pooled = Fit.to(outcome, np.column_stack([rows, first]), weights)
        sets = [column > 0, *(np.isin(column, np.add(columns, 1)) for columns in axes)]
        return cls(rows, weights, first, sets, mine, theirs, pooled)

    @property
    def apart(self) -> Floats:
        """The difference of the mean rows."""
        return self.mine.mean - self.theirs.mean

    def _explained(self) -> list[Floats]:
        """Return the sum of pooled coefficients that is each explained part; the group's own is in none."""
        return [np.append(np.where(columns, self.apart, 0.0), 0.0) for columns in self.sets]

    def values(self) -> Floats:
        """Return TERMS and then the explained part of each axis; NaN where the rows do not identify it."""
        mine, theirs, there = self.mine, self.theirs, self.theirs.mean
        explained, *by_axis = (self.pooled.of(wanted) for wanted in self._explained())
        endowments, coefficients = theirs.of(self.apart), mine.of(there) - theirs.of(there)
        gap = mine.of(mine.mean) - theirs.of(there)  # a fit with a constant goes through the means
        interaction = gap - endowments - coefficients
        return np.array([gap, explained, gap - explained, endowments, coefficients, interaction, *by_axis])

    def influence(self, outcome: float) -> Floats:
        """Return how a person of each row who has this outcome moves each value, times all persons: [value, row].

        She moves the fits by her residual and the mean row of her group by who she is.
        """
        persons, first, rows, there = self.weights.sum(), self.first, self.rows, self.theirs.mean
        scale = persons / np.where(first, self.weights[first].sum(), self.weights[~first].sum())
        sign = np.where(first, scale, -scale)
        away = rows - np.where(first[:, None], self.mine.mean, there)

        def fitted(fit: Fit, wanted: Floats, among: Mask | None = None) -> Floats:
            design = np.column_stack([rows, first]) if among is None else rows
            return persons * fit.moved(wanted, outcome, design) * (1.0 if among is None else among)

        means = np.where(first, self.mine.mean @ self.mine.params, there @ self.theirs.params)
        gap = sign * (outcome - means)
        explained, *by_axis = (
            sign * ((away * columns) @ self.pooled.params[:-1]) + fitted(self.pooled, wanted)
            for columns, wanted in zip(self.sets, self._explained(), strict=True)
        )
        endowments = sign * (away @ self.theirs.params) + fitted(self.theirs, self.apart, ~first)
        coefficients = (
            fitted(self.mine, there, first)
            - fitted(self.theirs, there, ~first)
            + scale * ~first * (away @ (self.mine.params - self.theirs.params))
        )
        interaction = gap - endowments - coefficients
        return np.array([gap, explained, gap - explained, endowments, coefficients, interaction, *by_axis])


def of_table(table: Table) -> Decomposition:
    """Return the decomposition of the cells that hold somebody, with a column a level but the first of each axis."""
    held = np.nonzero(table.persons)
    columns = [at[:, None] == np.arange(1, size) for at, size in zip(held[1:], table.persons.shape[1:], strict=True)]
    ends = np.cumsum([0, *(c.shape[1] for c in columns)])
    axes = [list(range(start, end)) for start, end in pairwise(ends)]
    persons = table.persons[held].astype(np.float64)
    return Decomposition.of(
        table.selected[held] / persons, np.hstack(columns).astype(np.float64), persons, held[0] == 0, axes
    )


def _terms(table: Table, level: float) -> list[dict[str, Any]]:
    """Return the row of each term."""
    split = of_table(table)
    names = (*TERMS, *(f"explained: {axis}" for axis in table.axes))
    support = f"{overlap(table.persons):.1%} of persons are in cells that hold both groups"
    found = []
    for name, value in zip(names, split.values(), strict=True):
        row: dict[str, Any] = {**table.told, "term": name, "value": float(value), "note": support}
        if np.isnan(value):
            why = ONE_SIDED if name in TERMS[3:] else TOGETHER
            row |= {"value": None, "status": FIT_FAILED, "note": noted(why, support), "method": INFLUENCE}
        found.append(row)
    found[0] |= table.gap(level)
    if table.audited:
        held = table.persons > 0
        moved = np.zeros((len(names), *held.shape, 2))
        for at, outcome in enumerate((1.0, 0.0)):
            moved[:, held, at] = split.influence(outcome)
        for row, influence in zip(found[1:], moved[1:], strict=True):
            if row["value"] is not None:
                error = table.error(influence, *table.axes)
                row |= bounds(row["value"], error, level, INFLUENCE, np.inf)
                row["note"] = noted(None if error is not None else FEW, support)
    return found
