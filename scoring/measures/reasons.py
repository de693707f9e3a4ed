"""Reasons: are those that a person is given true, can she act on them, do like persons get like ones?"""

from __future__ import annotations

import polars as pl

from scoring.measures import estimates, rates
from scoring.measures.counts import Counts
from scoring.measures.decomposition import CLIP
from scoring.measures.rates import MEAN, MEAN_SHARE
from scoring.measures.stability import undefined
from scoring.measures.study import GROUP, WORLD, Study

PARTS = 1_000_000  # the unit in which shares were summed
WORST = 0.01  # of persons
KEYS = [*WORLD, "seed", *GROUP]


def reason_truthfulness(counts: Counts, study: Study) -> pl.DataFrame:
    """Is what a person is told the reason of her verdict?

    `term` `truthful`: persons whose verdict gets better once the records behind their four largest deductions are taken
    away / persons with an adverse outcome, or a worse band than the base gives, whose reasons can be tested so, from 0
    to 1; 1 is a scheme that tells its reasons. `no reason given`: those of them who lost no points at all. `untestable`
    (of all): a reason rests on an attribute, or on a record that is lacking. Interval: Wilson. A true reason need not
    be a good one.
    """
    yes = {
        "truthful": (pl.col("truthful"), pl.col("tested")),
        "no reason given": (~pl.col("given"), pl.col("tested")),
        "untestable": (~pl.col("tested"), pl.lit(True)),
    }
    found = [rates.tally(counts.cells, *of).with_columns(pl.lit(term).alias("term")) for term, of in yes.items()]
    nobody = undefined("nobody of the group has an adverse verdict whose reasons could be tested")
    return rates.rows(pl.concat(found), study, "reason_truthfulness", nobody)


def actionability_share(counts: Counts, study: Study) -> pl.DataFrame:
    """How much of what a person lost can she do something about?

    Points lost under rules of a tag (`term`: now, waiting, immutable, others) / all points lost, from 0 to 1; the four
    tags sum to 1. `param` `person mean` is the mean over persons who lost points, `pooled` is over all their points
    together. The tags are the rulebook author's (methods C3).
    """
    cells = counts.cells.group_by(*KEYS, "tag").agg(pl.col(counts.sums).sum()).rename({"tag": "term"})
    mean = cells.with_columns((pl.col("parts") / PARTS).alias("y"), pl.lit("person mean").alias("param"))
    whole = cells.with_columns((pl.col("n") * pl.col("points") / pl.col("all")).alias("y"), param=pl.lit("pooled"))
    table = pl.concat(t.select(*KEYS, "param", "term", "y", "n") for t in (mean, whole))
    nobody = undefined("nobody of the group has lost points", MEAN_SHARE)
    return rates.rows(table, study, "actionability_share", nobody)


def facts_to_know(counts: Counts, study: Study) -> pl.DataFrame:
    """How many distinct facts does a person need, to work out her own score?

    Mean number of distinct columns that the rules read which gave her points (methods C4), from 0 up. A count of facts
    and no measure of comprehension.
    """
    cells = counts.cells.with_columns((pl.col("facts") * pl.col("n")).alias("known"))
    table = rates.tally(cells, pl.lit(True), weight="known")
    return rates.rows(table, study, "facts_to_know", undefined("nobody of the group is scored", MEAN))


def explanation_consistency(counts: Counts, study: Study) -> pl.DataFrame:
    """Is a person who differs by one record told the same?

    Mean over persons with a record of the share of their neighbours, who have one record of a type less, with the same
    band (`term` `band`), with four reasons of which at least half agree (`reasons`; Jaccard, methods C9), or with
    `both`; from 0 to 1. Undefined where nobody has a record.
    """
    return rates.rows(
        pl.concat(neighbouring(counts, term, PARTS) for term in ("band", "reasons", "both")),
        study,
        "explanation_consistency",
        undefined("nobody of the group has a record", MEAN_SHARE),
    )


