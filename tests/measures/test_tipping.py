"""Tipping points with answers known by hand, and by trying every change."""

import numpy as np
import polars as pl
import pytest

from scoring.measures import MEASURES, Study, compute, disparity, reversal, tipping
from scoring.measures.headlines import headlines
from scoring.measures.reversal import LINES, SIGN, Share

RATIO = ("selection_rate_ratio", "rewarded", "g")
LISTED = ("selection_rate_ratio", "listed", "g")
GOOD, BAD = LINES["favourable"], LINES["adverse"]


def points(table, **equals):
    """Return the rows by param, term and group: value, status and note."""
    if table.is_empty():
        return {}
    found = table.filter([pl.lit(True), *(pl.col(c) == v for c, v in equals.items())])
    return {(r["param"], r["term"], r["group"]): (r["value"], r["status"], r["note"]) for r in found.to_dicts()}


# How many verdicts: y of n against a reference rate, by hand.
VERDICTS = [
    (SIGN, Share(40, 100), Share(50, 100), 10),  # 50 of 100 is alike, and alike is no gap
    (SIGN, Share(41, 100), Share(1, 3), 8),  # 33 of 100 is below a third
    (GOOD, Share(30, 100), Share(50, 100), 10),  # .4/.5 is .8, which is not below it
    (GOOD, Share(40, 100), Share(50, 100), 1),  # at .8 one fewer is below
    (GOOD, Share(50, 100), Share(50, 100), 11),
    (BAD, Share(30, 100), Share(20, 100), 5),  # .25/.2 is 1.25, which is not above it
    (BAD, Share(25, 100), Share(20, 100), 1),
    (BAD, Share(10, 100), Share(20, 100), 16),
    (BAD, Share(50, 100), Share(90, 100), None),  # nothing is more than 1.25 times .9
    (SIGN, Share(3, 10), Share(0, 10), 3),
    (GOOD, Share(0, 10), Share(0, 10), None),
]


@pytest.mark.parametrize(("line", "mine", "theirs", "number"), VERDICTS)
def test_so_many_verdicts_turn_a_comparison(line, mine, theirs, number):
    assert reversal.verdicts(line, mine, theirs) == number


@pytest.mark.parametrize("line", [SIGN, GOOD, BAD])
def test_no_fewer_verdicts_and_no_nearer_reading_of_the_unscored_would_do(line):
    rng = np.random.default_rng(4)
    told = 0
    for _ in range(400):
        n, m = (int(k) for k in rng.integers(1, 40, 2))
        mine = Share(int(rng.integers(0, n + 1)), n, int(rng.integers(0, 30)))
        theirs = Share(int(rng.integers(1, m + 1)), m, int(rng.integers(0, 30)))
        now = reversal.side(line, mine, theirs)
        if not now:
            continue
        tried = [
            k
            for k in range(1, n + 1)
            for s in (k, -k)
            if 0 <= mine.y + s <= n and reversal.turned(line, now, Share(mine.y + s, n), theirs)
        ]
        assert reversal.verdicts(line, mine, theirs) == min(tried, default=None)

        def reading(far, low, mine=mine, theirs=theirs):
            rates = [(1 - far) * s.rate + far * end for s, end in ((mine, 1 - low), (theirs, low))]
            return [Share(s.y + s.unscored * r, s.n + s.unscored) for s, r in zip((mine, theirs), rates, strict=True)]

        steps = np.linspace(0, 1, 401)
        turning = [far for far in steps for low in (0, 1) if reversal.turned(line, now, *reading(far, low))]
        found = reversal.unscored(line, mine, theirs)
        if not turning:
            # Where it is just reached at the end, or at a line that has to be passed, steps do not see it.
            assert found is None or found[0] > 0.997 or found[0] == 0
        else:
            assert found is not None
            assert found[0] == pytest.approx(min(turning), abs=1 / 400 + 1e-9)
            told += 1
    assert told > 50


def test_the_unscored_turn_it_where_their_rates_would_have_to_be():
    far, mine, theirs = reversal.unscored(SIGN, Share(40, 100, 100), Share(50, 100))
    assert (far, mine, theirs) == pytest.approx((1 / 3, 0.6, 1 / 3))
    assert reversal.unscored(SIGN, Share(40, 100, 10), Share(50, 100)) is None  # 50 of 110 at most
    assert reversal.unscored(SIGN, Share(40, 100), Share(50, 100)) is None


