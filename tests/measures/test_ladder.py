import re

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from scipy.optimize import minimize
from scipy.special import expit, xlogy

from scoring.measures import MEASURES, compute, logit, resample
from scoring.measures.conditional import tables
from scoring.measures.ladder import adjust


@pytest.fixture
def rows(study):
    return lambda counts, reference="b", **also: compute(
        {"conditional": counts}, study(reference, **also), ["adjusted_difference", "laundered_difference"]
    )


@pytest.fixture
def of(study):
    """Return a function that gives the one table of a cube of two groups."""
    return lambda counts, reference="b": next(tables(counts, study(reference)))


def one(found, param=None, uncertainty="audit", measure="adjusted_difference"):
    found = found.filter(pl.col("measure") == measure, pl.col("uncertainty") == uncertainty)
    return found.filter(pl.col("param").eq_missing(pl.lit(param))).row(0, named=True)


def sample(n=3_000, seed=3):
    """Rows of persons in two groups who differ in conduct; records exaggerate that of group a."""
    rng = np.random.default_rng(seed)
    mine = rng.random(n) < 0.4
    conduct = rng.binomial(2, 0.3 + 0.1 * mine)
    records = np.minimum(rng.binomial(conduct, 0.5 + 0.3 * mine) + rng.binomial(1, 0.1 + 0.1 * mine, n), 2)
    chosen = rng.random(n) < expit(-1.5 + 0.3 * mine + 0.9 * records)
    return pl.DataFrame(
        {
            "group": np.where(mine, "a", "b"),
            "conduct": conduct.astype(str),
            "records": records.astype(str),
            "selected": chosen,
        }
    )


def dummies(frame, axis):
    """The design of a regression of persons: constant, group a, and the levels of an axis but the first."""
    levels = frame[axis].unique().sort().to_list()[1:]
    return np.column_stack(
        [np.ones(frame.height), frame["group"] == "a", *(frame[axis] == level for level in levels)]
    ).astype(float)


def test_admissions_to_berkeley(admissions, rows, of):
    table = of(admissions, "female")
    fitted = logit.fit(table.selected, table.persons)
    y, n, mean = table.selected, table.persons, table.persons * fitted.chance
    deviance = 2 * (xlogy(y, y / mean) + xlogy(n - y, (n - y) / (n - mean))).sum()
    assert fitted.group == pytest.approx(-0.0998701, abs=1e-7)
    assert deviance == pytest.approx(20.2043, abs=1e-4)
    found = rows(admissions, "female")
    assert one(found, "M3")["value"] == pytest.approx(-0.0194970, abs=1e-7)
    assert one(found, "M0")["value"] == pytest.approx(1198 / 2691 - 557 / 1835)
    assert set(found["param"]) == {"M0", "M3"}
    assert one(found, "M3")["polarity"] == "favourable"


@pytest.mark.parametrize(("param", "axis"), [("M1", "conduct"), ("M2", "records")])
def test_value_and_interval_are_those_of_statsmodels_on_the_persons(persons, rows, param, axis):
    frame = sample()
    theirs = sm.Logit(frame["selected"].to_numpy().astype(float), dummies(frame, axis)).fit(disp=0)
    margins = theirs.get_margeff(at="overall", dummy=True)
    row = one(rows(persons(frame)), param)
    assert row["value"] == pytest.approx(margins.margeff[0], abs=1e-8)
    assert (row["low"], row["high"]) == pytest.approx(margins.conf_int()[0], abs=1e-7)
    assert row["p"] == pytest.approx(margins.pvalues[0], rel=1e-4)
    assert (row["method"], row["status"], row["note"]) == ("delta", "ok", None)


