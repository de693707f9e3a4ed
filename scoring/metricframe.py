"""Rates by group in the form that fairlearn gives them, made from result rows instead of from persons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

if TYPE_CHECKING:
    import pandas as pd

RATES = (
    "selection_rate",
    "true_positive_rate",
    "false_positive_rate",
    "false_negative_rate",
    "positive_predictive_value",
    "false_discovery_rate",
    "prevalence",
    "coverage_rate",
)
Method = Literal["between_groups", "to_overall"]


@dataclass(frozen=True)
class MetricTable:
    """What fairlearn's `MetricFrame` answers: `by_group` (groups × rates), `overall`, and what is made of them.

    `low` and `high` bound `by_group` where the rows have an interval. Undefined is NaN, and no group that has it is the
    least or the largest.
    """

    by_group: pd.DataFrame
    overall: pd.Series
    low: pd.DataFrame
    high: pd.DataFrame

    def group_min(self) -> pd.Series:
        """Return the least of each rate over the groups."""
        return self.by_group.min()

    def group_max(self) -> pd.Series:
        """Return the largest of each rate over the groups."""
        return self.by_group.max()

    def difference(self, method: Method = "between_groups") -> pd.Series:
        """Return the largest difference between two groups, or of a group to all persons; never negative."""
        if method == "to_overall":
            return (self.by_group - self.overall).abs().max()
        return self.group_max() - self.group_min()

    def ratio(self, method: Method = "between_groups") -> pd.Series:
        """Return the least ratio of two groups, or of a group and all persons, the smaller over the larger."""
        if method == "to_overall":
            ratios = self.by_group / self.overall
            return ratios.where(ratios <= 1, 1 / ratios).min()
        return self.group_min() / self.group_max()


def table(result: Any, group_by: str | None = None, rates: Sequence[str] | None = None, **where: Any) -> MetricTable:
    """Return the rates of a result by one grouping, the deepest of its crossings by default.

    `where` picks the scheme, world, outcome or param; the first of each where it does not say. Raises KeyError where
    the result has no such grouping or no rates.
    """
    import pandas as pd

    told = result.manifest
    group_by = group_by or max(told["groups"], key=lambda g: g.count("*"))
    picked = {"world": told["worlds"][0], "scheme": told["designs"][0], **where}
    rows = result.where(**picked).filter(pl.col("measure").is_in(list(rates or RATES)), pl.col("reference").is_null())
    rows = rows.filter((pl.col("uncertainty") == "audit") | (pl.col("uncertainty") == "seeds"))
    for axis in ("outcome", "param"):
        known = rows.filter(pl.col("group_by") == group_by)[axis].drop_nulls().unique(maintain_order=True)
        if len(known) > 1:
            first = told.get("outcome") if axis == "outcome" and told.get("outcome") in known else known[0]
            rows = rows.filter(pl.col(axis).is_null() | (pl.col(axis) == first))
    rows = rows.sort(pl.col("uncertainty") == "seeds").unique(["measure", "group_by", "group"], keep="first")
    mine = rows.filter(pl.col("group_by") == group_by).sort("group")
    if mine.is_empty():
        raise KeyError(f"no rates by {group_by!r}; groupings: {', '.join(told['groups'])}")
    names = [name for name in (rates or RATES) if name in mine["measure"]]

    def wide(column: str) -> pd.DataFrame:
        found = mine.pivot("measure", index="group", values=column).to_pandas().set_index("group")[names]
        parts = group_by.split("*")
        if len(parts) == 1:
            return found.rename_axis(index=group_by, columns=None)
        index = pd.MultiIndex.from_tuples([tuple(g.split("*")) for g in found.index], names=parts)
        every = pd.MultiIndex.from_product([sorted(level) for level in index.levels], names=parts)
        return found.set_axis(index).reindex(every).rename_axis(columns=None)

    everyone = rows.filter(pl.col("group_by") == "everyone")
    overall = pd.Series(dict(everyone.select("measure", "value").iter_rows()), dtype=float).reindex(names)
    return MetricTable(wide("value"), overall, wide("low"), wide("high"))
