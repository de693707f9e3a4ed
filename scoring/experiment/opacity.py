"""Opacity: a second look at what of a score nobody can work out from what is published.

What is not published is drawn again, or else the score is guessed from the facts alone:

- of a family, nobody knows the weights: they are drawn from their declared ranges, over and over;
- a lot is shown to nobody: each person is given those of others;
- of a learned scheme, nobody knows what it makes of the facts: they are told apart where each combination of them is
  shared by 20 persons, else given the fixed points that come nearest;
- of any other rulebook everything is published, whatever mark its numbers bear here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl

from scoring.experiment.cubes import SCORED, Groupings, tally
from scoring.experiment.designs import Design
from scoring.experiment.surrogate import FINE, shown, verdict

FULL = "rules published in full"
WEIGHTS = "weights drawn from their ranges {} times"
ONCE = "weights drawn once, which tells nothing of how they may differ"
LOTS = "lots dealt out {} times"
CELLS = "persons with the same facts"
LINEAR = "at most, by fixed points for each fact"
DEALS = 50  # of lots, to others than those who drew them
PERMUTED = 5  # times that each fact is another person's
ALIKE = 20  # persons who share their facts, from which on a spread among them is taken for that of their scores
PARTS = 1_000_000
SUMS = ("guess", "squares", "hidden")


def probed(
    judged: Sequence[tuple[Design, pl.DataFrame]], groups: Groupings
) -> Iterator[tuple[Design, dict[str, pl.DataFrame]]]:
    """Yield what is hidden under each scheme, the draws of a family taken together, and what moves a learned one."""
    by_name: dict[str, list[tuple[Design, pl.DataFrame]]] = {}
    for design, outcome in judged:
        by_name.setdefault(design.name, []).append((design, outcome.filter(SCORED)))
    for of_scheme in by_name.values():
        scheme, scored = of_scheme[0][0].scheme, [(design.scheme, outcome) for design, outcome in of_scheme]
        says = scheme.base is not None or scheme.bands or scheme.outcomes
        if not says or all(outcome.is_empty() for _, outcome in scored):
            continue
        found = {"opacity": summed(scheme, *guessed(scored), groups)}
        if scheme.opaque:
            found["permuted"] = permuted(scheme, scored[0][1], groups)
        yield Design(scheme), found


def guessed(scored: Sequence[tuple[Any, pl.DataFrame]]) -> tuple[str, pl.DataFrame]:
    """Return what is drawn again or how a score is guessed, and for each person the guess and what is hidden of her.

    `guess` is the mean score given what is published, `hidden` its variance, `unlike` how probably two scores that
    could be hers, given what is published, lead to different verdicts.
    """
    scheme, outcome = scored[0]
    if scheme.text.family and len(scored) > 1:
        rows = pl.concat(said(one, drawn) for one, drawn in scored)
        return WEIGHTS.format(len(scored)), alike(rows, ["person"])
    if scheme.lots:
        rows = said(scheme, scheme.score(dealt(scheme, outcome, scheme.lots, DEALS)))
        return LOTS.format(DEALS), alike(rows, ["person"])
    rows = said(scheme, outcome)
    if not scheme.opaque:
        nothing = rows.select("cell", pl.col("score").alias("guess"), hidden=pl.lit(0.0), unlike=pl.lit(0.0))
        return ONCE if scheme.text.family else FULL, nothing
    known = outcome.select(shown(scheme))
    if (known.group_by(known.columns).len()["len"] < ALIKE).any():
        return LINEAR, nearest(scheme, rows, known)
    return CELLS, alike(pl.concat([rows, known], how="horizontal"), known.columns)


def said(scheme: Any, outcome: pl.DataFrame) -> pl.DataFrame:
    """Return the score and the verdict of those who are scored."""
    scored = outcome.filter(SCORED)
    score = pl.col("score").cast(pl.Float64).fill_null(0)  # of a list, which has none
    return scored.select("person", "cell", score, verdict(scheme, scored))


def dealt(scheme: Any, outcome: pl.DataFrame, columns: Sequence[str], times: int) -> pl.DataFrame:
    """Return what a scheme read, so many times over, each time with some columns taken from persons farther on."""
    read = outcome.select("person", "cell", *scheme.reads)
    moved = read.select(columns)
    away = [deal * read.height // (times + 1) for deal in range(1, times + 1)]
    theirs = pl.concat([pl.concat([moved.slice(start), moved.head(start)]) for start in away])
    return pl.concat([read] * times).with_columns(theirs)


def alike(rows: pl.DataFrame, known: list[str]) -> pl.DataFrame:
    """Return for each person the mean and the variance of the scores of all rows that are known to be alike.

    The variance has n - 1; rows that have no like are left out.
    """
    n = pl.col("n")
    counted = rows.group_by(*known, "verdict").agg(n=pl.len().cast(pl.Int64))
    unlike = counted.group_by(known).agg(unlike=1 - (n * (n - 1)).sum() / (n.sum() * (n.sum() - 1)))
    scores = rows.group_by(known).agg(
        pl.col("score").mean().alias("guess"), pl.col("score").var().alias("hidden"), pl.len().alias("n")
    )
    persons = rows.select(*dict.fromkeys(["person", "cell", *known])).unique("person", maintain_order=True)
    return persons.join(scores.filter(n > 1).join(unlike, on=known), on=known, maintain_order="left")


def nearest(scheme: Any, rows: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Return for each person the score that fixed points for each fact come nearest to, and how far off it is squared.

    A level of an attribute is a fact of its own. The squares are scaled up by n / (n - p), p points being fitted.
    """
    levels = known.to_dummies([c for c, kind in known.schema.items() if not kind.is_numeric()], drop_first=True)
    given = np.column_stack([np.ones(known.height), levels.to_numpy()])
    score = rows["score"].to_numpy()
    points, _, rank, _ = np.linalg.lstsq(given, score, rcond=None)
    guess = given @ points
    ladder = [band for band in scheme.bands if not band.direct]
    place = np.searchsorted([band.low for band in ladder[1:]], np.rint(guess), side="right")
    named = np.array([band.name for band in ladder] or [""])[place]
    away = (score - guess) ** 2 * len(score) / max(len(score) - int(rank), 1)
    return rows.select(
        "cell",
        pl.Series("guess", guess),
        pl.Series("hidden", away),
        pl.Series("unlike", named != rows["verdict"].to_numpy()).cast(pl.Float64),
    )


