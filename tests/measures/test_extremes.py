import numpy as np
import polars as pl
import pytest
from fairlearn.metrics import demographic_parity_difference, demographic_parity_ratio

from scoring.measures import compute
from scoring.measures.extremes import equal_rates, ratio, width
from scoring.measures.resample import philox

NAMES = ["lowest_to_highest_ratio", "widest_difference"]


@pytest.fixture
def found(verdicts, study):
    def find(groups, **also):
        return compute({"outcome": verdicts(groups, **also)}, study(), NAMES)

    return find


def one(rows, measure, term="observed", uncertainty="audit"):
    wanted = (pl.col("measure") == measure, pl.col("term") == term, pl.col("uncertainty") == uncertainty)
    return rows.filter(wanted).row(0, named=True)


@pytest.mark.parametrize(("groups", "mean", "below"), [(2, 0.864, 0.24), (5, 0.734, 0.77), (20, 0.605, 1.0)])
def test_equal_rates_lie_apart_by_chance(groups, mean, below):
    n = np.full(groups, 500)
    null = ratio(equal_rates(n // 10, n, 20_000, philox(1)), n)
    assert null.mean() == pytest.approx(mean, abs=0.003)
    assert (null < 0.8).mean() == pytest.approx(below, abs=0.01)


def test_values_equal_fairlearn_on_random_verdicts(found):
    rng = np.random.default_rng(3)
    group = rng.choice(list("abcdef"), 6_000)
    chosen = rng.random(6_000) < 0.2 + 0.1 * (group == "c")
    rows = found({g: (int(chosen[group == g].sum()), int((group == g).sum())) for g in "abcdef"})
    for measure, theirs in zip(NAMES, (demographic_parity_ratio, demographic_parity_difference), strict=True):
        expected = theirs(chosen, chosen, sensitive_features=group)
        assert one(rows, measure)["value"] == pytest.approx(expected, abs=1e-12)


def test_a_value_stands_beside_the_line_that_equality_rarely_passes(found):
    rows = found({"a": (50, 500), "b": (51, 500), "c": (49, 500), "d": (90, 500)})
    for measure, beyond in zip(NAMES, (np.less, np.greater), strict=True):
        observed, line = one(rows, measure), one(rows, measure, "null 95%")
        assert beyond(observed["value"], line["value"])
        assert observed["p"] < 0.01
        assert (observed["low"], observed["high"], line["p"]) == (None, None, None)
        assert (observed["group"], observed["reference"], observed["n"]) == ("all groups", None, 2_000)
        assert observed["method"] == line["method"] == "equal rates, 2,000 draws"
    alike = found({"a": (50, 500), "b": (51, 500), "c": (49, 500)})
    assert min(one(alike, measure)["p"] for measure in NAMES) > 0.8


@pytest.mark.parametrize("measure", NAMES)
def test_under_equality_p_is_even(measure):
    statistic, sign = (ratio, 1) if measure == NAMES[0] else (width, -1)
    n = np.array([300, 500, 800, 400])
    null = sign * statistic(equal_rates(n // 10, n, 4_000, philox(1)), n)
    values = sign * statistic(equal_rates(n // 10, n, 4_000, philox(2)), n)
    p = (1 + np.searchsorted(np.sort(null), values, side="right")) / 4_001
    assert [(p <= a).mean() for a in (0.05, 0.5)] == pytest.approx([0.05, 0.5], abs=0.025)


def test_small_cells_and_the_unknown_are_no_extremes(found):
    groups = {"a": (50, 500), "b": (60, 500), "tiny": (20, 20), "rare": (0, 40), "unknown": (400, 400)}
    row = one(found(groups), "lowest_to_highest_ratio")
    assert (row["value"], row["n"]) == (pytest.approx(50 / 60), 1_000)
    assert row["note"] == "2 of 4 groups are small cells and left out"


@pytest.mark.parametrize(
    ("groups", "status"),
    [
        ({"a": (50, 500)}, "single_group"),
        ({"a": (50, 500), "unknown": (5, 100)}, "single_group"),
        ({"a": (50, 500), "b": (5, 20)}, "not_applicable"),
        ({"a": (0, 500), "b": (0, 400)}, "not_applicable"),
    ],
)
def test_fewer_than_two_groups_have_no_extremes(found, groups, status):
    rows = found(groups)
    assert set(rows["status"]) == {status}
    assert rows["value"].null_count() == rows.height == 2
    assert rows["note"].null_count() == 0


def test_where_only_small_cells_are_selected_the_ratio_is_undefined_and_the_gap_is_zero(found):
    rows = found({"a": (0, 500), "b": (0, 500), "c": (0, 500), "tiny": (20, 20)})
    ratio_, gap = (one(rows, measure) for measure in NAMES)
    assert (ratio_["value"], ratio_["status"], ratio_["p"]) == (None, "zero_denom", None)
    assert ratio_["note"] == "nobody of these groups is selected; 1 of 4 groups are small cells and left out"
    assert (gap["value"], gap["status"], gap["p"]) == (0, "ok", 1)


def test_over_seeds_there_is_a_mean_and_no_null(verdicts, study):
    counts = verdicts({"a": (50, 500), "b": (100, 500)}) + verdicts({"a": (50, 500), "b": (50, 500)}, seed=2)
    rows = compute({"outcome": counts}, study(), NAMES)
    over = one(rows, "lowest_to_highest_ratio", uncertainty="seeds")
    assert (over["value"], over["seeds"], over["low"], over["high"]) == (0.75, 2, 0, 1)
    assert rows.filter(pl.col("term") == "null 95%")["uncertainty"].to_list() == ["audit"] * 2


def test_the_same_counts_have_the_same_null_wherever_they_stand(cube, found, study):
    groups = {"a": (50, 500), "b": (60, 500)}
    alone = one(found(groups), "widest_difference", "null 95%")["value"]
    rows = [
        {"group_by": by, "group": g, "outcome": o, "selected": flag, "n": count}
        for by in ("f", "g", "h")
        for o in ("listed", "rewarded")
        for g, (y, n) in groups.items()
        for flag, count in ((True, y), (False, n - y))
    ]
    many = compute({"outcome": cube(rows)}, study(), NAMES[1:]).filter(pl.col("term") == "null 95%")
    assert many["value"].to_list() == [alone] * 6
