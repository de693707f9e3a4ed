"""Differential fairness: the worst ratio of probabilities that any two groups have, over all outcomes.

It is a maximum over groups and so grows with their number and with chance; the null line says how far it comes where
all groups are treated alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from scoring.measures import estimates, groups
from scoring.measures.counts import UNKNOWN, Counts
from scoring.measures.groups import Beside
from scoring.measures.rates import SMALL_GROUP
from scoring.measures.resample import philox
from scoring.measures.study import SEED, Study
from scoring.result import NOT_APPLICABLE, OK, ZERO_DENOM

DRAWS = 2_000  # of equal groups, for the null line
METHOD = f"equal rates, {DRAWS:,} draws"
ALL_GROUPS = "all groups"
OBSERVED, NULL = "observed", "null 95%"
CONSTANT = "everybody has the same outcome: nothing to compare"
TOO_SMALL = f"fewer than two known groups of {SMALL_GROUP} persons"
INFINITE = "nobody of some group has an outcome that others have: the ratio is infinite"
Floats = NDArray[np.float64]


def epsilon(shares: ArrayLike) -> Floats:
    """Return the largest |ln P(y|k) - ln P(y|l)| of shares [..., group, outcome], over outcomes y and groups k and l.

    Outcomes that no group has are passed over; one that some groups have and others not makes it infinite.

    >>> round(float(epsilon([[0.5, 0.5], [0.4, 0.6]])), 3)  # four fifths
    0.223
    """
    shares = np.asarray(shares, dtype=np.float64)
    most, least = shares.max(axis=-2), shares.min(axis=-2)
    with np.errstate(divide="ignore"):
        apart = np.log(np.where(most > 0, most, 1.0)) - np.log(np.where(most > 0, least, 1.0))
    return apart.max(axis=-1)


def observed(cells: ArrayLike) -> Floats:
    """Return epsilon of the shares of counts [..., group, outcome] as they are."""
    cells = np.asarray(cells)
    return epsilon(cells / cells.sum(axis=-1, keepdims=True))


def smoothed(cells: ArrayLike, concentration: float = 1.0) -> Floats:
    """Return epsilon of (N + alpha) / (n + |Y| alpha), alpha = concentration / |Y|; it is always finite."""
    cells = np.asarray(cells)
    alpha = concentration / cells.shape[-1]
    return epsilon((cells + alpha) / (cells.sum(axis=-1, keepdims=True) + concentration))


def differential_fairness(outcome: Counts, study: Study, band: Counts | None = None) -> pl.DataFrame:
    """How far apart are the two groups that fare most differently, in any outcome?

    epsilon = max over outcomes y and groups k, l of |ln P(y|k) - ln P(y|l)|, from 0 (alike) up; e^epsilon is the worst
    ratio of probabilities, and four fifths are .223. Over selected and not selected for each outcome, and over all
    bands (rows without an outcome). `smoothed` adds 1/|Y| to every count, as AIF360 does. Groups below 30 persons and
    unknown ones are left out. An extreme: no interval; `null 95%` is what equal groups of these sizes stay below in 95
    of 100 draws. Infinite where a group lacks an outcome that others have; undefined where everybody has the same.
    Foulds, Islam, Keya and Pan (2020).
    """
    found = [
        one
        for pair in groups.everyone(outcome, ["selected"], ["outcome"])
        for one in _rows(pair, {"polarity": study.outcomes.get((pair.told["scheme"], pair.told["outcome"]))})
    ]
    if band is not None:
        found += [one for pair in groups.everyone(band, ["band"]) for one in _rows(pair, {})]
    rows = estimates.rows(found, study, "differential_fairness")
    if rows.is_empty():
        return rows
    # Some draws of a family may be infinite and their median is not.
    there = (pl.col("status") == ZERO_DENOM) & pl.col("value").is_finite()
    return rows.filter((pl.col("term") == OBSERVED) | (pl.col("uncertainty") == "audit")).with_columns(
        pl.when(there).then(pl.lit(OK)).otherwise("status").alias("status")
    )


def _rows(pair: Beside, also: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield epsilon of one grouping, observed and smoothed, and for one auditor the line of equal groups."""
    told = {**pair.told, **also, "group": ALL_GROUPS, "reference": None, "term": OBSERVED}
    names, sizes = pair.levels["group"], pair.mine.sum(axis=1)
    fit = [UNKNOWN not in name.split("*") and size >= SMALL_GROUP for name, size in zip(names, sizes, strict=True)]
    cells = pair.mine[fit]
    cells = cells[:, cells.sum(axis=0) > 0]
    if pair.alone or len(cells) < 2:
        none = estimates.alone(told) if pair.alone else {**told, "status": NOT_APPLICABLE, "note": TOO_SMALL}
        yield from ({**none, "value": None, "param": param, "method": METHOD} for param in EPSILONS)
        return
    left_out = len(names) - len(cells)
    why = f"{left_out} of {len(names)} groups left out: unknown, or below {SMALL_GROUP} persons" if left_out else None
    told |= {"n": int(cells.sum()), "method": METHOD if pair.audited else None}
    compared = cells.shape[1] > 1
    drawn = equal_groups(cells) if pair.audited and compared else None
    for param, statistic in EPSILONS.items():
        value = float(statistic(cells)) if compared else None
        row = told | {"param": param} | _valued(value, why)
        if drawn is None or value is None:
            yield row
            continue
        null = np.sort(statistic(drawn))
        yield row | {"p": float((1 + (null >= value).sum()) / (1 + DRAWS))}
        yield row | {"term": NULL} | _valued(float(null[int(np.ceil(0.95 * DRAWS)) - 1]), why)


def _valued(value: float | None, why: str | None) -> dict[str, Any]:
    """Return a value with its status and note: infinite is a ratio by nobody."""
    endless = value == np.inf
    note = "; ".join(filter(None, [INFINITE if endless else CONSTANT if value is None else None, why])) or None
    return {"value": value, "status": ZERO_DENOM if endless or value is None else None, "note": note}


def equal_groups(cells: NDArray[np.int64], times: int = DRAWS, seed: int = SEED) -> NDArray[np.int64]:
    """Return counts [replicate, group, outcome] of groups of the same sizes that all have the pooled shares."""
    pooled = cells.sum(axis=0)
    return philox(seed).multinomial(cells.sum(axis=1), pooled / pooled.sum(), size=(times, len(cells)))


EPSILONS: dict[str, Callable[[NDArray[np.int64]], Floats]] = {"observed": observed, "smoothed": partial(smoothed)}
