"""The experiment that a user declares: which people, which schemes, which groups, which questions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from scoring import measures, population, schemes, workspace
from scoring.documents import Document, Loc, Problem, Refused, did_you_mean, read
from scoring.experiment import actions, vary
from scoring.experiment.people import recipe_of
from scoring.measures import REFERENCES

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]*$")]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Kind = Literal["person", "firm", "government_body"]
Group = str | list[str]
Choice = int | str | list[int] | list[str]
MOST_CRITERIA = 5  # of ten, nearly every design is the best on one


class People(Part):
    """Whom to draw: n subjects of each kind that some scheme is for, in so many years; verdicts are the last year's."""

    recipe: str
    n: int = Field(ge=1, le=1_400_000_000)
    years: int = Field(default=1, ge=1, le=30)


class Primary(Part):
    """One of the few comparisons that the study declares before it runs."""

    measure: str
    outcome: str
    group: Group


class Criterion(Part):
    """One of the few criteria that designs are compared on."""

    measure: str
    outcome: str | None = None
    group: Group | None = Field(default=None, description="its groups: the one that fares worst counts")
    param: str | None = Field(default=None, description="which row of a measure that has several: `tau=10`, `facts`")
    direction: Literal["lower", "higher", "parity"] = Field(
        description="what is better: less, more, or nearer to no difference between groups"
    )


class Probes(Part):
    """How many people get a second look, how often their records are drawn again, and how often one is in error."""

    people: int = Field(default=1_000, ge=1, le=65_536)
    redraws: int = Field(default=101, ge=2, le=1_001)
    errors: float = Field(
        default=0.05, ge=0.0001, le=0.5, description="an assumption: the share of records, or of persons, in error"
    )


class Experiment(Part):
    """An experiment: which people, under which schemes, in which worlds, and what is asked of the outcomes."""

    experiment: Name = Field(description="its name, which is its file's")
    asks: str = Field(description="the question, as a reader would ask it")
    people: People
    seeds: int = Field(ge=1, le=1_000, description="how many populations are drawn, seeds 1, 2, …")
    worlds: list[str] = Field(min_length=1, description="assumption sets of the recipe")
    schemes: list[str] = Field(min_length=1, description="names of rulebooks")
    baseline: str | None = Field(default=None, description="what holds without any scheme, no_scheme for one")
    groups: Annotated[list[Group], Field(min_length=1)] | dict[Kind, list[Group]] = Field(
        description="attributes, several in a list are crossed; by kind of subject where there are several"
    )
    events: dict[Kind, dict[str, Annotated[int, Field(ge=0, le=64)]]] = Field(
        default={}, description="what everyone does in the first year: how many, of which record type"
    )
    strata: list[str] | dict[Kind, list[str]] = Field(
        default=[],
        description="attributes that may rightly make a difference, crossed: verdicts are compared within them too; "
        "by kind of subject where there are several",
    )
    references: dict[str, str] = Field(
        default={},
        description="the group that others are compared with, by attribute: one of its levels, or `largest`, `best`, "
        "or `rest` of all persons",
    )
    primary: list[Primary] = Field(default=[], max_length=6, description="at most six, declared before the run")
    probes: Probes | None = None
    actions: str | None = Field(
        default=None,
        description="a file of your own, beside this one, that says what a person can do and how long it takes",
    )
    draws: int = Field(default=5, ge=1, le=1_000, description="how many, of each scheme whose weights are unknown")
    measures: Literal["all"] | list[str] = Field(
        default="all", description="all, or those named: by their own names or by the name of a family"
    )
    vary: dict[str, Annotated[list[Choice], Field(min_length=2)]] = Field(
        default={},
        description="choices that could have been made otherwise, each with its values: schemes.NAME.PATH to a value "
        "of a rulebook, reference.GROUP, tau, unscored; the primary comparisons are made in every universe they span",
    )
    criteria: list[Criterion] = Field(
        default=[], description="at most five, declared before the run: what designs are compared on, side by side"
    )

    @field_validator("criteria")
    @classmethod
    def few(cls, criteria: list[Criterion]) -> list[Criterion]:
        """Refuse more criteria than a front can tell designs apart by."""
        if len(criteria) > MOST_CRITERIA:
            raise ValueError(f"{len(criteria)} criteria are declared, at most {MOST_CRITERIA} are compared")
        return criteria

    @property
    def designs(self) -> list[str]:
        """The schemes to run, the baseline last."""
        baseline = [self.baseline] if self.baseline and self.baseline not in self.schemes else []
        return [*self.schemes, *baseline]

    @property
    def groupings(self) -> list[str]:
        """The groupings by name, crossed ones joined by `*`."""
        return list(dict.fromkeys(grouping(g) for _, g in self.groups_by_place()))

    def groups_of(self, kind: str) -> list[Group]:
        """Return what subjects of a kind are grouped by."""
        return self.groups if isinstance(self.groups, list) else self.groups.get(kind, [])  # type: ignore[call-overload]

    def strata_of(self, kind: str) -> list[str]:
        """Return the attributes that make the strata of subjects of a kind."""
        return self.strata if isinstance(self.strata, list) else self.strata.get(kind, [])  # type: ignore[call-overload]

    def groups_by_place(self) -> Iterator[tuple[Loc, Group]]:
        """Yield each grouping with its place in the document."""
        if isinstance(self.groups, list):
            yield from ((("groups", i), group) for i, group in enumerate(self.groups))
        else:
            for kind, groups in self.groups.items():
                yield from ((("groups", kind, i), group) for i, group in enumerate(groups))

    def strata_by_place(self) -> Iterator[tuple[Loc, str]]:
        """Yield each attribute of the strata with its place in the document."""
        if isinstance(self.strata, list):
            yield from ((("strata", i), attribute) for i, attribute in enumerate(self.strata))
        else:
            for kind, attributes in self.strata.items():
                yield from ((("strata", kind, i), attribute) for i, attribute in enumerate(attributes))


