"""Beside: the results of earlier runs, number by number, with what was run otherwise and what only one of them holds.

Nothing is run again. Each interval is the one that its own run found; a difference is of two values and has none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from scoring.documents import Problem, Refused
from scoring.result import MATCHED, NUMBER, OK, SMALL_CELL, TOLD, Beside, Result, once

KEY = ["world", *NUMBER]
ASKED = ("experiment", "recipe", "people", "years", "seeds", "worlds", "designs", "groups", "references", "probes")
DRAWN = ("people", "years", "seeds", "events")  # with the recipe of a world: who the persons are


def beside(folders: Sequence[str | Path]) -> Beside:
    """Put the results of two or more folders side by side, the later ones beside the first. Raises Refused.

    Rows are matched by world, design, measure, param, term, outcome, group and year. A difference is of two values that
    may be read as numbers; two are apart where their bounds do not overlap.
    """
    runs = dict(zip(named(folders), map(read, folders), strict=True))
    rows = matched([once(run.rows, ["world"]) for run in runs.values()])
    told = {name: run.manifest for name, run in runs.items()}
    first, *others = told.values()
    return Beside(
        rows,
        told,
        [same_persons(first, other) for other in others],
        list(asked_otherwise(list(told.values()))),
        list(held_alone(rows, list(told))),
        counted(rows, len(told)),
    )


def matched(tables: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Return every number once, with what each table says of it."""
    named = MATCHED[-2:]
    wide = pl.concat([table.select(MATCHED) for table in tables]).unique(KEY, keep="first", maintain_order=True)
    for i, table in enumerate(tables):
        mine = table.select(*KEY, *(pl.col(c).alias(f"{c}_{i}") for c in TOLD), pl.lit(True).alias(f"in_{i}"))
        wide = wide.join(mine, on=KEY, how="left", nulls_equal=True, maintain_order="left")
    wide = wide.with_columns(pl.col(f"in_{i}").fill_null(False) for i in range(len(tables)))
    for i in range(1, len(tables)):
        numbers = pl.all_horizontal(pl.col(f"status_{k}").is_in([OK, SMALL_CELL]) for k in (0, i))
        apart = (pl.col(f"low_{i}") > pl.col("high_0")) | (pl.col(f"high_{i}") < pl.col("low_0"))
        wide = wide.with_columns(
            pl.when(numbers).then(pl.col(f"value_{i}") - pl.col("value_0")).alias(f"difference_{i}"),
            pl.when(numbers).then(apart).alias(f"apart_{i}"),
        )
    return wide.select(*KEY, *named, *(c for c in wide.columns if c not in {*KEY, *named}))


def counted(rows: pl.DataFrame, runs: int) -> pl.DataFrame:
    """Return, by measure, how many numbers all runs have, how many of them with bounds, and how many lie apart."""
    every = pl.all_horizontal(pl.col(f"in_{i}") for i in range(runs))
    bounded = pl.all_horizontal(pl.col(f"apart_{i}").is_not_null() for i in range(1, runs))
    apart = pl.any_horizontal(pl.col(f"apart_{i}").fill_null(False) for i in range(1, runs))
    return (
        rows.filter(every)
        .group_by("measure", maintain_order=True)
        .agg(pl.len().alias("numbers"), bounded.sum().alias("bounded"), apart.sum().alias("apart"))
        .sort("measure")
    )


def held_alone(rows: pl.DataFrame, names: Sequence[str]) -> Iterator[tuple[str, int, str]]:
    """Yield, for each run, how many numbers no other run has, and which worlds, designs, measures and groups those are.

    Said is only what another run lacks altogether.
    """
    for i, name in enumerate(names):
        mine = rows.filter(pl.col(f"in_{i}"))
        others = rows.filter(pl.any_horizontal(pl.col(f"in_{k}") for k in range(len(names)) if k != i))
        alone = mine.filter(~pl.any_horizontal(pl.col(f"in_{k}") for k in range(len(names)) if k != i)).height
        told = []
        for column in ("world", "scheme", "measure", "outcome", "group_by"):
            found = [v for v in mine[column].unique().sort() if v is not None and v not in set(others[column])]
            if found:
                told.append(f"{column.replace('scheme', 'design')}: {', '.join(found)}")
        yield name, alone, "; ".join(told) or "nothing that the other lacks altogether"


def read(folder: str | Path) -> Result:
    """Return the result of a folder that `scoring run` wrote. Raises Refused."""
    if not (Path(folder) / "manifest.json").is_file():
        raise Refused([Problem(str(folder), 0, "$", "holds no results", "give a folder that `scoring run` wrote")])
    result = Result.read(folder)
    if not result.manifest["hashes"].get("recipe"):
        what = "holds the audit of a table, and small cells that are left out could be worked out from two of them"
        raise Refused([Problem(str(folder), 0, "$", what, "give folders that `scoring run` wrote")])
    return result


def named(folders: Sequence[str | Path]) -> list[str]:
    """Name runs by their folders, by as much of the path as tells them apart.

    >>> named(["reports/tiny", "other/tiny"]), named(["a/x", "a/y"])
    (['reports/tiny', 'other/tiny'], ['x', 'y'])
    """
    paths = [Path(folder).parts for folder in folders]
    longest = max(map(len, paths))
    for depth in range(1, longest + 1):
        names = ["/".join(parts[-depth:]) for parts in paths]
        if len(set(names)) == len(names):
            return names
    raise Refused([Problem(str(folders[0]), 0, "$", "is named twice", "give two folders")])


def same_persons(first: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two runs drew the same persons: the same recipe, number, years and seeds in the worlds they share."""
    recipes = first["hashes"]["recipe"], other["hashes"]["recipe"]
    shared = set(recipes[0]) & set(recipes[1])
    alike = all(recipes[0][world] == recipes[1][world] for world in shared)
    return bool(shared) and alike and all(first.get(c) == other.get(c) for c in DRAWN)


def asked_otherwise(told: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, list[Any]]]:
    """Yield what runs were asked otherwise, or used another text of, with what each has."""
    for what in ASKED:
        if any(one.get(what) != told[0].get(what) for one in told):
            yield what, [one.get(what) for one in told]
    for kind in ("recipe", "schemes"):
        texts = [one["hashes"][kind] for one in told]
        for name in sorted(set.intersection(*map(set, texts))):
            if len({text[name] for text in texts}) > 1:
                yield f"text of {name}", [text[name][:12] for text in texts]
    if len({one["hashes"]["package"] for one in told}) > 1:
        yield "package", [one["hashes"]["package"][:12] for one in told]
