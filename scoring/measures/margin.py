"""Margin: how many persons stand so close to a cut that one entry more or less would carry them across it?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce
from typing import Any

import polars as pl

from scoring.measures import lattice, rates
from scoring.measures.counts import Counts
from scoring.measures.rates import RATE
from scoring.measures.study import Study
from scoring.result import NOT_LOSSLESS, OK

NEAR, BELOW, ABOVE = "near", "just below", "just above"


def near_threshold_mass(counts: Counts, study: Study) -> pl.DataFrame:
    """For how many persons of this group does a band, or an outcome, hang on one entry?

    Persons with |S - nearest cut| ≤ m / scored persons, from 0 to 1, where m (`param`) is the smallest or the median
    weight of a rule. `term` splits them: `just below` would be carried over by m points more, `just above` would fall
    by m points less; who stands at exactly m above is near and would stay. Without `outcome` the cuts are all edges of
    bands. Undefined where a scheme has no cuts or no weights: then there are no rows. Interval: as `selection_rate`.
    Who is near both of two cuts counts by the nearer one, halfway by the upper one.
    """
    if "score" not in counts.axes:
        return pl.DataFrame()
    cells = counts.marginal([*rates.WORLD, "seed", *rates.GROUP, "score"]).cells
    tables = [_of_one(cells, *one) for one in _asked(study)]
    tables = [table for table in tables if not table.is_empty()]
    if not tables:
        return pl.DataFrame()
    found = rates.rows(pl.concat(tables), study, "near_threshold_mass", RATE)
    return pl.concat([_rough(part, study) for part in found.partition_by("scheme", maintain_order=True)])


def _asked(study: Study) -> Iterator[tuple[str, int, str, int, list[int], str | None, str | None]]:
    """Yield scheme, draw, the name of a weight and the weight, and the cuts of its bands or of one outcome."""
    for scheme, facts in study.schemes.items():
        cuts: Mapping[str, Any] = facts.get("cuts", {})
        sets: list[tuple[list[int], str | None]] = [([cut], outcome) for outcome, (cut, _) in cuts.items()]
        edges = facts.get("edges") or sorted({cut for cut, _ in cuts.values()})
        sets += [(list(edges), None)] if edges else []
        for draw, weights in facts.get("weights", {}).items():
            for name, weight in weights.items():
                for at, outcome in sets:
                    polarity = study.outcomes.get((scheme, outcome)) if outcome else None
                    yield scheme, draw, name, weight, at, outcome, polarity


def _of_one(
    cells: pl.DataFrame,
    scheme: str,
    draw: int,
    name: str,
    weight: int,
    cuts: list[int],
    outcome: str | None,
    polarity: str | None,
) -> pl.DataFrame:
    mine = cells.filter(pl.col("scheme") == scheme, pl.col("draw") == draw)
    away = reduce(_nearer, (pl.col("score") - cut for cut in sorted(cuts, reverse=True)))
    mine = mine.with_columns(away.alias("away"))
    told = {"param": name, "outcome": outcome, "polarity": polarity}
    sides = {
        NEAR: pl.col("away").abs() <= weight,
        BELOW: pl.col("away").is_between(-weight, 0, closed="left"),
        ABOVE: pl.col("away").is_between(0, weight, closed="left"),
    }
    return pl.concat(
        rates.tally(mine, side).with_columns(
            pl.lit(term).alias("term"), *[pl.lit(v, pl.String).alias(k) for k, v in told.items()]
        )
        for term, side in sides.items()
    )


def _nearer(one: pl.Expr, other: pl.Expr) -> pl.Expr:
    return pl.when(other.abs() < one.abs()).then(other).otherwise(one)


def _rough(rows: pl.DataFrame, study: Study) -> pl.DataFrame:
    """Say of a scheme whose scores were binned that who is near is known to a bin only."""
    binned = lattice.binned(study, {"scheme": rows["scheme"][0]})
    if not binned:
        return rows
    fine = pl.col("status") == OK
    return rows.with_columns(
        pl.when(fine).then(pl.lit(NOT_LOSSLESS)).otherwise("status").alias("status"),
        pl.concat_str(pl.lit(binned["note"]), "note", separator="; ", ignore_nulls=True).alias("note"),
    )
