import duckdb
import numpy as np
import polars as pl
import pytest

from scoring.measures import Counts

ROWS = 3_000
rng = np.random.default_rng(3)
FRAME = pl.DataFrame(
    {
        "sex": rng.choice(["female", "male"], ROWS),
        "hired": rng.random(ROWS) < 0.3,
        "level": rng.integers(0, 4, ROWS).astype(np.int8),
        "points": rng.integers(-50, 50, ROWS).astype(np.int32),
    }
).with_columns(sex=pl.when(pl.col("level") == 3).then(None).otherwise("sex"))

ENGINES = {
    "polars": lambda f: f,
    "polars lazy": lambda f: f.lazy(),
    "polars categories": lambda f: f.with_columns(pl.col("sex").cast(pl.Categorical)),
    "pandas": lambda f: f.to_pandas(),
    "pandas categories": lambda f: f.to_pandas().astype({"sex": "category"}),
    "pyarrow": lambda f: f.to_arrow(),
    "duckdb": lambda f: duckdb.from_arrow(f.to_arrow()),
}
BY = ["sex", "hired", "level"]


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_gives_the_same_counts(engine):
    counts = Counts.of(ENGINES[engine](FRAME), by=BY, sums={"points": "points"})
    assert counts == Counts.of(FRAME, by=BY, sums={"points": "points"})
    assert counts.total == ROWS
    assert counts.cells["points"].sum() == FRAME["points"].sum()


def test_counts_add_up():
    halves = Counts.of(FRAME[:1_000], BY) + Counts.of(FRAME[1_000:], BY)
    assert halves == Counts.of(FRAME, BY)


def test_counts_of_unlike_chunks_are_joined_in_order_and_others_refused():
    def chunk(world, seed, groups=("a", "b"), outcome=None):
        rows = {"world": world, "seed": seed, "outcome": outcome, "group": groups, "n": range(1, len(groups) + 1)}
        table = pl.DataFrame(rows, schema_overrides={"outcome": pl.String, "group": pl.String, "n": pl.Int64})
        return Counts(("world", "seed", "outcome", "group"), table)

    parts = [chunk("x", 10), chunk("x", 2), chunk("w", 3, ["c"])]
    whole = Counts.joined(parts, first=2)
    assert whole == parts[0] + parts[1] + parts[2]
    assert whole.cells["seed"].to_list() == [3, 2, 2, 10, 10]
    empty = Counts(parts[0].axes, parts[0].cells.clear())
    assert Counts.joined([empty, *parts, empty], first=2) == whole
    assert Counts.joined([empty, empty], first=2) == empty
    with pytest.raises(ValueError, match="overlap"):
        Counts.joined([*parts, chunk("x", 2, ["z"])], first=2)
    with pytest.raises(ValueError, match="unlike"):
        Counts.joined([parts[0], Counts(("world", "seed"), chunk("y", 1).cells)], first=2)


def test_order_of_rows_does_not_matter():
    assert Counts.of(FRAME.sample(fraction=1.0, shuffle=True, seed=1), BY) == Counts.of(FRAME, BY)


def test_marginal_and_where_agree_with_counting_less():
    counts = Counts.of(FRAME, BY)
    assert counts.marginal(["sex"]) == Counts.of(FRAME, ["sex"])
    assert counts.marginal([]).total == ROWS
    assert counts.where(hired=True).total == FRAME["hired"].sum()
    assert counts.where(level=[0, 1]).total == (FRAME["level"] < 2).sum()


def test_a_missing_category_is_counted_as_unknown():
    assert "unknown" in Counts.of(FRAME, ["sex"]).cells["sex"].to_list()


def test_a_float_is_no_axis():
    with pytest.raises(TypeError, match="cut it into bands"):
        Counts.of(pl.DataFrame({"income": [1.5]}), ["income"])


def test_unlike_counts_are_not_added():
    with pytest.raises(ValueError, match="unlike axes"):
        Counts.of(FRAME, ["sex"]) + Counts.of(FRAME, ["level"])
