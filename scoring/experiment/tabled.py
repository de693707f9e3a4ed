"""A counted table as cubes: what a table of verdicts says, in the axes that the measures read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from scoring.experiment.asked import Asked
from scoring.experiment.suppression import SMALLEST, small
from scoring.experiment.verdicts import Counted
from scoring.measures import Counts
from scoring.measures.counts import UNKNOWN
from scoring.measures.lattice import plain
from scoring.measures.study import EVERYONE, NO_DRAW

WORLD = "as recorded"
Outcomes = Mapping[str, pl.Expr]  # by name, of a cell: selected, not selected, or no verdict


def outcomes(asked: Asked, cells: pl.DataFrame) -> Outcomes:
    """Return the outcomes asked for: the column of verdicts, or the score against each cut or its pooled median."""
    found: dict[str, pl.Expr] = {}
    if asked.selected:
        found[asked.selected.name] = pl.col("selected")
    sign = ">=" if asked.above else "<"
    for i, cut in enumerate(asked.cuts):
        passed = pl.col("level") > i
        found[f"{asked.score} {sign} {plain(cut)}"] = passed if asked.above else ~passed
    if not found:
        found[f"{asked.score} above its median"] = pl.col("score") > median(cells)
    return found


def median(cells: pl.DataFrame) -> float | None:
    """Return the least score that half of the scored rows do not exceed."""
    scored = cells.drop_nulls("score").group_by("score").agg(pl.col("n").sum()).sort("score")
    half = scored.filter(pl.col("n").cum_sum() * 2 >= pl.col("n").sum())
    return half["score"][0] if half.height else None


def cubes(
    counted: Counted, asked: Asked, given: Outcomes, groupings: Sequence[Sequence[str]], title: str, most: int
) -> dict[str, Counts]:
    """Return every cube that the table can fill; groupings of more than `most` groups are counted for rates alone."""
    cells = counted.cells
    verdict = next(iter(given.values()))
    coverage = pl.when(verdict.is_null()).then(pl.lit("missing")).otherwise(pl.lit("scored")).alias("coverage")
    truth = ["truth"] if asked.truth else []
    by_outcome = pl.concat(
        cells.with_columns(pl.lit(name).alias("outcome"), selected.alias("selected"))
        for name, selected in given.items()
    ).drop_nulls("selected")
    if not truth:
        by_outcome = by_outcome.select(pl.exclude("truth"))
    depth = min(map(len, groupings))  # scores and strata are compared by columns alone where any column is asked for
    few = [g for g in groupings if len(g) == depth and number(cells, g) <= most]
    tables = {
        "coverage": rolled(cells.with_columns(coverage), ["coverage"], groupings),
        "outcome": rolled(by_outcome, ["outcome", "selected", *truth], groupings),
    }
    if asked.score and few:
        scored = cells.drop_nulls("score")
        tables["score"] = rolled(scored, ["score", *truth], few)
    if asked.strata and few:
        stratum = pl.concat_str([pl.col(f"stratum:{c}") for c in asked.strata], separator="*").alias("stratum")
        tables["conditional"] = rolled(by_outcome.with_columns(stratum), ["outcome", "selected", "stratum"], few)
    if asked.selected and asked.cuts:  # who has a verdict may have no score
        lacks = {o: pl.when(v.is_null()).then(pl.lit("missing")).otherwise(pl.lit("scored")) for o, v in given.items()}
        each = pl.concat(cells.with_columns(pl.lit(o).alias("outcome"), c.alias("coverage")) for o, c in lacks.items())
        tables["coverages"] = rolled(each, ["outcome", "coverage"], groupings)
    found = {cube: headed(table, title) for cube, table in tables.items()}
    if len(asked.groups) > 1:
        named = [pl.col(f"group:{c}").alias(f"by__{c}") for c in asked.groups]
        whole = by_outcome.group_by("outcome", "selected", *named).agg(pl.col("n").sum())
        found["cells"] = headed(whole, title)
    return found


def number(cells: pl.DataFrame, grouping: Sequence[str]) -> int:
    """Return how many groups a grouping has."""
    return cells.select([f"group:{part}" for part in grouping]).n_unique()


def rolled(cells: pl.DataFrame, axes: Sequence[str], groupings: Sequence[Sequence[str]]) -> pl.DataFrame:
    """Return a cube's table by grouping and group; with weights n is the effective number of persons (Kish)."""
    weighted = "w" in cells.columns
    sums = ["n", "w", "w2"] if weighted else ["n"]
    tables = []
    for grouping in [(), *groupings]:
        group = crossed([f"group:{part}" for part in grouping])
        named = [pl.lit("*".join(grouping) or EVERYONE).alias("group_by"), group.alias("group")]
        table = cells.select(*named, *axes, *sums).group_by("group_by", "group", *axes).agg(pl.col(sums).sum())
        if weighted:
            of = ["group", *(["outcome"] if "outcome" in axes else [])]
            effective = pl.col("w").sum().over(of) / pl.col("w2").sum().over(of)
            table = table.with_columns((pl.col("w") * effective).fill_nan(0.0).alias("n")).drop("w", "w2")
        tables.append(table)
    return pl.concat(tables)


