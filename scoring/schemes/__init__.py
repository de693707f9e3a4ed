"""A scheme is a function from records to outcomes.

It sees no simulated truth, draws no random number, and declares what it reads. Who is scored is unknown here.
"""

from __future__ import annotations

from pathlib import Path

from scoring.schemes import coding, exits, joint, recourse
from scoring.schemes.cases import Cases
from scoring.schemes.choices import choice_faults, chosen
from scoring.schemes.contexts import closes, matrix
from scoring.schemes.family import Family
from scoring.schemes.gaps import gaps
from scoring.schemes.learned import Learnable
from scoring.schemes.reading import made, problems_in, text_of
from scoring.schemes.repeated import Repeated, Verdicts
from scoring.schemes.scheme import Band, Outcome, Rule, Scheme
from scoring.schemes.showing import central, describe, joined, live_rules, protected_reads, summary
from scoring.schemes.telling import listed, told
from scoring.schemes.text import SchemeText

__all__ = [
    "Band",
    "Cases",
    "Family",
    "Learnable",
    "Outcome",
    "Repeated",
    "Rule",
    "Scheme",
    "SchemeText",
    "Verdicts",
    "central",
    "choice_faults",
    "chosen",
    "closes",
    "coding",
    "describe",
    "exits",
    "gaps",
    "joined",
    "joint",
    "listed",
    "live_rules",
    "load",
    "matrix",
    "problems_in",
    "protected_reads",
    "recourse",
    "summary",
    "told",
]


def load(path: str | Path) -> Scheme | Family | Learnable:
    """Read a scheme from its YAML. Raises Refused with every problem found."""
    text = text_of(path)
    if text.learned:
        return Learnable(text)
    return Family(text) if text.family else made(text)
