"""Latent conduct: an independent residual for each kind of it, what they share, and what resources add.

Its group-neutral counterpart is a donor's: everyone receives the whole conduct, events included, of another subject of
the block, drawn without regard to anything. The marginal law of conduct stays exactly what it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from scoring.population.attributes import Codes
from scoring.population.noise import Source
from scoring.population.plan import Plan

TO_BIN = np.uint32(20)  # the top 12 bits of a uint32 pick one of 4,096 residuals


@dataclass(frozen=True)
class Conduct:
    """The independent residuals of a block: which of the 4,096 each is, and its size."""

    bins: Mapping[str, np.ndarray]
    raw: Mapping[str, np.ndarray]


def conduct(plan: Plan, source: Source) -> Conduct:
    """Draw the independent residual of each latent."""
    bins = {z: (source.dense(f"latent/{z}") >> TO_BIN).astype(np.uint16) for z in plan.latents}
    return Conduct(bins, {z: plan.residuals.take(b) for z, b in bins.items()})


def latent(plan: Plan, name: str, codes: Codes, drawn: Conduct) -> np.ndarray:
    """Return latent conduct in 1/256 of a standard deviation: residuals and what resources add."""
    total = np.zeros(len(drawn.raw[name]), dtype=np.int32)
    for other, weight in plan.latents[name].items():
        total += (weight * drawn.raw[other]) >> 8
    for attribute, added in plan.latent_shifts[name]:
        total += added.take(codes[attribute])
    return total.astype(np.int16)


def receivers(plan: Plan, source: Source) -> np.ndarray | None:
    """Return who receives the conduct of each subject of a whole block, or None where everyone keeps their own."""
    return np.argsort(source.dense("donor"), kind="stable") if plan.donors else None
