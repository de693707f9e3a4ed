"""Weights and cuts: indices known in closed form come out of counts; nothing that moves nobody is called important."""

import numpy as np
import polars as pl
import pytest
from SALib.analyze import sobol

from scoring.measures import Counts, compute, samples

HEAD = {"world": "w", "scheme": "s", "draw": -1, "seed": 1}
SUMS = ("n", "up", "down", "selected")
MEASURES = ["verdict_shift_under_weights", "claim_under_weights", "weight_screening", "weight_importance"]
BIG = 10**9


def points(values, design="sample", n=BIG, **also):
    """Return the cells of one group at each point, where so many persons go up."""
    told = {**HEAD, "design": design, "outcome": "band", "group_by": "everyone", "group": "everyone"} | also
    values = np.asarray(values, dtype=np.int64)
    point, none = pl.Series("point", range(len(values)), dtype=pl.Int32), pl.lit(0, pl.Int64)
    cells = pl.DataFrame([point, pl.Series("up", values)]).with_columns(
        pl.lit(n, pl.Int64).alias("n"), none.alias("down"), pl.col("up").alias("selected")
    )
    return cells.select(*(pl.lit(v).alias(k) for k, v in told.items()), "point", *SUMS)


def computed(study, *cells, k=2, measures=MEASURES, designs=("sample", "morris", "sobol"), **also):
    table = pl.concat(cells)
    draws = table["draw"].unique()
    named = [
        {**HEAD, "draw": d, "design": design, "place": i, "factor": f"x{i}", "n": 5}
        for d in draws
        for design in designs
        for i in range(k)
    ]
    factors = pl.DataFrame(named)
    cubes = {
        "weights": Counts(tuple(c for c in table.columns if c not in SUMS), table),
        "factors": Counts(tuple(c for c in factors.columns if c != "n"), factors),
    }
    return compute(cubes, study(**also), measures)


def told(rows, measure, *by):
    return {tuple(r[c] for c in by): r for r in rows.filter(measure=measure).iter_rows(named=True)}


def ishigami(k, n):
    x = np.pi * (2 * samples.sobol(k, n) - 1)
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def test_ishigami_has_its_closed_form():
    found = samples.variance_shares(ishigami(3, 1024), 3)
    assert (np.abs(found.first - [0.313905, 0.442411, 0]) <= found.first_half).all()
    assert (np.abs(found.total - [0.557589, 0.442411, 0.243684]) <= found.total_half).all()
    assert (found.first_half < 0.1).all()
    assert (found.total_half < 0.1).all()


@pytest.mark.parametrize(("n", "within"), [(128, True), (256, False)])
def test_a_negative_share_within_its_interval_is_nothing(n, within):
    values = ishigami(4, n)  # the third factor explains nothing alone
    raw = sobol.analyze(samples.problem(4), values, calc_second_order=False, seed=samples.SEED)
    assert raw["S1"][2] < 0
    assert (-raw["S1"][2] <= raw["S1_conf"][2]) == within
    assert samples.variance_shares(values, 4).first[2] == (0 if within else raw["S1"][2])


def test_a_sample_is_a_function_of_its_size():
    assert (samples.morris(5) == samples.morris(5)).all()
    assert (samples.sobol(5, 8) == samples.sobol(5, 8)).all()
    assert samples.morris(5).shape == (20 * 6, 5)
    assert samples.sobol(5, 8).shape == (8 * 7, 5)


def test_a_linear_output_is_shared_out_by_squared_weights(study):
    weights = np.array([3e7, 4e7])
    rows = computed(study, points(samples.sobol(2, 512) @ weights, "sobol"))
    found = told(rows, "weight_importance", "param", "term")
    for param in ("S1", "ST"):
        for name, share in (("x0", 9 / 25), ("x1", 16 / 25)):
            row = found[param, name]
            assert row["low"] <= share <= row["high"]
            assert row["value"] == pytest.approx(share, abs=0.02)
    assert found["S1", "interactions"]["value"] == pytest.approx(0, abs=0.02)
    assert {row["method"] for row in found.values()} == {"share in another band; Sobol', n = 512"}
    assert {row["uncertainty"] for row in found.values()} == {"specification"}


def test_morris_finds_the_slopes_of_a_linear_output(study):
    rows = computed(study, points((samples.morris(3) @ [30, 60, 0]).round(), "morris", n=1000), k=3)
    found = told(rows, "weight_screening", "param", "term")
    slopes = {f"x{i}": found["mu_star", f"x{i}"]["value"] for i in range(3)}
    assert slopes == pytest.approx({"x0": 0.03, "x1": 0.06, "x2": 0.0})
    assert [found["sigma", f"x{i}"]["value"] for i in range(3)] == pytest.approx([0, 0, 0], abs=1e-12)


def test_what_nothing_moves_has_no_shares_and_says_why(study):
    rows = computed(study, points([0] * 60, "morris"), points([7] * 32, "sobol"))
    row = told(rows, "weight_importance", "param", "term")["S1", None]
    assert (row["value"], row["status"]) == (None, "not_applicable")
    assert "variance is 0" in row["note"]
    assert told(rows, "weight_screening", "param", "term")["mu_star", "x0"]["value"] == 0


