"""Suppression: what an export about a real table leaves out, so that no small count can be read or worked out.

A cell of 1 to 9 persons is left out, and with it a complement wherever a published total would give it away: in every
line of cells that sum to such a total (the groups of a grouping; the groups of a crossing that share all attributes but
one) never exactly one is missing, those missing are no small number together, and none follows from several lines at
once. Whatever stands below a cell that is missing is missing too, and so is what is said of several cells at once.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import polars as pl

from scoring.measures import MEASURES, Counts, Study
from scoring.measures.calibration import DISTINCT
from scoring.measures.conjunctions import CONFIRM, conjunctions, halves
from scoring.measures.lattice import plain
from scoring.measures.study import BEST, EVERYONE, REST
from scoring.result import SUPPRESSED

SMALLEST = 10  # persons; the least that a published cell may hold
WHY = "a cell under 10, or its complement"
ALL = "all groups"  # the group of what is said of a whole grouping at once
WHOLE = {"shrunk_rate", "simultaneous_difference"}  # of one group, and worked out of all groups of a grouping
UNADJUSTED = {("M0", None)}  # param and term of what takes no stratum into account
OF_OUTCOME = {"selection_rate", "prevalence", "errors"}
MOST_SOLVED = 1_000  # missing cells of crossings; where there are more, nothing on their lines is shown
Cell = tuple[str, str]  # grouping and group
Shown = Mapping[Cell, tuple[int, ...]]
Lines = list[tuple[Cell, list[Cell]]]


def small(n: int) -> bool:
    """Tell whether a count is too small to be shown; nobody at all is no small count.

    >>> small(0), small(9), small(10)
    (False, True, False)
    """
    return 0 < n < SMALLEST


def unless_small(n: int) -> int | None:
    """Return a count that may be shown, or None."""
    return None if small(n) else n


def withheld(shown: Shown, also: Iterable[Cell] = ()) -> set[Cell]:
    """Return the cells to leave out; `shown` gives for each (grouping, group) the counts that publishing it shows.

    The cells in `also` are left out for another reason, and protect the small ones as well.

    >>> sorted(withheld({("sex", "f"): (4, 60), ("sex", "m"): (30, 50), ("sex", "x"): (20, 70)}))
    [('sex', 'f'), ('sex', 'x')]
    """
    least = {cell: min([n for n in counts if n > 0], default=0) for cell, counts in shown.items()}
    hidden = {cell for cell, counts in shown.items() if any(map(small, counts))} | (set(also) & shown.keys())
    lines = _lines(shown)
    while True:
        more = {child for child in shown for parent in _parents(*child) if parent in hidden} - hidden
        for total, line in lines:
            missing = [cell for cell in line if cell in hidden]
            others = [cell for cell in line if cell not in hidden]
            told = len(missing) == 1 or any(
                small(sum(counts)) for counts in zip(*(shown[c] for c in missing), strict=True)
            )
            if missing and told and others:
                more.add(min(others, key=lambda cell: (least[cell], cell)))
            elif len(missing) == 1 and total in shown and total not in hidden:  # the cell is all that its total holds
                more.add(total)
        if not more:
            solved = _solved(lines, hidden)
            more = {cell for total, line in lines if {total, *line} & solved for cell in line} - hidden
        if not more:
            return hidden
        hidden |= more


def _solved(lines: Lines, hidden: set[Cell]) -> set[Cell]:
    """Return the hidden cells of crossings that follow from the lines, though no line has but one of them missing."""
    crossed = [(total, line) for total, line in lines if any("*" in by for by, _ in line) and {*line} & hidden]
    place = {cell: i for i, cell in enumerate(sorted({c for t, line in crossed for c in (t, *line)} & hidden))}
    if not 0 < len(place) <= MOST_SOLVED:
        return set(place)
    system = np.zeros((len(crossed), len(place)))
    for row, (total, line) in zip(system, crossed, strict=True):
        for cell, sign in [(total, -1.0), *((cell, 1.0) for cell in line)]:
            if cell in place:
                row[place[cell]] = sign
    sizes, basis = np.linalg.eigh(system.T @ system)
    free = np.abs(basis[:, sizes < 1e-9]).max(axis=1, initial=0.0)  # how far each cell can move and leave all totals
    return {cell for cell, i in place.items() if free[i] < 1e-6}


def _lines(cells: Iterable[Cell]) -> Lines:
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


def applied(rows: pl.DataFrame, cubes: Mapping[str, Counts], study: Study) -> tuple[pl.DataFrame, int]:
    """Return result rows without the numbers that show a small cell, and how many rows lost theirs."""
    hidden = _hidden(cubes, study)
    coarse = {(rate, outcome, by) for rate, cells in hidden.items() for outcome, by, _ in cells}
    known = set(cubes["coverage"].marginal(["group_by", "group"]).cells.select("group_by", "group").iter_rows())
    strata = _hidden_strata(cubes["conditional"], study) if "conditional" in cubes else set()
    bins = _hidden_bins(rows.filter(pl.col("measure") == "calibration_rate"), cubes)
    halves = _hidden_halves(cubes["cells"]) if "cells" in cubes else set()
    points = _hidden_points(rows.filter(pl.col("measure") == "threshold_curve"), cubes, study, hidden)
    fine = {by for by, _, _ in bins} if bins and _are_scores(cubes) else set()
    classed = "score" in cubes and "truth" in cubes["score"].axes and _are_scores(cubes)
    untold = classed and cubes["score"].cells["truth"].null_count() > 0
    used = {plain(cut) for one in study.schemes.values() for cut, _ in one.get("cuts", {}).values()}

    def gone(row: dict[str, Any]) -> bool:
        measure, by, outcome, term = row["measure"], row["group_by"], row["outcome"], row["term"]
        asked = [("size", None), *((r, outcome if r in OF_OUTCOME else None) for r in _rates_shown(row))]
        sides = [side for side in (row["group"], row["reference"]) if side not in (None, REST)]
        # What is said of a whole grouping, or beside its best group, could give away the one that is missing.
        turned = measure == "tipping_point" and row["param"] == "reference"  # it names the other groups
        if ({ALL, BEST} & {*sides} or measure in WHOLE or turned) and any((rate, o, by) in coarse for rate, o in asked):
            return True
        sides = [side for side in sides if side not in (ALL, BEST)]
        if any((by, side) not in known for side in sides):
            return True
        if any((o, by, side) in hidden.get(rate, ()) for rate, o in asked for side in sides):
            return True
        if measure == "calibration_rate":
            return (by, row["group"], term) in bins
        if measure in {"calibration_gap", "calibration_test"}:
            others = {by_group for by_, by_group, _ in bins if by_ == by}
            return bool(others & {*sides}) or (row["reference"] == REST and bool(others))
        if measure in MEASURES and MEASURES[measure].cube == "conditional" and (row["param"], term) not in UNADJUSTED:
            told = {(group, at) for o, by_, group, at in strata if (o, by_) == (outcome, by)}
            if measure == "stratum_ratio":
                return any((side, term) in told for side in sides)
            return any(group in sides for group, _ in told) or (row["reference"] == REST and bool(told))
        if measure == "confirmed_subgroup_difference":
            return (outcome, by, row["group"]) in halves
        # A point beside a bin tells another bin, or who has no truth.
        beside = (by in fine and term not in used) or (untold and row["reference"] == REST)
        return measure == "threshold_curve" and (beside or (by, row["group"], row["reference"], term) in points)

    out = pl.Series([gone(row) for row in rows.iter_rows(named=True)], dtype=pl.Boolean)
    cleared = ["value", "low", "high", "p", "p_adjusted", "n", "method"]
    told = rows.with_columns(
        *[pl.when(~out).then(pl.col(c)).alias(c) for c in cleared],
        pl.when(out).then(pl.lit(SUPPRESSED)).otherwise("status").alias("status"),
        pl.when(out).then(pl.lit(WHY)).otherwise("note").alias("note"),
    )
    return told, int((out & rows["value"].is_not_null()).sum())


def _rates_shown(row: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a row shows, by the names of `_hidden`."""
    measure = row["measure"]
    if measure not in MEASURES:  # a metric of rows: any function of truth and verdict
        yield "errors"
        return
    entry = MEASURES[measure]
    if entry.cube == "coverage" or measure.endswith("_bounds") or row["param"] == "unscored":
        yield "coverage_rate"
    if entry.cube == "score":
        yield "classes" if entry.family in {"errors", "calibration"} else "score"
    if measure == "prevalence":
        yield "prevalence"
    elif entry.cube == "outcome" and entry.family == "errors":
        yield "errors"
    elif entry.cube != "coverage" and row["outcome"] is not None:
        yield "selection_rate"


