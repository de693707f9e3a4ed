import numpy as np
import pandas as pd
import polars as pl
import pytest
from fairlearn.metrics import MetricFrame, demographic_parity_ratio, selection_rate

from scoring.measures import MEASURES, Counts, compute


def audit(rows, measure, group=None):
    found = rows.filter(pl.col("measure") == measure, pl.col("uncertainty") == "audit")
    return found.filter(pl.col("group") == group).row(0, named=True) if group else found


@pytest.fixture
def rows(study):
    return lambda counts, reference=None, **also: compute({"outcome": counts}, study(reference, **also))


def test_four_fifths_example_of_the_eeoc(verdicts, rows):
    found = rows(verdicts({"a": (60, 100), "b": (45, 100), "c": (48, 100), "d": (51, 100)}), "a")
    ratios = audit(found, "selection_rate_ratio").sort("group")["value"].to_list()
    assert ratios == pytest.approx([0.75, 0.80, 0.85])


def test_ricci_captains_violate_the_convention_yet_one_is_inside_the_interval(verdicts, rows):
    row = audit(rows(verdicts({"white": (16, 25), "minority": (6, 16)}), "white"), "selection_rate_ratio", "minority")
    assert row["value"] == pytest.approx(0.585938, abs=1e-6)
    assert row["low"] < 0.8 < 1 < row["high"]
    assert row["status"] == "small_cell"


def test_published_table_of_newcombe(verdicts, rows):
    found = rows(verdicts({"a": (56, 70), "b": (48, 80)}), "b")
    difference = audit(found, "selection_rate_difference", "a")
    ratio = audit(found, "selection_rate_ratio", "a")
    assert (difference["low"], difference["high"]) == pytest.approx((0.052431, 0.333873), abs=1e-6)
    assert (ratio["low"], ratio["high"]) == pytest.approx((1.0790, 1.6722), abs=1e-4)
    assert (difference["method"], ratio["method"]) == ("Newcombe", "score")


def test_both_directions_are_shown(verdicts, rows):
    found = rows(verdicts({"a": (100, 10_000), "b": (200, 10_000)}, outcome="listed"), "a")
    assert audit(found, "selection_rate_ratio", "b")["value"] == pytest.approx(2.0)
    assert audit(found, "non_selection_rate_ratio", "b")["value"] == pytest.approx(0.98 / 0.99)
    assert audit(found, "excess_per_10000", "b")["value"] == pytest.approx(100)
    assert set(found["polarity"]) == {"adverse"}


@pytest.mark.parametrize(
    ("groups", "value", "status", "low"),
    [
        ({"a": (0, 100), "b": (0, 100)}, None, "zero_denom", None),
        ({"a": (0, 100), "b": (5, 100)}, np.inf, "zero_denom", pytest.approx(1.3236508, abs=1e-6)),
        ({"a": (5, 100), "b": (0, 100)}, 0.0, "small_cell", 0.0),
        ({"a": (50, 100), "b": (0, 100)}, 0.0, "ok", 0.0),
        ({"a": (50, 100), "b": (10, 29)}, pytest.approx(20 / 29), "small_cell", pytest.approx(0.391, abs=0.01)),
        ({"a": (5_000, 10_000), "b": (50, 100)}, 1.0, "small_cell", pytest.approx(0.808, abs=0.01)),
    ],
)
def test_undefined_and_small_are_told_apart(verdicts, rows, groups, value, status, low):
    row = audit(rows(verdicts(groups), "a"), "selection_rate_ratio", "b")
    assert (row["value"], row["status"]) == (value, status)
    assert row["low"] == low
    assert (row["note"] is not None) == (status == "zero_denom")


def test_one_group_has_nothing_to_compare_with(verdicts, rows):
    row = audit(rows(verdicts({"a": (5, 100)})), "selection_rate_ratio", "a")
    assert (row["value"], row["low"], row["status"]) == (None, None, "single_group")


def test_a_reference_to_which_nobody_belongs(verdicts, rows):
    found = audit(rows(verdicts({"a": (5, 100), "b": (9, 90)}), "z"), "selection_rate_difference")
    assert set(found["status"]) == {"not_applicable"}
    assert found["value"].null_count() == 2


def test_the_largest_group_is_the_reference_unless_one_is_declared(verdicts, rows):
    counts = verdicts({"a": (50, 100), "b": (90, 300), "unknown": (50, 900)})
    assert set(audit(rows(counts), "selection_rate_ratio")["reference"]) == {"b"}
    assert set(audit(rows(counts, "a"), "selection_rate_ratio")["reference"]) == {"a"}


