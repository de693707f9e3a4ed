"""The Shapley value of a rule: by the ledger as by every coalition, and what floor and ceiling take away from a sum."""

from itertools import combinations
from math import factorial

import numpy as np
import polars as pl
import pytest

from scoring.experiment import cubes
from scoring.measures import Study, compute
from tests.experiment.test_reasons import toy
from tests.experiment.test_surrogate import GROUPS, counted, drawn, values

RULES = {
    "late": "per: n_late, points: -9, cap: -20, actionable: now",
    "theft": "when: n_theft >= 1, points: -15, actionable: now",
    "kind": "per: n_kind, points: 2, actionable: now",
    "gift": "when: n_gift == 0, points: -4, actionable: now",
}
FACTS = ("n_late", "n_theft", "n_kind", "n_gift")  # one a rule


def coalitions(scheme, people):
    """Return the interventional Shapley values of the facts, person × fact, by scoring every mixture of two persons."""
    size, k = people.height, len(FACTS)
    i, b = (a.ravel() for a in np.meshgrid(np.arange(size), np.arange(size), indexing="ij"))
    worth = {}
    for r in range(k + 1):
        for joined in combinations(range(k), r):
            mine, theirs = people[i], people[b]
            mixed = mine.with_columns(theirs[FACTS[j]] for j in range(k) if j not in joined)
            worth[joined] = scheme.score(mixed)["score"].to_numpy().reshape(size, size).mean(axis=1)
    values = np.zeros((size, k))
    for j in range(k):
        for joined in worth:
            if j not in joined:
                weight = factorial(len(joined)) * factorial(k - len(joined) - 1) / factorial(k)
                values[:, j] += weight * (worth[tuple(sorted((*joined, j)))] - worth[joined])
    return values


def measured(scheme, people):
    ledger = scheme.ledger(scheme.score(people))
    return compute(counted({"ledger": cubes.ledger_cube(ledger, scheme, GROUPS)}), Study({}))


def test_the_ledger_gives_the_shapley_value_of_every_coalition():
    scheme, people = toy(RULES), drawn(30, 1, n_late=4, n_theft=3, n_kind=3, n_gift=2)
    exact = np.abs(coalitions(scheme, people))
    rows = measured(scheme, people)
    for group, mine in {"everyone": slice(None), "f": slice(0, None, 2), "m": slice(1, None, 2)}.items():
        found = values(rows, "param", measure="shapley_value", group=group)
        assert found == pytest.approx({(rule,): exact[mine, j].mean() for j, rule in enumerate(RULES)}, abs=1e-9)
    assert rows.filter(measure="shapley_value")["method"].str.starts_with("exact").all()


def test_a_sum_that_nobody_is_clipped_of_is_additive():
    people = drawn(40, 2, n_late=4, n_theft=3, n_kind=3, n_gift=2)
    assert values(measured(toy(RULES), people), "group", measure="non_additive_share") == pytest.approx(
        {("everyone",): 0, ("f",): 0, ("m",): 0}, abs=1e-12
    )


def test_the_ceiling_takes_its_part_from_the_sum():
    scheme = toy({"kind": "per: n_kind, points: 4, actionable: now", "late": RULES["late"]})
    people = drawn(400, 3, n_late=4, n_kind=9)
    ledger = scheme.ledger(scheme.score(people))
    raw = (ledger["score"] - ledger["points__clip"]).to_numpy()
    expected = 1 - np.corrcoef(raw, ledger["score"].to_numpy())[0, 1] ** 2
    assert expected > 0.01
    found = values(measured(scheme, people), "group", measure="non_additive_share")
    assert found["everyone",] == pytest.approx(expected)


def test_equal_scores_have_no_part_that_adds_up():
    people = drawn(40, 4, n_late=1, n_theft=1, n_kind=1, n_gift=1)
    row = measured(toy(RULES), people).filter(pl.col("measure") == "non_additive_share").row(0, named=True)
    assert (row["value"], row["status"]) == (None, "zero_denom")
    assert "same score" in row["note"]
