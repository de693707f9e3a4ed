"""Steps: how many of the rising thresholds of its row does a number reach?

Every draw of the package is this one question. A guide answers it from the number's first byte, exactly: where a
threshold lies inside that byte's span, the thresholds themselves are asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

ONE = 1 << 32
UNSURE = 255


@dataclass(frozen=True)
class Steps:
    """Thresholds as uint64, rows × steps (2³² is never reached), and the answer for each first byte of a number."""

    thresholds: np.ndarray
    guide: np.ndarray


def steps(cumulative: np.ndarray) -> Steps:
    """Compile cumulative shares, rows × steps."""
    thresholds = np.minimum(np.rint(cumulative * ONE), ONE).astype(np.uint64)
    starts = so_far((thresholds + np.uint64((1 << 24) - 1)) >> np.uint64(24))  # reached by the first number of a span
    ends = so_far(thresholds >> np.uint64(24))  # reached by its last
    return Steps(thresholds, np.where(starts == ends, starts, UNSURE).astype(np.uint8))


def so_far(spans: np.ndarray) -> np.ndarray:
    """Return, for each row and each of the 256 spans, how many of the row's values it or an earlier one holds."""
    rows = np.arange(len(spans))[:, None] * 257 + spans.astype(np.int64)
    return np.bincount(rows.reshape(-1), minlength=len(spans) * 257).reshape(-1, 257)[:, :256].cumsum(axis=1)


def reached(table: Steps, u: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return how many thresholds of its row each uint32 reaches, as uint8."""
    wide: Any = np.uint16 if len(table.guide) <= 1 << 8 else np.int64
    found = table.guide.reshape(-1).take((rows.astype(wide) << wide(8)) | (u >> np.uint32(24)).astype(wide))
    unsure = np.flatnonzero(found == UNSURE)
    if len(unsure):
        exactly = table.thresholds[rows[unsure] if len(rows) == len(u) else rows]
        found[unsure] = (u[unsure, None] >= exactly).sum(axis=1)
    return found