def test_where_the_screening_leaves_no_factor_the_shares_are_undefined(study):
    rows = computed(study, points([0] * 60, "morris"), designs=("morris",))
    assert {r["value"] for r in told(rows, "weight_importance", "param", "term").values()} == {None}
    assert "variance is 0" in told(rows, "weight_importance", "param")["ST",]["note"]


def test_the_verdict_shift_is_the_mean_over_points(study):
    cells = points(range(101), n=1000).with_columns(down=pl.lit(100, pl.Int64))
    found = told(computed(study, cells), "verdict_shift_under_weights", "param", "term")
    bounds = {term: [found["band", term][c] for c in ("value", "low", "high")] for term in ("either", "up", "down")}
    assert bounds["either"] == pytest.approx([0.15, 0.105, 0.195])
    assert bounds["up"] == pytest.approx([0.05, 0.005, 0.095])
    assert bounds["down"] == pytest.approx([0.1, 0.1, 0.1])
    assert found["band", "up"]["level"] == pytest.approx(0.9)


def test_a_mean_that_few_points_make_has_no_bounds_and_says_so(study):
    row = told(computed(study, points([0] * 99 + [500], n=1000)), "verdict_shift_under_weights", "term")["up",]
    assert (row["value"], row["low"], row["high"]) == (pytest.approx(0.005), None, None)
    assert row["note"] == "few points move anybody: 5-95% of them is 0.0 to 0.0"


def test_a_family_is_a_range_over_its_draws(study):
    cells = [points([10 * (d + 1)] * 4, n=1000, draw=d) for d in range(3)]
    row = told(computed(study, *cells), "verdict_shift_under_weights", "param", "term")["band", "up"]
    assert [row[c] for c in ("value", "low", "high")] == pytest.approx([0.02, 0.01, 0.03])
    assert row["note"] == "range over draws, defined in 3 of 3"
    assert row["draw"] is None


def two_groups(a, b, design="sample"):
    also = {"outcome": "rewarded", "group_by": "g"}
    return [points(values, design, 100, group=group, **also) for group, values in (("a", a), ("b", b))]


@pytest.mark.parametrize(
    ("measure", "values"),
    [
        ("selection_rate_ratio", [0.5, 0.75, 1.0]),
        ("selection_rate_difference", [-0.2, -0.1, 0]),
        ("excess_per_10000", [-2000, -1000, 0]),
        ("non_selection_rate_ratio", [1, 7 / 6, 8 / 6]),
    ],
)
def test_the_declared_comparison_is_made_again_at_every_point(study, measure, values):
    rows = computed(study, *two_groups([20, 30, 40], [40, 40, 40]), reference="b", primary=[(measure, "rewarded", "g")])
    row = told(rows, "claim_under_weights", "param", "group", "reference")[measure, "a", "b"]
    low, middle, high = values
    assert row["value"] == pytest.approx(middle)
    assert [row["low"], row["high"]] == pytest.approx([low + 0.1 * (middle - low), high - 0.1 * (high - middle)])
    assert (row["outcome"], row["polarity"]) == ("rewarded", "favourable")


def test_a_comparison_undefined_at_one_point_is_undefined(study):
    primary = [("selection_rate_ratio", "rewarded", "g")]
    cells = [*two_groups([1, 1], [0, 1]), *two_groups([1] * 60, [0] * 60, "morris")]
    rows = computed(study, *cells, reference="b", primary=primary)
    row = told(rows, "claim_under_weights", "param")["selection_rate_ratio",]
    assert (row["value"], row["status"], row["note"]) == (None, "not_applicable", "undefined at 1 of 2 points")
    row = told(rows, "weight_screening", "param", "term")["mu_star", None]
    assert (row["value"], row["note"]) == (None, "undefined at 60 of 60 points")


def test_a_range_is_open_where_it_spans_two_bands(cube, study):
    counts = cube([{"group": "a", "lowest": 1, "highest": high, "n": n} for high, n in ((1, 60), (2, 30), (3, 10))])
    rows = compute({"band_range": counts}, study())
    assert set(rows.filter(measure="band_range")["value"]) == {0.4}


@pytest.mark.parametrize("n", [5_000, 60_000])
def test_rankings_of_many_persons_correlate_as_few_do(study, n):
    ranks = 2 * np.arange(1, n + 1)
    same, turned = int((ranks * ranks).sum()), int((ranks * ranks[::-1]).sum())
    told = {"group_by": "everyone", "group": "everyone", "n": n, "shift": 0, "square": same, "before": same}
    table = pl.DataFrame([{**HEAD, **told, "point": i, "cross": c} for i, c in enumerate((same, turned))])
    counts = Counts(("world", "scheme", "draw", "seed", "group_by", "group", "point"), table)
    row = compute({"rank_shift": counts}, study(), ["rank_shift"]).filter(term="spearman").row(0, named=True)
    assert (row["value"], row["low"], row["high"]) == pytest.approx((0, -0.9, 0.9))


def test_intervals_of_shares_stay_between_nothing_and_everything(study):
    rows = computed(study, points(samples.sobol(2, 16) @ np.array([3e7, 1e3]), "sobol"))
    found = rows.filter(pl.col("measure") == "weight_importance", pl.col("term") != "interactions")
    inside = found.filter(pl.col("value").is_between(0, 1))
    assert len(inside) > 1
    assert inside["low"].min() >= 0
    assert inside["high"].max() <= 1
    assert (found["value"].is_between(found["low"], found["high"])).all()
