"""Metrics of rows: any function of scikit-learn or fairlearn as a measure, at the cost of holding the rows.

fairlearn's own MetricFrame calls the function, group by group; what it finds becomes result rows like any other.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

import narwhals as nw
import polars as pl

from scoring.documents import Problem, Refused, did_you_mean
from scoring.experiment.asked import Asked, as_flag, as_text, frames
from scoring.experiment.tabled import WORLD, crossed
from scoring.experiment.tables import Table, collected
from scoring.experiment.verdicts import STAR
from scoring.measures.rates import SMALL_GROUP
from scoring.measures.study import EVERYONE
from scoring.result import FIT_FAILED, OK, SMALL_CELL, ZERO_DENOM, tidy

LIBRARIES = ("sklearn.metrics", "fairlearn.metrics")
METHOD = "fairlearn MetricFrame, from rows"
Metric = Callable[..., Any]


def metric(name: str) -> Metric:
    """Return a function of scikit-learn or fairlearn by its full name. Raises Refused."""
    library, _, function = name.rpartition(".")
    if library not in LIBRARIES:
        raise Refused([Problem("--metric", 0, name, "no metric of rows", f"name one of {' or '.join(LIBRARIES)}")])
    found = getattr(import_module(library), function, None)
    if not callable(found):
        hint = did_you_mean(function, dir(import_module(library)))
        raise Refused([Problem("--metric", 0, name, f"{library} has no {function!r}", hint)])
    return found


def metric_rows(
    table: Table, asked: Asked, groupings: Sequence[Sequence[str]], title: str, metrics: Mapping[str, Metric]
) -> pl.DataFrame:
    """Return a row a metric and group, over the rows that have both a verdict and a truth."""
    from fairlearn.metrics import MetricFrame

    rows = held(table, asked)
    outcome = asked.flags["selected"].name
    found: list[dict[str, Any]] = []
    for grouping in [(), *groupings]:
        people = rows.with_columns(crossed(grouping).alias("group"))
        sizes = dict(people.group_by("group").len().iter_rows())
        for name, function in metrics.items():
            about = {"measure": name, "group_by": "*".join(grouping) or EVERYONE, "outcome": outcome}
            values, why = by_group(MetricFrame, function, people)
            found += [
                about
                | {
                    "group": group,
                    "n": n,
                    "value": values.get(group),
                    "status": status(values.get(group), n, why),
                    "note": why,
                }
                for group, n in sorted(sizes.items())
            ]
    head = {"world": WORLD, "scheme": title, "uncertainty": "audit", "seeds": 1, "method": METHOD}
    return tidy([head | row for row in found])


def held(table: Table, asked: Asked) -> pl.DataFrame:
    """Return the rows that have a verdict and a truth, as 0 and 1, with their groups."""
    parts = []
    for frame in frames(table, asked):
        types = frame.collect_schema()
        flags = [as_flag(f, types).cast(nw.Int64).alias(f"is_{kind}") for kind, f in asked.flags.items()]
        parts.append(collected(frame.select(*[as_text(c, types).alias(c) for c in asked.groups], *flags)))
    names = [pl.col(c).str.replace_all("*", STAR, literal=True) for c in asked.groups]
    return pl.concat(parts).drop_nulls(["is_selected", "is_truth"]).with_columns(names)


def by_group(frame: Any, function: Metric, people: pl.DataFrame) -> tuple[dict[str, float], str | None]:
    """Return a metric by group, or why it could not be computed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the libraries: what is undefined is told by a status here
            computed = frame(
                metrics=function,
                y_true=people["is_truth"].to_numpy(),
                y_pred=people["is_selected"].to_numpy(),
                sensitive_features=people["group"].to_numpy(),
            )
        return {str(g): float(v) for g, v in computed.by_group.items() if v == v}, None
    except Exception as error:  # a metric is anybody's function: what it raises is told beside its name
        return {}, f"{type(error).__name__}: {str(error).splitlines()[0][:160] if str(error) else ''}"


def status(value: float | None, n: int, why: str | None) -> str:
    """Say how far the value of a metric can be trusted."""
    if why is not None:
        return FIT_FAILED
    return ZERO_DENOM if value is None else SMALL_CELL if n < SMALL_GROUP else OK
