"""Equal shares: what is left between designs is whom they choose, and a lot among equals is no choice."""

from collections import defaultdict
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from scoring.experiment import cubes, gathered, recut
from scoring.experiment.designs import NO_DRAW, Design
from scoring.measures import MEASURES, Counts, Study, compute, portability
from scoring.measures.recut import FEW, NO_SCORE, SHARES, TIED

GROUPS = cubes.Groupings(("sex",), {"sex": ("f", "m")})
NAMES = [name for name, measure in MEASURES.items() if measure.cube in ("recut", "recut_ties")]
APART = 1 - 2 * 0.05**2 - 0.9**2  # two designs that have nothing to do with one another


def cut(score, name="a", seed=1):
    score = pl.Series("score", score, dtype=pl.Int32, strict=False)
    coverage = pl.Series("coverage", np.where(score.is_not_null(), "scored", "ineligible"))
    return recut.cut(pl.DataFrame([score, coverage]), Design(SimpleNamespace(name=name)), seed)


def counted(scores, women=None, seed=1):
    """Return the cubes of designs that give these scores: by name, or by name and draw."""
    size = len(next(iter(scores.values())))
    cells = pl.Series("cell", np.zeros(size) if women is None else women, dtype=pl.UInt32)
    tables, said = defaultdict(list), defaultdict(list)
    for key, score in scores.items():
        name, draw = key if isinstance(key, tuple) else (key, NO_DRAW)
        found, design = cut(score, name, seed), Design(SimpleNamespace(name=name), draw)
        said[draw] += recut.verdicts(found, design)
        gathered.keep(tables, design, {"recut_ties": recut.ties(found, cells, GROUPS)})
    gathered.keep_joint(tables, "recut", said, cells, GROUPS)
    return {cube: gathered.pooled(cube, table, "w", seed) for cube, table in tables.items()}


def asked(scores, also=(), women=None, coverage=None, names=NAMES):
    drawn = {key if isinstance(key, str) else key[0] for key in scores}
    designs = [*sorted(drawn), *also]
    study = Study(
        outcomes={(s, o): p for s in designs for o, p in (("up", "favourable"), ("down", "adverse"))},
        schemes={s: {"instrument": "points scheme"} for s in designs},
        replicates=200,
    )
    found = counted(scores, women) | ({"coverage": coverage} if coverage is not None else {})
    return compute(found, study, names)


def value(rows, measure, uncertainty="audit", group="everyone", **equals):
    equals |= {"measure": f"{measure}_at_equal_shares", "uncertainty": uncertainty, "group": group}
    return rows.filter(**equals)["value"].item()


def test_what_is_scored_alike_is_chosen_alike_whatever_the_published_cuts():
    score = np.random.default_rng(1).permutation(1_000) - 500
    other = score**3 // 1_000 + 7 * score
    rows = asked({"a": score, "b": other})
    assert value(rows, "ambiguity", term="observed", param=f"any instrument; {SHARES}") == 0
    kappas = rows.filter(pl.col("measure").str.contains("kappa"), uncertainty="audit", group="everyone")
    assert set(kappas["param"].str.split(";").list.first()) == {
        "rewarded",
        "sanctioned",
        "verdict",
        "verdict, distances squared",
    }
    assert set(kappas["value"]) == {1.0}
    said = pl.DataFrame({"a:down": score < -400, "b:down": other < -400}).cast(pl.Int8)
    published = Counts(
        ("world", "seed", "group_by", "group", "a:down", "b:down"),
        said.group_by(said.columns)
        .len("n")
        .with_columns(world=pl.lit("w"), seed=1, group_by=pl.lit("everyone"), group=pl.lit("everyone")),
    )
    study = Study(outcomes={("a", "down"): "adverse", ("b", "down"): "adverse"}, schemes={"a": {}, "b": {}})
    assert portability.ambiguity(published, study)["value"][0] > 0.02


def test_scores_that_have_nothing_to_do_with_one_another_agree_by_chance():
    rng, n = np.random.default_rng(4), 20_000
    women = rng.integers(0, 2, n)
    rows = asked({s: rng.permutation(n) for s in "ab"}, women=women)
    assert value(rows, "ambiguity", term="by chance") == pytest.approx(APART)
    for group, size in (("everyone", n), ("f", (women == 0).sum()), ("m", (women == 1).sum())):
        apart = value(rows, "ambiguity", term="observed", group=group)
        assert abs(apart - APART) < 3.5 * np.sqrt(APART * (1 - APART) / size)
        for param in ("rewarded", "sanctioned"):  # at independence the error of kappa is 1 / √n
            kappa = value(rows, "cohen_kappa", param=f"{param}; {SHARES}", group=group)
            assert abs(kappa) * np.sqrt(size) < 3.5
        assert abs(value(rows, "fleiss_kappa", param=f"rewarded; {SHARES}", group=group)) * np.sqrt(size) < 3.5


