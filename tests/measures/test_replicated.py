from functools import partial

import numpy as np
import pytest
import scipy.stats

from scoring.measures.replicated import REFUSED, interval, jeffreys
from scoring.measures.resample import NotValid, philox, poisson, replicates

CELLS = np.array([120, 480, 480, 3_520])  # 120 of 600 beside 480 of 4,000
GROUPS = partial(replicates, groups=["a", "a", "b", "b"])


def rate(cells):
    return cells[:, 0] / cells[:, :2].sum(axis=1)


def ratio(cells):
    with np.errstate(divide="ignore", invalid="ignore"):
        return rate(cells) / (cells[:, 2] / cells[:, 2:].sum(axis=1))


@pytest.mark.parametrize("scheme", [replicates, poisson, GROUPS])
def test_a_smooth_statistic_has_a_percentile_interval_under_every_scheme(scheme):
    low, high, method = interval(CELLS, rate, 4_000, philox(1), scheme=scheme)
    half = 1.96 * (0.2 * 0.8 / 600) ** 0.5
    assert method == "percentile"
    assert (low, high) == pytest.approx((0.2 - half, 0.2 + half), abs=0.003)


def test_a_statistic_that_leans_is_corrected():
    few = np.array([12, 108, 480, 3_520])
    values = np.concatenate([ratio(c) ** 2 for c in replicates(few, 4_000, philox(1))])
    assert scipy.stats.skew(values) > 0.5
    found = interval(few, lambda c: ratio(c) ** 2, 4_000, philox(1))
    assert found.method == "BCa"
    assert found.low > np.quantile(values, 0.025)
    square, plain = found, interval(few, lambda c: np.log(ratio(c)), 4_000, philox(1))
    assert np.log(square.high) / 2 == pytest.approx(plain.high, abs=0.15)


def test_several_statistics_are_each_judged_by_their_own_replicates():
    few = np.array([12, 108, 480, 3_520])
    found = interval(few, lambda c: np.stack([rate(c), ratio(c) ** 2], axis=1), 4_000, philox(1))
    assert list(found.method) == ["percentile", "BCa"]
    single = interval(few, rate, 4_000, philox(1))
    assert (found.low[0], found.high[0]) == (single.low, single.high)


@pytest.mark.parametrize(("kind", "why"), REFUSED.items())
def test_what_is_not_smooth_is_refused_with_the_reason(kind, why):
    with pytest.raises(NotValid, match=why):
        interval(CELLS, rate, 100, philox(1), kind=kind)


@pytest.mark.parametrize("count", [0, 9])
def test_few_persons_are_refused(count):
    with pytest.raises(NotValid, match=f"a count of {count} is fewer than 10 persons"):
        interval(np.array([count, 480, 480, 3_520]), rate, 100, philox(1))
    interval(np.array([10, 480, 480, 3_520]), rate, 100, philox(1))


def test_a_statistic_of_many_cells_stands_on_other_counts():
    bins = np.array([3, 50, 60, 40, 2])

    def mean(cells):
        return (cells @ np.arange(5)) / cells.sum(axis=1)

    with pytest.raises(NotValid, match="a count of 2"):
        interval(bins, mean, 100, philox(1))
    low, high, _ = interval(bins, mean, 4_000, philox(1), standing=bins.sum())
    values = np.repeat(np.arange(5), bins)
    assert (high - low) / 2 == pytest.approx(1.96 * values.std() / 155**0.5, rel=0.05)


def test_coarse_bins_lose_what_varies_within_them():
    scores = np.sort(philox(7).gamma(4, 36, 5_000).round().astype(np.int64))
    points, lattice = np.unique(scores, return_counts=True)
    thirds = np.array_split(scores, 3)
    middles, coarse = np.array([t.mean() for t in thirds]), np.array([t.size for t in thirds])

    def error(cells, of):
        low, high, _ = interval(
            cells, lambda c: c @ of / c.sum(axis=1), 4_000, philox(1), standing=np.array([scores.size])
        )
        return (high - low) / (2 * 1.96)

    true = scores.std() / scores.size**0.5
    assert error(lattice, points) == pytest.approx(true, rel=0.04)
    # Three bands keep what varies between them, here .87 of the standard error of Gamma(4).
    assert error(coarse, middles) == pytest.approx(0.868 * true, rel=0.04)


def test_a_statistic_that_some_replicates_leave_undefined_is_refused():
    with pytest.raises(NotValid, match=r"undefined in \d+ of 400 replicates"):
        interval(np.array([10, 10]), lambda c: np.where(c[:, 0] < 8, np.nan, 1.0 * c[:, 0]), 400, philox(1))


def test_a_statistic_of_no_person_is_refused():
    with pytest.raises(NotValid, match="every replicate is the same"):
        interval(CELLS, lambda c: np.ones(len(c)), 100, philox(1))


def test_a_cut_that_the_data_set_is_set_again_in_every_replicate():
    bins = np.array([80, 120, 250, 550])  # scores from the worst on; the worst tenth is sanctioned

    def of_the_worst(cells, cut):
        sanctioned = np.diff(np.minimum(cells.cumsum(axis=1), cut), prepend=0, axis=1)
        return sanctioned.sum(axis=1) / cells.sum(axis=1)

    with pytest.raises(NotValid, match="every replicate is the same"):  # a quota is met by whomever it hits
        interval(bins, lambda c: of_the_worst(c, 0.1 * c.sum(axis=1)[:, None]), 400, philox(2))
    fixed = interval(bins, lambda c: c[:, :2].sum(axis=1) / c.sum(axis=1), 4_000, philox(2))
    assert (fixed.high - fixed.low) / 3.92 == pytest.approx((0.2 * 0.8 / 1_000) ** 0.5, rel=0.05)


def test_jeffreys_draws_are_the_beta_of_each_rate():
    cells = np.array([0, 100, 40, 1_960])
    low, high, method = jeffreys(cells, rate, 40_000, philox(3))
    assert method == "Jeffreys draws"
    assert (low, high) == pytest.approx(scipy.stats.beta(0.5, 100.5).ppf([0.025, 0.975]), rel=0.05, abs=1e-6)
    assert jeffreys(cells, ratio, 4_000, philox(3)).high > 0
