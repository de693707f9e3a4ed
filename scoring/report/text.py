"""Tables as plain text, for a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from scoring.report.shown import Table

MOST = 30  # rows of one table
WIDEST = 44  # columns that one cell takes at most before the next one gives way


def titled(table: Table) -> str:
    """Lay a table out under its title; of a long one the first rows."""
    more = len(table.rows) - MOST
    rest = [f"… and {more} more, on the page"] if more > 0 else []
    return "\n".join([table.title, aligned(table.head, table.rows[:MOST]), *rest])


def aligned(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay head and rows out in columns; wide characters count as two."""
    lines = [list(map(str, row)) for row in [head, *rows]]
    widths = [min(max(map(wide, column)), WIDEST) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(c + " " * max(w - wide(c), 0) for c, w in zip(row, widths, strict=True)).rstrip() for row in lines
    )


def wide(text: str) -> int:
    """Return how many columns a text takes on a terminal.

    >>> wide("分 a")
    4
    """
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