def explanation_step(counts: Counts, study: Study) -> pl.DataFrame:
    """By how many points does the ledger change with one record, at most?

    Mean over persons with a record of the largest sum of absolute differences, rule by rule, between her ledger and one
    with a record less (methods C9), in points. In an additive scheme without amounts no more than the largest weight.
    """
    nobody = undefined("nobody of the group has a record", MEAN)
    return rates.rows(neighbouring(counts, "step", 1).drop("term"), study, "explanation_step", nobody)


def neighbouring(counts: Counts, of: str, unit: int) -> pl.DataFrame:
    """Return y and n of a sum over persons who have neighbours."""
    sums = counts.cells.group_by(KEYS).agg(pl.col(of).sum().alias("y"), pl.col("n").sum())
    return sums.with_columns(pl.col("y") / unit, pl.lit(of).alias("term"))


def concentration(ledger: Counts, study: Study, burden: Counts | None = None) -> pl.DataFrame:
    """Does one rule decide it all, and do few persons bear it all?

    With q the share of a rule in the sum of E|p - E p| over the rules that move anyone (`term`): the effective numbers
    `N1` = exp(-Σ q ln q) and `N2` = 1 / Σ q², `HHI` = Σ q², `Gini` = Σ (2k - J - 1) q_(k) / J, and `top rule`, the
    largest q; all but N1 and N2 from 0 to 1. `worst 1%` is the share of all points lost that the hundredth of persons
    who lost most bears. Undefined where nothing moves, or nobody lost a point (methods C8).
    """
    found = by_rule(ledger) if burden is None else pl.concat([by_rule(ledger), by_person(burden)])
    why = "no rule moves anybody's score, or nobody lost points"
    return estimates.rows(found.iter_rows(named=True), study, "concentration", why)


def by_rule(ledger: Counts) -> pl.DataFrame:
    """Return how the effects of rules are shared out."""
    p, persons = pl.col("points").cast(pl.Float64), pl.col("n")
    moved = (persons * (p - (p * persons).sum() / persons.sum()).abs()).sum().alias("spread")
    spread = (
        ledger.cells.filter(pl.col("rule") != CLIP)
        .sort(*KEYS, "rule", "points")
        .group_by(*KEYS, "rule", maintain_order=True)
        .agg(moved, persons.sum())
    )
    q = pl.col("q")
    j, k = pl.len(), pl.int_range(1, pl.len() + 1)
    terms = {
        "N1": (-(q * q.log()).sum()).exp(),
        "N2": 1 / (q**2).sum(),
        "HHI": (q**2).sum(),
        "Gini": ((2 * k - j - 1) * q.sort()).sum() / j,
        "top rule": q.max(),
    }
    moving = spread.filter(pl.col("spread") > 0).with_columns(
        (pl.col("spread") / pl.col("spread").sum().over(KEYS)).alias("q")
    )
    of = moving.group_by(KEYS, maintain_order=True).agg(**terms)
    everyone = spread.group_by(KEYS, maintain_order=True).agg(pl.col("n").max())
    return everyone.join(of, on=KEYS, how="left", maintain_order="left").unpivot(
        index=[*KEYS, "n"], variable_name="term", value_name="value"
    )


def by_person(burden: Counts) -> pl.DataFrame:
    """Return what share of all points lost the worst hundredth of persons bears."""
    cells = burden.cells.group_by(*KEYS, "lost").agg(pl.col("n").sum()).sort(*KEYS, "lost", descending=True)
    lost, n = pl.col("lost"), pl.col("n")
    taken = (WORST * n.sum() - (n.cum_sum() - n)).clip(0, n)
    share = (lost * taken).sum() / (lost * n).sum()
    return (
        cells.group_by(KEYS, maintain_order=True)
        .agg(n.sum().alias("n"), pl.lit("worst 1%").alias("term"), share.fill_nan(None).alias("value"))
        .select(*KEYS, "n", "term", "value")
    )
