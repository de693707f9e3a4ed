"""Resampling: replicates of a sample drawn from its counts instead of its rows.

Drawing n rows with replacement and counting again gives Multinomial(n, N/n) cells, so a statistic of the counts has
exactly the distribution of its row bootstrap, at a cost that follows the cells and not the rows (Chamandy et al. 2012).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from scoring.measures.counts import Counts

MEMORY = 256 * 1024**2  # bytes of one chunk of replicates
Cells = NDArray[np.int64]
Floats = NDArray[np.float64]
REPEATED = {  # axes along which one person stands in several cells
    "draw": "every draw of a family scores the same persons",
    "group_by": "every grouping counts the same persons",
    "outcome": "every outcome is counted over the same persons",
    "period": "person-years are no independent persons",
    "record": "every record type is counted over the same persons",
    "rule": "every rule is counted over the same persons",
    "scheme": "schemes share the same persons: pair them in one joint table",
}


class NotValid(ValueError):
    """A resampling was refused, because its replicates would not describe sampling error; the message says why."""


def philox(seed: int) -> np.random.Generator:
    """Return the generator that resampling takes, the same on every machine."""
    return np.random.Generator(np.random.Philox(seed))


def replicates(
    cells: Cells, times: int, rng: np.random.Generator, groups: Sequence[object] | None = None, memory: int = MEMORY
) -> Iterator[Cells]:
    """Yield replicates of the cells, [replicate, cell], in chunks that keep within `memory` bytes.

    `groups` names the group of each cell: then each group keeps its size (`fixed_groups`), as where group shares are
    set by design.
    """
    cells = _checked(cells)
    rows = max(1, memory // (8 * max(1, len(cells))))
    parts = _parts(len(cells), groups)
    for start in range(0, times, rows):
        drawn = np.empty((min(rows, times - start), len(cells)), dtype=np.int64)
        for part in parts:
            total = int(cells[part].sum())
            share = cells[part] / total if total else np.full(len(cells[part]), 1 / len(cells[part]))
            drawn[:, part] = rng.multinomial(total, share, size=len(drawn))
        yield drawn


def bootstrap(
    counts: Counts,
    statistic: Callable[[Cells], Floats],
    times: int,
    rng: np.random.Generator,
    fixed_groups: str | None = None,
    memory: int = MEMORY,
) -> Floats:
    """Return a statistic of [replicate, cell] counts for every replicate of a sample.

    `fixed_groups` names the axis whose totals stay as they are. Raises NotValid where the cells do not hold each person
    once. Extremes over groups and absolute values have no percentile interval: take a null simulation for those.
    """
    for axis, why in REPEATED.items():
        if axis in counts.axes and counts.cells[axis].n_unique() > 1:
            raise NotValid(f"counts over several values of {axis!r} are not resampled: {why}")
    groups = counts.cells[fixed_groups].to_list() if fixed_groups else None
    cells = counts.cells["n"].to_numpy()
    return np.concatenate([statistic(chunk) for chunk in replicates(cells, times, rng, groups, memory)])


def poisson(cells: Cells, times: int, rng: np.random.Generator, memory: int = MEMORY) -> Iterator[Cells]:
    """Yield replicates whose cells are drawn one by one, so that the total varies too; conditional on it they are the
    multinomial. For ratios (rates, means, curves) the two agree to 1/n, for totals this adds the variance n.
    """
    cells = _checked(cells)
    rows = max(1, memory // (8 * len(cells)))
    for start in range(0, times, rows):
        yield rng.poisson(cells, size=(min(rows, times - start), len(cells)))


def permuted(mine: Cells, theirs: Cells, times: int, rng: np.random.Generator) -> Cells:
    """Return cells of the first group, [replicate, cell], had the labels of both groups been dealt out at random.

    With two axes, [stratum, cell], labels are dealt out within each stratum, so that the strata keep their sizes.
    """
    mine, theirs = np.atleast_2d(_checked_shape(mine)), np.atleast_2d(_checked_shape(theirs))
    dealt = [
        rng.multivariate_hypergeometric(a + b, int(a.sum()), size=times, method="marginals")
        for a, b in zip(mine, theirs, strict=True)
    ]
    return np.stack(dealt, axis=1) if len(dealt) > 1 else dealt[0]


def percentile(values: Floats, level: float = 0.95) -> tuple[Floats, Floats]:
    """Return the percentile interval over replicates (the first axis)."""
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return low, high


class Jackknife(NamedTuple):
    """What leaving out one person at a time says: a standard error, and how that error leans (acceleration)."""

    error: Floats
    acceleration: Floats


def jackknife(cells: Cells, statistic: Callable[[Cells], Floats]) -> Jackknife:
    """Leave out one person of each cell in turn, each weighed by the persons of her cell (Efron and Tibshirani 1993).

    `statistic` takes [replicate, cell] counts. K evaluations serve n persons.
    """
    cells = _checked(cells)
    held = np.flatnonzero(cells)
    fewer = np.repeat(cells[None, :], len(held), axis=0)
    fewer[np.arange(len(held)), held] -= 1
    values = np.asarray(statistic(fewer), dtype=np.float64)
    weight = cells[held].astype(np.float64).reshape(-1, *([1] * (values.ndim - 1)))
    n = weight.sum()
    away = (weight * values).sum(axis=0) / n - values
    second, third = (weight * away**2).sum(axis=0), (weight * away**3).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return Jackknife(np.sqrt((n - 1) / n * second), third / (6 * second**1.5))


def bca(values: Floats, estimate: ArrayLike, acceleration: ArrayLike, level: float = 0.95) -> tuple[Floats, Floats]:
    """Return the interval that is corrected for bias and for an error that leans (Efron 1987).

    `values` are the statistic's replicates along the first axis; `acceleration` comes from `jackknife`.
    """
    estimate, acceleration = np.asarray(estimate, dtype=np.float64), np.asarray(acceleration, dtype=np.float64)
    below = (values < estimate).mean(axis=0) + (values == estimate).mean(axis=0) / 2
    bias = ndtri(below)
    bounds = []
    for tail in ((1 - level) / 2, (1 + level) / 2):
        shifted = bias + ndtri(tail)
        with np.errstate(invalid="ignore"):
            at = ndtr(bias + shifted / (1 - acceleration * shifted))
        flat = values.reshape(len(values), -1)
        places = np.broadcast_to(at, estimate.shape).reshape(-1)
        found = [np.quantile(flat[:, i], q) if q == q else np.nan for i, q in enumerate(places)]
        bounds.append(np.asarray(found).reshape(estimate.shape))
    return bounds[0], bounds[1]


def simultaneous(values: Floats, estimate: Floats, level: float = 0.95) -> tuple[Floats, Floats, float]:
    """Return bounds that hold for all statistics at once, and the critical value that they take (max-T).

    `values` is [replicate, statistic]. A statistic that never varied, or is undefined in a replicate, has no bounds and
    does not widen the others.
    """
    error = values.std(axis=0, ddof=1)
    sound = np.isfinite(error) & (error > 0) & np.isfinite(estimate)
    if not sound.any():
        none = np.full(estimate.shape, np.nan)
        return none, none, float("nan")
    farthest = np.max(np.abs(values[:, sound] - estimate[sound]) / error[sound], axis=1)
    critical = float(np.quantile(farthest, level))
    half = np.where(sound, critical * error, np.nan)
    return estimate - half, estimate + half, critical


def _checked(cells: Cells) -> Cells:
    cells = np.asarray(cells)
    if not np.issubdtype(cells.dtype, np.integer):
        raise NotValid("weighted cells are not resampled: the replicates need whole persons")
    if cells.size == 0 or cells.min() < 0 or cells.sum() == 0:
        raise NotValid("there is nobody to resample")
    return cells


def _checked_shape(cells: Cells) -> Cells:
    cells = np.asarray(cells)
    _checked(cells.reshape(-1))
    return cells


def _parts(size: int, groups: Sequence[object] | None) -> list[NDArray[np.intp]]:
    """Return the cells that are drawn together."""
    if groups is None:
        return [np.arange(size)]
    _, codes = np.unique(np.asarray([str(g) for g in groups]), return_inverse=True)
    return [np.flatnonzero(codes == code) for code in range(codes.max() + 1)]
