"""Draw people: attributes, latent conduct, events, law, enforcement and data, in integers only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from scoring.population import identity, noise, rates
from scoring.population.compile import UNEXPOSED, Counted, Lookup, Plan, Thinning

BLOCK = 65_536
LATENT_SHIFT = 20  # the top 12 bits of a uint32 pick one of 4,096 residuals
LOT = 10_000
REDRAWN = ("detect", "enforce", "share", "link")  # what a replicate draws again; conduct and law stay

Codes = dict[str, np.ndarray]


def blocks(n: int) -> list[tuple[int, int]]:
    """Return each block of n people with its number of rows.

    >>> blocks(70_000)
    [(0, 65536), (1, 4464)]
    """
    return [(block, min(BLOCK, n - start)) for block, start in enumerate(range(0, n, BLOCK))]


def people(plan: Plan, n: int, seed: int) -> pl.DataFrame:
    """Draw n people, one row a person."""
    return pl.concat([draw(plan, seed, block, rows) for block, rows in blocks(n) or [(0, 0)]])


def draw(plan: Plan, seed: int, block: int, rows: int = BLOCK, replicate: int = 0) -> pl.DataFrame:
    """Draw the first rows of one block.

    `replicate` draws enforcement and data again over the same people, conduct and law.
    """
    return redraw(plan, seed, block, rows, [replicate])


def redraw(plan: Plan, seed: int, block: int, rows: int, replicates: Sequence[int]) -> pl.DataFrame:
    """Draw the first rows of a block once per replicate, stacked: the same people and conduct, recorded anew.

    Equal to stacking `draw(…, replicate=r)`, at the cost of the recording chain only.
    """
    first = Source(seed, block, rows, 0)
    codes, raw = attributes(plan, first), residuals(plan, first)
    found = {name: events(name, record, first, codes, raw) for name, record in plan.counted.items()}
    once = pl.DataFrame([*visible(plan, first, codes), *hidden(plan, codes, raw, found, rows)])
    anew = records(plan, found, [Source(seed, block, rows, r) for r in replicates])
    return pl.concat([once] * len(replicates)).with_columns(anew).select(plan.columns)


def visible(plan: Plan, source: Source, codes: Codes) -> list[pl.Series]:
    """Return the columns of a person that no record changes: id, age, attributes, lot."""
    lot = (source("lot/consent").astype(np.uint64) * LOT) >> np.uint64(32)
    years = [pl.Series("age", age(plan, source, codes))] if plan.years else []
    return [
        pl.Series("person_id", identity.ids(plan.recipe_name, source.block * BLOCK, source.rows)),
        *years,
        *(pl.Series(n, codes[n]).cat.to(pl.Enum(ls)) for n, ls in plan.levels.items() if n in plan.columns),
        pl.Series("lot__consent", lot.astype(np.int32)),
    ]


def hidden(
    plan: Plan, codes: Codes, raw: Mapping[str, np.ndarray], found: Mapping[str, Events], rows: int
) -> list[pl.Series]:
    """Return the simulated truth, for auditors only: latent conduct, events, harm."""
    happened = {name: (e.some, e.happened) for name, e in found.items()}
    forbidden = {name: (e.some, e.forbidden) for name, e in found.items()}
    return [
        *(pl.Series(f"hidden_z_{z}", latent(plan, z, codes, raw)) for z in plan.latents),
        *(pl.Series(f"hidden_events_{n}", scatter(e.happened, e.some, rows)) for n, e in found.items()),
        pl.Series("hidden_harm", harm(plan, happened, rows)),
        pl.Series("hidden_harm_law", harm(plan, forbidden, rows)),
    ]


def records(plan: Plan, found: Mapping[str, Events], sources: Sequence[Source]) -> list[pl.Series]:
    """Return the columns of recorded counts and amounts, one source's rows after another's."""
    counts, sums = [], []
    for name, record in plan.counted.items():
        column = np.concatenate(
            [scatter(recorded(name, record, found[name], source), found[name].some, source.rows) for source in sources]
        )
        counts.append(pl.Series(f"n_{name}", column))
        if record.amounts:
            sums.append(pl.Series(f"amt_{name}", amounts(name, record, sources, column)))
    return counts + sums


def residuals(plan: Plan, source: Source) -> dict[str, np.ndarray]:
    """Draw the independent residual of each latent."""
    return {z: plan.residuals[source(f"latent/{z}") >> LATENT_SHIFT] for z in plan.latents}


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


@dataclass(frozen=True)
class Events:
    """What happened to the persons to whom anything of one record type happened."""

    some: np.ndarray  # their rows
    happened: np.ndarray
    forbidden: np.ndarray  # by the law in force
    own: Codes  # their levels of the attributes that the recording chain looks at


def events(name: str, record: Counted, source: Source, codes: Codes, raw: Mapping[str, np.ndarray]) -> Events:
    """Draw what happens of one record type, and what of it the law forbids."""
    value = np.zeros(source.rows, dtype=np.int32) + record.shift[row(record.given, codes)]
    for z, weight in record.latents.items():
        value += rates.predictor(weight, raw[z])
    u, where = source(f"{name}/occurrence"), rates.bins_of(value)
    some = np.flatnonzero((u >= record.occurrence[where, 0]) & (value > UNEXPOSED >> 1))
    happened = (u[some][:, None] >= record.occurrence[where[some]]).sum(axis=1).astype(np.int16)
    own = {attribute: codes[attribute][some] for attribute in touched(record)}
    found = Events(some, happened, happened, own)
    return Events(some, happened, thin(name, "law", record, happened, found, source), own)


def recorded(name: str, record: Counted, found: Events, source: Source) -> np.ndarray:
    """Draw what of it is detected, enforced, shared and linked."""
    n = found.forbidden
    for stage in REDRAWN:
        n = thin(name, stage, record, n, found, source)
    return n


def touched(record: Counted) -> list[str]:
    """Return the attributes that some stage of a record's chain looks at."""
    return list(dict.fromkeys(a for thinning in record.stages.values() for a in thinning.given.attributes))


