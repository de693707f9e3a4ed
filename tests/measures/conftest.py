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


@pytest.fixture
def persons():
    """Return a function that counts rows of persons: group, selected, some of conduct, records and stratum, maybe n."""

    def count(rows, **also):
        head = {**HEAD, "group_by": "g", "outcome": "listed", **also}
        frame = pl.DataFrame(rows).with_columns(pl.lit(v).alias(k) for k, v in head.items())
        axes = [c for c in frame.columns if c != "n"]
        size = pl.col("n").sum() if "n" in frame.columns else pl.len().alias("n")
        return Counts(tuple(axes), frame.group_by(axes).agg(size))

    return count


@pytest.fixture
def admissions(persons):
    """Return applicants to six departments of Berkeley in 1973 (R's UCBAdmissions), the department as stratum."""
    men, women = [512, 353, 120, 138, 53, 22], [89, 17, 202, 131, 94, 24]
    no_men, no_women = [313, 207, 205, 279, 138, 351], [19, 8, 391, 244, 299, 317]
    cells = [
        {"group": group, "stratum": department, "selected": flag, "n": n}
        for group, flag, counts in (
            ("male", True, men),
            ("male", False, no_men),
            ("female", True, women),
            ("female", False, no_women),
        )
        for department, n in zip("ABCDEF", counts, strict=True)
    ]
    return persons(cells, outcome="rewarded")
