"""Counts: how many persons stand in each cell of some named axes. The only thing that a measure may read.

Counts are additive: pooling two blocks of people is `a + b`, so any engine can reduce its own rows and only the cells
travel.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import narwhals as nw
import polars as pl

UNKNOWN = "unknown"  # the level of a person whose attribute is missing: kept and counted, never a reference


@dataclass(frozen=True, eq=False)
class Counts:
    """A sparse table of counts: `axes` name the cell, `n` counts its persons, further columns are integer sums.

    Cells without persons are absent and the rest stand in the order of the axes, so equal counts are equal tables.

    >>> a = Counts.of(pl.DataFrame({"sex": ["f", "m", "f"], "hired": [True, False, False]}), by=["sex", "hired"])
    >>> a.cells.rows()
    [('f', False, 1), ('f', True, 1), ('m', False, 1)]
    >>> (a + a).marginal(["sex"]).cells.rows()
    [('f', 4), ('m', 2)]
    """

    axes: tuple[str, ...]
    cells: pl.DataFrame
    kept: dict[Any, Any] = field(default_factory=dict, repr=False)  # what measures worked out of these counts already

    def __post_init__(self) -> None:
        missing = {*self.axes, "n"} - set(self.cells.columns)
        if missing:
            raise KeyError(f"counts lack the columns {sorted(missing)}")
        sums = [c for c in self.cells.columns if c not in {*self.axes, "n"}]
        kind = pl.Float64 if self.cells.schema["n"].is_float() else pl.Int64  # effective numbers have fractions
        cells = self.cells.select(*self.axes, pl.col("n").cast(kind), *sums).filter(pl.col("n") != 0)
        object.__setattr__(self, "axes", tuple(self.axes))
        object.__setattr__(self, "cells", cells.sort(self.axes) if self.axes else cells)

    @classmethod
    def of(cls, frame: Any, by: Iterable[str], sums: Mapping[str, str] | None = None) -> Counts:
        """Count the rows of any frame that narwhals knows, by the given columns.

        Lazy frames and tables of an engine are reduced there; only the counts are collected. `sums` maps the name of a
        sum to the integer column summed. A missing category counts as `unknown`.
        """
        by, sums = list(by), dict(sums or {})
        lazy = nw.from_native(frame).lazy()
        keys = [_axis(name, dtype) for name, dtype in lazy.select(*by).collect_schema().items()]
        totals = [nw.col(column).cast(nw.Int64).alias(f"sum_{name}") for name, column in sums.items()]
        small = (
            lazy.select(*keys, *totals)
            .group_by(*by)
            .agg(nw.len().alias("n"), *[nw.col(f"sum_{name}").sum().alias(f"sum_{name}") for name in sums])
            .collect(backend="polars")
            .to_native()
        )
        integers = [pl.col(f"sum_{name}").cast(pl.Int64).alias(name) for name in sums]
        return cls(tuple(by), small.select(*by, "n", *integers))

    @classmethod
    def joined(cls, parts: Sequence[Counts], first: int) -> Counts:
        """Put counts of the same axes one beneath the other, without a copy; no two share values of the first axes.

        Raises ValueError where they do: such counts are added.
        """
        some = [part for part in parts if part.cells.height] or parts[:1]
        some = sorted(some, key=lambda part: [row[:first] for row in part.cells.head(1).rows()])
        for before, after in pairwise(some):
            last, next_ = before.cells.tail(1), after.cells.head(1)
            if before.axes != after.axes or last.rows()[0][:first] >= next_.rows()[0][:first]:
                raise ValueError("counts that overlap or have unlike axes are not joined")
        whole = object.__new__(cls)
        object.__setattr__(whole, "axes", some[0].axes)
        object.__setattr__(whole, "kept", {})
        object.__setattr__(whole, "cells", pl.concat([part.cells for part in some], rechunk=False))
        return whole

    @property
    def sums(self) -> tuple[str, ...]:
        """The names of `n` and of every further sum."""
        return tuple(c for c in self.cells.columns if c not in self.axes)

    @property
    def total(self) -> int:
        """The number of rows counted."""
        return int(self.cells["n"].sum())

    def marginal(self, axes: Iterable[str]) -> Counts:
        """Return the counts by fewer axes."""
        axes = tuple(axes)
        if not axes:
            return Counts(axes, self.cells.select(pl.col(self.sums).sum()))
        return Counts(axes, self.cells.group_by(axes).agg(pl.col(self.sums).sum()))

    def where(self, **equals: Any) -> Counts:
        """Return the cells whose axes equal the given values; a list or tuple admits each of its values."""
        tests = [
            pl.col(axis).is_in(list(value)) if isinstance(value, (list, tuple, set)) else pl.col(axis).eq_missing(value)
            for axis, value in equals.items()
        ]
        return Counts(self.axes, self.cells.filter(tests))

    def __add__(self, other: Counts) -> Counts:
        if set(self.axes) != set(other.axes) or set(self.sums) != set(other.sums):
            raise ValueError(f"counts of unlike axes are not added: {self.axes} and {other.axes}")
        both = pl.concat([self.cells, other.cells.select(self.cells.columns)], how="vertical_relaxed")
        return Counts(self.axes, both).marginal(self.axes)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Counts) and self.axes == other.axes and self.cells.equals(other.cells)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Counts({' × '.join(self.axes)}: {self.cells.height:,} cells, n = {self.total:,})"


def _axis(name: str, dtype: Any) -> nw.Expr:
    """Return a column as an axis of one type on every engine: text, an integer, or true and false."""
    column = nw.col(name)
    if dtype == nw.Boolean:
        return column
    if dtype.is_integer():
        return column.cast(nw.Int64)
    if dtype.is_float() or dtype.is_nested():
        raise TypeError(f"{name!r} holds {dtype}: counts need categories or integers; cut it into bands first")
    return column.cast(nw.String).fill_null(UNKNOWN).alias(name)
