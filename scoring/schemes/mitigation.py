"""Mitigation: an estimator fitted so that its scores tell less of a protected attribute.

What is fitted is one predictor, the same facts always giving the same score: a correlation remover before the
estimator, which has to see the protected attribute when it scores, or the best single predictor of a grid under
demographic parity, which has not.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import narwhals as nw
import numpy as np

GRID = 21  # predictors that are fitted under demographic parity, of which one is kept
AT_SCORING = ("correlation_remover",)  # the methods that read the protected attribute when they score


def fitted(method: str | None, estimator: Any, facts: np.ndarray, target: np.ndarray, groups: np.ndarray) -> Any:
    """Fit an estimator, mitigated by a method or as it is, and return what gives decision values.

    `facts` is one row a person; `groups` the protected attribute as indicators, one row a person. Of a method that
    reads the protected attribute at scoring, the predictor takes facts and indicators side by side.
    """
    if method is None:
        return estimator.fit(facts, target)
    return METHODS[method](estimator, facts, target, groups)


def uncorrelated(estimator: Any, facts: np.ndarray, target: np.ndarray, groups: np.ndarray) -> Any:
    """Fit on facts from which what varies linearly with the protected attribute was taken out."""
    from fairlearn.preprocessing import CorrelationRemover
    from sklearn.pipeline import make_pipeline

    places = [facts.shape[1] + i for i in range(groups.shape[1])]
    remover = CorrelationRemover(sensitive_feature_ids=places)
    return make_pipeline(remover, estimator).fit(np.column_stack([facts, groups]), target)


def under_parity(estimator: Any, facts: np.ndarray, target: np.ndarray, groups: np.ndarray) -> Any:
    """Fit a grid of reweighted estimators and return the one with the best trade of error and disparity."""
    from fairlearn.reductions import DemographicParity, GridSearch

    weight = f"{estimator.steps[-1][0]}__sample_weight" if hasattr(estimator, "steps") else "sample_weight"
    search = GridSearch(estimator, constraints=DemographicParity(), grid_size=GRID, sample_weight_name=weight)
    codes = groups @ np.arange(1, groups.shape[1] + 1)
    with warnings.catch_warnings():  # fairlearn 0.15 fills its pandas series in ways that pandas 3 warns of
        warnings.filterwarnings("ignore", category=DeprecationWarning, module="fairlearn")
        search.fit(facts, target.astype(int), sensitive_features=codes)
    return search.predictors_[search.best_idx_]


METHODS: dict[str, Callable[[Any, np.ndarray, np.ndarray, np.ndarray], Any]] = {
    "correlation_remover": uncorrelated,
    "demographic_parity": under_parity,
}


def indicators(column: Any, levels: Sequence[str]) -> np.ndarray:
    """Return one indicator column for each level but the first; a null has none."""
    words = np.asarray([str(word) for word in column.cast(nw.String).to_list()])
    return np.column_stack([words == level for level in levels[1:]]).astype(np.float64)
