"""Compile a recipe, in one world, to integer tables: the only thing that drawing reads.

Rates are calibrated exactly: the expected number of records a subject at risk is summed over the joint distribution of
the attributes and over the distribution of latent conduct, and the base rate solved for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from scoring.documents import Problem, Refused
from scoring.population import rates, screens, worlds
from scoring.population.joint import Joint
from scoring.population.noise import collisions
from scoring.population.plan import (
    BLOCK,
    INCOME_BINS,
    LATENT_BINS,
    LATENT_UNIT,
    LOTS,
    UNEXPOSED,
    Categorical,
    Composition,
    Counted,
    Lookup,
    Plan,
    Screen,
    Thinning,
    Valued,
)
from scoring.population.recipe import Quantity, Recipe, Subject, World
from scoring.population.steps import Steps, steps


def compile_recipe(recipe: Recipe, world: str | World, subject: str = "person") -> Plan:
    """Compile a recipe for one of its worlds, or for one made from them; the same one is compiled once a process.

    Raises Refused for numbers that no population can meet.
    """
    found = recipe.worlds[world] if isinstance(world, str) else world
    name = world if isinstance(world, str) else ""
    return _compiled(recipe.model_dump_json(by_alias=True), name, found.model_dump_json(), subject)


@lru_cache(maxsize=32)
def _compiled(text: str, name: str, world_text: str, kind: str) -> Plan:
    recipe, world = Recipe.model_validate_json(text), World.model_validate_json(world_text)
    subject, joint = recipe.subject(kind), _joint(text, kind)
    levels = joint.levels
    persons = "person" if subject.legal_representative else None
    counted, problems = {}, list[Problem]()
    for record in subject.records:
        try:
            counted[record] = count(subject, joint, record, world)
        except Refused as refused:
            problems += refused.problems
    if problems:
        raise Refused(within(kind, problems))
    plan = Plan(
        recipe.name,
        name,
        kind,
        round(BLOCK * subject.per_1000_persons / 1000) if persons else BLOCK,
        levels,
        composition(subject, levels),
        {name: categorical(joint, name) for name, a in joint.drawn.items() if name not in ("household_form", "role")},
        {name: (d.derived_from, joint.onto(name).astype(np.uint8)) for name, d in subject.derived.items()},
        years(subject),
        {name: valued(quantity, levels) for name, quantity in subject.quantities.items()},
        residuals(),
        {z: residual_weights(subject, {z: 1.0}) for z in subject.latent},
        {
            z: [
                (a, np.array([round(LATENT_UNIT * by.get(w, 0.0)) for w in levels[a]], dtype=np.int32))
                for a, by in latent.resources.items()
            ]
            for z, latent in (worlds.plain(subject) if world.planted else subject).latent.items()
        },
        counted,
        dict(subject.records),
        {
            name: (
                {a: np.isin(levels[a], allowed) for a, allowed in stratum.where.items()},
                stratum.others,
            )
            for name, stratum in subject.strata.items()
        },
        "conduct" in world.neutral,
        _compiled(text, name, world_text, persons) if persons else None,
    )
    clashes = collisions(paths(plan))
    if clashes:
        what = f"noise of {clashes[0][0]!r} and {clashes[0][1]!r} would be the same"
        raise Refused([Problem(recipe.name, 0, "$", what, "rename one")])
    return replace(plan, digest=digest(plan))


def recompile(
    recipe: Recipe, world: str, otherwise: Subject, kind: str = "person", records: Collection[str] | None = None
) -> Plan:
    """Compile a recipe of which the chain of some records of one kind of subject is otherwise, and nothing else.

    The same people then do the same things, as far as rates that are calibrated after the chain allow. Only records
    whose chain differs, of those named, are compiled again. Raises Refused as `compile_recipe` does.
    """
    plan, subject = compile_recipe(recipe, world, kind), recipe.subject(kind)
    joint = _joint(recipe.model_dump_json(by_alias=True), kind)
    stages = ("detect", "enforce", "share", "link")
    again = [
        name
        for name in (subject.records if records is None else subject.records.keys() & records)
        if otherwise.chain.elsewhere != subject.chain.elsewhere
        or any(otherwise.stage(name, stage) != subject.stage(name, stage) for stage in stages)
    ]
    counted = {name: count(otherwise, joint, name, recipe.worlds[world]) for name in again}
    changed = replace(plan, counted={**plan.counted, **counted}, records=dict(otherwise.records), digest="")
    return replace(changed, digest=digest(changed))


@lru_cache(maxsize=8)
def _joint(text: str, kind: str) -> Joint:
    try:
        return Joint(Recipe.model_validate_json(text).subject(kind))
    except Refused as refused:
        raise Refused(within(kind, refused.problems)) from None


def within(kind: str, problems: Iterable[Problem]) -> list[Problem]:
    """Say of problems of one kind of subject where in the recipe they are."""
    return [p._replace(path=f"$.subjects.{kind}{p.path[1:]}") for p in problems]


def residuals() -> np.ndarray:
    """Return the middle of each of 4,096 equal parts of a standard normal, in 1/256."""
    return np.rint(LATENT_UNIT * ndtri((np.arange(LATENT_BINS) + 0.5) / LATENT_BINS)).astype(np.int32)


def paths(plan: Plan) -> list[str]:
    """Return the path of every stream of noise that a plan uses."""
    drawn = ("occurrence", *rates.LAYERS, "amount", "landing")
    counts = [f"{name}/{part}" for name in plan.counted for part in drawn]
    strata = [f"stratum/{name}" for name in plan.strata]
    own = ["households", "age", "donor", "representative", *(f"lot/{name}" for name in LOTS)]
    return [*plan.attributes, *plan.quantities, *own, *(f"latent/{z}" for z in plan.latents), *counts, *strata]


def lookup(names: tuple[str, ...], levels: Mapping[str, tuple[str, ...]]) -> Lookup:
    return Lookup(names, tuple(len(levels[n]) for n in names))


def categorical(joint: Joint, name: str) -> Categorical:
    """Compile one conditional table."""
    attribute = joint.drawn[name]
    return Categorical(
        lookup(tuple(attribute.given), joint.levels), cumulative(joint.tables[name]), attribute.household
    )


def cumulative(table: np.ndarray) -> Steps:
    """Compile shares along the last axis."""
    return steps(np.cumsum(table.reshape(-1, table.shape[-1]), axis=1)[:, :-1])


def composition(subject: Subject, levels: Mapping[str, tuple[str, ...]]) -> Composition | None:
    """Return what households are drawn from: the form's thresholds, sizes, and each member's role."""
    if subject.households is None:
        return None
    forms = subject.households.forms
    shares = np.array([subject.households.shares[form] for form in forms])
    roles = np.zeros((len(forms), max(map(len, forms.values()))), dtype=np.uint8)
    for i, members in enumerate(forms.values()):
        roles[i, : len(members)] = [levels["role"].index(role) for role in members]
    sizes = np.array([len(members) for members in forms.values()], dtype=np.int64)
    return Composition(cumulative(shares / shares.sum()), sizes, roles)


def years(subject: Subject) -> tuple[str, np.ndarray] | None:
    """Return the attribute that ages are drawn within, and first year and width of each of its levels."""
    for name, attribute in subject.attributes.items():
        if attribute.levels == list(subject.years_of_age):
            spans = subject.years_of_age.values()
            return name, np.array([(low, high - low + 1) for low, high in spans], dtype=np.uint64)
    return None


def valued(quantity: Quantity, levels: Mapping[str, tuple[str, ...]]) -> Valued:
    """Return the mean of each of 1,024 equally likely parts of a lognormal between two cuts, by level and band."""
    bounds = np.log([1e-9, *quantity.cuts, 1e15])
    rows = []
    for level in levels[quantity.given]:
        mu, sigma = quantity.lognormal[level].mu, quantity.lognormal[level].sigma
        for low, high in pairwise(bounds):
            ends = np.linspace(ndtr((low - mu) / sigma), ndtr((high - mu) / sigma), INCOME_BINS + 1)
            below = ndtr(ndtri(ends) - sigma)  # share of the total below each end, in units of exp(mu + sigma²/2)
            rows.append(np.exp(mu + sigma**2 / 2) * np.diff(below) / np.diff(ends))
    values = np.rint(quantity.factor * np.array(rows)).astype(np.int32)
    return Valued(lookup((quantity.given, quantity.within), levels), values, quantity.household)


def residual_weights(subject: Subject, coefficients: Mapping[str, float]) -> dict[str, int]:
    """Return what each independent residual adds, in 1/256, to a sum of latents."""
    weights: dict[str, float] = {}
    for z, coefficient in coefficients.items():
        shares = subject.latent[z].shares_with
        own = (1 - sum(v * v for v in shares.values())) ** 0.5
        for other, share in {z: own, **shares}.items():
            weights[other] = weights.get(other, 0.0) + coefficient * share
    return {z: round(256 * w) for z, w in weights.items() if round(256 * w)}


def count(subject: Subject, joint: Joint, name: str, world: World) -> Counted:
    """Compile one record type."""
    record = subject.records[name]
    weights = residual_weights(subject, record.conduct)
    cells, occurrence = worlds.in_world(subject, joint, name, world, rates.spread(weights, residuals()))
    layers = {layer: cells.layer(layer) for layer in rates.LAYERS}
    if np.any(cells.false):
        names, arrived = layers["data"]
        layers["either"] = names, arrived + cells.onto(names, cells.false)
    thinnings = {
        layer: Thinning(lookup(names, joint.levels), steps(rates.binomial(p.reshape(-1), record.most)))
        for layer, (names, p) in layers.items()
        if (p < 1).any() or layer == "either"
    }
    amounts = None
    if record.amounts:
        shares = np.array(list(record.amounts.values()))
        amounts = (cumulative(shares), np.array(list(record.amounts), dtype=np.int32))
    shift = np.where(cells.exposed > 0, cells.shift, UNEXPOSED).astype(np.int32)
    lag = (record.share or subject.chain.share).lag_days
    reached = {p: round(rates.UNIT * c * (1 - lag / 365)) for p, c in record.pressure.items()}
    given, shift = trimmed(shift, cells.axes, joint)
    occurring = steps(occurrence)
    screen = screens.screen(weights, shift, residuals(), occurring)
    return Counted(weights, given, shift, screen, occurring, record.most, thinnings, amounts, reached)


def trimmed(shift: np.ndarray, axes: tuple[str, ...], joint: Joint) -> tuple[Lookup, np.ndarray]:
    """Drop the axes along which nothing changes, so that drawing looks up no more than it must."""
    for axis in reversed(range(len(axes))):
        if (shift == shift.take([0], axis)).all():
            shift, axes = shift.take(0, axis), axes[:axis] + axes[axis + 1 :]
    return lookup(axes, joint.levels), shift.reshape(-1)


def digest(plan: Plan) -> str:
    """Return a hash of everything a plan draws from."""
    state = hashlib.sha256(f"{plan.recipe_name} {plan.world} {plan.subject}".encode())

    def feed(value: Any) -> None:
        if isinstance(value, np.ndarray):
            state.update(f"{value.dtype}{value.shape}".encode() + np.ascontiguousarray(value).tobytes())
        elif isinstance(value, Mapping):
            for key, child in value.items():
                state.update(str(key).encode())
                feed(child)
        elif isinstance(value, (Categorical, Composition, Valued, Thinning, Counted, Screen, Lookup, Steps)):
            for part in fields(value):
                feed(getattr(value, part.name))
        elif isinstance(value, (tuple, list)):
            for child in value:
                feed(child)
        else:
            state.update(repr(value).encode())

    for part in fields(plan):
        if part.name not in ("records", "persons", "digest"):
            feed(getattr(plan, part.name))
    feed({name: (record.polarity, record.harm) for name, record in plan.records.items()})
    feed(plan.persons.digest if plan.persons else "")
    return state.hexdigest()
