"""The conditional cube: who is selected among persons of like conduct, like records, or one legitimate stratum.

A group and its reference stand side by side as `selected` and `persons`, arrays over [group or reference, axis, …],
with only the levels at which either has somebody. Conduct is latent and known in a simulation alone; records are what
an auditor could see; strata are what was declared legitimate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from scoring.measures import estimates, groups, intervals
from scoring.measures.counts import Counts
from scoring.measures.study import Study
from scoring.result import NOT_APPLICABLE

Array = NDArray[np.int64]
AXES = ("conduct", "records", "stratum")
Floats = NDArray[np.float64]
ENOUGH = 10  # selected, and not selected, in either group, for a sample to say how much it varies
FEW = f"fewer than {ENOUGH} selected, or not selected, in a group: no interval"
ROUGH = f"fewer than {ENOUGH} selected, or not selected, in a group: the interval is rough"
INFLUENCE = "infinitesimal jackknife"
ABSENT = "nobody belongs to the declared reference"


@dataclass(frozen=True)
class Table:
    """Persons of a group (first) and of its reference (second), and who of them is selected, over `axes`."""

    told: Mapping[str, Any]
    axes: tuple[str, ...]
    selected: Array
    persons: Array
    audited: bool = True
    why_not: Mapping[str, Any] | None = None  # the row that says why nothing can be compared

    def along(self, *axes: str) -> tuple[Array, Array]:
        """Return selected and persons over the named axes alone."""
        gone = tuple(1 + i for i, axis in enumerate(self.axes) if axis not in axes)
        return self.selected.sum(axis=gone), self.persons.sum(axis=gone)

    @property
    def totals(self) -> tuple[Array, Array]:
        """Selected and persons of the group and of the reference."""
        return self.selected.reshape(2, -1).sum(axis=1), self.persons.reshape(2, -1).sum(axis=1)

    @property
    def few(self) -> bool:
        """Whether either verdict is too rare in either group to tell how much a value varies."""
        y, n = self.totals
        return bool(np.minimum(y, n - y).min() < ENOUGH)

    def gap(self, level: float) -> dict[str, Any]:
        """Return the difference of the rates, with Newcombe's interval where one auditor would have had the counts."""
        (y, y0), (n, n0) = self.totals
        if not self.audited:
            return {"value": float(y / n - y0 / n0)}
        low, high, method = intervals.difference(y, n, y0, n0, level)
        return {"value": float(y / n - y0 / n0), "low": float(low), "high": float(high), "method": str(method)}

    def error(self, influence: Floats, *axes: str) -> float | None:
        """Return the standard error of a value over the named axes; None where either verdict is too rare to tell.

        `influence` is how a person of each [group or reference, *levels, selected or not] moves it, times all persons.
        """
        if self.few:
            return None
        selected, persons = self.along(*axes)
        cells = np.stack([selected, persons - selected], axis=-1)
        return float(np.sqrt((cells * np.where(cells > 0, influence, 0.0) ** 2).sum()) / cells.sum())


def bounds(value: float, error: float | None, level: float, method: str, within: float = 1.0) -> dict[str, Any]:
    """Return the normal interval of a value by its standard error; none where nothing varies or too few do."""
    if not error:
        return {"method": method, "low": None, "high": None}
    half = float(ndtri((1 + level) / 2)) * error
    return {"method": method, "low": max(value - half, -within), "high": min(value + half, within)}


def two_sided(value: float, error: float | None) -> float | None:
    """Return the p of no difference, by the standard error."""
    return float(2 * ndtr(-abs(value) / error)) if error else None


def noted(*notes: str | None) -> str | None:
    """Return the notes that there are, as one."""
    return "; ".join(note for note in notes if note) or None


def axes_of(counts: Counts) -> tuple[str, ...]:
    """Return the axes of conduct, records and strata that were counted."""
    return tuple(axis for axis in AXES if axis in counts.axes)


def tables(counts: Counts, study: Study) -> Iterator[Table]:
    """Yield every group beside its reference, outcome by outcome; nothing where no axis was counted."""
    axes = axes_of(counts)
    if not axes:
        return
    for pair in groups.beside(counts, study, [*axes, "selected"], by=["outcome"]):
        told = {**pair.told, "polarity": study.outcomes.get((pair.told["scheme"], pair.told["outcome"]))}
        cells = np.stack([pair.mine, pair.theirs])
        persons = cells.sum(axis=-1)
        selected = persons * 0
        if True in pair.levels["selected"]:
            selected = cells[..., pair.levels["selected"].index(True)]
        for axis in range(1, persons.ndim):
            held = persons.sum(axis=tuple(i for i in range(persons.ndim) if i != axis)) > 0
            persons, selected = persons.compress(held, axis), selected.compress(held, axis)
        why_not = None
        if pair.alone:
            why_not = estimates.alone(told)
        elif told["n_ref"] == 0:
            why_not = {**told, "value": None, "status": NOT_APPLICABLE, "note": ABSENT}
        yield Table(told, axes, selected, persons, pair.audited, why_not)


def overlap(persons: Array) -> float:
    """Return the share of persons in cells where both the group and the reference have somebody (common support)."""
    return float(persons[:, (persons > 0).all(axis=0)].sum() / persons.sum())
