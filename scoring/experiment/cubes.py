"""Cubes: a scored frame reduced to counts, once, in one pass.

Every person stands in one cell, the cross of all attributes that the experiment groups by, written as one integer. A
frame is tallied by cell; what a grouping needs is rolled up from the cells, so that many groupings cost what one costs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product
from typing import Any

import polars as pl

from scoring.experiment import bins
from scoring.measures import TAUS

EVERYONE = "everyone"
SCORED = pl.col("coverage").cast(pl.String) == "scored"
MOST_ADVERSE = 3  # adverse records told apart: 0, 1, 2, and so many or more
RECORDS = [
    f"{'3+' if n == MOST_ADVERSE else n} adverse{', credit' if credit else ''}"
    for n in range(MOST_ADVERSE + 1)
    for credit in (False, True)
]
BESIDE_SCORES = (2, 4)  # levels of harm that measures of scores tell apart: below 10, from 10 on, from 30 on
CONDUCT = [f"harm {level}" for level in range(len(TAUS) + 1)]


@dataclass(frozen=True)
class Groupings:
    """The groupings of an experiment (`residence`, `residence*sex`, …) over the levels of a population, and strata."""

    names: tuple[str, ...]
    levels: Mapping[str, Sequence[str]]
    strata: tuple[str, ...] = ()

    @property
    def attributes(self) -> list[str]:
        """Every attribute that some grouping uses, once."""
        return list(dict.fromkeys(a for name in self.names for a in name.split("*")))

    @property
    def single(self) -> list[str]:
        """The groupings by one attribute."""
        return [name for name in self.names if "*" not in name]

    @property
    def strides(self) -> dict[str, int]:
        return self._strides(self.attributes)

    def _strides(self, attributes: Sequence[str]) -> dict[str, int]:
        sizes = [len(self.levels[a]) for a in attributes]
        return {a: reduce(int.__mul__, sizes[:i], 1) for i, a in enumerate(attributes)}

    def cell(self) -> pl.Expr:
        """Return the cell of each person."""
        return _crossed(self.strides).alias("cell")

    def places(self) -> list[pl.Expr]:
        """Return where each person stands: the cell, and the stratum where strata are declared."""
        stratum = [_crossed(self._strides(self.strata[::-1])).alias("stratum")] if self.strata else []
        return [self.cell(), *stratum]

    def crossing(self, attributes: Sequence[str]) -> list[str]:
        """Return the names of all cells of some attributes crossed, the last attribute the quickest to change."""
        return ["*".join(parts) for parts in product(*(self.levels[a] for a in attributes))]

    def within(self, attributes: Sequence[str]) -> pl.Expr:
        """Return which of the cells of some attributes crossed each cell lies in, as a number."""
        sizes = {a: len(self.levels[a]) for a in attributes}
        parts = ((pl.col("cell") // self.strides[a]) % sizes[a] for a in attributes)
        return reduce(
            lambda whole, part: whole * sizes[part[0]] + part[1], zip(attributes, parts, strict=True), pl.lit(0)
        )

    def roll_up(
        self, cells: pl.DataFrame, sums: Iterable[str] = ("n",), names: Sequence[str] | None = None
    ) -> pl.DataFrame:
        """Return tallies by cell as tallies by grouping and group: everyone and all groupings, or those named."""
        sums = list(sums)
        axes = [c for c in cells.columns if c not in {"cell", *sums}]
        rolled = []
        for name in (EVERYONE, *self.names) if names is None else names:
            attributes = [] if name == EVERYONE else name.split("*")
            groups = self.crossing(attributes) if attributes else [EVERYONE]
            found = cells.group_by(self.within(attributes).cast(pl.UInt32).alias("group"), *axes).agg(
                pl.col(sums).sum()
            )
            rolled.append(found.select(pl.lit(name).alias("group_by"), worded("group", groups), *axes, *sums))
        return pl.concat(rolled)

    def named(self, cells: pl.DataFrame) -> pl.DataFrame:
        """Return tallies by cell with one column `by__<attribute>` an attribute instead of the cell."""
        by = [worded(self.within([a]), self.levels[a]).alias(f"by__{a}") for a in self.attributes]
        return cells.select(*by, pl.exclude("cell"))


def _crossed(strides: Mapping[str, int]) -> pl.Expr:
    codes = [pl.col(a).to_physical().cast(pl.UInt32) * stride for a, stride in strides.items()]
    return pl.sum_horizontal(codes).cast(pl.UInt32)


def worded(code: str | pl.Expr, words: Sequence[str]) -> pl.Expr:
    """Return numbers as the words that they stand for."""
    expression = pl.col(code) if isinstance(code, str) else code
    return expression.replace_strict(range(len(words)), list(words), return_dtype=pl.String)


def tally(frame: pl.DataFrame, by: Sequence[str], **sums: pl.Expr) -> pl.DataFrame:
    """Count persons by cell and the given columns."""
    return frame.group_by("cell", *by).agg(pl.len().cast(pl.Int64).alias("n"), **sums)


def harm_level() -> pl.Expr:
    """Return how many of the declared thresholds a person's simulated harm reaches."""
    return pl.sum_horizontal([(pl.col("hidden_harm") >= tau).cast(pl.Int8) for tau in TAUS]).cast(pl.Int8).alias("harm")