def test_the_linear_probability_model_says_about_the_same(persons, rows):
    frame = sample(20_000)
    verdict = frame["selected"].to_numpy().astype(float)
    found = rows(persons(frame))
    crude = sm.OLS(verdict, dummies(frame, "records")[:, :2]).fit(cov_type="HC3")
    linear = sm.OLS(verdict, dummies(frame, "records")).fit(cov_type="HC3")
    assert one(found, "M0")["value"] == pytest.approx(crude.params[1], abs=1e-12)
    row = one(found, "M2")
    assert row["value"] == pytest.approx(linear.params[1], abs=0.2 * linear.bse[1])
    assert row["high"] - row["low"] == pytest.approx(2 * 1.959964 * linear.bse[1], rel=0.05)


def test_the_first_rung_is_the_difference_of_the_rates_with_its_interval(persons, study):
    counts = persons(sample().drop("records"))
    found = compute({"conditional": counts, "outcome": counts}, study("b"), ["adjusted_difference"])
    plain = compute({"outcome": counts}, study("b"), ["selection_rate_difference"])
    ours = found.filter(pl.col("param") == "M0").select("uncertainty", "value", "low", "high", "method", "n", "status")
    assert ours.rows() == plain.select(ours.columns).rows()


def test_a_level_at_which_nobody_is_selected_adds_nothing_and_hides_nothing(persons, rows):
    frame = sample().filter((pl.col("records") != "0") | ~pl.col("selected"))
    some = frame.filter(pl.col("records") != "0")
    theirs = sm.Logit(some["selected"].to_numpy().astype(float), dummies(some, "records")).fit(disp=0)
    margins = theirs.get_margeff(at="overall", dummy=True)
    share = some.height / frame.height
    row = one(rows(persons(frame)), "M2")
    assert row["value"] == pytest.approx(share * margins.margeff[0], abs=1e-8)
    assert row["high"] - row["low"] == pytest.approx(share * np.ptp(margins.conf_int()[0]), abs=1e-7)
    assert row["note"] == "at 1 of 3 levels nobody or everybody is selected"


def two(cells, axis="records"):
    """Rows of (group, level, selected, n)."""
    return [
        {"group": g, axis: level, "selected": flag, "n": n}
        for g, level, y, m in cells
        for flag, n in ((True, y), (False, m - y))
    ]


def test_a_group_of_whom_nobody_is_selected_has_no_fit_and_says_what_a_penalty_would_give(persons, rows):
    y, n = np.array([[0, 0], [20, 30]]), np.array([[60, 40], [100, 100]])
    counts = persons(two([("a", "0", 0, 60), ("a", "1", 0, 40), ("b", "0", 20, 100), ("b", "1", 30, 100)]))
    row = one(rows(counts), "M2")
    assert (row["value"], row["low"], row["p"], row["status"]) == (None, None, None, "fit_failed")

    def penalised(b):
        odds = b[1:] + np.array([[b[0]], [0]])
        return (n * np.logaddexp(0, odds) - y * odds).sum() + b[0] ** 2 / 2

    best = minimize(penalised, np.zeros(3), method="BFGS").x
    effect = ((expit(best[1:] + best[0]) - expit(best[1:])) * n.sum(axis=0) / n.sum()).sum()
    told = re.fullmatch(r"separated: .*; with a ridge penalty of 1 on the log odds ratio it is (\S+)", row["note"])
    assert float(told.group(1)) == pytest.approx(effect, abs=1e-3)
    assert one(rows(counts), "M0")["value"] == pytest.approx(-0.25)


def test_levels_that_pull_the_group_to_its_limit_are_separated_too():
    y, n = np.array([[5, 10], [0, 4]]), np.full((2, 2), 10)
    with pytest.raises(logit.NotFitted, match="separated"):
        logit.fit(y, n)
    y[1, 0] = 1
    assert np.isfinite(logit.fit(y, n).group)


def test_rare_but_finite_odds_are_not_taken_for_separated():
    y, n = (
        np.array([[[1, 0], [0, 0]], [[900_000, 1], [1, 0]]]),
        np.array([[[900_000, 0], [0, 0]], [[1_800_000] * 2] * 2]),
    )
    n[0, 1, 0] = n[0, 0, 1] = 10
    fitted = logit.fit(y, n)
    assert -40 < np.log(fitted.chance[1, 1, 1]) < -logit.FAR
    assert (n * fitted.chance).sum() == pytest.approx(y.sum())


