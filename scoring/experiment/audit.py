"""Audit verdicts already made: a table becomes counts, counts become the same measures that a simulated scheme gets.

The table is counted where it is; no row and no person's score reaches Python but for metrics that ask for rows. What is
said of a real table leaves small cells out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from importlib.metadata import version
from itertools import combinations
from typing import Any

import polars as pl

from scoring import measures
from scoring.documents import Problem, Refused, did_you_mean
from scoring.experiment import rows_of, suppression, tabled, tables, verdicts
from scoring.experiment.asked import Asked, Flag
from scoring.experiment.profile import examples
from scoring.experiment.run import peak_mb
from scoring.experiment.tabled import WORLD
from scoring.measures import Counts, Study
from scoring.measures.counts import UNKNOWN
from scoring.measures.study import REFERENCES
from scoring.result import SUPPRESSED, Result

DEEPEST = 3  # attributes that are crossed unless a crossing is named
MOST_COMPARED = 40  # groups of a grouping beyond which only rates are computed
WITHOUT = {
    "decomposition",
    "stability",
    "turnover",
    "consequences",
    "explanation",
    "recourse",
    "provenance",
    "comparison",
}


def audit(
    table: Any,
    group: str | Sequence[str | Sequence[str]],
    selected: str | None = None,
    score: str | None = None,
    cut: float | Sequence[float] = (),
    below: bool = False,
    adverse: bool = False,
    truth: str | None = None,
    strata: str | Sequence[str] = (),
    weight: str | None = None,
    reference: str | Sequence[str] = (),
    metrics: Mapping[str, Callable[..., Any]] | None = None,
    relation: str | None = None,
    missing: Sequence[str] = (),
    name: str | None = None,
    replicates: int = measures.REPLICATES,
    show_small: bool = False,
    only: Sequence[str] = (),
) -> Result:
    """Audit a table of verdicts already made: who was selected, how much more often, and what the numbers bear.

    `table` is a path (CSV, Parquet, Arrow, JSON lines, DuckDB, SQLite; then `relation` names the table inside) or any
    frame that narwhals knows, lazy ones included, which are counted where they are. `group` names columns of
    categories; several are also crossed, up to three at a time, unless a crossing is named (`"sex*race"`).

    A verdict is `selected`, a column of yes and no or `"column=value"`, or a `score` at or above a `cut` (`below` it on
    request; several cuts are several outcomes; without a cut the pooled median, as New York's Local Law 144 counts).
    `adverse` says that to be selected is a harm. `truth` is a column of yes and no that the verdict is held against,
    `strata` legitimate grounds to differ, `weight` a weight of each row (n is then the effective number). `reference`
    is a group, `column=group`, or `largest` (the default), `best` or `rest`. `metrics` maps names to any function of
    scikit-learn or fairlearn of (truth, selected), which is given the rows. `only` names the measures to compute; all
    that the table can have are computed without it.

    Missing groups are the group `unknown`, missing verdicts are unscored; both are counted. Small cells (1 to 9
    persons) and their complements are left out unless `show_small`, for your own eyes: that result is not written.
    Raises Refused with every problem of the table or the question.
    """
    started = time.perf_counter()
    opened = tables.opened(table, relation, missing)
    groupings = crossings(group)
    names = list(dict.fromkeys(part for grouping in groupings for part in grouping))
    asked = Asked(
        groups=tuple(names),
        selected=flag(opened, selected),
        score=score,
        cuts=tuple(sorted({float(c) for c in ([cut] if isinstance(cut, (int, float)) else cut or ())})),
        above=not below,
        truth=flag(opened, truth),
        strata=tuple(dict.fromkeys([strata] if isinstance(strata, str) else strata or ())),
        weight=weight,
    )
    problems = list(misasked(opened, asked, groupings, metrics))
    of_tables = asked_measures(weight is not None)
    for name_ in (n for n in only if n not in of_tables):
        hint = did_you_mean(name_, of_tables) or "see scoring.measures.MEASURES"
        problems.append(opened.problem("only", f"no measure {name_!r} of a table of verdicts", hint))
    if problems:
        raise Refused(problems)
    with tables.reading(opened):
        counted = verdicts.count(opened, asked)
    about = tabled.told(counted, asked)
    unscored = suppression.unless_small(about["unscored"])
    told = counted.rows if unscored is not None else counted.rows - about["unscored"]  # else the two tell the few
    if about["unscored"] == counted.rows:
        column = asked.selected.column if asked.selected else asked.score
        raise Refused([opened.problem("selected", f"{column!r} is missing in all {counted.rows:,} rows")])
    if absent := list(unanswered(opened, asked, counted)):
        raise Refused(absent)
    title = name or opened.name
    outcomes = tabled.outcomes(asked, counted.cells)
    cubes = tabled.cubes(counted, asked, outcomes, groupings, title, MOST_COMPARED)
    references = referred(opened, reference, groupings, cubes["coverage"])
    first = next(iter(outcomes))
    study = Study(
        outcomes={(title, outcome): "adverse" if adverse else "favourable" for outcome in outcomes},
        references=references,
        schemes={title: {"instrument": "table of verdicts", **tabled.facts(counted, asked, outcomes)}},
        primary=[("selection_rate_ratio", first, one) for one in names[:6]],
        replicates=replicates,
        single=True,
    )
    computed = measures.compute(cubes, study, [measure for measure in of_tables if not only or measure in only])
    warnings = list(tabled.warnings(counted, asked, MOST_COMPARED))
    if metrics:
        if known := sorted(set(metrics) & {*computed["measure"]}):
            hint = "leave it out, or give it another name"
            raise Refused([opened.problem("metric", f"{one!r} is a measure already", hint) for one in known])
        with tables.reading(opened):
            found = rows_of.metric_rows(opened, asked, groupings, title, metrics)
        computed = pl.concat([computed, found])
    computed = computed.with_columns(pl.lit("audit").alias("experiment"))
    left_out = 0
    if not show_small:
        computed, left_out = suppression.applied(
            computed,
            tabled.cubes(counted.unweighted, asked, outcomes, groupings, title, MOST_COMPARED),
            study,
        )
    if left_out:
        warnings.append(
            f"{left_out} results on fewer than {suppression.SMALLEST} persons, or their complements, are left out"
        )
    manifest = {
        "experiment": "audit",
        "asks": f"Who is {'sanctioned' if adverse else 'selected'} in {title}, and how much more often?",
        "real": True,
        "table": title,
        "people": told,
        "rows_read": told,
        "n": told - (unscored or 0),
        "unscored": unscored,
        "unknown": {column: suppression.unless_small(n) for column, n in about["unknown"].items()},
        "groups": ["*".join(grouping) for grouping in groupings],
        "groups_of": {"person": ["*".join(grouping) for grouping in groupings]},
        "references": references,
        "outcome": first,
        "polarity": "adverse" if adverse else "favourable",
        "truth": truth is not None,
        "metrics": sorted(metrics or ()),
        "score": score,
        "cuts": list(asked.cuts),
        "strata": list(asked.strata),
        "weights": weight is not None,
        "smallest": 0 if show_small else suppression.SMALLEST,
        "suppressed": computed.filter(
            pl.col("measure") == "selection_rate", pl.col("outcome") == first, pl.col("status") == SUPPRESSED
        ).height,
        "warnings": warnings,
        "worlds": [WORLD],
        "designs": [title],
        "schemes": {title: tabled.described(title, outcomes, adverse)},
        "primary": [{"measure": m, "outcome": o, "group": g} for m, o, g in study.primary],
        "replicates": replicates,
        "seeds": [],
        "hashes": {},
        "engine": "local",
        "version": version("scoring-experiments"),
        "libraries": {lib: version(lib) for lib in ("polars", "narwhals", "numpy", "scipy", "statsmodels")},
        "created": date.today().isoformat(),
        "command": "",
        "wall_seconds": round(time.perf_counter() - started, 1),
        "peak_mb": peak_mb(),
    }
    return Result(computed, manifest)


def crossings(group: str | Sequence[str | Sequence[str]]) -> list[tuple[str, ...]]:
    """Return the groupings asked for: each column, and their crossings unless one is named.

    >>> crossings(["sex", "race"])
    [('sex',), ('race',), ('sex', 'race')]
    >>> crossings(["sex", "sex*race"])
    [('sex',), ('sex', 'race')]
    """
    asked = [group] if isinstance(group, str) else list(group or ())
    named = [tuple(one.split("*")) if isinstance(one, str) else tuple(one) for one in asked]
    if any(len(one) > 1 for one in named):
        return list(dict.fromkeys(named))
    columns = list(dict.fromkeys(one for (one,) in named))
    return [c for depth in range(1, min(DEEPEST, len(columns)) + 1) for c in combinations(columns, depth)]


def flag(table: tables.Table, text: str | None) -> Flag | None:
    """Read a column of yes and no, or `column=value`; a column that is called so comes first."""
    if text is None:
        return None
    column, equals, value = text.partition("=")
    return Flag(column.strip(), value.strip()) if equals and text not in table.columns() else Flag(text)


def misasked(
    table: tables.Table, asked: Asked, groupings: Sequence[Sequence[str]], metrics: Mapping[str, Any] | None
) -> list[Problem]:
    """Return what is wrong with the question, whatever the table holds."""
    found = []
    if not groupings or not all(all(part for part in grouping) for grouping in groupings):
        found.append(table.problem("group", "no group to compare", "name a column of the table"))
    for grouping in groupings:
        twice = [part for i, part in enumerate(grouping) if part and part in grouping[:i]]
        found += [table.problem("group", f"{part!r} is crossed with itself") for part in dict.fromkeys(twice)]
    if asked.selected is None and asked.score is None:
        found.append(
            table.problem("selected", "no verdict to audit", "name a column of verdicts, or a score and a cut")
        )
    if asked.cuts and asked.score is None:
        found.append(table.problem("cut", "a cut without a score", "name the column of scores"))
    if not asked.above and asked.score is None:
        found.append(table.problem("below", "below a cut without a score", "name the column of scores"))
    if any(c != c or c in (float("inf"), float("-inf")) for c in asked.cuts):
        found.append(table.problem("cut", "a cut is a finite number"))
    if metrics and (asked.truth is None or asked.selected is None):
        found.append(table.problem("metric", "a metric of rows needs truth and selected", "name both columns"))
    for column in [c for c in asked.groups if asked.selected and c == asked.selected.column]:
        found.append(table.problem("group", f"{column!r} is a group and the verdict at once"))
    if asked.selected and asked.selected == asked.truth:
        found.append(table.problem("truth", f"{asked.truth.name!r} is the verdict and its truth at once"))
    twice = [c for c in asked.groups if c in asked.strata]
    found += [table.problem("strata", f"{c!r} is a group and a stratum at once") for c in twice]
    return found


def unanswered(table: tables.Table, asked: Asked, counted: verdicts.Counted) -> Iterator[Problem]:
    """Yield the values named for yes that no row has."""
    for kind, flag in asked.flags.items():
        if flag.value is not None and not counted.cells[kind].any():
            known = [str(value) for value in examples(table, asked, flag.column, most=12)]
            hint = did_you_mean(flag.value, known) or f"known: {', '.join(known)}"
            yield table.problem(kind, f"no row has {flag.value!r} in {flag.column!r}", hint)


def referred(
    table: tables.Table, reference: str | Sequence[str], groupings: Sequence[Sequence[str]], coverage: Counts
) -> dict[str, str | None]:
    """Return the reference of each grouping. Raises Refused for a group that nobody belongs to."""
    asked = [reference] if isinstance(reference, str) else list(reference or ())
    names = ["*".join(grouping) for grouping in groupings]
    sizes = coverage.marginal(["group_by", "group"]).cells
    levels = {n: sizes.filter(pl.col("group_by") == n)["group"].to_list() for n in names}
    found: dict[str, str | None] = dict.fromkeys(names)
    problems = []
    for text in asked:
        column, equals, group = text.partition("=")
        if text in REFERENCES:
            found = dict.fromkeys(names, text)
        elif equals and column in levels and (group in levels[column] or group in REFERENCES):
            found[column] = group
        elif not equals and len(fit := [n for n in names if text in levels[n]]) == 1:
            found[fit[0]] = text
        else:
            problems.append(table.problem("reference", *unreferred(text, levels)))
    if problems:
        raise Refused(problems)
    for grouping, name in zip(groupings, names, strict=True):
        singles = [s if (s := found.get(part)) not in REFERENCES else None for part in grouping]
        if len(grouping) > 1 and found[name] is None and any(singles):
            found[name] = largest_within(sizes.filter(pl.col("group_by") == name), singles)
    return found


def unreferred(text: str, levels: Mapping[str, Sequence[str]]) -> tuple[str, str]:
    """Say what is wrong with a reference that is none, and give a hint.

    >>> unreferred("w", {"sex": ["f", "m"]})
    ("no group 'w'", 'known: f, m')
    >>> unreferred("race=w", {"sex": ["f", "m"]})
    ("'race' is not compared", 'compared: sex')
    """
    column, equals, group = text.partition("=")
    if equals and column not in levels:
        return f"{column!r} is not compared", f"compared: {', '.join(levels)}"
    if not equals and sum(text in groups for groups in levels.values()) > 1:
        return f"{text!r} is a group of several columns", "write COLUMN=GROUP"
    known = [g for name, groups in levels.items() if not equals or name == column for g in groups if g != UNKNOWN]
    return f"no group {text!r}", did_you_mean(group or text, known) or f"known: {', '.join(known[:12])}"


def largest_within(sizes: pl.DataFrame, parts: Sequence[str | None]) -> str | None:
    """Return the largest group of a crossing among those that have the parts given."""
    known = sizes.filter(pl.col("group").str.split("*").list.contains(UNKNOWN).not_()).sort("n", descending=True)
    fit = (g for g in known["group"] if all(want in (None, has) for want, has in zip(parts, g.split("*"), strict=True)))
    return next(fit, None)


def asked_measures(weighted: bool) -> list[str]:
    """Return the measures that a table of verdicts can have; with weights those that need no whole persons."""
    known = [n for n, m in measures.MEASURES.items() if m.family not in WITHOUT and n != "reach"]
    return [n for n in known if n in measures.WEIGHABLE] if weighted else known
