"""Simultaneous intervals: differences of many crossed groups whose bounds hold for all of them at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from scoring.measures import estimates, groups, rates, resample
from scoring.measures.counts import Counts
from scoring.measures.groups import Beside
from scoring.measures.rates import NOBODY
from scoring.measures.study import BEST, REST, SEED, Study
from scoring.result import NOT_APPLICABLE, SMALL_CELL, ZERO_DENOM

FEWEST = 10  # persons with the outcome, and without, from which on a resampled rate is trusted
FAMILY, METHOD = "subgroup", "max-T"
FEW = f"fewer than {FEWEST} persons with or without the outcome: no simultaneous interval"
NO_REFERENCE = "nobody belongs to the declared reference"
Floats = NDArray[np.float64]


def simultaneous_difference(counts: Counts, study: Study) -> pl.DataFrame:
    """Which crossed groups differ from the reference, if all of them are looked at together?

    y/n - y_ref/n_ref, from -1 to 1, for every group of a crossed grouping. The bounds of all groups of one grouping and
    outcome hold at once (max-T over multinomial replicates of its cells), so they are wider than those of
    `selection_rate_difference` one by one and narrower than Bonferroni's. A group, or a reference, with fewer than 10
    persons on either side of the verdict has a value and no bounds. One auditor's counts only.
    """
    crossed = counts.cells.filter(pl.col("group_by").str.contains("*", literal=True))
    if crossed.is_empty():
        return pl.DataFrame()
    counts = Counts(counts.axes, crossed)
    named = rates.references(crossed, study)
    largest = rates.references(crossed, Study({}))
    found = [
        one
        for pair in groups.everyone(counts, ["selected"], ["outcome"])
        if pair.audited
        for group_by in [pair.told["group_by"]]
        for one in _rows(pair, study, largest[group_by] if named.get(group_by) == BEST else named.get(group_by))
    ]
    rows = estimates.rows(found, study, "simultaneous_difference")
    return rows if rows.is_empty() else rows.filter(pl.col("uncertainty") == "audit")


def _rows(pair: Beside, study: Study, reference: str | None) -> Iterator[dict[str, Any]]:
    """Yield the difference of every group of one grouping, with bounds that hold for all of them."""
    told = {**pair.told, "polarity": study.outcomes.get((pair.told["scheme"], pair.told["outcome"])), "method": METHOD}
    names = pair.levels["group"]
    if pair.alone:
        yield estimates.alone(told | {"group": names[0]})
        return
    if reference is None:
        return
    at = None if reference == REST else names.index(reference) if reference in names else -1
    cells = _verdicts(pair)
    sizes, theirs = cells.sum(axis=1), _theirs(cells, at)
    told |= {"reference": reference, "test_family": FAMILY}
    if at == -1:
        yield from ({**told, "group": g, "value": None, "status": NOT_APPLICABLE, "note": NO_REFERENCE} for g in names)
        return
    value = _differences(cells, at)
    firm = (np.minimum(cells, theirs) >= FEWEST).all(axis=1) & (np.arange(len(names)) != at)
    low, high = np.full((2, len(names)), np.nan)
    if firm.any():
        flat = resample.replicates(cells.reshape(-1), study.replicates, resample.philox(SEED))
        drawn = np.concatenate([_differences(chunk.reshape(-1, *cells.shape), at)[:, firm] for chunk in flat])
        low[firm], high[firm], _ = resample.simultaneous(drawn, value[firm], study.level)
    together = f"groups looked at together: {int(firm.sum())}"
    for i, group in enumerate(names):
        if i == at:
            continue
        status = ZERO_DENOM if np.isnan(value[i]) else None if firm[i] else SMALL_CELL
        yield told | {
            "group": group,
            "n": int(sizes[i]),
            "n_ref": int(theirs[i].sum()),
            "value": float(value[i]),
            "low": float(max(low[i], -1)) if np.isfinite(low[i]) else None,
            "high": float(min(high[i], 1)) if np.isfinite(high[i]) else None,
            "status": status,
            "note": NOBODY if status == ZERO_DENOM else together if firm[i] else FEW,
        }


def _verdicts(pair: Beside) -> NDArray[np.int64]:
    """Return the counts as [group, not selected and selected], whichever of the two occurs."""
    places = [int(level) for level in pair.levels["selected"]]
    cells = np.zeros((len(pair.mine), 2), dtype=np.int64)
    cells[:, places] = pair.mine
    return cells


def _theirs(cells: NDArray[np.int64], at: int | None) -> NDArray[np.int64]:
    """Return the counts of the reference of each group: the rest of all, or one group."""
    if at is None:
        return cells.sum(axis=-2, keepdims=True) - cells
    return np.broadcast_to(cells[..., [at], :], cells.shape)


def _differences(cells: NDArray[np.int64], at: int | None) -> Floats:
    """Return the difference of rates of every group, [..., group], NaN where nobody is in either."""
    theirs = _theirs(cells, at)
    with np.errstate(invalid="ignore"):
        return cells[..., 1] / cells.sum(axis=-1) - theirs[..., 1] / theirs.sum(axis=-1)
