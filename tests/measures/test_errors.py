import numpy as np
import polars as pl
import pytest
from fairlearn.metrics import false_negative_rate, false_positive_rate, true_positive_rate
from sklearn.metrics import confusion_matrix

from scoring.measures import TAUS, Counts, compute

IDENTITY = ["false_positive_rate", "false_negative_rate", "positive_predictive_value", "prevalence"]

COMPAS = {  # ProPublica: group → (survived low, survived high, recidivated low, recidivated high)
    "black": (990, 805, 532, 1369),
    "white": (1139, 349, 461, 505),
}
EXPECTED = {
    ("black", "false_positive_rate"): 0.448468,
    ("black", "false_negative_rate"): 0.279853,
    ("black", "positive_predictive_value"): 0.629715,
    ("black", "prevalence"): 0.514340,
    ("white", "false_positive_rate"): 0.234543,
    ("white", "false_negative_rate"): 0.477226,
    ("white", "positive_predictive_value"): 0.591335,
    ("white", "prevalence"): 0.393643,
}


@pytest.fixture
def compas(cube, study):
    rows = [
        {"group": group, "outcome": "listed", "selected": bool(i % 2), "harm": 3 if i > 1 else 0, "n": n}
        for group, cells in COMPAS.items()
        for i, n in enumerate(cells)
    ]
    found = compute({"outcome": cube(rows)}, study("white"))
    return found.filter(pl.col("uncertainty") == "audit")


def value(rows, group, measure, param="tau=10"):
    found = rows.filter(pl.col("group") == group, pl.col("measure") == measure, pl.col("param") == param)
    return found["value"].item()


@pytest.mark.parametrize(("group", "measure"), EXPECTED)
def test_propublica(compas, group, measure):
    assert value(compas, group, measure) == pytest.approx(EXPECTED[group, measure], abs=1e-6)


@pytest.mark.parametrize("group", COMPAS)
def test_chouldechova_identity(compas, group):
    fpr, fnr, ppv, prevalence = (value(compas, group, rate) for rate in IDENTITY)
    assert fpr == pytest.approx(prevalence / (1 - prevalence) * (1 - ppv) / ppv * (1 - fnr), abs=1e-12)


@pytest.mark.parametrize("group", COMPAS)
def test_what_is_not_missed_is_found_and_what_is_not_right_is_wrong(compas, group):
    for one, other in (
        ("true_positive_rate", "false_negative_rate"),
        ("false_discovery_rate", "positive_predictive_value"),
    ):
        assert value(compas, group, one) == pytest.approx(1 - EXPECTED[group, other], abs=1e-6)


def test_ratios_are_to_the_reference_and_no_convention_speaks_of_them(compas):
    assert value(compas, "black", "false_positive_rate_ratio") == pytest.approx(0.448468 / 0.234543, abs=1e-5)
    assert value(compas, "black", "false_negative_rate_ratio") == pytest.approx(0.279853 / 0.477226, abs=1e-5)
    ratios = compas.filter(pl.col("measure").str.ends_with("_ratio") & pl.col("measure").str.starts_with("false"))
    assert set(ratios["method"]) == {"score"}
    assert not ratios["note"].str.contains("FRAGILE").any()


def test_a_ratio_is_undefined_where_nobody_in_the_reference_meets_with_the_error(cube, study):
    cells = {"a": (0, 90, 30, 10), "b": (5, 95, 30, 20)}  # false positives, true negatives, true positives, missed
    rows = [
        {"group": g, "outcome": "listed", "selected": s, "truth": t, "n": k}
        for g, counts in cells.items()
        for k, (s, t) in zip(counts, [(True, False), (False, False), (True, True), (False, True)], strict=True)
    ]
    found = compute({"outcome": cube(rows)}, study("a"), ["false_positive_rate_ratio"]).row(0, named=True)
    assert (found["value"], found["status"]) == (float("inf"), "zero_denom")
    assert found["note"].startswith("nobody in the reference meets with this error")
    assert found["high"] is None or found["high"] == float("inf")


def random_people(seed=8, n=6_000, groups="abc"):
    rng = np.random.default_rng(seed)
    group, harm = rng.choice(list(groups), n), rng.choice(6, n, p=[0.5, 0.1, 0.1, 0.1, 0.1, 0.1])
    chosen = rng.random(n) < 0.1 + 0.08 * harm + 0.05 * (group == "b")
    return pl.DataFrame({"group": group, "harm": harm, "selected": chosen, "outcome": "listed", "group_by": "g"})


def outcome_cube(people):
    head = {"world": "w", "scheme": "s", "draw": -1, "seed": 1}
    people = people.with_columns(pl.lit(v).alias(k) for k, v in head.items())
    return Counts.of(people, people.columns)


@pytest.mark.parametrize(("level", "param"), [(0, "tau=1"), (2, "tau=10"), (4, "tau=100")])
def test_rates_equal_fairlearn_and_scikit_learn_and_obey_the_identity(study, level, param):
    people = random_people()
    found = compute({"outcome": outcome_cube(people)}, study("a")).filter(pl.col("uncertainty") == "audit")
    for group in "abc":
        harmful, chosen = people.filter(pl.col("group") == group).select(pl.col("harm") > level, "selected")
        tn, fp, fn, tp = confusion_matrix(harmful, chosen).ravel()
        expected = {
            "false_positive_rate": false_positive_rate(harmful, chosen),
            "false_negative_rate": false_negative_rate(harmful, chosen),
            "true_positive_rate": true_positive_rate(harmful, chosen),
            "positive_predictive_value": tp / (tp + fp),
            "false_discovery_rate": fp / (tp + fp),
            "prevalence": (tp + fn) / (tn + fp + fn + tp),
        }
        ours = {measure: value(found, group, measure, param) for measure in expected}
        assert ours == pytest.approx(expected, abs=1e-12)
        fpr, fnr, ppv, prevalence = (ours[rate] for rate in IDENTITY)
        assert fpr == pytest.approx(prevalence / (1 - prevalence) * (1 - ppv) / ppv * (1 - fnr), abs=1e-12)


def test_differences_are_to_the_reference(compas):
    assert value(compas, "black", "false_positive_rate_difference") == pytest.approx(0.448468 - 0.234543, abs=1e-6)


def test_every_threshold_is_shown_and_an_empty_class_is_undefined(compas):
    errors = compas.filter(pl.col("measure").str.contains("|".join(IDENTITY)))
    assert set(errors["param"]) == {f"tau={t}" for t in TAUS}
    missing = compas.filter(pl.col("param") == "tau=100", pl.col("measure") == "false_negative_rate")
    assert missing["value"].to_list() == [None, None]
    assert set(missing["status"]) == {"zero_denom"}


def test_only_adverse_outcomes_have_errors(verdicts, study):
    found = compute({"outcome": verdicts({"a": (10, 100)})}, study(), ["false_positive_rate"])
    assert found.is_empty()


def test_without_a_truth_there_are_no_errors_and_a_counted_truth_is_taken(cube, study):
    rows = [{"group": "a", "outcome": "listed", "selected": s, "truth": t, "n": n} for s, t, n in
            ((True, False, 10), (False, False, 90), (True, True, 40), (False, True, 10))]  # fmt: skip
    counts = cube(rows)
    found = compute({"outcome": counts}, study(), ["false_positive_rate"])
    assert set(found["param"]) == {"truth"}
    assert found["value"].to_list() == pytest.approx([0.1, 0.1])
    blind = counts.marginal([a for a in counts.axes if a != "truth"])
    assert compute({"outcome": blind}, study(), ["false_positive_rate"]).is_empty()
