"""Households, firms and public bodies; strata; the same blocks whatever the order and the partition."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import polars as pl
import pytest

from scoring import population, workspace
from scoring.population.noise import Source
from scoring.population.plan import PAGE
from scoring.population.strata import oversampled

RECIPE = population.load(workspace.find("recipe", "weihai_2020"))
PLANS = {kind: population.compile_recipe(RECIPE, "equal_conduct", kind) for kind in RECIPE.subjects}
N = 4 * population.BLOCK


@pytest.fixture(scope="module")
def people():
    return population.people(PLANS["person"], N, 1)


def hashed(frame):
    state = hashlib.sha256()
    for column in frame.iter_columns():
        state.update(column.to_physical().cast(pl.Int64).to_numpy().tobytes())
    return state.hexdigest()[:16]


def test_households_are_whole(people):
    homes = people.group_by("household_id", maintain_order=True).agg(
        pl.len(), pl.col("household_form").first(), pl.col("household_form").n_unique().alias("forms")
    )
    sizes = {form: len(members) for form, members in RECIPE.subject().households.forms.items()}
    wanted = homes["household_form"].cast(pl.String).replace_strict(sizes, return_dtype=pl.UInt32)
    assert (homes["forms"] == 1).all()
    assert (homes["len"] != wanted).sum() <= N // population.BLOCK  # the last of a block may be cut


def test_members_share_what_a_household_holds(people):
    shared = [name for name, a in RECIPE.subject().attributes.items() if a.household]
    assert {"residence", "income_quintile", "hukou_place"} <= set(shared)
    by_home = people.group_by("household_id").agg(pl.col([*shared, "income"]).n_unique())
    assert by_home.select(pl.max_horizontal(*shared, "income").max()).item() == 1
    assert people.group_by("household_id").agg(pl.col("sex").n_unique())["sex"].max() == 2


def test_a_household_is_two_partners_and_their_children(people):
    pairs = people.filter(pl.col("household_form") == "couple_child")
    assert set(pairs["role"].cast(pl.String)) == {"young_husband", "young_wife", "child"}
    assert set(pairs.filter(pl.col("role") == "young_wife")["sex"]) == {"female"}
    assert pairs.filter(pl.col("role") == "child")["age"].max() <= 19


def test_totals_are_within_four_standard_errors_of_the_census(people):
    whole = RECIPE.subject().totals["population"].value
    homes = people.unique("household_id")
    for name, total in RECIPE.subject().totals.items():
        counted = homes if total.count == "households" else people
        found = counted.filter(
            pl.all_horizontal([pl.col(a).cast(pl.String).is_in(ls) for a, ls in total.where.items()] or [pl.lit(True)])
        ).height
        share = total.value / whole
        assert abs(found / N - share) < 4 * max(1e-9, share * (1 - share) * 3 / N) ** 0.5, name


def test_firms_are_represented_by_adults_of_the_population(people):
    firms = population.people(PLANS["firm"], 4 * PLANS["firm"].block, 1)
    assert firms.height == pytest.approx(0.130 * N, rel=1e-3)
    assert population.verify_id(firms["firm_id"].to_numpy(), "weihai_2020", "firm").all()
    assert not population.verify_id(firms["firm_id"].to_numpy(), "weihai_2020").any()
    found = firms.join(people, left_on="legal_representative_id", right_on="person_id", how="inner")
    assert found.height == firms.height
    assert found["age"].min() >= 18
    assert firms["legal_representative_id"].n_unique() == firms.height
    assert population.draw(PLANS["firm"], 1, 1, 500).equals(population.draw(PLANS["firm"], 1, 1).head(500))


def test_adults_represent_the_firms_of_their_page_in_the_order_of_their_noise(people):
    plan, block = PLANS["firm"], 2
    page = people.slice(block * population.BLOCK + 3 * PAGE, PAGE)
    noise = Source(1, "person", block, population.BLOCK).dense("representative")[3 * PAGE : 4 * PAGE]
    adults = page.with_columns(noise=noise).filter(pl.col("age") >= 18).sort("noise", maintain_order=True)["person_id"]
    firms = population.draw(plan, 1, block)["legal_representative_id"]
    on_page = firms.filter(pl.Series(np.arange(plan.block) * population.BLOCK // (plan.block * PAGE) == 3))
    assert 100 < len(on_page) < len(adults)
    assert on_page.to_list() == adults.head(len(on_page)).to_list()


@pytest.mark.parametrize("kind", ["firm", "government_body"])
def test_other_subjects_have_the_rates_of_the_recipe(kind):
    plan, subject = PLANS[kind], RECIPE.subject(kind)
    frame = population.people(plan, 300_000 if kind == "firm" else 100_000, 2)
    for name, record in subject.records.items():
        exposed = frame.filter(
            pl.all_horizontal(
                [pl.col(a).cast(pl.String).is_in(ls) for a, ls in record.at_risk.items()] or [pl.lit(True)]
            )
        )
        counts = exposed[f"n_{name}"].cast(pl.Float64)
        error = max(counts.std(), record.rate**0.5) / exposed.height**0.5
        assert abs(counts.mean() - record.rate) < 4.5 * error, name


def test_conduct_moves_records_the_way_it_says():
    firms = population.people(PLANS["firm"], 60_000, 1)
    at_risk = firms.filter(pl.col("tax_rated") == "rated")
    low, high = (
        at_risk.filter(pl.col("hidden_z_z_compliance") < -256),
        at_risk.filter(pl.col("hidden_z_z_compliance") > 256),
    )
    assert low["n_tax_late_filing"].mean() > 2 * high["n_tax_late_filing"].mean()
    assert low["n_tax_grade_a"].mean() < high["n_tax_grade_a"].mean()


def test_a_rare_domain_has_results_at_200_000_subjects():
    plan = PLANS["person"]
    sample = oversampled(plan, 20_000, 1, "research")
    inside = sample.filter(pl.col("research") == "research")
    assert set(sample["weight"].unique()) == {1, 50}
    assert inside["weight"].max() == 1
    assert inside.height / sample.height > 0.1
    drawn = sample["weight"].sum()
    whole = population.people(plan, drawn // 4, 1)
    for level in ("urban", "rural"):
        estimate = sample.filter(pl.col("residence") == level)["weight"].sum() / drawn
        error = 4 * (50 * estimate * (1 - estimate) / drawn) ** 0.5
        assert abs(estimate - (whole["residence"] == level).mean()) < error + 0.01
    assert oversampled(plan, 500, 1, "research").equals(sample.head(500))


@pytest.mark.parametrize("kind", RECIPE.subjects)
def test_hashes_do_not_depend_on_partition_order_or_threads(kind):
    plan = PLANS[kind]
    blocks = population.blocks(7 * plan.block if kind != "government_body" else 100_000, plan.block)

    def drawn(part):
        return {b: hashed(population.draw(plan, 1, b, rows)) for b, rows in part}

    whole = drawn(blocks)
    for parts in (2, 7):
        found = {}
        for i in np.random.default_rng(parts).permutation(parts):
            found |= drawn(blocks[i::parts][::-1])
        assert found == whole
    with ThreadPoolExecutor(2) as pool:
        assert {b: h for part in pool.map(drawn, ([x] for x in blocks)) for b, h in part.items()} == whole
