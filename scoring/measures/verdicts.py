"""Verdicts: what every design of a study says of the same persons, in three words that all of them share.

Sanctioned, where any adverse outcome holds; else rewarded, where any favourable one does; else neither. A person whom a
design does not score has no verdict under it. Ordinary law is what holds without a scheme and no design to move to, so
it is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import polars as pl

from scoring.measures.counts import Counts
from scoring.measures.study import GROUP, NO_DRAW, Study

UNSCORED, SANCTION, NEUTRAL, REWARD = -1, 0, 1, 2  # in this order: what lies farther apart differs more
ADVERSE, FAVOURABLE = "adverse", "favourable"
WORDS = {SANCTION: "sanction", NEUTRAL: "neither", REWARD: "reward"}
ALL, ANY_INSTRUMENT = "all schemes", "any instrument"
LAW = "ordinary law"
KIND = {"learned score": "points scheme"}  # both place a person on a scale
KEYS = ["world", "draw", "seed", *GROUP]


def designs(signature: Counts, study: Study) -> dict[str, dict[str, str]]:
    """Return the designs whose verdicts were counted, each with the polarity of its outcomes."""
    found: dict[str, dict[str, str]] = {}
    for (scheme, outcome), polarity in study.outcomes.items():
        if _kind(study, scheme) != LAW and f"{scheme}:{outcome}" in signature.axes:
            found.setdefault(scheme, {})[outcome] = polarity
    return found


def polarities(signature: Counts, study: Study) -> dict[str, list[str]]:
    """Return, by polarity, the designs that have outcomes of it; a list regime cannot reward anybody."""
    found = designs(signature, study)
    return {p: [name for name, of in found.items() if p in of.values()] for p in (FAVOURABLE, ADVERSE)}


def instruments(signature: Counts, study: Study) -> dict[str, list[str]]:
    """Return sets of two or more designs: all of them, and, where these differ, those of each kind of instrument."""
    names = list(designs(signature, study))
    kinds: dict[str, list[str]] = {}
    for name in names:
        kind = _kind(study, name)
        kinds.setdefault(KIND.get(kind, kind), []).append(name)
    sets = {ANY_INSTRUMENT: names, **(kinds if len(kinds) > 1 else {})}
    return {name: of for name, of in sets.items() if len(of) > 1}


def _kind(study: Study, scheme: str) -> str:
    return str(study.schemes.get(scheme, {}).get("instrument"))


def joint(signature: Counts, study: Study) -> pl.DataFrame:
    """Return the persons by world, draw, seed and group, and the verdict of every design on them, a column each."""
    place = ("verdicts", tuple(study.outcomes.items()))
    if place not in signature.kept:  # every measure of portability asks for it
        signature.kept[place] = _joint(signature, study)
    return signature.kept[place]


def _joint(signature: Counts, study: Study) -> pl.DataFrame:
    cells = signature.cells if "draw" in signature.axes else signature.cells.with_columns(pl.lit(NO_DRAW).alias("draw"))
    columns = {name: verdict(name, of).alias(name) for name, of in designs(signature, study).items()}
    told = cells.select(*KEYS, *columns.values(), "n").with_columns(pl.col("draw").cast(pl.Int32))
    return told.group_by(*KEYS, *columns).agg(pl.col("n").sum())


def verdict(scheme: str, outcomes: dict[str, str]) -> pl.Expr:
    """Return what a design says of a person, from its outcomes: 1 holds, 0 does not, -1 unscored."""

    def some(polarity: str) -> pl.Expr:
        return pl.any_horizontal(
            [pl.col(f"{scheme}:{name}") == 1 for name, of in outcomes.items() if of == polarity] or [pl.lit(False)]
        )

    unscored = pl.all_horizontal([pl.col(f"{scheme}:{name}") < 0 for name in outcomes])
    return (
        pl.when(unscored)
        .then(pl.lit(UNSCORED, pl.Int8))
        .when(some(ADVERSE))
        .then(pl.lit(SANCTION, pl.Int8))
        .when(some(FAVOURABLE))
        .then(pl.lit(REWARD, pl.Int8))
        .otherwise(pl.lit(NEUTRAL, pl.Int8))
    )


def families(coverage: Counts | None) -> frozenset[str]:
    """Return the designs that are families, whose draws score the same persons in many ways."""
    if coverage is None:
        return frozenset()
    return frozenset(coverage.cells.filter(pl.col("draw") != NO_DRAW)["scheme"].unique())


def of_these(cells: pl.DataFrame, schemes: Sequence[str], families: frozenset[str]) -> pl.DataFrame:
    """Return the verdicts of some designs; where none is a family, every draw repeats them, and one is kept."""
    if not families & set(schemes):
        cells = cells.filter(pl.col("draw") == pl.col("draw").min())
        cells = cells.with_columns(pl.lit(NO_DRAW, pl.Int32).alias("draw"))
    return cells.group_by(*KEYS, *schemes).agg(pl.col("n").sum())


def pairs(names: Sequence[str]) -> list[tuple[str, str]]:
    """Return every two designs once, the later beside the earlier."""
    return [(later, earlier) for earlier, later in combinations(names, 2)]
