"""Scan: who is treated otherwise where attributes meet, though nobody named the group beforehand.

Many groups are looked at, so some differ by chance. What is found in one half of the persons is tested again in the
other, and only those numbers are reported.
"""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, xlogy
from scipy.stats import false_discovery_control, hypergeom

from scoring.measures import intervals, shrinkage
from scoring.measures.conjunctions import CONFIRM, DISCOVER, SCAN, attributes, conjunctions, halves, told_apart
from scoring.measures.counts import Counts
from scoring.measures.families import holm
from scoring.measures.rates import SMALL_EXPECTED, SMALL_GROUP, SMALL_SHARE
from scoring.measures.study import EVERYONE, NO_DRAW, REST, Study
from scoring.result import COLUMNS, OK, SMALL_CELL

MOST = 10  # findings of one scan that are taken to confirmation
DOMINATED = 0.9  # a narrower group is left out where a wider one has this much of its effect
FAMILY = "subgroup"
Floats = NDArray[np.float64]


class Scan(NamedTuple):
    """What each step of a scan left: the groups looked at, those that seem to differ, those tested again, confirmed."""

    looked_at: pl.DataFrame
    discovered: pl.DataFrame
    candidates: pl.DataFrame
    confirmed: pl.DataFrame


def confirmed_subgroup_difference(counts: Counts, study: Study) -> pl.DataFrame:
    """Which groups, of up to three attributes, fare otherwise than the rest: found in one half, confirmed in the other?

    y/n - y_rest/n_rest, from -1 to 1, in the confirming half alone; interval: Newcombe. All conjunctions of at least 30
    persons and 2% are looked at in one half of the seeds (of the persons, where there is one seed) by the likelihood
    ratio. Those that pass Benjamini and Hochberg are ordered by their shrunk difference, narrower groups left out where
    a wider one says as much; the first 10 are tested in the other half (exact, doubled; `p_adjusted` by Holm). What is
    not confirmed has no row, and neither have families of schemes.
    """
    if not attributes(counts):
        return pl.DataFrame()
    found = scan(counts, study).confirmed
    y, n, y_ref, n_ref = (found[c].to_numpy() for c in ("y", "n", "y_ref", "n_ref"))
    low, high, method = intervals.difference(y, n, y_ref, n_ref, study.level)
    expected = np.minimum(n, n_ref) * np.minimum(y + y_ref, n + n_ref - y - y_ref) / (n + n_ref)
    small = (n < SMALL_GROUP) | (expected < SMALL_EXPECTED)
    return _rows(
        found.with_columns(
            pl.Series("value", y / n - y_ref / n_ref, dtype=pl.Float64),
            pl.Series("low", low, dtype=pl.Float64),
            pl.Series("high", high, dtype=pl.Float64),
            pl.Series("method", method.astype(object), dtype=pl.String),
            pl.Series("status", np.where(small, SMALL_CELL, OK).astype(object), dtype=pl.String),
            pl.lit(REST).alias("reference"),
            pl.lit(FAMILY).alias("test_family"),
        ).join(told_apart(counts).rename({"how": "note"}), on="world", maintain_order="left"),
        study,
        "confirmed_subgroup_difference",
    )


