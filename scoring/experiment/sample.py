"""A sample: some persons, the firms that they represent, and the records of both, as three Parquet files."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from scoring import population
from scoring.experiment.people import planned
from scoring.population import Plan

FILES = ("persons", "firms", "records")


def sample(recipe: str | Path, n: int, seed: int, folder: Path) -> list[Path]:
    """Write n persons of a recipe, the firms that they represent, and the records of both; return the paths.

    The same arguments write the same rows. A person or firm has one row, a record type of one subject has one row with
    the number of records in the year; amounts (hours) where the type has them, else null.
    """
    persons, firms = planned(recipe), planned(recipe, subject="firm")
    people = population.people(persons, n, seed)
    last = -(-n // persons.block)
    whole = population.people(firms, last * firms.block, seed)
    theirs = whole.join(people, left_on="legal_representative_id", right_on="person_id", how="semi")
    records = pl.concat([recorded(persons, people), recorded(firms, theirs)])
    frames = {"persons": described(persons, people), "firms": described(firms, theirs), "records": records}
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        frame.write_parquet(folder / f"{name}.parquet", compression="zstd", statistics=False)
    return [folder / f"{name}.parquet" for name in FILES]


def described(plan: Plan, frame: pl.DataFrame) -> pl.DataFrame:
    """Return what subjects are: ids, attributes, quantities."""
    return frame.select(c for c in plan.columns if not c.startswith(("n_", "amt_", "hidden_", "lot__")))


def recorded(plan: Plan, frame: pl.DataFrame) -> pl.DataFrame:
    """Return one row a subject and record type of which it has any."""
    key = f"{plan.subject}_id"
    rows = []
    for name, record in plan.records.items():
        amount = pl.col(f"amt_{name}") if f"amt_{name}" in frame.columns else pl.lit(None, pl.Int32)
        rows.append(
            frame.filter(pl.col(f"n_{name}") > 0).select(
                pl.lit(plan.subject).alias("subject"),
                pl.col(key).alias("subject_id"),
                pl.lit(name).alias("record_type"),
                pl.lit(record.agency).alias("agency"),
                pl.lit(record.polarity).alias("polarity"),
                pl.lit(record.severity).alias("severity"),
                pl.col(f"n_{name}").alias("n"),
                amount.alias("amount"),
            )
        )
    return pl.concat(rows).sort("subject_id", "record_type")
