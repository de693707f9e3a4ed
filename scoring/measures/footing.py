"""Footing: two designs are compared as published, with as many persons selected, or with as much harm detected.

A scheme that selects ten times as many has other gaps for that alone. On an equal footing its cut is moved until it
selects the same share of the scored as the first design does, or until it detects the same share of persons of
simulated harm. Of those who stand exactly at the moved cut only the share that is needed is counted as selected.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from scoring.measures import rates
from scoring.measures.comparison import Pair, pairs
from scoring.measures.counts import Counts
from scoring.measures.errors import TAUS
from scoring.measures.rates import MEAN_SHARE, Statistic
from scoring.measures.study import EVERYONE, NO_DRAW, Study

PUBLISHED, SHARES, DETECTION = "as published", "equal shares", "equal detection"
HARMFUL = 10  # simulated harm from which on a person is to be detected
LEVEL = TAUS.index(HARMFUL)
Key = tuple[str, int, int]  # world, draw, seed
Floats = NDArray[np.float64]
RATIO = Statistic((rates.y / rates.n) / (rates.y_ref / rates.n_ref), None, True, "nobody in the reference is selected")


@dataclass(frozen=True)
class Scores:
    """Persons of one design by score, those first that are selected first: [group, score], all, and the harmful."""

    groups: list[tuple[str, str]]
    persons: Floats
    harmful: Floats

    @property
    def everyone(self) -> int:
        """The place of everyone among the groups."""
        return self.groups.index((EVERYONE, EVERYONE))

    def taken(self, counts: Floats, share: float) -> Floats:
        """Return the part selected of each score such that, from the first on, a share of the counts is selected."""
        before = np.cumsum(counts) - counts
        wanted = share * counts.sum()
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(counts > 0, np.clip((wanted - before) / counts, 0, 1), before < wanted)


def selection_rate_on_footing(outcome: Counts, study: Study, score: Counts | None = None) -> pl.DataFrame:
    """Who would be selected, were the designs compared on an equal footing?

    Selected / scored by group, from 0 to 1. `param` says which: `as published`, `equal shares` as in the first design
    (`versus`), or `equal detection`, where as large a share of those with a simulated harm of 10 or more is selected.
    Of an adverse outcome that is harm detected, of a favourable one harm rewarded. Like instruments whose bands follow
    the score; records that cap a band whatever the score count as published alone.
    """
    table = on_footing(outcome, study, score)
    return table if table.is_empty() else rates.rows(table, study, "selection_rate_on_footing", MEAN_SHARE)


def selection_rate_ratio_on_footing(outcome: Counts, study: Study, score: Counts | None = None) -> pl.DataFrame:
    """How many times as often as in the reference group, on an equal footing?

    (y/n) / (y_ref/n_ref), from 0 up, 1 is alike; `param` as in `selection_rate_on_footing`.
    """
    table = on_footing(outcome, study, score)
    return table if table.is_empty() else rates.rows(table, study, "selection_rate_ratio_on_footing", RATIO)


def on_footing(outcome: Counts, study: Study, score: Counts | None) -> pl.DataFrame:
    """Return y selected of n scored by design, footing, outcome and group; y may be a fraction."""
    first = next(iter(study.schemes), None)
    if first is None or score is None or "harm" not in score.axes:
        return pl.DataFrame()
    if "on_footing" not in score.kept:
        rows = [row for pair in pairs(study, first) if not pair.unlike for row in _rows(outcome, score, study, pair)]
        types = {"draw": pl.Int32, "seed": pl.Int64, "y": pl.Float64, "n": pl.Float64}
        score.kept["on_footing"] = pl.DataFrame(rows, schema_overrides=types) if rows else pl.DataFrame()
    found: pl.DataFrame = score.kept["on_footing"]
    return found


def _rows(outcome: Counts, score: Counts, study: Study, pair: Pair) -> Iterator[dict[str, Any]]:
    side = study.schemes[pair.scheme].get("sides", {}).get(pair.outcome)
    if side is None:
        return
    published = given(outcome, pair.scheme, pair.outcome)
    aims = targets(outcome, pair.versus, pair.outcome)
    for (world, draw, seed), scores in by_score(score, pair.scheme, side == "above").items():
        aim = next((aims[key] for d in (draw, NO_DRAW, 0) if (key := (world, d, seed)) in aims), None)
        if aim is None:
            continue
        told = {"world": world, "scheme": pair.scheme, "versus": pair.versus, "draw": draw, "seed": seed}
        told |= {"outcome": pair.outcome, "polarity": pair.polarity}
        for by, group, y, n in published.get((world, draw, seed), []):
            yield {**told, "param": PUBLISHED, "group_by": by, "group": group, "y": y, "n": n}
        share, detected = aim
        parts = {SHARES: scores.taken(scores.persons[scores.everyone], share)}
        if detected is not None and scores.harmful[scores.everyone].any():
            parts[DETECTION] = scores.taken(scores.harmful[scores.everyone], detected)
        of = scores.persons.sum(axis=1).tolist()
        for param, taken in parts.items():
            for (by, group), y, n in zip(scores.groups, (scores.persons @ taken).tolist(), of, strict=True):
                yield {**told, "param": param, "group_by": by, "group": group, "y": y, "n": n}


def given(outcome: Counts, scheme: str, name: str) -> dict[Key, list[tuple[str, str, float, float]]]:
    """Return, by world, draw and seed, each group with its persons selected and scored, as published."""
    cells = outcome.where(scheme=scheme, outcome=name).cells
    found: dict[Key, list[tuple[str, str, float, float]]] = {}
    for row in rates.tally(cells, pl.col("selected")).sort("group_by", "group").iter_rows(named=True):
        key = (row["world"], row["draw"], row["seed"])
        found.setdefault(key, []).append((row["group_by"], row["group"], float(row["y"]), float(row["n"])))
    return found


def targets(outcome: Counts, scheme: str, name: str) -> dict[Key, tuple[float, float | None]]:
    """Return, by world, draw and seed, the share of all and of the harmful whom a design selects."""
    cells = outcome.where(scheme=scheme, outcome=name, group_by=EVERYONE).cells
    harmful = pl.col("harm") > LEVEL
    sums = cells.group_by("world", "draw", "seed").agg(
        pl.col("n").filter(pl.col("selected")).sum().alias("y"),
        pl.col("n").sum(),
        pl.col("n").filter(pl.col("selected") & harmful).sum().alias("caught"),
        pl.col("n").filter(harmful).sum().alias("harmful"),
    )
    return {
        (world, draw, seed): (y / n, caught / of if of else None)
        for world, draw, seed, y, n, caught, of in sums.iter_rows()
    }


def by_score(score: Counts, scheme: str, above: bool) -> Mapping[Key, Scores]:
    """Return the scores of one scheme by world, draw and seed; `above` says that the highest is selected first."""
    found = {}
    cells = score.where(scheme=scheme).cells
    for (world, draw, seed), part in sorted(cells.partition_by("world", "draw", "seed", as_dict=True).items()):
        lattice = part["score"].unique().sort(descending=above)
        groups = part.select("group_by", "group").unique().sort("group_by", "group").rows()
        persons, harmful = (np.zeros((len(groups), len(lattice))) for _ in range(2))
        row, column = {g: i for i, g in enumerate(groups)}, {s: i for i, s in enumerate(lattice)}
        for by, group, value, harm, n in part.select("group_by", "group", "score", "harm", "n").iter_rows():
            persons[row[by, group], column[value]] += n
            harmful[row[by, group], column[value]] += n * (harm > LEVEL)
        if (EVERYONE, EVERYONE) in row:
            found[str(world), int(draw), int(seed)] = Scores(groups, persons, harmful)
    return found
