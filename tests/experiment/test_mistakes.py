"""Errors in records: who is touched by them, and whose verdict turns."""

from dataclasses import replace
from functools import partial

import numpy as np
import polars as pl
import pytest
from scipy.stats import binom

from scoring import population
from scoring.experiment import cubes, flips, gathered, mistakes, probes, view
from scoring.experiment.designs import Design
from scoring.experiment.mistakes import Register
from scoring.measures import Counts, Study, compute
from scoring.population.noise import Source
from tests.experiment.test_reasons import toy
from tests.hand_frames import plan_of, ready

GROUPS = cubes.Groupings(("sex",), {"sex": ("f", "m")})
ONE_RULE = {"late": "per: n_late, points: -20, actionable: now"}  # of 100 points, and the upper band begins at 90
TWO_RULES = ONE_RULE | {"blood": "per: n_blood, points: 4, actionable: now"}
THETA = 0.05


def people_of(rows):
    columns = {"n_late": 0, "n_blood": 0, "amt_blood": 0, "age": 30, "consents": 1}
    return pl.DataFrame([columns | row for row in rows]).with_columns(
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("person"),
        (pl.int_range(pl.len(), dtype=pl.UInt32) % 2).alias("cell"),
        pl.col("^n_.*$").cast(pl.Int16),
    )


def register_of(people, redraws=200, adverse=None, seed=1):
    adverse = {"late": True, "blood": False} if adverse is None else adverse
    return Register(people, adverse, Source(seed, "person", 0, people.height), redraws)


def probed(scheme, register, theta=THETA):
    """Return `(kind, θ of 0.1 millionths) → sums over everyone` of a register."""
    cells = flips.mistaken(scheme, scheme.score(register.people), register, scheme.score, theta, GROUPS)
    return cells.filter(group_by="everyone").group_by("kind", "theta").agg(pl.exclude("group", "group_by").sum())


def sums(cells, kind, theta=THETA):
    return cells.filter(kind=kind, theta=round(1e6 * theta)).select("any", "worse", "better", "n").row(0)


def test_a_lost_record_turns_the_verdict_of_exactly_those_who_had_one():
    rows, redraws = [{"n_late": 1}] * 300 + [{"n_late": 2}] * 100 + [{}] * 600, 200
    register = register_of(people_of(rows), redraws)
    found = probed(toy(ONE_RULE), register)
    everyone, again = np.tile(np.arange(1_000), redraws), np.repeat(np.arange(redraws), 1_000)
    for theta in (THETA / 2, THETA):
        gone = [
            register.source.sparse("mistakes/lost/late", ((which << 10) + again) * population.BLOCK + everyone)
            < theta * 2**32
            for which in (0, 1)
        ]
        turned = (gone[0] & (everyone < 300)) | (gone[0] & gone[1] & (everyone >= 300) & (everyone < 400))
        assert sums(found, "lost", theta) == (turned.sum(), 0, turned.sum(), 1_000)
        expected = redraws * (300 * theta + 100 * theta**2)
        assert abs(turned.sum() - expected) < 4 * np.sqrt(expected)


def test_a_false_record_turns_the_verdict_of_exactly_those_who_had_none():
    register = register_of(people_of([{}] * 500 + [{"n_late": 1}] * 100))
    found = probed(toy(ONE_RULE), register)
    hit = mistakes.befallen(register, "false", 50_000)[1]
    assert sums(found, "false") == ((hit < 500).sum(), (hit < 500).sum(), 0, 600)
    low, high = binom.interval(0.9999, 200 * 500, THETA)
    assert low <= (hit < 500).sum() <= high


def test_where_no_error_is_made_nobody_is_touched():
    register = register_of(people_of([{"n_late": 1}, {"n_blood": 1}, {}]))
    assert register.in_error([0]).is_empty()
    assert probed(toy(TWO_RULES), register, theta=0)["any"].to_list() == [0] * 5  # θ/2 and θ are both 0


def test_who_is_in_error_at_half_the_rate_is_so_at_the_whole():
    register = register_of(people_of([{"n_late": i % 3, "n_blood": i % 2} for i in range(200)]))
    seen = register.in_error([25_000, 50_000])
    for kind in ("lost", "false", "swapped", "mislinked"):
        half, whole = (seen.filter(kind=kind, theta=theta).drop("theta") for theta in (25_000, 50_000))
        assert 0 < half.height < whole.height
        if kind in ("false", "mislinked"):  # and her records are then the same
            assert half.join(whole, on=half.columns, how="anti").is_empty()
    found = probed(toy(ONE_RULE), register)  # with one adverse rule no second error takes back the first
    for kind in ("lost", "false", "mislinked"):
        assert 0 < sums(found, kind, THETA / 2)[0] <= sums(found, kind, THETA)[0]


