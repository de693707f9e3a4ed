"""Who can rise: as scoring again says, and not past what bars her or is lost in the data."""

import importlib
from dataclasses import replace

import polars as pl
import pytest

from scoring import population
from scoring.experiment import config, cubes, second_look, ways
from scoring.experiment.designs import Design
from scoring.schemes.notice import notice
from tests.experiment.test_reasons import PLANTED, toy
from tests.hand_frames import plan_of, ready

chunks = importlib.import_module("scoring.experiment.chunk")

GROUPS = cubes.Groupings(("sex",), {"sex": ("f", "m")})
BLOOD = {
    "late": "per: n_late, points: -20, lasts: 2 years, actionable: waiting",
    "blood": "per: n_blood_donation, points: 4, cap: 12, actionable: now",
}


def risen(scheme, rows, kept=None):
    """Return (goal, months, months where deeds are lost, persons) of hand-made rows."""
    columns = dict.fromkeys(scheme.reads, 0) | {"age": 30, "consents": 1}
    people = pl.DataFrame([columns | row for row in rows]).with_columns(
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("person"), pl.lit(0, pl.UInt32).alias("cell")
    )
    found = ways.recourse(scheme, scheme.ledger(scheme.score(people)), GROUPS, kept)
    everyone = found.filter(group_by="everyone").select("param", "months", "recorded", "n")
    return sorted(everyone.rows(), key=str)


def of(rows, goal):
    return [row[1:] for row in rows if row[0] == goal]


def test_deeds_first_then_waiting_whatever_is_sooner():
    scheme = toy(BLOOD)
    assert of(risen(scheme, [{"n_late": 1}]), "warned") == [(18, 18, 1)]  # 80 to 90: three donations
    assert of(risen(scheme, [{"n_late": 2}]), "next band") == [(24, 24, 1)]  # 60 to 90: out of reach but by waiting


def test_a_cap_that_is_used_up_and_a_record_of_unknown_life_leave_no_way():
    scheme = toy({"late": BLOOD["late"].replace(" lasts: 2 years,", ""), "blood": BLOOD["blood"]})
    assert of(risen(scheme, [{"n_late": 1, "n_blood_donation": 1}]), "warned") == [(12, 12, 1)]
    assert of(risen(scheme, [{"n_late": 2, "n_blood_donation": 3}]), "warned") == [(None, None, 1)]


def test_points_below_the_floor_have_to_be_won_as_well():
    scheme = toy(
        {
            "late": "per: n_late, points: -20, actionable: now",
            "hours": "per: n_volunteering, points: 5, actionable: now",
        }
    )
    assert of(risen(scheme, [{"n_late": 6}]), "warned") == [(22, 22, 1)]  # from -20, not from 0


def test_a_record_that_caps_the_band_bars_every_way():
    assert of(risen(toy(BLOOD, PLANTED), [{"n_late": 1, "n_secret": 1}, {"n_late": 1}]), "warned") == [
        (18, 18, 1),
        (None, None, 1),
    ]


def test_a_deed_that_is_lost_in_the_data_wins_nothing_there():
    kept = pl.DataFrame({"person": pl.Series([0, 1, 2], dtype=pl.UInt32), "blood_donation": [49, 50, 0]})
    rows = [{"n_late": 1}, {"n_late": 1}, {"n_late": 1, "n_blood_donation": 3}]
    assert of(risen(toy(BLOOD), rows, kept), "warned") == [(18, 18, 1), (18, 24, 1)]
    without = {k: v.replace(" lasts: 2 years,", "") for k, v in BLOOD.items()}
    assert of(risen(toy(without), rows[:2], kept), "warned") == [(18, 18, 1), (18, None, 1)]


def test_nobody_has_a_way_where_the_rulebook_names_none():
    rows = risen(toy({"late": "per: n_late, points: -20, actionable: now"}), [{"n_late": 1}])
    assert rows == [("next band", None, None, 1), ("warned", None, None, 1)]