def test_no_level_with_persons_of_both_groups(persons, rows):
    row = one(rows(persons(two([("a", "0", 10, 50), ("b", "1", 20, 50)]))), "M2")
    assert (row["value"], row["status"]) == (None, "fit_failed")
    assert "occur together only" in row["note"]
    decided = one(rows(persons(two([("a", "0", 50, 50), ("b", "1", 0, 50)]))), "M2")
    assert (decided["value"], decided["status"]) == (None, "fit_failed")


def test_persons_at_levels_of_one_group_only_are_told(persons, rows):
    counts = persons(two([("a", "0", 10, 50), ("b", "0", 20, 50), ("b", "1", 20, 100)]))
    assert one(rows(counts), "M2")["note"] == "50.0% of persons are at levels that hold both groups"


def test_an_axis_of_one_level_holds_nothing_alike(persons, rows):
    counts = persons(two([("a", "0", 0, 50), ("b", "0", 20, 50)]))
    found = rows(counts)
    assert one(found, "M2")["value"] == one(found, "M0")["value"] == -0.4
    assert one(found, "M2")["note"].startswith("records has one level; fewer than 10 selected")


@pytest.mark.parametrize("y", [0, 50])
def test_nobody_and_everybody_selected_are_alike(persons, rows, y):
    found = rows(persons(two([(g, level, y, 50) for g in "ab" for level in "01"])))
    for param in ("M0", "M2"):
        assert one(found, param)["value"] == 0
    row = one(found, "M2")
    assert (row["low"], row["p"]) == (None, None)
    assert row["note"] == "the verdict follows from records: at every level nobody or everybody is selected"


def test_one_group_and_a_reference_to_which_nobody_belongs(persons, rows):
    alone = rows(persons(two([("a", "0", 5, 50), ("a", "1", 9, 50)])))
    assert set(alone["status"]) == {"single_group"}
    assert set(alone["param"]) == {"M0", "M2"}
    absent = rows(persons(two([("a", "0", 5, 50), ("b", "0", 9, 50)])), "z")
    assert set(absent["status"]) == {"not_applicable"}
    assert absent["value"].null_count() == absent.height


def test_axes_that_were_not_counted_have_no_rows(persons, study):
    counts = persons(sample().drop("conduct", "records"))
    for name in ("adjusted_difference", "laundered_difference", "oaxaca_blinder", "kitagawa", "fairlie"):
        assert MEASURES[name].function(counts, study("b")).is_empty()
    assert MEASURES["laundered_difference"].function(persons(sample().drop("conduct")), study("b")).is_empty()


def test_exchanging_group_and_reference_turns_the_difference_around(persons, rows):
    counts = persons(sample())
    there, back = rows(counts, "b"), rows(counts, "a")
    for param in ("M0", "M1", "M2"):
        assert one(there, param)["value"] == pytest.approx(-one(back, param)["value"])
        assert one(there, param)["low"] == pytest.approx(-one(back, param)["high"])


def test_four_of_everybody_leave_the_values_and_halve_the_intervals(persons, rows):
    counts = persons(sample())
    once, four = rows(counts), rows(counts + counts + (counts + counts))
    assert once["value"].to_list() == pytest.approx(four["value"].to_list())
    for param, measure in (("M1", "adjusted_difference"), (None, "laundered_difference")):
        width = [
            np.subtract(*(one(found, param, measure=measure)[c] for c in ("high", "low"))) for found in (once, four)
        ]
        assert width[1] / width[0] == pytest.approx(0.5)


