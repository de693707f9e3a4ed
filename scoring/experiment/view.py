"""View: what a design may see of people, and of the lists that it takes over."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from scoring.experiment.designs import Design
from scoring.experiment.years import Past, in_order, lists_of, seen_by


def visible(people: pl.DataFrame, design: Design, *also: str) -> pl.DataFrame:
    """Return only what a scheme declares that it reads of the records, and the axes of the counts."""
    reads = [column for column in design.scheme.reads if not column.startswith("listed__")]
    return people.select(*dict.fromkeys([*reads, *also]))


def as_read(outcome: pl.DataFrame, design: Design) -> pl.DataFrame:
    """Return of a scored frame what the design had read."""
    state = [f"prior__{part}" for part in design.scheme.state if f"prior__{part}" in outcome.columns]
    return outcome.select(*design.scheme.reads, *state)


def with_lists(people: pl.DataFrame, frame: pl.DataFrame, design: Design, designs: Sequence[Design]) -> pl.DataFrame:
    """Add to a frame who is on the lists that a design takes over, as those lists say of the same rows."""
    verdicts: dict[str, pl.DataFrame] = {}
    for other in in_order(designs):
        if other.name in lists_of(design):
            verdicts[other.name] = other.scheme.score(with_lists(people, visible(people, other), other, designs))
    return seen_by(frame, design, Past(), verdicts)


def scored_apart(design: Design, designs: Sequence[Design], people: pl.DataFrame) -> pl.DataFrame:
    """Return what a design says of people who stand outside the run, and the lists that it takes over before it."""
    return design.scheme.score(with_lists(people, visible(people, design, "person"), design, designs))


def read_by(design: Design, designs: Sequence[Design]) -> list[str]:
    """Return every column of the population that a design reads, or a list that it takes over."""
    lists = [other for other in designs if other.name in lists_of(design)]
    mine = [c for c in design.scheme.reads if not c.startswith("listed__")]
    return list(dict.fromkeys([*mine, *(c for other in lists for c in read_by(other, designs))]))


def has_ledger(design: Design) -> bool:
    """Tell whether a design gives each person her points by rule."""
    return design.scheme.base is not None and not design.scheme.opaque
