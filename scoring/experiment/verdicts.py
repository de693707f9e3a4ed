"""Verdicts already made: what an audit asks of a table, and the one query that counts it.

Every row becomes one cell: its groups, its strata, whether it was selected, whether it is of the class of truth, and
its score. The engine that holds the table counts the cells; rows never reach Python.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import polars as pl

from scoring.documents import Problem, Refused, did_you_mean
from scoring.experiment.tables import Table, collected, in_polars
from scoring.measures.counts import UNKNOWN

YES, NO = ("1", "true", "yes", "y", "t", "1.0"), ("0", "false", "no", "n", "f", "0.0")
MOST_LEVELS = 10_000  # of a grouping column: beyond, it is an identifier
LATTICE = 4_096  # distinct scores that are kept as they are; more are binned
BINS = 512  # bins of nearly equal mass that more scores than that are merged into


@dataclass(frozen=True)
class Flag:
    """A column read as yes or no: as it is, or whether it equals a value."""

    column: str
    value: str | None = None

    @property
    def name(self) -> str:
        return self.column if self.value is None else f"{self.column}={self.value}"


@dataclass(frozen=True)
class Asked:
    """What an audit asks of the columns of a table.

    `groups` and `strata` name columns of categories; `selected` and `truth` are yes or no; `score` is a number with
    `cuts`, selected at or above each cut, or below it where `above` is false.
    """

    groups: tuple[str, ...]
    selected: Flag | None = None
    score: str | None = None
    cuts: tuple[float, ...] = ()
    above: bool = True
    truth: Flag | None = None
    strata: tuple[str, ...] = ()
    weight: str | None = None

    @property
    def flags(self) -> dict[str, Flag]:
        """The columns read as yes or no, by what they are for."""
        return {k: f for k, f in (("selected", self.selected), ("truth", self.truth)) if f is not None}

    @property
    def numbers(self) -> dict[str, str]:
        """The columns read as numbers, by what they are for."""
        return {k: c for k, c in (("score", self.score), ("weight", self.weight)) if c is not None}

    @property
    def columns(self) -> dict[str, str]:
        """Every column asked for, with what it is asked for as."""
        named = {**dict.fromkeys(self.groups, "group"), **dict.fromkeys(self.strata, "strata")}
        return named | {f.column: k for k, f in self.flags.items()} | {c: k for k, c in self.numbers.items()}


@dataclass(frozen=True)
class Counted:
    """A counted table: one row a cell, with `n` and, where weights were given, their sum `w` and sum of squares `w2`.

    `bin_share` is the largest share of scored rows in one bin where scores were binned, else None.
    """

    cells: pl.DataFrame
    rows: int
    bin_share: float | None

    @property
    def unweighted(self) -> Counted:
        """The same rows without their weights."""
        return Counted(self.cells.select(pl.exclude("w", "w2")), self.rows, self.bin_share)


def count(table: Table, asked: Asked) -> Counted:
    """Count a table by everything that is asked of it. Raises Refused with every problem found."""
    profile = _profile(table, asked)
    problems = list(_problems(table, asked, profile))
    if problems:
        raise Refused(problems)
    spread = _spread(profile) if asked.score else None
    found = [_counted(frame, asked, spread) for frame in frames(table, asked)]
    keys = [c for c in found[0].columns if c not in ("n", "w", "w2")]
    sums = [pl.col(c).sum() for c in found[0].columns if c not in keys]
    cells = pl.concat(found).group_by(keys).agg(sums).sort(keys)
    if spread is None:
        return Counted(cells, profile["n"], None)
    cells, share = merged(cells, spread)
    return Counted(cells, profile["n"], share)


def frames(table: Table, asked: Asked) -> Iterator[Any]:
    """Open the table's frames, with the columns asked for. Raises Refused where there is no such column."""
    for frame in table.frames():
        known = frame.collect_schema().names() if isinstance(frame, nw.LazyFrame) else frame.columns
        missing = [
            table.problem(kind, f"no column {column!r}", did_you_mean(column, known) or f"known: {_some(known)}")
            for column, kind in asked.columns.items()
            if column not in known
        ]
        if missing:
            raise Refused(missing)
        opened = in_polars(frame, list(asked.columns))
        unfit = list(_unfit(table, asked, opened.collect_schema()))
        if unfit:
            raise Refused(unfit)
        yield opened