def test_where_the_verdict_follows_the_records_all_disparity_at_like_conduct_is_laundered(persons, rows):
    frame = sample().with_columns(pl.col("records").is_in(["1", "2"]).alias("selected"))
    found = rows(persons(frame))
    like_conduct, like_records = one(found, "M1"), one(found, "M2")
    laundered = one(found, measure="laundered_difference")
    assert like_records["value"] == 0
    assert laundered["value"] == like_conduct["value"] > 0.05
    assert laundered["low"] > 0


def test_where_records_are_what_was_done_nothing_is_laundered(persons, rows):
    frame = sample().with_columns(pl.col("conduct").alias("records"))
    row = one(rows(persons(frame)), measure="laundered_difference")
    assert (row["value"], row["low"], row["high"]) == (0, None, None)  # the two fits are one and never differ


def test_laundered_is_like_conduct_less_like_records_in_every_seed(persons, rows):
    counts = persons(sample(seed=4)) + persons(sample(seed=5), seed=2)
    found = rows(counts)
    difference = one(found, "M1", "seeds")["value"] - one(found, "M2", "seeds")["value"]
    laundered = one(found, None, "seeds", "laundered_difference")
    assert laundered["value"] == pytest.approx(difference)
    assert laundered["seeds"] == 2


def test_the_interval_of_what_is_laundered_is_that_of_replicates(persons, rows, of):
    counts = persons(sample())
    table = of(counts)
    cells = np.stack([table.selected, table.persons - table.selected], axis=-1)
    values = []
    for drawn in next(resample.replicates(cells.reshape(-1), 300, resample.philox(1))):
        again = drawn.reshape(cells.shape)
        conduct, records = (
            adjust(*(a.sum(axis=axis) for a in (again[..., 0], again.sum(axis=-1))), "") for axis in (2, 1)
        )
        values.append(conduct.value - records.value)
    row = one(rows(counts), measure="laundered_difference")
    assert (row["high"] - row["low"]) / (2 * 1.959964) == pytest.approx(np.std(values), rel=0.1)
    assert row["method"] == "infinitesimal jackknife"


def test_too_few_verdicts_have_no_interval_of_what_is_laundered(persons, rows):
    frame = sample(400).with_columns((pl.col("selected") & (pl.int_range(pl.len()) < 40)).alias("selected"))
    assert 0 < frame.filter("selected").group_by("group").len()["len"].min() < 10
    row = one(rows(persons(frame)), measure="laundered_difference")
    assert row["value"] is not None
    assert (row["low"], row["p"]) == (None, None)
    assert "fewer than 10" in row["note"]


def test_laundered_is_undefined_where_a_fit_is(persons, rows):
    frame = sample().filter(~pl.col("selected") | (pl.col("group") == "b"))
    row = one(rows(persons(frame)), measure="laundered_difference")
    assert (row["value"], row["status"]) == (None, "fit_failed")


def test_a_fit_on_several_axes_is_that_of_statsmodels_on_the_persons(persons, of):
    frame = sample()
    design = np.column_stack([dummies(frame, "conduct"), dummies(frame, "records")[:, 2:]])
    theirs = sm.Logit(frame["selected"].to_numpy().astype(float), design).fit(disp=0)
    table = of(persons(frame))
    ours = logit.fit(table.selected, table.persons)
    params = [ours.intercept, ours.group, *ours.levels[0][1:], *ours.levels[1][1:]]
    assert params == pytest.approx(theirs.params, abs=1e-6)
    assert ours.covariance == pytest.approx(theirs.cov_params(), abs=1e-7)


def test_a_level_left_without_persons_by_levels_that_decide_is_no_fit():
    n = np.array([[[30, 0], [30, 30]], [[30, 0], [30, 30]]])
    y = np.array([[[0, 0], [10, 12]], [[0, 0], [9, 14]]])
    assert logit.fit(y, n).decided == 1
    n[:, 1, 1], y[:, 1, 1], n[:, 0, 1] = 0, 0, 5
    with pytest.raises(logit.NotFitted, match="beside levels that decide"):
        logit.fit(y, n)
