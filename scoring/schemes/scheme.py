"""A scheme: frozen records, and the one function from records to outcomes."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from scoring.schemes import conditions, lists, points
from scoring.schemes.conditions import Node
from scoring.schemes.text import SchemeText

UNSCORED = "unscored"


@dataclass(frozen=True)
class Band:
    """One band, with the scores it includes."""

    name: str
    label: str
    low: int | None
    high: int | None
    direct: bool = False


@dataclass(frozen=True)
class Outcome:
    """What follows for a person: in some bands, under a condition, or by being listed."""

    name: str
    label: str
    polarity: str
    mark: str
    source: str
    bands: tuple[str, ...] = ()
    when: Node | None = None
    listed: bool = False


@dataclass(frozen=True)
class Repair:
    """One way off a list before its term: who meets the condition after so many days on it."""

    id: str
    when: Node | None
    after: int


@dataclass(frozen=True)
class Rule:
    """One rule, or one way onto a list (then without points)."""

    id: str
    label: str
    when: Node | None
    per: str | None
    points: int | None
    cap: int | None
    because: str
    mark: str
    source: str
    actionable: str
    discretionary: bool
    unmodelled: bool
    text: str
    days: int | None = None  # of an entry: how long a listing lasts

    @property
    def reads(self) -> list[str]:
        """The columns that the rule reads."""
        found = conditions.columns(self.when) if self.when else []
        return list(dict.fromkeys([*found, *([self.per] if self.per else [])]))


@dataclass(frozen=True)
class Scheme:
    """A design made ready to score: a function from records to outcomes."""

    text: SchemeText
    base: int | None
    rules: tuple[Rule, ...]
    bands: tuple[Band, ...]  # worst first
    direct_bands: tuple[tuple[str, Node, str], ...]
    outcomes: dict[str, Outcome]
    eligible: Node | None
    enrolled: Node | None
    repairs: tuple[Repair, ...] = ()
    draw: int | None = None
    model: Callable[[Any, str], Any] | None = field(default=None, repr=False)
    features: tuple[str, ...] = ()
    artefact: str = ""

    @property
    def name(self) -> str:
        return self.text.scheme

    @property
    def title(self) -> str:
        return self.text.title.en

    @property
    def instrument(self) -> str:
        return self.text.instrument

    @property
    def subject(self) -> str:
        return self.text.subject

    @property
    def opaque(self) -> bool:
        """Whether nobody, given the published rules, can work out a score."""
        return self.model is not None

    @property
    def trees(self) -> list[Node]:
        """Every condition that decides anything, those of the rules last, but for rules that no population can fire."""
        trees = [
            self.eligible,
            self.enrolled,
            *(o.when for o in self.outcomes.values()),
            *(n for _, n, _ in self.direct_bands),
            *(repair.when for repair in self.repairs),
        ]
        return [tree for tree in trees if tree] + [r.when for r in self.rules if r.when and not r.unmodelled]

    @cached_property
    def reads(self) -> tuple[str, ...]:
        """Every column that the scheme looks at, in the order of its text."""
        ruled = [c for rule in self.rules if not rule.unmodelled for c in rule.reads]
        found = [c for tree in self.trees for c in conditions.columns(tree) if c not in ruled]
        return tuple(dict.fromkeys([*found, *ruled, *self.features]))

    @property
    def lots(self) -> tuple[str, ...]:
        """The lots that decide a verdict among those who are scored; nobody is shown hers."""
        trees = [*(o.when for o in self.outcomes.values()), *(n for _, n, _ in self.direct_bands)]
        trees += [rule.when for rule in self.rules if not rule.unmodelled]
        found = [c for tree in trees if tree for c in conditions.columns(tree) if c.startswith("lot__")]
        return tuple(dict.fromkeys(found))

    @property
    def digest(self) -> str:
        """A hash of everything that decides a score."""
        points = [(rule.id, rule.points, str(rule.when)) for rule in self.rules]
        trees = [str(t) for t in (self.eligible, self.enrolled, self.direct_bands, self.outcomes, self.repairs)]
        decides = [self.text.plain(), self.base, points, trees, self.artefact]
        return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()

    @property
    def state(self) -> tuple[str, ...]:
        """What a year passes on to the next: read as `prior__…` where the frame has it, returned as `next__…`."""
        return lists.STATE if self.text.entries else ()

    @property
    def scored_rules(self) -> list[Rule]:
        """The rules that a population can fire."""
        return [rule for rule in self.rules if rule.points is not None and not rule.unmodelled]

    def score(self, frame: Any, prefix: str = "") -> Any:
        """Return the frame with score, band, listed, coverage and one column an outcome; the same kind of frame.

        Any dataframe that narwhals knows, one row a person. Where coverage is not `scored`, score, listed and outcomes
        are null and the band is `unscored`. A list regime also returns `next__days` and `next__served`, to be given
        as `prior__days` and `prior__served` with the records of the next year; without them nobody was listed before.
        Raises KeyError for a missing column or for a name already taken.
        """
        return points.score(self, frame, prefix)

    def ledger(self, frame: Any) -> Any:
        """Return the frame with the points of each rule and of the clip; base + ledger = score where scored.

        Raises TypeError for a scheme that has no points, or whose points nobody can read.
        """
        return points.ledger(self, frame)

    def complexity(self) -> dict[str, float]:
        """Return what can be counted in the text alone (methods C4); it says nothing of comprehension."""
        rules = [rule for rule in self.rules if not rule.unmodelled]
        trees = [rule.when for rule in rules if rule.when] + [node for _, node, _ in self.direct_bands]
        canonical = self.canonical(self.text.plain())
        empty = self.canonical(self.text.plain() | {"rules": [], "entries": []})
        return {
            "rules": len(self.rules),
            "bands": len(self.bands),
            "interactions": sum(len(rule.reads) > 1 for rule in rules) + len(self.direct_bands),
            "max_nesting": max(map(conditions.nesting, trees), default=0),
            "sources": len({rule.source for rule in self.rules}),
            "facts": len(self.reads),
            "bytes": len(canonical),
            "zlib_bytes": len(zlib.compress(canonical, 9)) - len(zlib.compress(empty, 9)),
        } | ({"discretionary_share": sum(r.discretionary for r in self.rules) / len(self.rules)} if self.rules else {})

    @staticmethod
    def canonical(data: dict[str, Any]) -> bytes:
        """Return the shortest JSON of plain data, keys sorted."""
        return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
