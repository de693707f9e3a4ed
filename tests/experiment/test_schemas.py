"""Every document has a JSON Schema: the shipped ones pass it, typical mistakes do not, and the models agree with it."""

import importlib
import json
import os
import re
import tomllib
from functools import cache
from pathlib import Path

import jsonschema
import pytest

from scoring import schemes, workspace
from scoring.documents import Refused, parse, read
from scoring.experiment.config import Experiment
from scoring.population.faults import checked
from scoring.population.recipe import Recipe

schemas = importlib.import_module("scoring.experiment.schemas")
ROOT = Path(__file__).parents[2]
FOLDERS = {
    "recipe": ROOT / "data_synthetic" / "recipes",
    "experiment": ROOT / "experiments",
    "scheme": ROOT / "scoring" / "schemes" / "catalogue",
}
SHIPPED = [
    ("cases" if path.name.endswith(".cases.yaml") else kind, path)
    for kind, folder in FOLDERS.items()
    for path in sorted(folder.glob("*.yaml"))
] + [("actions", ROOT / "scoring" / "schemes" / "reference" / "actions.yaml")]
NAMES = [path.name for _, path in SHIPPED]


@cache
def validator(kind):
    return jsonschema.Draft7Validator(json.loads((ROOT / "schemas" / f"{kind}.schema.json").read_text("utf-8")))


def faults(kind, data):
    return [f"{'.'.join(map(str, e.absolute_path))}: {e.message}" for e in validator(kind).iter_errors(data)]


def test_the_committed_schemas_are_what_the_models_give():
    written = {path.name: path.read_text("utf-8") for path in (ROOT / "schemas").iterdir()}
    assert written == schemas.texts(), "write them again: scoring schemas"


@pytest.mark.parametrize("kind", schemas.SCHEMAS)
def test_a_schema_is_well_formed_and_refers_to_nothing_outside_itself(kind):
    text = schemas.texts()[f"{kind}.schema.json"]
    schema = json.loads(text, object_hook=lambda part: refers_inside(part))
    jsonschema.Draft7Validator.check_schema(schema)
    assert schema["title"]
    assert schema["description"]


def refers_inside(part):
    name = part.get("$ref", "#/definitions/")
    assert not isinstance(name, str) or name.startswith("#/definitions/")
    return part


@pytest.mark.parametrize(("kind", "path"), SHIPPED, ids=NAMES)
def test_every_shipped_document_names_its_schema_in_its_first_line_and_passes_it(kind, path):
    schema = Path(os.path.relpath(ROOT / "schemas" / f"{kind}.schema.json", path.parent)).as_posix()
    assert path.read_text("utf-8").splitlines()[0] == f"# yaml-language-server: $schema={schema}"
    assert faults(kind, read(path).data) == []


@pytest.mark.parametrize(("kind", "path"), {kind: (kind, path) for kind, path in SHIPPED}.values())
def test_a_wrong_key_at_the_top_of_a_document_is_refused(kind, path):
    assert any("sorce" in fault for fault in faults(kind, read(path).data | {"sorce": 1}))


