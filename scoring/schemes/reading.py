"""Reading a scheme: from its YAML to something that scores, with every problem of the file told at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from scoring.documents import Document, Loc, Problem, Refused, did_you_mean, read
from scoring.schemes import conditions
from scoring.schemes.conditions import BadCondition, Node
from scoring.schemes.scheme import Band, Outcome, Rule, Scheme
from scoring.schemes.text import Entry, RuleText, SchemeText


def text_of(path: str | Path) -> tuple[SchemeText, Document]:
    """Read a scheme's text. Raises Refused with every problem found."""
    document = read(path)
    try:
        text = document.validated(SchemeText)
    except Refused as refusal:
        # What does not need the whole text to be right is still told in the same breath.
        raise Refused(in_order([*refusal.problems, *raw_faults(document)])) from None
    problems = list(faults(text, document))
    if problems:
        raise Refused(in_order(problems))
    return text, document


def problems_in(path: str | Path, columns: Iterable[str] | None = None) -> list[Problem]:
    """Return every problem of a scheme file, in the order of its lines; `columns` are those a population has."""
    try:
        text, document = text_of(path)
    except Refused as refusal:
        return list(refusal.problems)
    return in_order(unknown_columns(text, document, columns)) if columns is not None else []


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Sort problems by line, each told once."""
    return sorted(dict.fromkeys(problems), key=lambda p: p.line)


def raw_faults(document: Document) -> Iterator[Problem]:
    """Yield the faults of conditions, ids and sources that can be seen in text of the wrong form."""
    data = document.data if isinstance(document.data, dict) else {}
    sources = data.get("sources") if isinstance(data.get("sources"), dict) else {}
    for key in ("rules", "entries", "direct_bands"):
        rows = data.get(key) if isinstance(data.get(key), list) else []
        seen: set[str] = set()
        for i, row in enumerate(rows):
            if not isinstance(row, dict):
                continue
            yield from condition_faults(row.get("when"), (key, i, "when"), document)
            yield from source_faults(row.get("source"), sources, (key, i, "source"), document)
            if row.get("id") in seen:
                yield document.problem((key, i, "id"), f"the id {row['id']!r} stands twice")
            seen.add(str(row.get("id")))


def faults(text: SchemeText, document: Document) -> Iterator[Problem]:
    """Yield what is wrong in a text that has the right form."""
    yield from raw_faults(document)
    for key in ("eligibility", "enrolment", "law"):
        part = getattr(text, key)
        yield from source_faults(part.source, text.sources, (key, "source"), document)
        yield from condition_faults(getattr(part, "when", None), (key, "when"), document)
    ids = Counter(row.id for row in [*text.rules, *text.entries])
    for name in (name for name, times in ids.items() if times > 1):
        if not any(r.id == name for r in text.rules[1:]):
            yield document.problem(("entries",), f"the id {name!r} stands twice")
    yield from band_faults(text, document)
    bands = [band.name for band in text.bands]
    for i, direct in enumerate(text.direct_bands):
        if direct.band not in bands:
            yield document.problem(
                ("direct_bands", i, "band"), f"unknown band {direct.band!r}", did_you_mean(direct.band, bands)
            )
    for name, outcome in text.outcomes.items():
        here: Loc = ("outcomes", name)
        yield from source_faults(outcome.source, text.sources, (*here, "source"), document)
        yield from condition_faults(outcome.when, (*here, "when"), document)
        for j, band in enumerate(outcome.bands or []):
            if band not in bands:
                yield document.problem((*here, "bands", j), f"unknown band {band!r}", did_you_mean(band, bands))
        if (outcome.bands is not None) + (outcome.when is not None) + outcome.listed != 1:
            yield document.problem(here, "an outcome follows from `bands`, from `when` or from `listed`, one of them")
    for i, rule in enumerate(text.rules):
        if rule.range and rule.mark != "assumed":
            yield document.problem(("rules", i, "range"), "a range is for values that are assumed", "mark: assumed")
        if rule.range and not rule.range[0] <= rule.points <= rule.range[1]:
            yield document.problem(("rules", i, "points"), f"{rule.points} is outside its range {list(rule.range)}")


def condition_faults(text: object, loc: Loc, document: Document) -> Iterator[Problem]:
    """Yield what is wrong with one condition."""
    if isinstance(text, str):
        try:
            conditions.parse(text)
        except BadCondition as error:
            yield document.problem(loc, str(error))


def source_faults(source: object, sources: Iterable[str], loc: Loc, document: Document) -> Iterator[Problem]:
    """Yield a source that the scheme's own list does not have."""
    if isinstance(source, str) and source not in sources:
        yield document.problem(loc, f"unknown source {source!r}", did_you_mean(source, sources))