def test_a_link_to_a_person_with_the_same_records_turns_nothing():
    found = probed(toy(ONE_RULE), register_of(people_of([{"n_late": 1}] * 50)))
    assert sums(found, "mislinked")[0] == 0
    mixed = probed(toy(ONE_RULE), register_of(people_of([{"n_late": 1}] * 50 + [{}] * 50)))
    assert 0 < sums(mixed, "mislinked")[1] < sums(mixed, "mislinked")[0]
    assert probed(toy(ONE_RULE), register_of(people_of([{"n_late": 1}])))["any"].sum() > 0  # alone: lost, not linked


def test_each_person_is_linked_to_every_other_and_to_nobody_else():
    register = register_of(people_of([{}] * 5), redraws=1_000)
    start = mistakes.Held(np.zeros((2, 1_000, 5), np.int16), np.tile(np.arange(5), (1_000, 1)))
    owner = mistakes.mislinked(register, start, 1_000_000).owner
    for person in range(5):
        others = np.bincount(owner[:, person], minlength=5)
        assert others[person] == 0
        assert (others[np.arange(5) != person] > 190).all()


def test_types_come_as_often_as_they_are_held_and_never_the_own():
    people = people_of([{"n_late": 2}] * 10 + [{"n_blood": 1}] * 10).with_columns(n_theft=pl.col("n_blood"))
    register = register_of(people, 400, {"late": True, "blood": False, "theft": True})
    held = mistakes.Held(np.repeat(register.true[:, None], 400, axis=1), np.tile(np.arange(20), (400, 1)))
    given = (mistakes.false(register, held, 1_000_000).n - held.n).sum(axis=(1, 2))
    assert given.sum() == 400 * 20
    assert given[1] == 0  # no credit is false
    assert given[0] / given.sum() == pytest.approx(2 / 3, abs=0.02)
    after = mistakes.swapped(register, held, 1_000_000).n
    assert after.sum() == held.n.sum()
    assert after[0, :, :10].sum() == 0  # every late payment became something else
    assert after[1, :, :10].mean() == pytest.approx(1, abs=0.05)
    assert register.chosen(np.array([False, True, False]), np.array([0, 2**32 - 1], np.uint64)).tolist() == [1, 1]
    nobody = register_of(people_of([{}]), 1)
    assert set(nobody.chosen(np.array([True, True]), np.arange(0, 2**32, 2**30, dtype=np.uint64))) == {0, 1}


def test_amounts_go_with_the_last_record_and_come_with_the_first():
    people = people_of(
        [{"n_blood": 2, "amt_blood": 9}, {"n_blood": 1, "amt_blood": 3}, {"n_blood": 1, "amt_blood": 5}, {}]
    )
    register, me = register_of(people), np.arange(4)
    assert register.amount("blood", np.array([1, 0, 2, 1]), me).tolist() == [9, 0, 5, 5]
    assert register.amount("blood", np.array([2, 0, 2, 1]), np.array([0, 3, 0, 1])).tolist() == [9, 0, 9, 3]
    linked = register.in_error([500_000]).filter(kind="mislinked")
    assert set(linked.select("n_blood", "amt_blood").rows()) <= {(2, 9), (1, 3), (1, 5), (0, 0)}
    assert linked.schema["n_blood"] == pl.Int16


def test_kinds_that_the_records_do_not_allow_are_left_out():
    people = people_of([{"n_late": 1, "n_blood": 1}])
    assert list(register_of(people, adverse={"late": True}).kinds) == ["lost", "false", "mislinked", "together"]
    assert list(register_of(people, adverse={"blood": False}).kinds) == ["lost", "mislinked", "together"]
    none = register_of(people, adverse={})
    scheme = toy(ONE_RULE)
    assert flips.mistaken(scheme, scheme.score(people), none, scheme.score, THETA, GROUPS) is None


