import numpy as np
import polars as pl
import pytest
from hand_scores import cells, scores, told, worlds
from scipy.stats import kstest
from sklearn.metrics import roc_auc_score, roc_curve

from scoring.measures import TAUS, Counts, Study, compute, ranking
from scoring.measures.ranking import area, between
from scoring.measures.resample import philox, replicates

ALL = ["auc", "auc_difference", "abroca"]


@pytest.fixture
def rows(study):
    return lambda counts, *names, reference="ref", **also: compute(
        {"score": counts}, study(reference, **also), names or ALL
    )


@pytest.fixture
def people():
    """Return scores, with ties, and truths of two groups; in the second the score tells less."""
    rng = np.random.default_rng(9)
    truth = {"group": rng.random(700) < 0.3, "ref": rng.random(1200) < 0.4}
    shift = {"group": 12, "ref": 5}
    return {g: (np.round(rng.normal(50 + shift[g] * t, 8)).astype(int), t) for g, t in truth.items()}


def apart(*curves, bends=1_000):
    """Return the area between two ROC curves, each given as a function of the false positive rate."""
    at = np.arange(bends + 1) ** 2
    positive = [np.diff(np.round(c(at / at[-1]) * bends**4).astype(np.int64))[::-1] for c in curves]
    negative = np.diff(at)[::-1]
    return float(between(positive[0], negative, positive[1], negative))


@pytest.mark.parametrize(("other", "expected"), [(lambda x: x, 1 / 6), (lambda x: x**2, 1 / 3)])
def test_areas_between_known_curves(other, expected):
    assert apart(np.sqrt, other) == pytest.approx(expected, abs=1e-5)
    assert apart(other, np.sqrt) == pytest.approx(expected, abs=1e-5)
    assert apart(other, other) == 0


def test_curves_that_cross_between_their_corners():
    # One rises along (0, 0), (0, .5), (1, 1) and the other is the diagonal bent at (.5, .25): no crossing.
    one, two = ([2, 2], [4, 0]), ([3, 1], [2, 2])  # positive and negative, from the lowest score up
    assert float(between(*one, *two)) == pytest.approx(0.75 - 0.375)
    # (0, 0), (.5, 1), (1, 1) against (0, 0), (0, .5), (1, 1): they cross at (1/3, 2/3).
    three, four = ([0, 4], [2, 2]), ([2, 2], [4, 0])
    crossing = 1 / 2 * 1 / 3 * 1 / 2 + 1 / 2 * 1 / 6 * 1 / 4 + 1 / 2 * 1 / 2 * 1 / 4
    assert float(between(*three, *four)) == pytest.approx(crossing)


def test_the_area_between_is_that_of_scikit_learn_s_curves(people):
    grid = (np.arange(400_000) + 0.5) / 400_000
    curves = []
    for held, truth in people.values():
        fpr, tpr, _ = roc_curve(truth, held, drop_intermediate=False)
        curves.append(np.interp(grid, fpr, tpr))
    x, (pos, neg, pos_ref, neg_ref) = cells(*(s[t == yes] for s, t in people.values() for yes in (True, False)))
    ours = float(between(pos, neg, pos_ref, neg_ref))
    assert len(x) > 40
    assert ours == pytest.approx(np.abs(curves[0] - curves[1]).mean(), abs=1e-6)
    assert ours > 0.05
    backwards = (c[::-1] for c in (pos, neg, pos_ref, neg_ref))
    assert float(between(*backwards)) == pytest.approx(ours, abs=1e-12)  # a risk score instead of points
    swapped = float(between(pos_ref, neg_ref, pos, neg))
    assert swapped == pytest.approx(ours, abs=1e-12)


def test_replicates_are_taken_one_by_one(people):
    x, held = cells(*(s[t == yes] for s, t in people.values() for yes in (True, False)))
    k = len(x)
    (drawn,) = replicates(np.concatenate(held), 6, philox(1), groups=np.repeat(range(4), k).tolist())
    parts = [drawn[:, i * k : (i + 1) * k] for i in range(4)]
    assert between(*parts) == pytest.approx([float(between(*(p[i] for p in parts))) for i in range(6)], abs=1e-12)


