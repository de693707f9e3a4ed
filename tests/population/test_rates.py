"""Rates: expected records computed from the compiled integers, cell by cell, with nothing drawn."""

from dataclasses import replace

import numpy as np
import pytest

from scoring import population, workspace
from scoring.population import rates
from scoring.population.joint import Joint
from scoring.population.plan import UNEXPOSED, Lookup, Thinning
from scoring.population.steps import steps

RECIPE = population.load(workspace.find("recipe", "weihai_2020"))
PERSON = RECIPE.subject()
JOINT = Joint(PERSON)
WORLDS = ("equal_conduct", "equal_detection", "mixed")
PLANS = {world: population.compile_recipe(RECIPE, world) for world in WORLDS}


def expected(name, world):
    """Return the share of people at risk in each cell, and the records a year expected of one person there."""
    cells, record = rates.grid(PERSON, JOINT, name), PLANS[world].counted[name]

    def on_grid(values, given):
        return values.reshape([len(JOINT.levels[a]) if a in given.attributes else 1 for a in cells.axes])

    first, shares = rates.spread(record.latents, PLANS[world].residuals)
    by_bin = (1 - record.occurrence.thresholds / 2**32).sum(axis=1)
    records = np.zeros(cells.weight.shape)
    shifts = np.broadcast_to(on_grid(record.shift, record.given), records.shape)
    for shift in set(shifts.flat) - {UNEXPOSED}:
        records[shifts == shift] = by_bin[rates.bins_of(first + shift + np.arange(len(shares)))] @ shares
    for name_, stage in record.layers.items():
        if name_ != "either":  # false matches land on others
            passed = 1 - stage.steps.thresholds.reshape(-1, record.most + 1, record.most)[:, 1, 0] / 2**32
            records = records * on_grid(passed, stage.given)
    weight = cells.weight * cells.exposed
    return weight / weight.sum(), records


@pytest.mark.parametrize("world", WORLDS)
def test_expected_records_are_the_rate_of_the_recipe(world):
    for name, record in PERSON.records.items():
        weight, records = expected(name, world)
        assert (weight * records).sum() == pytest.approx(record.rate, rel=1e-5), name


@pytest.mark.parametrize("name", PERSON.records)
def test_no_cell_is_recorded_more_in_one_world_than_in_another(name):
    """Records alone cannot tell the worlds apart: what the chain loses, conduct gains, capped counts included."""
    (weight, records), *others = (expected(name, world) for world in WORLDS)
    for _, other in others:
        assert other[weight > 0] == pytest.approx(records[weight > 0], rel=0.004)


@pytest.mark.parametrize("name", ["sex", "age5", "residence", "education", "income_quintile", "party_member"])
def test_raking_is_exact(name):
    attribute = PERSON.attributes[name]
    found = JOINT.margin([*attribute.margin.by, name])
    for where, share in JOINT.groups(attribute.margin, name):
        assert found[where].sum() == pytest.approx(share, abs=1e-9 if name != "age5" else 1e-6)


def test_better_detection_adds_records_and_takes_none_away():
    plan = PLANS["equal_conduct"]
    record = plan.counted["honour_department"]
    every = steps(rates.binomial(np.ones(1), record.most))
    surely = Thinning(Lookup((), ()), every)
    better = replace(record, layers={**record.layers, "enforcement": surely})
    before = population.draw(plan, 1, 0, 20_000)
    after = population.draw(replace(plan, counted={**plan.counted, "honour_department": better}), 1, 0, 20_000)
    assert (after["n_honour_department"] >= before["n_honour_department"]).all()
    assert after["n_honour_department"].sum() > before["n_honour_department"].sum()
    assert after.drop("n_honour_department").equals(before.drop("n_honour_department"))


def test_conduct_does_not_depend_on_protected_attributes_beyond_declared_resources():
    """In the world of equal conduct, what moves events is income and exposure alone."""
    protected = {JOINT.root(name) for name in PERSON.protected}
    for name, record in PLANS["equal_conduct"].counted.items():
        moving = set(record.given.attributes) - set(PERSON.records[name].at_risk)
        assert not {JOINT.root(a) for a in moving} & protected, name
