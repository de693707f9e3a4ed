"""Time the drawing of synthetic people, streamed and not stored, beside numpy drawing the same noise and nothing else.

Run: python benchmarks/population.py [million]. Writes benchmarks/population.json. Two worker processes; each draws its
blocks with every layer and the wide counts of all record types. After each block the same process lets numpy alone draw
as many uint32 as that block took from the generator, so that both meet the same neighbours. The ratio is the median of
the blocks, with its quartiles: of the time on the clock, and of the time of the processors, which counts every thread
and leaves out what other processes took. A block takes one uint32 a person or household for each stream that all of
them need (printed), and one for each event at each stage that it reaches. `in_full` would be one uint32 a person for
each named stream, as if none were skipped.
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


def draw(kind, part, numbers=0, year=0):
    """Draw some blocks, each followed by numpy alone.

    Return an array, blocks × (ours, numpy's) × (seconds of the clock, of the processors), and the peak in MiB.
    """
    compiled = plan(kind)
    population.draw(compiled, 1, 0, 1_000)  # warm
    seconds = []
    for block, rows in part:
        started = now()
        population.draw(compiled, 1, block, rows, year=year)
        drawn = now()
        numpy_alone(round(numbers * rows))
        seconds.append((drawn - started, now() - drawn))
    return np.array(seconds), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def now():
    return np.array([time.perf_counter(), time.process_time()])


def numpy_alone(numbers):
    """Draw so many uint32 with numpy's Philox, at most 65,536 from one stream."""
    for stream, rows in population.blocks(numbers):
        key = np.array([1, stream], dtype=np.uint64)
        np.random.Philox(key=key).random_raw((rows + 1) // 2)


def counted(kind):
    """Count what one block takes from the generator: whole streams by path, and single numbers."""
    streams, single = [], [0]
    dense, sparse_each = noise.Source.dense, noise.Source.sparse_each

    def dense_counted(self, path, yearly=False, rows=None):
        streams.append((f"{self.subject}/{path}", self.rows if rows is None else rows))
        return dense(self, path, yearly, rows)

    def sparse_counted(self, wanted, again=False):
        single[0] += sum(map(len, wanted.values()))
        return sparse_each(self, wanted, again)

    noise.Source.dense, noise.Source.sparse_each = dense_counted, sparse_counted
    try:
        population.draw(plan(kind), 1, 0)
    finally:
        noise.Source.dense, noise.Source.sparse_each = dense, sparse_each
    return streams, single[0]


def timed(pool, n, kind="person", numbers=0, year=0):
    """Draw n subjects with all workers; return the seconds of the slower one, those of each block, and the peak."""
    blocks = population.blocks(n, plan(kind).block)
    parts = [blocks[i::WORKERS] for i in range(WORKERS)]
    found = list(pool.map(draw, [kind] * WORKERS, parts, [numbers] * WORKERS, [year] * WORKERS))
    by_block = np.concatenate([seconds for seconds, _ in found])
    return max(seconds[:, 0, 0].sum() for seconds, _ in found), by_block, sum(peak for _, peak in found)


def rated(pool, n, needed):
    """Return what drawing n persons took: how many a second, memory, and the ratios to numpy alone."""
    seconds, by_block, peak = timed(pool, n, numbers=needed)
    clock, processors = np.quantile(by_block[:, 0] / by_block[:, 1], [0.5, 0.25, 0.75], axis=0).T.round(2).tolist()
    return {
        "people_per_second": round(n / seconds),
        "peak_mib_of_both": round(peak),
        "ratio_to_the_same_noise": clock[0],
        "ratio_quartiles": clock[1:],
        "ratio_in_processor_time": processors[0],
        "ratio_in_processor_time_quartiles": processors[1:],
    }


def main():
    streams, single = counted("person")
    print(f"{len(streams)} streams that every person or household needs:", ", ".join(p for p, _ in streams))
    needed = (sum(rows for _, rows in streams) + single) / population.BLOCK
    in_full = len(compiling.paths(plan()))
    found = {"streams": len(streams), "uint32_a_person": round(needed, 1), "uint32_a_person_in_full": in_full}
    with ProcessPoolExecutor(WORKERS, get_context("spawn")) as pool:
        timed(pool, 100_000)  # start the workers
        for millions in sorted({1, MILLION}):
            found[f"{millions}_million"] = rated(pool, millions * 1_000_000, needed)
        for kind in ("firm", "government_body"):
            found[f"{kind}s_per_second"] = round(1_000_000 / timed(pool, 1_000_000, kind)[0])
        found["people_per_second_in_a_later_year"] = round(1_000_000 / timed(pool, 1_000_000, year=1)[0])
    homes = population.draw(plan(), 1, 0)["household_id"].n_unique()
    found["households_per_second"] = round(found[f"{MILLION}_million"]["people_per_second"] * homes / population.BLOCK)
    Path(__file__).with_suffix(".json").write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
