"""Verdicts: what a check may say of a part of a scheme, and the ranks that the checks tell apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scoring.schemes.scheme import Scheme

Verdict = Literal["not allowed", "no basis found", "unknown", "allowed"]
VERDICTS: tuple[Verdict, ...] = ("not allowed", "no basis found", "unknown", "allowed")

STATUTE = {"law", "administrative regulation"}
CENTRAL = STATUTE | {"central policy", "party and state council opinion"}
APPLIED = {"judicial interpretation", "departmental rule"}  # may apply a law that the rulebook does not name
LOCAL = {
    "local regulation",
    "local government rule",
    "provincial government document",
    "city government document",
    "county government document",
    "city programme",
    "village rule",
}


@dataclass(frozen=True)
class Told:
    """What one check says of one part of a scheme."""

    about: str  # rule, entry, direct band, feature, sanction, reward, outcome, scheme
    id: str
    verdict: Verdict
    why: str
    record: str = ""


def of_scheme(scheme: Scheme, verdict: Verdict, why: str) -> Told:
    """Say something of a scheme as a whole."""
    return Told("scheme", scheme.name, verdict, why)
