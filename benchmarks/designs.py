"""Time designs side by side: five of them with every measure, and a multiverse over five, each as a whole command.

Run: python benchmarks/designs.py [--people N]. Writes benchmarks/designs.json.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import polars as pl

HERE = Path(__file__).parent
COMPARED = ["rongcheng_2016", "rongcheng_2021", "weihai_2018", "hangzhou_2018", "judgment_defaulters_2017"]
MULTIVERSE = """\
experiment: multiverse
asks: Does the comparison hold under other defensible choices?
people: {recipe: weihai_2020, n: 50000}
seeds: 1
worlds: [equal_conduct]
schemes: [rongcheng_2016, wendeng_2020, as_portrayed, harm_proportional, judgment_defaulters_2017]
groups: [residence, income_quintile]
references: {residence: urban, income_quintile: q5}
primary:
  - {measure: selection_rate_ratio, outcome: commended, group: residence}
  - {measure: selection_rate_ratio, outcome: warned, group: income_quintile}
vary:
  schemes.rongcheng_2016.bands.AA.low: [1010, 1020, 1030]
  schemes.rongcheng_2016.rules.contract_breach.points: [-60, -40, -20]
  schemes.wendeng_2020.bands.AA.low: [1020, 1030]
  schemes.as_portrayed.rules.traffic.points: [-10, -5]
  reference.residence: [urban, rest]
  unscored: [left out, selected, not selected]
measures: [selection_rate_ratio, universe_estimate, conclusion_share, factor_importance, rank_stability, robust]
"""


def timed(arguments: list[str], folder: Path) -> tuple[float, int]:
    """Run one command of ours; return its wall seconds and its peak memory in megabytes, of its largest process."""
    command = [sys.executable, "-c", "from scoring.cli import main; main()", *arguments]
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(arguments)} failed")
    return time.perf_counter() - started, usage.ru_maxrss // 1024


def main() -> None:
    """Time both, and keep what was measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=200_000)
    people = parser.parse_args().people
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "multiverse.yaml").write_text(MULTIVERSE)
        compared = timed(["compare", *COMPARED, "--people", str(people), "--out", "page.html"], folder)
        varied = timed(["run", "multiverse.yaml", "--out", "multiverse"], folder)
        rows = pl.read_parquet(folder / "multiverse" / "results.parquet")
        page = (folder / "page.html").stat().st_size
    universes = int(rows.filter(pl.col("measure") == "conclusion_share")["n"].max())  # type: ignore[arg-type]
    measured = {
        "compare": {"designs": COMPARED, "people": people, "seconds": round(compared[0], 1), "peak_mb": compared[1]},
        "page_kb": page // 1000,
        "multiverse": {"people": 50_000, "designs": 5, "universes": universes, "seconds": round(varied[0], 1)},
    }
    (HERE / "designs.json").write_text(json.dumps(measured, indent=1) + "\n")
    print(json.dumps(measured, indent=1))


if __name__ == "__main__":
    main()
