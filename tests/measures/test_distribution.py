import numpy as np
import polars as pl
import pytest
from hand_scores import POINTS, TOY, cells, scores, told, toy, worlds
from scipy.stats import binom, ks_2samp, kstest, mannwhitneyu, wasserstein_distance
from statsmodels.stats.meta_analysis import effectsize_smd
from statsmodels.stats.proportion import proportion_effectsize

from scoring.measures import Study, compute, distribution
from scoring.measures.resample import philox, replicates

EFFECTS = ["standardized_mean_difference", "hedges_g", "probability_of_superiority"]
DISTANCES = ["kolmogorov_smirnov", "wasserstein"]
ALL = [*EFFECTS, "quantile_gap", *DISTANCES]


@pytest.fixture
def rows(study):
    return lambda counts, *names, reference="ref", **also: compute(
        {"score": counts}, study(reference, **also), names or ALL
    )


@pytest.fixture
def samples():
    rng = np.random.default_rng(3)
    return np.round(rng.normal(47, 12, 800)).astype(int), np.round(rng.gamma(5, 10, 1500)).astype(int)


def value(found, measure, **equals):
    return told(found, measure=measure, **equals)["value"]


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        ("kolmogorov_smirnov", 0.2),
        ("wasserstein", 45),
        ("probability_of_superiority", 0.6125),
        ("standardized_mean_difference", -0.406786),
    ],
)
def test_five_scores_of_known_distance(rows, measure, expected):
    found = rows(toy(), measure)
    term = "observed" if measure in DISTANCES else None
    assert value(found, measure, term=term) == pytest.approx(expected, abs=5e-7)


def test_scipy_and_statsmodels_find_the_same_in_rows(rows, samples):
    mine, theirs = samples
    found = rows(scores({"group": mine, "ref": theirs}))
    u = mannwhitneyu(theirs, mine).statistic / (len(mine) * len(theirs))
    smd = (mine.mean() - theirs.mean()) / np.sqrt((mine.var() + theirs.var()) / 2)
    g, _ = effectsize_smd(mine.mean(), mine.std(ddof=1), 800, theirs.mean(), theirs.std(ddof=1), 1500)
    assert value(found, "probability_of_superiority") == pytest.approx(u, abs=1e-12)
    assert value(found, "standardized_mean_difference") == pytest.approx(smd, abs=1e-12)
    assert value(found, "hedges_g") == pytest.approx(g, abs=1e-12)
    distance = wasserstein_distance(mine, theirs)
    assert value(found, "wasserstein", term="observed") == pytest.approx(distance, abs=1e-10)
    assert value(found, "kolmogorov_smirnov", term="observed") == pytest.approx(ks_2samp(mine, theirs).statistic)


@pytest.mark.parametrize("n", [(800, 1500), (20, 40), (7, 30), (1, 999)])
def test_quantiles_are_those_of_the_rows(rows, samples, n):
    mine, theirs = (s[:k] for s, k in zip(samples, n, strict=True))
    found = rows(scores({"group": mine, "ref": theirs}), "quantile_gap")
    for q in (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95):
        gap = np.quantile(mine, q, method="inverted_cdf") - np.quantile(theirs, q, method="inverted_cdf")
        assert value(found, "quantile_gap", term=f"q={q:g}") == gap


def test_the_interval_of_a_quantile_gap_is_the_bootstrap_without_its_noise(rows, samples):
    mine, theirs = (s[:k] for s, k in zip(samples, (80, 150), strict=True))
    found = rows(scores({"group": mine, "ref": theirs}), "quantile_gap")
    rng = np.random.default_rng(1)
    drawn = [
        np.quantile(rng.choice(s, (40_000, len(s))), [0.25, 0.5, 0.9], axis=1, method="inverted_cdf")
        for s in (mine, theirs)
    ]
    for gaps, term in zip(drawn[0] - drawn[1], ("q=0.25", "q=0.5", "q=0.9"), strict=True):
        row = told(found, term=term)
        assert (gaps <= row["low"]).mean() >= 0.025 - 0.003
        assert (gaps < row["low"]).mean() <= 0.025 + 0.003
        assert (gaps <= row["high"]).mean() >= 0.975 - 0.003
        assert (gaps < row["high"]).mean() <= 0.975 + 0.003
        assert row["low"] < row["value"] < row["high"]