def test_months_are_those_that_scoring_again_finds():
    """Give everyone one more step at a time of the two deeds that this rulebook rewards, and see who has risen."""
    scheme = ready("rongcheng_2021")
    assert ways.deeds(scheme) == ["volunteering", "blood_donation"]
    people = population.people(plan_of("person"), 4_000, 3).with_columns(
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("person"), pl.lit(0, pl.UInt32).alias("cell")
    )
    mine = people.select(*scheme.reads, "person", "cell")
    names = [band.name for band in scheme.bands]

    def rank(frame):
        return scheme.score(frame)["band"].cast(pl.String).replace_strict(names, range(len(names)), default=None)

    start, expected = rank(mine), {}
    for hours in range(13):  # steps of eight hours; its only threshold lies below twelve of them
        for blood in range(11):
            if hours + 6 * blood > ways.HORIZON:
                continue
            given = {"amt_volunteering": 8 * hours, "n_blood_donation": blood}
            more = mine.with_columns(pl.col(c).cast(pl.Int32) + n for c, n in given.items() if c in mine.columns)
            for person in mine.filter((rank(more) > start).fill_null(False))["person"]:
                expected[person] = min(expected.get(person, 99), hours + 6 * blood)
    ahead = mine.filter((start < len(names) - 1).fill_null(False))["person"]
    told = [expected.get(person) for person in ahead]
    assert len(set(told)) >= 3  # or the test says little
    assert of_everyone(scheme, mine, "next band") == {m: told.count(m) for m in set(told)}


def of_everyone(scheme, mine, goal):
    table = ways.recourse(scheme, scheme.ledger(scheme.score(mine)), GROUPS)
    cells = table.filter(group_by="everyone", param=goal).group_by("months").agg(pl.col("n").sum())
    return dict(cells.rows())


def test_what_is_kept_of_a_deed_is_what_recording_keeps():
    plan, design = plan_of("person"), Design(ready("weihai_2018"))
    kept = second_look.deeds_kept(plan, [design], 1, 3_000, 41)
    assert set(kept.columns) == {"person", "blood_donation", "charitable_donation", "community_service", "volunteering"}
    drawn = population.people(plan, 200_000, 8).filter(pl.col("hidden_events_blood_donation") == 1)
    real = (drawn["n_blood_donation"] > 0).mean()
    assert kept["blood_donation"].mean() / 100 == pytest.approx(real, abs=0.03)
    assert second_look.deeds_kept(plan, [Design(ready("harm_proportional"))], 1, 50, 5).columns == ["person"]


def test_a_letter_tells_the_months_that_are_counted():
    scheme = ready("rongcheng_2021")
    people = population.people(plan_of("person"), 4_000, 3).select(*scheme.reads)
    people = people.unique(maintain_order=True).head(60).with_columns(
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("person"), pl.lit(0, pl.UInt32).alias("cell")
    )  # fmt: skip
    letters = [notice(scheme, people.slice(i, 1)) for i in range(people.height)]
    told = [one["way"]["months"] for one in letters if one["way"]]
    assert len(set(told)) >= 3  # or the test says little
    assert of_everyone(scheme, people, "next band") == {m: told.count(m) for m in set(told)}
    steps = [one["way"]["steps"] for one in letters if one["way"] and one["way"]["months"]]
    assert [sum(step["months"] for step in of) for of in steps] == [months for months in told if months]


def test_whoever_is_on_a_list_is_counted_with_the_months_until_she_is_off_it():
    found = config.load("tiny", people=5_000, seeds=1)
    probed = found.config.model_copy(update={"probes": config.Probes(people=5_000, redraws=2)})
    names = ("rail_seats_2018", "judgment_defaulters_2017", "spending_restriction_2015")
    designs = [Design(ready(name)) for name in names]  # the first takes over the others
    counted = chunks.chunk(replace(found, config=probed), plan_of("person"), designs, 1)
    everyone = counted["recourse"].cells.filter(group_by="everyone")
    on = counted["outcome"].cells.filter(pl.col("selected"), group_by="everyone", outcome="listed")
    for name in names:
        mine = everyone.filter(scheme=name)
        assert set(mine["param"]) == {"off the list"}
        assert mine["n"].sum() == on.filter(scheme=name)["n"].sum() > 0
        assert set(mine["months"]) <= {12, 24}
        assert mine["recorded"].equals(mine["months"])
    assert 24 in set(everyone.filter(scheme="judgment_defaulters_2017")["months"])
