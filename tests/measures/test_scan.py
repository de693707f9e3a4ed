from itertools import product

import numpy as np
import polars as pl
import pytest
from scipy.stats import chi2_contingency, fisher_exact
from statsmodels.stats.multitest import multipletests

from scoring.measures import Counts, compute, scan
from scoring.measures.conjunctions import CONFIRM, DISCOVER, conjunctions, halves
from scoring.measures.resample import philox

LEVELS = {"sex": "mf", "area": "uvw", "age": "1234"}
CELLS = list(product(*LEVELS.values()))
SHARES = np.array([(0.5, 0.3, 0.2)["uvw".index(area)] / 8 for _, area, _ in CELLS])


@pytest.fixture
def table(cube):
    """Return a function that makes a table of verdicts: a rate for everybody, and what is added where."""

    def make(rng, n=6_000, rate=0.2, added=None, seed=1, **also):
        added = added or {}
        persons = rng.multinomial(n, SHARES)
        rates = [rate + sum(v for key, v in added.items() if set(key) <= set(cell)) for cell in CELLS]
        rows = [
            {**{f"by__{a}": level for a, level in zip(LEVELS, cell, strict=True)}, "selected": flag, "n": int(count)}
            for cell, y, of in zip(CELLS, rng.binomial(persons, rates), persons, strict=True)
            for flag, count in ((True, y), (False, of - y))
        ]
        frame = pl.DataFrame([{"outcome": "listed", "seed": seed, **also, **row} for row in rows])
        frame = frame.with_columns(pl.lit("w").alias("world"), pl.lit("s").alias("scheme"), pl.lit(-1).alias("draw"))
        if "draw" in also:
            frame = frame.with_columns(pl.lit(also["draw"]).alias("draw"))
        return Counts(tuple(c for c in frame.columns if c != "n"), frame)

    return make


@pytest.fixture
def rows(study):
    names = ["confirmed_subgroup_difference", "subgroups_scanned"]
    return lambda counts, **also: compute({"cells": counts}, study(**also), names)


def confirmed(rows):
    return rows.filter(pl.col("measure") == "confirmed_subgroup_difference")


def scanned(rows):
    return dict(rows.filter(pl.col("measure") == "subgroups_scanned").select("term", "value").iter_rows())


def test_the_signed_root_is_that_of_the_likelihood_ratio_of_scipy():
    rng = np.random.default_rng(2)
    for _ in range(20):
        y, y_ref = rng.integers(1, 40, 2)
        n, n_ref = rng.integers(50, 200, 2)
        theirs = chi2_contingency(
            [[y, n - y], [y_ref, n_ref - y_ref]], correction=False, lambda_="log-likelihood"
        ).statistic
        ours = float(scan.signed_root(y, n, y_ref, n_ref))
        assert ours**2 == pytest.approx(theirs)
        assert np.sign(ours) == np.sign(y / n - y_ref / n_ref)
    assert float(scan.signed_root(0, 50, 0, 80)) == 0
    assert np.isfinite(scan.signed_root(0, 50, 80, 80))


@pytest.mark.parametrize("up", [True, False])
def test_the_exact_test_is_fishers_one_way_doubled(up):
    y, n, y_ref, n_ref = 12, 40, 30, 200
    theirs = fisher_exact([[y, n - y], [y_ref, n_ref - y_ref]], alternative="greater" if up else "less").pvalue
    assert float(scan.one_way(y, n, y_ref, n_ref, up)) == pytest.approx(min(1, 2 * theirs))
    assert float(scan.one_way(0, 0, 0, 0, up)) == 1


def test_holm_is_that_of_statsmodels():
    p = np.random.default_rng(3).random(30) ** 3
    assert scan.holm(p) == pytest.approx(multipletests(p, method="holm")[1])
    assert len(scan.holm(np.array([]))) == 0


def test_conjunctions_are_counted_as_by_hand(table):
    counts = table(philox(1))
    found = conjunctions(halves(counts)).group_by("group_by", "group").agg(pl.col("y", "n", "y_ref", "n_ref").sum())
    assert found.height == 2 + 3 + 4 + 2 * 3 + 2 * 4 + 3 * 4 + 24
    cells, sex, area, age = counts.cells, *(pl.col(f"by__{a}") for a in LEVELS)
    for (group_by, group), mine in {
        ("sex", "f"): sex == "f",
        ("sex*age", "m*2"): (sex == "m") & (age == "2"),
        ("sex*area*age", "f*w*4"): (sex == "f") & (area == "w") & (age == "4"),
    }.items():
        row = found.row(by_predicate=(pl.col("group_by") == group_by) & (pl.col("group") == group), named=True)
        y, n = (cells.filter(mine & yes)["n"].sum() for yes in (pl.col("selected"), pl.lit(True)))
        all_y, all_n = cells.filter("selected")["n"].sum(), cells["n"].sum()
        assert (row["y"], row["n"], row["y_ref"], row["n_ref"]) == (y, n, all_y - y, all_n - n)


