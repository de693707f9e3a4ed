import gc

import numpy as np
import polars as pl
import pytest
from statsmodels.stats.multitest import multipletests

from scoring.measures import compute
from scoring.measures.families import in_families
from scoring.result import tidy

BENJAMINI_HOCHBERG = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719,
                      0.6528, 0.7590, 1.0]  # fmt: skip
PRIMARY = ("selection_rate_ratio", "rewarded", "g")


@pytest.fixture
def rows():
    """Return a function that makes result rows with a p, each of its own group unless it says otherwise."""

    def make(found, **also):
        head = {"world": "w", "scheme": "s", "outcome": "rewarded", "group_by": "g", "reference": "z", "status": "ok"}
        named = {"measure": "selection_rate_ratio", "uncertainty": "audit"}
        return tidy([head | named | {"group": f"g{i:02}"} | also | row for i, row in enumerate(found)])

    return make


def corrected(rows):
    return rows.sort("group")["p_adjusted"].to_list()


def test_published_p_values_of_benjamini_and_hochberg(rows, study):
    table = rows([{"p": p} for p in BENJAMINI_HOCHBERG])
    exploratory, primary = in_families(table, study()), in_families(table, study(primary=[PRIMARY]))
    assert set(exploratory["test_family"]) == {"exploratory"}
    assert set(primary["test_family"]) == {"primary"}
    assert sum(p <= 0.05 for p in corrected(exploratory)) == 4
    assert sum(p <= 0.05 for p in corrected(primary)) == 3
    assert corrected(exploratory) == pytest.approx(multipletests(BENJAMINI_HOCHBERG, method="fdr_bh")[1])
    assert corrected(primary) == pytest.approx(multipletests(BENJAMINI_HOCHBERG, method="holm")[1])


def test_one_hypothesis_in_many_words_counts_once(rows, study):
    tests = [{"p": 0.01, "group": "a"}, {"p": 0.02, "group": "b"}, {"p": 0.9, "group": "c"}]
    measures = ["selection_rate_ratio", "selection_rate_difference", "non_selection_rate_ratio", "excess_per_10000"]
    once = in_families(rows(tests), study())
    often = in_families(rows([{**t, "measure": m} for t in tests for m in measures]), study())
    assert corrected(once) == pytest.approx([0.03, 0.03, 0.9])
    assert corrected(often) == pytest.approx([p for p in corrected(once) for _ in measures])


@pytest.mark.parametrize(
    "other",
    [
        {"group": "h"},
        {"outcome": "listed"},
        {"scheme": "t"},
        {"group_by": "h"},
        {"measure": "false_positive_rate_difference", "param": "tau=1"},
        {"measure": "kolmogorov_smirnov"},
        {"measure": "stratum_ratio", "term": "x"},
        {"p": 0.01001},
    ],
)
def test_another_table_or_another_test_counts_by_itself(rows, study, other):
    tests = [{"p": 0.01, "group": "a"}, {"p": 0.01, "group": "a"} | other, {"p": 0.5, "group": "b"}]
    apart = multipletests([test["p"] for test in tests], method="fdr_bh")[1]
    assert sorted(corrected(in_families(rows(tests), study()))) == pytest.approx(sorted(apart))
    together = corrected(in_families(rows([tests[0], tests[0], tests[2]]), study()))
    assert together == pytest.approx([0.02, 0.02, 0.5])


def test_thresholds_of_simulated_harm_are_hypotheses_of_their_own(rows, study):
    measure = {"measure": "false_positive_rate_difference", "group": "a"}
    found = in_families(rows([{"p": 0.02, "param": f"tau={t}", **measure} for t in (1, 3)] + [{"p": 0.9}]), study())
    assert found.filter(pl.col("p") == 0.02)["p_adjusted"].to_list() == pytest.approx([0.03, 0.03])


def test_what_rests_on_the_test_of_a_declared_claim_is_declared_with_it(rows, study):
    declared = {"group": "a", "p": 0.02}
    table = rows([
        declared, declared | {"measure": "selection_rate_difference"},
        declared | {"measure": "association_test", "param": "z"}, declared | {"outcome": "listed"},
        {"group": "b", "p": 0.03}, {"group": "c", "p": 0.04, "measure": "quantile_gap", "term": "q=0.5"},
    ])  # fmt: skip
    found = in_families(table, study(primary=[PRIMARY]))
    primary = found.filter(pl.col("test_family") == "primary")
    assert primary.sort("group")["p_adjusted"].to_list() == pytest.approx([0.04, 0.04, 0.04, 0.04])
    exploratory = found.filter(pl.col("test_family") == "exploratory")
    assert exploratory.sort("group")["p_adjusted"].to_list() == pytest.approx([0.04, 0.04])


