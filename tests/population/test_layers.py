"""Layers: each can be exchanged, and only what comes after it changes."""

import numpy as np
import polars as pl
import pytest

from scoring import population, workspace
from scoring.documents import Refused

RECIPE = population.load(workspace.find("recipe", "weihai_2020"), ["person"])
PERSON = RECIPE.subject()
PLAN = population.compile_recipe(RECIPE, "equal_conduct")
ADVERSE = [name for name, record in PERSON.records.items() if record.polarity == "adverse"]
BLOCK = population.BLOCK


def plan(world="equal_conduct", **changes):
    return population.compile_recipe(RECIPE, RECIPE.worlds[world].model_copy(update=changes))


@pytest.fixture(scope="module")
def observed():
    return population.draw(PLAN, 1, 0)


def records(frame, prefix="n_", names=PERSON.records):
    return frame.select(pl.sum_horizontal(f"{prefix}{name}" for name in names).sum()).item()


@pytest.mark.parametrize("name", [*PERSON.attributes, "age"])
def test_to_set_an_attribute_to_what_it_is_changes_nothing(observed, name):
    if name != "age5":  # set by the year of age
        assert population.draw(PLAN, 1, 0, do={name: observed[name].to_list()}).equals(observed)


def test_only_descendants_of_what_is_set_change(observed):
    country = population.draw(PLAN, 1, 0, do={"residence": "rural"})
    parents = {name: set(attribute.given) for name, attribute in PERSON.drawn.items()}
    below = {"residence"}
    while more := {n for n, given in parents.items() if given & below and n not in below}:
        below |= more
    for name in PERSON.drawn:
        if name not in below and name in observed.columns:
            assert country[name].equals(observed[name]), name
    assert {"sex", "age", "marital"} <= set(observed.columns)
    assert "licence" not in below
    assert (country["residence"] == "rural").all()
    assert not country["education"].equals(observed["education"])
    same = ["hidden_z_z_rule", "hidden_events_public_order_penalty", "age", "licence"]
    assert country.select(same).equals(observed.select(same))
    assert country["n_traffic_violation"].sum() < observed["n_traffic_violation"].sum()


def test_what_cannot_be_set_is_refused_at_once():
    with pytest.raises(Refused) as refused:
        population.draw(PLAN, 1, 0, 10, do={"age_band": "60+", "sexx": "male", "sex": "mail", "licence": ["licensed"]})
    told = str(refused.value)
    assert "derived from another attribute — set 'age5'" in told
    assert "no attribute that can be set — did you mean 'sex'?" in told
    assert "unknown level 'mail' — did you mean 'male'?" in told
    assert "do(licence): 1 levels: neither" in told
    assert len(refused.value.problems) == 4


