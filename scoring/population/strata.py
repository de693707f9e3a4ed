"""Strata: all of a rare kind are kept and one in so many of the others; each stands for as many as it should."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import numpy as np
import polars as pl

from scoring.population.attributes import Do
from scoring.population.draw import draw
from scoring.population.noise import Source
from scoring.population.plan import Plan


def oversampled(plan: Plan, n: int, seed: int, stratum: str, year: int = 0, do: Do | None = None) -> pl.DataFrame:
    """Draw n subjects of whom a declared stratum has all it has, with the number that each stands for as `weight`."""
    kept: list[pl.DataFrame] = []
    for frame in blocks(plan, seed, stratum, year, do):
        kept.append(frame)
        if sum(map(len, kept)) >= n:
            return pl.concat(kept).head(n)
    raise AssertionError("blocks never end")


def blocks(plan: Plan, seed: int, stratum: str, year: int, do: Do | None) -> Iterator[pl.DataFrame]:
    """Yield what is kept of each block; whether one of the others is kept is drawn from its own noise."""
    where, others = plan.strata[stratum]
    for block in count():
        frame = draw(plan, seed, block, plan.block, year=year, do=do)
        inside = np.ones(len(frame), dtype=bool)
        for attribute, allowed in where.items():
            inside &= allowed.take(frame[attribute].to_physical().to_numpy())
        lucky = Source(seed, plan.subject, block, len(frame)).dense(f"stratum/{stratum}") < np.uint32(
            (1 << 32) // others
        )
        weight = pl.Series("weight", np.where(inside, 1, others).astype(np.int32))
        yield frame.with_columns(weight).filter(pl.Series(inside | lucky))
