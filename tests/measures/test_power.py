import numpy as np
import polars as pl
import pytest
from statsmodels.stats.proportion import power_proportions_2indep

from scoring.measures import compute
from scoring.measures.power import power
from scoring.measures.significance import pooled_z

PRIMARY = [("selection_rate_ratio", "rewarded", "g")]


@pytest.fixture
def powers(study):
    def rows(counts, reference="a", primary=PRIMARY, **also):
        return compute({"outcome": counts}, study(reference, primary=primary, **also), ["detection_power"])

    return rows


def by_size(rows, column="value"):
    return dict(rows.select("term", column).iter_rows())


def test_power_equals_statsmodels_at_the_rates_and_shares_of_the_groups(verdicts, powers):
    found = powers(verdicts({"a": (300, 1_500), "b": (120, 500)}))
    expected = {
        f"n={n}": power_proportions_2indep(0.04, 0.2, n / 4, ratio=3, alpha=0.05).power
        for n in (1_000, 10_000, 100_000)
    }
    assert by_size(found) == pytest.approx(expected)
    assert by_size(found, "n") == {"n=1000": 250, "n=10000": 2_500, "n=100000": 25_000}
    row = found.row(0, named=True)
    assert (row["group"], row["reference"], row["polarity"], row["p"]) == ("b", "a", "favourable", None)
    assert (row["uncertainty"], row["method"], row["status"]) == ("audit", "two-sample z test at 5%", "ok")


def test_power_is_how_often_the_test_finds_it():
    rng = np.random.default_rng(6)
    for p, n, p_ref, n_ref in [(0.24, 250, 0.2, 750), (0.1, 300, 0.15, 900), (0.5, 100, 0.35, 400)]:
        y, y_ref = rng.binomial(n, p, 20_000), rng.binomial(n_ref, p_ref, 20_000)
        found = np.mean(np.abs(pooled_z(y, n, y_ref, n_ref)) > 1.959964)
        assert power(p, n, p_ref, n_ref) == pytest.approx(found, abs=0.015)


def test_equal_rates_are_found_unlike_as_often_as_false_alarms_are_allowed(verdicts, powers):
    found = powers(verdicts({"a": (300, 1_500), "b": (100, 500)}))
    assert found["value"].to_list() == pytest.approx([0.05] * 3)
    assert set(found["note"]) == {"the two rates are equal: the chance of a false alarm"}


def test_more_persons_see_more_and_swapped_groups_see_the_same(verdicts, powers):
    counts = verdicts({"a": (300, 1_500), "b": (120, 500)})
    there, back = by_size(powers(counts, "a")), by_size(powers(counts, "b"))
    assert there["n=1000"] < there["n=10000"] < there["n=100000"] <= 1
    assert there == pytest.approx(back)


def test_rates_are_of_all_seeds_together(verdicts, powers):
    both = verdicts({"a": (100, 700), "b": (80, 300)}) + verdicts({"a": (200, 800), "b": (40, 200)}, seed=2)
    pooled = powers(verdicts({"a": (300, 1_500), "b": (120, 500)}))
    found = powers(both)
    assert by_size(found) == pytest.approx(by_size(pooled))
    assert set(found["seeds"]) == {2}


def test_few_expected_persons_make_the_power_rough(verdicts, powers):
    found = powers(verdicts({"a": (20, 4_000), "b": (10, 1_000)}))
    assert by_size(found, "status") == {"n=1000": "small_cell", "n=10000": "ok", "n=100000": "ok"}
    assert "normal approximation is rough" in by_size(found, "note")["n=1000"]


@pytest.mark.parametrize(
    ("groups", "reference", "status"),
    [
        ({"a": (0, 500), "b": (0, 400)}, "a", "zero_denom"),
        ({"a": (500, 500), "b": (400, 400)}, "a", "zero_denom"),
        ({"a": (50, 500)}, None, "single_group"),
        ({"a": (50, 500), "b": (90, 400)}, "z", "not_applicable"),
    ],
)
def test_undefined_power_says_why(verdicts, powers, groups, reference, status):
    found = powers(verdicts(groups), reference)
    assert set(found["status"]) == {status}
    assert found["value"].null_count() == found["note"].drop_nulls().len() == found.height


def test_only_declared_claims_have_a_power_and_one_each(verdicts, powers):
    counts = verdicts({"a": (300, 1_500), "b": (120, 500)})
    assert powers(counts, primary=()).is_empty()
    assert powers(counts, primary=[("selection_rate_ratio", "listed", "g")]).is_empty()
    assert powers(counts, primary=[("pivotal_record_share", "rewarded", "g")]).is_empty()
    twice = [*PRIMARY, ("selection_rate_difference", "rewarded", "g")]
    assert powers(counts, primary=twice).equals(powers(counts))


def test_the_best_group_was_picked_for_its_rate_and_has_no_test_to_have_power(verdicts, powers):
    assert powers(verdicts({"a": (300, 1_500), "b": (120, 500)}), "best").is_empty()


def test_a_claim_on_errors_counts_those_who_could_err_among_everybody(cube, powers):
    rows = [
        {"group": g, "selected": s, "truth": t, "outcome": "listed", "n": n}
        for g, s, t, n in [("a", True, False, 90), ("a", False, False, 710), ("a", True, True, 700),
                           ("b", True, False, 60), ("b", False, False, 340), ("b", True, True, 100)]
    ]  # fmt: skip
    found = powers(cube(rows), primary=[("false_positive_rate_difference", "listed", "g")])
    expected = power_proportions_2indep(0.15 - 0.1125, 0.1125, 10_000 * 400 / 2_000, ratio=2).power
    assert by_size(found)["n=10000"] == pytest.approx(expected)
    assert set(found["param"]) == {"false_positive_rate, truth"}


def test_worlds_and_schemes_are_apart_and_families_have_none(verdicts, study):
    counts = verdicts({"a": (300, 1_500), "b": (120, 500)})
    other = verdicts({"a": (300, 1_500), "b": (160, 500)}, world="v", scheme="t")
    family = verdicts({"a": (300, 1_500), "b": (160, 500)}, scheme="u", draw=0)
    told = study("a", schemes=("s", "t", "u"), primary=PRIMARY)
    found = compute({"outcome": counts + other + family}, told, ["detection_power"])
    assert found.filter(pl.col("term") == "n=1000").select("world", "scheme").rows() == [("v", "t"), ("w", "s")]
    values = found.filter(pl.col("term") == "n=1000")["value"].to_list()
    assert values == pytest.approx([power(p, 250, 0.2, 750).item() for p in (0.32, 0.24)])
