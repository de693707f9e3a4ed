"""A learned scheme: a scikit-learn estimator fitted once, its scores quantised to whole numbers, opaque by nature."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import narwhals as nw
import numpy as np

from scoring.schemes import mitigation
from scoring.schemes.conditions import columns, expression, parse
from scoring.schemes.reading import made
from scoring.schemes.scheme import Scheme
from scoring.schemes.text import Learned, SchemeText

TOP = 1_000  # scores run from 0, the most suspected, to 1000
STEP = 1_024  # decision values are rounded to 1/1024 before they are compared


def estimators() -> dict[str, Callable[[], Any]]:
    """Return the estimators that a scheme may name."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return {
        "logistic_regression": lambda: make_pipeline(StandardScaler(), LogisticRegression(max_iter=1_000)),
        "gradient_boosting": lambda: HistGradientBoostingClassifier(max_iter=60, max_depth=4, random_state=0),
    }


@dataclass(frozen=True)
class Learnable:
    """A learned scheme before it is fitted."""

    text: SchemeText

    @property
    def name(self) -> str:
        return self.text.scheme

    @property
    def title(self) -> str:
        return self.text.title.en

    @property
    def outcomes(self) -> dict[str, object]:
        return dict(self.text.outcomes)

    def central(self) -> Scheme:
        """Return the scheme as it can be shown before it is fitted."""
        learned = self.text.learned
        return replace(made(self.text), features=tuple(seen(learned)) if learned else ())

    def fit(self, frame: Any) -> Scheme:
        """Fit on an eager frame of people whom nobody scores, and return the frozen scheme.

        Only the eligible of whom every fact is known are learned from. Raises TypeError for a lazy frame, ValueError
        where the target or the protected attribute of a mitigation is constant.
        """
        learned, unfitted = self.text.learned, self.central()
        assert learned is not None
        answer = parse(learned.target)
        protected = [learned.mitigation.protected] if learned.mitigation else []
        known = eager(frame).drop_nulls(list(dict.fromkeys([*unfitted.reads, *columns(answer), *protected])))
        if unfitted.eligible is not None:
            known = known.filter(expression(unfitted.eligible))
        levels = {c: words(known[c]) for c in [*learned.features, *protected] if c in protected or not whole(known[c])}
        target = known.select(expression(answer).alias("target"))["target"].to_numpy().astype(bool)
        for name, constant in {"target": target.all() or not target.any(), **alone(levels, protected)}.items():
            if constant:
                raise ValueError(f"{self.name}: its {name} is the same for everybody in the fitting population")
        model = fitted(learned, known, target, levels)
        facts = matrix(known, learned, levels)
        edges = np.quantile(decided(model, facts), np.arange(1, TOP) / TOP, method="lower")

        def add(frame: Any, name: str) -> Any:
            known = eager(frame.to_native())
            suspicion = np.searchsorted(edges, decided(model, matrix(known, learned, levels)), side="left")
            score = TOP - suspicion
            return known.with_columns(nw.new_series(name, score.astype(np.int32), backend=known.implementation))

        artefact = hashlib.sha256(edges.tobytes() + decided(model, facts[:1_000]).tobytes()).hexdigest()
        return replace(unfitted, model=add, artefact=artefact)


def seen(learned: Learned) -> list[str]:
    """Return what a fitted scheme reads when it scores: its features, and what a mitigation takes out again."""
    mitigated = learned.mitigation
    return [*learned.features, *([mitigated.protected] if mitigated and at_scoring(learned) else [])]


def at_scoring(learned: Learned) -> bool:
    return learned.mitigation is not None and learned.mitigation.method in mitigation.AT_SCORING


def alone(levels: dict[str, list[str]], protected: Sequence[str]) -> dict[str, bool]:
    """Return, for each protected attribute, whether it has one level only."""
    return {f"protected attribute {name}": len(levels[name]) < 2 for name in protected}


def fitted(learned: Learned, known: Any, target: np.ndarray, levels: dict[str, list[str]]) -> Any:
    """Return the fitted model, mitigated where the text says so."""
    facts, method, groups = numbers(known, learned.features, levels), None, np.empty((len(target), 0))
    if learned.mitigation:
        method, protected = learned.mitigation.method, learned.mitigation.protected
        groups = mitigation.indicators(known[protected], levels[protected])
    return mitigation.fitted(method, estimators()[learned.estimator](), facts, target, groups)


def eager(frame: Any) -> Any:
    """Return an eager frame. Raises TypeError for a lazy one, with the reason."""
    try:
        return nw.from_native(frame, eager_only=True)
    except TypeError:
        kind = type(frame).__name__
        raise TypeError(
            f"a learned scheme scores eager frames only, not a {kind}: an estimator needs its rows in memory"
        ) from None


def whole(column: Any) -> bool:
    return bool(column.dtype.is_integer())


def words(column: Any) -> list[str]:
    return sorted(set(column.cast(nw.String).to_list()))


def matrix(known: Any, learned: Learned, levels: dict[str, list[str]]) -> np.ndarray:
    """Return what a fitted model takes: the features, and indicators of a protected attribute that is taken out."""
    facts = numbers(known, learned.features, levels)
    if not at_scoring(learned) or learned.mitigation is None:
        return facts
    protected = learned.mitigation.protected
    return np.column_stack([facts, mitigation.indicators(known[protected], levels[protected])])


def numbers(known: Any, features: Sequence[str], levels: dict[str, list[str]]) -> np.ndarray:
    """Return the features as numbers, categories by the order of their names.

    A null becomes some number: who has one is not scored.
    """
    facts = []
    for name in features:
        if name in levels:
            found = np.asarray([str(word) for word in known[name].cast(nw.String).to_list()])
            facts.append(np.searchsorted(levels[name], found).astype(np.float64))
        else:
            facts.append(known[name].fill_null(0).to_numpy().astype(np.float64))
    return np.column_stack(facts)


def decided(model: Any, facts: np.ndarray) -> np.ndarray:
    """Return decision values as whole numbers, so that equal facts give equal scores on any machine's last bit."""
    return np.rint(model.decision_function(facts) * STEP).astype(np.int64)
