"""Years: the same subjects once a year, each list passing on to the next year what it has to know.

Verdicts are those of the last year. What a list does in every year is counted as its turnover: who enters, who is on
it, who leaves. Where a design leaves the same subject from one year to another is counted as its transitions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from scoring.experiment.cubes import tally
from scoring.experiment.designs import Design

State = dict[tuple[str, int], pl.DataFrame]  # by design and draw: the columns `prior__…` of the same rows
NOWHERE = "unscored"  # where a design leaves a subject that it does not score


@dataclass
class Past:
    """What the designs of an experiment remember of the rows of one block."""

    states: State = field(default_factory=dict)
    places: dict[tuple[str, int], dict[int, pl.Series]] = field(default_factory=dict)  # by design and draw, then year

    def of(self, design: Design) -> pl.DataFrame | None:
        """Return what a design passes on to this year."""
        return self.states.get((design.name, design.draw))

    def keep(self, design: Design, outcome: pl.DataFrame) -> None:
        """Keep what a design passes on to the next year."""
        if design.scheme.state:
            carried = [pl.col(f"next__{part}").alias(f"prior__{part}") for part in design.scheme.state]
            self.states[design.name, design.draw] = outcome.select(carried)


def in_order(designs: Sequence[Design]) -> list[Design]:
    """Put designs after the lists that they take over."""
    found: list[Design] = []
    waiting = list(designs)
    while waiting:
        known = {design.name for design in found}
        ready = [d for d in waiting if set(lists_of(d)) <= known] or waiting[:1]
        found += ready
        waiting = [d for d in waiting if d not in ready]
    return found


def lists_of(design: Design) -> list[str]:
    """Return the lists that a design takes over."""
    return [c.removeprefix("listed__") for c in design.scheme.reads if c.startswith("listed__")]


def seen_by(frame: pl.DataFrame, design: Design, past: Past, verdicts: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Add to a frame what a design reads besides records: its own past, and who is on the lists it takes over."""
    before = past.of(design)
    lists = [verdicts[n]["listed"].fill_null(False).cast(pl.Int8).alias(f"listed__{n}") for n in lists_of(design)]
    return frame.with_columns(*(before.get_columns() if before is not None else []), *lists)


def turnover(outcome: pl.DataFrame, year: int) -> pl.DataFrame:
    """Return one row a scored subject: whether it is listed in a year, has just been, and leaves after it."""
    prior: Any = pl.col("prior__days").fill_null(0) > 0 if "prior__days" in outcome.columns else pl.lit(False)
    return outcome.filter(pl.col("listed").is_not_null()).select(
        "cell",
        pl.lit(year, pl.Int32).alias("period"),
        pl.col("listed"),
        (pl.col("listed") & ~prior).alias("entered"),
        (pl.col("listed") & (pl.col("next__days") == 0)).alias("leaves"),
    )


def transitions(outcome: pl.DataFrame, design: Design, past: Past, year: int) -> pl.DataFrame | None:
    """Tally where subjects stood in earlier years beside where they stand now, and remember the latter.

    Told apart are the bands of a design, or, where it has none, whether a subject is listed. Looked back is one year,
    two years, and to the first year: what follows from single steps can then be held against what came of them.
    Subjects that were not scored in both years are left out. The group is that of the later year.
    """
    now = place(outcome, design)
    if now is None:
        return None
    places = past.places.setdefault((design.name, design.draw), {})
    tables = [
        tally(
            outcome.select("cell", places[since].alias("before"), now.alias("after")).filter(
                pl.col("before") != NOWHERE, pl.col("after") != NOWHERE
            ),
            ["before", "after"],
        ).select(
            "cell",
            pl.lit(since, pl.Int32).alias("period"),
            pl.lit(year - since, pl.Int32).alias("lag"),
            "before",
            "after",
            "n",
        )
        for since in sorted({0, year - 2, year - 1} & set(places))
    ]
    for since in set(places) - {0, year - 1}:
        del places[since]
    places[year] = now
    return pl.concat(tables) if tables else None


def place(outcome: pl.DataFrame, design: Design) -> pl.Series | None:
    """Return where a design leaves each subject: a band, or on a list or off it; None where it has neither."""
    if design.scheme.bands:
        return outcome["band"].cast(pl.String)
    if not design.scheme.state:
        return None
    listed = pl.when(pl.col("listed")).then(pl.lit("listed")).otherwise(pl.lit("not listed"))
    return outcome.select(pl.when(pl.col("listed").is_null()).then(pl.lit(NOWHERE)).otherwise(listed)).to_series()
