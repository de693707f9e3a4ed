"""Tables of verdicts that a user brings: opened lazily, whatever holds them, so that counting is left to the engine."""

from __future__ import annotations

import csv
import gzip
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl

from scoring.documents import Problem, Refused, did_you_mean

SUFFIXES = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
    ".ndjson": "lines",
    ".jsonl": "lines",
    ".duckdb": "duckdb",
    ".db": "duckdb",
    ".sqlite": "sqlite",
    ".sqlite3": "sqlite",
}
DATABASES = ("duckdb", "sqlite")
BATCH = 200_000  # rows of a SQLite table held at once
SQLITE = b"SQLite format 3\x00"
DECIMAL_COMMA = (r"^(\s*[+-]?\d+),(\d+\s*)$", "${1}.${2}")  # in a file whose columns are parted by semicolons
NOT_UTF_8, SAVE_AS_UTF_8 = "the text is not UTF-8", "save it again as “CSV UTF-8”, or as Parquet"


@dataclass(frozen=True)
class Table:
    """A table by name: `frames` opens it afresh, as one lazy frame or as many as it has batches."""

    name: str
    file: str
    frames: Callable[[], Iterator[Any]]

    def columns(self) -> list[str]:
        """Return the names of its columns."""
        return [name for frame in islice(self.frames(), 1) for name in frame.collect_schema().names()]

    def problem(self, path: str, what: str, hint: str = "") -> Problem:
        """Name a problem of the table."""
        return Problem(self.file, 0, path, what, hint)


def opened(table: Any, relation: str | None = None, missing: Sequence[str] = ()) -> Table:
    """Open a file by its path, or take any frame that narwhals knows.

    `relation` names the table inside a database; `missing` lists the texts that a CSV file writes for what is missing,
    besides nothing at all. Every column of a CSV file is text until it is asked for as a number. Raises Refused.
    """
    if not isinstance(table, (str, Path)):
        frame = _framed(table)
        return Table("table", "<frame>", lambda: iter([frame]))
    path = Path(table)
    if path.is_dir():
        raise _refused(path, "a folder, and no table", "name one file in it")
    if not path.is_file():
        raise _refused(path, "no such file")
    if path.stat().st_size == 0:
        raise _refused(path, "the file is empty: 0 bytes")
    suffix = Path(path.stem).suffix if path.suffix == ".gz" else path.suffix
    kind = SUFFIXES.get(suffix.lower())
    with path.open("rb") as file:
        kind = "sqlite" if file.read(len(SQLITE)) == SQLITE else kind
    if kind is None:
        raise _refused(path, f"no kind of table ends in {path.suffix!r}", f"known: {', '.join(SUFFIXES)}, and .csv.gz")
    if relation is not None and kind not in DATABASES:
        raise _refused(path, f"holds one table, and none that is called {relation!r}", "leave --table out")
    name = relation or path.name.removesuffix(".gz").removesuffix(suffix)
    return Table(name, str(path), OPENERS[kind](path, relation, list(missing)))


def _refused(path: Path, what: str, hint: str = "") -> Refused:
    return Refused([Problem(str(path), 0, "$", what, hint)])


def _framed(table: Any) -> Any:
    """Return any frame that narwhals knows as one of narwhals."""
    try:
        return nw.from_native(table)
    except nw.exceptions.DuplicateError as error:
        raise Refused([Problem("<frame>", 0, "columns", f"column names stand twice: {_first_line(error)}")]) from None
    except TypeError:
        kind = type(table).__name__
        hint = "pandas, Polars, PyArrow, DuckDB, PySpark, or a path"
        raise Refused([Problem("<frame>", 0, "$", f"a {kind} is no table", hint)]) from None


def in_polars(frame: Any, columns: Sequence[str]) -> Any:
    """Return the columns of a frame, lazily, a frame in memory as Polars: that engine then counts."""
    if isinstance(frame, nw.LazyFrame):
        return frame.select(*columns)
    try:
        return nw.from_native(frame.select(*columns).to_polars().lazy())
    except Exception as error:  # an engine's own error for a column that mixes kinds of values
        raise Refused([Problem("<frame>", 0, "columns", f"cannot be read: {_first_line(error)}")]) from None


def collected(lazy: Any) -> pl.DataFrame:
    """Return what a query found, computed where the table is; Polars streams, so that no table is ever held whole."""
    native = lazy.to_native()
    if isinstance(native, pl.LazyFrame):
        return native.collect(engine="streaming")
    found: pl.DataFrame = lazy.collect(backend="polars").to_native()
    return found


@contextmanager
def reading(table: Table) -> Iterator[None]:
    """Name a table that breaks while it is read as a problem of that table, whatever its engine raises."""
    try:
        yield
    except Refused:
        raise
    except Exception as error:
        engine = type(error).__module__.partition(".")[0]
        if not isinstance(error, (pl.exceptions.PolarsError, sqlite3.Error, OSError)) and "duckdb" not in engine:
            raise
        told = _first_line(error)
        what, hint = (NOT_UTF_8, SAVE_AS_UTF_8) if "utf-8" in told.lower() else ("cannot be read", told)
        if "found more fields" in told:
            what, hint = "a row has more cells than there are columns", "quote cells that hold a separator"
        raise Refused([table.problem("$", what, hint)]) from None


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__


