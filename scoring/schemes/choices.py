"""Choices: a scheme as it would be, had one number or wording of its text been chosen otherwise.

A path names a value as the text holds it: keys by name, rows of a list by their `id` or `name`, such as
`rules.contract_breach.points` or `bands.AA.low`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from scoring.documents import Document, Loc, Problem, Refused, did_you_mean
from scoring.schemes.family import Family
from scoring.schemes.faults import Known, faults
from scoring.schemes.reading import made
from scoring.schemes.text import SchemeText

Path = tuple[str, ...]
DRAWN = {"rules": "points", "parameters": "default", "base": "points"}  # what a family draws from the range beside it


class NoSuchPart(KeyError):
    """A path matches nothing; `at` is the part that is not there, `known` what is."""

    def __init__(self, at: str, known: Iterable[str]):
        super().__init__(at)
        self.at, self.known = at, list(known)


def chosen(text: SchemeText, choices: Mapping[Path, Any]) -> Any:
    """Return the scheme, or the family, that a text stands for with some of its values chosen otherwise."""
    for path, value in choices.items():
        text = with_choice(text, path, value)
    return Family(text) if text.family else made(text)


def with_choice(text: SchemeText, path: Path, value: Any) -> SchemeText:
    """Return a text with one value changed. A cut between two bands moves for both. Raises NoSuchPart."""
    changed: SchemeText = _put(text, path, value)
    if path[0] == "bands" and path[-1] in ("low", "high") and value is not None:
        ladder = [band.name for band in changed.bands if not band.direct]
        beside = ladder.index(path[1]) + (1 if path[-1] == "high" else -1) if path[1] in ladder else -1
        if 0 <= beside < len(ladder):
            edge, other = ("low", value + 1) if path[-1] == "high" else ("high", value - 1)
            changed = _put(changed, ("bands", ladder[beside], edge), other)
    return changed


def _put(part: Any, path: Path, value: Any) -> Any:
    if not path:
        return value
    head, rest = path[0], path[1:]
    if isinstance(part, BaseModel):
        if head not in type(part).model_fields:
            raise NoSuchPart(head, type(part).model_fields)
        return part.model_copy(update={head: _put(getattr(part, head), rest, value)})
    if isinstance(part, dict):
        if head not in part:
            raise NoSuchPart(head, part)
        return {**part, head: _put(part[head], rest, value)}
    names = [getattr(row, "id", getattr(row, "name", None)) for row in part] if isinstance(part, list) else []
    if head not in names:
        raise NoSuchPart(head, [str(name) for name in names if name is not None])
    at = names.index(head)
    return [*part[:at], _put(part[at], rest, value), *part[at + 1 :]]


def value_at(text: SchemeText, path: Path) -> Any:
    """Return what a path names. Raises NoSuchPart."""
    found: list[Any] = []

    def keep(part: Any, left: Path) -> None:
        if not left:
            found.append(part)
            return
        _put(part, left[:1], None)  # raises where there is no such part
        rows = {getattr(r, "id", getattr(r, "name", None)): r for r in part} if isinstance(part, list) else {}
        keep(rows[left[0]] if rows else part[left[0]] if isinstance(part, dict) else getattr(part, left[0]), left[1:])

    keep(text, path)
    return found[0]


def choice_faults(
    document: Document, loc: Loc, text: SchemeText, path: Path, values: Sequence[Any], known: Known | None = None
) -> Iterator[Problem]:
    """Yield why a path cannot be varied, or a value cannot stand there; told at a place in an experiment."""
    known = known or Known()
    try:
        now = value_at(text, path)
    except NoSuchPart as missing:
        hint = did_you_mean(missing.at, missing.known) or f"known: {', '.join(missing.known[:12]) or 'nothing'}"
        yield document.problem(loc, f"nothing in {text.scheme} matches: no {missing.at!r}", hint)
        return
    if isinstance(now, BaseModel | dict) or (isinstance(now, list) and any(isinstance(p, BaseModel) for p in now)):
        yield document.problem(loc, f"{'.'.join(path)} of {text.scheme} is no single value", "name one of its values")
        return
    row = value_at(text, path[:-1]) if len(path) > 1 else text
    if getattr(row, "unmodelled", False):
        yield document.problem(loc, f"{path[-2]} of {text.scheme} never fires: no population has such a record")
        return
    if text.family and DRAWN.get(path[0]) == path[-1] and getattr(row, "range", None):
        yield document.problem(loc, f"{'.'.join(path)} of {text.scheme} is drawn from its range", "vary its range")
        return
    before = {problem.what for problem in faults(Document(text.scheme, text.plain(), {}), known)}
    for i, value in enumerate(values):
        otherwise = with_choice(text, path, value)
        plain = otherwise.model_dump(mode="json", exclude_defaults=True, by_alias=True, warnings=False)
        changed = Document(text.scheme, plain, {})
        problems = [p for p in faults(changed, known) if p.what not in before]
        try:
            changed.validated(SchemeText)
        except Refused as refusal:
            problems += refusal.problems
        empty = [b.name for b in otherwise.bands if b.low is not None and b.high is not None and b.low > b.high]
        if empty and not problems:
            problems = [document.problem(loc, f"band {empty[0]} would hold no score")]
        yield from (document.problem((*loc, i), f"{value!r} in {text.scheme}: {p.what}", p.hint) for p in problems[:1])