@pytest.mark.parametrize(("y", "fragile"), [(39, True), (30, False), (45, False)])
def test_one_person_who_changes_the_side_of_the_convention_is_named(verdicts, rows, y, fragile):
    row = audit(rows(verdicts({"a": (50, 100), "b": (y, 100)}), "a"), "selection_rate_ratio", "b")
    assert ("FRAGILE" in (row["note"] or "")) == fragile


def test_an_adverse_ratio_is_fragile_at_the_mirror_of_the_convention(verdicts, rows):
    found = rows(verdicts({"a": (40, 100), "b": (51, 100)}, outcome="listed"), "a")
    assert "FRAGILE" in audit(found, "selection_rate_ratio", "b")["note"]
    assert audit(found, "non_selection_rate_ratio", "b")["note"] is None


def test_rates_equal_fairlearn_on_crossed_groups(rows):
    rng = np.random.default_rng(5)
    people = pd.DataFrame({c: rng.choice(list("xyz"), 10_000) for c in ("race", "sex")})
    chosen = rng.random(10_000) < 0.2 + 0.2 * (people.race == "x")
    frame = pl.from_pandas(people).with_columns(
        group=pl.concat_str("race", "sex", separator="*"), selected=pl.Series(chosen.to_numpy())
    )
    counts = Counts.of(frame, ["group", "selected"])
    head = {"world": "w", "scheme": "s", "draw": -1, "seed": 1, "group_by": "race*sex", "outcome": "rewarded"}
    cells = counts.cells.with_columns(pl.lit(v).alias(k) for k, v in head.items())
    found = rows(Counts((*head, *counts.axes), cells))
    theirs = MetricFrame(metrics=selection_rate, y_true=chosen, y_pred=chosen, sensitive_features=people)
    ours = audit(found, "selection_rate")
    by_group = {f"{race}*{sex}": rate for (race, sex), rate in theirs.by_group.items()}
    assert dict(ours.select("group", "value").iter_rows()) == by_group
    parity = demographic_parity_ratio(chosen, chosen, sensitive_features=people)
    assert ours["value"].min() / ours["value"].max() == pytest.approx(parity)


def test_relabelling_turns_the_ratio_over_and_the_difference_around(verdicts, rows):
    counts = verdicts({"a": (130, 700), "b": (90, 800)})
    there, back = rows(counts, "a"), rows(counts, "b")
    ratio = [audit(r, "selection_rate_ratio").row(0, named=True) for r in (there, back)]
    gap = [audit(r, "selection_rate_difference").row(0, named=True) for r in (there, back)]
    assert ratio[0]["value"] * ratio[1]["value"] == pytest.approx(1)
    assert ratio[0]["low"] * ratio[1]["high"] == pytest.approx(1)
    assert gap[0]["value"] == pytest.approx(-gap[1]["value"])
    assert gap[0]["low"] == pytest.approx(-gap[1]["high"])


def test_duplicating_everybody_leaves_the_values(verdicts, rows):
    both = (rows(verdicts({"a": (130 * k, 700 * k), "b": (90 * k, 800 * k)})) for k in (1, 2))
    names = ["selection_rate", "selection_rate_ratio", "selection_rate_difference", "non_selection_rate_ratio"]
    once, twice = (found.filter(pl.col("measure").is_in(names)) for found in both)
    assert once["value"].to_list() == pytest.approx(twice["value"].to_list())
    width = [audit(r, "selection_rate", "a")["high"] - audit(r, "selection_rate", "a")["low"] for r in (once, twice)]
    assert width[1] / width[0] == pytest.approx(0.5**0.5, rel=0.01)


def test_seeds_are_averaged_and_the_audit_is_of_the_first(verdicts, rows):
    seeds = [verdicts({"a": (50, 100), "b": (y, 100)}, seed=s) for s, y in ((1, 20), (2, 30), (3, 40))]
    found = rows(seeds[0] + seeds[1] + seeds[2], "a").filter(
        pl.col("measure") == "selection_rate", pl.col("group") == "b"
    )
    over = found.filter(pl.col("uncertainty") == "seeds").row(0, named=True)
    assert (over["value"], over["seeds"], over["n"]) == (pytest.approx(0.3), 3, 100)
    assert over["high"] - over["value"] == pytest.approx(4.302653 * 0.1 / 3**0.5, rel=1e-6)
    assert found.filter(pl.col("uncertainty") == "audit")["value"].to_list() == [0.2]


