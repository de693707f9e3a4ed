"""Recording: what of the infractions is detected, enforced, made here, shared, and linked to the right subject.

A record that is linked wrongly lands on another subject of the same page of the register, drawn without regard to
anything. A replicate draws this chain again over the same conduct and law.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scoring.population.events import Events, passed, thin
from scoring.population.noise import Source
from scoring.population.plan import PAGE, Counted


@dataclass(frozen=True)
class Recorded:
    """Records of one type: how many reach their own subject, and how many land on another."""

    own: np.ndarray
    landed: np.ndarray  # rows
    false: np.ndarray


def recorded(name: str, record: Counted, found: Events, source: Source, block: int) -> Recorded:
    """Draw what of one record type reaches the file of whom."""
    n = thin(name, "enforcement", record, found.forbidden, found, source, again=True)
    if "either" not in record.layers or not len(n):
        own = thin(name, "data", record, n, found, source, again=True)
        return Recorded(own, own[:0], own[:0])
    u = source.sparse(f"{name}/data", found.some, again=True)
    own, either = (passed(record.layers[layer], record.most, n, found, u) for layer in ("data", "either"))
    false = either - own
    wrong = np.flatnonzero(false)
    return Recorded(own, landing(name, found.some[wrong], source, block), false[wrong])


def landing(name: str, rows: np.ndarray, source: Source, block: int) -> np.ndarray:
    """Return another row of the same page for each of some rows."""
    start = rows - rows % PAGE
    size = np.minimum(PAGE, block - start).astype(np.uint64)
    step = (source.sparse(f"{name}/landing", rows, again=True).astype(np.uint64) * (size - np.uint64(1))) >> np.uint64(
        32
    )
    return start + ((rows % PAGE + 1 + step.astype(np.int64)) % size.astype(np.int64))
