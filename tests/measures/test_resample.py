import numpy as np
import polars as pl
import pytest
import scipy.stats

from scoring.measures import Counts
from scoring.measures.resample import (
    REPEATED,
    NotValid,
    bca,
    bootstrap,
    jackknife,
    percentile,
    permuted,
    philox,
    poisson,
    replicates,
    simultaneous,
)

CELLS = np.array([300, 700, 50, 450])  # selected and not, of two groups


def draws(times=20_000, **options):
    return np.concatenate(list(replicates(CELLS, times, philox(1), **options)))


def test_the_spread_of_a_share_is_the_closed_form():
    share = draws()[:, 0] / CELLS.sum()
    p = 300 / 1500
    assert share.std() == pytest.approx((p * (1 - p) / 1500) ** 0.5, rel=0.03)


def test_fixed_groups_keep_their_size_and_their_own_spread():
    found = draws(groups=["a", "a", "b", "b"])
    assert set(found[:, :2].sum(axis=1)) == {1000}
    assert (found[:, 2] / 500).std() == pytest.approx((0.1 * 0.9 / 500) ** 0.5, rel=0.03)


def test_chunks_keep_within_the_bound_and_do_not_change_the_draws():
    chunks = list(replicates(CELLS, 1_000, philox(1), memory=32 * 300))
    assert [len(c) for c in chunks] == [300, 300, 300, 100]
    assert (np.concatenate(chunks) == draws(1_000)).all()


def test_a_bootstrap_of_a_rate_covers_it():
    people = pl.DataFrame({"group": ["a"] * 500 + ["b"] * 500, "selected": [True, False, False, False] * 250})
    counts = Counts.of(people, ["group", "selected"])
    values = bootstrap(counts, lambda c: c[:, 1] / (c[:, 0] + c[:, 1]), 2_000, philox(2), fixed_groups="group")
    low, high = percentile(values)
    assert (low, high) == pytest.approx((0.25 - 0.038, 0.25 + 0.038), abs=0.006)


def test_replicates_of_cells_spread_as_replicates_of_rows_do():
    cells = np.array([1_200, 3_600, 1_300, 3_900])  # a group of 4,800 at a rate of .25 within 10,000 persons
    rows = np.repeat(np.arange(4), cells)
    rng = philox(3)
    drawn = [np.bincount(rows[rng.integers(0, rows.size, rows.size)], minlength=4) for _ in range(2_000)]
    by_rows, by_cells = np.array(drawn), np.concatenate(list(replicates(cells, 2_000, rng)))
    by_poisson = np.concatenate(list(poisson(cells, 2_000, rng)))
    spread = [(c[:, 0] / c[:, :2].sum(axis=1)).std() for c in (by_rows, by_cells, by_poisson)]
    assert spread == pytest.approx([0.00625] * 3, rel=0.1)  # (.25 · .75 / 4,800)^.5
    # For a total the two differ: Poisson lets the number of persons vary too.
    totals = [c[:, 0].std() for c in (by_rows, by_cells, by_poisson)]
    assert totals == pytest.approx([(1_200 * 0.88) ** 0.5, (1_200 * 0.88) ** 0.5, 1_200**0.5], rel=0.06)


def test_poisson_given_its_total_is_the_multinomial():
    cells = np.array([3, 5, 2])
    drawn = np.concatenate(list(poisson(cells, 200_000, philox(6), memory=8 * 3 * 50_000)))
    assert drawn.shape == (200_000, 3)
    ten = drawn[drawn.sum(axis=1) == 10]
    found, expected = np.cov(ten.T), np.diag(cells) - np.outer(cells, cells) / 10
    np.testing.assert_allclose(found, expected, atol=0.08)
    assert ten.mean(axis=0) == pytest.approx(cells, abs=0.05)


RATIO = np.array([10, 50, 48, 352])  # 10 of 60 beside 48 of 400


def log_ratio(cells):
    with np.errstate(divide="ignore"):
        return np.log(cells[:, 0] / cells[:, :2].sum(axis=1)) - np.log(cells[:, 2] / cells[:, 2:].sum(axis=1))