def _csv(path: Path, relation: str | None, missing: list[str]) -> Callable[[], Iterator[Any]]:
    packed = path.suffix == ".gz"
    tabs = ".tsv" in path.suffixes
    try:
        with gzip.open(path, "rt", encoding="utf-8-sig") if packed else path.open(encoding="utf-8-sig") as file:
            separator = "\t" if tabs else separator_of(file.readline())
            file.seek(0)
            header = next(csv.reader(file, delimiter=separator), [])
    except UnicodeDecodeError:
        raise _refused(path, NOT_UTF_8, SAVE_AS_UTF_8) from None
    except (gzip.BadGzipFile, EOFError, OSError) as error:
        raise _refused(path, "cannot be unpacked" if packed else "cannot be read", _first_line(error)) from None
    _distinct(path, header)
    options: dict[str, Any] = {"separator": separator, "infer_schema": False}

    def scan() -> pl.LazyFrame:
        lazy = pl.scan_csv(path, null_values=["", *missing], **options)
        return lazy.with_columns(pl.all().str.replace(*DECIMAL_COMMA)) if separator == ";" else lazy

    return _scanned(path, scan)


def separator_of(header: str) -> str:
    """Return what parts the columns of a CSV file: a spreadsheet writes semicolons where decimals have commas.

    >>> separator_of("sex;hired"), separator_of("sex,hired"), separator_of('"a;b",hired')
    (';', ',', ',')
    """
    bare = re.sub(r'"[^"]*"', "", header)
    return ";" if bare.count(";") > bare.count(",") else ","


def _parquet(path: Path, relation: str | None, missing: list[str]) -> Callable[[], Iterator[Any]]:
    return _scanned(path, lambda: pl.scan_parquet(path))


def _arrow(path: Path, relation: str | None, missing: list[str]) -> Callable[[], Iterator[Any]]:
    return _scanned(path, lambda: pl.scan_ipc(path))


def _lines(path: Path, relation: str | None, missing: list[str]) -> Callable[[], Iterator[Any]]:
    return _scanned(path, lambda: pl.scan_ndjson(path))


def _scanned(path: Path, scan: Callable[[], pl.LazyFrame]) -> Callable[[], Iterator[Any]]:
    try:
        _distinct(path, scan().collect_schema().names())
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _refused(path, "cannot be read; is it cut off?", _first_line(error)) from None
    return lambda: iter([nw.from_native(scan())])


def _distinct(path: Path, names: Sequence[str]) -> None:
    twice = sorted({name for name in names if list(names).count(name) > 1})
    if twice:
        raise Refused([Problem(str(path), 1, "columns", f"the column {name!r} stands twice") for name in twice])


def _duckdb(path: Path, relation: str | None, missing: list[str]) -> Callable[[], Iterator[Any]]:
    import duckdb

    try:
        connection = duckdb.connect(path, read_only=True)
        known = [name for (name,) in connection.execute("select table_name from information_schema.tables").fetchall()]
    except duckdb.Error as error:
        raise _refused(path, "no DuckDB database", _first_line(error)) from None
    name = _relation(path, relation, known)
    return lambda: iter([nw.from_native(connection.table(f'"{name}"'))])


def _sqlite(path: Path, relation: str | None, missing: list[str]) -> Callable[[], Iterator[Any]]:
    def connected() -> Any:
        return closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True))

    try:
        with connected() as connection:
            found = connection.execute("select name from sqlite_master where type in ('table', 'view')").fetchall()
    except sqlite3.Error as error:
        raise _refused(path, "no SQLite database", str(error)) from None
    name = _relation(path, relation, [name for (name,) in found])

    def batches() -> Iterator[Any]:
        query = f'select * from "{name}"'
        options: dict[str, Any] = {"iter_batches": True, "batch_size": BATCH, "infer_schema_length": None}
        with connected() as connection:
            yield from (nw.from_native(batch.lazy()) for batch in pl.read_database(query, connection, **options))

    return batches


def _relation(path: Path, asked: str | None, known: list[str]) -> str:
    if asked is None and len(known) == 1:
        return known[0]
    if asked in known:
        return asked
    listed = f"it holds: {', '.join(sorted(known)) or 'no table'}"
    if asked is None:
        raise _refused(path, "which table?", f"name one with --table; {listed}")
    raise _refused(path, f"no table {asked!r}", did_you_mean(asked, known) or listed)


OPENERS = {"csv": _csv, "parquet": _parquet, "arrow": _arrow, "lines": _lines, "duckdb": _duckdb, "sqlite": _sqlite}
