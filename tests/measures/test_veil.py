import polars as pl
import pytest

from scoring.measures import compute

NAMES = ["veil_mean", "veil_worst_group"]


def one(rows, measure, uncertainty="audit", term=None):
    wanted = [pl.col("measure") == measure, pl.col("uncertainty") == uncertainty]
    return rows.filter(*wanted, *([pl.col("term") == term] if term else [])).row(0, named=True)


@pytest.fixture
def cubes(cube, verdicts):
    """Return outcome and coverage: 400 of 2,000 in a, 900 of 3,000 in b are selected, and as many again unscored."""

    def make(outcome="rewarded", groups=None):
        groups = groups or {"a": (400, 2_000), "b": (900, 3_000)}
        total = (sum(y for y, _ in groups.values()), sum(n for _, n in groups.values()))
        everyone = verdicts({"everyone": total}, outcome=outcome, group_by="everyone")
        covered = [
            {"group_by": by, "group": group, "coverage": coverage, "n": n}
            for by, group, n in [("everyone", "everyone", total[1]), *(("g", g, n) for g, (_, n) in groups.items())]
            for coverage in ("scored", "unenrolled")
        ]
        return {"outcome": verdicts(groups, outcome=outcome) + everyone, "coverage": cube(covered)}

    return make


def test_a_person_drawn_at_random_may_not_be_scored_at_all(cubes, study):
    row = one(compute(cubes(), study(), NAMES), "veil_mean")
    assert (row["value"], row["n"], row["group"]) == (1_300 / 10_000, 10_000, "everyone")
    assert row["low"] < row["value"] < row["high"]


@pytest.mark.parametrize(("outcome", "value", "who"), [("rewarded", 0.1, "a"), ("listed", 0.15, "b")])
def test_the_worst_off_get_the_least_reward_and_the_most_sanction(cubes, study, outcome, value, who):
    row = one(compute(cubes(outcome), study(), NAMES), "veil_worst_group", term="observed")
    assert row["value"] == value
    assert row["note"] == f"worst off: {who}"
    assert row["p"] < 0.01


def test_equal_groups_lie_inside_their_null_line(cubes, study):
    rows = compute(cubes(groups=dict.fromkeys("abcdef", (200, 2000))), study(), NAMES)
    row, line = (one(rows, "veil_worst_group", term=term) for term in ("observed", "null 95%"))
    assert line["value"] < row["value"] == 0.05
    assert row["p"] > 0.5


def test_one_group_has_no_worst(cubes, study):
    rows = compute(cubes(groups={"a": (10, 100)}), study(), NAMES).filter(pl.col("measure") == "veil_worst_group")
    assert set(rows["status"]) == {"single_group"}


def test_nobody_anywhere_is_zero_for_all(cubes, study):
    row = one(compute(cubes(groups={"a": (0, 1_000), "b": (0, 1_000)}), study(), NAMES), "veil_worst_group")
    assert row["value"] == 0
