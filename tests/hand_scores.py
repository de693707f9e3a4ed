"""Small hand-made counts of scores, for the tests of the measures that read them."""

import numpy as np
import polars as pl

from scoring.measures import Counts

HEAD = {"world": "w", "scheme": "s", "draw": -1, "seed": 1, "group_by": "g"}
TOY = {"group": [20, 30, 30, 15, 5], "ref": [10, 20, 40, 20, 10]}  # of 600 to 1000 points
POINTS = [600, 700, 800, 900, 1000]


def scores(groups, **also):
    """Return the counts of `group → array of scores` or, with classes, of `group → (scores, truths or harm levels)`."""
    tables = []
    for group, held in groups.items():
        told, axes = {**HEAD, "group": group, **also}, {"score": held}
        if isinstance(held, tuple):
            axes = {"score": held[0], "truth" if np.asarray(held[1]).dtype == bool else "harm": held[1]}
        people = pl.DataFrame(axes).group_by(list(axes)).agg(pl.len().cast(pl.Int64).alias("n"))
        tables.append(people.with_columns(pl.lit(v).alias(k) for k, v in told.items()))
    table = pl.concat(tables)
    return Counts((*HEAD, "group", *(c for c in ("score", "truth", "harm") if c in table.columns)), table)


def worlds(many):
    """Return the counts of many samples, each as a world of its own."""
    tables = [counts.cells.with_columns(pl.lit(f"w{i:04}").alias("world")) for i, counts in enumerate(many)]
    return Counts(many[0].axes, pl.concat(tables))


def toy(times=1, points=POINTS):
    """Return the counts of a group and its reference, 100 persons each, of known distances."""
    return scores({group: np.repeat(points, np.multiply(n, times)) for group, n in TOY.items()})


def cells(*samples):
    """Return the attained scores of some samples, and the counts of each at them."""
    x = np.unique(np.concatenate(samples))
    return x, [np.searchsorted(np.sort(s), x, "right") - np.searchsorted(np.sort(s), x, "left") for s in samples]


def told(rows, uncertainty="audit", **equals):
    """Return the one row that is asked for."""
    found = rows.filter(pl.col("uncertainty") == uncertainty, *[pl.col(k).eq_missing(v) for k, v in equals.items()])
    assert found.height == 1, found
    return found.row(0, named=True)
