"""The parts of a letter on a list: why a subject is on it, for how long, and the ways off it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scoring.report.blocks import Block, Row, items, text
from scoring.report.language import Language

Told = dict[str, Any]


def grounds(told: Told, words: Language) -> Iterator[Block]:
    """Yield the grounds that were found."""
    listing = told["listing"]
    if not listing or not told["listed"]:
        return
    rows = []
    for one in listing["entries"]:
        basis = [words.label(one["because"]), words.table["marks"][one["mark"]]]
        rows.append(Row(words.start(words.label(one["label"])), words.table["semicolon"].join(basis)))
    if rows:
        yield items("", rows)
    if listing["from_before"]:
        yield text(words("from_before" if rows else "from_before_only"))


def lasting(told: Told, words: Language) -> Iterator[Block]:
    """Yield the term of each ground, and how long the listing lasts still."""
    listing = told["listing"]
    if not listing or not told["listed"]:
        return
    own = [one for one in listing["entries"] if not any(c.startswith("listed__") for c in one["reads"])]
    joined = [one for one in listing["entries"] if one not in own]
    rows = [
        Row(words("term", label=words.start(words.label(one["label"])), term=term(one["term"], words))) for one in own
    ]
    if rows:
        yield items("", rows)
    if joined:
        yield text(words("from_list"))
    if listing["open"]:
        yield text(words("open" if told["repairs"] else "open_no_way"))
    elif listing["days_left"] is not None and (own or listing["from_before"]):
        yield text(words("days_left", time=words.duration(listing["days_left"])))
    if listing["leaves"] and not joined:
        yield text(words("leaves"))


def term(found: Told | None, words: Language) -> str:
    """Return how long a listing on one ground lasts."""
    if found is None:
        return words("term_unknown")
    return words("term_open") if found["days"] == "open" else words.duration(found["days"])


def ways(told: Told, words: Language) -> Iterator[Block]:
    """Yield the ways off the list before its term, or how one stays off it."""
    if told["listing"] is None:
        return
    if not told["listed"]:
        rows = [Row(words.start(words.label(label))) for label in told["listing"]["ways_on"]]
        if not told["scheme"]["redlist"]:
            yield text(words("stays_off"))
        elif rows:
            yield items(words("ways_on"), rows)
        return
    rows = []
    for one in told["repairs"]:
        label = words.start(words.label(one["label"]))
        after = words("after", label=label, time=words.duration(one["after"])) if one["after"] else label
        rows.append(Row(after, words.label(one["because"]) if words.name == "en" else ""))
    if rows:
        yield items(words("ways"), rows)
