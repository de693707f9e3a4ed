"""Families: among many comparisons some look striking by chance. Which are judged together, and how strictly.

`primary` holds what was declared before the run, at most six claims, by Holm (1979): the chance of one false alarm in
the family stays below the level. `exploratory` holds the rest, by Benjamini and Hochberg (1995): of what is called
striking, the level is the expected share of false alarms. `subgroup` is adjusted by the measure that searched.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

from scoring.measures.study import Study
from scoring.result import SMALL_CELL

PRIMARY, EXPLORATORY = "primary", "exploratory"
CLAIM = ("measure", "outcome", "group_by")
SAME = ("world", "scheme", "draw", "versus", "outcome", "group_by", "period", "term")
Floats = NDArray[np.float64]
DIGITS = 9  # of p, beyond which two ways of computing one test may differ

TABLES = {  # measures that are ways to read one table, and rest on one test of it
    "selection": [
        "selection_rate_ratio", "selection_rate_difference", "non_selection_rate_ratio", "excess_per_10000", "cohens_h",
        "association_test",
    ],
    "strata": ["pooled_odds_ratio", "pooled_risk_ratio", "mantel_haenszel_test"],
    **{
        rate: [f"{name}_{form}" for name in (rate, mirror) for form in ("difference", "ratio")]
        for rate, mirror in {
            "false_positive_rate": "true_negative_rate",
            "false_negative_rate": "true_positive_rate",
            "positive_predictive_value": "false_discovery_rate",
            "prevalence": "prevalence",
        }.items()
    },
}  # fmt: skip
TABLE = {measure: table for table, measures in TABLES.items() for measure in measures}


def in_families(rows: pl.DataFrame, study: Study) -> pl.DataFrame:
    """Give every row that has a p its `test_family` and `p_adjusted`, world by world.

    A hypothesis counts once, however many measures put it into words: the ratio and the difference of two rates rest
    on one test of one table, share their place in the family, and are primary together. Rows that came with a family
    keep what their measure gave them. Small cells are in no family: their p is shown and not adjusted.
    """
    names = rows.columns
    rows = (
        rows.with_row_index("row")
        .with_columns(_hypothesis())
        .with_columns(
            (pl.col("status") == SMALL_CELL).any().over("hypothesis").alias("small"),
            _declared(study).any().over("hypothesis").alias("declared"),
        )
    )
    mine = pl.col("p").is_not_null() & pl.col("test_family").is_null() & ~pl.col("small").fill_null(False)
    family = pl.when("declared").then(pl.lit(PRIMARY)).otherwise(pl.lit(EXPLORATORY))
    rows = rows.with_columns(pl.when(mine).then(family).alias("family"))
    tests = rows.filter(pl.col("family").is_not_null()).unique("hypothesis", maintain_order=True)
    if tests.is_empty():
        return rows.select(names)
    families = tests.partition_by("world", "family", maintain_order=True)
    corrected = pl.concat([_corrected(family) for family in families])
    return (
        rows.join(corrected, on=["hypothesis", "family"], how="left", maintain_order="left")
        .with_columns(pl.coalesce("family", "test_family").alias("test_family"))
        .with_columns(pl.coalesce("corrected", "p_adjusted").alias("p_adjusted"))
        .select(names)
    )


def holm(p: Floats) -> Floats:
    """Return p adjusted by Holm (1979), as statsmodels `multipletests` has it, which collects all garbage a call."""
    order = np.argsort(p)
    steps = np.maximum.accumulate((len(p) - np.arange(len(p))) * p[order])
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(steps, 1.0)
    return adjusted


CORRECTION: dict[str, Callable[[Floats], Floats]] = {PRIMARY: holm, EXPLORATORY: false_discovery_control}


def _corrected(family: pl.DataFrame) -> pl.DataFrame:
    """Return the corrected p of every hypothesis of one family."""
    corrected = CORRECTION[family["family"][0]](family["p"].to_numpy())
    return family.select("hypothesis", "family", pl.Series("corrected", corrected, dtype=pl.Float64))


def _declared(study: Study) -> pl.Expr:
    """Tell whether the measure, outcome and grouping of a row were declared beforehand."""
    claims = [
        pl.all_horizontal(pl.col(c).eq_missing(pl.lit(v)) for c, v in zip(CLAIM, claim, strict=True))
        for claim in study.primary
    ]
    return pl.any_horizontal(claims) if claims else pl.lit(False)


def _hypothesis() -> pl.Expr:
    """Number the rows such that those which rest on the same test have the same number.

    The test is told from its p as well, so that a table which two measures test in two ways counts as two; and with two
    groups the chi-square of all groups is the z of the pair.
    """
    table = pl.col("measure").replace(TABLE)
    selection = table == "selection"
    pairs = pl.struct("group", "reference").filter(selection & pl.col("reference").is_not_null()).n_unique()
    alone = selection & (pairs.over("world", "scheme", "outcome", "group_by") == 1)
    same = [
        table.alias("table"),
        pl.when(~selection).then("param").alias("param"),
        *[pl.when(~alone).then(c).alias(c) for c in ("group", "reference")],
        pl.col("p").round_sig_figs(DIGITS).alias("p"),
        *SAME,
    ]
    return pl.col("row").min().over(same).alias("hypothesis")
