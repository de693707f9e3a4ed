"""Sensitivity: do verdicts hang on what each rule weighs and where bands are cut?

Weights and distances of cuts are multiplied by exp(.2 z), each on its own, and the same persons are put into bands
again: those of one seed, since nothing here shrinks with more of them. What varies is a choice and no chance, so there
is no p. How far weights may stray is assumed; a range is of that assumption (OECD and JRC 2008; Saisana, Saltelli and
Tarantola 2005).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from scoring.measures import rates, samples
from scoring.measures.counts import Counts
from scoring.measures.rates import DIFFERENCE, PER_10000, RATIO, SMALL_GROUP
from scoring.measures.stability import undefined
from scoring.measures.study import EVERYONE, GROUP, NO_DRAW, WORLD, Study
from scoring.result import COLUMNS, NOT_APPLICABLE, OK, SMALL_CELL, tidy

BAND = "band"
MOVED = "share in another band"
LOW, HIGH = 0.05, 0.95
SHOWN = "5-95% of {} points"
CLAIMS = {
    "selection_rate_ratio": RATIO,
    "non_selection_rate_ratio": RATIO,
    "selection_rate_difference": DIFFERENCE,
    "excess_per_10000": PER_10000,
}
UNMOVED = "no weight and no cut moves it: its variance is 0"
SAME = [*WORLD, "seed", *GROUP, "reference", "outcome", "polarity", "output"]  # what one output is of
up, down = pl.col("up"), pl.col("down")
Floats = NDArray[np.float64]


def verdict_shift_under_weights(counts: Counts, study: Study) -> pl.DataFrame:
    """Who would have another verdict, had the rules weighed and the bands been cut a little otherwise?

    Mean over points, all factors varying, of the share of scored persons whose verdict is another (`term` `either`), or
    who go `up` or `down`, from 0 to 1, with 5% and 95% of the points. `param` is `band`, or an outcome that bands
    decide, of which up is given and down is taken. 0 is a scheme whose weights and cuts decide nothing.
    """
    cells = counts.cells.filter(pl.col("design") == "sample")
    shares = {"either": up + down, "up": up, "down": down}
    table = pl.concat(
        cells.with_columns((of / pl.col("n")).alias("value"), pl.lit(term).alias("term")) for term, of in shares.items()
    ).rename({"outcome": "param"})
    return specified(over_points(table, [*WORLD, "seed", *GROUP, "param", "term"]), "verdict_shift_under_weights")


def claim_under_weights(counts: Counts, study: Study) -> pl.DataFrame:
    """What would the declared comparison say, had the rules weighed and the bands been cut a little otherwise?

    Median over points, all factors varying, of the measure that `param` names, with 5% and 95% of the points, over the
    probed persons. Undefined where it is so at any point.
    """
    table = claims(counts.cells.filter(pl.col("design") == "sample"), study)
    if table.is_empty():
        return pl.DataFrame()
    found = over_points(table, SAME, pl.col("value").median()).rename({"output": "param"})
    return specified(found, "claim_under_weights")


def weight_screening(counts: Counts, study: Study, factors: Counts | None = None) -> pl.DataFrame:
    """Which weights and cuts matter at all?

    By factor (`term`), over 20 trajectories of Morris: `mu_star` (`param`), the mean size of its effect when it goes
    through its range and the rest stands anywhere, with SALib's 95% interval; `sigma`, how unlike its effects are,
    which is what interactions and bends make. In units of the output that `method` names: the share of persons in
    another band, or a declared comparison. Undefined where the output is so at some point.
    """
    found = []
    for told, values, names in sampled(counts, study, factors, "morris"):
        k = len(names)
        effects = samples.elementary_effects(values, k) if values is not None else None
        for i, name in enumerate(names):
            told = told | {"term": name, "method": f"{told['output']}; Morris, r = {samples.TRAJECTORIES}"}
            if effects is None:
                found.append(told | {"param": "mu_star", "value": None})
                continue
            mu, half = float(effects.mu_star[i]), float(effects.mu_star_half[i])
            found.append(told | {"param": "mu_star", "value": mu, "low": max(0.0, mu - half), "high": mu + half})
            found.append(told | {"param": "sigma", "value": float(effects.sigma[i])})
    return specified(tabled(found), "weight_screening", study.level)


def weight_importance(counts: Counts, study: Study, factors: Counts | None = None) -> pl.DataFrame:
    """Which weights and cuts decide, alone and together with others?

    By factor (`term`) that the screening leaves, the others as published: `S1` (`param`), the share of the variance of
    the output named in `method` that it explains alone, and `ST`, what it is part of (Sobol', by SALib, with its 95%
    interval); `S1` of `interactions` is what no factor explains alone. A negative S1 within its interval is 0. Below an
    ST of .05 a factor could be fixed. Undefined where nothing moves the output, or where it is so at some point.
    """
    found, done = [], set()
    for told, values, names in sampled(counts, study, factors, "sobol"):
        n = told.pop("points") // (len(names) + 2)
        told |= {"method": f"{told['output']}; Sobol', n = {n}"}
        done.add(place(told))
        shares = samples.variance_shares(values, len(names)) if values is not None else None
        if shares is None:
            found += unmoved(told)
            continue
        told |= {"note": f"{len(names)} factors vary"}
        for param, of, half in (("S1", shares.first, shares.first_half), ("ST", shares.total, shares.total_half)):
            for name, value, by in zip(names, of.tolist(), half.tolist(), strict=True):
                found.append(
                    told | {"param": param, "term": name, "value": value, "low": value - by, "high": value + by}
                )
        found.append(told | {"param": "S1", "term": "interactions", "value": 1 - float(shares.first.sum())})
    for told, _, _ in sampled(counts, study, factors, "morris"):
        if place(told) not in done:  # the screening left no factor
            found += unmoved(told | {"method": f"{told['output']}; Sobol'"})
    return specified(tabled(found), "weight_importance", study.level)


def band_range(counts: Counts, study: Study) -> pl.DataFrame:
    """For how many persons do the weights leave open in which band they stand?

    Persons whose bands at nine of ten points, the lowest and the highest twentieth left out, are more than one / scored
    persons probed, from 0 to 1. Interval: Wilson.
    """
    table = rates.tally(counts.cells, pl.col("highest") > pl.col("lowest"))
    return rates.rows(table, study, "band_range", undefined("nobody of the group was probed"))


def rank_shift(counts: Counts, study: Study) -> pl.DataFrame:
    """How far do persons move in the order of scores, had the rules weighed a little otherwise?

    `mean shift` (`term`): mean over persons of |rank - rank as published| / persons probed, the tied at their mean
    rank, from 0 (nobody overtakes anybody) to below 1/2. `spearman`, of everyone: the correlation of the two rankings,
    from -1 to 1, undefined where all have one score. Mean over points, with 5% and 95% of the points.
    """
    cells = counts.cells
    n, everyone = pl.col("n"), pl.col("n").max().over(*WORLD, "seed", "point")
    shift = cells.with_columns(
        (pl.col("shift") / (2 * n * everyone)).alias("value"), pl.lit("mean shift").alias("term")
    )
    middle = n * (n + 1) ** 2  # the square of all doubled ranks' sum, over n
    spread = (pl.col("square") - middle) * (pl.col("before") - middle)
    spearman = pl.when(spread > 0).then((pl.col("cross") - middle) / spread.cast(pl.Float64).sqrt())
    whole = cells.filter(pl.col("group_by") == EVERYONE).with_columns(
        spearman.alias("value"), pl.lit("spearman").alias("term")
    )
    found = over_points(pl.concat([shift, whole]), [*WORLD, "seed", *GROUP, "term"], why="all have one score")
    return specified(found, "rank_shift")


def over_points(
    table: pl.DataFrame, keys: list[str], middle: pl.Expr | None = None, why: str = "undefined"
) -> pl.DataFrame:
    """Return the mean of `value` over points, or another `middle`, and 5% and 95%; null if it is so at any point."""
    value = pl.col("value")
    known = (value.is_not_null() & value.is_finite()).all()
    bounds = {"low": LOW, "high": HIGH}
    return (
        table.sort(*keys, "point", nulls_last=False)
        .group_by(keys, maintain_order=True)
        .agg(
            pl.when(known).then(value.mean() if middle is None else middle).alias("value"),
            *(pl.when(known).then(value.quantile(q, "linear")).alias(name) for name, q in bounds.items()),
            pl.format(SHOWN, pl.len()).alias("method"),
            pl.when(~known)
            .then(pl.format(f"{why} at {{}} points", (~value.is_finite()).fill_null(True).sum()))
            .alias("note"),
            pl.col("n").first(),
        )
        .with_columns(pl.lit(HIGH - LOW).alias("level"))
    )


def claims(cells: pl.DataFrame, study: Study) -> pl.DataFrame:
    """Return the declared comparisons of selection rates at each point: `output` names the measure, `value` is its."""
    found = [pl.DataFrame()]
    for measure, outcome, group_by in study.primary:
        mine = cells.filter((pl.col("outcome") == outcome) & (pl.col("group_by") == group_by))
        if measure not in CLAIMS or mine.is_empty():
            continue
        yes = pl.col("n") - pl.col("selected") if measure == "non_selection_rate_ratio" else pl.col("selected")
        table = mine.join(study.polarities(), on=["scheme", "outcome"], how="left").with_columns(yes.alias("y"))
        table = table.select(*WORLD, "seed", *GROUP, "outcome", "polarity", "point", "y", "n")
        beside = rates.against_reference(table, study).filter(pl.col("group") != pl.col("reference"))
        value = CLAIMS[measure].value.fill_nan(None).alias("value")
        found.append(beside.select(*SAME[:-1], pl.lit(measure).alias("output"), "point", value, "n"))
    return pl.concat(found, how="diagonal")


def outputs(cells: pl.DataFrame, study: Study) -> pl.DataFrame:
    """Return what is asked of the weights at each point: the share in another band, and the declared comparisons."""
    nothing = [pl.lit(None, pl.String).alias(c) for c in ("reference", "outcome", "polarity")]
    band = (
        cells.filter(pl.col("outcome") == BAND)
        .drop("outcome")
        .with_columns(*nothing, pl.lit(MOVED).alias("output"), ((up + down) / pl.col("n")).alias("value"))
    )
    return pl.concat([band.select(*SAME, "point", "value", "n"), claims(cells, study)], how="diagonal")


def sampled(
    counts: Counts, study: Study, factors: Counts | None, design: str
) -> Iterator[tuple[dict[str, Any], Floats | None, list[str]]]:
    """Yield each output of a design: what a row tells of it, its values by point, and its factors by column.

    Values that are undefined at some point are None.
    """
    if factors is None:
        return
    columns = factors.cells.filter(pl.col("design") == design).sort("place")
    names = {key: of["factor"].to_list() for key, of in columns.partition_by(*WORLD, "seed", as_dict=True).items()}
    table = outputs(counts.cells.filter(pl.col("design") == design), study).sort(*SAME, "point")
    for part in table.partition_by(SAME, maintain_order=True):
        told = part.select(*SAME, "n").row(0, named=True) | {"points": part.height}
        value = part["value"].cast(pl.Float64)
        gone = int((value.is_null() | ~value.is_finite().fill_null(True)).sum())
        note = {"note": f"undefined at {gone} of {part.height} points"} if gone else {}
        mine = names[tuple(told[c] for c in (*WORLD, "seed"))]
        yield told | note, None if gone else value.to_numpy(), mine


def place(told: dict[str, Any]) -> tuple[Any, ...]:
    """Return what an output is of."""
    return tuple(told[c] for c in SAME)


def unmoved(told: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of an output that has no shares of variance."""
    return [{"note": UNMOVED} | told | {"param": param, "value": None} for param in ("S1", "ST")]


