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
    references = tuple(sorted((k, v) for k, v in study.references.items() if v is not None))
    place = ("beside", tuple(axes), tuple(by), references)
    if place not in counts.kept:  # a dozen measures ask for the same pairs
        counts.kept[place] = list(_beside(counts, study, axes, by))
    yield from counts.kept[place]


def _beside(counts: Counts, study: Study, axes: Sequence[str], by: Sequence[str]) -> Iterator[Beside]:
    cells = _cells(counts, axes, by)
    named, largest = rates.references(cells, study), rates.references(cells, Study({}))
    for told, levels, dense, audited in _parts(cells, [*by, "group_by"], ["group", *axes]):
        group_by = told["group_by"]
        reference = largest.get(group_by) if named.get(group_by) == BEST else named.get(group_by)
        if reference is None:
            continue
        of = dict(zip(levels["group"], dense, strict=True))
        levels = {axis: levels[axis] for axis in axes}
        if len(of) == 1:
            (group, mine), *_ = of.items()
            about = told | {"group": group, "reference": reference, "n": int(mine.sum()), "n_ref": 0}
            yield Beside(about, mine, np.zeros_like(mine), levels, audited, alone=True)
            continue
        whole = dense.sum(axis=0)
        for group, mine in of.items():
            if group == reference:
                continue
            theirs = whole - mine if reference == REST else of.get(reference, np.zeros_like(mine))
            about = told | {"group": group, "reference": reference, "n": int(mine.sum()), "n_ref": int(theirs.sum())}
            yield Beside(about, mine, theirs, levels, audited)


def everyone(counts: Counts, axes: Sequence[str], by: Sequence[str] = ()) -> Iterator[Beside]:
    """Yield, grouping by grouping, all groups at once: they stand along the first axis of `mine`, named in `levels`."""
    for told, levels, dense, audited in _parts(_cells(counts, axes, by), [*by, "group_by"], ["group", *axes]):
        about = told | {"n": int(dense.sum())}
        yield Beside(about, dense, np.zeros_like(dense), levels, audited, alone=len(levels["group"]) == 1)


def _cells(counts: Counts, axes: Sequence[str], by: Sequence[str]) -> pl.DataFrame:
    keys = [*WORLD, "seed", *by, "group_by", "group", *axes]
    return counts.marginal(dict.fromkeys(keys)).cells.filter(pl.col("group_by") != EVERYONE)


def _parts(
    cells: pl.DataFrame, by: Sequence[str], axes: Sequence[str]
) -> Iterator[tuple[dict[str, Any], dict[str, list[Any]], Array, bool]]:
    """Yield, for each world, scheme, draw, seed and `by`: its keys, the levels of each axis, its dense counts, and
    whether one auditor would hold them. Levels are coded once for all parts.
    """
    keys = [*WORLD, "seed", *by]
    if cells.is_empty():
        return
    cells = cells.sort(keys, maintain_order=True)
    first = dict(cells.group_by("world").agg(pl.col("seed").min()).iter_rows())
    known = {axis: cells[axis].unique().sort() for axis in axes}
    codes = [
        cells[axis].replace_strict(levels, range(len(levels)), return_dtype=pl.Int64).to_numpy()
        for axis, levels in known.items()
    ]
    n, at = cells["n"].to_numpy(), 0
    for *key, size in cells.group_by(keys, maintain_order=True).len().iter_rows():
        told, part = dict(zip(keys, key, strict=True)), slice(at, at + size)
        at += size
        found = [np.unique(code[part], return_inverse=True) for code in codes]
        dense = np.zeros([len(held) for held, _ in found], dtype=n.dtype)
        np.add.at(dense, tuple(places for _, places in found), n[part])
        levels = {axis: known[axis].gather(held).to_list() for axis, (held, _) in zip(axes, found, strict=True)}
        yield told, levels, dense, told["draw"] == NO_DRAW and told["seed"] == first[told["world"]]
