"""A result is a tidy table: one row a number, each with its n, its interval, its status and where it comes from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    import pandas as pd

    from scoring.metricframe import MetricTable

OK, SMALL_CELL, ZERO_DENOM = "ok", "small_cell", "zero_denom"
SINGLE_GROUP, NOT_APPLICABLE, FIT_FAILED, NOT_LOSSLESS = "single_group", "not_applicable", "fit_failed", "not_lossless"
SUPPRESSED = "suppressed"  # only of real tables: a small count could be read or worked out
STATUSES = (OK, SMALL_CELL, ZERO_DENOM, SINGLE_GROUP, NOT_APPLICABLE, FIT_FAILED, NOT_LOSSLESS, SUPPRESSED)

COLUMNS: dict[str, Any] = {
    "experiment": pl.String,
    "world": pl.String,
    "scheme": pl.String,
    "draw": pl.Int32,  # which draw of a family; null where the scheme is one scheme
    "versus": pl.String,  # the scheme a paired difference is taken from
    "measure": pl.String,
    "param": pl.String,
    "term": pl.String,
    "outcome": pl.String,
    "polarity": pl.String,
    "group_by": pl.String,
    "group": pl.String,
    "reference": pl.String,
    "period": pl.Int32,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "level": pl.Float64,
    "method": pl.String,
    "uncertainty": pl.String,  # audit, seeds, specification
    "n": pl.Int64,
    "status": pl.String,
    "p": pl.Float64,
    "p_adjusted": pl.Float64,
    "test_family": pl.String,
    "seeds": pl.Int32,
    "note": pl.String,  # why a value is null, or what to mind when reading it
}
NUMBER = ["scheme", "versus", "measure", "param", "term", "outcome", "group_by", "group", "period"]
MATCHED = ["world", *NUMBER, "reference", "polarity"]  # what names a number of one run beside that of another
TOLD = ["value", "low", "high", "uncertainty", "n", "status", "note"]
PREFERRED = ("seeds", "specification", "audit")  # of several rows of one number
KEY = [c for c in COLUMNS if c not in {"value", "low", "high", "p", "p_adjusted", "n", "status", "note", "level"}]


@dataclass(frozen=True, repr=False)
class Result:
    """What a run found: `rows` (columns as in COLUMNS) and the `manifest` that says how it was made."""

    rows: pl.DataFrame
    manifest: dict[str, Any]
    path: Path | None = None

    def frame(self) -> pl.DataFrame:
        """Return the rows as a Polars frame."""
        return self.rows

    def to_pandas(self) -> pd.DataFrame:
        """Return the rows as a pandas frame."""
        return self.rows.to_pandas()

    def to_metricframe(
        self, group_by: str | None = None, rates: Sequence[str] | None = None, **where: Any
    ) -> MetricTable:
        """Return the rates by one grouping as fairlearn's `MetricFrame` gives them: `by_group`, `difference()` …"""
        from scoring.metricframe import table

        return table(self, group_by, rates, **where)

    def where(self, **equals: Any) -> pl.DataFrame:
        """Return the rows whose columns equal the given values; None selects nulls."""
        return self.rows.filter([pl.col(c).eq_missing(pl.lit(v)) for c, v in equals.items()])

    def __repr__(self) -> str:
        return f"Result({self.manifest.get('experiment')!r}, {self.rows.height:,} rows)"

    def _repr_html_(self) -> str:
        return self.rows._repr_html_()

    def write(self, folder: str | Path) -> Path:
        """Write `results.parquet`, `results.csv` and `manifest.json` into a folder.

        Raises ValueError for an audit of a real table whose small cells are shown: those are for its owner's eyes.
        """
        if self.manifest.get("real") and not self.manifest["smallest"]:
            raise ValueError("small cells of a real table are not written: audit it without show_small")
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.rows.write_parquet(folder / "results.parquet")
        self.rows.write_csv(folder / "results.csv")
        text = json.dumps(self.manifest, indent=2, ensure_ascii=False)
        (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")
        return folder

    @staticmethod
    def read(folder: str | Path) -> Result:
        """Read what `write` wrote."""
        folder = Path(folder)
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        return Result(pl.read_parquet(folder / "results.parquet"), manifest, folder)


@dataclass(frozen=True)
class Beside:
    """Results of several runs beside each other, the later ones beside the first.

    `rows` hold each number once, with columns `value_i`, `low_i` … of run i, `in_i` whether it has the number, and for
    the later ones `difference_i` and `apart_i`. `runs` are the manifests by name; `same` says of each later run whether
    it drew the persons of the first. `otherwise` is what was asked otherwise, with what each run has; `only` what one
    run alone has, and how many numbers; `measures` counts numbers in all runs, with bounds in all, and wholly apart.
    """

    rows: pl.DataFrame
    runs: dict[str, dict[str, Any]]
    same: list[bool]
    otherwise: list[tuple[str, list[Any]]]
    only: list[tuple[str, int, str]]
    measures: pl.DataFrame

    def plain(self) -> list[dict[str, Any]]:
        """Return the rows as plain data: the number, what each run says of it, and the difference to the first."""
        names = list(self.runs)
        return [
            {c: row[c] for c in MATCHED}
            | {"runs": {name: {c: row[f"{c}_{i}"] for c in TOLD} for i, name in enumerate(names) if row[f"in_{i}"]}}
            | {"difference": {name: row[f"difference_{i}"] for i, name in enumerate(names) if i}}
            for row in self.rows.iter_rows(named=True)
        ]


def once(rows: pl.DataFrame, also: Sequence[str] = ()) -> pl.DataFrame:
    """Keep one row a number: over seeds if there is an interval, else over draws, else one audit's.

    `also` are columns besides those by which numbers of one world are told apart.
    """
    rank = pl.col("uncertainty").replace_strict(
        {u: i for i, u in enumerate(PREFERRED)}, default=9, return_dtype=pl.Int32
    )
    none = pl.col("low").is_null() | (pl.col("low") == pl.col("high"))  # seeds that all agree leave no interval
    ranked = rows.with_columns((rank + 5 * (none & (pl.col("uncertainty") == "seeds")).cast(pl.Int32)).alias("rank"))
    ranked = ranked.sort("rank", maintain_order=True)
    return ranked.unique([*NUMBER, *also], keep="first", maintain_order=True).drop("rank")


def tidy(rows: list[dict[str, Any]] | pl.DataFrame) -> pl.DataFrame:
    """Return rows with every column of COLUMNS, typed and in the canonical order."""
    if isinstance(rows, list):
        unknown = {key for row in rows for key in row} - set(COLUMNS)
        if unknown:
            raise KeyError(f"not columns of a result: {sorted(unknown)}")
        rows = pl.DataFrame(
            rows, schema_overrides={c: COLUMNS[c] for row in rows[:1] for c in row}, infer_schema_length=None
        )
    full = [(pl.col(c) if c in rows.columns else pl.lit(None)).cast(t).alias(c) for c, t in COLUMNS.items()]
    return rows.select(full).sort(KEY, nulls_last=False, maintain_order=True)