def shares(scores, mine, theirs):
    return np.array(scores), np.array(mine), np.array(theirs)


def test_the_nearest_cut_is_counted_in_points():
    scores, mine, theirs = shares([0, 10, 20, 30, 40], [50, 100, 20, 20, 10], [20, 20, 120, 20, 20])
    # From 30 on: 30 of 200 against 40 of 200. From 10 on: 150 against 180. Below 10 everybody has it.
    assert reversal.cut(SIGN, scores, mine, theirs, 30, True) is None
    assert reversal.cut(GOOD, scores, mine, theirs, 30, True) == 10  # 150/180 is not below .8; 50/160 at 20 is
    swapped = reversal.cut(SIGN, scores, np.array([20, 20, 40, 100, 20]), np.array([10, 90, 20, 40, 40]), 40, True)
    assert swapped == 30  # 20 against 40 from 40 on; 120 against 80 from 30 on
    above = reversal.cut(SIGN, scores, np.array([20, 20, 40, 100, 20]), np.array([10, 90, 20, 40, 40]), 30, True)
    assert above == 31  # the lowest whole cut that leaves out those at 30
    halves = scores / 2
    assert reversal.cut(SIGN, halves, np.array([20, 20, 40, 100, 20]), np.array([10, 90, 20, 40, 40]), 15.0, True) == 20


def test_a_cut_from_below_and_cuts_of_few_persons():
    scores, mine, theirs = shares([0, 10, 20], [30, 10, 60], [20, 60, 20])
    assert reversal.cut(BAD, scores, mine, theirs, 10, False) == 11  # 30 against 20 below 10; 40 against 80 below 11
    few = reversal.cut(SIGN, scores, np.array([30, 5, 65]), np.array([20, 75, 5]), 10, False)
    assert few is None  # below 11 all but 5 of the reference have it


def test_each_reference_that_turns_it_is_counted(verdicts, study):
    groups = {"a": (40, 100), "b": (50, 100), "c": (30, 100), "d": (45, 100), "tiny": (0, 5)}
    rows = points(tipping.tipping_point(verdicts(groups), study("b", primary=[RATIO])))
    value, status, note = rows["reference", "sign", "a"]
    assert (value, status) == (1, "ok")  # c; the rest (125 of 305) is above, tiny too small, best is b
    assert note == "With c instead of b as the reference, the gap turns round (1 of 3 looked at)."
    assert rows["reference", "line", "a"][:2] == (None, "not_applicable")
    assert rows["reference", "line", "a"][2] == "No other reference (c, d, rest) takes the ratio across 0.8."
    assert rows["reference", "line", "c"][0] is None  # .3 is .6 of b's, .75 of a's, .67 of d's, .68 of the rest's
    three = points(
        tipping.tipping_point(verdicts({"a": (30, 100), "b": (50, 100), "d": (35, 100)}), study("b", primary=[RATIO]))
    )
    assert three["reference", "line", "a"][0] == 1  # .6 of b's and .71 of the rest's, but .86 of d's
    two = points(tipping.tipping_point(verdicts({"a": (40, 100), "b": (50, 100)}), study("b", primary=[RATIO])))
    assert not [key for key in two if key[0] == "reference"]  # nothing else to stand beside


def test_worlds_and_seeds(verdicts, study):
    here = verdicts({"a": (40, 100), "b": (50, 100)})
    here += verdicts({"a": (44, 100), "b": (50, 100)}, seed=2)
    other = verdicts({"a": (60, 100), "b": (50, 100)}, world="other")
    third = verdicts({"a": (30, 100), "b": (50, 100)}, world="third")
    table = tipping.tipping_point(here + other + third, study("b", primary=[RATIO]))
    rows = points(table, world="w")
    assert rows["world", "sign", "a"] == (1, "ok", "In other, the gap turns round.")
    assert rows["world", "line", "a"] == (1, "ok", "In third, the ratio crosses 0.8.")
    assert rows["verdicts", "sign", "a"][0] == 8  # 42 of 100 in the mean
    assert points(table, world="other")["world", "sign", "a"][0] == 2
    assert set(table.filter(pl.col("world") == "w")["seeds"]) == {2}
    assert not [k for k in points(tipping.tipping_point(here, study("b", primary=[RATIO]))) if k[0] == "world"]


