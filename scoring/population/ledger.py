"""The ledger of a recipe: every number that it draws from, on what it rests, and how many parameters that makes.

One parameter is one number that could be changed on its own. Shares that must sum to one therefore count one fewer than
are written. Numbers that change nothing (a stage that loses nothing, a law that forbids everything) are no parameters,
nor are definitions (which ages a band holds, who is at risk) and targets (totals, held-out tables).

The mark of a record type stands for its rate. How conduct moves it, its cap and its amounts count as assumed: no source
of a rate gives them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scoring.population.recipe import HARM, Multiplier, Recipe, Stage, Subject

MARKS = ("documented", "reported", "recalled", "assumed", "unmarked")
PARTS = (
    "shares of levels",
    "margins",
    "odds",
    "households and numbers",
    "quantities",
    "latent conduct",
    "rates of records",
    "law",
    "recording chain",
    "multipliers by group",
    "amounts",
    "pressures",
    "worlds",
    "package",
)
TOLERANCE = 1e-6
EVERY = "every record type"


@dataclass(frozen=True)
class Entry:
    """Numbers that are stated together: by name, with the range over which each is swept, if any."""

    subject: str
    part: str
    what: str
    numbers: tuple[tuple[str, float, tuple[float, float] | None], ...]
    mark: str
    source: str
    whole: bool = False  # the numbers are all the shares of a whole, so the last follows from the others

    @property
    def parameters(self) -> int:
        return len(self.numbers) - self.whole


def ledger(recipe: Recipe) -> list[Entry]:
    """Return every number of a recipe, in the order of its subjects and of the road from attribute to record."""
    found = [entry for kind, subject in recipe.subjects.items() for entry in of_subject(kind, subject)]
    for name, world in recipe.worlds.items():
        if world.gap_in_conduct:
            numbers = [("gap in conduct", world.gap_in_conduct)]
            found.append(entry("every kind", "worlds", name, numbers, "assumed", "declared"))
        if world.planted:
            (attribute, by), *_ = world.planted.by.items()
            what = f"{name}: odds in {world.planted.layer} by {attribute}"
            found.append(entry("every kind", "worlds", what, by.items(), "assumed", "declared"))
    weights = [(severity, weight) for severity, weight in HARM.items() if weight]
    return [*found, entry("every kind", "package", "harm of one event by severity", weights, "assumed", "package")]


def entry(
    subject: str,
    part: str,
    what: str,
    numbers: Iterable[tuple[Any, float]],
    mark: str,
    source: str,
    whole: bool = False,
) -> Entry:
    """Return an entry of numbers that have no range."""
    stated = tuple((str(name), float(value), None) for name, value in numbers)
    return Entry(subject, part, what, stated, mark, source, whole)


def of_subject(kind: str, subject: Subject) -> Iterator[Entry]:
    """Yield the numbers of one kind of subject."""
    if density := subject.density:
        number = [("per 1,000 persons", density.per_1000_persons)]
        yield entry(kind, "households and numbers", "how many there are", number, density.mark, density.source)
    if subject.households:
        homes = subject.households
        yield entry(
            kind, "households and numbers", "form of household", homes.shares.items(), homes.mark, homes.source, True
        )
    yield from of_attributes(kind, subject)
    for name, quantity in subject.quantities.items():
        numbers = [("cut", cut) for cut in quantity.cuts]
        for level, law in quantity.lognormal.items():
            numbers += [(f"{level} mu", law.mu), (f"{level} sigma", law.sigma)]
        numbers += [("factor", quantity.factor)] if quantity.factor != 1 else []
        yield entry(kind, "quantities", f"{name}, {quantity.unit}", numbers, quantity.mark, quantity.source)
    for z, latent in subject.latent.items():
        numbers = [(f"share with {other}", share) for other, share in latent.shares_with.items()]
        numbers += [(f"{a}={level}", add) for a, by in latent.resources.items() for level, add in by.items()]
        if numbers:
            yield entry(kind, "latent conduct", z, numbers, latent.mark, latent.source)
    yield from of_records(kind, subject)
    yield from of_chain(kind, subject)


def of_attributes(kind: str, subject: Subject) -> Iterator[Entry]:
    """Yield the rows of the conditional tables, what multiplies their odds, and the margins they are raked to."""
    for name, attribute in subject.attributes.items():
        at = (attribute.mark, attribute.source)
        for cell, shares in attribute.shares.items():
            parts = zip(attribute.given, cell.split("&"), strict=True) if attribute.given else ()
            given = "".join(f", {parent} {part.strip()}" for parent, part in parts)
            row = zip(attribute.levels, shares, strict=True)
            yield entry(kind, "shares of levels", name + given, row, *at, True)
        for parent, rows in attribute.odds.items():
            numbers = [(f"{level} → {to}", odds) for level, row in rows.items() for to, odds in row.items()]
            yield entry(kind, "odds", f"{name} by {parent}", numbers, *at)
        if attribute.margin:
            margin, whole = attribute.margin, abs(sum(attribute.margin.shares.values()) - 1) < TOLERANCE
            what = f"{name} by {', '.join(margin.by)}" if margin.by else name
            yield entry(kind, "margins", what, margin.shares.items(), margin.mark, margin.source, whole)


def of_records(kind: str, subject: Subject) -> Iterator[Entry]:
    """Yield the numbers of all record types: rates, caps, conduct, pressures, law, amounts."""
    records = subject.records
    for mark, source in dict.fromkeys((r.mark, r.source) for r in records.values()):
        numbers = [(name, r.rate) for name, r in records.items() if (r.mark, r.source) == (mark, source)]
        yield entry(kind, "rates of records", "records a year of one at risk", numbers, mark, source)
    caps = [(name, record.most) for name, record in records.items()]
    yield entry(kind, "rates of records", "most events a year", caps, "assumed", "")
    for z in subject.latent:
        numbers = [(name, record.conduct[z]) for name, record in records.items() if z in record.conduct]
        yield entry(kind, "latent conduct", f"log rate of a unit of {z}", numbers, "assumed", "")
    for name, by in subject.pressures.items():
        numbers = [(record, r.pressure[name]) for record, r in records.items() if name in r.pressure]
        yield entry(kind, "pressures", f"log rate of a unit of {name}", numbers, by.mark, by.source)
    for name, record in records.items():
        law = record.law
        for ruling, label in [(law, "in force"), *((other, label) for label, other in law.alternatives.items())]:
            if ruling.forbidden < 1 or ruling.by or ruling is not law:
                stated = [("forbidden", ruling.forbidden)]
                stated += [(f"{a}={level}", p) for a, by_level in ruling.by.items() for level, p in by_level.items()]
                yield entry(kind, "law", f"{name}, {label}", stated, law.mark, law.source)
        if record.amounts:
            yield entry(kind, "amounts", f"{name}: shares of amounts", record.amounts.items(), "assumed", "", True)


def of_chain(kind: str, subject: Subject) -> Iterator[Entry]:
    """Yield the numbers of the recording chain: what a link lets pass, how late, how much to others, and to whom."""
    found: dict[tuple[str, str, str], list[tuple[str, float]]] = {}
    for name, stage, link in links(subject):
        at = (f"{stage}: probability", link.mark, link.source)
        numbers = [(name, link.p)] if link.p != (0 if stage == "elsewhere" else 1) or link.by else []
        numbers += [(f"{name}, lag in days", lag)] if (lag := getattr(link, "lag_days", 0)) else []
        numbers += [(f"{name}, to another", false)] if (false := getattr(link, "false", 0)) else []
        found.setdefault(at, []).extend(numbers)
    for (what, mark, source), numbers in found.items():
        if numbers:
            yield entry(kind, "recording chain", what, numbers, mark, source)
    for name, stage, link in links(subject):
        for attribute, by in link.by.items():
            ranged = tuple((level, odds.value, odds.range) for level, odds in by.items())
            what = f"{name}: {stage} by {attribute}"
            yield Entry(kind, "multipliers by group", what, ranged, link.mark, link.source)


def links(subject: Subject) -> Iterator[tuple[str, str, Stage]]:
    """Yield each link of the recording chain: of every record type, then of each with a link of its own."""
    for stage in ("elsewhere", "share", "link"):
        yield EVERY, stage, getattr(subject.chain, stage)
    for name, record in subject.records.items():
        for stage in ("detect", "enforce", "share", "link"):
            if (link := getattr(record, stage)) is not None:
                yield name, stage, link


@dataclass(frozen=True)
class Swept:
    """An odds multiplier of the recording chain, with the record types that share it."""

    stage: str
    attribute: str
    level: str
    odds: Multiplier
    mark: str
    source: str
    records: tuple[str, ...]


def multipliers(subject: Subject) -> list[Swept]:
    """Return what multiplies the odds of detection, enforcement, sharing and linkage by group, like ones together."""
    found: dict[tuple[str, str, str, Multiplier, str, str], list[str]] = {}
    for name, stage, link in links(subject):
        for attribute, by in link.by.items():
            for level, odds in by.items():
                found.setdefault((stage, attribute, level, odds, link.mark, link.source), []).append(name)
    return [Swept(*key, records=tuple(names)) for key, names in found.items()]


def by_mark(entries: Sequence[Entry]) -> dict[str, dict[str, int]]:
    """Return how many parameters each part has of each mark; parts without any are left out."""
    found: dict[str, dict[str, int]] = {}
    for part in PARTS:
        counts = {mark: sum(e.parameters for e in entries if (e.part, e.mark) == (part, mark)) for mark in MARKS}
        if any(counts.values()):
            found[part] = counts
    return found


def totals(counts: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Return how many parameters there are of each mark."""
    return {mark: sum(row[mark] for row in counts.values()) for mark in MARKS}
