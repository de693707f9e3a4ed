"""Distribution: how far apart the scores of two groups lie, before anybody cuts them into outcomes.

All of it is exact where the cells stand at the attained scores. Where scores were binned, a row says so and how far off
it may be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, ndtri

from scoring.measures import disparity, estimates, groups, lattice, nulls, rates, resample
from scoring.measures.counts import Counts
from scoring.measures.groups import Beside
from scoring.measures.intervals import Interval
from scoring.measures.lattice import Floats
from scoring.measures.rates import NOBODY, Statistic
from scoring.measures.study import SEED, Study

QUANTILES = (5, 10, 25, 50, 75, 90, 95)  # percent: whole numbers, so that the rank in a sample is exact
LEANING = 0.5  # skewness of the replicates beyond which the percentile interval is corrected
NO_SPREAD = "within each group every person has the same score"
NEVER_VARIES = "the replicates never vary, or are undefined: no interval"
EFFECTS = ("standardized_mean_difference", "hedges_g", "probability_of_superiority")
BOOTSTRAP, EXACT, DEALT = "bootstrap", "exact bootstrap", "labels permuted, {} times"


def effects(x: Floats, mine: ArrayLike, theirs: ArrayLike) -> Floats:
    """Return the three of EFFECTS along the last axis, for one table or for replicates."""
    x = x - x.mean()  # sums of squares keep their digits
    p, q = lattice.shares(mine), lattice.shares(theirs)
    n, n_ref = np.asarray(mine).sum(axis=-1), np.asarray(theirs).sum(axis=-1)
    mean, mean_ref = p @ x, q @ x
    spread, spread_ref = np.maximum(p @ x**2 - mean**2, 0), np.maximum(q @ x**2 - mean_ref**2, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        smd = (mean - mean_ref) / np.sqrt((spread + spread_ref) / 2)
        pooled = np.sqrt((n * spread + n_ref * spread_ref) / (n + n_ref - 2))
        g = (mean - mean_ref) / pooled * (1 - 3 / (4 * (n + n_ref) - 9))
    found = np.stack([smd, g, lattice.lower(mine, theirs)], axis=-1)
    flat = ((p > 0).sum(axis=-1) <= 1) & ((q > 0).sum(axis=-1) <= 1)  # the sums above leave a speck of spread
    found[..., :2] = np.where(flat[..., None] | ~np.isfinite(found[..., :2]), np.nan, found[..., :2])
    return found


def distances(x: Floats, mine: ArrayLike, theirs: ArrayLike) -> Floats:
    """Return the Kolmogorov-Smirnov and the Wasserstein distance along the last axis."""
    apart = np.abs(lattice.gap(mine, theirs))
    return np.stack([apart.max(axis=-1), apart[..., :-1] @ np.diff(x)], axis=-1)


def quantiles(x: Floats, cells: ArrayLike) -> Floats:
    """Return the QUANTILES of one group: the least score that at least q of its persons do not exceed."""
    cells = np.asarray(cells, dtype=np.int64)
    return x[np.searchsorted(np.cumsum(cells), _ranks(int(cells.sum())))]


def _ranks(n: int) -> NDArray[np.int64]:
    return np.asarray([-(-percent * n // 100) for percent in QUANTILES])


def standardized_mean_difference(counts: Counts, study: Study) -> pl.DataFrame:
    """By how many standard deviations does the mean score of the group lie above that of the reference?

    (mean - mean_ref) / √((s² + s_ref²) / 2), s² with divisor n; 0 is alike. Undefined where nobody's score differs
    within either group. Interval: bootstrap, each group keeping its size. Cohen's .2, .5 and .8 are customs only.
    """
    return _effect(counts, study, "standardized_mean_difference")


def hedges_g(counts: Counts, study: Study) -> pl.DataFrame:
    """By how many pooled standard deviations, corrected for small groups, does the mean score lie above?

    (mean - mean_ref) / s_pooled · (1 - 3 / (4(n + n_ref) - 9)); 0 is alike (Hedges 1981). Undefined and interval as for
    the standardized mean difference.
    """
    return _effect(counts, study, "hedges_g")


def probability_of_superiority(counts: Counts, study: Study) -> pl.DataFrame:
    """How probable is it that a person of the reference scores above one of the group?

    P(S < S_ref) + P(S = S_ref) / 2, from 0 to 1, .5 is alike: Mann and Whitney's U of the reference / (n n_ref). It is
    unchanged by any rising transform of the score. Interval: bootstrap; none where no replicate differs.
    """
    return _effect(counts, study, "probability_of_superiority")


def _effect(counts: Counts, study: Study, measure: str) -> pl.DataFrame:
    which = EFFECTS.index(measure)

    def of(pair: Beside, x: Floats) -> list[dict[str, Any]]:
        value = float(effects(x, pair.mine, pair.theirs)[which])
        if np.isnan(value):
            return [{**pair.told, "value": None, "note": NO_SPREAD, **_asked(pair, BOOTSTRAP)}]
        bound = float(lattice.ties(pair.mine, pair.theirs)) / 2 if measure == "probability_of_superiority" else None
        row = {**pair.told, "value": value, **lattice.binned(study, pair.told, bound)}
        if pair.audited:
            drawn = _drawn(tuple(x), pair.mine.tobytes(), pair.theirs.tobytes(), study.replicates)[:, which]
            row |= _bootstrap(row, drawn, x, pair, which, study.level)
        return [row]

    return _rows(counts, study, measure, BOOTSTRAP, of)


@lru_cache(maxsize=2048)  # the three effects of one pair share their replicates
def _drawn(x: tuple[float, ...], mine: bytes, theirs: bytes, times: int) -> Floats:
    at, cells = np.asarray(x), np.frombuffer(mine + theirs, dtype=np.int64)
    side = np.repeat([0, 1], len(at))
    chunks = resample.replicates(cells, times, resample.philox(SEED), groups=side.tolist())
    return np.concatenate([effects(at, c[:, : len(at)], c[:, len(at) :]) for c in chunks])


def _bootstrap(row: dict[str, Any], drawn: Floats, x: Floats, pair: Beside, which: int, level: float) -> dict[str, Any]:
    """Return the percentile interval, or where the replicates lean the one corrected for it (BCa)."""
    sound = drawn[np.isfinite(drawn)]
    if len(sound) < level * len(drawn) or np.ptp(sound) == 0:
        note = "; ".join(filter(None, [row.get("note"), NEVER_VARIES]))
        return {"method": BOOTSTRAP, "note": note}
    away = sound - sound.mean()
    if abs((away**3).mean()) <= LEANING * (away**2).mean() ** 1.5:
        low, high = resample.percentile(sound, level)
        return {"low": float(low), "high": float(high), "method": BOOTSTRAP}
    k = len(x)
    one_less = resample.jackknife(
        np.concatenate([pair.mine, pair.theirs]), lambda c: effects(x, c[:, :k], c[:, k:])[:, which]
    )
    low, high = resample.bca(sound, row["value"], one_less.acceleration, level)
    found = {"low": float(low), "high": float(high)} if np.isfinite([low, high]).all() else {}
    return {**found, "method": "BCa bootstrap"}


def quantile_gap(counts: Counts, study: Study) -> pl.DataFrame:
    """How many points higher is the score below which q of the group lie (q=0.5: the median)?

    Q(q) - Q_ref(q) in points, Q the least score that at least q of the persons do not exceed. Interval: the bootstrap's
    distribution of a quantile is known, P(Q* ≤ x) = P(Binomial(n, F(x)) ≥ qn), and that of the gap follows without
    drawing (Maritz and Jarrett 1978).
    """

    def of(pair: Beside, x: Floats) -> list[dict[str, Any]]:
        mine, theirs = quantiles(x, pair.mine), quantiles(x, pair.theirs)
        wide = dict(zip(x.tolist(), lattice.widths(x).tolist(), strict=True))
        bounds = _quantile_bounds(pair, x, study.level) if pair.audited else [{}] * len(QUANTILES)
        return [
            {**pair.told, "term": f"q={percent / 100:g}", "value": float(a - b), **bound}
            | lattice.binned(study, pair.told, max(wide[a], wide[b]))
            for percent, a, b, bound in zip(QUANTILES, mine, theirs, bounds, strict=True)
        ]

    return _rows(counts, study, "quantile_gap", EXACT, of)


def _quantile_bounds(pair: Beside, x: Floats, level: float) -> list[dict[str, Any]]:
    bounds = []
    ours, refs = _quantile_masses(pair.mine), _quantile_masses(pair.theirs)
    for mass, mass_ref in zip(ours, refs, strict=True):
        here, there = np.flatnonzero(mass > 1e-9), np.flatnonzero(mass_ref > 1e-9)
        apart = np.subtract.outer(x[here], x[there]).ravel()
        order = np.argsort(apart)
        reached = np.cumsum(np.multiply.outer(mass[here], mass_ref[there]).ravel()[order])
        at = np.searchsorted(reached / reached[-1], [(1 - level) / 2, (1 + level) / 2])
        low, high = apart[order][at]
        bounds.append({"low": float(low), "high": float(high), "method": EXACT})
    return bounds


def _quantile_masses(cells: NDArray[np.int64]) -> Floats:
    """Return, for each of the QUANTILES, with what chance a replicate's quantile lies at each score."""
    n = int(cells.sum())
    at_most = np.cumsum(cells) / n
    ranks = _ranks(n)[:, None]
    return np.diff(betainc(ranks, n - ranks + 1, np.minimum(at_most, 1)), axis=1, prepend=0)


