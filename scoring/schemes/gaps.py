"""Gaps: schemes that are known by name and are no rulebook here, with what is known of each and why that is too little.

A scheme that is named and left out belongs to what a catalogue says, as much as one that is encoded from ranges.
"""

from __future__ import annotations

from functools import cache
from textwrap import fill

from pydantic import BaseModel, ConfigDict, Field

from scoring.documents import Document, Problem, Refused, did_you_mean, read
from scoring.schemes.bibliography import REFERENCE, shared
from scoring.schemes.text import Cited, Id, Title


class Gap(Cited):
    """One scheme that is not encoded."""

    title: Title
    place: str
    known: str = Field(min_length=1)
    why: str = Field(min_length=1)  # what is missing that a score or a list would need

    def told(self, name: str) -> str:
        """Return the gap as text of at most 100 columns."""
        head = f"{name}: {self.title.en} {self.title.zh}".rstrip() + f", {self.place} [{self.mark}: {self.source}]"
        parts = (head, f"known: {self.known}", f"not encoded: {self.why}")
        return "\n".join(fill(part, 98, subsequent_indent="  ", initial_indent="  " * (part != head)) for part in parts)


class Gaps(BaseModel):
    """The file of schemes that are not encoded."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    gaps: dict[Id, Gap]


@cache
def gaps() -> dict[str, Gap]:
    """Return the schemes that are not encoded, by id. Raises Refused where the file is wrong."""
    return gaps_of(read(REFERENCE / "not_encodable.yaml"))


def gaps_of(document: Document) -> dict[str, Gap]:
    """Return the gaps that a document states. Raises Refused with every source that the bibliography has not."""
    found = document.validated(Gaps).gaps
    problems = [
        Problem(
            *document.place(("gaps", name, "source")),
            f"$.gaps.{name}.source",
            f"unknown source {gap.source!r}",
            did_you_mean(gap.source, shared()),
        )
        for name, gap in found.items()
        if gap.source not in shared()
    ]
    if problems:
        raise Refused(problems)
    return found
