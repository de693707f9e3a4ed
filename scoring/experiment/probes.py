"""Probes: a second look at some people, as small integers that the counts can take as axes.

`pivotal` asks whether one record less would change the verdict; `lottery` draws detection and recording again over the
same conduct; `reasons` reads a person's own ledger.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from scoring.experiment.cubes import SCORED, Groupings, tally

LISTED_REASONS = 4  # how many principal reasons a notice gives, after the custom of US Regulation B


def state(scheme: Any, outcome: pl.DataFrame) -> pl.DataFrame:
    """Return what a scheme says of each person: the band as text, and its outcomes."""
    return outcome.select("person", "coverage", pl.col("band").cast(pl.String), *scheme.outcomes)


def one_record_less(people: pl.DataFrame, records: Sequence[str]) -> pl.DataFrame:
    """Return each person once per record type that she has, with one record of that type taken away."""
    fewer = []
    for record in records:
        change = [(pl.col(f"n_{record}") - 1).cast(people.schema[f"n_{record}"])]
        if f"amt_{record}" in people.columns:  # the amount goes with the last record of its type
            amount = pl.col(f"amt_{record}")
            change.append(
                pl.when(pl.col(f"n_{record}") > 1).then(amount).otherwise(0).cast(people.schema[f"amt_{record}"])
            )
        fewer.append(people.filter(pl.col(f"n_{record}") > 0).with_columns(*change, pl.lit(record).alias("record")))
    return pl.concat(fewer)


def pivotal(scheme: Any, people: pl.DataFrame, outcome: pl.DataFrame, groups: Groupings) -> pl.DataFrame | None:
    """Tally, by record type, the persons whose verdict turns on one record of that type (`any`: of some type)."""
    records = [c.removeprefix("n_") for c in scheme.reads if c.startswith("n_")]
    if not records:
        return None
    before = state(scheme, outcome).filter(SCORED)
    after = state_with_record(scheme, one_record_less(people, records))
    verdict = ["band", *scheme.outcomes]
    both = after.join(before, on="person", suffix="_before")
    turned = pl.any_horizontal([pl.col(c).ne_missing(pl.col(f"{c}_before")) for c in verdict])
    turns = both.filter(turned).select("person", "record")
    turns = pl.concat([turns, turns.select("person", pl.lit("any").alias("record")).unique()])
    cells = people.select("person", "cell")
    hit = turns.join(cells, on="person").group_by("cell", "record").agg(pl.len().cast(pl.Int64).alias("hit"))
    everyone = tally(before.select("person").join(cells, on="person"), [])
    table = everyone.join(pl.DataFrame({"record": ["any", *records]}), how="cross").join(
        hit, on=["cell", "record"], how="left"
    )
    yes, no = pl.col("hit").fill_null(0), pl.col("n") - pl.col("hit").fill_null(0)
    return groups.roll_up(
        pl.concat(
            table.select("cell", "record", pl.lit(flag).alias("pivotal"), count.alias("n")).filter(pl.col("n") > 0)
            for flag, count in ((True, yes), (False, no))
        )
    )


def state_with_record(scheme: Any, people: pl.DataFrame) -> pl.DataFrame:
    """Return the verdicts of a frame of one-record-less persons, each with the record taken away."""
    outcome = scheme.score(people)
    return outcome.select("person", "record", pl.col("band").cast(pl.String), *scheme.outcomes)


def lottery(
    scheme: Any, redrawn: pl.DataFrame, redraws: int, cells: pl.DataFrame, groups: Groupings
) -> pl.DataFrame | None:
    """Tally how often redraws of detection and recording agree about the same person with the same conduct.

    `redrawn` holds each person `redraws` times. For an outcome `agree` is the number of redraws that select her; for
    the band it is 0, and `pairs` sums the agreeing ordered pairs of redraws, which are also given for outcomes.
    """
    outcome = state(scheme, scheme.score(redrawn)).filter(SCORED)
    tables = []
    for name in scheme.outcomes:
        tables.append(
            outcome.group_by("person")
            .agg(pl.col(name).sum().cast(pl.Int64).alias("agree"))
            .with_columns(
                pl.lit(name).alias("outcome"),
                (
                    pl.col("agree") * (pl.col("agree") - 1)
                    + (redraws - pl.col("agree")) * (redraws - pl.col("agree") - 1)
                ).alias("pairs"),
            )
        )
    if scheme.bands:
        tables.append(
            outcome.group_by("person", "band")
            .agg(pl.len().cast(pl.Int64).alias("times"))
            .group_by("person")
            .agg((pl.col("times") * (pl.col("times") - 1)).sum().alias("pairs"))
            .with_columns(pl.lit("band").alias("outcome"), pl.lit(0, pl.Int64).alias("agree"))
        )
    if not tables:
        return None
    persons = pl.concat(t.select("person", "outcome", "agree", "pairs") for t in tables).join(cells, on="person")
    counted = tally(
        persons.with_columns(below=pl.col("pairs") < 0.75 * redraws * (redraws - 1)),
        ["outcome", "agree", "below"],
        pairs=pl.col("pairs").sum(),
    )
    return groups.roll_up(counted.with_columns(pl.lit(redraws, pl.Int64).alias("redraws")), ["n", "pairs"])


def reasons(scheme: Any, ledger: pl.DataFrame, groups: Groupings) -> pl.DataFrame:
    """Tally what a person learns from the largest deductions of her own ledger."""
    scored = ledger.filter(SCORED)
    rules = {rule.id: rule for rule in scheme.rules}
    columns = [c for c in scored.columns if c.startswith("points__")]
    points = scored.select(columns).to_numpy().astype(np.int64)
    deducted = -np.minimum(points, 0)
    deducted[:, [c == "points__clip" for c in columns]] = 0
    order = np.argsort(-deducted, axis=1, kind="stable")[:, : LISTED_REASONS + 1]
    ranked = np.take_along_axis(deducted, order, axis=1)
    can_act = np.array([getattr(rules.get(c.removeprefix("points__")), "actionable", None) == "now" for c in columns])
    top, total = ranked[:, :LISTED_REASONS], deducted.sum(axis=1)
    told = scored.select("cell").with_columns(
        adverse=pl.Series(total > 0),
        covered=pl.Series(np.where(total > 0, 100 * top.sum(axis=1) // np.maximum(total, 1), 0).astype(np.int8)),
        actionable=pl.Series(((top > 0) & can_act[order[:, :LISTED_REASONS]]).any(axis=1)),
        tie=pl.Series(_tied(ranked)),
        replays=pl.Series(scored["score"].to_numpy() == scheme.base + points.sum(axis=1)),
    )
    return groups.roll_up(tally(told, ["adverse", "covered", "actionable", "tie", "replays"]))


def _tied(ranked: np.ndarray) -> np.ndarray:
    """Tell whether the last reason given and the first left out weigh the same."""
    if ranked.shape[1] <= LISTED_REASONS:
        return np.zeros(len(ranked), dtype=bool)
    last, next_one = ranked[:, LISTED_REASONS - 1], ranked[:, LISTED_REASONS]
    return np.asarray((last > 0) & (last == next_one))
