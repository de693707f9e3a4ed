"""Pareto: which designs are worse than another by no declared criterion, and better by one.

At most five criteria, declared before the run; they are never added up. Differences are paired by seed, and the
intervals of all pairs and criteria of one world hold at once, so that of two equal designs neither is said to be
better. Like instruments alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from scoring.measures import intervals
from scoring.measures.comparison import KIND
from scoring.measures.counts import Counts
from scoring.measures.nulls import LINE
from scoring.measures.seeds import ONE_SEED
from scoring.measures.study import EVERYONE, Criterion, Study
from scoring.result import NOT_APPLICABLE, OK, tidy

Floats = NDArray[np.float64]
FEW_REPLICATES = 2  # intervals of one auditor are not looked at
METHOD = "paired by seed, all pairs and criteria at once (Bonferroni)"


def criterion_value(outcome: Counts, study: Study, **also: Counts | None) -> pl.DataFrame:
    """What does each design come to, by each declared criterion?

    `param` is the criterion: of several groups the one that fares worst, of `parity` the distance from no difference
    (the absolute logarithm of a ratio). Mean and t interval over seeds; of a family the median draw.
    """
    rows = []
    for (world, _kind), (names, values) in fronts(outcome, study, also).items():
        for i, name in enumerate(names):
            for criterion, over in zip(study.criteria, values[:, i].T, strict=True):
                told = {"world": world, "scheme": name, "measure": "criterion_value", "param": criterion.name}
                rows.append(told | _mean(over, 1, study.level))
    return tidy(rows) if rows else pl.DataFrame()


def criterion_difference(outcome: Counts, study: Study, **also: Counts | None) -> pl.DataFrame:
    """By how much is a design better or worse than another, by each criterion?

    Value of `scheme` less that of `versus`, paired by seed, with intervals that hold for all pairs and criteria of a
    world at once; the sign is that of the criterion, whichever way is better.
    """
    rows = []
    for world, scheme, versus, gaps, looks, _ in compared(outcome, study, also):
        for criterion, over in zip(study.criteria, gaps.T, strict=True):
            told = {"world": world, "scheme": scheme, "versus": versus, "measure": "criterion_difference"}
            rows.append(told | {"param": criterion.name} | _mean(over, looks, study.level))
    return tidy(rows) if rows else pl.DataFrame()


def dominance(outcome: Counts, study: Study, **also: Counts | None) -> pl.DataFrame:
    """Is a design better than another by some criterion and worse by none?

    1 where it is at least as good by all and its simultaneous interval strictly better by one, else 0: then the two
    are not told apart, or each is better by something. Undefined with one seed, or where a criterion is.
    """
    rows = []
    for world, scheme, versus, gaps, looks, _ in compared(outcome, study, also):
        told: dict[str, Any] = {"world": world, "scheme": scheme, "versus": versus, "measure": "dominance"}
        told |= {"seeds": len(gaps)}
        told |= {"method": METHOD, "uncertainty": "seeds"}
        if len(gaps) < 2 or np.isnan(gaps).any():
            note = ONE_SEED if len(gaps) < 2 else "some criterion is undefined"
            rows.append(told | {"value": None, "status": NOT_APPLICABLE, "note": note})
            continue
        better, worse = sides(gaps * ways(study), looks, study.level)
        holds = bool(better.any() and (gaps * ways(study)).mean(axis=0).max() <= 0)
        by = [c.name for c, good in zip(study.criteria, better, strict=True) if good]
        against = [c.name for c, bad in zip(study.criteria, worse, strict=True) if bad]
        note = f"better: {'; '.join(by) or 'nothing'}. Worse: {'; '.join(against) or 'nothing'}"
        rows.append(told | {"value": float(holds), "status": OK, "note": note})
    return tidy(rows) if rows else pl.DataFrame()


def non_dominated_share(outcome: Counts, study: Study, **also: Counts | None) -> pl.DataFrame:
    """In how many of the seeds does no other design dominate this one?

    Seeds in which no like design is at least as good by all criteria and better by one / seeds, from 0 to 1; Wilson.
    """
    rows = []
    for (world, _kind), (names, values) in fronts(outcome, study, also).items():
        whole = values[~np.isnan(values).any(axis=(1, 2))] * ways(study)
        for i, name in enumerate(names):
            told: dict[str, Any] = {"world": world, "scheme": name, "measure": "non_dominated_share"}
            told |= {"uncertainty": "seeds"}
            told |= {
                "seeds": len(whole),
                "level": study.level,
                "note": f"beside {', '.join(n for n in names if n != name)}",
            }
            if not len(whole):
                rows.append(told | {"value": None, "status": NOT_APPLICABLE, "note": "some criterion is undefined"})
                continue
            y = int((~dominated(whole, i)).sum())
            low, high, method = intervals.rate(y, len(whole), study.level)
            told |= {"low": float(low), "high": float(high), "method": f"{method} of seeds"}
            rows.append(told | {"value": y / len(whole), "status": OK})
    return tidy(rows) if rows else pl.DataFrame()


def dominated(costs: Floats, i: int) -> NDArray[np.bool_]:
    """Return in which seeds some design has no larger cost than design i by any criterion and a smaller by one.

    `costs` is [seed, design, criterion], the smaller the better.
    """
    mine = costs[:, [i]]
    beats = np.asarray((costs <= mine).all(axis=2) & (costs < mine).any(axis=2))
    return np.asarray(beats.any(axis=1))


def ways(study: Study) -> Floats:
    """Return 1 for each criterion of which less is better, else -1."""
    return np.array([-1.0 if criterion.direction == "higher" else 1.0 for criterion in study.criteria])


def sides(costs: Floats, looks: int, level: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return by which criteria paired costs, [seed, criterion], lie surely below 0, and surely above."""
    half = _half(costs, looks, level)
    return costs.mean(axis=0) + half < 0, costs.mean(axis=0) - half > 0


