"""What can be wrong in the YAML of a scheme, each fault with its place.

Everything is looked for in plain data, so a fault of form in one line hides nothing in another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from scoring.documents import Document, Loc, Problem, did_you_mean
from scoring.schemes import conditions
from scoring.schemes.bibliography import shared
from scoring.schemes.conditions import BadCondition, Node
from scoring.schemes.contexts import vocabulary
from scoring.schemes.text import LISTED

Row = dict[str, Any]
HIDDEN = "hidden_"  # simulated truth: no scheme may read it
FAMILY = "-like (assumed weights)"
OWN_COLUMNS = ("score", "band", "coverage")  # an outcome of this name would stand twice in a scored frame


@dataclass(frozen=True)
class Known:
    """What a population offers to a scheme: its columns (None: not checked) and the levels of its attributes."""

    columns: frozenset[str] | None = None
    levels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    lists: frozenset[str] | None = None  # the list regimes that can be joined


def faults(document: Document, known: Known) -> Iterator[Problem]:
    """Yield every fault that the form of the text alone does not show."""
    if isinstance(document.data, dict):
        for check in CHECKS:
            yield from check(document, known)


def rows(document: Document, *keys: str) -> Iterator[tuple[Loc, Row]]:
    """Yield each mapping of the lists (or of the mapping) under some keys, with its place."""
    for key in keys:
        part = document.data.get(key)
        pairs: Iterable[tuple[Any, Any]] = part.items() if isinstance(part, dict) else numbered(part)
        yield from (((key, name), row) for name, row in pairs if isinstance(row, dict))


def numbered(found: Any) -> list[tuple[int, Any]]:
    """Return the parts of a list with their places; nothing for what is no list."""
    return list(enumerate(found)) if isinstance(found, list) else []


def mappings(data: Any, loc: Loc = ()) -> Iterator[tuple[Loc, Row]]:
    """Yield every mapping inside some data, but for the list of sources."""
    if isinstance(data, dict) and loc != ("sources",):
        yield loc, data
    pairs: Iterable[tuple[Any, Any]] = data.items() if isinstance(data, dict) else numbered(data)
    for key, part in pairs:
        yield from mappings(part, (*loc, key))


def unresolved_sources(document: Document, known: Known) -> Iterator[Problem]:
    """Yield each source that the scheme's own list does not have."""
    sources = document.data.get("sources")
    names = [*(sources if isinstance(sources, dict) else []), *shared()]
    for loc, part in mappings(document.data):
        source = part.get("source")
        if isinstance(source, str) and source not in names:
            yield document.problem((*loc, "source"), f"unknown source {source!r}", did_you_mean(source, names))


def bad_conditions(document: Document, known: Known) -> Iterator[Problem]:
    """Yield each condition that cannot be read, or that reads or compares what it may not."""
    for loc, part in mappings(document.data):
        modelled = part.get("unmodelled") is not True
        for key in ("when", "target"):
            if not isinstance(part.get(key), str):
                continue
            try:
                tree = conditions.parse(part[key])
            except BadCondition as error:
                yield document.problem((*loc, key), str(error))
                continue
            yield from bad_columns(document, known, (*loc, key), conditions.columns(tree), modelled)
            if modelled:
                for what, hint in (told for node in conditions.nodes(tree) for told in never(node, known)):
                    yield document.problem((*loc, key), what, hint)
        if isinstance(part.get("per"), str):
            yield from bad_columns(document, known, (*loc, "per"), [part["per"]], modelled)


def bad_columns(document: Document, known: Known, loc: Loc, names: Iterable[str], modelled: bool) -> Iterator[Problem]:
    """Yield each column that is simulated truth, or that a population has not."""
    parameters = document.data.get("parameters")
    own = list(parameters) if isinstance(parameters, dict) else []
    offered = sorted(c for c in known.columns or () if not c.startswith(HIDDEN))
    for name in names:
        if name.startswith(HIDDEN):
            yield document.problem(loc, f"{name!r} is simulated truth, which no scheme may read")
        elif name.startswith(LISTED):
            if known.lists is not None and name.removeprefix(LISTED) not in known.lists:
                hint = did_you_mean(name.removeprefix(LISTED), known.lists)
                yield document.problem(loc, f"no list {name.removeprefix(LISTED)!r} to join", hint)
        elif modelled and known.columns is not None and name not in offered and name not in own:
            yield document.problem(loc, f"unknown field {name!r}", did_you_mean(name, [*offered, *own]))


