"""Constraints: what no subject of a population may be, derived from its recipe; each with how often it is broken.

What the recipe gives no share (a licence under 18) is told by its tables; here is what no table holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from scoring.population import identity
from scoring.population.attributes import Codes, attributes
from scoring.population.noise import Source
from scoring.population.plan import BLOCK, Plan
from scoring.population.recipe import Subject
from scoring.population.representatives import ADULT
from scoring.population.tally import Clusters

Looked = tuple[str, int, int]  # the constraint, how often it is broken, how many were looked at


@dataclass(frozen=True)
class Sample:
    """The first rows of one block, with the plan and the subject whose constraints they have to keep."""

    plan: Plan
    subject: Subject
    frame: pl.DataFrame
    codes: Codes
    homes: Clusters
    seed: int
    block: int

    def column(self, name: str) -> np.ndarray:
        return self.frame[name].to_numpy()

    @property
    def ids(self) -> np.ndarray:
        return self.column(f"{self.plan.subject}_id")


def broken(sample: Sample) -> Iterator[Looked]:
    """Yield every constraint with how often a sample breaks it; nobody looked at is told as such."""
    for constraint in CONSTRAINTS:
        yield from constraint(sample)


def exposure(sample: Sample) -> Iterator[Looked]:
    """No event happens to those who are not at risk; nothing can be told where conduct is another's."""
    for name, record in sample.subject.records.items():
        if record.at_risk:
            outside = ~at_risk(sample, name) & (not sample.plan.donors)
            happened = sample.column(f"hidden_events_{name}") > 0
            yield f"{name} happens only to those at risk", int((outside & happened).sum()), int(outside.sum())


def at_risk(sample: Sample, record: str) -> np.ndarray:
    """Return who is at risk of a record type."""
    inside = np.ones(len(sample.frame), dtype=bool)
    for attribute, levels in sample.subject.records[record].at_risk.items():
        inside &= np.isin(sample.plan.levels[attribute], levels).take(sample.codes[attribute])
    return inside


def recording(sample: Sample) -> Iterator[Looked]:
    """What is recorded of one happened, or is another's; what the law counts as harm is at most the harm done."""
    beyond = np.zeros(len(sample.frame), dtype=np.int64)
    for name in sample.subject.records:
        beyond += np.maximum(sample.column(f"n_{name}").astype(np.int64) - sample.column(f"hidden_events_{name}"), 0)
    others = sample.column("hidden_others_records")
    yield "what is recorded happened or is another's", int((beyond > others).sum()), len(beyond)
    harm, law = sample.column("hidden_harm"), sample.column("hidden_harm_law")
    yield "harm that the law forbids is at most the harm", int((law > harm).sum()), len(harm)
    for name, record in sample.subject.records.items():
        if record.amounts:
            some, amount = sample.column(f"n_{name}") > 0, sample.column(f"amt_{name}")
            known = np.isin(amount, list(record.amounts))
            wrong = np.where(some, ~known, amount != 0)
            yield f"{name} has an amount where and only where it is recorded", int(wrong.sum()), len(wrong)


def values(sample: Sample) -> Iterator[Looked]:
    """Ages lie in the recipe's years, quantities in the band that their attribute names, derived levels fit."""
    if sample.plan.years:
        age = sample.column("age").astype(np.int64)
        low, width = sample.plan.years[1].astype(np.int64).take(sample.codes[sample.plan.years[0]], axis=0).T
        yield "ages are among the recipe's years", int(((age < low) | (age >= low + width)).sum()), len(age)
    for name, quantity in sample.subject.quantities.items():
        bounds = np.rint(quantity.factor * np.array([0, *quantity.cuts, np.inf]))
        band, value = sample.codes[quantity.within].astype(np.int64), sample.column(name)
        wrong = (value < bounds[band]) | (value > bounds[band + 1])
        yield f"{name} lies in the band that {quantity.within} names", int(wrong.sum()), len(wrong)
    for name, (root, onto) in sample.plan.derived.items():
        wrong = onto.take(sample.codes[root]) != sample.codes[name]
        yield f"{name} follows from {root}", int(wrong.sum()), len(wrong)


def households(sample: Sample) -> Iterator[Looked]:
    """A household has the members of its form, and all hold what a household holds; the last of a block may be cut."""
    composition, homes = sample.plan.households, sample.homes
    if composition is None:
        return
    form, nth = sample.codes["household_form"], np.arange(len(homes.of)) - homes.first[homes.of]
    places = composition.roles.shape[1]
    wrong = composition.roles[form, np.minimum(nth, places - 1)] != sample.codes["role"]
    wrong |= nth >= composition.sizes[form]
    size = np.diff(homes.first, append=len(homes.of))
    short = size != composition.sizes[form[homes.first]]
    short[-1] = False
    yield "households have the members of their form", int((short | (homes.sums(wrong) > 0)).sum()), len(size)
    held = {n: sample.codes[n] for n, a in sample.subject.drawn.items() if a.household}
    held |= {n: sample.column(n) for n, q in sample.subject.quantities.items() if q.household}
    unlike = [values != values[homes.first][homes.of] for values in held.values()]
    yield "members share what a household holds", int((homes.sums(np.any(unlike, axis=0)) > 0).sum()), len(size)


def identities(sample: Sample) -> Iterator[Looked]:
    """Ids verify themselves and none stands twice: each is inside the span of its own block."""
    named = {sample.plan.subject: (sample.ids, sample.plan.block)}
    if sample.plan.households:
        named["household"] = sample.column("household_id")[sample.homes.first], BLOCK
    for kind, (ids, size) in named.items():
        index = place(ids) - sample.block * size
        wrong = ~identity.verify_id(ids, sample.plan.recipe_name, kind) | (index < 0) | (index >= size)
        twice = len(ids) - len(np.unique(ids))
        yield f"ids of a {kind} verify themselves and stand once", int(wrong.sum()) + twice, len(ids)


def representation(sample: Sample) -> Iterator[Looked]:
    """A legal representative is an adult of the population, drawn here again, and represents one subject."""
    persons = sample.plan.persons
    if persons is None:
        return
    ids = sample.column("legal_representative_id")
    age = attributes(persons, Source(sample.seed, "person", sample.block, BLOCK)).values["age"]
    at = place(ids) - sample.block * BLOCK
    known = identity.verify_id(ids, persons.recipe_name) & (at >= 0) & (at < BLOCK)
    adult = known & (age[np.where(known, at, 0)] >= ADULT)
    yield "a representative is an adult of the population", int((~adult).sum()), len(ids)
    yield f"a representative stands for one {sample.plan.subject}", len(ids) - len(np.unique(ids)), len(ids)


def place(ids: np.ndarray) -> np.ndarray:
    """Return the index that ids hold."""
    return (ids.astype(np.int64) >> identity.CHECK_BITS) & ((1 << identity.INDEX_BITS) - 1)


CONSTRAINTS: tuple[Callable[[Sample], Iterator[Looked]], ...] = (
    exposure,
    recording,
    values,
    households,
    identities,
    representation,
)