def test_what_a_workspace_copies_also_ships_in_the_wheel():
    shipped = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    included = shipped["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    for folder in ("data_synthetic", "experiments", "schemas"):
        assert included[folder] == f"scoring/_shipped/{folder}"
        assert (workspace.shipped() / folder).is_dir()


HEIR = """
recipe: mine
extends: weihai_2020
title: Mine
version: 1
"""
PERSON = HEIR + "subjects:\n  person:\n"

HEIRS = {
    "nothing of its own": HEIR,
    "a source less": HEIR + "sources: {S1: null}\n",
    "a world less, and one by half": HEIR + "worlds: {silo: null, mixed: {gap_in_conduct: 0.4}}\n",
    "no totals at all": PERSON + "    totals: null\n    held_out: null\n",
    "an attribute less": PERSON + "    attributes: {licence: null}\n",
    "a margin less": PERSON + "    attributes: {licence: {margin: null}}\n",
    "a rate alone": PERSON + "    records: {traffic_violation: {rate: .5}}\n",
    "a margin by table": PERSON + "    attributes: {age5: {margin: {table: a.csv, mark: assumed, source: A}}}\n",
    "households by table": PERSON + "    households: {table: h.csv}\n",
    "a table held out": PERSON + "    held_out: {x: {of: sex, table: s.csv, mark: assumed, source: A}}\n",
}

WRONG_HEIRS = {
    "no title": ("title: Mine\n", "", "'title' is a required property"),
    "a title taken away": ("title: Mine", "title: null", "title: None is not of type 'string'"),
    "another kind of subject": (
        "version: 1\n",
        "version: 1\nsubjects: {persons: {}}\n",
        "'persons' was unexpected",
    ),
    "a wrong key of a record": (
        "version: 1\n",
        "version: 1\nsubjects: {person: {records: {theft: {rat: .1}}}}\n",
        "theft",
    ),
    "half a margin": (
        "version: 1\n",
        "version: 1\nsubjects: {person: {attributes: {sex: {margin: {mark: assumed}}}}}\n",
        "margin",
    ),
    "a table and shares": (
        "version: 1\n",
        "version: 1\nsubjects: {person: {attributes: {sex: {margin: "
        "{shares: {male: .5}, table: a.csv, mark: assumed, source: A}}}}}\n",
        "margin",
    ),
    "a word where a rate stands": (
        "version: 1\n",
        "version: 1\nsubjects: {person: {records: {theft: {rate: often}}}}\n",
        "theft",
    ),
}


@pytest.mark.parametrize("name", HEIRS)
def test_an_heir_states_what_differs(name):
    assert faults("recipe", parse(HEIRS[name]).data) == []


@pytest.mark.parametrize("name", WRONG_HEIRS)
def test_a_wrong_heir_is_refused(name):
    right, wrong, told = WRONG_HEIRS[name]
    assert HEIR.count(right) == 1
    found = faults("recipe", parse(HEIR.replace(right, wrong)).data)
    assert any(told in fault for fault in found), found


def test_a_recipe_that_extends_nothing_is_whole():
    whole = read(FOLDERS["recipe"] / "national_2020.yaml").data
    assert faults("recipe", whole) == []
    for key in ("sources", "worlds", "subjects"):
        assert faults("recipe", {k: v for k, v in whole.items() if k != key}) == [f": {key!r} is a required property"]
        assert faults("recipe", whole | {key: None})
    assert faults("recipe", {k: v for k, v in parse(HEIR).data.items() if k != "extends"})


SCHEME = read(FOLDERS["scheme"] / "rongcheng_2016.yaml").data
LIST = read(FOLDERS["scheme"] / "judgment_defaulters_2017.yaml").data
CASES = read(FOLDERS["scheme"] / "rongcheng_2016.cases.yaml").data
EXPERIMENT = read(FOLDERS["experiment"] / "city_pilots.yaml").data
ACTIONS = read(ROOT / "scoring" / "schemes" / "reference" / "actions.yaml").data
RECIPE = read(FOLDERS["recipe"] / "national_2020.yaml").data
MODELS = {"scheme": schemes.SchemeText, "cases": schemes.Cases, "experiment": Experiment, "recipe": Recipe}
MODELS["actions"] = schemes.recourse.Actions

MISTAKES = [
    ("scheme", SCHEME, ("rules", 0, "points"), "many"),
    ("scheme", SCHEME, ("rules", 0, "points"), 1.5),
    ("scheme", SCHEME, ("rules", 0, "points"), 20_000),
    ("scheme", SCHEME, ("rules", 0, "mark"), "guessed"),
    ("scheme", SCHEME, ("rules", 0, "id"), "Contract Breach"),
    ("scheme", SCHEME, ("rules", 0, "pionts"), -20),
    ("scheme", SCHEME, ("rules", 0, "actionable"), "later"),
    ("scheme", SCHEME, ("rules", 9, "range"), [-50]),
    ("scheme", SCHEME, ("subject",), "people"),
    ("scheme", SCHEME, ("instrument",), "score"),
    ("scheme", SCHEME, ("in_force", "until"), "2021"),
    ("scheme", SCHEME, ("outcomes", "warned", "polarity"), "bad"),
    ("scheme", SCHEME, ("outcomes", "Warned"), SCHEME["outcomes"]["warned"]),
    ("scheme", LIST, ("entries", 0, "term", "days"), "forever"),
    ("scheme", LIST, ("entries", 0, "term", "days"), 0),
    ("cases", CASES, ("cases", 0, "expects"), {"score": 1000}),
    ("cases", CASES, ("cases", 0, "given"), ["age"]),
    ("cases", CASES, ("cases",), []),
    ("cases", CASES, ("cases", 0, "expect"), {}),
    ("cases", CASES, ("cases", 1, "expect", "score"), 970.5),
    ("experiment", EXPERIMENT, ("people", "n"), "many"),
    ("experiment", EXPERIMENT, ("seeds",), 0),
    ("experiment", EXPERIMENT, ("schemes",), []),
    ("experiment", EXPERIMENT, ("schemes",), "rongcheng_2016"),
    ("experiment", EXPERIMENT, ("experiment",), "City pilots"),
    ("experiment", EXPERIMENT, ("groupes",), ["sex"]),
    ("experiment", EXPERIMENT, ("primary", 0, "metric"), "selection_rate"),
    ("recipe", RECIPE, ("subjects", "person", "records", "tax_arrears", "rate"), 0),
    ("recipe", RECIPE, ("subjects", "person", "records", "tax_arrears", "severity"), "bad"),
    ("recipe", RECIPE, ("subjects", "person", "records", "tax_arrears", "rates"), 1),
    ("recipe", RECIPE, ("subjects", "household"), {}),
    ("recipe", RECIPE, ("worlds", "mixed", "pooling"), "village"),
    ("actions", ACTIONS, ("actions", "volunteering", "months"), -1),
    ("actions", ACTIONS, ("actions", "volunteering", "months"), 0.5),
    ("actions", ACTIONS, ("actions", "volunteering", "cost"), 2),
    ("actions", ACTIONS, ("actions", "volunteering", "adds"), {}),
]


def changed(data, path, value):
    """Return plain data with another value at a path."""
    copy = json.loads(json.dumps(data))
    part = copy
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    return copy


@pytest.mark.parametrize(("kind", "data", "path", "value"), MISTAKES, ids=[f"{m[0]}-{m[2][-1]}" for m in MISTAKES])
def test_a_typical_mistake_is_refused_by_the_schema_and_by_the_model(kind, data, path, value):
    wrong = changed(data, path, value)
    assert faults(kind, data) == []
    assert faults(kind, wrong)
    with pytest.raises(Refused):
        parse(json.dumps(wrong)).validated(MODELS[kind])


def test_a_table_in_the_place_of_shares_is_for_those_who_read_recipes_and_not_for_the_model():
    tabled = changed(
        RECIPE, ("subjects", "person", "attributes", "sex", "margin"), {"table": "a.csv", "mark": "assumed"}
    )
    assert faults("recipe", tabled)
    tabled = changed(tabled, ("subjects", "person", "attributes", "sex", "margin", "source"), "A")
    assert faults("recipe", tabled) == []
    with pytest.raises(Refused, match="unknown key 'table'"):
        checked(parse(json.dumps(tabled)), [])


STRANGE = {
    "digits parted by underscores, a word since YAML 1.2": re.compile(r"(?<![\w.])[+-]?\d+(_\d+)+(?![\w.])"),
    "a key that is no word": re.compile(r"(?:^|[{,])\s*(true|false|null|~):", re.IGNORECASE),
}


@pytest.mark.parametrize("what", STRANGE)
def test_nothing_is_written_that_an_editor_reads_otherwise(what):
    for _, path in SHIPPED:
        plain = [re.sub(r"\"[^\"]*\"", "", line).split(" #")[0] for line in path.read_text("utf-8").splitlines()]
        assert [line for line in plain if STRANGE[what].search(line)] == [], path.name
