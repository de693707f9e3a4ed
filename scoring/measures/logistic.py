"""Logistic: a model of simulated harm by score and group, which tells how calibration differs along the scale.

It is fitted to the counts of one auditor alone, since a fit costs more than all else that is read from the scores.
"""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import ndtri

from scoring.measures import estimates, groups, lattice
from scoring.measures.calibration import audit_of, audit_only
from scoring.measures.counts import Counts
from scoring.measures.lattice import Floats
from scoring.measures.ranking import class_axis, classes, known, split
from scoring.measures.rates import NOBODY
from scoring.measures.study import Study
from scoring.result import FIT_FAILED

APART = "the scores of the classes of a group do not reach into each other: the likelihood has no maximum"
NO_FIT = "the likelihood was not maximised"
WALD = "Wald, binomial GLM"
Cells = NDArray[np.int64]


def calibration_intercept_difference(counts: Counts, study: Study) -> pl.DataFrame:
    """At the mean score of both groups, how much higher are the group's log odds of simulated harm?

    The coefficient of the group in logit P(harm) = a + b s + c g + d s g, fitted to the counts, with s the score less
    its mean over both groups, divided by its standard deviation. Wald interval and p, of one auditor alone.
    `fit_failed` where within a group the score sets the classes apart completely: the likelihood has no maximum.
    """
    return _modelled(counts, study, "calibration_intercept_difference", 2)


def calibration_slope_difference(counts: Counts, study: Study) -> pl.DataFrame:
    """For one standard deviation of score, how much more than in the reference do the log odds of simulated harm rise?

    The coefficient of score times group of the same model; interval, p and when it is undefined are the same.
    """
    return _modelled(counts, study, "calibration_slope_difference", 3)


def _modelled(counts: Counts, study: Study, measure: str, which: int) -> pl.DataFrame:
    held_against = classes(counts)
    if not held_against:
        return pl.DataFrame()
    counts, study = audit_of(known(counts), study)
    axis, z = class_axis(counts), ndtri((1 + study.level) / 2)
    found: list[dict[str, Any]] = []
    for pair in groups.beside(counts, study, ["score", axis]):
        for param, harmful in held_against.items():
            told = {**pair.told, "param": param, "method": WALD}
            if pair.alone:
                found.append(estimates.alone(told))
                continue
            if min(pair.told["n"], pair.told["n_ref"]) == 0:
                found.append({**told, "value": None, "note": NOBODY})
                continue
            cells = [c for side in (pair.mine, pair.theirs) for c in split(side, pair.levels[axis], harmful)]
            fit = _fitted(tuple(map(float, pair.levels["score"])), *(c.astype(np.int64).tobytes() for c in cells))
            if isinstance(fit, str):
                found.append({**told, "value": None, "status": FIT_FAILED, "note": fit})
                continue
            value, error, p = (float(column[which]) for column in fit)
            lossy = lattice.binned(study, told)
            found.append({**told, "value": value, "low": value - z * error, "high": value + z * error, "p": p, **lossy})
    return audit_only(estimates.rows(found, study, measure))


@lru_cache(maxsize=2048)  # both coefficients of one pair come from one fit
def _fitted(scores: tuple[float, ...], *cells: bytes) -> tuple[Floats, Floats, Floats] | str:
    """Return coefficients, standard errors and p of the model, or why there is none."""
    import statsmodels.api as sm

    yes, no, yes_ref, no_ref = (np.frombuffer(c, dtype=np.int64) for c in cells)
    x = np.asarray(scores)
    if not (_overlap(yes, no) and _overlap(yes_ref, no_ref)):
        return APART
    all_of = yes + no + yes_ref + no_ref
    mean = np.average(x, weights=all_of)
    s = np.tile((x - mean) / np.sqrt(np.average((x - mean) ** 2, weights=all_of)), 2)
    g = np.repeat([1.0, 0.0], len(x))
    answered = np.column_stack([np.concatenate([yes, yes_ref]), np.concatenate([no, no_ref])])
    held = answered.sum(axis=1) > 0
    design = np.column_stack([np.ones_like(s), s, g, s * g])[held]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            fit = sm.GLM(answered[held], design, family=sm.families.Binomial()).fit()
        except (Warning, np.linalg.LinAlgError, ValueError):
            return NO_FIT
    sound = fit.converged and np.isfinite(fit.bse).all()
    return (fit.params, fit.bse, fit.pvalues) if sound else NO_FIT


def _overlap(yes: Cells, no: Cells) -> bool:
    """Say whether the scores of both classes reach into each other (Albert and Anderson 1984, for one covariate)."""
    a, b = np.flatnonzero(yes), np.flatnonzero(no)
    return bool(len(a) and len(b) and a[0] < b[-1] and b[0] < a[-1])
