"""Steps: how many of the rising thresholds of its row does a number reach?

Every draw of the package is this one question. A guide answers it from the number's first byte, exactly: where a
threshold lies inside that byte's span, the thresholds themselves are asked. A table of one step needs no guide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

ONE = 1 << 32
UNSURE = 255
AT_ONCE = 1 << 13  # so many comparisons take no longer than the guide does


@dataclass(frozen=True)
class Steps:
    """Thresholds as uint64, rows × steps (2³² is never reached), and two short cuts to the answer.

    `guide` has the answer for each first byte of a number, and `first` the lowest threshold of each row as uint32,
    where 2³² is held as 2³² − 1: of all numbers, only that one cannot be told.
    """

    thresholds: np.ndarray
    guide: np.ndarray
    first: np.ndarray


def steps(cumulative: np.ndarray) -> Steps:
    """Compile cumulative shares, rows × steps; the thresholds of one step lie together."""
    thresholds = np.asfortranarray(np.minimum(np.rint(cumulative * ONE), ONE).astype(np.uint64))
    starts = so_far((thresholds + np.uint64((1 << 24) - 1)) >> np.uint64(24))  # reached by the first number of a span
    ends = so_far(thresholds >> np.uint64(24))  # reached by its last
    guide = np.where(starts == ends, starts, UNSURE).astype(np.uint8)
    return Steps(thresholds, guide, np.minimum(thresholds[:, 0], ONE - 1).astype(np.uint32))


def so_far(spans: np.ndarray) -> np.ndarray:
    """Return, for each row and each of the 256 spans, how many of the row's values it or an earlier one holds."""
    rows = np.arange(len(spans))[:, None] * 257 + spans.astype(np.int64)
    return np.bincount(rows.reshape(-1), minlength=len(spans) * 257).reshape(-1, 257)[:, :256].cumsum(axis=1)


def reached(table: Steps, u: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return how many thresholds of its row each uint32 reaches, as uint8; one row may stand for all."""
    in_each = table.thresholds.shape[1]
    if len(u) * in_each <= AT_ONCE:
        return exactly(table, u, rows)
    if in_each == 1 and u.max() < ONE - 1:
        return (u >= table.first.take(rows)).view(np.uint8)
    wide: Any = np.uint16 if len(table.guide) <= 1 << 8 else np.int64
    found = table.guide.reshape(-1).take((rows.astype(wide) << wide(8)) | (u >> np.uint32(24)).astype(wide))
    unsure = (found == UNSURE).nonzero()[0]
    if len(unsure):
        found[unsure] = exactly(table, u.take(unsure), rows.take(unsure) if len(rows) == len(u) else rows)
    return found


def exactly(table: Steps, u: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the same by asking every threshold."""
    return (u >= table.thresholds.T.take(rows, axis=1)).sum(axis=0, dtype=np.uint8)