def test_auc_is_that_of_scikit_learn(rows, people):
    found = rows(scores(people))
    theirs = {g: roc_auc_score(truth, held) for g, (held, truth) in people.items()}
    for group, expected in theirs.items():
        assert told(found, measure="auc", group=group)["value"] == pytest.approx(expected, abs=1e-12)
    difference = told(found, measure="auc_difference")
    assert difference["value"] == pytest.approx(theirs["group"] - theirs["ref"], abs=1e-12)
    assert 0 < difference["low"] < difference["value"] < difference["high"]
    assert told(found, measure="abroca", term="observed")["p"] < 0.01


def test_delong_has_the_spread_of_the_bootstrap(rows, people):
    x, (pos, neg) = cells(*(people["group"][0][people["group"][1] == yes] for yes in (True, False)))
    auc, variance = area(pos, neg)
    (drawn,) = replicates(np.concatenate([pos, neg]), 4_000, philox(1), groups=np.repeat([0, 1], len(x)).tolist())
    drawn_auc, _ = area(drawn[:, : len(x)], drawn[:, len(x) :])
    assert float(np.sqrt(variance)) == pytest.approx(drawn_auc.std(), rel=0.04)
    row = told(rows(scores(people)), measure="auc", group="group")
    assert row["method"] == "DeLong"
    assert (row["low"], row["high"]) == pytest.approx(tuple(np.quantile(drawn_auc, [0.025, 0.975])), abs=0.006)
    assert float(auc) == pytest.approx(drawn_auc.mean(), abs=0.002)


def test_delong_by_hand():
    positive, negative = np.array([3, 5, 5, 9]), np.array([1, 3, 4])
    beats = (positive[:, None] > negative) + (positive[:, None] == negative) / 2
    auc, variance = area(*cells(positive, negative)[1])
    assert float(auc) == pytest.approx(beats.mean())
    assert float(variance) == pytest.approx(beats.mean(axis=1).var(ddof=1) / 4 + beats.mean(axis=0).var(ddof=1) / 3)


def test_classes_of_simulated_harm(rows, people):
    rng = np.random.default_rng(1)
    levels = {g: (held, rng.integers(0, 6, len(held))) for g, (held, _) in people.items()}
    found = rows(scores(levels))
    assert set(found["param"]) == {"tau=10", "tau=30"}
    for tau in (10, 30):
        held, level = levels["group"]
        expected = roc_auc_score(level > TAUS.index(tau), held)
        assert told(found, measure="auc", group="group", param=f"tau={tau}")["value"] == pytest.approx(expected)


def test_curves_that_differ_in_nothing_are_a_twentieth_apart():
    rng = np.random.default_rng(2)
    found = [float(between(*cells(*(rng.normal(shift, 1, 100) for shift in (1.1, 0, 1.1, 0)))[1])) for _ in range(800)]
    assert np.mean(found) == pytest.approx(0.051, abs=0.003)
    assert np.quantile(found, 0.95) == pytest.approx(0.089, abs=0.012)


def test_the_null_line_is_that_of_equal_groups_and_p_is_uniform():
    rng, many, truth = np.random.default_rng(3), [], np.arange(200) < 100
    for _ in range(200):
        held = {g: np.round(rng.normal(22 * truth, 20)).astype(int) for g in ("group", "ref")}
        many.append(scores({g: (s, truth) for g, s in held.items()}))
    found = compute({"score": worlds(many)}, Study({}, {"g": "ref"}, replicates=99), ["abroca"])
    lines, p = found.filter(pl.col("term") == "null 95%")["value"], found["p"].drop_nulls()
    assert (len(lines), len(p)) == (200, 200)
    assert lines.mean() == pytest.approx(0.089, abs=0.008)  # 6,000 samples: .092
    assert kstest(p, "uniform").pvalue > 0.01


def test_a_group_of_one_class(rows, people):
    counts = scores(people | {"other": (np.arange(40), np.zeros(40, dtype=bool))})
    found = rows(counts)
    for row in (
        told(found, measure="auc", group="other"),
        told(found, measure="auc_difference", group="other"),
        told(found, measure="abroca", group="other", term="observed"),
    ):
        assert (row["value"], row["low"], row["p"], row["status"]) == (None, None, None, "zero_denom")
        assert row["note"] == ranking.ONE_CLASS
    assert told(found, measure="auc", group="group")["status"] == "ok"


