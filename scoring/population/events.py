"""Events: what happens to whom in a year, and what of it the law in force forbids.

An event needs exposure, and is the likelier the higher the sum of latent conduct, resources and declared pressures.
Most subjects have no event of most types: a screen passes over nearly all of them, and only the others are looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from scoring.documents import Problem, Refused
from scoring.population import rates, screens
from scoring.population.attributes import Codes, row
from scoring.population.conduct import Conduct
from scoring.population.noise import Source
from scoring.population.plan import UNEXPOSED, Counted, Lookup, Plan
from scoring.population.steps import reached

Pressure = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Few:
    """How many of something a few subjects have; the others have none."""

    rows: np.ndarray
    n: np.ndarray


@dataclass(frozen=True)
class Acting:
    """What the events of a block are drawn from, beside their own noise."""

    codes: Codes
    drawn: Conduct
    classes: Mapping[screens.Kind, np.ndarray]
    receivers: np.ndarray | None
    pressure: Pressure
    done: Mapping[str, Few] = field(default_factory=dict)  # set by hand, whatever conduct says


@dataclass(frozen=True)
class Events:
    """What happened of one record type, to whom."""

    happened: Few
    doers: np.ndarray  # the rows of those whose conduct it is
    forbidden: Few  # by the law in force


def events(plan: Plan, source: Source, acts: Acting) -> dict[str, Events]:
    """Draw what happens of each record type, and what of it the law forbids."""
    found = {name: happening(name, record, source, acts) for name, record in plan.counted.items()}
    happened = {name: few for name, (few, _) in found.items()}
    forbidden = thin("law", plan, happened, acts.codes, source)
    return {name: Events(few, doers, forbidden[name]) for name, (few, doers) in found.items()}


def happening(name: str, record: Counted, source: Source, acts: Acting) -> tuple[Few, np.ndarray]:
    """Return what happens to whom of one record type, and the rows of those whose conduct it is."""
    if name in acts.done:
        return acts.done[name], acts.done[name].rows
    u, classes = source.dense(f"{name}/occurrence", yearly=True), acts.classes[screens.kind(record)]
    doers = screens.candidates(record, u, classes, pressed(record, acts.pressure))
    value = predictor(record, doers, classes, acts)
    n = reached(record.occurrence, u.take(doers), rates.bins_of(value))
    real = ((n > 0) & (value > UNEXPOSED >> 1)).nonzero()[0]
    doers, n = doers.take(real), n.take(real)
    return Few(doers if acts.receivers is None else acts.receivers.take(doers), n), doers


def done(plan: Plan, wanted: Mapping[str, Any], rows: int) -> dict[str, Few]:
    """Return the events that are set by hand. Raises Refused for more than the record type can count."""
    found, problems = {}, []
    for name, n in wanted.items():
        many = np.broadcast_to(np.asarray(int(n) if isinstance(n, str) and n.isdigit() else n), rows)
        most = plan.counted[name].most
        if many.dtype.kind not in "iu" or many.min(initial=0) < 0 or many.max(initial=0) > most:
            problems.append(Problem(plan.recipe_name, 0, f"do({name})", f"a whole number from 0 to {most} is expected"))
        else:
            found[name] = kept(np.arange(rows), many.astype(np.uint8))
    if problems:
        raise Refused(problems)
    return found


def pressed(record: Counted, pressure: Pressure) -> int:
    """Return the most that pressures add to anyone's predictor; 0 where they only take away."""
    felt = [(added, pressure[p]) for p, added in record.pressure.items() if p in pressure and len(pressure[p])]
    return sum(max(0, int((added * units).max())) for added, units in felt)


def predictor(record: Counted, doers: np.ndarray, classes: np.ndarray, acts: Acting) -> np.ndarray:
    """Return the predictor of some subjects: resources, latent conduct, pressures; far below all where unexposed."""
    value = record.shift.take(screens.rows_of(record, classes.take(doers)))
    for z, weight in record.latents.items():
        value = value + rates.predictor(weight, acts.drawn.raw[z].take(doers))
    for p, added in record.pressure.items():
        value = value + added * acts.pressure[p][doers] if p in acts.pressure else value
    return value


def thin(layer: str, plan: Plan, reaching: Mapping[str, Few], codes: Codes, source: Source) -> dict[str, Few]:
    """Return what passes a layer; the same noise with a higher probability lets at least as many pass."""
    through = dict(reaching)
    at = {name: few for name, few in reaching.items() if layer in plan.counted[name].layers}
    noise = source.sparse_each({f"{name}/{layer}": few.rows for name, few in at.items()}, again=layer != "law")
    for name, few in at.items():
        record, u = plan.counted[name], noise[f"{name}/{layer}"]
        where = places(record.layers[layer].given, record.most, few, codes)
        through[name] = kept(few.rows, reached(record.layers[layer].steps, u, where))
    return through


def places(given: Lookup, most: int, reaching: Few, codes: Codes) -> np.ndarray:
    """Return the row of a thinning's steps for each subject: its levels and how many reach the layer."""
    return row(given, codes, reaching.rows) * np.int64(most + 1) + reaching.n


def kept(rows: np.ndarray, n: np.ndarray) -> Few:
    """Leave out those that have none."""
    some = n.nonzero()[0]
    return Few(rows.take(some), n.take(some))