def tabled(found: list[dict[str, Any]]) -> pl.DataFrame:
    """Return rows as a table."""
    kinds = {c: COLUMNS.get(c, pl.Int64) for row in found for c in row} | {"output": pl.String}
    return pl.DataFrame(found, schema=kinds).drop("points", "output", strict=False) if found else pl.DataFrame()


def specified(table: pl.DataFrame, measure: str, level: float | None = None) -> pl.DataFrame:
    """Return result rows over a declared range of weights; of a family the median draw, and the range over all."""
    if table.is_empty():
        return pl.DataFrame()
    keys = [c for c in table.columns if c not in {"draw", "seed", "value", "low", "high", "note", "n"}]
    both = [pl.col(c) if c in table.columns else pl.lit(None, pl.Float64).alias(c) for c in ("low", "high")]
    note = pl.col("note") if "note" in table.columns else pl.lit(None, pl.String)
    table = table.with_columns(*both, note.alias("note"), pl.lit(level if level else HIGH - LOW).alias("level"))
    single = table.filter(pl.col("draw") == NO_DRAW)
    value = pl.col("value")
    family = (
        table.filter(pl.col("draw") != NO_DRAW)
        .group_by(keys, maintain_order=True)
        .agg(
            value.median(),
            pl.coalesce("low", "value").min().alias("low"),
            pl.coalesce("high", "value").max().alias("high"),
            pl.format("{} draws, defined in {}; range over draws", pl.len(), value.count()).alias("note"),
            pl.col("n").mean().round().cast(pl.Int64),
        )
    )
    rows = pl.concat(
        [single, family.with_columns(pl.lit(level if level else HIGH - LOW).alias("level"))], how="diagonal"
    )
    status = (
        pl.when(value.is_null())
        .then(pl.lit(NOT_APPLICABLE))
        .when(pl.col("n") < SMALL_GROUP)
        .then(pl.lit(SMALL_CELL))
        .otherwise(pl.lit(OK))
    )
    return tidy(
        rows.with_columns(
            status.alias("status"),
            pl.lit(measure).alias("measure"),
            pl.lit("specification").alias("uncertainty"),
            pl.lit(1, pl.Int32).alias("seeds"),
        ).select(
            c for c in COLUMNS if c in {*rows.columns, "status", "measure", "uncertainty", "seeds"} and c != "draw"
        )
    )