def thin(name: str, stage: str, record: Counted, n: np.ndarray, found: Events, source: Source) -> np.ndarray:
    """Return how many of n survive a stage; the same noise with a higher probability keeps at least as many."""
    thinning: Thinning | None = record.stages.get(stage)
    if thinning is None or not len(n):
        return n
    u = source(f"{name}/{stage}", again=stage in REDRAWN)[found.some]
    thresholds = thinning.thresholds[row(thinning.given, found.own), n]
    return (u[:, None] >= thresholds).sum(axis=1).astype(np.int16)


def scatter(values: np.ndarray, some: np.ndarray, rows: int) -> np.ndarray:
    """Return a whole column from the values of some rows; the others are zero."""
    column = np.zeros(rows, dtype=np.int16)
    column[some] = values
    return column


def amounts(name: str, record: Counted, sources: Sequence[Source], column: np.ndarray) -> np.ndarray:
    """Return the amount (hours, yuan) of persons who have a record of the type; it belongs to the conduct."""
    assert record.amounts is not None
    thresholds, values = record.amounts
    level = np.searchsorted(thresholds, sources[0](f"{name}/amount"), side="right")
    return np.where(column > 0, np.tile(values[level], len(sources)), 0).astype(np.int32)


def harm(plan: Plan, counted: Mapping[str, tuple[np.ndarray, np.ndarray]], rows: int) -> np.ndarray:
    """Return the sum of declared harm weights over the adverse events of each person."""
    total = np.zeros(rows, dtype=np.int32)
    for name, (some, n) in counted.items():
        if plan.records[name].polarity == "adverse":
            total[some] += plan.records[name].harm * n.astype(np.int32)
    return total
