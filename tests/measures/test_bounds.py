import itertools

import polars as pl
import pytest

from scoring.measures import compute

NAMES = ["selection_rate_bounds", "selection_rate_difference_bounds", "selection_rate_ratio_bounds"]


@pytest.fixture
def bounded(cube, verdicts, study):
    """Return a function that finds the bounds of `group → (y, n, missing, unenrolled, ineligible)`."""

    def find(groups, reference="a", **also):
        names = ("scored", "missing", "unenrolled", "ineligible")
        parts = [
            {"group": g, "coverage": name, "n": count}
            for g, (_, *counts) in groups.items()
            for name, count in zip(names, counts, strict=True)
        ]
        scored = {g: (y, n) for g, (y, n, *_) in groups.items() if n}
        cubes = {"outcome": verdicts(scored, **also), "coverage": cube(parts, **also)}
        return compute(cubes, study(reference), NAMES)

    return find


def row(rows, measure, group):
    return rows.filter(pl.col("measure") == measure, pl.col("group") == group).row(0, named=True)


def test_bounds_are_the_extremes_over_every_verdict_that_the_unscored_could_have_been_given(bounded):
    groups = {"a": (40, 100, 3, 2, 0), "b": (20, 80, 4, 0, 900)}
    found = bounded(groups)
    rates = {
        g: [(y + k) / (n + missing + out) for k in range(missing + out + 1)]
        for g, (y, n, missing, out, _) in groups.items()
    }
    pairs = list(itertools.product(rates["b"], rates["a"]))
    expected = {
        "selection_rate_bounds": (0.25, rates["b"]),
        "selection_rate_difference_bounds": (-0.15, [p - q for p, q in pairs]),
        "selection_rate_ratio_bounds": (0.625, [p / q for p, q in pairs]),
    }
    for measure, (value, possible) in expected.items():
        one = row(found, measure, "b")
        assert (one["value"], one["low"], one["high"]) == pytest.approx((value, min(possible), max(possible)))
        assert (one["method"], one["uncertainty"], one["level"]) == ("unscored read both ways", "specification", None)
        assert (one["n"], one["status"]) == (80, "ok")
    assert row(found, NAMES[1], "b")["note"] == "4 of 84 persons without a score, 5 of 105 in the reference"


def test_where_everybody_is_scored_there_is_no_row(bounded):
    found = bounded({"a": (40, 100, 0, 0, 50), "b": (20, 80, 0, 0, 0), "c": (20, 80, 1, 0, 0)})
    assert set(found["group"]) == {"c"}
    assert found.height == 3
    assert bounded({"a": (40, 100, 0, 0, 50), "b": (20, 80, 0, 0, 0)}).is_empty()


def test_without_a_count_of_the_unscored_there_is_no_row(verdicts, study):
    assert compute({"outcome": verdicts({"a": (1, 40), "b": (2, 50)})}, study(), NAMES).is_empty()


def test_a_group_of_whom_nobody_is_scored_has_every_bound_and_no_value(bounded):
    found = bounded({"a": (40, 100, 0, 0, 0), "b": (0, 0, 0, 60, 0)})
    rate, gap, ratio = (row(found, measure, "b") for measure in NAMES)
    assert (rate["value"], rate["low"], rate["high"], rate["status"]) == (None, 0, 1, "zero_denom")
    assert (gap["value"], gap["low"], gap["high"]) == (None, pytest.approx(-0.4), pytest.approx(0.6))
    assert (ratio["value"], ratio["low"], ratio["high"]) == (None, 0, pytest.approx(2.5))
    assert ratio["note"].startswith("nobody in the denominator; 60 of 60")


def test_a_ratio_has_no_upper_bound_where_the_reference_may_have_nobody(bounded):
    one = row(bounded({"a": (0, 100, 10, 0, 0), "b": (20, 80, 0, 0, 0)}), NAMES[2], "b")
    assert (one["value"], one["low"], one["high"]) == (float("inf"), pytest.approx(0.25 / (10 / 110)), float("inf"))
    assert one["status"] == "zero_denom"


def test_small_groups_and_single_groups_are_told(bounded):
    assert row(bounded({"a": (40, 100, 1, 0, 0), "b": (5, 20, 4, 0, 0)}), NAMES[0], "b")["status"] == "small_cell"
    alone = row(bounded({"a": (40, 100, 1, 0, 0)}), NAMES[1], "a")
    assert (alone["value"], alone["low"], alone["status"]) == (None, None, "single_group")
    nowhere = row(bounded({"a": (40, 100, 1, 0, 0), "b": (5, 50, 4, 0, 0)}, "z"), NAMES[1], "b")
    assert (nowhere["value"], nowhere["status"]) == (None, "not_applicable")


def test_the_rest_of_all_as_reference_has_its_own_unscored(bounded):
    groups = {"a": (40, 100, 5, 0, 0), "b": (20, 80, 4, 0, 0), "c": (9, 60, 6, 1, 0)}
    one = row(bounded(groups, "rest"), NAMES[1], "a")
    assert (one["low"], one["high"]) == pytest.approx((40 / 105 - 40 / 151, 45 / 105 - 29 / 151))


def test_counts_are_averaged_over_seeds_and_draws_widen_the_bounds(cube, verdicts, study):
    def cubes(y, unscored, **also):
        parts = [{"group": "a", "coverage": c, "n": k} for c, k in (("scored", 100), ("missing", unscored))]
        return {"outcome": verdicts({"a": (y, 100)}, **also), "coverage": cube(parts, **also)}

    one, two = cubes(10, 0, seed=1), cubes(30, 100, seed=2)
    found = compute({c: one[c] + two[c] for c in one}, study(), NAMES[:1]).row(0, named=True)
    assert (found["value"], found["seeds"], found["n"]) == (0.2, 2, 100)
    assert (found["low"], found["high"]) == pytest.approx((20 / 150, 70 / 150))
    draws = [cubes(y, 10, draw=d) for d, y in enumerate((10, 20, 60))]
    pooled = {c: sum((d[c] for d in draws[1:]), start=draws[0][c]) for c in one}
    family = compute(pooled, study(), NAMES[:1])
    assert family.select("value", "low", "high").rows() == [(0.2, pytest.approx(10 / 110), pytest.approx(70 / 110))]
    assert family["draw"].to_list() == [None]


def test_a_ratio_that_may_be_nought_by_nought_has_no_bounds(bounded):
    found = row(bounded({"a": (0, 50, 5, 0, 0), "b": (0, 40, 0, 0, 0)}), "selection_rate_ratio_bounds", "b")
    assert (found["value"], found["low"], found["high"]) == (None, None, None)
