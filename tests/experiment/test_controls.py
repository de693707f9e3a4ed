"""Controls: a scheme that says the same of everybody has no gap, never flips, and has no kappa."""

import polars as pl
import pytest

from scoring import experiment

CITED = "mark: assumed, source: X"
INDIFFERENT = f"""\
scheme: indifferent
title: {{en: The same of everybody}}
instrument: points scheme
law: {{title: none, rank: none, {CITED}}}
in_force: {{from: "2000"}}
enrolment: {{kind: automatic, text: everybody, {CITED}}}
eligibility: {{when: age >= 18, text: adults, {CITED}}}
base: {{points: 100, {CITED}}}
sources: {{X: {{title: x, where: here}}}}
bands:
  - {{name: unreachable, label: nobody, high: -1000000, {CITED}}}
  - {{name: everybody, label: everybody, low: -999999, {CITED}}}
outcomes:
  warned: {{label: w, polarity: adverse, bands: [unreachable], {CITED}}}
  commended: {{label: c, polarity: favourable, bands: [everybody], {CITED}}}
rules:
  - {{id: ticket, label: ticket, per: n_traffic_violation, points: 0, because: x, actionable: now, {CITED}}}
  - {{id: fine, label: fine, per: n_public_order_penalty, points: -5, because: x, actionable: now, {CITED}}}
"""
RUN = """\
experiment: control
asks: Does a scheme that says the same of everybody come out even?
people: {recipe: weihai_2020, n: 3000, years: 2}
seeds: 2
worlds: [equal_conduct]
schemes: [indifferent, rongcheng_2016]
groups: [residence, sex]
references: {residence: urban, sex: male}
primary:
  - {measure: selection_rate_difference, outcome: commended, group: residence}
probes: {people: 500, redraws: 5}
measures: all
vary:
  schemes.indifferent.rules.fine.points: [-5, -50]
"""


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    folder = tmp_path_factory.mktemp("control")
    (folder / "schemes").mkdir()
    (folder / "schemes" / "indifferent.yaml").write_text(INDIFFERENT)
    (folder / "control.yaml").write_text(RUN)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        found = experiment.run("control.yaml").rows
    return found.filter((pl.col("scheme") == "indifferent") | (pl.col("versus") == "indifferent"))


ZERO = (
    "selection_rate_difference",
    "excess_per_10000",
    "cohens_h",
    "pivotal_record_share",
    "self_consistency_below_75",
    "churn",
    "near_threshold_mass",
    "adjusted_difference",
    "quantile_gap",
    "universe_estimate",
)
UNDEFINED = {
    "cohen_kappa": "indifferent gives the same verdict for everyone",
    "kappa_max": "indifferent gives the same verdict for everyone",
    "half_life": "",
    "population_stability_index": "all of them stand in one bin",
    "factor_importance": "no choice moves the estimate",
}


@pytest.mark.parametrize("measure", ZERO)
def test_nothing_differs_and_nothing_flips(rows, measure):
    found = rows.filter((pl.col("measure") == measure) & pl.col("value").is_not_null())
    assert found.height > 0
    assert set(found["value"]) == {0.0}


@pytest.mark.parametrize("measure", ["self_consistency", "selection_rate_ratio", "still_in_place"])
def test_what_is_the_same_of_everybody_always_agrees(rows, measure):
    found = rows.filter((pl.col("measure") == measure) & pl.col("value").is_not_null())
    assert found.height > 0
    assert set(found["value"]) == {1.0}


@pytest.mark.parametrize(("measure", "why"), UNDEFINED.items())
def test_what_cannot_be_said_is_undefined_with_its_reason(rows, measure, why):
    found = rows.filter(pl.col("measure") == measure)
    assert found.height > 0
    assert found["value"].null_count() == found.height
    assert found["note"].str.contains(why).all()
