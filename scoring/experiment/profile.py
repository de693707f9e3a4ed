"""The profile of a table: what has to be known of each column before it is counted, and what stands in the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import narwhals as nw

from scoring.documents import Problem
from scoring.experiment.asked import Asked, Flag, as_flag, as_number, frames
from scoring.experiment.tables import Table, collected

MOST_LEVELS = 10_000  # of a grouping column: beyond, it is an identifier


def profile(table: Table, asked: Asked) -> dict[str, Any]:
    """Return, over all rows: how many there are, and of each column what has to be known before it is counted."""
    found: list[dict[str, Any]] = []
    for frame in frames(table, asked):
        types = frame.collect_schema()
        queries = [nw.len().alias("n")]
        for column in {*asked.groups, *asked.strata}:
            queries.append(nw.col(column).n_unique().alias(f"levels:{column}"))
            if types[column].is_float():
                part = (nw.col(column) != nw.col(column).cast(nw.Int64).cast(types[column])) & ~nw.col(column).is_nan()
                queries.append(part.fill_null(False).cast(nw.Int64).sum().alias(f"parts:{column}"))
        for kind, flag in asked.flags.items():
            if flag.value is None:
                unread = ~nw.col(flag.column).is_null() & as_flag(flag, types).is_null()
                queries.append(unread.cast(nw.Int64).sum().alias(f"unread:{kind}"))
        for kind, column in asked.numbers.items():
            number = as_number(column, types)
            unread = ~nw.col(column).is_null() & number.is_null()
            queries += [
                unread.cast(nw.Int64).sum().alias(f"unread:{kind}"),
                number.is_null().cast(nw.Int64).sum().alias(f"null:{kind}"),
                (number.is_in([float("inf"), float("-inf")]))
                .fill_null(False)
                .cast(nw.Int64)
                .sum()
                .alias(f"inf:{kind}"),
                number.min().alias(f"min:{kind}"),
                number.max().alias(f"max:{kind}"),
            ]
        if asked.score:
            queries.append(as_number(asked.score, types).n_unique().alias("levels:"))
        found.append(collected(frame.select(*queries)).row(0, named=True))
    return _pooled(found)


def _pooled(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Pool the profiles of several batches: sums, least and largest; levels as the most of one batch."""
    pooled: dict[str, Any] = dict(found[0]) if found else {"n": 0}
    for profile in found[1:]:
        for key, value in profile.items():
            ours = pooled[key]
            pick = min if key.startswith("min:") else max if key.startswith(("max:", "levels:")) else None
            known = [v for v in (ours, value) if v is not None]
            pooled[key] = sum(known) if pick is None else pick(known) if known else None
    return pooled


def problems(table: Table, asked: Asked, found: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what stands in the way of counting."""
    if found["n"] == 0:
        yield table.problem("$", "the table has no rows")
        return
    for column in dict.fromkeys([*asked.groups, *asked.strata]):
        kind = "group" if column in asked.groups else "strata"
        if found[f"levels:{column}"] > MOST_LEVELS:
            many = f"{found[f'levels:{column}']:,} distinct values"
            yield table.problem(kind, f"{column!r} has {many}, as an identifier has", "cut it into bands first")
        if found.get(f"parts:{column}"):
            yield table.problem(kind, f"{column!r} holds numbers with fractions", "cut them into bands first")
    for kind, flag in asked.flags.items():
        if found.get(f"unread:{kind}"):
            examples = ", ".join(map(repr, unread(table, asked, flag)))
            hint = f"name the value that means yes, as {flag.column}=VALUE; or a text for missing, with --missing"
            yield table.problem(kind, f"{flag.column!r} holds more than yes and no: {examples}", hint)
    for kind, column in asked.numbers.items():
        if found[f"unread:{kind}"]:
            examples = ", ".join(map(repr, unread_numbers(table, asked, column)))
            texts = f"{found[f'unread:{kind}']:,} texts that are no numbers: {examples}"
            yield table.problem(kind, f"{column!r} holds {texts}", "name those that mean missing with --missing")
        if found[f"inf:{kind}"]:
            yield table.problem(kind, f"{column!r} is infinite in {found[f'inf:{kind}']:,} rows")
    if asked.weight and found["min:weight"] is not None and found["min:weight"] < 0:
        yield table.problem("weight", f"{asked.weight!r} is negative: {found['min:weight']:g} is the least")
    if asked.weight and (empty := found["null:weight"] - found["unread:weight"]):
        yield table.problem("weight", f"{asked.weight!r} is missing in {empty:,} rows")
    if asked.weight and found["max:weight"] == 0:
        yield table.problem("weight", f"{asked.weight!r} is zero in every row")


def unread(table: Table, asked: Asked, flag: Flag) -> list[Any]:
    """Return a few values of a column that are neither yes nor no."""
    return examples(table, asked, flag.column, lambda types: as_flag(flag, types))


def unread_numbers(table: Table, asked: Asked, column: str) -> list[Any]:
    """Return a few values of a column that are no numbers."""
    return examples(table, asked, column, lambda types: as_number(column, types))


def examples(
    table: Table, asked: Asked, column: str, read: Callable[[Any], nw.Expr] | None = None, most: int = 4
) -> list[Any]:
    """Return a few values of a column, in order; where it is read as something, those that cannot be."""
    for frame in frames(table, asked):
        odd = ~nw.col(column).is_null()
        odd = odd & read(frame.collect_schema()).is_null() if read else odd
        found = collected(frame.filter(odd).select(nw.col(column).alias("value")).unique().sort("value").head(most))
        if found.height:
            return found["value"].to_list()
    return []
