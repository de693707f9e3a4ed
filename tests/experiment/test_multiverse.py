"""An experiment that varies choices: the same people under every variant, and what cannot be varied."""

import polars as pl
import pytest

from scoring import experiment, population, workspace
from scoring.documents import Refused
from scoring.experiment import config, designs, parts
from scoring.experiment.multiverse import Multiverse

TEXT = """\
experiment: varied
asks: Does it hold in other universes?
people: {recipe: weihai_2020, n: 8000}
seeds: 2
worlds: [equal_conduct]
schemes: [rongcheng_2016, judgment_defaulters_2017, hangzhou_2018]
groups: [residence, income_quintile, [residence, sex]]
references: {residence: urban, income_quintile: q5}
draws: 2
primary:
  - {measure: selection_rate_ratio, outcome: commended, group: residence}
  - {measure: false_positive_rate_difference, outcome: listed, group: income_quintile}
measures: [selection_rate_ratio, universe_estimate, conclusion_share, robust, factor_importance, rank_stability]
vary:
  schemes.rongcheng_2016.bands.AA.low: [1010, 1020]
  schemes.rongcheng_2016.rules.contract_breach.points: [-60, -20]
  unscored: [left out, selected]
  tau: [1, 10]
"""


@pytest.fixture(scope="module")
def declared(tmp_path_factory):
    path = tmp_path_factory.mktemp("varied") / "varied.yaml"
    path.write_text(TEXT)
    return config.load(path)


@pytest.fixture(scope="module")
def cubes(declared):
    return parts.pool(parts.chunks(declared, designs.ready(declared), None, 1, lambda done, total: None))


def test_the_variant_as_published_is_what_was_counted_anyway(cubes):
    axes = ["scheme", "draw", "seed", "group_by", "group", "outcome", "selected", "harm"]
    mine = cubes["universe"].where(variant=0).cells.filter(pl.col("selected") >= 0)
    mine = mine.with_columns(pl.col("selected") == 1).select(*axes, "n").sort(axes)
    asked = mine.select("scheme", "group_by", "outcome").unique()
    theirs = cubes["outcome"].cells.join(asked, on=["scheme", "group_by", "outcome"], how="semi")
    assert mine.equals(theirs.select(*axes, "n").sort(axes))
    assert set(mine["group_by"]) == {"residence", "income_quintile"}


def test_a_variant_is_the_scheme_with_that_text(declared, cubes, tmp_path):
    text = workspace.find("scheme", "rongcheng_2016").read_text(encoding="utf-8")
    (tmp_path / "rongcheng_2016.yaml").write_text(
        text.replace("low: 960, high: 1029", "low: 960, high: 1009")
        .replace("low: 1030, high: 1049", "low: 1010, high: 1049")
        .replace("per: n_contract_breach, points: -20", "per: n_contract_breach, points: -60"),
        encoding="utf-8",
    )
    changed = config.load(declared.file)
    schemes = {**changed.schemes, "rongcheng_2016": experiment.scheme(tmp_path / "rongcheng_2016.yaml")}
    other = config.Declared(changed.config.model_copy(update={"vary": {}}), changed.recipe, schemes, changed.file)
    outcome = parts.pool(parts.chunks(other, designs.ready(other), None, 1, lambda done, total: None))["outcome"]
    at = {"scheme": "rongcheng_2016", "group_by": "residence", "outcome": "commended"}
    keys = ["seed", "group", "selected"]
    expected = outcome.where(**at).marginal(keys)
    found = cubes["universe"].where(**at, variant=1, selected=[0, 1]).marginal(keys).cells
    assert found.with_columns(pl.col("selected") == 1).sort(keys).equals(expected.cells)
    plain = cubes["outcome"].where(**at).marginal(keys).cells
    assert not expected.cells.equals(plain)


def test_only_schemes_that_a_choice_touches_are_scored_again(cubes):
    of = cubes["universe"].cells.group_by("scheme").agg(pl.col("variant").unique().sort())
    assert dict(of.iter_rows()) == {
        "rongcheng_2016": [0, 1, 2, 3, 4],
        "judgment_defaulters_2017": [0],
        "hangzhou_2018": [0],
    }


