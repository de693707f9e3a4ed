"""Laws: their dates, their kinds of record, and their words."""

import pytest

from scoring import workspace
from scoring.population import load
from scoring.schemes.contexts import vocabulary
from scoring.schemes.laws import NONE, UNKNOWN, LawText, shipped, standing

LAWS = shipped()
LAW = LawText(
    title={"en": "a law"},
    short="a",
    rank="law",
    in_force="2020-12-07",
    until="2022",
    mark="assumed",
    source="X",
    provisions=[],
)
DATES = {
    "over before": ({"from": "2010", "to": "2020-11"}, "not in force then"),
    "over in the month": ({"from": "2010", "to": "2020-12"}, "unclear"),
    "over in the year": ({"from": "2010", "to": "2020"}, "unclear"),
    "over the day before": ({"from": "2010", "to": "2020-12-06"}, "not in force then"),
    "over on the day": ({"from": "2010", "to": "2020-12-07"}, "in force"),
    "still there": ({"from": "2010"}, "in force"),
    "begun in its last year": ({"from": "2022"}, "unclear"),
    "begun after it": ({"from": "2023"}, "no longer in force"),
    "always": ({"from": "always"}, "in force"),
    "never": ({"from": "never"}, "in force"),
    "an unknown beginning": ({"from": "unknown"}, "unclear"),
    "an unknown end": ({"from": "2010", "to": "?"}, "unclear"),
}


@pytest.mark.parametrize("name", DATES)
def test_whether_a_law_was_in_force_while_a_scheme_was(name):
    force, expected = DATES[name]
    assert standing(force, LAW) == expected


def records_of_recipes():
    people = [s for path in workspace.names("recipe").values() for s in load(path, []).subjects.values()]
    return {name: record.polarity for subject in people for name, record in subject.records.items()}


def test_every_record_of_every_recipe_was_put_under_a_kind_or_said_to_be_none():
    records = records_of_recipes()
    assert set(records) <= set(LAWS["catalogue-2021"].records)
    assert set(records) <= set(LAWS["catalogue-2024"].records)
    assert {name for name, polarity in records.items() if polarity == "adverse"} <= set(LAWS["2020-49"].records)


@pytest.mark.parametrize("key", LAWS)
def test_the_kinds_of_a_law_are_its_own_and_its_records_are_known(key):
    law = LAWS[key]
    assert {k for k in law.records.values() if k != NONE and not k.startswith(UNKNOWN)} <= set(law.items)
    attributes = {
        a for p in workspace.names("recipe").values() for s in load(p, []).subjects.values() for a in s.levels()
    }
    joined = {"listed", "redlisted", "age"}
    unmodelled = {"cult", "religion", "family_planning"}  # of rulebooks, and of no recipe
    named = {name for name in law.records if not name.endswith("_*")}
    assert named <= {*vocabulary().records, *attributes, *joined, *unmodelled}
    assert (law.reading is None) == (not law.records)


def test_a_name_of_its_own_goes_before_the_longest_that_it_begins_with():
    kinds = {"traffic_*": "a", "traffic_fine_*": "b", "traffic_fine_small": "c"}
    law = LAW.model_copy(update={"records": kinds})
    names = ("traffic_warning", "traffic_fine_2000", "traffic_fine_small", "traffic", "trafficking", "fine")
    assert [law.kind_of(name) for name in names] == ["a", "b", "c", "", "", ""]


@pytest.mark.parametrize("key", LAWS)
def test_what_was_not_read_verbatim_says_so(key):
    for provision in LAWS[key].provisions:
        assert bool(provision.quote) != ("read in" in provision.article), provision.id
        assert provision.quote_en