def reached(scheme: Any, records: Mapping[str, Any]) -> pl.Expr:
    """Return, as a number of RECORDS, what reached a scheme of each person: adverse records, and whether any credit.

    Counted are the record types that the scheme reads, by the polarity that the recipe gives them.
    """
    adverse, credits = (
        [pl.col(c).cast(pl.Int32) for c in columns_of(scheme, records, polarity)]
        for polarity in ("adverse", "favourable")
    )
    count = pl.sum_horizontal(adverse or [pl.lit(0)]).clip(0, MOST_ADVERSE)
    credit = pl.any_horizontal([c > 0 for c in credits] or [pl.lit(False)]).fill_null(False)
    return (2 * count + credit.cast(pl.Int32)).cast(pl.UInt8).alias("records")


def columns_of(scheme: Any, records: Mapping[str, Any], polarity: str) -> list[str]:
    """Return the columns a scheme reads that hold records of one polarity; of an amount, only without its count."""
    mine = [name for name, record in records.items() if record.polarity == polarity]
    counts = [f"n_{name}" for name in mine if f"n_{name}" in scheme.reads]
    return counts + [f"amt_{n}" for n in mine if f"amt_{n}" in scheme.reads and f"n_{n}" not in counts]


def verdict_cubes(
    outcome: pl.DataFrame, scheme: Any, groups: Groupings, records: Mapping[str, Any] | None = None
) -> dict[str, pl.DataFrame]:
    """Return the cubes of one scored frame: coverage, band, score, outcome.

    With `records`, the record types of the population, also what verdicts stand beside (`conditional`) and the cells
    of all attributes crossed (`cells`). The frame is tallied once; all else is made of the tally.
    """
    names, scores = list(scheme.outcomes), ["score"] if scheme.base is not None else []
    beside = ["records", *(["stratum"] if groups.strata else [])] if records is not None and names else []
    told = outcome.with_columns(reached(scheme, records)) if beside and records is not None else outcome
    verdicts = tally(told, ["coverage", "band", *names, "harm", *scores, *beside])
    scored = verdicts.filter(SCORED)
    small = {"coverage": fewer(verdicts, ["cell", "coverage"])}
    if scheme.bands:
        small["band"] = fewer(scored, ["cell", "band"])
    if scores:
        classed = scored.with_columns(pl.col("harm").clip(*BESIDE_SCORES))
        small["score"] = bins.binned(fewer(classed, ["cell", "score", "harm"]))
    if names:
        small["outcome"] = by_outcome(scored, names, ["cell", "harm"])
    rolled = {cube: groups.roll_up(cells) for cube, cells in small.items()}
    if beside:
        rolled["cells"] = groups.named(by_outcome(scored, names, ["cell"]))
        if groups.single:
            rolled["conditional"] = conditional(by_outcome(scored, names, ["cell", "harm", *beside]), groups)
    return rolled


