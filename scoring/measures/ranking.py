"""Ranking: does the score set persons of a class apart as well in one group as in another?

Positive are the persons whose simulated harm reaches tau, or whose recorded truth is true. A score of points is better
when higher, a risk score worse: nothing here decides which, as in scikit-learn's `roc_auc_score` the positive are said
to rank high. In a points scheme an area below .5 is therefore what its authors hope for.

Simulated harm has two classes here, tau=10 and tau=30: beyond them one would see the same at several times the cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit, ndtri

from scoring.measures import errors, estimates, groups, lattice, nulls, resample
from scoring.measures.counts import Counts
from scoring.measures.lattice import Floats
from scoring.measures.rates import SMALL_EXPECTED
from scoring.measures.study import SEED, Study
from scoring.result import SMALL_CELL

CLASSES = ("truth", "tau=10", "tau=30")
ONE_CLASS = "every person of a group is of the same class"
CHUNK = 50  # deals at once: arrays that stay in a processor's cache take half the time
SPECK = 1e-24  # of a variance: what rounding leaves where it is 0
ROUNDING = 1e-12  # of an area: what rounding leaves of 0 and of 1
NO_ERROR = "no interval: the ranking is perfect, or a class holds one person"
DELONG, DEALT = "DeLong", "labels permuted within classes, {} times"
Cells = NDArray[np.int64]


def classes(counts: Counts) -> dict[str, list[Any]]:
    """Return the classes that a score is held against: which levels of simulated harm, or of the truth, are positive.

    Empty where nothing of the kind was counted, or no score.
    """
    if "score" not in counts.axes:
        return {}
    return {
        param: counts.cells.filter(truth)[class_axis(counts)].unique().sort().to_list()
        for param, truth in errors.truths(counts).items()
        if param in CLASSES
    }


def class_axis(counts: Counts) -> str:
    """Return the axis that tells the classes apart."""
    return "truth" if "truth" in counts.axes else "harm"


def known(counts: Counts) -> Counts:
    """Return the counts of the persons whose class is known."""
    told = pl.col(class_axis(counts)).is_not_null()
    return counts if counts.cells.select(told.all()).item() else Counts(counts.axes, counts.cells.filter(told))


def split(cells: Cells, levels: list[Any], harmful: list[Any]) -> tuple[Cells, Cells]:
    """Return the counts of the positive and of the negative, from counts with the classes along the last axis."""
    positive = np.asarray([level in harmful for level in levels], dtype=bool)
    return cells[..., positive].sum(axis=-1), cells[..., ~positive].sum(axis=-1)


def area(positive: ArrayLike, negative: ArrayLike) -> tuple[Floats, Floats]:
    """Return the area under the ROC curve and its variance (DeLong, DeLong and Clarke-Pearson 1988), along scores."""
    auc = lattice.lower(negative, positive)
    m, n = (np.asarray(cells).sum(axis=-1) for cells in (positive, negative))
    p, q = lattice.shares(positive), lattice.shares(negative)
    outranks = np.cumsum(q, axis=-1) - q / 2  # of the negative, by a positive person at each score
    outranked = 1 - np.cumsum(p, axis=-1) + p / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        first = (p * (outranks - auc[..., None]) ** 2).sum(axis=-1) / (m - 1)
        second = (q * (outranked - auc[..., None]) ** 2).sum(axis=-1) / (n - 1)
    return auc, first + second


def between(positive: ArrayLike, negative: ArrayLike, positive_ref: ArrayLike, negative_ref: ArrayLike) -> Floats:
    """Return the area between two ROC curves, exactly: over the segments between the corners of both.

    Persons of one score make a slanted segment (half credit). Leading axes are replicates.
    """
    (fpr, tpr), (fpr_ref, tpr_ref) = _roc(positive, negative), _roc(positive_ref, negative_ref)
    corners = np.concatenate([fpr, fpr_ref], axis=-1)
    order = np.argsort(corners, axis=-1, kind="stable")
    at = np.take_along_axis(corners, order, axis=-1)
    ours = order < fpr.shape[-1]
    left, right = (
        a - b
        for a, b in zip(
            _along(fpr, tpr, np.cumsum(ours, axis=-1) - 1, at),
            _along(fpr_ref, tpr_ref, np.cumsum(~ours, axis=-1) - 1, at),
            strict=True,
        )
    )
    return lattice.segments(left, right, np.diff(at, axis=-1))


def _roc(positive: ArrayLike, negative: ArrayLike) -> list[Floats]:
    """Return false and true positive rates from the highest score down, with both ends."""
    curve = []
    for cells in (negative, positive):
        down = np.minimum(np.cumsum(lattice.shares(cells)[..., ::-1], axis=-1), 1)
        down[..., -1] = 1
        curve.append(np.concatenate([np.zeros_like(down[..., :1]), down], axis=-1))
    return curve


def _along(fpr: Floats, tpr: Floats, last: NDArray[np.int64], at: Floats) -> tuple[Floats, Floats]:
    """Return the curve at both ends of each segment of `at`, along the line that leaves the last corner passed."""
    with np.errstate(invalid="ignore", divide="ignore"):
        slope = np.nan_to_num(np.diff(tpr, axis=-1) / np.diff(fpr, axis=-1), posinf=0)
    last = np.clip(last[..., :-1], 0, slope.shape[-1] - 1)
    x, y, rise = (np.take_along_axis(values, last, axis=-1) for values in (fpr, tpr, slope))
    return y + rise * (at[..., :-1] - x), y + rise * (at[..., 1:] - x)


def auc(counts: Counts, study: Study) -> pl.DataFrame:
    """How probable is it that a harmful person of this group scores above a harmless one?

    P(S₁ > S₀) + P(S₁ = S₀) / 2, from 0 to 1, .5 tells nothing: scikit-learn's `roc_auc_score` of the class (the param).
    Undefined where the group holds one class only. Interval: DeLong, on the log odds.
    """
    held_against = classes(counts)
    if not held_against:
        return pl.DataFrame()
    axis, z = class_axis(counts), ndtri((1 + study.level) / 2)
    found: list[dict[str, Any]] = []
    for all_of in groups.everyone(known(counts), ["score", axis]):
        for param, harmful in held_against.items():
            positive, negative = split(all_of.mine, all_of.levels[axis], harmful)
            areas, variances = area(positive, negative)
            bounds = lattice.ties(positive, negative) / 2
            for i, group in enumerate(all_of.levels["group"]):
                told = {**all_of.told, "group": group, "n": int(all_of.mine[i].sum()), "param": param}
                if all_of.audited:
                    told["method"] = DELONG
                if np.isnan(areas[i]):
                    found.append({**told, "value": None, "note": ONE_CLASS})
                    continue
                few = min(positive[i].sum(), negative[i].sum()) < SMALL_EXPECTED
                row = {**told, "value": float(areas[i]), **_trusted(study, told, bounds[i], few)}
                if all_of.audited and variances[i] > SPECK and ROUNDING < areas[i] < 1 - ROUNDING:
                    half = z * np.sqrt(variances[i]) / (areas[i] * (1 - areas[i]))
                    middle = logit(areas[i])
                    row |= {"low": float(expit(middle - half)), "high": float(expit(middle + half))}
                elif all_of.audited:
                    row["note"] = "; ".join(filter(None, [row.get("note"), NO_ERROR]))
                found.append(row)
    return estimates.rows(found, study, "auc")


def auc_difference(counts: Counts, study: Study) -> pl.DataFrame:
    """How much better than in the reference group does the score set harmful and harmless persons apart?

    AUC - AUC_ref, from -1 to 1. Undefined where either group holds one class only. Interval: normal, DeLong's variances
    added. Curves that cross can have equal areas: see `abroca`.
    """
    z = ndtri((1 + study.level) / 2)

    def of(told: dict[str, Any], audited: bool, mine: list[Cells], theirs: list[Cells]) -> list[dict[str, Any]]:
        (here, variance), (there, variance_ref) = area(*mine), area(*theirs)
        bound = (lattice.ties(*mine) + lattice.ties(*theirs)) / 2
        few = min(cells.sum() for cells in (*mine, *theirs)) < SMALL_EXPECTED
        row = {**told, "value": float(here - there), **_trusted(study, told, float(bound), few)}
        if audited:
            half = float(z * np.sqrt(variance + variance_ref))
            row["method"] = DELONG
            if variance + variance_ref > SPECK:
                row |= {"low": max(row["value"] - half, -1.0), "high": min(row["value"] + half, 1.0)}
            else:
                row["note"] = "; ".join(filter(None, [row.get("note"), NO_ERROR]))
        return [row]

    return _pairs(counts, study, "auc_difference", DELONG, {}, of)


def abroca(counts: Counts, study: Study) -> pl.DataFrame:
    """Along every false positive rate, how far apart do the true positive rates of the groups lie?

    ∫ |ROC - ROC_ref| dFPR, from 0 to 1, exact (Gardner, Brooks and Baker 2019). It is never 0 in a sample, and about
    .05 with 100 persons of each class and group that differ in nothing: beside it stands the null line of group labels
    dealt out at random within each class, and the p of that test. Undefined where either group holds one class only.
    """
    times = nulls.times(study)
    method = DEALT.format(times)

    def of(told: dict[str, Any], audited: bool, mine: list[Cells], theirs: list[Cells]) -> list[dict[str, Any]]:
        bound = (lattice.ties(*mine) + lattice.ties(*theirs)) / 2
        few = min(cells.sum() for cells in (*mine, *theirs)) < SMALL_EXPECTED
        told = {**told, **_trusted(study, told, float(bound), few)}
        value = float(between(*mine, *theirs))
        if not audited:
            return [{**told, "term": nulls.OBSERVED, "value": value}]
        ours, all_of = np.stack(mine), np.stack(mine) + np.stack(theirs)
        dealt = resample.permuted(ours, all_of - ours, times, resample.philox(SEED))
        rest = all_of - dealt
        sides = (dealt[:, 0], dealt[:, 1], rest[:, 0], rest[:, 1])
        chunks = [between(*(side[i : i + CHUNK] for side in sides)) for i in range(0, times, CHUNK)]
        return nulls.beside(told, value, np.concatenate(chunks), method)

    return _pairs(counts, study, "abroca", method, {"term": nulls.OBSERVED}, of)


def _pairs(counts: Counts, study: Study, measure: str, method: str, about: Mapping[str, Any], of: Any) -> pl.DataFrame:
    """Return the rows that `of` makes of the positive and negative counts of each group and its reference."""
    held_against = classes(counts)
    if not held_against:
        return pl.DataFrame()
    axis = class_axis(counts)
    found: list[dict[str, Any]] = []
    for pair in groups.beside(known(counts), study, ["score", axis]):
        for param, harmful in held_against.items():
            told = {**pair.told, "param": param}
            if pair.alone:
                found.append({**estimates.alone(told), **about})
                continue
            mine, theirs = (list(split(cells, pair.levels[axis], harmful)) for cells in (pair.mine, pair.theirs))
            if min(cells.sum() for cells in (*mine, *theirs)) == 0:
                asked = {"method": method} if pair.audited else {}
                found.append({**told, **about, **asked, "value": None, "note": ONE_CLASS})
            else:
                found += of(told, pair.audited, mine, theirs)
    return nulls.rows(found, study, measure)


def _trusted(study: Study, told: Mapping[str, Any], bound: float, few: bool) -> dict[str, Any]:
    """Return the status and note of a value from binned scores, or from a class of fewer than five persons."""
    return lattice.binned(study, told, bound) | ({"status": SMALL_CELL} if few else {})
