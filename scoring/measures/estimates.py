"""Estimates: values that were computed from the counts of a group and its reference, made into result rows.

What a rate gets from `rates` (over seeds, over draws, as one auditor would see it; a status; a reason) every other
statistic gets here, so that no measure decides alone when a number may be shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from scoring.measures import seeds
from scoring.measures.rates import NOBODY, SMALL_GROUP
from scoring.measures.study import Study
from scoring.result import COLUMNS, NOT_LOSSLESS, OK, SINGLE_GROUP, SMALL_CELL, ZERO_DENOM

AUDIT = ("low", "high", "method", "p")  # what only one auditor's sample has
CARRIED = {"draw", "seed", "n", "n_ref", "value", "note", "status", "test_family", *AUDIT}
ALONE = "only one group: nothing to compare"
ANY = (-float("inf"), float("inf"))


def rows(
    found: Iterable[Mapping[str, Any]],
    study: Study,
    measure: str,
    undefined: str = NOBODY,
    within: tuple[float, float] = ANY,
) -> pl.DataFrame:
    """Return the result rows of the values found, one mapping a value.

    Each mapping holds the `told` of its groups (world, scheme, draw, seed, group_by, group, reference, n, n_ref, …),
    perhaps `param`, `term`, `outcome`, `polarity`, `period`, and `value`, None where undefined. `low`, `high`, `method`
    and `p` are of one auditor and stand where the counts are those of the first seed. `status` and `note` say more; a
    value without a status is `zero_denom` if undefined, `small_cell` below 30 persons in either group, else `ok`. What
    is said of some seeds or draws alone stands with how many these are. No interval reaches beyond what is possible,
    `within`.
    """
    found = [dict(one) for one in found]
    if not found:
        return pl.DataFrame()
    names = list(dict.fromkeys(name for one in found for name in one))
    types = {c: COLUMNS.get(c, pl.Int64) for c in names} | {"draw": pl.Int32, "seed": pl.Int64, "n_ref": pl.Int64}
    return of_table(pl.DataFrame(found, schema={c: types[c] for c in names}), study, measure, undefined, within)


def of_table(
    table: pl.DataFrame, study: Study, measure: str, undefined: str = NOBODY, within: tuple[float, float] = ANY
) -> pl.DataFrame:
    """Return the result rows of values that stand in a table already, with the columns that `rows` asks for."""
    if table.is_empty():
        return pl.DataFrame()
    table = table.with_columns(pl.col("value").fill_nan(None))
    for name, kind in [
        ("n_ref", pl.Int64),
        ("note", pl.String),
        ("status", pl.String),
        *((c, COLUMNS[c]) for c in AUDIT),
    ]:
        if name not in table.columns:
            table = table.with_columns(pl.lit(None, kind).alias(name))
    unexplained = pl.col("value").is_null() & pl.col("status").is_null() & pl.col("note").is_null()
    table = table.with_columns(pl.when(unexplained).then(pl.lit(undefined)).otherwise("note").alias("note"))
    keys = [c for c in table.columns if c not in CARRIED]
    audit = seeds.first_seed(table).filter(pl.col("method").is_not_null() | pl.lit(study.single))
    told = table.group_by(keys, maintain_order=True).agg(*_of_all(table))
    repeated = seeds.repeated(table.select(*keys, "draw", "seed", "value", "n", "n_ref"), keys, study.level)
    repeated = repeated.join(told, on=keys, how="left", nulls_equal=True, suffix="_told", maintain_order="left")
    repeated = repeated.with_columns(
        pl.when(pl.col("value").is_null()).then("status").otherwise("status_known").alias("status"),
        pl.concat_str(["note_told", "note"], separator="; ", ignore_nulls=True).replace("", None).alias("note"),
    )
    audit = audit.drop("draw", "seed").with_columns(
        pl.lit("audit").alias("uncertainty"), pl.lit(1, pl.Int32).alias("seeds")
    )
    both = pl.concat([repeated, audit], how="diagonal_relaxed")
    small = (pl.col("n") < SMALL_GROUP) | (pl.col("n_ref") < SMALL_GROUP).fill_null(False)
    gone = pl.col("value").is_null() & pl.col("status").is_null()
    status = (
        pl.when(gone)
        .then(pl.lit(ZERO_DENOM))
        .when(pl.col("status").is_null() | ((pl.col("status") == NOT_LOSSLESS) & small))
        .then(pl.when(small).then(pl.lit(SMALL_CELL)).otherwise(pl.lit(OK)))
        .otherwise("status")
    )
    return both.with_columns(
        status.alias("status"),
        pl.lit(measure).alias("measure"),
        pl.lit(study.level).alias("level"),
        pl.col("n").round().cast(pl.Int64),
        *(pl.col(c).clip(*within) for c in ("low", "high")),
    ).select(c for c in COLUMNS if c in {*both.columns, "measure", "level"} and c != "draw")


def _of_all(table: pl.DataFrame) -> list[pl.Expr]:
    """Return the status of what is undefined and of what has a value, and the note, of all seeds and draws together."""
    status, note = pl.col("status"), pl.col("note")
    most = note.drop_nulls().mode(maintain_order=True).first()
    times = (note == most).sum()
    some = pl.format("{} in {} of {} runs", most, times, pl.len())
    return [
        status.drop_nulls().first(),
        status.filter(pl.col("value").is_not_null()).drop_nulls().first().alias("status_known"),
        pl.when(times == pl.len()).then(most).otherwise(some).alias("note"),
    ]


def alone(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of a grouping that has one group: no value, and the reason."""
    return {**told, "reference": None, "value": None, "status": SINGLE_GROUP, "note": ALONE}
