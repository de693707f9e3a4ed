"""Draw people: attributes, latent conduct, events, law, enforcement and data, in integers only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import polars as pl

from scoring.population import identity, noise, rates
from scoring.population.compile import UNEXPOSED, Counted, Lookup, Plan, Thinning

BLOCK = 65_536
LATENT_SHIFT = 20  # the top 12 bits of a uint32 pick one of 4,096 residuals
LOT = 10_000
REDRAWN = ("detect", "enforce", "share", "link")  # what a replicate draws again; conduct and law stay

Codes = dict[str, np.ndarray]


def blocks(n: int) -> Iterator[tuple[int, int]]:
    """Yield each block of n people with its number of rows.

    >>> list(blocks(70_000))
    [(0, 65536), (1, 4464)]
    """
    yield from ((block, min(BLOCK, n - start)) for block, start in enumerate(range(0, n, BLOCK)))


def people(plan: Plan, n: int, seed: int) -> pl.DataFrame:
    """Draw n people, one row a person."""
    return pl.concat([draw(plan, seed, block, rows) for block, rows in blocks(n)])


def draw(plan: Plan, seed: int, block: int, rows: int = BLOCK, replicate: int = 0) -> pl.DataFrame:
    """Draw the first rows of one block.

    `replicate` draws enforcement and data again over the same people, conduct and law.
    """
    source = Source(seed, block, rows, replicate)
    codes = attributes(plan, source)
    raw = {z: plan.residuals[source(f"latent/{z}") >> LATENT_SHIFT] for z in plan.latents}
    drawn = {name: counts(name, record, source, codes, raw) for name, record in plan.counted.items()}
    columns = [pl.Series("person_id", identity.ids(plan.recipe_name, block * BLOCK, rows))]
    if plan.years:
        columns.append(pl.Series("age", age(plan, source, codes)))
    columns += [
        pl.Series(name, codes[name]).cat.to(pl.Enum(levels))
        for name, levels in plan.levels.items()
        if not plan.years or name != plan.years[0]
    ]
    columns += [pl.Series(f"n_{name}", recorded) for name, (_, _, recorded) in drawn.items()]
    columns += [
        pl.Series(f"amt_{name}", amounts(name, plan.counted[name], source, recorded))
        for name, (_, _, recorded) in drawn.items()
        if plan.counted[name].amounts
    ]
    lot = (source("lot/consent").astype(np.uint64) * LOT) >> np.uint64(32)
    columns.append(pl.Series("lot__consent", lot.astype(np.int32)))
    columns += [pl.Series(f"hidden_z_{z}", latent(plan, z, codes, raw)) for z in plan.latents]
    columns += [pl.Series(f"hidden_events_{name}", events) for name, (events, _, _) in drawn.items()]
    for column, stage in (("hidden_harm", 0), ("hidden_harm_law", 1)):
        columns.append(pl.Series(column, harm(plan, {name: found[stage] for name, found in drawn.items()}, rows)))
    return pl.DataFrame(columns)


class Source:
    """The noise of one block, by path."""

    def __init__(self, seed: int, block: int, rows: int, replicate: int):
        self.seed, self.block, self.rows, self.replicate = seed, block, rows, replicate

    def __call__(self, path: str, again: bool = False) -> np.ndarray:
        return noise.uint32(self.seed, path, self.block, self.rows, self.replicate if again else 0)


def row(given: Lookup, codes: Codes) -> np.ndarray | int:
    """Return the table row of each person: her levels of the given attributes as one number."""
    found: np.ndarray | int = 0
    for name, size in zip(given.attributes, given.sizes, strict=True):
        found = found * size + codes[name].astype(np.int32)
    return found


def attributes(plan: Plan, source: Source) -> Codes:
    """Draw every attribute, parents first, and derive the coarser ones as soon as they can be."""
    codes: Codes = {}
    for name, table in plan.attributes.items():
        u, where = source(name), row(table.given, codes)
        level = np.zeros(source.rows, dtype=np.uint8)
        for thresholds in table.thresholds.T:
            level += u >= thresholds[where]
        codes[name] = level
        for derived, (root, onto) in plan.derived.items():
            if root == name:
                codes[derived] = onto[level]
    return codes


def age(plan: Plan, source: Source, codes: Codes) -> np.ndarray:
    """Draw the year of age, evenly inside the band."""
    assert plan.years is not None
    name, spans = plan.years
    low, width = spans[codes[name]].T
    return (low + ((source("age").astype(np.uint64) * width) >> np.uint64(32))).astype(np.uint8)


def latent(plan: Plan, name: str, codes: Codes, raw: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return latent conduct in 1/256 of a standard deviation: residuals and what resources add."""
    total = np.zeros(len(next(iter(raw.values()))), dtype=np.int32)
    for other, weight in plan.latents[name].items():
        total += (weight * raw[other]) >> 8
    for attribute, added in plan.latent_shifts[name]:
        total += added[codes[attribute]]
    return total.astype(np.int16)


