"""A chunk: one seed of one world, drawn, scored under every design and reduced to cubes, block by block.

Nothing row-level outlives its batch of blocks, so memory does not grow with the number of people.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import polars as pl

from scoring import population, schemes
from scoring.experiment import bins, cubes, flips, opacity, probes, reasons, recut, sensitivity, surrogate, ways
from scoring.experiment.actions import Actions
from scoring.experiment.config import Declared, Experiment, grouping
from scoring.experiment.designs import NO_DRAW, Design
from scoring.experiment.mistakes import Register
from scoring.experiment.multiverse import Multiverse
from scoring.experiment.years import Past, in_order, lists_of, seen_by, transitions, turnover
from scoring.measures import Counts
from scoring.population.noise import Source

BLOCKS_AT_ONCE = 4
FOLDED = 500_000  # rows of a cube above which batches are added up before the next one
SUMS = {
    "ledger": ["n", "score"],
    "lottery": ["n", "pairs"],
    "actionability": ["n", "parts", "points", "all"],
    "neighbours": ["n", "band", "reasons", "both", "step"],
    "mistaken": ["n", *flips.TERMS],
    "surrogate_score": ["n", "score", "squares", "errors"],
    "opacity": ["n", *opacity.SUMS],
    "permuted": ["n", "change"],
    "weights": [*sensitivity.SUMS],
    "rank_shift": ["n", "shift", "cross", "square", "before"],
}
FIRST_SEED = 1  # the only one whose people are asked what other weights would make of them
Tables = defaultdict[str, list[pl.DataFrame]]


def chunk(declared: Declared, plan: Any, designs: Sequence[Design], seed: int) -> dict[str, Counts]:
    """Return every cube of one seed in one world, over the subjects of one kind."""
    config = declared.config
    names = tuple(grouping(g) for g in config.groups_of(plan.subject))
    groups = cubes.Groupings(names, plan.levels, tuple(config.strata_of(plan.subject)))
    tables: Tables = defaultdict(list)
    designs = in_order(designs)
    last = config.people.years - 1
    many = Multiverse.of(config, plan)
    for years in batches(config, plan, seed, groups):
        past = Past()
        for year, people in enumerate(years):
            count(people, designs, groups, plan.records, tables, past, year, year == last, many)
        fold(tables)
    if config.probes:
        look_again(declared, plan, designs, seed, groups, tables)
    return {cube: pooled(cube, found, plan.world, seed) for cube, found in tables.items()}


def batches(config: Experiment, plan: Any, seed: int, groups: cubes.Groupings) -> Iterator[Iterator[pl.DataFrame]]:
    """Draw the subjects a few blocks at a time, each batch once a year, with the cell and the simulated harm level."""
    blocks = list(population.blocks(config.people.n, plan.block))
    size = max(1, BLOCKS_AT_ONCE * population.BLOCK // plan.block)
    for start in range(0, len(blocks), size):
        yield (drawn(config, plan, seed, blocks[start : start + size], groups, y) for y in range(config.people.years))


def drawn(
    config: Experiment, plan: Any, seed: int, blocks: Sequence[tuple[int, int]], groups: cubes.Groupings, year: int
) -> pl.DataFrame:
    """Draw some blocks in one year; in the first, everyone does what the experiment says that all do."""
    do = config.events.get(plan.subject) if year == 0 else None
    frames = [population.draw(plan, seed, block, rows, year=year, do=do) for block, rows in blocks]
    return pl.concat(frames).with_columns(*groups.places(), cubes.harm_level())


def visible(people: pl.DataFrame, design: Design, *also: str) -> pl.DataFrame:
    """Return only what a scheme declares that it reads of the records, and the axes of the counts."""
    reads = [column for column in design.scheme.reads if not column.startswith("listed__")]
    return people.select(*dict.fromkeys([*reads, *also]))


def as_read(outcome: pl.DataFrame, design: Design) -> pl.DataFrame:
    """Return of a scored frame what the design had read."""
    state = [f"prior__{part}" for part in design.scheme.state if f"prior__{part}" in outcome.columns]
    return outcome.select(*design.scheme.reads, *state)


def scored(
    people: pl.DataFrame, designs: Sequence[Design], past: Past, *axes: str
) -> Iterator[tuple[Design, pl.DataFrame]]:
    """Yield what each design makes of the people of one year; lists come before the designs that take them over."""
    verdicts: dict[str, pl.DataFrame] = {}
    for design in designs:
        frame = seen_by(visible(people, design, *axes), design, past, verdicts)
        outcome = verdicts[design.name] = design.scheme.score(frame)
        past.keep(design, outcome)
        yield design, outcome


def count(
    people: pl.DataFrame,
    designs: Sequence[Design],
    groups: cubes.Groupings,
    records: Mapping[str, Any],
    tables: Tables,
    past: Past,
    year: int,
    last: bool,
    many: Multiverse | None = None,
) -> None:
    """Score one batch in one year; count turnover and transitions, and in the last year the verdicts."""
    signatures: dict[int, list[pl.Series]] = defaultdict(list)
    axes = [axis for axis in ("cell", "harm", "stratum") if axis in people.columns]
    for design, outcome in scored(people, designs, past, *axes):
        if design.scheme.state:
            flow = cubes.tally(turnover(outcome, year), ["period", "listed", "entered", "leaves"])
            keep(tables, design, {"turnover": groups.roll_up(flow)})
        several = year > 0 or not last
        moves = transitions(outcome, design, past, year) if several else None
        if moves is not None:
            keep(tables, design, {"transition": groups.roll_up(moves)})
        if not last:
            continue
        keep(tables, design, cubes.verdict_cubes(outcome, design.scheme, groups, records))
        if has_ledger(design):
            ledger = design.scheme.ledger(outcome)
            keep(tables, design, {"ledger": cubes.ledger_cube(ledger, design.scheme, groups)})
        if many:
            keep(tables, design, many.count(people, as_read(outcome, design), design))
        signatures[design.draw] += cubes.signature_columns(outcome, design.scheme)
    if not last:
        return
    keep_joint(tables, "signature", signatures, people["cell"], groups)


def look_again(
    declared: Declared, plan: Any, designs: Sequence[Design], seed: int, groups: cubes.Groupings, tables: Tables
) -> None:
    """Run the probes on the first people of the first block."""
    config, known = declared.config, declared.deeds
    assert config.probes is not None
    rows, redraws = min(config.probes.people, config.people.n), config.probes.redraws
    index = pl.int_range(rows, dtype=pl.UInt32, eager=True).alias("person")
    people = population.draw(plan, seed, 0, rows).with_columns(index, groups.cell())
    reads = [c for d in designs for c in d.scheme.reads if c in people.columns]
    reads = list(dict.fromkeys(reads))
    redrawn = population.redraw(plan, seed, 0, rows, range(1, redraws + 1)).select(*reads, pl.concat([index] * redraws))
    cells = people.select("person", "cell")
    exits: dict[str, schemes.exits.Years] = {}
    recuts: dict[int, list[pl.Series]] = defaultdict(list)
    kept = deeds_kept(plan, designs, seed, rows, redraws, known)
    source = Source(seed, plan.subject, block=0, rows=rows)
    judged = []
    for design in designs:
        scheme = design.scheme
        register = Register.of(people, read_by(design, designs), plan.records, source, redraws)
        mine = with_lists(people, visible(people, design, "cell", "person"), design, designs)
        outcome = scheme.score(mine)
        found = {
            "pivotal": probes.pivotal(scheme, mine, outcome, groups),
            "lottery": probes.lottery(
                scheme, with_lists(redrawn, visible(redrawn, design, "person"), design, designs), redraws, cells, groups
            ),
            "mistaken": flips.mistaken(
                scheme, outcome, register, partial(scored_apart, design, designs), config.probes.errors, groups
            ),
        }
        if scheme.base is not None:
            again = recut.cut(outcome, design, seed)
            recuts[design.draw] += recut.verdicts(again, design)
            found["recut_ties"] = recut.ties(again, people["cell"], groups)
        up = []
        if scheme.state:
            exits[design.name] = schemes.exits.years_on(scheme, mine, exits)
            up.append(ways.off_list(scheme, mine, exits[design.name], groups))
        if has_ledger(design):
            ledger = scheme.ledger(outcome)
            found["reasons"] = probes.reasons(scheme, ledger, groups)
            up.append(ways.recourse(scheme, ledger, groups, kept, known))
            found |= reasons.probed(scheme, mine, ledger, groups)
            if seed == FIRST_SEED:
                primary = [(claim.outcome, grouping(claim.group)) for claim in config.primary]
                found |= sensitivity.probed(design, ledger, groups, primary)
        found |= surrogate.probed(scheme, outcome, groups)
        judged.append((design, outcome))
        keep(tables, design, {cube: table for cube, table in found.items() if table is not None})
        for table in up:
            keep(tables, design, {"recourse": table} if table is not None else {})
    for design, hidden in opacity.probed(judged, groups):
        keep(tables, design, hidden)
    if recuts:
        keep_joint(tables, "recut", recuts, people["cell"], groups)


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


def with_lists(people: pl.DataFrame, frame: pl.DataFrame, design: Design, designs: Sequence[Design]) -> pl.DataFrame:
    """Add to a frame who is on the lists that a design takes over, as those lists say of the same rows."""
    verdicts: dict[str, pl.DataFrame] = {}
    for other in in_order(designs):
        if other.name in lists_of(design):
            verdicts[other.name] = other.scheme.score(with_lists(people, visible(people, other), other, designs))
    return seen_by(frame, design, Past(), verdicts)


def scored_apart(design: Design, designs: Sequence[Design], people: pl.DataFrame) -> pl.DataFrame:
    """Return what a design says of people who stand outside the run, and the lists that it takes over before it."""
    return design.scheme.score(with_lists(people, visible(people, design, "person"), design, designs))


def read_by(design: Design, designs: Sequence[Design]) -> list[str]:
    """Return every column of the population that a design reads, or a list that it takes over."""
    lists = [other for other in designs if other.name in lists_of(design)]
    mine = [c for c in design.scheme.reads if not c.startswith("listed__")]
    return list(dict.fromkeys([*mine, *(c for other in lists for c in read_by(other, designs))]))


def has_ledger(design: Design) -> bool:
    """Tell whether a design gives each person her points by rule."""
    return design.scheme.base is not None and not design.scheme.opaque


def keep(tables: Tables, design: Design, found: dict[str, pl.DataFrame]) -> None:
    """Add tables of one design to those kept, under its name and draw."""
    for cube, table in found.items():
        name, draw = pl.lit(design.name).alias("scheme"), pl.lit(design.draw, pl.Int32).alias("draw")
        tables[cube].append(table.select(name, draw, *table.columns))


def keep_joint(
    tables: Tables, cube: str, verdicts: Mapping[int, list[pl.Series]], cells: pl.Series, groups: cubes.Groupings
) -> None:
    """Add to a cube what all designs say of the same persons, once a draw of the families among them."""
    for draw in [d for d in verdicts if d != NO_DRAW] or [NO_DRAW]:
        columns = verdicts.get(NO_DRAW, []) + (verdicts[draw] if draw != NO_DRAW else [])
        joint = cubes.signature_cube(cells, columns, groups)
        tables[cube].append(joint.select(pl.lit(draw, pl.Int32).alias("draw"), *joint.columns))


def fold(tables: Tables, most: int = FOLDED) -> None:
    """Add up what the batches so far have left of a cube, where it has grown long."""
    for cube, found in tables.items():
        if len(found) > 1 and sum(table.height for table in found) > most:
            tables[cube] = [added(cube, pl.concat(found))]


def added(cube: str, table: pl.DataFrame) -> pl.DataFrame:
    """Add up the rows of one cube that stand for the same cell."""
    sums = SUMS.get(cube, ["n"])
    axes = [c for c in table.columns if c not in sums]
    whole = table.group_by(axes).agg(pl.col(sums).sum())
    return bins.binned(whole, bins.ONE) if cube == "score" else whole


def pooled(cube: str, found: list[pl.DataFrame], world: str, seed: int) -> Counts:
    """Pool the tables of one cube into its counts."""
    of = pl.lit(world).alias("world"), pl.lit(seed, pl.Int32).alias("seed")
    table = added(cube, pl.concat(found)).select(*of, pl.all())
    return Counts(tuple(c for c in table.columns if c not in SUMS.get(cube, ["n"])), table)
