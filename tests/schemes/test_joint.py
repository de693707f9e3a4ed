"""Joint sanctions and rewards as a graph: joins, contexts, rings."""

import json

import pytest
from typer.testing import CliRunner

from scoring import cli, workspace
from scoring.documents import Refused
from scoring.experiment import config, problems_of_schemes
from scoring.schemes import joint

SOURCED = "mark: assumed, source: ASSUMED"


def a_list(name, *takes, closes=(), more=""):
    """Return the text of a list that takes over others, and closes some contexts."""
    entries = [f"  - {{id: own, label: own, when: n_traffic_violation >= 9, because: b, {SOURCED}}}"]
    entries += [
        f"  - {{id: from_{t}, label: on {t}, when: listed__{t} == 1, because: b, mark: reported, source: GYM}}"
        for t in takes
    ]
    sanctions = "".join(f"  - {{context: {c}, {SOURCED}}}\n" for c in closes)
    return f"""scheme: {name}
title: {{en: List {name}}}
instrument: list regime
law: {{title: none, rank: none, {SOURCED}}}
in_force: {{from: "2000"}}
enrolment: {{kind: automatic, text: all, {SOURCED}}}
eligibility: {{text: all, {SOURCED}}}
{more}outcomes: {{listed: {{label: on it, polarity: adverse, listed: true, {SOURCED}}}}}
entries:
""" + "\n".join([*entries, *(["sanctions:\n" + sanctions.rstrip()] if closes else []), ""])


CHAIN = {
    "source": a_list("source", closes=["loans"]),
    "middle": a_list("middle", "source", closes=["air_travel"]),
    "end": a_list("end", "middle", "source", closes=["rail_travel"]),
    "alone": a_list("alone", closes=["heating"]),
}


def test_a_listing_reaches_the_contexts_of_every_list_that_takes_it_over():
    whole = joint.graph(CHAIN)
    found = [
        (one.touch.context, [join.scheme for join in one.via], one.marks) for one in joint.reached(whole, "source")
    ]
    assert found == [
        ("loans", [], ["assumed"]),
        ("air_travel", ["middle"], ["reported", "assumed"]),
        ("rail_travel", ["end"], ["reported", "assumed"]),
        ("rail_travel", ["middle", "end"], ["reported", "reported", "assumed"]),
    ]
    assert [one.touch.context for one in joint.reached(whole, "end")] == ["rail_travel"]
    assert [one.touch.context for one in joint.reached(whole, "alone")] == ["heating"]


def test_the_tree_goes_one_step_further_in_for_each_list():
    lines = joint.told(joint.graph(CHAIN), ["middle"]).splitlines()
    assert lines == [
        "middle  List middle",
        "  takes over source: on source [reported: GYM]",
        "  closes air_travel: plane tickets [assumed: ASSUMED]",
        "  puts on end: on middle [reported: GYM]",
        "    closes rail_travel: soft sleepers and fast trains [assumed: ASSUMED]",
    ]


RINGS = {
    ("one",): {"one": ["one"]},
    ("one", "two"): {"one": ["two"], "two": ["one"]},
    ("one", "two", "three", "four"): {"one": ["two"], "two": ["three"], "three": ["four"], "four": ["one"]},
}


@pytest.mark.parametrize("ring", RINGS)
def test_a_ring_of_any_length_is_one_problem_with_its_file_and_line(ring, tmp_path):
    texts = {name: a_list(name, *takes) for name, takes in RINGS[ring].items()} | {"outside": a_list("outside", "one")}
    for name, text in texts.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    catalogue = {name: tmp_path / f"{name}.yaml" for name in texts}
    (problem,) = joint.cycles(catalogue)
    taken = RINGS[ring]["one"][0]
    line = texts["one"].splitlines().index(next(x for x in texts["one"].splitlines() if f"listed__{taken}" in x)) + 1
    assert (problem.file, problem.line) == (str(catalogue["one"]), line)
    assert problem.path == "$.entries[1].when"
    assert problem.what == f"a list takes over itself: {' → '.join([*ring, 'one'])}"
    with pytest.raises(Refused, match="takes over itself"):
        joint.graph(catalogue)
    assert joint.cycles(catalogue, ["outside"]) == []


