"""Portability: would the same person, with the same records, fare the same under another design?

Every design scores the same persons, so what differs is the rulebook alone. Predictive multiplicity asks this of models
that fit equally well (Marx, Calmon and Ustun 2020); here it is asked of schemes that were enacted or proposed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import polars as pl
from scipy.special import ndtri

from scoring.measures import estimates, intervals, rates, verdicts
from scoring.measures.counts import Counts
from scoring.measures.rates import DIFFERENCE, RATE, Statistic
from scoring.measures.study import NO_DRAW, Study
from scoring.measures.verdicts import ADVERSE, ALL, FAVOURABLE, KEYS, NEUTRAL, REWARD, SANCTION

TWO = "fewer than two designs score anybody of the group"
SHARE = replace(RATE, undefined=TWO)
GAP = replace(DIFFERENCE, undefined=TWO)


def ambiguity(signature: Counts, study: Study, coverage: Counts | None = None) -> pl.DataFrame:
    """For how many persons do the designs contradict one another?

    Persons with two or more different verdicts (sanction, neither, reward) among the designs that score them / persons
    whom two or more designs score, from 0 to 1; the more designs, the more there is to contradict. `param`: over any
    instrument, and over each kind that has two designs. Interval: as `selection_rate`.
    """
    return _rated(signature, study, coverage, "ambiguity", SHARE, _differ)


def ambiguity_difference(signature: Counts, study: Study, coverage: Counts | None = None) -> pl.DataFrame:
    """For whom do the designs contradict one another more often than for the reference? Ambiguity less theirs."""
    return _rated(signature, study, coverage, "ambiguity_difference", GAP, _differ)


def sanctioned_somewhere(signature: Counts, study: Study, coverage: Counts | None = None) -> pl.DataFrame:
    """Who is sanctioned under one design at least?

    Persons sanctioned under some of the designs that can sanction and score them / persons whom two or more of these
    score, from 0 to 1. `param` and interval as `ambiguity`.
    """
    return _rated(signature, study, coverage, "sanctioned_somewhere", SHARE, _some(SANCTION), ADVERSE)


def sanctioned_everywhere(signature: Counts, study: Study, coverage: Counts | None = None) -> pl.DataFrame:
    """Who is sanctioned under every design that can sanction and scores her? As `sanctioned_somewhere`."""
    return _rated(signature, study, coverage, "sanctioned_everywhere", SHARE, _every(SANCTION), ADVERSE)


def rewarded_somewhere(signature: Counts, study: Study, coverage: Counts | None = None) -> pl.DataFrame:
    """Who is rewarded under one design at least?

    Persons rewarded under some of the designs that can reward and score them / persons whom two or more of these score,
    from 0 to 1. `param` and interval as `ambiguity`.
    """
    return _rated(signature, study, coverage, "rewarded_somewhere", SHARE, _some(REWARD), FAVOURABLE)


def rewarded_everywhere(signature: Counts, study: Study, coverage: Counts | None = None) -> pl.DataFrame:
    """Who is rewarded under every design that can reward and scores her? As `rewarded_somewhere`."""
    return _rated(signature, study, coverage, "rewarded_everywhere", SHARE, _every(REWARD), FAVOURABLE)


def verdict_changed(signature: Counts, study: Study, coverage: Counts | None = None) -> pl.DataFrame:
    """Of the persons whom both designs score, how many get another verdict under the other one (`versus`)?

    From 0 to 1. Interval: as `selection_rate`.
    """
    names = list(verdicts.designs(signature, study))
    if len(names) < 2:
        return pl.DataFrame()
    table = _moves(signature, study, names, verdicts.families(coverage))
    place = {name: i for i, name in enumerate(names)}
    later = pl.col("scheme").replace_strict(place) > pl.col("versus").replace_strict(place)
    table = table.filter(later)  # the other way round it is the same number
    return rates.rows(table, study, "verdict_changed", replace(RATE, undefined="nobody is scored under both designs"))


def verdict_flow(signature: Counts, study: Study, coverage: Counts | None = None) -> pl.DataFrame:
    """Of the persons whom both designs score, how many go from which verdict to which by moving to this design?

    Shares from 0 to 1 of the nine ways from a verdict under `versus` to one under the design; `term` names the way, as
    `sanction → neither`, and the nine add up to 1. Of two designs the later one is moved to. Interval: as
    `selection_rate`.
    """
    families, found = verdicts.families(coverage), []
    for scheme, versus in verdicts.pairs(list(verdicts.designs(signature, study))):
        cells = verdicts.of_these(verdicts.joint(signature, study), [scheme, versus], families)
        cells = cells.filter(pl.col(scheme) >= 0, pl.col(versus) >= 0).with_columns(pl.lit(scheme).alias("scheme"))
        for (old, before), (new, after) in product(verdicts.WORDS.items(), repeat=2):
            table = rates.tally(cells, (pl.col(versus) == old) & (pl.col(scheme) == new))
            way = {"versus": versus, "term": f"{before} → {after}"}
            found.append(table.with_columns(pl.lit(v).alias(k) for k, v in way.items()))
    return rates.rows(pl.concat(found), study, "verdict_flow") if found else pl.DataFrame()


def discrepancy(signature: Counts, study: Study, coverage: Counts | None = None) -> pl.DataFrame:
    """How many persons at most would get another verdict, had one of the other designs been theirs?

    The largest `verdict_changed` over the alternatives to a design, from 0 to 1; a note names the alternative. The
    largest of several leans upwards; its bounds hold for all alternatives at once (Bonferroni): the largest lower and
    the largest upper one. `param` as `ambiguity`.
    """
    families, found = verdicts.families(coverage), []
    for param, names in verdicts.instruments(signature, study).items():
        drawn = frozenset(names) if families & set(names) else frozenset[str]()  # alternatives meet draw by draw
        moves = _moves(signature, study, names, drawn).filter(pl.col("n") > 0)
        # Bounds at a level that leaves room for the number of alternatives.
        alternatives = len(names) - 1
        low, high, _ = intervals.rate(moves["y"], moves["n"], 1 - (1 - study.level) / alternatives)
        moves = moves.with_columns(
            (pl.col("y") / pl.col("n")).alias("value"), pl.Series("low", low), pl.Series("high", high)
        )
        largest = moves.sort(*KEYS, "scheme", "value", "versus").group_by(*KEYS, "scheme", maintain_order=True)
        found.append(
            largest.agg(
                pl.col("value").last(),
                pl.col("low").max(),
                pl.col("high").max(),
                pl.col("n").last(),
                pl.format("largest against {}", pl.col("versus").last()).alias("note"),
            ).with_columns(
                pl.lit(param).alias("param"),
                pl.when(_first()).then(pl.lit(f"Wilson, Bonferroni over {alternatives}")).alias("method"),
            )
        )
    return estimates.of_table(pl.concat(found), study, "discrepancy", within=(0, 1)) if found else pl.DataFrame()


def portability(signature: Counts, study: Study, coverage: Counts | None = None) -> pl.DataFrame:
    """Under how many of the other designs would a person keep the verdict that she has under this one?

    Mean over persons of the share of the other designs that score her and say the same, from 0 to 1. Persons whom no
    other design scores are left out. Interval: normal, from the spread of that share over persons.
    """
    found, families = [], verdicts.families(coverage)
    for param, names in verdicts.instruments(signature, study).items():
        cells = verdicts.of_these(verdicts.joint(signature, study), names, families)
        cells = cells.sort(*KEYS, *names)  # in one order: floating-point sums are then the same in every run
        for home in names:
            others = [name for name in names if name != home]
            scored = pl.sum_horizontal((pl.col(name) >= 0).cast(pl.Int64) for name in others)
            same = pl.sum_horizontal((pl.col(name) == pl.col(home)).cast(pl.Int64) for name in others)
            persons = cells.filter((pl.col(home) >= 0) & (scored > 0)).with_columns((same / scored).alias("share"))
            found.append(
                persons.group_by(KEYS, maintain_order=True).agg(
                    (pl.col("share") * pl.col("n")).sum().alias("sum"),
                    (pl.col("share") ** 2 * pl.col("n")).sum().alias("squares"),
                    pl.col("n").sum(),
                ).with_columns(pl.lit(home).alias("scheme"), pl.lit(param).alias("param"))
            )  # fmt: skip
    if not found:
        return pl.DataFrame()
    mean = pl.col("sum") / pl.col("n")
    spread = (pl.col("squares") / pl.col("n") - mean**2).clip(0).sqrt()
    half = float(ndtri((1 + study.level) / 2)) * spread / pl.col("n").sqrt()
    first = _first()
    varies = first & (spread > 1e-9)
    table = pl.concat(found).sort(*KEYS, "param", "scheme").with_columns(
        mean.alias("value"),
        pl.when(varies).then((mean - half).clip(0, 1)).alias("low"),
        pl.when(varies).then((mean + half).clip(0, 1)).alias("high"),
        pl.when(varies).then(pl.lit("normal")).when(first).then(pl.lit("no interval: alike for all persons"))
        .alias("method"),
    )  # fmt: skip
    return estimates.of_table(table.drop("sum", "squares"), study, "portability", within=(0, 1))


def _differ(names: list[str]) -> pl.Expr:
    """Return whether the designs that score a person say different things of her."""
    return (
        pl.sum_horizontal(
            pl.any_horizontal([pl.col(n) == v for n in names]).cast(pl.Int8) for v in (SANCTION, NEUTRAL, REWARD)
        )
        > 1
    )


def _some(verdict: int) -> Callable[[list[str]], pl.Expr]:
    return lambda names: pl.any_horizontal([pl.col(name) == verdict for name in names])


def _every(verdict: int) -> Callable[[list[str]], pl.Expr]:
    return lambda names: pl.all_horizontal([(pl.col(name) == verdict) | (pl.col(name) < 0) for name in names])


def _rated(
    signature: Counts,
    study: Study,
    coverage: Counts | None,
    measure: str,
    statistic: Statistic,
    of: Callable[[list[str]], pl.Expr],
    polarity: str | None = None,
) -> pl.DataFrame:
    """Return a share of the persons whom two or more designs (that have outcomes of a polarity) score."""
    families, found = verdicts.families(coverage), []
    able = verdicts.polarities(signature, study)
    for param, names in verdicts.instruments(signature, study).items():
        can = [name for name in names if polarity is None or name in able[polarity]]
        if len(can) < 2:
            continue
        cells = verdicts.of_these(verdicts.joint(signature, study), can, families)
        among = pl.sum_horizontal((pl.col(name) >= 0).cast(pl.Int8) for name in can) > 1
        table = rates.tally(cells.with_columns(pl.lit(ALL).alias("scheme")), of(can), among)
        found.append(table.with_columns(pl.lit(param).alias("param"), pl.lit(polarity, pl.String).alias("polarity")))
    return rates.rows(pl.concat(found), study, measure, statistic) if found else pl.DataFrame()


def _moves(signature: Counts, study: Study, names: list[str], families: frozenset[str]) -> pl.DataFrame:
    """Return, for each design and each alternative, how many of the persons whom both score get another verdict."""
    found = []
    for scheme, versus in verdicts.pairs(names):
        cells = verdicts.of_these(verdicts.joint(signature, study), [scheme, versus], families)
        both = (pl.col(scheme) >= 0) & (pl.col(versus) >= 0)
        for mine, other in ((scheme, versus), (versus, scheme)):
            told = cells.with_columns(pl.lit(mine).alias("scheme"))
            table = rates.tally(told, pl.col(scheme) != pl.col(versus), both)
            found.append(table.with_columns(pl.lit(other).alias("versus")))
    return pl.concat(found)


def _first() -> pl.Expr:
    """Return whether one auditor would hold these counts."""
    return (pl.col("draw") == NO_DRAW) & (pl.col("seed") == pl.col("seed").min().over("world"))