def kolmogorov_smirnov(counts: Counts, study: Study) -> pl.DataFrame:
    """At the score where they differ most, how much more of one group than of the other lies at or below it?

    max |F - F_ref|, from 0 to 1. In a sample it is never 0: beside it stands the null line of labels dealt out at
    random over all persons of the two groups, and the p of that permutation test.
    """
    return _distance(counts, study, "kolmogorov_smirnov", 0)


def wasserstein(counts: Counts, study: Study) -> pl.DataFrame:
    """By how many points must scores move, on average, until both groups are scored alike?

    ∫ |F - F_ref| dc, in points, from 0 up: the area of the curve of differences over every cut. It is the gap in mean
    score where one group lies below the other everywhere. Null line and p as for Kolmogorov and Smirnov.
    """
    return _distance(counts, study, "wasserstein", 1)


def _distance(counts: Counts, study: Study, measure: str, which: int) -> pl.DataFrame:
    times = nulls.times(study)

    def of(pair: Beside, x: Floats) -> list[dict[str, Any]]:
        value = float(distances(x, pair.mine, pair.theirs)[which])
        either = np.maximum(lattice.shares(pair.mine), lattice.shares(pair.theirs))
        bound = (float(either.max()), float(lattice.widths(x) @ either))[which]
        told = {**pair.told, **lattice.binned(study, pair.told, bound)}
        if not pair.audited:
            return [{**told, "term": nulls.OBSERVED, "value": value}]
        dealt = _dealt(tuple(x), pair.mine.tobytes(), pair.theirs.tobytes(), times)[:, which]
        return nulls.beside(told, value, dealt, DEALT.format(times))

    return _rows(counts, study, measure, DEALT.format(times), of, {"term": nulls.OBSERVED})


