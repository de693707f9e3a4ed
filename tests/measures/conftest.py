"""Small cubes with known answers, for the tests of the measures."""

import polars as pl
import pytest

from scoring.measures import Counts, Study

HEAD = {"world": "w", "scheme": "s", "draw": -1, "seed": 1}


@pytest.fixture
def cube():
    """Return a function that makes a cube of rows, filling the axes that a test does not care about."""

    def make(rows, **also):
        filled = [{**HEAD, "group_by": "g", **also, **row} for row in rows]
        table = pl.DataFrame(filled, infer_schema_length=None)
        return Counts(tuple(c for c in table.columns if c not in {"n", "score", "pairs"}), table)

    return make


@pytest.fixture
def verdicts(cube):
    """Return a function that makes an outcome cube of `group → (y, n)`."""

    def make(groups, **also):
        also = {"outcome": "rewarded", "harm": 0, **also}
        rows = [
            {"group": group, "selected": flag, "n": count}
            for group, (y, n) in groups.items()
            for flag, count in ((True, y), (False, n - y))
        ]
        return cube(rows, **also)

    return make


@pytest.fixture
def study():
    """Return a function that makes a study of one favourable and one adverse outcome."""

    def make(reference=None, schemes=("s",), **also):
        outcomes = {(s, o): p for s in schemes for o, p in (("rewarded", "favourable"), ("listed", "adverse"))}
        return Study(outcomes=outcomes, references={"g": reference}, **also)

    return make
