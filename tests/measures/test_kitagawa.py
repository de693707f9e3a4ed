import numpy as np
import polars as pl
import pytest

from scoring.measures import compute, resample
from scoring.measures.kitagawa import split


@pytest.fixture
def rows(study):
    return lambda counts, reference="b": compute({"conditional": counts}, study(reference), ["kitagawa"])


def value(found, term, param="records", uncertainty="audit"):
    kept = found.filter(pl.col("term") == term, pl.col("param") == param, pl.col("uncertainty") == uncertainty)
    return kept.row(0, named=True)


def two(cells):
    """Rows of (group, level, selected, n)."""
    return [
        {"group": g, "records": level, "selected": flag, "n": n}
        for g, level, y, m in cells
        for flag, n in ((True, y), (False, m - y))
    ]


TOY = [("a", "0", 120, 400), ("a", "1", 300, 600), ("b", "0", 140, 700), ("b", "1", 150, 300)]


def test_toy_of_two_levels(persons, rows):
    parts = split(np.array([[0.3, 0.5], [0.2, 0.5]]), np.array([[0.4, 0.6], [0.7, 0.3]]))
    assert parts == pytest.approx((0.055, 0.075))
    found = rows(persons(two(TOY)))
    assert [value(found, t)["value"] for t in ("total", "rate", "composition")] == pytest.approx([0.13, 0.055, 0.075])
    assert value(found, "total")["method"] == "Newcombe"
    assert value(found, "rate", uncertainty="seeds")["value"] == pytest.approx(0.055)


def test_admissions_to_berkeley_differ_by_department_and_not_within(admissions, rows):
    found = rows(admissions, "female")
    total, rate, composition = (value(found, term, "stratum")["value"] for term in ("total", "rate", "composition"))
    assert total == pytest.approx(1198 / 2691 - 557 / 1835)
    assert rate + composition == pytest.approx(total)
    assert rate < 0 < composition


def test_parts_sum_to_the_total_for_each_axis(persons, rows):
    rng = np.random.default_rng(2)
    frame = pl.DataFrame({c: rng.choice(list("abc"), 2_000) for c in ("group", "conduct", "records", "stratum")})
    frame = frame.with_columns(selected=pl.Series(rng.random(2_000) < 0.3))
    found = rows(persons(frame)).filter(pl.col("uncertainty") == "audit")
    wide = found.pivot("term", index=["group", "param"], values="value")
    assert wide.height == 6
    assert (wide["rate"] + wide["composition"]).to_list() == pytest.approx(wide["total"].to_list())


def test_exchanging_group_and_reference_turns_each_part_around(persons, rows):
    there, back = rows(persons(two(TOY)), "b"), rows(persons(two(TOY)), "a")
    for term in ("total", "rate", "composition"):
        assert value(there, term)["value"] == pytest.approx(-value(back, term)["value"])
        assert value(there, term)["low"] == pytest.approx(-value(back, term)["high"])


def test_intervals_are_those_of_replicates(persons, rows):
    found = rows(persons(two(TOY)))
    cells = np.array([[[120, 280], [300, 300]], [[140, 560], [150, 150]]])
    drawn = next(resample.replicates(cells.reshape(-1), 2_000, resample.philox(1))).reshape(-1, *cells.shape)
    parts = [split(again[..., 0] / again.sum(-1), again.sum(-1) / again.sum((-2, -1))[:, None]) for again in drawn]
    for term, error in zip(("rate", "composition"), np.std(parts, axis=0), strict=True):
        row = value(found, term)
        assert (row["high"] - row["low"]) / (2 * 1.959964) == pytest.approx(error, rel=0.05)


def test_a_level_of_one_group_only_leaves_the_parts_undefined_and_the_total_not(persons, rows):
    found = rows(persons(two([*TOY, ("b", "2", 10, 500)])))
    assert value(found, "total")["value"] == pytest.approx(0.42 - 0.2)
    for term in ("rate", "composition"):
        row = value(found, term)
        assert (row["value"], row["low"], row["status"]) == (None, None, "zero_denom")
        assert row["note"] == "1 of 3 levels, with 20.0% of persons, hold one of the two groups only"


def test_one_level_is_all_rate(persons, rows):
    found = rows(persons(two([("a", "0", 30, 100), ("b", "0", 20, 100)])))
    assert value(found, "rate")["value"] == pytest.approx(value(found, "total")["value"]) == pytest.approx(0.1)
    assert value(found, "composition")["value"] == 0


@pytest.mark.parametrize("share", [0, 1])
def test_nobody_and_everybody_selected(persons, rows, share):
    found = rows(persons(two([(g, level, share * n, n) for g, level, _, n in TOY])))
    for term in ("rate", "composition"):
        row = value(found, term)
        assert row["value"] == pytest.approx(0)
        assert (row["low"], row["note"]) == (None, "fewer than 10 selected, or not selected, in a group: no interval")


def test_one_group_and_a_reference_to_which_nobody_belongs(persons, rows):
    alone = rows(persons(two(TOY[:2])))
    assert set(alone["status"]) == {"single_group"}
    absent = rows(persons(two(TOY)), "z")
    assert set(absent["status"]) == {"not_applicable"}
    assert absent["value"].null_count() == absent.height
