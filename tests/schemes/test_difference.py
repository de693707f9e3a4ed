"""What changed between two rulebooks, and which verdict of one is better than which of the other."""

import itertools

import pytest
from hand_frames import CITED, HEAD, catalogue

from scoring.documents import parse
from scoring.schemes import difference
from scoring.schemes.difference import Change
from scoring.schemes.reading import made
from scoring.schemes.showing import central
from scoring.schemes.text import SchemeText

RULE = "  - {{id: {id}, label: x, {body}, because: b, actionable: now, " + CITED + "}}\n"
BEFORE = HEAD + RULE.format(id="a", body="per: n_a, points: -5") + RULE.format(id="b", body="when: n_b>=1, points: -20")
CATALOGUE = catalogue()


def text(yaml):
    return parse(yaml).validated(SchemeText)


LOANS = f"rewards: [{{context: loans, {CITED}}}]\nbase:"
ONE_CHANGE = [
    ("points: -5", "points: -6", ("rules", "a", "changed", "points", -5, -6)),
    ("points: -5", "points: -5, cap: -30", ("rules", "a", "changed", "cap", None, -30)),
    ("points: -5", "points: -5, lasts: a year", ("rules", "a", "changed", "lasts", "unknown", "a year")),
    ("n_b>=1", "n_b >= 2", ("rules", "b", "changed", "when", "n_b >= 1", "n_b >= 2")),
    ("per: n_a", "per: n_b", ("rules", "a", "changed", "per", "n_a", "n_b")),
    ("low: 0, high: 110", "low: 0", ("limits", "", "changed", "high", 110, None)),
    ("points: 100", "points: 90", ("base", "", "changed", "points", 100, 90)),
    ('from: "2000"', 'from: "2001"', ("in_force", "", "changed", "from", "2000", "2001")),
    ("kind: consent", "kind: login", ("enrolment", "", "changed", "kind", "consent", "login")),
    ("age >= 18", "age >= 16", ("eligibility", "", "changed", "when", "age >= 18", "age >= 16")),
    ("rank: none", "rank: law", ("law", "", "changed", "rank", "none", "law")),
    ("adverse", "favourable", ("outcomes", "warned", "changed", "polarity", "adverse", "favourable")),
    ("points scheme", "rating", ("kind", "", "changed", "instrument", "points scheme", "rating")),
    ("base:", LOANS, ("rewards", "loans", "added", "", None, {"mark": "assumed"})),
    ("base:", "repair: after a year\nbase:", ("repair", "", "changed", "text", "unknown", "after a year")),
]


@pytest.mark.parametrize(("right", "other", "change"), ONE_CHANGE, ids=[f"{c[2][0]}-{c[2][3]}" for c in ONE_CHANGE])
def test_one_change_is_found_and_nothing_else(right, other, change):
    assert BEFORE.count(right) == 1
    after = BEFORE.replace(right, other)
    assert difference.changes(text(BEFORE), text(after)) == [Change(*change)]
    part, row, what, field, old, new = change
    back = {"added": "dropped", "changed": "changed"}[what]
    assert difference.changes(text(after), text(BEFORE)) == [Change(part, row, back, field, new, old)]


def test_words_and_spelling_change_nothing():
    after = (
        BEFORE.replace("label: x", "label: y").replace("because: b", "because: Art. 3").replace("n_b>=1", "n_b  >=  1")
    )
    assert after != BEFORE
    assert difference.changes(text(BEFORE), text(after)) == []
    assert difference.unchanged(text(BEFORE), text(after))["rules"] == 2


def test_a_rule_that_is_dropped_and_one_that_is_added_stand_whole():
    after = BEFORE.replace("id: b", "id: c")
    dropped, added = difference.changes(text(BEFORE), text(after))
    assert (dropped.what, dropped.id, dropped.after) == ("dropped", "b", None)
    assert (added.what, added.id, added.before) == ("added", "c", None)
    assert dropped.before == added.after
    assert added.after["points"] == -20
    assert difference.unchanged(text(BEFORE), text(after))["rules"] == 1


