"""Calibration: does the same score mean the same in every group?

Bins are the distinct scores where there are at most 20, else tenths of all persons by score, those of one score kept
together. The classes are those of `ranking`: simulated harm of at least 10 and 30, or the truth that was counted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import gammaln

from scoring.measures import estimates, groups, lattice, nulls, rates, resample, seeds
from scoring.measures.counts import Counts
from scoring.measures.groups import Beside
from scoring.measures.lattice import Floats
from scoring.measures.ranking import class_axis, classes, known, split
from scoring.measures.rates import NOBODY
from scoring.measures.study import BEST, GROUP, SEED, WORLD, Study

TENTHS, DISTINCT, FEWEST = 10, 20, 10  # bins; distinct scores that are bins themselves; persons of each group in a bin
ONE_CLASS = "every person of both groups is of the same class"
ONE_CLASS_A_BIN = "in every bin, every person of both groups is of the same class"
DEALT, MANTEL_HAENSZEL = "labels permuted within bins, {} times", "Mantel-Haenszel"
Cells = NDArray[np.int64]


class Bins(NamedTuple):
    """By bin, the positive y of n persons of the group and of the reference, and how many bins there had been."""

    y: Cells
    n: Cells
    y_ref: Cells
    n_ref: Cells
    before: int

    def note(self) -> str | None:
        """Say whether bins were merged."""
        if len(self.n) == self.before:
            return None
        return f"{self.before} bins merged into {len(self.n)}, so that each holds {FEWEST} persons of either group"


def bins(counts: Counts) -> pl.DataFrame:
    """Return the bin, a number and a term, of each score of each world, scheme and draw."""
    held = counts.cells.group_by(*WORLD, "score").agg(pl.col("n").sum()).sort(*WORLD, "score")
    each = ["world", "scheme", "draw"]
    middle = (pl.col("n").cum_sum() - pl.col("n") / 2).over(each) / pl.col("n").sum().over(each)
    tenth = (middle * TENTHS).floor().clip(0, TENTHS - 1).cast(pl.Int64)
    few = pl.col("score").n_unique().over("world", "scheme") <= DISTINCT
    names = {score: lattice.plain(score) for score in held["score"].unique()}
    term = pl.col("score").replace_strict(names, return_dtype=pl.String)
    return held.select(
        *WORLD,
        "score",
        pl.when(few).then(pl.col("score").rank("dense").over("world", "scheme").cast(pl.Int64)).otherwise(tenth + 1)
        .alias("bin"),
        pl.when(few).then(term).otherwise((tenth + 1).cast(pl.String)).alias("term"),
    )  # fmt: skip


def merged(y: Cells, n: Cells, y_ref: Cells, n_ref: Cells) -> Bins:
    """Merge each bin with fewer than FEWEST persons of either group with the next; the last with the one before."""
    starts, mine, theirs = [0], 0, 0
    for k in range(len(n)):
        mine, theirs = mine + n[k], theirs + n_ref[k]
        if min(mine, theirs) >= FEWEST:
            starts.append(k + 1)
            mine, theirs = 0, 0
    cut = starts[:-1] or [0]  # what is left after the last full bin stays with it
    y, n, y_ref, n_ref, before = *(np.add.reduceat(cells, cut) for cells in (y, n, y_ref, n_ref)), len(n)
    return Bins(y, n, y_ref, n_ref, before)


def gap(found: Bins) -> float:
    """Return the gap between the groups' rates, each bin weighed by its persons."""
    weight = (found.n + found.n_ref) / (found.n + found.n_ref).sum()
    return float(weight @ np.abs(found.y / found.n - found.y_ref / found.n_ref))


def gap_of_chance(found: Bins) -> float:
    """Return the mean of the gap over all ways to deal out the group labels within the bins, in closed form."""
    size = found.n + found.n_ref
    away = _mean_deviation(size, found.y + found.y_ref, found.n)
    return float(size / size.sum() @ (away * (1 / found.n + 1 / found.n_ref)))


def _mean_deviation(size: Cells, good: Cells, drawn: Cells) -> Floats:
    """Return E|X - EX| of hypergeometric X, good ones among those drawn: 2m (bad - drawn + m) P(X = m) / size, where m
    is the first whole number above EX (Diaconis and Zabell 1991)."""
    bad, m = size - good, drawn * good // size + 1
    possible = (m <= good) & (drawn - m <= bad) & (m <= drawn)
    at = np.where(possible, m, np.maximum(drawn - bad, 0))
    chance = np.exp(_choose(good, at) + _choose(bad, drawn - at) - _choose(size, drawn))
    return np.where(possible, 2 * m * (bad - drawn + m) / size * chance, 0.0)


def _choose(of: Cells, some: Cells) -> Floats:
    return gammaln(of + 1) - gammaln(some + 1) - gammaln(of - some + 1)


def calibration_rate(counts: Counts, study: Study) -> pl.DataFrame:
    """Of the persons of this group whose score lies in this bin, how many reach the simulated harm?

    Positive / persons, from 0 to 1; the bin is the term: a tenth of all persons, 1 the lowest, or the score itself
    where there are at most 20. Undefined where nobody of the group is in it. Interval: Wilson.
    """
    held_against = classes(counts)
    if not held_against:
        return pl.DataFrame()
    cells, level = known(counts).cells.join(bins(counts), on=[*WORLD, "score"]), pl.col(class_axis(counts))
    tables = [
        rates.tally(cells.with_columns(pl.lit(param).alias("param")), level.is_in(harmful), by=("term", "param"))
        for param, harmful in held_against.items()
    ]
    return rates.rows(pl.concat(tables), study, "calibration_rate")


