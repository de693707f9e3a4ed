"""Cases beside a rulebook: each one that is wrong is a problem with its line."""

import pytest
from hand_frames import CITED, HEAD

from scoring.documents import parse
from scoring.schemes import cases
from scoring.schemes.reading import made
from scoring.schemes.text import SchemeText

RULES = (
    "  - {id: a, label: a, per: n_a, points: -5, because: b, actionable: now, " + CITED + "}\n"
    "  - {id: town, label: t, when: residence == urban, points: 5, because: b, actionable: now, " + CITED + "}\n"
)
RIGHT = """\
defaults: {age: 40, consents: 1, residence: rural}
cases:
  - {id: nothing, because: the base, given: {}, expect: {score: 100, band: high, warned: false, coverage: scored}}
  - {id: two, because: -10, given: {n_a: 2}, expect: {score: 90, band: high}}
  - {id: three, because: -15, given: {n_a: 3}, expect: {score: 85, band: low, warned: true}}
  - {id: town, because: +5, given: {residence: urban}, expect: {score: 105}}
  - {id: minor, because: adults, given: {age: 17}, expect: {score: null, coverage: ineligible, warned: null}}
  - {id: unknown, because: an unknown record is no zero, given: {n_a: null}, expect: {coverage: missing}}
"""
COLUMNS = ["age", "consents", "residence", "n_a", "hidden_harm"]
LEVELS = {"residence": ("urban", "rural")}


def told(text, tmp_path, scheme=None, columns=COLUMNS, levels=LEVELS):
    path = tmp_path / "toy.cases.yaml"
    path.write_text(text, encoding="utf-8")
    scheme = scheme or made(parse(HEAD + RULES).validated(SchemeText))
    return [(p.line, p.what, p.hint) for p in cases.wrong(path, scheme, columns, levels)]


def test_cases_that_come_out_as_worked_are_no_problem(tmp_path):
    assert told(RIGHT, tmp_path) == []
    assert told(RIGHT, tmp_path, columns=None, levels=None) == []


def test_every_case_that_comes_out_otherwise_is_told_at_once_with_its_line(tmp_path):
    text = RIGHT.replace("score: 90, band: high", "score: 89, band: low").replace("score: 105", "score: 100")
    assert told(text, tmp_path) == [
        (4, 'case \'two\' comes out with score 90, not 89; band "high", not "low"', "worked: -10"),
        (6, "case 'town' comes out with score 105, not 100", "worked: 5"),
    ]


WRONG = [
    ("n_a: 2", "n_aa: 2", 4, "unknown field 'n_aa'", "did you mean 'n_a'?"),
    ("n_a: 2", "hidden_harm: 2", 4, "unknown field 'hidden_harm'", ""),
    ("residence: urban", "residence: urbn", 6, "residence is never 'urbn'", "did you mean 'urban'?"),
    ("residence: urban", "residence: 1", 6, "residence is a word, got 1", ""),
    ("n_a: 3", "n_a: three", 5, "n_a is a number, got 'three'", ""),
    ("warned: true", "warnd: true", 5, "toy gives no 'warnd'", "did you mean 'warned'?"),
    ("id: three", "id: two", 5, "the id 'two' stands twice", ""),
    ("expect: {score: 105}", "expects: {score: 105}", 6, "unknown key 'expects'", "did you mean 'expect'?"),
    (
        ", residence: rural",
        "",
        1,
        "toy reads 'residence', a word, and not every case gives it",
        "defaults: {residence: urban}",
    ),
]


@pytest.mark.parametrize(("right", "wrong", "line", "what", "hint"), WRONG, ids=[w[1] or "no default" for w in WRONG])
def test_a_file_of_cases_that_is_not_well_formed_is_told(right, wrong, line, what, hint, tmp_path):
    assert RIGHT.count(right) == 1
    found = told(RIGHT.replace(right, wrong), tmp_path)
    assert (line, what, hint) in [(at, said, hint and near) for at, said, near in found], found


def test_what_is_wrong_at_first_is_told_before_anything_is_scored(tmp_path):
    found = told(RIGHT.replace("n_a: 2", "n_aa: 2").replace("score: 105", "score: 100"), tmp_path)
    assert [line for line, _, _ in found] == [4]


def test_a_file_that_is_missing_or_empty_is_told(tmp_path):
    scheme = made(parse(HEAD + RULES).validated(SchemeText))
    assert [p.what for p in cases.wrong(tmp_path / "none.cases.yaml", scheme)] == ["no such file"]
    assert "cases" in told("defaults: {}\ncases: []\n", tmp_path)[0][1] or told("cases: []\n", tmp_path)


def test_a_case_can_give_what_the_year_before_passed_on(tmp_path):
    text = HEAD[: HEAD.index("base:")] + HEAD[HEAD.index("sources:") : HEAD.index("bands:")]
    entry = f"""
entries:
  - {{id: e, label: e, when: n_a >= 1, because: b, term: {{days: 730, {CITED}}}, {CITED}}}
outcomes:
  listed: {{label: on it, polarity: adverse, listed: true, {CITED}}}
"""
    scheme = made(parse(text + entry).validated(SchemeText))
    lines = """\
defaults: {age: 40, consents: 1}
cases:
  - {id: new, because: 730 days from now, given: {n_a: 1}, expect: {listed: true, next__days: 365}}
  - {id: old, because: 365 days are left, given: {prior__days: 365}, expect: {listed: true, next__days: 0}}
  - {id: never, because: no entry, given: {}, expect: {listed: false, next__days: 0}}
"""
    assert told(lines, tmp_path, scheme) == []
    assert told(lines.replace("prior__days: 365", "prior__day: 365"), tmp_path, scheme)[0][2] == (
        "did you mean 'prior__days'?"
    )
