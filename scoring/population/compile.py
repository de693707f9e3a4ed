"""Compile a recipe, in one world, to integer tables: the only thing that drawing reads.

Rates are calibrated exactly: the expected number of records a person at risk is summed over the joint distribution of
the attributes and over the distribution of latent conduct, and the base rate solved for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Any

import numpy as np
from scipy.special import ndtri

from scoring.documents import Problem, Refused
from scoring.population import rates
from scoring.population.joint import Joint
from scoring.population.noise import collisions
from scoring.population.recipe import Recipe, Record, World

ONE = 1 << 32
UNEXPOSED = -(1 << 30)
LATENT_BINS = 4096
LATENT_UNIT = 256  # a latent is stored in 1/256 of a standard deviation


@dataclass(frozen=True)
class Lookup:
    """One row of a table for each combination of some attributes' levels."""

    attributes: tuple[str, ...]
    sizes: tuple[int, ...]


@dataclass(frozen=True)
class Categorical:
    """Cumulative uint32 thresholds of a conditional table: the level is how many of them the noise reaches."""

    given: Lookup
    thresholds: np.ndarray


@dataclass(frozen=True)
class Thinning:
    """Thresholds of how many of n survive, by row and n: uint64, so that 'all' can be never exceeded."""

    given: Lookup
    thresholds: np.ndarray


@dataclass(frozen=True)
class Counted:
    """Everything needed to draw one record type."""

    latents: dict[str, int]  # what each latent residual adds to the predictor, in 1/256 a unit
    given: Lookup
    shift: np.ndarray  # what each row adds to the predictor; UNEXPOSED where it is not at risk
    occurrence: np.ndarray  # rate bins × counts, uint32
    stages: dict[str, Thinning]
    amounts: tuple[np.ndarray, np.ndarray] | None


