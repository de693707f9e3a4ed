"""The cheapest way up is exact, and only what the rulebook leaves open is a way."""

from itertools import product

import numpy as np
import polars as pl
import pytest
from hand_frames import catalogue, ready
from scipy.optimize import Bounds, LinearConstraint, milp

from scoring.documents import Refused, parse
from scoring.schemes import recourse
from scoring.schemes.bibliography import shared
from scoring.schemes.reading import made
from scoring.schemes.recourse import Actions, actions, ceiling, deeds, goals, least, lives, options, waits
from scoring.schemes.text import SchemeText
from tests.hand_frames import CITED, HEAD

ORACLE = [(3, 1, 2), (5, 2, 2), (8, 5, 1)]  # points, cost, most


def bounded(kinds):
    return [options([d * k for k in range(1, most + 1)], cost) for d, cost, most in kinds]


def test_the_worked_example():
    best = least(bounded(ORACLE), 30)
    assert [best[need] for need in (6, 12, 16, 24)] == [2, 5, 6, 11]
    assert np.isinf(best[25:]).all()
    assert best[0] == 0


def brute(kinds, need):
    every = product(*(range(most + 1) for _, _, most in kinds))
    costs = [
        sum(c * x for (_, c, _), x in zip(kinds, taken, strict=True))
        for taken in every
        if sum(d * x for (d, _, _), x in zip(kinds, taken, strict=True)) >= need
    ]
    return min(costs, default=np.inf)


def solved(kinds, need):
    d, c, most = (np.array(x, dtype=float) for x in zip(*kinds, strict=True))
    found = milp(c, constraints=LinearConstraint(d[None], need), bounds=Bounds(0, most), integrality=np.ones(len(c)))
    return round(found.fun) if found.success else np.inf


def test_dynamic_programming_is_milp_is_brute_force():
    rng = np.random.default_rng(7)
    unreachable = 0
    for _ in range(500):
        kinds = [
            (int(rng.integers(1, 30)), int(rng.integers(0, 13)), int(rng.integers(1, 4)))
            for _ in range(rng.integers(1, 5))
        ]
        need = int(rng.integers(0, 80))
        best = least(bounded(kinds), need)
        assert best[need] == brute(kinds, need) == solved(kinds, need), (kinds, need)
        assert (np.diff(best[np.isfinite(best)]) >= 0).all()
        unreachable += np.isinf(best[need])
    assert 50 < unreachable < 450  # or the test says little


def test_one_option_of_each_menu_and_no_more():
    assert least([((6, 12), (56, 24))], 60)[[6, 7, 56, 57]].tolist() == [12, 24, 24, np.inf]
    assert least([], 1).tolist() == [0, np.inf]


def test_waiting_ends_what_states_its_end_and_good_deeds_run_out_too():
    assert waits({"a": -10, "b": -50}, {"b": 24}) == ((50, 24),)
    assert waits({"a": -10}, {}) == ()
    assert waits({"a": 5, "b": -3}, {"a": 12, "b": 12}) == ()
    assert waits({"a": 0, "b": -3}, {"a": 12, "b": 60}) == ((3, 60),)


@pytest.mark.parametrize(("text", "found"), [("5 years", 60), ("1 year", 12), ("for life", None), ("2", None)])
def test_how_long_a_record_counts_is_read_or_not_known(text, found):
    assert recourse.months(text) == found


def toy(rules, bands="", more=""):
    text = HEAD.replace("bands:\n", bands) if bands else HEAD
    lines = "\n".join(f"  - {{id: {i}, label: {i}, {body}, because: x, {CITED}}}" for i, body in rules.items())
    return made(SchemeText.model_validate(parse(text + lines + "\n" + more, "toy").data))


BLOOD = "per: n_blood_donation, points: 4, cap: 9, actionable: now"
HOURS = "when: amt_volunteering >= 20 and age < 60, points: 5, actionable: now"


def frame(**columns):
    return pl.DataFrame({"age": [30], "consents": [1], "n_blood_donation": [1], "amt_volunteering": [0]} | columns)


def won(scheme, name, people):
    return recourse.won(scheme, people, name, 12).tolist()


def test_a_deed_wins_what_the_rulebook_gives_for_it_up_to_its_cap():
    scheme = toy({"blood": BLOOD, "hours": HOURS})
    assert list(deeds(scheme)) == ["volunteering", "blood_donation"]
    (steps,) = won(scheme, "blood_donation", frame())
    assert steps[:3] == [4, 5, 5]
    assert options(steps, 6) == ((4, 6), (5, 12))


def test_a_barred_way_wins_nothing():
    scheme = toy({"hours": HOURS})
    young, old = won(scheme, "volunteering", frame(age=[59, 60], consents=1, n_blood_donation=0, amt_volunteering=5))
    assert options(young, 1) == ((5, 2),)
    assert options(old, 1) == ()


@pytest.mark.parametrize(
    "rule",
    [
        "per: n_blood_donation, points: 4, actionable: others",
        "per: n_blood_donation, points: -4, actionable: now",
        "per: n_blood_donation, points: 4, actionable: now, unmodelled: true",
        "when: n_blood_donation >= 1 and amt_volunteering >= 1, points: 4, actionable: now",
        "per: n_bravery, points: 4, actionable: now",
    ],
)
def test_what_is_no_deed_of_hers_is_no_way(rule):
    assert deeds(toy({"r": rule})) == {}


def test_goals_are_the_better_bands_and_what_they_bring():
    scheme = ready("rongcheng_2016")
    assert goals(scheme)["next band"] == {0: 1, 1: 2, 2: 3, 3: 4, 4: 5}
    assert goals(scheme)["warned"] == {0: 2, 1: 2}
    assert goals(scheme)["rewarded"] == dict.fromkeys(range(5), 5)


def test_a_record_that_caps_the_band_is_a_ceiling():
    scheme = ready("rongcheng_2016")
    people = pl.DataFrame({"n_drink_driving": [0, 1]})
    assert ceiling(scheme, people)["ceiling"].to_list() == [6, 1]


def test_lives_are_stated_where_the_rulebook_states_them():
    assert lives(ready("rongcheng_2016")) == {}
    assert set(lives(ready("wendeng_2020")).values()) <= {6, 12, 24, 36, 60}
    assert lives(ready("wendeng_2020"))


def test_every_action_is_assumed_and_moves_a_record_that_some_rulebook_reads():
    read = {c for loaded in catalogue().values() if hasattr(loaded, "text") for c in ready(loaded.text.scheme).reads}
    for name, action in actions().items():
        assert action.mark == "assumed", name
        assert shared()[action.source].kind == "ours"
        assert set(action.adds) & read, name


def test_a_negative_cost_is_one_clear_error():
    told = ["label: fly", "adds: {n_fly: 1}", "months: -1", "most: 2", "mark: assumed", "source: X"]
    text = "actions:\n  fly:\n" + "".join(f"    {line}\n" for line in told)
    with pytest.raises(Refused) as refused:
        parse(text, "actions.yaml").validated(Actions)
    (problem,) = refused.value.problems
    assert (problem.line, problem.path) == (5, "$.actions.fly.months")
    assert "greater than or equal to 0, got -1" in problem.what
