"""Reasons: a second look at what a person is told. Are the reasons true, can she act on them, do they hold still?

The reasons stated are the largest deductions of a person's ledger, as many as a notice gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from scoring.experiment.cubes import SCORED, Groupings, tally
from scoring.experiment.probes import LISTED_REASONS, one_record_less

Points = NDArray[np.int64]  # person × rule
Flags = NDArray[np.bool_]
TAGS = ("now", "waiting", "immutable", "others")
PARTS = 1_000_000  # of a whole: shares are summed as whole numbers
ALIKE = 0.5  # overlap of two sets of reasons (Jaccard) below which they are not the same; methods C9


def points_of(scheme: Any, ledger: pl.DataFrame) -> Points:
    """Return the points of each person by rule, the clip left out; 0 where she is not scored."""
    rules = [f"points__{rule.id}" for rule in scheme.scored_rules]
    return ledger.select(pl.col(rules).fill_null(0)).to_numpy().astype(np.int64).reshape(ledger.height, len(rules))


def stated(points: Points) -> Flags:
    """Return which rules are the stated reasons of each person: her largest deductions, ties by the order of the rules.

    >>> stated(np.array([[-5, -20, 3, -5, -5, -5]])).tolist()
    [[True, True, False, True, True, False]]
    """
    top = np.argsort(points, axis=1, kind="stable")[:, :LISTED_REASONS]
    chosen = np.zeros(points.shape, dtype=bool)
    np.put_along_axis(chosen, top, True, axis=1)
    return chosen & (points < 0)


def ranks(scheme: Any, outcome: pl.DataFrame) -> NDArray[np.int64]:
    """Return how good each person's band is, -1 where she has none."""
    names = [band.name for band in scheme.bands]
    place = pl.col("band").cast(pl.String).replace_strict(names, range(len(names)), default=-1, return_dtype=pl.Int64)
    return outcome.select(place).to_series().to_numpy()


def adverse_outcomes(scheme: Any, outcome: pl.DataFrame) -> Flags:
    """Return the adverse outcomes of each person, one column an outcome."""
    names = [o.name for o in scheme.outcomes.values() if o.polarity == "adverse"]
    return outcome.select(pl.col(n).fill_null(False) for n in names).to_numpy().reshape(outcome.height, len(names))


def start(scheme: Any) -> int:
    """Return the rank of the band that the base alone gives."""
    reached = [i for i, b in enumerate(scheme.bands) if not b.direct and (b.low is None or scheme.base >= b.low)]
    return max(reached, default=-1)


def truthfulness(scheme: Any, people: pl.DataFrame, ledger: pl.DataFrame, groups: Groupings) -> pl.DataFrame | None:
    """Tally whether the verdict gets better once the records behind the stated reasons are taken away.

    Asked is whoever has an adverse outcome, or a worse band than the base gives. `truthful` is that her band rises or
    an adverse outcome ends; `given`, that any reason was stated; `tested`, that her reasons go with their records:
    where a deduction rests on an attribute, or on a record that is lacking, nothing can be taken away.
    """
    before = ledger.filter(SCORED)
    asked = adverse_outcomes(scheme, before).any(axis=1) | (ranks(scheme, before) < start(scheme))
    before = before.filter(pl.Series(asked, dtype=pl.Boolean))
    if before.is_empty():
        return None
    reasons = stated(points_of(scheme, before))
    asked_people = before.select("person").join(people, on="person", how="left", maintain_order="left")
    after = scheme.ledger(scheme.score(without(scheme, asked_people, reasons)))
    still = (points_of(scheme, after) < 0) & reasons
    scored = (after["coverage"].cast(pl.String) == "scored").to_numpy()
    ended = adverse_outcomes(scheme, before) & ~adverse_outcomes(scheme, after)
    better = (ranks(scheme, after) > ranks(scheme, before)) | ended.any(axis=1)
    told = before.select("cell").with_columns(
        truthful=pl.Series(better & scored),
        given=pl.Series(reasons.any(axis=1)),
        tested=pl.Series(scored & ~still.any(axis=1)),
    )
    return groups.roll_up(tally(told, ["truthful", "given", "tested"]))


def without(scheme: Any, people: pl.DataFrame, reasons: Flags) -> pl.DataFrame:
    """Return people without the records that the reasons of each go by, counts and amounts alike."""
    gone: dict[str, Flags] = {}
    for rule, mine in zip(scheme.scored_rules, reasons.T, strict=True):
        for record in {c.removeprefix("n_").removeprefix("amt_") for c in rule.reads if is_record(c)}:
            gone[record] = gone.get(record, np.zeros(len(mine), dtype=bool)) | mine
    taken = [
        pl.when(~pl.Series(flags)).then(pl.col(c)).otherwise(pl.lit(0, people.schema[c])).alias(c)
        for record, flags in gone.items()
        for c in (f"n_{record}", f"amt_{record}")
        if c in people.columns
    ]
    return people.with_columns(taken)


