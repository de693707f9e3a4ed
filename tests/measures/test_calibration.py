from itertools import pairwise

import numpy as np
import pandas as pd
import polars as pl
import pytest
import statsmodels.api as sm
from hand_scores import scores, told, worlds
from scipy.stats import hypergeom, kstest
from sklearn.calibration import calibration_curve
from statsmodels.stats.contingency_tables import StratifiedTable

from scoring.measures import TAUS, Study, calibration, compute, logistic
from scoring.measures.calibration import Bins, gap, gap_of_chance, merged

MODELLED = ["calibration_intercept_difference", "calibration_slope_difference"]
PAIRED = ["calibration_gap", "calibration_test", *MODELLED]
ALL = ["calibration_rate", *PAIRED]


@pytest.fixture
def rows(study):
    return lambda counts, *names, reference="ref", **also: compute(
        {"score": counts}, study(reference, **also), names or ALL
    )


@pytest.fixture
def people():
    """Return scores and truths of two groups; of the first the same score means more harm, and tells less of it."""
    rng = np.random.default_rng(9)
    held = {"group": rng.integers(0, 100, 900), "ref": rng.integers(0, 100, 1500)}
    odds = {"group": 0.3 + 0.010 * (held["group"] - 50), "ref": -0.5 + 0.035 * (held["ref"] - 50)}
    return {g: (s, rng.random(len(s)) < 1 / (1 + np.exp(-odds[g]))) for g, s in held.items()}


def binned(y, n, y_ref, n_ref):
    y, n, y_ref, n_ref = (np.array(c, dtype=np.int64) for c in (y, n, y_ref, n_ref))
    return Bins(y, n, y_ref, n_ref, len(n))


def test_rates_by_tenth_are_those_of_scikit_learn(rows):
    rng = np.random.default_rng(1)
    held = rng.permutation(2_000)
    truth = rng.random(2_000) < held / 2_000
    found = rows(scores({"ref": (held, truth)}), "calibration_rate", reference=None)
    theirs, _ = calibration_curve(truth, held / 2_000, n_bins=10, strategy="quantile")
    ours = [told(found, term=str(k))["value"] for k in range(1, 11)]
    assert ours == pytest.approx(theirs.tolist(), abs=1e-12)
    assert {told(found, term=str(k))["n"] for k in range(1, 11)} == {200}


def test_few_scores_are_bins_themselves(rows):
    held = np.repeat([5, 6, 7.5], [40, 30, 30])
    truth = np.tile([True, False], 50)
    found = rows(scores({"group": (held, truth), "ref": (held, ~truth)}), "calibration_rate")
    assert {(r["term"], r["value"], r["n"]) for r in found.filter(pl.col("group") == "ref").iter_rows(named=True)} == {
        ("5", 0.5, 40), ("6", 0.5, 30), ("7.5", 0.5, 30),
    }  # fmt: skip


def test_twenty_scores_are_bins_and_twenty_one_are_cut_into_tenths(rows):
    for scores_held, terms in ((20, 20), (21, 10)):
        held = np.repeat(np.arange(scores_held), 10)
        counts = scores({"ref": (held, held % 2 == 0)})
        assert rows(counts, "calibration_rate", reference=None)["term"].n_unique() == terms


def test_persons_of_one_score_stay_in_one_tenth(rows):
    held = np.concatenate([np.zeros(600), np.arange(1, 401)]).astype(int)
    found = rows(scores({"ref": (held, held % 2 == 0)}), "calibration_rate", reference=None)
    sizes = dict(found.filter(pl.col("uncertainty") == "audit").select("term", "n").iter_rows())
    assert sizes == {"4": 600, "7": 100, "8": 100, "9": 100, "10": 100}


def test_the_gap_by_hand():
    found = binned([10, 30], [20, 40], [20, 10], [80, 60])
    assert gap(found) == pytest.approx(0.5 * abs(0.5 - 0.25) + 0.5 * abs(0.75 - 1 / 6))


@pytest.mark.parametrize(
    ("size", "good", "drawn"),
    [(37, 14, 11), (100, 3, 50), (60, 59, 20), (40, 20, 20), (30, 0, 10), (30, 30, 10), (25, 24, 24)],
)
def test_the_gap_of_chance_is_the_mean_over_all_deals(size, good, drawn):
    found = binned([min(good, drawn)], [drawn], [good - min(good, drawn)], [size - drawn])
    y = np.arange(max(0, drawn - size + good), min(good, drawn) + 1)
    chance = hypergeom(size, good, drawn).pmf(y)
    expected = chance @ np.abs(y / drawn - (good - y) / (size - drawn))
    assert gap_of_chance(found) == pytest.approx(expected, abs=1e-12)