def test_every_question_of_the_multiverse_is_answered(declared):
    rows = experiment.run(declared.file).rows
    named = set(declared.config.measures)
    assert set(rows["measure"]) == named
    zero = rows.filter(pl.col("term") == "0", pl.col("scheme") == "rongcheng_2016")
    assert zero.height == 1
    plain = rows.filter(
        pl.col("measure") == "selection_rate_ratio",
        pl.col("scheme") == "rongcheng_2016",
        pl.col("outcome") == "commended",
        pl.col("group") == "rural",
        pl.col("uncertainty") == "audit",
    )
    assert zero["low"][0] < plain["value"][0] < zero["high"][0]
    drawn = rows.filter(pl.col("scheme") == "hangzhou_2018", pl.col("measure") == "universe_estimate")
    assert set(drawn["draw"]) == {0, 1}
    assert rows.filter(pl.col("value").is_null() & pl.col("note").is_null()).is_empty()


def test_nothing_varied_counts_nothing(declared):
    plan = population.compile_recipe(declared.recipe, "equal_conduct")
    assert Multiverse.of(declared.config, plan) is not None
    assert Multiverse.of(declared.config.model_copy(update={"vary": {}}), plan) is None


def refused(text, tmp_path):
    (tmp_path / "x.yaml").write_text(text)
    with pytest.raises(Refused) as refusal:
        config.load(tmp_path / "x.yaml")
    return [(p.path.removeprefix("$.vary.").removeprefix("$."), p.what, p.hint) for p in refusal.value.problems]


HEAD = TEXT.partition("vary:")[0]


@pytest.mark.parametrize(
    ("vary", "what", "hint"),
    [
        ("schemes.rongcheng_2016.rules.contract_breech.points: [-1, -2]", "no 'contract_breech'", "'contract_breach'?"),
        ("schemes.rongcheng_2061.rules.contract_breach.points: [-1, -2]", "no design", "'rongcheng_2016'?"),
        ("scheme.rongcheng_2016.rules.contract_breach.points: [-1, -2]", "matches nothing", "'schemes'?"),
        ("weather: [fine, foul]", "matches nothing", "schemes.NAME.PATH"),
        ("tau: [1, 7]", "7 is not a threshold", "known: 1, 3, 10"),
        ("unscored: [left out, selcted]", "'selcted' is not a reading", "did you mean 'selected'?"),
        ("reference.residnce: [urban, rest]", "no primary comparison is by residnce", "did you mean 'residence'?"),
        ("reference.residence: [urban, rurall]", "'rurall' is not a level", "did you mean 'rural'?"),
        ("reference.residence: [urban, urban]", "given twice", ""),
        ("schemes.rongcheng_2016.rules.contract_breach.points: [-1, x]", "'x' in rongcheng_2016", ""),
    ],
)
def test_what_matches_nothing_is_one_clear_problem(vary, what, hint, tmp_path):
    problems = refused(f"{HEAD}vary:\n  {vary}\n", tmp_path)
    assert len(problems) == 1
    assert what in problems[0][1]
    assert hint in problems[0][2]


def test_one_value_is_no_choice(tmp_path):
    assert len(refused(f"{HEAD}vary:\n  tau: [10]\n", tmp_path)) == 1


def test_without_a_declared_comparison_there_is_nothing_to_ask(tmp_path):
    text = HEAD.partition("primary:")[0] + "vary:\n  unscored: [left out, selected]\n"
    assert [what for _, what, _ in refused(text, tmp_path)] == [
        "nothing primary is declared that a universe could be asked"
    ]


CRITERION = "  - {measure: selection_rate, outcome: commended, group: residence, direction: higher}\n"


@pytest.mark.parametrize(
    ("criteria", "what", "hint"),
    [
        (CRITERION * 6, "6 criteria are declared, at most 5 are compared", ""),
        (CRITERION.replace("selection_rate", "selection_rat"), "unknown measure", "did you mean 'selection_rate'?"),
        (CRITERION.replace("commended", "comended"), "unknown outcome", "did you mean 'commended'?"),
        (CRITERION.replace("residence", "residenc"), "unknown group", "did you mean 'residence'?"),
        (CRITERION.replace("higher", "highest"), "'highest' is not one of", "did you mean 'higher'?"),
    ],
)
def test_criteria_are_few_and_known(criteria, what, hint, tmp_path):
    problems = refused(f"{HEAD}criteria:\n{criteria}", tmp_path)
    assert len(problems) == 1
    assert what in problems[0][1]
    assert hint in problems[0][2]