def test_two_rings_are_two_problems():
    texts = {"a": a_list("a", "b"), "b": a_list("b", "a"), "c": a_list("c", "d"), "d": a_list("d", "c")}
    assert [problem.file for problem in joint.cycles(texts)] == ["a", "c"]


def test_a_ring_is_refused_before_anything_is_scored(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "schemes").mkdir()
    for name, taken in (("one", "two"), ("two", "one")):
        (tmp_path / "schemes" / f"{name}.yaml").write_text(a_list(name, taken))
    (tmp_path / "ring.yaml").write_text(
        "experiment: ring\nasks: no\npeople: {recipe: weihai_2020, n: 10}\nseeds: 1\nworlds: [equal_conduct]\n"
        "schemes: [one, two]\ngroups: [sex]\n"
    )
    with pytest.raises(Refused, match=r"one\.yaml:11 .* a list takes over itself: one → two → one"):
        config.load("ring.yaml")
    told = problems_of_schemes([tmp_path / "schemes" / "two.yaml"], "weihai_2020")
    assert [p.what for p in told] == ["a list takes over itself: two → one → two"]


SHUT = {
    "listed__a == 0": True,
    "listed__a < 1 and n_b >= 1": True,
    "not listed__a == 1": True,
    "not (n_b >= 1 or listed__a >= 1)": True,
    "listed__a == 1": False,
    "listed__a + n_b >= 1": False,
    "not listed__a == 0": False,
}


@pytest.mark.parametrize("condition", SHUT)
def test_a_listing_that_keeps_one_out_is_no_way_onto_a_list(condition):
    text = a_list("red").replace("n_traffic_violation >= 9", condition)
    whole = joint.graph({"a": a_list("a"), "red": text})
    (join,) = whole.joins
    assert (join.scheme, join.list, join.use, join.shuts) == ("red", "a", "takes over", SHUT[condition])
    assert [j.scheme for j in whole.onto("a")] == ([] if SHUT[condition] else ["red"])


def test_points_for_a_listing_put_nobody_on_a_list():
    rule = f"{{id: r, label: r, when: listed__a == 1, points: -1, because: b, {SOURCED}}}"
    rule = f"{{id: r, label: r, when: listed__a == 1, points: -1, because: b, {SOURCED}}}"
    more = f"base: {{points: 1, {SOURCED}}}\nrules: [{rule}]\n"
    whole = joint.graph({"a": a_list("a"), "points": a_list("points", more=more)})
    assert [join.use for join in whole.joins] == ["counts"]
    assert whole.onto("a") == []
    assert whole.joined() == ["a", "points"]


def call(*words):
    return CliRunner().invoke(cli.app, ["schemes", "joint", *words], catch_exceptions=False)


def test_the_command_prints_a_tree_and_plain_data():
    (told,) = json.loads(call("judgment_defaulters_2017", "--json").stdout)
    assert told["scheme"] == "judgment_defaulters_2017"
    by_way = {(tuple(one["via"]), one["context"]) for one in told["reaches"]}
    assert (("spending_restriction_2015",), "luxury_spending") in by_way
    assert (("spending_restriction_2015", "aviation_ban_2018"), "air_travel") in by_way
    assert all(len(one["marks"]) == len(one["via"]) + 1 == len(one["sources"]) for one in told["reaches"])
    assert "  puts on spending_restriction_2015: " in call("judgment_defaulters_2017").stdout
    with pytest.raises(Refused, match="did you mean 'aviation_ban_2018'"):
        call("aviation_ban_2019")


def test_every_join_of_the_catalogue_is_to_a_list_of_the_catalogue():
    paths = workspace.names("scheme")
    whole = joint.graph(paths)
    assert whole.joins
    assert {join.list for join in whole.joins} <= set(paths)
