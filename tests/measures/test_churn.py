"""Where persons stand from one year to the next."""

import numpy as np
import polars as pl
import pytest
from scipy.stats import chi2_contingency
from statsmodels.stats.proportion import proportion_confint

from scoring.measures import Counts, Study, chain, churn

TOY = np.array([[90, 10, 0], [10, 80, 10], [0, 20, 80]])
HEAD = {"world": "w", "scheme": "s", "draw": -1, "seed": 1, "group_by": "g", "group": "a", "period": 0, "lag": 1}
BANDS = ["C", "B", "A"]  # the worst first


def cube(*tables, states=BANDS):
    """Make a cube of (square table of counts, what is otherwise than HEAD)."""
    rows = [
        {**HEAD, **also, "before": states[i], "after": states[j], "n": int(n)}
        for table, also in tables
        for (i, j), n in np.ndenumerate(np.asarray(table))
    ]
    frame = pl.DataFrame(rows).with_columns(pl.col("draw", "period", "lag").cast(pl.Int32))
    return Counts(tuple(c for c in frame.columns if c != "n"), frame)


def studied(states=BANDS):
    return Study(outcomes={}, references={"g": "a"}, schemes={"s": {"bands": states}})


def value(rows, **equals):
    told = {"uncertainty": "seeds", "group": "a", **equals}
    return rows.filter([pl.col(k).eq_missing(pl.lit(v)) for k, v in told.items()])["value"].item()


def two_years(table):
    """Return what two steps of a table lead to, as whole persons of the same origins."""
    shares = chain.steps(table)
    return np.round(np.linalg.matrix_power(shares, 2) * table.sum(axis=1)[:, None] * 1_000).astype(int)


def test_the_toy_chain_has_the_known_mobility_and_half_life():
    assert chain.mobility(TOY).value == pytest.approx(0.25)
    assert chain.half_life(chain.steps(TOY)) == pytest.approx(4.660499, abs=1e-6)
    counts = cube((TOY * 1_000, {}), (two_years(TOY), {"lag": 2}))
    assert value(churn.mobility(counts, studied())) == pytest.approx(0.25)
    years = churn.half_life(counts, studied())
    assert value(years) == pytest.approx(4.660499, abs=1e-6)
    assert years["note"].to_list() == ["one seed: no interval over seeds"]
    assert value(churn.markov_check(counts, studied()), term="gap") == pytest.approx(0, abs=1e-5)


def test_mobility_of_incomes_of_us_states_is_the_published_one():
    # Quintiles of per-capita income of 48 states, 1929 to 2009: the transitions printed in the documentation of giddy,
    # whose own test has the index.
    states = [
        [729, 71, 1, 0, 0],
        [72, 567, 80, 3, 0],
        [0, 81, 631, 86, 2],
        [0, 3, 86, 573, 56],
        [0, 0, 1, 57, 741],
    ]
    assert chain.mobility(states).value == pytest.approx(0.19758992000997844, abs=1e-14)


def test_mobility_has_the_error_of_independent_rows():
    rng = np.random.default_rng(4)
    shares, n = chain.steps(TOY), np.array([400, 300, 200])
    drawn = [
        chain.mobility(np.array([rng.multinomial(k, p) for k, p in zip(n, shares, strict=True)])).value
        for _ in range(3_000)
    ]
    exact = chain.mobility(shares * n[:, None])
    assert np.std(drawn) == pytest.approx(exact.error, rel=0.05)
    assert np.mean(drawn) == pytest.approx(exact.value, rel=0.01)
    audit = churn.mobility(cube((TOY, {})), studied()).filter(pl.col("uncertainty") == "audit")
    assert audit["high"].item() - audit["value"].item() == pytest.approx(1.959964 * chain.mobility(TOY).error, abs=1e-6)


def test_extremes_of_a_chain():
    assert chain.half_life([[0.3, 0.7], [0.3, 0.7]]) == 0  # one step forgets all
    assert chain.half_life(np.eye(2)) == np.inf
    assert chain.half_life([[0, 1], [1, 0]]) == np.inf
    assert chain.mobility(np.eye(3)).value == 0
    assert chain.mobility([[0, 5], [5, 0]]).value == 2
    assert np.isnan(chain.mobility([[5, 2], [0, 0]]).value)
    assert chain.classes([[0.5, 0.5, 0], [0.5, 0.5, 0], [0.1, 0, 0.9]]) == [[0, 1]]
    assert chain.classes(np.eye(2)) == [[0], [1]]


def test_churn_goes_up_and_down():
    counts = cube((TOY, {}), (TOY.T, {"period": 1}))
    rows = churn.churn(counts, studied())
    n = TOY.sum()
    for period, table in ((1, TOY), (2, TOY.T)):
        assert value(rows, term="any", period=period) == pytest.approx(1 - np.trace(table) / n)
        assert value(rows, term="upward", period=period) == pytest.approx(np.triu(table, 1).sum() / n)
        assert value(rows, term="downward", period=period) == pytest.approx(np.tril(table, -1).sum() / n)
    audit = rows.filter(pl.col("uncertainty") == "audit", pl.col("term") == "any", pl.col("period") == 1)
    assert (audit["low"].item(), audit["high"].item()) == pytest.approx(proportion_confint(50, n, method="wilson"))


