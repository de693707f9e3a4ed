"""A recipe: every fault told at once, each with its line; what the law and the worlds of a recipe do."""

import pytest

from scoring import population, workspace
from scoring.documents import Refused, parse
from scoring.population.faults import checked

SMALL = """\
recipe: small
title: Small
version: 1
sources: {A: {title: ours}, H: {title: held}}
worlds:
  first: {label: one}
  second: {gap_in_conduct: 1, law: {ticket: lawful}, label: two}
  third: {planted: {layer: law, by: {sex: {male: 3}}}, label: three}
subjects:
  person:
    protected: [sex]
    households: {forms: {alone: [adult], pair: [adult, adult]}, shares: {alone: .4, pair: .6}, mark: assumed, source: A}
    attributes:
      town:
        {levels: [east, west], household: true, given: [household_form], shares: {"*": [.5, .5]},
         mark: assumed, source: A}
      sex: {levels: [female, male], shares: {"": [.5, .5]}, mark: assumed, source: A}
      income: {levels: [low, high], given: [sex], shares: {female: [.4, .6], male: [.3, .7]}, mark: assumed, source: A}
      home:
        {levels: [own, rent], given: [sex, income], shares: {"* & *": [.5, .5]}, odds: {income: {low: {rent: 2}}},
         margin: {by: [sex], shares: {female & own: .3, male & own: .28}, mark: assumed, source: A},
         mark: assumed, source: A}
      last: {levels: [a, b], shares: {"": [.25, .75]}, mark: assumed, source: A}
    derived: {wealth: {from: income, levels: {poor: [low], rich: [high]}}}
    quantities:
      yuan:
        {within: income, cuts: [9000], given: sex, lognormal: {female: {mu: 9, sigma: 1}, male: {mu: 9, sigma: 1}},
         unit: yuan, mark: assumed, source: A}
    latent:
      z: {resources: {income: {low: .3}}, mark: assumed, source: A}
    pressures: {fear: {label: fear, mark: assumed, source: A}}
    chain: {share: {p: .9}, link: {p: .9}}
    records:
      ticket:
        label: a ticket
        polarity: adverse
        agency: police
        severity: minor
        at_risk: {home: [own]}
        rate: .1
        conduct: {z: .5}
        pressure: {fear: -.5}
        law: {forbidden: .5, alternatives: {lawful: {forbidden: 0}}}
        detect: {p: .5, by: {sex: {male: {value: 2, range: [1, 3]}}}}
        mark: assumed
        source: A
    strata: {owners: {where: {home: [own]}, others: 10}}
    totals: {population: {value: 1000, mark: assumed, source: A}}
    held_out: {rent: {of: home, by: [town], shares: {east & rent: .4}, mark: assumed, source: H}}
"""

FAULTS = [
    ("protected: [sex]", "protected: [sxe]", "unknown attribute 'sxe'"),
    ("law: {ticket: lawful}", "law: {tickt: lawful}", "unknown record 'tickt'"),
    ("law: {ticket: lawful}", "law: {ticket: awful}", "unknown alternative law of ticket 'awful'"),
    ("by: {sex: {male: 3}}", "by: {sxe: {male: 3}}", "unknown attribute 'sxe'"),
    ("by: {sex: {male: 3}}", "by: {sex: {mail: 3}}", "unknown level of sex 'mail'"),
    ("third: {planted", "third: {gap_in_conduct: 1, planted", "planted where nothing else differs"),
    ("shares: {alone: .4,", "shares: {alon: .4,", "form 'alon' needs both"),
    ("given: [household_form]", "given: [sex]", "'sex' differs inside a household"),
    ('shares: {"": [.5, .5]}', 'shares: {"": [.5, .6]}', "sum to 1.1, not 1"),
    ('shares: {"": [.5, .5]}', 'shares: {"": [.5, .2, .3]}', "3 shares for 2 levels"),
    ("high], given: [sex], ", "high], given: [sx], ", "unknown parent 'sx'"),
    ("high], given: [sex], ", "high], given: [home], ", "a cycle: income → home → income"),
    ("high], given: [sex], ", "high], given: [income], ", "a cycle: income → income"),
    ("high], given: [sex], ", "high], given: [late], ", "unknown parent 'late'"),
    (
        "{levels: [own, rent], given: [sex, income]",
        "{levels: [own, rent], given: [sex, last]",
        "'last' is not declared before 'home'",
    ),
    ("male: [.3, .7]", "mail: [.3, .7]", "unknown level of sex 'mail'"),
    (", male: [.3, .7]", "", "no shares for the cell 'male'"),
    ('shares: {"* & *": ', 'shares: {"* & * & *": [.5, .5], "* & *": ', "3 parts for 2 given"),
    ("{low: {rent: 2}}", "{low: {rant: 2}}", "unknown level 'rant'"),
    ("odds: {income: {low:", "odds: {town: {west:", "odds by 'town', which is not given"),
    ("male & own: .28", "male & own: .8", "sum to 1.1"),
    ("male & own: .28", "female & own: .28", "the key stands twice"),
    ("male & own: .28", "male & owm: .28", "unknown level of home 'owm'"),
    ("by: [sex], shares: {female", "by: [town], shares: {female", "not among given, in their order"),
    ("rich: [high]", "rich: [low]", "'high' is held 0 times"),
    ("cuts: [9000]", "cuts: [9000, 8000]", "2 cuts for 2 levels of income"),
    ("lognormal: {female:", "lognormal: {femal:", "level 'female' of sex must stand once"),
    ("{income: {low: .3}}", "{sex: {male: .3}}", "may not move conduct"),
    (", link: {p: .9}}", "}", "required key 'link' is missing"),
    ("severity: minor", "severity: mnor", "'mnor' is not one of"),
    ("at_risk: {home: [own]}", "at_risk: {home: [onw]}", "did you mean 'own'?"),
    ("conduct: {z: .5}", "conduct: {y: .5}", "unknown latent conduct 'y'"),
    ("pressure: {fear: -.5}", "pressure: {feer: -.5}", "unknown pressure 'feer'"),
    ("range: [1, 3]", "range: [3, 4]", "outside its range"),
    ("agency: police", "sourse: A", "unknown key 'sourse'"),
    ("where: {home: [own]}", "where: {home: [owm]}", "unknown level of home 'owm'"),
    ("totals: {population:", "totals: {populace:", "no total named 'population'"),
    ("of: home, by", "of: hume, by", "unknown attribute 'hume'"),
    ("east & rent: .4", "eest & rent: .4", "unknown level of town 'eest'"),
    (".4}, mark: assumed, source: H", ".4}, mark: assumed, source: A", "what was fitted cannot validate"),
    ("low: .3}}, mark: assumed", "low: .3}}, mark: guessed", "'guessed' is not one of"),
    ("low: .3}}, mark: assumed, source: A", "low: .3}}, mark: assumed, source: B", "unknown source 'B'"),
    ("low: .3}}, mark: assumed, source: A", "low: .3}}, mark: assumed", "required key 'source' is missing"),
]


