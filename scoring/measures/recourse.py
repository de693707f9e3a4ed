"""Recourse: can a person rise or leave a list, how many months does it take, and is that way open to everyone alike?

A person who cannot rise has no cost, and stays in every denominator: a mean over those who can would flatter what bars
the rest. Months are of declared deeds and of waiting, one after another; what a deed costs is assumed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import ndtri

from scoring.measures import estimates, groups, nulls, rates, resample
from scoring.measures.counts import Counts
from scoring.measures.stability import undefined
from scoring.measures.study import EVERYONE, NO_DRAW, SEED, Study
from scoring.result import NOT_APPLICABLE

BUDGETS = (1, 3, 6, 12, 24, 36, 60)  # months
MOST = BUDGETS[-1]  # months up to which curves are held against each other
NO_WAY = "the rulebook names no deed of the catalogue that wins points, and no end of a deduction"
OFF_LIST = "off the list"  # the goal of whoever is on one
NO_END = "the rulebook states no end of a listing, neither a term nor a repair"
NOT_ASKED = {
    "reward": "being on this list is a reward, and nobody has to leave it",
    "sanction": "none of the probed is on this list",
}
NOBODY_BELOW = undefined("nobody of the group has this goal ahead")
DEALT = "labels permuted, {} times"
NORMAL = "normal"

feasible = pl.col("months").is_not_null()


def recourse_feasible(counts: Counts, study: Study) -> pl.DataFrame:
    """Who can rise at all, by deeds and waiting that the rulebook leaves open?

    Persons for whom some deeds and waiting lead to the goal within 60 months / probed persons who have the goal ahead,
    from 0 to 1, by goal (`param`: `next band`, an outcome to be given or to be rid of, or `off the list`: by the end of
    its term or by a repair, in steps of a year; a lot that stands for a repair is taken to fall well). Interval:
    Wilson. A list that nobody has to leave, or that nobody probed is on, has one undefined row that says so.
    """
    table = rates.tally(counts.cells, feasible, by=("param",))
    found = [explained(rates.rows(table, study, "recourse_feasible", NOBODY_BELOW), study), *not_asked(counts, study)]
    return pl.concat(found, how="diagonal_relaxed")


def recourse_curve(counts: Counts, study: Study) -> pl.DataFrame:
    """Who can rise within so many months?

    Persons whose cheapest way takes at most `term` months / persons who have the goal (`param`) ahead, from 0 to 1;
    those without a way stay in the denominator. Rises with the budget. Interval: Wilson.
    """
    found = [
        rates.tally(counts.cells, feasible & (pl.col("months") <= budget), by=("param",)).with_columns(
            pl.lit(str(budget)).alias("term")
        )
        for budget in BUDGETS
    ]
    return explained(rates.rows(pl.concat(found), study, "recourse_curve", NOBODY_BELOW), study)


def paper_recourse(counts: Counts, study: Study) -> pl.DataFrame:
    """For whom is a way up open in the rules and lost in the data?

    Persons who can rise by the rules, and not once a deed wins nothing where fewer than half of her deeds would reach
    the scheme / persons who can rise by the rules, from 0 to 1, by goal (`param`). One half is our convention; how
    many arrive is seen by giving everyone one deed and drawing detection and recording again. Lists are left out: what
    becomes of a repair on its way into a file is not simulated. Interval: Wilson.
    """
    cells = counts.cells.filter(pl.col("param") != OFF_LIST)
    if cells.is_empty():
        return pl.DataFrame()
    table = rates.tally(cells, feasible & pl.col("recorded").is_null(), feasible, ("param",))
    return rates.rows(table, study, "paper_recourse", undefined("nobody can rise by the rules"))


def recourse_gap(counts: Counts, study: Study) -> pl.DataFrame:
    """How many months more does it take this group to rise than the reference?

    The area between the two recourse curves up to 60 months, in months, by goal (`param`). `term` `extra months` is the
    area above less the area below: the difference in mean months, of 60 at most and 60 where there is no way; from -60
    to 60, interval normal. `observed` is the area whatever its sign, from 0 to 60, beside what labels that mean nothing
    give in 95 of 100 deals.
    """
    cells = counts.cells.with_columns(pl.col("months").fill_null(MOST).clip(0, MOST).cast(pl.Int64).alias("within"))
    axes = [axis for axis in counts.axes if axis not in ("months", "recorded")]
    restricted = Counts((*axes, "within"), cells.select(*axes, "within", "n")).marginal((*axes, "within"))
    times, found = nulls.times(study), []
    for pair in groups.beside(restricted, study, ["within"], ["param"]):
        if pair.alone:
            found += [{**estimates.alone(pair.told), "term": term} for term in ("extra months", nulls.OBSERVED)]
            continue
        x = np.asarray(pair.levels["within"], dtype=np.float64)
        if min(pair.told["n"], pair.told["n_ref"]) == 0:
            found += [{**pair.told, "term": term, "value": None} for term in ("extra months", nulls.OBSERVED)]
            continue
        extra = {**pair.told, "term": "extra months", **extra_months(x, pair.mine, pair.theirs, study.level)}
        area = float(between(x, pair.mine, pair.theirs))
        if not pair.audited:
            found += [drop(extra), {**pair.told, "term": nulls.OBSERVED, "value": area}]
            continue
        first = resample.permuted(pair.mine, pair.theirs, times, resample.philox(SEED))
        dealt = between(x, first, pair.mine + pair.theirs - first)
        found += [extra, *nulls.beside(pair.told, area, dealt, DEALT.format(times))]
    return nulls.rows(found, study, "recourse_gap", "nobody of one of the groups has this goal ahead")


def between(x: NDArray[np.float64], mine: Any, theirs: Any) -> Any:
    """Return the area between two distribution functions, of counts over the sorted values x along the last axis."""
    mine, theirs = (np.asarray(c, dtype=np.float64) for c in (mine, theirs))
    of, beside = (np.cumsum(c, axis=-1) / c.sum(axis=-1, keepdims=True) for c in (mine, theirs))
    return np.abs(of - beside)[..., :-1] @ np.diff(x)


def extra_months(x: NDArray[np.float64], mine: Any, theirs: Any, level: float) -> dict[str, Any]:
    """Return the difference of two means of counts over x, with its normal interval."""
    means, errors = [], []
    for c in (np.asarray(mine, dtype=np.float64), np.asarray(theirs, dtype=np.float64)):
        mean = float(c @ x / c.sum())
        means.append(mean)
        errors.append(float(c @ (x - mean) ** 2 / c.sum() ** 2))
    value, half = means[0] - means[1], float(ndtri((1 + level) / 2)) * float(np.sqrt(sum(errors)))
    bounds = {"low": max(value - half, -MOST), "high": min(value + half, MOST)} if half > 0 else {}
    return {"value": value, **bounds, "method": NORMAL}


def drop(row: dict[str, Any]) -> dict[str, Any]:
    """Leave out what only one auditor's sample has."""
    return {k: v for k, v in row.items() if k not in estimates.AUDIT}