def test_where_a_replicate_s_median_lies_is_a_binomial_tail():
    masses = distribution._quantile_masses(np.array([3, 4, 2]))[distribution.QUANTILES.index(50)]
    at_most = binom.sf(4, 9, [3 / 9, 7 / 9, 1])  # at least 5 of 9 drawn
    assert masses == pytest.approx(np.diff(at_most, prepend=0), abs=1e-12)


def test_a_group_keeps_its_one_person_in_every_replicate(rows):
    row = told(rows(scores({"group": [20], "ref": np.arange(50)}), "probability_of_superiority"))
    share = np.random.default_rng(1).binomial(50, 0.59, 100_000) / 50
    assert (row["low"], row["high"]) == pytest.approx(tuple(np.quantile(share, [0.025, 0.975])), abs=0.03)


def test_where_one_group_lies_below_everywhere_the_distance_is_the_gap_in_means(rows, samples):
    mine, theirs = samples[0], samples[0] + 7
    assert value(rows(scores({"group": mine, "ref": theirs})), "wasserstein", term="observed") == pytest.approx(7)


def test_what_a_rising_transform_changes(rows, samples):
    mine, theirs = samples
    before = rows(scores({"group": mine, "ref": theirs}))
    shifted = rows(scores({"group": mine + 500, "ref": theirs + 500}))
    bent = rows(scores({"group": mine**3, "ref": theirs**3}))
    columns = ["value", "low", "high", "p"]
    for column in columns:
        assert shifted[column].to_list() == pytest.approx(before[column].to_list(), abs=1e-9, nan_ok=True)
    ranked = pl.col("measure").is_in(["probability_of_superiority", "kolmogorov_smirnov"])
    for column in columns:
        assert bent.filter(ranked)[column].to_list() == pytest.approx(before.filter(ranked)[column].to_list())
    assert value(bent, "wasserstein", term="observed") > 100 * value(before, "wasserstein", term="observed")


def test_turning_group_and_reference_around(rows, samples):
    counts = scores({"group": samples[0], "ref": samples[1]})
    there, back = rows(counts), rows(counts, reference="group")
    for measure in ("standardized_mean_difference", "hedges_g"):
        assert value(there, measure) == pytest.approx(-value(back, measure))
    assert value(there, "probability_of_superiority") == pytest.approx(1 - value(back, "probability_of_superiority"))
    for measure in DISTANCES:
        assert value(there, measure, term="observed") == pytest.approx(value(back, measure, term="observed"))


def test_counting_everybody_four_times_halves_the_intervals_and_null_lines(rows):
    once, often = (rows(toy(k)) for k in (4, 16))
    for measure in EFFECTS:
        a, b = (told(found, measure=measure) for found in (once, often))
        assert a["value"] == pytest.approx(b["value"], rel=0.01)
        assert (b["high"] - b["low"]) / (a["high"] - a["low"]) == pytest.approx(0.5, rel=0.08)
    for measure in DISTANCES:
        assert value(once, measure, term="observed") == pytest.approx(value(often, measure, term="observed"))
        lines = [value(found, measure, term="null 95%") for found in (once, often)]
        assert lines[1] / lines[0] == pytest.approx(0.5, rel=0.15)


