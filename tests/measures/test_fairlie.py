import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from scipy.special import expit

from scoring.measures import compute, logit, resample
from scoring.measures.conditional import tables
from scoring.measures.fairlie import contributions, match
from scoring.measures.oaxaca import of_table


@pytest.fixture
def rows(study):
    return lambda counts, reference="b": compute({"conditional": counts}, study(reference), ["fairlie"])


@pytest.fixture
def of(study):
    """Return a function that gives the one table of a cube of two groups."""
    return lambda counts: next(tables(counts, study("b")))


def terms(found, uncertainty="audit"):
    found = found.filter(pl.col("uncertainty") == uncertainty)
    return {row["term"]: row for row in found.iter_rows(named=True)}


def sample(n=4_000, seed=7):
    """Rows of persons in two groups, unlike in conduct and records."""
    rng = np.random.default_rng(seed)
    mine = rng.random(n) < 0.35
    conduct = rng.binomial(2, 0.3 + 0.15 * mine)
    records = np.minimum(rng.binomial(conduct, 0.6 + 0.2 * mine) + rng.binomial(1, 0.2, n), 2)
    chosen = rng.random(n) < expit(-1.5 + 0.8 * records + 0.4 * conduct + 0.2 * mine)
    named = {"conduct": conduct, "records": records, "stratum": rng.binomial(2, 0.5 - 0.05 * mine)}
    return pl.DataFrame(
        {"group": np.where(mine, "a", "b"), "selected": chosen, **{k: v.astype(str) for k, v in named.items()}}
    )


def test_explained_is_the_difference_of_mean_fitted_chances_of_the_persons(persons, rows):
    frame = sample().drop("stratum")
    dummies = [frame[axis] == level for axis in ("conduct", "records") for level in ("1", "2")]
    mine = (frame["group"] == "a").to_numpy()
    design = np.column_stack([np.ones(frame.height), mine, *dummies]).astype(float)
    params = sm.Logit(frame["selected"].to_numpy().astype(float), design).fit(disp=0).params
    chance = expit(np.delete(design, 1, axis=1) @ np.delete(params, 1))
    row = terms(rows(persons(frame)))["explained"]
    assert row["value"] == pytest.approx(chance[mine].mean() - chance[~mine].mean(), abs=1e-8)
    assert (row["status"], row["method"]) == ("ok", "infinitesimal jackknife")


def test_contributions_sum_to_what_is_explained(persons, rows):
    found = terms(rows(persons(sample())))
    by_axis = [found[f"explained: {axis}"]["value"] for axis in ("conduct", "records", "stratum")]
    assert sum(by_axis) == pytest.approx(found["explained"]["value"], abs=1e-12)
    assert by_axis[0] > 0.02
    assert by_axis[1] > 0.02


def test_with_the_identity_as_link_it_is_oaxaca_and_blinder(persons, of):
    table = of(persons(sample()))
    linear = of_table(table)
    base, *slopes = linear.pooled.params[:-1]
    levels = [np.array([0.0, *slopes[i : i + 2]]) for i in (0, 2, 4)]
    ours = contributions(base, levels, *table.persons.astype(float), link=lambda index: index)
    _, explained, *_ = values = linear.values()
    assert ours.total == pytest.approx(explained, abs=1e-12)
    assert ours.shares == pytest.approx(values[6:], abs=1e-12)


def test_two_axes_by_hand():
    # One person each: the group at (1, 1), the reference at (0, 0); either axis may be exchanged first.
    levels = [np.array([0.0, 1.0]), np.array([0.0, 2.0])]
    mine, theirs = np.array([[0.0, 0], [0, 1]]), np.array([[1.0, 0], [0, 0]])
    found = contributions(-1.0, levels, mine, theirs)
    f = {k: expit(-1.0 + k) for k in range(4)}
    assert found.total == pytest.approx(f[3] - f[0])
    assert found.shares[0] == pytest.approx(((f[3] - f[2]) + (f[1] - f[0])) / 2)
    assert found.shares[1] == pytest.approx(((f[3] - f[1]) + (f[2] - f[0])) / 2)


def test_matches_by_rank():
    rank, weight = np.array([3.0, 1.0, 2.0]), np.array([1.0, 2.0, 1.0])
    assert match(rank, weight, rank, weight) == pytest.approx(np.diag([0.25, 0.5, 0.25]))
    halves = match(rank, weight, np.array([-1.0, 5.0]), np.array([30.0, 30.0]))
    assert halves == pytest.approx(np.array([[0, 0.25], [0.5, 0], [0, 0.25]]))


def test_tied_cells_match_in_proportion():
    tied = match(np.array([1.0, 1.0]), np.array([3.0, 1.0]), np.array([4.0, 4.0, 9.0]), np.array([1.0, 1.0, 2.0]))
    assert tied == pytest.approx(np.outer([0.75, 0.25], [0.25, 0.25, 0.5]))
    assert match(np.full(2, -np.inf), np.ones(2), np.array([0.0]), np.ones(1)).sum() == pytest.approx(1)


