"""Opinion: a judgement of a scheme as plain data, and as text grouped by verdict with article and quotation."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from unicodedata import east_asian_width

from scoring.schemes.laws import first
from scoring.schemes.legality import Finding, Judgement
from scoring.schemes.verdicts import VERDICTS

WIDTH = 100
HOLDS = {
    "in force": "in force",
    "not in force then": "not in force then; today it would be",
    "no longer in force": "no longer in force then; under it, it would be",
    "unclear": "whether it was in force then is unclear; if so, it would be",
}


def plain(judgement: Judgement) -> dict[str, Any]:
    """Return a judgement as plain data."""
    scheme, law = judgement.scheme, judgement.law
    return {
        "scheme": scheme.name,
        "scheme_in_force": dict(scheme.text.in_force),
        "scheme_rank": scheme.text.law.rank,
        "law": judgement.key,
        "law_title": law.title.model_dump(),
        "law_rank": law.rank,
        "law_in_force": law.in_force,
        "standing": judgement.standing,
        "outside": judgement.outside,
        "counts": counts(judgement.findings),
        "nothing_to_look_at": [p.id for p in judgement.silent],
        "not_checked": unchecked(judgement) if not judgement.outside else [],
        "findings": [row(finding) for finding in judgement.findings],
    }


def row(finding: Finding) -> dict[str, str]:
    """Return one finding as plain data."""
    told, provision = finding.told, finding.provision
    return {
        "about": told.about,
        "id": told.id,
        "record": told.record,
        "verdict": told.verdict,
        "why": told.why,
        "provision": provision.id,
        **provision.model_dump(exclude={"id"}),
    }


def counts(findings: Iterable[Finding]) -> dict[str, int]:
    """Return how many findings there are of each verdict."""
    told = [finding.told.verdict for finding in findings]
    return {verdict: told.count(verdict) for verdict in VERDICTS}


def told(judgement: Judgement) -> str:
    """Return a judgement as text, one line of quotation an article."""
    return "\n".join([*heading(judgement), *body(judgement), *closing(judgement)])


def all_told(judgements: Sequence[Judgement]) -> str:
    """Return judgements as text; where there are several, with a line each of how much was found."""
    texts = [told(judgement) for judgement in judgements]
    return "\n\n\n".join([*texts, *(["\n".join(summary(judgements))] if len(texts) > 1 else [])])


def summary(judgements: Sequence[Judgement]) -> list[str]:
    """Return a line a judgement: how many findings there are of each verdict."""
    rows = [["scheme", "law", *VERDICTS, ""]]
    for one in judgements:
        numbers = ["–" if one.outside else str(n) for n in counts(one.findings).values()]
        rows.append([one.scheme.name, one.key, *numbers, "outside its scope" if one.outside else one.standing])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in rows]


def heading(judgement: Judgement) -> Iterator[str]:
    """Yield which scheme is held against which law, and whether that was in force."""
    scheme, law, force = judgement.scheme, judgement.law, judgement.scheme.text.in_force
    dates = f"{force.get('from', '?')}–{force.get('to', '')}"
    yield from wrapped(f"{scheme.name}: {scheme.title} ({scheme.text.law.rank}, {dates})", "")
    yield from wrapped(f"against {law.title.en} ({law.rank}, from {law.in_force})", "")
    yield cut(f"  {law.title.zh}")
    if judgement.outside:
        yield f"outside its scope: {judgement.outside}"
        return
    begun = force.get("from", "")
    later = judgement.standing == "in force" and begun[:1].isdigit() and first(begun) < first(law.in_force)
    endless = judgement.standing == "in force" and not force.get("to") and begun != "never"
    since = f", from {law.in_force} on" if later else ""
    yield HOLDS[judgement.standing] + since + (" (no end of the scheme is stated)" if endless else "") + ":"


def body(judgement: Judgement) -> Iterator[str]:
    """Yield the findings, by verdict and article."""
    for verdict in VERDICTS:
        found = [f for f in judgement.findings if f.told.verdict == verdict]
        if found:
            yield from ("", f"{verdict} ({len(found)})")
        for provision in judgement.law.provisions:
            mine = [f for f in found if f.provision.id == provision.id]
            if not mine:
                continue
            article = f"{judgement.law.short}, {provision.article}: {provision.title}"
            yield from wrapped(f"{article} [{provision.mark}: {provision.source}]", "  ")
            yield cut(f"  “{provision.quote or provision.quote_en}”")
            yield from (line for text in gathered(mine) for line in wrapped(text, "    "))


def gathered(findings: list[Finding]) -> list[str]:
    """Return the parts of a scheme of which the same is said as one text each."""
    groups: dict[tuple[str, str], list[str]] = {}
    for told in (f.told for f in findings):
        name = f"{told.id} ({told.record})" if told.record not in ("", told.id) else told.id
        groups.setdefault((told.about, told.why), []).append(name)
    return [f"{about} {', '.join(names)}: {why}" for (about, why), names in groups.items()]


def closing(judgement: Judgement) -> Iterator[str]:
    """Yield how many findings there are of each verdict, what had nothing to look at, and the note of the law."""
    if judgement.outside:
        return
    yield ""
    yield ", ".join(f"{n} {verdict}" for verdict, n in counts(judgement.findings).items())
    if judgement.silent:
        yield from wrapped("nothing to look at: " + "; ".join(p.title for p in judgement.silent), "")
    if unread := unchecked(judgement):
        yield from wrapped("named by a source and not encoded, so not checked: " + ", ".join(unread), "")
    if judgement.law.note:
        yield from wrapped(judgement.law.note, "")


def unchecked(judgement: Judgement) -> list[str]:
    """Return what a source names and the rulebook does not encode, as far as no check spoke of it."""
    spoken = {f.told.id for f in judgement.findings if f.told.about == "omitted"}
    return [one.id for one in judgement.scheme.text.omitted if one.id not in spoken]


def wrapped(text: str, indent: str) -> list[str]:
    """Return a text in lines of the page's width, later lines two further in."""
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ", break_on_hyphens=False)


def cut(text: str) -> str:
    """Return a text of one line, cut where the page ends; a Chinese character takes two columns.

    >>> cut("个" * 60)[-2:]
    '个…'
    """
    at = 0
    for i, letter in enumerate(text):
        at += 2 if east_asian_width(letter) in "WF" else 1
        if at >= WIDTH:
            return text[: i - 1] + "…"
    return text
