import numpy as np
import polars as pl
import pytest
from fairlearn.metrics import equalized_odds_difference
from scipy.stats import hypergeom

from scoring.measures import TAUS, Counts, compute
from scoring.measures.odds import gap
from scoring.measures.resample import permuted, philox

NAME = "equalized_odds_difference"
HEAD = {"world": "w", "scheme": "s", "draw": -1, "seed": 1, "group_by": "g", "outcome": "listed"}


@pytest.fixture
def odds(cube, study):
    """Return a function that finds the gap of `group → (false positives, of so many, true positives, of so many)`."""

    def find(groups, reference="a", **also):
        rows = [
            {"group": g, "selected": chosen, "truth": harmful, "n": count}
            for g, (fp, negatives, tp, positives) in groups.items()
            for harmful, y, n in ((False, fp, negatives), (True, tp, positives))
            for chosen, count in ((True, y), (False, n - y))
        ]
        return compute({"outcome": cube(rows, outcome="listed", **also)}, study(reference), [NAME])

    return find


def one(rows, term="observed", **equals):
    wanted = {"uncertainty": "audit", "term": term, **equals}
    return rows.filter([pl.col(c) == v for c, v in wanted.items()]).row(0, named=True)


def test_the_larger_of_the_two_gaps_is_shown(odds):
    more = odds({"a": (10, 100, 60, 100), "b": (40, 100, 50, 100)})
    less = odds({"a": (10, 100, 60, 100), "b": (15, 100, 20, 100)})
    assert (one(more)["value"], one(less)["value"]) == (pytest.approx(0.3), pytest.approx(0.4))
    assert one(more)["param"] == "truth"


@pytest.mark.parametrize("seed", range(3))
def test_two_groups_equal_fairlearn_at_every_threshold(study, seed):
    rng = np.random.default_rng(seed)
    group, harm = rng.choice(["a", "b"], 3_000), rng.integers(0, 6, 3_000)
    chosen = rng.random(3_000) < 0.1 + 0.1 * harm + 0.05 * (group == "b") * (harm < 3)
    people = pl.DataFrame({"group": group, "harm": harm, "selected": chosen})
    people = people.with_columns(pl.lit(v).alias(k) for k, v in HEAD.items())
    found = compute({"outcome": Counts.of(people, people.columns)}, study("a"), [NAME])
    for level, tau in enumerate(TAUS):
        expected = equalized_odds_difference(harm > level, chosen, sensitive_features=group)
        assert one(found, param=f"tau={tau}")["value"] == pytest.approx(expected, abs=1e-12)


def test_an_absolute_value_has_a_null_and_no_interval(odds):
    rows = odds({"a": (10, 100, 60, 100), "b": (40, 100, 50, 100)})
    observed, line = one(rows), one(rows, "null 95%")
    assert (observed["low"], observed["high"], line["low"], line["p"]) == (None, None, None, None)
    assert observed["p"] < 0.01
    assert 0.05 < line["value"] < observed["value"]
    assert observed["method"] == "labels permuted within classes, 1,000 times"


def test_the_null_is_the_exact_one_of_dealing_out_labels_within_classes():
    mine, theirs = np.array([[90, 10], [40, 60]]), np.array([[60, 40], [50, 50]])
    dealt = permuted(mine, theirs, 40_000, philox(5))
    null = gap(dealt, mine + theirs - dealt)
    y = np.arange(101)
    among = [hypergeom(200, total, 100).pmf(y) for total in (50, 110)]
    away = [np.abs(y / 100 - (total - y) / 100) for total in (50, 110)]
    below = np.prod([weights[distance < 0.12 - 1e-9].sum() for weights, distance in zip(among, away, strict=True)])
    assert (null < 0.12 - 1e-9).mean() == pytest.approx(below, abs=0.01)


def test_a_group_that_lacks_a_class_has_no_gap(odds):
    rows = odds({"a": (10, 100, 60, 100), "b": (40, 100, 0, 0)})
    assert rows["value"].null_count() == rows.height == 1
    assert rows.select("status", "note").rows() == [
        ("zero_denom", "a group lacks one of the two classes; one seed: no interval over seeds")
    ]


def test_a_small_class_makes_a_small_cell(odds):
    assert one(odds({"a": (10, 100, 60, 100), "b": (40, 100, 5, 10)}))["status"] == "small_cell"
    assert one(odds({"a": (10, 100, 60, 100), "b": (40, 100, 5, 30)}))["status"] == "ok"


def test_one_group_or_no_truth_or_no_adverse_outcome_has_no_gap(odds, verdicts, study):
    assert set(odds({"a": (10, 100, 60, 100)})["status"]) == {"single_group"}
    favourable = verdicts({"a": (10, 100), "b": (20, 100)})
    assert compute({"outcome": favourable}, study(), [NAME]).is_empty()
    blind = verdicts({"a": (10, 100), "b": (20, 100)}, outcome="listed")
    blind = blind.marginal([a for a in blind.axes if a != "harm"])
    assert compute({"outcome": blind}, study(), [NAME]).is_empty()


def test_persons_without_a_truth_are_left_out(odds, cube, study):
    groups = {"a": (10, 100, 60, 100), "b": (40, 100, 50, 100)}
    rows = [
        {"group": g, "selected": chosen, "truth": harmful, "n": count}
        for g, (fp, negatives, tp, positives) in groups.items()
        for harmful, y, n in ((False, fp, negatives), (True, tp, positives), (None, 30, 50))
        for chosen, count in ((True, y), (False, n - y))
    ]
    found = compute({"outcome": cube(rows, outcome="listed")}, study("a"), [NAME])
    assert one(found)["value"] == one(odds(groups))["value"]
