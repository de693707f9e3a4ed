"""Moving the multipliers of a recipe: a crossing known beforehand, the same people, and no more draws than declared."""

import importlib

import polars as pl
import pytest
from scipy.optimize import brentq

from scoring import experiment, population, workspace
from scoring.experiment import config, designs
from scoring.experiment.measured import studied
from scoring.experiment.parts import Job, counted
from scoring.measures import Counts
from scoring.population.faults import load

tipping = importlib.import_module("scoring.experiment.tipping")

# Women and men do the same; an event of a man is recorded with odds of `value` against 1. Recording is the only gap.
RECIPE = """\
recipe: planted
title: Planted
version: 1
sources: {A: {title: ours}}
worlds: {only: {label: As it is}}
subjects:
  person:
    attributes:
      sex: {levels: [female, male], shares: {"": [.5, .5]}, mark: assumed, source: A}
      home: {levels: [town, village], shares: {"": [.5, .5]}, mark: assumed, source: A}
      age: {levels: [young, old], shares: {"": [.5, .5]}, mark: assumed, source: A}
    derived: {household: {from: home, levels: {urban: [town], rural: [village]}}}
    latent: {z: {mark: assumed, source: A}}
    chain: {share: {p: 1}, link: {p: 1}}
    records:
      fault: {label: a fault, polarity: adverse, agency: town, severity: minor, rate: .15, most: 1, mark: assumed,
              source: A, detect: {p: .5, by: {sex: {male: {value: 2, range: [.5, 4]}},
              home: {village: {value: 1.5, range: [1.2, 2]}}}}}
      other: {label: another, polarity: adverse, agency: town, severity: minor, rate: .1, mark: assumed, source: A}
"""
SCHEME = """\
scheme: list_of_faults
title: {en: List of faults}
instrument: list regime
law: {title: none, rank: none, mark: assumed, source: X}
in_force: {from: "2000"}
enrolment: {kind: automatic, text: all, mark: assumed, source: X}
eligibility: {text: all, mark: assumed, source: X}
sources: {X: {title: x, where: here}}
entries:
  - {id: fault, label: fault, when: n_fault >= 1, because: here, mark: assumed, source: X}
outcomes: {listed: {label: listed, polarity: adverse, listed: true, mark: assumed, source: X}}
"""
EXPERIMENT = """\
experiment: planted
asks: What would reverse it?
people: {recipe: planted.yaml, n: 500000}
seeds: 1
worlds: [only]
schemes: [list_of_faults.yaml]
groups: [sex, household, age, [sex, age]]
references: {sex: female, household: urban, age: young, "sex*age": "female*young"}
primary:
  - {measure: selection_rate_ratio, outcome: listed, group: sex}
  - {measure: selection_rate_ratio, outcome: listed, group: household}
  - {measure: selection_rate_difference, outcome: listed, group: age}
measures: [selection_rate_ratio, tipping_point]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("planted")
    (folder / "planted.yaml").write_text(RECIPE)
    (folder / "list_of_faults.yaml").write_text(SCHEME)
    return folder


@pytest.fixture
def told(folder, monkeypatch):
    """Run the experiment, perhaps with another text, and return its tipping points of multipliers."""

    def told(text=EXPERIMENT):
        monkeypatch.chdir(folder)
        (folder / "tips.yaml").write_text(text)
        rows = experiment.run("tips.yaml").where(measure="tipping_point", param="multipliers")
        return {(r["group"], r["term"]): r for r in rows.to_dicts()}

    return told


def recorded(man=2.0, village=1.5):
    """Return how often an event is recorded, by sex and home."""
    odds = {(m, v): (man if m else 1) * (village if v else 1) for m in (0, 1) for v in (0, 1)}
    return {key: o / (1 + o) for key, o in odds.items()}


def men_to_women(man):
    found = recorded(man=man)
    return (found[1, 0] + found[1, 1]) / (found[0, 0] + found[0, 1])


def villages_to_towns(village):
    found = recorded(village=village)
    return (found[0, 1] + found[1, 1]) / (found[0, 0] + found[1, 0])


def test_the_planted_crossing_is_found(told):
    rows = told()
    # The sign turns where the odds of men are 1: two thirds of the way from 2 to .5.
    sign = rows["male", "sign"]
    assert sign["value"] == pytest.approx(-2 / 3, abs=0.05)
    assert sign["note"].startswith("With the multipliers by sex of 1 record types moved 6")
    assert sign["note"].endswith("of the way to the low ends of their ranges, the gap turns round.")
    odds = brentq(lambda man: men_to_women(man) - 1.25, 1, 2)
    assert rows["male", "line"]["value"] == pytest.approx((odds - 2) / 1.5, abs=0.05)
    assert (sign["status"], sign["uncertainty"], sign["reference"]) == ("ok", "specification", "female")
    assert sign["method"] == "selection_rate_ratio, 20,000 drawn again"


def test_a_range_that_holds_no_crossing_says_so_and_a_coarser_attribute_moves_with_its_own(told):
    rows = told()
    assert rows["rural", "sign"]["value"] is None
    assert rows["rural", "sign"]["status"] == "not_applicable"
    note = rows["rural", "sign"]["note"]
    assert note.startswith("No value within their ranges of the multipliers by household of 1 record types turns")
    low, high = (float(word.strip(".")) for word in note.split("between ")[1].split(" and "))
    assert (low, high) == pytest.approx((villages_to_towns(1.2), villages_to_towns(2)), abs=0.03)


def test_where_no_multiplier_is_stated_nothing_is_moved(told):
    rows = told()
    assert rows["old", "sign"]["note"] == "No multiplier by age is stated, so there is nothing to move."
    assert rows["old", "sign"]["value"] is None


def test_too_few_cases_say_nothing(told):
    (row,) = [r for k, r in told(EXPERIMENT.replace("500000", "60")).items() if k == ("male", "sign")]
    assert row["value"] is None
    assert "fewer than 10 in one group of the 60 drawn again have it" in row["note"]


def test_a_crossing_moves_the_multipliers_of_all_its_attributes(told):
    crossed = EXPERIMENT.replace("outcome: listed, group: sex}", "outcome: listed, group: [sex, age]}")
    rows = told(crossed)
    assert rows["male*young", "sign"]["value"] == pytest.approx(-2 / 3, abs=0.12)


@pytest.mark.parametrize("declared", ["primary", "measures"])
def test_nothing_is_drawn_again_where_nothing_was_declared_or_asked(told, monkeypatch, declared):
    def never(*args):
        raise AssertionError("drawn again")

    monkeypatch.setattr(population, "recompile", never)
    text = EXPERIMENT.replace(", tipping_point]", "]")
    if declared == "primary":
        text = EXPERIMENT[: EXPERIMENT.index("primary:")] + "measures: all\n"
    assert told(text) == {}


def test_no_more_is_drawn_than_declared_and_what_is_stated_only_once(told, monkeypatch):
    drawn, compiled = [], population.recompile
    monkeypatch.setattr(population, "recompile", lambda *args: drawn.append(args) or compiled(*args))
    told()
    assert len(drawn) <= 1 + 2 * tipping.DRAWS  # two attributes have multipliers


WEIHAI = load(workspace.find("recipe", "weihai_2020"), ["person"])


@pytest.mark.parametrize("attributes", [("hukou_place", "residence"), ("sex",)])
def test_compiling_the_moved_records_again_is_compiling_the_moved_recipe(attributes):
    moved = tipping.moved(WEIHAI.subject(), attributes, 0.7)
    whole = WEIHAI.model_copy(update={"subjects": {**WEIHAI.subjects, "person": moved}})
    again = population.recompile(WEIHAI, "mixed", moved)
    assert again.digest == population.compile_recipe(whole, "mixed").digest
    stated = population.compile_recipe(WEIHAI, "mixed").digest
    assert (again.digest == stated) == (attributes == ("sex",))  # the recipe has no multiplier by sex
    assert population.recompile(WEIHAI, "mixed", tipping.moved(WEIHAI.subject(), attributes, 0)).digest == stated


def test_only_what_the_schemes_read_is_compiled_again():
    moved = tipping.moved(WEIHAI.subject(), ("hukou_place",), 1.0)
    part = population.recompile(WEIHAI, "equal_conduct", moved, "person", ["drink_driving"])
    stated = population.compile_recipe(WEIHAI, "equal_conduct")
    changed = [n for n in stated.counted if part.counted[n] is not stated.counted[n]]
    assert changed == ["drink_driving"]


def test_a_headline_at_the_stated_values_is_the_headline_of_the_sample():
    """The counts of the sample are those of a run over as many people."""
    declared = config.load("tiny", people=5_000, seeds=1)
    ready = designs.ready(declared)
    cubes = counted(declared, ready, Job("", "equal_conduct", 1))
    study = studied(declared, ready, "person", cubes)
    sample = tipping.Sample(declared, ready, "person", study)
    told = tipping.by_key(cubes["outcome"], study)
    found = sample.drawn((), 0)
    assert told.keys() == found.keys()
    assert [(h.mine.y, h.mine.n, h.theirs.y, h.theirs.n) for h in found.values()] == [
        (h.mine.y, h.mine.n, h.theirs.y, h.theirs.n) for h in told.values()
    ]
    assert isinstance(cubes["outcome"], Counts)
    assert cubes["outcome"].cells["n"].dtype == pl.Int64


def test_lists_that_are_taken_over_are_drawn_too():
    declared = config.load("same_debt", people=100, seeds=1)
    ready = designs.ready(declared)
    taking = [d.name for d in ready if tipping.lists_of(d)]
    for name in taking:
        names = [d.name for d in tipping.needed(ready, {name})]
        assert set(tipping.lists_of(next(d for d in ready if d.name == name))) < set(names)
    assert [d.name for d in tipping.needed(ready, {"judgment_defaulters_2017"})] == ["judgment_defaulters_2017"]
