"""The causal graph of a kind of subject: what each attribute is drawn from, and by which road it reaches a record.

A road is what the records of some types pass: who is exposed, which latent conduct moves them, and which attributes the
law, enforcement and data look at. Record types that pass the same road stand together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from scoring.population.recipe import Mark, Subject

STAGES = ("law", "enforcement", "data")


@dataclass(frozen=True)
class Node:
    """An attribute or quantity: what it is drawn from, on what its table rests, and what it moves."""

    name: str
    also: tuple[str, ...]  # coarser attributes and years of age that follow from it
    parents: tuple[str, ...]
    mark: Mark
    source: str
    margin: tuple[Mark, str] | None  # mark and source of the margin that its table is raked to
    protected: bool
    gates: tuple[str, ...]  # record types to which it exposes
    moves: tuple[str, ...]  # latent conduct that it moves as a resource
    touches: tuple[str, ...]  # record types in whose law, enforcement or data its levels differ

    @property
    def edges(self) -> int:
        return len(self.parents)


@dataclass(frozen=True)
class Road:
    """What some record types pass; each part names attributes, `latents` latent conduct."""

    latents: tuple[str, ...]
    gates: tuple[str, ...]
    law: tuple[str, ...]
    enforcement: tuple[str, ...]
    data: tuple[str, ...]
    records: tuple[str, ...] = ()


@dataclass(frozen=True)
class Graph:
    """Attributes by name, what moves each latent and what it shares with others, roads, and what all records pass."""

    nodes: Mapping[str, Node]
    latents: Mapping[str, tuple[tuple[str, ...], Mapping[str, float]]]
    roads: tuple[Road, ...]
    everywhere: Mapping[str, tuple[str, ...]]  # by link of the chain that all record types share

    def children(self, name: str) -> tuple[str, ...]:
        """Return the attributes that are drawn from one."""
        return tuple(node.name for node in self.nodes.values() if name in node.parents)


def graph(subject: Subject) -> Graph:
    """Return the causal graph of a kind of subject."""
    everywhere = {stage: tuple(getattr(subject.chain, stage).by) for stage in ("elsewhere", "share", "link")}
    latents = {z: (tuple(latent.resources), dict(latent.shares_with)) for z, latent in subject.latent.items()}
    return Graph(nodes(subject), latents, roads(subject), everywhere)


def nodes(subject: Subject) -> dict[str, Node]:
    """Return every attribute that is drawn, and every quantity, parents first."""
    told_apart = {r: set[str]().union(*(looked_at(subject, r, stage) for stage in STAGES)) for r in subject.records}
    found = {}
    for name, attribute in subject.drawn.items():
        also = tuple(d for d, derived in subject.derived.items() if derived.derived_from == name)
        aged = attribute.levels == list(subject.years_of_age)
        margin = attribute.margin and (attribute.margin.mark, attribute.margin.source)
        names = {name, *also}
        found[name] = Node(
            name,
            (*also, *(["age"] if aged else [])),
            tuple(dict.fromkeys(subject.root(parent) for parent in attribute.given)),
            attribute.mark,
            attribute.source,
            margin or None,
            bool(names & set(subject.protected)),
            tuple(r for r, record in subject.records.items() if names & set(record.at_risk)),
            tuple(z for z, latent in subject.latent.items() if names & set(latent.resources)),
            tuple(r for r, by in told_apart.items() if names & by),
        )
    for name, quantity in subject.quantities.items():
        parents = tuple(dict.fromkeys(subject.root(p) for p in (quantity.within, quantity.given)))
        protected = name in subject.protected
        found[name] = Node(name, (), parents, quantity.mark, quantity.source, None, protected, (), (), ())
    return found


def looked_at(subject: Subject, record: str, stage: str, shared: bool = True) -> set[str]:
    """Return the attributes by whose levels a stage differs; the links that all records share only if `shared`."""
    own = subject.records[record]
    if stage == "law":
        return {a for ruling in (own.law, *own.law.alternatives.values()) for a in ruling.by}
    if stage == "enforcement":
        return {*own.detect.by, *own.enforce.by}
    if shared:
        return {*subject.chain.elsewhere.by, *subject.stage(record, "share").by, *subject.stage(record, "link").by}
    return {a for link in (own.share, own.link) if link for a in link.by}


def roads(subject: Subject) -> tuple[Road, ...]:
    """Return the roads, those of the same conduct side by side, in the order in which the recipe first takes them."""
    order, found = list(subject.levels()), dict[Road, list[str]]()
    for name, record in subject.records.items():
        acting = [set(record.at_risk), *(looked_at(subject, name, stage, shared=False) for stage in STAGES)]
        latents = tuple(z for z in subject.latent if z in record.conduct)
        road = Road(latents, *(tuple(a for a in order if a in names) for names in acting))
        found.setdefault(road, []).append(name)
    kinds = list(dict.fromkeys(road.latents for road in found))
    ordered = sorted(found, key=lambda r: (kinds.index(r.latents), r.law, r.enforcement, r.data, r.gates))
    return tuple(replace(road, records=tuple(found[road])) for road in ordered)
