"""Time an audit of verdicts: ours on ten million rows, and beside Aequitas and AIF360 on one million, in one run.

Ours counts a Parquet file of three crossed groups with a truth and resamples 1,000 times. Aequitas and AIF360 are each
given the same file of a million rows, in an environment of their own, read into the pandas frame that they ask for;
they give rates and ratios without intervals, ours the same with intervals. From file to rates; the best of three.
Run: python benchmarks/audit.py [--rows N]. Writes benchmarks/audit.json.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
PEERS = HERE.parent / ".peers"
ROWS = 10_000_000
BESIDE = 1_000_000

OURS = """
import resource, sys, time
import scoring
from scoring.experiment import audit
path, column = sys.argv[1], sys.argv[2:]
rates = ["false_positive_rate", "false_negative_rate", "positive_predictive_value", "true_positive_rate"]
same = ["selection_rate", "selection_rate_ratio", "prevalence", "false_discovery_rate"]  # what the peers give
same += [*rates, "false_positive_rate_ratio", "false_negative_rate_ratio"]
times = []
for _ in range(3 if len(column) == 1 else 1):
    started = time.perf_counter()
    found = audit(path, column, "granted", truth="repaid", replicates=1_000, only=same if len(column) == 1 else ())
    times.append(time.perf_counter() - started)
print(min(times), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, found.rows.height)
rates = found.where(measure="selection_rate", group_by="race")
print(dict(rates.select("group", "value").iter_rows()))
"""

AEQUITAS = """
import sys, time, warnings
warnings.simplefilter("ignore")
import pandas as pd
from aequitas.bias import Bias
from aequitas.group import Group
columns = {"granted": "score", "repaid": "label_value"}
times = []
for _ in range(3):
    started = time.perf_counter()
    frame = pd.read_parquet(sys.argv[1], columns=["race", "granted", "repaid"])
    frame = frame.rename(columns=columns).astype({"score": int, "label_value": int})
    read = time.perf_counter() - started
    crosstab, _ = Group().get_crosstabs(frame, attr_cols=["race"])
    Bias().get_disparity_predefined_groups(crosstab, original_df=frame, ref_groups_dict={"race": "White"}, alpha=0.05)
    times.append(time.perf_counter() - started)
print(min(times), read)
print(dict(zip(crosstab["attribute_value"], crosstab["pprev"])))
"""

AIF360 = """
import sys, time, warnings, logging
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
import pandas as pd
from aif360.sklearn.metrics import base_rate, disparate_impact_ratio, selection_rate
times = []
for _ in range(3):
    started = time.perf_counter()
    frame = pd.read_parquet(sys.argv[1], columns=["race", "granted", "repaid"])
    read = time.perf_counter() - started
    index = pd.Index(frame["race"], name="race")
    truth, granted = (pd.Series(frame[c].astype(int).to_numpy(), index=index) for c in ("repaid", "granted"))
    rates = {g: selection_rate(truth[index == g], granted[index == g]) for g in index.unique()}
    for g in index.unique():
        pair = index.isin(["White", g])
        disparate_impact_ratio(truth[pair], granted[pair], prot_attr="race", priv_group="White")
    times.append(time.perf_counter() - started)
print(min(times), read)
print(rates)
"""


def verdicts(rows: int, path: Path) -> None:
    """Write a table of verdicts: three groups, a truth, and a rate that differs by race."""
    import numpy as np
    import polars as pl

    rng = np.random.default_rng(5)
    race = rng.choice(
        ["White", "Black", "Asian", "Latino", "Native", "Other"], rows, p=[0.55, 0.15, 0.1, 0.15, 0.02, 0.03]
    )
    repaid = rng.random(rows) < 0.3
    granted = rng.random(rows) < 0.2 + 0.25 * repaid - 0.05 * (race == "Black")
    sex, age = rng.choice(["female", "male"], rows), rng.choice(["18-29", "30-44", "45-59", "60+"], rows)
    pl.DataFrame({"sex": sex, "race": race, "age": age, "granted": granted, "repaid": repaid}).write_parquet(path)


def python_of(peer: str) -> str:
    """Return the interpreter of a peer's own environment, made on its first use."""
    folder = PEERS / peer
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", peer, "pyarrow"], check=True, stderr=subprocess.DEVNULL
        )
        (folder / "ready").touch()
    return str(python)


def run(python: str, code: str, *arguments: str) -> tuple[list[float], dict[str, float]]:
    """Run code in a process of its own; return the numbers of its last line but one, and the rates of its last."""
    done = subprocess.run([python, "-c", code, *arguments], check=True, capture_output=True, text=True)
    numbers, rates = done.stdout.strip().splitlines()[-2:]
    clean = rates.replace("np.float64(", "").replace(")", "")
    return [float(part) for part in numbers.split()], {
        g: float(v) for g, v in json.loads(clean.replace("'", '"')).items()
    }


def release(python: str, peer: str) -> str:
    code = f"from importlib.metadata import version; print(version({peer!r}))"
    return subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        large, beside = Path(folder) / "large.parquet", Path(folder) / "beside.parquet"
        verdicts(options.rows, large)
        verdicts(BESIDE, beside)
        (seconds, peak, rows), _ = run(sys.executable, OURS, str(large), "sex", "race", "age")
        (mine, _, _), rates = run(sys.executable, OURS, str(beside), "race")
        found = {
            "large": {"rows": options.rows, "groups": "sex, race, age and crossings", "replicates": 1_000}
            | {"seconds": round(seconds, 2), "peak_mb": round(peak), "results": int(rows)},
            "beside": {"rows": BESIDE, "ours_with_intervals_seconds": round(mine, 2)},
        }
        for peer, code in (("aequitas", AEQUITAS), ("aif360", AIF360)):
            python = python_of(peer)
            (other, read), theirs = run(python, code, str(beside))
            for group, rate in theirs.items():
                assert abs(rate - rates[group]) < 1e-12, (peer, group, rate, rates[group])
            found["beside"][peer] = {"version": release(python, peer), "without_intervals_seconds": round(other, 2)}
            found["beside"][peer]["of_which_reading"] = round(read, 2)
    Path(__file__).with_suffix(".json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(f"{options.rows:,} rows, three crossed groups, truth, 1,000 replicates: {seconds:.1f} s, peak {peak:.0f} MB")
    print(f"{BESIDE:,} rows, one group: ours, with intervals and tests, {mine:.2f} s")
    for peer in ("aequitas", "aif360"):
        told = found["beside"][peer]
        print(
            f"  {peer} {told['version']}, without intervals, {told['without_intervals_seconds']:.2f} s "
            f"({told['of_which_reading']:.2f} s of it reading); equal rates"
        )


if __name__ == "__main__":
    main()
