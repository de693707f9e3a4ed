"""Coding: the tag of each rule as its rulebook has it, beside that of a second coder who saw the label alone."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal

from scoring.documents import read
from scoring.schemes.bibliography import REFERENCE
from scoring.schemes.text import Part

if TYPE_CHECKING:
    from scoring.schemes.scheme import Scheme

Tag = Literal["now", "waiting", "immutable", "others"]


class Coding(Part):
    """The second coder's tags, by the label of the rule."""

    coding: dict[str, Tag]


@cache
def second() -> dict[str, Tag]:
    """Return the second coder's tags."""
    return read(REFERENCE / "coding.yaml").validated(Coding).coding


def coded(scheme: Scheme) -> list[tuple[str, str]]:
    """Return both tags of each rule of a scheme that both coders tagged, the rulebook's first."""
    pairs = ((rule.actionable, second().get(rule.label)) for rule in scheme.scored_rules)
    return [(first, other) for first, other in pairs if other is not None]