def _hidden(cubes: Mapping[str, Counts], study: Study) -> dict[str, set[tuple[str | None, str, str]]]:
    """Return, by what it shows, the (outcome, grouping, group) that are left out.

    Counts of one group that differ by a few persons (all and those with a score; the selected at two cuts) show these
    few, and of a table of verdicts by truth each cell follows from its sums and one other cell.
    """
    size = _by_cell(cubes["coverage"].cells, {"n": pl.lit(True)})
    cover = _by_cell(cubes["coverage"].cells, {"y": pl.col("coverage") == "scored"})
    sizes = {cell: n for cell, (n,) in size.items()}
    found: dict[str, set[tuple[str | None, str, str]]] = defaultdict(set)

    def leave_out(name: str, outcome: str | None, cells: set[Cell]) -> set[Cell]:
        found[name] |= {(outcome, *cell) for cell in cells}
        return cells

    def apart(cell: Cell, n: int) -> tuple[int, ...]:
        """Return how far n persons are from all and from those with the first verdict, of whom the coverage tells."""
        (first_of,) = cover[cell]
        return (sizes[cell] - n, abs(first_of - n)) if n != first_of else (0, 0)

    leave_out("size", None, withheld(size))
    leave_out("coverage_rate", None, withheld({c: (y, sizes[c] - y, sizes[c]) for c, (y,) in cover.items()}))
    cells, chosen = cubes["outcome"].cells, pl.col("selected")
    first, *others = [outcome for _, outcome in study.outcomes]
    cuts = study.schemes[cells["scheme"][0]].get("cuts", {}) if cells.height else {}
    last: dict[Cell, int] = {}  # selected at the cut before, of those shown
    of_first: dict[Cell, tuple[int, int]] = {}  # both classes of truth, of those with the first verdict
    for outcome in [first, *others]:
        of = cells.filter(pl.col("outcome") == outcome)
        yes = _by_cell(of, {"y": chosen, "no": ~chosen})
        shown = {
            cell: (y, no, y + no, *apart(cell, y + no), abs(y - last.get(cell, y))) for cell, (y, no) in yes.items()
        }
        without = leave_out("selection_rate", outcome, withheld(shown))
        if outcome in cuts:
            last |= {cell: y for cell, (y, _) in yes.items() if cell not in without}
        if "truth" not in of.columns:
            continue
        true = pl.col("truth")
        table = _by_cell(of, {"tp": chosen & true, "fp": chosen & ~true, "fn": ~chosen & true, "tn": ~chosen & ~true})
        untold = {c: (yes[c][0] - tp - fp, yes[c][1] - fn - tn) for c, (tp, fp, fn, tn) in table.items()}
        classes = {c: (tp + fn, fp + tn) for c, (tp, fp, fn, tn) in table.items()}
        of_first = of_first or classes
        sums = {
            c: (*two, sum(untold[c]), *(abs(n - m) for n, m in zip(two, of_first.get(c, two), strict=True)))
            for c, two in classes.items()
        }
        near = {cell for cell, (y, no) in yes.items() if any(map(small, apart(cell, y + no)))}
        base = leave_out("prevalence", outcome, withheld(sums, near))
        inner = {c: (*four, *untold[c]) for c, four in table.items()}
        leave_out("errors", outcome, withheld(inner, base | without))
    if "score" in cubes:
        scored = cubes["score"].cells
        shown = {c: (n, *apart(c, n)) for c, (n,) in _by_cell(scored, {"n": pl.lit(True)}).items()}
        without = leave_out("score", None, withheld(shown))
        if "truth" in scored.columns:
            of_class = _by_cell(scored, {"yes": pl.col("truth"), "no": ~pl.col("truth")})
            both = {c: (yes, no, shown[c][0] - yes - no) for c, (yes, no) in of_class.items()}
            leave_out("classes", None, withheld(both, without))
    return found


