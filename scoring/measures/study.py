"""A study: what the measures may know besides counts, and the order in which a row names things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from scoring.measures.universes import Universes

EVERYONE = "everyone"
WORLD, GROUP = ["world", "scheme", "draw"], ["group_by", "group"]
NO_DRAW = -1  # the draw of a scheme that is no family
LARGEST, BEST, REST = "largest", "best", "rest"  # references that are no group of their own
REFERENCES = (LARGEST, BEST, REST)
REPLICATES = 1_000
SEED = 20_140_627  # of every resampling; fixed, so that a result is a function of its counts


@dataclass(frozen=True)
class Criterion:
    """One declared criterion: a measure, perhaps of one outcome and one grouping, and which way is better.

    `direction` is `lower`, `higher`, or `parity`: nearer to 1 of a ratio, nearer to 0 of anything else.
    """

    measure: str
    outcome: str | None
    group_by: str | None
    direction: str
    param: str | None = None  # the `param` or `term` of its row, where the measure has several

    @property
    def name(self) -> str:
        return ", ".join(
            filter(None, [self.measure, self.param, self.outcome, self.group_by, f"{self.direction} is better"])
        )


@dataclass(frozen=True)
class Study:
    """What an experiment tells its measures.

    `outcomes` gives the polarity of each (scheme, outcome); `references` the declared reference of each grouping, a
    word of REFERENCES, or None for the largest group; `schemes` plain facts of each scheme: `complexity` (a dict of
    numbers), `instrument`, `marks` (rule → mark), `closes` (the outcome of being listed, with the number of related and
    unrelated contexts that it closes), `cuts` (outcome → the score from which on it is given and whether `above` or
    `below`), `edges` (the scores at which the next band begins), `weights` (draw → the smallest and the median points
    of a rule), `bands` (worst first), `coded` (of each rule the tags of two coders), `ways` (how many deeds and ends of
    a record or a listing the rulebook names), `listing` (of a list: whether being on it is a `reward` or a `sanction`),
    `largest_bin` (the largest share of persons in one bin, where scores were binned; absent where they are exact).
    `redraws` is how often the lottery probe drew; `baseline` the scheme that differences are taken from besides the
    first; `pooling` how the records of each world are pooled, the first world being the one that others are held
    against. `primary` are the (measure, outcome, group_by) that were declared beforehand; `single` says that this is
    one table and nothing was repeated over seeds. `universes` are what the declared choices span; `criteria` what
    designs are compared on side by side, at most five.
    """

    outcomes: Mapping[tuple[str, str], str]
    references: Mapping[str, str | None] = field(default_factory=dict)
    schemes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    redraws: int = 0
    pooling: Mapping[str, str] = field(default_factory=dict)
    level: float = 0.95
    baseline: str | None = None
    primary: Sequence[tuple[str, str, str]] = ()
    replicates: int = REPLICATES
    single: bool = False
    universes: Universes | None = None
    criteria: Sequence[Criterion] = ()

    def polarities(self) -> pl.DataFrame:
        """Return the outcomes as a table: scheme, outcome, polarity."""
        rows = [(scheme, outcome, polarity) for (scheme, outcome), polarity in self.outcomes.items()]
        return pl.DataFrame(
            rows, schema={"scheme": pl.String, "outcome": pl.String, "polarity": pl.String}, orient="row"
        )

    def marks(self) -> pl.DataFrame:
        """Return the rules as a table: scheme, rule, mark."""
        rows = [
            (name, rule, mark) for name, facts in self.schemes.items() for rule, mark in facts.get("marks", {}).items()
        ]
        return pl.DataFrame(rows, schema={"scheme": pl.String, "rule": pl.String, "mark": pl.String}, orient="row")
