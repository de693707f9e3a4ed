"""A sample: some persons, the firms that they represent, and the records of both, small enough to keep with code."""

from __future__ import annotations

import hashlib
from pathlib import Path

import polars as pl

from scoring import population
from scoring.experiment.card import card
from scoring.experiment.people import planned
from scoring.population import Plan

README = """\
# {n:,} synthetic persons of `{recipe}`, the firms that they represent, and the records of both

Nobody in it exists. Drawn with seed {seed}, first world, first year; the same command draws the same rows:

```sh
scoring population sample {recipe} --people {n} --seed {seed} --out {folder}
```

| file | rows | SHA-256 |
|---|---|---|
{files}

`persons` and `firms` have one row a subject, with attributes and how many records of each type the year left; `records`
has one row a subject and record type. A firm's `legal_representative_id` is a `person_id`. What the columns mean, what
the numbers rest on and what the sample is not for: [the card]({recipe}.card.md).
"""


def sample(recipe: str | Path, n: int, seed: int, folder: Path, validated: int = 200_000) -> list[Path]:
    """Write n persons of a recipe, their firms, the records of both, a README and the data card; return the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    frames = tables(recipe, n, seed)
    paths = [folder / f"{name}.parquet" for name in frames]
    for path, frame in zip(paths, frames.values(), strict=True):
        frame.write_parquet(path, compression="zstd", statistics=False)
    rows = [
        f"| `{path.name}` | {frame.height:,} | `{hashlib.sha256(path.read_bytes()).hexdigest()}` |"
        for path, frame in zip(paths, frames.values(), strict=True)
    ]
    name = planned(recipe).recipe_name
    readme = folder / "README.md"
    readme.write_text(
        README.format(n=n, seed=seed, recipe=name, folder=folder, files="\n".join(rows)), encoding="utf-8"
    )
    return [*paths, *card(recipe, folder, validated, seed), readme]


def tables(recipe: str | Path, n: int, seed: int) -> dict[str, pl.DataFrame]:
    """Return n persons of a recipe, the firms that they represent, and the records of both; no hidden column."""
    persons, firms = planned(recipe), planned(recipe, subject="firm")
    people = population.people(persons, n, seed)
    every_firm = population.people(firms, -(-n // persons.block) * firms.block, seed)
    theirs = every_firm.join(people, left_on="legal_representative_id", right_on="person_id", how="semi")
    return {
        "persons": people.select(visible(persons)),
        "firms": theirs.select(visible(firms)),
        "records": pl.concat([recorded(persons, people), recorded(firms, theirs)]),
    }


def visible(plan: Plan) -> list[str]:
    return [column for column in plan.columns if not column.startswith("hidden_")]


def recorded(plan: Plan, frame: pl.DataFrame) -> pl.DataFrame:
    """Return one row a subject and record type of which it has any; `amount` is null where the type has none."""
    rows = []
    for name, record in plan.records.items():
        amount = pl.col(f"amt_{name}") if f"amt_{name}" in frame.columns else pl.lit(None, pl.Int32)
        rows.append(
            frame.filter(pl.col(f"n_{name}") > 0).select(
                pl.lit(plan.subject).alias("subject"),
                pl.col(f"{plan.subject}_id").alias("subject_id"),
                pl.lit(name).alias("record_type"),
                *(pl.lit(getattr(record, part)).alias(part) for part in ("agency", "polarity", "severity")),
                pl.col(f"n_{name}").alias("n"),
                amount.alias("amount"),
            )
        )
    return pl.concat(rows).sort("subject_id", "record_type")
