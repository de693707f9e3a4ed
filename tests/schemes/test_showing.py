"""What is shown of a scheme, on a terminal and as plain data."""

import json

import pytest
from hand_frames import CITED, catalogue

from scoring import schemes
from scoring.documents import parse
from scoring.schemes.bibliography import cited
from scoring.schemes.contexts import vocabulary
from scoring.schemes.reading import made
from scoring.schemes.showing import central
from scoring.schemes.text import SchemeText

CATALOGUE = catalogue()


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_context_source_outcome_and_omission_of_a_scheme_is_told(name):
    described = schemes.describe(CATALOGUE[name])
    lines = schemes.told(described).splitlines()
    text = CATALOGUE[name].text
    for context in [*text.sanctions, *text.rewards]:
        label = vocabulary().contexts[context.context].label
        assert any(line.startswith(f"  {context.context}: {label}") for line in lines)
    for key, source in cited(text).items():
        (line,) = [x for x in lines if x.startswith(f"  {key}: {source.title}")]
        assert source.where in line
        assert source.kind in line
    for omitted in text.omitted:
        assert f"  {omitted.id}: {omitted.why} [{omitted.source}]" in lines
    for repair in text.repairs:
        assert any(repair.label in line and repair.because in line for line in lines)
    assert json.loads(json.dumps(described)) == described


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_source_that_is_cited_is_shown_and_no_other(name):
    described = schemes.describe(CATALOGUE[name])
    text = json.dumps({k: v for k, v in CATALOGUE[name].text.plain().items() if k != "sources"}, ensure_ascii=False)
    assert all(f'"source": "{key}"' in text for key in described["sources"])
    assert described["law"]["source"] in described["sources"]


TERMS = f"""
scheme: toy_list
title: {{en: Toy list}}
instrument: list regime
law: {{title: none, rank: none, {CITED}}}
in_force: {{from: "2000"}}
enrolment: {{kind: automatic, text: all, {CITED}}}
eligibility: {{text: all, {CITED}}}
sources: {{X: {{title: x, where: here, kind: primary, date: "2000"}}}}
entries:
  - {{id: a, label: year, when: n_a >= 1, because: b, {CITED}}}
  - {{id: b, label: days, when: n_b >= 1, because: b, term: {{days: 730, text: two years, {CITED}}}, {CITED}}}
  - {{id: c, label: open, when: n_c >= 1, because: b, term: {{days: open, {CITED}}}, unmodelled: true, {CITED}}}
repairs: [{{id: paid, label: pays, when: n_paid >= 1, after: 30, because: Art. 9, {CITED}}}]
sanctions: [{{context: loans, text: refused, {CITED}}}]
outcomes: {{listed: {{label: on it, polarity: adverse, listed: true, {CITED}}}}}
"""


def test_a_list_is_told_with_its_terms_repairs_and_what_it_closes():
    lines = schemes.told(schemes.describe(made(parse(TERMS).validated(SchemeText)))).splitlines()
    assert [line.strip() for line in lines if line.strip().startswith("listed  ")] == [
        "listed  year — b [assumed: X]; for the year alone",
        "listed  days — b [assumed: X]; 730 days: two years [assumed: X]",
        "listed  open — b [assumed: X]; until repaired [assumed: X]; no population has such a record",
    ]
    assert "  pays, after 30 days — Art. 9 [assumed: X]" in lines
    assert lines[lines.index("closes, or makes harder:") + 1] == (
        "  loans: loans and credit cards; refused [assumed: X]"
    )
    assert lines[-1] == "  X: x — here (primary, 2000)"


def test_a_rule_is_live_where_all_that_it_reads_is_there():
    scheme = made(parse(TERMS).validated(SchemeText))
    assert schemes.live_rules(scheme, ["n_a", "n_b", "n_c"]) == ["a", "b"]
    assert schemes.live_rules(scheme, ["n_a"]) == ["a"]
    assert schemes.live_rules(scheme, []) == []


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_summary_counts_what_the_text_says(name):
    scheme, row = central(CATALOGUE[name]), schemes.summary(CATALOGUE[name])
    assert row["rules"] == len(scheme.text.rules) + len(scheme.text.entries)
    if row["rules"]:
        assert row["documented_share"] == pytest.approx(row["documented"] / row["rules"], abs=1e-4)
    else:
        assert row["documented_share"] is None
    assert row["family"] == isinstance(CATALOGUE[name], schemes.Family)
