"""The measures of a run: what they may know of its schemes, and their rows, in several processes where that pays."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from scoring import measures
from scoring.experiment import bins, designs, tipping
from scoring.experiment import config as configs
from scoring.experiment.config import Declared
from scoring.experiment.parts import Cubes, processes, read, written
from scoring.result import tidy

REPLICATES = 200  # of what one auditor would have seen; what a simulation rests on are its seeds
FIT = 15  # what a fitted cell costs beside one that is only added up; measured
WORTH_A_PROCESS = 300_000  # cells below which a second process costs more than it saves


def measured(
    declared: Declared, ready: list[designs.Design], kind: str, cubes: Cubes, workers: int = 1
) -> pl.DataFrame:
    """Return the rows of one kind of subject."""
    config, study = declared.config, studied(declared, ready, kind, cubes)
    names = measures.named(config.measures)
    if workers > 1 and sum(counts.cells.height for counts in cubes.values()) > WORTH_A_PROCESS:
        rows = measures.in_families(at_once(cubes, study, names, workers), study)
    else:
        rows = measures.compute(cubes, study, names)
    if "outcome" in cubes and "tipping_point" in names:
        again = tipping.multipliers(declared, ready, kind, study, cubes["outcome"])
        rows = rows if again.is_empty() else tidy(pl.concat([rows, again]))
    return rows


def at_once(cubes: Cubes, study: measures.Study, names: Sequence[str], workers: int) -> pl.DataFrame:
    """Compute measures in several processes, this one among them; each reads only the cubes that it needs."""
    mine, *others = shares(cubes, names, workers)
    with tempfile.TemporaryDirectory() as folder, processes(len(others)) as pool:
        written(cubes, Path(folder))
        waiting = [pool.submit(apart, Path(folder), study, share) for share in others]
        found = [measures.rows(cubes, study, mine), *(future.result() for future in waiting)]
    return tidy(pl.concat(found))


def apart(folder: Path, study: measures.Study, names: Sequence[str]) -> pl.DataFrame:
    """Compute some measures in a process of their own."""
    needed = {cube for name in names for cube in (measures.MEASURES[name].cube, *measures.MEASURES[name].also)}
    cubes = {cube: read(path) for cube in sorted(needed) if (path := folder / f"{cube}.parquet").is_file()}
    return measures.rows(cubes, study, names)


def shares(cubes: Cubes, names: Sequence[str], workers: int) -> list[list[str]]:
    """Deal measures to processes, those of one cube together, the costly ones first."""
    by_cube: dict[str, list[str]] = {}
    for name in names:
        by_cube.setdefault(measures.MEASURES[name].cube, []).append(name)
    load = [0.0] * min(workers, len(by_cube))
    dealt: list[list[str]] = [[] for _ in load]
    for cube, of_cube in sorted(by_cube.items(), key=lambda one: -cost(cubes, *one)):
        lightest = load.index(min(load))
        load[lightest] += cost(cubes, cube, of_cube)
        dealt[lightest] += of_cube
    return dealt


def cost(cubes: Cubes, cube: str, names: Sequence[str]) -> float:
    """Return about how costly the measures of a cube are: a fit to a cell of `conditional` is worth many additions."""
    cells = cubes[cube].cells.height if cube in cubes else 0
    return cells * len(names) * (FIT if cube == "conditional" else 1)


def studied(declared: Declared, ready: list[designs.Design], kind: str, cubes: Cubes) -> measures.Study:
    """Tell the measures what they may know of the schemes of one kind of subject: others score nobody of it."""
    config = declared.config
    references = {group: config.references.get(group) for group in config.groupings}
    mine = [design for design in ready if design.scheme.subject == kind]
    drawn = {name: [d.scheme for d in mine if d.name == name] for name in dict.fromkeys(d.name for d in mine)}
    first = {name: of[0] for name, of in drawn.items()}
    rough = bins.rough(cubes["score"].cells) if "score" in cubes else {}
    return measures.Study(
        outcomes={(n, o.name): o.polarity for n, s in first.items() for o in s.outcomes.values()},
        references=references,
        schemes={name: designs.facts(of, rough.get(name), declared.deeds) for name, of in drawn.items()},
        redraws=config.probes.redraws if config.probes else 0,
        pooling={world: declared.recipe.worlds[world].pooling for world in config.worlds},
        baseline=config.baseline if config.baseline in first else None,
        replicates=REPLICATES,
        primary=[(claim.measure, claim.outcome, configs.grouping(claim.group)) for claim in config.primary],
        universes=measures.Universes(config.vary) if config.vary else None,
        criteria=[
            measures.Criterion(
                c.measure, c.outcome, configs.grouping(c.group) if c.group else None, c.direction, c.param
            )
            for c in config.criteria
        ],
    )
