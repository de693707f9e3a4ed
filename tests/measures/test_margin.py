"""How many persons stand close to a cut."""

import numpy as np
import polars as pl
import pytest
from statsmodels.stats.proportion import proportion_confint

from scoring.measures import Study, margin

SCORES = {540: 5, 545: 7, 550: 40, 555: 11, 560: 13, 590: 17, 600: 19, 610: 100}


def studied(**facts):
    told = {"cuts": {"up": (600, "above")}, "edges": [550, 600], "weights": {-1: {"smallest weight": 5}}} | facts
    return Study(outcomes={("s", "up"): "favourable"}, schemes={"s": told})


@pytest.fixture
def scores(cube):
    """Return a function that makes a score cube of `score → n`; the score is an axis here."""

    def make(of, **also):
        from scoring.measures import Counts

        rows = [{"group": "a", "score": s, "n": n} for s, n in of.items()]
        table = cube(rows, **also).cells
        return Counts(tuple(c for c in table.columns if c != "n"), table)

    return make


def value(rows, **equals):
    told = {"uncertainty": "seeds", "outcome": None, "term": "near", "param": "smallest weight", **equals}
    return rows.filter([pl.col(k).eq_missing(pl.lit(v)) for k, v in told.items()])["value"].item()


def test_the_mass_near_a_cut_is_a_plain_count(scores):
    rows = margin.near_threshold_mass(scores(SCORES), studied())
    n = sum(SCORES.values())
    assert value(rows) == pytest.approx((7 + 40 + 11 + 19) / n)
    assert value(rows, term="just below") == pytest.approx(7 / n)
    assert value(rows, term="just above") == pytest.approx((40 + 19) / n)  # 555 less 5 points stays at the cut
    assert value(rows, outcome="up") == pytest.approx(19 / n)
    audit = rows.filter(pl.col("uncertainty") == "audit", pl.col("term") == "near", pl.col("outcome").is_null())
    low, high = proportion_confint(77, n, method="wilson")
    assert (audit["low"].item(), audit["high"].item()) == pytest.approx((low, high))


def test_on_random_scores_it_is_the_distance_to_the_nearest_cut(scores):
    rng = np.random.default_rng(5)
    drawn, counts = np.unique(rng.integers(400, 700, size=5_000), return_counts=True)
    cuts, m = [450, 463, 600], 9
    rows = margin.near_threshold_mass(
        scores(dict(zip(drawn.tolist(), counts.tolist(), strict=True))),
        studied(edges=cuts, weights={-1: {"median weight": m}}),
    )
    apart = np.abs(np.subtract.outer(drawn, cuts)).min(axis=1)
    assert value(rows, param="median weight") == pytest.approx(counts[apart <= m].sum() / 5_000)
    sides = [value(rows, param="median weight", term=side) for side in ("just below", "just above")]
    edge = np.isin(drawn, [463 + m, 600 + m])
    assert sum(sides) == pytest.approx((counts[apart <= m].sum() - counts[edge].sum()) / 5_000)


def test_the_mass_grows_with_the_weight(scores):
    shares = [
        value(margin.near_threshold_mass(scores(SCORES), studied(weights={-1: {"smallest weight": m}})))
        for m in (0, 5, 10, 50, 1_000)
    ]
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_every_draw_of_a_family_has_its_own_weights(scores):
    from scoring.measures import Counts

    table = pl.concat([scores(SCORES, draw=draw).cells for draw in (0, 1)])
    counts = Counts(tuple(c for c in table.columns if c != "n"), table)
    study = studied(weights={0: {"smallest weight": 5}, 1: {"smallest weight": 10}})
    rows = margin.near_threshold_mass(counts, study).filter(pl.col("term") == "near", pl.col("outcome") == "up")
    n = sum(SCORES.values())
    assert rows["uncertainty"].to_list() == ["specification"]
    assert (rows["low"].item(), rows["high"].item()) == pytest.approx((19 / n, (17 + 19 + 100) / n))


def test_no_cuts_or_no_weights_no_rows_and_bins_are_told(scores):
    for nothing in ({"cuts": {}, "edges": []}, {"weights": {}}, {"weights": {-1: {}}}):
        assert margin.near_threshold_mass(scores(SCORES), studied(**nothing)).is_empty()
    rows = margin.near_threshold_mass(scores(SCORES), studied(largest_bin=0.2))
    assert set(rows["status"]) == {"not_lossless"}
    assert rows["note"].str.contains("20.00% of the persons").all()
    few = margin.near_threshold_mass(scores({600: 3}), studied(largest_bin=0.2))
    assert set(few["status"]) == {"small_cell"}
