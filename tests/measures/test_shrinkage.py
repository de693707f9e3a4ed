import numpy as np
import polars as pl
import pytest
from scipy.optimize import minimize
from scipy.stats import beta, betabinom

from scoring.measures import compute
from scoring.measures.resample import philox
from scoring.measures.shrinkage import fit, from_moments, posterior_mean

SIZES = np.linspace(20, 400, 24).astype(int)


@pytest.fixture
def rows(study):
    return lambda counts, **also: compute({"outcome": counts}, study(**also), ["shrunk_rate"])


def one(rows, group, uncertainty="audit"):
    return rows.filter(pl.col("group") == group, pl.col("uncertainty") == uncertainty).row(0, named=True)


def spread(times, mean, weight, rng, sizes=SIZES):
    rates = rng.beta(mean * weight, (1 - mean) * weight, size=(times, len(sizes)))
    n = np.tile(sizes, (times, 1))
    return rates, rng.binomial(n, rates), n


def test_moments_of_the_rat_tumours_of_bayesian_data_analysis():
    prior = from_moments(0.136, 0.103)
    assert (float(prior.alpha), float(prior.beta)) == pytest.approx((1.3703, 8.7056), abs=5e-5)


def test_the_prior_is_the_most_likely_one_that_scipy_finds():
    rng = philox(3)
    for weight in (4, 60):
        _, y, n = spread(5, 0.2, weight, rng)
        prior = fit(y, n)
        for i in range(5):

            def loss(at, i=i, y=y, n=n):
                return -betabinom.logpmf(y[i], n[i], *np.exp(at)).sum()

            theirs = minimize(loss, np.log([2, 8]), method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-11})
            ours = [prior.alpha[i], prior.beta[i]]
            assert ours == pytest.approx(np.exp(theirs.x), rel=1e-3)
            assert loss(np.log(ours)) <= theirs.fun + 1e-8


def test_without_spread_the_likelihood_rises_for_ever_and_nowhere_else():
    y, n = np.array([[10, 10, 11, 9], [2, 25, 10, 1]]), np.full((2, 4), 100)
    prior = fit(y, n)
    assert np.isinf(prior.weight).tolist() == [True, False]
    weights = np.geomspace(0.1, 1e6, 100)
    flat = [betabinom.logpmf(y[0], n[0], 0.1 * w, 0.9 * w).sum() for w in weights]
    assert np.diff(flat).min() > -1e-6
    assert posterior_mean(y, n, prior)[0] == pytest.approx([0.1] * 4)


def test_a_group_of_nobody_changes_nothing():
    y, n = np.array([[3, 40, 10, 20]]), np.array([[50, 90, 100, 70]])
    padded = fit(np.pad(y, ((0, 0), (0, 3))), np.pad(n, ((0, 0), (0, 3))))
    alone = fit(y, n)
    assert (padded.alpha[0], padded.beta[0]) == pytest.approx((alone.alpha[0], alone.beta[0]), rel=1e-6)


def test_shrinkage_lessens_the_error_of_24_groups():
    """Methods: .0273 raw and .0166 shrunk; the raw error is the closed form sqrt(E p(1 - p) mean(1/n))."""
    rates, y, n = spread(2_000, 0.1, 200, philox(4))
    raw = np.sqrt(((y / n - rates) ** 2).mean())
    shrunk = np.sqrt(((posterior_mean(y, n, fit(y, n)) - rates) ** 2).mean())
    assert raw == pytest.approx(np.sqrt(0.1 * 0.9 * 200 / 201 * (1 / SIZES).mean()), rel=0.02)
    assert shrunk < 0.65 * raw
    assert shrunk == pytest.approx(0.0165, abs=0.0007)


def test_the_posterior_holds_the_rates_as_often_as_it_says_where_groups_are_many():
    rates, y, n = spread(20, 0.2, 50, philox(5), sizes=np.tile(SIZES, 20))
    prior = fit(y, n)
    a, b = y + prior.alpha[:, None], n - y + prior.beta[:, None]
    inside = (beta.ppf(0.025, a, b) < rates) & (rates < beta.ppf(0.975, a, b))
    assert inside.mean() == pytest.approx(0.95, abs=0.01)


