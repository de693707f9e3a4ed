"""The veil of ignorance: what a design holds for someone who does not know who she will be.

Outcomes are counted of all persons, scored or not: who is never scored is never rewarded either.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from scoring.measures import estimates, nulls, rates, resample
from scoring.measures.counts import UNKNOWN, Counts
from scoring.measures.extremes import ALL, DRAWS, METHOD, equal_rates, small
from scoring.measures.study import EVERYONE, GROUP, NO_DRAW, SEED, WORLD, Study
from scoring.result import NOT_APPLICABLE


def of_all(outcome: Counts, study: Study, coverage: Counts | None) -> pl.DataFrame:
    """Return y with the outcome of n persons of a group, scored or not."""
    given = rates.tally(outcome.cells, pl.col("selected"), by=("outcome",))
    if coverage is not None:
        residents = coverage.cells.group_by(*WORLD, "seed", *GROUP).agg(pl.col("n").sum())
        given = given.drop("n").join(residents, on=[*WORLD, "seed", *GROUP], how="left")
    return given.join(study.polarities(), on=["scheme", "outcome"], how="left", maintain_order="left")


def veil_mean(outcome: Counts, study: Study, coverage: Counts | None = None) -> pl.DataFrame:
    """How likely is a person drawn at random to be rewarded, listed or sanctioned under each design?

    y / all persons, from 0 to 1, scored or not. Interval: Wilson.
    """
    everyone = of_all(outcome, study, coverage).filter(pl.col("group_by") == EVERYONE)
    return rates.rows(everyone, study, "veil_mean")


def veil_worst_group(outcome: Counts, study: Study, coverage: Counts | None = None) -> pl.DataFrame:
    """How likely is it in the group that fares worst?

    The least rate of a favourable outcome, or the largest of an adverse one, over the groups of a grouping, from 0 to
    1, of all persons; `note` names the group. The more groups, the worse the worst by chance: with equal rates 5 in 100
    lie beyond the null line. Small cells and `unknown` are left out.
    """
    table = of_all(outcome, study, coverage).filter(pl.col("group_by") != EVERYONE).drop_nulls("polarity")
    return nulls.rows(_worst(table, study), study, "veil_worst_group", within=(0, 1))


def _worst(table: pl.DataFrame, study: Study) -> Iterator[dict[str, Any]]:
    keys = [*WORLD, "seed", "outcome", "polarity", "group_by"]
    first = dict(table.group_by("world").agg(pl.col("seed").min()).iter_rows())
    for key, part in sorted(table.partition_by(keys, as_dict=True).items()):
        told = {**dict(zip(keys, key, strict=True)), "group": ALL, "reference": None, "term": nulls.OBSERVED}
        part = part.filter(pl.col("group") != UNKNOWN).sort("group")
        if part.height < 2:
            yield estimates.alone(told | {"n": int(part["n"].sum())})
            continue
        y, n = (part[c].to_numpy() for c in ("y", "n"))
        fit = ~small(y, n) if 0 < y.sum() < n.sum() else np.ones(len(n), dtype=bool)  # nobody anywhere is told too
        told |= {"n": int(n[fit].sum())}
        if fit.sum() < 2:
            yield told | {"value": None, "status": NOT_APPLICABLE, "note": "all groups but one are small cells"}
            continue
        y, n, names = y[fit], n[fit], part["group"].filter(pl.Series(fit))
        low = told["polarity"] == "favourable"
        pick = np.argmin if low else np.argmax
        value = float((y / n)[pick(y / n)])
        if told["draw"] == NO_DRAW and told["seed"] == first[told["world"]]:
            told |= {"note": f"worst off: {names[int(pick(y / n))]}"}
            drawn = equal_rates(y, n, DRAWS, resample.philox(SEED)) / n
            null = drawn.min(axis=1) if low else drawn.max(axis=1)
            yield from nulls.beside(told, value, null, METHOD, study.level, low)
        else:
            yield told | {"value": value}
