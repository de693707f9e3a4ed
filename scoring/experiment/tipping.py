"""Tipping points of the recording chain: how far detection, enforcement, sharing or linkage would have to be otherwise.

A recipe states, group by group, multipliers of what is recorded, each with the range over which it is not known. All
multipliers of one attribute are moved together along a line, from the stated values (t = 0) to the low (-1) or the high
(1) ends of their ranges. The same people are drawn again with the same noise, so that what changes is due to the
multipliers alone, and that change is put on the headline of the whole run.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import polars as pl

from scoring import population
from scoring.documents import Refused
from scoring.experiment import cubes
from scoring.experiment.chunk import batches, scored
from scoring.experiment.config import Declared
from scoring.experiment.designs import Design
from scoring.experiment.years import Past, in_order, lists_of
from scoring.measures import Counts, Study, reversal
from scoring.measures.headlines import Headline, headlines
from scoring.measures.reversal import Line
from scoring.measures.tipping import ALIKE, NOBODY, Change, row, telling
from scoring.result import tidy

PEOPLE, SEED = 20_000, 1
DRAWS = 6  # of each attribute, besides the one as stated, which all share
NARROW = 1 / 16  # of the line: a bracket that is not halved again
FEW = 10  # persons with the outcome in either group below which the sample says little
STAGES = ("detect", "enforce", "share", "link")
OF_ALL = ("elsewhere", "share", "link")  # what the chain states for all records
PARAM = "multipliers"
Key = tuple[Any, ...]
Found = Mapping[Key, Headline]


def multipliers(declared: Declared, ready: Sequence[Design], kind: str, study: Study, outcome: Counts) -> pl.DataFrame:
    """Return, for each primary comparison in the first world, how far the multipliers of its attribute must move.

    `value` is t; null where nothing in the ranges turns the comparison, or where the recipe states no multiplier.
    """
    world = declared.config.worlds[0]
    told = by_key(outcome.where(world=world), study)
    if not told:
        return pl.DataFrame()
    sample = Sample(declared, needed(ready, {one["scheme"] for one in told.values()}), kind, study)
    rows = []
    for group_by in dict.fromkeys(one["group_by"] for one in told.values()):
        mine = {key: one for key, one in told.items() if one["group_by"] == group_by}
        move = Move(sample, related(sample.subject, group_by.split("*")))
        asked = [
            Target(move, key, one, line, reversal.side(line, one.mine, one.theirs))
            for key, one in mine.items()
            for line in one.lines
        ]
        search(move, [target for target in asked if target.now and move.records and not target.few])
        rows += [told_of(target, group_by) for target in asked]
    return tidy(rows)


def by_key(outcome: Counts, study: Study) -> dict[Key, Headline]:
    """Return the headlines of every claim; of errors, at the first threshold of simulated harm."""
    found: dict[Key, Headline] = {}
    for claim in study.primary:
        for one in headlines(outcome, study, claim):
            found.setdefault((claim, one["scheme"], one["group"]), one)
    return found


def needed(ready: Sequence[Design], names: set[str]) -> list[Design]:
    """Return the designs of some names, and of the lists that they take over."""
    while lists := {taken for d in ready if d.name in names for taken in lists_of(d)} - names:
        names = names | lists
    return in_order([design for design in ready if design.name in names])


def related(subject: Any, attributes: Sequence[str]) -> tuple[str, ...]:
    """Return attributes together with those that they are a coarser or finer form of."""
    roots = {subject.root(attribute) for attribute in attributes}
    return tuple(attribute for attribute in subject.levels() if subject.root(attribute) in roots)


@dataclass(frozen=True)
class Sample:
    """The people who are drawn again, and the designs that score them."""

    declared: Declared
    designs: Sequence[Design]
    kind: str
    study: Study
    found: dict[Any, Found] = field(default_factory=dict)

    @property
    def subject(self) -> Any:
        return self.declared.recipe.subject(self.kind)

    @property
    def people(self) -> int:
        return min(PEOPLE, self.declared.config.people.n)

    def drawn(self, attributes: tuple[str, ...], t: float) -> Found:
        """Return the headlines of the sample with the multipliers of some attributes at t; none if that is refused."""
        key = (attributes, t) if t else 0
        if key not in self.found:
            self.found[key] = self._drawn(attributes, t)
        return self.found[key]

    def _drawn(self, attributes: tuple[str, ...], t: float) -> Found:
        config, world = self.declared.config, self.declared.config.worlds[0]
        config = config.model_copy(update={"people": config.people.model_copy(update={"n": self.people})})
        read = {c.split("_", 1)[1] for d in self.designs for c in d.scheme.reads if c.startswith(("n_", "amt_"))}
        try:
            plan = population.recompile(
                self.declared.recipe, world, moved(self.subject, attributes, t), self.kind, read
            )
        except Refused:  # no base rate gives the published number of records with such a chain
            return {}
        names = tuple(dict.fromkeys(group_by for _, _, group_by in self.study.primary))
        names = tuple(name for name in names if set(name.split("*")) <= plan.levels.keys())
        groups = cubes.Groupings(names, plan.levels)
        tables = []
        for years in batches(config, plan, SEED, groups):
            past = Past()
            for year, people in enumerate(years):
                for design, outcome in scored(people, self.designs, past, "cell", "harm"):
                    if year == config.people.years - 1:
                        tables.append(counted(outcome, design, groups))
        table = pl.concat(tables).with_columns(pl.lit(world).alias("world"), pl.lit(SEED, pl.Int32).alias("seed"))
        axes = tuple(c for c in table.columns if c != "n")
        return by_key(Counts(axes, table).marginal(axes), self.study)


def counted(outcome: pl.DataFrame, design: Design, groups: cubes.Groupings) -> pl.DataFrame:
    """Return the outcome cube of one scored frame, over the groupings that are asked about."""
    names = list(design.scheme.outcomes)
    tallied = cubes.tally(outcome.filter(cubes.SCORED), [*names, "harm"])
    rolled = groups.roll_up(cubes.by_outcome(tallied, names, ["cell", "harm"]), names=groups.names)
    return rolled.with_columns(pl.lit(design.name).alias("scheme"), pl.lit(design.draw, pl.Int32).alias("draw"))


def moved(subject: Any, attributes: Sequence[str], t: float) -> Any:
    """Return a subject with the multipliers of some attributes moved along the line."""

    def of(stage: Any) -> Any:
        by = {
            a: {level: m.model_copy(update={"value": along(m.value, m.range, t)}) for level, m in levels.items()}
            for a, levels in stage.by.items()
            if a in attributes
        }
        return stage.model_copy(update={"by": {**stage.by, **by}}) if by else stage

    records = {}
    for name, record in subject.records.items():
        own = {s: of(getattr(record, s)) for s in STAGES if getattr(record, s) is not None}
        records[name] = record.model_copy(update=own)
    chain = subject.chain.model_copy(update={s: of(getattr(subject.chain, s)) for s in OF_ALL})
    return subject.model_copy(update={"records": records, "chain": chain})


def along(value: float, ends: tuple[float, float], t: float) -> float:
    """Return the point t of the line from an end to a value to the other end.

    >>> [along(2, (1, 5), t) for t in (-1, -0.5, 0, 0.5, 1)]
    [1.0, 1.5, 2.0, 3.5, 5.0]
    """
    low, high = ends
    return float(value + t * (high - value) if t >= 0 else value - t * (low - value))


@dataclass(frozen=True)
class Move:
    """The multipliers of some attributes, moved together."""

    sample: Sample
    attributes: tuple[str, ...]

    @property
    def records(self) -> list[str]:
        """The record types of which some multiplier moves."""
        subject = self.sample.subject
        return [
            name
            for name in subject.records
            if any(a in s.by for a in self.attributes for s in (subject.chain.elsewhere, *stages(subject, name)))
        ]

    def at(self, t: float) -> Found:
        return self.sample.drawn(self.attributes, t)

    @property
    def points(self) -> list[float]:
        """The points of the line that were drawn, in order."""
        mine = [key[1] for key in self.sample.found if key and key[0] == self.attributes]
        return sorted([0.0, *mine])


def stages(subject: Any, record: str) -> Iterator[Any]:
    """Yield the links of a record's chain."""
    return (subject.stage(record, stage) for stage in STAGES)


