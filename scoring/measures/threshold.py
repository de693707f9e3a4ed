"""Threshold: the same scores cut anywhere. How much of the disparity is the cut, and how much the score?

At a cut c, r(c) = P(S < c) of a group. Nothing here changes under a rising transform of the score but `area`, which is
in points.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from scoring.measures import estimates, groups, lattice, resample
from scoring.measures.counts import Counts
from scoring.measures.groups import Beside
from scoring.measures.lattice import Floats
from scoring.measures.rates import CONVENTION, NOBODY
from scoring.measures.study import EVERYONE, SEED, Study
from scoring.result import SMALL_CELL, ZERO_DENOM

CUTS = 41  # shown of a curve; a lattice of hundreds says no more
RANGE = (0.01, 0.99)  # of all persons of both groups below a cut: further out a ratio is about a handful of people
EITHER_SIDE = 10  # persons of each group below a cut, and at or above it
BAND = "max-T band"
OUTSIDE = f"fewer than {EITHER_SIDE} persons of a group on one side of the cut, or beyond 1% or 99% of both"
NO_CUT = "no cut has enough persons of both groups on either side"
NOBODY_THERE = "nobody of the reference on that side of the cut"
ABOVE = "above"
ADVERSE_BELOW = {("adverse", "below"), ("favourable", ABOVE)}  # low scores fare worse


def curve(n: Any, y: Floats, n_ref: Any, y_ref: Floats) -> dict[str, Floats]:
    """Return the curves at cuts below which y of n persons of the group and y_ref of n_ref of the reference score."""
    r, r_ref = y / n, y_ref / n_ref
    with np.errstate(invalid="ignore", divide="ignore"):
        return {"difference": r - r_ref, "ratio": r / r_ref, "flipped_ratio": (1 - r) / (1 - r_ref)}


def threshold_curve(counts: Counts, study: Study) -> pl.DataFrame:
    """Had the cut been elsewhere, how much more often would this group have fallen below it than the reference?

    At a cut c (the term): `difference` r - r_ref, `ratio` r / r_ref, and of those at or above c `flipped_ratio`
    (1 - r) / (1 - r_ref); at the cut of an outcome they are its selection rate difference and ratio. Shown are at most
    41 attained scores, evenly spread over the persons, where 1 to 99% of both groups together and, on average over
    seeds, at least 10 persons of each lie on either side; and the cuts in use. Low and high are a band that holds over
    all those supported cuts at once (max-T from the bootstrap, ratios on their logarithms). Undefined where nobody of
    the reference lies on that side. Jiang et al. 2020 (strong demographic parity).
    """
    if "score" not in counts.axes:
        return pl.DataFrame()
    candidates = _candidates(counts, study)
    found: list[dict[str, Any]] = []
    for pairs in _repeated(groups.beside(counts, study, ["score"])):
        told = pairs[0].told
        if pairs[0].alone:
            found += [estimates.alone(pair.told) for pair in pairs]
            continue
        if min(min(pair.told["n"], pair.told["n_ref"]) for pair in pairs) == 0:
            found += [{**pair.told, "value": None, "note": NOBODY} for pair in pairs]
            continue
        cuts, used = candidates[told["scheme"]], _used(study, told["scheme"])
        sides = [[_below(cells, pair, cuts) for cells in (pair.mine, pair.theirs)] for pair in pairs]
        y, y_ref = np.mean(sides, axis=0)
        n, n_ref = (np.mean([pair.told[k] for pair in pairs]) for k in ("n", "n_ref"))
        held = _supported(y, n, y_ref, n_ref)
        shown = held | np.isin(cuts, list(used))
        lossy = lattice.binned(study, told)
        about = {at: _about(cuts[at], held[at], used, lossy) for at in np.flatnonzero(shown)}
        for pair, (below, below_ref) in zip(pairs, sides, strict=True):
            bands = _bands(pair, below, below_ref, held, study)
            for param, values in curve(pair.told["n"], below, pair.told["n_ref"], below_ref).items():
                for at, facts in about.items():
                    row = {**pair.told, **facts, "param": param, "value": _number(values[at])}
                    if not np.isfinite(values[at]):
                        row |= {"status": ZERO_DENOM, "note": NOBODY_THERE}
                    if bands:
                        low, high = (_number(bound[at]) for bound in bands[param])
                        row |= {"low": low, "high": high, "method": BAND}
                    found.append(row)
    return estimates.rows(found, study, "threshold_curve")


def threshold_summary(counts: Counts, study: Study) -> pl.DataFrame:
    """Over all cuts together, how far apart are the groups, and was the cut set where it looks worst?

    The term says what is told: `area` ∫ |r - r_ref| dc, in points, the Wasserstein distance; `rank_area` the same over
    the share of both groups below the cut, those of one score spread evenly, from 0 to .5, no matter the scale;
    `widest` max |r - r_ref| over the supported cuts; `share_beyond_convention` of the supported cuts, each weighed by
    the persons at it, those at which the group is more than 1.25 times as often on the adverse side (a US
    employment-selection convention, mirrored); `share_of_cuts_worse` for an outcome, the supported cuts at which its
    ratio would be worse for the group than at the cut in use: below .1 the cut is one of the worst. The adverse side is
    the lower one, unless the outcomes say that it is the higher. Absolute values have no interval: the null lines of
    area and widest are those of `wasserstein` and `kolmogorov_smirnov`.
    """
    if "score" not in counts.axes:
        return pl.DataFrame()
    found: list[dict[str, Any]] = []
    for pair in groups.beside(counts, study, ["score"]):
        if pair.alone:
            found.append(estimates.alone(pair.told))
        elif min(pair.told["n"], pair.told["n_ref"]) == 0:
            found.append({**pair.told, "value": None, "note": NOBODY})
        else:
            lossy = lattice.binned(study, pair.told)
            found += [{"note": NO_CUT} | row if row["value"] is None else row | lossy for row in _summary(pair, study)]
    return estimates.rows(found, study, "threshold_summary")


def _summary(pair: Beside, study: Study) -> Iterator[dict[str, Any]]:
    told, x = pair.told, np.asarray(pair.levels["score"], dtype=np.float64)
    n, n_ref = told["n"], told["n_ref"]
    y, y_ref = _cumulated(pair.mine)[1:-1], _cumulated(pair.theirs)[1:-1]  # at the cuts x[1:]
    curves = curve(n, y, n_ref, y_ref)
    apart = np.concatenate([[0.0], curves["difference"], [0.0]])
    pooled = pair.mine + pair.theirs
    held, mass = _supported(y, n, y_ref, n_ref), pooled[1:]
    yield {**told, "term": "area", "value": float(np.abs(apart[1:-1]) @ np.diff(x))}
    yield {**told, "term": "rank_area", "value": float(lattice.area(apart, pooled / pooled.sum()))}
    widest = float(np.abs(apart[1:-1][held]).max()) if held.any() else None
    yield {**told, "term": "widest", "value": widest}
    adverse = curves["ratio" if _adverse_below(study, told["scheme"]) else "flipped_ratio"]
    beyond = _weighed(adverse > CONVENTION["adverse"], held, mass)
    yield {**told, "term": "share_beyond_convention", "value": beyond}
    for outcome, (cut, side) in study.schemes.get(told["scheme"], {}).get("cuts", {}).items():
        polarity = study.outcomes.get((told["scheme"], outcome))
        of = "flipped_ratio" if side == ABOVE else "ratio"
        here, here_ref = (_below(cells, pair, np.asarray([cut])) for cells in (pair.mine, pair.theirs))
        at_cut = curve(n, here, n_ref, here_ref)[of][0]
        worse = curves[of] > at_cut if polarity == "adverse" else curves[of] < at_cut
        row = {**told, "term": "share_of_cuts_worse", "outcome": outcome, "polarity": polarity}
        if np.isnan(at_cut):
            yield {**row, "value": None, "note": NOBODY_THERE}
        else:
            yield {**row, "value": _weighed(worse, held, mass)}


def _bands(
    pair: Beside, y: Floats, y_ref: Floats, held: NDArray[np.bool_], study: Study
) -> dict[str, tuple[Floats, Floats]]:
    """Return the simultaneous band of each curve, NaN at cuts that are not held."""
    if not pair.audited:
        return {}
    none = np.full(len(y), np.nan)
    bands = dict.fromkeys(curve(1, y, 1, y_ref), (none, none))
    if not held.any():
        return bands
    n, n_ref, k = pair.told["n"], pair.told["n_ref"], int(held.sum())
    # Between two cuts it does not matter where a person stands: fewer cells, the same distribution.
    cells = np.concatenate(
        [np.diff(below[held], prepend=0, append=size) for below, size in ((y, n), (y_ref, n_ref))]
    ).astype(np.int64)
    side = np.repeat([0, 1], k + 1).tolist()
    drawn = np.concatenate(list(resample.replicates(cells, study.replicates, resample.philox(SEED), groups=side)))
    replicates = curve(n, np.cumsum(drawn[:, :k], axis=1), n_ref, np.cumsum(drawn[:, k + 1 : -1], axis=1))
    for param, observed in curve(n, y[held], n_ref, y_ref[held]).items():
        values = replicates[param]
        with np.errstate(invalid="ignore", divide="ignore"):
            if param == "difference":
                low, high, _ = resample.simultaneous(values, observed, study.level)
            else:
                low, high, _ = resample.simultaneous(np.log(values), np.log(observed), study.level)
                low, high = np.exp(low), np.exp(high)
        bands[param] = none.copy(), none.copy()
        bands[param][0][held], bands[param][1][held] = low, high
    return bands


def _candidates(counts: Counts, study: Study) -> dict[str, Floats]:
    """Return, for each scheme, the cuts to look at: the same in every world, group and seed, so that curves compare."""
    cells = counts.cells.filter(pl.col("group_by") != EVERYONE)
    found = {}
    for (scheme,), part in cells.group_by("scheme", "score").agg(pl.col("n").sum()).sort("score").group_by("scheme"):
        x = part["score"].to_numpy().astype(np.float64)
        below = _cumulated(part["n"].to_numpy())[:-1] / float(part["n"].sum())
        inside = np.flatnonzero((below >= RANGE[0]) & (below <= RANGE[1]))
        if len(inside) > CUTS:
            steps = np.linspace(below[inside[0]], below[inside[-1]], CUTS)
            inside = np.unique(np.searchsorted(below, steps))
        found[str(scheme)] = np.unique(np.concatenate([x[inside], list(_used(study, str(scheme)))]))
    return found


def _used(study: Study, scheme: str) -> dict[float, str]:
    """Return the cuts in use, and whose they are."""
    used: dict[float, str] = {}
    for outcome, (cut, _) in study.schemes.get(scheme, {}).get("cuts", {}).items():
        used[float(cut)] = f"{used[float(cut)]}, {outcome}" if float(cut) in used else outcome
    return used


def _repeated(pairs: Iterable[Beside]) -> list[list[Beside]]:
    """Return the pairs that differ in nothing but seed and draw, together."""
    together: dict[tuple[Any, ...], list[Beside]] = {}
    for pair in pairs:
        key = tuple(pair.told[k] for k in ("world", "scheme", "group_by", "group", "reference"))
        together.setdefault(key, []).append(pair)
    return list(together.values())


def _cumulated(cells: NDArray[np.int64]) -> Floats:
    """Return how many stand before each cell, and all of them at the end."""
    return np.concatenate([[0.0], np.cumsum(cells)])


def _below(cells: NDArray[np.int64], pair: Beside, cuts: Floats) -> Floats:
    """Return how many score below each cut, attained or not."""
    return _cumulated(cells)[np.searchsorted(np.asarray(pair.levels["score"], dtype=np.float64), cuts)]


def _supported(y: Floats, n: float, y_ref: Floats, n_ref: float) -> NDArray[np.bool_]:
    pooled = (y + y_ref) / (n + n_ref)
    fewest = np.minimum(np.minimum(y, n - y), np.minimum(y_ref, n_ref - y_ref))
    return (pooled >= RANGE[0]) & (pooled <= RANGE[1]) & (fewest >= EITHER_SIDE)


def _weighed(which: NDArray[np.bool_], held: NDArray[np.bool_], mass: NDArray[np.int64]) -> float | None:
    """Return the share of the supported cuts that are of a kind, each weighed by the persons at it."""
    total = mass[held].sum()
    return float(mass[held & which].sum() / total) if total else None


def _adverse_below(study: Study, scheme: str) -> bool:
    """Say whether low scores fare worse: as in a points scheme, unless its outcomes with a cut all say otherwise."""
    cuts: Mapping[str, Any] = study.schemes.get(scheme, {}).get("cuts", {})
    sides = [(study.outcomes.get((scheme, outcome)), side) in ADVERSE_BELOW for outcome, (_, side) in cuts.items()]
    return not sides or any(sides)


def _about(cut: float, held: bool, used: Mapping[float, str], lossy: Mapping[str, str]) -> dict[str, Any]:
    """Return what is said of a cut on every curve: its term, whose it is, and how far it can be trusted."""
    notes = [f"the cut of {used[cut]}" if cut in used else None, None if held else OUTSIDE, lossy.get("note")]
    status = lossy.get("status") if held else SMALL_CELL
    return {"term": lattice.plain(cut), "status": status, "note": "; ".join(filter(None, notes)) or None}


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
