"""Surrogates: what is trivial or undefined says so, and the depth that suffices is read off the fidelity."""

import polars as pl
import pytest

from scoring.measures import Counts, compute

SUMS = ("n", "score", "squares", "errors")
SPREAD = 1_000_000  # about the mean, in hundredths of a point squared, of 100 persons who score 50 on average


def scored(fidelity, seeds=1, draw=-1):
    """Return the counts of one group whose trees come to a given R² at each depth."""
    rows = [
        {"world": "w", "scheme": "s", "draw": draw, "seed": seed, "group_by": "g", "group": "a", "depth": depth}
        | {"n": 100, "score": 500_000, "squares": 2_500_000_000 + SPREAD, "errors": round((1 - r) * SPREAD)}
        for seed in range(seeds)
        for depth, r in fidelity.items()
    ]
    table = pl.DataFrame(rows)
    return Counts(tuple(c for c in table.columns if c not in SUMS), table)


def depth_of(counts, study):
    return compute({"surrogate_score": counts}, study(), ["surrogate_depth"]).row(0, named=True)


def test_fidelity_is_of_what_sets_scores_apart(study):
    rows = compute({"surrogate_score": scored({0: 0, 2: 0.5, 3: -0.25})}, study(), ["surrogate_fidelity"])
    assert dict(rows.select("param", "value").iter_rows()) == pytest.approx({"2": 0.5, "3": -0.25})


def test_the_smallest_depth_that_suffices(study):
    assert depth_of(scored({0: 0, 2: 0.5, 3: 0.9, 4: 0.95}), study)["value"] == 3


def test_no_tree_suffices(study):
    row = depth_of(scored({0: 0, 2: 0.5, 3: 0.8, 4: 0.85, 5: 0.89}), study)
    assert (row["value"], row["status"]) == (None, "not_applicable")
    assert "at most 5" in row["note"]


def test_the_draws_of_a_family_need_from_two_to_more_than_five_questions(study):
    one, other = scored({2: 0.92, 3: 0.94, 5: 0.96}, draw=0), scored({2: 0.5, 3: 0.7, 5: 0.86}, draw=1)
    row = depth_of(one + other, study)
    assert (row["uncertainty"], row["low"], row["value"], row["high"]) == ("specification", 2, 5, None)


def test_equal_scores_have_no_fidelity(study):
    counts = scored({2: 1, 3: 1})
    flat = Counts(counts.axes, counts.cells.with_columns(pl.lit(2_500_000_000).alias("squares"), errors=pl.lit(0)))
    rows = compute({"surrogate_score": flat}, study())
    assert rows["value"].null_count() == rows.height == 3
    assert set(rows["status"]) == {"zero_denom"}
    assert rows["note"].str.contains("same score").all()


def test_agreement_about_one_verdict_is_trivial(cube, study):
    rows = [{"group": "a", "verdict": "low", "predicted": "low", "depth": depth, "n": 50} for depth in (0, 2)]
    found = compute({"surrogate_verdict": cube(rows)}, study())
    assert {(r["term"], r["value"]) for r in found.iter_rows(named=True)} == {
        ("agreement", 1),
        ("balanced", 1),
        ("kappa", None),
    }
    assert found["note"].str.contains("trivial").all()
