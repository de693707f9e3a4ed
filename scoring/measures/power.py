"""Power: with how many persons would an outside auditor have seen it? All that a simulation can say of a test."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from scoring.measures import disparity, errors, estimates, rates, significance
from scoring.measures.counts import Counts
from scoring.measures.families import TABLE
from scoring.measures.study import BEST, NO_DRAW, Study
from scoring.result import COLUMNS, NOT_APPLICABLE, OK, SINGLE_GROUP, SMALL_CELL, ZERO_DENOM

SIZES = (1_000, 10_000, 100_000)  # persons whom an auditor has
ALPHA = 0.05
NO_GAP = "the two rates are equal: the chance of a false alarm"
ROUGH = "fewer than 5 persons expected in a cell: the normal approximation is rough"
NO_VARIATION = "nobody, or everybody, of both groups has the outcome"


def detection_power(counts: Counts, study: Study) -> pl.DataFrame:
    """Of auditors with n persons each (`term`), how many would find the declared gap significant at 5%?

    The power of the pooled two-sample z test, from 0 to 1, were n persons drawn at the rates and group shares of all
    seeds together. Given for the claims declared beforehand that rest on a selection or an error rate; `n` is the
    group's persons among the auditor's. A small power means that an audit which finds nothing has shown nothing.
    Undefined where nobody or everybody has the outcome. statsmodels `power_proportions_2indep`.
    """
    everybody = disparity.selected(counts, study)
    found = []
    for table, outcome, group_by in dict.fromkeys((TABLE.get(m), o, g) for m, o, g in study.primary):
        if table in errors.RATES:
            these = errors.against_truth(counts, study, table)
        elif table == "selection":
            these = everybody
        else:
            continue
        if these.is_empty():
            continue
        told = replace(study, references=rates.references(these, study))
        claim = (pl.col("outcome") == outcome) & (pl.col("group_by") == group_by) & (pl.col("draw") == NO_DRAW)
        found.append(_rows(these.filter(claim), everybody.filter(claim), told, table))
    return pl.concat(found, how="diagonal_relaxed") if found else pl.DataFrame()


def power(p: ArrayLike, n: ArrayLike, p_ref: ArrayLike, n_ref: ArrayLike, alpha: float = ALPHA) -> NDArray[np.float64]:
    """Return the chance that the pooled two-sample z test finds rates p and p_ref unlike; NaN where nothing varies."""
    from statsmodels.stats.proportion import power_proportions_2indep

    p, n, p_ref, n_ref = (np.asarray(v, dtype=np.float64) for v in (p, n, p_ref, n_ref))
    with np.errstate(divide="ignore", invalid="ignore"):
        found = power_proportions_2indep(p - p_ref, p_ref, n, ratio=n_ref / n, alpha=alpha, return_results=False)
    return np.asarray(found, dtype=np.float64)


def _rows(table: pl.DataFrame, everybody: pl.DataFrame, study: Study, name: str) -> pl.DataFrame:
    """Return one row a size and pair of groups, of the counts of all seeds together."""
    keys = [c for c in table.columns if c not in {"seed", "y", "n"}]
    pooled = table.group_by(keys, maintain_order=True).agg(pl.col("y", "n").sum(), pl.col("seed").n_unique())
    pairs = rates.against_reference(pooled.rename({"seed": "seeds"}), study)
    pairs = pairs.filter((pl.col("group") != pl.col("reference")) | (pl.col("groups") == 1))
    pairs = pairs.filter(pl.col("reference") != BEST)  # picked for its rate: there is no test to have power
    everyone = everybody.group_by("world", "scheme").agg(pl.col("n").sum().alias("everyone"))
    sizes = pl.DataFrame({"size": SIZES}, schema={"size": pl.Int64})
    drawn = pairs.join(everyone, on=["world", "scheme"], maintain_order="left").join(sizes, how="cross")
    persons, of_reference = (pl.col(c) / pl.col("everyone") * pl.col("size") for c in ("n", "n_ref"))
    drawn = drawn.with_columns(
        (rates.y / rates.n).alias("p"),
        (rates.y_ref / rates.n_ref).alias("p_ref"),
        persons.alias("held"),
        of_reference.alias("held_ref"),
    )
    p, n, p_ref, n_ref = (drawn[c].cast(pl.Float64).to_numpy() for c in ("p", "held", "p_ref", "held_ref"))
    least = significance.least_expected(p * n, n, p_ref * n_ref, n_ref)
    told = pl.col("param") if "param" in table.columns else pl.lit(None, pl.String)
    return _stated(
        drawn.with_columns(
            pl.Series("value", power(p, n, p_ref, n_ref)).fill_nan(None),
            pl.Series("least", least).fill_nan(None),
            (told if name == "selection" else pl.format("{}, {}", pl.lit(name), told)).alias("param"),
        )
    )


def _stated(drawn: pl.DataFrame) -> pl.DataFrame:
    """Say how far each power can be trusted, and keep the columns of a result."""
    rough = pl.col("least") < significance.EXPECTED
    cases = [
        (pl.col("groups") == 1, SINGLE_GROUP, estimates.ALONE),
        (pl.col("n_ref").is_null(), NOT_APPLICABLE, "nobody belongs to the declared reference"),
        ((pl.col("n") == 0) | (pl.col("n_ref") == 0), ZERO_DENOM, rates.NOBODY),
        (pl.col("value").is_null(), ZERO_DENOM, NO_VARIATION),
        (rough, SMALL_CELL, ROUGH),
        (pl.col("held") < rates.SMALL_GROUP, SMALL_CELL, None),
        (pl.col("p") == pl.col("p_ref"), OK, NO_GAP),
    ]
    number = pl.coalesce([pl.when(when).then(i) for i, (when, _, _) in enumerate(cases)])
    gone = (pl.col("groups") == 1) | pl.col("n_ref").is_null()
    found = drawn.with_columns(
        pl.lit("detection_power").alias("measure"),
        pl.format("n={}", "size").alias("term"),
        pl.when(~gone).then("value").alias("value"),
        pl.lit("two-sample z test at 5%").alias("method"),
        pl.lit("audit").alias("uncertainty"),
        pl.col("held").round().cast(pl.Int64).alias("n"),
        pl.col("seeds").cast(pl.Int32),
        number.replace_strict(dict(enumerate(s for _, s, _ in cases)), default=OK, return_dtype=pl.String).alias(
            "status"
        ),
        number.replace_strict(dict(enumerate(n for _, _, n in cases)), default=None, return_dtype=pl.String).alias(
            "note"
        ),
    )
    return found.drop("p").select(c for c in COLUMNS if c in {*found.columns} - {"p", "draw"})
