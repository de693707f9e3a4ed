import numpy as np
import polars as pl
import pytest

from scoring.measures import Counts
from scoring.measures.resample import NotValid, bootstrap, percentile, philox, replicates

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


def test_persons_counted_twice_are_refused():
    counts = Counts.of(pl.DataFrame({"rule": ["a", "b"], "person": [1, 1]}), ["rule", "person"])
    with pytest.raises(NotValid, match="every rule is counted over the same persons"):
        bootstrap(counts, lambda c: c[:, 0], 10, philox(1))


@pytest.mark.parametrize(("cells", "why"), [([0.5, 2.0], "whole persons"), ([0, 0], "nobody"), ([], "nobody")])
def test_cells_that_hold_no_whole_persons_are_refused(cells, why):
    with pytest.raises(NotValid, match=why):
        list(replicates(np.array(cells, dtype=float if 0.5 in cells else np.int64), 10, philox(1)))
