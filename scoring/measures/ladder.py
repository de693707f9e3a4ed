"""Ladder: the disparity that is left among persons of like conduct, of like records, or of one legitimate stratum.

Never one number: each rung holds something else alike. Conduct, records and strata may themselves follow from the group
(they are mediators), so a rung is a contrast among like persons and no causal effect. The first rung beside the others
says how much goes with what is held alike; conduct beside records says what an auditor, who sees records alone, would
take for conduct.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from scoring.measures import estimates, logit
from scoring.measures.conditional import (
    FEW,
    INFLUENCE,
    ROUGH,
    Array,
    Floats,
    Table,
    bounds,
    noted,
    overlap,
    tables,
    two_sided,
)
from scoring.measures.counts import Counts
from scoring.measures.logit import NotFitted
from scoring.measures.study import Study
from scoring.result import FIT_FAILED

RUNGS = {"M1": "conduct", "M2": "records", "M3": "stratum"}
DECIDED = "the verdict follows from {}: at every level nobody or everybody is selected"


class Adjusted(NamedTuple):
    """An adjusted difference, its standard error, and the influence of a person of each [cell, selected or not]."""

    value: float
    error: float
    influence: Floats
    note: str | None


def adjusted_difference(counts: Counts, study: Study) -> pl.DataFrame:
    """How much more often than the reference is a person of this group selected, among persons who are alike?

    The average marginal effect of the group: from a logistic fit of the verdict on the group (M0), on group and latent
    conduct (M1), on group and records (M2), on group and legitimate stratum (M3), everybody of both groups is predicted
    once as of the group and once as of the reference, and the two are averaged and subtracted. From -1 to 1, 0 is
    alike. M0 is the difference of the rates, with its interval; the others have the interval of the delta method, with
    the persons as they are, and its p. At a level where nobody or everybody is selected the difference is 0. Undefined
    (`fit_failed`) where the likelihood has no maximum; the note then says what a penalty on the odds ratio would give.
    """
    found: list[dict[str, Any]] = []
    for table in tables(counts, study):
        rungs = {"M0": None} | {rung: axis for rung, axis in RUNGS.items() if axis in table.axes}
        if table.why_not:
            found += [{**table.why_not, "param": rung} for rung in rungs]
            continue
        found += [{**table.told, "param": rung, **_rung(table, axis, study.level)} for rung, axis in rungs.items()]
    return estimates.rows(found, study, "adjusted_difference")


def laundered_difference(counts: Counts, study: Study) -> pl.DataFrame:
    """How much of the disparity do the records already carry, so that who adjusts for them no longer sees it?

    The adjusted difference among persons of like conduct (M1) less that among persons of like records (M2), from -2 to
    2. Where M1 is .05 and M2 is .01, .04 of the disparity among persons who did the same has gone into the records:
    one who can compare only persons of like records, as an auditor does, finds .01 and takes the rest for conduct.
    Where M2 is the farther from 0, to compare like records overstates the disparity instead. Latent conduct is known
    in a simulation alone. Interval: from the influence of each person on both fits and on the average (an infinitesimal
    jackknife of the cells). Undefined where either fit is.
    """
    found: list[dict[str, Any]] = []
    for table in tables(counts, study):
        if not {"conduct", "records"} <= set(table.axes):
            break
        found.append({**table.told, **(table.why_not or _laundered(table, study.level))})
    return estimates.rows(found, study, "laundered_difference")


def adjust(selected: Array, persons: Array, axis: str, retry: bool = False) -> Adjusted:
    """Return the average marginal effect of the group, [group or reference, level]; raise NotFitted where undefined."""
    if persons.shape[1] == 1:  # nothing is held alike: the difference of the rates, also where it has no finite odds
        (rate, rate0), share = selected[:, 0] / persons[:, 0], persons[:, 0] / persons.sum()
        moved = np.array([[1 - rate, -rate], [rate0 - 1, rate0]]) / share[:, None]
        error = np.sqrt((rate * (1 - rate) / share[0] + rate0 * (1 - rate0) / share[1]) / persons.sum())
        return Adjusted(float(rate - rate0), float(error), moved[:, None, :], f"{axis} has one level")
    fitted = logit.fit(selected, persons, retry)
    value, gradient = fitted.effect(persons)
    chance = fitted.chance
    # A person moves the coefficients by her verdict, and the average by who she is.
    influence = fitted.influence(persons, gradient) + (chance[0] - chance[1] - value)[None, :, None]
    levels, shared = persons.shape[1], overlap(persons)
    decided = {0: None, levels: DECIDED.format(axis)}.get(
        fitted.decided, f"at {fitted.decided} of {levels} levels nobody or everybody is selected"
    )
    one_sided = f"{shared:.1%} of persons are at levels that hold both groups" if shared < 1 else None
    error = float(np.sqrt(gradient @ fitted.covariance @ gradient))
    return Adjusted(value, error, influence, noted(decided, one_sided))


def _adjusted(table: Table, axis: str, retry: bool) -> Adjusted:
    """Return the fit of one axis, made once for all measures that ask for it."""
    selected, persons = (np.ascontiguousarray(cells) for cells in table.along(axis))
    return _kept(selected.tobytes(), persons.tobytes(), persons.shape, persons.dtype.str, axis, retry)


@lru_cache(maxsize=100_000)
def _kept(selected: bytes, persons: bytes, shape: tuple[int, ...], kind: str, axis: str, retry: bool) -> Adjusted:
    return adjust(
        np.frombuffer(selected, kind).reshape(shape), np.frombuffer(persons, kind).reshape(shape), axis, retry
    )


def _rung(table: Table, axis: str | None, level: float) -> dict[str, Any]:
    """Return the value of one rung, and its interval where one auditor would have held the counts."""
    if axis is None:
        return table.gap(level)
    try:
        found = _adjusted(table, axis, retry=table.audited)
    except NotFitted as why:
        return _failed(why, "delta")
    row = {"value": found.value, "note": found.note}
    if table.audited:
        row |= bounds(found.value, found.error, level, "delta") | {"p": two_sided(found.value, found.error)}
        row["note"] = noted(found.note, ROUGH if table.few and found.error > 0 else None)
    return row


def _laundered(table: Table, level: float) -> dict[str, Any]:
    try:
        conduct, records = (_adjusted(table, axis, retry=table.audited) for axis in ("conduct", "records"))
    except NotFitted as why:
        return _failed(why, INFLUENCE)
    value = conduct.value - records.value
    if not table.audited:
        return {"value": value}
    apart = conduct.influence[:, :, None, :] - records.influence[:, None, :, :]
    error = table.error(apart, "conduct", "records")
    row = {"value": value, "p": two_sided(value, error), "note": None if error is not None else FEW}
    return row | bounds(value, error, level, INFLUENCE, 2.0)


def _failed(why: NotFitted, method: str) -> dict[str, Any]:
    """Return a row without a value; what a penalty would give stands in the note, never in its place."""
    instead = "" if why.effect is None else f"; with a ridge penalty of 1 on the log odds ratio it is {why.effect:.4g}"
    return {"value": None, "status": FIT_FAILED, "note": f"{why}{instead}", "method": method}
