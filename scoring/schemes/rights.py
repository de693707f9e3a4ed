"""Rights: what those who are scored are told, can have explained, and need not give away."""

from __future__ import annotations

from collections.abc import Iterator

from scoring.schemes import conditions
from scoring.schemes.inputs import inputs, is_blacklist
from scoring.schemes.laws import UNKNOWN, LawText
from scoring.schemes.scheme import Scheme
from scoring.schemes.verdicts import APPLIED, CENTRAL, Told, of_scheme

PRICES = {"heating", "utilities_price", "parking", "urban_transit", "loans"}  # rewards that change a price
CHILD = 14  # years


def told_before(scheme: Scheme, law: LawText) -> Iterator[Told]:
    """Say whether those who are to be listed are told first."""
    if not is_blacklist(scheme):
        return
    notice = scheme.text.notice
    if notice is None:
        yield of_scheme(scheme, "unknown", "the rulebook does not say whether anybody is told")
    else:
        yield of_scheme(scheme, "allowed" if notice.kind == "before" else "not allowed", notice.text)


def told_at_all(scheme: Scheme, law: LawText) -> Iterator[Told]:
    """Say whether those who are scored or listed are told."""
    notice = scheme.text.notice
    if scheme.text.law.rank == "contract terms":
        return
    if notice is not None:
        yield of_scheme(scheme, "allowed" if notice.kind in ("before", "after") else "not allowed", notice.text)
    elif scheme.text.enrolment.kind == "consent":
        yield of_scheme(scheme, "allowed", "who consents is told")
    else:
        yield of_scheme(scheme, "unknown", "the rulebook does not say whether anybody is told")


def of_protected(scheme: Scheme, law: LawText) -> Iterator[Told]:
    """Name the rules that move points, or list, by a protected attribute; at the gate it may be a matter of place."""
    for one in inputs(scheme):
        for record in one.records:
            if record in law.protected:
                why = "a protected attribute, and no conduct; its relation to the purpose is not stated"
                yield Told(one.about, one.id, "no basis found", why, record)
    for name, gate in (("eligibility", scheme.eligible), ("enrolment", scheme.enrolled)):
        for column in conditions.columns(gate) if gate else ():
            if column in law.protected and column != "age":
                yield Told(
                    name, name, "unknown", "decides who is scored; whether the purpose needs it is not said", column
                )


def automated(scheme: Scheme, law: LawText) -> Iterator[Told]:
    """Say whether a score can be explained, and which rewards are prices."""
    if scheme.base is None:
        return
    if scheme.opaque or scheme.text.learned is not None:
        yield of_scheme(scheme, "not allowed", "nobody can work a score out from the rules")
    elif scheme.text.family:
        yield of_scheme(scheme, "unknown", "no published weights were found, so nobody can work a score out")
    else:
        yield of_scheme(scheme, "allowed", "an additive table that is written out")
    yield of_scheme(scheme, "unknown", "whether a human being can be asked to decide is not said")
    for one in scheme.text.rewards:
        if one.context in PRICES:
            yield Told(
                "reward", one.context, "unknown", "a price by score; whether the difference is reasonable is not said"
            )


def published(scheme: Scheme, law: LawText) -> Iterator[Told]:
    """Say whether names are published without consent."""
    for one in scheme.text.sanctions:
        if one.context == "publication":
            high = scheme.text.law.rank in CENTRAL | APPLIED
            why = "without separate consent" + ("; whether a law orders it is not in the rulebook" if high else "")
            yield Told("sanction", one.context, "unknown" if high else "no basis found", why)


def sensitive(scheme: Scheme, law: LawText) -> Iterator[Told]:
    """Name the records of a sensitive kind, and say whether children can be scored."""
    consent = scheme.text.enrolment.kind == "consent"
    for one in inputs(scheme):
        for record in one.records:
            item = law.kind_of(record)
            if item.startswith(UNKNOWN):
                yield Told(one.about, one.id, "unknown", item.removeprefix(UNKNOWN), record)
            elif item:
                why = f"{law.items[item]}: " + (
                    "whether consent was separate is not said" if consent else "nobody is asked"
                )
                yield Told(one.about, one.id, "unknown" if consent else "no basis found", why, record)
    youngest = least(scheme.eligible, "age") if scheme.eligible else None
    if youngest is None or youngest < CHILD:
        yield Told("eligibility", "eligibility", "unknown", "the rulebook names no age above fourteen")


def least(node: conditions.Node, column: str) -> int | None:
    """Return the least value of a column that a conjunction lets through; none where it states no such bound.

    >>> least(conditions.parse("sex == male and age >= 18"), "age")
    18
    """
    if node.kind == "join" and node.value == "and":
        bounds = [b for part in node.parts if (b := least(part, column)) is not None]
        return max(bounds, default=None)
    if node.kind != "compare" or node.parts[0] != conditions.Node("column", column):
        return None
    return int(node.parts[1].value) if node.value == ">=" and node.parts[1].kind == "number" else None
