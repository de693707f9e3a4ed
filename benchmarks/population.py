"""Time the drawing of synthetic people, streamed and not stored, on one process.

Run: python benchmarks/population.py [people]. Writes benchmarks/population.json.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

from scoring import population, workspace

PEOPLE = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000


def main() -> None:
    started = time.perf_counter()
    plan = population.compile_recipe(population.load(workspace.find("recipe", "weihai_2020")), "equal_conduct")
    compiled = time.perf_counter() - started
    started = time.perf_counter()
    for block, rows in population.blocks(PEOPLE):
        population.draw(plan, 1, block, rows)
    drawn = time.perf_counter() - started
    bits = np.random.Philox(1)
    started = time.perf_counter()
    for _ in population.blocks(PEOPLE):
        bits.random_raw(population.BLOCK // 2 * len(plan.columns))
    alone = time.perf_counter() - started
    found = {
        "people": PEOPLE,
        "columns": len(plan.columns),
        "read_and_compile_seconds": round(compiled, 2),
        "draw_seconds": round(drawn, 2),
        "people_per_second": round(PEOPLE / drawn),
        "seconds_for_one_uint32_a_column_with_numpy_alone": round(alone, 2),
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