def test_setting_row_by_row(observed):
    wanted = ["male", "female"] * (BLOCK // 2)
    assert population.draw(PLAN, 1, 0, do={"sex": wanted})["sex"].to_list() == wanted
    old = population.draw(PLAN, 1, 0, do={"age": 70})
    assert (old["age"] == 70).all()
    assert (old["age_band"] == "60+").all()
    with pytest.raises(Refused, match="outside the recipe's years"):
        population.draw(PLAN, 1, 0, 10, do={"age": 120})


def test_conduct_persists_over_years_and_shocks_are_new(observed):
    later = population.draw(PLAN, 1, 0, year=1)
    new = ("n_", "amt_", "hidden_", "lot__repair")
    kept = [c for c in observed.columns if not c.startswith(new)] + ["hidden_z_z_rule"]
    assert later.select(kept).equals(observed.select(kept))
    both = np.array([f["hidden_events_traffic_violation"].to_numpy() for f in (observed, later)])
    assert (both[0] != both[1]).any()
    licensed = (observed["licence"] == "licensed").to_numpy()
    assert 0.1 < np.corrcoef(both[:, licensed])[0, 1] < 0.9
    assert abs(both[0].mean() / both[1].mean() - 1) < 0.03


def test_pressure_is_the_only_way_back(observed):
    none = np.zeros(BLOCK, dtype=np.int32)
    assert population.draw(PLAN, 1, 0, pressure={"deterrence": none}).equals(observed)
    half = np.arange(BLOCK) % 2
    pressed = population.draw(PLAN, 1, 0, pressure={"deterrence": 5 * half})
    touched = [n for n, record in PERSON.records.items() if "deterrence" in record.pressure]
    assert touched
    for name in PERSON.records:
        column = f"hidden_events_{name}"
        assert (pressed[column] <= observed[column]).all(), name
        changed = (pressed[column] != observed[column]).to_numpy()
        assert not changed[half == 0].any()
        assert not changed.any() or name in touched
    assert records(pressed, "hidden_events_", touched) < 0.9 * records(observed, "hidden_events_", touched)
    with pytest.raises(Refused, match="no pressure of that name"):
        population.draw(PLAN, 1, 0, 10, pressure={"fear": none})


def test_pools_are_nested(observed):
    city, country, silo = (population.draw(plan(pooling=p), 1, 0) for p in ("city", "national", "silo"))
    assert city.equals(observed)
    own = pl.sum_horizontal(f"n_{name}" for name in PERSON.records) - pl.col("hidden_others_records")
    held = [f.select(own).to_series() for f in (city, country, silo)]
    assert (held[0] <= held[1]).all()
    assert (held[0] <= held[2]).all()
    assert held[0].sum() < held[1].sum()
    assert held[0].sum() < held[2].sum()
    assert silo["hidden_others_records"].sum() == 0
    truth = [c for c in observed.columns if c.startswith("hidden_events_")]
    assert silo.select(truth).equals(city.select(truth))
    assert country.select(truth).equals(city.select(truth))


def test_perfect_enforcement_records_every_infraction_that_is_shared(observed):
    perfect = population.draw(population.compile_recipe(RECIPE, "perfect_enforcement"), 1, 0)
    truth = [c for c in observed.columns if c.startswith("hidden_") and c != "hidden_others_records"]
    assert perfect.select(truth).equals(observed.select(truth))
    everything = population.draw(plan(perfect=["enforcement", "data"], pooling="national"), 1, 0)
    weights = {name: PERSON.records[name].harm for name in ADVERSE}
    harm = sum(everything[f"n_{name}"].cast(pl.Int32) * weight for name, weight in weights.items())
    assert (harm == everything["hidden_harm_law"]).all()


@pytest.mark.parametrize("world", ["petitioning_lawful", "personal_bankruptcy", "ability_not_tested"])
def test_an_alternative_law_leaves_conduct_alone(observed, world):
    then = population.draw(population.compile_recipe(RECIPE, world), 1, 0)
    (changed,) = RECIPE.worlds[world].law
    others = [c for c in observed.columns if c not in (f"n_{changed}", "hidden_harm_law", "hidden_others_records")]
    assert then.select(others).equals(observed.select(others))


class TestNeutral:
    """The group-neutral counterpart of each layer."""

    def test_conduct_is_a_donors(self, observed):
        donated = population.draw(plan(neutral=["conduct"]), 1, 0)
        for name in PERSON.records:
            a, b = donated[f"hidden_events_{name}"].sort(), observed[f"hidden_events_{name}"].sort()
            assert a.equals(b), name
        assert donated["hidden_z_z_finance"].sort().equals(observed["hidden_z_z_finance"].sort())
        visible = [c for c in observed.columns if not c.startswith(("n_", "amt_", "hidden_"))]
        assert donated.select(visible).equals(observed.select(visible))
        poor = (observed["income_quintile"] == "q1").to_numpy()
        gaps = [
            f["hidden_z_z_finance"].to_numpy()[poor].mean() - f["hidden_z_z_finance"].to_numpy()[~poor].mean()
            for f in (observed, donated)
        ]
        assert gaps[0] > 80
        assert abs(gaps[1]) < 10

    def test_enforcement_and_data_have_no_group_and_the_same_number_of_records(self):
        actual = pl.concat(population.draw(PLAN, 3, b) for b in range(4))
        for layer in ("law", "enforcement", "data"):
            neutral_plan = plan(neutral=[layer])
            for name, record in neutral_plan.counted.items():
                for own, thinning in record.layers.items():
                    if own.replace("either", "data") == layer:
                        assert not thinning.given.attributes, (name, own)
            neutral = pl.concat(population.draw(neutral_plan, 3, b) for b in range(4))
            assert records(neutral) / records(actual) == pytest.approx(1, abs=0.004), layer

    def test_a_layer_without_groups_is_its_own_counterpart(self, observed):
        """Dummy: blood donation has one detection rate for all, so nothing changes, bit for bit."""
        neutral = population.draw(plan(neutral=["enforcement"]), 1, 0)
        assert neutral["n_blood_donation"].equals(observed["n_blood_donation"])
        assert not neutral["n_traffic_violation"].equals(observed["n_traffic_violation"])


LAYERS = ("conduct", "law", "enforcement", "data")


@pytest.mark.parametrize("layer", LAYERS)
def test_planted_bias_appears_at_its_layer_and_at_no_earlier_one(layer):
    """Bias is seen in what a layer passes on: events, infractions, detected and then linked records."""
    biased = population.compile_recipe(RECIPE, f"planted_{layer}")
    after = {"law": ["hidden_harm", "hidden_harm_law"], "conduct": ["hidden_harm"]}
    frame = pl.concat(population.draw(biased, 5, b) for b in range(6))
    far = (frame["hukou_place"] == "inter_province").to_numpy()

    def rate(values):
        return values[far].mean() / values[~far].mean()

    events = sum(frame[f"hidden_events_{n}"].cast(pl.Float64).to_numpy() for n in ADVERSE)
    recorded = sum(frame[f"n_{n}"].cast(pl.Float64).to_numpy() for n in ADVERSE)
    forbidden = frame["hidden_harm_law"].to_numpy() / np.maximum(1, frame["hidden_harm"].to_numpy())
    harmed = frame["hidden_harm"].to_numpy() > 0
    gap_in_events, gap_in_records = rate(events), rate(recorded)
    gap_in_law = forbidden[far & harmed].mean() / forbidden[~far & harmed].mean()
    noise = 4 * 1 / np.sqrt(events[far].sum() / 8)
    if layer == "conduct":
        assert gap_in_events == pytest.approx(2, abs=0.25)
        assert abs(gap_in_law - 1) < 0.05
        assert gap_in_records == pytest.approx(gap_in_events, rel=0.12)
    else:
        assert abs(gap_in_events - 1) < noise
        expected = {"law": (2 / 3) / (1 / 2), "enforcement": (2 / 3) / (1 / 2), "data": (1 / 3) / (1 / 2)}[layer]
        assert gap_in_records == pytest.approx(expected, rel=0.12)
        assert (abs(gap_in_law - 1) > 0.2) == (layer == "law")
    assert after
    favourable = [n for n, record in PERSON.records.items() if record.polarity == "favourable"]
    assert rate(sum(frame[f"n_{n}"].cast(pl.Float64).to_numpy() for n in favourable)) == pytest.approx(1, abs=0.06)


def test_false_matches_land_on_another_of_the_page():
    everywhere = RECIPE.model_dump(by_alias=True)
    for record in everywhere["subjects"]["person"]["records"].values():
        record["link"] = {"p": 0.5, "false": 0.5}
        record["rate"] /= 2
    wild = population.Recipe.model_validate(everywhere)
    frame = population.draw(population.compile_recipe(wild, "equal_conduct"), 1, 0)
    minors = frame.filter(pl.col("licence") == "unlicensed")
    assert minors["hidden_events_traffic_violation"].sum() == 0
    assert minors["n_traffic_violation"].sum() > 0.1 * frame["n_traffic_violation"].sum()
    total = frame.select(pl.sum_horizontal(f"n_{n}" for n in PERSON.records).sum()).item()
    assert frame["hidden_others_records"].sum() / total == pytest.approx(0.5, abs=0.01)
    short = population.draw(population.compile_recipe(wild, "equal_conduct"), 1, 0, 777)
    assert short.equals(frame.head(777))
