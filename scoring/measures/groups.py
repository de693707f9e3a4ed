"""Groups: each group beside its reference, cell by cell, as arrays that a statistic can take.

Where a rate needs only y of n, a distribution, a curve or a model needs the counts of a group over several axes (its
scores, its classes of simulated truth, its strata). `beside` hands them over dense, pair by pair.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from scoring.measures import rates
from scoring.measures.counts import Counts
from scoring.measures.study import BEST, EVERYONE, NO_DRAW, REST, WORLD, Study

Array = NDArray[np.int64]


@dataclass(frozen=True)
class Beside:
    """One group and its reference: counts over the same axes, `mine` and `theirs` of the shape of `levels`.

    `told` holds what a result row says of it (world, scheme, draw, seed, outcome, group_by, group, reference, n,
    n_ref); `levels` the sorted values along each axis; `audited` whether one auditor would have held these counts, so
    that intervals and tests of one sample are wanted; `alone` that the grouping has no other group and `theirs` is 0.
    """

    told: Mapping[str, Any]
    mine: Array
    theirs: Array
    levels: Mapping[str, list[Any]] = field(repr=False)
    audited: bool = True
    alone: bool = False


def beside(counts: Counts, study: Study, axes: Sequence[str], by: Sequence[str] = ()) -> Iterator[Beside]:
    """Yield every group beside its reference, its counts dense over `axes`; other axes but `by` are summed out.

    The reference is the declared group, else the largest, or the rest of all persons; `best` is known for rates alone,
    and is the largest here.
    """
    keys = [*WORLD, "seed", *by, "group_by"]
    cells = counts.marginal([*keys, "group", *axes]).cells.filter(pl.col("group_by") != EVERYONE)
    named = rates.references(cells, study)
    largest = rates.references(cells, Study({}))
    first = dict(cells.group_by("world").agg(pl.col("seed").min()).iter_rows())
    for key, part in cells.partition_by(keys, as_dict=True, maintain_order=True).items():
        told = dict(zip(keys, key, strict=True))
        group_by = told["group_by"]
        reference = largest.get(group_by) if named.get(group_by) == BEST else named.get(group_by)
        if reference is None:
            continue
        levels, dense = _dense(part, ["group", *axes])
        of = dict(zip(levels.pop("group"), dense, strict=True))
        audited = told["draw"] == NO_DRAW and told["seed"] == first[told["world"]]
        if len(of) == 1:
            (group, mine), *_ = of.items()
            about = told | {"group": group, "reference": reference, "n": int(mine.sum()), "n_ref": 0}
            yield Beside(about, mine, np.zeros_like(mine), levels, audited, alone=True)
            continue
        for group, mine in of.items():
            if group == reference:
                continue
            theirs = dense.sum(axis=0) - mine if reference == REST else of.get(reference, np.zeros_like(mine))
            n, n_ref = int(mine.sum()), int(theirs.sum())
            yield Beside(
                told | {"group": group, "reference": reference, "n": n, "n_ref": n_ref}, mine, theirs, levels, audited
            )


def everyone(counts: Counts, axes: Sequence[str], by: Sequence[str] = ()) -> Iterator[Beside]:
    """Yield, grouping by grouping, all groups at once: they stand along the first axis of `mine`, named in `levels`."""
    keys = [*WORLD, "seed", *by, "group_by"]
    cells = counts.marginal([*keys, "group", *axes]).cells.filter(pl.col("group_by") != EVERYONE)
    first = dict(cells.group_by("world").agg(pl.col("seed").min()).iter_rows())
    for key, part in cells.partition_by(keys, as_dict=True, maintain_order=True).items():
        told = dict(zip(keys, key, strict=True))
        levels, dense = _dense(part, ["group", *axes])
        audited = told["draw"] == NO_DRAW and told["seed"] == first[told["world"]]
        about = told | {"n": int(dense.sum())}
        yield Beside(about, dense, np.zeros_like(dense), levels, audited, alone=len(levels["group"]) == 1)


def _dense(cells: pl.DataFrame, axes: Sequence[str]) -> tuple[dict[str, list[Any]], Array]:
    """Return the sorted levels of each axis and the counts as an array over them."""
    levels = {axis: cells[axis].unique().sort().to_list() for axis in axes}
    at = [cells[a].replace_strict(levels[a], range(len(levels[a])), return_dtype=pl.Int64).to_numpy() for a in axes]
    dense = np.zeros([len(found) for found in levels.values()], dtype=np.int64)
    np.add.at(dense, tuple(at), cells["n"].to_numpy())
    return levels, dense
