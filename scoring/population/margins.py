"""Margins: shares that a table in a CSV file states, one row a cell, each with its line.

A recipe names the file where it would else write `shares`. The columns are attributes and `count` or `share`; a cell
may join levels by `|`; lines that begin with `#` tell where the table is from.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from typing import Any

from scoring.documents import MAX_BYTES, Document, Loc, Problem, Refused, did_you_mean
from scoring.population.individuals import telltales

MEASURED = ("count", "share")


@dataclass(frozen=True)
class Table:
    """A CSV file as text: the name of each column with its values, and the line of each row."""

    file: str
    columns: dict[str, list[str]]
    heading: int
    lines: list[int]

    @property
    def measured(self) -> str | None:
        """The column that holds numbers."""
        return next((name for name in MEASURED if name in self.columns), None)


def filled(document: Document) -> Document:
    """Return a recipe's document with the shares of every table that it names. Raises Refused, all problems at once."""
    problems: list[Problem] = []
    for loc, stated in tables(document.data):
        try:
            document = with_shares(document, loc, stated)
        except Refused as refused:
            problems += refused.problems
    if problems:
        raise Refused(problems)
    return document


def tables(data: Any) -> Iterator[tuple[Loc, dict[str, Any]]]:
    """Yield each place of a recipe that may name a table and does."""
    subjects = data.get("subjects") if isinstance(data, dict) else None
    for kind, subject in items(subjects):
        places: dict[Loc, Any] = {("households",): subject.get("households") if isinstance(subject, dict) else None}
        for name, attribute in items(subject.get("attributes") if isinstance(subject, dict) else None):
            places["attributes", name, "margin"] = attribute.get("margin") if isinstance(attribute, dict) else None
        for name, held in items(subject.get("held_out") if isinstance(subject, dict) else None):
            places["held_out", name] = held
        for loc, stated in places.items():
            if isinstance(stated, dict) and "table" in stated:
                yield ("subjects", kind, *loc), stated


def items(mapping: Any) -> Any:
    return mapping.items() if isinstance(mapping, dict) else ()


def with_shares(document: Document, loc: Loc, stated: dict[str, Any]) -> Document:
    """Return the document with the shares of one table in the place of its name."""
    at = (*loc, "table")
    if "shares" in stated:
        raise Refused([document.problem(at, "a table and shares, where one is enough")])
    file, _ = document.place(at)
    table = opened(Path(file).parent / str(stated["table"]), document, at)
    axes, by = axes_of(document, loc, stated, table)
    shares, lines = {}, dict(document.lines)
    files = dict(document.files)
    for key, share, line in cells(table, axes):
        where = (*loc, "shares", key)
        if key in shares:
            raise Refused(
                [Problem(table.file, line, "$", f"the cell {key!r} stands twice, first in line {lines[where]}")]
            )
        shares[key], lines[where], files[where] = share, line, table.file
    content = {k: v for k, v in stated.items() if k != "table"} | {"shares": shares} | ({"by": by} if by else {})
    return replace(document, data=put(document.data, loc, content), lines=lines, files=files)


def axes_of(document: Document, loc: Loc, stated: dict[str, Any], table: Table) -> tuple[list[str], list[str]]:
    """Return the attributes of each cell, in order, and those that the table's own attribute is crossed with."""
    attributes = [name for name in table.columns if name not in MEASURED]
    if loc[-1] == "households":
        own, allowed = "household_form", []
    elif loc[-1] == "margin":
        own, allowed = str(loc[-2]), list(at(document.data, loc[:-1]).get("given", []))
    else:
        own, allowed = str(stated.get("of")), [name for name in attributes if name != stated.get("of")]
    known = [*allowed, own]
    problems = [
        Problem(
            table.file, table.heading, "$", f"column {name!r} is not {' or '.join(known)}", did_you_mean(name, known)
        )
        for name in attributes
        if name not in known
    ]
    if own not in attributes:
        problems.append(Problem(table.file, table.heading, "$", f"no column {own!r}"))
    if problems:
        raise Refused(problems)
    by = [name for name in allowed if name in attributes]
    return [*by, own], by


