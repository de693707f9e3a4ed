"""Replicated intervals: which interval replicates may give a statistic of counts, and when they may give none.

Percentile where the replicates are about symmetric, BCa where they lean, and a refusal (`NotValid`) where replicates
would not describe sampling error. Where counts are few, draws from Jeffreys' prior take their place: of 0 persons every
replicate has 0, while the draws leave open how rare they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.stats import skew

from scoring.measures import resample
from scoring.measures.intervals import Interval
from scoring.measures.resample import Cells, Floats, NotValid

FEWEST = 10  # persons in every cell; below, replicates are too few different ones
LEANING = 0.5  # skewness of the replicates from which on a percentile interval is corrected
SMOOTH = "smooth"
REFUSED = {  # what a statistic may be instead of smooth in counts of persons who fare independently
    "extreme": "an extreme or an absolute value leans away from equality in every replicate: simulate its null instead",
    "interference": "the verdict on one person depends on another's, so persons are not drawn singly: repeat seeds",
    "coarse": "a quantile from coarse bins moves by whole bins: count the scores themselves",
}
Statistic = Callable[[NDArray], Floats]  # of [replicate, cell] counts, one value or several a replicate
Scheme = Callable[[Cells, int, np.random.Generator], Iterator[Cells]]


def interval(
    cells: Cells,
    statistic: Statistic,
    times: int,
    rng: np.random.Generator,
    level: float = 0.95,
    scheme: Scheme = resample.replicates,
    kind: str = SMOOTH,
    standing: Cells | None = None,
) -> Interval:
    """Return the interval of a statistic of the cells, and whether it is the percentile or the BCa interval.

    `scheme` draws the replicates: `resample.replicates` the multinomial, with its `groups` bound those that keep the
    size of each group, or `resample.poisson`. `standing` are the counts that a statistic of many cells (a mean over the
    bins of a score) stands on, where those are not the cells. Raises NotValid where `kind` is one of REFUSED, where
    fewer than ten persons stand behind it, and where a replicate leaves the statistic undefined.
    """
    if kind != SMOOTH:
        raise NotValid(REFUSED[kind])
    cells = np.asarray(cells)
    fewest = int(np.min(cells if standing is None else standing, initial=FEWEST))
    if fewest < FEWEST:
        raise NotValid(f"a count of {fewest} is fewer than {FEWEST} persons: its replicates hardly differ")
    values = np.concatenate([np.asarray(statistic(drawn)) for drawn in scheme(cells, times, rng)])
    undefined = int((~np.isfinite(values)).any(axis=tuple(range(1, values.ndim))).sum())
    if undefined:
        raise NotValid(f"undefined in {undefined} of {times} replicates")
    if (np.ptp(values, axis=0) <= 1e-12 * np.abs(values).max(axis=0)).any():
        raise NotValid("every replicate is the same: the statistic does not depend on who is drawn")
    low, high = resample.percentile(values, level)
    leaning = np.abs(skew(values, axis=0)) > LEANING
    if leaning.any():
        estimate, acceleration = statistic(cells[None, :])[0], resample.jackknife(cells, statistic).acceleration
        corrected = resample.bca(values, estimate, acceleration, level)
        low, high = (np.where(leaning, a, b) for a, b in zip(corrected, (low, high), strict=True))
    return Interval(low, high, np.where(leaning, "BCa", "percentile"))


def jeffreys(cells: Cells, statistic: Statistic, times: int, rng: np.random.Generator, level: float = 0.95) -> Interval:
    """Return the interval of a statistic of few cells under Jeffreys' prior, half a person in each of them.

    Of rates, these are draws from Beta(y + 1/2, n - y + 1/2), independent by group.
    """
    cells = np.asarray(cells)
    shares = rng.dirichlet(cells + 0.5, size=times)
    low, high = resample.percentile(np.asarray(statistic(shares * cells.sum())), level)
    return Interval(low, high, np.full(np.shape(low), "Jeffreys draws"))
