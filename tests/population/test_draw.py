"""Drawing: the same bits in any order, from the shares that the recipe states."""

import hashlib
import itertools

import numpy as np
import polars as pl
import pytest

from scoring import population, workspace
from scoring.population import frame, rates, screens
from scoring.population.attributes import ancestors, attributes
from scoring.population.conduct import conduct
from scoring.population.events import Acting, happening, predictor, pressed
from scoring.population.noise import Source, address, splitmix
from scoring.population.plan import UNEXPOSED
from scoring.population.steps import AT_ONCE, reached, steps

PATH = workspace.find("recipe", "weihai_2020")
RECIPE = population.load(PATH)
PERSON = RECIPE.subject()
PLAN = population.compile_recipe(RECIPE, "equal_conduct")
N = 4 * population.BLOCK
GOLDEN = {"person": "96882956ce87e247", "firm": "750e6f217e9e41c2", "government_body": "7a74c370c896d50a"}
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


@pytest.mark.parametrize("many", [AT_ONCE, 2 * AT_ONCE])
@pytest.mark.parametrize("most", [(1 << 32) - 2, (1 << 32) - 1])
def test_one_threshold_is_reached_from_itself_on(many, most):
    """Two thresholds differ by one number only: 2³² − 1 reaches itself, and nothing reaches 2³²."""
    whole = 1 << 32
    table = steps(np.array([0, 0.5, (whole - 1) / whole, 1])[:, None])
    assert table.thresholds[:, 0].tolist() == [0, whole // 2, whole - 1, whole]
    u = np.resize(np.array([0, whole // 2 - 1, whole // 2, whole - 2, most], dtype=np.uint32), many)
    by_row = [reached(table, u, np.full(many, row, dtype=np.uint8))[:5].tolist() for row in range(4)]
    assert by_row == [[1] * 5, [0, 0, 1, 1, 1], [0, 0, 0, 0, int(most == whole - 1)], [0] * 5]


FELT = {
    "none": {},
    "strong": {"squeeze": np.arange(65_536) % 12, "deterrence": np.arange(65_536) % 7 - 3},
    "down": {"deterrence": np.full(65_536, 5), "squeeze": np.full(65_536, -2)},
}


@pytest.mark.parametrize("pressure", FELT.values(), ids=FELT)
def test_screens_pass_over_nobody_to_whom_something_happens(pressure):
    """Against the plain definition: ask the thresholds of every subject, whatever its class."""
    source = Source(4, "person", 1, population.BLOCK)
    drawn, acts = attributes(PLAN, source), conduct(PLAN, source)
    classes = screens.classes(PLAN.counted.values(), drawn.codes, acts, source.rows)
    acting, everyone = Acting(drawn.codes, acts, classes, None, pressure), np.arange(source.rows)
    for name, record in PLAN.counted.items():
        u, own = source.dense(f"{name}/occurrence", yearly=True), classes[screens.kind(record)]
        value = predictor(record, everyone, own, acting)
        thresholds = record.occurrence.thresholds[rates.bins_of(value)]
        n = np.where(value > UNEXPOSED >> 1, (u[:, None] >= thresholds).sum(axis=1), 0)
        found, doers = happening(name, record, source, acting)
        assert (doers == np.flatnonzero(n)).all(), name
        assert (found.n == n[doers]).all(), name
        looked_at = screens.candidates(record, u, own, pressed(record, pressure))
        assert len(looked_at) < source.rows / 2, name


def test_levels_are_those_of_the_codes():
    levels = {"two": ("a", "b"), "one": ("a",), "five": tuple("vwxyz")}
    codes = {name: np.arange(100, dtype=np.uint8)[::-1] % len(of) for name, of in levels.items()}
    named = pl.DataFrame(codes).select(frame.labels(tuple(levels.items())))
    for name, of in levels.items():
        assert named[name].dtype == pl.Enum(of)
        assert named[name].to_list() == [of[code] for code in codes[name]]


def test_ages_are_the_same_when_nothing_else_is_drawn():
    source = Source(1, "person", 2, 2_048)
    wanted = ancestors(PLAN, "age_band")
    assert wanted == {"age5", "sex", "role"}
    alone, whole = attributes(PLAN, source, wanted=wanted), attributes(PLAN, source)
    assert (alone.values["age"] == whole.values["age"]).all()
    assert set(alone.codes) == wanted | {"age_band", "household_form", "living"}
    assert not set(alone.values) & set(PLAN.quantities)


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


def test_a_generator_that_is_moved_draws_what_a_new_one_would():
    source, whole = Source(5, "firm", 3, 1_001, year=1), 1_001
    for path in ("x", "y", "x"):
        key = np.array([5, address(f"firm/{path}")], dtype=np.uint64)
        for yearly, last in ((False, 0), (True, 2)):
            counter = np.array([0, 0, 3, last], dtype=np.uint64)
            words = np.random.Philox(key=key, counter=counter).random_raw(501)
            assert source.dense(path, yearly, rows=7).tolist() == words.view(np.uint32)[:7].tolist()
            assert (source.dense(path, yearly) == words.view(np.uint32)[:whole]).all()


def test_noise_of_several_paths_is_that_of_each():
    source = Source(1, "person", 0, 1_000, 2, 3)
    wanted = {"x": np.array([5, 900]), "y": np.array([], dtype=np.int64), "z": np.arange(3)}
    for again in (False, True):
        together = source.sparse_each(wanted, again)
        assert list(together) == list(wanted)
        for path, rows in wanted.items():
            assert (together[path] == source.sparse(path, rows, again)).all()
            assert len(together[path]) == len(rows)
        assert not set(together["x"]) & set(together["z"])
    assert source.sparse_each({}) == {}


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