@dataclass(frozen=True)
class Target:
    """One line of one headline, and how far it is from it at each point of the line."""

    move: Move
    key: Key
    headline: Headline
    line: Line
    now: int | None

    @property
    def few(self) -> bool:
        """Whether too few of the sample have the outcome to say what moving a multiplier does."""
        stated = self.move.at(0).get(self.key)
        return stated is None or min(stated.mine.y, stated.theirs.y) < FEW

    def ratio(self, t: float) -> float | None:
        """Return the ratio of the two rates at t: that of the whole run, times what moving changes in the sample."""
        stated, there = self.move.at(0).get(self.key), self.move.at(t).get(self.key)
        if stated is None or there is None:
            return None
        shares = (self.headline.mine, self.headline.theirs, there.mine, there.theirs, stated.mine, stated.theirs)
        if any(not share.y for share in shares):
            return None
        mine, theirs, *sample = (share.rate for share in shares)
        return mine / theirs * sample[0] / sample[1] / (sample[2] / sample[3])

    def bracket(self) -> tuple[float, float, float] | None:
        """Return the narrowest known part of the line in which it turns, nearest to the stated values, and where."""
        ratios = [(t, self.ratio(t)) for t in self.move.points]
        distances = [(t, math.log(ratio / self.line.at)) for t, ratio in ratios if ratio is not None]
        found = [(a, b, a + (b - a) * x / (x - y)) for (a, x), (b, y) in pairwise(distances) if x * y <= 0 and x != y]
        return min(found, key=lambda part: abs(part[2]), default=None)


