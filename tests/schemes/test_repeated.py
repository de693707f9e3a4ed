"""One frame under many schemes that are nearly alike, and a text with one value chosen otherwise."""

import polars as pl
import pytest

from scoring import population, schemes, workspace
from scoring.documents import Document
from scoring.experiment.people import recipe_of
from scoring.schemes.choices import NoSuchPart, choice_faults, value_at, with_choice

NAMES = ["rongcheng_2016", "wendeng_2020", "judgment_defaulters_2017", "hangzhou_2018", "no_scheme", "suining_2010"]


def load(name):
    return schemes.load(workspace.find("scheme", name))


@pytest.fixture(scope="module")
def people():
    recipe = recipe_of(workspace.find("recipe", "weihai_2020"))
    return population.people(population.compile_recipe(recipe, "equal_conduct"), 20_000, 1).with_columns(
        pl.col("n_judgment_refusal").clip(0, 1).cast(pl.Int8).alias("listed__judgment_defaulters_2017")
    )


def same(scheme, again):
    told, found = scheme.score(again.frame), again.verdicts(scheme)
    scored = (told["coverage"].cast(pl.String) == "scored").to_numpy()
    assert (found.scored == scored).all()
    for name in scheme.outcomes:
        assert (found.selected[name][scored] == told[name].to_numpy()[scored]).all(), name


@pytest.mark.parametrize("name", NAMES)
def test_verdicts_are_those_of_scoring(name, people):
    loaded = load(name)
    drawn = loaded.draws(3) if isinstance(loaded, schemes.Family) else [loaded]
    again = schemes.Repeated(people.select(drawn[0].reads))
    for scheme in drawn:
        same(scheme, again)


def test_every_variant_of_points_cuts_conditions_and_outcomes_is_scored_as_it_would_be_alone(people):
    text = load("rongcheng_2016").text
    again = schemes.Repeated(people)
    for choices in (
        {("rules", "contract_breach", "points"): -90},
        {("rules", "traffic_violation", "cap"): -10, ("base", "points"): 1020},
        {("bands", "AA", "low"): 1005},
        {("outcomes", "commended", "bands"): ["AAA"]},
        {("direct_bands", "drink_driving", "band"): "D", ("eligibility", "when"): "age >= 16"},
        {("rules", "honour_city", "when"): "residence == urban"},
        {},
    ):
        same(schemes.chosen(text, choices), again)


def test_a_cut_moves_for_both_of_its_bands():
    text = with_choice(load("rongcheng_2016").text, ("bands", "AA", "low"), 1005)
    assert value_at(text, ("bands", "A", "high")) == 1004
    text = with_choice(text, ("bands", "C", "high"), 870)
    assert value_at(text, ("bands", "B", "low")) == 871
    assert with_choice(text, ("bands", "AAA", "low"), 1060).bands[-1].low == 1060


@pytest.mark.parametrize(
    ("path", "values", "what", "hint"),
    [
        (("rules", "contract_breech", "points"), [1], "no 'contract_breech'", "did you mean 'contract_breach'?"),
        (("rules", "contract_breach", "pionts"), [1], "no 'pionts'", "did you mean 'points'?"),
        (("rules", "contract_breach"), [1], "is no single value", "name one of its values"),
        (("rules", "fighting", "points"), [-5], "never fires", ""),
        (("rules", "contract_breach", "points"), ["many"], "'many' in rongcheng_2016", ""),
        (("rules", "contract_breach", "when"), ["n_ticket >"], "expected a value", ""),
        (("outcomes", "commended", "bands"), [["AAAA"]], "AAAA", ""),
        (("bands", "AA", "low"), [700], "700 in rongcheng_2016", ""),
    ],
)
def test_what_cannot_be_chosen_is_one_clear_problem(path, values, what, hint):
    text = load("rongcheng_2016").text
    problems = list(choice_faults(Document("x", {}, {}), ("vary", "x"), text, path, values))
    assert len(problems) == 1
    assert what in problems[0].what
    assert hint in problems[0].hint


def test_what_a_family_draws_is_not_chosen_beside_its_range():
    text = load("hangzhou_2018").text
    rule = next(rule for rule in text.rules if rule.range)
    path = ("rules", rule.id, "points")
    problems = list(choice_faults(Document("x", {}, {}), ("vary", "x"), text, path, [1, 2]))
    assert [problem.hint for problem in problems] == ["vary its range"]


def test_a_path_that_matches_nothing_is_never_passed_over():
    with pytest.raises(NoSuchPart):
        with_choice(load("rongcheng_2016").text, ("rules", "nothing", "points"), 1)