def crossed(columns: Sequence[str]) -> pl.Expr:
    """Return the name of each row's group; in that of a crossing an asterisk stands between the parts."""
    return pl.concat_str(list(columns), separator="*") if columns else pl.lit(EVERYONE)


def headed(table: pl.DataFrame, title: str) -> Counts:
    """Return a table as the counts of one world, one scheme and one seed."""
    head = [pl.lit(WORLD).alias("world"), pl.lit(title).alias("scheme"), pl.lit(NO_DRAW, pl.Int32).alias("draw")]
    full = table.select(*head, pl.lit(1, pl.Int32).alias("seed"), *table.columns)
    return Counts(tuple(c for c in full.columns if c != "n"), full)


def facts(counted: Counted, asked: Asked, given: Outcomes) -> dict[str, Any]:
    """Return what the measures may know of the table: where its cuts lie, and how coarse its scores were counted."""
    side = "above" if asked.above else "below"
    names = list(given)[1 if asked.selected else 0 :]
    cuts = {name: (cut, side) for name, cut in zip(names, asked.cuts, strict=False)}
    return {"cuts": cuts} | ({"largest_bin": counted.bin_share} if counted.bin_share is not None else {})


def told(counted: Counted, asked: Asked) -> dict[str, Any]:
    """Return who is unscored and who is in no known group."""
    cells = counted.cells
    verdict = "selected" if asked.selected else "score"
    missing = {c: int(cells.filter(pl.col(f"group:{c}") == UNKNOWN)["n"].sum()) for c in asked.groups}
    return {
        "unscored": int(cells.filter(pl.col(verdict).is_null())["n"].sum()),
        "unknown": {column: n for column, n in missing.items() if n},
    }


def count(n: int) -> str:
    """Write how many rows, a few as fewer than ten."""
    return f"fewer than {SMALLEST}" if small(n) else f"{n:,}"


def warnings(counted: Counted, asked: Asked, most: int) -> Iterator[str]:
    """Yield what a reader has to mind."""
    about = told(counted, asked)
    if n := about["unscored"]:
        of = "" if small(n) else f" of {counted.rows:,}"
        yield f"{count(n)}{of} rows have no verdict: they are unscored, not left out"
    for column, n in about["unknown"].items():
        yield f"{count(n)} rows have no {column}: they are the group unknown, never a reference"
    if asked.truth and (n := int(counted.cells.filter(pl.col("truth").is_null())["n"].sum())):
        yield f"{count(n)} rows have no {asked.truth.name}: error rates leave them out"
    if asked.weight:
        yield "rows are weighted: n is the effective number of rows, and what needs whole persons is not computed"
    if counted.bin_share is not None:
        yield f"scores were counted in bins, the largest of {100 * counted.bin_share:.2g}% of rows"
    many = [c for c in asked.groups if number(counted.cells, [c]) > most]
    for column in many:
        yield f"{column} has {number(counted.cells, [column]):,} groups: only rates are computed above {most}"


def described(title: str, given: Outcomes, adverse: bool) -> dict[str, Any]:
    """Return what a page shows of the table in place of a scheme."""
    polarity = "adverse" if adverse else "favourable"
    return {
        "title": title,
        "subject": "person",
        "instrument": "table of verdicts",
        "family": False,
        "outcomes": {n: {"label": n, "polarity": polarity, "mark": WORLD} for n in given},
        "bands": [],
        "rules": [],
    }
