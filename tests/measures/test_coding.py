"""Two coders of the same rules."""

import polars as pl
import pytest

from scoring.measures import Counts, Study, coding

TABLE = [("now", "now")] * 20 + [("now", "waiting")] * 5 + [("waiting", "now")] * 10 + [("waiting", "waiting")] * 15


def rows(coded):
    counts = Counts(("world",), pl.DataFrame({"world": ["w"], "n": [1]}))
    found = coding.coding_agreement(counts, Study(outcomes={}, schemes={"s": {"coded": coded}, "list": {}}))
    return {row["term"]: row for row in found.iter_rows(named=True)}


def test_agreement_is_the_textbooks():
    found = rows(TABLE)
    assert (found["kappa"]["value"], found["kappa"]["n"]) == (pytest.approx(0.4), 50)
    assert found["same tag"]["value"] == pytest.approx(0.7)
    assert found["kappa"]["low"] < 0.4 < found["kappa"]["high"] < 0.7


@pytest.mark.parametrize(
    ("coded", "status", "same"),
    [([("now", "now")] * 4, "zero_denom", 1.0), ([("now", "waiting"), ("now", "now")], "zero_denom", 0.5)],
)
def test_a_coder_of_one_tag_has_no_kappa(coded, status, same):
    found = rows(coded)
    assert (found["kappa"]["value"], found["kappa"]["status"]) == (None, status)
    assert found["same tag"]["value"] == same


def test_what_nobody_coded_twice_is_not_applicable():
    assert {(row["value"], row["status"]) for row in rows([]).values()} == {(None, "not_applicable")}


def test_few_rules_on_which_all_agree_have_no_interval_of_no_width():
    found = rows([("now", "now"), ("waiting", "waiting")])["kappa"]
    assert (found["value"], found["low"], found["high"]) == (1, None, None)