def _half(over: Floats, looks: int, level: float) -> Floats:
    """Return half the width of intervals over seeds of which so many hold at once."""
    quantile = intervals.student(1 - (1 - level) / looks, len(over))
    with np.errstate(invalid="ignore"):
        return np.asarray(quantile * over.std(axis=0, ddof=1) / np.sqrt(len(over)))


def _mean(over: Floats, looks: int, level: float) -> dict[str, Any]:
    row: dict[str, Any] = {"uncertainty": "seeds", "seeds": len(over), "level": level}
    row["method"] = METHOD if looks > 1 else "t over seeds"
    if np.isnan(over).any():
        return row | {
            "value": None,
            "status": NOT_APPLICABLE,
            "note": "undefined in some seed, or not one number: name its outcome or param",
        }
    value = float(over.mean())
    if len(over) == 1:
        return row | {"value": value, "status": OK, "note": ONE_SEED}
    half = float(_half(over, looks, level))
    return row | {"value": value, "low": value - half, "high": value + half, "status": OK}


Front = tuple[list[str], Floats]


def compared(
    outcome: Counts, study: Study, also: Mapping[str, Counts | None]
) -> Iterator[tuple[str, str, str, Floats, int, str]]:
    """Yield every two like designs of a world, their differences, [seed, criterion], and how many are looked at."""
    found = fronts(outcome, study, also)
    for (world, kind), (names, values) in found.items():
        of_world = [len(n) for (w, _), (n, _) in found.items() if w == world]
        looks = len(study.criteria) * sum(k * (k - 1) // 2 for k in of_world)
        for i, j in permutations(range(len(names)), 2):
            yield world, names[i], names[j], values[:, i] - values[:, j], looks, kind


def fronts(outcome: Counts, study: Study, also: Mapping[str, Counts | None]) -> dict[tuple[str, str], Front]:
    """Return, by world and kind of instrument, the designs and their criteria, [seed, design, criterion]."""
    if not study.criteria:
        return {}
    if "fronts" not in outcome.kept:
        outcome.kept["fronts"] = _fronts({"outcome": outcome} | {n: c for n, c in also.items() if c is not None}, study)
    found: dict[tuple[str, str], Front] = outcome.kept["fronts"]
    return found


def _fronts(cubes: Mapping[str, Counts], study: Study) -> dict[tuple[str, str], Front]:
    seeds = sorted(cubes["outcome"].cells["seed"].unique())
    values: dict[tuple[str, str], Floats] = {}
    shape = (len(seeds), len(study.criteria))
    for i, seed in enumerate(seeds):
        of_seed = {name: counts.where(seed=seed) for name, counts in cubes.items() if "seed" in counts.axes}
        for j, criterion in enumerate(study.criteria):
            for world, scheme, value in of_criterion(of_seed, study, criterion):
                values.setdefault((world, scheme), np.full(shape, np.nan))[i, j] = value
    kinds: dict[tuple[str, str], list[str]] = {}
    for world, scheme in values:
        kind = str(study.schemes.get(scheme, {}).get("instrument"))
        kinds.setdefault((world, KIND.get(kind, kind)), []).append(scheme)
    order = list(study.schemes)
    return {
        (world, kind): (names, np.stack([values[world, name] for name in names], axis=1))
        for (world, kind), found in sorted(kinds.items())
        if len(names := sorted(found, key=order.index)) > 1
    }


def of_criterion(cubes: Mapping[str, Counts], study: Study, criterion: Criterion) -> Iterator[tuple[str, str, float]]:
    """Yield world, scheme and value of one criterion in one seed; of several groups the one that fares worst."""
    from scoring.measures.catalogue import MEASURES  # which knows this module

    measure = MEASURES[criterion.measure]
    if measure.cube not in cubes:
        return
    few = replace(study, replicates=FEW_REPLICATES, criteria=())
    handed = {cube: cubes.get(cube) for cube in measure.also}
    rows = measure.function(cubes[measure.cube], few, **handed)
    if rows.is_empty():
        return
    rows = tidy(rows.drop("experiment", strict=False)).filter(pl.col("uncertainty").ne_missing("audit"))
    rows = rows.filter(pl.col("term").ne_missing(LINE), pl.col("versus").is_null())
    if criterion.outcome is not None:
        rows = rows.filter(pl.col("outcome") == criterion.outcome)
    if criterion.param is not None:
        rows = rows.filter((pl.col("param") == criterion.param) | (pl.col("term") == criterion.param))
    rows = rows.filter(pl.col("group_by") == (criterion.group_by or EVERYONE))
    several = pl.struct("outcome", "param", "term").n_unique() > 1  # which of them is meant was not declared
    value = pl.col("value")
    if criterion.direction == "parity":
        value = value.log().abs() if criterion.measure.endswith("_ratio") else value.abs()
    worst = value.min() if criterion.direction == "higher" else value.max()
    gone = several | value.is_null().any() | value.is_infinite().any()
    found = rows.group_by("world", "scheme").agg(pl.when(gone).then(None).otherwise(worst).alias("value"))
    for world, scheme, at in found.sort("world", "scheme").iter_rows():
        yield world, scheme, np.nan if at is None else at