def subgroups_scanned(counts: Counts, study: Study) -> pl.DataFrame:
    """How many groups were looked at, seemed to differ, and were confirmed to?

    Numbers of conjunctions by scheme and outcome. `discovered` counts all that pass Benjamini and Hochberg, wider and
    narrower ones alike; at most 10 of them are tested again.
    """
    if not attributes(counts):
        return pl.DataFrame()
    found = scan(counts, study)
    cells = counts.marginal([*SCAN, "draw"]).cells.filter(pl.col("draw") == NO_DRAW).drop("draw")
    cells = cells.join(told_apart(counts), on="world", maintain_order="left")
    for term, table in found._asdict().items():
        number = table.group_by(SCAN).agg(pl.len().alias(term))
        cells = cells.join(number, on=SCAN, how="left", maintain_order="left").with_columns(pl.col(term).fill_null(0))
    again = pl.format("{} of them tested again", "candidates")
    note = pl.when(pl.col("term") == "discovered").then(pl.concat_str(again, "how", separator="; ")).otherwise("how")
    terms = [term for term in Scan._fields if term != "candidates"]
    wide = cells.unpivot(terms, index=[*SCAN, "n", "how", "seeds", "candidates"], variable_name="term")
    return _rows(
        wide.with_columns(
            note.alias("note"),
            pl.lit(EVERYONE).alias("group_by"),
            pl.lit(EVERYONE).alias("group"),
            pl.lit(OK).alias("status"),
        ),
        study,
        "subgroups_scanned",
    )


def scan(counts: Counts, study: Study) -> Scan:
    """Look for groups in one half and test what was found in the other."""
    table = conjunctions(halves(counts))
    size, rest = pl.col("n"), pl.col("n_ref")
    large = (size >= SMALL_GROUP) & (rest >= SMALL_GROUP) & (size / (size + rest) >= SMALL_SHARE)
    looked_at = table.filter(large & (pl.col("half") == DISCOVER))
    discovered = discover(looked_at, 1 - study.level)
    kept = [
        minimal(part, study.outcomes.get((part["scheme"][0], part["outcome"][0])) == "favourable")
        for part in discovered.partition_by(SCAN, maintain_order=True)
    ]
    candidates = pl.concat([discovered.clear(), *kept])
    return Scan(looked_at, discovered, candidates, confirm(candidates, table, 1 - study.level))


def discover(looked_at: pl.DataFrame, rate: float) -> pl.DataFrame:
    """Return the groups that differ from the rest at a false discovery rate, with their shrunk difference `effect`.

    `up` tells whether the group has more than the rest; shrinking may take a difference away and never turns it round.
    """
    y, n, y_ref, n_ref = (looked_at[c].to_numpy() for c in ("y", "n", "y_ref", "n_ref"))
    root = signed_root(y, n, y_ref, n_ref)
    p, way = 2 * ndtr(-np.abs(root)), np.sign(root)
    q, effect = np.ones(len(y)), np.zeros(len(y))
    row = looked_at.select(pl.struct(SCAN).rle_id()).to_series().to_numpy()
    for one in np.unique(row):
        here = row == one
        q[here] = false_discovery_control(p[here])
        shrunk = shrinkage.posterior_mean(y[here], n[here], shrinkage.fit(y[here], n[here]))[0]
        effect[here] = way[here] * np.maximum(way[here] * (shrunk - y_ref[here] / n_ref[here]), 0)
    found = looked_at.with_columns(pl.Series("effect", effect, dtype=pl.Float64), pl.Series("up", way > 0))
    return found.filter(pl.Series(q <= rate, dtype=pl.Boolean))


def minimal(discovered: pl.DataFrame, less_is_worse: bool) -> pl.DataFrame:
    """Return the groups of the largest effect of one scan, without those that say what another one says.

    A group is left out where a wider one goes the same way with at least nine tenths of its effect, and where it is all
    that another one is not (men, where women are told of): of the two, the one that fares worse is kept.
    """
    order = discovered.sort(pl.col("parts").list.len(), pl.col("up") != (not less_is_worse), "group_by", "group")
    kept: dict[frozenset[str], float] = {}
    told: set[tuple[str, int, int]] = set()
    keep = []
    for parts, group_by, effect, y, n, y_ref, n_ref in order.select(
        "parts", "group_by", "effect", "y", "n", "y_ref", "n_ref"
    ).iter_rows():
        wider = [frozenset(w) for size in range(1, len(parts)) for w in combinations(parts, size)]
        dominated = any(kept.get(w, 0.0) * np.sign(effect) >= DOMINATED * abs(effect) for w in wider)
        keep.append(not dominated and (group_by, y_ref, n_ref) not in told)
        if keep[-1]:
            kept[frozenset(parts)] = effect
            told.add((group_by, y, n))
    return (
        order.filter(pl.Series(keep, dtype=pl.Boolean))
        .sort(pl.col("effect").abs(), descending=True, maintain_order=True)
        .head(MOST)
    )


