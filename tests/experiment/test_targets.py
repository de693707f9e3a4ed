"""Published numbers beside what a simulation gives: known answers on hand-made lists."""

import json
from functools import cache

import polars as pl
import pytest
from typer.testing import CliRunner

from scoring import cli, population, workspace
from scoring.documents import Refused, parse
from scoring.experiment import targets
from scoring.experiment.targets import told
from scoring.schemes.faults import Known, faults

CITED = "mark: assumed, source: ASSUMED"
N = 10_000
LIST = f"""
title: {{en: Toy}}
instrument: list regime
law: {{title: none, rank: none, {CITED}}}
in_force: {{from: "2000"}}
enrolment: {{kind: automatic, text: all, {CITED}}}
eligibility: {{when: age >= 18, text: adults, {CITED}}}
outcomes: {{listed: {{label: on it, polarity: adverse, listed: true, {CITED}}}}}
"""
EVERYONE = f"entries: [{{id: e, label: e, when: age >= 18, because: b, term: {{days: 365, {CITED}}}, {CITED}}}]\n"
NOBODY = EVERYONE.replace("when: age >= 18", "when: age >= 200")
HALF = f"""
entries: [{{id: e, label: e, when: n_traffic_violation >= 1, because: b, term: {{days: open, {CITED}}}, {CITED}}}]
repairs: [{{id: r, label: r, when: lot__repair < 5000, because: b, {CITED}}}]
"""


def target(measure, **more):
    given = "".join(f", {key}: {value}" for key, value in more.items())
    return f"targets: [{{id: t, label: t, measure: {measure}, value: 0.5{given}, mark: assumed, source: ASSUMED}}]\n"


@pytest.fixture
def found(tmp_path, monkeypatch):
    """Return the one line of a scheme written as text."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "schemes").mkdir()

    def look(body, name="toy", people=N, recipe="weihai_2020"):
        (tmp_path / "schemes" / f"{name}.yaml").write_text(f"scheme: {name}\n{body}")
        (line,) = targets([name], people, recipe)
        return line

    return look


@cache
def plan_of(subject):
    recipe = population.load(workspace.find("recipe", "weihai_2020"), [subject])
    return population.compile_recipe(recipe, "equal_conduct", subject)


def drawn(subject, year=0):
    return population.people(plan_of(subject), N, 1, year)


def test_a_list_that_everyone_is_on_for_a_year_at_a_time_has_known_numbers(found):
    assert found(LIST + EVERYONE + target("listed_share")).simulated == 1
    assert found(LIST + EVERYONE + target("exits_over_entries")).simulated == 1
    assert found(LIST + EVERYONE + target("exits_over_entries", stock=3, entries=2)).simulated == 2.5


def test_the_published_stock_is_multiplied_by_how_fast_the_list_is_left(found):
    on, listed, left, entered = pl.Series([False] * N), 0, 0, 0
    for year in range(12):
        people = drawn("person", year)
        now = on | ((people["n_traffic_violation"] > 0) & (people["age"] >= 18))
        leaves = now & (people["lot__repair"] < 5_000)
        if year >= 7:
            listed, left, entered = listed + now.sum(), left + leaves.sum(), entered + (now & ~on).sum()
        on = now & ~leaves
    steady = found(LIST + HALF + target("exits_over_entries"))
    published = found(LIST + HALF + target("exits_over_entries", stock=9, entries=1))
    assert steady.simulated == pytest.approx(left / entered, rel=1e-12)
    assert published.simulated == pytest.approx(left / listed * 10, rel=1e-12)


def test_a_share_of_a_band_is_of_the_scored(found):
    bands = f"""base: {{points: 0, {CITED}}}
bands:
  - {{name: low, label: low, high: 0, {CITED}}}
  - {{name: high, label: high, low: 1, {CITED}}}
