"""How often the intervals cover, how often the primary family speaks falsely, how far equal groups lie apart by chance.

Coverage is enumerated: every table that can come of the rates, weighed by its probability (all but one in a billion),
is given its interval by the functions that measures use. At n = 5,000 samples are drawn as well, as a check.
Run: python benchmarks/coverage.py [--runs N]. Writes benchmarks/coverage.json and docs/coverage.md.
"""

from __future__ import annotations

import argparse
import gc
import json
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
from scipy.stats import binom, fisher_exact, multinomial
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import test_proportions_2indep as two_sample_test

from scoring.measures import comparison, extremes, intervals
from scoring.measures.nulls import beside
from scoring.measures.resample import percentile, philox
from scoring.measures.study import SEED

HERE = Path(__file__).resolve()
DOCUMENT = HERE.parent.parent / "docs" / "coverage.md"
LEVEL, TOLERATED = 0.95, (0.935, 0.965)
RATES, SIZES, TIMES = (0.02, 0.1, 0.3), (60, 400, 5_000), 5  # the reference is as large, or five times as large
UNLIKE = 0.8  # of the reference's rate, where rates are not alike
SAMPLES = 20_000  # drawn as a check where n is 5,000
SETTINGS = [(100, 0.02, 2_000, 0.02), (60, 0.1, 400, 0.1), (300, 0.24, 1_000, 0.3)]
DRAWS = 2_000
CLAIMS, FAMILIES = 6, [(60, 0.1), (400, 0.1), (5_000, 0.02), (5_000, 0.3)]
GROUPS, GROUP_SIZE, GROUP_RATE = (2, 5, 20), 500, 0.1
MOVES = [(400, 0.01, 0.01), (400, 0.02, 0.005), (400, 0.05, 0.03), (5_000, 0.02, 0.01)]

Bounds = Callable[..., tuple[np.ndarray, np.ndarray]]


