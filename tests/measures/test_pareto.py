"""Designs by declared criteria: who dominates whom, and who is never told apart."""

import numpy as np
import polars as pl
import pytest

from scoring.measures import Criterion, Study, compute
from scoring.measures.pareto import dominated, of_criterion, sides

NAMES = ["criterion_value", "criterion_difference", "dominance", "non_dominated_share"]
GAP = Criterion("selection_rate_ratio", "rewarded", "g", "parity")
MORE = Criterion("selection_rate", "rewarded", None, "higher")


@pytest.fixture
def found(cube):
    def find(designs, criteria=(GAP, MORE), facts=None):
        """`designs` maps a scheme to one (selected of a, selected of b) a seed, of 10,000 persons each."""
        rows = []
        for scheme, seeds in designs.items():
            for seed, taken in enumerate(seeds, start=1):
                for group, y in zip("ab", taken, strict=True):
                    for said, n in ((True, y), (False, 10_000 - y)):
                        row = {"scheme": scheme, "seed": seed, "outcome": "rewarded", "selected": said, "n": n}
                        rows.append({**row, "group_by": "g", "group": group, "harm": 0})
                        rows.append({**row, "group_by": "everyone", "group": "everyone", "harm": 0})
        counts = cube(rows)
        outcome = counts.marginal(counts.axes)  # two groups make everyone
        kinds = facts or {scheme: {"instrument": "points scheme"} for scheme in designs}
        outcomes = {(scheme, "rewarded"): "favourable" for scheme in designs}
        study = Study(outcomes, {"g": "b"}, kinds, criteria=criteria)
        return compute({"outcome": outcome}, study, NAMES)

    return find


def values(rows, measure, *keys):
    rows = rows.filter(pl.col("measure") == measure)
    return {tuple(key): value for *key, value in rows.select(*keys, "value").iter_rows()}


GOOD = [(4_000, 4_000), (4_010, 4_020), (4_005, 4_000), (4_020, 4_010)]
BAD = [(2_000, 3_000), (2_010, 3_020), (2_005, 3_000), (2_020, 3_010)]


def test_a_design_that_is_worse_by_all_is_dominated(found):
    rows = found({"good": GOOD, "bad": BAD})
    assert values(rows, "dominance", "scheme", "versus") == {("good", "bad"): 1, ("bad", "good"): 0}
    assert values(rows, "non_dominated_share", "scheme") == {("good",): 1, ("bad",): 0}
    note = rows.filter(pl.col("measure") == "dominance", pl.col("scheme") == "good")["note"][0]
    assert note.endswith("Worse: nothing")


def test_identical_designs_are_never_dominated(found):
    rows = found({"one": GOOD, "same": GOOD})
    assert set(values(rows, "dominance", "scheme").values()) == {0}
    assert set(values(rows, "non_dominated_share", "scheme").values()) == {1}
    assert set(values(rows, "criterion_difference", "param").values()) == {0}


def test_each_better_by_something_is_a_front(found):
    wide = [(5_000, 8_000), (5_010, 8_020), (5_005, 8_000), (5_020, 8_010)]  # gives more, and less evenly
    rows = found({"good": GOOD, "wide": wide})
    assert set(values(rows, "dominance", "scheme").values()) == {0}
    assert set(values(rows, "non_dominated_share", "scheme").values()) == {1}


def test_a_difference_within_chance_dominates_nobody(found):
    near = [(4_000, 4_030), (4_040, 4_010), (3_985, 4_010), (4_030, 4_015)]
    rows = found({"good": GOOD, "near": near})
    assert set(values(rows, "dominance", "scheme").values()) == {0}


def test_a_criterion_is_the_mean_over_seeds_of_the_group_that_fares_worst(found):
    rows = found({"good": GOOD, "bad": BAD})
    of = values(rows, "criterion_value", "scheme", "param")
    gap = np.mean([abs(np.log(a / b)) for a, b in BAD])
    assert of["bad", GAP.name] == pytest.approx(gap)
    assert of["good", MORE.name] == pytest.approx(np.mean(GOOD) / 10_000)
    one = rows.filter(pl.col("measure") == "criterion_difference", pl.col("scheme") == "good")
    assert one.filter(pl.col("low") <= pl.col("value"), pl.col("value") <= pl.col("high")).height == 2


def test_one_seed_says_nothing_of_dominance(found):
    rows = found({"good": GOOD[:1], "bad": BAD[:1]})
    of = rows.filter(pl.col("measure") == "dominance")
    assert of["value"].null_count() == of.height == 2
    assert set(of["note"]) == {"one seed: no interval over seeds"}


