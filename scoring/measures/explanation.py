"""Explanation: is the ledger true, do its first lines tell enough, and how much is there to know?

Complexity is a property of the rules and their use; it says nothing about comprehension.
"""

from __future__ import annotations

import polars as pl

from scoring.measures import rates, seeds
from scoring.measures.counts import Counts
from scoring.measures.decomposition import CLIP
from scoring.measures.rates import MEAN_SHARE
from scoring.measures.stability import undefined
from scoring.measures.study import EVERYONE, GROUP, WORLD, Study
from scoring.result import OK, ZERO_DENOM

LIVE = 0.001  # a rule is live when it gives points to at least one person in a thousand
TEXT = "rulebook"  # the method of a number that is read off the rules and has no uncertainty
IN_TEXT = (
    "rules",
    "bands",
    "interactions",
    "max_nesting",
    "sources",
    "facts",
    "bytes",
    "zlib_bytes",
    "discretionary_share",
)

adverse = pl.col("adverse")
NO_POINTS_LOST = undefined("nobody has lost points: there is no reason to give")


def ledger_replay(counts: Counts, study: Study) -> pl.DataFrame:
    """For how many persons do base and ledger not sum to the score?

    Failing / scored persons; 0 where every ledger replays exactly.
    """
    table = rates.tally(counts.cells, ~pl.col("replays")).with_columns(pl.lit("failing").alias("term"))
    return rates.rows(table, study, "ledger_replay")


def reason_coverage(counts: Counts, study: Study) -> pl.DataFrame:
    """How much of the points that a person lost do her four largest reasons carry?

    Mean over persons with adverse points of (points of the four largest / all adverse points), in whole per cent as
    counted, from 0 to 1. Four reasons: the custom of US Regulation B.
    """
    covered = pl.col("covered").cast(pl.Int64) * pl.col("n")
    cells = counts.cells.with_columns((covered / 100).alias("carried"))
    table = rates.tally(cells, adverse, adverse, weight="carried")
    return rates.rows(table, study, "reason_coverage", undefined(NO_POINTS_LOST.undefined, MEAN_SHARE))


def no_actionable_reason(counts: Counts, study: Study) -> pl.DataFrame:
    """How many persons who lost points can act on none of their four largest reasons? From 0 to 1."""
    table = rates.tally(counts.cells, ~pl.col("actionable"), adverse)
    return rates.rows(table, study, "no_actionable_reason", NO_POINTS_LOST)


def reason_tie(counts: Counts, study: Study) -> pl.DataFrame:
    """For how many who lost points is the fourth reason as large as the fifth, so that the list is arbitrary?"""
    return rates.rows(rates.tally(counts.cells, pl.col("tie"), adverse), study, "reason_tie", NO_POINTS_LOST)


def complexity(coverage: Counts, study: Study, ledger: Counts | None = None) -> pl.DataFrame:
    """How much would a person have to know to work out her own score? A vector, never one index.

    Terms read off the rulebook (rules, bands, interactions, …) have no uncertainty. Terms of use come from the ledger:
    `fired_rules` ever gave points, `live_rules` to at least .1% of the scored, `rules_fired_mean` a person, and the
    effective numbers of rules exp(-sum q ln q) and 1 / sum q², with q the rule's share of E|p - E p|: 1 when one rule
    does all, the number of rules when all weigh alike.
    """
    worlds = coverage.cells.select("world").unique()
    facts = [
        {"scheme": name, "term": term, "value": float(known[term])}
        for name, known in ((n, f.get("complexity", {})) for n, f in study.schemes.items())
        for term in IN_TEXT
        if known.get(term) is not None
    ]
    text = worlds.join(
        pl.DataFrame(facts, schema={"scheme": pl.String, "term": pl.String, "value": pl.Float64}), how="cross"
    )
    missing = pl.col("value").is_nan()  # a share of no rules
    text = text.with_columns(
        pl.col("value").fill_nan(None),
        pl.lit(TEXT).alias("method"),
        pl.when(missing).then(pl.lit(ZERO_DENOM)).otherwise(pl.lit(OK)).alias("status"),
        pl.when(missing).then(pl.lit("the scheme has no rules")).alias("note"),
    )
    found = [text] if ledger is None else [text, in_use(ledger, study)]
    everyone = pl.concat(found, how="diagonal_relaxed").with_columns(pl.lit("complexity").alias("measure"))
    return everyone.with_columns(pl.lit(EVERYONE).alias(c) for c in GROUP)