def test_one_seed_is_dealt_into_two_halves_as_persons_are(table):
    counts = table(philox(1))
    found = halves(counts).group_by("half").agg(pl.col("n").sum())
    assert sorted(found["n"].to_list()) == [3_000, 3_000]
    again = halves(counts).sort(pl.all())
    assert again.equals(halves(counts).sort(pl.all()))
    both = halves(counts).group_by("by__sex", "by__area", "by__age").agg(pl.col("y", "n").sum())
    assert both["y"].sum() == counts.cells.filter("selected")["n"].sum()
    wide = conjunctions(halves(counts)).filter(pl.col("group") == "u").sort("half")
    sd = np.sqrt(6_000 * 0.25 * 0.5 * 0.5)  # of half of the persons, drawn without replacement
    assert 0 < abs(wide["n"][0] - wide["n"][1]) < 2 * 4 * sd


def test_of_several_seeds_the_odd_look_and_the_even_confirm(table):
    seeds = [table(philox(s), seed=s) for s in (1, 2, 3)]
    found = halves(seeds[0] + seeds[1] + seeds[2])
    there = {half: found.filter(pl.col("half") == half)["y"].sum() for half in (DISCOVER, CONFIRM)}
    y = [c.cells.filter("selected")["n"].sum() for c in seeds]
    assert there == {DISCOVER: y[0] + y[2], CONFIRM: y[1]}


def test_a_group_planted_where_two_attributes_meet_is_found_and_confirmed(table, rows):
    planted = {("f", "w"): 0.25}
    counts = table(philox(5), added=planted, seed=1) + table(philox(6), added=planted, seed=2)
    found = rows(counts)
    widest = confirmed(found).sort(pl.col("value").abs(), descending=True).row(0, named=True)
    assert (widest["group_by"], widest["group"], widest["reference"]) == ("sex*area", "f*w", "rest")
    fresh = conjunctions(halves(counts)).filter(pl.col("half") == CONFIRM, pl.col("group") == "f*w").row(0, named=True)
    y, n, y_ref, n_ref = (fresh[c] for c in ("y", "n", "y_ref", "n_ref"))
    assert widest["value"] == pytest.approx(y / n - y_ref / n_ref)
    assert widest["low"] < 0.25 < widest["high"]
    assert widest["n"] == n
    assert widest["p"] <= widest["p_adjusted"] < 1e-6
    assert (widest["method"], widest["test_family"], widest["status"]) == ("Newcombe", "subgroup", "ok")
    assert (widest["uncertainty"], widest["polarity"], widest["seeds"]) == ("audit", "adverse", 1)
    assert widest["note"] == "found in seeds 1 and confirmed in seeds 2"
    # Narrower parts of the planted group say nothing new.
    assert confirmed(found).filter(pl.col("group").str.contains(r"f\*w\*")).is_empty()
    counted = scanned(found)
    assert counted["looked_at"] >= counted["discovered"] >= counted["confirmed"] == confirmed(found).height > 0


def test_a_planted_group_is_found_in_one_table(table, rows):
    found = rows(table(philox(7), n=20_000, added={("m", "v", "3"): 0.3}), single=True)
    widest = confirmed(found).sort(pl.col("value").abs(), descending=True).row(0, named=True)
    assert (widest["group_by"], widest["group"]) == ("sex*area*age", "m*v*3")
    assert widest["low"] < 0.3 < widest["high"]
    assert "random half" in widest["note"]
    assert set(found["uncertainty"]) == {"audit"}


def test_where_nobody_is_treated_otherwise_next_to_nothing_is_confirmed(table, study):
    rng, told = philox(9), study()
    found = [scan.scan(table(rng), told) for _ in range(200)]
    assert sum(one.confirmed.height > 0 for one in found) <= 10
    assert min(one.looked_at.height for one in found) > 30


