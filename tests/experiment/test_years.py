"""Years, lists that take over lists, and experiments over several kinds of subject."""

import polars as pl
import pytest

from scoring import experiment, population, workspace
from scoring.documents import Refused
from scoring.experiment import config

BASE = """\
experiment: lives
asks: Who stays on a list?
people: {recipe: weihai_2020, n: 30_000, years: 4}
seeds: 1
worlds: [equal_conduct]
schemes: [judgment_defaulters_2017]
groups: [income_quintile]
"""


@pytest.fixture
def declared(tmp_path, monkeypatch):
    """Run a text as an experiment in an empty folder."""

    def run(text=BASE, **options):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "lives.yaml").write_text(text)
        return experiment.run("lives.yaml", **options)

    return run


def by_hand(years, n=30_000):
    """Follow every subject through the years in plain Polars, term by term."""
    plan = population.compile_recipe(population.load(workspace.find("recipe", "weihai_2020")), "equal_conduct")
    scheme = experiment.scheme("judgment_defaulters_2017")
    days = served = pl.Series([0] * n)
    told = []
    for year in range(years):
        people = population.people(plan, n, 1, year)
        frame = people.with_columns(prior__days=days, prior__served=served)
        out = scheme.score(frame)
        adults = out.filter(pl.col("coverage") == "scored")
        told.append(
            (
                adults["listed"].sum(),
                (adults["listed"] & (adults["prior__days"] == 0)).sum(),
                (adults["listed"] & (adults["next__days"] == 0)).sum(),
                adults.height,
            )
        )
        days, served = out["next__days"].fill_null(0), out["next__served"].fill_null(0)
    return told


def test_turnover_is_what_a_plain_count_gives(declared):
    result = declared()
    told = by_hand(4)
    assert told[3][0] > told[0][0] > 0
    for year, (listed, entered, leaves, n) in enumerate(told):
        mine = {"group_by": "everyone", "period": year, "uncertainty": "seeds"}
        assert result.where(measure="listed_rate", **mine)["value"].item() == pytest.approx(listed / n)
        assert result.where(measure="entry_rate", **mine)["value"].item() == pytest.approx(entered / n)
        assert result.where(measure="exit_rate", **mine)["value"].item() == pytest.approx(leaves / listed)
        ratio = result.where(measure="exits_over_entries", **mine)["value"].item()
        assert ratio == pytest.approx(leaves / entered)
    final = result.where(measure="selection_rate", outcome="listed", group_by="everyone", uncertainty="seeds")
    assert final["value"].item() == pytest.approx(told[3][0] / told[3][3])


def test_a_year_without_a_past_is_the_first_of_many(declared):
    one = declared(BASE.replace("years: 4", "years: 1"))
    first = declared().where(measure="entry_rate", period=0)
    assert one.where(measure="entry_rate", period=0)["value"].to_list() == first["value"].to_list()


def test_like_outcomes_of_unlike_subjects_are_not_put_side_by_side(declared):
    text = BASE.replace("n: 30_000, years: 4", "n: 5_000, years: 1").replace(
        "[income_quintile]", "{person: [sex], firm: [size]}"
    )
    result = declared(text.replace("_2017]", "_2017, judgment_defaulters_firms, wage_arrears_2022]"))
    beside = result.frame().filter(pl.col("versus").is_not_null())
    assert set(zip(beside["scheme"], beside["versus"], strict=True)) == {
        ("wage_arrears_2022", "judgment_defaulters_firms")
    }
    firms = result.where(scheme="wage_arrears_2022", measure="selection_rate", outcome="listed", group_by="size")
    assert set(firms["group"]) == {"micro", "small", "medium", "large"}


def test_what_does_not_fit_is_told(declared):
    with pytest.raises(Refused, match="unknown record of a person 'judgment_refusl'"):
        declared(BASE + "events: {person: {judgment_refusl: 1}}\n")
    with pytest.raises(Refused, match="unknown attribute 'size'"):
        declared(BASE.replace("[income_quintile]", "{person: [size]}"))
    assert config.load("tiny").kinds == ["person"]


def test_a_points_scheme_that_takes_over_a_list_shows_an_example(declared):
    text = (
        BASE.replace("years: 4", "years: 1")
        .replace("30_000", "3_000")
        .replace("schemes: [", "schemes: [wendeng_2020, ")
    )
    result = declared(text)
    assert result.manifest["example_ledgers"]["wendeng_2020"]["rows"]
    bands = result.where(measure="band_rate", scheme="wendeng_2020", term="D", group_by="everyone", uncertainty="seeds")
    assert bands["value"].item() > 0


def test_transitions_are_what_a_plain_count_gives(declared):
    result = declared(BASE.replace("[income_quintile]", "[sex]").replace("schemes: [", "schemes: [rongcheng_2016, "))
    plan = population.compile_recipe(population.load(workspace.find("recipe", "weihai_2020")), "equal_conduct")
    scheme, n = experiment.scheme("rongcheng_2016"), 30_000
    years = [scheme.score(population.people(plan, n, 1, year))["band"].cast(pl.String) for year in range(4)]
    women = (population.people(plan, n, 1, 0)["sex"].cast(pl.String) == "female").to_numpy()

    def found(**of):
        told = {"scheme": "rongcheng_2016", "group": "female", "uncertainty": "seeds", **of}
        return result.where(**told)["value"].item()

    bands = [band.to_numpy() for band in years]
    scored = [band != "unscored" for band in bands]
    for year in (1, 2, 3):
        both = women & scored[year - 1] & scored[year]
        moved = (bands[year] != bands[year - 1])[both].mean()
        assert found(measure="churn", term="any", period=year) == pytest.approx(moved)
        from_b = women & scored[0] & scored[year] & (bands[0] == "B")
        stays = (bands[year] == "B")[from_b].mean()
        assert found(measure="still_in_place", term="B", period=year) == pytest.approx(stays)
    from_a = women & (bands[2] == "A") & scored[3]
    assert from_a.sum() > 100
    assert found(measure="transition_rate", term="A → B") == pytest.approx((bands[3] == "B")[from_a].mean())
    lists = {"scheme": "judgment_defaulters_2017", "group_by": "everyone", "uncertainty": "seeds"}
    came = result.where(measure="churn", term="downward", period=2, **lists)["value"].item()
    entered = result.where(measure="entry_rate", period=2, **lists)["value"].item()
    assert came == pytest.approx(entered, rel=0.02)  # who was under age the year before may enter unscored


def test_one_year_has_no_transitions(declared):
    result = declared(BASE.replace("years: 4", "years: 1"))
    assert result.where(measure="churn").is_empty()
