"""Telling a scheme: the text that a person reads on a terminal, from what is shown of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Shown = dict[str, Any]


def told(described: Shown) -> str:
    """Return a described scheme as text: each rule with its points, its article and its mark."""
    found = [(title, lines(described)) for title, lines in PARTS]
    return "\n\n".join("\n".join([*([title] if title else []), *lines]) for title, lines in found if lines)


def head(described: Shown) -> list[str]:
    """Return what the scheme is, on which law it rests and whom it reaches."""
    law, force = described["law"], described["in_force"]
    lines = [
        f"{described['title']} {described['title_zh']}".strip(),
        f"{described['instrument']} · {described['subject']} · {years(force.get('from'), force.get('to'))}",
        f"{law['title']} ({law['rank']}) [{law['mark']}: {law['source']}]",
    ]
    for title, part in (("enrolment", "enrolment"), ("eligible", "eligibility")):
        lines.append(f"{title}: {described[part]['text']} [{described[part]['mark']}: {described[part]['source']}]")
    return lines


def years(first: str | None, last: str | None) -> str:
    """Return the years in force; what is still in force ends open, and a word stands for itself.

    >>> years("2016", "2021"), years("2018", None), years("always", None)
    ('2016–2021', '2018–', 'always')
    """
    if first and not last and not any(map(str.isdigit, first)):
        return first
    return f"{first or '?'}–{last or ''}"


def bands(described: Shown) -> list[str]:
    """Return the base and the bands, best first, and what puts a person straight into one."""
    if not described["bands"]:
        return []
    lines = [f"base {described['base']}; bands, best first:"]
    for band in reversed(described["bands"]):
        scores = "by no score" if band["direct"] else f"{band.get('low', '…')!s:>5} to {band.get('high', '…')!s:<5}"
        lines.append(f"  {band['name']:<8} {scores} {band['label']} [{band['mark']}]")
    return lines + [
        f"  at most {d['band']}: {d['label']} — {d['because']} [{d['mark']}]" for d in described["direct_bands"]
    ]


def rules(described: Shown) -> list[str]:
    """Return each rule, or each way onto a list, with its term."""
    return [
        f"  {points_of(r):>14}  {r['label']} — {r['because']} [{r['mark']}: {r['source']}]{term_of(r)}"
        f"{'; no population has such a record' if r['unmodelled'] else ''}"
        for r in described["rules"]
    ]


def term_of(rule: Shown) -> str:
    """Return how long a listing by a rule lasts; nothing for points."""
    if rule["points"] is not None:
        return ""
    term = rule["term"]
    if term is None:
        return "; for the year alone"
    lasts = "until repaired" if term["days"] == "open" else f"{term['days']} days"
    return f"; {lasts}{': ' + term['text'] if term['text'] else ''} [{term['mark']}: {term['source']}]"


def contexts(part: str) -> Callable[[Shown], list[str]]:
    """Return what tells the contexts that a scheme closes, or those that it opens."""

    def lines(described: Shown) -> list[str]:
        return [
            f"  {c['context']}: {c['label']}{'; ' + c['text'] if c['text'] else ''} [{c['mark']}: {c['source']}]"
            for c in described[part]
        ]

    return lines


def outcomes(described: Shown) -> list[str]:
    """Return what follows for a person."""
    return [
        f"  {name}: {o['label']} ({o['polarity']}) [{o['mark']}: {o['source']}]"
        for name, o in described["outcomes"].items()
    ]


def repairs(described: Shown) -> list[str]:
    """Return how a record is lived down and each way off a list before its term."""
    lines = [] if described["repair"] == "unknown" else [f"  {described['repair']}"]
    for way in described["repairs"]:
        after = f", after {way['after']} days" if way["after"] else ""
        lines.append(f"  {way['label']}{after} — {way['because']} [{way['mark']}: {way['source']}]")
    return lines


def omitted(described: Shown) -> list[str]:
    """Return what a source names and the scheme leaves out."""
    return [f"  {o['id']}: {o['why']} [{o['source']}]" for o in described["omitted"]]


def notes(described: Shown) -> list[str]:
    """Return what else a reader should know."""
    return [f"  {note}" for note in described["notes"]]


def sources(described: Shown) -> list[str]:
    """Return every source that is cited: what it is, where it is, of what kind."""
    found = described["sources"].items()
    return [
        f"  {key}: {s['title']} — {s['where']} ({s['kind']}{', ' + s['date'] if s['date'] else ''})" for key, s in found
    ]


def points_of(rule: Shown) -> str:
    """Return a rule's points as a person reads them."""
    if rule["points"] is None:
        return "listed"
    shown = f"{rule['range'][0]:+d}…{rule['range'][1]:+d}" if rule["range"] else f"{rule['points']:+d}"
    shown += " each" if rule["per"] else ""
    return shown if rule["cap"] is None else f"{shown}, at most {rule['cap']:+d}"


PARTS: tuple[tuple[str, Callable[[Shown], list[str]]], ...] = (
    ("", head),
    ("", bands),
    ("", rules),
    ("outcomes:", outcomes),
    ("closes, or makes harder:", contexts("sanctions")),
    ("opens, or makes easier:", contexts("rewards")),
    ("repair:", repairs),
    ("named by a source and not encoded:", omitted),
    ("notes:", notes),
    ("sources:", sources),
)
