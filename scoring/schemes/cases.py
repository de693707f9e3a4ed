"""Cases: worked examples beside a rulebook, each with what is given of a person and what must come out.

`harbour_2019.cases.yaml` stands beside `harbour_2019.yaml`. What a case does not give is the file's default, then zero.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import narwhals as nw
from pydantic import Field, StrictBool, StrictInt

from scoring.documents import Document, Loc, Problem, Refused, did_you_mean, read
from scoring.schemes import conditions
from scoring.schemes.scheme import Scheme
from scoring.schemes.text import Id, Part

SUFFIX = ".cases.yaml"
PRIOR = "prior__"  # what the year before passed on
Given = StrictInt | str | None
Levels = Mapping[str, Sequence[str]]


class Case(Part):
    """One worked example."""

    id: Id
    because: StrictInt | str = Field(description="the article and the sum, as one would work it by hand")
    given: dict[str, Given] = Field(description="columns that differ from the defaults; null is a fact nobody knows")
    expect: dict[str, StrictBool | StrictInt | str | None] = Field(
        min_length=1, description="score, band, listed, coverage, an outcome; null where the person is not scored"
    )


class Cases(Part):
    """The worked examples of one rulebook."""

    defaults: dict[str, Given] = Field(default={}, description="columns of every case; a number not given is 0")
    cases: list[Case] = Field(min_length=1)


def beside(path: str | Path) -> Path:
    """Return where the cases of a rulebook stand, or the rulebook of some cases.

    >>> beside("schemes/harbour_2019.yaml").name, beside("schemes/harbour_2019.cases.yaml").name
    ('harbour_2019.cases.yaml', 'harbour_2019.yaml')
    """
    path = Path(path)
    name = path.name
    return path.with_name(name.replace(SUFFIX, ".yaml") if name.endswith(SUFFIX) else f"{path.stem}{SUFFIX}")


def wrong(
    path: str | Path, scheme: Scheme, columns: Collection[str] | None = None, levels: Levels | None = None
) -> list[Problem]:
    """Return every case that is not well formed or does not come out as worked, each with its line.

    `columns` are those that a population has and `levels` the words of its attributes; what is not given is not
    checked. A learned scheme must be fitted.
    """
    try:
        document = read(path)
        cases = document.validated(Cases)
    except Refused as refused:
        return list(refused.problems)
    found = [*unknown(document, cases, scheme, columns), *wordless(document, cases, scheme, levels or {})]
    return found or list(unlike(document, cases, scheme, levels or {}))


def unknown(document: Document, cases: Cases, scheme: Scheme, columns: Collection[str] | None) -> Iterator[Problem]:
    """Yield each id that stands twice, each column that nobody has, and each result that a scheme does not give."""
    results = ["score", "band", "listed", "coverage", *scheme.outcomes, *(f"next__{part}" for part in scheme.state)]
    facts = [*scheme.reads, *(c for c in columns or () if not c.startswith("hidden_")), *carried(scheme)]
    seen: set[str] = set()
    for loc, given in places(cases):
        for name in given if columns is not None else ():
            if name not in facts:
                yield document.problem((*loc, name), f"unknown field {name!r}", did_you_mean(name, facts))
    for i, case in enumerate(cases.cases):
        for name in case.expect:
            if name not in results:
                hint = did_you_mean(name, results) or f"known: {', '.join(results)}"
                yield document.problem(("cases", i, "expect", name), f"{scheme.name} gives no {name!r}", hint)
        if case.id in seen:
            yield document.problem(("cases", i, "id"), f"the id {case.id!r} stands twice")
        seen.add(case.id)


def wordless(document: Document, cases: Cases, scheme: Scheme, levels: Levels) -> Iterator[Problem]:
    """Yield each word that is no level of its attribute, and each attribute of which some case says nothing."""
    kinds = words(scheme, cases, levels)
    for loc, given in places(cases):
        for name, value in given.items():
            if value is not None and name in scheme.reads and isinstance(value, str) != (name in kinds):
                kind = "a word" if name in kinds else "a number"
                yield document.problem((*loc, name), f"{name} is {kind}, got {value!r}")
            elif isinstance(value, str) and name in levels and value not in levels[name]:
                hint = did_you_mean(value, levels[name]) or f"one of {', '.join(levels[name])}"
                yield document.problem((*loc, name), f"{name} is never {value!r}", hint)
    for name in scheme.reads:
        if name in kinds and name not in cases.defaults and any(name not in case.given for case in cases.cases):
            hint = f"defaults: {{{name}: {levels[name][0]}}}" if name in levels else f"defaults: {{{name}: …}}"
            yield document.problem(
                ("defaults",), f"{scheme.name} reads {name!r}, a word, and not every case gives it", hint
            )


def unlike(document: Document, cases: Cases, scheme: Scheme, levels: Levels) -> Iterator[Problem]:
    """Yield each case that comes out otherwise than worked."""
    scored = nw.from_native(scheme.score(frame(cases, scheme, levels)), eager_only=True)
    for i, (case, found) in enumerate(zip(cases.cases, scored.iter_rows(named=True), strict=True)):
        told = [f"{name} {said(found[name])}, not {said(v)}" for name, v in case.expect.items() if found[name] != v]
        if told:
            yield document.problem(
                ("cases", i), f"case {case.id!r} comes out with {'; '.join(told)}", f"worked: {case.because}"
            )


def frame(cases: Cases, scheme: Scheme, levels: Levels) -> Any:
    """Return what the scheme reads of every case, one row a case."""
    kinds = words(scheme, cases, levels)
    state = [name for name in carried(scheme) if any(name in given for _, given in places(cases))]
    columns = {
        name: [{**cases.defaults, **case.given}.get(name, 0) for case in cases.cases]
        for name in [*scheme.reads, *state]
    }
    schema = {name: nw.String() if name in kinds else nw.Int32() for name in columns}
    rows = columns or {"case": [case.id for case in cases.cases]}  # a scheme may read nothing
    return nw.from_dict(rows, schema or None, backend="polars").to_native()


def places(cases: Cases) -> Iterator[tuple[Loc, dict[str, Given]]]:
    """Yield what is given, with its place: the defaults, then each case."""
    yield ("defaults",), cases.defaults
    for i, case in enumerate(cases.cases):
        yield ("cases", i, "given"), case.given


def carried(scheme: Scheme) -> list[str]:
    """Return the columns in which a scheme reads what the year before passed on."""
    return [f"{PRIOR}{part}" for part in scheme.state]


def words(scheme: Scheme, cases: Cases, levels: Levels) -> set[str]:
    """Return the columns that hold words: attributes of a population, what a condition compares with a text, and the
    features of a learned scheme that the cases give as words."""
    compared = [n for tree in scheme.trees for n in conditions.nodes(tree) if any(p.kind == "text" for p in n.parts)]
    told = {name for _, given in places(cases) for name, value in given.items() if isinstance(value, str)}
    return {*levels, *(name for n in compared for name in conditions.columns(n)), *told.intersection(scheme.features)}


def said(value: object) -> str:
    """Write a value as YAML does.

    >>> said(None), said(True), said(980)
    ('null', 'true', '980')
    """
    return json.dumps(value, ensure_ascii=False)
