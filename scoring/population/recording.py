"""Recording: what of the infractions is detected, enforced, made here, shared, and linked to the right subject.

A record that is linked wrongly lands on another subject of the same page of the register, drawn without regard to
anything. A replicate draws this chain again over the same conduct and law.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from scoring.population.attributes import Codes
from scoring.population.events import Few, kept, places, thin
from scoring.population.noise import Source
from scoring.population.plan import PAGE, Counted, Plan
from scoring.population.steps import reached


@dataclass(frozen=True)
class Recorded:
    """How many records of each type reach their own subject, and how many land on another (a row may come twice)."""

    own: Mapping[str, Few]
    others: Mapping[str, Few]


def recorded(plan: Plan, forbidden: Mapping[str, Few], codes: Codes, source: Source) -> Recorded:
    """Draw what of each record type reaches the file of whom."""
    enforced = thin("enforcement", plan, forbidden, codes, source)
    at = {f"{name}/data": few.rows for name, few in enforced.items() if "data" in plan.counted[name].layers}
    noise = source.sparse_each(at, again=True)
    own, astray = {}, {}
    for name, few in enforced.items():
        path = f"{name}/data"
        right, either = linked(plan.counted[name], few, codes, noise[path]) if path in noise else (few.n, few.n)
        own[name] = Few(few.rows, right)
        if (either > right).any():
            astray[name] = kept(few.rows, either - right)
    steps = source.sparse_each({f"{name}/landing": few.rows for name, few in astray.items()}, again=True)
    others = {name: Few(landed(few.rows, steps[f"{name}/landing"], plan.block), few.n) for name, few in astray.items()}
    return Recorded(own, others)


def linked(record: Counted, enforced: Few, codes: Codes, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how many are linked to the right subject, and how many to any; one number decides both."""
    data, either = record.layers["data"], record.layers.get("either")
    where = places(data.given, record.most, enforced, codes)
    right = reached(data.steps, u, where)
    return right, reached(either.steps, u, where) if either else right


def landed(rows: np.ndarray, u: np.ndarray, block: int) -> np.ndarray:
    """Return another row of the same page for each of some rows."""
    place = rows % PAGE
    start = rows - place
    size = np.minimum(PAGE, block - start)
    step = u * (size - 1).astype(np.uint64) >> np.uint64(32)
    return start + (place + 1 + step.astype(np.int64)) % size