def grouping(attributes: Group) -> str:
    """Name a grouping.

    >>> grouping(["residence", "sex"])
    'residence*sex'
    """
    return attributes if isinstance(attributes, str) else "*".join(attributes)


@dataclass(frozen=True)
class Declared:
    """An experiment together with everything that it names."""

    config: Experiment
    recipe: population.Recipe
    schemes: Mapping[str, Any]
    file: str
    deeds: actions.Actions = field(default_factory=actions.shipped)

    @property
    def kinds(self) -> list[str]:
        """The kinds of subject that the schemes are for, in their order."""
        return list(dict.fromkeys(schemes.summary(scheme)["subject"] for scheme in self.schemes.values()))


def load(name: str | Path, people: int | None = None, seeds: int | None = None) -> Declared:
    """Read an experiment and all it names. Raises Refused with every problem found in any of them."""
    document = read(workspace.find("experiment", name))
    config = document.validated(Experiment)
    changes: dict[str, Any] = {}
    if people is not None:
        changes["people"] = config.people.model_copy(update={"n": people})
    if seeds is not None:
        changes["seeds"] = seeds
    return resolve(config.model_copy(update=changes), document)


def resolve(config: Experiment, document: Document) -> Declared:
    """Find what the experiment names, and check that the parts fit. Raises Refused."""
    problems: list[Problem] = []

    def found(kind: str, name: str, loc: Loc, loader: Callable[[Path], Any]) -> Any:
        try:
            return loader(workspace.find(kind, name))
        except Refused as refusal:
            for problem in refusal.problems:
                unknown = problem.line == 0
                problems.append(document.problem(loc, f"no {kind} {name!r}", problem.hint) if unknown else problem)

    recipe = found("recipe", config.people.recipe, ("people", "recipe"), recipe_of)
    loaded = {
        name: found("scheme", name, ("schemes", i) if name in config.schemes else ("baseline",), schemes.load)
        for i, name in enumerate(config.designs)
    }
    if not problems:
        problems += schemes.joint.cycles({name: workspace.find("scheme", name) for name in loaded})
    if recipe is not None:
        problems += misfits(config, document, recipe, {n: s for n, s in loaded.items() if s is not None})
    deeds = actions.shipped()
    if recipe is not None and config.actions is not None:
        try:
            kinds = {schemes.summary(scheme)["subject"] for scheme in loaded.values() if scheme is not None}
            deeds = actions.catalogue(workspace.beside(document.file, config.actions), recipe, kinds)
        except Refused as refusal:
            problems += document.unread(("actions",), refusal)
    if problems:
        raise Refused(problems)
    return Declared(config, recipe, loaded, document.file, deeds)


