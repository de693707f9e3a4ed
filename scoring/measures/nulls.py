"""Null lines: how large an extreme or an absolute value is where nothing differs, in place of an interval.

Such a value is never 0 in a sample, and its replicates lean away from equality, so a percentile interval misleads.
Beside what was observed stands the line that equality passes in 5 of 100 samples, and how often it comes as far.
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
ROUNDING = 1e-12  # equal counts can differ in the last bit of their sums
Floats = NDArray[np.float64]


def times(study: Study) -> int:
    """Return how often labels are dealt out."""
    return min(study.replicates, DEALS)


def beside(
    told: Mapping[str, Any], value: float, null: Floats, method: str, level: float = 0.95, low: bool = False
) -> list[dict[str, Any]]:
    """Return the two rows of a value held against simulations of its null: `observed` with p, and the null line.

    Large values are extreme, or small ones where `low`. Simulations that leave the value undefined are passed over.
    p = (1 + simulations that come as far) / (1 + simulations), so that it is never 0 (Phipson and Smyth 2010).
    """
    null = null[~np.isnan(null)]
    if not len(null) or np.isnan(value):
        return [{**told, "term": OBSERVED, "value": None, "method": method}]
    apart = ROUNDING * max(1.0, abs(value))
    beyond = null <= value + apart if low else null >= value - apart
    p = (1 + int(beyond.sum())) / (1 + len(null))
    line = float(np.quantile(null, 1 - level if low else level))
    return [
        {**told, "term": OBSERVED, "value": value, "method": method, "p": p},
        {**told, "term": LINE, "value": line, "method": method},
    ]


def rows(
    found: Iterable[Mapping[str, Any]],
    study: Study,
    measure: str,
    undefined: str = NOBODY,
    within: tuple[float, float] = estimates.ANY,
) -> pl.DataFrame:
    """Return the result rows; a null line is of one auditor, since it follows her number of persons, and has no seeds.

    `within` is what is possible, beyond which no interval over seeds reaches.
    """
    table = estimates.rows(found, study, measure, undefined, within)
    if "term" not in table.columns:  # nothing found, or one group alone
        return table
    return table.filter((pl.col("term") != LINE).fill_null(True) | (pl.col("uncertainty") == "audit"))
