"""Targets: each published number that a rulebook states, beside what a simulation of it gives.

A simulation here is the recipe's first world over some years, so that lists fill; the last years are counted. Nothing
is adjusted: a target that is missed is shown as it is, and one that assumed numbers were set to meet says so.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from scoring import population, schemes, workspace
from scoring.documents import Problem, Refused, did_you_mean
from scoring.experiment.designs import Design
from scoring.experiment.people import planned, recipe_of
from scoring.experiment.view import visible
from scoring.experiment.years import Past, in_order, lists_of, seen_by, turnover

YEARS, COUNTED = 12, 5  # a listing without a term lasts some years; the last of them are counted
DRAWS = 5
SEED = 1
FIRMS = "firm"


@dataclass(frozen=True)
class Line:
    """One target: what was published, and what the simulation gives (none with a reason)."""

    scheme: str
    target: str
    label: str
    measure: str
    published: float
    low: float | None
    high: float | None
    simulated: float | None
    reason: str
    fitted: bool
    mark: str
    source: str
    people: int


@dataclass
class World:
    """Where targets are looked at: a recipe, how many subjects, and the files of the lists that may be joined."""

    recipe: str
    people: int
    paths: Mapping[str, Path]
    plans: dict[str, Any] = field(default_factory=dict)
    shares: dict[str, float] = field(default_factory=dict)  # of firms that enter a list or have a record in a year

    def plan(self, subject: str) -> Any:
        """Return the compiled plan of a kind of subject."""
        if subject not in self.plans:
            self.plans[subject] = planned(self.recipe, None, subject)
        return self.plans[subject]


@dataclass
class Tally:
    """What was counted in the last years: subject-years, and among them the scored and what became of them."""

    keeps_list: bool
    subjects: int = 0
    scored: int = 0
    listed: int = 0
    entered: int = 0
    leaves: int = 0
    bands: Counter[str] = field(default_factory=Counter)


def targets(
    names: Sequence[str] = (),
    people: int = 200_000,
    recipe: str = "national_2020",
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Line]:
    """Return every target of some schemes (of all that have any by default) beside the simulated value.

    `people` is the number of subjects drawn: of the scheme's kind, and of the firms beside it. Raises Refused.
    """
    paths = workspace.names("scheme") | {name: workspace.find("scheme", name) for name in names}
    found = {name: schemes.load(paths[name]) for name in names or paths}
    found = {name: loaded for name, loaded in found.items() if loaded.text.targets}
    world = World(recipe, people, paths)
    lines: list[Line] = []
    for done, (name, loaded) in enumerate(found.items()):
        progress(done, len(found))
        counted = [followed(world, scheme) for scheme in drawn(loaded)]
        lines += [line(world, name, target, counted) for target in loaded.text.targets]
    return lines


def drawn(loaded: Any) -> list[Any]:
    """Return the schemes that a loaded document stands for; a learned one has to be fitted and has no target."""
    if isinstance(loaded, schemes.Family):
        return list(loaded.draws(DRAWS))
    return [] if isinstance(loaded, schemes.Learnable) else [loaded]


def followed(world: World, scheme: Any) -> Tally:
    """Follow the subjects of a scheme through the years and count the last; one year where nothing is carried on."""
    designs = in_order([Design(scheme), *taken_over(world, scheme)])
    years, counted = (YEARS, COUNTED) if any(design.scheme.state for design in designs) else (1, 1)
    plan, tally = world.plan(scheme.subject), Tally(bool(scheme.state))
    for block, rows in population.blocks(world.people, plan.block):
        past = Past()
        for year in range(years):
            people = population.draw(plan, SEED, block, rows, year=year)
            outcome = scored(people, designs, past)[scheme.name]
            if year >= years - counted:
                count(tally, outcome, year)
    return tally


def taken_over(world: World, scheme: Any) -> list[Design]:
    """Return the lists that a scheme takes over, and those that they do, each once."""
    found: dict[str, Design] = {}
    waiting = lists_of(Design(scheme))
    while waiting:
        name = waiting.pop()
        if name not in found:
            loaded = schemes.load(world.paths.get(name) or workspace.find("scheme", name))
            found[name] = Design(loaded.central() if isinstance(loaded, schemes.Family) else loaded)
            waiting += lists_of(found[name])
    return list(found.values())


def scored(people: pl.DataFrame, designs: Sequence[Design], past: Past) -> dict[str, pl.DataFrame]:
    """Return the verdicts of one year under designs in their order."""
    verdicts: dict[str, pl.DataFrame] = {}
    people = people.with_columns(cell=pl.lit(0, pl.UInt32))
    for design in designs:
        outcome = design.scheme.score(seen_by(visible(people, design, "cell"), design, past, verdicts))
        verdicts[design.name] = outcome
        past.keep(design, outcome)
    return verdicts


def count(tally: Tally, outcome: pl.DataFrame, year: int) -> None:
    """Add the verdicts of one block in one year."""
    tally.subjects += outcome.height
    mine = outcome.filter(pl.col("coverage").cast(pl.String) == "scored")
    tally.scored += mine.height
    tally.bands.update(dict(mine["band"].cast(pl.String).value_counts().iter_rows()))
    if tally.keeps_list:
        flow = turnover(outcome, year)
        tally.listed += int(flow["listed"].sum())
        tally.entered += int(flow["entered"].sum())
        tally.leaves += int(flow["leaves"].sum())


def line(world: World, name: str, target: Any, counted: Sequence[Tally]) -> Line:
    """Return one target with its simulated value; the median where a scheme stands for many."""
    values = [MEASURES[target.measure](world, target, tally) for tally in counted]
    reasons = [reason for value, reason in values if value is None] or ([] if counted else ["it has to be fitted"])
    simulated = None if reasons else statistics.median(value for value, _ in values if value is not None)
    return Line(
        name,
        target.id,
        target.label,
        target.measure,
        target.value,
        target.low,
        target.high,
        simulated,
        reasons[0] if reasons else "",
        target.fitted,
        target.mark,
        target.source,
        world.people,
    )


NOTE = (
    f"Simulated in the recipe's first world; lists are followed over {YEARS} years and the last {COUNTED} are counted. "
    "Exits over entries take the stock and the entries from the source: simulated is how fast the list is left."
)
Value = tuple[float | None, str]
NO_LIST: Value = (None, "the scheme keeps no list")


def divided(over: float, under: float, reason: str) -> Value:
    """Return a share, or nothing with the reason where there is nothing to divide by."""
    return (over / under, "") if under else (None, reason)


def band_share(world: World, target: Any, tally: Tally) -> Value:
    """How many of the scored are in the band? From 0 to 1; undefined where nobody is scored."""
    return divided(tally.bands[target.band], tally.scored, "nobody is scored")


def listed_share(world: World, target: Any, tally: Tally) -> Value:
    """How many of the scored are on the list at some time of a year?

    From 0 to 1; undefined where nobody is scored, and for a scheme that keeps no list.
    """
    return divided(tally.listed, tally.scored, "nobody is scored") if tally.keeps_list else NO_LIST


def entry_share(world: World, target: Any, tally: Tally) -> Value:
    """How many of all that come onto a list in a year, persons and the firms beside them, are natural persons?

    Entries of persons over entries of persons and firms, both for each resident, from 0 to 1. Undefined for a scheme
    that is not for persons, and where nobody enters.
    """
    if not target.beside:
        return None, "no firms are named beside the persons"
    persons = tally.entered / max(tally.subjects, 1)
    firms = sum(entries_of_firms(world, name) for name in target.beside) * firms_per_person(world)
    return divided(persons, persons + firms, "nobody enters")


def exits_over_entries(world: World, target: Any, tally: Tally) -> Value:
    """How many leave a list for each that comes onto it, at the published stock and entries?

    Simulated share of those on the list during a year who leave it, times published stock and entries, over published
    entries: the stock is the source's, and what the simulation gives is how fast a list is left. Without a stock it is
    simulated exits over simulated entries. Undefined where nobody is listed, or nobody enters.
    """
    if target.stock is None:
        return divided(tally.leaves, tally.entered, "nobody enters")
    left, reason = divided(tally.leaves, tally.listed, "nobody is listed")
    return (None, reason) if left is None else (left * (target.stock + target.entries) / target.entries, "")


MEASURES: dict[str, Callable[[World, Any, Tally], Value]] = {
    "band_share": band_share,
    "listed_share": listed_share,
    "entry_share": entry_share,
    "exits_over_entries": exits_over_entries,
}


def entries_of_firms(world: World, name: str) -> float:
    """Return the share of firms that come onto a list in a year, or that have a record of a type in it."""
    if name not in world.shares:
        world.shares[name] = listed_firms(world, name) if name in world.paths else recorded_firms(world, name)
    return world.shares[name]


def listed_firms(world: World, name: str) -> float:
    """Return the share of firms that come onto a list in a year."""
    tally = followed(world, drawn(schemes.load(world.paths[name]))[0])
    return tally.entered / max(tally.subjects, 1)


def recorded_firms(world: World, name: str) -> float:
    """Return the share of firms that have a record of a type in a year. Raises Refused for what no firm has."""
    plan = world.plan(FIRMS)
    if name not in plan.records:
        hint = did_you_mean(name, [*plan.records, *world.paths])
        raise Refused([Problem(world.recipe, 0, "$.subjects.firm.records", f"no record or list {name!r}", hint)])
    return int((population.people(plan, world.people, SEED)[f"n_{name}"] > 0).sum()) / world.people


def firms_per_person(world: World) -> float:
    """Return how many firms a recipe has for each person."""
    declared = recipe_of(workspace.find("recipe", world.recipe), [FIRMS]).subject(FIRMS)
    return float(declared.per_1000_persons) / 1000


def told(lines: Sequence[Line]) -> list[dict[str, str]]:
    """Return lines as a person reads them, one row a target."""
    return [
        {
            "scheme": one.scheme,
            "target": one.target,
            "published": shown(one.published) + (f" ({shown(one.low)}–{shown(one.high)})" if one.low else ""),
            "simulated": one.reason if one.simulated is None else shown(one.simulated),
            "set to meet it": "yes" if one.fitted else "no",
            "from": f"{one.mark}: {one.source}",
            "what": one.label,
        }
        for one in lines
    ]


def shown(value: float | None) -> str:
    """Return a number with three digits that count."""
    return "…" if value is None else f"{value:.3g}"
