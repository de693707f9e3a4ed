"""The data card as a datasheet to read: Markdown, and the pictures that stand in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scoring.population import picture, roads
from scoring.population.card import LICENCE, LIMITS, OUT_OF_SCOPE, PURPOSE, SYNTHETIC, WORDS, Card, cited
from scoring.population.filling import filled
from scoring.population.ledger import MARKS, by_mark, totals
from scoring.population.plan import PAGE
from scoring.population.recipe import HeldOut, World

WORDING = {
    "purpose": PURPOSE,
    "out_of_scope": OUT_OF_SCOPE,
    "synthetic": SYNTHETIC,
    "limits": LIMITS,
    "licence": LICENCE,
    "page": PAGE,
    "word": lambda name: WORDS.get(name, name),
}


def files(told: Card) -> dict[str, str]:
    """Return the pictures and the Markdown of a card by file name; the first kind's pictures carry no kind."""
    pictures = {}
    for i, one in enumerate(told.kinds):
        stem = f"{told.name}.{one.name}" if i else told.name
        pictures[f"{stem}.graph.svg"] = picture.attributes(one.subject, one.graph, one.word)
        pictures[f"{stem}.roads.svg"] = roads.roads(one.subject, one.graph, one.word)
    return {**pictures, f"{told.name}.card.md": markdown(told, list(pictures))}


def markdown(told: Card, pictures: Sequence[str]) -> str:
    """Return the card as Markdown; `pictures` are the files of each kind's graph and roads, in turn."""
    parts, kinds = by_mark(told.entries), told.kinds
    facts = {
        "card": told,
        "recipe": told.recipe,
        "pictures": pictures,
        "titles": {k.name: (picture.finding(k.subject, k.graph), roads.finding(k.subject, k.graph)) for k in kinds},
        "worlds": {name: world_line(world) for name, world in told.recipe.worlds.items()},
        "parts": parts,
        "totals": totals(parts),
        "marks": [mark for mark in MARKS if totals(parts)[mark]],
        "stated": {part: stated(told, part) for part in ("margins", "rates of records")},
        "sources": cited(told),
        "target": target,
        "fit": fit(told.checks),
        "misfits": [check for check in told.checks if verdict(check) is False],
        "held_out": [check for check in told.checks if check.part == "held_out"],
    }
    return filled("card.md", WORDING | facts)


def world_line(world: World) -> str:
    """Return what sets a world apart, in a line."""
    declared = [f"gap in conduct {world.gap_in_conduct:g}"] if world.gap_in_conduct else []
    declared += [f"law of {record}: {law}" for record, law in world.law.items()]
    declared += [f"pooling: {world.pooling}"] if world.pooling != "city" else []
    declared += [f"perfect {layer}" for layer in world.perfect]
    declared += [f"neutral {layer}" for layer in world.neutral]
    if world.planted:
        (attribute, by), *_ = world.planted.by.items()
        odds = picture.listed([f"{level} × {value:g}" for level, value in by.items()])
        declared.append(f"planted in {world.planted.layer} alone: {attribute} {odds}")
    return f"{world.label} ({'; '.join(declared) or 'as declared'})."


def stated(told: Card, part: str) -> dict[str, int]:
    """Return how many margins, or how many rates, there are of each mark; a margin counts once whatever its cells."""
    found = dict.fromkeys(MARKS, 0)
    for entry in told.entries:
        if entry.part == part and not entry.what.startswith("most"):
            found[entry.mark] += 1 if part == "margins" else len(entry.numbers)
    return found


def verdict(check: Any) -> bool | None:
    return None if check.passed is None else bool(check.passed)


def fit(checks: Sequence[Any]) -> list[dict[str, Any]]:
    """Return how many checks of each kind of subject and part passed, failed, or are stated without a judgement."""
    rows = []
    for subject, part in dict.fromkeys((check.subject, check.part) for check in checks):
        own = [check for check in checks if (check.subject, check.part) == (subject, part)]
        largest = [abs(check.z) for check in own if check.z is not None]
        counted = {one: sum(verdict(check) is one for check in own) for one in (True, False, None)}
        rows.append({"subject": subject, "part": part, "counted": counted, "z": max(largest, default=None)})
    return rows


def target(table: HeldOut) -> str:
    """Return what a held-out table gives, in words."""
    among = [f"{a} {picture.listed(levels)}" for a, levels in table.among.items()]
    return f"{table.of}{' by ' + picture.listed(table.by) if table.by else ''}" + (
        f", among {picture.listed(among)}" if among else ""
    )
