"""The grammar of conditions: what is read, and what is refused with its place."""

import narwhals as nw
import polars as pl
import pytest

from scoring.schemes import conditions
from scoring.schemes.conditions import BadCondition

FRAME = pl.DataFrame({"a": [0, 1, 2, 3], "b": [1, 0, 0, 5], "sex": ["male", "female", "male", "female"]})

TRUE_WHERE = {
    "a >= 1": [False, True, True, True],
    "a + b == 1": [True, True, False, False],
    "a - b < 0": [True, False, False, True],
    "sex == male": [True, False, True, False],
    "sex != 'male'": [False, True, False, True],
    "a in [1, 3]": [False, True, False, True],
    "sex in [female]": [False, True, False, True],
    "not a == 0": [False, True, True, True],
    "a == 0 or b == 0 and sex == male": [True, False, True, False],
    "(a == 0 or b == 0) and sex == male": [True, False, True, False],
    "not (a > 1 or b > 1)": [True, True, False, False],
    "a > b": [False, True, True, False],
}

REFUSED = {
    "": "expected a value",
    "a": "expected a comparison in 'a⧛ ⧚'",
    "a >=": "expected a value in 'a >=⧛ ⧚'",
    "a >= 1 b": "unexpected in 'a >= 1 ⧛b⧚'",
    "a >= 1.5": "unexpected character",
    "__import__('os') == 1": "expected a comparison in \"__import__⧛(⧚'os') == 1",
    "a == 1; b == 2": "unexpected character in 'a == 1⧛;⧚ b == 2'",
    "a in []": "expected a value",
    "(a == 1": "expected ')'",
    "and a == 1": "expected a value",
    "1 == 1": "a comparison needs a column in '1 == ⧛1⧚'",
    "1 in [1]": "a comparison needs a column in '1 ⧛in⧚ [1]'",
    "'male' == sex": "a text can only stand right of ==, != or in",
    "sex < 'm'": "a text can only stand right of ==, != or in in \"sex < ⧛'m'⧚\"",
    "a + 'b' >= 1": "a text cannot be added in \"a + ⧛'b'⧚ >= 1\"",
    "a == b + 1": "a text cannot be added to in 'a == b ⧛+⧚ 1'",
    "(" * 30 + "a == 1" + ")" * 30: "nested too deep",
    "a == 1 or " * 300 + "a == 1": "longer than 2,000 characters",
}


@pytest.mark.parametrize("text", TRUE_WHERE)
def test_a_condition_holds_where_it_should(text):
    found = nw.from_native(FRAME).select(conditions.expression(conditions.parse(text)).alias("x"))
    assert found["x"].to_list() == TRUE_WHERE[text]


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_condition_is_refused_with_its_place(text):
    with pytest.raises(BadCondition) as refusal:
        conditions.parse(text)
    assert REFUSED[text] in str(refusal.value)


def test_columns_and_nesting_are_read_off_the_tree():
    tree = conditions.parse("not (a + b >= 1 or sex in [male]) and a == 2")
    assert conditions.columns(tree) == ["a", "b", "sex"]
    assert conditions.nesting(tree) == 4
    assert conditions.nesting(conditions.parse("a == 1")) == 1


def test_a_parameter_is_filled_with_its_number():
    tree = conditions.filled(conditions.parse("a < uptake"), {"uptake": 2})
    assert conditions.columns(tree) == ["a"]


@pytest.mark.parametrize("text", TRUE_WHERE)
def test_a_tree_is_written_as_a_condition_that_reads_back_the_same(text):
    tree = conditions.parse(text)
    assert conditions.parse(conditions.text(tree)) == tree