def fewer(cells: pl.DataFrame, axes: Sequence[str]) -> pl.DataFrame:
    """Sum tallies over all axes but some."""
    return cells.group_by(axes).agg(pl.col("n").sum())


def by_outcome(scored: pl.DataFrame, names: Sequence[str], axes: Sequence[str]) -> pl.DataFrame:
    """Return the tallies of each outcome over some axes, one outcome beneath the other."""
    joint = fewer(scored, [*axes, *names])
    return pl.concat(
        fewer(
            joint.select(pl.lit(name).alias("outcome"), pl.col(name).alias("selected"), *axes, "n"),
            ["outcome", "selected", *axes],
        )
        for name in names
    )


def conditional(cells: pl.DataFrame, groups: Groupings) -> pl.DataFrame:
    """Return verdicts beside latent conduct, what reached the scheme, and the declared strata, in words."""
    rolled = groups.roll_up(cells.rename({"harm": "conduct"}), names=groups.single)
    words = {"conduct": CONDUCT, "records": RECORDS} | (
        {"stratum": groups.crossing(groups.strata)} if groups.strata else {}
    )
    return rolled.with_columns(worded(axis, of).alias(axis) for axis, of in words.items())


def ledger_cube(ledger: pl.DataFrame, scheme: Any, groups: Groupings) -> pl.DataFrame:
    """Return the ledger cube: persons by rule and points, with the sum of their scores.

    Only points that are not zero are tallied; the rest of each cell got none from the rule.
    """
    scored = ledger.filter(SCORED)
    totals = tally(scored, [], score=pl.col("score").cast(pl.Int64).sum())
    rules = [c.removeprefix("points__") for c in scored.columns if c.startswith("points__")]
    fired = pl.concat(
        pl.collect_all(
            scored.lazy()
            .filter(pl.col(f"points__{rule}") != 0)
            .group_by("cell", pl.col(f"points__{rule}").cast(pl.Int32).alias("points"))
            .agg(pl.len().cast(pl.Int64).alias("n"), pl.col("score").cast(pl.Int64).sum())
            .select("cell", pl.lit(rule).alias("rule"), "points", "n", "score")
            for rule in rules
        )
    )
    spent = fired.group_by("cell", "rule").agg(pl.col("n", "score").sum())
    silent = (
        totals.join(pl.DataFrame({"rule": rules}), how="cross")
        .join(spent, on=["cell", "rule"], how="left", suffix="_spent")
        .select(
            "cell",
            "rule",
            pl.lit(0, pl.Int32).alias("points"),
            pl.col("n") - pl.col("n_spent").fill_null(0),
            pl.col("score") - pl.col("score_spent").fill_null(0),
        )
        .filter(pl.col("n") > 0)
    )
    return groups.roll_up(pl.concat([fired, silent]), ["n", "score"])


def signature_columns(outcome: pl.DataFrame, scheme: Any) -> list[pl.Series]:
    """Return one column per outcome of a scheme: 1 selected, 0 not, -1 unscored."""
    return [outcome[name].cast(pl.Int8).fill_null(-1).alias(f"{scheme.name}:{name}") for name in scheme.outcomes]


def signature_cube(cells: pl.Series, columns: list[pl.Series], groups: Groupings) -> pl.DataFrame:
    """Return the joint tally of every outcome of every scheme over the same persons."""
    frame = pl.DataFrame([cells, *columns])
    return groups.roll_up(tally(frame, [c.name for c in columns]))