def _by_cell(cells: pl.DataFrame, counted: Mapping[str, pl.Expr]) -> dict[Cell, tuple[int, ...]]:
    """Return the persons of each (grouping, group) whom each condition holds for; one that is missing holds not."""
    sums = [pl.col("n").filter(when).sum().alias(name) for name, when in counted.items()]
    table = cells.group_by("group_by", "group").agg(sums).sort("group_by", "group")
    return {(by, group): tuple(counts) for by, group, *counts in table.iter_rows()}


def _hidden_strata(counts: Counts, study: Study) -> set[tuple[str, str, str, str]]:
    """Return the (outcome, grouping, group, stratum) whose counts are left out."""
    of = ["outcome", "group_by", "group", "stratum"]
    outcomes = [outcome for _, outcome in study.outcomes]
    cuts = {outcome for one in study.schemes.values() for outcome in one.get("cuts", {})}
    table = counts.cells.group_by(of).agg(pl.col("n").filter(pl.col("selected")).sum().alias("y"), pl.col("n").sum())
    hidden = set()
    last: dict[Any, int] = {}  # selected at the cut before, of those shown
    parts = table.partition_by("outcome", "group_by", as_dict=True)
    for outcome, by in sorted(parts, key=lambda of: (outcomes.index(of[0]), of[1])):
        told = parts[outcome, by].select("group", "stratum", "y", "n").iter_rows()
        cells = {(g, at): (y, n - y, n, abs(y - last.get((by, g, at), y))) for g, at, y, n in told}
        left = _withheld_crossed(cells)
        hidden |= {(outcome, by, *cell) for cell in left}
        if outcome in cuts:
            last |= {(by, *cell): counts[0] for cell, counts in cells.items() if cell not in left}
    return hidden