def never(node: Node, known: Known) -> Iterator[tuple[str, str]]:
    """Yield what a comparison asks of a column that can never hold, with a hint."""
    if not known.levels or node.kind not in ("compare", "in") or node.parts[0].kind != "column":
        return
    name = node.parts[0].value
    levels = known.levels.get(name)
    for part in node.parts[1:]:
        if levels is None and part.kind == "text":
            yield f"{name} is a number and never {part.value!r}", "columns stand on the left of == and !="
        elif levels is not None and part.kind != "text":
            yield f"{name} is a word and never a number", f"one of {', '.join(levels)}"
        elif levels is not None and part.value not in levels:
            yield f"{name} is never {part.value!r}", did_you_mean(part.value, levels) or f"one of {', '.join(levels)}"


def learned_faults(document: Document, known: Known) -> Iterator[Problem]:
    """Yield features that a population has not, or that give the target away."""
    learned = document.data.get("learned")
    if not isinstance(learned, dict):
        return
    try:
        answers = conditions.columns(conditions.parse(str(learned.get("target"))))
    except BadCondition:
        answers = []  # told as a condition
    mitigated = learned.get("mitigation")
    protected = mitigated.get("protected") if isinstance(mitigated, dict) else None
    if isinstance(protected, str):
        yield from bad_columns(document, known, ("learned", "mitigation", "protected"), [protected], True)
    for i, feature in numbered(learned.get("features")):
        loc: Loc = ("learned", "features", i)
        yield from bad_columns(document, known, loc, [str(feature)], True)
        if feature in answers:
            yield document.problem(loc, f"{feature!r} is part of the target that is to be predicted")


def repeated_ids(document: Document, known: Known) -> Iterator[Problem]:
    """Yield each id that stands twice among rules and entries, or among direct bands, or that is taken."""
    for keys in (("rules", "entries"), ("direct_bands",)):
        seen: set[str] = set()
        for loc, row in rows(document, *keys):
            name = str(row.get("id"))
            if name in seen:
                yield document.problem((*loc, "id"), f"the id {name!r} stands twice")
            if name == "clip":
                yield document.problem((*loc, "id"), "'clip' is what the ledger calls the bounds of the range")
            seen.add(name)


def band_cuts(document: Document, known: Known) -> Iterator[Problem]:
    """Yield bands that overlap, leave a gap, or are open in the middle; ends may close only where the range does."""
    bands = [(loc, row) for loc, row in rows(document, "bands") if row.get("direct") is not True]
    for (_, worse), (loc, better) in pairwise(bands):
        high, low, names = worse.get("high"), better.get("low"), f"{worse.get('name')} and {better.get('name')}"
        if high is None or low is None:
            yield document.problem(loc, f"between {names} a cut is missing")
        elif isinstance(high, int) and isinstance(low, int) and high + 1 != low:
            overlap = high >= low
            yield document.problem(
                loc, f"{names} overlap at {low}" if overlap else f"no band holds {high + 1}, between {names}"
            )
    limits = document.data.get("limits")
    for i, end, beyond in ((0, "low", "below"), (-1, "high", "above")):
        cut = bands[i][1].get(end) if bands else None
        if cut is not None and cut != (limits.get(end) if isinstance(limits, dict) else None):
            yield document.problem(
                (*bands[i][0], end), f"no band holds a score {beyond} {cut}", f"limits: {end}: {cut}"
            )


def unknown_bands(document: Document, known: Known) -> Iterator[Problem]:
    """Yield each band that an outcome or a direct band names and the scheme has not."""
    names = [str(row.get("name")) for _, row in rows(document, "bands")]
    told = [((*loc, "band"), row.get("band")) for loc, row in rows(document, "direct_bands")]
    told += [((*loc, "bands", i), b) for loc, row in rows(document, "outcomes") for i, b in numbered(row.get("bands"))]
    for loc, band in told:
        if band is not None and band not in names:
            yield document.problem(loc, f"unknown band {band!r}", did_you_mean(str(band), names))


