"""Reading a scheme: from its YAML to something that scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from scoring.documents import Problem, Refused, read
from scoring.schemes import conditions
from scoring.schemes.conditions import Node
from scoring.schemes.faults import Known, faults
from scoring.schemes.lists import OPEN, YEAR
from scoring.schemes.scheme import Band, Outcome, Repair, Rule, Scheme
from scoring.schemes.text import Entry, RuleText, SchemeText


def text_of(path: str | Path, known: Known | None = None) -> SchemeText:
    """Read a scheme's text. Raises Refused with every problem found, in the order of its lines."""
    document = read(path)
    problems = list(faults(document, known or Known()))
    try:
        text = document.validated(SchemeText)
    except Refused as refusal:
        problems += refusal.problems
    if problems:
        raise Refused(sorted(dict.fromkeys(problems), key=lambda problem: problem.line))
    return text


def problems_in(
    path: str | Path,
    columns: Iterable[str] | None = None,
    levels: Mapping[str, Sequence[str]] | None = None,
    lists: Iterable[str] | None = None,
) -> list[Problem]:
    """Return every problem of a scheme file, in the order of its lines.

    `columns` are those a population has, `levels` the words of its attributes, `lists` the schemes that can be joined;
    what is not given is not checked.
    """
    known = (None if names is None else frozenset(names) for names in (columns, lists))
    try:
        text_of(path, Known(next(known), levels or {}, next(known)))
    except Refused as refusal:
        return list(refusal.problems)
    return []


def made(
    text: SchemeText,
    numbers: Mapping[str, int] | None = None,
    points: Mapping[str, int] | None = None,
    base: int | None = None,
) -> Scheme:
    """Make a text ready to score, with parameters and points other than the written ones where given."""
    known = {name: p.default for name, p in text.parameters.items()} | dict(numbers or {})

    def whole(found: str) -> Node:
        return conditions.filled(conditions.parse(found), known)

    def tree(found: str | None) -> Node | None:
        return whole(found) if found else None

    written: list[RuleText | Entry] = [*text.rules, *text.entries]

    return Scheme(
        text=text,
        base=base if base is not None else (text.base.points if text.base else None),
        rules=tuple(rule_of(row, tree(row.when), (points or {}).get(row.id)) for row in written),
        bands=tuple(Band(b.name, b.label, b.low, b.high, b.direct) for b in text.bands),
        direct_bands=tuple((d.id, whole(d.when), d.band) for d in text.direct_bands),
        outcomes={
            name: Outcome(name, o.label, o.polarity, o.mark, o.source, tuple(o.bands or ()), tree(o.when), o.listed)
            for name, o in text.outcomes.items()
        },
        eligible=tree(text.eligibility.when),
        enrolled=tree(text.enrolment.when),
        repairs=tuple(Repair(r.id, tree(r.when), r.after) for r in text.repairs),
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
        days_of(row) if isinstance(row, Entry) else None,
    )


def days_of(entry: Entry) -> int:
    """Return how long a listing lasts; where the term is unknown, the year of the entry alone."""
    if entry.term is None:
        return YEAR
    return OPEN if entry.term.days == "open" else entry.term.days
