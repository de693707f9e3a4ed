"""Mitigation: an estimator fitted so that its scores tell less of a protected attribute.

What is fitted is one predictor, the same facts always giving the same score: a correlation remover before the
estimator, which has to see the protected attribute when it scores, or the best single predictor of a grid under
demographic parity, which has not.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import narwhals as nw
import numpy as np

from scoring.schemes.text import Mitigation

GRID = 21  # predictors that are fitted under demographic parity, of which one is kept
FARTHEST = 0.5  # the largest weight of parity in the grid, against the cost of one false alarm
AT_SCORING = ("correlation_remover",)  # the methods that read the protected attribute when they score


def fitted(chosen: Mitigation | None, estimator: Any, facts: np.ndarray, target: np.ndarray, groups: np.ndarray) -> Any:
    """Fit an estimator, mitigated or as it is, and return what gives decision values.

    `facts` is one row a person; `groups` the protected attribute as indicators, one row a person. Of a method that
    reads the protected attribute at scoring, the predictor takes facts and indicators side by side.
    """
    if chosen is None:
        return estimator.fit(facts, target)
    if chosen.method == "correlation_remover":
        return uncorrelated(estimator, facts, target, groups)
    return under_parity(estimator, facts, target, groups, chosen.worst)


def uncorrelated(estimator: Any, facts: np.ndarray, target: np.ndarray, groups: np.ndarray) -> Any:
    """Fit on facts from which what varies linearly with the protected attribute was taken out."""
    from fairlearn.preprocessing import CorrelationRemover
    from sklearn.pipeline import make_pipeline

    places = [facts.shape[1] + i for i in range(groups.shape[1])]
    remover = CorrelationRemover(sensitive_feature_ids=places)
    return make_pipeline(remover, estimator).fit(np.column_stack([facts, groups]), target)


def under_parity(estimator: Any, facts: np.ndarray, target: np.ndarray, groups: np.ndarray, worst: int) -> Any:
    """Fit a grid of reweighted estimators and return the one with the best trade of error and disparity.

    What is to be alike is the share of each group among the worst so many of 1,000: errors cost what puts the cut of
    the estimator itself there. At equal costs a rare target is predicted of nobody, which is parity.
    """
    from fairlearn.reductions import DemographicParity, ErrorRate, GridSearch
    from scipy.special import expit
    from sklearn.base import clone

    cut = expit(np.quantile(clone(estimator).fit(facts, target).decision_function(facts), 1 - worst / 1_000))

    class AtTheCut(DemographicParity):
        def default_objective(self) -> Any:
            return ErrorRate(costs={"fp": 1.0, "fn": 1 / cut - 1})

    weight = f"{estimator.steps[-1][0]}__sample_weight" if hasattr(estimator, "steps") else "sample_weight"
    search = GridSearch(
        estimator, constraints=AtTheCut(), grid_size=GRID, grid_limit=FARTHEST, sample_weight_name=weight
    )
    codes = groups @ np.arange(1, groups.shape[1] + 1)
    with warnings.catch_warnings():  # fairlearn 0.15 fills its pandas series in ways that pandas 3 warns of
        warnings.filterwarnings("ignore", category=DeprecationWarning, module="fairlearn")
        search.fit(facts, target.astype(int), sensitive_features=codes)
    losses = np.array(search.objectives_) + search.gammas_.max().to_numpy()
    ranked = [model for i in np.argsort(losses, kind="stable") if scores(model := search.predictors_[i])]
    return ranked[0]


def scores(model: Any) -> bool:
    """Tell whether a predictor has decision values; one that says the same of everybody has none."""
    return hasattr(model, "decision_function")


def indicators(column: Any, levels: Sequence[str]) -> np.ndarray:
    """Return one indicator column for each level but the first; a null has none."""
    words = np.asarray([str(word) for word in column.cast(nw.String).to_list()])
    return np.column_stack([words == level for level in levels[1:]]).astype(np.float64)