def counts(n: int, p: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the counts that come of a rate, and their probabilities, but for one sample in a billion."""
    y = np.arange(binom.ppf(5e-10, n, p), binom.isf(5e-10, n, p) + 1)
    return y, binom.pmf(y, n, p)


def tables(n: int, p: float, n0: int, p0: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the tables that come of two rates, and their probabilities."""
    (y, weight), (y0, weight0) = counts(n, p), counts(n0, p0)
    return np.repeat(y, len(y0)), np.tile(y0, len(y)), np.outer(weight, weight0).ravel()


def covered(low: np.ndarray, high: np.ndarray, weight: np.ndarray, truth: float) -> tuple[float, float]:
    """Return how often bounds hold the truth where there are any, and how often there are none."""
    none = np.isnan(low) | np.isnan(high)
    inside = (low <= truth) & (truth <= high)
    return float(weight[inside].sum() / weight[~none].sum()), float(weight[none].sum())


def single_rates() -> list[dict]:
    """Return the coverage of the interval of one rate, and what it would be with one count more or fewer inside."""
    found = []
    for p, n in product(RATES, SIZES):
        y = np.arange(n + 1)
        weight = binom.pmf(y, n, p)
        low, high, _ = intervals.rate(y, n)
        inside = (low <= p) & (p <= high)
        first, last = np.flatnonzero(inside)[[0, -1]]
        # The counts at the edge: leaving out the likelier one, taking in the likelier one beyond.
        value = float(weight[inside].sum())
        fewer = value - min(weight[first], weight[last])
        more = value + min(w for w in (weight[first - 1] if first else 1, weight[last + 1] if last < n else 1) if w)
        found.append({"p": p, "n": n, "expected": n * p, "coverage": value, "fewer": fewer, "more": more})
    return found


def two_samples(rng: np.random.Generator) -> list[dict]:
    """Return the coverage of the intervals of a ratio and of a difference."""
    found = []
    for p0, n, times, unlike in product(RATES, SIZES, (1, TIMES), (1, UNLIKE)):
        n0, p = times * n, unlike * p0
        y, y0, weight = tables(n, p, n0, p0)
        row = {"p": p, "p_ref": p0, "n": n, "n_ref": n0, "expected": min(n * p, n0 * p0)}
        for name, bounds, truth in (("ratio", intervals.ratio, p / p0), ("difference", intervals.difference, p - p0)):
            low, high, _ = bounds(y, n, y0, n0)
            row[name], row[f"{name}_undefined"] = covered(low, high, weight, truth)
            if n == max(SIZES):
                drawn, drawn0 = rng.binomial(n, p, SAMPLES), rng.binomial(n0, p0, SAMPLES)
                low, high, _ = bounds(drawn, n, drawn0, n0)
                row[f"{name}_drawn"] = covered(low, high, np.full(SAMPLES, 1 / SAMPLES), truth)[0]
        found.append(row)
    return found


def log_delta(y: np.ndarray, n: float, y0: np.ndarray, n0: float, add: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Return the interval of a ratio by the delta method of its logarithm; none reaches anywhere where a count is 0."""
    y, n, y0, n0 = y + add, n + add, y0 + add, n0 + add
    with np.errstate(all="ignore"):
        middle, half = np.log(y / n / (y0 / n0)), 1.959964 * np.sqrt(1 / y - 1 / n + 1 / y0 - 1 / n0)
        return np.nan_to_num(np.exp(middle - half)), np.nan_to_num(np.exp(middle + half))


def drawn_ratio(draw: Callable[[float, int], np.ndarray]) -> Bounds:
    """Return bounds of a ratio from draws of each of its rates, a count at a time."""

    def bounds(y: np.ndarray, n: int, y0: np.ndarray, n0: int) -> tuple[np.ndarray, np.ndarray]:
        mine, theirs = ({k: draw(k, size) for k in np.unique(c)} for c, size in ((y, n), (y0, n0)))
        with np.errstate(all="ignore"):
            found = [percentile(np.nan_to_num(mine[a] / theirs[b])) for a, b in zip(y, y0, strict=True)]
        low, high = np.array(found).T
        return low, high

    return bounds


def beside_each_other(rng: np.random.Generator) -> list[dict]:
    """Return the coverage of five intervals of a ratio; a bound that does not exist covers nothing."""
    methods: dict[str, Bounds] = {
        "score": lambda *table: intervals.ratio(*table)[:2],
        "log_delta": log_delta,
        "log_delta_half": lambda *table: log_delta(*table, add=0.5),
        "percentile": drawn_ratio(lambda y, n: rng.binomial(n, y / n, DRAWS) / n),
        "jeffreys": drawn_ratio(lambda y, n: rng.beta(y + 0.5, n - y + 0.5, DRAWS)),
    }
    found = []
    for n, p, n0, p0 in SETTINGS:
        y, y0, weight = tables(n, p, n0, p0)
        held = weight > 1e-9
        y, y0, weight = y[held], y0[held], weight[held] / weight[held].sum()
        row = {"n": n, "p": p, "n_ref": n0, "p_ref": p0}
        for name, bounds in methods.items():
            low, high = bounds(y, n, y0, n0)
            row[name] = float(weight[(low <= p / p0) & (p / p0 <= high)].sum())
        found.append(row)
    return found


def paired_moves() -> list[dict]:
    """Return the coverage of the paired difference of two designs, and how often too few move for replicates."""
    found = []
    for n, gain, loss in MOVES:
        (gained, _), (lost, _) = counts(n, gain), counts(n, loss)
        g, k = np.repeat(gained, len(lost)).astype(int), np.tile(lost, len(gained)).astype(int)
        weight = multinomial.pmf(np.column_stack([g, k, n - g - k]), n, [gain, loss, 1 - gain - loss])
        held = weight > 1e-7
        g, k, weight = g[held], k[held], weight[held] / weight[held].sum()
        low, high, method = comparison.paired(g, k, np.full(len(g), n), philox(SEED))
        few = np.array([m.startswith("Jeffreys") for m in method])
        inside = (low <= gain - loss) & (gain - loss <= high)
        row = {"n": n, "gain": gain, "loss": loss, "coverage": float(weight[inside].sum())}
        found.append({**row, "few": float(weight[few].sum())})
    return found


def p_values(y: np.ndarray, y0: np.ndarray, n: int) -> np.ndarray:
    """Return p of the pooled z test of two groups of n, or of Fisher's where fewer than five are expected in a cell."""
    both = y + y0
    few = np.minimum(both, 2 * n - both) / 2 < 5
    found = np.empty(y.shape)
    with np.errstate(all="ignore"):  # statsmodels makes the odds ratio too, which need not exist
        found[~few] = two_sample_test(y[~few], n, y0[~few], n, method="score", correction=False).pvalue
    exact = [fisher_exact([[a, n - a], [b, n - b]]).pvalue for a, b in zip(y[few], y0[few], strict=True)]
    found[few] = exact
    return found


def families(runs: int, rng: np.random.Generator) -> list[dict]:
    """Return how often a family of six true equalities has a claim that is called unequal, corrected and not."""
    found, alpha = [], 1 - LEVEL
    gc.freeze()  # multipletests collects garbage at every call; there is then little to look through
    for n, p in FAMILIES:
        drawn = rng.binomial(n, p, (runs, CLAIMS, 2))
        pairs, place = np.unique(drawn.reshape(-1, 2), axis=0, return_inverse=True)
        values = p_values(*pairs.T, n)[place.reshape(-1)].reshape(runs, CLAIMS)
        any_below = values.min(axis=1) <= alpha
        corrected = [multipletests(v, alpha=alpha, method="holm")[0].any() for v in values[any_below]]
        y, y0, weight = tables(n, p, n, p)
        likely = weight > 1e-8
        one = weight[likely][p_values(y[likely].astype(int), y0[likely].astype(int), n) <= alpha / CLAIMS].sum()
        told = {"one_claim": (values <= alpha).mean(), "uncorrected": any_below.mean(), "holm": sum(corrected) / runs}
        # Holm rejects something where Bonferroni does; the six claims are of different people.
        found.append({"n": n, "p": p, **told, "holm_exact": 1 - (1 - one) ** CLAIMS})
    return found


def equal_groups(runs: int, rng: np.random.Generator) -> list[dict]:
    """Return how often the extremes of equal groups are beyond a convention, and beyond the line of their null."""
    found = []
    for groups in GROUPS:
        n = np.full(groups, GROUP_SIZE)
        ratios, beyond = np.empty(runs), np.empty(runs, dtype=bool)
        for run, y in enumerate(rng.binomial(n, GROUP_RATE, (runs, groups))):
            null = extremes.ratio(extremes.equal_rates(y, n, extremes.DRAWS, philox(SEED)), n)
            ratios[run] = extremes.ratio(y, n)
            observed, _ = beside({}, ratios[run], null, extremes.METHOD, low=True)
            beyond[run] = observed["p"] <= 1 - LEVEL
        below = {"mean_ratio": float(ratios.mean()), "below_convention": float((ratios < 0.8).mean())}
        found.append({"groups": groups, "n": GROUP_SIZE, "p": GROUP_RATE, **below, "beyond_null": float(beyond.mean())})
    return found


def outside(coverage: float) -> bool:
    """Say whether a coverage lies outside what is tolerated."""
    return not TOLERATED[0] <= coverage <= TOLERATED[1]


def shown(value: float) -> str:
    """Return a coverage for the page, in bold where it is not what was promised."""
    return f"**{value:.4f}**" if outside(value) else f"{value:.4f}"


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a table of the page."""
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows))


def why_rate(row: dict) -> str:
    """Return why one rate is covered otherwise than promised."""
    return (
        f"One rate, p = {row['p']}, n = {row['n']:,}: {row['coverage']:.4f}. Counts are whole: with one count fewer "
        f"inside it would be {row['fewer']:.4f}, with one more {row['more']:.4f}, and nothing lies between."
    )


def why_two(name: str, row: dict) -> str:
    """Return why two rates are covered otherwise than promised."""
    p, n = min((row["p"], row["n"]), (row["p_ref"], row["n_ref"]), key=lambda g: g[0] * g[1])
    _, weight = counts(n, p)
    held = int(np.searchsorted(np.cumsum(np.sort(weight)[::-1]), LEVEL)) + 1
    none = row[f"{name}_undefined"]
    undefined = (
        f" In {none:.1%} of samples nobody of either has the outcome and there is no ratio." if none > 1e-3 else ""
    )
    return (
        f"{name.capitalize()}, p = {row['p']:g} of {row['n']:,} beside {row['p_ref']:g} of {row['n_ref']:,}: "
        f"{row[name]:.4f}. Of {n:,} persons {n * p:.1f} are expected to have the outcome; {held} different counts make "
        f"up 95 of 100 samples, so that an interval can be wrong too often or too rarely, and here is wrong too "
        f"{'rarely' if row[name] > LEVEL else 'often'}.{undefined}"
    )


def page(found: dict) -> str:
    """Return docs/coverage.md."""
    rates, two, five, paired, family, groups = (found[k] for k in PARTS)
    by = {(r["p_ref"], r["n"], r["n_ref"], r["p"] == r["p_ref"]): r for r in two}
    places = list(dict.fromkeys(key[:3] for key in by))
    reasons = [why_rate(r) for r in rates if outside(r["coverage"])]
    reasons += [why_two(name, r) for name in ("ratio", "difference") for r in two if outside(r[name])]
    drawn = max(abs(r[n] - r[f"{n}_drawn"]) for r in two if "ratio_drawn" in r for n in ("ratio", "difference"))
    kept = sum(not outside(r[n]) for r in two for n in ("ratio", "difference"))
    kept += sum(not outside(r["coverage"]) for r in rates)
    held = sum(abs(r["holm"] - (1 - LEVEL)) <= 0.01 for r in family)
    sections = [
        "# What intervals and tests promise, and what they keep",
        f"Made by `make soak` (`benchmarks/coverage.py`); the numbers are also in `benchmarks/coverage.json`. Of "
        f"{len(rates) + 2 * len(two)} nominal 95% intervals {kept} cover between {TOLERATED[0]:.1%} and "
        f"{TOLERATED[1]:.1%}; the others stand in bold, with the reason below. These are properties of one sample of n "
        "persons, which an auditor would hold; they say nothing of whether a simulated world is like a real one.",
        "Coverage is not simulated but enumerated: every table that can come of the rates (all but one in a billion) "
        "is given its interval by the function that the measures use, and is weighed by its probability. At n = "
        f"{max(SIZES):,}, {SAMPLES:,} samples were drawn as well; the two differ by {drawn:.4f} at most, where chance "
        "alone makes .003 in one of twenty.",
        "## One rate",
        "Wilson's interval; Clopper and Pearson's where nobody or everybody has the outcome.",
        table(
            ["p", "n", "coverage", "one count fewer", "one count more"],
            [
                [f"{r['p']:g}", f"{r['n']:,}", shown(r["coverage"]), f"{r['fewer']:.4f}", f"{r['more']:.4f}"]
                for r in rates
            ],
        ),
        "## A ratio and a difference of two rates",
        f"Ratio: score interval (Koopman). Difference: Newcombe. Alike: both groups have the rate p. Unlike: the group "
        f"has {UNLIKE} p. Where there is no ratio (0 of n beside 0 of n) no interval is given, and coverage is of the "
        "samples that have one.",
        table(
            [
                "p",
                "n",
                "n of the reference",
                "ratio, alike",
                "ratio, unlike",
                "difference, alike",
                "difference, unlike",
            ],
            [
                [f"{p:g}", f"{n:,}", f"{n0:,}"]
                + [shown(by[p, n, n0, alike][name]) for name in ("ratio", "difference") for alike in (True, False)]
                for p, n, n0 in places
            ],
        ),
        "### Outside, and why",
        "\n".join(f"- {reason}" for reason in reasons),
        "## Why the score interval",
        "Five intervals of the same ratio. The delta method of the logarithm has none where a count is 0, which is "
        "counted as a miss; with a half added it has. Percentile: 2,000 replicates a table. Jeffreys: 2,000 draws of "
        "each rate from Beta(y + 1/2, n - y + 1/2). In the first setting a table more or less is worth up to .008, so "
        "the last two vary by that much with their draws.",
        table(
            ["group", "reference", "score", "delta", "delta + 1/2", "percentile", "Jeffreys"],
            [
                [f"{r['p']:g} of {r['n']:,}", f"{r['p_ref']:g} of {r['n_ref']:,}"]
                + [shown(r[m]) for m in ("score", "log_delta", "log_delta_half", "percentile", "jeffreys")]
                for r in five
            ],
        ),
        "Replicates are therefore not used for a ratio of rates, and elsewhere only where ten persons or more stand in "
        "every cell.",
        "## Two designs over the same persons",
        "The paired difference (gained - lost) / n: percentile or BCa where ten persons or more gained, lost and "
        "stayed, else draws under Jeffreys' prior. The last column says how often it was the latter.",
        table(
            ["n", "gain", "lose", "coverage", "few moved"],
            [
                [f"{r['n']:,}", f"{r['gain']:g}", f"{r['loss']:g}", shown(r["coverage"]), f"{r['few']:.1%}"]
                for r in paired
            ],
        ),
        "## False findings of the primary family",
        f"How often a family of {CLAIMS} claims finds something where all groups are equal; {found['runs']:,} runs. p "
        "of the pooled z test, of Fisher's where fewer than five are expected in a cell. Promised are 5% of runs, "
        f"give or take one; Holm's correction keeps that in {held} of {len(family)} settings.",
        table(
            ["p", "n of each group", "one claim", "any of six, uncorrected", "any of six, Holm", "Holm, exact"],
            [
                [f"{r['p']:g}", f"{r['n']:,}"]
                + [f"{r[k]:.2%}" for k in ("one_claim", "uncorrected", "holm", "holm_exact")]
                for r in family
            ],
        ),
        "## The lowest and the highest of many equal groups",
        f"Equal groups of {GROUP_SIZE} persons at a rate of {GROUP_RATE}; {found['runs_of_groups']:,} runs. By itself "
        f"the ratio of the lowest to the highest rate says little: of {groups[-1]['groups']} groups that are equal it "
        f"is below .8 in {groups[-1]['below_convention']:.0%} of runs. Beyond the line of its null it should be in 5%.",
        table(
            ["groups", "mean ratio", "below .8", "beyond the null line"],
            [
                [str(r["groups"]), f"{r['mean_ratio']:.3f}", f"{r['below_convention']:.1%}", f"{r['beyond_null']:.1%}"]
                for r in groups
            ],
        ),
    ]
    return "\n\n".join(sections) + "\n"


PARTS = ("rates", "two_samples", "five_intervals", "paired", "primary_family", "equal_groups")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=40_000, help="runs of the primary family")
    runs = parser.parse_args().runs
    started = time.perf_counter()
    parts = (
        single_rates(),
        two_samples(philox(1)),
        beside_each_other(philox(2)),
        paired_moves(),
        families(runs, philox(3)),
        equal_groups(runs // 10, philox(4)),
    )
    found = {"runs": runs, "runs_of_groups": runs // 10, **dict(zip(PARTS, parts, strict=True))}
    text = json.dumps(json.loads(json.dumps(found, default=float), parse_float=lambda f: round(float(f), 6)), indent=1)
    HERE.with_suffix(".json").write_text(text + "\n", encoding="utf-8")
    DOCUMENT.write_text(page(found), encoding="utf-8")
    print(f"{DOCUMENT}\n{HERE.with_suffix('.json')}\n{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
