import numpy as np
import polars as pl
import pytest
from scipy.stats import norm

from scoring.measures import compute
from scoring.measures.differential import epsilon, equal_groups, observed, smoothed

UCB = {  # Berkeley 1973, department and sex: admitted, rejected (Bickel, Hammel and O'Connell 1975)
    "A*m": (512, 313), "A*f": (89, 19), "B*m": (353, 207), "B*f": (17, 8), "C*m": (120, 205), "C*f": (202, 391),
    "D*m": (138, 279), "D*f": (131, 244), "E*m": (53, 138), "E*f": (94, 299), "F*m": (22, 351), "F*f": (24, 317),
}  # fmt: skip


@pytest.fixture
def rows(study):
    return lambda cubes, **also: compute(cubes, study(**also), ["differential_fairness"])


def one(rows, param="observed", term="observed", uncertainty="audit", outcome="rewarded"):
    tests = [pl.col("param") == param, pl.col("term") == term, pl.col("uncertainty") == uncertainty]
    return rows.filter(*tests, pl.col("outcome").eq_missing(pl.lit(outcome))).row(0, named=True)


def test_two_normal_scores_and_one_cut_of_foulds():
    hired = norm.sf(10.5, [10, 12], 1)
    assert float(epsilon(np.stack([hired, 1 - hired], axis=1))) == pytest.approx(2.336998, abs=1e-6)


def test_kidney_stones_of_foulds():
    cells = np.array([(81, 87), (192, 263), (234, 270), (55, 80)])
    cells[:, 1] -= cells[:, 0]
    assert float(observed(cells)) == pytest.approx(1.510998, abs=1e-6)


def test_admissions_at_berkeley_by_department_and_sex_and_by_sex_alone():
    cells = np.array(list(UCB.values()))
    sexes = np.array([cells[0::2].sum(axis=0), cells[1::2].sum(axis=0)])
    assert (float(observed(cells)), float(observed(sexes))) == pytest.approx((2.637, 0.383), abs=5e-4)


def test_no_two_groups_of_a_crossing_lie_nearer_than_those_of_its_parts():
    """Foulds et al. theorem: what holds of the intersections at epsilon holds of each attribute."""
    rng = np.random.default_rng(1)
    cells = rng.integers(1, 300, size=(200, 3, 4, 5))
    assert (observed(cells.sum(axis=1)) <= observed(cells.reshape(200, 12, 5)) + 1e-12).all()


def test_equal_groups_lie_apart_by_chance():
    """12 groups of 100 at a rate of .1 (methods: 1.06 as they are; .94 where 1 is added to every count)."""
    twelve = equal_groups(np.tile([10, 90], (12, 1)), 20_000)
    raw = observed(twelve)
    assert np.isinf(raw).mean() == pytest.approx(12 * 0.9**100, abs=6e-4)
    assert raw[np.isfinite(raw)].mean() == pytest.approx(1.06, abs=0.01)
    assert smoothed(twelve, concentration=2.0).mean() == pytest.approx(0.94, abs=0.01)
    assert smoothed(twelve).mean() == pytest.approx(0.996, abs=0.01)


def test_draws_of_equal_groups_keep_their_sizes_and_the_pooled_shares():
    drawn = equal_groups(np.array([[10, 20, 30], [40, 0, 0]]), 20_000)
    assert (drawn.sum(axis=2) == [60, 40]).all()
    assert drawn.mean(axis=0) / [[60], [40]] == pytest.approx(np.tile([0.5, 0.2, 0.3], (2, 1)), abs=0.01)


def test_smoothing_is_half_a_person_in_each_of_two_outcomes(verdicts, rows):
    found = rows({"outcome": verdicts({"a": (10, 60), "b": (40, 70)})})
    expected = np.log(40.5 / 71) - np.log(10.5 / 61)
    assert one(found, "smoothed")["value"] == pytest.approx(expected)
    assert one(found)["value"] == pytest.approx(np.log((40 / 70) / (10 / 60)))


def test_a_gap_is_beyond_the_null_line_and_equal_groups_are_within(verdicts, rows):
    apart = rows({"outcome": verdicts({"a": (100, 1000), "b": (300, 1000)})})
    alike = rows({"outcome": verdicts({"a": (100, 1000), "b": (101, 1000)})})
    for param in ("observed", "smoothed"):
        line = one(apart, param, "null 95%")
        assert 0 < line["value"] < one(apart, param)["value"]
        assert one(apart, param)["p"] == pytest.approx(1 / 2001)
        assert one(alike, param)["value"] < one(alike, param, "null 95%")["value"]
        assert one(alike, param)["p"] > 0.8
    assert (line["method"], line["p"], line["low"]) == ("equal rates, 2,000 draws", None, None)
    assert (line["group"], line["reference"], line["n"]) == ("all groups", None, 2000)
    null = apart.filter(pl.col("term") == "null 95%")
    assert null["uncertainty"].to_list() == ["audit", "audit"]


