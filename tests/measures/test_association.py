import numpy as np
import polars as pl
import pytest
from scipy.stats import binom, boschloo_exact, chi2_contingency, fisher_exact
from statsmodels.stats.contingency_tables import StratifiedTable, Table2x2
from statsmodels.stats.proportion import proportions_ztest

from scoring.measures import compute, mantel_haenszel, significance
from scoring.measures.significance import chi_square, chosen, two_sample

ADMISSIONS = {  # R's UCBAdmissions: department → (men admitted, men rejected, women admitted, women rejected)
    "A": (512, 313, 89, 19),
    "B": (353, 207, 17, 8),
    "C": (120, 205, 202, 391),
    "D": (138, 279, 131, 244),
    "E": (53, 138, 94, 299),
    "F": (22, 351, 24, 317),
}
BERKELEY = np.array(list(ADMISSIONS.values()), dtype=float).T.reshape(2, 2, -1)
STRATIFIED = ("pooled_odds_ratio", "pooled_risk_ratio", "mantel_haenszel_test", "homogeneity_test", "stratum_ratio")


@pytest.fixture
def stratified(cube, study):
    """Return a function from stratum → (y, no, y_ref, no_ref) to the audit rows of every measure of strata."""

    def rows(strata, reference="b", uncertainty="audit", **also):
        cells = [
            {"group": group, "stratum": stratum, "selected": flag, "n": n}
            for stratum, table in strata.items()
            for (group, flag), n in zip([("a", True), ("a", False), ("b", True), ("b", False)], table, strict=True)
        ]
        found = compute({"conditional": cube(cells, outcome="rewarded", **also)}, study(reference), STRATIFIED)
        return found.filter(pl.col("uncertainty") == uncertainty) if uncertainty else found

    return rows


@pytest.fixture
def pairs(verdicts, study):
    """Return a function from group → (y, n) to the rows of the association tests."""

    def rows(groups, reference=None, **also):
        return compute({"outcome": verdicts(groups)}, study(reference, **also), ["association_test"])

    return rows


def one(rows, measure):
    return rows.filter(pl.col("measure") == measure).row(0, named=True)


# Two groups


def test_lady_tasting_tea():
    found = two_sample(3, 4, 1, 4)
    assert (found.name.item(), found.p.item()) == ("fisher", pytest.approx(0.4857142857))
    assert np.isnan(found.statistic)


def test_every_table_gets_the_test_that_suits_it():
    y, n, y0, n0 = np.array([(2, 50, 3, 5_000), (12, 40, 48, 80), (96, 160, 24, 80), (0, 9, 0, 9)]).T
    assert chosen(y, n, y0, n0).tolist() == ["fisher", "boschloo", "z", "fisher"]


@pytest.mark.parametrize("size", [60, 20_000])
def test_p_equals_the_libraries_on_random_tables(size):
    rng = np.random.default_rng(11)
    n, n0 = rng.integers(5, size, (2, 30))
    low = rng.choice([0.0001, 0.1, 0.4], 30)
    y, y0 = rng.binomial(n, low), rng.binomial(n0, low)
    found = two_sample(y, n, y0, n0)
    assert set(found.name) == ({"fisher", "boschloo"} if size == 60 else {"fisher", "z"})
    for i, name in enumerate(found.name):
        table = [[y[i], n[i] - y[i]], [y0[i], n0[i] - y0[i]]]
        if not 0 < y[i] + y0[i] < n[i] + n0[i]:
            assert np.isnan(found.p[i])
        elif name == "z":
            z, p = proportions_ztest([y[i], y0[i]], [n[i], n0[i]])
            assert (found.statistic[i], found.p[i]) == pytest.approx((z, p))
        else:
            exact = {"fisher": fisher_exact, "boschloo": boschloo_exact}[name](table).pvalue
            assert found.p[i] == pytest.approx(exact, rel=1e-6)


def test_ricci_captains_are_not_told_from_chance():
    found = two_sample(16, 25, 6, 16)
    assert found.name.item() == "boschloo"
    assert 0.05 < found.p.item() < fisher_exact([[16, 9], [6, 10]]).pvalue == pytest.approx(0.1197, abs=5e-5)


def test_p_knows_neither_which_group_comes_first_nor_which_verdict():
    tables = [(3, 20, 40, 90), (40, 90, 3, 20), (17, 20, 50, 90), (50, 90, 17, 20)]
    for scale in (1, 30):
        p = two_sample(*(np.array(tables).T * scale)).p
        assert p == pytest.approx([p[0]] * 4, rel=1e-12)