def _withheld_crossed(cells: Mapping[Cell, tuple[int, ...]], of_all: Shown | None = None) -> set[Cell]:
    """Return the (group, level) to leave out of groups crossed with something else, whose names may be any text."""
    groups, levels = ({text: str(i) for i, text in enumerate(sorted({c[k] for c in cells}))} for k in (0, 1))
    shown = {("group*level", f"{groups[g]}*{levels[at]}"): counts for (g, at), counts in cells.items()}
    totals = {("level", levels[at]): counts for (_, at), counts in (of_all or {}).items() if at in levels}
    left = withheld(shown | totals)
    return {(g, at) for g, at in cells if ("group*level", f"{groups[g]}*{levels[at]}") in left}


def _hidden_bins(rows: pl.DataFrame, cubes: Mapping[str, Counts]) -> set[tuple[str, str, str]]:
    """Return the (grouping, group, bin) of calibration whose counts are left out.

    Where the bins are the scores themselves they add up to what cuts show, and a group shows all of them or none.
    """
    told = rows.drop_nulls("value").select("group_by", "group", "term", "value", "n")
    tables: dict[str, dict[Cell, tuple[int, ...]]] = defaultdict(dict)
    for by, group, term, value, n in told.iter_rows():
        tables[by][group, term] = (round(value * n), n - round(value * n), n)
    if not tables:
        return set()
    whole = _are_scores(cubes)
    of_all = tables.get(EVERYONE, {})
    hidden = {(EVERYONE, *cell) for cell in _withheld_crossed(of_all)}
    for by, cells in tables.items():
        if by == EVERYONE:
            continue
        left = _withheld_crossed(cells, of_all)
        while whole:
            groups = {group for group, _ in left}
            wider = _withheld_crossed({c: (1, 1, 1) if c[0] in groups else counts for c, counts in cells.items()})
            if wider <= left:
                break
            left |= wider
        hidden |= {(by, *cell) for cell in left}
    return hidden


def _are_scores(cubes: Mapping[str, Counts]) -> bool:
    """Tell whether the bins of calibration are the scores themselves."""
    return cubes["score"].cells["score"].n_unique() <= DISTINCT