def test_draws_of_a_family_are_one_headline(verdicts, study):
    both = verdicts({"a": (40, 100), "b": (50, 100)}, draw=0) + verdicts({"a": (20, 100), "b": (50, 100)}, draw=1)
    table = tipping.tipping_point(both, study("b", primary=[RATIO]))
    assert points(table)["verdicts", "sign", "a"][0] == 20
    assert set(table["method"]) == {"selection_rate_ratio, averaged over seeds and draws"}


def test_unscored_come_from_those_the_scheme_is_meant_for(verdicts, cube, study):
    rows = [("a", "scored", 100), ("a", "unenrolled", 60), ("a", "missing", 40), ("b", "scored", 100)]
    rows += [("a", "ineligible", 500), ("b", "ineligible", 500)]
    coverage = cube([{"group": g, "coverage": c, "n": n} for g, c, n in rows])
    outcome = verdicts({"a": (40, 100), "b": (50, 100)})
    found = points(tipping.tipping_point(outcome, study("b", primary=[RATIO]), coverage))
    assert found["unscored", "sign", "a"][0] == pytest.approx(1 / 3)
    assert found["unscored", "sign", "a"][2] == (
        "If 60% of the group's unscored had it and 33% of the reference's, the gap turns round."
    )
    assert not [k for k in points(tipping.tipping_point(outcome, study("b", primary=[RATIO]))) if k[0] == "unscored"]


def errors_cube(verdicts):
    """Give a the more false positives below tau=10, and b at tau=10 and above."""
    cells = {0: {"a": (20, 100), "b": (10, 100)}, 1: {"a": (0, 50), "b": (20, 50)}, 2: {"a": (0, 50), "b": (25, 50)}}
    cells |= {5: {"a": (40, 50), "b": (40, 50)}}
    found = [verdicts(groups, outcome="listed", harm=harm) for harm, groups in cells.items()]
    return sum(found[1:], found[0])


def test_the_threshold_of_harm_at_which_an_error_turns(verdicts, study):
    claim = ("false_positive_rate_difference", "listed", "g")
    rows = points(tipping.tipping_point(errors_cube(verdicts), study("b", primary=[claim])))
    value, status, note = rows["tau", "sign", "a"]
    # .2 and .1 at tau=1; 20 of 150 against 30 of 150 at tau=3, where harm of levels 0 and 1 is below.
    assert (value, status, note) == (3, "ok", "At a simulated harm of 3 instead of 1, the gap turns round.")
    assert {term for _, term, _ in rows} == {"sign"}
    assert rows["verdicts", "sign", "a"][0] == 10
    known = verdicts({"a": (20, 100), "b": (10, 100)}, outcome="listed", harm=0)
    none = points(tipping.tipping_point(known, study("b", primary=[claim])))
    assert none["tau", "sign", "a"] == (
        None,
        "not_applicable",
        "No other threshold of simulated harm turns the gap round.",
    )


def test_the_cut_comes_from_the_scores_of_a_scheme_whose_outcome_hangs_on_them(verdicts, cube, study):
    scores = {"a": [20, 20, 40, 100, 20], "b": [10, 90, 20, 40, 40]}
    rows = [{"group": g, "score": 10 * i, "n": n, "harm": 0} for g, of in scores.items() for i, n in enumerate(of)]
    outcome = verdicts({"a": (20, 200), "b": (40, 200)})
    for reference in ("b", "rest", "largest"):
        told = study(reference, primary=[RATIO], schemes=("s",))
        facts = {"s": {"cuts": {"rewarded": (40, "above")}}}
        known = Study(outcomes=told.outcomes, references=told.references, schemes=facts, primary=[RATIO])
        group = "a" if reference != "largest" else "b"
        found = points(tipping.tipping_point(outcome, known, score=cube(rows)))
        value, _, note = found["cut", "sign", group]
        assert (value, note) == (-10, "With the cut at 30 instead of 40 points, the gap turns round.")
    assert not [k for k in points(tipping.tipping_point(outcome, told, score=cube(rows))) if k[0] == "cut"]


