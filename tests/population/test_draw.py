"""Drawing: the same bits in any order, from the shares that the recipe states."""

import hashlib
import itertools

import numpy as np
import polars as pl
import pytest

from scoring import population, workspace
from scoring.population import rates
from scoring.population.noise import Source, splitmix
from scoring.population.steps import reached, steps

PATH = workspace.find("recipe", "weihai_2020")
RECIPE = population.load(PATH)
PERSON = RECIPE.subject()
PLAN = population.compile_recipe(RECIPE, "equal_conduct")
N = 4 * population.BLOCK
GOLDEN = {"person": "96882956ce87e247", "firm": "12572a2879ceae82", "government_body": "7a74c370c896d50a"}
WORLDS = ("equal_conduct", "equal_detection", "mixed")


@pytest.fixture(scope="module")
def people():
    return population.people(PLAN, N, 1)


def share(people, column, levels):
    return people[column].cast(pl.String).is_in(levels).mean()


TARGETS = [
    ("sex", ["male"], 0.5047),
    ("residence", ["urban"], 0.7142),
    ("hukou_type", ["non_agricultural"], 0.6101),
    ("age_band", ["60+"], 0.2730),
    ("education", ["college", "bachelor_plus"], 0.16779),
    ("education", ["senior"], 0.18679),
    ("education", ["junior"], 0.40356),
    ("education", ["primary"], 0.17735),
    ("income_quintile", ["q1"], 0.2),
    ("income_quintile", ["q5"], 0.2),
    ("hukou_place", ["local"], 0.75),
    ("ethnicity", ["minority"], 0.009),
    ("party_member", ["member"], 0.0661),
]


@pytest.mark.parametrize(("column", "levels", "target"), TARGETS)
def test_shares_are_within_four_standard_errors_of_the_published_ones(people, column, levels, target):
    assert abs(share(people, column, levels) - target) < 4 * (target * (1 - target) / N) ** 0.5


def test_ages_are_within_four_standard_errors_of_the_census(people):
    for low, high, target in ((0, 14, 0.1182), (15, 59, 0.6088), (60, 99, 0.2730), (65, 99, 0.1926)):
        found = people["age"].is_between(low, high).mean()
        assert abs(found - target) < 4 * (target * (1 - target) / N) ** 0.5


def at_risk(people, record):
    first = list(PERSON.years_of_age.values())
    spans = {level: pl.col("age").is_between(*span) for level, span in zip(PERSON.years_of_age, first, strict=True)}
    exposed = [
        pl.any_horizontal(spans[level] for level in levels)
        if attribute == "age5"
        else pl.col(attribute).cast(pl.String).is_in(levels)
        for attribute, levels in record.at_risk.items()
    ]
    return people.filter(pl.all_horizontal([*exposed, pl.lit(True)]))


@pytest.mark.parametrize("name", PERSON.records)
@pytest.mark.parametrize("world", WORLDS)
def test_records_are_within_four_standard_errors_of_their_rate(name, world):
    plan = population.compile_recipe(RECIPE, world)
    exposed = at_risk(world_people(plan), PERSON.records[name])
    counts = exposed[f"n_{name}"].cast(pl.Float64)
    error = max(counts.std(), PERSON.records[name].rate ** 0.5) / exposed.height**0.5
    assert abs(counts.mean() - PERSON.records[name].rate) < 4 * error


def world_people(plan, kept={}):  # noqa: B006 - a cache for the length of the tests
    if plan.world not in kept:
        kept[plan.world] = population.people(plan, N, 2)
    return kept[plan.world]


def test_constraints_hold(people):
    assert people.filter((pl.col("age") < 18) & (pl.col("licence") == "licensed")).is_empty()
    assert people.filter((pl.col("age") < 18) & (pl.col("party_member") == "member")).is_empty()
    donors = pl.col("hidden_events_blood_donation") > 0
    assert people.filter(donors & ~pl.col("age").is_between(18, 54)).is_empty()
    assert people.filter((pl.col("hidden_events_traffic_violation") > 0) & (pl.col("licence") != "licensed")).is_empty()
    assert people.filter((pl.col("n_volunteering") > 0) != (pl.col("amt_volunteering") > 0)).is_empty()
    assert (people["hidden_harm_law"] <= people["hidden_harm"]).all()


def test_what_is_recorded_happened_or_is_anothers(people):
    beyond = pl.sum_horizontal(
        (pl.col(f"n_{name}") - pl.col(f"hidden_events_{name}")).clip(0) for name in PERSON.records
    )
    assert people.filter(beyond > pl.col("hidden_others_records")).is_empty()
    shared = people.select(pl.sum_horizontal(f"n_{name}" for name in PERSON.records).sum()).item()
    assert people["hidden_others_records"].sum() / shared == pytest.approx(0.0001, rel=0.5)


def test_columns_are_the_plans(people):
    assert tuple(people.columns) == PLAN.columns


def test_blocks_do_not_depend_on_order_or_on_how_many_rows_are_wanted(people):
    assert population.draw(PLAN, 1, 2).equals(people.slice(2 * population.BLOCK, population.BLOCK))
    assert population.draw(PLAN, 1, 1, 777).equals(people.slice(population.BLOCK, 777))
    assert not population.draw(PLAN, 2, 0, 777).equals(people.head(777))


def test_redrawing_keeps_people_and_conduct():
    once, again = population.draw(PLAN, 1, 0, 20_000), population.draw(PLAN, 1, 0, 20_000, replicate=3)
    kept = [c for c in once.columns if not c.startswith(("n_", "amt_")) and c != "hidden_others_records"]
    assert once.select(kept).equals(again.select(kept))
    assert not once.equals(again)
    stacked = population.redraw(PLAN, 1, 0, 20_000, [3, 4])
    assert stacked.head(20_000).equals(again)
    assert stacked.tail(20_000).equals(population.draw(PLAN, 1, 0, 20_000, replicate=4))


