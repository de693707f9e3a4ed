"""The multiverse: what a declared comparison says in every universe, and what would make it say otherwise.

A universe is one way to make all declared choices at once: a number of a rulebook, the reference, the threshold of
simulated harm, how the unscored are read. Universes are no sample of anything, so nothing here has a p value.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from scoring.measures import intervals, rates
from scoring.measures.counts import Counts
from scoring.measures.errors import RATES, TAUS
from scoring.measures.rates import CONVENTION, SMALL_GROUP
from scoring.measures.study import Study
from scoring.measures.universes import PUBLISHED, UNSCORED, Projected

ADVERSE, NOTHING, FAVOURABLE, UNDEFINED = "adverse", "no evidence", "favourable", "undefined"
READINGS = ("left out", "selected", "not selected")  # of who is meant and not scored
SELECTIONS = ("selection_rate_ratio", "selection_rate_difference", "non_selection_rate_ratio", "excess_per_10000")
ERRORS = tuple(f"{rate}_{how}" for rate in RATES if rate != "prevalence" for how in ("ratio", "difference"))
KNOWN = (*SELECTIONS, *ERRORS)
FARES_BETTER = ("false_negative_rate", "positive_predictive_value")  # a higher one is to the good of who is judged
AS_DECLARED = "as declared"
ALIKE = 1e-9
Claim = tuple[str, str, str]
Floats = NDArray[np.float64]
CHOSEN = ["variant", "reference_choice", "reading", "tau"]


@dataclass(frozen=True)
class Asked:
    """One declared comparison of one scheme, in one world, of one group: its universes and what each says."""

    claim: Claim
    told: dict[str, Any]  # world, scheme, outcome, polarity, group_by, group
    universes: Projected  # as the factors that matter to it tell them apart
    draws: tuple[int, ...]
    table: pl.DataFrame  # one row a universe and draw, in that order, with value, low, high, n, n_ref, conclusion
    declared: pl.DataFrame  # one row a draw: as declared

    @property
    def times(self) -> NDArray[np.int64]:
        """How many universes each row stands for."""
        return np.repeat(self.universes.times, len(self.draws))


def estimates(counts: Counts, study: Study, claim: Claim) -> pl.DataFrame:
    """Return one comparison for every variant, reference, threshold and reading: value, interval and conclusion.

    Counts are those of all seeds together: persons of different seeds are different persons.
    """
    measure, outcome, group_by = claim
    cells = counts.where(outcome=outcome, group_by=group_by).cells
    cells = cells.join(study.polarities(), on=["scheme", "outcome"], how="left")
    factors = study.universes.factors if study.universes else {}
    error = measure in ERRORS
    if error:
        cells = cells.filter(pl.col("polarity") == "adverse")
    if cells.is_empty():
        return pl.DataFrame()
    yes, among = RATES[measure.rpartition("_")[0]] if error else (pl.col("selected"), None)
    if measure == "non_selection_rate_ratio":
        yes = ~pl.col("selected")
    by = ("outcome", "polarity", "variant", "reading", "tau")
    tables = []
    for reading in dict.fromkeys([READINGS[0], *factors.get("unscored", ())]):
        read = cells if reading != READINGS[0] else cells.filter(pl.col("selected") != UNSCORED)
        said = pl.when(pl.col("selected") == UNSCORED).then(reading == READINGS[1]).otherwise(pl.col("selected") == 1)
        for tau in dict.fromkeys([TAUS[0], *factors.get("tau", ())]) if error else TAUS[:1]:
            told = [pl.lit(reading).alias("reading"), pl.lit(tau, pl.Int64).alias("tau")]
            truth = (pl.col("harm") > TAUS.index(tau)).alias("truth")
            tables.append(rates.tally(read.with_columns(said.alias("selected"), truth, *told), yes, among, by))
    table = pl.concat(tables).group_by(pl.exclude("seed", "y", "n")).agg(pl.col("y", "n").sum())
    table = table.with_columns(pl.lit(0).alias("seed"))
    found = []
    for choice in [None, *factors.get(f"reference.{group_by}", ())]:
        declared = study if choice is None else replace(study, references={**study.references, group_by: choice})
        found.append(
            rates.against_reference(table, declared).with_columns(pl.lit(choice, pl.String).alias("reference_choice"))
        )
    joined = pl.concat(found, how="vertical_relaxed").filter(pl.col("group") != pl.col("reference"))
    return judged(joined, measure, study.level)


def judged(table: pl.DataFrame, measure: str, level: float) -> pl.DataFrame:
    """Add to y and n of each comparison its value, interval, sign and conclusion.

    The sign is 1 where the group fares worse, -1 where it fares better. A conclusion needs an interval wholly on one
    side of equality and, of selection rates, a ratio beyond the convention on that side.
    """
    y, n, y0, n0 = (table[c].fill_null(0).cast(pl.Float64).to_numpy() for c in ("y", "n", "y_ref", "n_ref"))
    ratio = measure.endswith("_ratio")
    with np.errstate(invalid="ignore", divide="ignore"):
        p, q = y / n, y0 / n0
        value = p / q if ratio else p - q
    bounds = (intervals.ratio if ratio else intervals.difference)(y, n, y0, n0, level)
    scale = 1e4 if measure == "excess_per_10000" else 1.0
    value, low, high = (scale * v for v in (value, bounds.low, bounds.high))
    even = 1.0 if ratio else 0.0
    worse = np.where(table["polarity"].to_numpy() == "adverse", 1, -1)
    if measure == "non_selection_rate_ratio" or measure.startswith(FARES_BETTER):
        worse = -worse
    apart = np.where(np.isnan(value), 0, value - even)
    sign = worse * np.where(np.abs(apart) <= ALIKE * scale, 0, np.sign(apart))
    side = worse * (np.where(low > even, 1, 0) - np.where(high < even, 1, 0))
    if measure == "selection_rate_ratio":
        beyond = (value < CONVENTION["favourable"]) | (value > CONVENTION["adverse"])
        side = np.where(beyond, side, 0)
    said = np.array([FAVOURABLE, NOTHING, ADVERSE], dtype=object)[side.astype(int) + 1]
    said[np.isnan(value)] = UNDEFINED
    return table.with_columns(
        pl.Series("value", value, dtype=pl.Float64).fill_nan(None),
        pl.Series("low", low, dtype=pl.Float64).fill_nan(None),
        pl.Series("high", high, dtype=pl.Float64).fill_nan(None),
        pl.Series("bounds", bounds.method.astype(object), dtype=pl.String),
        pl.Series("sign", sign.astype(np.int8)),
        pl.Series("conclusion", said, dtype=pl.String),
    )


def asked(counts: Counts, study: Study) -> Iterator[Asked]:
    """Yield every declared comparison that some choice touches, world by world, scheme by scheme, group by group."""
    if "asked" not in counts.kept:  # five measures read the same universes
        counts.kept["asked"] = list(_asked(counts, study))
    yield from counts.kept["asked"]


def _asked(counts: Counts, study: Study) -> Iterator[Asked]:
    universes = study.universes
    if universes is None:
        return
    for claim in (claim for claim in study.primary if claim[0] in KNOWN):
        table = estimates(counts, study, claim)
        if table.is_empty():
            continue
        seen = ["unscored", f"reference.{claim[2]}", *(["tau"] if claim[0] in ERRORS else [])]
        for (world, scheme), part in sorted(table.partition_by("world", "scheme", as_dict=True).items()):
            about = universes.about([*universes.own(str(scheme)), *seen])
            places = chosen(about, study, str(scheme), claim[2])
            as_declared = pl.DataFrame([(0, PUBLISHED, None, READINGS[0], TAUS[0])], schema=places.schema, orient="row")
            draws = tuple(sorted(part["draw"].unique()))
            for (group,), of in sorted(part.partition_by("group", as_dict=True).items()):
                polarity = of["polarity"][0]
                told = {"world": world, "scheme": scheme, "outcome": claim[1], "polarity": polarity}
                told |= {"group_by": claim[2], "group": group}
                yield Asked(claim, told, about, draws, _at(places, draws, of), _at(as_declared, draws, of))


def _at(places: pl.DataFrame, draws: Sequence[int], table: pl.DataFrame) -> pl.DataFrame:
    """Return what is known of each universe and draw; nulls where the group is the reference itself."""
    of = places.join(pl.DataFrame({"draw": draws}, schema={"draw": pl.Int32}), how="cross")
    return of.join(table, on=[*CHOSEN, "draw"], how="left", nulls_equal=True, maintain_order="left")


def chosen(about: Projected, study: Study, scheme: str, group_by: str) -> pl.DataFrame:
    """Return, for each universe, the variant, reference, reading and threshold that it asks for."""
    universes = study.universes
    assert universes is not None
    own = [name for name in about.names if name in set(universes.own(scheme))]
    variants = universes.about(own)
    numbers = {tuple(row): number for number, row in enumerate(variants.rows.tolist(), start=PUBLISHED + 1)}
    at = [about.names.index(name) for name in own]
    rows = about.rows.tolist()

    def of(name: str, otherwise: Any) -> list[Any]:
        if name not in about.names:
            return [otherwise] * len(rows)
        return [universes.factors[name][row[about.names.index(name)]] for row in rows]

    return pl.DataFrame(
        {
            "universe": range(1, len(rows) + 1),
            "variant": [numbers[tuple(row[i] for i in at)] if own else PUBLISHED for row in rows],
            "reference_choice": of(f"reference.{group_by}", None),
            "reading": of("unscored", READINGS[0]),
            "tau": of("tau", TAUS[0]),
        },
        schema_overrides={"variant": pl.Int32, "reference_choice": pl.String, "reading": pl.String, "tau": pl.Int64},
    )


def wording(about: Projected, study: Study) -> list[str]:
    """Return the choices of each universe in words."""
    assert study.universes is not None
    factors = [(name, [f"{short(name)}={c}" for c in study.universes.factors[name]]) for name in about.names]
    return [
        "; ".join(words[level] for (_, words), level in zip(factors, row, strict=True)) for row in about.rows.tolist()
    ]


def short(name: str) -> str:
    """Return a factor as a row names it: of a scheme, without the scheme.

    >>> short("schemes.rongcheng_2016.rules.contract_breach.points")
    'rules.contract_breach.points'
    """
    return ".".join(name.split(".")[2:]) if name.startswith("schemes.") else name


def small(table: pl.DataFrame) -> pl.Expr:
    """Tell where a group, or its reference, has too few persons."""
    return (pl.col("n") < SMALL_GROUP) | (pl.col("n_ref") < SMALL_GROUP)
