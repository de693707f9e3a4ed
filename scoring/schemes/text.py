"""The text of a scheme: the YAML that a person writes, with the mark and the source of every number."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt

LISTED = "listed__"  # a column that says who is on another list
Mark = Annotated[
    Literal["documented", "reported", "recalled", "assumed"],
    Field(description="a primary text, a secondary source, named and not checked again, or ours"),
]
Source = Annotated[str, Field(description="a key of `sources`, here or in the shared bibliography")]
When = Annotated[str, Field(description="a condition over columns: n_ticket >= 1 and residence == urban")]
Because = Annotated[str, Field(description="the article, and the page")]
Actionable = Annotated[
    Literal["now", "waiting", "immutable", "others"],
    Field(description="what a person can do about it: act now, wait, nothing, or depend on others"),
]
Discretionary = Annotated[bool, Field(description="an official decides whether it applies, or for how much")]
Unmodelled = Annotated[bool, Field(description="no population has such a record: the rule is shown and never fires")]
Instrument = Literal["points scheme", "list regime", "rating", "ordinary law", "learned score", "lottery"]
SubjectKind = Literal["person", "firm", "government_body"]
Rank = Literal[  # highest first within the centre, then within a place, then what is no public text
    "law",
    "administrative regulation",
    "central policy",
    "party and state council opinion",
    "judicial interpretation",
    "departmental rule",
    "departmental document",
    "national standard",
    "policy statement",
    "local regulation",
    "local government rule",
    "provincial government document",
    "city government document",
    "county government document",
    "city programme",
    "village rule",
    "contract terms",
    "none",
    "unknown",
]
Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Points = Annotated[StrictInt, Field(ge=-10_000, le=10_000)]  # times any Int16 count it still fits into Int32


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Cited(Part):
    mark: Mark
    source: Source


class Title(Part):
    en: str
    zh: str = ""


class Law(Cited):
    """The text that a scheme rests on, and its rank."""

    title: str
    rank: Rank = Field(description="of the text; a document of several ministries is a departmental document")


class Notice(Cited):
    """When those who are scored or listed are told of it."""

    kind: Literal["before", "after", "some", "none"]
    text: str


class Contest(Cited):
    """One way to contest a verdict that a source states: where, how, and by when it is answered."""

    text: str


class Condition(Cited):
    """Who is eligible or enrolled."""

    when: When | None = None
    text: str


class Enrolment(Condition):
    kind: Literal["automatic", "consent", "login"]


class Range(Cited):
    """A number that is not known: a default and the range it is drawn from."""

    default: StrictInt
    range: tuple[StrictInt, StrictInt]


class Base(Cited):
    points: StrictInt
    range: tuple[StrictInt, StrictInt] | None = None


class BandText(Cited):
    """One band; `low` and `high` are scores it includes, none where it is open. No score leads to a `direct` one."""

    name: str
    label: str
    direct: bool = False
    low: StrictInt | None = None
    high: StrictInt | None = None


class DirectBand(Cited):
    """A record that puts a person at most into a band, whatever her score."""

    id: Id
    label: str
    when: When
    band: str
    because: Because


class RuleText(Cited):
    """One rule: when it holds, so many points, per record if `per` names a column, never more than `cap` in all."""

    id: Id
    label: str
    when: When | None = None
    per: str | None = Field(default=None, description="a column: the points are given once for each of its records")
    points: Points
    range: tuple[Points, Points] | None = Field(default=None, description="of points that are assumed: low and high")
    cap: StrictInt | None = Field(default=None, description="never more than this in all, on the side of the points")
    lasts: str = Field(default="unknown", description="how long a record counts, in words")
    because: Because
    actionable: Actionable
    discretionary: Discretionary = False
    unmodelled: Unmodelled = False


class Term(Cited):
    """How long a listing lasts, in days; `open` ends by a repair alone."""

    days: Annotated[StrictInt, Field(ge=1, le=36_500)] | Literal["open"]
    text: str = ""


class Repair(Cited):
    """One way off a list before its term: who meets `when` after so many days on it; its kernel."""

    id: Id
    label: str
    when: When | None = None
    after: Annotated[StrictInt, Field(ge=0, le=36_500)] = 0
    repair_kernel: str | None = None  # see kernels.py
    because: Because


class Entry(Cited):
    """One way onto a list; without a term, it stands in the year of the entry alone."""

    id: Id
    label: str
    when: When
    because: Because
    term: Term | None = None
    actionable: Actionable = "now"
    discretionary: Discretionary = False
    unmodelled: Unmodelled = False


class Context(Cited):
    """A context that a listing or a low score closes or makes harder, or that a reward opens; see contexts.yaml."""

    context: Id
    text: str = ""


class Target(Cited):
    """A published number to hold a simulation against; `fitted` where assumed numbers were set to meet it.

    The share of persons among all entries needs the firms that enter `beside` them: those of a list, or those with a
    record. Exits over entries of one year need the published `stock` at its start and the published `entries`.
    """

    id: Id
    label: str
    measure: Literal["band_share", "listed_share", "entry_share", "exits_over_entries"]
    band: str = ""
    beside: list[Id] = []
    stock: Annotated[float, Field(gt=0)] | None = None
    entries: Annotated[float, Field(gt=0)] | None = None
    value: float
    low: float | None = None
    high: float | None = None
    fitted: bool = False


class OutcomeText(Cited):
    """What follows for a person: by band, by a condition, or by being listed."""

    label: str
    polarity: Literal["favourable", "adverse"]
    bands: list[str] | None = None
    when: When | None = None
    listed: bool = False
    named_only: bool = Field(default=False, description="the band's own name, and no loss that any source states")
    note: str = ""


class Omitted(Part):
    """What a document says without a value, or what was not read: named, and not invented."""

    id: Id
    why: str
    source: Source


class Mitigation(Cited):
    """How the fit is made to tell less of a protected attribute."""

    method: Literal["correlation_remover", "demographic_parity"]
    protected: str
    worst: Annotated[StrictInt, Field(ge=1, le=999)] = 500  # of 1,000: among whom each group is to have the same share


class Learned(Part):
    """An estimator to fit, what it sees, what it predicts, and how its scores are cut."""

    estimator: Literal["logistic_regression", "gradient_boosting"]
    features: list[str] = Field(min_length=1)
    target: str
    mitigation: Mitigation | None = None
    mark: Mark
    source: Source


class SourceText(Part):
    """Where a number is from: a primary text, a copy of one, what others say of it, what is remembered, or ours."""

    title: str
    where: str
    kind: Literal["primary", "copy", "secondary", "recalled", "ours"] = "secondary"
    date: str = ""


class SchemeText(Part):
    """A scheme as it is written down."""

    scheme: Id = Field(description="its name, which is its file's")
    title: Title
    instrument: Instrument
    subject: SubjectKind = "person"
    law: Law
    in_force: dict[Literal["from", "to"], str] = Field(
        description="a year or a date, in quotes; no `to` where in force"
    )
    enrolment: Enrolment
    eligibility: Condition
    notice: Notice | None = Field(default=None, description="left out where no source says")
    parameters: dict[Id, Range] = Field(default={}, description="numbers that conditions name and nobody published")
    base: Base | None = None
    limits: dict[Literal["low", "high"], StrictInt] = Field(default={}, description="where the score is clipped")
    bands: list[BandText] = Field(default=[], description="worst first; each begins where the one before ends")
    direct_bands: list[DirectBand] = []
    rules: list[RuleText] = []
    entries: list[Entry] = []
    learned: Learned | None = None
    sanctions: list[Context] = []
    rewards: list[Context] = []
    repair: str = Field(default="unknown", description="how a record is lived down, in words")
    repairs: list[Repair] = []
    contest: list[Contest] = Field(default=[], description="how to object; left out where no source says")
    outcomes: dict[Id, OutcomeText]
    omitted: list[Omitted] = []
    targets: list[Target] = []
    notes: list[str] = []
    redlist: bool = Field(default=False, description="being listed is a reward")
    family: bool = Field(default=False, description="nobody published the weights: a run draws them from their ranges")
    sources: dict[str, SourceText] = {}

    def plain(self) -> dict[str, Any]:
        """Return the text as plain data, without what was left out."""
        return self.model_dump(mode="json", exclude_defaults=True, by_alias=True)