def small(text=SMALL):
    return checked(parse(text, "small.yaml"))


@pytest.mark.parametrize(("right", "wrong", "told"), FAULTS)
def test_a_fault_is_told_with_its_line(right, wrong, told):
    assert SMALL.count(right) == 1
    line = SMALL[: SMALL.index(right)].count("\n") + 1
    with pytest.raises(Refused) as refused:
        small(SMALL.replace(right, wrong))
    near = [p for p in refused.value.problems if told in str(p) and abs(p.line - line) <= 1]
    assert near, refused.value
    assert all(p.file == "small.yaml" and p.path.startswith("$") for p in near)


def test_all_faults_are_told_at_once():
    text = SMALL.replace('{"": [.5, .5]}', '{"": [.5, .6]}').replace("z: .5", "y: .5")
    with pytest.raises(Refused) as refused:
        small(text)
    assert ["sex" in refused.value.problems[0].path, "ticket" in refused.value.problems[1].path] == [True, True]
    assert len(refused.value.problems) == 2


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("rate: .1", "rate: 9", "records.ticket.rate: a rate of 9 is above what its exposure"),
        ('"* & *": [.5, .5]}', '"* & *": [0, 1]}', "home.margin: no table of this form .* leave no room"),
    ],
)
def test_numbers_that_cannot_be_met_are_refused_with_the_rest(right, wrong, told):
    with pytest.raises(Refused, match=told) as refused:
        small(SMALL.replace(right, wrong))
    assert all(p.line for p in refused.value.problems)


def test_an_alternative_law_changes_what_is_forbidden_and_not_what_happens():
    recipe = small(SMALL.replace("gap_in_conduct: 1", "gap_in_conduct: 0"))
    now, then = (population.people(population.compile_recipe(recipe, w), 20_000, 1) for w in ("first", "second"))
    assert now["n_ticket"].sum() > 0
    assert then["n_ticket"].sum() == then["hidden_harm_law"].sum() == 0
    touched = ["n_ticket", "hidden_harm_law"]
    assert then.drop(touched).equals(now.drop(touched))


def test_the_digest_covers_everything_a_draw_shows():
    changes = [
        ("severity: minor", "severity: grave"),
        ("rate: .1", "rate: .2"),
        ("[.3, .7]", "[.31, .69]"),
        ("low: .3", "low: .4"),
    ]
    texts = [SMALL, *(SMALL.replace(*change) for change in changes)]
    assert len({population.compile_recipe(small(text), "first").digest for text in texts}) == len(texts)
    assert population.people(population.compile_recipe(small(), "first"), 0, 1).height == 0


def test_every_number_of_the_shipped_recipe_has_a_mark_and_a_source():
    records = population.load(workspace.find("recipe", "weihai_2020")).subject().records
    triggers = list(records)
    court = triggers[triggers.index("judgment_refusal") : triggers.index("settlement_breach") + 1]
    assert sum(records[r].rate for r in court) == pytest.approx(0.00206)
