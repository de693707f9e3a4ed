"""Grounds: what a record, a list and a whole scheme rest on."""

from __future__ import annotations

from collections.abc import Iterator

from scoring.schemes.inputs import Input, inputs, is_blacklist, omitted_records
from scoring.schemes.laws import NONE, UNKNOWN, LawText
from scoring.schemes.scheme import Scheme
from scoring.schemes.verdicts import APPLIED, CENTRAL, LOCAL, STATUTE, Told, of_scheme


def in_catalogue(scheme: Scheme, law: LawText) -> Iterator[Told]:
    """Say of each record that a scheme uses whether the catalogue has a kind for it."""
    for one in [*inputs(scheme), *omitted_records(scheme, law)]:
        for record in one.records:
            item = law.kind_of(record) or f"{UNKNOWN}this record was not put under a kind"
            if item == NONE and scheme.text.law.rank == "local regulation":
                item = f"{UNKNOWN}none of its kinds; a local regulation can add one"
            yield under(
                one, record, item, law, "no basis in the catalogue: none of its kinds, as far as they were read"
            )


def on_document(scheme: Scheme, law: LawText) -> Iterator[Told]:
    """Say of each record that counts against a subject whether it is a document that has legal force."""
    for one in inputs(scheme):
        for record in one.records if one.against else ():
            item = law.kind_of(record) or f"{UNKNOWN}what this record rests on was not read"
            yield under(one, record, item, law, "rests on no judgment, award, decision or document that a text names")


def under(one: Input, record: str, item: str, law: LawText, none: str) -> Told:
    """Say what follows from the kind that a record stands under."""
    if item == NONE:
        return Told(one.about, one.id, "no basis found", none, record)
    if item.startswith(UNKNOWN):
        return Told(one.about, one.id, "unknown", item.removeprefix(UNKNOWN), record)
    return Told(one.about, one.id, "allowed", f"under: {law.items[item]}", record)


def field_of_list(scheme: Scheme, law: LawText) -> Iterator[Told]:
    """Say whether the text that a list rests on may set up its field."""
    rank = scheme.text.law.rank
    if not is_blacklist(scheme):
        return
    if rank in CENTRAL | {"local regulation"}:
        yield of_scheme(scheme, "allowed", f"rests on: {rank}")
    elif rank in APPLIED | {"unknown"}:
        yield of_scheme(scheme, "unknown", f"rests on: {rank}; the law or policy behind it is not in the rulebook")
    else:
        yield of_scheme(scheme, "not allowed", f"without the basis that it asks for; rests on: {rank}")


def criteria_of_list(scheme: Scheme, law: LawText) -> Iterator[Told]:
    """Say whether the text that states who is listed nationally is high enough."""
    rank = scheme.text.law.rank
    if not is_blacklist(scheme) or rank in LOCAL:
        return
    if rank in CENTRAL | {"departmental rule"}:
        yield of_scheme(scheme, "allowed", f"rests on: {rank}")
    elif rank in {"judicial interpretation", "unknown"}:
        yield of_scheme(scheme, "unknown", f"rests on: {rank}, which the item does not name")
    else:
        yield of_scheme(scheme, "not allowed", f"without the basis that it asks for; rests on: {rank}")


def local_list(scheme: Scheme, law: LawText) -> Iterator[Told]:
    """Say whether the text that states who is listed in one place is a local regulation."""
    rank = scheme.text.law.rank
    if is_blacklist(scheme) and rank in LOCAL:
        good = rank == "local regulation"
        why = f"rests on: {rank}" if good else f"without the basis that it asks for; rests on: {rank}"
        yield of_scheme(scheme, "allowed" if good else "not allowed", why)


def consented(scheme: Scheme, law: LawText) -> Iterator[Told]:
    """Say whether people are scored by consent, or by a duty that a high text gives."""
    rank, kind = scheme.text.law.rank, scheme.text.enrolment.kind
    if kind == "consent":
        yield of_scheme(scheme, "allowed", f"by consent: {scheme.text.enrolment.text}")
    elif kind == "login":
        yield of_scheme(scheme, "unknown", "a login shows a score; whether it is consent to be scored is not said")
    elif rank in STATUTE:
        yield of_scheme(scheme, "allowed", f"a statutory duty; rests on: {rank}")
    elif rank in CENTRAL | APPLIED | {"unknown"}:
        yield of_scheme(
            scheme, "unknown", f"nobody is asked; rests on: {rank}; the duty behind it is not in the rulebook"
        )
    else:
        yield of_scheme(scheme, "no basis found", f"nobody is asked, and no statutory duty is named; rests on: {rank}")


def within_powers(scheme: Scheme, law: LawText) -> Iterator[Told]:
    """Say whether a public scheme acts within powers that law or administrative regulation gives."""
    rank = scheme.text.law.rank
    if rank in ("contract terms", "none"):
        return
    if rank in STATUTE:
        yield of_scheme(scheme, "allowed", f"rests on: {rank}")
    elif rank in CENTRAL | APPLIED | {"unknown"}:
        yield of_scheme(scheme, "unknown", f"rests on: {rank}; the statutory power behind it is not in the rulebook")
    else:
        yield of_scheme(
            scheme, "no basis found", f"rests on: {rank}; no power by law or administrative regulation is named"
        )
