"""The terminal: options that several commands share, progress, tables and JSON."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

People = Annotated[int | None, typer.Option("--people", min=1, help="How many people to draw.")]
Workers = Annotated[int | None, typer.Option("--workers", min=1, help="How many processes; all cores by default.")]
Recipe = Annotated[str, typer.Option("--recipe", help="The recipe whose subjects and records the schemes meet.")]


AsJson = Annotated[bool, typer.Option("--json", help="Print machine-readable results on standard output.")]


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show on standard error how far long work has come; a plain line at the end where that is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def as_run() -> str:
    """Return the command that is running, without where it writes, which changes nothing of what it finds."""
    words = ["scoring", *(word for word in sys.argv[1:] if not word.startswith("--out="))]
    while "--out" in words:
        at = words.index("--out")
        del words[at : at + 2]
    return shlex.join(words)


def cores() -> int:
    """Return how many processes may run at once."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def show_json(data: Any) -> None:
    print(json.dumps(data, ensure_ascii=False, indent=1))


def table(rows: list[dict[str, Any]]) -> str:
    """Lay rows out in columns.

    >>> print(table([{"name": "a", "rules": 3}, {"name": "bcd", "rules": 12}]))
    name  rules
    a     3
    bcd   12
    """
    lines = [list(rows[0]), *([str(v) for v in row.values()] for row in rows)] if rows else []
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in lines)