def test_nothing_is_tested_without_variation_persons_or_whole_numbers():
    y, n, y0, n0 = np.array([(0, 50, 0, 60), (50, 50, 60, 60), (0, 0, 5, 60), (2.5, 50, 5, 60), (400.5, 900, 5, 600)]).T
    assert np.isnan(two_sample(y, n, y0, n0).p).all()
    assert np.isnan(two_sample(y, n, y0, n0).statistic).all()


def size(p_of, n, n0, p, level=0.05):
    """Return the chance that a test rejects equal rates p, over every table that can come."""
    y, y0 = (grid.ravel() for grid in np.mgrid[: n + 1, : n0 + 1])
    chance = binom.pmf(y, n, p) * binom.pmf(y0, n0, p)
    return chance[np.nan_to_num(p_of(y, n, y0, n0), nan=1.0) < level].sum()


@pytest.mark.parametrize("p", [0.05, 0.2, 0.5])
def test_false_alarms_of_the_exact_tests_never_exceed_the_level(p):
    assert size(lambda *table: two_sample(*table).p, 16, 18, p) <= 0.05 + 1e-9


@pytest.mark.parametrize("p", [0.1, 0.3, 0.5])
def test_false_alarms_of_the_z_test_are_near_the_level(p):
    assert size(lambda *table: two_sample(*table).p, 150, 250, p) == pytest.approx(0.05, abs=0.006)


def test_more_tables_than_are_affordable_get_the_test_that_sees_less(monkeypatch):
    y = np.arange(12, 20)
    assert set(chosen(y, 40, 20, 50)) == {"boschloo"}
    monkeypatch.setattr(significance, "AFFORDABLE", 7)
    assert set(chosen(y, 40, 20, 50)) == {"fisher"}
    assert set(chosen([12] * 8, 40, 20, 50)) == {"boschloo"}


# All groups


def test_chi_square_equals_scipy_and_is_the_square_of_z_for_two_groups():
    y, n = [30, 45, 70], [100, 120, 400]
    theirs = chi2_contingency(np.array([y, np.subtract(n, y)]).T, correction=False)
    ours = chi_square(y, n)
    assert (ours.statistic, ours.p, ours.freedom) == pytest.approx((theirs.statistic, theirs.pvalue, 2))
    two, z = chi_square(y[:2], n[:2]), two_sample(30, 100, 45, 120)
    assert (two.statistic, two.p) == pytest.approx((z.statistic.item() ** 2, z.p.item()))


@pytest.mark.parametrize(("y", "n"), [([0, 0], [5, 9]), ([5, 9], [5, 9]), ([3], [9]), ([3, 0], [9, 0])])
def test_chi_square_without_variation_is_undefined(y, n):
    assert np.isnan(chi_square(y, n).p)


def test_admissions_at_berkeley_over_all_departments(verdicts, pairs):
    (men, no_men), (women, no_women) = BERKELEY.sum(axis=2).astype(int)
    found = pairs({"men": (men, men + no_men), "women": (women, women + no_women)}, "men")
    assert found["uncertainty"].to_list() == ["audit", "audit"]
    both = {r["param"]: r for r in found.iter_rows(named=True)}
    chi, z = both["chi_square"], both["z"]
    assert chi["value"] == pytest.approx(92.2053, abs=1e-4)
    assert z["value"] == pytest.approx(-(chi["value"] ** 0.5))
    assert z["p"] == pytest.approx(chi["p"], rel=1e-6)
    assert (chi["group"], chi["reference"], chi["n"]) == ("all groups", None, 4_526)
    assert (z["group"], z["reference"], z["polarity"], z["status"]) == ("women", "men", "favourable", "ok")


def test_an_exact_test_has_p_and_no_statistic(pairs):
    row = pairs({"a": (40, 90), "b": (10, 60)}, "a").filter(pl.col("group") == "b").row(0, named=True)
    assert (row["param"], row["value"], row["status"]) == ("boschloo", None, "ok")
    assert row["p"] == pytest.approx(boschloo_exact([[40, 50], [10, 50]]).pvalue, rel=1e-6)
    assert row["note"].startswith("an exact test")


@pytest.mark.parametrize(
    ("groups", "reference", "statuses"),
    [
        ({"a": (0, 300), "b": (0, 400)}, "a", {"b": "zero_denom", "all groups": "zero_denom"}),
        ({"a": (5, 300)}, None, {"a": "single_group"}),
        ({"a": (50, 300), "b": (60, 400)}, "z", {"a": "not_applicable", "b": "not_applicable", "all groups": "ok"}),
        ({"a": (50, 300), "b": (60, 400)}, "best", {"a": "not_applicable", "b": "not_applicable", "all groups": "ok"}),
        ({"a": (2, 300), "b": (3, 400)}, "a", {"b": "small_cell", "all groups": "small_cell"}),
    ],
)
def test_what_is_not_tested_says_why(pairs, groups, reference, statuses):
    found = pairs(groups, reference)
    assert dict(found.select("group", "status").iter_rows()) == statuses
    for row in found.iter_rows(named=True):
        defined = row["status"] in {"ok", "small_cell"}
        assert (row["p"] is not None) == defined
        assert defined or (row["value"] is None and row["note"])


