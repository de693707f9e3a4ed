"""The bibliography: every source that the catalogue cites, by key, once for all its rulebooks.

A rulebook of one's own may bring sources of its own; their keys come first.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from scoring.documents import read
from scoring.schemes.text import SchemeText, SourceText

REFERENCE = Path(__file__).parent / "reference"


class Bibliography(BaseModel):
    """The file of sources."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sources: dict[str, SourceText]


@cache
def shared() -> dict[str, SourceText]:
    """Return the sources that the catalogue shares. Raises Refused where the file is wrong."""
    return read(REFERENCE / "bibliography.yaml").validated(Bibliography).sources


def resolved(text: SchemeText, key: str) -> SourceText:
    """Return the source that a key of a rulebook stands for."""
    return text.sources.get(key) or shared()[key]


def cited(text: SchemeText) -> dict[str, SourceText]:
    """Return every source that a rulebook cites, in the order in which it first does."""
    keys: list[str] = []

    def walk(part: object) -> None:
        if isinstance(part, dict):
            if isinstance(part.get("source"), str):
                keys.append(part["source"])
            for child in part.values():
                walk(child)
        elif isinstance(part, list):
            for child in part:
                walk(child)

    walk({key: value for key, value in text.plain().items() if key != "sources"})
    return {key: resolved(text, key) for key in dict.fromkeys(keys)}
