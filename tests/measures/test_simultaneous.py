import numpy as np
import polars as pl
import pytest
from scipy.stats import norm

from scoring.measures import compute
from scoring.measures.resample import philox

SIX = {f"{a}*{b}": (200, 1000) for a in "xyz" for b in "mf"}


@pytest.fixture
def rows(study, verdicts):
    def make(groups, reference=None, group_by="g*h", **also):
        told = study(**also)
        told.references[group_by] = reference
        return compute({"outcome": verdicts(groups, group_by=group_by)}, told, ["simultaneous_difference"])

    return make


def half_widths(found):
    return ((found["high"] - found["low"]) / 2).to_numpy()


def test_the_bounds_lie_between_one_by_one_and_bonferroni(rows):
    found = rows(SIX | {"x*m": (300, 1000)}, "x*f", replicates=4_000)
    assert found["reference"].unique().to_list() == ["x*f"]
    assert found.height == 5
    error = np.sqrt([0.2 * 0.8 / 1000 * 2] * 4)
    half = half_widths(found.filter(pl.col("group") != "x*m"))
    assert (half > norm.ppf(0.975) * error * 1.05).all()
    assert (half < norm.ppf(1 - 0.025 / 5) * error * 1.03).all()
    row = found.filter(pl.col("group") == "x*m").row(0, named=True)
    assert (row["value"], row["method"], row["test_family"]) == (pytest.approx(0.1), "max-T", "subgroup")
    assert 0 < row["low"] < 0.1 < row["high"]
    assert (row["status"], row["uncertainty"], row["note"]) == ("ok", "audit", "groups looked at together: 5")


def test_one_pair_alone_has_the_usual_interval(rows):
    found = rows({"x*m": (200, 1000), "x*f": (300, 1000)}, "x*f", replicates=8_000)
    assert half_widths(found) == pytest.approx([1.96 * np.sqrt((0.2 * 0.8 + 0.3 * 0.7) / 1000)], rel=0.03)


def test_equal_groups_are_all_inside_their_bounds_in_95_of_100_tables(rows):
    rng, outside = philox(8), 0
    for _ in range(200):
        drawn = {group: (int(rng.binomial(400, 0.3)), 400) for group in SIX}
        found = rows(drawn, "rest", replicates=300)
        outside += ((found["low"] > 0) | (found["high"] < 0)).any()
    assert 2 <= outside <= 19  # Binomial(200, .05) lies here in 99.7 of 100 cases


def test_against_the_rest_every_group_has_a_row(rows):
    found = rows(SIX | {"x*m": (400, 1000)}, "rest").sort("group")
    assert found.height == 6
    row = found.filter(pl.col("group") == "x*m").row(0, named=True)
    assert row["value"] == pytest.approx(0.4 - 0.2)


def test_few_persons_have_no_bounds(rows):
    found = rows({"x*m": (9, 1000), "x*f": (50, 1000), "y*m": (60, 1000)}, "x*f").sort("group")
    few, enough = found.row(0, named=True), found.row(1, named=True)
    assert (few["value"], few["low"], few["high"], few["status"]) == (pytest.approx(-0.041), None, None, "small_cell")
    assert enough["low"] < 0.01 < enough["high"]
    assert enough["note"] == "groups looked at together: 1"
    assert rows({"x*m": (50, 1000), "x*f": (5, 1000)}, "x*f")["low"].to_list() == [None]


def test_nobody_selected_nobody_in_the_reference_and_one_group(rows):
    none = rows({"x*m": (0, 100), "x*f": (0, 200)})
    assert (none["value"].to_list(), none["low"].to_list()) == ([0.0], [None])
    gone = rows({"x*m": (20, 100), "x*f": (30, 200)}, "z*z")
    assert (gone["value"].null_count(), set(gone["status"])) == (2, {"not_applicable"})
    alone = rows({"x*m": (20, 100)})
    assert (alone["value"].to_list(), alone["status"].to_list()) == ([None], ["single_group"])


def test_single_attributes_have_none_and_the_largest_is_the_reference(rows):
    assert rows(SIX, group_by="g").is_empty()
    assert set(rows(SIX | {"x*m": (400, 2000)})["reference"]) == {"x*m"}
    assert set(rows(SIX | {"x*m": (400, 2000)}, "best")["reference"]) == {"x*m"}
