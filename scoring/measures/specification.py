"""Specification: the curve of all universes, the share of each conclusion, what matters to it, and what it amounts to.

Convention B9 is ours: a comparison is called robust where at least 95 of 100 universes agree in sign and at least 80
in what they conclude.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from scoring.measures import multiverse
from scoring.measures.comparison import KIND
from scoring.measures.counts import Counts
from scoring.measures.multiverse import ADVERSE, AS_DECLARED, FAVOURABLE, NOTHING, UNDEFINED, Asked, Floats
from scoring.measures.rates import NOBODY, RATIO
from scoring.measures.study import NO_DRAW, Study
from scoring.measures.universes import effects, sampled_effects
from scoring.result import NOT_APPLICABLE, OK, SMALL_CELL, ZERO_DENOM, tidy

SAME_SIGN, SAME_CONCLUSION = 0.95, 0.80  # of the universes; our convention
SIGN = "same sign"
DRAW = "draw"  # of a family: a factor like any other
TAU_B, FIRST = "kendall_tau_b", "first stays"


def told(one: Asked, measure: str, **also: Any) -> dict[str, Any]:
    """Return what every row of one comparison says."""
    return {**one.told, "measure": measure, "method": one.claim[0], "uncertainty": "specification"} | also


def universe_estimate(counts: Counts, study: Study) -> pl.DataFrame:
    """What does the declared comparison say in every universe that the declared choices span?

    `term` numbers the universe and `param` holds its choices; term 0 is as declared, whether or not the choices include
    it. The value is that of the measure named in `method`, the bounds those of the counts of all seeds together. Of a
    family one row a draw. Undefined where nobody can be compared, or nobody of the reference has the outcome.
    """
    found = []
    for one in multiverse.asked(counts, study):
        words = dict(enumerate([AS_DECLARED, *multiverse.wording(one.universes, study)]))
        rows = pl.concat([one.declared, one.table]).filter(pl.col("group").is_not_null())
        found.append(
            rows.select(
                *(
                    pl.lit(value).alias(name)
                    for name, value in told(one, "universe_estimate").items()
                    if name != "method"
                ),
                pl.when(pl.col("draw") != NO_DRAW).then("draw").alias("draw"),
                pl.format("{}, {} of all seeds", pl.lit(one.claim[0]), "bounds").alias("method"),
                pl.col("universe").cast(pl.String).alias("term"),
                pl.col("universe").replace_strict(words, return_dtype=pl.String).alias("param"),
                "reference",
                pl.when(pl.col("value").is_finite()).then("value").alias("value"),
                "low",
                "high",
                "n",
                pl.when(pl.col("value").is_null() | pl.col("value").is_infinite())
                .then(pl.lit(ZERO_DENOM))
                .when(multiverse.small(rows))
                .then(pl.lit(SMALL_CELL))
                .otherwise(pl.lit(OK))
                .alias("status"),
                pl.when(pl.col("value").is_null())
                .then(pl.lit(NOBODY))
                .when(pl.col("value").is_infinite())
                .then(pl.lit(RATIO.undefined))
                .otherwise(pl.format("concludes: {}", "conclusion"))
                .alias("note"),
                pl.lit(study.level).alias("level"),
            )
        )
    return tidy(pl.concat(found, how="vertical_relaxed")) if found else pl.DataFrame()


def shares(one: Asked) -> dict[str, float]:
    """Return the share of universes that conclude each way, and of those that agree in sign."""
    compared = one.table["group"].is_not_null().to_numpy()
    times = one.times[compared]
    if not times.sum():
        return {}
    said = one.table["conclusion"].to_numpy()[compared]
    sign = one.table["sign"].to_numpy()[compared]
    found = {name: times[said == name].sum() / times.sum() for name in (ADVERSE, NOTHING, FAVOURABLE, UNDEFINED)}
    return found | {SIGN: max(times[sign == side].sum() for side in (-1, 1)) / times.sum()}


def number(one: Asked) -> int:
    """Return in how many universes the group is compared, draws of a family counted one by one."""
    return int(one.times[one.table["group"].is_not_null().to_numpy()].sum())


def apart(one: Asked) -> str:
    """Say how many universes differ at all for a comparison: choices about other designs leave it as it is."""
    return f"{len(one.table):,} told apart by what touches this comparison"


def conclusion_share(counts: Counts, study: Study) -> pl.DataFrame:
    """In how many of the universes is the conclusion adverse to the group, favourable, or neither?

    `term` is the conclusion, or `same sign`, the share of universes that agree in sign, from 0 to 1; `n` counts the
    universes. Adverse and favourable need an interval on one side of equality and, of a ratio of selection rates, a
    value beyond .8 or 1.25. No p value: universes are no sample.
    """
    rows = [
        told(one, "conclusion_share", term=term, value=float(share), n=number(one), status=OK, note=apart(one))
        for one in multiverse.asked(counts, study)
        for term, share in shares(one).items()
    ]
    return tidy(rows) if rows else pl.DataFrame()


def robust(counts: Counts, study: Study) -> pl.DataFrame:
    """Does the conclusion hold in nearly every universe?

    1 where at least 95 of 100 universes agree in sign and at least 80 in conclusion, else 0; our convention. No other
    result may be called robust. Undefined where no universe has an estimate.
    """
    rows = []
    for one in multiverse.asked(counts, study):
        found = shares(one)
        if not found:
            continue
        if found[UNDEFINED] >= 1:
            why = "no universe has an estimate"
            rows.append(told(one, "robust", value=None, n=number(one), status=ZERO_DENOM, note=why))
            continue
        said = max((ADVERSE, NOTHING, FAVOURABLE, UNDEFINED), key=lambda name: found[name])
        holds = found[SIGN] >= SAME_SIGN and found[said] >= SAME_CONCLUSION
        agreed = f"{found[SIGN]:.0%} of {number(one):,} universes agree in sign, {found[said]:.0%} conclude: {said}"
        note = f"{agreed}, by the counts of all seeds together; {apart(one)}"
        rows.append(told(one, "robust", value=float(holds), n=number(one), status=OK, note=note))
    return tidy(rows) if rows else pl.DataFrame()


def factor_importance(counts: Counts, study: Study) -> pl.DataFrame:
    """Which choice moves the estimate, alone and together with others?

    `term` is the factor; `param` `main` is the share of the variance over universes that it explains alone, `total` the
    share that is lost when it is fixed. Functional ANOVA, exact over the whole factorial; of a sample the estimates of
    Saltelli and Jansen. Undefined where no choice moves the estimate, or where some universes have none.
    """
    rows = [row for one in multiverse.asked(counts, study) for row in _importance(one, study)]
    return tidy(rows) if rows else pl.DataFrame()


def _importance(one: Asked, study: Study) -> Iterator[dict[str, Any]]:
    assert study.universes is not None
    names, values, levels = grid(one, study)
    sample, note = study.universes.sample, None
    if not np.isfinite(values).all():
        found, note = (np.full(len(names), np.nan),) * 2, "some universes have no estimate"
    elif sample is not None and len(values) != int(np.prod(levels)):
        place = [list(study.universes.factors).index(name) for name in names]
        whole = sampled_effects(values, len(study.universes.factors), sample)
        found, note = (whole[0][place], whole[1][place]), f"{len(values):,} universes sampled"
    else:
        found = effects(values, levels)
    for param, shares_ in zip(("main", "total"), found, strict=True):
        for name, share in zip(names, shares_, strict=True):
            known = bool(np.isfinite(share))
            why = note if known or note else "no choice moves the estimate"
            row = told(one, "factor_importance", param=param, term=multiverse.short(name), n=len(values), note=why)
            yield row | {"value": float(share) if known else None, "status": OK if known else NOT_APPLICABLE}


def grid(one: Asked, study: Study) -> tuple[list[str], Floats, list[int]]:
    """Return the factors, the estimates over their universes, and the number of choices of each.

    Choices of the reference that make the group its own reference are left out. Of a sample the universes stand in its
    order, and the draws of a family are averaged.
    """
    assert study.universes is not None
    values = one.table["value"].to_numpy().astype(float).reshape(len(one.universes.rows), len(one.draws))
    compared = one.table["group"].is_not_null().to_numpy().reshape(values.shape).all(axis=1)
    names = list(one.universes.names)
    levels = [len(study.universes.factors[name]) for name in names]
    if len(one.universes.rows) == np.prod(levels) and study.universes.sample is None:
        left = [np.unique(one.universes.rows[compared, i]).size for i in range(len(names))]
        if np.prod(left) == compared.sum():
            values, levels = values[compared], left
        kept = [(n, k) for n, k in zip([*names, DRAW], [*levels, len(one.draws)], strict=True) if k > 1]
        return [n for n, _ in kept], values.reshape(-1), [k for _, k in kept]
    return names, values.mean(axis=1)[one.universes.of], levels


def rank_stability(counts: Counts, study: Study) -> pl.DataFrame:
    """Do designs keep their order by the size of the gap, from universe to universe?

    `kendall_tau_b` is the mean over universes of the rank correlation with the order as declared, from -1 to 1, with
    the least and the largest; `first stays` the share of universes in which the design with the smallest gap as
    declared still has it. Designs of like instruments alone; of a family the median draw. It ranks gaps and no designs.
    """
    families: dict[Any, list[Asked]] = {}
    for one in multiverse.asked(counts, study):
        kind = str(study.schemes.get(one.told["scheme"], {}).get("instrument"))
        of = (one.claim, one.told["world"], one.told["group"], KIND.get(kind, kind))
        families.setdefault(of, []).append(one)
    rows = [row for of, alike in families.items() if len(alike) > 1 for row in _ranks(str(of[-1]), alike)]
    return tidy(rows) if rows else pl.DataFrame()


def _ranks(kind: str, alike: list[Asked]) -> Iterator[dict[str, Any]]:
    declared = np.array([gap(one, one.declared) for one in alike])[:, 0]
    universes = np.stack([gap(one, one.table)[one.universes.of] for one in alike], axis=1)
    known = np.asarray(np.isfinite(universes).all(axis=1))
    polarity = {one.told["polarity"] for one in alike}
    about = told(alike[0], "rank_stability", scheme=None, param=kind, n=int(known.sum()))
    about |= {"polarity": polarity.pop() if len(polarity) == 1 else None}
    about |= {"note": f"{', '.join(one.told['scheme'] for one in alike)}; {len(known):,} universes"}
    if not np.isfinite(declared).all() or not known.any():
        yield about | {"term": TAU_B, "value": None, "status": ZERO_DENOM, "note": "some design has no estimate"}
        return
    tau = tau_b(universes[known], declared)
    defined = tau[np.isfinite(tau)]
    first = declared.argmin()
    stays = (universes[known][:, first] <= universes[known].min(axis=1) + multiverse.ALIKE).mean()
    if len(defined):
        low, high = float(defined.min()), float(defined.max())
        yield about | {"term": TAU_B, "value": float(defined.mean()), "low": low, "high": high, "status": OK}
    else:
        yield about | {"term": TAU_B, "value": None, "status": ZERO_DENOM, "note": "all designs are tied"}
    yield about | {
        "term": FIRST,
        "value": float(stays),
        "status": OK,
        "note": f"first as declared: {alike[first].told['scheme']}",
    }


def gap(one: Asked, table: pl.DataFrame) -> Floats:
    """Return how far each universe lies from no difference, whichever way; of a family the median draw."""
    value = table["value"].to_numpy().astype(float).reshape(-1, len(one.draws))
    with np.errstate(divide="ignore"):
        apart = np.abs(np.log(value)) if one.claim[0].endswith("_ratio") else np.abs(value)
    return np.asarray(np.median(apart, axis=1))


def tau_b(ranked: Floats, order: Floats) -> Floats:
    """Return Kendall's tau-b of each row with one order, as scipy's `kendalltau`; NaN where all are tied."""
    i, j = np.triu_indices(len(order), 1)
    mine, theirs = np.sign(ranked[:, i] - ranked[:, j]), np.sign(order[i] - order[j])
    with np.errstate(invalid="ignore"):
        return np.asarray((mine * theirs).sum(axis=1) / np.sqrt((mine**2).sum(axis=1) * (theirs**2).sum()))
