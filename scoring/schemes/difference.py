"""Difference: what changed from one rulebook to another, and in which order the verdicts of both stand.

What decides a verdict is compared, and the law, dates and marks behind it. Words (labels, articles, sources) are not:
between two files they always differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise, product
from typing import Any, Literal

from pydantic import BaseModel

from scoring.schemes import conditions
from scoring.schemes.scheme import UNSCORED, Scheme
from scoring.schemes.text import SchemeText

Row = dict[str, Any]
Move = Literal["rise", "fall", "stay", "unordered", "become_scored", "become_unscored", "unscored_in_both"]
MOVES: tuple[Move, ...] = ("rise", "fall", "stay", "unordered", "become_scored", "become_unscored", "unscored_in_both")


@dataclass(frozen=True)
class Part:
    """A part of a rulebook: the fields that are compared, and by which of them the rows of a list are paired."""

    fields: tuple[str, ...]
    by: str = ""


PARTS: dict[str, Part] = {
    "law": Part(("title", "rank", "mark")),
    "in_force": Part(("from", "to")),
    "kind": Part(("instrument", "redlist", "family")),
    "enrolment": Part(("kind", "when", "mark")),
    "eligibility": Part(("when", "mark")),
    "base": Part(("points", "range", "mark")),
    "limits": Part(("low", "high")),
    "parameters": Part(("default", "range", "mark")),
    "bands": Part(("low", "high", "direct", "mark"), "name"),
    "direct_bands": Part(("when", "band", "mark"), "id"),
    "rules": Part(
        ("when", "per", "points", "range", "cap", "lasts", "actionable", "discretionary", "unmodelled", "mark"), "id"
    ),
    "entries": Part(("when", "term", "actionable", "discretionary", "unmodelled", "mark"), "id"),
    "learned": Part(("estimator", "features", "target", "mark")),
    "outcomes": Part(("polarity", "bands", "when", "listed", "mark")),
    "sanctions": Part(("mark",), "context"),
    "rewards": Part(("mark",), "context"),
    "repair": Part(("text",)),
    "repairs": Part(("when", "after", "mark"), "id"),
}


@dataclass(frozen=True)
class Change:
    """One change; where a row was added or dropped, `field` is empty and the row stands on one side alone."""

    part: str
    id: str
    what: Literal["added", "dropped", "changed"]
    field: str
    before: Any
    after: Any

    def plain(self) -> Row:
        return asdict(self)


def changes(before: SchemeText, after: SchemeText) -> list[Change]:
    """Return every change from one rulebook to another, in the order of PARTS and then of the rulebooks."""
    return [change for name in PARTS for change in of_part(name, rows(before, name), rows(after, name))]


def of_part(name: str, before: Mapping[str, Row], after: Mapping[str, Row]) -> Iterator[Change]:
    """Yield the changes of one part."""
    for row in dict.fromkeys([*before, *after]):
        old, new = before.get(row), after.get(row)
        if old is None or new is None:
            yield Change(name, row, "added" if old is None else "dropped", "", old, new)
            continue
        for field in PARTS[name].fields:
            if old[field] != new[field]:
                yield Change(name, row, "changed", field, old[field], new[field])


def unchanged(before: SchemeText, after: SchemeText) -> dict[str, int]:
    """Return how many rows of each part stand in both rulebooks alike."""
    both = {name: (rows(before, name), rows(after, name)) for name in PARTS}
    return {name: sum(new.get(row) == fields for row, fields in old.items()) for name, (old, new) in both.items()}


def rows(text: SchemeText, name: str) -> dict[str, Row]:
    """Return the compared fields of each row of a part; a part that is no list has one row without a name."""
    found, part = getattr(text, name, None), PARTS[name]
    named: list[tuple[str, Any]]
    if name == "kind":
        named = [("", text)]
    elif name == "repair":
        named = [("", {"text": found})]
    elif part.by:
        named = numbered([(getattr(row, part.by), row) for row in found or []])
    elif isinstance(found, dict) and name not in ("in_force", "limits"):
        named = list(found.items())
    else:
        named = [("", found)] if found else []
    return {row: {field: plain(field, row_field(of, field)) for field in part.fields} for row, of in named}


def numbered(named: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Tell rows of one name apart, as where one context is closed twice.

    >>> numbered([("loans", 1), ("army", 2), ("loans", 3)])
    [('loans', 1), ('army', 2), ('loans (2)', 3)]
    """
    seen: dict[str, int] = {}
    told = []
    for name, row in named:
        seen[name] = seen.get(name, 0) + 1
        told.append((name if seen[name] == 1 else f"{name} ({seen[name]})", row))
    return told


def row_field(row: Any, field: str) -> Any:
    return row.get(field) if isinstance(row, dict) else getattr(row, field)


def plain(field: str, value: Any) -> Any:
    """Return a field as plain data, a condition in one spelling and a term as its days."""
    if field in ("when", "target") and value is not None:
        return conditions.text(conditions.parse(value))
    if field == "term" and value is not None:
        return value.days
    if isinstance(value, BaseModel):
        return value.model_dump()
    return list(value) if isinstance(value, tuple) else value


def ladder(scheme: Scheme) -> list[str]:
    """Return what a scheme can say of a person, worst first; nothing where its verdicts have no order."""
    if scheme.bands:
        return [band.name for band in scheme.bands]
    if not scheme.text.entries:
        return []
    return ["not redlisted", "redlisted"] if scheme.text.redlist else ["listed", "not listed"]


def moves(before: Scheme, after: Scheme) -> dict[tuple[str, str], Move]:
    """Return what it is to move from each verdict of one scheme to each of another that has an order with it.

    Bands of one name are taken to be the same. One verdict is better than another where both ladders together say so;
    where they say nothing, or contradict each other, the move is `unordered` and is left out here.
    """
    first, second = ladder(before), ladder(after)
    better = above(first, second)
    found: dict[tuple[str, str], Move] = {}
    for old, new in product(first, second):
        up, down = new in better[old], old in better[new]
        if old == new:
            found[old, new] = "stay"
        elif up != down:
            found[old, new] = "rise" if up else "fall"
    return found


def above(*ladders: list[str]) -> dict[str, set[str]]:
    """Return, of each verdict, those that are better by one ladder or by several in turn."""
    better: dict[str, set[str]] = {verdict: set() for one in ladders for verdict in one}
    for one in ladders:
        for worse, next_one in pairwise(one):
            better[worse].add(next_one)
    for _ in better:
        for found in better.values():
            found.update(*(better[verdict] for verdict in list(found)))
    return better


def move(old: str, new: str, known: Mapping[tuple[str, str], Move]) -> Move:
    """Return what it is to move from one verdict to another; `unscored` is a verdict of its own."""
    if old == UNSCORED:
        return "unscored_in_both" if new == UNSCORED else "become_scored"
    return "become_unscored" if new == UNSCORED else known.get((old, new), "unordered")


def no_order(before: Scheme, after: Scheme) -> str | None:
    """Return why nobody can be said to rise or to fall between two schemes, or None where it can be said."""
    for scheme in (before, after):
        if not ladder(scheme):
            return f"{scheme.name} has neither bands nor a list"
    if moves(before, after):
        return None
    return "no band stands in both" if before.bands and after.bands else "their verdicts have no order in common"
