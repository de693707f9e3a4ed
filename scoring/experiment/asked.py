"""What an audit asks of the columns of a table, and how a column of any engine is read for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw

from scoring.documents import Problem, Refused, did_you_mean
from scoring.experiment.tables import Table, in_polars
from scoring.measures.counts import UNKNOWN

YES, NO = ("1", "true", "yes", "y", "t", "1.0", "是"), ("0", "false", "no", "n", "f", "0.0", "否")


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