@dataclass(frozen=True)
class Plan:
    """A recipe compiled for one world."""

    recipe_name: str
    world: str
    levels: Mapping[str, tuple[str, ...]]
    attributes: Mapping[str, Categorical]
    derived: Mapping[str, tuple[str, np.ndarray]]
    years: tuple[str, np.ndarray] | None
    residuals: np.ndarray
    latents: Mapping[str, dict[str, int]]
    latent_shifts: Mapping[str, list[tuple[str, np.ndarray]]]
    counted: Mapping[str, Counted]
    records: Mapping[str, Record]
    digest: str = field(default="")

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the frame that is drawn, in order."""
        amounts = [f"amt_{name}" for name, counted in self.counted.items() if counted.amounts]
        age = ["age"] if self.years else []
        hidden = [f"hidden_z_{z}" for z in self.latents] + [f"hidden_events_{r}" for r in self.counted]
        shown = [a for a in self.levels if not (self.years and a == self.years[0])]
        return (
            "person_id",
            *age,
            *shown,
            *(f"n_{name}" for name in self.counted),
            *amounts,
            "lot__consent",
            *hidden,
            "hidden_harm",
            "hidden_harm_law",
        )


def compile_recipe(recipe: Recipe, world: str) -> Plan:
    """Compile a recipe for one of its worlds; the same pair is compiled once a process."""
    return _compiled(recipe.model_dump_json(by_alias=True), world)


@lru_cache(maxsize=16)
def _compiled(text: str, world: str) -> Plan:
    recipe = Recipe.model_validate_json(text)
    joint = _joint(text)
    levels = joint.levels
    attributes = {
        name: Categorical(lookup(tuple(a.given), levels), cumulative(joint.tables[name], len(a.levels)))
        for name, a in recipe.attributes.items()
    }
    derived = {name: (d.derived_from, joint.onto(name).astype(np.uint8)) for name, d in recipe.derived.items()}
    residuals = np.rint(LATENT_UNIT * ndtri((np.arange(LATENT_BINS) + 0.5) / LATENT_BINS)).astype(np.int32)
    plan = Plan(
        recipe.name,
        world,
        levels,
        attributes,
        derived,
        years(recipe),
        residuals,
        {z: residual_weights(recipe, {z: 1.0}) for z in recipe.latent},
        {
            z: [
                (a, np.array([round(LATENT_UNIT * by.get(w, 0.0)) for w in levels[a]], dtype=np.int32))
                for a, by in latent.resources.items()
            ]
            for z, latent in recipe.latent.items()
        },
        {name: counted(recipe, joint, name, recipe.worlds[world], residuals) for name in recipe.records},
        dict(recipe.records),
    )
    clashes = collisions(paths(plan))
    if clashes:
        what = f"noise of {clashes[0][0]!r} and {clashes[0][1]!r} would be the same"
        raise Refused([Problem(recipe.name, 0, "$", what, "rename one")])
    return Plan(**{f.name: getattr(plan, f.name) for f in fields(plan)} | {"digest": digest(plan)})


@lru_cache(maxsize=4)
def _joint(text: str) -> Joint:
    return Joint(Recipe.model_validate_json(text))


def paths(plan: Plan) -> list[str]:
    """Return the path of every stream of noise that a plan uses."""
    counts = [f"{name}/{stage}" for name in plan.counted for stage in ("occurrence", *rates.STAGES, "amount")]
    return [*plan.attributes, "age", *(f"latent/{z}" for z in plan.latents), *counts, "lot/consent"]


def lookup(names: tuple[str, ...], levels: Mapping[str, tuple[str, ...]]) -> Lookup:
    return Lookup(names, tuple(len(levels[n]) for n in names))


def cumulative(table: np.ndarray, levels: int) -> np.ndarray:
    """Return rows × (levels − 1) thresholds as uint64 (a share of one is a threshold never reached)."""
    rows = np.cumsum(table.reshape(-1, levels), axis=1)[:, :-1]
    return np.minimum(np.rint(rows * ONE), ONE).astype(np.uint64)


def years(recipe: Recipe) -> tuple[str, np.ndarray] | None:
    """Return the attribute that ages are drawn within, and first year and width of each of its levels."""
    for name, attribute in recipe.attributes.items():
        if attribute.levels == list(recipe.years_of_age):
            spans = recipe.years_of_age.values()
            return name, np.array([(low, high - low + 1) for low, high in spans], dtype=np.uint64)
    return None


def residual_weights(recipe: Recipe, coefficients: Mapping[str, float]) -> dict[str, int]:
    """Return what each independent residual adds, in 1/256, to a sum of latents."""
    weights: dict[str, float] = {}
    for z, coefficient in coefficients.items():
        shares = recipe.latent[z].shares_with
        own = (1 - sum(v * v for v in shares.values())) ** 0.5
        for other, share in {z: own, **shares}.items():
            weights[other] = weights.get(other, 0.0) + coefficient * share
    return {z: round(256 * w) for z, w in weights.items() if round(256 * w)}


def counted(recipe: Recipe, joint: Joint, name: str, world: World, residuals: np.ndarray) -> Counted:
    """Compile one record type."""
    record = recipe.records[name]
    weights = residual_weights(recipe, record.conduct)
    spread = rates.spread(weights, residuals)
    cells = rates.grid(recipe, joint, name, 0)
    occurrence = rates.calibrated(cells, record.rate, record.most, spread, name)
    if world.gap_in_conduct:
        cells = rates.matched(rates.grid(recipe, joint, name, world.gap_in_conduct), cells, occurrence, spread)
        occurrence = rates.calibrated(cells, record.rate, record.most, spread, name)
    stages = {
        stage: Thinning(lookup(names, joint.levels), rates.binomial(cells.at(stage).reshape(-1), record.most))
        for stage, (names, p) in cells.stages.items()
        if (p < 1).any()
    }
    if name in world.law:  # after calibration: another law changes what is an infraction, not what happens
        forbidden = np.array([record.law.alternatives[world.law[name]]])
        stages["law"] = Thinning(Lookup((), ()), rates.binomial(forbidden, record.most))
    amounts = None
    if record.amounts:
        shares = np.array(list(record.amounts.values()))
        amounts = (cumulative(shares[None, :], len(shares))[0], np.array(list(record.amounts), dtype=np.int32))
    shift = np.where(cells.exposed > 0, cells.shift, UNEXPOSED).astype(np.int32)
    return Counted(weights, *trimmed(shift, cells.axes, joint), occurrence, stages, amounts)


def trimmed(shift: np.ndarray, axes: tuple[str, ...], joint: Joint) -> tuple[Lookup, np.ndarray]:
    """Drop the axes along which nothing changes, so that drawing looks up no more than it must."""
    for axis in reversed(range(len(axes))):
        if (shift == shift.take([0], axis)).all():
            shift, axes = shift.take(0, axis), axes[:axis] + axes[axis + 1 :]
    return lookup(axes, joint.levels), shift.reshape(-1)


def digest(plan: Plan) -> str:
    """Return a hash of everything a plan draws from."""
    state = hashlib.sha256(f"{plan.recipe_name} {plan.world}".encode())

    def feed(value: Any) -> None:
        if isinstance(value, np.ndarray):
            state.update(f"{value.dtype}{value.shape}".encode() + np.ascontiguousarray(value).tobytes())
        elif isinstance(value, Mapping):
            for key, child in value.items():
                state.update(str(key).encode())
                feed(child)
        elif isinstance(value, (Categorical, Thinning, Counted, Lookup)):
            for part in fields(value):
                feed(getattr(value, part.name))
        elif isinstance(value, (tuple, list)):
            for child in value:
                feed(child)
        else:
            state.update(repr(value).encode())

    for name in ("levels", "attributes", "derived", "years", "residuals", "latents", "latent_shifts", "counted"):
        feed(getattr(plan, name))
    feed({name: (record.polarity, record.harm) for name, record in plan.records.items()})
    return state.hexdigest()
