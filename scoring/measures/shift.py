"""Shift: how unlike are two populations, seen through the bins in which a scheme puts them?

Legend: e, a the shares of the base and of those compared with it over the same bins, frozen on the base · N, M how many
persons each has · K bins in which anybody stands. The population stability index is Σ (a - e) ln(a / e), which is
KL(a, e) + KL(e, a): 0 where the shares are alike, never negative, the same the other way round.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, chdtri

from scoring.measures import estimates, groups, nulls, rates
from scoring.measures.counts import Counts
from scoring.measures.nulls import LINE, OBSERVED
from scoring.measures.rates import NOBODY
from scoring.measures.study import BEST, EVERYONE, GROUP, NO_DRAW, REST, WORLD, Study

DECILES = np.arange(1, 10) / 10
HALF = 0.5  # persons added to every bin of both, where a bin is empty in one of them
RATIO = "ratio to null 95%"
SCORES, BANDS, LISTED = "score deciles", "bands", "listed"
CHI_SQUARE = "chi-square"
ONE_BIN = "all of them stand in one bin: nothing can shift"
ADDED = "half a person was added to every bin of both, since a bin is empty in one of them"
PAIRED = "the same persons in both worlds: no null of independent samples"
SAME = "the same persons in both years: no null of independent samples"
FIRST = "first year"
Floats = NDArray[np.float64]


class Shift(NamedTuple):
    """The index, how many bins it rests on, and whether half a person was added to each."""

    value: Floats
    bins: NDArray[np.int64]
    added: NDArray[np.bool_]


def stability_index(actual: ArrayLike, base: ArrayLike) -> Shift:
    """Return the population stability index of counts along the last axis; NaN where nobody is in either.

    Bins that are empty in both are passed over. Where a bin is empty in one, half a person is added to each of both.
    """
    a, e = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (actual, base)))
    held = (a + e) > 0
    added = (held & ((a == 0) | (e == 0))).any(axis=-1)
    a, e = (np.where(held, v + HALF * added[..., None], 0.0) for v in (a, e))
    with np.errstate(invalid="ignore", divide="ignore"):
        p, q = (v / v.sum(axis=-1, keepdims=True) for v in (a, e))
        index = np.where(held, (p - q) * np.log(p / q), 0.0).sum(axis=-1)
    nobody = (np.asarray(actual).sum(axis=-1) == 0) | (np.asarray(base).sum(axis=-1) == 0)
    bins = held.sum(axis=-1)
    return Shift(np.where(nobody | (bins < 2), np.nan, index), bins, added)


def null(index: ArrayLike, bins: ArrayLike, n: ArrayLike, m: ArrayLike, level: float = 0.95) -> tuple[Floats, Floats]:
    """Return the point that like populations pass in 5 of 100 samples, and how often they come as far.

    PSI is about (1/N + 1/M) χ²(K-1) there (Yurdakul and Naranjo 2020), so it shrinks with the samples.
    """
    free = np.maximum(np.asarray(bins) - 1, 1).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = 1 / np.asarray(n, dtype=np.float64) + 1 / np.asarray(m, dtype=np.float64)
        return scale * chdtri(free, 1 - level), chdtrc(free, np.asarray(index) / scale)


def frozen(base: ArrayLike) -> NDArray[np.int64]:
    """Return the bin of each place of a lattice: at most ten, cut at the deciles of the base."""
    cumulated = np.cumsum(np.asarray(base, dtype=np.float64))
    last = np.unique(np.searchsorted(cumulated, DECILES * cumulated[-1] * (1 - 1e-12)))
    return np.searchsorted(last, np.arange(len(cumulated)))


def population_stability_index(counts: Counts, study: Study, band: Counts | None = None) -> pl.DataFrame:
    """Were this group the population and the reference the one the scheme was made for, how far has it shifted?

    PSI over bins frozen on the reference (`param`: its score deciles, at most ten, and the bands), from 0 up.
    `observed` with p; `null 95%`, the point that like populations pass in 5 of 100 samples of these sizes, from
    (1/N + 1/M) χ²(K-1), rough where bins hold few; and their ratio. The customary lines .1 and .25 know no sample size
    and have no error rates; none is drawn. Where a bin is empty in one of them, half a person is added to every bin of
    both, and a note says so. Undefined where all stand in one bin.
    """
    found: list[dict[str, Any]] = []
    for cube, axis, param in ((counts, "score", SCORES), (band, "band", BANDS)):
        if cube is None or axis not in cube.axes:
            continue
        for pair in groups.beside(cube, study, [axis]):
            told = {**pair.told, "param": param, "term": OBSERVED}
            if pair.alone:
                found.append({**estimates.alone(pair.told), "param": param, "term": OBSERVED})
                continue
            mine, theirs = pair.mine, pair.theirs
            if axis == "score" and theirs.sum():
                places = frozen(theirs)
                mine, theirs = (np.bincount(places, weights=cells) for cells in (mine, theirs))
            found += _told(told, stability_index(mine, theirs), study.level, pair.audited)
    return nulls.rows(found, study, "population_stability_index", within=(0, float("inf")))


def _told(told: dict[str, Any], shift: Shift, level: float, audited: bool) -> list[dict[str, Any]]:
    """Return the rows of one index: observed, and for one auditor with p, and beside it the null line and the ratio."""
    index, method = float(shift.value), {"method": CHI_SQUARE} if audited else {}
    if np.isnan(index):
        nobody = min(told["n"], told["n_ref"]) == 0
        return [{**told, "value": None, "note": NOBODY if nobody else ONE_BIN, **method}]
    told = {**told, "note": ADDED if shift.added else None}
    line, p = null(index, shift.bins, told["n"], told["n_ref"], level)
    rows = [{**told, "value": index, **method, **({"p": float(p)} if audited else {})}]
    rows.append({**told, "term": RATIO, "value": index / float(line), **method})
    return [*rows, {**told, "term": LINE, "value": float(line), **method}] if audited else rows


def population_stability_index_between_worlds(counts: Counts, study: Study, band: Counts | None = None) -> pl.DataFrame:
    """How far do the scores of a group shift from the first world to another?

    PSI over the score deciles of the first world (named in `reference`), seed by seed, and over the bands. The same
    persons stand in both worlds, so there is no null of independent samples, and no p.
    """
    found: list[dict[str, Any]] = []
    for cube, axis, param in ((counts, "score", SCORES), (band, "band", BANDS)):
        if cube is None or axis not in cube.axes:
            continue
        for told, mine, theirs in _between_worlds(cube, study, axis):
            told["param"] = param
            if axis == "score" and theirs.sum():
                places = frozen(theirs)
                mine, theirs = (np.bincount(places, weights=cells) for cells in (mine, theirs))
            shift = stability_index(mine, theirs)
            notes = [ADDED if shift.added else None, PAIRED]
            if np.isnan(shift.value):
                notes = [NOBODY if min(told["n"], told["n_ref"]) == 0 else ONE_BIN]
            found.append({**told, "value": float(shift.value), "note": "; ".join(note for note in notes if note)})
    return estimates.rows(found, study, "population_stability_index_between_worlds", within=(0, float("inf")))


def _between_worlds(
    cube: Counts, study: Study, axis: str
) -> Iterator[tuple[dict[str, Any], NDArray[np.int64], NDArray[np.int64]]]:
    """Yield each group of each further world beside itself in the first."""
    worlds = list(study.pooling) or cube.cells["world"].unique().sort().to_list()
    keys = ["scheme", "draw", "seed", *GROUP]
    if len(worlds) < 2:
        return
    counted = [pl.col("n").filter(pl.col("world") == world).sum().alias(f"n {world}") for world in worlds]
    table = cube.cells.group_by(*keys, axis).agg(counted).sort(*keys, axis)
    of_world, at = {world: table[f"n {world}"].to_numpy() for world in worlds}, 0
    for *key, size in table.group_by(keys, maintain_order=True).len().iter_rows():
        part = slice(at, at + size)
        at += size
        then = of_world[worlds[0]][part]
        for world in worlds[1:]:
            now = of_world[world][part]
            told = {"world": world, "reference": worlds[0], "n": int(now.sum()), "n_ref": int(then.sum())}
            yield {**told, **dict(zip(keys, key, strict=True))}, now, then


def population_stability_index_between_years(counts: Counts, study: Study) -> pl.DataFrame:
    """How far do the bands of a group shift from the first year to the last?

    PSI over the bands (`param` `bands`), or over being on a list or off it (`listed`), from 0 up, of those whom a
    design scores in both years; `period` is the last, from 0, and the group that of then. Moves against one another
    cancel here: see `churn`. The same persons stand in both years: no null of independent samples, and no p.
    """
    cells = counts.cells.filter(pl.col("period") == 0).filter(pl.col("lag") == pl.col("lag").max())
    keys = ["world", "scheme", "draw", "seed", *GROUP, "period"]
    cells = cells.with_columns(pl.col("lag").alias("period"))
    then, now = (
        cells.group_by(*keys, pl.col(side).alias("state")).agg(pl.col("n").sum().alias(side))
        for side in ("before", "after")
    )
    both = then.join(now, on=[*keys, "state"], how="full", coalesce=True).fill_null(0).sort(*keys, "state")
    found: list[dict[str, Any]] = []
    for key, part in both.group_by(keys, maintain_order=True):
        told: dict[str, Any] = {**dict(zip(keys, key, strict=True)), "reference": FIRST}
        shift, n = stability_index(part["after"], part["before"]), int(part["after"].sum())
        bands = study.schemes.get(told["scheme"], {}).get("bands")
        told |= {"param": BANDS if bands else LISTED, "n": n, "n_ref": n, "value": float(shift.value)}
        notes = [ADDED if shift.added else None, SAME] if np.isfinite(shift.value) else [ONE_BIN]
        found.append({**told, "note": "; ".join(note for note in notes if note)})
    rows = estimates.rows(found, study, "population_stability_index_between_years")
    return rows if rows.is_empty() else rows.with_columns(pl.col("low", "high").clip(0))


def characteristic_stability_index(ledger: Counts, study: Study) -> pl.DataFrame:
    """Which rules see another population in this group than in the reference?

    The stability index of the points that each rule (`param`) gives, every number of points a bin of its own, from 0
    up; `observed` with p, `null 95%` and their ratio as `population_stability_index`. The shift in points that goes
    with it, Σ (a - e) points, is that rule's line of `rule_gap`. Undefined where a rule gives all of them the same.
    """
    table = _against_reference(ledger, study)
    if table.is_empty():
        return pl.DataFrame()
    keys = [*WORLD, "seed", *GROUP, "reference", "param"]
    a, e, either = (pl.col(c).cast(pl.Float64) for c in ("a", "e", "either"))
    more = pl.col("added").cast(pl.Float64) * HALF
    bins = pl.len().over(keys)
    p, q = (a + more) / (pl.col("n") + more * bins), (e + more) / (pl.col("n_ref") + more * bins)
    table = table.filter(either > 0).with_columns(((a == 0) | (e == 0)).any().over(keys).alias("added"))
    table = table.with_columns(((p - q) * (p / q).log()).alias("part"))
    table = table.sort(*keys, "points")  # in one order: floating-point sums are then the same in every run
    shifts = table.group_by(keys, maintain_order=True).agg(
        pl.col("part").sum().alias("index"),
        pl.len().alias("bins"),
        pl.col("added").first(),
        pl.col("n", "n_ref").first(),
    )
    defined = (pl.col("bins") > 1) & (pl.col("n") > 0) & (pl.col("n_ref") > 0)
    index = pl.when(defined).then("index")
    shifts = shifts.with_columns(index.alias("index"))
    line, p_value = null(
        shifts["index"].fill_null(0).to_numpy(), shifts["bins"].to_numpy(), shifts["n"].to_numpy(),
        shifts["n_ref"].to_numpy(), study.level,
    )  # fmt: skip
    first = (pl.col("draw") == NO_DRAW) & (pl.col("seed") == pl.col("seed").min().over("world"))
    shifts = shifts.with_columns(
        pl.Series("line", line),
        pl.when(first & defined).then(pl.Series("p", p_value)).alias("p"),
        pl.when(first).then(pl.lit(CHI_SQUARE)).alias("method"),
        pl.when((pl.col("n") == 0) | (pl.col("n_ref") == 0)).then(pl.lit(NOBODY))
        .when(pl.col("bins") < 2).then(pl.lit(ONE_BIN)).when("added").then(pl.lit(ADDED)).alias("note"),
    ).drop("added", "bins")  # fmt: skip
    whole = pl.col("index").is_not_null()
    terms = [
        shifts.with_columns(pl.lit(OBSERVED).alias("term"), pl.col("index").alias("value")),
        *[
            shifts.filter(whole).with_columns(
                pl.lit(term).alias("term"), value.alias("value"), pl.lit(None, pl.Float64).alias("p")
            )
            for term, value in ((LINE, pl.col("line")), (RATIO, pl.col("index") / pl.col("line")))
        ],
    ]
    found = estimates.of_table(pl.concat(terms).drop("index", "line"), study, "characteristic_stability_index")
    kept = (pl.col("term") != LINE) | (pl.col("uncertainty") == "audit")
    return found.filter(kept).with_columns(pl.col("low", "high").clip(0))


def _against_reference(ledger: Counts, study: Study) -> pl.DataFrame:
    """Return, by rule and points, the persons `a` of each group and `e` of its reference, and how many both are.

    The best group is known for rates alone, and is the largest here; a grouping of one group has nothing to compare.
    """
    cells = ledger.cells.filter(pl.col("group_by") != EVERYONE).rename({"rule": "param"})
    if cells.is_empty():
        return cells
    plain = replace(study, references={k: None if v == BEST else v for k, v in study.references.items()})
    place = [*WORLD, "seed", "group_by", "param"]
    cells = cells.group_by(*place, "group", "points").agg(pl.col("n").sum().alias("a"))
    sizes = cells.filter(pl.col("param") == pl.col("param").min().over("scheme"))
    named = rates.references(sizes.rename({"a": "n"}), plain)
    size = cells.group_by(*place, "group").agg(pl.col("a").sum().alias("n"))
    full = size.join(cells.select(*place, "points").unique(), on=place)
    full = full.join(cells, on=[*place, "group", "points"], how="left").with_columns(pl.col("a").fill_null(0))
    reference = pl.col("group_by").replace_strict(list(named), list(named.values()), return_dtype=pl.String)
    full = full.with_columns(reference.alias("reference"))
    theirs = full.select(
        *place, "points", pl.col("group").alias("reference"), pl.col("a").alias("e"), pl.col("n").alias("n_ref")
    )
    beside = full.filter(pl.col("group") != pl.col("reference"), pl.col("reference") != REST).join(
        theirs, on=[*place, "points", "reference"]
    )
    at = [*place, "points"]
    rest = full.filter(pl.col("reference") == REST).with_columns(
        (pl.col("a").sum().over(at) - pl.col("a")).alias("e"), (pl.col("n").sum().over(at) - pl.col("n")).alias("n_ref")
    )
    both = pl.concat([beside, rest.select(beside.columns)])
    return both.with_columns((pl.col("a") + pl.col("e")).alias("either"))
