"""Kappa: how far do designs agree about a person, beyond what their rates alone would bring about?

Legend: tables[…, i, j] persons of whom one design says i and the other j · w[i, j] how far i and j agree, 1 on the
diagonal. Two designs that reward 1% each agree on 98% by chance, so plain agreement says little of who is chosen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from scoring.measures import estimates, replicated, resample, verdicts
from scoring.measures.counts import Counts
from scoring.measures.intervals import Interval
from scoring.measures.study import EVERYONE, NO_DRAW, SEED, Study
from scoring.measures.verdicts import ADVERSE, ALL, FAVOURABLE, KEYS, NEUTRAL, REWARD, SANCTION
from scoring.result import NOT_APPLICABLE

Floats = NDArray[np.float64]
NOMINAL, QUADRATIC = np.eye(3), 1 - (np.subtract.outer(range(3), range(3)) / 2) ** 2
REWARDED, SANCTIONED, VERDICT, ORDERED = "rewarded", "sanctioned", "verdict", "verdict, distances squared"
BINARY = {FAVOURABLE: (REWARDED, REWARD), ADVERSE: (SANCTIONED, SANCTION)}
UNLIKE = "one can only reward and the other only sanction: there is no verdict that both could give"
SAME = "the same verdict for everyone: agreement beyond chance has no meaning"
NOBODY = "nobody is scored under both designs"
NORMAL = "normal"


class Kappa(NamedTuple):
    """Agreement beyond chance, the variance of a sample's, and the most that the marginal rates would allow."""

    value: Floats
    variance: Floats
    most: Floats


def cohen(tables: ArrayLike, weights: ArrayLike | None = None) -> Kappa:
    """Return kappa of square tables of counts (Cohen 1960, 1968), NaN where a design says the same of everyone.

    κ = (Σ w p - Σ w p_i· p_·j) / (1 - Σ w p_i· p_·j); the variance is that of Fleiss, Cohen and Everitt (1969), and the
    most is reached where Σ min(p_i·, p_·j) persons are agreed on. statsmodels `cohens_kappa`.
    """
    counts = np.asarray(tables, dtype=np.float64)
    size = counts.shape[-1]
    w = np.eye(size) if weights is None else np.asarray(weights, dtype=np.float64)
    n = counts.sum(axis=(-2, -1))
    with np.errstate(invalid="ignore", divide="ignore"):
        p = counts / n[..., None, None]
        row, column = p.sum(axis=-1), p.sum(axis=-2)
        chance = np.einsum("...i,ij,...j->...", row, w, column)
        value = ((p * w).sum(axis=(-2, -1)) - chance) / (1 - chance)
        from_row, from_column = column @ w.T, row @ w
        away = w - (from_row[..., :, None] + from_column[..., None, :]) * (1 - value)[..., None, None]
        spread = (p * away**2).sum(axis=(-2, -1)) - (value - chance * (1 - value)) ** 2
        variance = np.maximum(spread, 0) / (n * (1 - chance) ** 2)
        most = (np.minimum(row, column).sum(axis=-1) - chance) / (1 - chance)
    most_said = np.maximum(counts.sum(axis=-1).max(axis=-1), counts.sum(axis=-2).max(axis=-1))
    constant = most_said == n  # of whole persons: shares need not add up to 1 exactly
    return Kappa(*(np.where(constant, np.nan, found) for found in (value, variance, most)))


