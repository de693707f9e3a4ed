"""Laws: the texts that a scheme is held against, and whether each was in force while the scheme was.

Dates are as exact as the source: a year, a month or a day. Where that is too coarse to tell, the answer is `unclear`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import Field

from scoring.documents import read
from scoring.schemes.bibliography import REFERENCE
from scoring.schemes.text import Cited, Id, Mark, Part, Rank, SubjectKind, Title

NONE = "none found"
UNKNOWN = "unknown: "
DATE = re.compile(r"\d{4}(-\d{2}){0,2}")
RecordName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(_\*)?$")]
Standing = Literal["in force", "not in force then", "no longer in force", "unclear"]
Right = Literal["objection", "explanation", "repair"]


class Provision(Cited):
    """One thing that a law asks, in its own words where they were read, and what the check of this id looks at."""

    id: Id
    article: str
    title: str
    quote: str = ""
    quote_en: str
    asks: str
    right: Right | None = None  # what a person may ask for under it, where it gives her something to ask for


class Reading(Part):
    """How it is known under which kind a record stands."""

    mark: Mark
    source: str


class LawText(Cited):
    """One text: its rank and dates, whom it is about, its provisions, and its kinds of record."""

    title: Title
    short: str
    rank: Rank
    in_force: str
    until: str = ""
    subjects: tuple[SubjectKind, ...] = ("person", "firm", "government_body")
    private: bool = False  # it binds private bodies too
    note: str = ""
    protected: tuple[str, ...] = ()  # attributes that it is held to protect
    reading: Reading | None = None
    like: str = ""  # a law whose items and records hold where this one states none
    items: dict[Id, str] = Field(default_factory=dict)
    # By record or attribute: an item, `none found`, or `unknown: why`.
    # A name that ends in `_*` stands for every name that begins so and has no entry of its own.
    records: dict[RecordName, str] = Field(default_factory=dict)
    provisions: list[Provision]

    def kind_of(self, record: str) -> str:
        """Return what a record was put under; empty where it was put under nothing."""
        if record in self.records:
            return self.records[record]
        begun = [name for name in self.records if name.endswith("_*") and record.startswith(name[:-1])]
        return self.records[max(begun, key=len)] if begun else ""


class Laws(Part):
    """The file of laws."""

    laws: dict[str, LawText]


@cache
def shipped() -> dict[str, LawText]:
    """Return the laws that ship, by key, each with what it takes over from another. Raises Refused."""
    found = read(REFERENCE / "laws.yaml").validated(Laws).laws
    return {key: taking_over(law, found[law.like]) if law.like else law for key, law in found.items()}


def taking_over(law: LawText, other: LawText) -> LawText:
    """Return a law with the items and records of another where it states none of its own."""
    return law.model_copy(update={"items": other.items | law.items, "records": other.records | law.records})


def standing(force: Mapping[Any, str], law: LawText) -> Standing:
    """Return whether a law was in force while a scheme was; a scheme without a stated end still is.

    >>> pipl = shipped()["pipl"]
    >>> [standing({"from": "2010", "to": end}, pipl) for end in ("2014", "2021", "2022")]
    ['not in force then', 'unclear', 'in force']
    """
    begins, ends = force.get("from", ""), force.get("to", "")
    if begins == "never":
        return "in force"  # a contrast that never was: held against the law as it stands
    if (ends and not DATE.fullmatch(ends)) or not (DATE.fullmatch(begins) or begins == "always"):
        return "unclear"
    if ends and last(ends) < first(law.in_force):
        return "not in force then"
    if ends and first(ends) < last(law.in_force):
        return "unclear"
    if law.until and begins != "always" and last(begins) > first(law.until):
        return "no longer in force" if first(begins) > last(law.until) else "unclear"
    return "in force"


def first(date: str) -> str:
    """Return the first day that a date may mean.

    >>> first("2021"), last("2021")
    ('2021-01-01', '2021-12-31')
    """
    return date + "-01-01"[len(date) - 4 :]


def last(date: str) -> str:
    """Return the last day that a date may mean, every month counted as 31 days."""
    return date + "-12-31"[len(date) - 4 :]