def outcome_faults(document: Document, known: Known) -> Iterator[Problem]:
    """Yield outcomes that follow from nothing, from two things at once, or that take a column's name."""
    for loc, row in rows(document, "outcomes"):
        name, listed = loc[-1], row.get("listed") is True
        if (row.get("bands") is not None) + (row.get("when") is not None) + listed != 1:
            yield document.problem(loc, "an outcome follows from `bands`, from `when` or from `listed`, one of them")
        if name in OWN_COLUMNS or (name == "listed" and not listed):
            yield document.problem(loc, f"{name!r} is a column of every scored frame", "give the outcome another name")
        if listed and not document.data.get("entries"):
            yield document.problem(loc, "nobody can be listed: the scheme has no entries")


def point_faults(document: Document, known: Known) -> Iterator[Problem]:
    """Yield points outside their range, ranges of what is known, and caps on the wrong side."""
    for loc, row in rows(document, "rules"):
        points, cap = row.get("points"), row.get("cap")
        bounds = [n for _, n in numbered(row.get("range")) if isinstance(n, int)]
        if bounds and row.get("mark") != "assumed":
            yield document.problem((*loc, "range"), "a range is for values that are assumed", "mark: assumed")
        if bounds and isinstance(points, int) and not bounds[0] <= points <= bounds[-1]:
            yield document.problem((*loc, "points"), f"{points} is outside its range {bounds}")
        if isinstance(cap, int) and any(cap * n < 0 for n in [*bounds, points] if isinstance(n, int)):
            yield document.problem((*loc, "cap"), f"a cap of {cap} cannot bound points of the other sign")
    if document.data.get("rules") and document.data.get("base") is None:
        yield document.problem(("rules",), "rules give points, and there is no base to add them to")


def list_faults(document: Document, known: Known) -> Iterator[Problem]:
    """Yield lists that nobody can be put back from, and lists that are joined and unknown."""
    entries = list(rows(document, "entries"))
    if document.data.get("repairs") and not entries:
        yield document.problem(("repairs",), "nobody can be listed: the scheme has no entries")
    ends = bool(document.data.get("repairs"))
    for loc, row in entries:
        term = row.get("term")
        if isinstance(term, dict) and term.get("days") == "open" and not ends:
            yield document.problem((*loc, "term"), "an open term, and no repair that could end it", "declare repairs")


def context_faults(document: Document, known: Known) -> Iterator[Problem]:
    """Yield each context that the vocabulary does not have."""
    names = list(vocabulary().contexts)
    for loc, row in rows(document, "sanctions", "rewards"):
        name = row.get("context")
        if isinstance(name, str) and name not in names:
            yield document.problem((*loc, "context"), f"unknown context {name!r}", did_you_mean(name, names))


def family_faults(document: Document, known: Known) -> Iterator[Problem]:
    """Yield a family that does not say so in its title, and assumed points of a known scheme without a range."""
    title = document.data.get("title")
    named = title.get("en") if isinstance(title, dict) else None
    if document.data.get("family") is True and not str(named).endswith(FAMILY):
        yield document.problem(("title", "en"), f"the title of a family ends with {FAMILY!r}")
    law = document.data.get("law")
    ours = isinstance(law, dict) and law.get("mark") == "assumed"  # a contrast: its points are its definition
    for loc, row in [] if ours else list(rows(document, "rules")):
        if row.get("mark") == "assumed" and row.get("range") is None:
            yield document.problem(
                loc, "points that are assumed need the range they are assumed in", "range: [low, high]"
            )


CHECKS: tuple[Callable[[Document, Known], Iterator[Problem]], ...] = (
    unresolved_sources,
    bad_conditions,
    learned_faults,
    repeated_ids,
    band_cuts,
    unknown_bands,
    outcome_faults,
    point_faults,
    list_faults,
    context_faults,
    family_faults,
)