@lru_cache(maxsize=2048)  # both distances of one pair share their deals
def _dealt(x: tuple[float, ...], mine: bytes, theirs: bytes, times: int) -> Floats:
    a, b = np.frombuffer(mine, dtype=np.int64), np.frombuffer(theirs, dtype=np.int64)
    first = resample.permuted(a, b, times, resample.philox(SEED))
    return distances(np.asarray(x), first, (a + b) - first)


def _rows(
    counts: Counts,
    study: Study,
    measure: str,
    method: str,
    of: Callable[[Beside, Floats], list[dict[str, Any]]],
    told: Mapping[str, Any] | None = None,
) -> pl.DataFrame:
    if "score" not in counts.axes:
        return pl.DataFrame()
    found: list[dict[str, Any]] = []
    for pair in groups.beside(counts, study, ["score"]):
        if pair.alone:
            found.append({**estimates.alone(pair.told), **(told or {})})
        elif min(pair.told["n"], pair.told["n_ref"]) == 0:
            found.append({**pair.told, **(told or {}), "value": None, "note": NOBODY, **_asked(pair, method)})
        else:
            found += of(pair, np.asarray(pair.levels["score"], dtype=np.float64))
    return nulls.rows(found, study, measure)


def _asked(pair: Beside, method: str) -> dict[str, Any]:
    """Let an undefined value stand in the audit's rows too."""
    return {"method": method} if pair.audited else {}


_ANGLE = 2 * (rates.y / rates.n).sqrt().arcsin() - 2 * (rates.y_ref / rates.n_ref).sqrt().arcsin()


def _angles(y: Any, n: Any, y0: Any, n0: Any, level: float) -> Interval:
    y, n, y0, n0 = (np.asarray(v, dtype=np.float64) for v in (y, n, y0, n0))
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = 2 * np.arcsin(np.sqrt(y / n)) - 2 * np.arcsin(np.sqrt(y0 / n0))
        half = ndtri((1 + level) / 2) * np.sqrt(1 / n + 1 / n0)
    half = np.where(np.isfinite(half), half, np.nan)
    return Interval(apart - half, apart + half, np.full(apart.shape, "arcsine"))


COHENS_H = Statistic(_ANGLE, _angles, True, within=(-np.pi, np.pi))


def cohens_h(counts: Counts, study: Study) -> pl.DataFrame:
    """How far apart are the rates of an outcome on a scale on which equal steps are equally easy to see?

    2 asin √p - 2 asin √p_ref, from -π to π, 0 is alike; .2, .5 and .8 are customs only (Cohen 1988). Interval: normal,
    with variance 1/n + 1/n_ref. statsmodels `proportion_effectsize`.
    """
    return rates.rows(disparity.selected(counts, study), study, "cohens_h", COHENS_H)