def test_leaving_out_one_person_a_cell_gives_error_and_acceleration():
    found = jackknife(RATIO, log_ratio)
    assert (found.error, found.acceleration) == pytest.approx((0.3332, 0.0287), abs=5e-5)
    delta = np.sqrt(1 / 10 - 1 / 60 + 1 / 48 - 1 / 400)
    assert delta == pytest.approx(0.3189, abs=5e-5)


def test_leaving_out_by_cell_is_leaving_out_by_row():
    rows = np.repeat(np.arange(4), RATIO)
    without = np.array([np.bincount(np.delete(rows, i), minlength=4) for i in range(rows.size)])
    values = log_ratio(without)
    away, n = values.mean() - values, rows.size
    found = jackknife(RATIO, log_ratio)
    assert found.error == pytest.approx(np.sqrt((n - 1) / n * (away**2).sum()), rel=1e-12)
    assert found.acceleration == pytest.approx((away**3).sum() / (6 * (away**2).sum() ** 1.5), rel=1e-9)


def test_an_empty_cell_is_nobody_to_leave_out_and_a_constant_has_no_acceleration():
    found = jackknife(np.array([10, 0, 20]), lambda c: np.stack([c[:, 0] / c.sum(axis=1), np.ones(len(c))], axis=1))
    assert found.error == pytest.approx([(1 / 3 * 2 / 3 / 29) ** 0.5, 0], rel=1e-9)
    assert np.isnan(found.acceleration[1])


def test_the_corrected_interval_is_that_of_scipy_on_rows():
    def ratio(cells):
        return cells[:, 0] / cells[:, :2].sum(axis=1) / (cells[:, 2] / cells[:, 2:].sum(axis=1))

    def of_rows(rows, axis):
        cells = np.stack([(rows == k).sum(axis=axis) for k in range(4)], axis=-1)
        return ratio(cells.reshape(-1, 4)).reshape(cells.shape[:-1])

    cells = 4 * RATIO
    values = np.concatenate([ratio(c) for c in replicates(cells, 40_000, philox(1))])
    low, high = bca(values, ratio(cells[None, :])[0], jackknife(cells, ratio).acceleration)
    theirs = scipy.stats.bootstrap(
        (np.repeat(np.arange(4), cells),), of_rows, n_resamples=10_000, method="BCa", rng=2, batch=500
    ).confidence_interval
    assert (low, high) == pytest.approx(tuple(theirs), rel=0.01)
    away = abs(percentile(values)[0] - theirs.low)  # the correction is larger than what the two differ by
    assert abs(low - theirs.low) < away / 2


def test_without_bias_or_acceleration_the_corrected_interval_is_the_percentile_one():
    values = np.stack([np.arange(1, 1_000), np.arange(1, 1_000) * 2.0], axis=1)
    low, high = bca(values, np.array([500, 1_000.0]), 0.0)
    np.testing.assert_allclose([low, high], percentile(values), rtol=1e-12)


def test_dealing_out_labels_is_the_permutation_test_of_scipy():
    points = np.array([600, 700, 800, 900, 1_000])
    mine, theirs = np.array([4, 6, 6, 3, 1]), np.array([4, 8, 16, 8, 4])

    def gap(a, b):
        return (a @ points) / a.sum(axis=-1) - (b @ points) / b.sum(axis=-1)

    null = np.abs(gap(dealt := permuted(mine, theirs, 40_000, philox(2)), mine + theirs - dealt))
    p = (null >= abs(gap(mine, theirs)) - 1e-9).mean()
    expected = scipy.stats.permutation_test(
        [np.repeat(points, mine), np.repeat(points, theirs)],
        lambda a, b, axis: np.abs(a.mean(axis=axis) - b.mean(axis=axis)),
        vectorized=True,
        n_resamples=20_000,
        alternative="greater",
        rng=3,
    ).pvalue
    assert 0.03 < expected < 0.3
    assert p == pytest.approx(expected, abs=0.01)


def test_labels_are_dealt_out_within_each_stratum():
    mine, theirs = np.array([[30, 10], [5, 45]]), np.array([[10, 30], [60, 40]])
    dealt = permuted(mine, theirs, 20_000, philox(4))
    assert (dealt.sum(axis=2) == [40, 50]).all()
    assert (dealt <= mine + theirs).all()
    assert dealt[:, :, 0].mean(axis=0) == pytest.approx([20, 65 / 3], rel=0.01)
    exact = [scipy.stats.hypergeom(80, 40, 40).std(), scipy.stats.hypergeom(150, 65, 50).std()]
    assert dealt[:, :, 0].std(axis=0) == pytest.approx(exact, rel=0.03)


