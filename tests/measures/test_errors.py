import polars as pl
import pytest

from scoring.measures import TAUS, compute
from scoring.measures.errors import RATES

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
    fpr, fnr, ppv, prevalence = (value(compas, group, rate) for rate in RATES)
    assert fpr == pytest.approx(prevalence / (1 - prevalence) * (1 - ppv) / ppv * (1 - fnr), abs=1e-12)


def test_differences_are_to_the_reference(compas):
    assert value(compas, "black", "false_positive_rate_difference") == pytest.approx(0.448468 - 0.234543, abs=1e-6)


def test_every_threshold_is_shown_and_an_empty_class_is_undefined(compas):
    errors = compas.filter(pl.col("measure").str.contains("|".join(RATES)))
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
