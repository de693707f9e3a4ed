"""Odds: are verdicts equally right in both classes of simulated truth, for a group as for its reference?

"Equalized odds" (Hardt, Price and Srebro 2016) asks for equal false and equal true positive rates; its name stands for
these rates, not for odds. The size of the larger gap is an absolute value, and so is held against a null.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from scoring.measures import estimates, groups, nulls, resample
from scoring.measures.counts import Counts
from scoring.measures.errors import TAUS
from scoring.measures.ranking import known
from scoring.measures.rates import SMALL_GROUP
from scoring.measures.study import SEED, Study
from scoring.result import SMALL_CELL

LACKING = "a group lacks one of the two classes"
Cells = NDArray[np.int64]


def equalized_odds_difference(counts: Counts, study: Study) -> pl.DataFrame:
    """How far is the group from the reference in that error which differs most?

    max(|FPR - FPR_ref|, |TPR - TPR_ref|), from 0 to 1; fairlearn `equalized_odds_difference` of two groups. Undefined
    where a group lacks one of the two classes of simulated truth. No interval: labels of the groups are dealt out anew
    within each class, which leaves the classes and the verdicts as they are, and the gap is held against that null.
    """
    return nulls.rows(_found(counts, study), study, "equalized_odds_difference", LACKING, (0, 1))


def gap(mine: Cells, theirs: Cells) -> NDArray[np.float64]:
    """Return max(|dFPR|, |dTPR|) of counts by [class of truth, selected], the last two axes."""
    rate, rate_ref = (cells[..., 1] / cells.sum(axis=-1) for cells in (mine, theirs))
    return np.abs(rate - rate_ref).max(axis=-1)


def _found(counts: Counts, study: Study) -> Iterator[dict[str, Any]]:
    kind = "truth" if "truth" in counts.axes else "harm"
    if kind not in counts.axes:
        return
    adverse = {outcome for (_, outcome), polarity in study.outcomes.items() if polarity == "adverse"}
    for pair in groups.beside(known(counts).where(outcome=adverse), study, [kind, "selected"], ["outcome"]):
        polarity = study.outcomes.get((pair.told["scheme"], pair.told["outcome"]))
        if polarity != "adverse":
            continue
        told = {**pair.told, "polarity": polarity, "term": nulls.OBSERVED}
        classes = _classes(kind, pair.levels[kind])
        if pair.alone:
            yield from (estimates.alone({**told, "param": param}) for param in classes)
            continue
        tables = _tables(pair, list(classes.values()))
        for param, mine, theirs in zip(classes, *tables, strict=True):
            yield from _value(pair, {**told, "param": param}, mine, theirs, study)


def _tables(pair: groups.Beside, classes: list[NDArray[np.bool_]]) -> list[Cells]:
    """Return the counts of the group and of its reference by [threshold, class of truth, selected]."""
    chosen = np.array(pair.levels["selected"])
    verdict = np.stack([~chosen, chosen], axis=1).astype(np.int64)
    truth = np.stack([[~harmful, harmful] for harmful in classes]).astype(np.int64)
    return [truth @ (cells @ verdict) for cells in (pair.mine, pair.theirs)]


def _value(
    pair: groups.Beside, told: dict[str, Any], mine: Cells, theirs: Cells, study: Study
) -> Iterator[dict[str, Any]]:
    least = min(mine.sum(axis=1).min(), theirs.sum(axis=1).min())
    if least == 0:
        yield {**told, "value": None}
        return
    told["status"] = SMALL_CELL if least < SMALL_GROUP else None
    value = float(gap(mine, theirs))
    if not pair.audited:
        yield {**told, "value": value}
        return
    dealt = resample.permuted(mine, theirs, study.replicates, resample.philox(SEED))
    method = f"labels permuted within classes, {study.replicates:,} times"
    yield from nulls.beside(told, value, gap(dealt, mine + theirs - dealt), method, study.level)


def _classes(kind: str, levels: list[Any]) -> dict[str, NDArray[np.bool_]]:
    """Return which levels of the axis are harmful, for each class that verdicts are held against."""
    values = np.array(levels)
    return {"truth": values} if kind == "truth" else {f"tau={tau}": values > i for i, tau in enumerate(TAUS)}
