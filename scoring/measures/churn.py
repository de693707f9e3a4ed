"""Churn: where a design leaves the same persons from one year to the next.

Persons stand in a band, or, under a design that has none, on its list or off it. Counted are those whom it scores in
both years. `period` is the later year, from 0; the group is that of the later year.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import ndtri

from scoring.measures import chain, estimates, groups, rates, significance
from scoring.measures.association import ALL_GROUPS
from scoring.measures.counts import UNKNOWN, Counts
from scoring.measures.rates import RATE
from scoring.measures.study import GROUP, NO_DRAW, Study
from scoring.result import NOT_APPLICABLE, SMALL_CELL

ON, OFF = "listed", "not listed"
ANY, UPWARD, DOWNWARD = "any", "upward", "downward"
ALLOWED = 0.02  # how far two steps may be from two years before the half-life is flagged; our convention
NOWHERE = "nobody of the group stood there"
NOT_MARKOV = "two steps do not explain two years: read still_in_place instead"
UNCHECKED = "two years are too few to check that steps forget the past"
REDUCIBLE = "not all states lead to one another: see each closed class"
ONE_STATE = "all of them stood in one state"
ALTERNATES = "states alternate: nothing is ever forgotten"
ONE_ORIGIN = "nothing to compare: fewer than two groups stood in any state that leads to two"
KEYS = ["world", "draw", "seed", *GROUP]


def churn(counts: Counts, study: Study) -> pl.DataFrame:
    """For how many persons of this group is the band, or being listed, another one than the year before?

    Moved (`term`: `any`, `upward`, `downward`) / scored in both years, from 0 to 1. Interval: as `selection_rate`; a
    year's pairs hold each person once.
    """
    cells = _dated(counts.cells.filter(pl.col("lag") == 1))
    if cells.is_empty():
        return pl.DataFrame()
    order = pl.DataFrame(
        [(scheme, state, rank) for scheme in study.schemes for rank, state in enumerate(states(study, scheme, counts))],
        schema={"scheme": pl.String, "state": pl.String, "rank": pl.Int32},
        orient="row",
    )
    for when in ("before", "after"):
        ranked = order.rename({"state": when, "rank": f"{when}_rank"})
        cells = cells.join(ranked, on=["scheme", when], how="left")
    before, after = pl.col("before_rank"), pl.col("after_rank")
    ways = {ANY: pl.col("before") != pl.col("after"), UPWARD: after > before, DOWNWARD: after < before}
    table = pl.concat(
        rates.tally(cells, moved, by=("period",)).with_columns(pl.lit(term).alias("term"))
        for term, moved in ways.items()
    )
    return rates.rows(table, study, "churn")


def transition_rate(counts: Counts, study: Study) -> pl.DataFrame:
    """Of those who stood in A the year before, how many stand in B (`term` A → B)?

    N_AB / N_A in the last year, from 0 to 1. Undefined where nobody of the group stood in A. Interval: as
    `selection_rate`.
    """
    cells = _last(counts)
    if cells.is_empty():
        return pl.DataFrame()
    arrow = pl.format("{} → {}", "before", "after").alias("term")
    table = _shares(cells, ["before"], ["before", "after"]).with_columns(arrow).drop("before", "after")
    return rates.rows(table, study, "transition_rate", replace(RATE, undefined=NOWHERE))


def still_in_place(counts: Counts, study: Study) -> pl.DataFrame:
    """Of those who stood in a state (`term`) in the first year, how many stand there after so many years (`period`)?

    From 0 to 1; no model of single steps is behind it. They may have been elsewhere between. Undefined where nobody of
    the group stood there. Interval: as `selection_rate`.
    """
    cells = _dated(counts.cells.filter(pl.col("period") == 0))
    if cells.is_empty():
        return pl.DataFrame()
    cells = cells.with_columns((pl.col("before") == pl.col("after")).alias("stays"))
    table = _shares(cells, ["period", "before"], ["period", "before", "stays"])
    table = table.filter("stays").rename({"before": "term"}).drop("stays")
    return rates.rows(table, study, "still_in_place", replace(RATE, undefined=NOWHERE))


def mobility(counts: Counts, study: Study) -> pl.DataFrame:
    """How far is where a person stands from being settled by where she stood the year before?

    Shorrocks' (K - tr P) / (K - 1) of the last year's steps over K states: 0 nobody moves, 1 the past tells nothing;
    above it, up to K / (K - 1), so 2 at most, persons change places. States in which nobody of the group stood are left
    out, and a note names them; undefined below two. Interval: delta method. It says nothing of how far persons move.
    """
    found = []
    for scheme, names, table, squares in _square(_last(counts), study, counts, [*KEYS, "period"]):
        for key, square in zip(table.iter_rows(named=True), squares, strict=True):
            index = chain.mobility(square)
            row = {**key, "scheme": scheme, "value": index.value, "n": int(square.sum()), **_without(names, index.held)}
            if np.isnan(index.value):
                row["note"] = ONE_STATE
            if _audited(table, key):
                half = float(ndtri((1 + study.level) / 2)) * index.error
                bounds = (
                    {"low": max(index.value - half, 0.0), "high": min(index.value + half, index.most)}
                    if half > 0
                    else {}
                )
                row |= {"method": "delta", **bounds}
            found.append(row)
    return estimates.rows(found, study, "mobility", within=(0, 2))


def half_life(counts: Counts, study: Study) -> pl.DataFrame:
    """After how many years is half of an initial difference in where persons stand forgotten?

    ln ½ / ln |λ₂| of the yearly steps, all years pooled; 0 where one step forgets all. It believes that steps forget
    the past: a note says so where two years are farther than .02 and two standard errors from two steps, or too few to
    tell. Where not all states lead to one another it is undefined, and given for each closed class (`term`). No
    interval of one sample: the years share their persons.
    """
    found = []
    for scheme, names, key, once, twice in _pooled(counts, study):
        told = {**key, "scheme": scheme, "n": int(once.sum()), "term": None}
        held = once.sum(axis=1) > 0
        mine = [name for name, one in zip(names, held, strict=True) if one]
        square = once[np.ix_(held, held)]
        shares = np.nan_to_num(chain.steps(square))
        told |= _without(names, held)
        if len(mine) < 2:
            found.append({**told, "value": None, "note": ONE_STATE})
            continue
        check = chain.markov(once, twice)
        doubt = UNCHECKED if np.isnan(check.gap) else NOT_MARKOV if _fails(check) else None
        closed = chain.classes(shares)
        if len(closed) == 1 and len(closed[0]) == len(mine):
            found.append(_lasting(told, chain.half_life(shares), doubt))
            continue
        found.append({**told, "value": None, "status": NOT_APPLICABLE, "note": REDUCIBLE})
        for of in closed:
            if len(of) > 1:
                one = {**told, "term": ", ".join(mine[i] for i in of), "n": int(square[of].sum())}
                found.append(_lasting(one, chain.half_life(shares[np.ix_(of, of)]), doubt))
    return estimates.rows(found, study, "half_life", within=(0, float("inf")))


def markov_check(counts: Counts, study: Study) -> pl.DataFrame:
    """Do single steps explain where persons stand two years on?

    `gap`: the largest |P₂ - P²| over pairs of states, two years seen against two steps, all years pooled, from 0 to 1;
    `standard error`: of that gap, by the delta method. Beyond .02 (our convention) and two standard errors the
    half-life is flagged. No rows below three years.
    """
    found = []
    for scheme, _, key, once, twice in _pooled(counts, study):
        check = chain.markov(once, twice)
        if np.isnan(check.gap):
            continue
        told = {**key, "scheme": scheme, "n": int(once.sum()), "note": NOT_MARKOV if _fails(check) else None}
        found += [{**told, "term": "gap", "value": check.gap}, {**told, "term": "standard error", "value": check.error}]
    return estimates.rows(found, study, "markov_check", within=(0, 1))


def transition_homogeneity(counts: Counts, study: Study) -> pl.DataFrame:
    """Do all groups move alike, among those who stood in the same state?

    Sum over the states of the chi-square of group by next state, in the last year (Anderson and Goodman 1957), with p.
    Of one auditor only: with more simulated persons any difference becomes significant. Small cell where a cell expects
    fewer than 5. Undefined where no state has two groups and two next states.
    """
    cells = _last(counts)
    if cells.is_empty():
        return pl.DataFrame()
    found = []
    last = Counts(counts.axes, cells.select(counts.cells.columns))
    for part in groups.everyone(last, ["before", "after"], by=["period"]):
        if not part.audited or part.alone:
            continue
        known = [i for i, group in enumerate(part.levels["group"]) if group != UNKNOWN]
        tables = [part.mine[known, i] for i in range(len(part.levels["before"]))]
        statistic, freedom, expected = _chi_square(tables)
        told = {**part.told, "group": ALL_GROUPS, "reference": None}
        if not freedom:
            found.append({**told, "value": None, "note": ONE_ORIGIN, "method": "chi-square"})
            continue
        from scipy.stats import chi2

        found.append({
            **told,
            "value": statistic,
            "p": float(chi2.sf(statistic, freedom)),
            "method": f"chi-square, {freedom} degree{'s' if freedom > 1 else ''} of freedom",
            "status": SMALL_CELL if expected < significance.EXPECTED else None,
        })  # fmt: skip
    rows = estimates.rows(found, study, "transition_homogeneity")
    return rows if rows.is_empty() else rows.filter(pl.col("uncertainty") == "audit")


def states(study: Study, scheme: str, counts: Counts) -> list[str]:
    """Return the states of a design, the worst first: its bands, or on its list and off it; a list may reward."""
    bands = list(study.schemes.get(scheme, {}).get("bands") or [])
    mine = counts.cells.filter(pl.col("scheme") == scheme)
    seen = set(mine["before"].unique()) | set(mine["after"].unique())
    reward = study.schemes.get(scheme, {}).get("listing") == "reward"
    order = bands or ([OFF, ON] if reward else [ON, OFF])
    return [name for name in order if name in seen] + sorted(seen - set(order))


def _dated(cells: pl.DataFrame) -> pl.DataFrame:
    """Return steps by their later year."""
    return cells.with_columns((pl.col("period") + pl.col("lag")).cast(pl.Int32).alias("period"))


def _last(counts: Counts) -> pl.DataFrame:
    """Return the steps of the last year."""
    cells = _dated(counts.cells.filter(pl.col("lag") == 1))
    return cells.filter(pl.col("period") == pl.col("period").max())


def _shares(cells: pl.DataFrame, origin: list[str], target: list[str]) -> pl.DataFrame:
    """Return y and n of every target within its origin, 0 where a group, a seed or a world lacks what others have."""
    place = ["world", "scheme", "draw", "seed", *GROUP]
    extra = [] if "period" in origin else ["period"]
    wanted = cells.select("scheme", *extra, *target).unique()
    full = cells.select(place).unique().join(wanted, on="scheme")
    n = cells.group_by(*place, *origin).agg(pl.col("n").sum())
    y = cells.group_by(*place, *target).agg(pl.col("n").sum().alias("y"))
    full = full.join(n, on=[*place, *origin], how="left").join(y, on=[*place, *target], how="left")
    return full.with_columns(pl.col("y", "n").fill_null(0))


def _square(
    cells: pl.DataFrame, study: Study, counts: Counts, keys: list[str]
) -> Iterator[tuple[str, list[str], pl.DataFrame, NDArray[np.int64]]]:
    """Yield, design by design, its states, the keys of each group, and the group's table of steps."""
    for scheme in study.schemes:
        mine = cells.filter(pl.col("scheme") == scheme)
        if mine.is_empty():
            continue
        names = states(study, scheme, counts)
        counted = [
            pl.col("n").filter((pl.col("before") == a) & (pl.col("after") == b)).sum().alias(f"step {i} {j}")
            for i, a in enumerate(names)
            for j, b in enumerate(names)
        ]
        table = mine.group_by(keys).agg(counted).sort(keys)
        size = len(names)
        yield scheme, names, table.select(keys), table.drop(keys).to_numpy().reshape(-1, size, size)


