"""Joint sanctions and rewards as a graph: which list takes over which, and what a listing closes or opens in the end.

A join is a condition that reads `listed__other`: one scheme takes over, counts or asks for a listing by another. A
scheme that is reached from itself has no first verdict, so a cycle is a problem of the catalogue. The caller finds the
catalogue: a mapping from a name to a file, or to its text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scoring.documents import Document, Loc, Problem, Refused, parse, read
from scoring.schemes import conditions
from scoring.schemes.conditions import BadCondition, Node
from scoring.schemes.contexts import vocabulary
from scoring.schemes.faults import mappings
from scoring.schemes.text import LISTED

Catalogue = Mapping[str, Path | str]
EFFECTS = {"sanctions": "closes", "rewards": "opens"}
USES = {"entries": "takes over", "rules": "counts", "direct_bands": "caps the band by", "outcomes": "acts on"}


@dataclass(frozen=True)
class Join:
    """One scheme that reads the listings of another; `use` says for what, and `shuts` that a listing keeps one out."""

    scheme: str
    list: str
    use: str
    label: str
    mark: str
    source: str
    shuts: bool
    place: tuple[Document, Loc] = field(repr=False, compare=False)


@dataclass(frozen=True)
class Touch:
    """One context that a scheme closes or opens."""

    scheme: str
    context: str
    effect: str
    mark: str
    source: str


@dataclass(frozen=True)
class Graph:
    """The joins and contexts of a catalogue."""

    titles: Mapping[str, str]
    joins: tuple[Join, ...]
    touches: tuple[Touch, ...]

    def onto(self, name: str) -> list[Join]:
        """Return by which joins a listing by a scheme puts the subject on another list."""
        return [j for j in self.joins if j.list == name and j.use == USES["entries"] and not j.shuts]

    def joined(self) -> list[str]:
        """Return the schemes that close or open something, or read or are read by another."""
        known = {t.scheme for t in self.touches} | {n for j in self.joins for n in (j.scheme, j.list)}
        return [name for name in self.titles if name in known]

    def of(self, name: str) -> list[Touch]:
        """Return the contexts that a scheme itself closes or opens."""
        return [touch for touch in self.touches if touch.scheme == name]


@dataclass(frozen=True)
class Reached:
    """A context that a listing reaches, by the joins it has to pass."""

    touch: Touch
    via: tuple[Join, ...]

    @property
    def marks(self) -> list[str]:
        """The marks of every step, the context's own last."""
        return [*(join.mark for join in self.via), self.touch.mark]


def graph(catalogue: Catalogue) -> Graph:
    """Read the graph of a catalogue. Raises Refused for what cannot be read, and for every cycle."""
    documents = opened(catalogue)
    if problems := cycles(documents):
        raise Refused(problems)
    return Graph(
        {name: title(document) for name, document in documents.items()},
        tuple(join for name, document in documents.items() for join in joins(name, document)),
        tuple(touch for name, document in documents.items() for touch in touches(name, document)),
    )


def opened(catalogue: Mapping[str, Path | str | Document]) -> dict[str, Document]:
    """Return the documents of a catalogue; what holds no mapping is told elsewhere."""
    documents: dict[str, Document] = {}
    for name, found in catalogue.items():
        if isinstance(found, str):
            found = parse(found, name)
        documents[name] = read(found) if isinstance(found, Path) else found
    return {name: document for name, document in documents.items() if isinstance(document.data, dict)}


def title(document: Document) -> str:
    """Return the English title of a scheme, or nothing where it has none."""
    told = document.data.get("title")
    return str(told.get("en", "")) if isinstance(told, dict) else ""


def joins(name: str, document: Document) -> Iterator[Join]:
    """Yield every listing by another scheme that a document reads; what cannot be read is told elsewhere."""
    for loc, part in mappings(document.data):
        if not isinstance(part.get("when"), str):
            continue
        try:
            tree = conditions.parse(part["when"])
        except BadCondition:
            continue
        for column in conditions.columns(tree):
            if column.startswith(LISTED):
                use = USES.get(str(loc[0]) if loc else "", "asks about")
                label, shuts = str(part.get("label") or part.get("text") or ""), shut_out(tree, column)
                listing, place = column.removeprefix(LISTED), (document, (*loc, "when"))
                yield Join(name, listing, use, label, *cited(part), shuts, place)


def shut_out(tree: Node, column: str, inverted: bool = False) -> bool:
    """Tell whether a condition holds for those who are not listed, and not for those who are.

    >>> shut_out(conditions.parse("listed__a == 0 and n_b >= 1"), "listed__a")
    True
    """
    if tree.kind == "compare" and column in conditions.columns(tree) and tree.parts[1].kind == "number":
        holds = [conditions.COMPARE[tree.value](listed, tree.parts[1].value) for listed in (0, 1)]
        return holds == ([False, True] if inverted else [True, False])
    return any(shut_out(part, column, inverted ^ (tree.kind == "not")) for part in tree.parts)


