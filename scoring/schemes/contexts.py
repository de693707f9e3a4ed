"""Contexts: what a verdict closes or opens, and whether the records behind it are of the same field of law.

The matrix of record sources against the contexts in which they are used shows how far a record travels: a pair that is
not related joins a breach in one field to a loss, or a gain, in another.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from scoring.documents import read
from scoring.schemes import conditions
from scoring.schemes.bibliography import REFERENCE
from scoring.schemes.text import Mark

if TYPE_CHECKING:
    from scoring.schemes.scheme import Scheme


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Domain(Part):
    label: str


class ContextText(Part):
    """One context: its field, and the other fields whose records have to do with it."""

    label: str
    domain: str
    related: list[str] = []


class Contexts(Part):
    """The vocabulary of contexts, and the field of every record type."""

    domains: dict[str, Domain]
    contexts: dict[str, ContextText]
    records: dict[str, str]


@dataclass(frozen=True)
class Use:
    """One record type used in one context by one scheme."""

    scheme: str
    record: str
    context: str
    effect: str  # closes, opens
    related: bool | None  # none where the field of the record is not known
    mark: Mark


@cache
def vocabulary() -> Contexts:
    """Return the contexts that ship. Raises Refused where the file is wrong."""
    return read(REFERENCE / "contexts.yaml").validated(Contexts)


def matrix(scheme: Scheme) -> Iterator[Use]:
    """Yield every record type of a scheme in every context that the scheme closes or opens."""
    known = vocabulary()
    adverse, favourable = by_sign(scheme)
    for effect, contexts, records in (
        ("closes", scheme.text.sanctions, adverse),
        ("opens", scheme.text.rewards, favourable),
    ):
        for one in contexts:
            about = known.contexts[one.context]
            for record in records:
                domain = known.records.get(record)
                related = domain in (about.domain, *about.related) if domain else None
                yield Use(scheme.name, record, one.context, effect, related, one.mark)


def closes(scheme: Scheme) -> dict[str, object] | None:
    """Return the outcome of being listed, and how many related and unrelated contexts it closes; None without any."""
    outcome = next((o.name for o in scheme.outcomes.values() if o.listed and o.polarity == "adverse"), None)
    if outcome is None or not scheme.text.sanctions:
        return None
    related = {use.context for use in matrix(scheme) if use.effect == "closes" and use.related}
    all_of = {one.context for one in scheme.text.sanctions}
    return {"outcome": outcome, "related": len(related), "unrelated": len(all_of - related)}


def by_sign(scheme: Scheme) -> tuple[list[str], list[str]]:
    """Return the record types that count against a subject, and those that count for it; a list counts as a record."""
    adverse: dict[str, None] = {}
    favourable: dict[str, None] = {}
    read = [
        (rule.reads, rule.points < 0 if rule.points is not None else not scheme.text.redlist) for rule in scheme.rules
    ]
    read += [(conditions.columns(node), True) for _, node, _ in scheme.direct_bands]
    for columns, against in read:
        for column in columns:
            if column.startswith(("n_", "amt_")):
                (adverse if against else favourable)[column.split("_", 1)[1]] = None
    return list(adverse), list(favourable)
