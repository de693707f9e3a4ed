"""Pairs: records beside the contexts that they close or open, as text of one page's width.

A pair of unrelated fields is told by a character and a word, so that neither colour nor a legend is needed.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from scoring.schemes.contexts import Use, matrix, vocabulary
from scoring.schemes.scheme import Scheme

WIDTH = 100
CELL = {True: "related", False: "✗ unrelated", None: "? no field"}


def uses(schemes: Iterable[Scheme]) -> list[Use]:
    """Return every record of every scheme in every context that the scheme closes or opens."""
    return [use for scheme in schemes for use in matrix(scheme)]


def plain(found: Sequence[Use]) -> list[dict[str, Any]]:
    """Return uses as plain data, with the fields of record and context."""
    known = vocabulary()
    return [
        {
            "scheme": use.scheme,
            "record": use.record,
            "record_field": known.records.get(use.record),
            "context": use.context,
            "context_field": known.contexts[use.context].domain,
            "effect": use.effect,
            "related": use.related,
            "mark": use.mark,
        }
        for use in found
    ]


def told(found: Sequence[Use]) -> str:
    """Return uses as text: a table where one fits the page, either way round, else a list by context."""
    if not found:
        return "no scheme here closes or opens a context"
    cells = counted(found)
    rows = list(dict.fromkeys(record for record, _ in cells))
    columns = list(dict.fromkeys(context for _, context in cells))
    turned = {(context, record): told for (record, context), told in cells.items()}
    upright, across = grid(rows, columns, cells), grid(columns, rows, turned)
    fitting = [text for text in (upright, across) if max(map(len, text)) <= WIDTH]
    return "\n".join([*(fitting[0] if fitting else by_context(found)), "", share(found)])


def counted(found: Sequence[Use]) -> dict[tuple[str, str], str]:
    """Return what each pair is, by record and context with its effect; how many schemes have it, where several do."""
    known = vocabulary()
    schemes: dict[tuple[str, str], set[str]] = {}
    kinds: dict[tuple[str, str], bool | None] = {}
    for use in found:
        pair = (
            f"{use.record} ({known.records.get(use.record, '?')})",
            f"{use.effect} {use.context} ({known.contexts[use.context].domain})",
        )
        schemes.setdefault(pair, set()).add(use.scheme)
        kinds[pair] = use.related
    several = len({use.scheme for use in found}) > 1
    return {pair: CELL[kind] + (f" in {len(schemes[pair])}" if several else "") for pair, kind in kinds.items()}


def grid(rows: Sequence[str], columns: Sequence[str], cells: dict[tuple[str, str], str]) -> list[str]:
    """Lay pairs out as lines; a pair that no scheme has is a dot.

    >>> grid(["a (tax)"], ["loans (credit)"], {("a (tax)", "loans (credit)"): "related"})
    ['         loans', '         (credit)', 'a (tax)  related']
    """
    lines = [*header(columns), *([row, *(cells.get((row, column), "·") for column in columns)] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in lines]


def header(columns: Sequence[str]) -> list[list[str]]:
    """Return the names of columns in lines, a word each, so that a column is as narrow as its longest word."""
    words = [column.split() for column in columns]
    height = max(map(len, words))
    return [["", *(column[i] if i < len(column) else "" for column in words)] for i in range(height)]


def by_context(found: Sequence[Use]) -> list[str]:
    """Lay pairs out as a list: under each context the records that close or open it, by what the pairs are."""
    groups: dict[str, dict[str, list[str]]] = {}
    for (record, context), told in counted(found).items():
        groups.setdefault(context, {}).setdefault(told, []).append(record)
    lines: list[str] = []
    for context, kinds in groups.items():
        lines += ["", context]
        for told, records in kinds.items():
            text = f"{told}: {', '.join(records)}"
            lines += textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)
    return lines[1:]


def share(found: Sequence[Use]) -> str:
    """Return in a sentence how many pairs join unrelated fields."""
    pairs = {(use.scheme, use.record, use.context, use.effect): use.related for use in found}
    apart, unknown = sum(r is False for r in pairs.values()), sum(r is None for r in pairs.values())
    told = f"{apart} of {len(pairs)} pairs of record and context join unrelated fields"
    return told + (f"; the field of {unknown} is not known" if unknown else "")