def test_the_gap_is_about_0_where_labels_are_dealt_out(rows):
    rng, many = np.random.default_rng(4), []
    for _ in range(400):
        held = rng.integers(0, 8, 400)
        truth, mine = rng.random(400) < held / 10, rng.random(400) < 0.3
        many.append(scores({"group": (held[mine], truth[mine]), "ref": (held[~mine], truth[~mine])}))
    found = rows(worlds(many), "calibration_gap", replicates=99).filter(pl.col("p").is_not_null())
    assert found.height == 400
    assert found["value"].mean() == pytest.approx(0, abs=3 * found["value"].std() / 20)
    assert kstest(found["p"], "uniform").pvalue > 0.01


def test_a_gap_beyond_chance(rows, people):
    found = rows(scores({g: (s // 10, t) for g, (s, t) in people.items()}), "calibration_gap")
    row, line = told(found, term="observed"), told(found, term="null 95%")
    assert row["value"] > line["value"] > 0
    assert row["p"] == pytest.approx(1 / 501)
    held = np.concatenate([s // 10 for s, _ in people.values()])
    truth, mine = np.concatenate([t for _, t in people.values()]), np.repeat([True, False], [900, 1500])

    def weighted(mine):
        rates = [[truth[(held == k) & side].mean() for side in (mine, ~mine)] for k in range(10)]
        return np.average([abs(a - b) for a, b in rates], weights=np.bincount(held))

    rng, chance = np.random.default_rng(2), []
    for _ in range(400):
        order = rng.permutation(2_400)
        dealt = np.empty(2_400, dtype=bool)
        dealt[np.argsort(held, kind="stable")] = mine[order[np.argsort(held[order], kind="stable")]]
        chance.append(weighted(dealt))
    assert row["value"] == pytest.approx(weighted(mine) - np.mean(chance), abs=0.002)
    assert line["value"] == pytest.approx(np.quantile(chance, 0.95) - np.mean(chance), abs=0.004)


def test_mantel_and_haenszel_as_statsmodels_finds_it_in_rows(rows):
    rng = np.random.default_rng(2)
    held, mine = rng.integers(0, 6, 1_500), rng.random(1_500) < 0.4
    truth = rng.random(1_500) < 0.1 + 0.1 * held + 0.06 * mine
    found = rows(scores({"group": (held[mine], truth[mine]), "ref": (held[~mine], truth[~mine])}), "calibration_test")
    theirs = StratifiedTable.from_data("g", "y", "z", pd.DataFrame({"g": mine, "y": truth, "z": held}))
    test = theirs.test_null_odds(correction=False)
    row = told(found)
    assert (row["value"], row["p"]) == pytest.approx((test.statistic, test.pvalue))
    assert row["method"] == "Mantel-Haenszel"


def test_p_of_mantel_and_haenszel_is_uniform_where_labels_are_dealt_out_within_scores(rows):
    rng, many = np.random.default_rng(7), []
    held = np.repeat(np.arange(5), 120)
    truth = rng.random(600) < 0.2 + 0.1 * held
    for _ in range(300):
        mine = np.concatenate([rng.permutation(120) < 40 + 10 * k for k in range(5)])
        many.append(scores({"group": (held[mine], truth[mine]), "ref": (held[~mine], truth[~mine])}))
    p = rows(worlds(many), "calibration_test")["p"]
    assert len(p) == 300
    assert kstest(p, "uniform").pvalue > 0.01


def test_the_model_is_that_of_statsmodels_on_rows(rows, people):
    found = rows(scores(people), *MODELLED)
    s = np.concatenate([s for s, _ in people.values()]).astype(float)
    y = np.concatenate([t for _, t in people.values()]).astype(float)
    g, z = np.repeat([1.0, 0.0], [900, 1500]), (s - s.mean()) / s.std()
    theirs = sm.Logit(y, np.column_stack([np.ones_like(z), z, g, z * g])).fit(disp=0)
    for measure, at in zip(MODELLED, (2, 3), strict=True):
        row = told(found, measure=measure)
        low, high = theirs.conf_int()[at]
        assert (row["value"], row["low"], row["high"]) == pytest.approx((theirs.params[at], low, high), abs=1e-6)
        assert row["p"] == pytest.approx(theirs.pvalues[at], rel=1e-4)


def test_a_score_that_tells_all_has_no_fit(rows):
    apart = (np.arange(60), np.arange(60) >= 40)
    mixed = (np.arange(60), np.arange(60) % 3 == 0)
    for held in ({"group": apart, "ref": mixed}, {"group": mixed, "ref": (np.full(60, 9), mixed[1])},
                 {"group": mixed, "ref": (np.arange(60) // 20, np.arange(60) >= 30)},
                 {"group": mixed, "ref": (np.arange(60) // 20, np.repeat([False, False, True], 20))}):  # fmt: skip
        found = rows(scores(held), *MODELLED)
        assert found["value"].null_count() == found.height == 2
        assert set(found["status"]) == {"fit_failed"}
        assert set(found["note"]) == {logistic.APART}
    assert set(rows(scores({"group": mixed, "ref": mixed}), *MODELLED)["status"]) == {"ok"}


def test_bins_are_merged_until_each_holds_ten_of_either_group(rows):
    n, n_ref = np.array([4, 7, 30, 2, 50, 3]), np.array([90, 3, 30, 90, 50, 90])
    found = merged(n // 2, n, n_ref // 3, n_ref)
    assert found.n.tolist() == [11, 30, 55]
    assert found.n_ref.tolist() == [93, 30, 230]
    assert found.note() == "6 bins merged into 3, so that each holds 10 persons of either group"
    assert merged(n, n, n, np.zeros_like(n)).n.tolist() == [96]
    whole = merged(n_ref, n_ref + 10, n_ref, n_ref + 10)
    assert (len(whole.n), whole.note()) == (6, None)
    held = np.repeat(np.arange(6), n), np.repeat(np.arange(6), n_ref)
    counts = scores({"group": (held[0], held[0] > 2), "ref": (held[1], held[1] % 2 == 0)})
    row = told(rows(counts, "calibration_gap"), term="observed")
    assert row["note"] == found.note()
    assert all(b > a for a, b in pairwise([0, *np.cumsum(found.n)]))


def test_classes_of_simulated_harm(rows, people):
    rng = np.random.default_rng(1)
    levels = {g: (held, rng.integers(0, 6, len(held))) for g, (held, _) in people.items()}
    found = rows(scores(levels))
    assert set(found["param"]) == {"tau=10", "tau=30"}
    held, level = levels["ref"]
    low = np.concatenate([s for s, _ in levels.values()])
    lowest = held <= np.quantile(low, 0.1, method="inverted_cdf")
    row = told(found, measure="calibration_rate", group="ref", param="tau=30", term="1")
    assert row["value"] == pytest.approx((level > TAUS.index(30))[lowest].mean(), abs=0.03)


def test_everybody_of_one_class(rows):
    held = (np.arange(60), np.zeros(60, dtype=bool))
    found = rows(scores({"group": held, "ref": held}))
    assert set(found.filter(pl.col("measure") == "calibration_rate")["value"]) == {0}
    for measure in ("calibration_gap", "calibration_test"):
        row = told(found, measure=measure, term="observed" if measure == "calibration_gap" else None)
        assert (row["value"], row["p"], row["status"]) == (None, None, "zero_denom")
        assert row["note"] == calibration.ONE_CLASS
    assert {told(found, measure=m)["status"] for m in MODELLED} == {"fit_failed"}


def test_every_bin_of_one_class(rows):
    held = (np.repeat([1, 2], 30), np.repeat([True, False], 30))
    row = told(rows(scores({"group": held, "ref": held}), "calibration_test"))
    assert (row["value"], row["p"], row["note"]) == (None, None, calibration.ONE_CLASS_A_BIN)


def test_one_score_for_everybody(rows):
    held = (np.full(60, 7), np.arange(60) < 20)
    found = rows(scores({"group": held, "ref": (held[0], held[0] > np.arange(60))}))
    assert told(found, measure="calibration_rate", group="group", term="7")["value"] == pytest.approx(1 / 3)
    assert told(found, measure="calibration_test")["p"] < 0.05
    assert {told(found, measure=m)["status"] for m in MODELLED} == {"fit_failed"}


def test_one_group_nobody_and_no_class(rows, people):
    alone = rows(scores({"group": people["group"]}), *PAIRED, reference=None)
    assert set(alone["status"]) == {"single_group"}
    assert set(alone["measure"]) == set(PAIRED)
    empty = rows(scores(people), *PAIRED, reference="nobody")
    assert empty["value"].null_count() == empty.height > 0
    assert set(empty["status"]) == {"zero_denom"}
    assert rows(scores({g: held for g, (held, _) in people.items()})).is_empty()


def test_what_one_auditor_finds_is_not_averaged_over_seeds(rows, people):
    found = rows(scores(people) + scores(people, seed=2) + scores(people, draw=1, scheme="family"))
    for measure in ("calibration_test", *MODELLED):
        assert found.filter(pl.col("measure") == measure)["uncertainty"].to_list() == ["audit"]
    assert told(found, "seeds", measure="calibration_gap", scheme="s")["seeds"] == 2
    family = found.filter(pl.col("measure") == "calibration_gap", pl.col("scheme") == "family")
    assert family["uncertainty"].to_list() == ["specification"]


def test_binned_scores_say_so_where_the_model_reads_them(people):
    study = Study({}, {"g": "ref"}, {"s": {"largest_bin": 0.2}})
    assert set(compute({"score": scores(people)}, study, MODELLED)["status"]) == {"not_lossless"}
