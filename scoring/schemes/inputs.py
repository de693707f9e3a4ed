"""Inputs and losses: which records each part of a scheme goes by, and what a scheme takes away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scoring.schemes import conditions
from scoring.schemes.laws import LawText
from scoring.schemes.scheme import Scheme
from scoring.schemes.text import LISTED


@dataclass(frozen=True)
class Input:
    """A part of a scheme that goes by records or attributes; `against` is none where its sign is not known."""

    about: str  # rule, entry, direct band, feature, omitted
    id: str
    records: tuple[str, ...]
    against: bool | None
    discretionary: bool = False


def inputs(scheme: Scheme) -> list[Input]:
    """Return every part of a scheme that goes by records, modelled or not."""
    found = []
    for rule in scheme.rules:
        against = rule.points < 0 if rule.points is not None else not scheme.text.redlist
        about = "rule" if rule.points is not None else "entry"
        found.append(Input(about, rule.id, records(rule.reads, against) or (rule.id,), against, rule.discretionary))
    for name, node, _ in scheme.direct_bands:
        found.append(Input("direct band", name, records(conditions.columns(node), True), True))
    return [*found, *(Input("feature", name, records([name], None), None) for name in scheme.features)]


def records(columns: Sequence[str], against: bool | None) -> tuple[str, ...]:
    """Return the record types and attributes behind columns, once each.

    >>> records(["n_petitioning", "amt_volunteering", "lot__draw", "hukou_place", "listed__rail"], True)
    ('petitioning', 'volunteering', 'hukou_place', 'listed')
    """
    found = []
    for column in columns:
        if column.startswith(LISTED):
            found.append("listed" if against else "redlisted")
        elif not column.startswith("lot__"):
            found.append(column.removeprefix("n_").removeprefix("amt_"))
    return tuple(dict.fromkeys(found))


def omitted_records(scheme: Scheme, law: LawText) -> Iterator[Input]:
    """Yield what a source names and the rulebook does not encode, where the law has a kind, or none, for it."""
    for one in scheme.text.omitted:
        if law.kind_of(one.id):
            yield Input("omitted", one.id, (one.id,), None)


def is_blacklist(scheme: Scheme) -> bool:
    """Tell whether a scheme lists subjects against their interest."""
    return bool(scheme.text.entries) and not scheme.text.redlist


def losses(scheme: Scheme) -> list[tuple[str, str, bool]]:
    """Return each sanction and adverse outcome, and whether a band leads to it; the listing itself is none."""
    by_band = bool(scheme.bands) and not scheme.text.entries
    found = [("sanction", one.context, by_band) for one in scheme.text.sanctions]
    for name, outcome in scheme.text.outcomes.items():
        if outcome.polarity == "adverse" and not (outcome.listed or outcome.named_only):
            found.append(("outcome", name, outcome.bands is not None))
    return found