def touches(name: str, document: Document) -> Iterator[Touch]:
    """Yield every context that a document closes or opens."""
    for key, effect in EFFECTS.items():
        found = document.data.get(key)
        for row in found if isinstance(found, list) else []:
            if isinstance(row, dict):
                yield Touch(name, str(row.get("context")), effect, *cited(row))


def cited(row: Mapping[str, Any]) -> tuple[str, str]:
    """Return the mark and the source of a row."""
    return str(row.get("mark") or ""), str(row.get("source") or "")


def cycles(catalogue: Mapping[str, Path | str | Document], among: Iterable[str] | None = None) -> list[Problem]:
    """Return one problem for each ring of schemes that wait for one another, at a condition that closes it.

    `among` keeps the rings that hold one of these names, told at the first of them.
    """
    taken: dict[str, dict[str, Join]] = {}
    for name, document in opened(catalogue).items():
        taken[name] = {join.list: join for join in joins(name, document)}
    found: list[Problem] = []
    seen: set[str] = set()
    for name in taken if among is None else among:
        ring = shortest(taken, name)
        if ring and not seen & set(ring):
            document, loc = taken[name][[*ring, name][1]].place
            steps = " → ".join([*ring, name])
            found.append(document.problem(loc, f"a list takes over itself: {steps}", "drop one of these conditions"))
        seen |= set(ring)
    return found


def shortest(taken: Mapping[str, Mapping[str, Join]], start: str) -> list[str]:
    """Return the shortest way from a scheme over what it reads back to itself, the scheme first; nothing if none."""
    ways, seen = [[start]], {start}
    while ways:
        longer: list[list[str]] = []
        for way in ways:
            for step in taken.get(way[-1], {}):
                if step == start:
                    return way
                if step not in seen:
                    seen.add(step)
                    longer.append([*way, step])
        ways = longer
    return []


def reached(whole: Graph, name: str) -> list[Reached]:
    """Return every context that a listing reaches, its own first and then by the fewest joins."""
    found = [Reached(touch, ()) for touch in whole.of(name)]
    ways: list[tuple[Join, ...]] = [(join,) for join in whole.onto(name)]
    while ways:
        found += [Reached(touch, way) for way in ways for touch in whole.of(way[-1].scheme)]
        ways = [(*way, join) for way in ways for join in whole.onto(way[-1].scheme)]
    return found


def describe(whole: Graph, names: Iterable[str]) -> list[dict[str, Any]]:
    """Return, scheme by scheme, what it takes over and every context that a listing by it reaches, as plain data."""
    return [
        {
            "scheme": name,
            "title": whole.titles[name],
            "reads": [plain(join) for join in whole.joins if join.scheme == name],
            "reaches": [
                {
                    "context": one.touch.context,
                    "effect": one.touch.effect,
                    "via": [join.scheme for join in one.via],
                    "marks": one.marks,
                    "sources": [*(join.source for join in one.via), one.touch.source],
                }
                for one in reached(whole, name)
            ],
        }
        for name in names
    ]


def plain(join: Join) -> dict[str, Any]:
    """Return a join as plain data."""
    return {key: getattr(join, key) for key in ("list", "use", "label", "mark", "source", "shuts")}


def told(whole: Graph, names: Iterable[str]) -> str:
    """Return the tree of each scheme as text: what it reads, what it closes or opens, and what it puts a subject on."""
    return "\n\n".join("\n".join(branch(whole, name)) for name in names)


def branch(whole: Graph, name: str) -> Iterator[str]:
    """Yield the lines of one scheme: its heading, what it reads, and everything that follows from a listing."""
    yield f"{name}  {whole.titles[name]}".rstrip()
    for join in whole.joins:
        if join.scheme == name:
            no = " no listing by" if join.shuts else ""
            yield f"  {join.use}{no} {join.list}: {join.label} [{join.mark}: {join.source}]"
    yield from follows(whole, name, "  ")


def follows(whole: Graph, name: str, indent: str) -> Iterator[str]:
    """Yield what a listing closes, opens and leads to, a step further in each time."""
    labels = vocabulary().contexts
    for touch in whole.of(name):
        label = labels[touch.context].label if touch.context in labels else touch.context
        yield f"{indent}{touch.effect} {touch.context}: {label} [{touch.mark}: {touch.source}]"
    for join in whole.onto(name):
        yield f"{indent}puts on {join.scheme}: {join.label} [{join.mark}: {join.source}]"
        yield from follows(whole, join.scheme, indent + "  ")