def test_one_score_for_everybody(rows):
    held = (np.full(60, 7), np.arange(60) < 20)
    found = rows(scores({"group": held, "ref": held}))
    row = told(found, measure="auc", group="group")
    assert (row["value"], row["low"], row["note"]) == (0.5, None, ranking.NO_ERROR)
    assert told(found, measure="auc_difference")["value"] == 0
    row = told(found, measure="abroca", term="observed")
    assert (row["value"], row["p"]) == (0, 1)


def test_a_score_that_tells_all(rows):
    held = (np.arange(60), np.arange(60) >= 40)
    row = told(rows(scores({"group": held, "ref": held})), measure="auc", group="group")
    assert (row["value"], row["low"], row["note"]) == (1, None, ranking.NO_ERROR)


def test_few_persons_of_a_class_and_binned_scores_are_marked(rows, people):
    few = scores({"group": (np.arange(60), np.arange(60) % 20 == 3), "ref": people["ref"]})
    found = rows(few)
    assert told(found, measure="auc", group="group")["status"] == "small_cell"
    assert told(found, measure="abroca", term="observed")["status"] == "small_cell"
    assert told(found, measure="auc", group="ref")["status"] == "ok"
    exact = rows(scores(people))
    coarse = scores({g: (s // 4 * 4, t) for g, (s, t) in people.items()})
    study = Study({}, {"g": "ref"}, {"s": {"largest_bin": 0.2}}, replicates=50)
    binned = compute({"score": coarse}, study, ALL)
    assert set(binned["status"]) == {"not_lossless"}
    for which in ({"measure": "auc", "group": "ref"}, {"measure": "auc_difference"},
                  {"measure": "abroca", "term": "observed"}):  # fmt: skip
        row = told(binned, **which)
        bound = float(row["note"].rsplit("at most ", 1)[1])
        assert 0 < abs(row["value"] - told(exact, **which)["value"]) <= bound < 0.2


def test_one_group_nobody_and_no_class(rows, people):
    alone = rows(scores({"group": people["group"]}), reference=None)
    assert set(alone.filter(pl.col("measure") != "auc")["status"]) == {"single_group"}
    assert told(alone, measure="auc")["status"] == "ok"
    empty = rows(scores(people), "auc_difference", "abroca", reference="nobody")
    assert empty["value"].null_count() == empty.height > 0
    assert rows(scores({g: held for g, (held, _) in people.items()})).is_empty()


def test_persons_of_unknown_class_are_left_out(rows, people):
    counts = scores(people)
    unknown = counts.cells.with_columns(pl.lit(None, pl.Boolean).alias("truth"), pl.col("n") * 3)
    found = rows(Counts(counts.axes, pl.concat([counts.cells, unknown])))
    assert found["value"].to_list() == rows(counts)["value"].to_list()
    assert told(found, measure="auc", group="group")["n"] == 700


def test_seeds_are_averaged_and_everyone_together_is_no_group(rows, people):
    more = {g: (s, np.roll(t, 5)) for g, (s, t) in people.items()}
    counts = scores(people) + scores(more, seed=2) + scores({"everyone": people["ref"]}, group_by="everyone")
    found = rows(counts, "auc", "abroca")
    row = told(found, "seeds", measure="auc", group="ref")
    each = [roc_auc_score(held["ref"][1], held["ref"][0]) for held in (people, more)]
    assert (row["value"], row["seeds"]) == (pytest.approx(np.mean(each)), 2)
    assert set(found["group_by"]) == {"g"}
    assert set(found.filter(pl.col("term") == "null 95%")["uncertainty"]) == {"audit"}


def test_a_perfect_ranking_of_many_scores_has_no_interval(cube, study):
    people = pl.DataFrame([{"group": "a", "score": i, "truth": i >= 70, "n": 1 + i % 7} for i in range(100)])
    people = people.with_columns(world=pl.lit("w"), scheme=pl.lit("s"), draw=-1, seed=1, group_by=pl.lit("g"))
    counts = Counts(tuple(c for c in people.columns if c != "n"), people)
    found = compute({"score": counts}, study(), ["auc"]).filter(pl.col("uncertainty") == "audit")
    assert found["value"].item() == pytest.approx(1)
    assert found.select("low", "high").row(0) == (None, None)