def test_raising_a_detection_rate_only_adds_records():
    """With occurrence fixed, thinning is nested: the same noise against lower thresholds."""
    rng = np.random.default_rng(0)
    n, u = rng.integers(0, 13, 5_000), rng.integers(0, 1 << 32, 5_000, dtype=np.uint32)
    tables = [steps(rates.binomial(np.array([p]), 12)) for p in (0.1, 0.3, 0.31, 0.9, 1.0)]
    kept = [reached(table, u, n) for table in tables]
    for fewer, more in itertools.pairwise(kept):
        assert (fewer <= more).all()
    assert (kept[-1] == n).all()
    assert (kept[0] < n).any()
    assert abs(kept[1].sum() / n.sum() - 0.3) < 0.02


@pytest.mark.parametrize("columns", [1, 3, 24])
def test_the_guide_answers_as_the_thresholds_do(columns):
    rng = np.random.default_rng(columns)
    shares = np.sort(rng.random((300, columns)), axis=1)
    shares[0], shares[1], shares[2, -1] = 0, 1, 1
    table, rows = steps(shares), rng.integers(0, 300, 50_000)
    u = rng.integers(0, 1 << 32, 50_000, dtype=np.uint32)
    u[:900] = np.resize(table.thresholds.reshape(-1), 900).clip(0, (1 << 32) - 1)
    assert (reached(table, u, rows) == (u[:, None] >= table.thresholds[rows]).sum(axis=1)).all()
    one = rows[:1]  # where all look up the same row, it is named once
    assert (reached(table, u, one) == (u[:, None] >= table.thresholds[one]).sum(axis=1)).all()


def test_a_new_attribute_leaves_every_other_column_bit_equal():
    data = RECIPE.model_dump(by_alias=True)
    extra = {"levels": ["a", "b"], "given": ["sex"], "shares": {"*": [0.5, 0.5]}, "mark": "assumed", "source": "A"}
    person = data["subjects"]["person"]
    person["attributes"] = {
        "first": extra | {"given": [], "shares": {"": [0.1, 0.9]}},
        **person["attributes"],
        "last": extra,
    }
    more = population.draw(
        population.compile_recipe(population.Recipe.model_validate(data), "equal_conduct"), 1, 0, 9_999
    )
    assert more.select(PLAN.columns).equals(population.draw(PLAN, 1, 0, 9_999))


def test_worlds_differ_in_their_causes_and_agree_in_what_is_recorded():
    """Expected records by group are the same, so records alone cannot tell the worlds apart."""
    by_world = {w: world_people(population.compile_recipe(RECIPE, w)) for w in WORLDS}
    tickets = {
        w: p.filter(pl.col("licence") == "licensed")
        .group_by("residence")
        .agg(pl.col("n_traffic_violation", "hidden_events_traffic_violation").mean())
        .sort("residence")
        for w, p in by_world.items()
    }
    recorded = np.array([t["n_traffic_violation"].to_list() for t in tickets.values()])
    happened = np.array([t["hidden_events_traffic_violation"].to_list() for t in tickets.values()])
    assert np.ptp(recorded, axis=0).max() < 0.02
    assert recorded[0, 0] / recorded[0, 1] > 1.5
    ratios = dict(zip(by_world, happened[:, 0] / happened[:, 1], strict=True))
    assert abs(ratios["equal_conduct"] - 1) < 0.02
    assert ratios["equal_detection"] > 1.5
    assert 1.2 < ratios["mixed"] < ratios["equal_detection"]


def test_ids_verify_themselves():
    ids = population.draw(PLAN, 1, 3, 1_000)["person_id"].to_numpy()
    assert population.verify_id(ids, "weihai_2020").all()
    assert len(np.unique(ids)) == 1_000
    assert {len(str(i)) for i in ids} == {19}
    assert not population.verify_id(ids, "another_recipe").any()
    assert not population.verify_id(ids + 1, "weihai_2020").any()
    assert not population.verify_id(37068219900307123, "weihai_2020")


def test_noise_is_addressed_by_name():
    def noise(seed=1, path="x", block=0, rows=1_000, year=0):
        return Source(seed, "person", block, rows, year).dense(path, yearly=True)

    a = noise()
    assert (noise(rows=10) == a[:10]).all()
    for other in (noise(seed=2), noise(path="y"), noise(block=1), noise(year=1)):
        assert (a == other).sum() < 5
    assert abs(a.mean() / 2**32 - 0.5) < 0.05
    rows = np.array([7, 3, 999])
    source = Source(1, "person", 0, 1_000)
    assert (source.sparse("x", np.arange(1_000))[rows] == source.sparse("x", rows)).all()
    again = [Source(1, "person", 0, 1_000, 0, r).sparse("x", rows, again=True).tolist() for r in (0, 1, 2)]
    assert len({str(a) for a in again}) == 3


def test_sparse_noise_is_splitmix64():
    """The published sequence of the generator seeded with 1234567 (Vigna's reference implementation)."""
    expected = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    assert splitmix(1234567, np.arange(5)).tolist() == expected


@pytest.mark.parametrize(("kind", "golden"), GOLDEN.items())
def test_the_same_bits_everywhere(kind, golden):
    """A golden hash: any change of a table, of the noise or of the drawing shows here and has to be meant."""
    state = hashlib.sha256()
    plan = population.compile_recipe(RECIPE, "equal_conduct", kind)
    for column in population.draw(plan, 7, 1, 5_000, year=2).iter_columns():
        state.update(column.to_physical().cast(pl.Int64).to_numpy().tobytes())
    assert state.hexdigest()[:16] == golden