def summed(scheme: Any, basis: str, persons: pl.DataFrame, groups: Groupings) -> pl.DataFrame:
    """Sum what is hidden, of scores in hundredths of a point and their squares, of verdicts in millionths."""
    guess = (pl.col("guess") * FINE).round().cast(pl.Int64)
    square = (pl.col("hidden") * FINE**2).round().cast(pl.Int64)
    sums = {}
    if scheme.base is not None:
        sums["score"] = {"guess": guess.sum(), "squares": (guess**2).sum(), "hidden": square.sum()}
    if scheme.bands or (scheme.outcomes and basis != LINEAR):
        none, unlike = pl.lit(0, pl.Int64), (PARTS * pl.col("unlike")).round().cast(pl.Int64)
        sums["verdict"] = {"guess": none, "squares": none, "hidden": unlike.sum()}
    tables = [
        tally(persons, [], **of).with_columns(part=pl.lit(part), basis=pl.lit(basis), varied=pl.lit(basis != ONCE))
        for part, of in sums.items()
    ]
    return groups.roll_up(pl.concat(tables), ["n", *SUMS])


def permuted(scheme: Any, scored: pl.DataFrame, groups: Groupings) -> pl.DataFrame:
    """Sum, fact by fact, how far scores move, up or down, once the fact is another person's; hundredths of a point.

    The mean of some deals, in each of which every person has the fact of another: an approximation.
    """
    before = scored.select("person", "cell", pl.col("score").cast(pl.Int64).alias("before"))
    tables = []
    for fact in scheme.features:
        after = scheme.score(dealt(scheme, scored, [fact], PERMUTED)).select("person", "score")
        moved = after.join(before, on="person").drop_nulls("score")
        change = (pl.col("score") - pl.col("before")).abs()
        persons = moved.group_by("person", "cell").agg((change.mean() * FINE).round().cast(pl.Int64).alias("change"))
        tables.append(tally(persons, [], change=pl.col("change").sum()).with_columns(fact=pl.lit(fact)))
    return groups.roll_up(pl.concat(tables), ["n", "change"])
