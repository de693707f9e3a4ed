import numpy as np
import polars as pl
import pytest

from scoring.measures import compute

rng = np.random.default_rng(8)


@pytest.fixture
def ledger(cube):
    """A ledger of two rules and a floor over 500 persons, base 100."""
    group = np.where(rng.random(500) < 0.4, "rural", "urban")
    points = np.stack([-rng.poisson(np.where(group == "rural", 8, 5)), rng.integers(0, 9, 500)], axis=1)
    raw = 100 + points.sum(axis=1)
    score = np.maximum(raw, 95)
    lines = {"late": points[:, 0], "volunteering": points[:, 1], "clip": score - raw}
    rows = [
        {"group": str(g), "rule": rule, "points": int(p), "n": 1, "score": int(s)}
        for rule, column in lines.items()
        for g, p, s in zip(group, column, score, strict=True)
    ]
    counts = cube(rows)
    return counts.marginal(counts.axes), {g: score[group == g].mean() for g in ("rural", "urban")}


def test_mean_scores_are_the_means(ledger, study):
    counts, means = ledger
    found = compute({"ledger": counts}, study(), ["mean_score"])
    assert dict(found.select("group", "value").iter_rows()) == pytest.approx(means)


def test_the_lines_sum_to_the_gap_exactly(ledger, study):
    counts, means = ledger
    found = compute({"ledger": counts}, study("urban"), ["rule_gap"])
    lines = dict(found.select("term", "value").iter_rows())
    total = lines.pop("total")
    assert total == pytest.approx(means["rural"] - means["urban"], abs=1e-9)
    assert sum(lines.values()) == pytest.approx(total, abs=1e-9)
    assert set(lines) == {"late", "volunteering", "clip"}
    assert set(found["group"]) == {"rural"}


def test_a_constant_scheme_has_no_gap(cube, study):
    rows = [{"group": g, "rule": "late", "points": 0, "n": 50, "score": 5_000} for g in ("a", "b")]
    found = compute({"ledger": cube(rows)}, study(), ["rule_gap", "score_variance_share"])
    assert set(found.filter(pl.col("measure") == "rule_gap")["value"]) == {0.0}