def calibration_gap(counts: Counts, study: Study) -> pl.DataFrame:
    """At equal scores, how far apart are the shares of both groups that reach the simulated harm?

    Σ w |y/n - y_ref/n_ref| over bins, w the bin's share of both groups, less what it is on average when group labels
    are dealt out at random within bins: 0 is alike, below 0 nearer than chance. A bin with fewer than 10 persons of
    either group is merged with its neighbour. Null line and p: labels permuted within bins. Undefined where everybody
    is of one class.
    """
    times = nulls.times(study)
    method = DEALT.format(times)

    def of(told: dict[str, Any], pair: Beside, found: Bins) -> list[dict[str, Any]]:
        told, chance = {**told, "note": found.note()}, gap_of_chance(found)
        value = gap(found) - chance
        if not pair.audited:
            return [{**told, "term": nulls.OBSERVED, "value": value}]
        size, good = found.n + found.n_ref, found.y + found.y_ref
        dealt = resample.philox(SEED).hypergeometric(good, size - good, found.n, size=(times, len(size)))
        null = np.abs(dealt / found.n - (good - dealt) / found.n_ref) @ (size / size.sum()) - chance
        return nulls.beside(told, value, null, method)

    return _binned(counts, study, "calibration_gap", method, {"term": nulls.OBSERVED}, of)


def calibration_test(counts: Counts, study: Study) -> pl.DataFrame:
    """Could groups of whom the same score means the same have differed as much?

    Mantel and Haenszel's test over the bins, without continuity correction; the value is its chi-square with one degree
    of freedom. It sees differences of one sign over the scale, and is of one auditor alone. Undefined where no bin
    holds both classes. statsmodels `StratifiedTable`.
    """

    def of(told: dict[str, Any], pair: Beside, found: Bins) -> list[dict[str, Any]]:
        from statsmodels.stats.contingency_tables import StratifiedTable

        good, size = found.y + found.y_ref, found.n + found.n_ref
        telling = (good > 0) & (good < size)
        told = {**told, "method": MANTEL_HAENSZEL, "note": found.note()}
        if not telling.any():
            return [{**told, "value": None, "note": ONE_CLASS_A_BIN}]
        rows = [[found.y, found.n - found.y], [found.y_ref, found.n_ref - found.y_ref]]
        tables = np.asarray(rows, dtype=np.float64)[:, :, telling]
        test = StratifiedTable(tables).test_null_odds(correction=False)
        return [{**told, "value": float(test.statistic), "p": float(test.pvalue)}]

    return audit_only(_binned(counts, study, "calibration_test", MANTEL_HAENSZEL, {}, of, audited=True))


def _binned(
    counts: Counts,
    study: Study,
    measure: str,
    method: str,
    about: dict[str, Any],
    of: Callable[[dict[str, Any], Beside, Bins], list[dict[str, Any]]],
    audited: bool = False,
) -> pl.DataFrame:
    """Return the rows that `of` makes of the bins of each group and its reference."""
    held_against = classes(counts)
    if not held_against:
        return pl.DataFrame()
    axis = class_axis(counts)
    cells = known(counts).cells.join(bins(counts).drop("term"), on=[*WORLD, "score"])
    axes = [*WORLD, "seed", *GROUP, "bin", axis]
    by_bin = Counts((*axes, "score"), cells).marginal(axes)
    if audited:
        by_bin, study = audit_of(by_bin, study)
    found: list[dict[str, Any]] = []
    for pair in groups.beside(by_bin, study, ["bin", axis]):
        for param, harmful in held_against.items():
            told = {**pair.told, "param": param}
            asked = {**about, "method": method} if pair.audited else about
            if pair.alone:
                found.append({**estimates.alone(told), **asked})
                continue
            (y, not_y), (y_ref, not_y_ref) = (split(c, pair.levels[axis], harmful) for c in (pair.mine, pair.theirs))
            if min(pair.told["n"], pair.told["n_ref"]) == 0:
                found.append({**told, **asked, "value": None, "note": NOBODY})
            elif min(y.sum() + y_ref.sum(), not_y.sum() + not_y_ref.sum()) == 0:
                found.append({**told, **asked, "value": None, "note": ONE_CLASS})
            else:
                found += of(told, pair, merged(y, y + not_y, y_ref, y_ref + not_y_ref))
    return nulls.rows(found, study, measure)


def audit_of(counts: Counts, study: Study) -> tuple[Counts, Study]:
    """Return the counts that one auditor would hold, and a study in which every reference is the one it was."""
    largest = rates.references(counts.cells, Study({}))
    named = {g: largest[g] if r == BEST else r for g, r in rates.references(counts.cells, study).items()}
    return Counts(counts.axes, seeds.first_seed(counts.cells)), replace(study, references=named)


def audit_only(table: pl.DataFrame) -> pl.DataFrame:
    """Keep what one auditor would have found: a test statistic averaged over seeds means nothing."""
    return table if table.is_empty() else table.filter(pl.col("uncertainty") == "audit")
