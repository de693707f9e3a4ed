"""Repeated scoring: one frame under many schemes that are nearly alike; what two have in common is worked out once.

A score is a base and points by rule, so a scheme that differs from another in one rule differs in one column. Its
verdicts are those of `Scheme.score`; only the counting of the same columns again is left out.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
from numpy.typing import NDArray

from scoring.schemes import points
from scoring.schemes.conditions import Node, expression
from scoring.schemes.scheme import Rule, Scheme

Whole = NDArray[np.int32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Verdicts:
    """What a scheme says of each row: whether it is scored, whether it is meant, and who has each outcome."""

    scored: Flags
    eligible: Flags
    selected: dict[str, Flags]

    @classmethod
    def of(cls, scheme: Scheme, scored: pl.DataFrame) -> Verdicts:
        """Return the verdicts that stand in a scored frame."""
        covered = scored["coverage"].cast(pl.String).to_numpy()
        selected = {name: scored[name].fill_null(False).to_numpy() for name in scheme.outcomes}
        return cls(covered == "scored", covered != "ineligible", selected)


@dataclass
class Repeated:
    """A Polars frame, with every column that some scheme was worked out from."""

    frame: pl.DataFrame
    columns: dict[Any, Any] = field(default_factory=dict)
    first: tuple[Counter[Any], Whole] | None = None

    def verdicts(self, scheme: Scheme) -> Verdicts:
        """Return the verdicts of one scheme, equal to those of `Scheme.score`."""
        if scheme.state or scheme.base is None or scheme.model is not None:
            return Verdicts.of(scheme, scheme.score(self.frame))
        covered = self._coverage(scheme)
        rank = self._rank(scheme) if scheme.bands else None
        names = [band.name for band in scheme.bands]
        selected = {}
        for name, outcome in scheme.outcomes.items():
            if outcome.when is not None:
                selected[name] = self._holds(outcome.when)
            elif outcome.listed or rank is None:
                selected[name] = np.zeros(len(covered), dtype=bool)
            else:
                selected[name] = np.isin(names, outcome.bands)[rank]
        return Verdicts(covered == "scored", covered != "ineligible", selected)

    def _rank(self, scheme: Scheme) -> Whole:
        """Return the band of each row as its rank, as `points.rank` does."""
        score = np.clip(self._raw(scheme), scheme.text.limits.get("low"), scheme.text.limits.get("high"))
        reached = [(i, band.low) for i, band in enumerate(scheme.bands) if not band.direct]
        rank = np.full(len(score), reached[0][0] if reached else 0, dtype=np.int32)
        for (below, _), (i, low) in pairwise(reached):
            if low is not None:
                rank += (score >= low) * np.int32(i - below)
        names = [band.name for band in scheme.bands]
        for _, condition, name in scheme.direct_bands:
            most = np.int32(names.index(name))
            rank = np.where(self._holds(condition) & (rank > most), most, rank)
        return rank

    def _raw(self, scheme: Scheme) -> Whole:
        """Return the score before the clip: that of the first scheme, less the columns that are gone, and the new."""
        rules = {(r.when, r.per, r.points, r.cap): r for r in scheme.scored_rules}
        keys = Counter((r.when, r.per, r.points, r.cap) for r in scheme.scored_rules)
        if self.first is None:
            total = np.zeros(self.frame.height, dtype=np.int32)
            for key, times in keys.items():
                total += times * self._points(key, rules[key])
            self.first = keys, total
        before, total = self.first
        raw = total + np.int32(scheme.base or 0)
        for key, times in (keys - before).items():
            raw += np.int32(times) * self._points(key, rules[key])
        for key, times in (before - keys).items():
            raw -= np.int32(times) * self._points(key, None)
        return raw

    def _points(self, key: Any, rule: Rule | None) -> Whole:
        if key not in self.columns:
            assert rule is not None, "the columns of the first scheme are all known"
            self.columns[key] = self._made(points.awarded(rule), 0).astype(np.int32)
        found: Whole = self.columns[key]
        return found

    def _holds(self, condition: Node) -> Flags:
        if condition not in self.columns:
            self.columns[condition] = self._made(expression(condition), False).astype(bool)
        found: Flags = self.columns[condition]
        return found

    def _coverage(self, scheme: Scheme) -> NDArray[Any]:
        key = ("coverage", frozenset(scheme.reads), scheme.eligible, scheme.enrolled)
        if key not in self.columns:
            self.columns[key] = self._made(points.coverage(scheme), "missing")
        found: NDArray[Any] = self.columns[key]
        return found

    def _made(self, value: Any, null: Any) -> NDArray[Any]:
        made: pl.DataFrame = nw.from_native(self.frame).select(value.alias("made")).to_native()
        return made["made"].fill_null(null).to_numpy()
