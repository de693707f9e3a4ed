"""Blocks: what stands under a heading of a letter, the same for a page and for plain text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Row:
    """One line of a list or of an account: what, in small on what it rests, and how much."""

    label: str
    basis: str = ""
    amount: str = ""
    rule: bool = False  # a line is drawn above it


@dataclass(frozen=True)
class Block:
    """A paragraph, a list with the sentence before it, or an account."""

    kind: Literal["text", "items", "ledger"]
    text: str = ""
    rows: Sequence[Row] = ()


def text(sentence: str) -> Block:
    """Return a paragraph."""
    return Block("text", sentence)


def items(sentence: str, rows: Sequence[Row]) -> Block:
    """Return a list, with the sentence that leads to it."""
    return Block("items", sentence, tuple(rows))
