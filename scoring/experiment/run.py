"""Run an experiment: every seed of every world is a chunk; chunks become counts, counts become a result."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import polars as pl

from scoring import measures, population
from scoring.experiment import bins, designs, tipping
from scoring.experiment import config as configs
from scoring.experiment.chunk import SUMS, chunk, with_lists
from scoring.experiment.config import Declared, Experiment
from scoring.measures import Counts
from scoring.result import Result, tidy

SHOWN = ("sex", "age_band", "residence", "hukou_place", "legal_form", "size", "level", "kind")
Progress = Callable[[int, int], None]
Cubes = dict[str, Counts]
PERSON = "person"
OF_A_CHUNK = ("world", "seed")  # the first axes of every cube
REPLICATES = 200  # of what one auditor would have seen; what a simulation rests on are its seeds
WORTH_A_PROCESS = 1_000_000  # people × seeds × worlds below which a second process costs more than it saves


@dataclass(frozen=True)
class Job:
    """One chunk to compute, small enough to send to another process."""

    config: str  # the experiment as JSON
    world: str
    seed: int


def run(
    name: str | Path,
    people: int | None = None,
    seeds: int | None = None,
    workers: int = 1,
    out: str | Path | None = None,
    fresh: bool = False,
    progress: Progress = lambda done, total: None,
) -> Result:
    """Run an experiment by name or path and return its result.

    `people` and `seeds` replace what the experiment says. With `out`, finished chunks are kept there, so that a run
    that was stopped goes on where it was, and the result is written there. Raises Refused for a bad experiment.
    """
    return execute(configs.load(name, people, seeds), workers, out, fresh, progress)


def execute(
    declared: Declared,
    workers: int = 1,
    out: str | Path | None = None,
    fresh: bool = False,
    progress: Progress = lambda done, total: None,
) -> Result:
    """Run a declared experiment."""
    started = time.perf_counter()
    config = declared.config
    ready = designs.ready(declared)
    hashes = fingerprints(declared, ready)
    folder = Path(out) if out else None
    parts = folder / "counts" / "parts" if folder else None
    if parts and fresh:
        shutil.rmtree(parts, ignore_errors=True)
    cubes = pool(chunks(declared, ready, parts and parts / key(config, hashes), workers, progress))
    rows = pl.concat(measured(declared, ready, kind, of_kind(cubes, kind)) for kind in declared.kinds)
    rows = rows.with_columns(pl.lit(config.experiment).alias("experiment"))
    manifest = {
        **told(declared, ready, cubes, hashes),
        "wall_seconds": round(time.perf_counter() - started, 1),
        "peak_mb": peak_mb(),
        "workers": workers,
    }
    result = Result(rows, manifest, folder)
    if folder and parts:
        result.write(folder)
        for cube, counts in cubes.items():
            counts.cells.write_parquet(folder / "counts" / f"{cube}.parquet")
        shutil.rmtree(parts, ignore_errors=True)
    return result


def measured(declared: Declared, ready: list[designs.Design], kind: str, cubes: Cubes) -> pl.DataFrame:
    """Return the rows of one kind of subject."""
    config, study = declared.config, studied(declared, ready, kind, cubes)
    rows = measures.compute(cubes, study, config.measures)
    if "outcome" in cubes and (config.measures == "all" or "tipping_point" in config.measures):
        again = tipping.multipliers(declared, ready, kind, study, cubes["outcome"])
        rows = rows if again.is_empty() else tidy(pl.concat([rows, again]))
    return rows


def chunks(
    declared: Declared, ready: list[designs.Design], parts: Path | None, workers: int, progress: Progress
) -> Iterator[Cubes]:
    """Yield the cubes of every chunk, read back where a stopped run has left them."""
    config = declared.config
    text = config.model_dump_json()
    jobs = [Job(text, world, seed) for world in config.worlds for seed in range(1, config.seeds + 1)]
    waiting = [job for job in jobs if not (parts and finished(parts, job))]
    progress(len(jobs) - len(waiting), len(jobs))
    done = len(jobs) - len(waiting)
    enough = config.people.n * len(waiting) >= WORTH_A_PROCESS
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
        cubes |= {kept_as(kind, cube): c for cube, c in chunk(declared.config, plan, designs_of_kind, job.seed).items()}
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
    before = os.environ.get("POLARS_MAX_THREADS")
    os.environ["POLARS_MAX_THREADS"] = "1"  # a process a core: threads would only compete
    pool = ProcessPoolExecutor(min(workers, len(jobs)), mp_context=get_context("spawn"))
    try:
        waiting = {pool.submit(compute, job): job for job in jobs}
        for future in as_completed(waiting):
            yield waiting[future], future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        if before is None:
            del os.environ["POLARS_MAX_THREADS"]
        else:
            os.environ["POLARS_MAX_THREADS"] = before


@lru_cache(maxsize=1)
def prepared(config: str) -> tuple[Declared, tuple[designs.Design, ...]]:
    """Make the designs of an experiment ready, once a process."""
    experiment = Experiment.model_validate_json(config)
    declared = configs.resolve(experiment, configs.Document("experiment", None, {}))
    return declared, tuple(designs.ready(declared))


def compute(job: Job) -> Cubes:
    """Compute one chunk in a process of its own."""
    return counted(*prepared(job.config), job)


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


def save(cubes: Cubes, parts: Path, job: Job) -> None:
    """Keep a finished chunk; it appears under its name only when whole."""
    unfinished = parts / f".{job.world}-{job.seed}"
    unfinished.mkdir(parents=True, exist_ok=True)
    for cube, counts in cubes.items():
        counts.cells.write_parquet(unfinished / f"{cube}.parquet")
    shutil.rmtree(parts / f"{job.world}-{job.seed}", ignore_errors=True)
    unfinished.rename(parts / f"{job.world}-{job.seed}")


def finished(parts: Path, job: Job) -> bool:
    """Tell whether a chunk was kept."""
    return (parts / f"{job.world}-{job.seed}").is_dir()


def restore(parts: Path, job: Job) -> Cubes:
    """Read a kept chunk."""
    cubes = {}
    for path in sorted((parts / f"{job.world}-{job.seed}").glob("*.parquet")):
        cells, sums = pl.read_parquet(path), sums_of(path.stem)
        cubes[path.stem] = Counts(tuple(c for c in cells.columns if c not in sums), cells)
    return cubes


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
        schemes={name: designs.facts(of, rough.get(name)) for name, of in drawn.items()},
        redraws=config.probes.redraws if config.probes else 0,
        pooling={world: declared.recipe.worlds[world].pooling for world in config.worlds},
        baseline=config.baseline if config.baseline in first else None,
        replicates=REPLICATES,
        primary=[(claim.measure, claim.outcome, configs.grouping(claim.group)) for claim in config.primary],
    )


def fingerprints(declared: Declared, ready: list[designs.Design]) -> dict[str, Any]:
    """Return the hashes that say exactly what was run."""
    plans = {
        kept_as(kind, world): population.compile_recipe(declared.recipe, world, kind).digest
        for kind in declared.kinds
        for world in declared.config.worlds
    }
    scored: dict[str, str] = {}
    for design in ready:
        scored[design.name] = hashlib.sha256((scored.get(design.name, "") + design.scheme.digest).encode()).hexdigest()
    package = hashlib.sha256()
    for path in sorted(Path(__file__).parent.parent.rglob("*.py")):
        package.update(path.read_bytes())
    return {"recipe": plans, "schemes": scored, "package": package.hexdigest()}


def key(config: Experiment, hashes: dict[str, Any]) -> str:
    """Return the name under which chunks are kept: chunks of anything else are not taken up again."""
    of = {"people", "schemes", "baseline", "groups", "strata", "events", "probes", "draws"}
    counted = config.model_dump(include=of)
    return hashlib.sha256(json.dumps([counted, hashes], sort_keys=True).encode()).hexdigest()[:16]


def told(declared: Declared, ready: list[designs.Design], cubes: Cubes, hashes: dict[str, Any]) -> dict[str, Any]:
    """Return the manifest: what was asked and run, in which versions, over which schemes."""
    config = declared.config
    ledgers: dict[str, Any] = {}
    for kind in declared.kinds:
        sample = population.people(population.compile_recipe(declared.recipe, config.worlds[0], kind), 2_000, 1)
        shown = [c for c in dict.fromkeys([*SHOWN, *configs_attributes(config, kind)]) if c in sample.columns]
        mine = [design for design in reversed(ready) if design.scheme.subject == kind]
        ledgers |= {
            design.name: designs.example_ledger(design.scheme, with_lists(sample, sample, design, mine), shown)
            for design in mine
        }
    return {
        **config.model_dump(mode="json", exclude={"people", "seeds", "schemes", "groups"}),
        "recipe": config.people.recipe,
        "people": config.people.n,
        "years": config.people.years,
        "pooling": {world: declared.recipe.worlds[world].pooling for world in config.worlds},
        "seeds": list(range(1, config.seeds + 1)),
        "groups": config.groupings,
        "groups_of": {kind: [configs.grouping(g) for g in config.groups_of(kind)] for kind in declared.kinds},
        "designs": config.designs,
        "schemes": designs.describe(ready, declared, live_rules(cubes)),
        "example_ledgers": {name: ledger for name, ledger in ledgers.items() if ledger},
        "hashes": hashes,
        "engine": "local",
        "version": version("scoring-experiments"),
        "libraries": {name: version(name) for name in ("polars", "narwhals", "numpy", "scikit-learn")},
        "created": date.today().isoformat(),
        "command": f"scoring run {config.experiment} --people {config.people.n} --seeds {config.seeds}",
    }


def configs_attributes(config: Experiment, kind: str) -> list[str]:
    """Return every attribute that subjects of a kind are grouped by."""
    return [a for group in config.groups_of(kind) for a in ([group] if isinstance(group, str) else group)]


def live_rules(cubes: Cubes) -> dict[str, set[str]]:
    """Return, by scheme, the rules that gave anybody points."""
    found: dict[str, set[str]] = {}
    for name, cube in cubes.items():
        if name.rpartition(".")[2] == "ledger":
            fired = cube.cells.filter(pl.col("points") != 0).select("scheme", "rule").unique()
            for scheme, rule in fired.iter_rows():
                found.setdefault(scheme, set()).add(rule)
    return found


def peak_mb() -> int:
    """Return the peak memory of the largest process of this run, in megabytes."""
    usage = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return round(max(usage) / 1024)
