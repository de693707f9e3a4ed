"""How often errors in records turn verdicts, from small cubes of known sums."""

import polars as pl
import pytest
from scipy.stats import binom

from scoring.measures import Counts, Study, compute

HEAD = {"world": "w", "scheme": "s", "draw": -1, "group_by": "g"}
SUMS = ("n", "any", "worse", "better")


def cube(*rows):
    """Count rows of (group, kind, θ, unsteady, n, any, worse, better), 100 redraws of each person, perhaps a seed."""
    names = ("group", "kind", "theta", "unsteady", *SUMS, "seed")
    told = [{**HEAD, "redraws": 100, "seed": 1, **dict(zip(names, row, strict=False))} for row in rows]
    table = pl.DataFrame(told).with_columns(pl.col("draw", "theta", "redraws", "seed").cast(pl.Int32))
    return Counts(tuple(c for c in table.columns if c not in SUMS), table)


def found(counts, measure, uncertainty="seeds", **equals):
    rows = compute({"mistaken": counts}, Study(outcomes={}, references={"g": "b"}), [measure])
    told = {"uncertainty": uncertainty, **equals}
    return rows.filter([pl.col(name) == value for name, value in told.items()])


def value(*args, **equals):
    return found(*args, **equals)["value"].item()


TWO = cube(
    ("a", "lost", 50_000, False, 40, 60, 20, 40),
    ("a", "lost", 50_000, True, 10, 140, 100, 20),
    ("a", "lost", 25_000, False, 50, 90, 50, 40),
    ("b", "lost", 50_000, False, 100, 100, 0, 100),
    ("b", "lost", 25_000, False, 100, 25, 0, 25),
)


def test_a_rate_is_the_mean_over_persons_of_the_share_of_redraws_that_turn():
    for term, expected in (("any", 200 / 5_000), ("worse", 120 / 5_000), ("better", 60 / 5_000)):
        row = found(TWO, "flip_rate", group="a", param="lost, theta=0.05", term=term)
        assert row.select("value", "n").row(0) == (pytest.approx(expected), 50)
    assert value(TWO, "flip_rate", group="a", param="lost, theta=0.025", term="any") == pytest.approx(90 / 5_000)
    assert found(TWO, "flip_rate", "audit").is_empty()  # redraws are no sample that an auditor could draw


def test_the_difference_is_that_to_the_reference():
    row = found(TWO, "flip_rate_difference", param="lost, theta=0.05", term="any")
    assert row.select("group", "reference", "value").row(0) == ("a", "b", pytest.approx(0.04 - 0.01))


def test_the_slope_is_exact_for_a_line_and_for_a_square():
    line = cube(("a", "lost", 50_000, False, 100, 400, 0, 0), ("a", "lost", 25_000, False, 100, 200, 0, 0))
    assert value(line, "flip_rate_slope", group="a", term="any") == pytest.approx(0.04 / 0.05)
    assert found(line, "flip_rate_slope", term="any")["param"].to_list() == ["lost"]
    assert value(TWO, "flip_rate_slope", group="b", term="any") == pytest.approx(0)  # F(θ) is 4 F(θ/2): a square


def test_what_redraws_alone_would_show_stands_beside_who_turns_in_more_than_one_of_ten():
    told = {"group": "a", "param": "lost, theta=0.05"}
    assert value(TWO, "flip_rate_above_10", term="observed", **told) == pytest.approx(10 / 50)
    assert value(TWO, "flip_rate_above_10", term="if all were alike", **told) == pytest.approx(binom.sf(10, 100, 0.04))
    audit = found(TWO, "flip_rate_above_10", "audit", **told)
    assert audit.select("term", "method").rows() == [("observed", "Wilson")]


def test_no_errors_turn_nothing_and_seeds_are_averaged():
    none = cube(*(("a", "false", theta, False, 50, 0, 0, 0, seed) for theta in (25_000, 50_000) for seed in (1, 2)))
    for measure in ("flip_rate", "flip_rate_slope", "flip_rate_above_10"):
        assert set(found(none, measure)["value"]) == {0.0}
    seeds = cube(*(("a", "false", 50_000, False, 100, flips, 0, 0, seed) for seed, flips in ((1, 100), (2, 300))))
    row = found(seeds, "flip_rate", term="any")
    assert row.select("value", "seeds").row(0) == (pytest.approx(0.02), 2)
    assert 0 == row["low"].item() < 0.02 < row["high"].item()  # no interval reaches below nothing
