"""Reasons: whether they are true, can be acted on, and hold still; how effects are shared out."""

from dataclasses import replace

import polars as pl
import pytest

from scoring.measures import Counts, compute

PARTS = 1_000_000


def values(rows, measure, *by):
    found = rows.filter(measure=measure, uncertainty="seeds")
    return {tuple(r[c] for c in by): r["value"] for r in found.iter_rows(named=True)}


def test_truthful_is_of_those_whose_reasons_can_be_tested(cube, study):
    def row(truthful, given, tested, n):
        return {"group": "a", "truthful": truthful, "given": given, "tested": tested, "n": n}

    counts = cube(
        [row(True, True, True, 60), row(False, True, True, 12), row(False, False, True, 8), row(False, True, False, 20)]
    )
    found = values(compute({"truthfulness": counts}, study()), "reason_truthfulness", "term")
    assert found == pytest.approx({("truthful",): 0.75, ("no reason given",): 0.1, ("untestable",): 0.2})


def test_nobody_whose_reasons_can_be_tested_is_no_truth(cube, study):
    flags = {"truthful": False, "given": True, "tested": False}
    found = compute({"truthfulness": cube([{"group": "a", "n": 40, **flags}])}, study())
    row = found.filter(term="truthful", uncertainty="seeds").row(0, named=True)
    assert (row["value"], row["status"]) == (None, "zero_denom")
    assert "could be tested" in row["note"]


def shared(tags, study):
    sums = ("n", "parts", "points", "all")
    rows = [{"world": "w", "scheme": "s", "draw": -1, "seed": 1, "group_by": "g", "group": "a", **tag} for tag in tags]
    table = pl.DataFrame(rows)
    return compute({"actionability": Counts(tuple(c for c in table.columns if c not in sums), table)}, study())


def test_persons_and_points_are_shared_out_to_the_tags(study):
    # Two kinds of persons: 30 lost 10 points under `now`; 10 lost 5 of 50 under `now` and 45 by `waiting`.
    tags = [
        {"tag": "now", "n": 40, "parts": 31 * PARTS, "points": 350, "all": 800},
        {"tag": "waiting", "n": 40, "parts": 9 * PARTS, "points": 450, "all": 800},
    ]
    found = values(shared(tags, study), "actionability_share", "param", "term")
    assert found == pytest.approx(
        {
            ("person mean", "now"): 31 / 40,
            ("person mean", "waiting"): 9 / 40,
            ("pooled", "now"): 350 / 800,
            ("pooled", "waiting"): 450 / 800,
        }
    )


def test_consistency_is_a_mean_of_shares_and_steps_of_points(study):
    table = pl.DataFrame(
        [
            {"world": "w", "scheme": "s", "draw": -1, "seed": 1, "group_by": "g", "group": "a", "n": 40}
            | {"band": 30 * PARTS, "reasons": 10 * PARTS, "both": 8 * PARTS, "step": 600}
        ]
    )
    counts = Counts(("world", "scheme", "draw", "seed", "group_by", "group"), table)
    found = compute({"neighbours": counts}, study())
    kept = values(found, "explanation_consistency", "term")
    assert kept == pytest.approx({("band",): 0.75, ("reasons",): 0.25, ("both",): 0.2})
    assert values(found, "explanation_step", "group") == {("a",): 15}


@pytest.fixture
def effects(cube):
    """Return a ledger of rules each of which moves half of 200 persons, by so many points."""

    def make(points):
        rows = [
            {"rule": rule, "points": -p if hit else 0, "n": 100, "group": "a", "score": 0}
            for rule, p in points.items()
            for hit in (True, False)
        ]
        return cube(rows)

    return make


def test_the_oracle_of_concentration(effects, study):
    ledger = effects({"a": 50, "b": 30, "c": 15, "d": 5, "clip": 100})
    found = values(compute({"ledger": ledger}, study(), ["concentration"]), "concentration", "term")
    assert {k[0]: v for k, v in found.items()} == pytest.approx(
        {"HHI": 0.365, "N2": 2.73973, "N1": 3.13340, "Gini": 0.375, "top rule": 0.5}, abs=1e-5
    )


def test_order_and_rules_that_move_nobody_leave_concentration_as_it_is(effects, study):
    one, two = (
        compute({"ledger": effects(points)}, study(), ["concentration"])
        for points in ({"a": 50, "b": 30}, {"x": 30, "y": 50, "never": 0})
    )
    assert values(one, "concentration", "term") == pytest.approx(values(two, "concentration", "term"))


def test_rules_that_move_nobody_have_no_concentration(effects, study):
    found = compute({"ledger": effects({"a": 0})}, study(), ["concentration"])
    assert found["value"].null_count() == found.height == 5
    assert set(found["status"]) == {"zero_denom"}


def burden(cube, lost):
    return cube([{"group": "a", "lost": p, "facts": f, "n": n} for p, f, n in lost])


def test_the_worst_hundredth_of_persons(cube, study, effects):
    # Of 250 persons 2.5 are the worst hundredth: one lost 100, the next 49 lost 20 each.
    cubes = {"ledger": effects({"a": 1}), "burden": burden(cube, [(100, 3, 1), (20, 2, 49), (0, 0, 200)])}
    found = compute(cubes, study(), ["concentration", "facts_to_know"])
    assert values(found, "concentration", "term")["worst 1%",] == pytest.approx((100 + 1.5 * 20) / (100 + 49 * 20))
    assert values(found, "facts_to_know", "group")["a",] == pytest.approx((3 + 2 * 49) / 250)


def test_nobody_lost_a_point(cube, study, effects):
    cubes = {"ledger": effects({"a": 1}), "burden": burden(cube, [(0, 0, 200)])}
    row = compute(cubes, study(), ["concentration"]).filter(term="worst 1%").row(0, named=True)
    assert (row["value"], row["status"]) == (None, "zero_denom")


def test_a_family_is_a_range_over_its_draws(study, cube):
    one = burden(cube, [(10, 1, 100)])
    drawn = [one.cells.with_columns(pl.lit(d).alias("draw"), pl.lit(d + 1).alias("facts")) for d in range(3)]
    counts = replace(one, cells=pl.concat(drawn))
    row = compute({"burden": counts}, study(), ["facts_to_know"]).row(0, named=True)
    assert (row["uncertainty"], row["value"], row["low"], row["high"]) == ("specification", 2, 1, 3)
