"""The catalogue of measures: what each asks, in which family, and which cube of counts it reads.

A new measure is one function and one line here, under its family, its cube, and the cubes that it is handed besides
where there are any.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from scoring.measures import (
    association,
    bounds,
    calibration,
    churn,
    coding,
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
    flips,
    footing,
    front,
    kappa,
    kitagawa,
    ladder,
    logistic,
    margin,
    oaxaca,
    odds,
    opacity,
    pareto,
    portability,
    power,
    ranking,
    reasons,
    recourse,
    recut,
    scan,
    sensitivity,
    shapley,
    shift,
    shrinkage,
    simultaneous,
    specification,
    stability,
    strata,
    surrogate,
    threshold,
    tipping,
    turnover,
    veil,
)


@dataclass(frozen=True)
class Measure:
    """One entry: the function that answers, the cube it reads, those it is handed besides, its question and family."""

    function: Callable[..., pl.DataFrame]
    cube: str
    question: str
    family: str
    also: tuple[str, ...] = ()


CUBES = (  # that a criterion may be measured on, besides outcomes
    "coverage", "band", "score", "conditional", "ledger", "pivotal", "lottery", "reasons", "turnover"
)  # fmt: skip

CATALOGUE: dict[tuple[str, str, tuple[str, ...]], dict[Callable[..., pl.DataFrame], str]] = {
    ("reach", "coverage", ("outcome",)): {
        disparity.reach: "How many people does it reach at all?",
    },
    ("reach", "coverage", ()): {
        disparity.coverage_rate: "Who is scored?",
    },
    ("disparity", "band", ()): {
        disparity.band_rate: "Who stands in which band?",
    },
    ("disparity", "outcome", ()): {
        disparity.selection_rate: "Who is rewarded, listed or sanctioned?",
        disparity.selection_rate_ratio: "How many times as often as the reference?",
        disparity.selection_rate_difference: "How much more often than the reference?",
        disparity.non_selection_rate_ratio: "How many times as often passed over?",
        disparity.excess_per_10000: "How many more of 10,000 than at the reference's rate?",
        extremes.lowest_to_highest_ratio: "How far below the highest rate is the lowest?",
        extremes.widest_difference: "How far apart are the rates of any two groups?",
    },
    ("disparity", "outcome", ("coverage", "coverages")): {
        bounds.selection_rate_bounds: "What if the unscored had been scored?",
        bounds.selection_rate_difference_bounds: "Could the unscored turn the difference around?",
        bounds.selection_rate_ratio_bounds: "Could the unscored turn the ratio around?",
    },
    ("disparity", "outcome", ("coverage", "score")): {
        tipping.tipping_point: "How much would have to be otherwise to reverse what was declared beforehand?",
    },
    ("association", "outcome", ()): {
        association.association_test: "Would an auditor have told the gap from chance?",
        power.detection_power: "How likely would an auditor of n persons have seen it?",
    },
    ("association", "conditional", ()): {
        strata.pooled_odds_ratio: "What are the odds within declared strata?",
        strata.pooled_risk_ratio: "How many times as often within declared strata?",
        strata.mantel_haenszel_test: "Would an auditor have seen a gap within strata?",
        strata.homogeneity_test: "Is the gap the same in every stratum?",
        strata.stratum_ratio: "How many times as often in each stratum?",
    },
    ("subgroups", "outcome", ()): {
        shrinkage.shrunk_rate: "Who is selected how often, chance in small groups taken out?",
        simultaneous.simultaneous_difference: "Which crossed groups differ, all looked at?",
    },
    ("subgroups", "outcome", ("band",)): {
        differential.differential_fairness: "How far apart are the two groups that fare most differently?",
    },
    ("subgroups", "cells", ()): {
        scan.confirmed_subgroup_difference: "Who fares otherwise where attributes meet?",
        scan.subgroups_scanned: "How many groups were looked at, found and confirmed?",
    },
    ("adjusted", "conditional", ()): {
        ladder.adjusted_difference: "How much more often, among persons who are alike?",
        ladder.laundered_difference: "How much of the disparity do the records carry?",
        oaxaca.oaxaca_blinder: "What of the gap goes with conduct and records?",
        kitagawa.kitagawa: "Do like persons fare otherwise, or are persons unlike?",
        fairlie.fairlie: "Which of conduct, records and strata explains the gap?",
    },
    ("distribution", "outcome", ()): {
        distribution.cohens_h: "How far apart are the rates on an even scale?",
    },
    ("distribution", "score", ()): {
        distribution.standardized_mean_difference: "By how many standard deviations do mean scores differ?",
        distribution.hedges_g: "By how many pooled standard deviations do mean scores differ?",
        distribution.probability_of_superiority: "How probably does a person of the reference score higher?",
        distribution.quantile_gap: "How many points apart are the low, middle and high scores?",
        distribution.kolmogorov_smirnov: "How far apart are the groups at the worst cut?",
        distribution.wasserstein: "How many points would scores have to move to be alike?",
        threshold.threshold_curve: "Had the cut been elsewhere, who would fall below it?",
        threshold.threshold_summary: "Is it the score, or where it is cut?",
    },
    ("calibration", "score", ()): {
        calibration.calibration_rate: "What does a score mean in each group?",
        calibration.calibration_gap: "Does the same score mean the same in every group?",
        calibration.calibration_test: "Could it have come about by chance?",
        logistic.calibration_intercept_difference: "At the mean score, whose odds of simulated harm are higher?",
        logistic.calibration_slope_difference: "In which group does the score tell more?",
    },
    ("errors", "outcome", ()): {
        errors.false_positive_rate: "Who is sanctioned below the simulated harm?",
        errors.false_negative_rate: "Whose simulated harm is passed over?",
        errors.positive_predictive_value: "How often does a verdict mean simulated harm?",
        errors.prevalence: "Who reaches the simulated harm?",
        errors.false_positive_rate_difference: "Whose false positives are more frequent?",
        errors.false_negative_rate_difference: "Whose harm is passed over more often?",
        errors.positive_predictive_value_difference: "For whom does a verdict mean less?",
        errors.true_positive_rate: "Whose simulated harm leads to a verdict?",
        errors.false_discovery_rate: "How often does a verdict mean no such harm?",
        errors.false_positive_rate_ratio: "How many times as often a false positive?",
        errors.false_negative_rate_ratio: "How many times as often passed over?",
        odds.equalized_odds_difference: "How unequal are the errors at most?",
    },
    ("errors", "score", ()): {
        ranking.auc: "How well does the score set harmful and harmless apart?",
        ranking.auc_difference: "For whom does the score set them apart better?",
        ranking.abroca: "Along all cuts, how unlike are the errors?",
    },
    ("consequences", "outcome", ()): {
        consequences.contexts_closed: "How many doors does a listing close, related or not?",
    },
    ("decomposition", "ledger", ()): {
        decomposition.mean_score: "Who scores what on average?",
        decomposition.rule_gap: "Which rules make the gap?",
    },
    ("stability", "pivotal", ()): {
        stability.pivotal_record_share: "For whom does the verdict turn on one record?",
    },
    ("stability", "lottery", ()): {
        stability.self_consistency: "Would the same conduct get the same verdict again?",
        stability.self_consistency_below_75: "For whom is the verdict a lottery?",
    },
    ("stability", "mistaken", ()): {
        flips.flip_rate: "How often does another verdict come of errors in the records?",
        flips.flip_rate_difference: "Whose verdicts do errors turn more often?",
        flips.flip_rate_slope: "How many verdicts turn for each error, while errors are rare?",
        flips.flip_rate_above_10: "Whose verdict do errors turn in more than one case of ten?",
    },
    ("stability", "score", ()): {
        margin.near_threshold_mass: "For how many does a band or an outcome hang on one entry?",
    },
    ("stability", "score", ("band",)): {
        shift.population_stability_index: "How far is the group from those that the reference's bins were made for?",
        shift.population_stability_index_between_worlds: "How far do scores shift from the first world to another?",
    },
    ("stability", "ledger", ()): {
        shift.characteristic_stability_index: "Which rules see another population in this group?",
    },
    ("stability", "signature", ("coverage",)): {
        portability.ambiguity: "For how many persons do the designs contradict one another?",
        portability.ambiguity_difference: "For whom do the designs contradict one another more often?",
        portability.discrepancy: "How many would at most get another verdict under another design?",
        portability.verdict_changed: "How many get another verdict under the other design?",
        portability.verdict_flow: "Who goes from which verdict to which by moving?",
        portability.portability: "Under how many other designs would a person keep her verdict?",
        portability.sanctioned_somewhere: "Who is sanctioned under one design at least?",
        portability.sanctioned_everywhere: "Who is sanctioned under every design?",
        portability.rewarded_somewhere: "Who is rewarded under one design at least?",
        portability.rewarded_everywhere: "Who is rewarded under every design?",
        kappa.cohen_kappa: "Do two designs choose the same persons, beyond chance?",
        kappa.kappa_max: "How far could two designs agree, given how many each chooses?",
        kappa.fleiss_kappa: "Do all designs choose the same persons, beyond chance?",
    },
    ("stability", "weights", ()): {
        sensitivity.verdict_shift_under_weights: "Who would fare otherwise under slightly other weights and cuts?",
        sensitivity.claim_under_weights: "What would be said under slightly other weights and cuts?",
    },
    ("stability", "weights", ("factors",)): {
        sensitivity.weight_screening: "Which weights and cuts matter at all?",
        sensitivity.weight_importance: "Which weights and cuts decide, alone and with others?",
    },
    ("stability", "band_range", ()): {
        sensitivity.band_range: "For how many do the weights leave the band open?",
    },
    ("stability", "rank_shift", ()): {
        sensitivity.rank_shift: "How far do persons move in the order of scores?",
    },
    ("stability", "recut", ("coverage", "recut_ties")): {
        recut.ambiguity_at_equal_shares: "Would designs contradict one another, if each chose equally many?",
        recut.cohen_kappa_at_equal_shares: "Do two designs choose the same persons, if each chooses equally many?",
        recut.fleiss_kappa_at_equal_shares: "Do all designs choose the same persons, if each chooses equally many?",
    },
    ("stability", "recut_ties", ()): {
        recut.recut_tied: "How many would be chosen by lot, if each design chose equally many?",
    },
    ("stability", "transition", ()): {
        churn.churn: "Who stands elsewhere than the year before?",
        churn.transition_rate: "From where to where do persons move within a year?",
        churn.still_in_place: "Who stands where she stood in the first year?",
        churn.mobility: "How little does last year's place say of this year's?",
        churn.half_life: "How long until half of a difference is forgotten?",
        churn.markov_check: "Do single steps explain where persons stand two years on?",
        churn.transition_homogeneity: "Do all groups move alike from the same place?",
        shift.population_stability_index_between_years: "How far do bands shift from the first year to the last?",
    },
    ("turnover", "turnover", ()): {
        turnover.listed_rate: "Who is on the list in each year?",
        turnover.entry_rate: "Who comes onto the list in each year?",
        turnover.exit_rate: "Who of the listed leaves in each year?",
        turnover.exits_over_entries: "How many leave the list for each who enters?",
    },
    ("explanation", "reasons", ()): {
        explanation.ledger_replay: "Does the ledger replay the score?",
        explanation.reason_coverage: "How much do four reasons explain?",
        explanation.no_actionable_reason: "Who is given no reason to act on?",
        explanation.reason_tie: "For whom is the list of reasons arbitrary?",
    },
    ("explanation", "truthfulness", ()): {
        reasons.reason_truthfulness: "Is what a person is told the reason of her verdict?",
    },
    ("explanation", "actionability", ()): {
        reasons.actionability_share: "How much of what a person lost can she do something about?",
    },
    ("explanation", "coverage", ()): {
        coding.coding_agreement: "Do two who read the rules agree on what can be done about them?",
    },
    ("explanation", "burden", ()): {
        reasons.facts_to_know: "How many facts does a person need to work out her score?",
    },
    ("explanation", "neighbours", ()): {
        reasons.explanation_consistency: "Is a person who differs by one record told the same?",
        reasons.explanation_step: "By how many points does a ledger change with one record?",
    },
    ("explanation", "surrogate_score", ()): {
        surrogate.surrogate_fidelity: "Do a few questions tell an analyst the score?",
        surrogate.surrogate_depth: "How many questions does that take?",
    },
    ("explanation", "surrogate_verdict", ()): {
        surrogate.surrogate_agreement: "Do a few questions tell an analyst the verdict?",
    },
    ("explanation", "opacity", ()): {
        opacity.opacity: "How much of a score can nobody work out from what is published?",
    },
    ("explanation", "permuted", ()): {
        opacity.permutation_importance: "Which facts move a score that nobody can read, roughly?",
    },
    ("explanation", "ledger", ()): {
        shapley.shapley_value: "By how many points does each rule move a person's score?",
        shapley.non_additive_share: "How much of the scores is no sum over rules?",
    },
    ("explanation", "ledger", ("burden",)): {
        reasons.concentration: "Does one rule decide it all, and do few bear it all?",
    },
    ("recourse", "recourse", ()): {
        recourse.recourse_feasible: "Who can rise at all?",
        recourse.recourse_curve: "Who can rise within so many months?",
        recourse.recourse_gap: "How many months more does it take than the reference?",
        recourse.paper_recourse: "For whom is a way open in the rules and lost in the data?",
    },
    ("explanation", "coverage", ("ledger",)): {
        explanation.complexity: "How much is there to know?",
    },
    ("provenance", "ledger", ()): {
        explanation.score_variance_share: "On what evidence do the differences in score rest?",
    },
    ("provenance", "coverage", ()): {
        explanation.rule_share: "How many rules are documented?",
    },
    ("specification", "universe", ()): {
        specification.universe_estimate: "What would it say, had choices been made otherwise?",
        specification.conclusion_share: "In how many universes is it adverse, favourable, neither?",
        specification.factor_importance: "Which choice moves it?",
        specification.rank_stability: "Do designs keep their order from universe to universe?",
        specification.robust: "Does it hold in nearly every universe?",
        front.non_dominated_share_in_universes: "In how many universes does no other design dominate it?",
    },
    ("comparison", "signature", ("coverage",)): {
        comparison.selection_rate_difference_between_designs: "Who gains and who loses by moving?",
        comparison.outcome_agreement: "Do two designs say the same of a person?",
    },
    ("comparison", "outcome", ("score",)): {
        footing.selection_rate_on_footing: "Who would be selected, on an equal footing?",
        footing.selection_rate_ratio_on_footing: "How many times as often, on an equal footing?",
    },
    ("comparison", "outcome", ("coverage",)): {
        veil.veil_mean: "What awaits a person drawn at random?",
        veil.veil_worst_group: "What awaits a person of the group that fares worst?",
    },
    ("comparison", "outcome", CUBES): {
        pareto.criterion_value: "What does each design come to, by what was declared?",
        pareto.criterion_difference: "By how much is a design better, by what was declared?",
        pareto.dominance: "Is a design better by something and worse by nothing?",
        pareto.non_dominated_share: "How often does no other design dominate it?",
    },
}

MEASURES: dict[str, Measure] = {
    function.__name__: Measure(function, cube, question, family, also)
    for (family, cube, also), entries in CATALOGUE.items()
    for function, question in entries.items()
}

WEIGHABLE = frozenset(  # what an effective number of persons can stand in for n in; the rest needs whole persons
    {"coverage_rate", "prevalence", "selection_rate", "selection_rate_ratio", "selection_rate_difference"}
    | {"non_selection_rate_ratio", "excess_per_10000", "true_positive_rate", "false_discovery_rate"}
    | {"selection_rate_bounds", "selection_rate_difference_bounds", "selection_rate_ratio_bounds"}
    | {f"{r}{of}" for r in errors.RATES if r != "prevalence" for of in ("", "_difference", "_ratio")}
)