def test_a_person_meets_the_same_errors_whoever_and_whatever_else_is_looked_at():
    rows = [{"n_late": i % 2, "n_blood": i % 3} for i in range(60)]
    few, many = (register_of(people_of(r), redraws) for r, redraws in ((rows, 20), (rows * 2, 40)))
    alone = register_of(people_of(rows), 20, adverse={"blood": False})
    lost = few.in_error([50_000]).filter(kind="lost")
    assert lost.equals(register_of(people_of(rows), 20).in_error([50_000]).filter(kind="lost"))
    assert not lost.equals(register_of(people_of(rows), 20, seed=2).in_error([50_000]).filter(kind="lost"))
    assert few.noise("false", *few_places()).tolist() == many.noise("false", *few_places()).tolist()
    touched = lost.filter(pl.col("n_blood") < pl.Series([rows[p]["n_blood"] for p in lost["person"]]))
    assert touched["person"].to_list() == alone.in_error([50_000]).filter(kind="lost")["person"].to_list()


def few_places():
    return np.repeat(np.arange(20), 60), np.tile(np.arange(60), 20)


def test_a_scheme_of_one_endless_band_never_flips():
    """It reads records and gives points, and nothing hangs on them."""
    scheme = toy(TWO_RULES)
    endless = replace(scheme, bands=(replace(scheme.bands[0], low=None, high=None),), outcomes={})
    rows = [{"n_late": i % 4, "n_blood": i % 2} for i in range(80)]
    people, redraws = people_of(rows), 11
    outcome = endless.score(people)
    assert outcome["score"].n_unique() > 2
    again = pl.concat([people.with_columns(n_late=pl.col("n_late").shuffle(seed=s)) for s in range(redraws)])
    mistaken = flips.mistaken(endless, outcome, register_of(people, redraws), endless.score, 0.5, GROUPS)
    found = {
        "pivotal": probes.pivotal(endless, people, outcome, GROUPS),
        "lottery": probes.lottery(endless, again, redraws, people.select("person", "cell"), GROUPS),
        "mistaken": mistaken,
    }
    rows = compute({cube: counts(table, cube) for cube, table in found.items()}, Study(outcomes={}))
    values = dict(rows.filter(uncertainty="seeds").group_by("measure").agg(pl.col("value").unique()).iter_rows())
    assert values.pop("self_consistency") == [1.0]
    assert len([name for name in values if name.startswith("flip_rate")]) == 4
    assert {"pivotal_record_share", "self_consistency_below_75"} < set(values)
    assert {value for found in values.values() for value in found} == {0.0}


def counts(table, cube):
    head, of = {"world": "w", "scheme": "s", "draw": -1, "seed": 1}, gathered.SUMS.get(cube, ["n"])
    table = table.with_columns(pl.lit(value).alias(name) for name, value in head.items())
    return Counts((*head, *(c for c in table.columns if c not in {*of, *head})), table)


def test_outcomes_stand_in_where_there_are_no_bands_and_the_unscored_are_neither_worse_nor_better():
    scheme = ready("judgment_defaulters_2017")
    told = pl.DataFrame(
        {"person": [0, 1, 2], "coverage": ["scored", "scored", "missing"], "listed": [True, False, None]}
    )
    assert flips.standing(scheme, told).rows() == [(0, 1, -1), (1, 0, 0), (2, -1, None)]
    banded = toy(ONE_RULE)
    scored = pl.DataFrame(
        {"person": [0, 1, 2], "coverage": ["scored", "scored", "missing"], "band": ["low", "high", "unscored"]}
    )
    assert flips.standing(banded, scored).rows() == [(0, 0, 0), (1, 1, 1), (2, -1, None)]


def test_a_design_meets_errors_in_the_records_of_the_lists_that_it_takes_over():
    names = ("judgment_defaulters_2017", "spending_restriction_2015", "aviation_ban_2018")
    designs = [Design(ready(name)) for name in names]
    taking, size, plan = designs[-1], 500, plan_of("person")
    theirs = set(designs[0].scheme.reads) - set(taking.scheme.reads)
    reads = view.read_by(taking, designs)
    assert theirs <= set(reads)
    people = population.draw(plan, 1, 0, size).with_columns(
        pl.int_range(size, dtype=pl.UInt32).alias("person"), pl.lit(0, pl.UInt32).alias("cell")
    )
    register = Register.of(people, reads, plan.records, Source(1, "person", 0, size), 10)
    of_lists = {name: adverse for name, adverse in register.adverse.items() if f"n_{name}" in theirs}
    score = partial(view.scored_apart, taking, designs)
    outcome = score(people).with_columns(people["cell"])
    found = flips.mistaken(taking.scheme, outcome, replace(register, adverse=of_lists), score, THETA, GROUPS)
    assert found.filter(group_by="everyone", kind="false")["worse"].sum() > 0
