"""A layered drawing of a graph: which layer each node stands on, in which order, and where.

The usual steps: nodes are put on layers below all their parents, a line that passes a layer gets a place on it, the
order on each layer is improved from its neighbours', and places are moved towards those neighbours. All lines of a
parent run together until they part, so that a node with many children does not fill the page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

GAP = 16.0  # between neighbours on a layer
BEND = 6.0  # the width of a line that passes
SWEEPS = 24

Place = tuple[str, int]  # a node on its layer, or the lines of a node where they pass another layer


@dataclass(frozen=True)
class Layout:
    """The middle of each place, the layers in order, and the stretches between neighbouring layers."""

    x: Mapping[Place, float]
    layer: Mapping[str, int]
    stretches: tuple[tuple[Place, Place], ...]


def layered(
    parents: Mapping[str, Sequence[str]], widths: Mapping[str, float], wide: float, last: Sequence[str] = ()
) -> Layout:
    """Lay a graph out on layers at most `wide`; nodes named `last` share the bottom layer. Parents come first."""
    layer = layers(parents, widths, wide, last)
    stretches = stretched(parents, layer)
    order = ordered([*((n, layer[n]) for n in parents), *(b for _, b in stretches)], stretches)
    width = {place: widths[place[0]] if layer[place[0]] == place[1] else BEND for row in order for place in row}
    return Layout(placed(order, stretches, width, wide), layer, stretches)


def layers(
    parents: Mapping[str, Sequence[str]], widths: Mapping[str, float], wide: float, last: Sequence[str]
) -> dict[str, int]:
    """Return the layer of each node: below its parents, the longest chains first, as many as fit."""
    height = dict.fromkeys(parents, 0)
    for name in reversed(list(parents)):
        for parent in parents[name]:
            height[parent] = max(height[parent], height[name] + 1)
    found: dict[str, int] = {}
    waiting, now = [n for n in parents if n not in last], 0
    while waiting:
        ready = [n for n in waiting if all(found.get(p, now) < now for p in parents[n])]
        passing = {p for n in waiting for p in parents[n]} & set(found)
        room = wide - len(passing) * (BEND + GAP)
        for i, name in enumerate(sorted(ready, key=lambda n: -height[n])):
            if i == 0 or widths[name] <= room:
                found[name] = now
                room -= widths[name] + GAP
        waiting, now = [n for n in waiting if n not in found], now + 1
    return found | dict.fromkeys(last, now)


def stretched(parents: Mapping[str, Sequence[str]], layer: Mapping[str, int]) -> tuple[tuple[Place, Place], ...]:
    """Return each stretch of a line from one layer to the next; the lines of a parent share theirs."""
    found: dict[tuple[Place, Place], None] = {}
    for child, own in parents.items():
        for parent in own:
            path = [(parent, i) for i in range(layer[parent], layer[child])]
            for above, below in zip(path, [*path[1:], (child, layer[child])], strict=True):
                found[above, below] = None
    return tuple(found)


def ordered(places: Sequence[Place], stretches: Sequence[tuple[Place, Place]]) -> list[list[Place]]:
    """Return the places of each layer in an order with few crossings: the best of some sweeps down and up."""
    rows: list[list[Place]] = [[] for _ in range(1 + max(layer for _, layer in places))]
    for place in dict.fromkeys(places):
        rows[place[1]].append(place)
    above, below = neighbours(stretches)
    best, fewest = [list(row) for row in rows], crossings(rows, below)
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        for row in rows if down else reversed(rows):
            rank = {place: i for other in rows for i, place in enumerate(other)}
            near = above if down else below
            mean = {p: sum(rank[q] for q in near[p]) / len(near[p]) if near.get(p) else rank[p] for p in row}
            row.sort(key=lambda p: (mean[p], rank[p]))
        found = crossings(rows, below)
        if found < fewest:
            best, fewest = [list(row) for row in rows], found
    return best


def neighbours(stretches: Sequence[tuple[Place, Place]]) -> tuple[dict[Place, list[Place]], dict[Place, list[Place]]]:
    """Return what stands at the upper and at the lower end of each place's stretches."""
    above: dict[Place, list[Place]] = {}
    below: dict[Place, list[Place]] = {}
    for upper, lower in stretches:
        below.setdefault(upper, []).append(lower)
        above.setdefault(lower, []).append(upper)
    return above, below


def crossings(rows: Sequence[Sequence[Place]], below: Mapping[Place, Sequence[Place]]) -> int:
    """Return how often two stretches cross."""
    count = 0
    for row, under in pairwise(rows):
        rank = {place: i for i, place in enumerate(under)}
        ends = [rank[q] for p in row for q in sorted(below.get(p, []), key=rank.__getitem__)]
        count += sum(ends[i] > end for j, end in enumerate(ends) for i in range(j))
    return count


def placed(
    rows: Sequence[Sequence[Place]],
    stretches: Sequence[tuple[Place, Place]],
    width: Mapping[Place, float],
    wide: float,
) -> dict[Place, float]:
    """Return the middle of each place: as near to its neighbours' as the order and the widths allow."""
    x: dict[Place, float] = {}
    for row in rows:
        x |= spaced(row, dict.fromkeys(row, wide / 2), width, wide)
    above, below = neighbours(stretches)
    for sweep in range(SWEEPS):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            near = {p: [*above.get(p, []), *below.get(p, [])] or beside(row, i) for i, p in enumerate(row)}
            wanted = {p: sum(x[q] for q in near[p]) / len(near[p]) for p in row}
            x |= spaced(row, wanted, width, wide)
    middle = (min(x[p] - width[p] / 2 for p in x) + max(x[p] + width[p] / 2 for p in x)) / 2
    return {place: at + wide / 2 - middle for place, at in x.items()}


def beside(row: Sequence[Place], i: int) -> Sequence[Place]:
    """Return what a place with no lines is drawn to: those that stand beside it."""
    return [*row[max(0, i - 1) : i], *row[i + 1 : i + 2]] or [row[i]]


def spaced(
    row: Sequence[Place], wanted: Mapping[Place, float], width: Mapping[Place, float], wide: float
) -> dict[Place, float]:
    """Return the places of one layer nearest to where they are wanted, in their order and without overlap.

    Least squares under the order: what is pooled stands side by side around its mean (pool adjacent violators).
    """
    offset, total = [], 0.0
    for i, place in enumerate(row):
        total += (width[row[i - 1]] + width[place]) / 2 + GAP if i else width[place] / 2
        offset.append(total)
    pools: list[tuple[float, int]] = []
    for i, place in enumerate(row):
        pools.append((wanted[place] - offset[i], 1))
        while len(pools) > 1 and pools[-2][0] >= pools[-1][0]:
            (mean, n), (other, m) = pools.pop(), pools.pop()
            pools.append(((mean * n + other * m) / (n + m), n + m))
    free = wide - total - (width[row[-1]] / 2 if row else 0)
    shifts = [min(max(mean, 0.0), free) for mean, n in pools for _ in range(n)]
    return {place: offset[i] + shifts[i] for i, place in enumerate(row)}
