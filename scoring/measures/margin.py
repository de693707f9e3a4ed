"""Margin: how many persons stand so close to a cut that one entry more or less would carry them across it?"""

from __future__ import annotations

from collections.abc import Mapping
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
    tables = []
    for (scheme, draw), part in counts.cells.partition_by("scheme", "draw", as_dict=True).items():
        facts = study.schemes.get(scheme, {})
        weights = facts.get("weights", {}).get(draw, {})
        tables += [_near(part, weights, *one, study.outcomes) for one in _cuts(scheme, facts)] if weights else []
    if not tables:
        return pl.DataFrame()
    found = rates.rows(pl.concat(tables), study, "near_threshold_mass", RATE)
    return pl.concat([_rough(part, study) for part in found.partition_by("scheme", maintain_order=True)])


def _cuts(scheme: str, facts: Mapping[str, Any]) -> list[tuple[str, str | None, list[int]]]:
    """Return the scheme, and, by outcome, the cuts of its bands (of no outcome) and of each outcome."""
    cuts: Mapping[str, Any] = facts.get("cuts", {})
    edges = list(facts.get("edges") or sorted({cut for cut, _ in cuts.values()}))
    return [(scheme, outcome, [cut]) for outcome, (cut, _) in cuts.items()] + ([(scheme, None, edges)] if edges else [])


def _near(
    cells: pl.DataFrame,
    weights: Mapping[str, float],
    scheme: str,
    outcome: str | None,
    cuts: list[int],
    polarities: Mapping[tuple[str, str], str],
) -> pl.DataFrame:
    """Return y and n of every weight and side, from one pass over the scores."""
    away, keys = pl.col("away"), [*rates.WORLD, "seed", *rates.GROUP]
    nearest = reduce(_nearer, (pl.col("score") - cut for cut in sorted(cuts, reverse=True)))
    sides = {
        (name, term): side
        for name, weight in weights.items()
        for term, side in (
            (NEAR, away.abs() <= weight),
            (BELOW, away.is_between(-weight, 0, closed="left")),
            (ABOVE, away.is_between(0, weight, closed="left")),
        )
    }
    counted = [pl.col("n").filter(side).sum().alias(f"{name}|{term}") for (name, term), side in sides.items()]
    table = cells.with_columns(nearest.alias("away")).group_by(keys).agg(pl.col("n").sum(), *counted)
    told = {"outcome": outcome, "polarity": polarities.get((scheme, outcome)) if outcome else None}
    return pl.concat(
        table.select(
            *keys,
            pl.col(f"{name}|{term}").alias("y"),
            "n",
            *[pl.lit(v, pl.String).alias(k) for k, v in {**told, "param": name, "term": term}.items()],
        )
        for name, term in sides
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