def test_coming_onto_a_list_is_downward():
    names = ["listed", "not listed"]
    counts = cube(([[30, 10], [25, 135]], {}), states=names)
    study = studied([])
    rows = churn.churn(counts, study)
    assert value(rows, term="downward") == pytest.approx(25 / 200)
    assert value(rows, term="upward") == pytest.approx(10 / 200)


def test_transition_rates_are_of_those_who_stood_there_in_the_last_year():
    early = np.full((3, 3), 7)
    other = np.array([[50, 0, 0], [5, 45, 0], [0, 0, 0]])
    counts = cube((early, {}), (TOY, {"period": 1}), (other, {"period": 1, "group": "b"}))
    rows = churn.transition_rate(counts, studied())
    assert set(rows["period"]) == {2}
    assert value(rows, term="B → A") == pytest.approx(0.1)
    assert value(rows, term="C → B", group="b") == 0
    of_b = rows.filter(pl.col("group") == "b", pl.col("term").str.starts_with("A →"))
    assert of_b["value"].null_count() == of_b.height > 0
    assert set(of_b["status"]) == {"zero_denom"}
    assert of_b["note"].str.contains("nobody of the group stood there").all()
    sums = rows.filter(pl.col("uncertainty") == "seeds", pl.col("group") == "a")
    sums = sums.group_by(pl.col("term").str.head(1)).agg(pl.col("value").sum())
    assert sums["value"].to_list() == pytest.approx([1, 1, 1])


def test_a_move_that_one_seed_lacks_counts_as_none_there():
    lacks = np.array([[10, 0, 0], [0, 10, 0], [0, 0, 10]])
    has = np.array([[5, 5, 0], [0, 10, 0], [0, 0, 10]])
    counts = cube((lacks, {}), (has, {"seed": 2}))
    assert value(churn.transition_rate(counts, studied()), term="C → B") == pytest.approx(0.25)
    back = cube((np.roll(np.diag([10, 10, 10]), 1, axis=1), {}), (has, {"seed": 2}))
    assert value(churn.still_in_place(back, studied()), term="C") == pytest.approx(0.25)


def test_still_in_place_is_seen_and_not_modelled():
    counts = cube((TOY, {}), (two_years(TOY), {"lag": 2}), (np.full((3, 3), 10), {"lag": 3}), (TOY, {"period": 1}))
    rows = churn.still_in_place(counts, studied())
    assert value(rows, term="C", period=1) == pytest.approx(0.9)
    assert value(rows, term="C", period=2) == pytest.approx(0.82)
    assert value(rows, term="A", period=3) == pytest.approx(1 / 3)


def test_persons_who_remember_fail_the_check_and_the_half_life_says_so():
    # Half never move and half move freely: nine in ten of two steps is not what comes of it.
    once = np.array([[75, 25], [25, 75]]) * 100
    counts = cube((once, {}), (once, {"lag": 2}), states=["B", "A"])
    study = studied(["B", "A"])
    check = churn.markov_check(counts, study)
    assert value(check, term="gap") == pytest.approx(0.125)
    assert 0 < value(check, term="standard error") < 0.02
    assert "still_in_place" in churn.half_life(counts, study)["note"].item()
    unknown = churn.half_life(cube((once, {}), states=["B", "A"]), study)
    assert "too few" in unknown["note"].item()
    assert churn.markov_check(cube((once, {}), states=["B", "A"]), study).is_empty()


def test_the_error_of_the_check_is_that_of_samples():
    rng, shares, n = np.random.default_rng(8), chain.steps(TOY), np.array([500, 400, 300])

    def drawn(p):
        return np.array([rng.multinomial(k, row) for k, row in zip(n, p, strict=True)])

    other = np.array([[0.6, 0.3, 0.1], [0.2, 0.6, 0.2], [0.1, 0.2, 0.7]])  # far from P²: one cell stays the farthest
    checks = [chain.markov(drawn(shares), drawn(other)) for _ in range(2_000)]
    assert np.std([c.gap for c in checks]) == pytest.approx(np.mean([c.error for c in checks]), rel=0.06)


def test_chains_that_fall_apart_are_told_class_by_class():
    table = np.array([[80, 20, 0, 0], [20, 80, 0, 0], [0, 0, 50, 50], [0, 0, 10, 90]])
    names = ["D", "C", "B", "A"]
    rows = churn.half_life(cube((table, {}), states=names), studied(names))
    whole = rows.filter(pl.col("term").is_null())
    assert (whole["value"].item(), whole["status"].item()) == (None, "not_applicable")
    assert "closed class" in whole["note"].item()
    assert value(rows, term="D, C") == pytest.approx(np.log(0.5) / np.log(0.6))
    assert value(rows, term="B, A") == pytest.approx(np.log(0.5) / np.log(0.4))
    swaps = churn.half_life(cube((np.array([[0, 40], [40, 0]]), {}), states=["B", "A"]), studied(["B", "A"]))
    assert swaps["value"].item() is None
    assert "alternate" in swaps["note"].item()


