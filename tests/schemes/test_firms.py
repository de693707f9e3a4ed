"""Firms and public bodies: the ratings meet what was published, the lists hold as long as their orders say."""

import polars as pl
import pytest
from hand_frames import cases, catalogue, frame_of, plan_of, ready

from scoring import population
from scoring.schemes import conditions
from scoring.schemes.lists import OPEN
from scoring.schemes.showing import central

LOADED = {name: central(loaded) for name, loaded in catalogue().items()}
FIRMS = {name: scheme for name, scheme in LOADED.items() if scheme.subject != "person"}
LISTS = [name for name, scheme in FIRMS.items() if scheme.state]
POLLUTERS = ("environmental_guangdong", "environmental_credit_2013", "environmental_jiangsu")


@pytest.fixture(scope="module")
def firms():
    return population.people(plan_of("firm"), 300_000, 1)


@pytest.fixture(scope="module")
def polluters():
    drawn = population.oversampled(plan_of("firm"), 30_000, 3, "polluters")
    return drawn.filter(pl.col("high_pollution") == "listed")


def shares(name, frame):
    """Return the share of each band among those scored, nobody being on another list, and how many they are."""
    scheme = ready(name)
    lists = [pl.lit(0, pl.Int8).alias(c) for c in scheme.reads if c.startswith("listed__")]
    found = scheme.score(frame.with_columns(lists).select(scheme.reads)).filter(pl.col("coverage") == "scored")
    counted = dict(found["band"].value_counts().iter_rows())
    return {band.name: counted.get(band.name, 0) / found.height for band in scheme.bands}, found.height


def targets(name):
    return {target.id: target for target in LOADED[name].text.targets}


@pytest.mark.parametrize("name", ["tax_credit_2014", "tax_credit_2025"])
def test_between_4_and_8_per_cent_of_the_rated_are_grade_a(name, firms):
    found, n = shares(name, firms)
    assert n > 50_000
    assert 0.04 < found["A"] < 0.08


def test_grade_a_is_the_share_of_2020_that_it_was_fitted_to(firms):
    told = targets("tax_credit_2014")
    assert [name for name, target in told.items() if target.fitted] == ["a_2020"]
    assert shares("tax_credit_2014", firms)[0]["A"] == pytest.approx(told["a_2020"].value, abs=0.004)


def test_nearly_all_the_rest_are_b_or_m_as_published(firms):
    """B and M together were .8467 in 2020; without a record of firms that cannot be found, too few are D."""
    found, _ = shares("tax_credit_2014", firms)
    assert found["B"] + found["M"] > 0.84
    assert found["D"] < targets("tax_credit_2014")["d_2019"].value


def test_a_firm_on_the_list_of_major_violations_is_directly_d():
    listed, rating = ready("tax_violation_2022"), ready("tax_credit_2025")
    rows = [{"tax_rated": "rated", "age_of_firm": "10+", "revenue": "sales", "books": "proper"}] * 2
    years = frame_of(listed.reads, [{"prior__days": 365}, {}], {}, "firm")
    on = listed.score(years)["listed"].cast(pl.Int8)
    frame = frame_of(rating.reads, rows, {}, "firm").with_columns(listed__tax_violation_2022=on)
    assert rating.score(frame)["band"].to_list() == ["D", "A"]


@pytest.mark.parametrize("band", ["green", "blue", "yellow", "red"])
def test_guangdong_is_within_three_points_of_2017(band, polluters):
    found, n = shares("environmental_guangdong", polluters)
    assert n > 2_000
    told = targets("environmental_guangdong")[f"{band}_2017"]
    assert told.fitted
    assert found[band] == pytest.approx(told.value, abs=0.03)


@pytest.mark.parametrize("name", POLLUTERS)
def test_every_colour_that_one_year_can_give_is_somebodys(name, polluters):
    found, _ = shares(name, polluters)
    out_of_reach = {"environmental_jiangsu": {"green"}}.get(name, set())  # asks for two clean years after a pledge
    assert {band for band, share in found.items() if share == 0} == out_of_reach


def test_a_rating_without_points_ranks_all_the_same(firms):
    for name, worst, best in (
        ("customs_credit_2021", "dishonest", "certified"),
        ("customs_credit_2026", "dishonest", "advanced"),
    ):
        scored = ready(name).score(firms.select(ready(name).reads)).filter(pl.col("coverage") == "scored")
        assert scored["score"].null_count() == scored.height > 3_000
        found, _ = shares(name, firms)
        assert 0 < found[worst] < 0.01
        assert 0 < found[best] < 0.01
        assert sum(found.values()) == pytest.approx(1)


@pytest.mark.parametrize(("name", "target"), [("a_grade_taxpayers", "a_2020"), ("aeo_redlist", "certified_2020")])
def test_a_redlist_has_the_share_of_its_record(name, target, firms):
    scheme, told = ready(name), targets(name)[target]
    assert told.fitted
    assert scheme.text.redlist
    listed = scheme.score(firms.select(scheme.reads))["listed"].drop_nulls()
    assert abs(listed.mean() - told.value) < 4 * (told.value / listed.len()) ** 0.5


@pytest.mark.parametrize("name", LISTS)
def test_every_way_off_a_list_has_a_case_in_which_it_is_taken(name):
    """A year in which the repair's condition holds, after the days that it asks for, ends the listing."""
    scheme, told = ready(name), cases(name)
    for repair in scheme.repairs:
        reads = set(conditions.columns(repair.when)) if repair.when else set()
        taken = [
            case
            for case in told["cases"]
            if reads <= {*case["given"], *told["defaults"]}
            and case["given"].get("prior__served", 0) >= repair.after
            and case["expect"].get("listed")
            and case["expect"].get("next__days") == 0
        ]
        assert taken, repair.id


@pytest.mark.parametrize("name", LISTS)
def test_a_listing_lasts_as_long_as_its_term_when_nothing_is_repaired(name):
    scheme = ready(name)
    for rule in (rule for rule in scheme.rules if not rule.unmodelled):
        fires = {c: 1 for c in rule.reads if c.startswith("n_")}
        rows = [{**cases(name)["defaults"], "lot__repair": 9_999, "lot__draw": 0}]
        years, state, entry = 0, {}, fires
        while years < 12:
            out = scheme.score(frame_of(scheme.reads, [{**rows[0], **entry, **state}], {}, scheme.subject)).to_dicts()[
                0
            ]
            if not out["listed"]:
                break
            years, entry = years + 1, {}
            state = {f"prior__{part}": out[f"next__{part}"] for part in scheme.state}
        assert years == (12 if rule.days == OPEN else -(-rule.days // 365)), rule.id


def test_no_scheme_of_firms_reads_what_only_persons_have():
    persons, own = (
        set(plan_of("person").columns),
        {kind: set(plan_of(kind).columns) for kind in ("firm", "government_body")},
    )
    for name, scheme in FIRMS.items():
        reads = {c for c in scheme.reads if not c.startswith("listed__")}
        assert reads <= own[scheme.subject], name
        assert not {"age", "sex", "hukou_place"} & reads & persons, name