def test_a_context_that_is_closed_twice_stands_twice():
    twice = f"sanctions: [{{context: loans, {CITED}}}, {{context: loans, mark: reported, source: X}}]\nbase:"
    found = difference.changes(text(BEFORE), text(BEFORE.replace("base:", twice)))
    assert [(c.id, c.after) for c in found] == [("loans", {"mark": "assumed"}), ("loans (2)", {"mark": "reported"})]


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_rulebook_does_not_differ_from_itself(name):
    scheme = central(CATALOGUE[name])
    assert difference.changes(scheme.text, scheme.text) == []
    moves = difference.moves(scheme, scheme)
    for old, new in itertools.product(difference.ladder(scheme), repeat=2):
        places = [difference.ladder(scheme).index(verdict) for verdict in (old, new)]
        assert moves[old, new] == ("stay" if old == new else "rise" if places[0] < places[1] else "fall")


@pytest.mark.parametrize(("before", "after"), list(itertools.pairwise(CATALOGUE)))
def test_what_is_a_rise_one_way_is_a_fall_the_other(before, after):
    one, other = central(CATALOGUE[before]), central(CATALOGUE[after])
    back = {"rise": "fall", "fall": "rise", "stay": "stay"}
    there = {(new, old): back[move] for (old, new), move in difference.moves(one, other).items()}
    assert there == difference.moves(other, one)
    added = [c for c in difference.changes(one.text, other.text) if c.what == "added"]
    dropped = [c for c in difference.changes(other.text, one.text) if c.what == "dropped"]
    assert {(c.part, c.id) for c in added} == {(c.part, c.id) for c in dropped}


def banded(*names):
    cuts = [("high: 9" if i == 0 else f"low: {10 * i}" if i == len(names) - 1 else f"low: {10 * i}, high: {10 * i + 9}")
            for i in range(len(names))]  # fmt: skip
    bands = "".join(f"  - {{name: {n}, label: x, {cut}, {CITED}}}\n" for n, cut in zip(names, cuts, strict=True))
    head = HEAD[: HEAD.index("bands:")] + "bands:\n" + bands
    return made(text(head + f"outcomes: {{warned: {{label: w, polarity: adverse, bands: [{names[0]}], {CITED}}}}}\n"))


ORDERS = {
    (("C", "B", "A"), ("C", "B", "A")): {"B>A": "rise", "B>C": "fall", "B>B": "stay"},
    (("C", "A"), ("C", "B", "A")): {"C>B": "rise", "A>B": "fall"},  # the band between both
    (("C", "A"), ("A", "AA")): {"C>AA": "rise", "A>AA": "rise", "C>A": "rise"},  # by way of A
    (("C", "A"), ("D", "A")): {"C>A": "rise", "A>D": "fall", "C>D": None},  # nothing tells C from D
    (("C", "A"), ("A", "C")): {"C>A": None, "A>A": "stay"},  # the two contradict each other
    (("C", "A"), ("X", "Y")): {"C>X": None, "A>Y": None},
}


@pytest.mark.parametrize(("before", "after"), ORDERS)
def test_one_verdict_is_better_where_both_ladders_together_say_so(before, after):
    moves = difference.moves(banded(*before), banded(*after))
    for pair, move in ORDERS[before, after].items():
        assert moves.get(tuple(pair.split(">"))) == move
    assert (difference.no_order(banded(*before), banded(*after)) is None) == (set(before) & set(after) != set())


def test_unscored_is_a_verdict_of_its_own():
    moves = difference.moves(banded("C", "A"), banded("C", "A"))
    assert difference.move("unscored", "C", moves) == "become_scored"
    assert difference.move("A", "unscored", moves) == "become_unscored"
    assert difference.move("unscored", "unscored", moves) == "unscored_in_both"
    assert difference.move("C", "X", moves) == "unordered"


def test_a_list_has_an_order_and_ordinary_law_has_none():
    court, law = CATALOGUE["judgment_defaulters_2017"], CATALOGUE["no_scheme"]
    assert difference.moves(court, court)["not listed", "listed"] == "fall"
    assert difference.no_order(court, law) == "no_scheme has neither bands nor a list"
    assert difference.no_order(court, CATALOGUE["rongcheng_2016"]) == "their verdicts have no order in common"