def test_a_state_where_nobody_stood_is_left_out_and_named():
    table = np.array([[60, 40, 0], [30, 70, 0], [0, 0, 0]])
    counts = cube((table, {}), (TOY, {"group": "b"}))
    for measure, wanted in ((churn.mobility, 0.7), (churn.half_life, np.log(0.5) / np.log(0.3))):
        rows = measure(counts, studied())
        assert value(rows) == pytest.approx(wanted)
        assert rows.filter(pl.col("group") == "a")["note"].str.contains("nobody stood there: A").all()
    one = cube((np.array([[60, 0], [0, 0]]), {}), (np.array([[6, 9], [7, 8]]), {"group": "b"}), states=["B", "A"])
    rows = churn.mobility(one, studied(["B", "A"])).filter(pl.col("group") == "a")
    assert rows["value"].null_count() == rows.height > 0
    assert set(rows["status"]) == {"zero_denom"}


def test_homogeneity_is_the_sum_of_chi_squares_by_origin():
    other = np.array([[70, 30, 0], [20, 60, 20], [0, 25, 75]])
    counts = cube((TOY, {}), (other, {"group": "b"}), (np.full((3, 3), 50), {"group": "unknown"}))
    row = churn.transition_homogeneity(counts, studied())
    found = [
        chi2_contingency(
            np.array([TOY[i], other[i]])[:, [j for j in range(3) if TOY[i, j] + other[i, j]]], correction=False
        )
        for i in range(3)
    ]
    assert row["value"].item() == pytest.approx(sum(f.statistic for f in found))
    assert row["method"].item() == "chi-square, 4 degrees of freedom"
    assert row["p"].item() < 0.05
    assert row.select("group", "reference", "period", "uncertainty").row(0) == ("all groups", None, 1, "audit")
    alike = churn.transition_homogeneity(cube((TOY, {}), (TOY, {"group": "b"})), studied())
    assert (alike["value"].item(), alike["p"].item()) == pytest.approx((0, 1))
    still = churn.transition_homogeneity(
        cube((np.diag([9, 9, 9]), {}), (np.diag([9, 9, 9]), {"group": "b"})), studied()
    )
    assert (still["value"].item(), still["status"].item()) == (None, "zero_denom")


def test_draws_of_a_family_are_a_range_and_no_years_no_rows():
    rows = churn.churn(cube((TOY, {"draw": 0}), (np.diag([100, 100, 100]), {"draw": 1})), studied())
    moved = rows.filter(pl.col("term") == "any")
    assert moved["uncertainty"].to_list() == ["specification"]
    assert (moved["low"].item(), moved["high"].item()) == pytest.approx((0, 1 / 6))
    empty = Counts(cube((TOY, {})).axes, cube((TOY, {})).cells.clear())
    for measure in (churn.churn, churn.transition_rate, churn.still_in_place, churn.mobility, churn.half_life):
        assert measure(empty, studied()).is_empty()
    assert churn.markov_check(empty, studied()).is_empty()
    assert churn.transition_homogeneity(empty, studied()).is_empty()


def test_intervals_over_seeds_stay_within_what_is_possible():
    slow, fast = np.array([[998, 2], [2, 998]]), np.array([[50, 950], [950, 50]])
    tables = [(t, {"seed": i}) for i, t in enumerate((slow, fast), start=1)]
    rows = churn.mobility(cube(*tables, states=["B", "A"]), studied(["B", "A"])).filter(
        pl.col("uncertainty") == "seeds"
    )
    assert rows.select("low", "high").row(0) == (0, 2)
    rows = churn.half_life(cube(*tables, states=["B", "A"]), studied(["B", "A"]))
    assert rows["low"].item() == 0 < rows["value"].item()
    twice = [(two_years(t), {"seed": i, "lag": 2}) for i, t in enumerate((slow, fast[::-1]), start=1)]
    rows = churn.markov_check(cube(*tables, *twice, states=["B", "A"]), studied(["B", "A"]))
    assert rows["low"].min() >= 0
    assert rows["high"].max() <= 1


def test_to_come_onto_a_list_that_rewards_is_to_rise():
    counts = cube(([[10, 0], [30, 60]], {}), states=[churn.ON, churn.OFF])
    for listing, way in (("reward", "upward"), ("sanction", "downward")):
        study = Study(outcomes={}, references={"g": "a"}, schemes={"s": {"listing": listing}})
        assert value(churn.churn(counts, study), term=way) == pytest.approx(0.3)


def test_a_note_of_one_seed_says_of_how_many_it_is_true():
    some = np.array([[90, 10, 0], [10, 90, 0], [0, 0, 0]])
    rows = churn.mobility(cube((TOY, {"seed": 1}), (some, {"seed": 2})), studied())
    seeds = rows.filter(pl.col("uncertainty") == "seeds")
    assert seeds["note"].to_list() == ["left out, since nobody stood there: A in 1 of 2 runs"]
