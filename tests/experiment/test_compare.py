"""A comparison: what it declares by itself, and what it refuses."""

import pytest

import scoring
from scoring import measures
from scoring.documents import Refused
from scoring.experiment.compare import CRITERIA, FAMILIES, LAW, OF_ONE, declared


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        ({"baseline": "zhima_2015"}, "'zhima_2015' is not among the designs of this run — name it among the schemes"),
        ({"baseline": "rongcheng_201"}, "not among the designs of this run — did you mean 'rongcheng_2016'?"),
        ({"criteria": ["lower: pivotal_record_share"] * 6}, "6 criteria are declared, at most 5 are compared"),
        ({"criteria": ["best: pivotal_record_share"]}, "'best' is not one of lower, higher, parity"),
        ({"groups": ["residense"]}, "unknown attribute 'residense' — did you mean 'residence'?"),
    ],
)
def test_what_cannot_be_compared_gives_one_clear_error(asked, what):
    with pytest.raises(Refused) as refused:
        scoring.compare("rongcheng_2016", "weihai_2018", people=10, **asked)
    assert len(refused.value.problems) == 1
    assert what in str(refused.value)


def test_the_primary_comparison_is_of_the_outcome_that_most_share():
    told = declared(["rongcheng_2016", "weihai_2018", "hangzhou_2018"], (), ())
    gap = {"measure": "selection_rate_ratio", "outcome": "commended", "group": "residence"}
    assert told["primary"] == [gap]
    assert told["criteria"] == [gap | {"direction": "parity"}, *CRITERIA]
    assert told["vary"]["reference.residence"] == ["urban", "rest"]
    alone = declared(["rongcheng_2016", LAW], (), ())
    assert "primary" not in alone
    assert alone["criteria"] == list(CRITERIA)


def test_every_measure_of_stability_explanation_and_comparison_is_asked():
    assert {of.family for of in measures.MEASURES.values()} >= FAMILIES
    assert OF_ONE in measures.MEASURES
    for criterion in CRITERIA:
        assert criterion["measure"] in measures.MEASURES
