"""Lists over years: entry, term, repair, exit; bands that no score leads to; contexts."""

import polars as pl
import pytest
from hand_frames import CITED, ENGINES, HEAD, catalogue, polars_of

from scoring.documents import Refused, parse
from scoring.population import load
from scoring.schemes import problems_in
from scoring.schemes.contexts import matrix, vocabulary
from scoring.schemes.faults import Known, faults
from scoring.schemes.reading import made
from scoring.schemes.text import SchemeText
from scoring.workspace import names

LIST = f"""
scheme: toy_list
title: {{en: Toy list}}
instrument: list regime
law: {{title: none, rank: none, {CITED}}}
in_force: {{from: "2000"}}
enrolment: {{kind: automatic, text: all, {CITED}}}
eligibility: {{text: all, {CITED}}}
sources: {{X: {{title: x, where: here}}}}
entries:
  - {{id: short, label: s, when: n_a >= 1, because: b, term: {{days: 180, {CITED}}}, {CITED}}}
  - {{id: long, label: l, when: n_b >= 1, because: b, term: {{days: 730, {CITED}}}, {CITED}}}
  - {{id: open, label: o, when: n_c >= 1, because: b, term: {{days: open, {CITED}}}, {CITED}}}
  - {{id: other, label: j, when: listed__another == 1, because: b, {CITED}}}
repairs:
  - {{id: paid, label: paid, when: n_paid >= 1, after: 365, because: b, {CITED}}}
sanctions: [{{context: air_travel, {CITED}}}, {{context: loans, {CITED}}}]
outcomes:
  listed: {{label: on it, polarity: adverse, listed: true, {CITED}}}
"""


def years(scheme, records, engine=ENGINES["polars"]):
    """Score one person year by year, carrying the state on; return whether she is listed in each year."""
    state, found = {}, []
    for year in records:
        given = {"n_a": 0, "n_b": 0, "n_c": 0, "n_paid": 0, "listed__another": 0} | year
        frame = pl.DataFrame({name: [value] for name, value in {**given, **state}.items()}).cast(pl.Int32)
        row = polars_of(scheme.score(engine(frame))).to_dicts()[0]
        state = {f"prior__{part}": row[f"next__{part}"] for part in scheme.state}
        found.append(row["listed"])
    return found


NOTHING = {}
LIVES = {
    "a term under a year ends with it": ([{"n_a": 1}, NOTHING], [True, False]),
    "two years are two years": ([{"n_b": 1}, NOTHING, NOTHING], [True, True, False]),
    "a new entry prolongs": ([{"n_b": 1}, {"n_b": 1}, NOTHING, NOTHING], [True, True, True, False]),
    "a shorter entry does not shorten": ([{"n_b": 1, "n_a": 1}, {"n_a": 1}, NOTHING], [True, True, False]),
    "an open term stays": ([{"n_c": 1}, *[NOTHING] * 5], [True] * 6),
    "a repair ends it in the year after": ([{"n_c": 1}, {"n_paid": 1}, NOTHING], [True, True, False]),
    "a repair too early does nothing": ([{"n_c": 1, "n_paid": 1}, NOTHING, NOTHING], [True, True, True]),
    "a list is joined": ([{"listed__another": 1}, NOTHING], [True, False]),
}


@pytest.mark.parametrize("life", LIVES)
@pytest.mark.parametrize("engine", ENGINES)
def test_entry_term_repair_and_exit(life, engine):
    records, listed = LIVES[life]
    assert years(made(parse(LIST).validated(SchemeText)), records, ENGINES[engine]) == listed


def test_who_is_not_scored_has_no_state():
    text = LIST.replace("eligibility: {text", "eligibility: {when: age >= 18, text")
    frame = pl.DataFrame({"age": [17, 18], "n_a": 1, "n_b": 0, "n_c": 0, "n_paid": 0, "listed__another": 0})
    found = made(parse(text).validated(SchemeText)).score(frame)
    assert found["next__days"].to_list() == [None, 0]
    assert found["listed"].to_list() == [None, True]


def test_a_direct_band_is_reached_by_no_score():
    bands = f"""
  - {{name: new, label: new, direct: true, {CITED}}}
  - {{name: high, label: high, low: 90, {CITED}}}
direct_bands: [{{id: young, label: y, when: n_b >= 1, band: new, because: b, {CITED}}}]
"""
    head = HEAD.replace(f"\n  - {{name: high, label: high, low: 90, {CITED}}}\n", bands)
    body = f"  - {{id: r, label: r, per: n_a, points: -5, because: b, actionable: now, {CITED}}}\n"
    scheme = made(parse(head + body).validated(SchemeText))
    frame = pl.DataFrame({"age": 40, "consents": 1, "n_a": [0, 2, 3, 0, 3], "n_b": [0, 0, 0, 1, 1]})
    assert scheme.score(frame)["band"].to_list() == ["high", "high", "low", "new", "low"]


WRONG = [
    (
        "repairs:\n  - {id: paid, label: paid, when: n_paid >= 1, after: 365, because: b, ",
        "notes: [x]\nn: {",
        "open term",
    ),
    ("context: loans", "context: laons", "unknown context 'laons' — did you mean 'loans'?"),
    ("days: 730", "days: 0", "greater than or equal to 1"),
    ("listed__another", "listed__anothr", "no list 'anothr' to join — did you mean 'another'?"),
]


@pytest.mark.parametrize(("right", "wrong", "told"), WRONG)
def test_a_list_that_is_wrong_is_told(right, wrong, told, tmp_path):
    assert right in LIST
    text = LIST.replace(right, wrong)
    known = Known(frozenset({"n_a", "n_b", "n_c", "n_paid"}), {}, frozenset({"another"}))
    problems = [str(p) for p in faults(parse(text), known)]
    (tmp_path / "x.yaml").write_text(text)
    assert any(told in p for p in [*problems, *map(str, problems_in(tmp_path / "x.yaml"))]), problems


def test_every_record_of_every_recipe_has_a_field_of_law():
    records = {r for path in names("recipe").values() for s in load(path, []).subjects.values() for r in s.records}
    known = vocabulary()
    assert records == set(known.records)
    assert set(known.records.values()) <= set(known.domains)
    for context in known.contexts.values():
        assert {context.domain, *context.related} <= set(known.domains)


def test_the_matrix_marks_what_is_unrelated():
    uses = {(u.record, u.context): u for u in matrix(catalogue()["judgment_defaulters_2017"])}
    assert uses["judgment_refusal", "loans"].related
    assert not uses["judgment_refusal", "air_travel"].related
    assert {u.effect for u in uses.values()} == {"closes"}


def test_a_family_says_so_and_assumed_points_have_a_range():
    text = HEAD.replace(
        f"law: {{title: none, rank: none, {CITED}}}", "law: {title: t, rank: law, mark: documented, source: X}"
    )
    rule = f"  - {{id: r, label: r, per: n_a, points: -5, because: b, actionable: now, {CITED}}}\n"
    assert any("need the range" in str(p) for p in faults(parse(text + rule), Known()))
    assert not list(faults(parse(HEAD + rule), Known()))
    assert any("title of a family" in str(p) for p in faults(parse("family: true\n" + HEAD + rule), Known()))
    with pytest.raises(Refused):
        parse("scheme: 3\n").validated(SchemeText)
