"""Rates: how often events occur, and how many of them become records, calibrated exactly.

The linear predictor is an integer in 1/1024 of a natural-log unit; its value picks a rate bin 1/32 of a unit wide.
Everything about one record type is laid out on one grid: the joint distribution of all attributes that touch it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq
from scipy.special import bdtr, pdtr

from scoring.documents import Problem, Refused
from scoring.population.joint import Joint
from scoring.population.recipe import Ruling, Stage, Subject

UNIT, BIN = 1024, 32
LOW, HIGH = -8 * UNIT, 8 * UNIT
BINS = (HIGH - LOW) // BIN
RELATIVE = np.exp((LOW + BIN * (np.arange(BINS) + 0.5)) / UNIT)
LAYERS = {"law": ("law",), "enforcement": ("detect", "enforce"), "data": ("place", "share", "link")}
STAGES = tuple(stage for stages in LAYERS.values() for stage in stages)
Spread = tuple[int, np.ndarray]  # the distribution of a sum of latents: first value, then shares
MOVABLE = ("detect", "enforce")  # a group gap here may be a gap in conduct instead, in another world


@dataclass(frozen=True)
class Grid:
    """One record type on the joint distribution of every attribute that touches it."""

    axes: tuple[str, ...]
    weight: np.ndarray  # share of the population
    exposed: np.ndarray  # 1 where at risk
    shift: np.ndarray  # integer, what the cell adds to the predictor
    stages: dict[str, tuple[tuple[str, ...], np.ndarray]]  # attributes of each stage, probability on the grid
    false: float | np.ndarray = 0.0  # probability that what reaches the data layer lands on another

    def layer(self, name: str) -> tuple[tuple[str, ...], np.ndarray]:
        """Return what a layer lets pass, on the attributes that any of its stages looks at."""
        stages = [self.stages[stage] for stage in LAYERS[name]]
        names = tuple(axis for axis in self.axes if any(axis in own for own, _ in stages))
        return names, self.onto(names, np.prod([p for _, p in stages], axis=0))

    def onto(self, names: tuple[str, ...], values: float | np.ndarray) -> np.ndarray:
        """Return values that differ along some axes only, on these axes."""
        spread = np.broadcast_to(values, self.weight.shape)
        return spread[tuple(slice(None) if axis in names else 0 for axis in self.axes)]

    @property
    def kept(self) -> np.ndarray:
        """The probability that an event becomes a linked record."""
        return np.prod([p for _, p in self.stages.values()], axis=0)


def grid(subject: Subject, joint: Joint, name: str, gap_in_conduct: float = 0.0) -> Grid:
    """Lay one record type out, part of each movable group gap taken out of the chain."""
    record = subject.records[name]
    resources = {z: subject.latent[z].resources for z in record.conduct}
    chain = {
        "place": subject.chain.elsewhere,
        **{s: subject.stage(name, s) for s in ("detect", "enforce", "share", "link")},
    }
    by_group: list[Mapping[str, object]] = [
        record.law.by,
        *(r.by for r in record.law.alternatives.values()),
        *(link.by for link in chain.values()),
    ]
    touching = set[str]().union(record.at_risk, *resources.values(), *by_group)
    axes = tuple(a for a in joint.levels if a in touching)
    shape = tuple(len(joint.levels[a]) for a in axes)
    along = Along(axes, joint.levels)

    weight = joint.margin(axes) if axes else np.ones(())
    exposed, shift = np.ones(shape), np.zeros(shape)
    for attribute, levels in record.at_risk.items():
        exposed = exposed * along(attribute, dict.fromkeys(levels, 1.0), 0.0)
    for z, coefficient in record.conduct.items():
        for attribute, added in resources[z].items():
            shift = shift + coefficient * along(attribute, added, 0.0)
    found: dict[str, tuple[tuple[str, ...], np.ndarray]] = {"law": ruled(record.law, shape, along)}
    events = weight * exposed * np.exp(shift)
    for stage in STAGES[1:]:
        link = chain[stage]
        odds = np.full(shape, odds_of(link))
        for attribute, by in link.by.items():
            odds = odds * along(attribute, {level: m.value for level, m in by.items()}, 1.0)
        p = np.where(np.isinf(odds), 1.0, odds / (1 + np.where(np.isinf(odds), 1, odds)))
        p = 1 - p if stage == "place" else p  # what is made elsewhere is not kept here
        if stage in MOVABLE and gap_in_conduct:
            pooled = (events * p).sum() / events.sum()
            p = p ** (1 - gap_in_conduct) * pooled**gap_in_conduct
        found[stage] = (tuple(a for a in axes if a in link.by), p)
    return Grid(axes, weight, exposed, np.rint(UNIT * shift).astype(np.int64), found)


@dataclass(frozen=True)
class Along:
    """Lays values by level of one attribute along its axis of a grid."""

    axes: tuple[str, ...]
    levels: Mapping[str, tuple[str, ...]]

    def __call__(self, attribute: str, given: Mapping[str, float], otherwise: float) -> np.ndarray:
        values = np.array([given.get(level, otherwise) for level in self.levels[attribute]], dtype=float)
        return values.reshape([-1 if a == attribute else 1 for a in self.axes])


def ruled(ruling: Ruling, shape: tuple[int, ...], along: Along) -> tuple[tuple[str, ...], np.ndarray]:
    """Return the share of events that a ruling forbids, with the attributes it looks at."""
    share = np.full(shape, ruling.forbidden)
    for attribute, forbidden in ruling.by.items():
        share = np.zeros(shape) + along(attribute, forbidden, ruling.forbidden)
    return tuple(a for a in along.axes if a in ruling.by), share


def expected(cells: Grid, occurrence: np.ndarray, spread_: Spread) -> np.ndarray:
    """Return the events a year expected of one subject of each cell, cap and compiled thresholds included."""
    first, shares = spread_
    by_bin = (1 - occurrence).sum(axis=1)
    values = first + np.arange(len(shares))
    means = {shift: by_bin[bins_of(values + shift)] @ shares for shift in np.unique(cells.shift)}
    return cells.exposed * np.vectorize(means.get, otypes=[float])(cells.shift)


def neutral(cells: Grid, occurrence: np.ndarray, spread_: Spread, layers: Collection[str]) -> Grid:
    """Give some layers one probability for all groups, at the same expected number of records.

    It is the mean over what reaches the layer when every layer is as declared, so it never changes with the others.
    """
    reaching = cells.weight * expected(cells, occurrence, spread_)
    stages = dict(cells.stages)
    for layer, of_layer in LAYERS.items():
        through = reaching * np.prod([cells.stages[stage][1] for stage in of_layer], axis=0)
        if layer in layers:
            stages |= {stage: ((), np.ones(cells.weight.shape)) for stage in of_layer}
            stages[of_layer[0]] = ((), np.full(cells.weight.shape, through.sum() / reaching.sum()))
        if layer != "data":
            reaching = through
    false = (reaching * cells.false).sum() / reaching.sum() if "data" in layers else cells.false
    return replace(cells, stages=stages, false=false)


def matched(cells: Grid, before: Grid, occurrence: np.ndarray, spread_: Spread) -> Grid:
    """Put into conduct what a world takes out of the chain, so that each cell has the records it had before.

    Solved on the expected counts themselves: where counts are capped, equal odds of an event would not be enough.
    """
    first, shares = spread_
    at_zero = np.bincount(bins_of(first + np.arange(len(shares))), shares, minlength=BINS)
    by_bin = (1 - occurrence).sum(axis=1)
    shifts, here = np.arange(LOW, HIGH, BIN), np.arange(BINS)
    means = np.array([at_zero @ by_bin[np.clip(here + shift // BIN, 0, BINS - 1)] for shift in shifts])
    ratio = np.divide(before.kept, cells.kept, out=np.ones(cells.weight.shape), where=cells.kept > 0)
    wanted = np.interp(before.shift, shifts, means) * ratio
    return replace(cells, shift=np.rint(np.interp(wanted, means, shifts)).astype(np.int64))


def odds_of(stage: Stage) -> float:
    return stage.p / (1 - stage.p) if stage.p < 1 else np.inf


def spread(weights: Mapping[str, int], residuals: np.ndarray) -> Spread:
    """Return the exact distribution of what the latent residuals add to the predictor: first value, then shares."""
    first, shares = 0, np.ones(1)
    for weight in weights.values():
        added = predictor(weight, residuals)
        own = np.bincount(added - added.min()) / len(residuals)
        first, shares = first + int(added.min()), np.convolve(shares, own)
    return first, shares


def predictor(weight: int, residuals: np.ndarray) -> np.ndarray:
    """Return a residual's part of the predictor: weight and residual are both in 1/256."""
    return (weight * residuals) >> 6


