"""Validation: does a drawn population have the shares, totals, means and rates of its recipe, and break no constraint?

Each block gives tallies, tallies of blocks add up, and checks are read off the sum: memory does not grow with the
number of subjects, and blocks can be counted anywhere in any order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from scoring.population import worlds
from scoring.population.compile import compile_recipe
from scoring.population.constraints import Sample, at_risk, broken
from scoring.population.expectation import expected_rate, is_calibrated
from scoring.population.joint import Joint
from scoring.population.plan import Plan
from scoring.population.recipe import Recipe, Subject, Total
from scoring.population.tables import Part, Table, allowed, coded, masks, tables
from scoring.population.tally import Tally, clusters, of_sums

Key = tuple[Part, str]  # part and name


@dataclass(frozen=True)
class Targets:
    """What the population of one kind of subject is held against, in one world."""

    plan: Plan
    subject: Subject
    tables: tuple[Table, ...]
    totals: Mapping[str, tuple[Total, dict[str, np.ndarray]]]
    rates: Mapping[str, float]
    calibrated: bool


@dataclass(frozen=True)
class Found:
    """Tallies by part and name; those of two blocks add up."""

    tallies: Mapping[Key, Tally]

    def __add__(self, other: Found) -> Found:
        return Found({key: tally + other.tallies[key] for key, tally in self.tallies.items()})


def targets(recipe: Recipe, world: str, kind: str = "person") -> Targets:
    """Return what a population of a recipe is held against. Raises Refused."""
    declared, subject = recipe.worlds[world], recipe.subject(kind)
    joint, calibrated = Joint(subject), is_calibrated(declared)
    return Targets(
        compile_recipe(recipe, world, kind),
        worlds.plain(subject) if declared.planted else subject,
        tuple(tables(joint)),
        {name: (total, masks(total.where, joint)) for name, total in subject.totals.items()},
        {
            name: record.rate if calibrated else expected_rate(subject, joint, name, declared)
            for name, record in subject.records.items()
        },
        calibrated,
    )


def counted(targets: Targets, frame: pl.DataFrame, seed: int, block: int) -> Found:
    """Count the first rows of one block, hidden columns included, against the targets."""
    codes, homes = coded(frame, targets.plan), clusters(frame)
    sample = Sample(targets.plan, targets.subject, frame, codes, homes, seed, block)
    found: dict[Key, Tally] = {(t.part, t.name): t.counted(codes, homes) for t in targets.tables}
    found |= {("total", name): tally for name, tally in totals(targets, sample)}
    found |= {("mean", name): tally for name, tally in means(targets, sample)}
    found |= {("rate", name): tally for name, tally in rates(targets, sample)}
    for name, times, looked in broken(sample):
        found["constraint", name] = of_sums(np.array([times]), np.array([looked]))
    return Found(found)


def totals(targets: Targets, sample: Sample) -> Iterator[tuple[str, Tally]]:
    """Yield the count behind each published total, but for the population's own: that one is the scale."""
    homes = sample.homes
    size = homes.sums(np.ones(len(homes.of)))
    for name, (total, where) in targets.totals.items():
        if name != "population":
            inside = allowed(sample.codes, where) if where else np.ones(len(homes.of), dtype=bool)
            y = homes.sums(inside) if total.count == "subjects" else inside[homes.first].astype(np.int64)
            yield name, of_sums(y, size)


def means(targets: Targets, sample: Sample) -> Iterator[tuple[str, Tally]]:
    """Yield the sum of each quantity over the subjects of each level that has a published mean."""
    for name, quantity in targets.subject.quantities.items():
        for level in quantity.targets.means if quantity.targets else ():
            inside = sample.codes[quantity.within] == targets.plan.levels[quantity.within].index(level)
            value = np.where(inside, sample.column(name), 0)
            yield f"{name} of {level}", of_sums(sample.homes.sums(value), sample.homes.sums(inside))


def rates(targets: Targets, sample: Sample) -> Iterator[tuple[str, Tally]]:
    """Yield the records of each type that those at risk have; all, where conduct is another's."""
    for name in targets.rates:
        inside = at_risk(sample, name) | targets.plan.donors
        records = np.where(inside, sample.column(f"n_{name}"), 0)
        yield name, of_sums(sample.homes.sums(records), sample.homes.sums(inside))