def _pooled(
    counts: Counts, study: Study
) -> Iterator[tuple[str, list[str], dict[str, Any], NDArray[np.int64], NDArray[np.int64]]]:
    """Yield, group by group, the single steps and those of two years, of all years together."""
    once, two = (counts.cells.filter(pl.col("lag") == lag) for lag in (1, 2))
    twice = {
        (scheme, *key.values()): square
        for scheme, _, table, squares in _square(two, study, counts, KEYS)
        for key, square in zip(table.iter_rows(named=True), squares, strict=True)
    }
    for scheme, names, table, squares in _square(once, study, counts, KEYS):
        for key, square in zip(table.iter_rows(named=True), squares, strict=True):
            yield scheme, names, key, square, twice.get((scheme, *key.values()), np.zeros_like(square))


def _audited(table: pl.DataFrame, key: dict[str, Any]) -> bool:
    return key["draw"] == NO_DRAW and key["seed"] == table.filter(pl.col("world") == key["world"])["seed"].min()


def _without(names: list[str], held: NDArray[np.bool_]) -> dict[str, str]:
    """Say which states are left out because nobody stood there."""
    gone = [name for name, one in zip(names, held, strict=True) if not one]
    return {"note": f"left out, since nobody stood there: {', '.join(gone)}"} if gone else {}


def _fails(check: chain.Check) -> bool:
    return check.gap > ALLOWED and check.gap > 2 * check.error


def _lasting(told: dict[str, Any], years: float, doubt: str | None) -> dict[str, Any]:
    """Return the row of a half-life; one that is infinite is undefined."""
    notes = [told.get("note"), doubt if np.isfinite(years) else ALTERNATES]
    note = "; ".join(note for note in notes if note)
    return {**told, "value": years if np.isfinite(years) else None, "note": note or None}


def _chi_square(tables: list[NDArray[np.int64]]) -> tuple[float, int, float]:
    """Return the sum of the chi-squares of some tables, their degrees of freedom and the least expected count."""
    from scipy.stats import chi2_contingency

    statistic, freedom, expected = 0.0, 0, float("inf")
    for table in tables:
        table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
        if min(table.shape) < 2:
            continue
        found = chi2_contingency(table, correction=False)
        statistic, freedom = statistic + float(found.statistic), freedom + int(found.dof)
        expected = min(expected, float(found.expected_freq.min()))
    return statistic, freedom, expected