def in_use(ledger: Counts, study: Study) -> pl.DataFrame:
    """Return the terms of complexity that depend on how often the rules give points."""
    per_seed = [*WORLD, "seed"]
    p, persons = pl.col("points").cast(pl.Float64), pl.col("n")
    by_rule = (
        ledger.where(group_by=EVERYONE)
        .cells.filter(pl.col("rule") != CLIP)
        .group_by(*per_seed, "rule", maintain_order=True)
        .agg(
            (persons * (p - (p * persons).sum() / persons.sum()).abs()).sum().alias("spread"),
            (persons.filter(p != 0).sum() / persons.sum()).alias("fires"),
            persons.sum(),
        )
    )
    q = pl.col("spread") / pl.col("spread").sum()
    moves = q.filter(q > 0)
    vector = by_rule.group_by(per_seed, maintain_order=True).agg(
        (pl.col("fires") > 0).sum().alias("fired_rules"),
        (pl.col("fires") >= LIVE).sum().alias("live_rules"),
        pl.col("fires").sum().alias("rules_fired_mean"),
        pl.when(pl.col("spread").sum() > 0).then((-(moves * moves.log()).sum()).exp()).alias("effective_rules_entropy"),
        pl.when(pl.col("spread").sum() > 0).then(1 / (moves**2).sum()).alias("effective_rules_inverse"),
        persons.first(),
    )
    long = vector.unpivot(index=[*per_seed, "n"], variable_name="term", value_name="value")
    repeated = seeds.repeated(long, ["world", "scheme", "term"], study.level).with_columns(pl.col("low").clip(0))
    return shown(repeated, study, "no rule moves anybody's score")


def score_variance_share(ledger: Counts, study: Study) -> pl.DataFrame:
    """How much of what sets scores apart rests on rules of each mark (documented, reported, recalled, assumed)?

    Sum of cov(p, S) over the rules of a mark (term; `clip` for floor and ceiling) / Var(S). The terms sum to 1; a rule
    that offsets others is negative. Undefined where everybody has the same score.
    """
    per_seed = [*WORLD, "seed"]
    p, persons, s = pl.col("points").cast(pl.Float64), pl.col("n"), pl.col("score").cast(pl.Float64)
    covariance = (p * s).sum() / persons.sum() - (p * persons).sum() / persons.sum() * s.sum() / persons.sum()
    by_rule = (
        ledger.where(group_by=EVERYONE)
        .cells.group_by(*per_seed, "rule", maintain_order=True)
        .agg(covariance.alias("shared"), persons.sum())
    )
    mark = (
        pl.when(pl.col("rule") == CLIP).then(pl.lit(CLIP)).otherwise(pl.col("mark").fill_null("unmarked")).alias("term")
    )
    marked = by_rule.join(study.marks(), on=["scheme", "rule"], how="left", maintain_order="left").with_columns(mark)
    variance = pl.col("shared").sum().over(per_seed)
    table = (
        marked.with_columns(pl.when(variance > 1e-12).then(pl.col("shared") / variance).alias("value"))
        .group_by(*per_seed, "term", maintain_order=True)
        .agg(pl.when(pl.col("value").null_count() == 0).then(pl.col("value").sum()), pl.col("n").first())
    )
    rows = seeds.repeated(table, ["world", "scheme", "term"], study.level)
    return shown(rows, study, "everybody has the same score").with_columns(
        pl.lit("score_variance_share").alias("measure"), *[pl.lit(EVERYONE).alias(c) for c in GROUP]
    )


def rule_share(coverage: Counts, study: Study) -> pl.DataFrame:
    """How many of the rules rest on documents? Rules of each mark (term) / rules, from 0 to 1; from the rulebook."""
    marks = study.marks().group_by("scheme", pl.col("mark").alias("term")).agg(pl.len().alias("n"))
    shares = marks.with_columns((pl.col("n") / pl.col("n").sum().over("scheme")).alias("value")).drop("n")
    return (
        coverage.cells.select("world")
        .unique()
        .join(shares, how="cross")
        .with_columns(
            pl.lit("rule_share").alias("measure"),
            pl.lit(TEXT).alias("method"),
            pl.lit(OK).alias("status"),
            *[pl.lit(EVERYONE).alias(c) for c in GROUP],
        )
    )


def shown(rows: pl.DataFrame, study: Study, why: str) -> pl.DataFrame:
    """Give rows over seeds their level, their status and, where the value is missing, the reason."""
    missing = pl.col("value").is_null()
    return rows.with_columns(
        pl.col("n").round().cast(pl.Int64),
        pl.lit(study.level).alias("level"),
        pl.when(missing).then(pl.lit(ZERO_DENOM)).otherwise(pl.lit(OK)).alias("status"),
        pl.when(missing).then(pl.lit(why)).otherwise("note").alias("note"),
    )
