"""Surrogates: a second look at whether a short decision tree says what a scheme says, of persons it has not seen.

A tree is shown what a person is shown of herself: the records, amounts and attributes that the scheme reads. A lot is
shown to nobody. It explains the scheme to an analyst, and says nothing of what a person understands.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from scoring.experiment.cubes import SCORED, Groupings, tally

DEPTHS = (0, 2, 3, 4, 5)  # questions on the way down; with none, the mean score or the most frequent verdict of all
FOLDS = 5
FINE = 100  # scores are summed in hundredths of a point
Numbers = NDArray[np.float64]


def probed(scheme: Any, outcome: pl.DataFrame, groups: Groupings) -> Mapping[str, pl.DataFrame]:
    """Return the cubes of how trees do on the scores and on the verdicts of a scheme."""
    scored = outcome.filter(SCORED)
    if scored.height < FOLDS:
        return {}
    facts = numbers(scored.select(shown(scheme)))
    found = {}
    if scheme.base is not None:
        found["surrogate_score"] = of_scores(scored, facts, groups)
    if scheme.bands or scheme.outcomes:
        found["surrogate_verdict"] = of_verdicts(scored, verdict(scheme, scored), facts, groups)
    return found


def shown(scheme: Any) -> list[str]:
    """Return what a person is shown of herself, of all that a scheme reads."""
    return [column for column in scheme.reads if not column.startswith("lot__")]


def numbers(people: pl.DataFrame) -> Numbers:
    """Return facts as numbers, levels by their order; one column that tells nothing where there are none."""
    if not people.width:
        return np.zeros((people.height, 1))
    return people.select(pl.all().to_physical().cast(pl.Float64)).to_numpy()


def verdict(scheme: Any, outcome: pl.DataFrame) -> pl.Series:
    """Return what a scheme says of each person: her band, or all outcomes that she has where there are no bands."""
    if scheme.bands:
        return outcome["band"].cast(pl.String).alias("verdict")
    if not scheme.outcomes:
        return pl.repeat("none", outcome.height, eager=True).alias("verdict")
    held = [pl.when(pl.col(name)).then(pl.lit(name)) for name in scheme.outcomes]
    said = pl.concat_str(held, separator=" + ", ignore_nulls=True)
    return outcome.select(said.replace("", "none").alias("verdict")).to_series()


def of_scores(scored: pl.DataFrame, facts: Numbers, groups: Groupings) -> pl.DataFrame:
    """Sum, by depth, scores, their squares and the squared errors of trees, in hundredths of a point and their squares.

    All are whole numbers: a prediction is rounded to a hundredth.
    """
    from sklearn.tree import DecisionTreeRegressor

    scores = scored["score"].to_numpy().astype(np.int64) * FINE
    said = np.rint(out_of_sample(DecisionTreeRegressor, facts, scores)).astype(np.int64)
    sums = {name: pl.col(name).sum() for name in ("score", "squares", "errors")}
    tables = [
        tally(
            scored.select("cell", *(pl.Series(n, c) for n, c in zip(sums, (scores, scores**2, wrong), strict=True))),
            [],
            **sums,
        ).with_columns(depth=pl.lit(depth, pl.Int8))
        for depth, wrong in zip(DEPTHS, (scores - said.T) ** 2, strict=True)
    ]
    return groups.roll_up(pl.concat(tables), ["n", *sums])


def of_verdicts(scored: pl.DataFrame, verdicts: pl.Series, facts: Numbers, groups: Groupings) -> pl.DataFrame:
    """Tally, by depth, the verdict of the scheme against that of the tree."""
    from sklearn.tree import DecisionTreeClassifier

    names, codes = np.unique(verdicts.to_numpy(), return_inverse=True)
    said = out_of_sample(DecisionTreeClassifier, facts, codes).astype(np.int64)
    tables = [
        tally(
            scored.select("cell", verdicts, pl.Series("predicted", names[column], dtype=pl.String)),
            ["verdict", "predicted"],
        ).with_columns(depth=pl.lit(depth, pl.Int8))
        for depth, column in zip(DEPTHS, said.T, strict=True)
    ]
    return groups.roll_up(pl.concat(tables))


def out_of_sample(tree: Any, facts: Numbers, answers: Any) -> Numbers:
    """Return what trees say of persons whom they were not fitted on: person × depth.

    A tree is grown from the top and never revised, so one that is cut off at a depth is the tree of that depth.
    """
    from sklearn.model_selection import KFold

    said = np.empty((len(answers), len(DEPTHS)))
    for seen, unseen in KFold(FOLDS).split(facts):
        model = tree(max_depth=max(DEPTHS), random_state=0).fit(facts[seen], answers[seen])
        held = model.tree_.value[:, 0]  # at each node: the mean, or the share of each class
        says = model.classes_[held.argmax(axis=1)] if hasattr(model, "classes_") else held[:, 0]
        path = model.decision_path(facts[unseen])
        first, steps = path.indptr[:-1], np.diff(path.indptr) - 1
        for i, depth in enumerate(DEPTHS):
            said[unseen, i] = says[path.indices[first + np.minimum(depth, steps)]]
    return said