def not_asked(counts: Counts, study: Study) -> list[pl.DataFrame]:
    """Return one undefined row a world and list that gave nothing to count."""
    found = set(counts.cells["scheme"].unique())
    lists = {name: facts["listing"] for name, facts in study.schemes.items() if facts.get("listing")}
    told = [
        {
            "scheme": name,
            "param": OFF_LIST,
            "group_by": EVERYONE,
            "group": EVERYONE,
            "status": NOT_APPLICABLE,
            "note": NOT_ASKED[kind],
        }
        for name, kind in lists.items()
        if name not in found
    ]
    runs = counts.cells.select("world", "seed").unique().sort("world", "seed").to_dicts()
    empty = {"draw": NO_DRAW, "n": 0, "value": None}
    rows = estimates.rows([run | one | empty for run in runs for one in told], study, "recourse_feasible")
    return [] if rows.is_empty() else [rows]


def explained(rows: pl.DataFrame, study: Study) -> pl.DataFrame:
    """Say of schemes that leave no way open why nobody can rise."""
    closed = [name for name, facts in study.schemes.items() if facts.get("ways") == 0]
    if rows.is_empty() or not closed:
        return rows
    why = pl.when(pl.col("param") == OFF_LIST).then(pl.lit(NO_END)).otherwise(pl.lit(NO_WAY))
    said = pl.concat_str([why, pl.col("note")], separator="; ", ignore_nulls=True)
    return rows.with_columns(
        pl.when(pl.col("scheme").is_in(closed) & (pl.col("value") == 0)).then(said).otherwise("note").alias("note")
    )
