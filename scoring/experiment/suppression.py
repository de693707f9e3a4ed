"""Suppression: what an export about a real table leaves out, so that no small count can be read or worked out.

A cell of 1 to 9 persons is left out, and with it a complement wherever a published total would give it away: in every
line of cells that sum to such a total (the groups of a grouping; the groups of a crossing that share all attributes but
one) never exactly one is missing. Whatever stands below a cell that is missing is missing too.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from scoring.measures import Counts, Study, disparity, errors, rates
from scoring.measures.counts import UNKNOWN
from scoring.measures.study import BEST, EVERYONE
from scoring.result import SUPPRESSED

SMALLEST = 10  # persons; the least that a published cell may hold
WHY = "a cell under 10, or its complement"
ALL = "all groups"  # the group of what is said of a whole grouping at once


def small(n: int) -> bool:
    """Tell whether a count is too small to be shown; nobody at all is no small count.

    >>> small(0), small(9), small(10)
    (False, True, False)
    """
    return 0 < n < SMALLEST


def unless_small(n: int) -> int | None:
    """Return a count that may be shown, or None."""
    return None if small(n) else n


def withheld(shown: Mapping[tuple[str, str], tuple[int, ...]]) -> set[tuple[str, str]]:
    """Return the cells to leave out; `shown` gives for each (grouping, group) the counts that publishing it shows.

    >>> sorted(withheld({("sex", "f"): (4, 60), ("sex", "m"): (30, 50), ("sex", "x"): (20, 70)}))
    [('sex', 'f'), ('sex', 'x')]
    """
    least = {cell: min([n for n in counts if n > 0], default=0) for cell, counts in shown.items()}
    hidden = {cell for cell, counts in shown.items() if any(map(small, counts))}
    lines = _lines(shown)
    while True:
        more = {child for child in shown for parent in _parents(*child) if parent in hidden} - hidden
        for total, line in lines:
            missing = [cell for cell in line if cell in hidden]
            others = [cell for cell in line if cell not in hidden]
            if len(missing) == 1 and others:
                more.add(min(others, key=lambda cell: (least[cell], cell)))
            elif len(missing) == 1 and total in shown and total not in hidden:  # the cell is all that its total holds
                more.add(total)
        if not more:
            return hidden
        hidden |= more


def _lines(cells: Mapping[tuple[str, str], object]) -> list[tuple[tuple[str, str], list[tuple[str, str]]]]:
    """Return the cells of each grouping that share all attributes but one, with the cell that is their total."""
    lines: dict[tuple[object, ...], list[tuple[str, str]]] = defaultdict(list)
    for group_by, group in cells:
        if group_by == EVERYONE:
            continue
        names = group_by.split("*")
        parts = group.split("*") if len(names) > 1 else [group]
        for i in range(len(parts)):
            by, rest = "*".join(names[:i] + names[i + 1 :]), "*".join(parts[:i] + parts[i + 1 :])
            lines[(group_by, i, by or EVERYONE, rest or EVERYONE)].append((group_by, group))
    return [((str(by), str(rest)), line) for (_, _, by, rest), line in lines.items()]


def _parents(group_by: str, group: str) -> Iterator[tuple[str, str]]:
    """Yield the coarser cells that a cell of a crossing is part of."""
    names, parts = group_by.split("*"), group.split("*")
    if len(names) != len(parts) or len(names) == 1:
        return
    for mask in range(1, 2 ** len(names) - 1):
        kept = [i for i in range(len(names)) if mask >> i & 1]
        yield "*".join(names[i] for i in kept), "*".join(parts[i] for i in kept)


def applied(
    rows: pl.DataFrame, cubes: Mapping[str, Counts], study: Study, metrics: frozenset[str] = frozenset()
) -> tuple[pl.DataFrame, int]:
    """Return result rows without the numbers that show a small cell, and how many rows lost theirs.

    `metrics` names measures that are functions of rows: each may show any count of its group.
    """
    tables = _tables(cubes, study)
    hidden = {rate: _hidden(table) for rate, table in tables.items()}
    ends = {rate: _ends(table) for rate, table in tables.items()}
    coarse = {(rate, outcome, param, by) for rate, cells in hidden.items() for outcome, param, by, _ in cells}
    anyhow = {(outcome, by, group) for cells in hidden.values() for outcome, _, by, group in cells}
    strata = _hidden_strata(cubes["conditional"], study) if "conditional" in cubes else set()
    steps = _steps(cubes["score"]) if "score" in cubes else {}
    bins = _hidden_bins(rows.filter(pl.col("measure") == "calibration_rate"))
    last: dict[tuple[Any, ...], tuple[int, int]] = {}

    def gone(row: dict[str, Any]) -> bool:
        by, sides = row["group_by"], [s for s in (row["group"], row["reference"]) if s is not None]
        everywhere = row["group"] == ALL or (row["measure"] == "tipping_point" and row["param"] == "reference")
        if everywhere:  # what is said of a whole grouping could give away the one that is missing
            shown = [("size", False, False), *_rates_shown(row["measure"])]
            asked = [(rate, row["outcome"] if o else None, row["param"] if p else None, by) for rate, o, p in shown]
            return any(one in coarse for one in asked)
        if row["reference"] == BEST:  # the group that is picked is named by its rate
            sides += _picked(row, ends)
        if any((None, None, by, side) in hidden["size"] for side in sides):
            return True
        if row["measure"] in metrics:
            return (row["outcome"], by, row["group"]) in anyhow
        if row["measure"] == "calibration_rate":
            return (row["param"], by, row["group"], row["term"]) in bins
        if row["measure"] == "stratum_ratio":
            return any((row["outcome"], by, side, row["term"]) in strata for side in sides)
        if row["measure"] == "threshold_curve":
            return _too_near(row, steps, last)
        return any(
            (row["outcome"] if outcome else None, row["param"] if param else None, by, side) in hidden[rate]
            for rate, outcome, param in _rates_shown(row["measure"])
            for side in sides
        )

    out = pl.Series([gone(row) for row in rows.iter_rows(named=True)], dtype=pl.Boolean)
    numbers = ["value", "low", "high", "p", "p_adjusted", "n"]
    told = rows.with_columns(
        *[pl.when(~out).then(pl.col(c)).alias(c) for c in numbers],
        pl.when(out).then(pl.lit(SUPPRESSED)).otherwise("status").alias("status"),
        pl.when(out).then(pl.lit(WHY)).otherwise("note").alias("note"),
    )
    return told, int((out & rows["value"].is_not_null()).sum())


def _tables(cubes: Mapping[str, Counts], study: Study) -> dict[str, pl.DataFrame]:
    """Return, by what it shows, the persons `y` among `n` by outcome, param, grouping and group."""
    size = rates.tally(cubes["coverage"].cells, pl.lit(True))
    shown = {
        "size": size,
        "coverage_rate": rates.tally(cubes["coverage"].cells, pl.col("coverage") == "scored"),
        "selection_rate": disparity.selected(cubes["outcome"], study),
    }
    return shown | {rate: errors.against_truth(cubes["outcome"], study, rate) for rate in errors.RATES}


def _rates_shown(measure: str) -> Iterator[tuple[str, bool, bool]]:
    """Yield each rate that a measure shows, and whether it is one of an outcome and of a class of truth."""
    if measure == "coverage_rate" or measure.endswith("_bounds"):
        yield "coverage_rate", False, False
    if measure == "equalized_odds_difference":
        yield from (("false_positive_rate", True, True), ("false_negative_rate", True, True))
    same = {"true_positive_rate": "false_negative_rate", "false_discovery_rate": "positive_predictive_value"}
    of_truth = [r for name, r in {**{r: r for r in errors.RATES}, **same}.items() if measure.startswith(name)]
    yield from ((rate, True, True) for rate in of_truth)
    if not of_truth and measure not in {"coverage_rate", "equalized_odds_difference"}:
        yield "selection_rate", True, False


def _hidden(table: pl.DataFrame) -> set[tuple[Any, Any, str, str]]:
    """Return the (outcome, param, grouping, group) of a rate that are left out."""
    hidden: set[tuple[Any, Any, str, str]] = set()
    if table.is_empty():
        return hidden
    keys = [c for c in ("outcome", "param") if c in table.columns]
    parts = table.partition_by(keys, as_dict=True, maintain_order=True) if keys else {(): table}
    for key, part in parts.items():
        told = dict(zip(keys, key, strict=True))
        shown = {(by, g): (y, n - y, n) for by, g, y, n in part.select("group_by", "group", "y", "n").iter_rows()}
        hidden |= {(told.get("outcome"), told.get("param"), by, group) for by, group in withheld(shown)}
    return hidden


def _ends(table: pl.DataFrame) -> dict[tuple[Any, Any, str], list[str]]:
    """Return, by (outcome, param, grouping), the groups of the highest and of the lowest rate: one of them is best."""
    if table.is_empty():
        return {}
    keys = [c for c in ("outcome", "param", "group_by") if c in table.columns]
    known = table.filter(pl.col("n") >= rates.SMALL_GROUP, pl.col("group") != UNKNOWN).with_columns(
        (pl.col("y") / pl.col("n")).alias("rate")
    )
    ends = known.filter((pl.col("rate") == pl.max("rate").over(keys)) | (pl.col("rate") == pl.min("rate").over(keys)))
    found: dict[tuple[Any, Any, str], list[str]] = defaultdict(list)
    for row in ends.iter_rows(named=True):
        found[row.get("outcome"), row.get("param"), row["group_by"]].append(row["group"])
    return found


def _picked(row: Mapping[str, Any], ends: Mapping[str, Mapping[tuple[Any, Any, str], list[str]]]) -> list[str]:
    """Return the groups that the best of a grouping may be."""
    asked = [
        (rate, row["outcome"] if outcome else None, row["param"] if param else None)
        for rate, outcome, param in _rates_shown(row["measure"])
    ]
    return [group for rate, outcome, param in asked for group in ends[rate].get((outcome, param, row["group_by"]), [])]


def _hidden_strata(counts: Counts, study: Study) -> set[tuple[str, str, str, str]]:
    """Return the (outcome, grouping, group, stratum) whose counts are left out."""
    cells = counts.cells.with_columns(pl.col("stratum").str.replace_all("*", "/", literal=True).alias("at"))
    of = ["outcome", "group_by", "group", "stratum", "at"]
    table = cells.group_by(of).agg(pl.col("n").filter(pl.col("selected")).sum().alias("y"), pl.col("n").sum())
    hidden = set()
    for (outcome, by), part in table.partition_by("outcome", "group_by", as_dict=True).items():
        shown = {
            (f"{by}*stratum", f"{g}*{at}"): (y, n - y, n)
            for g, at, y, n in part.select("group", "at", "y", "n").iter_rows()
        }
        left = withheld(shown)
        for group, stratum, at in part.select("group", "stratum", "at").iter_rows():
            if (f"{by}*stratum", f"{group}*{at}") in left:
                hidden.add((outcome, by, group, stratum))
    return hidden


def _hidden_bins(rows: pl.DataFrame) -> set[tuple[Any, ...]]:
    """Return the (param, grouping, group, bin) of calibration whose counts are left out."""
    hidden = set()
    for key, part in rows.partition_by("param", "group_by", "group", as_dict=True).items():
        known = part.drop_nulls("value").select("term", "value", "n").iter_rows()
        shown = {("bin", term): (round(v * n), n - round(v * n), n) for term, v, n in known}
        hidden |= {(*key, term) for _, term in withheld(shown)}
    return hidden


def _steps(counts: Counts) -> dict[tuple[str, str], tuple[list[float], list[int]]]:
    """Return, by grouping and group, the scores in order and how many persons lie below each."""
    cells = counts.marginal(["group_by", "group", "score"]).cells.sort("score")
    parts = cells.partition_by("group_by", "group", as_dict=True, maintain_order=True).items()
    return {(by, g): (p["score"].to_list(), [0, *p["n"].cum_sum().to_list()]) for (by, g), p in parts}


def _too_near(row: Mapping[str, Any], steps: Mapping[Any, Any], last: dict[tuple[Any, ...], Any]) -> bool:
    """Tell whether a point of a curve lies within a few persons of the last one shown: their difference shows them."""
    pair = [(row["group_by"], side) for side in (row["group"], row["reference"])]
    below = tuple(steps[s][1][bisect_left(steps[s][0], float(row["term"]))] for s in pair if s in steps)
    key = (row["param"], *pair)
    if key in last and any(small(abs(a - b)) for a, b in zip(below, last[key], strict=True)):
        return True
    last[key] = below
    return False
