"""Showing a scheme: what a person or a page reads of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from scoring.schemes.family import Family
from scoring.schemes.learned import Learnable
from scoring.schemes.scheme import Scheme
from scoring.schemes.text import LISTED, Entry, RuleText

MARKS = ("documented", "reported", "recalled", "assumed")


def central(loaded: Scheme | Family | Learnable) -> Scheme:
    """Return the scheme that stands for what was loaded."""
    return loaded if isinstance(loaded, Scheme) else loaded.central()


def protected_reads(scheme: Scheme | Family | Learnable, protected: Iterable[str]) -> list[str]:
    """Return the protected attributes that a scheme reads, eligibility and enrolment included."""
    return [c for c in central(scheme).reads if c in set(protected)]


def joined(loaded: Scheme | Family | Learnable) -> list[str]:
    """Return the lists whose members a scheme takes over."""
    return [column.removeprefix(LISTED) for column in central(loaded).reads if column.startswith(LISTED)]


def summary(loaded: Scheme | Family | Learnable) -> dict[str, Any]:
    """Return one line about a scheme, for a list."""
    scheme = central(loaded)
    documented = sum(rule.mark == "documented" for rule in scheme.rules)
    return {
        "title": scheme.title,
        "instrument": scheme.instrument,
        "subject": scheme.subject,
        "in_force": f"{scheme.text.in_force.get('from', '?')}–{scheme.text.in_force.get('to', '')}",
        "enrolment": scheme.text.enrolment.kind,
        "rules": len(scheme.rules),
        "documented": f"{documented} of {len(scheme.rules)}" if scheme.rules else "–",
    }


def describe(loaded: Scheme | Family | Learnable) -> dict[str, Any]:
    """Return everything that a page shows of a scheme."""
    scheme = central(loaded)
    text = scheme.text
    written: list[RuleText | Entry] = [*text.rules, *text.entries]
    return {
        "name": scheme.name,
        "title": scheme.title,
        "title_zh": text.title.zh,
        "instrument": scheme.instrument,
        "subject": scheme.subject,
        "family": text.family,
        "opaque": scheme.opaque or text.learned is not None,
        "law": text.law.model_dump(),
        "in_force": dict(text.in_force),
        "enrolment": text.enrolment.model_dump(exclude_none=True),
        "eligibility": text.eligibility.model_dump(exclude_none=True),
        "base": scheme.base,
        "bands": [b.model_dump(exclude_none=True) for b in text.bands],
        "direct_bands": [d.model_dump() for d in text.direct_bands],
        "rules": [
            {
                "id": rule.id,
                "label": rule.label,
                "points": rule.points,
                "range": list(row.range) if isinstance(row, RuleText) and row.range else None,
                "per": rule.per,
                "cap": rule.cap,
                "when": rule.text,
                "because": rule.because,
                "mark": rule.mark,
                "source": rule.source,
                "actionable": rule.actionable,
                "discretionary": rule.discretionary,
                "unmodelled": rule.unmodelled,
            }
            for rule, row in zip(scheme.rules, written, strict=True)
        ],
        "outcomes": {n: o.model_dump(exclude_none=True) for n, o in text.outcomes.items()},
        "sanctions": [c.model_dump() for c in text.sanctions],
        "rewards": [c.model_dump() for c in text.rewards],
        "repair": text.repair,
        "omitted": [o.model_dump() for o in text.omitted],
        "notes": list(text.notes),
        "sources": {key: s.model_dump() for key, s in text.sources.items()},
    }


def told(described: dict[str, Any]) -> str:
    """Return a described scheme as text: each rule with its points, its article and its mark."""
    law, force = described["law"], described["in_force"]
    lines = [
        f"{described['title']} {described['title_zh']}".strip(),
        f"{described['instrument']} · {described['subject']} · {force.get('from', '?')}–{force.get('to', '')}",
        f"{law['title']} ({law['rank']}) [{law['mark']}]",
        f"enrolment: {described['enrolment']['text']} [{described['enrolment']['mark']}]",
        f"eligible: {described['eligibility']['text']} [{described['eligibility']['mark']}]",
        "",
    ]
    if described["bands"]:
        lines += [f"base {described['base']}; bands, best first:"]
        lines += [
            f"  {b['name']:<8} {b.get('low', '…')!s:>5} to {b.get('high', '…')!s:<5} {b['label']} [{b['mark']}]"
            for b in reversed(described["bands"])
        ]
        lines += [
            f"  at most {d['band']}: {d['label']} — {d['because']} [{d['mark']}]" for d in described["direct_bands"]
        ]
        lines += [""]
    lines += [
        f"  {points_of(r):>14}  {r['label']} — {r['because']} [{r['mark']}: {r['source']}]" for r in described["rules"]
    ]
    lines += ["", "outcomes:"]
    lines += [f"  {name}: {o['label']} ({o['polarity']}) [{o['mark']}]" for name, o in described["outcomes"].items()]
    if described["omitted"]:
        lines += ["", "named by a source and not encoded:"]
        lines += [f"  {o['id']}: {o['why']} [{o['source']}]" for o in described["omitted"]]
    return "\n".join(lines)


def points_of(rule: dict[str, Any]) -> str:
    """Return a rule's points as a person reads them."""
    if rule["points"] is None:
        return "listed"
    shown = f"{rule['range'][0]:+d}…{rule['range'][1]:+d}" if rule["range"] else f"{rule['points']:+d}"
    shown += " each" if rule["per"] else ""
    return shown if rule["cap"] is None else f"{shown}, at most {rule['cap']:+d}"
