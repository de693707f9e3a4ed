"""Records beside contexts: the field of each, a page's width, and no colour."""

import pytest
from hand_frames import CITED, HEAD, catalogue

from scoring import schemes
from scoring.documents import parse
from scoring.schemes import pairs
from scoring.schemes.contexts import Use, matrix, vocabulary
from scoring.schemes.reading import made
from scoring.schemes.text import SchemeText

TICKET = Use("one", "traffic_violation", "air_travel", "closes", True, "documented")
TAX = Use("one", "tax_arrears", "air_travel", "closes", False, "documented")
LOANS = Use("two", "tax_arrears", "loans", "opens", False, "documented")
STRANGE = Use("two", "shouting", "loans", "opens", None, "documented")
RECORDS = list(vocabulary().records)
MANY = [
    Use("one", record, c, "closes", False, "assumed") for record in RECORDS[:9] for c in ("heating", "army", "loans")
]
LONG = [Use("one", r, c, "closes", False, "assumed") for r in RECORDS[:9] for c in list(vocabulary().contexts)[:9]]


def test_a_table_has_a_row_a_record_and_a_column_a_context():
    assert pairs.told([TICKET, TAX]).splitlines() == [
        "                               closes",
        "                               air_travel",
        "                               (transport)",
        "traffic_violation (transport)  related",
        "tax_arrears (tax)              ✗ unrelated",
        "",
        "1 of 2 pairs of record and context join unrelated fields",
    ]


def test_several_schemes_are_counted_and_a_pair_that_none_has_is_a_dot():
    told = pairs.told([TICKET, TAX, LOANS, STRANGE])
    rows = {line.split("  ")[0]: line.split()[2:] for line in told.splitlines() if "in 1" in line}
    assert rows["tax_arrears (tax)"] == ["✗", "unrelated", "in", "1", "✗", "unrelated", "in", "1"]
    assert rows["traffic_violation (transport)"] == ["related", "in", "1", "·"]
    assert rows["shouting (?)"] == ["·", "?", "no", "field", "in", "1"]
    assert told.endswith("2 of 4 pairs of record and context join unrelated fields; the field of 1 is not known")
    twice = pairs.told([TICKET, Use("two", "traffic_violation", "air_travel", "closes", True, "reported")])
    assert "related in 2" in twice


def test_what_is_too_wide_is_turned_and_else_listed_by_context():
    assert pairs.told(MANY).splitlines()[3].startswith("contract_breach (credit)")
    few = [Use("one", r, c, "closes", False, "assumed") for r in RECORDS[:2] for c in list(vocabulary().contexts)[:9]]
    turned = pairs.told(few).splitlines()
    assert turned[2].startswith("closes air_travel (transport)")
    listed = pairs.told(LONG).splitlines()
    assert listed[0] == "closes air_travel (transport)"
    assert listed[1].startswith("  ✗ unrelated: contract_breach (credit), ")


@pytest.mark.parametrize("name", [None, *catalogue()])
def test_no_line_of_the_catalogue_is_wider_than_a_page(name):
    chosen = catalogue() if name is None else {name: catalogue()[name]}
    told = pairs.told(pairs.uses(schemes.central(one) for one in chosen.values()))
    assert max(map(len, told.splitlines())) <= pairs.WIDTH


def test_nothing_is_said_in_a_sentence():
    assert pairs.told([]) == "no scheme here closes or opens a context"


def test_plain_pairs_have_the_fields_of_both_sides():
    assert pairs.plain([TAX, STRANGE]) == [
        {
            "scheme": "one",
            "record": "tax_arrears",
            "record_field": "tax",
            "context": "air_travel",
            "context_field": "transport",
            "effect": "closes",
            "related": False,
            "mark": "documented",
        },
        {
            "scheme": "two",
            "record": "shouting",
            "record_field": None,
            "context": "loans",
            "context_field": "credit",
            "effect": "opens",
            "related": None,
            "mark": "documented",
        },
    ]


def test_a_record_that_caps_the_band_counts_against_and_an_unknown_field_stays_unknown():
    text = HEAD + f"  - {{id: r, label: r, per: n_shouting, points: -5, because: b, actionable: now, {CITED}}}\n"
    text += f"direct_bands: [{{id: d, label: d, when: n_drink_driving >= 1, band: low, because: b, {CITED}}}]\n"
    text += f"sanctions: [{{context: air_travel, {CITED}}}]\n"
    found = {use.record: use.related for use in matrix(made(parse(text).validated(SchemeText)))}
    assert found == {"shouting": None, "drink_driving": True}