def is_record(column: str) -> bool:
    """Tell whether a column counts records or sums their amounts."""
    return column.startswith(("n_", "amt_"))


def actionability(scheme: Any, ledger: pl.DataFrame, groups: Groupings) -> pl.DataFrame | None:
    """Sum, over persons who lost points, what share of them goes with rules of each tag, and how many points.

    `n` are the persons, `parts` the sum of their shares in millionths, `points` the points of the tag, `all` of all.
    """
    scored = ledger.filter(SCORED)
    lost = -np.minimum(points_of(scheme, scored), 0)
    total = lost.sum(axis=1)
    tagged = [lost[:, [rule.actionable == tag for rule in scheme.scored_rules]].sum(axis=1) for tag in TAGS]
    tables = [
        tally(
            scored.select("cell")
            .with_columns(points=pl.Series(mine), all=pl.Series(total))
            .filter(pl.col("all") > 0)
            .with_columns((PARTS * pl.col("points") / pl.col("all")).round().cast(pl.Int64).alias("parts")),
            [],
            **{name: pl.col(name).sum() for name in ("parts", "points", "all")},
        ).with_columns(tag=pl.lit(tag))
        for tag, mine in zip(TAGS, tagged, strict=True)
    ]
    table = pl.concat(tables)
    return None if table.is_empty() else groups.roll_up(table, ["n", "parts", "points", "all"])


def burden(scheme: Any, ledger: pl.DataFrame, groups: Groupings) -> pl.DataFrame:
    """Tally the points that each person lost, and how many distinct facts the points of her ledger go by."""
    scored = ledger.filter(SCORED)
    points = points_of(scheme, scored)
    known = sorted({c for rule in scheme.scored_rules for c in rule.reads})
    goes_by = np.array([[c in rule.reads for c in known] for rule in scheme.scored_rules], dtype=np.int64)
    facts = ((points != 0).astype(np.int64) @ goes_by.reshape(points.shape[1], len(known)) > 0).sum(axis=1)
    told = scored.select("cell").with_columns(
        lost=pl.Series(-np.minimum(points, 0).sum(axis=1)), facts=pl.Series(facts, dtype=pl.Int64)
    )
    return groups.roll_up(tally(told, ["lost", "facts"]))


def neighbours(scheme: Any, people: pl.DataFrame, ledger: pl.DataFrame, groups: Groupings) -> pl.DataFrame | None:
    """Sum over persons how many of their neighbours, who have one record less, keep the band and the reasons.

    `n` are the persons with some record that the scheme reads; `band`, `reasons` and `both` the sums of their shares in
    millionths; `step` sums the most points by which any neighbour's ledger is another.
    """
    records = [c.removeprefix("n_") for c in scheme.reads if c.startswith("n_")]
    before = ledger.filter(SCORED)
    if not records or before.is_empty():
        return None
    near = one_record_less(people.join(before.select("person"), on="person", how="semi"), records)
    after = scheme.ledger(scheme.score(near)).filter(SCORED)
    if after.is_empty():
        return None
    place = before.select("person").with_row_index("place")
    at = after.select("person").join(place, on="person", how="left", maintain_order="left")["place"].to_numpy()
    mine, theirs = points_of(scheme, before)[at], points_of(scheme, after)
    told = after.select("person", "cell").with_columns(
        band=pl.Series(ranks(scheme, before)[at] == ranks(scheme, after)),
        reasons=pl.Series(alike(stated(mine), stated(theirs))),
        step=pl.Series(np.abs(mine - theirs).sum(axis=1)),
    )
    told = told.with_columns(both=pl.col("band") & pl.col("reasons"))
    shares = {name: (PARTS * pl.col(name).mean()).round().cast(pl.Int64) for name in ("band", "reasons", "both")}
    persons = told.group_by("person").agg(pl.col("cell").first(), pl.col("step").max(), **shares)
    sums = {name: pl.col(name).sum() for name in (*shares, "step")}
    return groups.roll_up(tally(persons, [], **sums), ["n", *sums])


def alike(one: Flags, other: Flags) -> Flags:
    """Return whether two sets of reasons overlap by at least half; two that are empty do.

    >>> alike(np.array([[True, True], [True, False]]), np.array([[True, False], [False, False]])).tolist()
    [True, False]
    """
    both, either = (one & other).sum(axis=1), (one | other).sum(axis=1)
    return np.asarray(both >= ALIKE * either)


def probed(scheme: Any, people: pl.DataFrame, ledger: pl.DataFrame, groups: Groupings) -> Mapping[str, pl.DataFrame]:
    """Return every cube of reasons of a scheme that gives a ledger."""
    found = {
        "truthfulness": truthfulness(scheme, people, ledger, groups),
        "actionability": actionability(scheme, ledger, groups),
        "burden": burden(scheme, ledger, groups),
        "neighbours": neighbours(scheme, people, ledger, groups),
    }
    return {cube: table for cube, table in found.items() if table is not None}
