"""Every scheme of the catalogue passes its cases, resolves its sources, and reads only what the population has."""

import polars as pl
import pytest
from hand_frames import cases, catalogue, frame_of, plan_of, ready

from scoring import population, schemes, workspace
from scoring.documents import Refused
from scoring.schemes import conditions
from scoring.schemes.faults import Known
from scoring.schemes.reading import text_of
from scoring.schemes.showing import central

CATALOGUE = catalogue()
SUBJECT = {name: schemes.summary(loaded)["subject"] for name, loaded in CATALOGUE.items()}


def lists_of(subject):
    """Return the list regimes over a kind of subject: only these can be joined by another of its schemes."""
    return frozenset(n for n, kind in SUBJECT.items() if kind == subject and central(CATALOGUE[n]).state)


@pytest.fixture(scope="module")
def plan():
    return plan_of("person")


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_case_comes_out_as_worked(name):
    scheme, told = ready(name), cases(name)
    frame = frame_of(scheme.reads, [case["given"] for case in told["cases"]], told["defaults"], scheme.subject)
    found = scheme.score(frame).to_dicts()
    wrong = {
        case["id"]: {k: (found[i][k], v) for k, v in case["expect"].items() if found[i][k] != v}
        for i, case in enumerate(told["cases"])
    }
    assert {k: v for k, v in wrong.items() if v} == {}
    assert all(case["because"] for case in told["cases"])


@pytest.mark.parametrize("name", CATALOGUE)
def test_no_case_gives_a_column_that_nobody_has(name):
    scheme, told = ready(name), cases(name)
    known = {*plan_of(scheme.subject).columns, *scheme.reads, *(f"prior__{part}" for part in scheme.state)}
    assert set().union(told["defaults"], *(case["given"] for case in told["cases"])) <= known


UNREACHED = {  # bands that no record of any recipe, or no single year, leads to
    "customs_credit_2026": {"seriously_dishonest", "certified"},
    "environmental_jiangsu": {"green"},
}


@pytest.mark.parametrize("name", [n for n, loaded in CATALOGUE.items() if not isinstance(loaded, schemes.Learnable)])
def test_every_band_has_a_case(name):
    told = {case["expect"].get("band") for case in cases(name)["cases"]}
    assert {band.name for band in schemes.central(CATALOGUE[name]).bands} - told == UNREACHED.get(name, set())


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_rule_has_a_case(name):
    rules = [rule for rule in ready(name).rules if not rule.unmodelled]
    given = [set(case["given"]) for case in cases(name)["cases"]]
    assert [rule.id for rule in rules if not any(set(rule.reads) & g for g in given)] == []


@pytest.mark.parametrize("name", CATALOGUE)
def test_no_rule_reads_a_record_that_the_population_lacks(name):
    plan = plan_of(SUBJECT[name])
    known = Known(frozenset(plan.columns), plan.levels, lists_of(SUBJECT[name]))
    try:
        text_of(workspace.find("scheme", name), known)
    except Refused as refusal:
        pytest.fail("\n".join(map(str, refusal.problems)))


def test_every_band_of_rongcheng_is_inhabited_and_every_ledger_closes(plan):
    scheme = CATALOGUE["rongcheng_2016"]
    people = population.people(plan, 400_000, 1).select(scheme.reads)
    ledger = scheme.ledger(scheme.score(people)).filter(pl.col("coverage") == "scored")
    assert set(ledger["band"].unique()) == {band.name for band in scheme.bands}
    closes = pl.sum_horizontal(pl.col("^points__.*$")) + scheme.base == pl.col("score")
    assert ledger.select(closes.all()).item()


def test_protected_attributes_that_a_scheme_reads_are_found():
    protected = ["sex", "hukou_place", "residence"]
    assert schemes.protected_reads(CATALOGUE["hangzhou_2018"], protected) == ["hukou_place"]
    assert schemes.protected_reads(CATALOGUE["rongcheng_2016"], protected) == []


def test_the_title_of_a_family_says_that_its_weights_are_assumed():
    assert CATALOGUE["hangzhou_2018"].title == "Hangzhou-like (assumed weights)"


def test_what_no_source_documents_is_omitted_and_not_invented():
    omitted = {o["id"] for o in schemes.describe(CATALOGUE["rongcheng_2016"])["omitted"]}
    assert {"petitioning", "blood_donation", "investigation_refusal"} <= omitted
    assert not omitted & {rule.id for rule in CATALOGUE["rongcheng_2016"].rules}


def test_show_prints_each_rule_with_points_article_and_mark():
    told = schemes.told(schemes.describe(CATALOGUE["rongcheng_2016"]))
    for rule in CATALOGUE["rongcheng_2016"].rules:
        line = next(x for x in told.splitlines() if rule.label in x and rule.because in x)
        assert f"[{rule.mark}: {rule.source}]" in line


def test_ordinary_law_is_what_the_recipe_gives_each_record_as_its_penalty(plan):
    follows = {"fine": "fined", "detention": "fined", "court_enforcement": "court_enforced"}
    outcomes = CATALOGUE["no_scheme"].outcomes
    read = {name: {c.removeprefix("n_") for c in conditions.columns(o.when)} for name, o in outcomes.items()}
    penalised: dict[str, set[str]] = {name: set() for name in read}
    for name, record in plan.records.items():
        if record.polarity == "adverse" and record.penalty in follows:
            penalised[follows[record.penalty]].add(name)
    assert read == penalised
