"""Time the drawing of synthetic people, streamed and not stored, beside numpy drawing the same noise and nothing else.

Run: python benchmarks/population.py [million]. Writes benchmarks/population.json. Two worker processes; each draws its
blocks with every layer and the wide counts of all record types. `noise` is what drawing itself takes from the
generator: one uint32 a person for each stream that every person needs (printed), and one for each event at each stage
that it reaches. `in_full` is one uint32 a person for each named stream, as if none were skipped.
"""

import json
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from scoring import population, workspace
from scoring.population import compile as compiling
from scoring.population import noise

MILLION = int(sys.argv[1]) if len(sys.argv) > 1 else 10
WORKERS = 2


def plan(kind="person"):
    recipe = population.load(workspace.find("recipe", "weihai_2020"), [])
    return population.compile_recipe(recipe, "equal_conduct", kind)


def draw(kind, part, year=0):
    """Draw some blocks; return the seconds of this process and its peak memory in MiB."""
    compiled = plan(kind)
    population.draw(compiled, 1, 0, 1_000)  # warm
    started = time.perf_counter()
    for block, rows in part:
        population.draw(compiled, 1, block, rows, year=year)
    return time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def numpy_alone(numbers):
    """Draw so many uint32 with numpy's Philox, a block of 65,536 at a time; return the seconds."""
    started = time.perf_counter()
    for stream in range(-(-numbers // population.BLOCK)):
        key = np.array([1, stream], dtype=np.uint64)
        np.random.Philox(key=key).random_raw(population.BLOCK // 2)
    return time.perf_counter() - started


def counted(kind):
    """Count what one block takes from the generator: whole streams by path, and single numbers."""
    streams, single = [], [0]
    dense, sparse = noise.Source.dense, noise.Source.sparse

    def dense_counted(self, path, yearly=False, rows=None):
        streams.append((f"{self.subject}/{path}", self.rows if rows is None else rows))
        return dense(self, path, yearly, rows)

    def sparse_counted(self, path, rows, again=False):
        single[0] += len(rows)
        return sparse(self, path, rows, again)

    noise.Source.dense, noise.Source.sparse = dense_counted, sparse_counted
    try:
        population.draw(plan(kind), 1, 0)
    finally:
        noise.Source.dense, noise.Source.sparse = dense, sparse
    return streams, single[0]


def main():
    streams, single = counted("person")
    print(f"{len(streams)} streams that every person or household needs:", ", ".join(p for p, _ in streams))
    needed = (sum(rows for _, rows in streams) + single) / population.BLOCK
    in_full = len(compiling.paths(plan()))
    found = {"streams": len(streams), "uint32_a_person": round(needed, 1), "uint32_a_person_in_full": in_full}
    with ProcessPoolExecutor(WORKERS, get_context("spawn")) as pool:
        list(pool.map(draw, ["person"] * WORKERS, [[(0, 1_000)]] * WORKERS))  # start the workers
        for millions in sorted({1, MILLION}):
            n = millions * 1_000_000
            blocks = population.blocks(n)
            parts = [blocks[i::WORKERS] for i in range(WORKERS)]
            drawn = list(pool.map(draw, ["person"] * WORKERS, parts))
            alone = list(pool.map(numpy_alone, [round(n * needed / WORKERS)] * WORKERS))
            full = list(pool.map(numpy_alone, [round(n * in_full / WORKERS)] * WORKERS))
            seconds = max(s for s, _ in drawn)
            found[f"{millions}_million"] = {
                "people_per_second": round(n / seconds),
                "peak_mib_of_both": round(sum(m for _, m in drawn)),
                "ratio_to_the_same_noise": round(seconds / max(alone), 2),
                "ratio_to_noise_in_full": round(seconds / max(full), 2),
            }
        for kind in ("firm", "government_body"):
            blocks = population.blocks(1_000_000, plan(kind).block)
            seconds = max(s for s, _ in pool.map(draw, [kind] * WORKERS, [blocks[i::WORKERS] for i in range(WORKERS)]))
            found[f"{kind}s_per_second"] = round(1_000_000 / seconds)
        blocks = population.blocks(1_000_000)
        later = pool.map(draw, ["person"] * WORKERS, [blocks[i::WORKERS] for i in range(WORKERS)], [1] * WORKERS)
        found["people_per_second_in_a_later_year"] = round(1_000_000 / max(s for s, _ in later))
    homes = population.draw(plan(), 1, 0)["household_id"].n_unique()
    found["households_per_second"] = round(found[f"{MILLION}_million"]["people_per_second"] * homes / population.BLOCK)
    Path(__file__).with_suffix(".json").write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
