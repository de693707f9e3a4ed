"""A catalogue of actions of one's own: what it changes, and what is refused, as a user of the commands meets it."""

import importlib
import json
from functools import cache

import polars as pl
import pytest
from typer.testing import CliRunner

import scoring
from scoring import cli, experiment, schemes
from scoring.documents import Refused
from scoring.experiment import config
from scoring.report import notice_text

RUNNER = CliRunner()
rooms = [config, importlib.import_module("scoring.experiment.explain")]
runs = importlib.import_module("scoring.experiment.run")
BLOOD = """actions:
  blood_donation:
    label: a blood donation
    adds: {n_blood_donation: 1}
    months: 3
    most: 20
    mark: assumed
    source: ASSUMED
"""
MINE = """experiment: mine
asks: Who can rise by giving blood?
people: {recipe: weihai_2020, n: 400}
seeds: 1
worlds: [equal_conduct]
schemes: [equal_points]
groups: [sex]
probes: {people: 400, redraws: 3}
measures: [recourse_feasible, recourse_curve]
actions: deeds.yaml
"""
FASTER = BLOOD.replace("months: 3", "months: 1")
HOURS = "".join(BLOOD.splitlines(keepends=True)[1:]).replace("blood_donation", "volunteering")


@pytest.fixture(autouse=True, scope="module")
def read_once():
    """Read the recipe and the scheme once."""
    recipe_of, load = cache(config.recipe_of), cache(schemes.load)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schemes, "load", load)
        for room in rooms:
            patch.setattr(room, "recipe_of", lambda path, kinds=(): recipe_of(path, ("person",)))
        yield


@pytest.fixture
def mine(tmp_path):
    """Return a function that writes an experiment beside a catalogue of actions, and gives its path."""

    def write(deeds, text=MINE):
        (tmp_path / "deeds.yaml").write_text(deeds, encoding="utf-8")
        (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
        return tmp_path / "mine.yaml"

    return write


def refused(*words):
    """Return the problems for which a command exits with 1, as `main` prints them."""
    done = RUNNER.invoke(cli.app, [str(w) for w in words])
    assert isinstance(done.exception, Refused), done.output
    return done.exception.problems


WRONG = {
    "a negative cost": (BLOOD.replace("months: 3", "months: -1"), 5, ".blood_donation.months", "got -1", ""),
    "half a month": (BLOOD.replace("months: 3", "months: 1.5"), 5, ".blood_donation.months", "integer, got 1.5", ""),
    "an unknown key": (BLOOD + "    mosst: 3\n", 9, ".blood_donation.mosst", "unknown key 'mosst'", "mean 'most'?"),
    "a key that stands twice": (BLOOD + "    months: 4\n", 9, ".blood_donation.months", "the key stands twice", ""),
    "an action that stands twice": (BLOOD + BLOOD.partition("\n")[2], 9, ".blood_donation", "the key stands twice", ""),
    "an action without a record": (
        BLOOD.replace("  blood_donation:", "  blod_donation:"),
        2,
        ".blod_donation",
        "the recipe has no record 'blod_donation'",
        "did you mean 'blood_donation'?",
    ),
    "a column that nobody has": (
        BLOOD.replace("n_blood_donation: 1", "amt_blood_donation: 1"),
        4,
        ".blood_donation.adds.amt_blood_donation",
        "no subject has 'amt_blood_donation'",
        "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_in_a_catalogue_is_told_where_it_stands(what, mine):
    text, line, path, told, hint = WRONG[what]
    (problem,) = refused("run", mine(text))
    assert told in problem.what
    assert (problem.line, problem.path) == (line, f"$.actions{path}")
    assert problem.file.endswith("deeds.yaml")
    assert hint in problem.hint


def test_every_fault_is_told_at_once_and_no_other(mine):
    problems = refused("run", mine(BLOOD.replace("most: 20", "most: 0") + HOURS.replace("months: 3", "months: x")))
    assert [p.path for p in problems] == ["$.actions.blood_donation.most", "$.actions.volunteering.months"]


def test_a_catalogue_that_is_not_there_is_told_where_the_experiment_names_it(mine):
    path = mine(BLOOD, MINE.replace("deeds.yaml", "dead.yaml"))
    (problem,) = refused("run", path)
    assert (problem.file, problem.line, problem.path) == (str(path), 10, "$.actions")
    assert problem.what.endswith("dead.yaml: no such file")


def test_the_command_exits_with_1(mine, monkeypatch, capsys):
    path = mine(WRONG["a negative cost"][0])
    monkeypatch.setattr("sys.argv", ["scoring", "run", str(path)])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{path.parent / 'deeds.yaml'}:5  $.actions.blood_donation.months: ")


def test_it_decides_who_can_rise_and_the_manifest_says_which_it_was(mine):
    found = {}
    for name, deeds, text in (
        ("slow", BLOOD, MINE),
        ("fast", FASTER, MINE),
        ("shipped", BLOOD, MINE.partition("actions:")[0]),
    ):
        found[name] = experiment.run(mine(deeds, text))
    curve = {
        name: result.where(
            measure="recourse_curve", group="everyone", param="next band", term="1", uncertainty="audit"
        )["value"].item()
        for name, result in found.items()
    }
    assert curve["slow"] == 0 < curve["fast"]
    hashes = {name: result.manifest["hashes"]["actions"] for name, result in found.items()}
    assert len(set(hashes.values())) == 3
    assert hashes["shipped"] == schemes.recourse.digest(schemes.recourse.actions())
    assert found["slow"].manifest["actions"] == "deeds.yaml"


def test_chunks_that_were_kept_under_another_catalogue_are_not_taken_up(mine):
    keys = set()
    for deeds in (BLOOD, FASTER, BLOOD):
        declared = config.load(mine(deeds))
        hashes = {"actions": schemes.recourse.digest(declared.deeds)}
        keys.add(runs.key(declared.config, hashes))
    assert len(keys) == 2


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    return experiment.build("weihai_2020", 300, 5, tmp_path_factory.mktemp("people") / "people.parquet")


def letter(people, whom, deeds):
    words = ["explain", "--scheme", "equal_points", "--population", people, "--id", whom, "--actions", deeds, "--json"]
    done = RUNNER.invoke(cli.app, [str(w) for w in words], catch_exceptions=False)
    return json.loads(done.stdout)[0]


def test_a_letter_goes_by_it(people, mine):
    scored = scoring.scheme("equal_points").score(pl.read_parquet(people))
    whom = scored.filter(band="middle", score=0)["person_id"][0]
    way = {}
    for deeds in (BLOOD, FASTER):
        told = letter(people, whom, mine(deeds).with_name("deeds.yaml"))
        way[deeds] = told["way"]
        assert "A blood donation:" in notice_text(told, "en")
    assert way[BLOOD] == way[FASTER] | {"months": 6, "steps": [{"label": "a blood donation", "points": 2, "months": 6}]}
    assert way[FASTER]["months"] == 2


def test_a_letter_by_a_wrong_catalogue_is_refused(people, mine):
    words = ("explain", "--scheme", "equal_points", "--population", people, "--actions")
    whom = pl.read_parquet(people)["person_id"][0]
    wrong = mine(WRONG["a negative cost"][0]).with_name("deeds.yaml")
    (problem,) = refused(*words, wrong, "--id", whom)
    assert (problem.line, problem.path) == (5, "$.actions.blood_donation.months")
    (gone,) = refused(*words, wrong.with_name("gone.yaml"), "--id", whom)
    assert gone.what == "no such file"