def search(move: Move, targets: Sequence[Target]) -> None:
    """Draw the ends of the line, and then, where most targets turn, the middle of the part in which they do."""
    if not targets:
        return
    for t in (1.0, -1.0):
        move.at(t)
    for _ in range(DRAWS - 2):
        parts = [part for target in targets if (part := target.bracket()) and part[1] - part[0] > NARROW]
        if not parts:
            return
        asked = Counter((low, high) for low, high, _ in parts)
        low, high = max(asked, key=lambda part: (part[1] - part[0], asked[part], part))
        move.at((low + high) / 2)


def told_of(target: Target, group_by: str) -> dict[str, Any]:
    """Return the result row of one target."""
    one, people = target.headline, target.move.sample.people
    method = f"{one['method'].split(',')[0]}, {people:,} drawn again"
    return row(replace(one, told={**one.told, "method": method}), target.line, change(target, group_by))


def change(target: Target, group_by: str) -> Change:
    """Return how far the multipliers must move, and say it."""
    move, (turns, it) = target.move, telling(target.line)
    if not target.now:
        return Change(PARAM, None, NOBODY if target.now is None else ALIKE)
    if not move.records:
        return Change(PARAM, None, f"No multiplier by {group_by} is stated, so there is nothing to move.")
    those = f"the multipliers by {group_by} of {len(move.records)} record types"
    if target.few:
        drawn = f"the {move.sample.people:,} drawn again"
        return Change(PARAM, None, f"Nothing can be said of {those}: fewer than {FEW} in one group of {drawn} have it.")
    part = target.bracket()
    if part is not None:
        end = "high" if part[2] > 0 else "low"
        way = f"{abs(part[2]):.0%} of the way to the {end} ends of their ranges"
        return Change(PARAM, part[2], f"With {those} moved {way}, {turns}.")
    ratios = [ratio for t in move.points if (ratio := target.ratio(t)) is not None]
    low, high = f"{min(ratios):.2f}", f"{max(ratios):.2f}"
    reach = f"the ratio stays at {low}" if low == high else f"the ratio stays between {low} and {high}"
    return Change(PARAM, None, f"No value within their ranges of {those} {it}: {reach}.")