def _hidden_halves(counts: Counts) -> set[tuple[str, str, str]]:
    """Return the (outcome, grouping, group) of which a half of the persons, or the rest of it, shows a small count."""
    table = conjunctions(halves(counts)).filter(pl.col("half") == CONFIRM)
    shown = ["y", "n", "y_ref", "n_ref"]
    return {
        (outcome, by, group)
        for outcome, by, group, y, n, y_ref, n_ref in table.select("outcome", "group_by", "group", *shown).iter_rows()
        if any(map(small, (y, n - y, n, y_ref, n_ref - y_ref, n_ref)))
    }


def _hidden_points(
    rows: pl.DataFrame, cubes: Mapping[str, Counts], study: Study, hidden: Mapping[str, set[Any]]
) -> set[tuple[str, str, str, str]]:
    """Return the (grouping, group, reference, cut) of curves that lie within a few persons of another count shown.

    Each side of a pair has one set of counts that any row shows: none, all, those at the cuts in use, and at the points
    of every curve that it stands in.
    """
    points = rows.select("group_by", "group", "reference", "term").drop_nulls().unique()
    if points.is_empty():
        return set()
    steps = _steps(cubes["score"])
    cuts = {float(cut): outcome for one in study.schemes.values() for outcome, (cut, _) in one.get("cuts", {}).items()}
    shown: dict[Any, set[int]] = {cell: {0, below[-1]} for cell, (_, below) in steps.items()}
    chosen = pl.col("selected")
    for outcome, of in cubes["outcome"].cells.partition_by("outcome", as_dict=True).items():
        for cell, (y, no) in _by_cell(of, {"y": chosen, "no": ~chosen}).items():
            if cell in shown and (*outcome, *cell) not in hidden["selection_rate"]:
                shown[cell] |= {y, no}
    out = set()
    order = points.with_columns(pl.col("term").cast(pl.Float64).alias("at")).sort("at", "group_by", "group")
    for (at, by, reference), part in order.partition_by(
        "at", "group_by", "reference", as_dict=True, maintain_order=True
    ).items():
        whole = _below(steps[EVERYONE, EVERYONE], at)
        accepted: list[tuple[str, dict[Any, int]]] = []
        for group, term in part.select("group", "term").iter_rows():
            mine = _below(steps[by, group], at)
            counts: dict[Any, int] = {(by, group): mine}
            if reference == REST:
                rest = (by, group, REST)
                total = shown[EVERYONE, EVERYONE] | {steps[EVERYONE, EVERYONE][1][-1]}
                shown.setdefault(rest, {0, max(total) - steps[by, group][1][-1]})
                counts |= {rest: whole - mine, (EVERYONE, EVERYONE): whole}
            elif (by, reference) in steps:
                counts[by, reference] = _below(steps[by, reference], at)
            used = (cuts[at], by) if at in cuts else None
            clear = not any(small(abs(n - m)) for side, n in counts.items() for m in shown[side])
            if clear and not (used and {(*used, group), (*used, reference)} & hidden["selection_rate"]):
                accepted.append((term, counts))
            else:
                out.add((by, group, reference, term))
        if reference == REST:  # the rest of all would give away a group that is left out, or has no such point
            every = {cell: _below(below, at) for cell, below in steps.items() if cell[0] == by}
            near = any(small(abs(n - m)) for cell, n in every.items() for m in shown[cell])
            accepted = [] if near or len(accepted) < part.height else [*accepted, ("", every)]
        if not accepted:
            out |= {(by, group, reference, term) for group, term in part.select("group", "term").iter_rows()}
            continue
        for _, counts in accepted:
            for side, n in counts.items():
                shown[side].add(n)
    return out


def _steps(counts: Counts) -> dict[Cell, tuple[list[float], list[int]]]:
    """Return, by grouping and group, the scores in order and how many persons lie below each."""
    cells = counts.marginal(["group_by", "group", "score"]).cells.sort("score")
    parts = cells.partition_by("group_by", "group", as_dict=True, maintain_order=True).items()
    return {(by, g): (p["score"].to_list(), [0, *p["n"].cum_sum().to_list()]) for (by, g), p in parts}


def _below(steps: tuple[list[float], list[int]], cut: float) -> int:
    """Return how many persons score below a cut."""
    return steps[1][bisect_left(steps[0], cut)]
