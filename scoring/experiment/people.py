"""Synthetic people, in memory or into a file."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from scoring import population, workspace
from scoring.documents import Problem, Refused, did_you_mean

BLOCKS_A_ROW_GROUP = 2
AT_ONCE = 2  # batches drawn ahead; memory stays flat


def recipe_of(path: Path, kinds: Collection[str] | None = None) -> population.Recipe:
    """Read a recipe; what it extends is found in the workspace. Raises Refused."""
    return population.load(path, kinds, partial(workspace.find, "recipe"))


def planned(recipe: str | Path, world: str | None = None, subject: str = "person", neutral: Sequence[str] = ()) -> Any:
    """Return the compiled plan of a recipe in one of its worlds, the first by default, some layers neutral.

    Raises Refused.
    """
    path = workspace.find("recipe", recipe)
    loaded = recipe_of(path, [subject])
    world = next(iter(loaded.worlds)) if world is None else world
    refused = [
        problem(path, "$.worlds", "world", world, loaded.worlds),
        problem(path, "$.subjects", "subject", subject, loaded.subjects),
        *(problem(path, "neutral", "layer", layer, population.LAYERS) for layer in neutral),
    ]
    if found := [p for p in refused if p]:
        raise Refused(found)
    changed = loaded.worlds[world].model_copy(update={"neutral": list(neutral)})
    return population.compile_recipe(loaded, changed if neutral else world, subject)


def problem(path: object, where: str, what: str, name: str, known: Collection[str]) -> Problem | None:
    """Return the problem of a name that is not known, with the nearest one as a hint."""
    if name in known:
        return None
    hint = did_you_mean(name, known) or f"known: {', '.join(known) or 'none'}"
    return Problem(str(path), 0, where, f"no {what} {name!r}", hint)


def people(
    recipe: str | Path,
    n: int,
    seed: int,
    world: str | None = None,
    subject: str = "person",
    year: int = 0,
    stratum: str | None = None,
    neutral: Sequence[str] = (),
    do: Mapping[str, str] | None = None,
) -> pl.DataFrame:
    """Draw n synthetic subjects of a recipe; the same arguments give the same rows.

    With a `stratum`, its members are drawn more often and `weight` is how many subjects each row stands for. Layers
    that are `neutral` treat all groups alike at the same cost. `do` sets attributes to a level for everyone.
    """
    plan = planned(recipe, world, subject, neutral)
    if stratum is None:
        return population.people(plan, n, seed, year, do)
    if refused := problem(recipe, f"$.subjects.{subject}.strata", "stratum", stratum, plan.strata):
        raise Refused([refused])
    return population.oversampled(plan, n, seed, stratum, year, do)


def build(
    recipe: str | Path,
    n: int,
    seed: int,
    out: Path,
    world: str | None = None,
    hidden: bool = False,
    subject: str = "person",
    years: int = 1,
    neutral: Sequence[str] = (),
    do: Mapping[str, str] | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Path:
    """Write n synthetic subjects to a Parquet file, a few blocks at a time; hidden columns only for auditors.

    With several years the same subjects stand once a year, with the year in a column of its own.
    """
    import pyarrow.parquet as pq

    plan = planned(recipe, world, subject, neutral)
    columns = [c for c in plan.columns if hidden or not c.startswith("hidden_")]
    blocks = [(b, rows, year) for year in range(years) for b, rows in population.blocks(n, plan.block)]
    batches = [blocks[i : i + BLOCKS_A_ROW_GROUP] for i in range(0, len(blocks), BLOCKS_A_ROW_GROUP)]

    def drawn(batch: list[tuple[int, int, int]]) -> Any:
        frames = []
        for block, rows, year in batch:
            frame = population.draw(plan, seed, block, rows, year=year, do=do).select(columns)
            frames.append(frame.with_columns(year=pl.lit(year, pl.UInt8)) if years > 1 else frame)
        return pl.concat(frames).to_arrow()

    first = drawn(batches[0])  # what is refused is refused before anything is written
    out.parent.mkdir(parents=True, exist_ok=True)
    unfinished = out.with_name(out.name + ".part")
    with (  # drawing is numpy's work, which runs beside the writing
        ThreadPoolExecutor(AT_ONCE) as pool,
        pq.ParquetWriter(unfinished, first.schema, compression="zstd", compression_level=1) as writer,
    ):
        writer.write_table(first)
        waiting = deque(pool.submit(drawn, batch) for batch in batches[1 : AT_ONCE + 1])
        for done in range(2, len(batches) + 1):
            table = waiting.popleft().result()
            if done + AT_ONCE <= len(batches):
                waiting.append(pool.submit(drawn, batches[done + AT_ONCE - 1]))
            writer.write_table(table)
            progress(done, len(batches))
    return unfinished.rename(out)
