"""Nulls: what an extreme or an absolute value looks like where nothing differs, in place of an interval.

The least of several rates, or the size of a gap, is beyond zero by chance alone, and its replicates lean away from
equality; a percentile interval of it misleads. Shown instead: the line that equality passes in 5 of 100 samples, and
how often it comes as far as what was observed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from scoring.measures import estimates
from scoring.measures.study import Study

OBSERVED, NULL = "observed", "null 95%"
ROUNDING = 1e-12  # values that differ by less are as far as each other
Floats = NDArray[np.float64]


def beside(
    told: Mapping[str, Any], value: float, null: Floats, method: str, level: float = 0.95, low: bool = False
) -> list[dict[str, Any]]:
    """Return the two rows of a value held against simulations of its null: `observed` with p, and the `null` line.

    Large values are extreme, or small ones where `low`. Simulations that leave the value undefined are passed over. p
    counts the observation among the simulations (Davison and Hinkley 1997), so it is never 0.
    """
    null = null[~np.isnan(null)]
    if not len(null) or np.isnan(value):
        return [{**told, "term": OBSERVED, "value": None, "method": method}]
    beyond = null <= value + ROUNDING if low else null >= value - ROUNDING
    line = float(np.quantile(null, 1 - level if low else level))
    p = (1 + int(beyond.sum())) / (1 + len(null))
    return [
        {**told, "term": OBSERVED, "value": value, "method": method, "p": p},
        {**told, "term": NULL, "value": line, "method": method},
    ]


def rows(found: Iterable[Mapping[str, Any]], study: Study, measure: str, undefined: str) -> pl.DataFrame:
    """Return the result rows of what `beside` found, values from 0 to 1; a null is one auditor's, and has no seeds."""
    table = estimates.rows([_reasoned(one, undefined) for one in found], study, measure)
    if table.is_empty():
        return table
    return table.filter((pl.col("term") != NULL) | (pl.col("uncertainty") == "audit")).with_columns(
        pl.col(c).clip(0, 1) for c in ("low", "high")
    )


def _reasoned(one: Mapping[str, Any], undefined: str) -> Mapping[str, Any]:
    """Say why a value is undefined, unless a status of its own says so."""
    if one.get("status") or not (one["value"] is None or np.isnan(one["value"])):
        return one
    return {**one, "note": "; ".join(filter(None, [undefined, one.get("note")]))}