def test_the_null_line_is_that_of_two_independent_rates(verdicts, rows):
    line = one(rows({"outcome": verdicts({"a": (1000, 10_000), "b": (1010, 10_000)})}), term="null 95%")
    p = 2010 / 20_000
    assert line["value"] == pytest.approx(1.96 * np.sqrt(2 * (1 - p) / (p * 10_000)), rel=0.06)


def test_a_group_of_whom_nobody_is_selected_makes_it_infinite_and_the_smoothed_one_finite(verdicts, rows):
    counts = verdicts({"a": (0, 100), "b": (40, 100)}) + verdicts({"a": (4, 100), "b": (40, 100)}, seed=2)
    found = rows({"outcome": counts})
    row, over = one(found), one(found, uncertainty="seeds")
    assert (row["value"], row["status"], row["low"]) == (np.inf, "zero_denom", None)
    assert row["note"].startswith("nobody of some group has an outcome that others have")
    assert (over["value"], over["status"]) == (None, "zero_denom")
    assert one(found, "smoothed")["value"] == pytest.approx(np.log(40.5 / 0.5))
    assert one(found, "smoothed")["status"] == "ok"


def test_a_line_that_is_itself_infinite_says_so(verdicts, rows):
    line = one(rows({"outcome": verdicts({"a": (1, 100), "b": (1, 100)})}), term="null 95%")
    assert (line["value"], line["status"]) == (np.inf, "zero_denom")


@pytest.mark.parametrize("y", [0, 100])
def test_where_everybody_fares_alike_there_is_nothing_to_compare(verdicts, rows, y):
    found = rows({"outcome": verdicts({"a": (y, 100), "b": (y, 100)})})
    for param in ("observed", "smoothed"):
        row = one(found, param)
        assert (row["value"], row["status"]) == (None, "zero_denom")
        assert row["note"] == "everybody has the same outcome: nothing to compare"
    assert found.filter(pl.col("term") == "null 95%").is_empty()


def test_small_and_unknown_groups_are_left_out_of_the_extreme(verdicts, rows):
    groups = {"a": (10, 100), "b": (40, 100), "c": (29, 29), "unknown": (0, 500), "x*unknown": (0, 500)}
    row = one(rows({"outcome": verdicts(groups)}))
    assert row["value"] == pytest.approx(np.log(4))
    assert row["note"] == "3 of 5 groups left out: unknown, or below 30 persons"
    row = one(rows({"outcome": verdicts({"a": (10, 100), "c": (2, 29)})}))
    assert (row["value"], row["status"]) == (None, "not_applicable")


def test_one_group_has_nothing_to_compare_with(verdicts, rows):
    row = one(rows({"outcome": verdicts({"a": (10, 100)})}))
    assert (row["value"], row["status"], row["group"]) == (None, "single_group", "all groups")


def test_bands_are_taken_all_at_once(cube, verdicts, rows):
    cells = {"a": (50, 30, 20), "b": (40, 50, 10)}
    bands = cube([{"group": g, "band": b, "n": n} for g, ns in cells.items() for b, n in zip("ABC", ns, strict=True)])
    found = rows({"outcome": verdicts({"a": (20, 100), "b": (10, 100)}), "band": bands})
    assert one(found, outcome=None)["value"] == pytest.approx(np.log(2))
    assert one(found, "smoothed", outcome=None)["value"] == pytest.approx(np.log((20 + 1 / 3) / (10 + 1 / 3)))
    assert one(found, outcome=None)["polarity"] is None
    assert one(found)["polarity"] == "favourable"


def test_over_seeds_it_is_a_mean_and_one_table_has_audit_rows_alone(verdicts, rows):
    counts = verdicts({"a": (10, 100), "b": (40, 100)}) + verdicts({"a": (20, 100), "b": (40, 100)}, seed=2)
    over = one(rows({"outcome": counts}), uncertainty="seeds")
    assert (over["value"], over["seeds"]) == (pytest.approx((np.log(4) + np.log(2)) / 2), 2)
    single = rows({"outcome": verdicts({"a": (10, 100), "b": (40, 100)})}, single=True)
    assert single["uncertainty"].to_list() == ["audit"] * 4


def test_a_family_of_which_one_draw_is_infinite_has_the_median_of_the_others(verdicts, rows):
    draws = [verdicts({"a": (y, 100), "b": (40, 100)}, draw=d) for d, y in enumerate((0, 10, 20))]
    found = rows({"outcome": draws[0] + draws[1] + draws[2]})
    row = one(found, uncertainty="specification")
    assert (row["value"], row["low"]) == (pytest.approx((np.log(4) + np.log(2)) / 2), pytest.approx(np.log(2)))
    assert row["status"] == "ok"
    assert row["note"].endswith("3 draws, undefined in 1")
    assert found.filter(pl.col("uncertainty") != "specification").is_empty()
