import numpy as np
import pytest
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