def test_the_bootstrap_has_the_spread_that_theory_gives_normal_scores(rows):
    rng = np.random.default_rng(5)
    mine, theirs = np.round(rng.normal(100, 25, 900)).astype(int), np.round(rng.normal(110, 25, 600)).astype(int)
    row = told(rows(scores({"group": mine, "ref": theirs}), "standardized_mean_difference"))
    error = np.sqrt(1 / 900 + 1 / 600 + row["value"] ** 2 / (2 * 1500))
    assert row["method"] == "bootstrap"
    assert row["high"] - row["low"] == pytest.approx(2 * 1.96 * error, rel=0.08)


def test_replicates_that_lean_are_corrected(rows):
    counts = scores({"group": np.repeat([0, 9], [58, 2]), "ref": np.full(40, 5)})
    row = told(rows(counts, "probability_of_superiority"))
    share = np.random.default_rng(1).binomial(60, 2 / 60, 100_000) / 60
    assert row["value"] == pytest.approx(58 / 60)
    assert row["method"] == "BCa bootstrap"
    assert row["low"] < 1 - np.quantile(share, 0.975)
    assert row["value"] < row["high"] <= 1


def test_null_distances_are_not_zero():
    x, both = np.array(POINTS, dtype=float), np.array(TOY["group"]) * 5 + np.array(TOY["ref"]) * 2
    groups = [(np.array(TOY["ref"]) * 2).astype(np.int64), (np.array(TOY["group"]) * 5).astype(np.int64)]
    dealt = distribution._dealt(tuple(x), groups[0].tobytes(), groups[1].tobytes(), 20_000)
    assert both.sum() == 700
    assert dealt.mean(axis=0) == pytest.approx([0.048, 10.3], rel=0.03)
    assert np.quantile(dealt, 0.95, axis=0) == pytest.approx([0.090, 18.9], rel=0.05)


def test_p_is_uniform_where_nothing_differs(rows):
    rng = np.random.default_rng(8)
    samples = [scores({"group": rng.integers(0, 40, 60), "ref": rng.integers(0, 40, 90)}) for _ in range(300)]
    p = rows(worlds(samples), "wasserstein", replicates=99)["p"].drop_nulls()
    assert len(p) == 300
    assert p.min() >= 0.01
    assert kstest(p, "uniform").pvalue > 0.01


def test_one_score_for_everybody(rows):
    found = rows(scores({"group": np.full(50, 7), "ref": np.full(90, 7)}))
    for measure in ("standardized_mean_difference", "hedges_g"):
        row = told(found, measure=measure)
        assert (row["value"], row["low"], row["status"]) == (None, None, "zero_denom")
        assert row["note"] == distribution.NO_SPREAD
    row = told(found, measure="probability_of_superiority")
    assert (row["value"], row["low"], row["high"]) == (0.5, None, None)
    assert row["note"] == distribution.NEVER_VARIES
    for measure in DISTANCES:
        row = told(found, measure=measure, term="observed")
        assert (row["value"], row["p"]) == (0, 1)


def test_groups_of_one_score_each_are_apart_by_no_number_of_deviations(rows):
    found = rows(scores({"group": np.full(50, 7), "ref": np.full(90, 9)}))
    assert value(found, "standardized_mean_difference") is None
    assert value(found, "probability_of_superiority") == 1
    assert value(found, "wasserstein", term="observed") == pytest.approx(2)


def test_one_group_and_a_reference_to_which_nobody_belongs(rows):
    alone = rows(scores({"group": np.arange(50)}), reference=None)
    assert set(alone["status"]) == {"single_group"}
    assert set(alone["measure"]) == set(ALL)
    empty = rows(scores({"group": np.arange(50), "other": np.arange(60)}), reference="nobody")
    assert empty["value"].null_count() == empty.height
    assert set(empty["status"]) == {"zero_denom"}
    assert set(empty["note"]) >= {"nobody in the denominator"}


def test_without_scores_there_are_no_rows(rows, verdicts):
    assert rows(verdicts({"a": (1, 2), "b": (1, 2)})).is_empty()


def test_small_groups_are_marked(rows):
    assert set(rows(scores({"group": np.arange(29), "ref": np.arange(90)}))["status"]) == {"small_cell"}


