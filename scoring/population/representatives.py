"""Legal representatives: a firm's is an adult of the population, found on the page of the register that is the firm's.

Firms and persons are drawn in step, block by block, so that nobody has to be looked up: who represents a firm is drawn
again from the persons' own noise.
"""

from __future__ import annotations

import numpy as np

from scoring.population import identity
from scoring.population.attributes import ancestors, attributes
from scoring.population.noise import Source
from scoring.population.plan import BLOCK, PAGE, Plan

ADULT = 18
PLACE_BITS = np.uint64(PAGE.bit_length() - 1)
LAST = np.uint64((1 << 64) - 1)


def representatives(persons: Plan, source: Source, block: int) -> np.ndarray:
    """Return the ids of the persons who represent the first firms of a block; no person represents two of them."""
    page = np.arange(source.rows) * BLOCK // (block * PAGE)
    rows = min(BLOCK, (int(page[-1]) + 1) * PAGE) if source.rows else 0
    places, adults = shuffled_adults(persons, Source(source.seed, "person", source.block, rows))
    nth = np.arange(source.rows) - np.searchsorted(page, page)
    chosen = page * PAGE + places[page, nth % np.maximum(1, adults[page])]
    return identity.ids(persons.recipe_name, source.block * BLOCK, rows)[chosen]


def shuffled_adults(persons: Plan, people: Source) -> tuple[np.ndarray, np.ndarray]:
    """Return the places of the adults of each page in the order of their noise, and how many there are.

    Noise and place are sorted as one number, so that of equal noise the earlier place comes first. Minors come last.
    """
    assert persons.years is not None
    ages = attributes(persons, people, wanted=ancestors(persons, persons.years[0])).values["age"]
    adult = (ages >= ADULT).reshape(-1, PAGE)
    assert adult.any(axis=1).all(), "a page of the register without an adult"
    noise = people.dense("representative").astype(np.uint64).reshape(-1, PAGE)
    order = np.sort(np.where(adult, (noise << PLACE_BITS) | np.arange(PAGE, dtype=np.uint64), LAST), axis=1)
    return (order % np.uint64(PAGE)).astype(np.int64), adult.sum(axis=1)
