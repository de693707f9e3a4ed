"""The data card of a population: all that its recipe says of it, and what a validation found, as plain rows.

Nothing here is written by hand for one population, and nothing tells when a card was made: the same recipe, checks and
versions give the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from scoring.population.draw import LOT
from scoring.population.draw import people as drawn
from scoring.population.graph import Graph, graph
from scoring.population.ledger import MARKS, Entry, Swept, by_mark, ledger, multipliers, totals
from scoring.population.plan import LATENT_UNIT, Plan
from scoring.population.recipe import Recipe, Subject

LICENCE = "Apache-2.0"
PURPOSE = (
    "To ask of any design of a social credit scheme who gains, who loses, how steady its verdicts are and where a gap "
    "comes from, over people who do not exist and whose simulated truth is therefore known."
)
OUT_OF_SCOPE = (
    "Scoring real people, or training a scheme that will be used on them.",
    "Estimating how often anything happens in a real place: rates are targets of the recipe, not findings.",
    "Ranking or describing real cities: a recipe takes a place's published margins and assumes nearly all the rest.",
    "Estimating a causal effect in the world: causes here are declared, so they can only be found again.",
)
SYNTHETIC = (
    "Entirely synthetic. No record derives from a person: the only inputs are the numbers of the recipe, which are "
    "published aggregates or assumptions, and a seed. No microdata are read, and every id verifies itself as synthetic."
)
LIMITS = (
    "Subjects do not age, move, form or leave households over the years, nor act together; a verdict acts on conduct "
    "only through a declared pressure."
)
WORDS = {"person": "person", "firm": "firm", "government_body": "public body"}


@dataclass(frozen=True)
class Column:
    """A column of the table that is drawn, in words."""

    name: str
    type: str
    levels: tuple[str, ...]
    unit: str
    label: str
    role: str  # id, attribute, derived, quantity, records, amount, lot, hidden
    protected: bool


@dataclass(frozen=True)
class Kind:
    """One kind of subject: its part of the recipe, its plans' digests by world, its columns, its causal graph."""

    name: str
    subject: Subject
    block: int
    digests: Mapping[str, str]
    columns: tuple[Column, ...]
    graph: Graph
    swept: tuple[Swept, ...]

    @property
    def word(self) -> str:
        return WORDS[self.name]

    def types(self, prefix: str) -> str:
        """Return the types of the columns whose names begin alike."""
        return ", ".join(dict.fromkeys(c.type for c in self.columns if c.name.startswith(prefix)))


@dataclass(frozen=True)
class Card:
    """Everything that the files of a card show."""

    recipe: Recipe
    kinds: tuple[Kind, ...]
    entries: tuple[Entry, ...]
    checks: Sequence[Any]
    people: int  # persons that the validation drew
    seed: int
    versions: Mapping[str, str]

    @property
    def name(self) -> str:
        return self.recipe.name

    @property
    def shares(self) -> dict[str, float]:
        """The share of parameters of each mark."""
        counted = totals(by_mark(self.entries))
        return {mark: counted[mark] / sum(counted.values()) for mark in MARKS}


def card(
    recipe: Recipe,
    plans: Mapping[str, Mapping[str, Plan]],
    checks: Sequence[Any],
    people: int,
    seed: int,
    versions: Mapping[str, str],
) -> Card:
    """Return the card of a recipe; `plans` are its compiled plans by kind of subject and world.

    `checks` is what a validation of so many `people` at this seed found; empty means that none was made.
    """
    kinds = tuple(kind(name, subject, plans[name]) for name, subject in recipe.subjects.items())
    return Card(recipe, kinds, tuple(ledger(recipe)), checks, people, seed, versions)


def kind(name: str, subject: Subject, plans: Mapping[str, Plan]) -> Kind:
    """Return what a card shows of one kind of subject."""
    first = next(iter(plans.values()))
    digests = {world: plan.digest for world, plan in plans.items()}
    return Kind(
        name, subject, first.block, digests, columns(subject, first), graph(subject), tuple(multipliers(subject))
    )


def columns(subject: Subject, plan: Plan) -> tuple[Column, ...]:
    """Return every column of the table that a plan draws, with the types that drawing gives it."""
    protected = set(subject.protected)
    found = []
    for name, dtype in drawn(plan, 0, 1).schema.items():
        levels = tuple(dtype.categories) if isinstance(dtype, pl.Enum) else ()
        role, unit, label = meaning(name, subject, plan)
        found.append(Column(name, "Enum" if levels else str(dtype), levels, unit, label, role, name in protected))
    return tuple(found)


def meaning(name: str, subject: Subject, plan: Plan) -> tuple[str, str, str]:
    """Return the role, unit and label of a column."""
    words = name.replace("_", " ")
    if name in subject.drawn:
        return "attribute", "", subject.drawn[name].label or words
    if name in subject.derived:
        derived = subject.derived[name]
        return "derived", "", f"{derived.label or words}, from {derived.derived_from}"
    if name in subject.quantities:
        return "quantity", subject.quantities[name].unit, subject.quantities[name].label or words
    for prefix, role, said in (
        ("n_", "records", "records of the year"),
        ("amt_", "amount", "amount with the records"),
        ("hidden_events_", "hidden", "events of the year, before law and recording"),
    ):
        if (record := name.removeprefix(prefix)) != name and record in subject.records:
            return role, "", f"{said}: {subject.records[record].label}"
    if name.startswith("hidden_z_"):
        return "hidden", f"1/{LATENT_UNIT} of a standard deviation", "latent conduct"
    return FIXED.get(name.replace(f"{plan.subject}_id", "id"), ("attribute", "", words))


FIXED = {
    "id": ("id", "", "id that verifies itself as synthetic"),
    "household_id": ("id", "", "household, the same for all its members"),
    "legal_representative_id": ("id", "", "person_id of the adult who represents it"),
    "age": ("quantity", "years", "age"),
    "lot__consent": ("lot", f"0 to {LOT - 1:,}", "lot, for schemes that need a lottery or consent"),
    "hidden_others_records": ("hidden", "", "records of others that landed here by a false match"),
    "hidden_harm": ("hidden", "", "simulated harm: events weighted by severity"),
    "hidden_harm_law": ("hidden", "", "simulated harm of what the law in force forbids"),
}


def cited(told: Card) -> dict[str, tuple[str, str, int]]:
    """Return each source that a number or a target cites: its title, where it is, and how many parameters cite it."""
    used: dict[str, int] = {}
    for entry in told.entries:
        used[entry.source] = used.get(entry.source, 0) + entry.parameters
    for one in told.kinds:
        targets: list[Any] = [*one.subject.totals.values(), *one.subject.held_out.values()]
        for aim in targets:
            used.setdefault(aim.source, 0)
    known = told.recipe.sources
    return {key: (source.title, source.where, used[key]) for key, source in known.items() if key in used}
