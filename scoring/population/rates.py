"""Rates: how often events occur, and how many of them become records, calibrated exactly.

The linear predictor is an integer in 1/1024 of a natural-log unit; its value picks a rate bin 1/32 of a unit wide.
Everything about one record type is laid out on one grid: the joint distribution of all attributes that touch it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq
from scipy.special import bdtr, pdtr

from scoring.documents import Problem, Refused
from scoring.population.joint import Joint
from scoring.population.recipe import Multiplier, Recipe, Stage

UNIT, BIN = 1024, 32
LOW, HIGH = -8 * UNIT, 8 * UNIT
BINS = (HIGH - LOW) // BIN
RELATIVE = np.exp((LOW + BIN * (np.arange(BINS) + 0.5)) / UNIT)
ONE = 1 << 32
STAGES = ("law", "detect", "enforce", "share", "link")
MOVABLE = ("detect", "enforce")  # a group gap here may be a gap in conduct instead, in another world


@dataclass(frozen=True)
class Grid:
    """One record type on the joint distribution of every attribute that touches it."""

    axes: tuple[str, ...]
    weight: np.ndarray  # share of the population
    exposed: np.ndarray  # 1 where at risk
    shift: np.ndarray  # integer, what the cell adds to the predictor
    stages: dict[str, tuple[tuple[str, ...], np.ndarray]]  # attributes of each stage, probability on the grid

    def at(self, stage: str) -> np.ndarray:
        """Return a stage's probability on its own attributes only."""
        names, p = self.stages[stage]
        return p[tuple(slice(None) if axis in names else 0 for axis in self.axes)]

    @property
    def kept(self) -> np.ndarray:
        """The probability that an event becomes a linked record."""
        return np.prod([p for _, p in self.stages.values()], axis=0)


def grid(recipe: Recipe, joint: Joint, name: str, gap_in_conduct: float) -> Grid:
    """Lay one record type out in a world where part of each movable group gap is taken out of the chain."""
    record = recipe.records[name]
    resources = {z: recipe.latent[z].resources for z in record.conduct}
    stages = {stage: recipe.stage(name, stage) for stage in STAGES[1:]}
    by_group = [link.by for link in stages.values()]
    touching = set[str]().union(record.at_risk, record.law.by, *resources.values(), *by_group)
    axes = tuple(a for a in joint.levels if a in touching)
    shape = tuple(len(joint.levels[a]) for a in axes)

    def along(attribute: str, values: list[float]) -> np.ndarray:
        return np.array(values, dtype=float).reshape([-1 if a == attribute else 1 for a in axes])

    def by_level(attribute: str, given: Mapping[str, float], otherwise: float) -> np.ndarray:
        return along(attribute, [given.get(level, otherwise) for level in joint.levels[attribute]])

    weight = joint.margin(axes) if axes else np.ones(())
    exposed, shift, law = np.ones(shape), np.zeros(shape), np.full(shape, record.law.forbidden)
    for attribute, levels in record.at_risk.items():
        exposed = exposed * by_level(attribute, dict.fromkeys(levels, 1.0), 0.0)
    for z, coefficient in record.conduct.items():
        for attribute, added in resources[z].items():
            shift = shift + coefficient * by_level(attribute, added, 0.0)
    for attribute, forbidden in record.law.by.items():
        law = law * 0 + by_level(attribute, forbidden, record.law.forbidden)
    found: dict[str, tuple[tuple[str, ...], np.ndarray]] = {"law": (tuple(record.law.by), law)}
    events = weight * exposed * np.exp(shift)
    for stage, link in stages.items():
        odds = np.full(shape, odds_of(link))
        for attribute, by in link.by.items():
            odds = odds * by_level(attribute, {level: value_of(m) for level, m in by.items()}, 1.0)
        p = np.where(np.isinf(odds), 1.0, odds / (1 + np.where(np.isinf(odds), 1, odds)))
        if stage in MOVABLE and gap_in_conduct:
            pooled = (events * p).sum() / events.sum()
            p = p ** (1 - gap_in_conduct) * pooled**gap_in_conduct
        found[stage] = (tuple(a for a in axes if a in link.by), p)
    return Grid(axes, weight, exposed, np.rint(UNIT * shift).astype(np.int64), found)