rules: [{{id: r, label: r, when: sex == female, points: 1, because: b, actionable: immutable, {CITED}}}]
"""
    text = (
        LIST.replace("list regime", "points scheme")
        .replace("listed: true", "bands: [low]")
        .replace("listed: {", "w: {")
    )
    line = found(text + bands + target("band_share", band="high"))
    adults = drawn("person").filter(pl.col("age") >= 18)
    assert line.simulated == pytest.approx((adults["sex"].cast(pl.String) == "female").mean(), abs=1e-12)


def test_the_share_of_persons_is_by_resident_and_counts_the_firms_beside_them(found):
    yearly = LIST + EVERYONE.replace("age >= 18", "n_traffic_violation >= 1")
    line = found(yearly + target("entry_share", beside="[licence_revoked, wage_arrears]"))
    firms = drawn("firm")
    beside = ((firms["n_licence_revoked"] > 0).sum() + (firms["n_wage_arrears"] > 0).sum()) / N * 0.130
    years = [drawn("person", year) for year in range(7, 12)]
    entered = sum(((p["age"] >= 18) & (p["n_traffic_violation"] > 0)).sum() for p in years)
    persons = entered / (5 * N)
    assert line.simulated == pytest.approx(persons / (persons + beside), rel=1e-9)


def test_a_list_of_firms_can_stand_beside_persons(found, tmp_path):
    firms = LIST.replace("when: age >= 18, text: adults", "text: all") + EVERYONE.replace("age", "n_licence_revoked")
    firms = firms.replace("n_licence_revoked >= 18", "n_licence_revoked >= 1")
    (tmp_path / "schemes" / "toy_firms.yaml").write_text("scheme: toy_firms\nsubject: firm\n" + firms)
    listed = found(LIST + EVERYONE + target("entry_share", beside="[toy_firms]"))
    recorded = found(LIST + EVERYONE + target("entry_share", beside="[licence_revoked]"))
    assert 0.99 < listed.simulated < 1
    assert listed.simulated == pytest.approx(recorded.simulated, abs=0.002)


NO_LIST = LIST.replace("listed: {label: on it", "old: {label: old").replace("listed: true", "when: age >= 90")
UNDEFINED = {
    NO_LIST + target("listed_share"): "the scheme keeps no list",
    LIST + NOBODY + target("exits_over_entries"): "nobody enters",
    LIST + NOBODY + target("exits_over_entries", stock=9, entries=1): "nobody is listed",
    LIST + NOBODY + target("entry_share"): "no firms are named beside the persons",
}


@pytest.mark.parametrize("text", UNDEFINED)
def test_what_is_not_defined_is_none_with_its_reason(text, found):
    line = found(text, people=2_000)
    assert (line.simulated, line.reason) == (None, UNDEFINED[text])


def test_a_list_that_nobody_is_on_has_a_share_of_zero(found):
    assert found(LIST + NOBODY + target("listed_share"), people=2_000).simulated == 0


def test_a_record_that_no_firm_has_is_told(found):
    with pytest.raises(Refused, match="no record or list 'licence_revokd' — did you mean 'licence_revoked'"):
        found(LIST + EVERYONE + target("entry_share", beside="[licence_revokd]"))


WRONG = {
    target("band_share"): "a band_share, and no other, names a band, got None",
    target("listed_share", band="high"): "a band_share, and no other, names a band, got 'high'",
    target("listed_share", beside="[licence_revoked]"): "entries stand beside those of persons in an entry_share alone",
    target("exits_over_entries", stock=3): "stock and entries belong together, and to exits_over_entries",
    target("listed_share", stock=3, entries=3): "stock and entries belong together, and to exits_over_entries",
}


@pytest.mark.parametrize("text", WRONG)
def test_a_target_has_what_its_measure_needs(text):
    assert WRONG[text] in [p.what for p in faults(parse("scheme: toy\n" + LIST + EVERYONE + text), Known())]


def test_a_list_that_takes_over_another_follows_it(found, tmp_path):
    (tmp_path / "schemes" / "toy_source.yaml").write_text("scheme: toy_source\n" + LIST + EVERYONE)
    joins = EVERYONE.replace("when: age >= 18", "when: listed__toy_source == 1")
    assert found(LIST + joins + target("listed_share"), people=2_000).simulated == 1


@pytest.fixture(scope="module")
def court():
    """The targets of the court list."""
    return targets(["judgment_defaulters_2017"], 200_000)


def test_the_number_that_was_set_to_the_exits_of_2024_meets_them(court):
    lines = {one.target: one for one in court}
    assert lines["exits_2024"].simulated == pytest.approx(lines["exits_2024"].published, rel=0.08)
    assert lines["persons_court_2018"].simulated == pytest.approx(0.964, abs=0.02)
    assert {one.target for one in court if one.fitted} == {"exits_2024", "persons_court_2018", "persons_pool_2018_05"}


def test_natural_persons_are_82_to_85_of_a_hundred_entries_on_all_national_lists(court):
    """Published for May 2018, whose counts of firms set their rates, and for December; the court's list holds more."""
    lines = {one.target: one for one in court}
    assert 0.82 - 0.015 < lines["persons_pool_2018_05"].simulated < 0.85 + 0.015  # 200,000 persons
    assert lines["persons_pool_2018_05"].simulated < lines["persons_court_2018"].simulated


def test_a_table_says_what_was_set_to_meet_its_target(court):
    rows = {row["target"]: row for row in told(court)}
    assert rows["exits_2024"]["published"] == "1.15"
    assert (rows["exits_2024"]["set to meet it"], rows["exits_2025"]["set to meet it"]) == ("yes", "no")
    assert rows["persons_court_2018"]["published"] == "0.967 (0.961–0.967)"
    assert rows["stock_2024"]["from"] == "reported: FT23"


def test_the_command_prints_every_target(found):
    found(LIST + EVERYONE + target("listed_share"), people=1_000)
    words = ["schemes", "targets", "toy", "--people", "1000", "--recipe", "weihai_2020"]
    shown = CliRunner().invoke(cli.app, words, catch_exceptions=False).stdout.splitlines()
    assert shown[1].split()[:4] == ["toy", "t", "0.5", "1"]
    assert "take the stock and the entries from the source" in shown[-1]
    (told_as,) = json.loads(CliRunner().invoke(cli.app, [*words, "--json"], catch_exceptions=False).stdout)
    assert (told_as["simulated"], told_as["published"], told_as["fitted"]) == (1, 0.5, False)
