"""Sensitivity: do verdicts hang on what each rule weighs and where bands are cut?

Weights and distances of cuts are multiplied by exp(.2 z), each on its own, and the same persons are put into bands
again: those of one seed, since nothing here shrinks with more of them. What varies is a choice and no chance, so there
is no p. How far weights may stray is assumed; a range is of that assumption (OECD and JRC 2008; Saisana, Saltelli and
Tarantola 2005).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl

from scoring.measures import rates, samples
from scoring.measures.counts import Counts
from scoring.measures.rates import RATE, SMALL_GROUP
from scoring.measures.study import EVERYONE, GROUP, NO_DRAW, WORLD, Study
from scoring.measures.weights import SAME, claims, place, sampled
from scoring.result import COLUMNS, NOT_APPLICABLE, OK, SMALL_CELL

LOW, HIGH = 0.05, 0.95  # of the points
UNMOVED = "no weight and no cut moves it: its variance is 0"
value, up, down = pl.col("value"), pl.col("up"), pl.col("down")
mean = value.mean()


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
    found = over_points(table, SAME, value.median()).rename({"output": "param"})
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
        told |= {"method": f"{told['output']}; Morris, r = {samples.TRAJECTORIES}"}
        if values is None:
            found += nameless(told, "mu_star", "sigma")
            continue
        effects = samples.elementary_effects(values, len(names))
        for name, mu, sigma, half in zip(names, *(of.tolist() for of in effects), strict=True):
            low, high = max(0.0, mu - half), mu + half
            found.append(told | {"term": name, "param": "mu_star", "value": mu, "low": low, "high": high})
            found.append(told | {"term": name, "param": "sigma", "value": sigma})
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
        told |= {"method": f"{told['output']}; Sobol', n = {told['points'] // (len(names) + 2)}"}
        done.add(place(told))
        shares = samples.variance_shares(values, len(names)) if values is not None else None
        if shares is None:
            found += nameless({"note": UNMOVED} | told, "S1", "ST")
            continue
        told |= {"note": f"{len(names)} factors vary"}
        for param, of, half in (("S1", shares.first, shares.first_half), ("ST", shares.total, shares.total_half)):
            for name, value, by in zip(names, of.tolist(), half.tolist(), strict=True):
                low, high = max(value - by, min(value, 0.0)), min(value + by, max(value, 1.0))  # shares, from 0 to 1
                found.append(told | {"param": param, "term": name, "value": value, "low": low, "high": high})
        found.append(told | {"param": "S1", "term": "interactions", "value": 1 - float(shares.first.sum())})
    for told, _, _ in sampled(counts, study, factors, "morris"):
        if place(told) not in done:  # the screening left no factor
            found += nameless({"note": UNMOVED} | told | {"method": f"{told['output']}; Sobol'"}, "S1", "ST")
    return specified(tabled(found), "weight_importance", study.level)


def band_range(counts: Counts, study: Study) -> pl.DataFrame:
    """For how many persons do the weights leave open in which band they stand?

    Persons whose bands at nine of ten points, the lowest and the highest twentieth left out, are more than one / scored
    persons probed, from 0 to 1. Interval: Wilson.
    """
    table = rates.tally(counts.cells, pl.col("highest") > pl.col("lowest"))
    return rates.rows(table, study, "band_range", replace(RATE, undefined="nobody of the group was probed"))


def rank_shift(counts: Counts, study: Study) -> pl.DataFrame:
    """How far do persons move in the order of scores, had the rules weighed a little otherwise?

    `mean shift` (`term`): mean over persons of |rank - rank as published| / persons probed, the tied at their mean
    rank, from 0 (nobody overtakes anybody), to 1/2 for everyone and below 1 for a few. `spearman`, of everyone: the
    correlation of the two rankings, from -1 to 1, undefined where all have one score. Mean over points, with 5% and 95%
    of the points.
    """
    cells = counts.cells
    n, everyone = pl.col("n"), pl.col("n").max().over(*WORLD, "seed", "point")
    shift = cells.with_columns(
        (pl.col("shift") / (2 * n * everyone)).alias("value"), pl.lit("mean shift").alias("term")
    )
    middle = n * (n + 1) ** 2  # the square of all doubled ranks' sum, over n
    # As integers the product of these overflows, from a few thousand persons on.
    now, was = ((pl.col(c) - middle).cast(pl.Float64) for c in ("square", "before"))
    spearman = pl.when(now * was > 0).then((pl.col("cross") - middle) / (now * was).sqrt())
    whole = cells.filter(pl.col("group_by") == EVERYONE).with_columns(
        spearman.alias("value"), pl.lit("spearman").alias("term")
    )
    found = over_points(pl.concat([shift, whole]), [*WORLD, "seed", *GROUP, "term"], undefined="all have one score")
    return specified(found, "rank_shift")


def over_points(
    table: pl.DataFrame, keys: list[str], middle: pl.Expr = mean, undefined: str = "undefined"
) -> pl.DataFrame:
    """Return the mean of `value` over points, or another `middle`, and 5% and 95%; null if it is so at any point.

    Where fewer than one in twenty points move anybody the mean lies beyond these; then a note gives them.
    """
    known = value.is_not_null() & value.is_finite()
    of = {"value": middle, "low": value.quantile(LOW, "linear"), "high": value.quantile(HIGH, "linear")}
    why = pl.format(f"{undefined} at {{}} of {{}} points", (~known).sum(), pl.len())
    within = value.is_between(pl.col("low") - 1e-12, pl.col("high") + 1e-12)
    rare = pl.format(
        "few points move anybody: 5-95% of them is {} to {}", *(pl.col(c).round(6) for c in ("low", "high"))
    )
    return (
        table.sort(*keys, "point")
        .group_by(keys, maintain_order=True)
        .agg(
            *(pl.when(known.all()).then(what).alias(name) for name, what in of.items()),
            pl.format("5-95% of {} points", pl.len()).alias("method"),
            pl.when(~known.all()).then(why).alias("note"),
            pl.col("n").first(),
        )
        .with_columns(
            *(pl.when(within).then(c).alias(c) for c in ("low", "high")),
            pl.when(~within).then(rare).otherwise("note").alias("note"),
        )
    )


def nameless(told: dict[str, Any], *params: str) -> list[dict[str, Any]]:
    """Return the rows of an output of which nothing can be said factor by factor."""
    return [told | {"param": param, "value": None} for param in params]


def tabled(found: list[dict[str, Any]]) -> pl.DataFrame:
    """Return rows as a table."""
    if not found:
        return pl.DataFrame()
    names = dict.fromkeys(c for row in found for c in row if c not in {"points", "output"})
    empty: dict[str, Any] = dict.fromkeys(["low", "high", "note"])
    return pl.DataFrame(
        [{c: row[c] for c in names if c in row} | {c: row.get(c) for c in empty} for row in found],
        schema={c: COLUMNS.get(c, pl.Int64) for c in (*names, *(c for c in empty if c not in names))},
    )


def specified(table: pl.DataFrame, measure: str, level: float = HIGH - LOW) -> pl.DataFrame:
    """Return result rows over a declared range of weights; of a family the median draw, and the range over all."""
    if table.is_empty():
        return pl.DataFrame()
    rows = pl.concat([table.filter(pl.col("draw") == NO_DRAW), over_draws(table)], how="diagonal").drop("draw", "seed")
    status = (
        pl.when(value.is_null())
        .then(pl.lit(NOT_APPLICABLE))
        .when(pl.col("n") < SMALL_GROUP)
        .then(pl.lit(SMALL_CELL))
        .otherwise(pl.lit(OK))
    )
    return rows.with_columns(
        status.alias("status"),
        pl.lit(measure).alias("measure"),
        pl.lit("specification").alias("uncertainty"),
        pl.lit(level).alias("level"),
        pl.lit(1, pl.Int32).alias("seeds"),
    )


def over_draws(table: pl.DataFrame) -> pl.DataFrame:
    """Return the median over the draws of a family that have a value, from their lowest bound to their highest."""
    keys = [c for c in table.columns if c not in {"draw", "seed", "value", "low", "high", "note", "n"}]
    found = table.filter(pl.col("draw") != NO_DRAW).group_by(keys, maintain_order=True)
    draws = pl.format("range over draws, defined in {} of {}", value.count(), pl.len())
    why = pl.when(value.is_null().any()).then(pl.col("note").drop_nulls().first())
    return found.agg(
        value.median(),
        pl.coalesce("low", "value").min().alias("low"),
        pl.coalesce("high", "value").max().alias("high"),
        pl.concat_str([draws, why], separator="; ", ignore_nulls=True).alias("note"),
        pl.col("n").mean().round().cast(pl.Int64),
    )
