"""Null lines: how large an extreme or an absolute value is where nothing differs.

Such a value is never 0 in a sample, so it gets no interval: beside what was observed stands what labels dealt out at
random would have shown in 95% of the deals, and the share of deals that reach the observed value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from scoring.measures import estimates
from scoring.measures.rates import NOBODY
from scoring.measures.study import Study

OBSERVED, LINE = "observed", "null 95%"
DEALS = 500  # of labels; a line is known to about 1% of its tail then


def times(study: Study) -> int:
    """Return how often labels are dealt out."""
    return min(study.replicates, DEALS)


def beside(told: Mapping[str, Any], value: float, dealt: NDArray[np.float64], method: str) -> list[dict[str, Any]]:
    """Return the observed value with its p, and the line that 95% of the deals stay below.

    p = (1 + deals that reach the value) / (1 + deals), so that it is never 0 (Phipson and Smyth 2010).
    """
    # Equal counts can differ in the last bit of their sums.
    reached = int((dealt >= value - 1e-12 * max(1.0, abs(value))).sum())
    p = (1 + reached) / (1 + len(dealt))
    return [
        {**told, "term": OBSERVED, "value": value, "p": p, "method": method},
        {**told, "term": LINE, "value": float(np.quantile(dealt, 0.95)), "method": method},
    ]


def rows(found: Iterable[Mapping[str, Any]], study: Study, measure: str, undefined: str = NOBODY) -> pl.DataFrame:
    """Return the result rows; a null line is of one auditor, since it follows her number of persons."""
    table = estimates.rows(found, study, measure, undefined)
    if "term" not in table.columns:
        return table
    return table.filter((pl.col("term") != LINE).fill_null(True) | (pl.col("uncertainty") == "audit"))