def test_chance_is_of_as_many_designs_as_score_a_person():
    rng, n = np.random.default_rng(6), 4_000
    scores = {s: rng.permutation(n).astype(float) for s in "abc"}
    scores["c"][: n // 4] = np.nan
    rows = asked({s: [None if np.isnan(v) else int(v) for v in score] for s, score in scores.items()})
    three = 1 - 2 * 0.05**3 - 0.9**3
    assert value(rows, "ambiguity", term="by chance") == pytest.approx(0.25 * APART + 0.75 * three)


def test_the_same_share_is_chosen_by_every_design_of_those_whom_it_scores():
    found = cut([None] * 100 + list(range(1_000)) * 2)
    for side in ("sanctioned", "rewarded"):
        assert found[side].value_counts().sort(side)["count"].to_list() == [100, 1_900, 100]
    scores = np.array(range(1_000))
    assert scores[cut(scores)["sanctioned"].to_numpy() == 1].tolist() == list(range(50))
    assert scores[cut(scores)["rewarded"].to_numpy() == 1].tolist() == list(range(950, 1_000))
    assert cut([3, 4])["sanctioned"].to_list() == [0, 0]


def test_a_lot_orders_equals_and_is_each_designs_own():
    same = [0] * 1_000
    once, again = cut(same), cut(same)
    assert once.equals(again)
    chosen = {name: set(np.flatnonzero(cut(same, name)["rewarded"].to_numpy() == 1)) for name in "ab"}
    assert len(chosen["a"] & chosen["b"]) < 15  # of 50, 2.5 are to be expected
    assert not once.equals(cut(same, seed=2))
    assert once.filter(pl.col("sanctioned") == 1)["rewarded"].sum() == 0


def test_ties_are_of_the_selected_whose_score_others_have_who_are_not():
    steps = [0] * 30 + [1] * 70 + [2] * 900
    rows = asked({"a": steps, "b": list(range(1_000))})
    tied = {
        (r["scheme"], r["param"]): r["value"]
        for r in rows.filter(measure="recut_tied", uncertainty="audit", group="everyone").iter_rows(named=True)
    }
    low, high = f"sanctioned; {SHARES}", f"rewarded; {SHARES}"
    assert tied == {("a", low): 0.4, ("a", high): 1.0, ("b", low): 0.0, ("b", high): 0.0}
    assert value(rows, "cohen_kappa", param=low) > 0.5
    kappas = rows.filter(measure="cohen_kappa_at_equal_shares", param=high)
    assert kappas["value"].to_list() == [None]
    assert (kappas["scheme"].item(), kappas["status"].item()) == ("a", "not_applicable")
    assert kappas["note"].item().startswith(TIED.format("rewarded"))


def test_a_score_that_is_the_same_for_everyone_has_no_verdict_to_hold_against_others():
    rows = asked({"a": [7] * 500, "b": list(range(500)), "c": list(range(500))})
    assert value(rows, "ambiguity", term="observed") == 0  # of b and c
    mine = rows.filter(pl.col("scheme") == "a", pl.col("measure") != "recut_tied")
    assert set(mine["status"]) == {"not_applicable"}
    assert mine["value"].null_count() == mine.height == 6
    assert mine["note"].str.contains("tied at the cut").all()
    assert "b, c" in rows.filter(measure="fleiss_kappa_at_equal_shares", scheme="all schemes")["note"][0]
    alone = asked({"a": [7] * 500, "b": list(range(500))})
    row = alone.filter(measure="ambiguity_at_equal_shares", scheme="all schemes").row(0, named=True)
    assert (row["value"], row["status"]) == (None, "not_applicable")
    assert row["note"].startswith(FEW)


def test_a_list_has_no_score_and_is_left_out_with_a_note():
    rows = asked({"a": list(range(500)), "b": list(range(500))}, also=["list"])
    assert value(rows, "ambiguity", term="observed") == 0
    mine = rows.filter(scheme="list")
    assert set(mine["measure"]) == {name for name in NAMES if name != "recut_tied"}
    assert mine["value"].null_count() == mine.height
    assert mine["note"].str.starts_with(NO_SCORE).all()


def test_one_design_has_nobody_to_be_held_against():
    rows = asked({"a": list(range(500))})
    assert set(rows["measure"]) == {"recut_tied"}


def test_a_family_is_a_range_over_its_draws():
    rng, n = np.random.default_rng(9), 1_000
    draws = {("b", 0): np.arange(n), ("b", 1): rng.permutation(n)}
    seen = pl.DataFrame({"scheme": ["a", "b", "b"], "draw": [-1, 0, 1], "n": [1, 1, 1]})
    rows = asked({"a": np.arange(n), **draws}, coverage=Counts(("scheme", "draw"), seen))
    row = rows.filter(measure="ambiguity_at_equal_shares", term="observed", group="everyone").row(0, named=True)
    assert row["uncertainty"] == "specification"
    assert row["low"] == 0 < 0.1 < row["high"]
    assert value(rows, "ambiguity", "specification", term="by chance") == pytest.approx(APART)
