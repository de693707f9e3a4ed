"""A recipe: every fault told at once, each with its line; what the law and the worlds of a recipe do."""

import pytest

from scoring import population, workspace
from scoring.documents import Refused, parse
from scoring.population.validation import checked

SMALL = """\
recipe: small
title: Small
version: 1
protected: [sex]
sources: {A: {title: ours}}
worlds:
  first: {gap_in_conduct: 0, label: one}
  second: {gap_in_conduct: 1, law: {ticket: lawful}, label: two}
attributes:
  sex: {levels: [female, male], shares: {"": [.5, .5]}, mark: assumed, source: A}
  income: {levels: [low, high], given: [sex], shares: {female: [.4, .6], male: [.3, .7]}, mark: assumed, source: A}
  home:
    {levels: [own, rent], given: [income], shares: {"*": [.5, .5]}, odds: {income: {low: {rent: 2}}},
     margin: {shares: {own: .6, rent: .4}, mark: assumed, source: A}, mark: assumed, source: A}
derived: {wealth: {from: income, levels: {poor: [low], rich: [high]}}}
latent:
  z: {resources: {income: {low: .3}}, mark: assumed, source: A}
chain: {share: {p: .9}, link: {p: .9}}
records:
  ticket:
    label: a ticket
    polarity: adverse
    agency: police
    harm: 1
    at_risk: {home: [own]}
    rate: .1
    conduct: {z: .5}
    law: {forbidden: .5, alternatives: {lawful: 0}}
    detect: {p: .5, by: {sex: {male: {value: 2, range: [1, 3]}}}}
    mark: assumed
    source: A
"""

FAULTS = [
    ("protected: [sex]", "protected: [sxe]", 4, "unknown attribute 'sxe'"),
    ("law: {ticket: lawful}", "law: {tickt: lawful}", 8, "unknown record 'tickt'"),
    ("law: {ticket: lawful}", "law: {ticket: awful}", 8, "unknown alternative law of ticket 'awful'"),
    ('"": [.5, .5]', '"": [.5, .6]', 10, "sum to 1.1, not 1"),
    ('"": [.5, .5]', '"": [.5, .2, .3]', 10, "3 shares for 2 levels"),
    ("given: [sex], ", "given: [sx], ", 11, "unknown parent 'sx'"),
    ("given: [sex], ", "given: [home], ", 11, "'home' is not declared before 'income'"),
    ("given: [sex], ", "given: [income], ", 11, "'income' is not declared before 'income'"),
    ("male: [.3, .7]", "mail: [.3, .7]", 11, "unknown level of sex 'mail'"),
    (", male: [.3, .7]", "", 11, "no shares for the cell 'male'"),
    ("{low: {rent: 2}}", "{low: {rant: 2}}", 13, "unknown level 'rant'"),
    ("odds: {income: {low:", "odds: {sex: {male:", 13, "odds by 'sex', which is not given"),
    ("{own: .6, rent: .4}", "{own: .6, rent: .5}", 14, "sum to 1.1"),
    ("rich: [high]", "rich: [low]", 15, "'high' is held 0 times"),
    ("{income: {low: .3}}", "{sex: {male: .3}}", 17, "may not move conduct"),
    (", link: {p: .9}}", "}", 20, "no 'link' here"),
    ("at_risk: {home: [own]}", "at_risk: {home: [onw]}", 25, "did you mean 'own'?"),
    ("conduct: {z: .5}", "conduct: {y: .5}", 27, "unknown latent conduct 'y'"),
    ("range: [1, 3]", "range: [3, 4]", 29, "outside its range"),
    ("agency: police", "sourse: A", 23, "unknown key 'sourse'"),
    ("mark: assumed, source: A}\nchain", "mark: guessed, source: A}\nchain", 17, "'guessed' is not one of"),
    ("mark: assumed, source: A}\nchain", "mark: assumed, source: B}\nchain", 17, "unknown source 'B'"),
    ("mark: assumed, source: A}\nchain", "mark: assumed}\nchain", 17, "required key 'source' is missing"),
]


def small(text=SMALL):
    return checked(parse(text, "small.yaml"))


@pytest.mark.parametrize(("right", "wrong", "line", "told"), FAULTS)
def test_a_fault_is_told_with_its_line(right, wrong, line, told):
    assert SMALL.count(right) == 1
    with pytest.raises(Refused) as refused:
        small(SMALL.replace(right, wrong))
    assert (line, True) in [(p.line, told in str(p)) for p in refused.value.problems], refused.value


def test_all_faults_are_told_at_once():
    text = SMALL.replace('"": [.5, .5]', '"": [.5, .6]').replace("z: .5", "y: .5")
    with pytest.raises(Refused) as refused:
        small(text)
    assert [p.line for p in refused.value.problems] == [10, 27]


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("rate: .1", "rate: 9", "above what its exposure"),
        ('{"*": [.5, .5]}', '{"*": [0, 1]}', "its zeros leave no room"),
    ],
)
def test_numbers_that_cannot_be_met_are_refused_when_compiled(right, wrong, told):
    with pytest.raises(Refused, match=told):
        population.compile_recipe(small(SMALL.replace(right, wrong)), "first")


def test_an_alternative_law_changes_what_is_forbidden_and_not_what_happens():
    recipe = small(SMALL.replace("gap_in_conduct: 1", "gap_in_conduct: 0"))
    now, then = (population.people(population.compile_recipe(recipe, w), 20_000, 1) for w in ("first", "second"))
    assert now["n_ticket"].sum() > 0
    assert then["n_ticket"].sum() == then["hidden_harm_law"].sum() == 0
    touched = ["n_ticket", "hidden_harm_law"]
    assert then.drop(touched).equals(now.drop(touched))


def test_the_digest_covers_everything_a_draw_shows():
    changes = [("harm: 1", "harm: 3"), ("rate: .1", "rate: .2"), ("[.3, .7]", "[.31, .69]"), ("low: .3", "low: .4")]
    texts = [SMALL, *(SMALL.replace(*change) for change in changes)]
    assert len({population.compile_recipe(small(text), "first").digest for text in texts}) == len(texts)
    assert population.people(population.compile_recipe(small(), "first"), 0, 1).height == 0


def test_every_number_of_the_shipped_recipe_has_a_mark_and_a_source():
    recipe = population.load(workspace.find("recipe", "weihai_2020"))
    assert len(recipe.records) == 35
    triggers = list(recipe.records)
    court = triggers[triggers.index("judgment_refusal") : triggers.index("settlement_breach") + 1]
    assert sum(recipe.records[r].rate for r in court) == pytest.approx(0.0017)
