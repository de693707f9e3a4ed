"""Flips: how often do errors in their records turn the verdicts of persons?

Only who is touched by an error is scored again; all others keep their verdict.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl

from scoring.experiment.cubes import SCORED, Groupings, tally
from scoring.experiment.mistakes import Register
from scoring.experiment.reasons import PARTS, ranks

UNSTEADY = 10  # a verdict that turns in more than one redraw of so many is unsteady; methods B2
TERMS = ("any", "worse", "better")


def standing(scheme: Any, outcome: pl.DataFrame, *also: str) -> pl.DataFrame:
    """Return the verdict of each person as a number, -1 where unscored, and how good it is, null where unscored.

    The verdict is the band. Where a scheme has none it is all of its outcomes, and the good of it is how many
    favourable ones there are, less the adverse ones.
    """
    if scheme.bands:
        told = outcome.with_columns(pl.Series("verdict", ranks(scheme, outcome))).with_columns(good=pl.col("verdict"))
    else:
        given = [(pl.col(name).cast(pl.Int64), o.polarity) for name, o in scheme.outcomes.items()]
        told = outcome.with_columns(
            pl.sum_horizontal(one * 2**i for i, (one, _) in enumerate(given)).alias("verdict"),
            pl.sum_horizontal(-one if polarity == "adverse" else one for one, polarity in given).alias("good"),
        )
    verdict, good = (pl.when(SCORED).then(name).otherwise(none) for name, none in (("verdict", -1), ("good", None)))
    return told.select("person", *also, verdict.alias("verdict"), good.alias("good"))


def mistaken(
    scheme: Any,
    outcome: pl.DataFrame,
    register: Register,
    score: Callable[[pl.DataFrame], pl.DataFrame],
    theta: float,
    groups: Groupings,
) -> pl.DataFrame | None:
    """Tally how often errors in the records turn the verdict of a person, each kind at θ/2 and at θ.

    `outcome` holds the verdicts without an error, and `score` gives those of people in error, in their order. Summed
    over persons are the redraws in which the verdict is another (`any`), worse, or better; `unsteady` is whoever has
    another in more than one redraw of ten. Nothing where a scheme reads no records, or gives a score and no verdict.
    """
    if not register.adverse or not (scheme.bands or scheme.outcomes):
        return None
    thetas, keys = [round(PARTS * theta / 2), round(PARTS * theta)], ["person", "kind", "theta"]
    true = standing(scheme, outcome, "cell").filter(pl.col("verdict") >= 0)
    people = register.in_error(thetas)
    now = standing(scheme, score(people).with_columns(people["kind"], people["theta"]), "kind", "theta")
    verdict, good = (pl.col(c) for c in ("verdict", "good"))
    flags = {
        "any": verdict != pl.col("verdict_true"),
        "worse": good < pl.col("good_true"),
        "better": good > pl.col("good_true"),
    }
    turned = (
        now.join(true, on="person", suffix="_true")
        .group_by(keys)
        .agg(flag.sum().cast(pl.Int64).alias(term) for term, flag in flags.items())
    )
    persons = (
        true.select("person", "cell")
        .join(pl.DataFrame({"kind": list(register.kinds)}), how="cross")
        .join(pl.DataFrame({"theta": thetas}, schema={"theta": pl.Int32}), how="cross")
        .join(turned, on=keys, how="left")
        .with_columns(pl.col(TERMS).fill_null(0), pl.lit(register.redraws, pl.Int32).alias("redraws"))
        .with_columns(unsteady=UNSTEADY * pl.col("any") > pl.col("redraws"))
    )
    sums = {term: pl.col(term).sum() for term in TERMS}
    return groups.roll_up(tally(persons, ["kind", "theta", "redraws", "unsteady"], **sums), ["n", *TERMS])
