"""A measure is a function of counts.

`MEASURES` is the catalogue: what each measure asks, which cube of counts it reads, and the function that answers.
A new measure is one function and one entry here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import polars as pl

from scoring.measures import (
    comparison,
    consequences,
    decomposition,
    disparity,
    errors,
    explanation,
    stability,
    tipping,
    turnover,
)
from scoring.measures.counts import Counts
from scoring.measures.errors import TAUS
from scoring.measures.study import REFERENCES, Study
from scoring.result import COLUMNS, tidy

__all__ = ["MEASURES", "REFERENCES", "TAUS", "Counts", "Measure", "Study", "compute"]


@dataclass(frozen=True)
class Measure:
    """One entry of the catalogue; `also` names a second cube, or more, handed over where there are any."""

    function: Callable[..., pl.DataFrame]
    cube: str
    question: str
    family: str
    also: str | tuple[str, ...] = ()


MEASURES: dict[str, Measure] = {
    "reach": Measure(disparity.reach, "coverage", "How many people does it reach at all?", "reach", "outcome"),
    "coverage_rate": Measure(disparity.coverage_rate, "coverage", "Who is scored?", "reach"),
    "band_rate": Measure(disparity.band_rate, "band", "Who stands in which band?", "disparity"),
    "selection_rate": Measure(
        disparity.selection_rate, "outcome", "Who is rewarded, listed or sanctioned?", "disparity"
    ),
    "selection_rate_ratio": Measure(
        disparity.selection_rate_ratio, "outcome", "How many times as often as the reference?", "disparity"
    ),
    "selection_rate_difference": Measure(
        disparity.selection_rate_difference, "outcome", "How much more often than the reference?", "disparity"
    ),
    "non_selection_rate_ratio": Measure(
        disparity.non_selection_rate_ratio, "outcome", "How many times as often passed over?", "disparity"
    ),
    "excess_per_10000": Measure(
        disparity.excess_per_10000, "outcome", "How many more of 10,000 than at the reference's rate?", "disparity"
    ),
    "contexts_closed": Measure(
        consequences.contexts_closed, "outcome", "How many doors does a listing close, related or not?", "consequences"
    ),
    "false_positive_rate": Measure(
        errors.false_positive_rate, "outcome", "Who is sanctioned below the simulated harm?", "errors"
    ),
    "false_negative_rate": Measure(
        errors.false_negative_rate, "outcome", "Whose simulated harm is passed over?", "errors"
    ),
    "positive_predictive_value": Measure(
        errors.positive_predictive_value, "outcome", "How often does a verdict mean simulated harm?", "errors"
    ),
    "prevalence": Measure(errors.prevalence, "outcome", "Who reaches the simulated harm?", "errors"),
    "false_positive_rate_difference": Measure(
        errors.false_positive_rate_difference, "outcome", "Whose false positives are more frequent?", "errors"
    ),
    "false_negative_rate_difference": Measure(
        errors.false_negative_rate_difference, "outcome", "Whose harm is passed over more often?", "errors"
    ),
    "positive_predictive_value_difference": Measure(
        errors.positive_predictive_value_difference, "outcome", "For whom does a verdict mean less?", "errors"
    ),
    "tipping_point": Measure(
        tipping.tipping_point,
        "outcome",
        "How much would have to be otherwise to reverse what was declared beforehand?",
        "disparity",
        ("coverage", "score"),
    ),
    "mean_score": Measure(decomposition.mean_score, "ledger", "Who scores what on average?", "decomposition"),
    "rule_gap": Measure(decomposition.rule_gap, "ledger", "Which rules make the gap?", "decomposition"),
    "pivotal_record_share": Measure(
        stability.pivotal_record_share, "pivotal", "For whom does the verdict turn on one record?", "stability"
    ),
    "self_consistency": Measure(
        stability.self_consistency, "lottery", "Would the same conduct get the same verdict again?", "stability"
    ),
    "self_consistency_below_75": Measure(
        stability.self_consistency_below_75, "lottery", "For whom is the verdict a lottery?", "stability"
    ),
    "listed_rate": Measure(turnover.listed_rate, "turnover", "Who is on the list in each year?", "turnover"),
    "entry_rate": Measure(turnover.entry_rate, "turnover", "Who comes onto the list in each year?", "turnover"),
    "exit_rate": Measure(turnover.exit_rate, "turnover", "Who of the listed leaves in each year?", "turnover"),
    "exits_over_entries": Measure(
        turnover.exits_over_entries, "turnover", "How many leave the list for each who enters?", "turnover"
    ),
    "ledger_replay": Measure(explanation.ledger_replay, "reasons", "Does the ledger replay the score?", "explanation"),
    "reason_coverage": Measure(
        explanation.reason_coverage, "reasons", "How much do four reasons explain?", "explanation"
    ),
    "no_actionable_reason": Measure(
        explanation.no_actionable_reason, "reasons", "Who is given no reason to act on?", "explanation"
    ),
    "reason_tie": Measure(
        explanation.reason_tie, "reasons", "For whom is the list of reasons arbitrary?", "explanation"
    ),
    "complexity": Measure(explanation.complexity, "coverage", "How much is there to know?", "explanation", "ledger"),
    "score_variance_share": Measure(
        explanation.score_variance_share, "ledger", "On what evidence do the differences in score rest?", "provenance"
    ),
    "rule_share": Measure(explanation.rule_share, "coverage", "How many rules are documented?", "provenance"),
    "selection_rate_difference_between_designs": Measure(
        comparison.selection_rate_difference,
        "signature",
        "Who gains and who loses by moving?",
        "comparison",
        "coverage",
    ),
    "outcome_agreement": Measure(
        comparison.outcome_agreement, "signature", "Do two designs say the same of a person?", "comparison", "coverage"
    ),
}


def compute(cubes: Mapping[str, Counts], study: Study, names: Literal["all"] | Iterable[str] = "all") -> pl.DataFrame:
    """Return the rows of the named measures, tidy; a measure whose cube was not counted has none.

    Raises KeyError for a name that is not in MEASURES.
    """
    found = []
    for name in MEASURES if names == "all" else names:
        measure = MEASURES[name]
        if measure.cube not in cubes:
            continue
        further = (measure.also,) if isinstance(measure.also, str) else measure.also
        also = {cube: cubes.get(cube) for cube in further}
        rows = measure.function(cubes[measure.cube], study, **also)
        if study.single and not rows.is_empty():
            rows = rows.filter(pl.col("uncertainty") != "seeds")
        if not rows.is_empty():
            found.append(tidy(rows.select(c for c in COLUMNS if c in rows.columns)))
    return tidy(pl.concat(found)) if found else pl.DataFrame(schema=COLUMNS)
