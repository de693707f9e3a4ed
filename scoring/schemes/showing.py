"""Showing a scheme: what a person or a page reads of it, as plain data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from scoring.schemes.bibliography import cited
from scoring.schemes.contexts import vocabulary
from scoring.schemes.family import Family
from scoring.schemes.learned import Learnable
from scoring.schemes.scheme import Rule, Scheme
from scoring.schemes.text import LISTED, Context, Entry, RuleText

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


def live_rules(scheme: Scheme | Family | Learnable, columns: Iterable[str]) -> list[str]:
    """Return the rules that a population with these columns can fire."""
    known = set(columns)
    return [rule.id for rule in central(scheme).rules if not rule.unmodelled and known.issuperset(rule.reads)]


def summary(loaded: Scheme | Family | Learnable) -> dict[str, Any]:
    """Return one line about a scheme, for a list; the documented share of no rules is null."""
    scheme = central(loaded)
    documented = sum(rule.mark == "documented" for rule in scheme.rules)
    return {
        "title": scheme.title,
        "subject": scheme.subject,
        "instrument": scheme.instrument,
        "from": scheme.text.in_force.get("from"),
        "to": scheme.text.in_force.get("to"),
        "enrolment": scheme.text.enrolment.kind,
        "family": scheme.text.family,
        "rules": len(scheme.rules),
        "documented": documented,
        "documented_share": round(documented / len(scheme.rules), 4) if scheme.rules else None,
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
        "redlist": text.redlist,
        "opaque": scheme.opaque or text.learned is not None,
        "law": text.law.model_dump(),
        "in_force": dict(text.in_force),
        "enrolment": text.enrolment.model_dump(exclude_none=True),
        "eligibility": text.eligibility.model_dump(exclude_none=True),
        "base": scheme.base,
        "limits": dict(text.limits),
        "bands": [b.model_dump(exclude_none=True) for b in text.bands],
        "direct_bands": [d.model_dump() for d in text.direct_bands],
        "rules": [shown(rule, row) for rule, row in zip(scheme.rules, written, strict=True)],
        "parameters": {n: p.model_dump(mode="json") for n, p in text.parameters.items()},
        "outcomes": {n: o.model_dump(exclude_none=True) for n, o in text.outcomes.items()},
        "sanctions": [labelled(c) for c in text.sanctions],
        "rewards": [labelled(c) for c in text.rewards],
        "repair": text.repair,
        "repairs": [r.model_dump(exclude_none=True) for r in text.repairs],
        "omitted": [o.model_dump() for o in text.omitted],
        "notes": list(text.notes),
        "sources": {key: s.model_dump() for key, s in cited(text).items()},
    }


def shown(rule: Rule, row: RuleText | Entry) -> dict[str, Any]:
    """Return what a page shows of one rule, or of one way onto a list."""
    term = row.term if isinstance(row, Entry) else None
    return {
        "id": rule.id,
        "label": rule.label,
        "points": rule.points,
        "range": list(row.range) if isinstance(row, RuleText) and row.range else None,
        "per": rule.per,
        "cap": rule.cap,
        "when": rule.text,
        "term": term.model_dump() if term else None,
        "because": rule.because,
        "mark": rule.mark,
        "source": rule.source,
        "actionable": rule.actionable,
        "discretionary": rule.discretionary,
        "unmodelled": rule.unmodelled,
    }


def labelled(context: Context) -> dict[str, Any]:
    """Return a context that a scheme closes or opens, with the label of the vocabulary."""
    return context.model_dump() | {"label": vocabulary().contexts[context.context].label}
