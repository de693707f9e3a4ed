"""The recipe: what is known or assumed of a population, each number with its mark and source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from scoring.documents import Document, Loc, Problem, Refused, did_you_mean, read

Mark = Literal["documented", "reported", "recalled", "assumed"]
Probability = Annotated[float, Field(ge=0, le=1)]
TOLERANCE = 1e-6


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
    at_risk: dict[str, list[str]] = {}
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
    """A declared assumption set: the part of each group's detection multiplier that is conduct instead."""

    gap_in_conduct: Probability
    label: str


class Recipe(Part):
    """A population: attributes, latent conduct, record types, worlds."""

    recipe: str
    title: str
    version: int
    protected: list[str]
    sources: dict[str, Source]
    worlds: dict[str, World]
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


def load(path: str | Path) -> Recipe:
    """Read a recipe. Raises Refused with every problem found."""
    document = read(path)
    recipe = document.validated(Recipe)
    problems = list(faults(recipe, document))
    if problems:
        raise Refused(problems)
    return recipe


def cell(key: str, given: list[str], levels: Mapping[str, tuple[str, ...]]) -> list[list[str]]:
    """Return the levels that each part of a cell names."""
    parts = [part.strip() for part in key.split("&")] if given else []
    return [
        list(levels[g]) if p == "*" else [w.strip() for w in p.split("|")] for p, g in zip(parts, given, strict=False)
    ]


def faults(recipe: Recipe, document: Document) -> Iterator[Problem]:
    """Yield what is wrong in a recipe that has the right form."""
    levels = recipe.levels()

    def check(name: str, known: Any, loc: Loc, what: str) -> Iterator[Problem]:
        if name not in known:
            yield document.problem(loc, f"unknown {what} {name!r}", did_you_mean(name, known))

    def check_by(table: Mapping[str, Mapping[str, Any]], loc: Loc) -> Iterator[Problem]:
        for name, row in table.items():
            yield from check(name, levels, (*loc, name), "attribute")
            for level in row if name in levels else []:
                yield from check(level, levels[name], (*loc, name, level), f"level of {name}")

    for i, name in enumerate(recipe.protected):
        yield from check(name, levels, ("protected", i), "attribute")
    for loc, source in cited(recipe):
        yield from check(source, recipe.sources, loc, "source")
    for name, attribute in recipe.attributes.items():
        yield from attribute_faults(name, attribute, levels, document)
        yield from check_by(attribute.odds, ("attributes", name, "odds"))
    yield from cycles(recipe, document)
    for name, derived in recipe.derived.items():
        yield from check(derived.derived_from, recipe.attributes, ("derived", name, "from"), "attribute")
    for name, latent in recipe.latent.items():
        yield from check_by(latent.resources, ("latent", name, "resources"))
        for other in latent.shares_with:
            yield from check(other, recipe.latent, ("latent", name, "shares_with", other), "latent conduct")
        for attribute_name in latent.resources:
            if attribute_name in recipe.protected:
                loc = ("latent", name, "resources", attribute_name)
                yield document.problem(
                    loc, f"protected attribute {attribute_name!r} may not move conduct", "declare a resource instead"
                )
    for name, record in recipe.records.items():
        here: Loc = ("records", name)
        yield from check_by({a: dict.fromkeys(ls) for a, ls in record.at_risk.items()}, (*here, "at_risk"))
        yield from check_by(record.law.by, (*here, "law", "by"))
        for z in record.conduct:
            yield from check(z, recipe.latent, (*here, "conduct", z), "latent conduct")
        for stage in ("detect", "enforce", "share", "link"):
            yield from check_by(recipe.stage(name, stage).by, (*here, stage, "by"))
        if record.amounts and abs(sum(record.amounts.values()) - 1) > TOLERANCE:
            yield document.problem((*here, "amounts"), f"shares sum to {sum(record.amounts.values()):g}, not 1")


def cited(recipe: Recipe) -> Iterator[tuple[Loc, str]]:
    """Yield the place and the key of every source."""
    for name, attribute in recipe.attributes.items():
        yield ("attributes", name, "source"), attribute.source
        if attribute.margin:
            yield ("attributes", name, "margin", "source"), attribute.margin.source
    for name, latent in recipe.latent.items():
        yield ("latent", name, "source"), latent.source
    for name, record in recipe.records.items():
        yield ("records", name, "source"), record.source
        yield ("records", name, "law", "source"), record.law.source
        for stage in ("detect", "enforce", "share", "link"):
            yield ("records", name, stage, "source"), recipe.stage(name, stage).source


def attribute_faults(
    name: str, attribute: Attribute, levels: Mapping[str, tuple[str, ...]], document: Document
) -> Iterator[Problem]:
    """Yield what is wrong with one conditional table."""
    here: Loc = ("attributes", name)
    unknown = [g for g in attribute.given if g not in levels]
    for parent in unknown:
        hint = did_you_mean(parent, levels)
        yield document.problem((*here, "given"), f"unknown parent {parent!r}", hint)
    for key, shares in attribute.shares.items():
        loc = (*here, "shares", key)
        if len(shares) != len(attribute.levels):
            yield document.problem(loc, f"{len(shares)} shares for {len(attribute.levels)} levels")
        elif abs(sum(shares) - 1) > TOLERANCE:
            yield document.problem(loc, f"shares sum to {sum(shares):g}, not 1")
        if unknown:
            continue
        parts = cell(key, attribute.given, levels)
        if len(parts) != len(attribute.given):
            yield document.problem(loc, f"{len(parts)} parts for {len(attribute.given)} given attributes")
        for part, parent in zip(parts, attribute.given, strict=False):
            for level in part:
                if level not in levels[parent]:
                    hint = did_you_mean(level, levels[parent])
                    yield document.problem(loc, f"unknown level {level!r} of {parent}", hint)
    if attribute.margin:
        named = [w.strip() for key in attribute.margin.shares for w in key.split("|")]
        for level in named:
            if level not in attribute.levels:
                hint = did_you_mean(level, attribute.levels)
                yield document.problem((*here, "margin"), f"unknown level {level!r}", hint)
        total = sum(attribute.margin.shares.values())
        if sorted(named) == sorted(attribute.levels) and abs(total - 1) > TOLERANCE:
            yield document.problem((*here, "margin"), f"shares sum to {total:g}, not 1")


def cycles(recipe: Recipe, document: Document) -> Iterator[Problem]:
    """Yield each attribute that is given something declared after it, or itself."""
    known: set[str] = set()
    for name, attribute in recipe.attributes.items():
        for i, parent in enumerate(attribute.given):
            root = recipe.derived[parent].derived_from if parent in recipe.derived else parent
            if root not in known and root in recipe.attributes:
                yield document.problem(
                    ("attributes", name, "given", i),
                    f"{parent!r} is not declared before {name!r}",
                    "parents come first",
                )
        known.add(name)


Stage.model_rebuild()
Record.model_rebuild()
Recipe.model_rebuild()
