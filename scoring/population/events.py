"""Events: what happens to whom in a year, and what of it the law in force forbids.

An event needs exposure, and is the likelier the higher the sum of latent conduct, resources and declared pressures.
Most subjects have no event of most types. Whoever is in no tail of the latents that matter has at most a known rate, so
one comparison of the noise with one number passes over nearly everyone; only the others are looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from scoring.population import rates
from scoring.population.attributes import Codes, row
from scoring.population.conduct import TAIL, Conduct
from scoring.population.noise import Source
from scoring.population.plan import LATENT_BINS, UNEXPOSED, Counted, Plan, Thinning
from scoring.population.steps import ONE, reached

Pressure = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Events:
    """What happened to the subjects to whom anything of one record type happened."""

    some: np.ndarray  # their rows
    doers: np.ndarray  # the rows of those whose conduct it is
    happened: np.ndarray
    forbidden: np.ndarray  # by the law in force
    own: Codes  # their levels of the attributes that the recording chain looks at


def events(
    plan: Plan,
    name: str,
    source: Source,
    codes: Codes,
    drawn: Conduct,
    receivers: np.ndarray | None,
    pressure: Pressure,
) -> Events:
    """Draw what happens of one record type, and what of it the law forbids."""
    record = plan.counted[name]
    u = source.dense(f"{name}/occurrence", yearly=True)
    doers = candidates(plan, record, u, drawn, pressure)
    value = record.shift.take(row(record.given, codes, doers))
    for z, weight in record.latents.items():
        value = value + rates.predictor(weight, drawn.raw[z].take(doers))
    for p, added in record.pressure.items():
        value = value + added * pressure[p][doers] if p in pressure else value
    happened = reached(record.occurrence, u.take(doers), rates.bins_of(value)).astype(np.int16)
    real = np.flatnonzero((happened > 0) & (value > UNEXPOSED >> 1))
    doers, happened = doers.take(real), happened.take(real)
    some = doers if receivers is None else receivers[doers]
    own = {attribute: codes[attribute].take(some) for attribute in touched(record)}
    found = Events(some, doers, happened, happened, own)
    return Events(some, doers, happened, thin(name, "law", record, happened, found, source), own)


def candidates(plan: Plan, record: Counted, u: np.ndarray, drawn: Conduct, pressure: Pressure) -> np.ndarray:
    """Return the rows that may have an event: all who are in a tail, and who beat the highest rate of the others."""
    value = int(record.shift.max())
    for weight in record.latents.values():
        edge = plan.residuals[LATENT_BINS - TAIL if weight > 0 else TAIL]
        value += int(rates.predictor(weight, edge))
    for p, added in record.pressure.items():
        value += max(0, int((added * pressure[p]).max())) if p in pressure and len(u) else 0
    threshold = record.occurrence.thresholds[rates.bins_of(np.array(value)), 0]
    mask = u >= np.uint32(threshold) if threshold < ONE else np.zeros(len(u), dtype=bool)
    for z, weight in record.latents.items():
        mask |= drawn.high[z] if weight > 0 else drawn.low[z]
    return np.flatnonzero(mask)


def touched(record: Counted) -> list[str]:
    """Return the attributes that some layer of a record's chain looks at."""
    return list(dict.fromkeys(a for thinning in record.layers.values() for a in thinning.given.attributes))


def thin(
    name: str, layer: str, record: Counted, n: np.ndarray, found: Events, source: Source, again: bool = False
) -> np.ndarray:
    """Return how many of n pass a layer; the same noise with a higher probability lets at least as many pass."""
    if layer not in record.layers or not len(n):
        return n
    return passed(record.layers[layer], record.most, n, found, source.sparse(f"{name}/{layer}", found.some, again))


def passed(thinning: Thinning, most: int, n: np.ndarray, found: Events, u: np.ndarray) -> np.ndarray:
    """Return how many of n survive, given the noise."""
    where = row(thinning.given, found.own) * np.int64(most + 1) + n
    return reached(thinning.steps, u, where).astype(np.int16)