def test_a_row_holds_the_posterior_the_raw_rate_and_the_chance_beyond_the_convention(verdicts, rows):
    groups = {"a": (2, 100), "b": (25, 100), "c": (10, 100), "d": (1, 100)}
    found = rows(verdicts(groups, outcome="listed"))
    y, n = np.array([[2, 25, 10, 1]]), np.full((1, 4), 100)
    prior = fit(y, n)
    posterior = beta(25 + prior.alpha[0], 75 + prior.beta[0])
    row = one(found, "b")
    assert row["value"] == pytest.approx(posterior.mean())
    assert (row["low"], row["high"]) == pytest.approx(posterior.interval(0.95))
    assert row["method"] == "Beta posterior, empirical Bayes"
    chance = posterior.sf(1.25 * 38 / 400)
    assert row["note"] == f"raw rate 0.2500; P(rate > 1.25 × overall rate) = {chance:.3f}"
    assert (row["status"], row["n"], row["polarity"]) == ("ok", 100, "adverse")
    assert 0.095 < row["value"] < 0.25


def test_a_reward_is_read_the_other_way(verdicts, rows):
    found = rows(verdicts({"a": (20, 100), "b": (75, 100), "c": (60, 100)}))
    prior = fit([[20, 75, 60]], [[100] * 3])
    chance = beta(20 + prior.alpha[0], 80 + prior.beta[0]).cdf(0.8 * 155 / 300)
    assert f"P(rate < 0.8 × overall rate) = {chance:.3f}" in one(found, "a")["note"]


def test_fewer_than_three_groups_have_no_rows(verdicts, rows):
    assert rows(verdicts({"a": (20, 100), "b": (75, 100)})).is_empty()
    assert rows(verdicts({"a": (20, 100), "b": (75, 100), "c": (0, 0)})).is_empty()


@pytest.mark.parametrize("y", [0, 100])
def test_where_nobody_or_everybody_is_selected_there_is_no_prior(verdicts, rows, y):
    row = one(rows(verdicts(dict.fromkeys("abc", (y, 100)))), "a")
    assert (row["value"], row["low"], row["status"]) == (None, None, "fit_failed")
    assert row["note"].startswith("nobody or everybody has the outcome")


def test_groups_alike_are_drawn_together_without_an_interval(verdicts, rows):
    row = one(rows(verdicts({"a": (10, 100), "b": (11, 100), "c": (4, 50)})), "a")
    assert (row["value"], row["low"], row["high"], row["status"]) == (pytest.approx(0.1), None, None, "ok")
    assert "no spread between groups beyond chance" in row["note"]


def test_a_small_group_is_named_small(verdicts, rows):
    found = rows(verdicts({"a": (2, 100), "b": (25, 100), "c": (10, 20)}))
    assert (one(found, "c")["status"], one(found, "b")["status"]) == ("small_cell", "ok")


def test_over_seeds_it_is_the_mean_of_the_shrunk_rates(verdicts, rows):
    seeds = [{"a": (2, 100), "b": (25, 100), "c": (10, 100)}, {"a": (8, 100), "b": (35, 100), "c": (30, 100)}]
    counts = [verdicts(groups, seed=s) for s, groups in enumerate(seeds, 1)]
    apart = [one(rows(c), "a")["value"] for c in counts]
    both = rows(counts[0] + counts[1])
    row = one(both, "a", "seeds")
    assert (row["value"], row["seeds"], row["note"]) == (pytest.approx(np.mean(apart)), 2, None)
    assert one(both, "a")["value"] == pytest.approx(apart[0])


def test_one_table_has_one_row_a_group_and_a_family_its_range(verdicts, rows):
    groups = {"a": (2, 100), "b": (25, 100), "c": (10, 100)}
    single = rows(verdicts(groups), single=True)
    assert single["uncertainty"].to_list() == ["audit"] * 3
    assert single["low"].null_count() == 0
    family = rows(verdicts(groups, draw=0) + verdicts(groups | {"a": (9, 100)}, draw=1))
    assert set(family["uncertainty"]) == {"specification"}