def test_binned_scores_say_how_far_off_they_may_be(rows, samples):
    exact = rows(scores({"group": samples[0], "ref": samples[1]}))
    binned = scores({"group": samples[0] // 10 * 10, "ref": samples[1] // 10 * 10})
    assert set(rows(binned, replicates=50)["status"]) == {"ok"}
    coarse = compute({"score": binned}, Study({}, {"g": "ref"}, {"s": {"largest_bin": 0.33}}, replicates=50), ALL)
    assert set(coarse["status"]) == {"not_lossless"}
    for measure, term in (("kolmogorov_smirnov", "observed"), ("wasserstein", "observed"),
                          ("probability_of_superiority", None), ("quantile_gap", "q=0.5")):  # fmt: skip
        row = told(coarse, measure=measure, term=term)
        bound = float(row["note"].rsplit("at most ", 1)[1])
        away = abs(row["value"] - value(exact, measure, term=term))
        assert away <= bound
        assert bound < {"kolmogorov_smirnov": 0.5, "wasserstein": 15}.get(measure, 11)


def test_seeds_are_averaged_and_the_null_line_is_of_the_first(rows, samples):
    seeds = [scores({"group": samples[0] + s, "ref": samples[1]}, seed=s) for s in (1, 2, 3)]
    found = rows(seeds[0] + seeds[1] + seeds[2])
    over = told(found, "seeds", measure="quantile_gap", term="q=0.5")
    first = told(found, measure="quantile_gap", term="q=0.5")
    assert (over["value"], over["seeds"]) == (first["value"] + 1, 3)
    assert found.filter(pl.col("term") == "null 95%")["uncertainty"].unique().to_list() == ["audit"]
    assert found.filter(pl.col("measure") == "wasserstein", pl.col("uncertainty") == "seeds").height == 1


def test_draws_of_a_family_have_a_range_and_no_test(rows, samples):
    draws = [scores({"group": samples[0] + d, "ref": samples[1]}, draw=d) for d in (0, 1)]
    found = rows(draws[0] + draws[1])
    assert set(found["uncertainty"]) == {"specification"}
    assert found["p"].null_count() == found.height


def test_the_three_effects_are_those_of_each_replicate(samples):
    x, (mine, theirs) = cells(*samples)
    (drawn,) = replicates(np.concatenate([mine, theirs]), 5, philox(1), groups=[0] * len(x) + [1] * len(x))
    together = distribution.effects(x, drawn[:, : len(x)], drawn[:, len(x) :])
    single = [distribution.effects(x, d[: len(x)], d[len(x) :]) for d in drawn]
    assert together == pytest.approx(np.array(single), abs=1e-12)


@pytest.mark.parametrize(("p", "p_ref", "h"), [(0.65, 0.45, 0.404860), (0.6, 0.3, 0.612875)])
def test_cohens_h(verdicts, study, p, p_ref, h):
    counts = verdicts({"a": (round(100 * p), 100), "b": (round(200 * p_ref), 200)})
    row = told(compute({"outcome": counts}, study("b"), ["cohens_h"]))
    assert row["value"] == pytest.approx(h, abs=1e-6)
    assert row["value"] == pytest.approx(proportion_effectsize(p, p_ref))
    assert row["high"] - row["low"] == pytest.approx(2 * 1.959964 * (1 / 100 + 1 / 200) ** 0.5, rel=1e-6)


def test_cohens_h_of_nobody_and_of_one_group(verdicts, study):
    edge = told(compute({"outcome": verdicts({"a": (0, 100), "b": (200, 200)})}, study("b"), ["cohens_h"]))
    assert (edge["value"], edge["low"]) == (pytest.approx(-np.pi), pytest.approx(-np.pi))
    alone = told(compute({"outcome": verdicts({"a": (5, 100)})}, study(), ["cohens_h"]))
    assert (alone["value"], alone["status"]) == (None, "single_group")