def correlated(times, rho, rng, statistics=6):
    common = rng.standard_normal((times, 1))
    return np.sqrt(rho) * common + np.sqrt(1 - rho) * rng.standard_normal((times, statistics))


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.99])
def test_joint_bounds_cover_all_at_once_and_are_no_wider_than_bonferroni(rho):
    rng = philox(9)
    _, _, critical = simultaneous(correlated(20_000, rho, rng), np.zeros(6))
    bonferroni, single = scipy.stats.norm.ppf([1 - 0.025 / 6, 0.975])
    assert single - 0.03 < critical < bonferroni + 0.03
    samples = correlated(20_000, rho, rng)
    assert (np.abs(samples) <= critical).all(axis=1).mean() == pytest.approx(0.95, abs=0.006)
    if rho == 0:
        assert critical == pytest.approx(scipy.stats.norm.ppf((1 + 0.95 ** (1 / 6)) / 2), abs=0.03)
    if rho == 0.99:
        assert critical < bonferroni - 0.3


def test_joint_bounds_of_overlapping_groups_from_counts():
    cells = np.array([120, 380, 150, 350, 90, 410])
    member = np.array([[1, 1, 0, 0, 0, 0], [1, 1, 1, 1, 0, 0], [0, 0, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1]])
    chosen = member * np.array([1, 0, 1, 0, 1, 0])

    def rates(drawn):
        return (drawn @ chosen.T) / (drawn @ member.T)

    estimate = rates(cells[None, :])[0]
    low, high, critical = simultaneous(rates(np.concatenate(list(replicates(cells, 4_000, philox(5))))), estimate)
    assert scipy.stats.norm.ppf(0.975) < critical < scipy.stats.norm.ppf(1 - 0.025 / 4) + 0.05
    again = rates(np.concatenate(list(replicates(cells, 4_000, philox(6)))))  # samples where `estimate` is true
    half = (high - low) / 2
    assert (np.abs(again - estimate) <= half).all(axis=1).mean() == pytest.approx(0.95, abs=0.015)


def test_what_never_varies_has_no_joint_bounds_and_widens_no_others():
    values = np.column_stack([philox(1).standard_normal(5_000), np.ones(5_000), np.full(5_000, np.nan)])
    low, high, critical = simultaneous(values, np.array([0.0, 1.0, 1.0]))
    assert critical == pytest.approx(1.96, abs=0.06)
    assert list(np.isnan(low)) == list(np.isnan(high)) == [False, True, True]
    none, _, nothing = simultaneous(np.ones((10, 2)), np.ones(2))
    assert np.isnan([*none, nothing]).all()


def test_replicates_follow_from_the_seed_alone():
    assert (draws(50) == draws(50)).all()
    assert not (draws(50) == np.concatenate(list(replicates(CELLS, 50, philox(2))))).all()


@pytest.mark.parametrize("axis", REPEATED)
def test_persons_counted_twice_are_refused(axis):
    counts = Counts.of(pl.DataFrame({axis: ["a", "b"], "selected": [True, False]}), [axis, "selected"])
    with pytest.raises(NotValid, match=REPEATED[axis]):
        bootstrap(counts, lambda c: c[:, 0], 10, philox(1))
    assert len(bootstrap(counts.where(**{axis: "a"}), lambda c: c[:, 0], 10, philox(1))) == 10


@pytest.mark.parametrize(("cells", "why"), [([0.5, 2.0], "whole persons"), ([0, 0], "nobody"), ([], "nobody")])
def test_cells_that_hold_no_whole_persons_are_refused(cells, why):
    with pytest.raises(NotValid, match=why):
        list(replicates(np.array(cells, dtype=float if 0.5 in cells else np.int64), 10, philox(1)))
    with pytest.raises(NotValid, match=why):
        list(poisson(np.array(cells, dtype=float if 0.5 in cells else np.int64), 10, philox(1)))
