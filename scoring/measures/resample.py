"""Resampling: replicates of a sample drawn from its counts instead of its rows.

Drawing n rows with replacement and counting again gives Multinomial(n, N/n) cells, so a statistic of the counts has
exactly the distribution of its row bootstrap, at a cost that follows the cells and not the rows (Chamandy et al. 2012).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from scoring.measures.counts import Counts

MEMORY = 256 * 1024**2  # bytes of one chunk of replicates
Cells = NDArray[np.int64]
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
    statistic: Callable[[Cells], NDArray[np.float64]],
    times: int,
    rng: np.random.Generator,
    fixed_groups: str | None = None,
    memory: int = MEMORY,
) -> NDArray[np.float64]:
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


def percentile(values: NDArray[np.float64], level: float = 0.95) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the percentile interval over replicates (the first axis)."""
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return low, high


def _checked(cells: Cells) -> Cells:
    cells = np.asarray(cells)
    if not np.issubdtype(cells.dtype, np.integer):
        raise NotValid("weighted cells are not resampled: the replicates need whole persons")
    if cells.size == 0 or cells.min() < 0 or cells.sum() == 0:
        raise NotValid("there is nobody to resample")
    return cells


def _parts(size: int, groups: Sequence[object] | None) -> list[NDArray[np.intp]]:
    """Return the cells that are drawn together."""
    if groups is None:
        return [np.arange(size)]
    _, codes = np.unique(np.asarray([str(g) for g in groups]), return_inverse=True)
    return [np.flatnonzero(codes == code) for code in range(codes.max() + 1)]
