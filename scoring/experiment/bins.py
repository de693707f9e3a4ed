"""Bins: scores on their own lattice, or, where that is finer than any reader needs, in bins of a power of two.

A scheme with at most MOST different scores keeps them. Else the width doubles until no more bins are filled. Bins of a
power of two lie whole within those twice as wide, so chunks binned apart and then added are what the whole would be.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

MOST = 4_096
EXACT = 1  # the width of a bin that holds one score
ONE = ("scheme", "draw")  # whose scores share their bins


def binned(cells: pl.DataFrame, of: Sequence[str] = (), most: int = MOST) -> pl.DataFrame:
    """Return tallies by `score` and `width`, in the narrowest bins of which each `of` fills no more than `most`.

    A bin is named by its lowest score. What stands in bins already is never put into narrower ones.
    """
    if "width" not in cells.columns:
        cells = cells.select(pl.exclude("n"), pl.lit(EXACT, pl.Int32).alias("width"), "n")
    found = cells.group_by(of or pl.lit(0).alias("all")).agg(pl.col("score").unique(), pl.col("width").max())
    widths = [wide_enough(scores, width, most) for scores, width in found.select("score", "width").iter_rows()]
    if max(widths, default=EXACT) == EXACT:
        return cells
    wide = found.select(*of, pl.Series("wide", widths, dtype=pl.Int32))
    table = cells.join(wide, on=list(of)) if of else cells.with_columns(pl.lit(widths[0], pl.Int32).alias("wide"))
    axes = [c for c in cells.columns if c != "n"]
    table = table.with_columns(pl.col("score") // pl.col("wide") * pl.col("wide"), pl.col("wide").alias("width"))
    return table.group_by(axes).agg(pl.col("n").sum())


def wide_enough(scores: list[int], width: int, most: int) -> int:
    """Return the narrowest width, from one on, at which scores fill no more than so many bins."""
    series = pl.Series(scores)
    while (series // width).n_unique() > most:
        width *= 2
    return width


def rough(cells: pl.DataFrame) -> dict[str, tuple[int, float]]:
    """Return, by scheme, the width of the bins and the largest share of persons in one; only where there are bins."""
    found = cells.filter(pl.col("group_by") == "everyone").filter(pl.col("width").max().over("scheme") > EXACT)
    one = ["world", "scheme", "draw", "seed"]
    filled = found.group_by(*one, "score").agg(pl.col("n").sum(), pl.col("width").max())
    shares = filled.with_columns(pl.col("n") / pl.col("n").sum().over(one))
    by_scheme = shares.group_by("scheme").agg(pl.col("width", "n").max())
    return {scheme: (width, share) for scheme, width, share in by_scheme.iter_rows()}
