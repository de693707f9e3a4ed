"""A second look at some people: every probe, over the first people of the first block of a seed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import polars as pl

from scoring import population, schemes
from scoring.experiment import cubes, flips, opacity, probes, reasons, recut, sensitivity, surrogate, ways
from scoring.experiment.actions import Actions
from scoring.experiment.config import Declared, Experiment, grouping
from scoring.experiment.designs import Design
from scoring.experiment.gathered import Tables, keep, keep_joint
from scoring.experiment.mistakes import Register
from scoring.experiment.view import has_ledger, read_by, scored_apart, visible, with_lists
from scoring.population.noise import Source

FIRST_SEED = 1  # the only one whose people are asked what other weights would make of them
Probed = Mapping[str, pl.DataFrame | None]


@dataclass(frozen=True)
class Look:
    """Who is looked at again: the people of one seed, and themselves with detection and recording redrawn."""

    config: Experiment
    plan: Any
    designs: Sequence[Design]
    seed: int
    groups: cubes.Groupings
    people: pl.DataFrame
    redrawn: pl.DataFrame
    known: Actions | None  # the deeds that a person can do
    kept: pl.DataFrame  # of how many of 100 redraws each deed reaches the records

    @property
    def redraws(self) -> int:
        assert self.config.probes is not None
        return self.config.probes.redraws


def look_again(
    declared: Declared, plan: Any, designs: Sequence[Design], seed: int, groups: cubes.Groupings, tables: Tables
) -> None:
    """Run every probe on every design, and keep what it counted."""
    look = looked(declared, plan, designs, seed, groups)
    exits: dict[str, schemes.exits.Years] = {}
    recuts: dict[int, list[pl.Series]] = defaultdict(list)
    judged = []
    for design in designs:
        mine = with_lists(look.people, visible(look.people, design, "cell", "person"), design, designs)
        outcome = design.scheme.score(mine)
        judged.append((design, outcome))
        for found in (steadiness(look, design, mine, outcome), accounts(look, design, mine, outcome)):
            keep(tables, design, {cube: table for cube, table in found.items() if table is not None})
        if design.scheme.base is not None:
            again = recut.cut(outcome, design, seed)
            recuts[design.draw] += recut.verdicts(again, design)
            keep(tables, design, {"recut_ties": recut.ties(again, look.people["cell"], groups)})
        if design.scheme.state:
            exits[design.name] = schemes.exits.years_on(design.scheme, mine, exits)
            off = ways.off_list(design.scheme, mine, exits[design.name], groups)
            keep(tables, design, {"recourse": off} if off is not None else {})
    for design, hidden in opacity.probed(judged, groups):
        keep(tables, design, hidden)
    if recuts:
        keep_joint(tables, "recut", recuts, look.people["cell"], groups)


def looked(declared: Declared, plan: Any, designs: Sequence[Design], seed: int, groups: cubes.Groupings) -> Look:
    """Draw the people who get a second look, and draw detection and recording again over the same conduct."""
    config, known = declared.config, declared.deeds
    assert config.probes is not None
    rows, redraws = min(config.probes.people, config.people.n), config.probes.redraws
    index = pl.int_range(rows, dtype=pl.UInt32, eager=True).alias("person")
    people = population.draw(plan, seed, 0, rows).with_columns(index, groups.cell())
    reads = list(dict.fromkeys(c for d in designs for c in d.scheme.reads if c in people.columns))
    redrawn = population.redraw(plan, seed, 0, rows, range(1, redraws + 1)).select(*reads, pl.concat([index] * redraws))
    kept = deeds_kept(plan, designs, seed, rows, redraws, known)
    return Look(config, plan, designs, seed, groups, people, redrawn, known, kept)


def steadiness(look: Look, design: Design, mine: pl.DataFrame, outcome: pl.DataFrame) -> Probed:
    """Return what becomes of verdicts with a record less, with detection drawn again, with errors in the records."""
    assert look.config.probes is not None
    scheme, designs, groups = design.scheme, look.designs, look.groups
    source = Source(look.seed, look.plan.subject, block=0, rows=look.people.height)
    register = Register.of(look.people, read_by(design, designs), look.plan.records, source, look.redraws)
    redrawn = with_lists(look.redrawn, visible(look.redrawn, design, "person"), design, designs)
    score = partial(scored_apart, design, designs)
    return {
        "pivotal": probes.pivotal(scheme, mine, outcome, groups),
        "lottery": probes.lottery(scheme, redrawn, look.redraws, look.people.select("person", "cell"), groups),
        "mistaken": flips.mistaken(scheme, outcome, register, score, look.config.probes.errors, groups),
    }


def accounts(look: Look, design: Design, mine: pl.DataFrame, outcome: pl.DataFrame) -> Probed:
    """Return what a person can be told of her verdict, what she can do about it, and what it hangs on."""
    scheme, groups = design.scheme, look.groups
    told = surrogate.probed(scheme, outcome, groups)
    if not has_ledger(design):
        return told
    ledger = scheme.ledger(outcome)
    own: Probed = {
        "reasons": probes.reasons(scheme, ledger, groups),
        "recourse": ways.recourse(scheme, ledger, groups, look.kept, look.known),
        **reasons.probed(scheme, mine, ledger, groups),
    }
    primary = [(claim.outcome, grouping(claim.group)) for claim in look.config.primary]
    weights = sensitivity.probed(design, ledger, groups, primary) if look.seed == FIRST_SEED else {}
    return {**told, **own, **weights}


def deeds_kept(
    plan: Any, designs: Sequence[Design], seed: int, rows: int, redraws: int, known: Actions | None = None
) -> pl.DataFrame:
    """Return, by person and action, of how many of 100 redraws one deed of hers would have reached the records.

    Everyone does one of each deed that some rule rewards, and detection and recording are drawn again and again.
    """
    rewarded = {name for design in designs if has_ledger(design) for name in ways.deeds(design.scheme, known)}
    asked = sorted(rewarded & set(plan.counted))
    person = pl.int_range(rows, dtype=pl.UInt32, eager=True).alias("person")
    if not asked:
        return pl.DataFrame([person])
    drawn = population.redraw(plan, seed, 0, rows, range(1, redraws + 1), do=dict.fromkeys(asked, 1))
    arrived = drawn.select(pl.concat([person] * redraws), *(pl.col(f"n_{name}").alias(name) for name in asked))
    return arrived.group_by("person", maintain_order=True).agg(((pl.col(asked) > 0).mean() * 100).cast(pl.Int32))
