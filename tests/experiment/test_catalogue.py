"""The catalogue beside a population: live rules, protected attributes, and files that are wrong."""

import importlib
import typing

import pytest

from scoring import experiment, population, workspace
from scoring.experiment.people import planned
from scoring.schemes.text import Instrument, SubjectKind

catalogue = importlib.import_module("scoring.experiment.catalogue")  # the room's own `catalogue` is the function
SCHEMES = workspace.names("scheme")


@pytest.fixture(scope="module")
def rows():
    return {row["name"]: row for row in experiment.catalogue()}


def test_the_list_holds_every_scheme_by_subject_and_instrument(rows):
    assert set(rows) == set(SCHEMES)
    subjects, instruments = typing.get_args(SubjectKind), typing.get_args(Instrument)
    places = [(subjects.index(r["subject"]), instruments.index(r["instrument"]), r["name"]) for r in rows.values()]
    assert places == sorted(places)


def test_every_rule_of_a_known_scheme_is_live_and_its_reads_are_known(rows):
    assert (rows["rongcheng_2016"]["rules"], rows["rongcheng_2016"]["live"]) == (19, 18)  # fighting is in no recipe
    assert rows["rongcheng_2016"]["documented_share"] == pytest.approx(14 / 19, abs=1e-4)
    assert rows["hangzhou_2018"]["reads_protected"] == ["hukou_place"]
    assert rows["rongcheng_2016"]["reads_protected"] == []
    assert [row["name"] for row in rows.values() if row["family"]][:1] == ["fuzhou_2018"]


def test_a_rule_that_is_unmodelled_or_reads_what_nobody_has_is_not_live(tmp_path, monkeypatch):
    text = SCHEMES["rongcheng_2016"].read_text("utf-8").replace("scheme: rongcheng_2016", "scheme: mine")
    text = text.replace("per: n_contract_breach", "per: n_nothing", 1).replace(
        "id: card_overdue,", "id: card_overdue, unmodelled: true,", 1
    )
    (tmp_path / "schemes").mkdir()
    (tmp_path / "schemes" / "mine.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    (row,) = [row for row in experiment.catalogue() if row["name"] == "mine"]
    assert (row["rules"], row["live"]) == (19, 16)
    assert experiment.catalogue("inland_prefecture")[0]["live"] is not None


def test_a_scheme_whose_subject_the_recipe_lacks_has_no_live_rules_and_a_problem(tmp_path, monkeypatch):
    known = catalogue.offered("weihai_2020")
    monkeypatch.setattr(catalogue, "offered", lambda recipe: {k: v for k, v in known.items() if k != "person"})
    assert {row["live"] for row in experiment.catalogue() if row["subject"] == "person"} == {None}
    (problem,) = experiment.problems_of_schemes([SCHEMES["rongcheng_2016"]], "weihai_2020")
    assert problem.what == "the recipe weihai_2020 has no person"


@pytest.mark.parametrize("kind", typing.get_args(SubjectKind))
def test_columns_are_those_of_the_compiled_plan(kind):
    plan = planned("weihai_2020", subject=kind)
    offered = catalogue.offered("weihai_2020")[kind]
    assert list(offered.columns) == [c for c in plan.columns if not c.startswith("hidden_")]
    assert offered.levels == dict(plan.levels)
    assert list(offered.columns) == [c for c in population.people(plan, 10, 1).columns if c in offered.columns]


@pytest.mark.parametrize("name", SCHEMES)
def test_every_shipped_rulebook_and_its_cases_are_right(name):
    assert experiment.problems_of_schemes([SCHEMES[name]], "weihai_2020") == []


def test_every_wrong_case_is_a_problem_with_its_file_and_line(tmp_path):
    scheme, cases = SCHEMES["rongcheng_2016"], SCHEMES["rongcheng_2016"].with_name("rongcheng_2016.cases.yaml")
    (tmp_path / scheme.name).write_text(scheme.read_text("utf-8"), encoding="utf-8")
    text = cases.read_text("utf-8").replace("score: 950, band: B}}", "score: 950, band: A}}")
    text = text.replace("expect: {coverage: ineligible}", "expect: {coverage: scored}")
    assert text != cases.read_text("utf-8")
    (tmp_path / cases.name).write_text(text, encoding="utf-8")
    problems = experiment.problems_of_schemes([tmp_path / scheme.name], "weihai_2020")
    lines = text.splitlines()
    assert {p.file for p in problems} == {str(tmp_path / cases.name)}
    assert ["band: A}}" in lines[p.line - 1] or "scored}}" in lines[p.line - 1] for p in problems] == [True] * len(
        problems
    )
    assert len(problems) == 2


def test_what_is_wrong_with_a_rulebook_hides_its_cases(tmp_path):
    scheme = SCHEMES["rongcheng_2016"]
    text = scheme.read_text("utf-8").replace("per: n_card_overdue", "per: n_card_overdeu")
    (tmp_path / scheme.name).write_text(text, encoding="utf-8")
    (tmp_path / "rongcheng_2016.cases.yaml").write_text("cases: []\n")
    (problem,) = experiment.problems_of_schemes([tmp_path / scheme.name], "weihai_2020")
    assert (problem.what, problem.hint) == ("unknown field 'n_card_overdeu'", "did you mean 'n_card_overdue'?")
    assert [p.what for p in experiment.problems_of_schemes([tmp_path / "none.yaml"], "weihai_2020")] == ["no such file"]
