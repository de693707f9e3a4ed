"""Validate a population: every kind of subject of a recipe against what the recipe says of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from scoring import population, workspace
from scoring.documents import Refused
from scoring.experiment.people import problem, recipe_of
from scoring.population import Check, Found, Recipe, Targets

Progress = Callable[[int, int], None]
BLOCKS_A_JOB = 4
WORTH_A_PROCESS = 4_000_000  # people below which a second process costs more than it saves


class Job(NamedTuple):
    """Some blocks of one kind of subject; everything a process needs to draw and count them."""

    recipe: str
    world: str
    kind: str
    seed: int
    blocks: tuple[tuple[int, int], ...]


def validate(
    name: str | Path,
    people: int = 1_000_000,
    seed: int = 1,
    world: str | None = None,
    workers: int = 1,
    progress: Progress = lambda done, total: None,
) -> list[Check]:
    """Draw a population and return one check a table, mean, total, rate and constraint of its recipe.

    Other subjects than persons are as many as stand with so many people, and one whole block at least: fewer could not
    tell anything. Nothing row-level is kept. Raises Refused.
    """
    path = workspace.find("recipe", name)
    recipe = recipe_of(path)
    world = next(iter(recipe.worlds)) if world is None else world
    if refused := problem(path, "$.worlds", "world", world, recipe.worlds):
        raise Refused([refused])
    text = recipe.model_dump_json(by_alias=True)
    jobs = [job for kind in recipe.subjects for job in jobs_of(text, world, kind, seed, people)]
    found: dict[str, Found] = {}
    for done, (job, counts) in enumerate(counted(jobs, workers if people >= WORTH_A_PROCESS else 1), 1):
        found[job.kind] = found[job.kind] + counts if job.kind in found else counts
        progress(done, len(jobs))
    return [check for kind in recipe.subjects for check in population.checks(targets(text, world, kind), found[kind])]


def jobs_of(recipe: str, world: str, kind: str, seed: int, people: int) -> Iterator[Job]:
    """Yield the jobs of one kind of subject."""
    known = targets(recipe, world, kind)
    size = known.plan.block
    n = people if kind == "person" else max(size, round(people * known.subject.per_1000_persons / 1000))
    blocks = population.blocks(n, size)
    for start in range(0, len(blocks), BLOCKS_A_JOB):
        yield Job(recipe, world, kind, seed, tuple(blocks[start : start + BLOCKS_A_JOB]))


def counted(jobs: list[Job], workers: int) -> Iterator[tuple[Job, Found]]:
    """Yield the counts of each job, in as many processes; they do not depend on where it ran."""
    if workers == 1:
        yield from ((job, count(job)) for job in jobs)
        return
    pool = ProcessPoolExecutor(min(workers, len(jobs)), mp_context=get_context("spawn"))
    try:
        waiting = {pool.submit(count, job): job for job in jobs}
        for future in as_completed(waiting):
            yield waiting[future], future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def count(job: Job) -> Found:
    """Draw some blocks and count them against their targets."""
    known = targets(job.recipe, job.world, job.kind)
    found: Found | None = None
    for block, rows in job.blocks:
        counts = population.counted(known, population.draw(known.plan, job.seed, block, rows), job.seed, block)
        found = counts if found is None else found + counts
    assert found is not None
    return found


@lru_cache(maxsize=4)
def targets(recipe: str, world: str, kind: str) -> Targets:
    """Return what one kind of subject is held against, once a process."""
    return population.targets(Recipe.model_validate_json(recipe), world, kind)
