"""Weights: what verdicts come to at each point at which the weights and cuts of a scheme were tried.

An output is a number at every point: the share of a group in another band, or a comparison that was declared before the
run.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from scoring.measures import rates
from scoring.measures.counts import Counts
from scoring.measures.rates import DIFFERENCE, PER_10000, RATIO
from scoring.measures.study import GROUP, WORLD, Study

BAND = "band"
MOVED = "share in another band"
CLAIMS = {
    "selection_rate_ratio": RATIO,
    "non_selection_rate_ratio": RATIO,
    "selection_rate_difference": DIFFERENCE,
    "excess_per_10000": PER_10000,
}
SAME = [*WORLD, "seed", *GROUP, "reference", "outcome", "polarity", "output"]  # what one output is of
up, down = pl.col("up"), pl.col("down")
Floats = NDArray[np.float64]


def claims(cells: pl.DataFrame, study: Study) -> pl.DataFrame:
    """Return the declared comparisons of selection rates at each point: `output` names the measure, `value` is its."""
    found = [pl.DataFrame()]
    for measure, outcome, group_by in study.primary:
        mine = cells.filter((pl.col("outcome") == outcome) & (pl.col("group_by") == group_by))
        if measure not in CLAIMS or mine.is_empty():
            continue
        yes = pl.col("n") - pl.col("selected") if measure == "non_selection_rate_ratio" else pl.col("selected")
        table = mine.join(study.polarities(), on=["scheme", "outcome"], how="left").with_columns(yes.alias("y"))
        table = table.select(*WORLD, "seed", *GROUP, "outcome", "polarity", "point", "y", "n")
        beside = rates.against_reference(table, study).filter(pl.col("group") != pl.col("reference"))
        value = CLAIMS[measure].value.fill_nan(None).alias("value")
        found.append(beside.select(*SAME[:-1], pl.lit(measure).alias("output"), "point", value, "n"))
    return pl.concat(found, how="diagonal")


def outputs(cells: pl.DataFrame, study: Study) -> pl.DataFrame:
    """Return what is asked of the weights at each point: the share in another band, and the declared comparisons."""
    nothing = [pl.lit(None, pl.String).alias(c) for c in ("reference", "outcome", "polarity")]
    band = (
        cells.filter(pl.col("outcome") == BAND)
        .drop("outcome")
        .with_columns(*nothing, pl.lit(MOVED).alias("output"), ((up + down) / pl.col("n")).alias("value"))
    )
    return pl.concat([band.select(*SAME, "point", "value", "n"), claims(cells, study)], how="diagonal")


def sampled(
    counts: Counts, study: Study, factors: Counts | None, design: str
) -> Iterator[tuple[dict[str, Any], Floats | None, list[str]]]:
    """Yield each output of a design: what a row tells of it, its values by point, and its factors by column.

    Values that are undefined at some point are None.
    """
    if factors is None:
        return
    columns = factors.cells.filter(pl.col("design") == design).sort("place")
    names = {key: of["factor"].to_list() for key, of in columns.partition_by(*WORLD, "seed", as_dict=True).items()}
    table = outputs(counts.cells.filter(pl.col("design") == design), study).sort(*SAME, "point")
    for part in table.partition_by(SAME, maintain_order=True):
        told = part.select(*SAME, "n").row(0, named=True) | {"points": part.height}
        value = part["value"].cast(pl.Float64)
        gone = int((value.is_null() | ~value.is_finite().fill_null(True)).sum())
        note = {"note": f"undefined at {gone} of {part.height} points"} if gone else {}
        mine = names[tuple(told[c] for c in (*WORLD, "seed"))]
        yield told | note, None if gone else value.to_numpy(), mine


def place(told: dict[str, Any]) -> tuple[Any, ...]:
    """Return what an output is of."""
    return tuple(told[c] for c in SAME)
