"""Rates: expected records computed from the compiled integers, cell by cell, with nothing drawn."""

from dataclasses import replace

import numpy as np
import pytest

from scoring import population, workspace
from scoring.population import rates
from scoring.population.compile import UNEXPOSED, Thinning
from scoring.population.joint import Joint

RECIPE = population.load(workspace.find("recipe", "weihai_2020"))
JOINT = Joint(RECIPE)
PLANS = {world: population.compile_recipe(RECIPE, world) for world in RECIPE.worlds}


def expected(name, world):
    """Return the share of people at risk in each cell, and the records a year expected of one person there."""
    cells, record = rates.grid(RECIPE, JOINT, name, 0), PLANS[world].counted[name]

    def on_grid(values, given):
        return values.reshape([len(JOINT.levels[a]) if a in given.attributes else 1 for a in cells.axes])

    first, shares = rates.spread(record.latents, PLANS[world].residuals)
    by_bin = (1 - record.occurrence / 2**32).sum(axis=1)
    records = np.zeros(cells.weight.shape)
    shifts = np.broadcast_to(on_grid(record.shift, record.given), records.shape)
    for shift in set(shifts.flat) - {UNEXPOSED}:
        records[shifts == shift] = by_bin[rates.bins_of(first + shift + np.arange(len(shares)))] @ shares
    for stage in record.stages.values():
        records = records * on_grid(1 - stage.thresholds[:, 1, 0] / 2**32, stage.given)
    weight = cells.weight * cells.exposed
    return weight / weight.sum(), records


@pytest.mark.parametrize("world", RECIPE.worlds)
def test_expected_records_are_the_rate_of_the_recipe(world):
    for name, record in RECIPE.records.items():
        weight, records = expected(name, world)
        assert (weight * records).sum() == pytest.approx(record.rate, rel=1e-5), name


@pytest.mark.parametrize("name", RECIPE.records)
def test_no_cell_is_recorded_more_in_one_world_than_in_another(name):
    """Records alone cannot tell the worlds apart: what the chain loses, conduct gains, capped counts included."""
    (weight, records), *others = (expected(name, world) for world in RECIPE.worlds)
    for _, other in others:
        assert other[weight > 0] == pytest.approx(records[weight > 0], rel=0.003)


@pytest.mark.parametrize("name", ["sex", "age5", "residence", "education", "income_quintile", "party_member"])
def test_raking_is_exact(name):
    attribute = RECIPE.attributes[name]
    found = dict(zip(attribute.levels, JOINT.margin([name]), strict=True))
    for key, share in attribute.margin.shares.items():
        assert sum(found[level] for level in key.split("|")) == pytest.approx(share, abs=1e-9)


def test_better_detection_adds_records_and_takes_none_away():
    plan = PLANS["equal_conduct"]
    record = plan.counted["honour_department"]
    surely = Thinning(record.stages["detect"].given, np.where(record.stages["detect"].thresholds < 2**32, 0, 2**32))
    surely = replace(surely, thresholds=surely.thresholds.astype(np.uint64))
    better = replace(record, stages={**record.stages, "detect": surely})
    before = population.draw(plan, 1, 0, 20_000)
    after = population.draw(replace(plan, counted={**plan.counted, "honour_department": better}), 1, 0, 20_000)
    assert (after["n_honour_department"] >= before["n_honour_department"]).all()
    assert after["n_honour_department"].sum() > before["n_honour_department"].sum()
    assert after.drop("n_honour_department").equals(before.drop("n_honour_department"))


def test_conduct_does_not_depend_on_protected_attributes_beyond_declared_resources():
    """In the world of equal conduct, what moves events is income and exposure alone."""
    protected = {JOINT.root(name) for name in RECIPE.protected}
    for name, record in PLANS["equal_conduct"].counted.items():
        moving = set(record.given.attributes) - set(RECIPE.records[name].at_risk)
        assert not {JOINT.root(a) for a in moving} & protected, name
