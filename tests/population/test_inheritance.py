"""A recipe that extends another, and the tables of its own that it brings."""

import pytest

from scoring import population, workspace
from scoring.documents import Refused
from scoring.population.inheritance import beside, whole

CITY = """\
recipe: my_city
extends: national_2020
title: My city
version: 1
sources: {CITY: {title: Statistics of my city, where: my city}}
subjects:
  person:
    attributes:
      residence:
        margin: {table: residence.csv, mark: documented, source: CITY}
      age5:
        margin: null
    held_out:
      cars: null
"""
TABLE = '# where people live, my city 2023\nresidence,count\nurban,"1,200,000"\nrural,800000\n'


@pytest.fixture
def city(tmp_path):
    """Write a city and its table with some words changed; return the recipe's path."""

    def write(recipe=("", ""), table=TABLE):
        (tmp_path / "residence.csv").write_text(table, encoding="utf-8")
        path = tmp_path / "my_city.yaml"
        assert recipe[0] in CITY
        path.write_text(CITY.replace(*recipe) if recipe[0] else CITY)
        return path

    return write


def shipped(name):
    return workspace.find("recipe", name)


def load(path, kinds=("person",)):
    return population.load(path, kinds, shipped)


def refused(path):
    with pytest.raises(Refused) as told:
        load(path)
    return [str(p) for p in told.value.problems]


def test_a_city_states_only_what_differs(city):
    mine, base = load(city()).subject(), load(shipped("national_2020")).subject()
    assert mine.attributes["residence"].margin.shares == {"urban": 0.6, "rural": 0.4}
    assert mine.attributes["residence"].margin.source == "CITY"
    assert mine.attributes["residence"].shares == base.attributes["residence"].shares
    assert mine.attributes["age5"].margin is None
    assert set(base.held_out) - set(mine.held_out) == {"cars"}
    changed = {"residence", "age5"}
    assert all(mine.attributes[n] == a for n, a in base.attributes.items() if n not in changed)
    assert list(mine.attributes) == list(base.attributes)
    assert (mine.records, mine.latent, mine.chain) == (base.records, base.latent, base.chain)


def test_the_share_of_the_table_is_drawn(city):
    plan = population.compile_recipe(load(city()), "equal_conduct")
    urban = (population.people(plan, population.BLOCK, 1)["residence"] == "urban").mean()
    assert urban == pytest.approx(0.6, abs=0.012)


def test_every_shipped_recipe_draws_and_names_itself():
    for name, path in workspace.names("recipe").items():
        recipe = population.load(path)
        assert recipe.name == name
        assert set(recipe.subjects) == {"person", "firm", "government_body"}
        for kind in recipe.subjects:
            assert population.draw(population.compile_recipe(recipe, "mixed", kind), 1, 0, 50).height == 50


def test_an_invented_prefecture_says_so():
    recipe = population.load(shipped("inland_prefecture"), [])
    base = population.load(shipped("national_2020"), [])
    assert "assumed throughout" in recipe.title
    for kind, subject in recipe.subjects.items():
        for name, attribute in subject.attributes.items():
            if attribute != base.subjects[kind].attributes[name]:
                assert (attribute.margin or attribute).mark == "assumed", (kind, name)


def test_a_fault_is_told_in_the_file_that_states_it(city, tmp_path):
    told = refused(city(table="residence,count\nurban,6\nrual,4\n"))
    assert told == [
        f"{tmp_path}/residence.csv:3  $.subjects.person.attributes.residence.margin.shares.rual: "
        "unknown level of residence 'rual' — did you mean 'rural'?"
    ]


def test_every_value_knows_the_file_that_states_it():
    here = whole(shipped("weihai_2020"), beside(shipped("weihai_2020")))
    assert here.place(("subjects", "person", "records", "bravery"))[0].endswith("national_2020.yaml")
    assert here.place(("subjects", "person", "totals", "population"))[0].endswith("weihai_2020.yaml")