def test_persons_of_an_unknown_group_are_left_out_of_the_test_of_all_groups(pairs):
    groups = {"a": (30, 100), "b": (45, 120), "c": (70, 400)}
    row = pairs(groups | {"unknown": (80, 90)}).filter(pl.col("param") == "chi_square").row(0, named=True)
    assert row["value"] == pytest.approx(chi_square([30, 45, 70], [100, 120, 400]).statistic)
    assert row["note"] == "90 persons of an unknown group left out"


def test_measures_of_one_table_carry_its_p_in_the_audit_row_alone(verdicts, study):
    found = compute({"outcome": verdicts({"a": (300, 900), "b": (200, 800)}, outcome="listed")}, study("a"))
    p = two_sample(200, 800, 300, 900).p.item()
    names = ["selection_rate_ratio", "selection_rate_difference", "non_selection_rate_ratio", "excess_per_10000"]
    compared = found.filter(pl.col("measure").is_in(names))
    audit = pl.col("uncertainty") == "audit"
    assert compared.filter(audit)["p"].to_list() == pytest.approx([p] * 4)
    assert compared.filter(~audit)["p"].null_count() == 4
    assert found.filter(pl.col("measure") == "selection_rate")["p"].null_count() == 4


def test_the_p_of_a_difference_of_errors_is_of_the_persons_who_could_err(cube, study):
    rows = [
        {"group": g, "selected": s, "truth": t, "outcome": "listed", "n": n}
        for g, s, t, n in [("a", True, False, 90), ("a", False, False, 710), ("a", True, True, 100),
                           ("b", True, False, 60), ("b", False, False, 340), ("b", True, True, 900)]
    ]  # fmt: skip
    found = compute({"outcome": cube(rows)}, study("a"), ["false_positive_rate_difference"])
    row = found.filter(pl.col("uncertainty") == "audit").row(0, named=True)
    assert row["p"] == pytest.approx(proportions_ztest([60, 90], [400, 800])[1])


def test_a_reference_picked_for_its_rate_has_no_p(verdicts, study):
    found = compute({"outcome": verdicts({"a": (300, 900), "b": (200, 800)})}, study("best"))
    pairwise = found.filter(pl.col("reference") == "best")
    assert pairwise.height > 0
    assert pairwise["p"].null_count() == pairwise.height


# Strata


def test_admissions_at_berkeley_within_departments(stratified):
    found = stratified(ADMISSIONS)
    odds, risk = one(found, "pooled_odds_ratio"), one(found, "pooled_risk_ratio")
    test, unlike = one(found, "mantel_haenszel_test"), one(found, "homogeneity_test")
    bounds = (odds["value"], odds["low"], odds["high"])
    assert bounds == pytest.approx((0.90469683, 0.77190736, 1.06032976), abs=1e-8)
    assert risk["value"] == pytest.approx(0.944905, abs=1e-6)
    assert risk["low"] < risk["value"] < 1 < risk["high"]
    assert (test["value"], test["p"]) == pytest.approx((1.42694623, 0.2322635), abs=1e-7)
    assert (unlike["value"], unlike["p"]) == pytest.approx((18.8255, 0.00207), abs=1e-4)
    assert odds["p"] == risk["p"] == test["p"]
    assert "read stratum_ratio" in odds["note"]
    assert "read stratum_ratio" in risk["note"]
    ratios = found.filter(pl.col("measure") == "stratum_ratio").sort("term")
    assert ratios["term"].to_list() == list("ABCDEF")
    assert ratios["value"][0] == pytest.approx(512 / 825 / (89 / 108))
    assert ratios["p"][0] == pytest.approx(proportions_ztest([512, 89], [825, 108])[1])


def test_a_note_on_unlike_strata_reaches_the_row_over_seeds_and_only_where_they_differ(stratified):
    alike = {"x": (200, 400, 100, 200), "y": (310, 300, 150, 150)}
    assert "read stratum_ratio" in one(stratified(ADMISSIONS, uncertainty="seeds"), "pooled_odds_ratio")["note"]
    assert one(stratified(alike), "pooled_odds_ratio")["note"] is None