def test_unlike_instruments_share_no_front(found):
    kinds = {"good": {"instrument": "points scheme"}, "bad": {"instrument": "list regime"}}
    assert found({"good": GOOD, "bad": BAD}, facts=kinds).is_empty()


def test_a_criterion_that_is_several_numbers_is_undefined(verdicts, study):
    groups = {"a": (100, 1_000), "b": (200, 1_000)}
    both = verdicts(groups) + verdicts(groups, outcome="listed")
    for outcome, known in ((None, False), ("listed", True)):
        (found,) = of_criterion({"outcome": both}, study(), Criterion("selection_rate", outcome, "g", "lower"))
        assert found[:2] == ("w", "s")
        assert np.isnan(found[2]) != known
    assert found[2] == 0.2  # of what is better low, the highest is the one that fares worst


def test_a_design_without_an_estimate_dominates_nobody(found):
    rows = found({"good": GOOD, "bad": [(0, 3_000)] * 4})  # the logarithm of a ratio of 0 is not finite
    of = rows.filter(pl.col("measure") == "dominance")
    assert set(of["status"]) == {"not_applicable"}
    assert set(of["note"]) == {"some criterion is undefined"}


def test_intervals_of_many_looks_are_wider():
    rng = np.random.default_rng(5)
    costs = rng.normal(-1, 1, (8, 1))
    one, many = sides(costs, 1, 0.95)[0], sides(costs, 10_000, 0.95)[0]
    assert one.tolist() == [True]
    assert many.tolist() == [False]


def test_no_look_is_significant_by_chance_more_often_than_declared():
    rng = np.random.default_rng(6)
    wrong = [any(side.any() for side in sides(rng.normal(size=(6, 5)), 5, 0.95)) for _ in range(2_000)]
    assert np.mean(wrong) < 0.06


def test_dominated_is_by_all_and_strictly_by_one():
    costs = np.array([[[1.0, 1.0], [1.0, 2.0], [0.0, 3.0]]])
    assert [bool(dominated(costs, i)[0]) for i in range(3)] == [False, True, False]


def test_nothing_declared_has_no_rows(verdicts, study):
    assert compute({"outcome": verdicts({"a": (1, 50), "b": (2, 50)})}, study(), NAMES).is_empty()


def test_a_family_dominates_only_if_it_does_so_whatever_its_weights(cube):
    def drawn(design, draw, rates):
        head = {"scheme": design, "draw": draw, "group_by": "everyone", "group": "everyone", "harm": 0}
        return [
            {**head, "seed": seed, "outcome": "rewarded", "selected": said, "n": n}
            for seed, y in enumerate(rates, start=1)
            for said, n in ((True, y), (False, 10_000 - y))
        ]

    high, low, top = [4_000, 4_010, 4_005], [2_000, 2_010, 2_005], [6_000, 6_010, 6_005]
    rows = drawn("plain", -1, high) + drawn("family", 0, low) + drawn("family", 1, top) + drawn("family", 2, top)
    names = ("plain", "family")
    study = Study(
        {(name, "rewarded"): "favourable" for name in names},
        {},
        {name: {"instrument": "points scheme"} for name in names},
        criteria=[MORE],
    )
    found = compute({"outcome": cube(rows)}, study, NAMES)
    assert set(values(found, "dominance", "scheme").values()) == {0}
    (note,) = found.filter(pl.col("measure") == "dominance", pl.col("scheme") == "family")["note"]
    assert note.endswith("Dominates in 2 of 3 draws")
    of = found.filter(pl.col("measure") == "criterion_value", pl.col("scheme") == "family")
    assert of.select("value", "low", "high", "uncertainty").row(0) == pytest.approx(
        (0.6005, 0.2005, 0.6005, "specification")
    )
    plain = found.filter(pl.col("measure") == "criterion_value", pl.col("scheme") == "plain")
    assert plain["uncertainty"].to_list() == ["seeds"]
    share = found.filter(pl.col("measure") == "non_dominated_share").sort("scheme")
    assert share.select("value", "low", "high").rows() == [(1, 0, 1), (0, 0, 1)]


def test_a_design_of_which_a_criterion_is_undefined_does_not_undo_the_front_of_the_others(found):
    rows = found({"good": GOOD, "bad": BAD, "none": [(0, 3_000)] * 4})
    assert values(rows, "non_dominated_share", "scheme") == {("good",): 1, ("bad",): 0, ("none",): None}
    assert values(rows, "dominance", "scheme", "versus")["good", "bad"] == 1