TABLES = [
    ("residence,count\nurban,6\nurban,4\n", ":3  $: the cell 'urban' stands twice, first in line 2"),
    ("residence,count\nurban,many\nrural,-4\n", ":2  $: 'many' is no count"),
    ("residence,share\nurban,60\nrural,40\n", ":2  $: '60' is no share"),
    ("residence,share\nurban,.6\nrural,.3\n", "shares sum to 0.9, not 1"),
    ("residence,count\nurban,0\nrural,0\n", ":1  $: every count is 0"),
    ("residense,count\nurban,6\nrural,4\n", ":1  $: column 'residense' is not household_form or residence"),
    ("residence,count\nurban,6,1\nrural,4\n", ":2  $: 3 fields for 2 columns"),
    ("residence,residence,count\nurban,urban,6\n", ":1  $: column 'residence' stands twice"),
    ("residence,count,share\nurban,6,.6\nrural,4,.4\n", ":1  $: a column 'count' and a column 'share'"),
    ("residence\nurban\nrural\n", ":1  $: no column 'count' or 'share' — only margins are taken"),
    ("", "$: no table: a heading and a row a cell"),
]


@pytest.mark.parametrize(("table", "told"), TABLES)
def test_a_table_that_is_no_margin_is_refused(city, table, told):
    assert any(told in problem for problem in refused(city(table=table))), refused(city(table=table))


INDIVIDUALS = [
    ("person_id,residence\n1,urban\n", "column 'person_id' identifies individuals"),
    ("身份证号,residence\n1,urban\n", "column '身份证号' identifies individuals"),
    ("姓名,residence,count\n甲,urban,1\n", "column '姓名' holds names"),
    ("who,residence\n王小明,urban\n李静,rural\n张伟,urban\n", "column 'who' holds names of persons"),
    ("x,residence\n11010519491231002X,urban\n", "column 'x' holds 18-digit numbers"),
    ("x,residence\n91110000100001234A,urban\n", "column 'x' holds unified social credit codes"),
    ("x,residence\n13812345678,urban\n", "column 'x' holds mobile numbers"),
    ("x,residence\na@b.cn,urban\n", "column 'x' holds e-mail addresses"),
    ("date_of_birth,residence\n1990,urban\n", "column 'date_of_birth' holds dates of birth"),
    (
        "x,residence\n" + "".join(f"{10_000 + i},urban\n" for i in range(25)),
        "column 'x' has another number in each row",
    ),
    ("residence,count\n" + "urban,1\n" * 25, "column 'count' is 1 in every row"),
]


@pytest.mark.parametrize(("table", "told"), INDIVIDUALS)
def test_rows_of_individuals_are_refused_by_column_and_pattern(city, table, told):
    problems = refused(city(table=table))
    assert any(f":1  $: {told}" in problem for problem in problems), problems
    assert all("rows of individuals never" in problem for problem in problems)


RECIPES = [
    (("extends: national_2020", "extends: nationl_2020"), "my_city.yaml:2  $.extends: nationl_2020: no recipe"),
    (("extends: national_2020", "extends: [a]"), "$.extends: the name of a recipe is expected"),
    (("residence.csv", "residense.csv"), "no such file: "),
    (("table: residence.csv,", "table: residence.csv, shares: {urban: 1},"), "a table and shares"),
    (("mark: documented, source: CITY", "mark: documented"), "required key 'source' is missing"),
    (("source: CITY}", "source: CITI}"), "unknown source 'CITI' — did you mean 'CITY'?"),
    (("residence:", "residense:"), "column 'residence' is not residense — did you mean 'residense'?"),
    (("      age5:", "      age6:"), "attributes.age6.levels: required key 'levels' is missing"),
]


@pytest.mark.parametrize(("change", "told"), RECIPES)
def test_a_city_that_is_wrong_is_told_where(city, change, told):
    problems = refused(city(change))
    assert any(told in problem for problem in problems), problems


def test_recipes_that_extend_each_other_are_refused(tmp_path):
    for one, other in (("a", "b"), ("b", "a")):
        (tmp_path / f"{one}.yaml").write_text(f"recipe: {one}\nextends: {other}\n")
    with pytest.raises(Refused, match=r"a recipe cannot extend itself: a → b → a"):
        population.load(tmp_path / "a.yaml")
