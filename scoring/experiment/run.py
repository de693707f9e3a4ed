"""Run an experiment: every seed of every world is a chunk; chunks become counts, counts become a result."""

from __future__ import annotations

import hashlib
import json
import resource
import shutil
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

from scoring import population, schemes
from scoring.experiment import config as configs
from scoring.experiment import designs
from scoring.experiment.config import Declared, Experiment
from scoring.experiment.measured import measured
from scoring.experiment.parts import Cubes, Progress, chunks, kept_as, of_kind, pool, written
from scoring.experiment.view import with_lists
from scoring.result import Result

SHOWN = ("sex", "age_band", "residence", "hukou_place", "legal_form", "size", "level", "kind")


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
    rows = pl.concat(measured(declared, ready, kind, of_kind(cubes, kind), workers) for kind in declared.kinds)
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
        written(cubes, folder / "counts")
        shutil.rmtree(parts, ignore_errors=True)
    return result


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
    deeds = schemes.recourse.digest(declared.deeds)
    return {"recipe": plans, "schemes": scored, "actions": deeds, "package": package.hexdigest()}


def key(config: Experiment, hashes: dict[str, Any]) -> str:
    """Return the name under which chunks are kept: chunks of anything else are not taken up again."""
    of = {"people", "schemes", "baseline", "groups", "strata", "events", "probes", "draws"}
    if config.vary or config.probes:
        of |= {"vary", "primary"}
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
