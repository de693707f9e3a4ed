"""Time group rates with bootstrap intervals: from counts, beside fairlearn's MetricFrame, in one run.

Both are given the same pandas frame and must find the same rates; counting is part of our time.
Run: python benchmarks/group_rates.py [--rows N] [--replicates N] [--theirs N]. Writes benchmarks/group_rates.json.
"""

from __future__ import annotations

import argparse
import json
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from fairlearn.metrics import MetricFrame, selection_rate

from scoring.measures import Counts
from scoring.measures.resample import bootstrap, percentile, philox

QUANTILES = [0.025, 0.975]
GROUPS = ["sex", "region", "age"]
RATES = {"north": 0.2, "south": 0.18, "east": 0.22, "west": 0.15}


def verdicts(rows: int) -> pd.DataFrame:
    """Make a table of verdicts of three crossed groups, 24 together, whose rates differ by region."""
    rng = philox(20)
    region = rng.choice(list(RATES), rows, p=[0.35, 0.3, 0.2, 0.15])
    sex, age = rng.choice(["female", "male"], rows), rng.choice(["18-29", "30-59", "60+"], rows)
    rate = pd.Series(region).map(RATES)
    return pd.DataFrame({"sex": sex, "region": region, "age": age, "selected": rng.random(rows) < rate})


def ours(frame: pd.DataFrame, replicates: int) -> pd.DataFrame:
    """Count, draw replicates of the cells, and return each group's rate and interval."""
    counts = Counts.of(frame, by=[*GROUPS, "selected"])
    cells = counts.cells
    groups = cells.select(GROUPS).rows()
    names = list(dict.fromkeys(groups))
    member = np.array([[group == name for name in names] for group in groups], dtype=float)
    chosen = member * cells["selected"].to_numpy()[:, None]

    def rates(drawn: np.ndarray) -> np.ndarray:
        return (drawn @ chosen) / (drawn @ member)

    low, high = percentile(bootstrap(counts, rates, replicates, philox(1)))
    value = rates(cells["n"].to_numpy()[None, :])[0]
    index = pd.MultiIndex.from_tuples(names, names=GROUPS)
    return pd.DataFrame({"value": value, "low": low, "high": high}, index=index)


def theirs(frame: pd.DataFrame, replicates: int) -> pd.DataFrame:
    """Return the same from fairlearn, which draws rows."""
    metrics = MetricFrame(
        metrics=selection_rate,
        y_true=frame["selected"],
        y_pred=frame["selected"],
        sensitive_features=frame[GROUPS],
        n_boot=replicates,
        ci_quantiles=QUANTILES,
        random_state=1,
    )
    low, high = metrics.by_group_ci
    return pd.DataFrame({"value": metrics.by_group, "low": low, "high": high}).astype(float)


def timed(compute, *arguments):
    started = time.perf_counter()
    found = compute(*arguments)
    return found, time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--replicates", type=int, default=1_000, help="replicates of ours")
    parser.add_argument("--theirs", type=int, default=30, help="replicates of fairlearn")
    options = parser.parse_args()
    frame = verdicts(options.rows)
    ours(frame[:1_000], 10)  # both libraries are loaded and warm before the clock starts
    theirs(frame[:1_000], 2)
    mine, my_seconds = timed(ours, frame, options.replicates)
    other, other_seconds = timed(theirs, frame, options.theirs)
    pd.testing.assert_series_equal(mine["value"], other["value"].loc[mine.index], check_names=False, rtol=1e-12)
    width = (mine["high"] - mine["low"]) / (other["high"] - other["low"]).loc[mine.index]
    each, other_each = my_seconds / options.replicates, other_seconds / options.theirs
    found = {
        "rows": options.rows,
        "groups": len(mine),
        "ours": {
            "replicates": options.replicates,
            "seconds": round(my_seconds, 4),
            "ms_per_replicate": round(1e3 * each, 5),
        },
        "fairlearn": {
            "version": version("fairlearn"),
            "replicates": options.theirs,
            "seconds": round(other_seconds, 2),
            "ms_per_replicate": round(1e3 * other_each, 3),
        },
        "times_faster_per_replicate": round(other_each / each),
        "equal_rates": True,
        "interval_width_ours_to_theirs": [round(width.min(), 2), round(width.max(), 2)],
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(f"{options.rows:,} rows, {len(mine)} crossed groups, equal rates")
    print(f"{'':12}{'replicates':>12}{'seconds':>12}{'ms each':>12}")
    print(f"{'counts':12}{options.replicates:>12,}{my_seconds:>12.3f}{1e3 * each:>12.4f}")
    print(f"{'fairlearn':12}{options.theirs:>12,}{other_seconds:>12.3f}{1e3 * other_each:>12.2f}")
    print(
        f"per replicate {other_each / each:,.0f} times; intervals {width.min():.2f} to {width.max():.2f} times as wide"
    )


if __name__ == "__main__":
    main()
