import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from scipy.special import expit
from statsmodels.stats.oaxaca import OaxacaBlinder

from scoring.measures import compute, resample
from scoring.measures.conditional import tables
from scoring.measures.oaxaca import TERMS, Decomposition, of_table


@pytest.fixture
def rows(study):
    return lambda counts, reference="b": compute({"conditional": counts}, study(reference), ["oaxaca_blinder"])


def terms(found, uncertainty="audit"):
    found = found.filter(pl.col("uncertainty") == uncertainty)
    return {row["term"]: row for row in found.iter_rows(named=True)}


def values(found):
    return {term: row["value"] for term, row in terms(found).items()}


def sample(n=4_000, seed=7):
    """Rows of persons in two groups, unlike in conduct, records and, by little, strata."""
    rng = np.random.default_rng(seed)
    mine = rng.random(n) < 0.35
    conduct = rng.binomial(2, 0.3 + 0.15 * mine)
    records = np.minimum(rng.binomial(conduct, 0.6 + 0.2 * mine) + rng.binomial(1, 0.2, n), 2)
    stratum = rng.binomial(2, 0.5 - 0.05 * mine)
    chosen = rng.random(n) < expit(-1.5 + (0.8 - 0.3 * mine) * records + 0.3 * stratum + 0.2 * mine)
    named = {"conduct": conduct, "records": records, "stratum": stratum}
    return pl.DataFrame(
        {"group": np.where(mine, "a", "b"), "selected": chosen, **{k: v.astype(str) for k, v in named.items()}}
    )


def theirs(frame, axes=("conduct", "records", "stratum")):
    """The decomposition of statsmodels on the persons, group a less group b."""
    dummies = [frame[axis] == level for axis in axes for level in frame[axis].unique().sort().to_list()[1:]]
    rest = (frame["group"] == "b").to_numpy()  # statsmodels takes the lower value first
    exog = np.column_stack([rest, *dummies]).astype(float)
    return OaxacaBlinder(frame["selected"].to_numpy().astype(float), exog, 0, hasconst=False, swap=False)


def test_credit_cards_of_statsmodels():
    data = sm.datasets.ccard.load_pandas()
    owner = data.exog["OWNRENT"].to_numpy() == 1
    design = data.exog.drop(columns="OWNRENT").to_numpy()
    split = Decomposition.of(data.endog.to_numpy(), design, np.ones(len(design)), owner, [])
    gap, explained, unexplained, endowments, coefficients, interaction = split.values()
    assert gap == pytest.approx(158.75044, abs=1e-5)
    assert (endowments, coefficients, interaction) == pytest.approx((321.74824, 75.45371, -238.45151), abs=1e-5)
    assert (explained, unexplained) == pytest.approx((130.80954, 27.94091), abs=1e-5)


def test_cells_say_what_statsmodels_says_of_the_persons(persons, rows):
    frame = sample()
    peer = theirs(frame)
    unexplained, explained, gap = peer.two_fold().params
    endowments, coefficients, interaction, _ = peer.three_fold().params
    found = values(rows(persons(frame)))
    expected = [gap, explained, unexplained, endowments, coefficients, interaction]
    assert [found[term] for term in TERMS] == pytest.approx(expected, abs=1e-12)
    assert [row["status"] for row in terms(rows(persons(frame))).values()] == ["ok"] * 9


def test_parts_sum(persons, rows):
    found = values(rows(persons(sample())))
    assert found["explained"] + found["unexplained"] == pytest.approx(found["gap"], abs=1e-14)
    assert found["endowments"] + found["coefficients"] + found["interaction"] == pytest.approx(found["gap"], abs=1e-14)
    by_axis = [found[f"explained: {axis}"] for axis in ("conduct", "records", "stratum")]
    assert sum(by_axis) == pytest.approx(found["explained"], abs=1e-14)
    assert by_axis[1] > 0.02 > abs(by_axis[0])  # the verdict reads records, which conduct only feeds


def test_the_part_of_an_axis_does_not_depend_on_which_level_is_left_out(persons, rows):
    frame = sample()
    turned = frame.with_columns(pl.col("records").replace({"0": "2", "2": "0"}))
    assert values(rows(persons(frame))) == pytest.approx(values(rows(persons(turned))), abs=1e-12)


