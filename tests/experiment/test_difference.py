"""Who moves between two rulebooks: counted by hand over the same people."""

import importlib
import itertools

import polars as pl
import pytest
from hand_frames import CITED

import scoring
from scoring import experiment, report, workspace
from scoring.documents import Refused
from scoring.report.text import wide
from scoring.schemes import difference as rulebooks

difference = importlib.import_module("scoring.experiment.difference")  # the room's own `difference` is the function

HEAD = f"""\
scheme: NAME
title: {{en: Toy}}
instrument: points scheme
law: {{title: none, rank: none, {CITED}}}
in_force: {{from: "2000"}}
enrolment: {{kind: consent, text: all, {CITED}}}
eligibility: {{text: adults, when: age >= 18, {CITED}}}
base: {{points: 100, {CITED}}}
sources: {{X: {{title: x, where: here}}}}
bands:
  - {{name: low, label: low, high: 99, {CITED}}}
  - {{name: high, label: high, low: 100, {CITED}}}
outcomes:
  warned: {{label: w, polarity: adverse, bands: [low], {CITED}}}
rules:
  - {{id: r, label: r, when: RULE, points: -10, because: b, actionable: now, {CITED}}}
"""
LIST = f"""\
scheme: NAME
title: {{en: Toy list}}
instrument: list regime
law: {{title: none, rank: none, {CITED}}}
in_force: {{from: "2000"}}
enrolment: {{kind: automatic, text: all, {CITED}}}
eligibility: {{text: all, {CITED}}}
sources: {{X: {{title: x, where: here}}}}
entries:
  - {{id: e, label: e, when: RULE, because: b, {CITED}}}
outcomes:
  listed: {{label: on it, polarity: adverse, listed: true, {CITED}}}
"""


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Return what writes a rulebook of one rule into a workspace of its own."""
    (tmp_path / "schemes").mkdir()
    monkeypatch.chdir(tmp_path)

    def write(name, rule, head=HEAD, also=""):
        yaml = also + head.replace("NAME", name).replace("RULE", rule)
        (tmp_path / "schemes" / f"{name}.yaml").write_text(yaml, encoding="utf-8")

    return write


def moves(told, group_by="everyone", group="everyone"):
    return {r["move"]: r["n"] for r in told["moves"] if (r["group_by"], r["group"]) == (group_by, group)}


def test_who_moves_is_counted_block_by_block_as_by_hand(write):
    write("town", "residence == rural")
    write("women", "sex == female and lot__consent >= 0")
    n = 70_000
    told = experiment.difference("town", "women", people=n, groups=["residence", "sex*residence"], seed=3)
    people = scoring.people("weihai_2020", n=n, seed=3).select("age", "sex", "residence")
    adults = people.filter(pl.col("age") >= 18)
    cells = {(sex, home): k for sex, home, k in adults.group_by("sex", "residence").len().iter_rows()}
    assert moves(told) == {
        "rise": cells["male", "rural"],
        "fall": cells["female", "urban"],
        "stay": cells["female", "rural"] + cells["male", "urban"],
        "unordered": 0,
        "become_scored": 0,
        "become_unscored": 0,
        "unscored_in_both": n - adults.height,
    }
    assert moves(told, "sex*residence", "male*rural")["rise"] == cells["male", "rural"]
    assert moves(told, "residence", "urban")["rise"] == 0
    (row,) = [r for r in told["moves"] if (r["group_by"], r["move"]) == ("everyone", "rise")]
    assert row["of"] == n
    assert row["per_10000"] == pytest.approx(10_000 * row["n"] / n, abs=0.01)
    assert row["low"] < row["per_10000"] < row["high"]


def test_transitions_add_up_to_everyone_in_every_group(write):
    write("town", "residence == rural")
    write("consent", "residence == rural", HEAD.replace("consent, text", "consent, when: lot__consent < 5000, text"))
    told = experiment.difference("town", "consent", people=20_000)
    table = pl.DataFrame(told["transitions"])
    for (by, group), rows in table.group_by("group_by", "group"):
        assert rows["n"].sum() == sum(moves(told, by, group).values())
        assert rows["per_10000"].sum() == pytest.approx(10_000, abs=0.1)
    assert [r["group"] for r in told["moves"] if r["move"] == "rise"][:3] == ["everyone", "urban", "rural"]
    everyone = moves(told)
    assert everyone["rise"] == everyone["fall"] == everyone["become_scored"] == 0
    people = scoring.people("weihai_2020", n=20_000, seed=1)
    refused = people.filter((pl.col("age") >= 18) & (pl.col("lot__consent") >= 5_000)).height
    assert everyone["become_unscored"] == refused > 0
    assert told["verdicts"]["before"] == ["low", "high", "unscored"]


def test_a_rulebook_that_is_not_changed_moves_nobody():
    told = experiment.difference("rongcheng_2016", "rongcheng_2016", people=5_000)
    assert told["changes"] == []
    everyone = moves(told)
    assert everyone["stay"] + everyone["unscored_in_both"] == 5_000
    assert "nothing that decides a verdict" in report.difference_text(told)


def test_what_has_no_order_is_null_with_a_reason():
    told = experiment.difference("rongcheng_2016", "hangzhou_2018", people=5_000)
    rows = [r for r in told["moves"] if r["move"] in ("rise", "fall", "stay")]
    assert {(r["n"], r["per_10000"], r["low"], r["why"]) for r in rows} == {
        (None, None, None, "no band stands in both")
    }
    assert told["central"] == ["hangzhou_2018"]
    text = report.difference_text(told)
    assert "cannot be said: no band stands in both" in " ".join(text.split())
    assert "hangzhou_2018 is a family: its central draw stands for it" in text


def test_a_list_and_a_list_that_joins_it(write):
    write("court", "n_traffic_violation >= 1", LIST)
    write("joined", "listed__court == 1 or n_fare_evasion >= 1", LIST)
    told = experiment.difference("court", "joined", people=20_000)
    people = scoring.people("weihai_2020", n=20_000, seed=1)
    ticket, evasion = (pl.col(f"n_{name}") >= 1 for name in ("traffic_violation", "fare_evasion"))
    assert moves(told)["fall"] == people.filter(evasion & ~ticket).height > 0
    assert moves(told)["rise"] == 0
    write("joined", "listed__rongcheng_2016 == 1", LIST)
    with pytest.raises(Refused, match="joined joins rongcheng_2016, which is no list"):
        experiment.difference("court", "joined", people=100)
    write("court", "listed__joined == 1", LIST)
    write("joined", "listed__court == 1", LIST)
    with pytest.raises(Refused, match="a list joins itself: court → joined → court"):
        experiment.difference("court", "joined", people=100)


def test_who_is_on_a_redlist_is_better_off(write):
    write("red", "n_blood_donation >= 1", LIST, "redlist: true\n")
    write("redder", "n_blood_donation + n_volunteering >= 1", LIST, "redlist: true\n")
    told = experiment.difference("red", "redder", people=20_000)
    assert told["verdicts"]["before"] == ["not redlisted", "redlisted", "unscored"]
    assert moves(told)["rise"] > moves(told)["fall"] == 0


def test_firms_are_compared_by_size_and_owner(write):
    head = HEAD.replace("age >= 18", "size == micro or size == small")
    write("one", "size == micro", head, "subject: firm\n")
    write("two", "size == small", head, "subject: firm\n")
    told = experiment.difference("one", "two", people=10_000)
    firms = scoring.people("weihai_2020", n=10_000, seed=1, subject="firm")
    sizes = dict(firms["size"].cast(pl.String).value_counts().iter_rows())
    assert (moves(told)["rise"], moves(told)["fall"]) == (sizes["micro"], sizes["small"])
    assert {r["group_by"] for r in told["moves"]} == {"everyone", "size", "ownership"}
    assert "Of 10,000 firms" in report.difference_text(told)
    with pytest.raises(Refused, match="one is for a firm and rongcheng_2016 is for a person — compare schemes of one"):
        experiment.difference("one", "rongcheng_2016", people=100)


def test_every_unknown_name_is_told():
    with pytest.raises(Refused) as refused:
        experiment.difference("rongcheng_016", "hangzou_2018", people=100)
    hints = [problem.hint for problem in refused.value.problems]
    assert hints == ["did you mean 'rongcheng_2016'?", "did you mean 'hangzhou_2018'?"]
    with pytest.raises(Refused, match="no attribute 'residense' — did you mean 'residence'"):
        experiment.difference("rongcheng_2016", "no_scheme", people=100, groups=["sex*residense"])
    with pytest.raises(Refused, match="no attribute 'age5'"):  # an attribute, and no column
        experiment.difference("rongcheng_2016", "no_scheme", people=100, groups=["age5"])
    with pytest.raises(Refused, match="did you mean 'mixed'"):
        experiment.difference("rongcheng_2016", "no_scheme", people=100, world="mixd")


SLOW = {"learned_parity", "learned_uncorrelated"}  # to fit; one learned score is enough here
ROWS = [row for row in experiment.catalogue() if row["name"] not in SLOW]
PAIRS = [(one["name"], two["name"]) for one, two in itertools.pairwise(ROWS) if one["subject"] == two["subject"]]


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_the_text_is_readable_on_100_columns_and_answers_first(before, after):
    told = experiment.difference(before, after, people=3_000)
    lines = report.difference_text(told).splitlines()
    assert max(map(wide, lines)) <= 100
    assert lines[0].startswith("Of 10,000 ")
    assert f", moving from {before} to {after}," in lines[0]
    parts = {change["part"].replace("_", " ") for change in told["changes"]}
    assert parts <= {line[2:15].strip() for line in lines}
    assert told["unchanged"].keys() >= {change["part"] for change in told["changes"]}


def test_headings_that_would_not_fit_are_numbers_told_beneath():
    names = [f"a band with the long name of {i}" for i in range(4)]
    told = experiment.difference("rongcheng_2016", "rongcheng_2016", people=1_000)
    told["verdicts"]["after"] = [*names, "unscored"]
    text = report.difference_text(told)
    assert max(map(wide, text.splitlines())) <= 100
    assert f"  1 = {names[0]}" in text.splitlines()


@pytest.mark.parametrize("kind", difference.GROUPS)
def test_the_groups_of_every_kind_of_subject_stand_in_the_recipe(kind):
    loaded = experiment.recipe_of(workspace.find("recipe", "weihai_2020"), [])
    assert set(difference.GROUPS[kind]) <= set(loaded.subject(kind).levels())


def test_what_moves_are_called_covers_all_moves():
    assert set(rulebooks.MOVES) == set(importlib.import_module("scoring.report.difference").HEADS)