def counts(
    name: str, record: Counted, source: Source, codes: Codes, raw: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw one record type: what happened, what of it the law forbids, what was recorded."""
    value = np.zeros(source.rows, dtype=np.int32) + record.shift[row(record.given, codes)]
    for z, weight in record.latents.items():
        value += rates.predictor(weight, raw[z])
    u, where = source(f"{name}/occurrence"), rates.bins_of(value)
    some = np.flatnonzero((u >= record.occurrence[where, 0]) & (value > UNEXPOSED >> 1))
    thresholds, mine = record.occurrence[where[some]], u[some]
    happened = (mine[:, None] >= thresholds).sum(axis=1).astype(np.int16)
    own = {attribute: codes[attribute][some] for attribute in touched(record)}
    forbidden = thin(name, "law", record, happened, some, source, own)
    recorded = forbidden
    for stage in REDRAWN:
        recorded = thin(name, stage, record, recorded, some, source, own)
    return scatter(happened, some, source.rows), scatter(forbidden, some, source.rows), scatter(recorded, some, source.rows)


def touched(record: Counted) -> list[str]:
    """Return the attributes that some stage of a record's chain looks at."""
    return list(dict.fromkeys(a for thinning in record.stages.values() for a in thinning.given.attributes))


def thin(
    name: str, stage: str, record: Counted, n: np.ndarray, some: np.ndarray, source: Source, own: Codes
) -> np.ndarray:
    """Return how many of n survive a stage; the same noise with a higher probability keeps at least as many."""
    thinning: Thinning | None = record.stages.get(stage)
    if thinning is None:
        return n
    u = source(f"{name}/{stage}", again=stage in REDRAWN)[some]
    thresholds = thinning.thresholds[row(thinning.given, own), n]
    return (u[:, None] >= thresholds).sum(axis=1).astype(np.int16)


def scatter(values: np.ndarray, some: np.ndarray, rows: int) -> np.ndarray:
    """Return a whole column from the values of some rows; the others are zero."""
    column = np.zeros(rows, dtype=np.int16)
    column[some] = values
    return column


def amounts(name: str, record: Counted, source: Source, recorded: np.ndarray) -> np.ndarray:
    """Draw the amount (hours, yuan) of persons who have a record of the type."""
    assert record.amounts is not None
    thresholds, values = record.amounts
    level = np.searchsorted(thresholds, source(f"{name}/amount"), side="right")
    return np.where(recorded > 0, values[level], 0).astype(np.int32)


def harm(plan: Plan, counted: Mapping[str, np.ndarray], rows: int) -> np.ndarray:
    """Return the sum of declared harm weights over the adverse events of each person."""
    total = np.zeros(rows, dtype=np.int32)
    for name, n in counted.items():
        if plan.records[name].polarity == "adverse" and plan.records[name].harm:
            total += plan.records[name].harm * n.astype(np.int32)
    return total
