"""The sample that ships is what its command draws."""

import hashlib
import re

import polars as pl

from scoring import population, workspace
from scoring.experiment.sample import tables

FOLDER = workspace.shipped() / "data_synthetic" / "sample"


def test_the_sample_that_ships_is_drawn_again_bit_by_bit():
    told = (FOLDER / "README.md").read_text(encoding="utf-8")
    recipe, n, seed = re.search(r"sample (\w+) --people (\d+) --seed (\d+)", told).groups()
    assert (recipe, n) == ("weihai_2020", "5000")
    drawn = tables(recipe, int(n), int(seed))
    for name, frame in drawn.items():
        kept = pl.read_parquet(FOLDER / f"{name}.parquet")
        assert kept.equals(frame), name
        assert kept.schema == frame.schema
        assert hashlib.sha256((FOLDER / f"{name}.parquet").read_bytes()).hexdigest() in told


def test_firms_are_those_of_the_persons_and_records_are_theirs():
    persons, firms, records = (pl.read_parquet(FOLDER / f"{n}.parquet") for n in ("persons", "firms", "records"))
    assert persons.height == 5_000
    assert firms["legal_representative_id"].is_in(persons["person_id"].implode()).all()
    assert 500 < firms.height < 700
    assert population.verify_id(persons["person_id"].to_numpy(), "weihai_2020").all()
    for subject, frame in (("person", persons), ("firm", firms)):
        long = records.filter(pl.col("subject") == subject)
        assert long["subject_id"].is_in(frame[f"{subject}_id"].implode()).all()
        assert long["n"].sum() == frame.select(pl.sum_horizontal(pl.col("^n_.*$").cast(pl.Int64)).sum()).item()
    assert not [c for frame in (persons, firms) for c in frame.columns if c.startswith("hidden_")]
    assert (FOLDER / "weihai_2020.card.md").is_file()


def test_the_sample_holds_no_text_of_its_own():
    """Every text is a level of the recipe: no name, address or number of a person can be in it."""
    for name in ("persons", "firms"):
        frame = pl.read_parquet(FOLDER / f"{name}.parquet")
        assert {t for t in frame.dtypes if t == pl.String} == set()
