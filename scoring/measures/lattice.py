"""The lattice of scores: what follows from the counts at every attained score, exactly, and what binning takes away.

Legend: x the attained scores, rising · mine, theirs the counts of a group and its reference at x; leading axes, if any,
are replicates.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scoring.measures.study import Study
from scoring.result import NOT_LOSSLESS

Floats = NDArray[np.float64]


def shares(cells: ArrayLike) -> Floats:
    """Return each score's share of a group's persons; NaN where the group is empty."""
    cells = np.asarray(cells, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        return cells / cells.sum(axis=-1, keepdims=True)


def gap(mine: ArrayLike, theirs: ArrayLike) -> Floats:
    """Return F - F_ref at every attained score: how much more of the group than of the reference is at or below it."""
    return np.cumsum(shares(mine) - shares(theirs), axis=-1)


def ties(mine: ArrayLike, theirs: ArrayLike) -> Floats:
    """Return the chance that a person of each has the same score."""
    return (shares(mine) * shares(theirs)).sum(axis=-1)


def lower(mine: ArrayLike, theirs: ArrayLike) -> Floats:
    """Return P(one of mine scores below one of theirs) + P(the same) / 2: Mann and Whitney's U / (n n_ref)."""
    mine, theirs = shares(mine), shares(theirs)
    above = 1 - np.cumsum(theirs, axis=-1) + theirs / 2
    return (mine * above).sum(axis=-1)


def area(ends: ArrayLike, widths: ArrayLike) -> Floats:
    """Return the area under |d| where d runs straight between its ends, [..., knot], over segments of these widths."""
    ends = np.asarray(ends, dtype=np.float64)
    return segments(ends[..., :-1], ends[..., 1:], widths)


def segments(left: Floats, right: Floats, widths: ArrayLike) -> Floats:
    """Return the area under |d| over segments on which d runs straight from left to right, through 0 or not."""
    size = np.abs(left) + np.abs(right)
    with np.errstate(invalid="ignore", divide="ignore"):
        through = np.where(size > 0, (left**2 + right**2) / (2 * size), 0.0)
    return np.sum(np.asarray(widths) * np.where(left * right >= 0, size / 2, through), axis=-1)


def widths(x: Floats) -> Floats:
    """Return the distance from each score to the farther of its neighbours: how wide a bin around it may be."""
    if len(x) < 2:
        return np.zeros(len(x))
    step = np.diff(x)
    return np.maximum(np.append(step, step[-1]), np.insert(step, 0, step[0]))


def plain(number: float) -> str:
    """Return a score as plain text: 640, 12.5."""
    return str(int(number)) if float(number).is_integer() else repr(float(number))


def binned(study: Study, told: Mapping[str, Any], bound: float | None = None) -> dict[str, Any]:
    """Return status and note of a value of a scheme whose scores were binned; nothing where they are exact."""
    largest = study.schemes.get(told["scheme"], {}).get("largest_bin")
    if largest is None:
        return {}
    note = f"scores were binned, the largest bin holds {largest:.2%} of the persons"
    return {"status": NOT_LOSSLESS, "note": note if bound is None else f"{note}: off by at most {bound:.3g}"}
