"""Recourse: who cannot rise stays in the denominator, and curves are held against each other up to 60 months."""

import numpy as np
import polars as pl
import pytest
from scipy.stats import wasserstein_distance

from scoring.measures import compute
from scoring.measures.recourse import BUDGETS, NO_END, NOT_ASKED, OFF_LIST, extra_months


@pytest.fixture
def months(cube):
    """Return a function that makes a recourse cube of `group → [(months, months with losses, persons), …]`."""

    def make(groups, goal="next band"):
        rows = [
            {"group": g, "param": goal, "months": m, "recorded": r, "n": n}
            for g, found in groups.items()
            for m, r, n in found
        ]
        counts = cube(rows)
        whole = counts.cells.with_columns(pl.col("months", "recorded").cast(pl.Int16))
        return type(counts)(counts.axes, whole)

    return make


def values(rows, measure, uncertainty="seeds"):
    found = rows.filter(measure=measure, uncertainty=uncertainty)
    return {(r["group"], r["term"]): r["value"] for r in found.iter_rows(named=True)}


@pytest.fixture
def rows(months, study):
    mine = {"a": [(6, 6, 30), (24, None, 10), (None, None, 60)], "b": [(1, 1, 50), (60, 60, 50)]}
    return compute({"recourse": months(mine)}, study("b"))


def test_those_who_cannot_rise_stay_in_the_denominator(rows):
    assert values(rows, "recourse_feasible") == {("a", None): 0.4, ("b", None): 1.0}
    curve = values(rows, "recourse_curve")
    assert [curve["a", str(b)] for b in BUDGETS] == pytest.approx([0, 0, 0.3, 0.3, 0.4, 0.4, 0.4])
    assert [curve["b", str(b)] for b in BUDGETS] == pytest.approx([0.5] * 6 + [1])


def test_paper_recourse_is_of_those_who_could_rise_by_the_rules(rows):
    assert values(rows, "paper_recourse") == {("a", None): 0.25, ("b", None): 0.0}


def test_the_gap_is_the_area_between_the_curves(rows):
    gap = values(rows, "recourse_gap")
    assert gap["a", "extra months"] == pytest.approx((6 * 30 + 24 * 10 + 60 * 60) / 100 - 30.5)
    area = wasserstein_distance([6, 24, 60], [1, 60], [30, 10, 60], [50, 50])
    assert gap["a", "observed"] == pytest.approx(area)
    audit = rows.filter(measure="recourse_gap", uncertainty="audit")
    line = audit.filter(term="null 95%").row(0, named=True)
    assert 0 < line["value"] < area
    assert audit.filter(term="observed")["p"].item() < 0.05
    extra = audit.filter(term="extra months").row(0, named=True)
    assert extra["low"] < extra["value"] < extra["high"]


def test_curves_that_cross_have_an_area_and_no_months_more(months, study):
    crossing = {"a": [(10, 10, 100)], "b": [(0, 0, 50), (20, 20, 50)]}
    gap = values(compute({"recourse": months(crossing)}, study("b"), ["recourse_gap"]), "recourse_gap")
    assert gap == {("a", "extra months"): 0, ("a", "observed"): 10}


def test_like_groups_stay_below_the_null_line(months, study):
    same = {g: [(6, 6, 40), (None, None, 60)] for g in "ab"}
    audit = compute({"recourse": months(same)}, study("b"), ["recourse_gap"]).filter(uncertainty="audit")
    assert audit.filter(term="observed")["value"].item() == 0
    assert audit.filter(term="observed")["p"].item() == 1


def test_nobody_below_a_goal_is_no_zero(months, study):
    found = compute({"recourse": months({"a": [(None, None, 40)], "b": [(None, None, 40)]})}, study("b"))
    paper = found.filter(measure="paper_recourse")
    assert paper["value"].null_count() == paper.height > 0
    assert all("nobody can rise by the rules" in note for note in paper["note"])
    gap = found.filter(measure="recourse_gap", term="extra months", uncertainty="audit").row(0, named=True)
    assert (gap["value"], gap["low"]) == (0, None)


def test_one_group_alone_has_no_gap(months, study):
    found = compute({"recourse": months({"a": [(6, 6, 40)]})}, study(), ["recourse_gap"])
    assert set(found["status"]) == {"single_group"}


def test_a_scheme_that_names_no_way_says_so(months, study):
    made = study("b")
    closed = type(made)(made.outcomes, made.references, {"s": {"ways": 0}})
    found = compute({"recourse": months({"a": [(None, None, 40)], "b": [(None, None, 40)]})}, closed)
    assert all("names no deed" in note for note in found.filter(measure="recourse_feasible")["note"])


def test_a_list_has_the_same_measures_but_for_what_becomes_of_a_deed(months, study):
    mine = {"a": [(12, 12, 30), (24, 24, 10), (None, None, 60)], "b": [(12, 12, 100)]}
    found = compute({"recourse": months(mine, OFF_LIST)}, study("b"))
    assert set(found["measure"]) == {"recourse_feasible", "recourse_curve", "recourse_gap"}
    assert values(found, "recourse_feasible") == {("a", None): 0.4, ("b", None): 1.0}
    assert values(found, "recourse_gap")["a", "extra months"] == pytest.approx((12 * 30 + 24 * 10 + 60 * 60) / 100 - 12)


def test_a_list_that_states_no_end_or_gave_nothing_to_count_says_so(months, study):
    made = study("b")
    facts = {"s": {"ways": 0, "listing": "sanction"}, "red": {"listing": "reward"}, "bare": {"listing": "sanction"}}
    asked = type(made)(made.outcomes, made.references, facts)
    cube = months({"a": [(None, None, 40)], "b": [(None, None, 40)]}, OFF_LIST)
    found = compute({"recourse": cube}, asked).filter(measure="recourse_feasible")
    mine = found.filter(scheme="s")
    assert set(mine["value"]) == {0.0}
    assert mine["note"].str.contains(NO_END).all()
    for name, kind in (("red", "reward"), ("bare", "sanction")):
        row = found.filter(scheme=name).row(0, named=True)
        assert (row["value"], row["status"], row["param"]) == (None, "not_applicable", OFF_LIST)
        assert row["note"].startswith(NOT_ASKED[kind])
        assert found.filter(scheme=name).height == 1


def test_the_interval_of_months_is_that_of_two_means():
    x, mine, theirs = np.array([0.0, 12, 60]), np.array([30, 50, 20]), np.array([10, 10, 80])
    found = extra_months(x, mine, theirs, 0.95)
    one, two = np.repeat(x, mine), np.repeat(x, theirs)
    error = np.sqrt(one.var() / len(one) + two.var() / len(two))
    assert found["value"] == pytest.approx(one.mean() - two.mean())
    assert found["high"] - found["value"] == pytest.approx(1.959964 * error, rel=1e-6)