def test_one_seed_has_no_interval_over_seeds(verdicts, rows):
    found = rows(verdicts({"a": (50, 100)})).filter(pl.col("uncertainty") == "seeds")
    assert found["low"].null_count() == found.height
    assert found.filter(pl.col("measure") == "selection_rate")["note"].to_list() == ["one seed: no interval over seeds"]


def test_a_ratio_undefined_in_one_seed_is_pooled_and_says_so(verdicts, rows):
    counts = verdicts({"a": (0, 100), "b": (4, 100)}) + verdicts({"a": (4, 100), "b": (4, 100)}, seed=2)
    found = rows(counts, "a").filter(pl.col("measure") == "selection_rate_ratio", pl.col("uncertainty") == "seeds")
    row = found.row(0, named=True)
    assert (row["value"], row["low"]) == (pytest.approx(2.0), None)
    assert row["note"].startswith("undefined in 1 of 2 seeds")


def test_no_interval_over_seeds_reaches_beyond_what_is_possible(verdicts, rows):
    counts = verdicts({"a": (99, 100), "b": (5, 100)}) + verdicts({"a": (60, 100), "b": (40, 100)}, seed=2)
    over = rows(counts, "a").filter(pl.col("uncertainty") == "seeds")
    rate = over.filter(pl.col("measure") == "selection_rate", pl.col("group") == "a").row(0, named=True)
    ratio = over.filter(pl.col("measure") == "selection_rate_ratio").row(0, named=True)
    assert (rate["low"], rate["high"], ratio["low"]) == (0, 1, 0)


def test_a_family_shows_its_median_and_range_and_nothing_else(verdicts, rows):
    draws = [verdicts({"a": (y, 100)}, draw=d) for d, y in enumerate((10, 20, 60))]
    found = rows(draws[0] + draws[1] + draws[2]).filter(pl.col("measure") == "selection_rate")
    row = found.row(0, named=True)
    assert found.height == 1
    assert (row["value"], row["low"], row["high"], row["draw"]) == (0.2, 0.1, 0.6, None)
    assert (row["uncertainty"], row["method"]) == ("specification", "range over draws")


def test_reach_counts_outcomes_of_all_residents(cube, verdicts, study):
    everyone = {"group_by": "everyone", "group": "everyone"}
    parts = {"scored": 60, "missing": 10, "unenrolled": 20, "ineligible": 10}
    coverage = cube([{"coverage": c, "n": n} for c, n in parts.items()], **everyone)
    outcome = verdicts({"everyone": (15, 60)}, group_by="everyone")
    found = compute({"coverage": coverage, "outcome": outcome}, study(), ["reach"])
    found = found.filter(measure="reach")
    assert dict(found.select("term", "value").iter_rows()) == {
        "residents": 10_000, "eligible": 9_000, "enrolled": 7_000, "scored": 6_000, "rewarded": 1_500,
    }  # fmt: skip


def test_band_rates_sum_to_one_and_name_empty_bands(cube, study):
    found = compute(
        {
            "band": cube(
                [
                    {"group": "a", "band": "A", "n": 40},
                    {"group": "b", "band": "A", "n": 30},
                    {"group": "b", "band": "B", "n": 10},
                ]
            )
        },
        study(),
    )
    values = found.filter(pl.col("uncertainty") == "audit").select("group", "term", "value").rows()
    assert sorted(values) == [("a", "A", 1.0), ("a", "B", 0.0), ("b", "A", 0.75), ("b", "B", 0.25)]


def test_the_catalogue_asks_a_question_for_every_measure():
    assert all(m.question.endswith("?") and m.function.__doc__ for m in MEASURES.values())


def test_merging_two_groups_of_one_rate_leaves_what_is_pooled(verdicts, rows):
    apart, merged = {"a": (30, 100), "b": (20, 80), "c": (10, 40)}, {"a": (30, 100), "b": (30, 120)}
    for reference, group in (("a", "b"), ("rest", "a")):
        found = [rows(verdicts(groups), reference) for groups in (apart, merged)]
        for measure in ("selection_rate", "selection_rate_ratio", "selection_rate_difference", "cohens_h"):
            one, other = (audit(f, measure, group)["value"] for f in found)
            assert one == pytest.approx(other, rel=1e-12), measure
