"""Shrinkage: rates of many groups at once, each drawn to the rate of all as far as its size leaves room for chance.

Legend: y_k ~ BetaBinomial(n_k, alpha, beta) over the groups k of a grouping; the prior Beta(alpha, beta) has the mean
alpha / (alpha + beta) and weighs as much as alpha + beta persons.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, betaincc, betaincinv, gammaln, polygamma, psi

from scoring.measures import disparity, estimates, seeds
from scoring.measures.counts import Counts
from scoring.measures.rates import CONVENTION
from scoring.measures.study import EVERYONE, WORLD, Study
from scoring.result import FIT_FAILED

FEWEST = 3  # groups from which a spread between groups is estimated
STEPS, SMALLEST_STEP, LONGEST_STEP = 200, 1e-9, 2.0  # of the maximisation, in log parameters
METHOD = "Beta posterior, empirical Bayes"
NO_SPREAD = "no spread between groups beyond chance: every group is drawn to the overall rate, no interval"
NO_PRIOR = "nobody or everybody has the outcome: no prior can be estimated"
NOT_FITTED = "the prior was not found"
Floats = NDArray[np.float64]


class Prior(NamedTuple):
    """A Beta prior, as the rate it expects and how many persons it weighs; infinite where no spread was found."""

    mean: Floats
    weight: Floats

    @property
    def alpha(self) -> Floats:
        return self.mean * self.weight

    @property
    def beta(self) -> Floats:
        return (1 - self.mean) * self.weight


def from_moments(mean: ArrayLike, sd: ArrayLike) -> Prior:
    """Return the Beta prior of a given mean and standard deviation: weight = mean (1 - mean) / sd² - 1.

    >>> prior = from_moments(0.136, 0.103)  # the rat tumours of Gelman et al., Bayesian Data Analysis, 5.1
    >>> round(float(prior.alpha), 4), round(float(prior.beta), 4)
    (1.3703, 8.7056)
    """
    mean, sd = np.asarray(mean, dtype=np.float64), np.asarray(sd, dtype=np.float64)
    return Prior(mean, mean * (1 - mean) / sd**2 - 1)


def fit(y: ArrayLike, n: ArrayLike) -> Prior:
    """Return the most likely prior of every row of groups, [row, group]; a group of nobody changes nothing.

    Where the likelihood rises towards no spread at all (the score test of Tarone 1979 is not positive) the weight is
    infinite; where nobody or everybody has the outcome there is no prior and both are NaN.
    """
    y, n = np.atleast_2d(np.asarray(y, dtype=np.float64)), np.atleast_2d(np.asarray(n, dtype=np.float64))
    total, everyone = y.sum(axis=1), n.sum(axis=1)
    known = (total > 0) & (total < everyone)
    mean = np.where(known, total / np.maximum(everyone, 1), np.nan)
    weight = np.where(known, np.inf, np.nan)
    spread = known & (_excess(y, n, np.where(known, mean, 0.5)) > 0)
    if spread.any():
        mean[spread], weight[spread] = _most_likely(y[spread], n[spread])
    return Prior(mean, weight)


def posterior_mean(y: ArrayLike, n: ArrayLike, prior: Prior) -> Floats:
    """Return the shrunk rates, [row, group]: (y + alpha) / (n + alpha + beta)."""
    y, n = np.asarray(y, dtype=np.float64), np.asarray(n, dtype=np.float64)
    mean, weight = prior.mean[:, None], prior.weight[:, None]
    flat = np.isinf(weight)
    finite = np.where(flat, 1.0, weight)
    return np.where(flat, mean, (y + finite * mean) / (n + finite))


def shrunk_rate(counts: Counts, study: Study) -> pl.DataFrame:
    """How often is a person of this group selected, once the chance of a small group is taken out?

    The posterior mean (y + alpha) / (n + alpha + beta), from 0 to 1, with alpha and beta the most likely ones over the
    groups of the grouping; groupings of fewer than 3 groups have none. Interval: quantiles of the posterior; it takes
    the prior for known and so is too narrow where it is hardly known (24 groups, simulated: .94 of the rates inside at
    95% where the prior weighs 50 persons, .86 to .89 where it weighs 200 to 1,000), and is withheld where no spread was
    found. The raw rate stands beside it (`selection_rate`, and the note), because shrinkage can hide a real harm to a
    small group. Undefined where nobody or everybody is selected.
    """
    keys = [*WORLD, "seed", "group_by", "outcome", "polarity"]
    table = disparity.selected(counts, study).filter((pl.col("group_by") != EVERYONE) & (pl.col("n") > 0))
    table = table.filter(pl.len().over(keys) >= FEWEST).sort(*keys, "group", nulls_last=True)
    if table.is_empty():
        return pl.DataFrame()
    row = table.select(pl.struct(keys).rle_id()).to_series().to_numpy()
    place = np.arange(len(row)) - np.searchsorted(row, row)
    y, n = (_dense(row, place, table[c].to_numpy()) for c in ("y", "n"))
    prior = fit(y, n)
    table = table.with_columns(
        pl.Series("value", posterior_mean(y, n, prior)[row, place]).fill_nan(None),
        pl.Series("prior_mean", prior.mean[row]),
        pl.Series("prior_weight", prior.weight[row]),
        pl.Series("overall", (y.sum(axis=1) / n.sum(axis=1))[row]),
    ).with_columns(
        pl.when(pl.col("value").is_null()).then(pl.lit(FIT_FAILED)).alias("status"),
        pl.when(pl.col("value").is_null())
        .then(pl.when(pl.col("overall").is_in([0.0, 1.0])).then(pl.lit(NO_PRIOR)).otherwise(pl.lit(NOT_FITTED)))
        .alias("note"),
    )
    told = [*keys, "group", "n", "value", "status", "note"]
    repeated = estimates.rows(table.select(told).to_dicts(), study, "shrunk_rate")
    audited = _audited(seeds.first_seed(table), study.level).select(*told, "low", "high", "method")
    audit = estimates.rows(audited.to_dicts(), study, "shrunk_rate")
    parts = [repeated.filter(pl.col("uncertainty") != "audit")]
    parts += [audit.filter(pl.col("uncertainty") == "audit")] if audited.height else []
    return pl.concat(parts, how="diagonal_relaxed")


def _audited(table: pl.DataFrame, level: float) -> pl.DataFrame:
    """Add the quantiles of the posterior, the raw rate, and how likely the rate lies beyond the convention."""
    y, n, mean, weight, overall = (
        table[c].to_numpy().astype(np.float64) for c in ("y", "n", "prior_mean", "prior_weight", "overall")
    )
    known = np.isfinite(weight)
    a = np.where(known, y + weight * mean, 1.0)
    b = np.where(known, n - y + weight * (1 - mean), 1.0)
    low, high = (np.where(known, betaincinv(a, b, tail), np.nan) for tail in ((1 - level) / 2, (1 + level) / 2))
    line = {polarity: np.clip(factor * overall, 0, 1) for polarity, factor in CONVENTION.items()}
    below, above = betainc(a, b, line["favourable"]), betaincc(a, b, line["adverse"])
    text = [_note(*one) for one in zip(y / n, table["polarity"], below, above, weight, strict=True)]
    return table.with_columns(
        pl.Series("low", low).fill_nan(None),
        pl.Series("high", high).fill_nan(None),
        pl.lit(METHOD).alias("method"),
        pl.concat_str([pl.col("note"), pl.Series("told", text)], separator="; ", ignore_nulls=True).alias("note"),
    )


def _note(raw: float, polarity: str, below: float, above: float, weight: float) -> str:
    """Say the raw rate, and the posterior probability of lying beyond the convention against the overall rate."""
    text = f"raw rate {raw:.4f}"
    if not np.isfinite(weight):
        return f"{text}; {NO_SPREAD}" if np.isinf(weight) else text
    chance, side = (below, "< 0.8") if polarity == "favourable" else (above, "> 1.25")
    return f"{text}; P(rate {side} × overall rate) = {chance:.3f}"


def _dense(row: NDArray[np.int64], place: NDArray[np.int64], values: NDArray[np.int64]) -> Floats:
    """Return values as [row, place], 0 where a row has fewer."""
    dense = np.zeros((int(row.max()) + 1, int(place.max()) + 1))
    dense[row, place] = values
    return dense


def _excess(y: Floats, n: Floats, mean: Floats) -> Floats:
    """Return the slope of the log-likelihood in 1/weight where the weight is infinite: above 0, groups differ."""
    p = mean[:, None]
    return (y * (y - 1) / p + (n - y) * (n - y - 1) / (1 - p) - n * (n - 1)).sum(axis=1) / 2


def _most_likely(y: Floats, n: Floats) -> Prior:
    """Maximise the log-likelihood of (log alpha, log beta), all rows at once, by damped Newton steps."""
    mean = y.sum(axis=1) / n.sum(axis=1)
    held = n > 0
    groups = held.sum(axis=1)
    rate = np.where(held, y / np.maximum(n, 1), mean[:, None])
    chance = (mean * (1 - mean))[:, None] * np.where(held, 1 / np.maximum(n, 1), 0)
    between = ((rate - mean[:, None]) ** 2 - chance).sum(axis=1) / groups
    weight = from_moments(mean, np.sqrt(np.maximum(between, mean * (1 - mean) / (10 * n.max(axis=1))))).weight
    at = np.log([mean * np.maximum(weight, 1), (1 - mean) * np.maximum(weight, 1)])
    damping, moving = np.full(len(y), 1e-3), np.arange(len(y))
    found = _likelihood(at, y, n)
    for _ in range(STEPS):
        step, sound = _newton(at[:, moving], y[moving], n[moving], damping[moving])
        there = at[:, moving] + step
        reached = _likelihood(there, y[moving], n[moving])
        better = sound & (reached >= found[moving])
        at[:, moving[better]], found[moving[better]] = there[:, better], reached[better]
        damping[moving] *= np.where(better, 0.1, 10.0)
        still = np.abs(step).max(axis=0) > SMALLEST_STEP
        moving = moving[still | ~sound]
        if not len(moving):
            break
    at[:, moving] = np.nan  # the steps ran out
    alpha, beta = np.exp(at)
    return Prior(alpha / (alpha + beta), alpha + beta)


def _likelihood(at: Floats, y: Floats, n: Floats) -> Floats:
    a, b = np.exp(at)[:, :, None]
    yes, no = gammaln(y + a) - gammaln(a), gammaln(n - y + b) - gammaln(b)
    return (yes + no - gammaln(n + a + b) + gammaln(a + b)).sum(axis=1)


def _newton(at: Floats, y: Floats, n: Floats, damping: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the step of each row, and whether it climbs: the damped curvature must be that of a summit."""
    a, b = np.exp(at)
    wide_a, wide_b = a[:, None], b[:, None]
    both = (psi(wide_a + wide_b) - psi(n + wide_a + wide_b)).sum(axis=1)
    slope_a = a * ((psi(y + wide_a) - psi(wide_a)).sum(axis=1) + both)
    slope_b = b * ((psi(n - y + wide_b) - psi(wide_b)).sum(axis=1) + both)
    across = (polygamma(1, wide_a + wide_b) - polygamma(1, n + wide_a + wide_b)).sum(axis=1)
    curve_a = a**2 * ((polygamma(1, y + wide_a) - polygamma(1, wide_a)).sum(axis=1) + across) + slope_a
    curve_b = b**2 * ((polygamma(1, n - y + wide_b) - polygamma(1, wide_b)).sum(axis=1) + across) + slope_b
    mixed = a * b * across
    down_a, down_b = damping - curve_a, damping - curve_b
    inside = down_a * down_b - mixed**2
    sound = (inside > 0) & (down_a > 0)
    safe = np.where(sound, inside, 1.0)
    step = np.array([down_b * slope_a + mixed * slope_b, down_a * slope_b + mixed * slope_a]) / safe
    return np.where(sound, np.clip(step, -LONGEST_STEP, LONGEST_STEP), 0.0), sound
