"""Worlds: what a declared assumption set makes of one record type, on its grid.

Conduct is calibrated first, in the recipe's own law and chain; only then are law, enforcement and data exchanged, so
that the same people do the same things in every world that does not say otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from scoring.population import rates
from scoring.population.joint import Joint
from scoring.population.rates import UNIT, Along, Grid, Spread
from scoring.population.recipe import Planted, Subject, World

STAGE_OF = {"law": "law", "enforcement": "detect", "data": "link"}
POOLED = {"silo": ("share", "link"), "city": (), "national": ("place",)}  # stages that records do not pass


def in_world(subject: Subject, joint: Joint, name: str, world: World, spread: Spread) -> tuple[Grid, np.ndarray]:
    """Return a record type's grid and its occurrence thresholds in a world."""
    record, at_risk = subject.records[name], 1.0
    here = f"$.records.{name}.rate"
    if world.planted:
        at_risk = exposure(rates.grid(subject, joint, name))
        subject = plain(subject)
    cells = rates.grid(subject, joint, name)
    if world.planted and record.polarity == "adverse" and set(world.planted.by) <= set(joint.levels):
        cells = planted(cells, joint, world.planted)
    occurrence = rates.calibrated(cells, record.rate * at_risk, record.most, spread, here)
    if world.gap_in_conduct:
        moved = rates.grid(subject, joint, name, world.gap_in_conduct)
        cells = rates.matched(moved, cells, occurrence, spread)
        occurrence = rates.calibrated(cells, record.rate, record.most, spread, here)
    if world.law.get(name) in record.law.alternatives:
        ruling = record.law.alternatives[world.law[name]]
        stages = {**cells.stages, "law": rates.ruled(ruling, cells.weight.shape, Along(cells.axes, joint.levels))}
        cells = replace(cells, stages=stages)
    cells = without(cells, [stage for layer in world.perfect for stage in rates.LAYERS[layer]])
    cells = without(cells, POOLED[world.pooling])
    cells = replace(cells, false=false_matches(subject, cells, name, world))
    return rates.neutral(cells, occurrence, spread, world.neutral), occurrence


def without(cells: Grid, stages: list[str] | tuple[str, ...]) -> Grid:
    """Let every record pass some stages."""
    passed: Mapping[str, tuple[tuple[str, ...], np.ndarray]] = {s: ((), np.ones(cells.weight.shape)) for s in stages}
    return replace(cells, stages={**cells.stages, **passed})


def exposure(cells: Grid) -> float:
    """Return the share of subjects that are at risk."""
    return float((cells.weight * cells.exposed).sum())


def false_matches(subject: Subject, cells: Grid, name: str, world: World) -> float | np.ndarray:
    """Return the probability that a record which reaches the data layer lands on another subject."""
    if world.pooling == "silo" or "data" in world.perfect:
        return 0.0
    place, share, link = (cells.stages[stage][1] for stage in rates.LAYERS["data"])
    false = (subject.records[name].link or subject.chain.link).false
    return place * share * np.minimum(false, 1 - link)


def plain(subject: Subject) -> Subject:
    """Return a subject of which everyone is at risk of everything, alike in conduct, law, enforcement and data."""
    chain = subject.chain.model_copy(
        update={s: getattr(subject.chain, s).model_copy(update={"by": {}}) for s in ("elsewhere", "share", "link")}
    )
    records = {
        name: record.model_copy(
            update={"at_risk": {}, "law": record.law.model_copy(update={"by": {}, "alternatives": {}})}
            | {
                stage: link.model_copy(update={"by": {}})
                for stage in ("detect", "enforce", "share", "link")
                if (link := getattr(record, stage)) is not None
            }
        )
        for name, record in subject.records.items()
    }
    latent = {z: one.model_copy(update={"resources": {}}) for z, one in subject.latent.items()}
    return subject.model_copy(update={"chain": chain, "records": records, "latent": latent})


def planted(cells: Grid, joint: Joint, plant: Planted) -> Grid:
    """Plant bias: a rate of conduct times its multiplier, or even odds of one stage times it, for some levels."""
    (attribute, by), *_ = plant.by.items()
    wide = spanned(cells, joint, attribute)
    multiplier = Along(wide.axes, joint.levels)(attribute, by, 1.0)
    if plant.layer == "conduct":
        return replace(wide, shift=np.rint(UNIT * np.log(multiplier)).astype(np.int64))
    stage = ((attribute,), multiplier / (1 + multiplier))
    return replace(wide, stages={**wide.stages, STAGE_OF[plant.layer]: stage})


def spanned(cells: Grid, joint: Joint, attribute: str) -> Grid:
    """Lay the one cell of a plain population out along an attribute."""
    weight = joint.margin([attribute])
    flat: dict[str, tuple[tuple[str, ...], np.ndarray]] = {}
    for stage, (_, p) in cells.stages.items():
        flat[stage] = ((), np.full(weight.shape, p.flat[0]))
    return Grid((attribute,), weight, np.ones(weight.shape), np.zeros(weight.shape, dtype=np.int64), flat)
