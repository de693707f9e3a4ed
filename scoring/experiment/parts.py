"""Parts of a run: every seed of every world is a chunk; a finished one is kept, so that a stopped run goes on."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

import polars as pl

from scoring import population
from scoring.experiment import bins, designs
from scoring.experiment import config as configs
from scoring.experiment.chunk import chunk
from scoring.experiment.config import Declared, Experiment
from scoring.experiment.gathered import SUMS
from scoring.measures import Counts

Progress = Callable[[int, int], None]
Cubes = dict[str, Counts]
PERSON = "person"
OF_A_CHUNK = ("world", "seed")  # the first axes of every cube
WORTH_A_PROCESS = 1_000_000  # people × years × seeds × worlds below which a second process costs more than it saves


@dataclass(frozen=True)
class Job:
    """One chunk to compute, small enough to send to another process."""

    config: str  # the experiment as JSON
    world: str
    seed: int
    file: str = ""  # the experiment's, which what it names by a path lies beside


def chunks(
    declared: Declared, ready: list[designs.Design], parts: Path | None, workers: int, progress: Progress
) -> Iterator[Cubes]:
    """Yield the cubes of every chunk, read back where a stopped run has left them."""
    config = declared.config
    text = config.model_dump_json()
    jobs = [Job(text, world, seed, declared.file) for world in config.worlds for seed in range(1, config.seeds + 1)]
    waiting = [job for job in jobs if not (parts and finished(parts, job))]
    progress(len(jobs) - len(waiting), len(jobs))
    done = len(jobs) - len(waiting)
    enough = config.people.n * config.people.years * len(waiting) >= WORTH_A_PROCESS
    here = ((job, counted(declared, ready, job)) for job in waiting)
    for job, cubes in elsewhere(waiting, workers) if workers > 1 and enough else here:
        done += 1
        progress(done, len(jobs))
        if parts:
            save(cubes, parts, job)
        else:
            yield cubes
    if parts:
        yield from (restore(parts, job) for job in jobs)


def counted(declared: Declared, ready: Sequence[designs.Design], job: Job) -> Cubes:
    """Compute one chunk, kind of subject by kind."""
    cubes: Cubes = {}
    for kind in declared.kinds:
        plan = population.compile_recipe(declared.recipe, job.world, kind)
        designs_of_kind = [design for design in ready if design.scheme.subject == kind]
        cubes |= {kept_as(kind, cube): c for cube, c in chunk(declared, plan, designs_of_kind, job.seed).items()}
    return cubes


def kept_as(kind: str, cube: str) -> str:
    """Return the name under which a cube of a kind of subject is kept."""
    return cube if kind == PERSON else f"{kind}.{cube}"


def of_kind(cubes: Cubes, kind: str) -> Cubes:
    """Return the cubes of one kind of subject by their own names."""
    mine = {name.rpartition(".") for name in cubes}
    return {cube: cubes[kept_as(kind, cube)] for of, _, cube in mine if (of or PERSON) == kind}


def elsewhere(jobs: list[Job], workers: int) -> Iterator[tuple[Job, Cubes]]:
    """Compute jobs in that many processes; what each job gives does not depend on where it ran."""
    with processes(min(workers, len(jobs))) as pool:
        waiting = {pool.submit(compute, job): job for job in jobs}
        for future in as_completed(waiting):
            yield waiting[future], future.result()


@contextmanager
def processes(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Open a pool of processes, one a core: threads of theirs would only compete."""
    before = os.environ.get("POLARS_MAX_THREADS")
    os.environ["POLARS_MAX_THREADS"] = "1"
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        if before is None:
            del os.environ["POLARS_MAX_THREADS"]
        else:
            os.environ["POLARS_MAX_THREADS"] = before


@lru_cache(maxsize=1)
def prepared(config: str, file: str) -> tuple[Declared, tuple[designs.Design, ...]]:
    """Make the designs of an experiment ready, once a process."""
    experiment = Experiment.model_validate_json(config)
    declared = configs.resolve(experiment, configs.Document(file, None, {}))
    return declared, tuple(designs.ready(declared))


def compute(job: Job) -> Cubes:
    """Compute one chunk in a process of its own."""
    return counted(*prepared(job.config, job.file), job)


def pool(found: Iterator[Cubes]) -> Cubes:
    """Put the chunks together, cube by cube."""
    tables: dict[str, list[Counts]] = {}
    for cubes in found:
        for cube, counts in cubes.items():
            tables.setdefault(cube, []).append(counts)
    return {cube: pooled(cube, tables.pop(cube)) for cube in list(tables)}


def pooled(cube: str, found: list[Counts]) -> Counts:
    """Put the counts of one cube together: no two chunks are of one world and seed, so no cells coincide."""
    whole = Counts.joined(found, first=len(OF_A_CHUNK))
    if cube.rpartition(".")[2] == "score" and whole.cells["width"].max() != bins.EXACT:
        return Counts(whole.axes, bins.binned(whole.cells, bins.ONE))
    return whole


def sums_of(cube: str) -> list[str]:
    """Return the sums that a cube holds."""
    return SUMS.get(cube.rpartition(".")[2], ["n"])


def written(cubes: Cubes, folder: Path) -> None:
    """Write cubes into a folder, a file each."""
    folder.mkdir(parents=True, exist_ok=True)
    for cube, counts in cubes.items():
        counts.cells.write_parquet(folder / f"{cube}.parquet")


def read(path: Path) -> Counts:
    """Read a cube."""
    cells, sums = pl.read_parquet(path), sums_of(path.stem)
    return Counts(tuple(c for c in cells.columns if c not in sums), cells)


def save(cubes: Cubes, parts: Path, job: Job) -> None:
    """Keep a finished chunk; it appears under its name only when whole."""
    unfinished = parts / f".{job.world}-{job.seed}"
    written(cubes, unfinished)
    shutil.rmtree(parts / f"{job.world}-{job.seed}", ignore_errors=True)
    unfinished.rename(parts / f"{job.world}-{job.seed}")


def finished(parts: Path, job: Job) -> bool:
    """Tell whether a chunk was kept."""
    return (parts / f"{job.world}-{job.seed}").is_dir()


def restore(parts: Path, job: Job) -> Cubes:
    """Read a kept chunk."""
    return {path.stem: read(path) for path in sorted((parts / f"{job.world}-{job.seed}").glob("*.parquet"))}
