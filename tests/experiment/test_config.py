"""An experiment that is wrong is refused with every problem at once, each with its line."""

import pytest

from scoring import workspace
from scoring.documents import Refused
from scoring.experiment import config

WRONG = """\
experiment: wrong
asks: What is wrong here?
people: {recipe: weihai_2020, n: 1000, yeers: 1}
seeds: 2
worlds: [equal_conduct]
schemes: [rongcheng_2016]
groups: [sex]
"""

UNKNOWN = """\
experiment: unknown
asks: What is not known here?
people: {recipe: weihai_2020, n: 1000}
seeds: 2
worlds: [equal_conduct, equal_conductt]
schemes: [rongcheng_2016, rongchen_2016]
groups: [sex]
"""

UNFIT = """\
experiment: unfit
asks: What does not fit?
people: {recipe: weihai_2020, n: 1000}
seeds: 2
worlds: [equal_conduct]
schemes: [rongcheng_2016]
groups: [sex, residense]
references: {sex: mail}
primary: [{measure: selection_rate_ratioo, outcome: rewardd, group: sex}]
"""


def problems(text, tmp_path):
    (tmp_path / "x.yaml").write_text(text)
    with pytest.raises(Refused) as refusal:
        config.load(tmp_path / "x.yaml")
    return [(p.line, p.path, p.hint) for p in refusal.value.problems]


def test_an_unknown_key_is_told_with_its_line(tmp_path):
    assert problems(WRONG, tmp_path) == [(3, "$.people.yeers", "did you mean 'years'?")]


def test_every_unknown_name_is_told_at_once(tmp_path):
    assert problems(UNKNOWN, tmp_path) == [
        (6, "$.schemes[1]", "did you mean 'rongcheng_2016'?"),
        (5, "$.worlds[1]", "did you mean 'equal_conduct'?"),
    ]


def test_every_part_that_does_not_fit_is_told_at_once(tmp_path):
    assert problems(UNFIT, tmp_path) == [
        (7, "$.groups[1]", "did you mean 'residence'?"),
        (8, "$.references.sex", "did you mean 'male'?"),
        (9, "$.primary[0].measure", "did you mean 'selection_rate_ratio'?"),
        (9, "$.primary[0].outcome", "did you mean 'rewarded'?"),
    ]


STRATA = """\
experiment: strata
asks: What may make a difference?
people: {recipe: weihai_2020, n: 1000}
seeds: 2
worlds: [equal_conduct]
schemes: [rongcheng_2016]
groups: [sex, residence, income_quintile, [residence, sex]]
strata: [has_credit, residense]
references: {sex: rest, residence: best, income_quintile: larg, "residence*sex": urban*mal}
primary: [{measure: selection_rate_ratio, outcome: rewarded, group: [residence, sex]}]
"""


def test_strata_and_words_for_references_are_checked_as_groups_are(tmp_path):
    assert problems(STRATA, tmp_path) == [
        (8, "$.strata[1]", "did you mean 'residence'?"),
        (9, "$.references.income_quintile", "did you mean 'largest'?"),
        (9, "$.references.residence*sex", "did you mean 'urban*male'?"),
    ]
    right = STRATA.replace("residense", "residence").replace("larg,", "largest,").replace("urban*mal}", "urban*male}")
    (tmp_path / "x.yaml").write_text(right)
    found = config.load(tmp_path / "x.yaml").config
    assert found.strata_of("person") == ["has_credit", "residence"]
    by_kind = right.replace("[has_credit, residence]", "{person: [sex]}")
    (tmp_path / "x.yaml").write_text(by_kind)
    assert config.load(tmp_path / "x.yaml").config.strata_of("person") == ["sex"]
    assert config.load(tmp_path / "x.yaml").config.strata_of("government_body") == []


@pytest.mark.parametrize("name", workspace.names("experiment"))
def test_every_shipped_experiment_is_whole(name):
    assert config.load(name).config.experiment == name


def test_people_and_seeds_can_be_replaced():
    declared = config.load("tiny", people=10, seeds=1)
    assert (declared.config.people.n, declared.config.seeds) == (10, 1)


def test_the_users_own_document_shadows_the_shipped_one(tmp_path):
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "tiny.yaml").write_text("x: 1")
    assert workspace.find("experiment", "tiny", tmp_path) == tmp_path / "experiments" / "tiny.yaml"
    with pytest.raises(Refused, match="did you mean 'tiny'"):
        workspace.find("experiment", "tinny", tmp_path)
