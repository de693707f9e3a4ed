"""Screens: to whom can nothing have happened?

Subjects fall into classes: a row of the record type's table of exposure and resources, and a part of the range of each
latent residual that matters. Nobody has a higher rate than the highest of the class, so one number a class, compared
with the noise, passes over nearly all to whom nothing happens. It is exact: the predictor moves one way with each
residual and rates rise with the predictor, so whoever is passed over has reached no threshold of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np

from scoring.population import rates
from scoring.population.attributes import Codes, row
from scoring.population.conduct import Conduct
from scoring.population.plan import LATENT_BINS, Counted, Screen
from scoring.population.steps import Steps

BITS = 8  # 256 parts in all, shared by the residuals: finer screens pass over more subjects and take longer to look up
Kind = tuple[tuple[str, ...], tuple[str, ...]]  # attributes and latents: record types of one kind share their classes


def kind(record: Counted) -> Kind:
    """Return what the classes of a record type are made of."""
    return record.given.attributes, tuple(record.latents)


def bits(latents: Collection[str]) -> int:
    """Return how many bits of a class tell the part of one residual."""
    return BITS // max(1, len(latents))


def screen(latents: Mapping[str, int], shift: np.ndarray, residuals: np.ndarray, occurrence: Steps) -> Screen:
    """Compile the screen of one record type: in each part the residual counts that raises the predictor most."""
    parts = residuals.reshape(1 << bits(latents), -1)
    for weight in latents.values():
        shift = (shift[:, None] + rates.predictor(weight, parts[:, -1 if weight > 0 else 0])).reshape(-1)
    highest = rates.bins_of(shift).astype(np.int16)
    return Screen(highest, occurrence.first.take(highest))


def classes(records: Iterable[Counted], codes: Codes, drawn: Conduct, rows: int) -> dict[Kind, np.ndarray]:
    """Return the class of each subject, for each kind of record type."""
    found: dict[Kind, np.ndarray] = {}
    for record in records:
        if kind(record) in found:
            continue
        wide: Any = np.uint16 if len(record.screen.limits) <= 1 << 16 else np.int64
        own, one = bits(record.latents), row(record.given, codes).astype(wide)
        for z in record.latents:
            one = (one << wide(own)) | (drawn.bins[z] // (LATENT_BINS >> own)).astype(wide)
        found[kind(record)] = np.broadcast_to(one, rows)
    return found


def rows_of(record: Counted, classes: np.ndarray) -> np.ndarray:
    """Return the row of the record type's table that each of some classes belongs to."""
    return classes >> classes.dtype.type(bits(record.latents) * len(record.latents))


def candidates(record: Counted, u: np.ndarray, classes: np.ndarray, added: int) -> np.ndarray:
    """Return the rows that may have an event, where pressures add at most so much to anyone's predictor."""
    limits = record.screen.limits
    if added:
        higher = np.minimum(record.screen.highest + (added // rates.BIN + 1), rates.BINS - 1)
        limits = record.occurrence.first.take(higher)
    return (u >= limits.take(classes, mode="clip")).nonzero()[0]