def test_a_level_that_the_reference_lacks_leaves_the_threefold_undefined(persons, rows):
    frame = sample().filter((pl.col("group") == "a") | (pl.col("records") != "2"))
    found = terms(rows(persons(frame)))
    mine = (frame["group"] == "a").to_numpy()
    levels = [frame[axis] == level for axis in ("conduct", "records", "stratum") for level in ("1", "2")]
    design = np.column_stack([np.ones(frame.height), *levels, mine]).astype(float)
    pooled = sm.OLS(frame["selected"].to_numpy().astype(float), design).fit().params
    explained = (design[mine].mean(axis=0) - design[~mine].mean(axis=0))[:-1] @ pooled[:-1]
    assert found["explained"]["value"] == pytest.approx(explained, abs=1e-12)
    assert found["unexplained"]["value"] == pytest.approx(found["gap"]["value"] - explained, abs=1e-12)
    for term in ("endowments", "interaction"):
        assert (found[term]["value"], found[term]["low"], found[term]["status"]) == (None, None, "fit_failed")
        assert "hold only one of the two groups" in found[term]["note"]
    assert found["coefficients"]["value"] is not None  # at the levels of the reference, all of which the group has


def test_axes_that_say_the_same_are_explained_together_and_not_apart(persons, rows):
    frame = sample().with_columns(pl.col("records").alias("conduct"))
    found, plain = terms(rows(persons(frame))), values(rows(persons(frame.drop("conduct"))))
    for term in ("explained", "unexplained", "endowments", "coefficients", "explained: stratum"):
        assert found[term]["value"] == pytest.approx(plain[term], abs=1e-12)
    for term in ("explained: conduct", "explained: records"):
        assert (found[term]["value"], found[term]["status"]) == (None, "fit_failed")
        assert "cannot tell them apart" in found[term]["note"]


def test_a_group_that_its_levels_give_away_is_not_told_from_them(persons, rows):
    frame = sample().with_columns(pl.col("group").alias("records"))
    found = terms(rows(persons(frame.drop("conduct", "stratum"))))
    assert found["gap"]["value"] is not None
    assert {found[t]["status"] for t in ("explained", "unexplained", "explained: records")} == {"fit_failed"}
    assert "0.0% of persons are in cells that hold both groups" in found["explained"]["note"]


def test_intervals_are_those_of_replicates(persons, rows, study):
    counts = persons(sample())
    found = terms(rows(counts))
    table = next(tables(counts, study("b")))
    cells = np.stack([table.selected, table.persons - table.selected], axis=-1)
    values = []
    for drawn in next(resample.replicates(cells.reshape(-1), 300, resample.philox(1))):
        again = drawn.reshape(cells.shape)
        values.append(of_table(type(table)(table.told, table.axes, again[..., 0], again.sum(axis=-1))).values())
    names = (*TERMS, *(f"explained: {axis}" for axis in table.axes))
    for term, error in zip(names, np.std(values, axis=0), strict=True):
        width = found[term]["high"] - found[term]["low"]
        assert width / (2 * 1.959964) == pytest.approx(error, rel=0.12), term
    assert found["gap"]["method"] == "Newcombe"
    assert found["explained"]["method"] == "infinitesimal jackknife"


@pytest.mark.parametrize("flag", [True, False])
def test_nobody_and_everybody_selected(persons, rows, flag):
    found = terms(rows(persons(sample().with_columns(selected=pl.lit(flag)))))
    for term, row in found.items():
        assert row["value"] == pytest.approx(0, abs=1e-12)
        if term != "gap":
            assert row["low"] is None
            assert row["note"].startswith("fewer than 10 selected")


def test_an_axis_of_one_level_explains_nothing(persons, rows):
    frame = sample().with_columns(records=pl.lit("0")).drop("conduct", "stratum")
    found = values(rows(persons(frame)))
    assert (found["explained"], found["explained: records"], found["endowments"]) == (0, 0, 0)
    assert found["unexplained"] == pytest.approx(found["gap"]) == pytest.approx(found["coefficients"])


def test_one_group_and_a_reference_to_which_nobody_belongs(persons, rows):
    alone = rows(persons(sample().filter(pl.col("group") == "a")))
    assert set(alone["status"]) == {"single_group"}
    absent = rows(persons(sample()), "z")
    assert set(absent["status"]) == {"not_applicable"}
    assert absent["value"].null_count() == absent.height


def test_over_seeds_each_term_is_the_mean(persons, rows):
    parts = persons(sample(seed=1)), persons(sample(seed=2), seed=2)
    found = terms(rows(parts[0] + parts[1]), "seeds")
    single = [terms(rows(part))["explained"]["value"] for part in parts]
    assert found["explained"]["value"] == pytest.approx(np.mean(single))
    assert found["explained"]["low"] < found["explained"]["value"]