def fleiss(cells: ArrayLike, said: ArrayLike) -> Floats:
    """Return Fleiss' kappa of counts along the last axis (Fleiss 1971); `said[cell, verdict]` is how many designs.

    statsmodels `fleiss_kappa` takes one row a person. NaN where all designs say the same of everyone.
    """
    cells, said = np.asarray(cells, dtype=np.float64), np.asarray(said, dtype=np.float64)
    raters = said[0].sum()
    alike = (said * (said - 1)).sum(axis=1) / (raters * (raters - 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        share = cells / cells.sum(axis=-1, keepdims=True)
        chance = ((share @ said / raters) ** 2).sum(axis=-1)
        value = (share @ alike - chance) / (1 - chance)
    return np.where(np.isclose(chance, 1, rtol=0, atol=1e-14), np.nan, value)


def cohen_kappa(signature: Counts, study: Study, coverage: Counts | None = None) -> pl.DataFrame:
    """Do two designs choose the same persons, beyond what their rates alone would bring about?

    Cohen's kappa over the persons whom both score: 1 they always say the same, 0 as often as by chance, below 0 less
    often. `param`: `rewarded` or `sanctioned` (or not), where both can; `verdict` over sanction, neither and reward,
    and with their distances squared, where both can do both. Undefined where a design says the same of everyone.
    Interval: normal, or Jeffreys draws where fewer than ten stand behind it. Rates that differ keep it below 1:
    see `kappa_max`.
    """
    found = [_pair(*one, study, signature, "value") for one in _asked(signature, study, coverage)]
    return _rows([*found, *_unlike(signature, study)], study, "cohen_kappa")


def kappa_max(signature: Counts, study: Study, coverage: Counts | None = None) -> pl.DataFrame:
    """How far could two designs agree at most, given how many each rewards and sanctions?

    Kappa, had min(p_i·, p_·j) been agreed on in each verdict: what is missing to 1 is level, and what `cohen_kappa`
    falls short of this is who. Undefined as kappa; no interval.
    """
    found = [_pair(*one, study, signature, "most") for one in _asked(signature, study, coverage)]
    some = [table.filter(pl.col("param") != ORDERED) for table in found if not table.is_empty()]
    return _rows(some, study, "kappa_max")


def fleiss_kappa(signature: Counts, study: Study, coverage: Counts | None = None) -> pl.DataFrame:
    """Do all designs that can reward (or sanction) choose the same persons, beyond chance?

    Fleiss' kappa over the persons whom all of them score, as `cohen_kappa`; a note names the designs, and those that
    say the same of everyone. Undefined where all do. Interval: bootstrap of the joint verdicts.
    """
    families = verdicts.families(coverage)
    can = verdicts.polarities(signature, study)
    both = [name for name in can[FAVOURABLE] if name in can[ADVERSE]]
    sets = [(*BINARY[p], can[p], p) for p in (FAVOURABLE, ADVERSE)] + [(VERDICT, None, both, None)]
    cells = verdicts.joint(signature, study) if verdicts.designs(signature, study) else pl.DataFrame()
    found = [
        _all(verdicts.of_these(cells, names, families), names, which, {"param": param, "polarity": polarity}, study)
        for param, which, names, polarity in sets
        if len(names) > 1
    ]
    return _rows(found, study, "fleiss_kappa")


def _asked(signature: Counts, study: Study, coverage: Counts | None) -> Iterator[tuple[pl.DataFrame, str, str]]:
    """Yield, for every two designs, the persons whom both score: a column `i j` of counts for verdicts i and j."""
    families, names = verdicts.families(coverage), list(verdicts.designs(signature, study))
    if len(names) < 2:
        return
    cells = verdicts.joint(signature, study)
    for scheme, versus in verdicts.pairs(names):
        place = ("pair", scheme, versus, families)
        if place not in signature.kept:
            mine, theirs = pl.col(scheme), pl.col(versus)
            counted = [
                pl.col("n").filter((mine == i) & (theirs == j)).sum().alias(f"{i} {j}")
                for i in range(3)
                for j in range(3)
            ]
            of_two = verdicts.of_these(cells, [scheme, versus], families)
            signature.kept[place] = of_two.group_by(KEYS).agg(counted).sort(KEYS)
        yield signature.kept[place], scheme, versus


def _pair(table: pl.DataFrame, scheme: str, versus: str, study: Study, signature: Counts, which: str) -> pl.DataFrame:
    """Return the values of one pair, question by question."""
    counts = table.select(f"{i} {j}" for i in range(3) for j in range(3)).to_numpy().reshape(-1, 3, 3)
    can = verdicts.polarities(signature, study)
    shared = [p for p in (FAVOURABLE, ADVERSE) if {scheme, versus} <= set(can[p])]
    asked: list[tuple[str, str | None, NDArray, NDArray]] = [
        (BINARY[p][0], p, _collapsed(counts, BINARY[p][1]), np.eye(2)) for p in shared
    ]
    if len(shared) == 2:
        asked += [(VERDICT, None, counts, NOMINAL), (ORDERED, None, counts, QUADRATIC)]
    audited = _audited(table)
    tables = []
    for param, polarity, square, weights in asked:
        kappa = cohen(square, weights)
        constant = [square.sum(axis=a).max(axis=-1) == square.sum(axis=(1, 2)) for a in (2, 1)]
        names = np.where(
            constant[0] & constant[1], "both give", np.where(constant[0], f"{scheme} gives", f"{versus} gives")
        )
        nobody = square.sum(axis=(1, 2)) == 0
        told = table.select(KEYS).with_columns(
            pl.lit(scheme).alias("scheme"),
            pl.lit(versus).alias("versus"),
            pl.lit(param).alias("param"),
            pl.lit(polarity, pl.String).alias("polarity"),
            pl.Series("n", square.sum(axis=(1, 2))),
            pl.Series("value", getattr(kappa, which)),
            pl.Series("note", [
                NOBODY if none else f"{who} {SAME}" if undefined else None
                for who, undefined, none in zip(names, np.isnan(kappa.value), nobody, strict=True)
            ], dtype=pl.String),
        )  # fmt: skip
        bounds = _bounds(square, kappa, weights, audited, study) if which == "value" else _none(audited)
        tables.append(_with(told, bounds))
    return pl.concat(tables) if tables else pl.DataFrame()


def _collapsed(counts: NDArray, verdict: int) -> NDArray:
    """Return tables of three verdicts as tables of one of them or not."""
    kept, other = [verdict], [v for v in (SANCTION, NEUTRAL, REWARD) if v != verdict]
    parts = [[counts[:, a][:, :, b].sum(axis=(1, 2)) for b in (other, kept)] for a in (other, kept)]
    return np.moveaxis(np.asarray(parts), -1, 0)


def _audited(table: pl.DataFrame) -> NDArray[np.bool_]:
    first = pl.col("seed") == pl.col("seed").min().over("world")
    return table.select((pl.col("draw") == NO_DRAW) & first).to_series().to_numpy()


def _told(audited: NDArray[np.bool_], method: str) -> NDArray[Any]:
    return np.array([method if one else None for one in audited], dtype=object)


def _none(audited: NDArray[np.bool_]) -> Interval:
    empty = np.full(len(audited), np.nan)
    return Interval(empty, empty, _told(audited, "no interval"))


def _bounds(square: NDArray, kappa: Kappa, weights: NDArray, audited: NDArray[np.bool_], study: Study) -> Interval:
    """Return the intervals of the audited tables: normal, or draws where few stand behind a verdict or a difference."""
    half = ndtri((1 + study.level) / 2) * np.sqrt(kappa.variance)
    low, high = np.where(audited, kappa.value - half, np.nan), np.where(audited, kappa.value + half, np.nan)
    method = _told(audited, NORMAL)
    margins = np.concatenate([square.sum(axis=1), square.sum(axis=2)], axis=1)
    held = np.where(margins == 0, replicated.FEWEST, margins).min(axis=1)
    apart = square.sum(axis=(1, 2)) - np.trace(square, axis1=1, axis2=2)
    rng, size = resample.philox(SEED), square.shape[-1]
    for row in np.flatnonzero(audited & (np.minimum(held, apart) < replicated.FEWEST) & ~np.isnan(kappa.value)):
        found = _drawn(
            square[row].ravel(),
            lambda drawn: cohen(drawn.reshape(-1, size, size), weights).value,
            float(kappa.value[row]),
            rng,
            study,
        )
        low[row], high[row], method[row] = found.low, found.high, str(found.method)
    return Interval(np.clip(low, -1, 1), np.clip(high, -1, 1), method)


def _all(
    cells: pl.DataFrame, names: Sequence[str], which: int | None, told: Mapping[str, Any], study: Study
) -> pl.DataFrame:
    """Return Fleiss' kappa of some designs, of one verdict or not, or of all three verdicts."""
    raters = len(names)
    kinds = [[which], [v for v in (SANCTION, NEUTRAL, REWARD) if v != which]] if which is not None else [[0], [1], [2]]
    said = [pl.sum_horizontal(pl.col(name).is_in(kind).cast(pl.Int64) for name in names) for kind in kinds]
    ways = [way for way in np.ndindex(*[raters + 1] * len(kinds)) if sum(way) == raters]
    counted = [
        pl.col("n").filter([of == times for of, times in zip(said, way, strict=True)]).sum().alias(str(way))
        for way in ways
    ]
    persons = cells.filter([pl.col(name) >= 0 for name in names])
    same = [
        pl.max_horizontal(pl.col("n").filter(pl.col(name).is_in(kind)).sum() for kind in kinds) == pl.col("n").sum()
        for name in names
    ]
    table = persons.group_by(KEYS).agg(
        *counted, pl.col("n").sum(), *[flag.alias(f"{name} same") for name, flag in zip(names, same, strict=True)]
    )
    table = table.sort(KEYS)
    counts = table.select(str(way) for way in ways).to_numpy()
    value = fleiss(counts, ways)
    flags = table.select(f"{name} same" for name in names).rows()
    notes = [
        "; ".join([
            f"over {', '.join(names)}",
            *[f"{name} gives everyone the same verdict" for name, flag in zip(names, row, strict=True) if flag],
        ])
        for row in flags
    ]  # fmt: skip
    audited, rng = _audited(table), resample.philox(SEED)
    low, high = np.full(len(table), np.nan), np.full(len(table), np.nan)
    method = _told(audited, "bootstrap")
    for row in np.flatnonzero(audited & ~np.isnan(value)):
        held = counts[row] > 0
        try:
            found = replicated.interval(
                counts[row],
                lambda drawn: fleiss(drawn, ways),
                study.replicates,
                rng,
                study.level,
                standing=counts[row][held],
            )
        except resample.NotValid:
            found = _drawn(counts[row], lambda drawn: fleiss(drawn, ways), float(value[row]), rng, study)
        low[row], high[row], method[row] = found.low, found.high, str(found.method)
    of_all = table.select(*KEYS, "n").with_columns(
        pl.lit(ALL).alias("scheme"),
        *[pl.lit(v, pl.String).alias(k) for k, v in told.items()],
        pl.Series("value", value),
        pl.Series("note", notes, dtype=pl.String),
    )
    return _with(of_all, Interval(low, high, method))


def _drawn(cells: NDArray, statistic: replicated.Statistic, value: float, rng: Any, study: Study) -> Interval:
    """Return the bounds of Jeffreys draws; they reach to the value, which may be the least that few persons allow."""
    found = replicated.jeffreys(cells, statistic, study.replicates, rng, study.level)
    return Interval(np.minimum(found.low, value), np.maximum(found.high, value), found.method)


def _with(table: pl.DataFrame, bounds: Interval) -> pl.DataFrame:
    return table.with_columns(
        pl.Series("low", bounds.low, dtype=pl.Float64).fill_nan(None),
        pl.Series("high", bounds.high, dtype=pl.Float64).fill_nan(None),
        pl.Series("method", bounds.method.tolist(), dtype=pl.String),
    )


def _rows(found: Sequence[pl.DataFrame], study: Study, measure: str) -> pl.DataFrame:
    some = [table for table in found if not table.is_empty()]
    if not some:
        return pl.DataFrame()
    return estimates.of_table(pl.concat(some, how="diagonal_relaxed"), study, measure, within=(-1, 1))


def _unlike(signature: Counts, study: Study) -> list[pl.DataFrame]:
    """Return one row a pair of designs that could never say the same."""
    can, found = verdicts.polarities(signature, study), []
    for scheme, versus in verdicts.pairs(list(verdicts.designs(signature, study))):
        if not any({scheme, versus} <= set(of) for of in can.values()):
            told = {"scheme": scheme, "versus": versus, "param": VERDICT, "status": NOT_APPLICABLE, "note": UNLIKE}
            told |= {"group_by": EVERYONE, "group": EVERYONE}
            worlds = signature.cells.group_by("world").agg(pl.col("seed").min())
            nobody = [pl.lit(None, pl.Float64).alias("value"), pl.lit(0, pl.Int64).alias("n")]
            draw = pl.lit(NO_DRAW, pl.Int32).alias("draw")
            found.append(worlds.with_columns(*[pl.lit(v).alias(k) for k, v in told.items()], *nobody, draw))
    return found
