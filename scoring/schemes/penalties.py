"""Penalties: what a scheme takes away, from what it follows, how far it reaches, and the way back."""

from __future__ import annotations

from collections.abc import Iterator

from scoring.schemes.contexts import matrix
from scoring.schemes.inputs import inputs, is_blacklist, losses
from scoring.schemes.laws import LawText
from scoring.schemes.scheme import Scheme
from scoring.schemes.verdicts import APPLIED, CENTRAL, Told, of_scheme

# Which contexts are run by private bodies, and which are basic public services, is our reading.
PRIVATE = {"loans", "bond_issue", "vehicle_rental"}
SERVICES = {"urban_transit", "school_enrolment", "welfare", "utilities_price", "heating"}
DISPLAY = 3 * 365  # days


def measures(scheme: Scheme, law: LawText) -> Iterator[Told]:
    """Say of each sanction and adverse outcome whether it follows from a concrete act, and on what rank it rests."""
    rank = scheme.text.law.rank
    low = f", and rests on: {rank}" if rank not in CENTRAL | APPLIED | {"local regulation", "unknown"} else ""
    for about, name, by_score in losses(scheme):
        if by_score and scheme.subject != "person":
            yield Told(about, name, "unknown", "whether supervision by grade is a punishment was not read")
        elif by_score:
            yield Told(about, name, "not allowed", f"follows from a band, and not from a concrete act{low}")
        elif low:
            yield Told(about, name, "not allowed", f"without the basis that it asks for{low.removeprefix(', and')}")
        elif rank in CENTRAL | {"local regulation"}:
            yield Told(about, name, "allowed", f"follows from a listed act; rests on: {rank}")
        else:
            yield Told(about, name, "unknown", f"rests on: {rank}; the law or policy it quotes is not in the rulebook")
    yield from names_only(scheme)


def score_punishes(scheme: Scheme, law: LawText) -> Iterator[Told]:
    """Say of each sanction and adverse outcome of a score that it punishes; else that nothing adverse is stated."""
    if not scheme.bands:
        return
    found = [Told(about, name, "not allowed", "follows from a band") for about, name, score in losses(scheme) if score]
    found += names_only(scheme)
    yield from found or [of_scheme(scheme, "allowed", "the rulebook states nothing adverse that follows from a band")]


def score_closes_services(scheme: Scheme, law: LawText) -> Iterator[Told]:
    """Say of each sanction of a score whether it closes a basic public service or a legal right."""
    for about, name, by_score in losses(scheme):
        if by_score and about == "sanction":
            basic = name in SERVICES
            why = (
                "a low band closes a public service" if basic else "whether it is a basic service or right is not said"
            )
            yield Told(about, name, "not allowed" if basic else "unknown", why)


def names_only(scheme: Scheme) -> Iterator[Told]:
    """Name the adverse outcomes that are the band's own name."""
    for name, outcome in scheme.text.outcomes.items():
        if outcome.named_only:
            yield Told("outcome", name, "unknown", "a name, and no loss that a source states")


def of_the_field(scheme: Scheme, law: LawText) -> Iterator[Told]:
    """Say of each sanction which records of another field lead to it."""
    pairs = [use for use in matrix(scheme) if use.effect == "closes"]
    for context in dict.fromkeys(use.context for use in pairs):
        mine = [use for use in pairs if use.context == context]
        apart = [use.record for use in mine if use.related is False]
        strange = [use.record for use in mine if use.related is None]
        if apart and scheme.text.law.rank in CENTRAL | APPLIED:
            why = f"a text of this rank joins it to records of another field: {', '.join(apart)}"
            yield Told("sanction", context, "unknown", why)
        elif apart:
            why = f"of another field: {', '.join(apart)}; derived by scholars, no express article"
            yield Told("sanction", context, "no basis found", why)
        elif strange:
            yield Told("sanction", context, "unknown", f"the field of {', '.join(strange)} is not known")
        else:
            yield Told("sanction", context, "allowed", "of the field of its records")


def made_to_punish(scheme: Scheme, law: LawText) -> Iterator[Told]:
    """Name the sanctions that private bodies carry out."""
    for one in scheme.text.sanctions:
        if one.context in PRIVATE:
            yield Told("sanction", one.context, "unknown", "whether private bodies are made to, or may, is not said")


def at_discretion(scheme: Scheme, law: LawText) -> Iterator[Told]:
    """Say of each rule that an official applies at discretion whether a high text gives it."""
    high = scheme.text.law.rank in CENTRAL | APPLIED
    for one in inputs(scheme):
        if one.discretionary and one.against is not False:
            why = (
                "discretion that a text of this rank gives"
                if high
                else "at large: no text of rank fixes when or how much"
            )
            yield Told(one.about, one.id, "unknown" if high else "no basis found", why)


def way_back(scheme: Scheme, law: LawText) -> Iterator[Told]:
    """Say whether the rulebook states a way back for those who correct a breach."""
    if not (losses(scheme) or is_blacklist(scheme) or any(one.against for one in inputs(scheme))):
        return
    stated = scheme.text.repair
    if scheme.text.repairs:
        yield of_scheme(scheme, "allowed", f"repairs: {', '.join(r.label for r in scheme.text.repairs)}")
    elif stated.lower().startswith("none"):
        yield of_scheme(scheme, "not allowed", f"no way back: {stated}")
    elif stated.lower().startswith("unknown"):
        yield of_scheme(scheme, "unknown", "no way back is stated, and whether there is one was not read")
    else:
        yield of_scheme(scheme, "allowed", f"states: {stated}")


def display_term(scheme: Scheme, law: LawText) -> Iterator[Told]:
    """Say of each entry whether it lasts longer than what is shown may."""
    for entry in scheme.text.entries if is_blacklist(scheme) else ():
        if entry.term is None:
            yield Told("entry", entry.id, "unknown", "no term was read")
        elif entry.term.days == "open":
            yield Told("entry", entry.id, "unknown", "an open term; for who has not corrected, sector rules decide")
        else:
            short = entry.term.days <= DISPLAY
            yield Told("entry", entry.id, "allowed" if short else "not allowed", f"{entry.term.days} days")