def confirm(candidates: pl.DataFrame, table: pl.DataFrame, level: float) -> pl.DataFrame:
    """Return the candidates that differ the same way in the confirming half, with the counts and the p of that half."""
    fresh = table.filter(pl.col("half") == CONFIRM).drop("half", "parts")
    found = (
        candidates.select(*SCAN, "group_by", "group", "up")
        .join(fresh, on=[*SCAN, "group_by", "group"], how="left", maintain_order="left")
        .with_columns(pl.col("y", "n", "y_ref", "n_ref").fill_null(0))
    )
    y, n, y_ref, n_ref = (found[c].to_numpy() for c in ("y", "n", "y_ref", "n_ref"))
    p = one_way(y, n, y_ref, n_ref, found["up"].to_numpy())
    adjusted = np.ones(len(p))
    row = found.select(pl.struct(SCAN).rle_id()).to_series().to_numpy()
    for one in np.unique(row):
        adjusted[row == one] = holm(p[row == one])
    found = found.with_columns(pl.Series("p", p, dtype=pl.Float64), pl.Series("p_adjusted", adjusted, dtype=pl.Float64))
    return found.filter(pl.col("p_adjusted") <= level)


def signed_root(y: ArrayLike, n: ArrayLike, y_ref: ArrayLike, n_ref: ArrayLike) -> Floats:
    """Return the signed root of the likelihood ratio of two rates; standard normal where they are equal.

    ± sqrt(2 sum O ln(O / E)) over the four counts O and the E expected of them, with the sign of y/n - y_ref/n_ref.
    """
    y, n, y_ref, n_ref = (np.asarray(v, dtype=np.float64) for v in (y, n, y_ref, n_ref))
    rate, rate_ref, pooled = y / n, y_ref / n_ref, (y + y_ref) / (n + n_ref)
    apart = _likelihood(y, n, rate) + _likelihood(y_ref, n_ref, rate_ref)
    alike = _likelihood(y, n, pooled) + _likelihood(y_ref, n_ref, pooled)
    return np.sign(rate - rate_ref) * np.sqrt(2 * np.maximum(apart - alike, 0))


def one_way(y: ArrayLike, n: ArrayLike, y_ref: ArrayLike, n_ref: ArrayLike, up: ArrayLike) -> Floats:
    """Return twice the exact probability of a difference this far in the way that was foretold, at most 1.

    Of y + y_ref selected persons among n + n_ref, the group has y by chance (hypergeometric; Fisher's test doubled).
    A group of nobody shows nothing: 1.
    """
    y, n, y_ref, n_ref = (np.asarray(v) for v in (y, n, y_ref, n_ref))
    drawn = hypergeom(n + n_ref, y + y_ref, n)
    return np.where(n > 0, np.minimum(1.0, 2 * np.where(up, drawn.sf(y - 1), drawn.cdf(y))), 1.0)


def _likelihood(y: Floats, n: Floats, rate: Floats) -> Floats:
    return xlogy(y, rate) + xlogy(n - y, 1 - rate)


def _rows(table: pl.DataFrame, study: Study, measure: str) -> pl.DataFrame:
    """Return a table as result rows of one auditor."""
    told = table.with_columns(
        pl.lit(measure).alias("measure"), pl.lit(study.level).alias("level"), pl.lit("audit").alias("uncertainty")
    ).join(study.polarities(), on=["scheme", "outcome"], how="left", maintain_order="left")
    return told.select(c for c in COLUMNS if c in told.columns)
