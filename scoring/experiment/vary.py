"""Vary: what an experiment may choose otherwise, and what is wrong with such a choice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from scoring import schemes
from scoring.documents import Document, Loc, Problem, did_you_mean
from scoring.measures import REFERENCES, TAUS
from scoring.measures.multiverse import ERRORS, KNOWN, READINGS

SCHEMES, REFERENCE, TAU, READING = "schemes", "reference", "tau", "unscored"
HEADS = f"{SCHEMES}.NAME.PATH, {REFERENCE}.GROUP, {TAU} or {READING}"
Claims = Sequence[tuple[str, str, str]]


def faults(
    config: Any, document: Document, loaded: Mapping[str, Any], claims: Claims, levels: Mapping[str, Sequence[str]]
) -> Iterator[Problem]:
    """Yield each choice that matches nothing, or that nothing declared before the run would read."""
    if config.vary and not any(measure in KNOWN for measure, _, _ in claims):
        hint = f"primary: a comparison by {', '.join(KNOWN[:2])} or another of rates"
        yield document.problem(("vary",), "nothing primary is declared that a universe could be asked", hint)
    for path, values in config.vary.items():
        loc: Loc = ("vary", path)
        head, *rest = path.split(".")
        if len({str(value) for value in values}) < len(values):
            yield document.problem(loc, f"a choice of {path} is given twice")
        if head == SCHEMES and len(rest) > 1:
            yield from of_scheme(config, document, loc, rest, values, loaded)
        elif head == REFERENCE and rest:
            yield from of_reference(document, loc, rest[0], values, claims, levels)
        elif path == TAU:
            yield from each(document, loc, values, TAUS, "a threshold of simulated harm that is counted")
            if not any(measure in ERRORS for measure, _, _ in claims):
                yield document.problem(loc, "no primary comparison reads tau", "declare one of errors")
        elif path == READING:
            yield from each(document, loc, values, READINGS, "a reading of the unscored")
        else:
            near = did_you_mean(head, [SCHEMES, REFERENCE, TAU, READING])
            yield document.problem(loc, f"{path} matches nothing that can be varied", near or HEADS)


def each(document: Document, loc: Loc, values: Sequence[Any], known: Sequence[Any], what: str) -> Iterator[Problem]:
    """Yield each value that is not known."""
    for i, value in enumerate(values):
        if value not in known:
            hint = did_you_mean(str(value), map(str, known)) or f"known: {', '.join(map(str, known))}"
            yield document.problem((*loc, i), f"{value!r} is not {what}", hint)


def of_scheme(
    config: Any, document: Document, loc: Loc, rest: Sequence[str], values: Sequence[Any], loaded: Mapping[str, Any]
) -> Iterator[Problem]:
    """Yield why a value of a scheme cannot be varied."""
    name, *path = rest
    if name not in config.designs:
        hint = did_you_mean(name, config.designs) or f"known: {', '.join(config.designs)}"
        yield document.problem(loc, f"no design {name!r} in this run", hint)
        return
    scheme = loaded.get(name)
    if scheme is None:
        return
    if isinstance(scheme, schemes.Learnable):
        yield document.problem(loc, f"{name} is fitted: a choice would need another fit", "vary a rulebook")
        return
    joining = [other for other, one in loaded.items() if one is not None and name in schemes.joined(one)]
    if joining:
        yield document.problem(loc, f"{name} is taken over by {joining[0]}, which would not follow", "vary that one")
    if scheme.text.entries and config.people.years > 1:
        yield document.problem(loc, f"{name} carries on from year to year: it is varied in one year only", "years: 1")
    yield from schemes.choice_faults(document, loc, scheme.text, tuple(path), values)


def of_reference(
    document: Document,
    loc: Loc,
    group_by: str,
    values: Sequence[Any],
    claims: Claims,
    levels: Mapping[str, Sequence[str]],
) -> Iterator[Problem]:
    """Yield why a reference cannot be varied."""
    known = list(dict.fromkeys(name for _, _, name in claims))
    if group_by not in known:
        hint = did_you_mean(group_by, known) or f"known: {', '.join(known)}"
        yield document.problem(loc, f"no primary comparison is by {group_by}", hint)
    elif levels.keys() >= set(group_by.split("*")):
        groups = ["*".join(parts) for parts in product(*(levels[a] for a in group_by.split("*")))]
        yield from each(document, loc, values, [*groups, *REFERENCES], f"a level of {group_by}")