def test_strata_equal_statsmodels_on_random_tables(stratified):
    rng = np.random.default_rng(4)
    for _ in range(10):
        tables = rng.integers(5, 300, (4, 2, 2))
        theirs = StratifiedTable(list(tables))
        found = stratified({str(i): tuple(map(int, t.ravel())) for i, t in enumerate(tables)})
        odds = one(found, "pooled_odds_ratio")
        expected = (theirs.oddsratio_pooled, *theirs.oddsratio_pooled_confint())
        assert (odds["value"], odds["low"], odds["high"]) == pytest.approx(expected)
        assert one(found, "pooled_risk_ratio")["value"] == pytest.approx(theirs.riskratio_pooled)
        for name, test in (
            ("mantel_haenszel_test", theirs.test_null_odds(correction=True)),
            ("homogeneity_test", theirs.test_equal_odds()),
        ):
            ours = one(found, name)
            assert (ours["value"], ours["p"]) == pytest.approx((test.statistic, test.pvalue), rel=1e-6, abs=1e-13)


def test_the_interval_of_the_pooled_risk_ratio_is_the_log_interval_where_the_strata_are_one_table():
    (y, no), (y_ref, no_ref) = (60, 140), (30, 170)
    cells = np.array([[[y], [no]], [[y_ref], [no_ref]]], dtype=float)
    assert mantel_haenszel.log_risk_error(cells) == pytest.approx(Table2x2([[y, no], [y_ref, no_ref]]).log_riskratio_se)


def test_the_error_of_the_pooled_risk_ratio_is_its_spread_over_samples():
    rng = np.random.default_rng(8)
    n, n_ref, p_ref = np.array([200, 80, 400]), np.array([300, 500, 100]), np.array([0.1, 0.3, 0.2])
    logs, errors = [], []
    for _ in range(2_000):
        y, y_ref = rng.binomial(n, 1.5 * p_ref), rng.binomial(n_ref, p_ref)
        cells = np.array([[y, n - y], [y_ref, n_ref - y_ref]], dtype=float)
        logs.append(np.log(StratifiedTable(cells).riskratio_pooled))
        errors.append(mantel_haenszel.log_risk_error(cells))
    assert np.mean(errors) == pytest.approx(np.std(logs), rel=0.05)


def test_false_alarms_of_the_tests_over_strata_are_near_the_level():
    rng = np.random.default_rng(9)
    n, n_ref, p = np.array([200, 80, 400]), np.array([300, 500, 100]), np.array([0.1, 0.3, 0.6])
    alarms = []
    for _ in range(2_000):
        y, y_ref = rng.binomial(n, p), rng.binomial(n_ref, p)
        cells = np.array([[y, n - y], [y_ref, n_ref - y_ref]], dtype=float)
        alarms.append(
            (mantel_haenszel.test(StratifiedTable(cells))[1] < 0.05, mantel_haenszel.breslow_day(cells)[1] < 0.05)
        )
    common, unlike = np.mean(alarms, axis=0)
    assert 0.03 < common < 0.06  # the continuity correction errs on the side of seeing nothing
    assert 0.035 < unlike < 0.065


def test_homogeneity_has_a_value_where_the_pooled_odds_ratio_is_one():
    cells = np.array([[[30, 10], [20, 40]], [[20, 40], [30, 10]]], dtype=float)
    assert StratifiedTable(cells).oddsratio_pooled != 1
    balanced = np.array([[[30, 20], [20, 30]], [[20, 30], [30, 20]]], dtype=float)
    assert StratifiedTable(balanced).oddsratio_pooled == 1
    statistic, p, expected = mantel_haenszel.breslow_day(balanced)
    assert (statistic, expected) == (pytest.approx(2 * 25 * 4 / 25), 25)
    assert p == pytest.approx(0.00467773, abs=1e-8)


def test_homogeneity_beyond_floating_point_is_undefined_and_silent():
    cells = np.array([[[1e9, 1e9], [1, 1]], [[1, 1], [1e9, 1e9]]])
    assert mantel_haenszel.breslow_day(cells)[:2] == (None, None)


def test_a_deviation_below_half_a_person_is_not_corrected_beyond_zero():
    balanced = np.array([[[30, 20], [20, 30]], [[20, 30], [30, 20]]], dtype=float)
    assert mantel_haenszel.test(StratifiedTable(balanced)) == (0, 1)


