"""Consequences: how many doors a listing closes, and how many of them have nothing to do with why.

A context is related to a list if some record that leads onto the list is of the context's own field of law, or of a
field named beside it. Where each agency sees its own records only, no record closes a door elsewhere.
"""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from scoring.measures import rates
from scoring.measures.counts import Counts
from scoring.measures.rates import MEAN
from scoring.measures.study import Study

SILO = "silo"
TERMS = ("related", "unrelated")


def contexts_closed(counts: Counts, study: Study) -> pl.DataFrame:
    """How many contexts does being listed close, counted over all who are scored?

    Listed × contexts that the list closes / scored: a mean per person, from 0; `term` tells related from unrelated
    contexts. In a silo the unrelated ones are 0 by what a silo is. Schemes without a list, or whose consequences no
    source gives, have no row.
    """
    rows = [
        (name, facts["closes"]["outcome"], term, float(facts["closes"][term]))
        for name, facts in study.schemes.items()
        if facts.get("closes")
        for term in TERMS
    ]
    schema = {"scheme": pl.String, "outcome": pl.String, "term": pl.String, "doors": pl.Float64}
    closes = pl.DataFrame(rows, schema=schema, orient="row")
    pooled = pl.col("world").replace_strict(dict(study.pooling), default="city", return_dtype=pl.String) != SILO
    table = rates.tally(counts.cells, pl.col("selected"), by=("outcome",)).join(closes, on=["scheme", "outcome"])
    across = pooled | (pl.col("term") == "related")
    table = table.with_columns((pl.col("y") * pl.col("doors") * across.cast(pl.Float64)).alias("y")).drop("doors")
    return rates.rows(table, study, "contexts_closed", replace(MEAN, undefined="nobody is scored"))