def matched(cells: Grid, neutral: Grid, occurrence: np.ndarray, spread_: tuple[int, np.ndarray]) -> Grid:
    """Put into conduct what a world takes out of the chain, so that each cell has the records of the neutral one.

    Solved on the expected counts themselves: where counts are capped, equal odds of an event would not be enough.
    """
    first, shares = spread_
    at_zero = np.bincount(bins_of(first + np.arange(len(shares))), shares, minlength=BINS)
    by_bin = (1 - occurrence / ONE).sum(axis=1)
    shifts, here = np.arange(LOW, HIGH, BIN), np.arange(BINS)
    means = np.array([at_zero @ by_bin[np.clip(here + shift // BIN, 0, BINS - 1)] for shift in shifts])
    ratio = np.divide(neutral.kept, cells.kept, out=np.ones(cells.weight.shape), where=cells.kept > 0)
    wanted = np.interp(neutral.shift, shifts, means) * ratio
    return replace(cells, shift=np.rint(np.interp(wanted, means, shifts)).astype(np.int64))


def odds_of(stage: Stage) -> float:
    return stage.p / (1 - stage.p) if stage.p < 1 else np.inf


def value_of(multiplier: Multiplier) -> float:
    return multiplier.value


def spread(weights: Mapping[str, int], residuals: np.ndarray) -> tuple[int, np.ndarray]:
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
    return np.clip((values - LOW) >> 5, 0, BINS - 1)


def calibrated(cells: Grid, target: float, most: int, spread_: tuple[int, np.ndarray], name: str) -> np.ndarray:
    """Return occurrence thresholds, rate bins × counts, whose expected records a person at risk are the target."""
    first, shares = spread_
    kept_by_bin, at_risk = np.zeros(BINS), (cells.weight * cells.exposed).sum()
    mass = cells.weight * cells.exposed * cells.kept
    for shift in np.unique(cells.shift):
        inside = mass[cells.shift == shift].sum()
        values = first + int(shift) + np.arange(len(shares))
        kept_by_bin += inside * np.bincount(bins_of(values), shares, minlength=BINS)

    def excess(log_base: float) -> float:
        return float((kept_by_bin * capped_mean(np.exp(log_base) * RELATIVE, most)).sum() / at_risk - target)

    if excess(8.0) < 0:
        what = f"a rate of {target:g} is above what its exposure, detection and cap allow"
        raise Refused([Problem("recipe", 0, f"$.records.{name}.rate", what)])
    base = np.exp(brentq(excess, -30.0, 8.0, xtol=1e-10))
    cdf = pdtr(np.arange(most)[None, :], (base * RELATIVE)[:, None])
    return np.minimum(np.rint(cdf * ONE), ONE).astype(np.uint64)


def capped_mean(rate: np.ndarray, most: int) -> np.ndarray:
    """Return the mean of a Poisson count that stops at `most`."""
    return (1 - pdtr(np.arange(most)[None, :], rate[:, None])).sum(axis=1)


def binomial(p: np.ndarray, most: int) -> np.ndarray:
    """Return thresholds rows × n × most: how many of n events survive with probability p.

    A larger p lowers every threshold, so with the same noise raising a probability only adds records.
    """
    n = np.arange(most + 1)[None, :, None]
    k = np.arange(most)[None, None, :]
    cdf = np.where(k >= n, 1.0, bdtr(np.minimum(k, n), n, p[:, None, None]))
    return np.where(k >= n, ONE, np.minimum(np.rint(cdf * ONE), ONE)).astype(np.uint64)