def test_strata_that_say_nothing_are_left_out_and_counted(stratified):
    empty = {"x": (0, 0, 9, 10), "y": (0, 40, 0, 50), "z": (40, 0, 50, 0)}
    found, plain = stratified(ADMISSIONS | empty), stratified(ADMISSIONS)
    for name in STRATIFIED[:-1]:
        with_empty, without = one(found, name), one(plain, name)
        assert with_empty["value"] == pytest.approx(without["value"])
        assert with_empty["n"] == without["n"]
        assert with_empty["note"].startswith("3 of 9 strata lack a group or a verdict: left out")


def test_one_stratum_has_no_row_and_neither_has_a_cube_without_strata(stratified, verdicts, study):
    assert stratified({"x": (40, 60, 50, 50)}, uncertainty=None).is_empty()
    found = compute({"conditional": verdicts({"a": (40, 100), "b": (50, 100)})}, study(), STRATIFIED)
    assert found.is_empty()


@pytest.mark.parametrize(
    ("strata", "statuses", "odds"),
    [
        ({"x": (0, 60, 0, 50), "y": (9, 0, 50, 0)}, ["zero_denom"] * 4, None),
        ({"x": (30, 60, 40, 50), "y": (9, 0, 50, 0)}, ["ok", "ok", "ok", "not_applicable"], pytest.approx(0.625)),
        ({"x": (40, 60, 0, 50), "y": (9, 80, 0, 70)}, ["zero_denom", "zero_denom", "ok", "zero_denom"], np.inf),
        ({"x": (0, 60, 40, 50), "y": (0, 80, 9, 70)}, ["ok", "ok", "ok", "zero_denom"], 0),
        ({"x": (4, 10, 3, 9), "y": (1, 8, 2, 7)}, ["small_cell"] * 4, pytest.approx(0.90909, abs=0.2)),
    ],
)
def test_undefined_and_small_strata(stratified, strata, statuses, odds):
    found = stratified(strata)
    rows = [one(found, name) for name in STRATIFIED[:-1]]
    assert [r["status"] for r in rows] == statuses
    assert rows[0]["value"] == odds
    if odds in (None, 0, np.inf):
        assert (rows[0]["low"], rows[0]["high"], rows[1]["low"]) == (None, None, None)
    assert all(r["note"] for r in rows if r["status"] in {"zero_denom", "not_applicable"})


def test_one_group_and_an_absent_reference_within_strata(cube, study, stratified):
    cells = [{"group": "a", "stratum": s, "selected": f, "n": 50} for s in "xy" for f in (True, False)]
    counts = cube(cells, outcome="rewarded")
    found = compute({"conditional": counts}, study())
    assert set(found["status"]) == {"single_group"}
    assert set(stratified({"x": (40, 60, 50, 50), "y": (9, 80, 20, 70)}, "z")["status"]) == {"not_applicable"}


def test_the_best_group_is_not_picked_stratum_by_stratum(stratified):
    found = stratified({"x": (90, 10, 50, 50), "y": (20, 80, 80, 40)}, "best")
    assert set(found["reference"]) == {"b"}


def test_relabelling_turns_a_pooled_ratio_over(stratified):
    there, back = stratified(ADMISSIONS, "b"), stratified(ADMISSIONS, "a")
    ours, theirs = one(there, "pooled_odds_ratio"), one(back, "pooled_odds_ratio")
    assert ours["value"] * theirs["value"] == pytest.approx(1)
    assert ours["low"] * theirs["high"] == pytest.approx(1)
    assert one(there, "homogeneity_test")["p"] == pytest.approx(one(back, "homogeneity_test")["p"])


def test_pooled_ratios_are_averaged_over_seeds_and_tests_are_of_the_first(cube, study):
    cells = [
        {"seed": seed, "group": g, "stratum": s, "selected": f, "n": n}
        for seed, shift in ((1, 0), (2, 20))
        for s, base in (("x", 100), ("y", 150))
        for (g, f), n in {
            ("a", True): base + shift, ("a", False): 200, ("b", True): 100, ("b", False): 220
        }.items()
    ]  # fmt: skip
    found = compute({"conditional": cube(cells, outcome="rewarded")}, study("b"))
    over = found.filter(pl.col("uncertainty") == "seeds", pl.col("measure") == "pooled_odds_ratio").row(0, named=True)
    values = [
        StratifiedTable([[[100 + s, 200], [100, 220]], [[150 + s, 200], [100, 220]]]).oddsratio_pooled for s in (0, 20)
    ]
    assert (over["value"], over["seeds"], over["p"]) == (pytest.approx(np.mean(values)), 2, None)
    assert one(found.filter(pl.col("uncertainty") == "audit"), "pooled_odds_ratio")["value"] == pytest.approx(values[0])
    assert set(found.filter(pl.col("measure") == "homogeneity_test")["uncertainty"]) == {"audit"}
