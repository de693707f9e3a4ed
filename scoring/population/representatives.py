"""Legal representatives: a firm's is an adult of the population, found on the page of the register that is the firm's.

Firms and persons are drawn in step, block by block, so that nobody has to be looked up: who represents a firm is drawn
again from the persons' own noise.
"""

from __future__ import annotations

import numpy as np

from scoring.population import identity
from scoring.population.attributes import attributes
from scoring.population.noise import Source
from scoring.population.plan import BLOCK, PAGE, Plan

ADULT = 18


def representatives(persons: Plan, source: Source, block: int) -> np.ndarray:
    """Return the ids of the persons who represent the first firms of a block; no person represents two of them."""
    page = np.arange(source.rows) * BLOCK // (block * PAGE)
    rows = min(BLOCK, (int(page[-1]) + 1) * PAGE) if source.rows else 0
    people = Source(source.seed, "person", source.block, rows)
    adult = np.flatnonzero(attributes(persons, people).values["age"] >= ADULT)
    order = adult[np.lexsort((people.dense("representative")[adult], adult // PAGE))]
    first = np.searchsorted(order // PAGE, np.arange(BLOCK // PAGE + 1))
    nth = np.arange(source.rows) - np.searchsorted(page, page)
    chosen = order[first[page] + nth % np.maximum(1, np.diff(first)[page])]
    return identity.ids(persons.recipe_name, source.block * BLOCK, rows)[chosen]