def _unfit(table: Table, asked: Asked, types: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield the columns whose type cannot be what is asked for."""
    for column, kind in asked.columns.items():
        of = types[column]
        if of.is_nested() or of in (nw.Binary, nw.Object, nw.Unknown):
            yield table.problem(kind, f"{column!r} holds {of}, neither categories nor numbers")
        elif column in asked.numbers.values() and not (of.is_numeric() or of in (nw.String, nw.Unknown)):
            yield table.problem(kind, f"{column!r} holds {of}, no numbers")


def _some(names: Sequence[str], most: int = 12) -> str:
    return ", ".join(names[:most]) + (" …" if len(names) > most else "")


def _profile(table: Table, asked: Asked) -> dict[str, Any]:
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


def _problems(table: Table, asked: Asked, profile: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what stands in the way of counting."""
    if profile["n"] == 0:
        yield table.problem("$", "the table has no rows")
        return
    for column in dict.fromkeys([*asked.groups, *asked.strata]):
        kind = "group" if column in asked.groups else "strata"
        if profile[f"levels:{column}"] > MOST_LEVELS:
            many = f"{profile[f'levels:{column}']:,} distinct values"
            yield table.problem(kind, f"{column!r} has {many}, as an identifier has", "cut it into bands first")
        if profile.get(f"parts:{column}"):
            yield table.problem(kind, f"{column!r} holds numbers with fractions", "cut them into bands first")
    for kind, flag in asked.flags.items():
        if profile.get(f"unread:{kind}"):
            examples = ", ".join(map(repr, _unread(table, asked, flag)))
            hint = f"name the value that means yes: {flag.column}=VALUE"
            yield table.problem(kind, f"{flag.column!r} holds more than yes and no: {examples}", hint)
    for kind, column in asked.numbers.items():
        if profile[f"unread:{kind}"]:
            texts = f"{profile[f'unread:{kind}']:,} texts that are no numbers"
            yield table.problem(kind, f"{column!r} holds {texts}", "name those that mean missing with --missing")
        if profile[f"inf:{kind}"]:
            yield table.problem(kind, f"{column!r} is infinite in {profile[f'inf:{kind}']:,} rows")
    if asked.weight and profile["min:weight"] is not None and profile["min:weight"] < 0:
        yield table.problem("weight", f"{asked.weight!r} is negative: {profile['min:weight']:g} is the least")
    if asked.weight and profile["null:weight"]:
        yield table.problem("weight", f"{asked.weight!r} is missing in {profile['null:weight']:,} rows")
    if asked.weight and profile["max:weight"] == 0:
        yield table.problem("weight", f"{asked.weight!r} is zero in every row")


def _unread(table: Table, asked: Asked, flag: Flag) -> list[Any]:
    """Return a few values of a column that are neither yes nor no."""
    for frame in frames(table, asked):
        types = frame.collect_schema()
        odd = ~nw.col(flag.column).is_null() & as_flag(flag, types).is_null()
        found = collected(frame.filter(odd).select(nw.col(flag.column).alias("value")).unique().head(4))["value"]
        if len(found):
            return sorted(found.to_list(), key=str)
    return []


def as_text(column: str, types: Mapping[str, Any]) -> nw.Expr:
    """Return a column as categories of text; what is missing is a level of its own."""
    kind, named = types[column], nw.col(column)
    if kind == nw.Boolean:
        text = nw.when(named).then(nw.lit("true")).when(~named).then(nw.lit("false")).otherwise(nw.lit(None, nw.String))
    elif kind.is_float():
        text = nw.when(~named.is_nan()).then(named).cast(nw.Int64).cast(nw.String)
    else:
        text = named.cast(nw.String)
    return text.fill_null(UNKNOWN)


def as_flag(flag: Flag, types: Mapping[str, Any]) -> nw.Expr:
    """Return a column as yes, no or missing."""
    kind, named = types[flag.column], nw.col(flag.column)
    if flag.value is not None:
        text = as_text(flag.column, types)
        return nw.when(~named.is_null()).then(text == flag.value)
    if kind == nw.Boolean:
        return named
    if kind.is_numeric():
        return nw.when(named == 1).then(nw.lit(True)).when(named == 0).then(nw.lit(False))
    text = named.cast(nw.String).str.strip_chars().str.to_lowercase()
    return nw.when(text.is_in(YES)).then(nw.lit(True)).when(text.is_in(NO)).then(nw.lit(False))


def as_number(column: str, types: Mapping[str, Any]) -> nw.Expr:
    """Return a column as a number; what is missing or no number is null."""
    kind, named = types[column], nw.col(column)
    if kind == nw.String:
        number = r"^\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*$"
        named = nw.when(named.str.contains(number)).then(named.str.strip_chars())
    named = named.cast(nw.Float64)
    return nw.when(~named.is_nan()).then(named)


def _spread(profile: Mapping[str, Any]) -> tuple[float, float] | None:
    """Return the least score and the width of a bin, or None where every score is kept as it is."""
    if profile["levels:"] <= LATTICE:
        return None
    low, high = profile["min:score"], profile["max:score"]
    return low, (high - low) / LATTICE


def _counted(frame: Any, asked: Asked, spread: tuple[float, float] | None) -> pl.DataFrame:
    """Count one frame by all that is asked of it."""
    types = frame.collect_schema()
    keys = {f"group:{c}": as_text(c, types) for c in asked.groups} | {
        f"stratum:{c}": as_text(c, types) for c in asked.strata
    }
    keys |= {kind: as_flag(flag, types) for kind, flag in asked.flags.items()}
    if asked.score:
        score = as_number(asked.score, types)
        passed = [(score >= cut).cast(nw.Int64) for cut in asked.cuts]
        if passed:
            keys["level"] = nw.when(~score.is_null()).then(nw.sum_horizontal(*passed))
        keys["score"] = score if spread is None else ((score - spread[0]) / spread[1]).floor()
    sums = [nw.len().alias("n")]
    columns = [expression.alias(name) for name, expression in keys.items()]
    if asked.weight:
        weight = as_number(asked.weight, types)
        columns += [weight.alias("w"), (weight * weight).alias("w2")]
        sums += [nw.col("w").sum(), nw.col("w2").sum()]
    cells = collected(frame.select(*columns).group_by(*keys).agg(*sums))
    return cells.with_columns(pl.col("n").cast(pl.Int64))


def merged(cells: pl.DataFrame, spread: tuple[float, float]) -> tuple[pl.DataFrame, float]:
    """Merge narrow bins of scores into bins of nearly equal mass, each by the middle score of its persons."""
    low, width = spread
    narrow = cells.drop_nulls("score").group_by("score").agg(pl.col("n").sum()).sort("score")
    before = narrow["n"].cum_sum() - narrow["n"]
    narrow = narrow.with_columns(
        (before * BINS // narrow["n"].sum()).alias("bin"), (low + (pl.col("score") + 0.5) * width).alias("at")
    )
    bins = narrow.group_by("bin").agg(
        (pl.col("at") * pl.col("n")).sum() / pl.col("n").sum(), pl.col("n").sum().alias("mass")
    )
    share = float(bins["mass"].max() / bins["mass"].sum())  # type: ignore[operator]
    placed = narrow.select("score", "bin").join(bins.select("bin", "at"), on="bin").select("score", "at")
    keys = [c for c in cells.columns if c not in ("n", "w", "w2")]
    moved = cells.join(placed, on="score", how="left").with_columns(pl.col("at").alias("score")).drop("at")
    return moved.group_by(keys).agg(pl.all().sum()).sort(keys), share
