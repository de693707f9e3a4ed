"""What a page shows: a result's rows, each number once, and the figures, tables and parts that are made of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from scoring.report import wording
from scoring.result import Result, once

Row = dict[str, Any]
SAME = ("scheme", "outcome", "group_by", "group")
MOST = 16  # rows of one picture; its table has them all
SAID_ONCE = ("design", "truth")
LONG = 12  # rows from which on a table is folded


@dataclass(frozen=True)
class Figure:
    """One picture with everything that a reader without eyes, or without trust, needs."""

    id: str
    title: str
    text: str
    svg: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


@dataclass(frozen=True)
class Table:
    """Numbers that need no picture: what they say, how they are read, and themselves; `words` columns are text."""

    title: str
    text: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: int = 1

    @property
    def long(self) -> bool:
        """Whether the table is folded until it is asked for."""
        return len(self.rows) > LONG


@dataclass(frozen=True)
class Part:
    """A part of a page: its heading, a sentence, and what stands in it."""

    title: str
    text: str
    shown: Sequence[Figure | Table]


class Shown:
    """The rows of a result as a page needs them: the main world, the best-founded interval."""

    def __init__(self, result: Result):
        self.result, self.manifest = result, result.manifest
        self._indexed: dict[str, dict[Any, Row]] = {}
        self.designs: list[str] = self.manifest["designs"]
        self.world: str = self.manifest["worlds"][0]
        self.groupings = [g for g in self.manifest["groups"] if "*" not in g]
        self.crossed = [g for g in self.manifest["groups"] if "*" in g]
        self.primary = [
            (claim["measure"], claim["outcome"], grouping(claim["group"]))
            for claim in self.manifest.get("primary") or []
        ]
        self.first_grouping = self.primary[0][2] if self.primary else grouping(self.manifest["groups"][0])

    @property
    def table(self) -> bool:
        """Whether this is an audit of a table as it was given, and nothing was simulated."""
        return "rows_read" in self.manifest

    @property
    def place(self) -> str:
        """Where the numbers hold."""
        return "the table as it was given" if self.table else f"world {self.world}"

    @property
    def truth(self) -> str:
        """What verdicts are held against."""
        return "the recorded truth" if self.table else "simulated harm"

    def grouping_of(self, scheme: str) -> str:
        """Return what the subjects of a design are first grouped by."""
        mine: list[str] = self.manifest["groups_of"][self.told(scheme)["subject"]]
        return self.first_grouping if self.first_grouping in mine else mine[0]

    @property
    def schemes(self) -> list[str]:
        """The designs without ordinary law, which the page shows as what they are held against."""
        return [name for name in self.designs if self.told(name)["instrument"] != "ordinary law"]

    def told(self, scheme: str) -> dict[str, Any]:
        """Return what the manifest says of a design."""
        found: dict[str, Any] = self.manifest["schemes"][scheme]
        return found

    def title(self, scheme: str) -> str:
        """Return the title of a design, the assumed weights of a family in it."""
        return str(self.told(scheme)["title"])

    def named(self, note: str) -> str:
        """Write a note with the designs that it names by their titles."""
        known = {name: self.title(name) for name in self.designs}
        return re.sub(r"\w+", lambda word: known.get(word[0], word[0]), note)

    @property
    def kinds(self) -> str:
        """What the designs judge: persons, firms or public bodies."""
        return " and ".join(dict.fromkeys(wording.KINDS[self.told(name)["subject"]] for name in self.designs))

    @property
    def families(self) -> dict[str, int]:
        """The designs whose weights are unknown, by title, with the number of draws of them."""
        told = {name: self.told(name) for name in self.designs}
        return {self.title(name): of["draws"] for name, of in told.items() if of.get("family")}

    def headed(self, scheme: str, outcome: str | None = None) -> str:
        """Begin a title: with the design and the outcome; of the one table of an audit with the outcome alone."""
        said_of = (outcome or "").replace("_", " ")
        if self.table and said_of:
            return f"{said_of[:1].upper()}{said_of[1:]}"
        return f"{self.title(scheme)}, {said_of}" if said_of else self.title(scheme)

    def outcomes(self, scheme: str, polarity: str | None = None) -> list[str]:
        """Return the outcomes of a design, of one polarity if asked."""
        return [o for o, told in self.told(scheme)["outcomes"].items() if polarity in (None, told["polarity"])]

    def foremost(self, scheme: str) -> list[str]:
        """Return the outcomes of a design, those first that were declared before the run."""
        declared = {outcome for _, outcome, _ in self.primary}
        return sorted(self.outcomes(scheme), key=lambda outcome: outcome not in declared)

    def favourable(self, scheme: str, outcome: str) -> bool:
        """Whether an outcome is good to have."""
        return bool(self.told(scheme)["outcomes"][outcome]["polarity"] == "favourable")

    def declared(self, outcome: str | None, group_by: str) -> bool:
        """Whether a comparison was declared before anything was computed."""
        return any((o, g) == (outcome, group_by) for _, o, g in self.primary)

    def best(self, **equals: Any) -> list[Row]:
        """Return rows of the main world, each number once, with the interval that is best founded."""
        return self._named(once(self.result.where(world=self.world, **equals)).to_dicts())

    def each(self, **equals: Any) -> list[Row]:
        """Return rows of the main world as they stand, draw by draw of a family."""
        return self._named(self.result.where(world=self.world, **equals).to_dicts())

    def audited(self, **equals: Any) -> list[Row]:
        """Return rows of the main world as one auditor would have found them, with tests and null lines."""
        return self._named(self.result.where(world=self.world, uncertainty="audit", **equals).to_dicts())

    def one(self, measure: str, like: Mapping[str, Any]) -> Row | None:
        """Return the row of a measure that is of the same design, outcome and group as another row."""
        if measure not in self._indexed:
            self._indexed[measure] = by(self.best(measure=measure), *SAME)
        return self._indexed[measure].get(tuple(like[c] for c in SAME))

    @cached_property
    def tests(self) -> dict[Any, Row]:
        """The test of each difference, as one auditor would make it; of several the one that was adjusted.

        The ratio carries the p of the same test, which a run that measures no tests still has.
        """
        found = self.audited(measure="association_test") or self.audited(measure="selection_rate_ratio")
        rows = [r for r in found if r["p"] is not None]
        return by(sorted(rows, key=lambda r: r["p_adjusted"] is None), *SAME)

    def against_chance(self, **equals: Any) -> list[tuple[Row, Row | None]]:
        """Return what one auditor would have observed beside the 95% point of what chance alone makes of it."""
        rows = self.audited(**equals)
        nulls = by([r for r in rows if r["term"] == "null 95%"], *SAME, "measure", "param")
        seen = [r for r in rows if r["term"] == "observed"]
        return [(r, nulls.get(tuple(r[c] for c in (*SAME, "measure", "param")))) for r in seen]

    def tabled(self, title: str, text: str, head: Sequence[str], rows: Sequence[Sequence[str]], words: int) -> Table:
        """Return a table; a design or a truth that is the same in every row is said once, above it."""
        same = [i for i, name in enumerate(head) if name in SAID_ONCE and len({row[i] for row in rows}) == 1]
        told = [f"{head[i]}: {rows[0][i]}." for i in same if not (self.table and head[i] == "design")]
        text = " ".join(part for part in (text, *(f"{one[:1].upper()}{one[1:]}" for one in told)) if part)
        kept = [i for i in range(len(head)) if i not in same]
        return Table(title, text, [head[i] for i in kept], [[row[i] for i in kept] for row in rows], words - len(same))

    def by_design(self, title: str, text: str, told: Mapping[str, Mapping[str, str]]) -> Table:
        """Return a table with a column a design, from what each row is called and what it says of each design."""
        named = [name for name in self.designs if any(name in of for of in told.values())]
        rows = [[label, *(of.get(name, "–") for name in named)] for label, of in told.items() if of]
        return Table(title, text, ("", *map(self.title, named)), rows)

    def in_order(self, rows: Iterable[Row]) -> list[Row]:
        """Return the rows of known groups: everyone first, then by grouping as the experiment names them."""
        order = {g: i for i, g in enumerate(("everyone", *self.manifest["groups"]))}
        return sorted((r for r in rows if r["group"] != "unknown"), key=lambda r: order.get(r["group_by"], len(order)))

    def as_declared(self, rows: Iterable[Row]) -> list[Row]:
        """Return rows in the order in which designs were declared."""
        return sorted(rows, key=lambda r: self.designs.index(r["scheme"]))

    def every_world(self, **equals: Any) -> list[Row]:
        """Return rows of every world, the main one first."""
        rows = self._named(once(self.result.where(**equals), ["world"]).to_dicts())
        return sorted(rows, key=lambda r: self.manifest["worlds"].index(r["world"]))

    def _named(self, rows: list[Row]) -> list[Row]:
        if not self.table:
            return rows
        names, named = ("group", "reference"), self.manifest.get("references") or {}
        told = [row | {c: wording.AsWritten(row[c]) for c in names if row[c] is not None} for row in rows]
        for row in told:
            if row["reference"] is not None and row["reference"] == named.get(row["group_by"]):
                row["reference"] = wording.AsWritten(wording.REFERENCES.get(row["reference"], row["reference"]))
        return told


def grouping(named: str | Sequence[str]) -> str:
    """Return a grouping as rows name it.

    >>> grouping("sex"), grouping(["residence", "sex"])
    ('sex', 'residence*sex')
    """
    return named if isinstance(named, str) else "*".join(named)


def beside(rows: Iterable[Row]) -> list[Row]:
    """Return the rows of known groups that stand beside another."""
    return [r for r in rows if r["group"] not in (r["reference"], "unknown")]


def sound(rows: Iterable[Row]) -> list[Row]:
    """Return the rows that a title may name: neither small nor undefined nor left out, and with an interval."""
    return [r for r in rows if r["status"] == "ok" and r["low"] is not None and r["high"] is not None]


def by(rows: Iterable[Row], *columns: str) -> dict[Any, Row]:
    """Return rows by the values of columns; of several the first."""
    found: dict[Any, Row] = {}
    for row in rows:
        found.setdefault(tuple(row[c] for c in columns) if len(columns) > 1 else row[columns[0]], row)
    return found


def said(status: Mapping[str, Any]) -> str:
    """Write a status and why."""
    return str(status["status"]) if not status["note"] else f"{status['status']}: {status['note']}"


def standing(status: Mapping[str, Any]) -> str:
    """Write a status, and why where it is not ok; what else is noted is told elsewhere."""
    return "ok" if status["status"] == "ok" else said(status)


def cells(row: Row | None, digits: int = 2, scale: float = 1) -> list[str]:
    """Write value, low and high; dashes where there is no row."""
    if row is None:
        return ["–"] * 3
    return [wording.number(None if row[c] is None else scale * row[c], digits) for c in ("value", "low", "high")]


def percents(row: Row | None, digits: int = 2) -> list[str]:
    """Write value, low and high as shares per hundred; dashes where there is no row."""
    return [wording.percent(row[c], digits) if row else "–" for c in ("value", "low", "high")]


def numbered(rows: Sequence[Row], digits: int = 2, scale: float = 1) -> list[list[str]]:
    """Return rows as a table: group, n, value, low, high, status."""
    return [[wording.level(r["group"]), wording.number(r["n"], 0), *cells(r, digits, scale), said(r)] for r in rows]


def beside_null(row: Row | None, digits: int = 3) -> list[str]:
    """Write what was observed and what chance alone seldom exceeds."""
    if row is None:
        return ["–", "–"]
    null = row["null"]
    return [wording.number(row["value"], digits), wording.number(null["value"] if null else None, digits)]
