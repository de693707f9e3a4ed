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
    association,
    bounds,
    calibration,
    comparison,
    consequences,
    decomposition,
    differential,
    disparity,
    distribution,
    errors,
    explanation,
    extremes,
    fairlie,
    families,
    kitagawa,
    ladder,
    logistic,
    oaxaca,
    odds,
    power,
    ranking,
    scan,
    shrinkage,
    simultaneous,
    stability,
    strata,
    threshold,
    tipping,
    turnover,
)
from scoring.measures.counts import Counts
from scoring.measures.errors import TAUS
from scoring.measures.study import REFERENCES, REPLICATES, Study
from scoring.result import COLUMNS, tidy

__all__ = ["MEASURES", "REFERENCES", "REPLICATES", "TAUS", "WEIGHABLE", "Counts", "Measure", "Study", "compute"]

WEIGHABLE = frozenset(  # what an effective number of persons can stand in for n in; the rest needs whole persons
    {"coverage_rate", "prevalence", "selection_rate", "selection_rate_ratio", "selection_rate_difference"}
    | {"non_selection_rate_ratio", "excess_per_10000", "true_positive_rate", "false_discovery_rate"}
    | {f"{r}{of}" for r in errors.RATES if r != "prevalence" for of in ("", "_difference", "_ratio")}
)


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
    "selection_rate_bounds": Measure(
        bounds.selection_rate_bounds, "outcome", "What if the unscored had been scored?", "disparity", "coverage"
    ),
    "selection_rate_difference_bounds": Measure(
        bounds.selection_rate_difference_bounds,
        "outcome",
        "Could the unscored turn the difference around?",
        "disparity",
        "coverage",
    ),
    "selection_rate_ratio_bounds": Measure(
        bounds.selection_rate_ratio_bounds,
        "outcome",
        "Could the unscored turn the ratio around?",
        "disparity",
        "coverage",
    ),
    "lowest_to_highest_ratio": Measure(
        extremes.lowest_to_highest_ratio, "outcome", "How far below the highest rate is the lowest?", "disparity"
    ),
    "widest_difference": Measure(
        extremes.widest_difference, "outcome", "How far apart are the rates of any two groups?", "disparity"
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
    "shrunk_rate": Measure(
        shrinkage.shrunk_rate, "outcome", "Who is selected how often, chance in small groups taken out?", "subgroups"
    ),
    "differential_fairness": Measure(
        differential.differential_fairness,
        "outcome",
        "How far apart are the two groups that fare most differently?",
        "subgroups",
        "band",
    ),
    "simultaneous_difference": Measure(
        simultaneous.simultaneous_difference, "outcome", "Which crossed groups differ, all looked at?", "subgroups"
    ),
    "confirmed_subgroup_difference": Measure(
        scan.confirmed_subgroup_difference, "cells", "Who fares otherwise where attributes meet?", "subgroups"
    ),
    "subgroups_scanned": Measure(
        scan.subgroups_scanned, "cells", "How many groups were looked at, found and confirmed?", "subgroups"
    ),
    "adjusted_difference": Measure(
        ladder.adjusted_difference, "conditional", "How much more often, among persons who are alike?", "disparity"
    ),
    "laundered_difference": Measure(
        ladder.laundered_difference, "conditional", "How much of the disparity do the records carry?", "disparity"
    ),
    "oaxaca_blinder": Measure(
        oaxaca.oaxaca_blinder, "conditional", "What of the gap goes with conduct and records?", "adjusted"
    ),
    "kitagawa": Measure(
        kitagawa.kitagawa, "conditional", "Do like persons fare otherwise, or are persons unlike?", "adjusted"
    ),
    "fairlie": Measure(
        fairlie.fairlie, "conditional", "Which of conduct, records and strata explains the gap?", "adjusted"
    ),
    "association_test": Measure(
        association.association_test, "outcome", "Would an auditor have told the gap from chance?", "association"
    ),
    "detection_power": Measure(
        power.detection_power, "outcome", "How likely would an auditor of n persons have seen it?", "association"
    ),
    "pooled_odds_ratio": Measure(
        strata.pooled_odds_ratio, "conditional", "What are the odds within declared strata?", "association"
    ),
    "pooled_risk_ratio": Measure(
        strata.pooled_risk_ratio, "conditional", "How many times as often within declared strata?", "association"
    ),
    "mantel_haenszel_test": Measure(
        strata.mantel_haenszel_test, "conditional", "Would an auditor have seen a gap within strata?", "association"
    ),
    "homogeneity_test": Measure(
        strata.homogeneity_test, "conditional", "Is the gap the same in every stratum?", "association"
    ),
    "stratum_ratio": Measure(
        strata.stratum_ratio, "conditional", "How many times as often in each stratum?", "association"
    ),
    "cohens_h": Measure(
        distribution.cohens_h, "outcome", "How far apart are the rates on an even scale?", "distribution"
    ),
    "standardized_mean_difference": Measure(
        distribution.standardized_mean_difference,
        "score",
        "By how many standard deviations do mean scores differ?",
        "distribution",
    ),
    "hedges_g": Measure(
        distribution.hedges_g, "score", "By how many pooled standard deviations do mean scores differ?", "distribution"
    ),
    "probability_of_superiority": Measure(
        distribution.probability_of_superiority,
        "score",
        "How probably does a person of the reference score higher?",
        "distribution",
    ),
    "quantile_gap": Measure(
        distribution.quantile_gap, "score", "How many points apart are the low, middle and high scores?", "distribution"
    ),
    "kolmogorov_smirnov": Measure(
        distribution.kolmogorov_smirnov, "score", "How far apart are the groups at the worst cut?", "distribution"
    ),
    "wasserstein": Measure(
        distribution.wasserstein, "score", "How many points would scores have to move to be alike?", "distribution"
    ),
    "threshold_curve": Measure(
        threshold.threshold_curve, "score", "Had the cut been elsewhere, who would fall below it?", "distribution"
    ),
    "threshold_summary": Measure(
        threshold.threshold_summary, "score", "Is it the score, or where it is cut?", "distribution"
    ),
    "auc": Measure(ranking.auc, "score", "How well does the score set harmful and harmless apart?", "errors"),
    "auc_difference": Measure(
        ranking.auc_difference, "score", "For whom does the score set them apart better?", "errors"
    ),
    "abroca": Measure(ranking.abroca, "score", "Along all cuts, how unlike are the errors?", "errors"),
    "calibration_rate": Measure(
        calibration.calibration_rate, "score", "What does a score mean in each group?", "calibration"
    ),
    "calibration_gap": Measure(
        calibration.calibration_gap, "score", "Does the same score mean the same in every group?", "calibration"
    ),
    "calibration_test": Measure(
        calibration.calibration_test, "score", "Could it have come about by chance?", "calibration"
    ),
    "calibration_intercept_difference": Measure(
        logistic.calibration_intercept_difference,
        "score",
        "At the mean score, whose odds of simulated harm are higher?",
        "calibration",
    ),
    "calibration_slope_difference": Measure(
        logistic.calibration_slope_difference, "score", "In which group does the score tell more?", "calibration"
    ),
    "true_positive_rate": Measure(
        errors.true_positive_rate, "outcome", "Whose simulated harm leads to a verdict?", "errors"
    ),
    "false_discovery_rate": Measure(
        errors.false_discovery_rate, "outcome", "How often does a verdict mean no such harm?", "errors"
    ),
    "false_positive_rate_ratio": Measure(
        errors.false_positive_rate_ratio, "outcome", "How many times as often a false positive?", "errors"
    ),
    "false_negative_rate_ratio": Measure(
        errors.false_negative_rate_ratio, "outcome", "How many times as often passed over?", "errors"
    ),
    "equalized_odds_difference": Measure(
        odds.equalized_odds_difference, "outcome", "How unequal are the errors at most?", "errors"
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
    """Return the rows of the named measures, tidy, each p in its family; a measure whose cube was not counted has none.

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
    return families.adjusted(tidy(pl.concat(found)), study) if found else pl.DataFrame(schema=COLUMNS)
