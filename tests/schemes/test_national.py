"""National lists: what their texts say, year by year, and how one follows from another."""

import polars as pl
import pytest
from hand_frames import catalogue, plan_of, ready

from scoring import population, workspace
from scoring.schemes import joint

PERSONS = [
    "judgment_defaulters_2013",
    "judgment_defaulters_2017",
    "spending_restriction_2015",
    "rail_ban_2018",
    "rail_seats_2018",
    "aviation_ban_2018",
    "research_misconduct_2018",
    "military_service_2021",
    "wage_arrears_persons_2022",
    "youth_volunteers_2016",
    "charity_donors_2018",
]
MINE = [*PERSONS, "penalty_display_2023", "penalty_display_2026"]
NEVER, ALWAYS = 9_999, 0  # draws of who performs: never, and always


def years(name, records, **always):
    """Score one person year by year; return whether she is listed in each year."""
    scheme, state, found = ready(name), {}, []
    for year in records:
        given = dict.fromkeys(scheme.reads, 0) | {"age": 40} | always | year | state
        row = scheme.score(pl.DataFrame({c: [v] for c, v in given.items()}).cast(pl.Int32)).to_dicts()[0]
        state = {f"prior__{part}": row[f"next__{part}"] for part in scheme.state}
        found.append(row["listed"])
    return found


NOTHING = {}
GROUNDS = [
    "n_enforcement_obstruction",
    "n_enforcement_evasion",
    "n_asset_report_breach",
    "n_spending_order_breach",
    "n_settlement_breach",
]


@pytest.mark.parametrize("ground", GROUNDS)
def test_performance_ends_no_listing_that_has_a_term(ground):
    records = [{ground: 1}, NOTHING, NOTHING]
    for lot in (ALWAYS, NEVER):
        assert years("judgment_defaulters_2017", records, lot__repair=lot) == [True, True, False]
    assert years("judgment_defaulters_2013", records, lot__repair=ALWAYS) == [True, False, False]
    assert years("judgment_defaulters_2013", records, lot__repair=NEVER) == [True, True, True]


def test_a_refusal_stands_until_it_is_repaired():
    records = [{"n_judgment_refusal": 1}, *[NOTHING] * 4]
    assert years("judgment_defaulters_2017", records, lot__repair=NEVER) == [True] * 5
    assert years("judgment_defaulters_2017", records, lot__repair=ALWAYS) == [True, *[False] * 4]


def test_those_without_assets_leave_the_list_of_2017_alone():
    performs, no_assets = (catalogue()["judgment_defaulters_2017"].text.parameters[p].default for p in PARAMETERS)
    records = [{"n_judgment_refusal": 1}, NOTHING]
    between = {"lot__repair": performs + no_assets - 1}
    assert years("judgment_defaulters_2017", records, **between) == [True, False]
    assert years("judgment_defaulters_2013", records, **between) == [True, True]
    assert years("spending_restriction_2015", [{"n_consumption_restriction": 1}, NOTHING], **between) == [True, True]


PARAMETERS = ("performs", "no_assets")


def test_a_minor_is_kept_off_the_list_of_2017_and_not_off_that_of_2013():
    record = [{"age": 16, "n_judgment_refusal": 1}]
    assert years("judgment_defaulters_2017", record, lot__repair=NEVER) == [None]
    assert years("judgment_defaulters_2013", record, lot__repair=NEVER) == [True]


def test_a_court_has_no_choice_once_it_has_found_a_ground():
    for name in ("judgment_defaulters_2013", "judgment_defaulters_2017"):
        assert not any(rule.discretionary for rule in ready(name).rules)
    choice = {rule.id: rule.discretionary for rule in ready("spending_restriction_2015").rules}
    assert choice == {"order": True, "listed": False, "representative": False}


@pytest.fixture(scope="module")
def verdicts():
    """Who is on each list of one year, over drawn people."""
    people = population.people(plan_of("person"), 400_000, 1)
    found = {}
    for name in ("judgment_defaulters_2017", "spending_restriction_2015", "rail_seats_2018", "aviation_ban_2018"):
        lists = [pl.Series(f"listed__{n}", listed.fill_null(False)).cast(pl.Int8) for n, listed in found.items()]
        found[name] = ready(name).score(people.with_columns(lists))["listed"]
    return pl.DataFrame(found).drop_nulls()


def test_who_is_listed_is_restricted_and_who_is_restricted_need_not_be_listed(verdicts):
    listed, restricted = verdicts["judgment_defaulters_2017"], verdicts["spending_restriction_2015"]
    assert (listed & ~restricted).sum() == 0
    assert (restricted & ~listed).sum() > listed.sum() > 100


def test_planes_and_seats_follow_from_the_courts_lists_and_from_nothing_else(verdicts):
    for name in ("rail_seats_2018", "aviation_ban_2018"):
        assert verdicts[name].equals(verdicts["spending_restriction_2015"].alias(name))


def test_a_court_listing_closes_seats_of_a_high_class_and_not_all_trains():
    whole = joint.graph({name: workspace.find("scheme", name) for name in PERSONS})
    reached = {one.touch.context for one in joint.reached(whole, "judgment_defaulters_2017")}
    assert {"rail_travel", "air_travel"} <= reached
    assert "all_trains" not in reached
    assert {one.touch.context for one in joint.reached(whole, "rail_ban_2018")} == {"all_trains"}


def test_the_list_itself_bans_travel_only_since_the_opinions_of_2016():
    closed = {name: {c.context: c.source for c in ready(name).text.sanctions} for name in PERSONS[:2]}
    assert not {"air_travel", "rail_travel", "luxury_spending"} & set(closed["judgment_defaulters_2013"])
    assert {closed["judgment_defaulters_2017"][c] for c in ("air_travel", "rail_travel", "luxury_spending")} == {
        "OPIN16"
    }


UNSEEN = {"wage_arrears_persons_2022", "youth_volunteers_2016"}  # the population has no record of any of their entries


@pytest.mark.parametrize("name", PERSONS)
def test_a_list_is_seen_in_a_simulation_unless_it_says_that_nobody_can_be(name):
    scheme = ready(name)
    live = [rule for rule in scheme.rules if not rule.unmodelled]
    assert (not live) == (name in UNSEEN)
    assert (name in UNSEEN) == any(note.startswith("Nobody is listed in a simulation") for note in scheme.text.notes)


def test_two_targets_for_natural_persons_have_two_sources():
    targets = [t for t in ready("judgment_defaulters_2017").text.targets if t.measure == "entry_share"]
    court = {t.source for t in targets if t.beside == ["judgment_defaulter"]}
    pool = {t.source for t in targets if len(t.beside) > 1}
    assert court == {"JNZQ", "M1805"}
    assert pool == {"M1805", "M1812"}
    assert all(0.93 < t.value < 0.97 for t in targets if len(t.beside) == 1)
    assert all(0.82 < t.value < 0.85 for t in targets if len(t.beside) > 1)
