import numpy as np
import pytest
from scipy.stats import binom
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from scoring.measures import intervals

rng = np.random.default_rng(11)
N, N0 = rng.integers(5, 3_000, (2, 120))
Y, Y0 = rng.binomial(N, rng.random(120)), rng.binomial(N0, rng.random(120))


def two_sample(**options):
    with np.errstate(divide="ignore"):  # statsmodels divides by zero where nobody of the reference has the outcome
        return np.array([confint_proportions_2indep(*map(int, t), **options) for t in zip(Y, N, Y0, N0, strict=True)]).T


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_rates_equal_statsmodels(level):
    for ours, method in ((intervals.wilson, "wilson"), (intervals.clopper_pearson, "beta")):
        theirs = proportion_confint(Y, N, alpha=1 - level, method=method)
        np.testing.assert_allclose(ours(Y, N, level), theirs, atol=1e-12)


def test_ratio_equals_statsmodels():
    found = intervals.ratio(Y, N, Y0, N0)
    np.testing.assert_allclose([found.low, found.high], two_sample(compare="ratio", method="score"), rtol=1e-6)


def test_difference_equals_statsmodels():
    found = intervals.difference(Y, N, Y0, N0)
    np.testing.assert_allclose([found.low, found.high], two_sample(compare="diff", method="newcomb"), atol=1e-12)


def test_published_table_of_newcombe():
    assert intervals.difference(56, 70, 48, 80)[:2] == pytest.approx((0.052431, 0.333873), abs=1e-6)
    assert intervals.ratio(56, 70, 48, 80)[:2] == pytest.approx((1.0790, 1.6722), abs=1e-4)


@pytest.mark.parametrize(
    ("table", "low", "high"),
    [
        ((0, 100, 40, 2000), 0.0, 1.856446),
        ((5, 100, 0, 2000), 26.048007, np.inf),
        ((0, 10, 0, 10), np.nan, np.nan),
        ((0, 0, 5, 10), np.nan, np.nan),
    ],
)
def test_ratio_at_the_edges(table, low, high):
    assert intervals.ratio(*table)[:2] == pytest.approx((low, high), rel=1e-6, nan_ok=True)


def test_ratio_where_everybody_has_the_outcome_holds_one():
    low, high, _ = intervals.ratio(40, 40, 60, 60)
    assert 0.85 < low < 1 < high < 1.2


def test_edges_of_a_rate_are_exact():
    low, high, method = intervals.rate([0, 5, 10, 0], [10, 10, 10, 0])
    assert list(method) == ["Clopper-Pearson", "Wilson", "Clopper-Pearson", "Clopper-Pearson"]
    assert low[0] == 0
    assert high[2] == 1
    assert np.isnan([low[3], high[3]]).all()


def tables(n, p, n0, p0):
    """Return every table that can come of two rates, and how probable it is, but for one in a billion."""
    y, y0 = (np.arange(binom.ppf(1e-9, k, q), binom.isf(1e-9, k, q) + 1) for k, q in ((n, p), (n0, p0)))
    weight = np.outer(binom.pmf(y, n, p), binom.pmf(y0, n0, p0))
    return np.repeat(y, len(y0)), np.tile(y0, len(y)), weight.ravel()


def log_delta(y, n, y0, n0, add=0.0):
    y, n, y0, n0 = y + add, n + add, y0 + add, n0 + add
    with np.errstate(all="ignore"):
        middle, half = np.log(y / n / (y0 / n0)), 1.959964 * np.sqrt(1 / y - 1 / n + 1 / y0 - 1 / n0)
        return np.exp(middle - half), np.exp(middle + half)


@pytest.mark.parametrize(
    ("n", "p", "n0", "p0", "score", "delta", "with_half"),
    [
        (100, 0.02, 2_000, 0.02, 0.9596, 0.8305, 0.9422),
        (60, 0.1, 400, 0.1, 0.9520, 0.9645, 0.9564),
        (300, 0.24, 1_000, 0.3, 0.9503, 0.9506, 0.9502),
    ],
)
def test_the_score_interval_covers_a_ratio_where_the_delta_method_does_not(n, p, n0, p0, score, delta, with_half):
    y, y0, weight = tables(n, p, n0, p0)
    found = intervals.ratio(y, n, y0, n0)[:2], log_delta(y, n, y0, n0), log_delta(y, n, y0, n0, 0.5)
    covered = [weight[(low <= p / p0) & (p / p0 <= high)].sum() for low, high in found]
    assert covered == pytest.approx([score, delta, with_half], abs=5e-4)


@pytest.mark.parametrize(("n", "p"), [(60, 0.1), (400, 0.02), (5_000, 0.3)])
def test_a_rate_is_covered_about_as_often_as_is_said_and_its_exact_interval_at_least_so(n, p):
    y = np.arange(n + 1)
    weight = binom.pmf(y, n, p)
    (low, high, _), (least, most) = intervals.rate(y, n), intervals.clopper_pearson(y, n)
    assert weight[(low <= p) & (p <= high)].sum() == pytest.approx(0.95, abs=0.025)
    assert weight[(least <= p) & (p <= most)].sum() >= 0.95