def test_rows_do_not_depend_on_the_order_of_the_counts(verdicts, study):
    worlds = [verdicts({"a": (40 + 10 * i, 100), "b": (50, 100)}, world=w) for i, w in enumerate("wxyz")]
    counts = sum(worlds[1:], worlds[0])
    told = [tipping.tipping_point(counts, study("b", primary=[RATIO]))]
    for _ in range(5):
        shuffled = object.__new__(type(counts))
        object.__setattr__(shuffled, "axes", counts.axes)
        object.__setattr__(shuffled, "cells", counts.cells.sample(fraction=1, shuffle=True, seed=3))
        told.append(tipping.tipping_point(shuffled, study("b", primary=[RATIO])))
    assert all(table.equals(told[0]) for table in told)
    assert points(told[0], world="w")["world", "sign", "a"][2] == "In x and y and z, the gap turns round."


def test_what_says_nothing_has_a_reason(verdicts, study):
    nobody = points(tipping.tipping_point(verdicts({"a": (0, 100), "b": (0, 100)}), study("b", primary=[RATIO])))
    assert nobody["verdicts", "sign", "a"] == (None, "zero_denom", tipping.NOBODY)
    alike = points(tipping.tipping_point(verdicts({"a": (20, 100), "b": (20, 100)}), study("b", primary=[RATIO])))
    assert alike["verdicts", "sign", "a"] == (None, "not_applicable", tipping.ALIKE)
    assert alike["verdicts", "line", "a"][:2] == (5, "ok")  # 15 of 100 is .75
    small = points(tipping.tipping_point(verdicts({"a": (2, 20), "b": (40, 100)}), study("b", primary=[RATIO])))
    assert small["verdicts", "sign", "a"][:2] == (6, "small_cell")
    one = tipping.tipping_point(verdicts({"a": (2, 20)}), study(primary=[RATIO]))
    assert one.is_empty()


def test_only_what_was_declared_and_is_compared_has_tipping_points(verdicts, study):
    outcome = verdicts({"a": (40, 100), "b": (50, 100)})
    assert tipping.tipping_point(outcome, study("b")).is_empty()
    assert tipping.tipping_point(outcome, study("b", primary=[("selection_rate", "rewarded", "g")])).is_empty()
    assert tipping.tipping_point(outcome, study("b", primary=[LISTED])).is_empty()
    error = ("false_positive_rate_difference", "rewarded", "g")
    assert tipping.tipping_point(outcome, study("b", primary=[error])).is_empty()  # a reward is no false positive


@pytest.mark.parametrize("reference", ["b", None, "largest", "rest", "best"])
def test_headlines_are_the_ratios_that_the_result_shows(verdicts, study, reference):
    groups = {"a": (40, 100), "b": (55, 140), "c": (30, 100), "tiny": (4, 5)}
    for outcome in ("rewarded", "listed"):
        counts, told = verdicts(groups, outcome=outcome), study(reference)
        shown = disparity.selection_rate_ratio(counts, told).filter(pl.col("uncertainty") == "audit")
        claim = ("selection_rate_ratio", outcome, "g")
        found = {h["group"]: h.mine.rate / h.theirs.rate for h in headlines(counts, told, claim)}
        for group, value in shown.select("group", "value").iter_rows():
            if group in found:  # the best beside itself is no comparison
                assert found[group] == pytest.approx(value)
        assert len(found) >= 2


def test_it_stands_in_the_catalogue_with_its_cubes(verdicts, cube, study):
    assert MEASURES["tipping_point"].also == ("coverage", "score")
    coverage = cube([{"group": g, "coverage": "missing", "n": 100} for g in ("a", "b")])
    cubes = {"outcome": verdicts({"a": (40, 100), "b": (50, 100)}), "coverage": coverage}
    rows = compute(cubes, study("b", primary=[RATIO]), ["tipping_point"])
    assert set(rows["param"]) == {"verdicts", "unscored"}
    assert set(rows["uncertainty"]) == {"specification"}
    assert rows.filter(pl.col("value").is_null() & pl.col("note").is_null()).is_empty()
