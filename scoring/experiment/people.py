"""Synthetic people, in memory or into a file."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import polars as pl

from scoring import population, workspace
from scoring.documents import Problem, Refused, did_you_mean

BLOCKS_A_ROW_GROUP = 2
AT_ONCE = 2  # batches drawn ahead; memory stays flat


def planned(recipe: str | Path, world: str | None = None, subject: str = "person") -> Any:
    """Return the compiled plan of a recipe in one of its worlds, the first by default. Raises Refused."""
    path = workspace.find("recipe", recipe)
    loaded = population.load(path, [subject])
    worlds = list(loaded.worlds)
    if world is not None and world not in worlds:
        hint = did_you_mean(world, worlds) or f"known: {', '.join(worlds)}"
        raise Refused([Problem(str(path), 0, "$.worlds", f"no world {world!r}", hint)])
    if subject not in loaded.subjects:
        raise Refused(
            [Problem(str(path), 0, "$.subjects", f"no subject {subject!r}", did_you_mean(subject, loaded.subjects))]
        )
    return population.compile_recipe(loaded, world or worlds[0], subject)


def people(
    recipe: str | Path,
    n: int,
    seed: int,
    world: str | None = None,
    subject: str = "person",
    year: int = 0,
    stratum: str | None = None,
) -> pl.DataFrame:
    """Draw n synthetic subjects of a recipe; the same arguments give the same rows.

    With a stratum, its members are drawn more often and `weight` is how many subjects each row stands for.
    """
    plan = planned(recipe, world, subject)
    if stratum is None:
        return population.people(plan, n, seed, year)
    if stratum not in plan.strata:
        hint = did_you_mean(stratum, plan.strata) or f"known: {', '.join(plan.strata) or 'none'}"
        raise Refused([Problem(str(recipe), 0, f"$.subjects.{subject}.strata", f"no stratum {stratum!r}", hint)])
    return population.oversampled(plan, n, seed, stratum, year)


def build(
    recipe: str | Path,
    n: int,
    seed: int,
    out: Path,
    world: str | None = None,
    hidden: bool = False,
    subject: str = "person",
    years: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Path:
    """Write n synthetic subjects to a Parquet file, a few blocks at a time; hidden columns only for auditors.

    With several years the same subjects stand once a year, with the year in a column of its own.
    """
    import pyarrow.parquet as pq

    plan = planned(recipe, world, subject)
    columns = [c for c in plan.columns if hidden or not c.startswith("hidden_")]
    blocks = [(b, rows, year) for year in range(years) for b, rows in population.blocks(n, plan.block)]
    batches = [blocks[i : i + BLOCKS_A_ROW_GROUP] for i in range(0, len(blocks), BLOCKS_A_ROW_GROUP)]
    out.parent.mkdir(parents=True, exist_ok=True)
    unfinished = out.with_name(out.name + ".part")

    def drawn(batch: list[tuple[int, int, int]]) -> Any:
        frames = []
        for block, rows, year in batch:
            frame = population.draw(plan, seed, block, rows, year=year).select(columns)
            frames.append(frame.with_columns(year=pl.lit(year, pl.UInt8)) if years > 1 else frame)
        return pl.concat(frames).to_arrow()

    with ThreadPoolExecutor(AT_ONCE) as pool:  # drawing is numpy's work, which runs beside the writing
        first = drawn(batches[0])
        with pq.ParquetWriter(unfinished, first.schema, compression="zstd", compression_level=1) as writer:
            writer.write_table(first)
            waiting = deque(pool.submit(drawn, batch) for batch in batches[1 : AT_ONCE + 1])
            for done in range(2, len(batches) + 1):
                table = waiting.popleft().result()
                if done + AT_ONCE <= len(batches):
                    waiting.append(pool.submit(drawn, batches[done + AT_ONCE - 1]))
                writer.write_table(table)
                progress(done, len(batches))
    return unfinished.rename(out)