def misfits(config: Experiment, document: Document, recipe: Any, loaded: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield each name in the experiment that the recipe, the schemes or the measures do not know."""

    def unknown(name: str, known: Iterable[str], loc: Loc, what: str) -> Iterator[Problem]:
        known = list(known)
        if name not in known:
            hint = did_you_mean(name, known) or f"known: {', '.join(known)}"
            yield document.problem(loc, f"unknown {what} {name!r}", hint)

    for i, world in enumerate(config.worlds):
        yield from unknown(world, recipe.worlds, ("worlds", i), "world")
    if any(world not in recipe.worlds for world in config.worlds):
        return
    kinds = list(dict.fromkeys(schemes.summary(scheme)["subject"] for scheme in loaded.values()))
    known_kinds = [kind for kind in kinds if kind in recipe.subjects]
    for kind in set(kinds) - set(known_kinds):
        yield document.problem(("people", "recipe"), f"the recipe has no {kind}, for whom a scheme is")
    levels: dict[str, tuple[str, ...]] = {}
    for kind in known_kinds:
        own = population.compile_recipe(recipe, config.worlds[0], kind)
        levels |= own.levels
        for record in config.events.get(kind, {}):
            yield from unknown(record, own.counted, ("events", kind, record), f"record of a {kind}")
        if not config.groups_of(kind):
            yield document.problem(("groups",), f"nothing to group a {kind} by", f"groups: {{{kind}: […]}}")
    places = [*config.groups_by_place(), *config.strata_by_place()]
    for loc, group in places:
        mine = levels if loc[1] not in known_kinds else recipe.subject(str(loc[1])).levels()
        for j, attribute in enumerate([group] if isinstance(group, str) else group):
            yield from unknown(attribute, mine, loc if isinstance(group, str) else (*loc, j), "attribute")
    for name, scheme in loaded.items():
        for joined in schemes.joined(scheme):
            if joined not in loaded:
                place = ("schemes", config.schemes.index(name)) if name in config.schemes else ("baseline",)
                yield document.problem(
                    place, f"{name} takes over the list {joined!r}", f"name {joined} among the schemes"
                )
    for name, level in config.references.items():
        yield from unknown(name, config.groupings, ("references", name), "group")
        attributes = name.split("*")
        if level in REFERENCES or not levels.keys() >= set(attributes):
            continue
        known = ["*".join(parts) for parts in product(*(levels[a] for a in attributes))]
        yield from unknown(level, [*known, *REFERENCES], ("references", name), f"level of {name}")
    outcomes = sorted({o for scheme in loaded.values() for o in scheme.outcomes})
    for i, claim in enumerate(config.primary):
        yield from unknown(claim.measure, measures.MEASURES, ("primary", i, "measure"), "measure")
        yield from unknown(claim.outcome, outcomes, ("primary", i, "outcome"), "outcome")
        yield from unknown(grouping(claim.group), config.groupings, ("primary", i, "group"), "group")
    for i, criterion in enumerate(config.criteria):
        yield from unknown(criterion.measure, measures.MEASURES, ("criteria", i, "measure"), "measure")
        if criterion.outcome is not None:
            yield from unknown(criterion.outcome, outcomes, ("criteria", i, "outcome"), "outcome")
        if criterion.group is not None:
            yield from unknown(grouping(criterion.group), config.groupings, ("criteria", i, "group"), "group")
    claims = [(claim.measure, claim.outcome, grouping(claim.group)) for claim in config.primary]
    yield from vary.faults(config, document, loaded, claims, levels)
    if config.measures != "all":
        for i, name in enumerate(config.measures):
            yield from unknown(name, (*measures.FAMILIES, *measures.MEASURES), ("measures", i), "measure")
