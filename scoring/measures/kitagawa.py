"""Kitagawa: a difference of two rates split into unlike rates at like levels, and unlike shares of the levels."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import polars as pl

from scoring.measures import estimates
from scoring.measures.conditional import FEW, INFLUENCE, Floats, Table, bounds, tables
from scoring.measures.counts import Counts
from scoring.measures.study import Study


class Split(NamedTuple):
    """The two parts of a difference of rates; NaN where a level has persons of one group only."""

    rate: float
    composition: float


def kitagawa(counts: Counts, study: Study) -> pl.DataFrame:
    """Does the group fare otherwise because like persons fare otherwise, or because more of them stand elsewhere?

    For each axis (param): `rate`, the differences of the rates by level at the mean shares of both, and `composition`,
    the differences of the shares by level at the mean rates of both; they sum to `total`, the difference of the rates
    (Kitagawa 1955). From -1 to 1. The parts are undefined where a level has persons of one group only, since the rate
    of nobody is unknown. Interval: Newcombe for the total, for the parts from the influence of each person.
    """
    found: list[dict[str, Any]] = []
    for table in tables(counts, study):
        for axis in table.axes:
            if table.why_not:
                found.append({**table.why_not, "param": axis, "term": "total"})
                continue
            told = {**table.told, "param": axis}
            found.append({**told, "term": "total", **table.gap(study.level)})
            found += [{**told, **row} for row in _parts(table, axis, study.level)]
    return estimates.rows(found, study, "kitagawa")


def split(rate: Floats, share: Floats) -> Split:
    """Return the parts of rates and shares, each [group or reference, level]."""
    (r1, r0), (c1, c0) = rate, share
    return Split(float(((r1 - r0) * (c1 + c0)).sum() / 2), float(((c1 - c0) * (r1 + r0)).sum() / 2))


def influence(rate: Floats, share: Floats) -> tuple[Floats, Floats]:
    """Return how a person of each [group or reference, level, selected or not] moves either part, times her group.

    She moves the rate of her level, by her verdict, and the shares of all levels, by standing where she stands.
    """
    verdict, sign = np.array([1.0, 0.0]), np.array([[1.0], [-1.0]])
    apart, mean = rate[0] - rate[1], rate.mean(axis=0)
    own = (verdict - rate[..., None]) / share[..., None]
    here = [weight - (share * weight).sum(axis=1, keepdims=True) for weight in (apart / 2, sign * mean)]
    by_rate = sign[..., None] * own * share.mean(axis=0)[:, None] + here[0][..., None]
    by_share = own * (share[0] - share[1])[:, None] / 2 + here[1][..., None]
    return by_rate, by_share


def _parts(table: Table, axis: str, level: float) -> list[dict[str, Any]]:
    """Return the row of each part."""
    selected, persons = table.along(axis)
    one = (persons == 0).any(axis=0)
    if one.any():
        where = f"{one.sum()} of {one.size} levels, with {persons[:, one].sum() / persons.sum():.1%} of persons,"
        why = f"{where} hold one of the two groups only"
        return [{"term": term, "value": None, "note": why, "method": INFLUENCE} for term in Split._fields]
    group = persons.sum(axis=1, keepdims=True)
    rate, share = selected / persons, persons / group
    found = []
    for term, value, moved in zip(Split._fields, split(rate, share), influence(rate, share), strict=True):
        row: dict[str, Any] = {"term": term, "value": value}
        if table.audited:
            error = table.error(moved * (persons.sum() / group)[..., None], axis)
            row |= bounds(value, error, level, INFLUENCE) | {"note": None if error is not None else FEW}
        found.append(row)
    return found