def test_it_is_what_draws_of_persons_orders_and_ties_come_to(persons, of):
    """The method as published: a sample of the larger group, both ranked, an order of the axes at random, averaged."""
    table = of(persons(sample(20_000)))
    fitted = logit.fit(table.selected, table.persons)
    ours = contributions(fitted.intercept, fitted.levels, *table.persons.astype(float))
    who = [np.repeat(np.argwhere(n >= 0), n.reshape(-1), axis=0) for n in table.persons]
    effects = [np.column_stack([fitted.levels[k][people[:, k]] for k in range(3)]) for people in who]
    rng = np.random.default_rng(1)
    size = min(map(len, effects))
    drawn = []
    for _ in range(300):
        ranked = []
        for people in effects:
            chosen = people[rng.permutation(len(people))[:size]]
            ranked.append(chosen[np.argsort(np.round(chosen.sum(axis=1), 10), kind="stable")])
        now, share = ranked[0].copy(), np.zeros(3)
        for axis in rng.permutation(3):
            before = expit(fitted.intercept + now.sum(axis=1)).mean()
            now[:, axis] = ranked[1][:, axis]
            share[axis] = before - expit(fitted.intercept + now.sum(axis=1)).mean()
        drawn.append(share)
    error = np.std(drawn, axis=0) / len(drawn) ** 0.5
    assert (np.abs(ours.shares - np.mean(drawn, axis=0)) < 4 * error + 2e-4).all()
    assert ours.shares[0] > 0.02


def test_one_axis_is_the_whole(persons, rows):
    found = terms(rows(persons(sample().drop("conduct", "stratum"))))
    assert set(found) == {"explained", "explained: records"}
    assert found["explained: records"]["value"] == pytest.approx(found["explained"]["value"], abs=1e-15)


def test_groups_alike_in_everything_have_nothing_explained(persons, rows):
    frame = sample().filter(pl.col("group") == "a")
    twins = frame.with_columns(group=pl.lit("b"), selected=~pl.col("selected"))
    found = terms(rows(persons(pl.concat([frame, twins]))))
    assert [row["value"] for row in found.values()] == pytest.approx([0, 0, 0, 0], abs=1e-12)


def test_exchanging_group_and_reference_turns_the_sign(persons, of):
    table = of(persons(sample()))
    fitted = logit.fit(table.selected, table.persons)
    mine, theirs = table.persons.astype(float)
    there = contributions(fitted.intercept, fitted.levels, mine, theirs)
    back = contributions(fitted.intercept, fitted.levels, theirs, mine)
    assert there.total == pytest.approx(-back.total)
    assert there.shares == pytest.approx(-back.shares)


def test_the_interval_is_that_of_replicates(persons, rows, of):
    counts = persons(sample())
    table = of(counts)
    cells = np.stack([table.selected, table.persons - table.selected], axis=-1)
    values = []
    for drawn in next(resample.replicates(cells.reshape(-1), 300, resample.philox(1))):
        again = drawn.reshape(cells.shape)
        fitted = logit.fit(again[..., 0], again.sum(axis=-1))
        values.append(contributions(fitted.intercept, fitted.levels, *again.sum(axis=-1).astype(float)).total)
    found = terms(rows(counts))
    width = found["explained"]["high"] - found["explained"]["low"]
    assert width / (2 * 1.959964) == pytest.approx(np.std(values), rel=0.1)
    assert found["explained: records"]["low"] is None
    assert found["explained: records"]["method"] == "all orders and matches by rank"


def test_a_level_at_which_nobody_is_selected_counts_with_a_chance_of_nought(persons, rows):
    frame = sample().drop("conduct", "stratum").filter((pl.col("records") != "0") | ~pl.col("selected"))
    some = frame.filter(pl.col("records") != "0")
    mine = (some["group"] == "a").to_numpy()
    design = np.column_stack([np.ones(some.height), mine, some["records"] == "2"]).astype(float)
    params = sm.Logit(some["selected"].to_numpy().astype(float), design).fit(disp=0).params
    chance = expit(params[0] + params[2] * design[:, 2])
    size = [frame.filter(pl.col("group") == g).height for g in "ab"]
    row = terms(rows(persons(frame)))["explained"]
    assert row["value"] == pytest.approx(chance[mine].sum() / size[0] - chance[~mine].sum() / size[1], abs=1e-8)


def test_where_the_records_decide_all_is_explained(persons, rows):
    frame = sample().with_columns(selected=pl.col("records") == "2").drop("conduct", "stratum")
    found = terms(rows(persons(frame)))
    rate = [frame.filter(pl.col("group") == g)["selected"].mean() for g in "ab"]
    assert found["explained"]["value"] == pytest.approx(rate[0] - rate[1])


@pytest.mark.parametrize("flag", [True, False])
def test_nobody_and_everybody_selected(persons, rows, flag):
    found = terms(rows(persons(sample().with_columns(selected=pl.lit(flag)))))
    assert [row["value"] for row in found.values()] == [0, 0, 0, 0]
    assert found["explained"]["low"] is None
    assert "fewer than 10" in found["explained"]["note"]


def test_a_fit_without_a_maximum_has_no_value(persons, rows):
    frame = sample().filter(~pl.col("selected") | (pl.col("group") == "b"))
    found = terms(rows(persons(frame)))
    assert {(row["value"], row["status"]) for row in found.values()} == {(None, "fit_failed")}
    assert "separated" in found["explained"]["note"]
    same = terms(rows(persons(sample().with_columns(conduct=pl.col("records")))))
    assert {row["status"] for row in same.values()} == {"fit_failed"}
    assert "cannot be told apart" in same["explained"]["note"]


def test_one_group_and_a_reference_to_which_nobody_belongs(persons, rows):
    alone = rows(persons(sample().filter(pl.col("group") == "a")))
    assert set(alone["status"]) == {"single_group"}
    absent = rows(persons(sample()), "z")
    assert set(absent["status"]) == {"not_applicable"}
    assert absent["value"].null_count() == absent.height
