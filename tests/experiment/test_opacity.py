"""What is hidden: nothing of a rulebook, and the planted share of whatever nobody is shown."""

from dataclasses import replace

import narwhals as nw
import numpy as np
import polars as pl
import pytest
from sklearn.base import BaseEstimator
from sklearn.inspection import permutation_importance

from scoring.documents import parse
from scoring.experiment import opacity
from scoring.experiment.designs import NO_DRAW, Design
from scoring.measures import Study, compute
from scoring.schemes import Family
from scoring.schemes.text import SchemeText
from tests.experiment.test_reasons import toy
from tests.experiment.test_surrogate import GROUPS, counted, drawn, values
from tests.hand_frames import CITED, HEAD

LOT = "when: lot__secret < 5000, points: -20, actionable: now"
LATE = "when: n_late == 1, points: -40, actionable: now"
PLANTED = {"late": LATE, "secret": LOT}


def hidden(*judged):
    return compute(counted(next(iter(opacity.probed(judged, GROUPS)))[1]), Study({}))


def shares(rows, group="everyone"):
    return values(rows, "term", measure="opacity", group=group)


def test_of_a_rulebook_nothing_is_hidden():
    scheme = toy({"late": LATE, "kind": "per: n_kind, points: 3, actionable: now"})
    rows = hidden((Design(scheme), scheme.score(drawn(200, 1, n_late=2, n_kind=3))))
    for group in ("everyone", "f", "m"):
        assert shares(rows, group) == {("score",): 0.0, ("verdict",): 0.0}
    assert rows["method"].str.contains("published in full").all()


def test_a_planted_lot_hides_its_share_of_the_variance():
    # 20 points by a fair lot have a variance of 100, 40 points for half of the people one of 400.
    scheme = toy(PLANTED)
    people = drawn(2_000, 2, n_late=2).with_columns(lot__secret=pl.int_range(2_000) * 7_919 % 2_000 * 5)
    assert scheme.lots == ("lot__secret",)
    rows = hidden((Design(scheme), scheme.score(people)))
    late = people["n_late"].mean()
    known = 1_600 * late * (1 - late)
    assert shares(rows)["score",] == pytest.approx(100 / (100 + known), rel=0.03)
    assert shares(rows)["verdict",] == pytest.approx(0.5 * (1 - late), abs=0.01)  # the late stay low either way
    assert rows["method"].str.starts_with("lots dealt out 50 times").all()


def family():
    rule = (
        f"id: late, label: late, when: n_late == 1, points: -20, range: [-40, 0], because: x, actionable: now, {CITED}"
    )
    text = HEAD.replace("instrument", "family: true\ninstrument") + f"  - {{{rule}}}"
    return Family(SchemeText.model_validate(parse(text, "toy").data))


def test_weights_that_nobody_published_hide_what_their_spread_makes_of_the_facts():
    drawn_schemes = family().draws(9)
    people = drawn(400, 3, n_late=2)
    judged = [(Design(one, draw), one.score(people)) for draw, one in enumerate(drawn_schemes)]
    rows = hidden(*judged)
    weights = np.array([one.rules[0].points for one in drawn_schemes])
    late = people["n_late"].mean()
    by_weights, by_facts = weights.var(ddof=1) * late, weights.mean() ** 2 * late * (1 - late)
    assert shares(rows)["score",] == pytest.approx(by_weights / (by_weights + by_facts), rel=1e-3)
    low = int((weights < -10).sum())
    agree = low * (low - 1) + (9 - low) * (8 - low)
    assert shares(rows)["verdict",] == pytest.approx(late * (1 - agree / 72), abs=1e-6)
    assert next(iter(opacity.probed(judged, GROUPS)))[0].draw == NO_DRAW


def test_weights_drawn_once_tell_nothing():
    (one,) = family().draws(1)
    rows = hidden((Design(one, 0), one.score(drawn(200, 4, n_late=2))))
    assert rows["value"].null_count() == rows.height
    assert set(rows["status"]) == {"zero_denom"}
    assert rows["note"].str.contains("drawn once").all()


def learned(formula, *features):
    """Return the toy scheme with a model in place of its rules."""

    def model(known, name):
        score = formula(*(known[f].to_numpy().astype(int) for f in features)).astype(np.int32)
        return known.with_columns(nw.new_series(name, score, backend=known.implementation))

    return replace(toy(), rules=(), model=lambda known, name: model(nw.from_native(known), name), features=features)


def test_few_facts_are_read_off_others_who_have_the_same():
    scheme = learned(lambda late, kind: 100 - 30 * late * kind, "n_late", "n_kind")
    rows = hidden((Design(scheme), scheme.score(drawn(400, 5, n_late=2, n_kind=3))))
    assert shares(rows) == {("score",): 0.0, ("verdict",): 0.0}
    assert rows.filter(measure="opacity")["method"].str.starts_with("persons with the same facts").all()


def test_the_spread_among_persons_with_the_same_facts_is_hidden():
    # A fact worth 10 and something unseen worth 20: 25 and 100 of variance.
    n = 4_000
    fact, unseen = np.arange(n) % 2, np.arange(n) // 2 % 2
    rows = pl.DataFrame({"fact": fact, "score": 10.0 * fact + 20 * unseen, "verdict": np.where(unseen, "a", "b")})
    rows = rows.with_columns(pl.int_range(n).alias("person"), pl.lit(0, pl.UInt32).alias("cell"))
    persons = opacity.alike(rows, ["fact"])
    assert persons["hidden"].unique().to_list() == [pytest.approx(100 * 2_000 / 1_999)]
    assert persons["guess"].var(ddof=0) == pytest.approx(25)
    assert persons["unlike"].unique().to_list() == [pytest.approx(1_000 / 1_999)]


@pytest.mark.parametrize("power", [1, 2])
def test_fixed_points_leave_hidden_what_is_not_straight(power):
    scheme = learned(lambda late: 100 - late**power, "n_late")
    people = drawn(150, 6, n_late=11)
    rows = hidden((Design(scheme), scheme.score(people)))
    x = people["n_late"].to_numpy()
    rest = 1 - np.corrcoef(x, x**power)[0, 1] ** 2
    corrected = rest * 150 / 148
    assert shares(rows)["score",] == pytest.approx(corrected / (corrected + 1 - rest), abs=1e-4)
    assert rows.filter(measure="opacity")["method"].str.starts_with("at most").all()


class Model(BaseEstimator):
    def fit(self, facts, answers):
        return self

    def predict(self, facts):
        return 100 - 30 * facts[:, 0] - 5 * facts[:, 1]


def test_permuting_a_fact_moves_scores_as_in_scikit_learn():
    scheme = learned(lambda late, kind, never: 100 - 30 * late - 5 * kind, "n_late", "n_kind", "n_never")
    people = drawn(900, 7, n_late=2, n_kind=4, n_never=3)
    rows = hidden((Design(scheme), scheme.score(people)))
    found = values(rows, "param", measure="permutation_importance", group="everyone")
    facts = people.select("n_late", "n_kind", "n_never").to_numpy()
    theirs = permutation_importance(
        Model(), facts, Model().predict(facts), scoring="neg_mean_absolute_error", n_repeats=20, random_state=0
    )
    assert list(found.values()) == pytest.approx([theirs.importances_mean[i] for i in (1, 0, 2)], rel=0.03, abs=1e-9)
    late = people["n_late"].mean()
    assert found["n_late",] == pytest.approx(60 * late * (1 - late), rel=0.03)
    assert rows.filter(measure="permutation_importance")["method"].str.starts_with("approximation").all()
