"""The recipe: what is known or assumed of a population, each number with its mark and source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Mark = Literal["documented", "reported", "recalled", "assumed"]
Probability = Annotated[float, Field(ge=0, le=1)]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Cited(Part):
    """A number or a table, with where it comes from."""

    mark: Mark
    source: str


class Source(Part):
    title: str
    where: str = ""


class Margin(Cited):
    """Shares that the attribute must have in the whole population; each key may name levels joined by `|`."""

    shares: dict[str, Probability]


class Attribute(Cited):
    """A conditional table: shares of the levels, by cell of the given attributes.

    A cell is written `level|level & level`, one part a given attribute, `*` for any; the first that fits holds.
    `odds` multiplies the odds of levels where a given attribute has a level; `margin` then rakes the whole to known
    shares.
    """

    levels: list[str] = Field(min_length=2)
    given: list[str] = []
    shares: dict[str, list[Annotated[float, Field(ge=0)]]]
    odds: dict[str, dict[str, dict[str, Annotated[float, Field(gt=0)]]]] = {}
    margin: Margin | None = None
    label: str = ""


class Derived(Part):
    """A coarser attribute: each new level names the levels of another that it holds."""

    derived_from: str = Field(alias="from")
    levels: dict[str, list[str]]
    label: str = ""


class Latent(Part):
    """Latent conduct: a standard normal residual, what it shares with another, and what resources add to it."""

    shares_with: dict[str, float] = {}
    resources: dict[str, dict[str, float]] = {}
    mark: Mark
    source: str


class Stage(Part):
    """One link of the recording chain: a probability, and odds multipliers by group."""

    p: Probability
    by: dict[str, dict[str, Multiplier]] = {}
    mark: Mark = "assumed"
    source: str = "A"


class Multiplier(Part):
    """An odds multiplier with the range over which it is swept."""

    value: float = Field(gt=0)
    range: tuple[float, float]


class Law(Part):
    """The share of events that the law in force forbids; `alternatives` are other laws one can declare."""

    forbidden: Probability = 1.0
    by: dict[str, dict[str, Probability]] = {}
    alternatives: dict[str, Probability] = {}
    mark: Mark = "assumed"
    source: str = "A"


class Record(Cited):
    """A record type: what happens to whom how often, and what becomes of it on its way into a file."""

    label: str
    polarity: Literal["adverse", "favourable"]
    agency: str
    harm: int = Field(default=0, ge=0)
    penalty: Literal["fine", "court_enforcement", "detention", "none"] = "none"
    at_risk: dict[str, Annotated[list[str], Field(min_length=1)]] = {}
    rate: float = Field(gt=0, description="records a year per person at risk, after the whole chain")
    most: int = Field(default=4, ge=1, le=64)
    conduct: dict[str, float] = {}
    law: Law = Law()
    detect: Stage = Stage(p=1)
    enforce: Stage = Stage(p=1)
    share: Stage | None = None
    link: Stage | None = None
    amounts: dict[int, Probability] = {}


class World(Part):
    """A declared assumption set: the part of each group's detection multiplier that is conduct instead, and the law.

    `law` names, for a record type, the declared alternative in force in this world; what happens stays the same.
    """

    gap_in_conduct: Probability
    law: dict[str, str] = {}
    label: str


class Recipe(Part):
    """A population: attributes, latent conduct, record types, worlds."""

    recipe: str
    title: str
    version: int
    protected: list[str]
    sources: dict[str, Source]
    worlds: dict[str, World] = Field(min_length=1)
    attributes: dict[str, Attribute]
    derived: dict[str, Derived] = {}
    years_of_age: dict[str, tuple[int, int]] = {}
    latent: dict[str, Latent]
    chain: dict[Literal["share", "link"], Stage]
    records: dict[str, Record]

    @property
    def name(self) -> str:
        return self.recipe

    def stage(self, record: str, stage: str) -> Stage:
        """Return a link of a record's chain, or the one that all records share."""
        own: Stage | None = getattr(self.records[record], stage)
        return own or self.chain[stage]  # type: ignore[index]

    def levels(self) -> dict[str, tuple[str, ...]]:
        """Return the levels of every attribute, drawn and derived."""
        drawn = {name: tuple(a.levels) for name, a in self.attributes.items()}
        return drawn | {name: tuple(d.levels) for name, d in self.derived.items()}


def cell(key: str, given: list[str], levels: Mapping[str, tuple[str, ...]]) -> list[list[str]]:
    """Return the levels that each part of a cell names."""
    parts = [part.strip() for part in key.split("&")] if given else []
    return [
        list(levels[g]) if p == "*" else [w.strip() for w in p.split("|")] for p, g in zip(parts, given, strict=False)
    ]


Stage.model_rebuild()
Record.model_rebuild()
Recipe.model_rebuild()