def band_faults(text: SchemeText, document: Document) -> Iterator[Problem]:
    """Yield bands that overlap, leave a gap, or are open in the middle."""
    for i, (worse, better) in enumerate(zip(text.bands, text.bands[1:], strict=False)):
        loc: Loc = ("bands", i + 1)
        if worse.high is None or better.low is None:
            yield document.problem(loc, f"between {worse.name} and {better.name} a cut is missing")
        elif worse.high >= better.low:
            yield document.problem(loc, f"{worse.name} and {better.name} overlap at {better.low}")
        elif worse.high + 1 < better.low:
            yield document.problem(loc, f"no band holds {worse.high + 1}, between {worse.name} and {better.name}")


def unknown_columns(text: SchemeText, document: Document, columns: Iterable[str]) -> Iterator[Problem]:
    """Yield each column that a scheme reads and a population has not, unless its rule is marked unmodelled."""
    known = [c for c in columns if not c.startswith("hidden_")]

    def check(found: str | None, loc: Loc, condition: bool = True) -> Iterator[Problem]:
        if found is None:
            return
        for name in conditions.columns(conditions.parse(found)) if condition else [found]:
            if name not in known and name not in text.parameters:
                yield document.problem(loc, f"unknown field {name!r}", did_you_mean(name, known))

    for key in ("rules", "entries", "direct_bands"):
        for i, row in enumerate(getattr(text, key)):
            if not getattr(row, "unmodelled", False):
                yield from check(row.when, (key, i, "when"))
                yield from check(getattr(row, "per", None), (key, i, "per"), condition=False)
    for key in ("eligibility", "enrolment"):
        yield from check(getattr(text, key).when, (key, "when"))
    for name, outcome in text.outcomes.items():
        yield from check(outcome.when, ("outcomes", name, "when"))
    if text.learned:
        for i, feature in enumerate(text.learned.features):
            yield from check(feature, ("learned", "features", i), condition=False)
        yield from check(text.learned.target, ("learned", "target"))


def made(
    text: SchemeText,
    numbers: dict[str, int] | None = None,
    points: dict[str, int] | None = None,
    base: int | None = None,
) -> Scheme:
    """Make a text ready to score, with parameters and points other than the written ones where given."""
    numbers = {name: p.default for name, p in text.parameters.items()} | (numbers or {})

    def tree(found: str | None) -> Node | None:
        return conditions.filled(conditions.parse(found), numbers) if found else None

    return Scheme(
        text=text,
        base=base if base is not None else (text.base.points if text.base else None),
        rules=tuple(rule_of(row, tree(row.when), (points or {}).get(row.id)) for row in [*text.rules, *text.entries]),
        bands=tuple(Band(b.name, b.label, b.low, b.high) for b in text.bands),
        direct_bands=tuple((d.id, conditions.parse(d.when), d.band) for d in text.direct_bands),
        outcomes={
            name: Outcome(name, o.label, o.polarity, o.mark, o.source, tuple(o.bands or ()), tree(o.when), o.listed)
            for name, o in text.outcomes.items()
        },
        eligible=tree(text.eligibility.when),
        enrolled=tree(text.enrolment.when),
    )


def rule_of(row: RuleText | Entry, when: Node | None, drawn: int | None) -> Rule:
    """Return a rule ready to score."""
    points = row.points if isinstance(row, RuleText) else None
    return Rule(
        row.id,
        row.label,
        when,
        row.per if isinstance(row, RuleText) else None,
        drawn if drawn is not None else points,
        row.cap if isinstance(row, RuleText) else None,
        row.because,
        row.mark,
        row.source,
        row.actionable,
        row.discretionary,
        row.unmodelled,
        row.when or "",
    )