def test_confirming_alone_holds_its_level_whatever_was_found(table):
    """Were the ten most different groups always tested again, 5 of 100 scans would confirm something."""
    rng, fresh, same = philox(10), 0, 0
    for _ in range(200):
        found = conjunctions(halves(table(rng)))
        looked_at = found.filter((pl.col("n") >= 30) & (pl.col("half") == DISCOVER))
        every = scan.discover(looked_at, 1.0)
        root = scan.signed_root(*(every[c].to_numpy() for c in ("y", "n", "y_ref", "n_ref")))
        candidates = every[np.argsort(-np.abs(root))[:10]]
        fresh += scan.confirm(candidates, found, 0.05).height > 0
        there = looked_at.with_columns(pl.lit(CONFIRM).alias("half"))
        same += scan.confirm(candidates, there, 0.05).height > 0
    assert fresh <= 18  # Binomial(200, .05) exceeds it in 1 of 100 cases
    assert same > 25, "testing again where one had looked is what the halves prevent"


def test_nested_groups_and_the_other_side_of_a_pair_are_left_out():
    def row(parts, group, y, n, effect):
        group_by = "*".join(p.split()[0] for p in parts)
        there = {"world": "w", "scheme": "s", "outcome": "o", "y_ref": 400 - y, "n_ref": 2000 - n}
        return {**there, "parts": parts, "group_by": group_by, "group": group, "y": y, "n": n, "effect": effect}

    found = pl.DataFrame(
        [
            row(["sex f"], "f", 300, 1000, 0.20),
            row(["sex m"], "m", 100, 1000, -0.20),
            row(["sex f", "age 1"], "f*1", 90, 280, 0.22),  # within a tenth of the women
            row(["sex f", "age 2"], "f*2", 150, 300, 0.30),
            row(["sex f", "age 3"], "f*3", 10, 100, 0.05),  # less than the women
            row(["sex f", "age 4"], "f*4", 2, 100, -0.19),  # the other way
            row(["sex f", "age 2", "area u"], "f*2*u", 80, 150, 0.32),
            row(["sex f", "age 1", "area u"], "f*1*u", 80, 150, 0.24),  # beyond the women, its only parent that stayed
        ]
    ).with_columns((pl.col("effect") > 0).alias("up"))
    assert scan.minimal(found, False)["group"].to_list() == ["f*2", "f*1*u", "f", "f*4"]
    # If to have less is worse, men are told of, and then nothing wider says what the women's ages say.
    assert scan.minimal(found, True)["group"].to_list() == ["f*2", "f*1", "m", "f*4", "f*3"]


def test_at_most_ten_are_tested_and_small_groups_are_not_looked_at(table, rows, study):
    added = {(sex, age): 0.04 * i * int(age) for i, sex in enumerate("mf", 1) for age in "1234"}
    counts = table(philox(11), n=60_000, rate=0.1, added=added)
    found = scan.scan(counts, study())
    assert found.discovered.height > found.candidates.height == 10
    assert confirmed(rows(counts)).height <= 10
    assert found.looked_at["n"].min() >= 600  # 2% of 30,000
    few = scan.scan(table(philox(11), n=600), study())
    assert few.looked_at["n"].min() >= 30
    note = rows(counts).filter(pl.col("term") == "discovered")["note"][0]
    assert note.startswith("10 of them tested again; found in one random half")


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_where_all_fare_alike_nothing_is_found_and_the_scan_says_how_much_it_saw(table, rows, rate):
    found = rows(table(philox(12), rate=rate))
    assert confirmed(found).is_empty()
    assert scanned(found)["looked_at"] > 30
    assert (scanned(found)["discovered"], scanned(found)["confirmed"]) == (0, 0)


def test_without_attributes_without_persons_enough_and_for_families_there_is_nothing(cube, table, rows):
    bare = cube([{"outcome": "listed", "selected": True, "n": 5}]).marginal(
        ["world", "scheme", "draw", "seed", "outcome", "selected"]
    )
    assert rows(bare).is_empty()
    assert rows(table(philox(13), draw=0)).is_empty()
    assert scanned(rows(table(philox(13), n=40))) == {"looked_at": 0, "discovered": 0, "confirmed": 0}


def test_a_group_that_the_fresh_half_lacks_is_not_confirmed(study, cube):
    rows = [
        {"by__a": a, "selected": flag, "n": n, "seed": seed, "outcome": "listed", "group_by": "x", "group": "x"}
        for seed, cells in ((1, {"p": (90, 10), "q": (50, 500)}), (2, {"q": (50, 500), "r": (50, 500)}))
        for a, pair in cells.items()
        for flag, n in zip((True, False), pair, strict=True)
    ]
    found = scan.scan(cube(rows), study())
    assert found.candidates["group"].to_list() == ["p"]
    assert found.confirmed.is_empty()
