"""Recut: a second look at a design by its score alone, cut where every design sanctions and rewards equally many.

A lot orders those who have the same score. It is addressed by the seed and the design, so that two designs do not agree
by a lot that they share.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from scoring.experiment.cubes import SCORED, Groupings, tally
from scoring.experiment.designs import Design
from scoring.measures.kappa import REWARDED, SANCTIONED
from scoring.measures.recut import HIGHEST, LOWEST
from scoring.population.noise import address

UNSCORED = -1


def cut(outcome: pl.DataFrame, design: Design, seed: int) -> pl.DataFrame:
    """Return whom a design sanctions and rewards at equal shares: 1, 0, or -1 unscored, and who of them is tied.

    One row a person, with a column a side and a column `tied__…` a side: whether others who are not selected have the
    score of one who is.
    """
    rows = np.flatnonzero(outcome.select(SCORED).to_series().to_numpy())
    score = outcome["score"].gather(rows).to_numpy()
    lot = np.random.Generator(np.random.Philox(key=[seed, address(f"recut/{design.name}")])).permutation(outcome.height)
    worst_first = np.lexsort((lot[rows], score))
    columns: dict[str, np.ndarray] = {}
    for side, share, order in ((SANCTIONED, LOWEST, worst_first), (REWARDED, HIGHEST, worst_first[::-1])):
        size = (len(rows) * share + 50) // 100
        said, tied = np.full(outcome.height, UNSCORED, dtype=np.int8), np.zeros(outcome.height, dtype=bool)
        said[rows] = 0
        selected = order[:size]
        said[rows[selected]] = 1
        if 0 < size < len(rows):
            last, following = score[order[size - 1]], score[order[size]]
            tied[rows[selected]] = (score[selected] == last) & (last == following)
        columns |= {side: said, f"tied__{side}": tied}
    return pl.DataFrame(columns)


def verdicts(found: pl.DataFrame, design: Design) -> list[pl.Series]:
    """Return one column a side, named as those of the signature."""
    return [found[side].alias(f"{design.name}:{side}") for side in (SANCTIONED, REWARDED)]


def ties(found: pl.DataFrame, cells: pl.Series, groups: Groupings) -> pl.DataFrame:
    """Tally those selected by side, and whether they are tied at the cut."""
    tables = [
        tally(
            found.select(cells, pl.lit(side).alias("side"), pl.col(f"tied__{side}").alias("tied"), pl.col(side)).filter(
                pl.col(side) == 1
            ),
            ["side", "tied"],
        )
        for side in (SANCTIONED, REWARDED)
    ]
    return groups.roll_up(pl.concat(tables))
