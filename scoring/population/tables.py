"""Tables that a population is held against: each conditional table, each raked margin, each table held out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np
import polars as pl

from scoring.population.attributes import Codes, row
from scoring.population.joint import Joint
from scoring.population.plan import Lookup, Plan
from scoring.population.recipe import Cited, HeldOut, Margin
from scoring.population.tally import Clusters, Tally, of_cells

Part = Literal["fitted", "mean", "total", "constraint", "rate", "held_out"]
NONE = 1e-9  # what is left of 1 after adding up shares
OTHERS = "the others"


@dataclass(frozen=True)
class Table:
    """Shares of cells, and the cell of each combination of levels."""

    part: Part
    name: str
    lookup: Lookup
    onto: np.ndarray
    cells: tuple[str, ...]
    shares: np.ndarray
    among: dict[str, np.ndarray]  # of each attribute, which levels are looked at
    cited: Cited

    def counted(self, codes: Codes, homes: Clusters) -> Tally:
        """Count the subjects of each cell."""
        inside = allowed(codes, self.among) if self.among else None
        return of_cells(self.onto.take(row(self.lookup, codes)), len(self.cells), homes, inside)


def allowed(codes: Codes, where: dict[str, np.ndarray]) -> np.ndarray:
    """Return which subjects have an allowed level of every attribute."""
    return np.logical_and.reduce([levels.take(codes[attribute]) for attribute, levels in where.items()])


def masks(where: dict[str, list[str]], joint: Joint) -> dict[str, np.ndarray]:
    """Return, for each attribute, which of its levels are named."""
    return {attribute: np.isin(joint.levels[attribute], levels) for attribute, levels in where.items()}


def tables(joint: Joint) -> Iterator[Table]:
    """Yield every table of a kind of subject."""
    for name, attribute in joint.drawn.items():
        axes = [*attribute.given, name]
        cells = tuple(" & ".join(levels) for levels in product(*(joint.levels[a] for a in axes)))
        shares = joint.margin(axes).reshape(-1)
        title = f"{name} given {', '.join(attribute.given)}" if attribute.given else name
        yield Table("fitted", title, lookup(axes, joint), np.arange(len(cells)), cells, shares, {}, attribute)
        if attribute.margin:
            by = f" by {', '.join(attribute.margin.by)}" if attribute.margin.by else ""
            yield grouped("fitted", f"{name}{by} (margin)", attribute.margin, name, joint, {})
    for title, table in joint.subject.held_out.items():
        yield grouped("held_out", title, table, table.of, joint, masks(table.among, joint))


def grouped(
    part: Part, title: str, stated: Margin | HeldOut, of: str, joint: Joint, among: dict[str, np.ndarray]
) -> Table:
    """Return a table whose cells are those that are named; what they leave free is one cell more."""
    axes = [*stated.by, of]
    onto = np.full([len(joint.levels[a]) for a in axes], len(stated.shares))
    for i, (where, _) in enumerate(joint.groups(stated, of)):
        onto[where] = i
    cells, shares = tuple(stated.shares), np.array([*stated.shares.values()])
    if (onto == len(cells)).any():
        rest = 1 - shares.sum()
        cells, shares = (*cells, OTHERS), np.array([*shares, rest if rest > NONE else 0.0])
    return Table(part, title, lookup(axes, joint), onto.reshape(-1), cells, shares, among, stated)


def lookup(axes: list[str], joint: Joint) -> Lookup:
    return Lookup(tuple(axes), tuple(len(joint.levels[a]) for a in axes))


def coded(frame: pl.DataFrame, plan: Plan) -> Codes:
    """Return the levels of a frame as numbers; the attribute that ages are drawn within follows from the age."""
    codes = {name: frame[name].to_physical().to_numpy() for name in plan.levels if name in frame.columns}
    if plan.years:
        name, spans = plan.years
        band = np.searchsorted(spans[:, 0].astype(np.int64), frame["age"].to_numpy(), side="right") - 1
        codes[name] = band.clip(0).astype(np.uint8)
    return codes