def bins_of(values: np.ndarray) -> np.ndarray:
    """Return the rate bin of each predictor."""
    return np.minimum(np.maximum((values - LOW) >> 5, 0), BINS - 1)


def calibrated(cells: Grid, target: float, most: int, spread_: Spread, place: str) -> np.ndarray:
    """Return shares, rate bins × counts, of at most so many events; expected records at risk are the target."""
    first, shares = spread_
    kept_by_bin, at_risk = np.zeros(BINS), (cells.weight * cells.exposed).sum()
    mass = cells.weight * cells.exposed * cells.kept
    for shift in np.unique(cells.shift):
        inside = mass[cells.shift == shift].sum()
        values = first + int(shift) + np.arange(len(shares))
        kept_by_bin += inside * np.bincount(bins_of(values), shares, minlength=BINS)

    def excess(log_base: float) -> float:
        return float((kept_by_bin * capped_mean(np.exp(log_base) * RELATIVE, most)).sum() / at_risk - target)

    if not at_risk or excess(8.0) < 0:
        what = f"a rate of {target:g} is above what its exposure, detection and cap allow"
        raise Refused([Problem("", 0, place, what, "lower the rate, or raise most, detect or who is at risk")])
    base = np.exp(brentq(excess, -30.0, 8.0, xtol=1e-10))
    return pdtr(np.arange(most)[None, :], (base * RELATIVE)[:, None])


def capped_mean(rate: np.ndarray, most: int) -> np.ndarray:
    """Return the mean of a Poisson count that stops at `most`."""
    return (1 - pdtr(np.arange(most)[None, :], rate[:, None])).sum(axis=1)


def binomial(p: np.ndarray, most: int) -> np.ndarray:
    """Return, for each p and each n up to `most`, the shares in which at most 0, 1, … of n events survive.

    A larger p lowers every share, so with the same noise raising a probability only adds records.
    """
    n = np.arange(most + 1)[None, :, None]
    k = np.arange(most)[None, None, :]
    shares = np.where(k >= n, 1.0, bdtr(np.minimum(k, n), n, p[:, None, None]))
    return shares.reshape(-1, most)
