"""Pareto: which designs are worse than another by no declared criterion, and better by one.

At most five criteria, declared before the run; they are never added up. Differences are paired by seed, and the
intervals of all pairs and criteria of one world hold at once, so that of two equal designs neither is said to be
better. A family is compared draw by draw, and what is said of it holds in every draw. Like instruments alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
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
from scoring.measures.study import EVERYONE, NO_DRAW, Criterion, Study
from scoring.result import NOT_APPLICABLE, OK, tidy

Floats = NDArray[np.float64]
FEW_REPLICATES = 2  # intervals of one auditor are not looked at
METHOD = "paired by seed, all pairs and criteria at once (Bonferroni)"
NO_NUMBER = "undefined in some seed, or not one number: name its outcome or param"
UNDEFINED = "some criterion is undefined"
SEPARATOR = "\x1f"  # between a scheme, its draw and its seed


def criterion_value(outcome: Counts, study: Study, **also: Counts | None) -> pl.DataFrame:
    """What does each design come to, by each declared criterion?

    `param` is the criterion: of several groups the one that fares worst, of `parity` the distance from no difference
    (the absolute logarithm of a ratio). Mean and t interval over seeds; of a family the median draw, with the range.
    """
    rows = []
    for (world, _), front in fronts(outcome, study, also).items():
        for i, name in enumerate(front.names):
            for j, criterion in enumerate(study.criteria):
                told = {"world": world, "scheme": name, "measure": "criterion_value", "param": criterion.name}
                rows.append(told | _told(front.of(i)[:, :, j], 1, study.level))
    return tidy(rows) if rows else pl.DataFrame()


def criterion_difference(outcome: Counts, study: Study, **also: Counts | None) -> pl.DataFrame:
    """By how much is a design better or worse than another, by each criterion?

    Value of `scheme` less that of `versus`, paired by seed, with intervals that hold for all pairs and criteria of a
    world at once; the sign is that of the criterion, whichever way is better. Beside a family it is the median draw,
    with the range over draws.
    """
    rows = []
    for world, scheme, versus, gaps, looks in compared(outcome, study, also):
        for j, criterion in enumerate(study.criteria):
            told = {"world": world, "scheme": scheme, "versus": versus, "measure": "criterion_difference"}
            rows.append(told | {"param": criterion.name} | _told(gaps[:, :, j], looks, study.level))
    return tidy(rows) if rows else pl.DataFrame()


def dominance(outcome: Counts, study: Study, **also: Counts | None) -> pl.DataFrame:
    """Is a design better than another by some criterion and worse by none?

    1 where it is at least as good by all and its simultaneous interval strictly better by one, else 0: then the two
    are not told apart, or each is better by something. Of a family that must hold whatever its weights, in every draw.
    Undefined with one seed, or where a criterion is.
    """
    rows = []
    for world, scheme, versus, gaps, looks in compared(outcome, study, also):
        told: dict[str, Any] = {"world": world, "scheme": scheme, "versus": versus, "measure": "dominance"}
        told |= {"seeds": gaps.shape[1], "method": METHOD, "uncertainty": _kind(gaps)}
        if gaps.shape[1] < 2 or np.isnan(gaps).any():
            note = ONE_SEED if gaps.shape[1] < 2 else UNDEFINED
            rows.append(told | {"value": None, "status": NOT_APPLICABLE, "note": note})
            continue
        drawn = [sides(one * ways(study), looks, study.level) for one in gaps]
        better, worse = np.array([side for side, _ in drawn]), np.array([side for _, side in drawn])
        good = (gaps * ways(study)).mean(axis=1).max(axis=1) <= 0
        holds = better.any(axis=1) & good
        by = [c.name for c, sure in zip(study.criteria, better.T, strict=True) if sure.all()]
        against = [c.name for c, sure in zip(study.criteria, worse.T, strict=True) if sure.any()]
        note = f"better: {'; '.join(by) or 'nothing'}. Worse: {'; '.join(against) or 'nothing'}"
        note += f". Dominates in {holds.sum()} of {len(holds)} draws" if len(holds) > 1 else ""
        rows.append(told | {"value": float(holds.all()), "status": OK, "note": note})
    return tidy(rows) if rows else pl.DataFrame()


def non_dominated_share(outcome: Counts, study: Study, **also: Counts | None) -> pl.DataFrame:
    """In how many of the seeds does no other design dominate this one?

    Seeds in which no like design is at least as good by all criteria and better by one / seeds, from 0 to 1; Wilson.
    Where a family is among them, the median draw with the range over draws. A design of which a criterion is undefined
    has no share, and dominates nobody.
    """
    rows = []
    for (world, _), front in fronts(outcome, study, also).items():
        whole = [i for i in range(len(front.names)) if not np.isnan(front.values[:, :, i]).any()]
        costs = front.values[:, :, whole] * ways(study)
        drawn = costs if front.families & {front.names[i] for i in whole} else costs[:1]
        for i, name in enumerate(front.names):
            told: dict[str, Any] = {"world": world, "scheme": name, "measure": "non_dominated_share"}
            told |= {"uncertainty": _kind(drawn), "seeds": costs.shape[1], "level": study.level}
            if i not in whole:
                rows.append(told | {"value": None, "status": NOT_APPLICABLE, "note": UNDEFINED})
                continue
            told["note"] = f"beside {', '.join(front.names[k] for k in whole if k != i) or 'no other design'}"
            y = np.array([int((~dominated(one, whole.index(i))).sum()) for one in drawn])
            rows.append(told | {"status": OK} | _share(y, costs.shape[1], study.level))
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


def _kind(over: Floats) -> str:
    """Return what repeats a value, [draw, seed, ...]: seeds, or draws where there are several."""
    return "specification" if len(over) > 1 else "seeds"


def _told(over: Floats, looks: int, level: float) -> dict[str, Any]:
    """Return what a row says of [draw, seed]: the mean over seeds, or the median draw with the range over draws."""
    row: dict[str, Any] = {"uncertainty": _kind(over), "seeds": over.shape[1], "level": level}
    if np.isnan(over).any():
        return row | {"value": None, "status": NOT_APPLICABLE, "note": NO_NUMBER}
    means = over.mean(axis=1)
    row |= {"value": float(np.median(means)), "status": OK}
    if len(over) > 1:
        return row | _range(means)
    row["method"] = METHOD if looks > 1 else "t over seeds"
    if over.shape[1] == 1:
        return row | {"note": ONE_SEED}
    half = float(_half(over[0], looks, level))
    return row | {"low": row["value"] - half, "high": row["value"] + half}


def _share(y: NDArray[np.int64], of: int, level: float) -> dict[str, Any]:
    """Return what a row says of y of so many seeds in each draw."""
    if len(y) > 1:
        return {"value": float(np.median(y / of))} | _range(y / of)
    low, high, method = intervals.rate(y[0], of, level)
    return {"value": y[0] / of, "low": float(low), "high": float(high), "method": f"{method} of seeds"}


def _range(drawn: Floats) -> dict[str, Any]:
    return {"low": float(drawn.min()), "high": float(drawn.max()), "method": "range over draws"}


@dataclass(frozen=True)
class Front:
    """Like designs of one world by all criteria, [draw, seed, design, criterion]; what is no family repeats its one."""

    names: list[str]
    families: frozenset[str]
    values: Floats

    def of(self, i: int) -> Floats:
        """Return the values of one design, [draw, seed, criterion]; of one draw where it is no family."""
        mine = self.values[:, :, i]
        return mine if self.names[i] in self.families else mine[:1]


def compared(
    outcome: Counts, study: Study, also: Mapping[str, Counts | None]
) -> Iterator[tuple[str, str, str, Floats, int]]:
    """Yield every two like designs of a world, their differences, [draw, seed, criterion], and how many are seen."""
    found = fronts(outcome, study, also)
    for (world, _), front in found.items():
        of_world = [len(one.names) for (w, _), one in found.items() if w == world]
        looks = len(study.criteria) * sum(k * (k - 1) // 2 for k in of_world)
        for i, j in permutations(range(len(front.names)), 2):
            yield world, front.names[i], front.names[j], front.of(i) - front.of(j), looks


def fronts(outcome: Counts, study: Study, also: Mapping[str, Counts | None]) -> dict[tuple[str, str], Front]:
    """Return, by world and kind of instrument, the designs and their criteria."""
    if not study.criteria:
        return {}
    if "fronts" not in outcome.kept:
        outcome.kept["fronts"] = _fronts({"outcome": outcome} | {n: c for n, c in also.items() if c is not None}, study)
    found: dict[tuple[str, str], Front] = outcome.kept["fronts"]
    return found


def _fronts(cubes: Mapping[str, Counts], study: Study) -> dict[tuple[str, str], Front]:
    seeds = sorted(cubes["outcome"].cells["seed"].unique())
    told, known = apart(cubes, study)
    values: dict[tuple[str, str], dict[int, Floats]] = {}
    for j, criterion in enumerate(study.criteria):
        for world, name, value in of_criterion(told, known, criterion):
            scheme, draw, seed = name.split(SEPARATOR)
            drawn = values.setdefault((world, scheme), {})
            drawn.setdefault(int(draw), np.full((len(seeds), len(study.criteria)), np.nan))
            drawn[int(draw)][seeds.index(int(seed)), j] = value
    kinds: dict[tuple[str, str], list[str]] = {}
    for world, scheme in values:
        kind = str(study.schemes.get(scheme, {}).get("instrument"))
        kinds.setdefault((world, KIND.get(kind, kind)), []).append(scheme)
    order = list(study.schemes)
    return {
        (world, kind): _front({name: values[world, name] for name in sorted(found, key=order.index)})
        for (world, kind), found in sorted(kinds.items())
        if len(found) > 1
    }


def _front(drawn: Mapping[str, Mapping[int, Floats]]) -> Front:
    """Put designs beside each other draw by draw; what is no family stands beside every draw."""
    families = frozenset(name for name, of in drawn.items() if set(of) != {NO_DRAW})
    draws = sorted({draw for name in families for draw in drawn[name]}) or [NO_DRAW]
    # A family of fewer draws than another one repeats its last.
    columns = [[of.get(draw, of[max(of)]) for draw in draws] for of in drawn.values()]
    return Front(list(drawn), families, np.stack([np.stack(of) for of in columns], axis=2))


def apart(cubes: Mapping[str, Counts], study: Study) -> tuple[dict[str, Counts], Study]:
    """Return cubes in which every draw in every seed of a scheme is a scheme of its own, and a study that knows them.

    So each criterion is asked once, and answers for every draw and seed alone.
    """
    split = {name: counts for name, counts in cubes.items() if {"scheme", "draw", "seed"} <= set(counts.axes)}
    name = pl.concat_str("scheme", "draw", "seed", separator=SEPARATOR)
    alone = [pl.lit(NO_DRAW, pl.Int32).alias("draw"), pl.lit(1, pl.Int64).alias("seed")]
    told = {
        cube: Counts(counts.axes, counts.cells.with_columns(name.alias("scheme"), *alone).select(counts.cells.columns))
        for cube, counts in split.items()
    }
    schemes: dict[str, Mapping[str, Any]] = {}
    outcomes: dict[tuple[str, str], str] = {}
    for long in sorted({one for counts in told.values() for one in counts.cells["scheme"].unique()}):
        scheme, draw, _ = long.split(SEPARATOR)
        facts = study.schemes.get(scheme, {})
        weights = facts.get("weights", {})
        schemes[long] = {**facts, "weights": {NO_DRAW: weights[int(draw)]} if int(draw) in weights else {}}
        outcomes |= {(long, outcome): polarity for (of, outcome), polarity in study.outcomes.items() if of == scheme}
    return told, replace(study, schemes=schemes, outcomes=outcomes)


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
