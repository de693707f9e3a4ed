"""The recipe: what is known or assumed of a population, each number with its mark and source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Mark = Literal["documented", "reported", "recalled", "assumed"]
Severity = Literal["none", "minor", "moderate", "serious", "grave"]
Layer = Literal["conduct", "law", "enforcement", "data"]
LAYERS: tuple[Layer, ...] = ("conduct", "law", "enforcement", "data")
Probability = Annotated[float, Field(ge=0, le=1)]
Share = Annotated[float, Field(ge=0)]

HARM: dict[Severity, int] = {"none": 0, "minor": 1, "moderate": 3, "serious": 10, "grave": 30}  # assumed weights


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
    """Shares that the attribute must have in the whole population, or crossed with some of its given attributes.

    A key names levels joined by `|`; with `by`, it is a cell `level of by & levels`. Cells not named are left free.
    """

    by: list[str] = []
    shares: dict[str, Probability]


class Attribute(Cited):
    """A conditional table: shares of the levels, by cell of the given attributes.

    A cell is written `level|level & level`, one part a given attribute, `*` for any; the first that fits holds.
    `odds` multiplies the odds of levels where a given attribute has a level; `margin` then rakes the whole to known
    shares. What `household` holds is the same for all members of a household.
    """

    levels: list[str] = Field(min_length=1)
    given: list[str] = []
    shares: dict[str, list[Share]]
    odds: dict[str, dict[str, dict[str, Annotated[float, Field(gt=0)]]]] = {}
    margin: Margin | None = None
    household: bool = False
    label: str = ""


class Households(Cited):
    """The forms that households take: the roles of the members of each, and its share of all households."""

    forms: dict[str, Annotated[list[str], Field(min_length=1)]] = Field(min_length=2)
    shares: dict[str, Share]
    labels: dict[str, str] = {}


class Derived(Part):
    """A coarser attribute: each new level names the levels of another that it holds."""

    derived_from: str = Field(alias="from")
    levels: dict[str, list[str]]
    label: str = ""


class Lognormal(Part):
    mu: float
    sigma: float = Field(gt=0)


class Means(Cited):
    """Published means of a quantity, by level of its `within`."""

    means: dict[str, Annotated[float, Field(gt=0)]] = Field(min_length=1)


class Quantity(Cited):
    """A whole number, lognormal by level of `given`, in the band between two cuts that the attribute `within` names.

    `targets` are published means that it has to meet, before the `factor`.
    """

    within: str
    cuts: list[Annotated[float, Field(gt=0)]]
    given: str
    lognormal: dict[str, Lognormal]
    factor: float = Field(default=1.0, gt=0)
    targets: Means | None = None
    unit: str
    household: bool = False
    label: str = ""


class Latent(Cited):
    """Latent conduct: a standard normal residual, what it shares with another, and what resources add to it."""

    shares_with: dict[str, float] = {}
    resources: dict[str, dict[str, float]] = {}


class Multiplier(Part):
    """An odds multiplier with the range over which it is swept."""

    value: float = Field(gt=0)
    range: tuple[float, float]


class Stage(Part):
    """One link of the recording chain: a probability, and odds multipliers by group."""

    p: Probability
    by: dict[str, dict[str, Multiplier]] = {}
    mark: Mark = "assumed"
    source: str = "A"


class Sharing(Stage):
    """From the agency to the platform; a record of this year may concern what was done `lag_days` earlier."""

    lag_days: int = Field(default=0, ge=0, le=364)


class Linkage(Stage):
    """From the platform to the right subject; a share `false` of the records lands on another one."""

    false: Probability = 0.0


class Chain(Part):
    """What every record type shares: made elsewhere or here, shared, linked."""

    elsewhere: Stage = Stage(p=0)
    share: Sharing
    link: Linkage


class Ruling(Part):
    """The share of events that a law forbids, by level of at most one attribute."""

    forbidden: Probability = 1.0
    by: dict[str, dict[str, Probability]] = {}
    label: str = ""


class Law(Ruling):
    """The law in force, and other laws that one can declare instead."""

    alternatives: dict[str, Ruling] = {}
    mark: Mark = "assumed"
    source: str = "A"


class Record(Cited):
    """A record type: what happens to whom how often, and what becomes of it on its way into a file."""

    label: str
    polarity: Literal["adverse", "favourable", "neutral"]
    agency: str
    severity: Severity = "none"
    contested: bool = False
    penalty: Literal["fine", "court_enforcement", "detention", "none"] = "none"
    at_risk: dict[str, Annotated[list[str], Field(min_length=1)]] = {}
    rate: float = Field(gt=0, description="records a year per subject at risk, after the whole chain, in one city")
    most: int = Field(default=4, ge=1, le=64)
    conduct: dict[str, float] = {}
    pressure: dict[str, float] = {}
    law: Law = Law()
    detect: Stage = Stage(p=1)
    enforce: Stage = Stage(p=1)
    share: Sharing | None = None
    link: Linkage | None = None
    amounts: dict[int, Probability] = {}

    @property
    def harm(self) -> int:
        """The weight of one event in simulated harm; only adverse records do any."""
        return HARM[self.severity] if self.polarity == "adverse" else 0


class Pressure(Cited):
    """A declared way in which verdicts act back on conduct; what a unit adds to log rates stands with the records."""

    label: str


class Stratum(Part):
    """Subjects drawn more often than others: all of them are kept, and one in `others` of the rest."""

    where: dict[str, Annotated[list[str], Field(min_length=1)]] = Field(min_length=1)
    others: int = Field(ge=2, le=10_000)
    label: str = ""


class HeldOut(Cited):
    """A published table that nothing was fitted to: shares of one attribute, in the whole or by others."""

    of: str
    by: list[str] = []
    among: dict[str, list[str]] = {}
    shares: dict[str, Probability]
    label: str = ""


class Total(Cited):
    """A published count of subjects or households of the place that the recipe stands for."""

    value: int = Field(gt=0)
    count: Literal["subjects", "households"] = "subjects"
    where: dict[str, list[str]] = {}


class Planted(Part):
    """Bias planted in one layer: what multiplies the odds (for conduct, the rate) of adverse records of some levels."""

    layer: Layer
    by: dict[str, dict[str, Annotated[float, Field(gt=0)]]] = Field(min_length=1, max_length=1)


class World(Part):
    """A declared assumption set.

    `gap_in_conduct` is the part of each group's detection multiplier that is conduct instead; `law` names, for a
    record type of persons, the alternative in force; `perfect` layers lose nothing; `neutral` layers treat all groups
    alike at the same cost; `planted` is bias in one layer of a population in which no other layer has any.
    """

    label: str
    gap_in_conduct: Probability = 0.0
    law: dict[str, str] = {}
    pooling: Literal["silo", "city", "national"] = "city"
    perfect: list[Literal["enforcement", "data"]] = []
    neutral: list[Layer] = []
    planted: Planted | None = None


class Density(Cited):
    """How many subjects stand with 1,000 persons."""

    per_1000_persons: float = Field(gt=0)


class Subject(Part):
    """A kind of subject: its attributes, latent conduct and record types."""

    label: str = ""
    density: Density | None = None  # how many there are; without it, they are persons
    legal_representative: bool = False  # each is represented by an adult of the population
    protected: list[str] = []
    households: Households | None = None
    attributes: dict[str, Attribute]
    derived: dict[str, Derived] = {}
    years_of_age: dict[str, tuple[int, int]] = {}
    quantities: dict[str, Quantity] = {}
    latent: dict[str, Latent]
    pressures: dict[str, Pressure] = {}
    chain: Chain
    records: dict[str, Record]
    strata: dict[str, Stratum] = {}
    totals: dict[str, Total] = {}
    held_out: dict[str, HeldOut] = {}

    @property
    def per_1000_persons(self) -> float:
        """How many of them stand with 1,000 persons."""
        return self.density.per_1000_persons if self.density else 1000

    @property
    def drawn(self) -> dict[str, Attribute]:
        """Every attribute that is drawn: where there are households, first their form and each member's role."""
        if self.households is None:
            return self.attributes
        forms = self.households.forms
        roles = list(dict.fromkeys(role for members in forms.values() for role in members))
        people = [self.households.shares[form] * len(members) for form, members in forms.items()]
        mark, source = self.households.mark, self.households.source
        composition = {form: [members.count(role) / len(members) for role in roles] for form, members in forms.items()}
        whole = {"": [share / sum(people) for share in people]}
        return {
            "household_form": Attribute(levels=list(forms), shares=whole, household=True, mark=mark, source=source),
            "role": Attribute(levels=roles, given=["household_form"], shares=composition, mark=mark, source=source),
            **self.attributes,
        }

    def stage(self, record: str, stage: str) -> Stage:
        """Return a link of a record's chain, or the one that all records share."""
        own: Stage | None = getattr(self.records[record], stage, None)
        return own or getattr(self.chain, stage)

    def levels(self) -> dict[str, tuple[str, ...]]:
        """Return the levels of every attribute, drawn and derived."""
        drawn = {name: tuple(a.levels) for name, a in self.drawn.items()}
        return drawn | {name: tuple(d.levels) for name, d in self.derived.items()}

    def root(self, name: str) -> str:
        """Return the drawn attribute behind a derived one."""
        return self.derived[name].derived_from if name in self.derived else name


class Recipe(Part):
    """A population: its subjects, and the worlds in which they can be drawn."""

    recipe: str
    title: str
    version: int
    about: str = ""
    sources: dict[str, Source]
    worlds: dict[str, World] = Field(min_length=1)
    subjects: dict[Literal["person", "firm", "government_body"], Subject] = Field(min_length=1)

    @property
    def name(self) -> str:
        return self.recipe

    def subject(self, name: str = "person") -> Subject:
        return self.subjects[name]  # type: ignore[index]


def cell(key: str, given: list[str], levels: Mapping[str, tuple[str, ...]]) -> list[list[str]]:
    """Return the levels that each part of a cell names."""
    parts = [part.strip() for part in key.split("&")] if given else []
    return [
        list(levels[g]) if p == "*" else [w.strip() for w in p.split("|")] for p, g in zip(parts, given, strict=False)
    ]