def opened(path: Path, document: Document, at: Loc) -> Table:
    """Read a CSV file. Raises Refused where it cannot be read, or looks like rows of individuals."""
    if not path.is_file():
        raise Refused(
            [document.problem(at, f"no such file: {path}", "the path is relative to the recipe's own folder")]
        )
    if path.stat().st_size > MAX_BYTES:
        raise Refused([Problem(str(path), 0, "$", f"larger than {MAX_BYTES:,} bytes: no margin is", "sum it first")])
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused([Problem(str(path), 0, "$", "not UTF-8 text", f"byte {error.start}")]) from None
    numbered = [(i, line) for i, line in enumerate(text.splitlines(), 1) if line.strip() and not line.startswith("#")]
    rows = [[field.strip() for field in row] for row in csv.reader(line for _, line in numbered)]
    if len(rows) < 2 or len(rows) != len(numbered):
        raise Refused([Problem(str(path), 0, "$", "no table: a heading and a row a cell are expected")])
    heading, *cells = rows
    lines = [line for line, _ in numbered]
    problems = [
        Problem(str(path), lines[0], "$", f"column {n!r} stands twice")
        for n in dict.fromkeys(heading)
        if heading.count(n) > 1
    ]
    problems += [
        Problem(str(path), line, "$", f"{len(row)} fields for {len(heading)} columns")
        for line, row in zip(lines[1:], cells, strict=True)
        if len(row) != len(heading)
    ]
    if problems:
        raise Refused(problems)
    columns = {name: list(values) for name, *values in zip(heading, *cells, strict=True)}
    return anonymous(Table(str(path), columns, lines[0], lines[1:]))


def anonymous(table: Table) -> Table:
    """Return a table of cells. Raises Refused for one that looks like rows of individuals, or that counts nothing."""
    hint = "only margins are taken: one row a cell, with a count or a share; rows of individuals never"
    problems = [
        Problem(table.file, table.heading, "$", f"column {name!r} {what}", hint)
        for name, what in telltales(table.columns, table.measured)
    ]
    if not problems and table.measured is None:
        problems = [Problem(table.file, table.heading, "$", "no column 'count' or 'share'", hint)]
    if not problems and set(MEASURED) <= set(table.columns):
        problems = [Problem(table.file, table.heading, "$", "a column 'count' and a column 'share'", "keep one")]
    if problems:
        raise Refused(problems)
    return table


def cells(table: Table, axes: list[str]) -> list[tuple[str, float, int]]:
    """Return each cell's key, share and line; counts become shares of their sum."""
    assert table.measured is not None
    numbers, problems = [], []
    for text, line in zip(table.columns[table.measured], table.lines, strict=True):
        number = parsed(text)
        if number is None or number < 0 or (table.measured == "share" and number > 1):
            problems.append(Problem(table.file, line, "$", f"{text!r} is no {table.measured}"))
        numbers.append(number or 0.0)
    if not problems and not sum(numbers):
        problems = [Problem(table.file, table.heading, "$", f"every {table.measured} is 0")]
    if problems:
        raise Refused(problems)
    whole = sum(numbers) if table.measured == "count" else 1.0
    keys = [" & ".join(parts) for parts in zip(*(table.columns[a] for a in axes), strict=True)]
    return [(key, number / whole, line) for key, number, line in zip(keys, numbers, table.lines, strict=True)]


def parsed(text: str) -> float | None:
    """Return a number written with or without separators of thousands.

    >>> parsed("1,411,778,724"), parsed("many")
    (1411778724.0, None)
    """
    try:
        number = float(text.replace(",", "").replace(" ", ""))
    except ValueError:
        return None
    return number if isfinite(number) else None


def at(data: Any, loc: Loc) -> Any:
    """Return what stands at a location."""
    for part in loc:
        data = data[part]
    return data


def put(data: Any, loc: Loc, value: Any) -> Any:
    """Return the data with another value at a location."""
    return {**data, loc[0]: put(data[loc[0]], loc[1:], value)} if loc else value
