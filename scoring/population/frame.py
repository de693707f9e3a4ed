"""Frame: a drawn block as the columns of a frame; what few have is scattered over all."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import polars as pl

from scoring.population import identity
from scoring.population.attributes import Codes, Drawn
from scoring.population.conduct import Conduct, latent
from scoring.population.events import Events, Few
from scoring.population.noise import Source
from scoring.population.plan import BLOCK, LOTS, Plan
from scoring.population.recording import recorded
from scoring.population.representatives import representatives
from scoring.population.steps import Steps, reached

LOT = 10_000


def visible(plan: Plan, source: Source, drawn: Drawn) -> list[pl.Series]:
    """Return the columns that no record changes: ids, attributes, quantities, lot."""
    first = source.block * plan.block
    columns = {f"{plan.subject}_id": identity.ids(plan.recipe_name, first, source.rows, plan.subject)}
    if drawn.homes:
        homes = identity.ids(plan.recipe_name, source.block * BLOCK, drawn.homes.count, "household")
        columns["household_id"] = homes.take(drawn.homes.of)
    if plan.persons:
        columns["legal_representative_id"] = representatives(plan.persons, source, plan.block)
    columns |= drawn.values
    for name, yearly in LOTS.items():
        lot = ((source.dense(f"lot/{name}", yearly) >> np.uint32(16)) * np.uint32(LOT)) >> np.uint32(16)
        columns[f"lot__{name}"] = lot.astype(np.int32)
    levels = tuple((n, ls) for n, ls in plan.levels.items() if not plan.years or n != plan.years[0])
    named = pl.DataFrame({n: drawn.codes[n] for n, _ in levels}).select(labels(levels))
    return [*(pl.Series(name, column) for name, column in columns.items()), *named.get_columns()]


@lru_cache(maxsize=32)
def labels(levels: tuple[tuple[str, tuple[str, ...]], ...]) -> list[pl.Expr]:
    """Return the expressions that turn the codes of attributes into their levels."""
    return [label(pl.col(attribute), pl.Enum(of)).alias(attribute) for attribute, of in levels]


def label(codes: pl.Expr, levels: pl.Enum) -> pl.Expr:
    """Return levels for codes; to choose one of two takes a tenth of the time that checking codes does."""
    if len(levels.categories) != 2:
        return codes.cat.to(levels)
    first, second = (pl.lit(level, dtype=levels) for level in levels.categories)
    return pl.when(codes == 1).then(second).otherwise(first)


def hidden(
    plan: Plan, codes: Codes, acts: Conduct, taken: np.ndarray | None, found: Mapping[str, Events], rows: int
) -> list[pl.Series]:
    """Return the simulated truth, for auditors only: latent conduct, events, harm."""
    columns = {f"hidden_z_{z}": latent(plan, z, codes, acts) for z in plan.latents}
    if taken is not None:
        columns = {name: received(column, taken) for name, column in columns.items()}
    harm, lawful = np.zeros(rows, dtype=np.int32), np.zeros(rows, dtype=np.int32)
    for name, event in found.items():
        columns[f"hidden_events_{name}"] = scatter(event.happened, rows)
        weight = np.int32(plan.records[name].harm)
        if weight:
            harm[event.happened.rows] += weight * event.happened.n
        if weight and event.forbidden is not event.happened:
            lawful[event.happened.rows] += weight * event.happened.n
            lawful[event.forbidden.rows] -= weight * event.forbidden.n
    columns |= {"hidden_harm": harm, "hidden_harm_law": harm - lawful}
    return [pl.Series(name, column) for name, column in columns.items()]


def records(plan: Plan, found: Mapping[str, Events], codes: Codes, source: Source) -> list[pl.Series]:
    """Return the columns of recorded counts and amounts."""
    columns = {}
    others = np.zeros(source.rows, dtype=np.int16)
    got = recorded(plan, {name: event.forbidden for name, event in found.items()}, codes, source)
    for name, record in plan.counted.items():
        column = columns[f"n_{name}"] = scatter(got.own[name], source.rows)
        if name in got.others:
            np.add.at(column, got.others[name].rows, got.others[name].n)
            np.add.at(others, got.others[name].rows, got.others[name].n)
        if record.amounts:
            rows, doers = np.flatnonzero(column), np.arange(source.rows)
            doers[found[name].happened.rows] = found[name].doers
            columns[f"amt_{name}"] = amounts(name, record.amounts, source, rows, doers[rows])
    columns["hidden_others_records"] = others
    return [pl.Series(name, column) for name, column in columns.items()]


def amounts(
    name: str, table: tuple[Steps, np.ndarray], source: Source, rows: np.ndarray, doers: np.ndarray
) -> np.ndarray:
    """Return the amount (hours, yuan) of those who have a record of the type; it belongs to the conduct."""
    shares, values = table
    column = np.zeros(source.rows, dtype=np.int32)
    column[rows] = values[reached(shares, source.sparse(f"{name}/amount", doers), np.zeros(1, dtype=np.intp))]
    return column


def scatter(few: Few, rows: int) -> np.ndarray:
    """Return a whole column; those who are not among the few have zero."""
    column = np.zeros(rows, dtype=np.int16)
    column[few.rows] = few.n
    return column


def received(column: np.ndarray, taken: np.ndarray) -> np.ndarray:
    """Return a column as its receivers have it."""
    moved = np.empty_like(column)
    moved[taken] = column
    return moved
