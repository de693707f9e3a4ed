"""Surrogate trees: what scikit-learn says of the same persons, by group; a scheme of one question is told by one."""

import numpy as np
import polars as pl
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.metrics import balanced_accuracy_score, cohen_kappa_score, r2_score
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from scoring.experiment import surrogate
from scoring.experiment.cubes import Groupings
from scoring.measures import Counts, Study, compute
from tests.experiment.test_reasons import toy
from tests.hand_frames import frame_of, ready

GROUPS = Groupings(("sex",), {"sex": ("f", "m")})
HEAD = {"world": "w", "scheme": "toy", "draw": -1, "seed": 1}
RULES = {
    "late": "per: n_late, points: -7, actionable: now",
    "theft": "when: n_theft >= 2 and n_late == 0, points: -15, actionable: now",
    "kind": "per: n_kind, points: 3, actionable: now",
}


def drawn(n, seed, **most):
    """Return hand-drawn people, their records evenly from 0 to below each most, and half of each sex."""
    rng = np.random.default_rng(seed)
    records = {name: rng.integers(0, top, n) for name, top in most.items()}
    return pl.DataFrame({**records, "cell": np.arange(n, dtype=np.uint32) % 2}).with_columns(
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("person"), age=pl.lit(30), consents=pl.lit(1)
    )


def counted(tables):
    """Return the counts of tables rolled up by a probe, of one world, scheme and seed."""
    sums = {"n", "score", "squares", "errors", "guess", "hidden", "change"}
    named = {cube: table.with_columns(pl.lit(v).alias(k) for k, v in HEAD.items()) for cube, table in tables.items()}
    return {cube: Counts(tuple(c for c in t.columns if c not in sums), t) for cube, t in named.items()}


def values(rows, *by, **equals):
    found = rows.filter(uncertainty="seeds", **equals)
    return {tuple(r[c] for c in by): r["value"] for r in found.iter_rows(named=True)}


@pytest.mark.parametrize(
    ("tree", "none", "answers"),
    [
        (DecisionTreeRegressor, DummyRegressor(), lambda x: np.rint(100 * x[:, 0] * x[:, 1] + 20 * x[:, 2])),
        (DecisionTreeClassifier, DummyClassifier(), lambda x: (x[:, 0] > 0.5) + (x[:, 1] > 1).astype(int)),
    ],
    ids=["scores", "verdicts"],
)
def test_a_tree_that_is_cut_off_is_the_tree_of_that_depth(tree, none, answers):
    facts = np.random.default_rng(1).normal(size=(300, 4))
    said = surrogate.out_of_sample(tree, facts, answers(facts))
    folds = KFold(surrogate.FOLDS)
    for depth, column in zip(surrogate.DEPTHS, said.T, strict=True):
        model = tree(max_depth=depth, random_state=0) if depth else none
        assert column == pytest.approx(cross_val_predict(model, facts, answers(facts), cv=folds), abs=1e-9)


@pytest.fixture(scope="module")
def known():
    """Return the rows of the measures for a toy scheme, and what scikit-learn says out of sample at each depth."""
    scheme, people = toy(RULES), drawn(500, 2, n_late=4, n_theft=4, n_kind=6)
    outcome = scheme.score(people)
    found = compute(counted(surrogate.probed(scheme, outcome, GROUPS)), Study({}))
    facts = surrogate.numbers(outcome.select(surrogate.shown(scheme)))
    folds, bands = KFold(surrogate.FOLDS), outcome["band"].cast(pl.String).to_numpy()
    scores, said = outcome["score"].to_numpy(), {}
    for depth in (2, 3, 4, 5):
        regression, classes = (t(max_depth=depth, random_state=0) for t in TREES)
        said[depth] = (
            cross_val_predict(regression, facts, scores, cv=folds),
            cross_val_predict(classes, facts, bands, cv=folds),
        )
    return found, scores, bands, said


TREES = DecisionTreeRegressor, DecisionTreeClassifier


def test_fidelity_and_agreement_are_those_of_scikit_learn_in_each_group(known):
    found, scores, bands, said = known
    fidelity = values(found, "group", "param", measure="surrogate_fidelity")
    agreement = values(found, "group", "param", "term", measure="surrogate_agreement")
    for i, group in enumerate(("f", "m")):
        for depth, (guessed, named) in said.items():
            mine = slice(i, None, 2)
            assert fidelity[group, str(depth)] == pytest.approx(r2_score(scores[mine], guessed[mine]), abs=1e-4)
            told = {term: agreement[group, str(depth), term] for term in ("agreement", "balanced", "kappa")}
            assert told == pytest.approx(
                {
                    "agreement": (bands[mine] == named[mine]).mean(),
                    "balanced": balanced_accuracy_score(bands[mine], named[mine]),
                    "kappa": cohen_kappa_score(bands[mine], named[mine]),
                }
            )
    assert agreement["f", "majority", "agreement"] == (bands[::2] == max(set(bands), key=list(bands).count)).mean()
    assert (agreement["f", "majority", "balanced"], agreement["f", "majority", "kappa"]) == (0.5, None)


def test_one_rule_is_told_by_one_question():
    scheme = toy({"late": "when: n_late >= 1, points: -20, actionable: now"})
    outcome = scheme.score(drawn(200, 3, n_late=3))
    found = compute(counted(surrogate.probed(scheme, outcome, GROUPS)), Study({}))
    assert set(values(found, "group", "param", measure="surrogate_fidelity").values()) == {1.0}
    assert set(values(found, "group", measure="surrogate_depth").values()) == {2.0}
    assert values(found, "group", measure="surrogate_agreement", param="2", term="kappa")["everyone",] == 1


def test_a_lot_is_shown_to_nobody_and_no_tree_tells_it():
    scheme = ready("random_draw")
    assert surrogate.shown(scheme) == ["age"]
    people = drawn(400, 4, n_late=2).with_columns(lot__draw=pl.int_range(400) * 7_919 % 400 * 25)
    cubes = counted(surrogate.probed(scheme, scheme.score(people), GROUPS))
    verdicts = set(cubes["surrogate_verdict"].cells["verdict"])
    assert verdicts == {"commended", "warned", "none"}  # a scheme without bands is told by its outcomes
    assert set(cubes) == {"surrogate_verdict"}
    found = values(compute(cubes, Study({})), "group", measure="surrogate_agreement", param="2", term="balanced")
    assert found["everyone",] == pytest.approx(1 / 3)


def test_too_few_persons_for_the_folds_are_not_asked():
    scheme = toy()
    few = drawn(4, 5, n_late=2, n_theft=2)
    assert surrogate.probed(scheme, scheme.score(few), GROUPS) == {}


def test_a_score_from_which_nothing_follows_gives_everyone_one_verdict():
    scheme = ready("suzhou_2016")
    assert (scheme.bands, dict(scheme.outcomes)) == ((), {})
    outcome = scheme.score(frame_of(scheme.reads, [{}, {"n_blood_donation": 1}], {"age": 30}))
    assert surrogate.verdict(scheme, outcome).to_list() == ["none", "none"]