def test_worlds_are_judged_apart(rows, study):
    table = rows([{"p": p, "world": w} for p, w in ((0.01, "u"), (0.04, "u"), (0.02, "v"))])
    assert corrected(in_families(table, study(primary=[PRIMARY]))) == pytest.approx([0.02, 0.04, 0.02])


def test_small_cells_are_shown_and_judged_with_nobody(rows, study):
    table = rows([
        {"group": "a", "p": 0.01}, {"group": "b", "p": 0.001, "status": "small_cell"},
        {"group": "b", "p": 0.001, "status": "zero_denom", "measure": "selection_rate_difference"},
    ])  # fmt: skip
    found = in_families(table, study())
    assert found.sort("group")["p"].to_list() == [0.01, 0.001, 0.001]
    assert found.sort("group")["p_adjusted"].to_list() == [0.01, None, None]
    assert found.sort("group")["test_family"].to_list() == ["exploratory", None, None]


def test_a_family_that_a_measure_named_is_left_as_it_was(rows, study):
    searched = {"test_family": "subgroup", "measure": "confirmed_subgroup_difference", "p_adjusted": 0.5}
    found = in_families(rows([{"group": "a", "p": 0.01}, {"group": "b", "p": 0.1, **searched}]), study()).sort("group")
    assert found["test_family"].to_list() == ["exploratory", "subgroup"]
    assert found["p_adjusted"].to_list() == [0.01, 0.5]


def test_rows_without_a_p_have_no_family(rows, study):
    table = rows([{"p": None}, {"p": None, "status": "zero_denom"}])
    assert in_families(table, study()).equals(table)
    assert in_families(table.clear(), study()).is_empty()


def test_the_chi_square_of_two_groups_is_their_z_and_of_three_is_not(verdicts, study):
    def families(groups):
        told = study("a", primary=[("association_test", "rewarded", "g")])
        rows = compute({"outcome": verdicts(groups)}, told, ["association_test"]).sort("param", "group")
        return rows["p"].to_list(), rows["p_adjusted"].to_list()

    p, once = families({"a": (300, 900), "b": (260, 700)})
    assert once == pytest.approx(p)
    p, three = families({"a": (300, 900), "b": (260, 700), "c": (200, 600)})
    assert three == pytest.approx(multipletests(p, method="holm")[1])


def test_two_groups_are_one_hypothesis_whatever_else_is_computed(verdicts, study):
    counts = verdicts({"a": (300, 900), "b": (260, 700)})
    found = compute({"outcome": counts}, study("a", primary=[PRIMARY]))
    tested = found.filter(pl.col("p").is_not_null())
    assert {"selection_rate_ratio", "excess_per_10000", "association_test"} < set(tested["measure"])
    alone = tested.filter(pl.col("measure").is_in(["selection_rate_ratio", "association_test"]))
    assert set(alone["group"]) == {"b", "all groups"}
    assert set(alone["test_family"]) == {"primary"}
    assert alone["p_adjusted"].to_list() == pytest.approx(alone["p"].to_list())


def test_compute_gives_every_p_its_family(verdicts, study):
    groups = {"a": (300, 900), "b": (260, 700), "c": (100, 600), "few": (5, 20)}
    found = compute({"outcome": verdicts(groups)}, study("a", primary=[PRIMARY]))
    few = found.filter(pl.col("group") == "few", pl.col("p").is_not_null())
    assert few.height > 0
    assert few["p_adjusted"].null_count() == few.height
    tested = found.filter(pl.col("group").is_in(["b", "c"]), pl.col("p").is_not_null())
    p = {group: tested.filter(pl.col("group") == group)["p"][0] for group in "bc"}
    holm = dict(zip(p, multipletests(list(p.values()), method="holm")[1], strict=True))
    assert set(tested["test_family"]) == {"primary"}
    assert np.allclose(tested["p_adjusted"], [holm[group] for group in tested["group"]])
    assert found.filter(pl.col("p").is_null())["p_adjusted"].null_count() == found["p"].null_count()
    chi_square = found.filter(pl.col("param") == "chi_square")
    assert chi_square["test_family"].to_list() == ["exploratory"]


def test_families_keep_false_alarms_at_their_level(rows, study, monkeypatch):
    monkeypatch.setattr(gc, "collect", lambda *generation: 0)  # statsmodels asks for it in each of the 400 families
    rng = np.random.default_rng(3)
    p = rng.random((400, 6))
    table = rows([{"p": v, "world": f"{i}", "group": f"{j}"} for i, row in enumerate(p) for j, v in enumerate(row)])
    found = in_families(table, study(primary=[PRIMARY]))
    any_alarm = found.group_by("world").agg((pl.col("p_adjusted") < 0.05).any())["p_adjusted"].mean()
    assert 0.02 < any_alarm < 0.08
