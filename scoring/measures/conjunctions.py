"""Conjunctions: everybody who shares the levels of up to three attributes, counted in two halves without a person in
common: one to look for differences, the other to confirm them.
"""

from __future__ import annotations

from itertools import combinations

import polars as pl

from scoring.measures.counts import Counts
from scoring.measures.resample import philox
from scoring.measures.study import NO_DRAW, SEED

PREFIX = "by__"  # of the axes that hold attributes
DEPTH = 3  # attributes that a conjunction names at most
SCAN = ["world", "scheme", "outcome"]  # conjunctions of one scan are looked at together
DISCOVER, CONFIRM = "discover", "confirm"


def attributes(counts: Counts) -> list[str]:
    """Return the axes that hold attributes."""
    return [axis for axis in counts.axes if axis.startswith(PREFIX)]


def halves(counts: Counts) -> pl.DataFrame:
    """Return y selected of n persons by scan, half and attributes.

    With several seeds the first, third … are to look in and the others to confirm in. The persons of one seed are dealt
    out at random: its cells are drawn from the multivariate hypergeometric, as when half of the persons are drawn.
    Families of schemes are left out.
    """
    axes = attributes(counts)
    seeds, place = pl.col("seed").n_unique().over("world"), pl.col("seed").rank("dense").over("world")
    cells = counts.cells.filter(pl.col("draw") == NO_DRAW).with_columns(
        pl.when(place % 2 == 1).then(pl.lit(DISCOVER)).otherwise(pl.lit(CONFIRM)).alias("half"),
        pl.col(*SCAN, *axes).cast(pl.Categorical),  # compared as numbers, where text costs ten times as much
        seeds.alias("seeds"),
    )
    cells = cells.group_by(*SCAN, *axes, "selected", "half", "seeds").agg(pl.col("n").sum())
    cells = cells.with_columns(pl.col(*SCAN, *axes).cast(pl.String))
    once = cells.filter(pl.col("seeds") == 1)
    dealt = [_dealt(part) for part in once.sort(*SCAN, *axes, "selected").partition_by(SCAN, maintain_order=True)]
    return (
        pl.concat([cells.filter(pl.col("seeds") > 1), *dealt])
        .group_by(*SCAN, "half", *axes)
        .agg(pl.col("n").filter("selected").sum().alias("y"), pl.col("n").sum())
    )


def told_apart(counts: Counts) -> pl.DataFrame:
    """Return, by world, how the halves came about (`how`) and how many seeds confirm (`seeds`)."""
    order = counts.cells.select("world", "seed").unique().sort("world", "seed")
    rows = []
    for world, seeds in order.group_by("world", maintain_order=True).agg("seed").iter_rows():
        here, there = (", ".join(map(str, part)) for part in (seeds[::2], seeds[1::2]))
        several = f"found in seeds {here} and confirmed in seeds {there}"
        once = "found in one random half of the persons and confirmed in the other"
        rows.append((world, several if there else once, max(1, len(seeds[1::2]))))
    return pl.DataFrame(rows, schema={"world": pl.String, "how": pl.String, "seeds": pl.Int32}, orient="row")


def conjunctions(table: pl.DataFrame) -> pl.DataFrame:
    """Return every conjunction of each scan and half: y of n persons in it, and y_ref of n_ref in the rest.

    `group_by` and `group` join its attributes and their levels by `*`; `parts` lists them one by one.
    """
    axes = [c for c in table.columns if c.startswith(PREFIX)]
    keys, sums = [*SCAN, "half"], pl.col("y", "n").sum()
    table = table.with_columns(pl.col(*keys, *axes).cast(pl.Categorical))
    deepest = min(DEPTH, len(axes))
    # What has two attributes is summed from what has three, which is far smaller than the cells.
    tables: dict[tuple[str, ...], pl.DataFrame] = {
        of: table.group_by(*keys, *of).agg(sums) for of in combinations(axes, deepest)
    }
    for depth in range(deepest - 1, 0, -1):
        for of in combinations(axes, depth):
            within = next(larger for larger in tables if len(larger) == depth + 1 and {*of} <= {*larger})
            tables[of] = tables[within].group_by(*keys, *of).agg(sums)
    named = [
        found.with_columns(pl.col(*keys, *of).cast(pl.String)).select(
            *keys,
            pl.lit("*".join(axis.removeprefix(PREFIX) for axis in of)).alias("group_by"),
            pl.concat_str(of, separator="*").alias("group"),
            pl.concat_list(pl.concat_str(pl.lit(f"{axis} "), axis) for axis in of).alias("parts"),
            "y",
            "n",
        )
        for of, found in tables.items()
    ]
    everyone = (
        table.with_columns(pl.col(keys).cast(pl.String))
        .group_by(keys)
        .agg(pl.col("y").sum().alias("of_y"), pl.col("n").sum().alias("of_n"))
    )
    joined = pl.concat(named).join(everyone, on=keys)
    rest = [(pl.col(f"of_{c}") - pl.col(c)).alias(f"{c}_ref") for c in ("y", "n")]
    return joined.with_columns(rest).drop("of_y", "of_n").sort(*keys, "group_by", "group")


def _dealt(cells: pl.DataFrame) -> pl.DataFrame:
    """Deal out the persons of one seed into two random halves."""
    n = cells["n"].to_numpy()
    drawn = philox(SEED).multivariate_hypergeometric(n, int(n.sum()) // 2, method="marginals")
    return pl.concat(
        cells.with_columns(pl.lit(half).alias("half"), pl.Series("n", part, dtype=pl.Int64))
        for half, part in ((DISCOVER, drawn), (CONFIRM, n - drawn))
    )
