"""How unlike two populations are, seen through the bins of a scheme."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.stats import chi2, entropy

from scoring.measures import Counts, Study, decomposition, shift

HEAD = {"world": "w", "scheme": "s", "draw": -1, "seed": 1, "group_by": "g"}
STUDY = Study(outcomes={}, references={"g": "b"}, schemes={"s": {}})
TOY = np.array([100, 200, 400, 200, 100]), np.array([150, 250, 300, 200, 100])


def counts(axis, groups, **also):
    """Count `group → value → n` over one axis."""
    rows = [
        {**HEAD, "group": group, axis: value, "n": n, **also} for group, of in groups.items() for value, n in of.items()
    ]
    table = pl.DataFrame(rows)
    return Counts(tuple(c for c in table.columns if c not in {"n", "sum"}), table)


def term(rows, name, **equals):
    told = {"term": name, "uncertainty": "audit", **equals}
    return rows.filter([pl.col(k) == v for k, v in told.items()])


def test_the_toy_has_the_index_of_its_formula_and_both_ways_round():
    base, actual = TOY
    found = shift.stability_index(actual, base)
    assert float(found.value) == pytest.approx(0.06019864, abs=1e-8)
    assert float(shift.stability_index(base, actual).value) == pytest.approx(float(found.value))
    assert float(found.value) == pytest.approx(entropy(actual, base) + entropy(base, actual))
    assert float(shift.stability_index(base * 7, base).value) == pytest.approx(0, abs=1e-12)
    assert (int(found.bins), bool(found.added)) == (5, False)


def test_an_empty_bin_adds_half_a_person_to_every_bin_of_both_and_one_bin_is_undefined():
    a, e = np.array([10, 0, 30]), np.array([10, 20, 10])
    found = shift.stability_index(a, e)
    assert bool(found.added)
    assert float(found.value) == pytest.approx(entropy(a + 0.5, e + 0.5) + entropy(e + 0.5, a + 0.5))
    gone = shift.stability_index(np.array([10, 0, 30]), np.array([10, 0, 10]))  # empty in both
    assert (int(gone.bins), bool(gone.added)) == (2, False)
    assert np.isnan(shift.stability_index([5, 0], [9, 0]).value)
    assert np.isnan(shift.stability_index([0, 0], [9, 1]).value)


def test_like_populations_pass_the_null_line_in_five_of_a_hundred_samples():
    rng = np.random.default_rng(11)
    share = np.full(10, 0.1)
    drawn = shift.stability_index(rng.multinomial(2_000, share, 4_000), rng.multinomial(5_000, share, 4_000)).value
    line, p = shift.null(drawn, 10, 2_000, 5_000)
    assert float(line) == pytest.approx(0.01184, abs=1e-5)
    assert drawn.mean() == pytest.approx(0.0063, rel=0.03)
    assert 0.04 < (drawn > line).mean() < 0.06
    assert p[drawn > line].max() < 0.05


def test_bins_are_frozen_on_the_deciles_of_the_base():
    assert shift.frozen(np.ones(100)).tolist() == [i // 10 for i in range(100)]
    assert shift.frozen([0, 1, 97, 2, 0]).tolist() == [0, 0, 0, 1, 1]  # below the lump there is less than a tenth
    assert shift.frozen([20, 60, 20]).tolist() == [0, 1, 2]
    rng = np.random.default_rng(2)
    base = rng.integers(0, 9, size=300)
    expanded = np.repeat(np.arange(300), base)
    cuts = np.quantile(expanded, np.arange(1, 10) / 10, method="inverted_cdf")
    assert shift.frozen(base).tolist() == np.searchsorted(np.unique(cuts), np.arange(300)).tolist()


def test_a_group_beside_its_reference_with_line_ratio_and_p():
    base, actual = TOY
    band = counts(
        "band",
        {"a": dict(zip("ABCDE", actual.tolist(), strict=True)), "b": dict(zip("ABCDE", base.tolist(), strict=True))},
    )
    score = counts("score", {g: dict(enumerate(v.tolist())) for g, v in zip("ab", (actual, base), strict=True)})
    rows = shift.population_stability_index(score, STUDY, band)
    for param in ("bands", "score deciles"):
        observed, line, ratio = (
            term(rows, name, param=param) for name in ("observed", "null 95%", "ratio to null 95%")
        )
        assert observed["value"].item() == pytest.approx(0.06019864, abs=1e-8)
        assert line["value"].item() == pytest.approx(2 / 1_000 * chi2.ppf(0.95, 4))
        assert observed["p"].item() == pytest.approx(chi2.sf(0.06019864 * 500, 4), rel=1e-6)
        assert ratio["value"].item() == pytest.approx(0.06019864 / line["value"].item())
        assert observed.select("group", "reference").row(0) == ("a", "b")
    assert rows.filter(pl.col("term") == "null 95%")["uncertainty"].to_list() == ["audit"] * 2
    assert rows.filter(pl.col("p").is_not_null(), pl.col("term") != "observed").is_empty()


def test_what_cannot_shift_is_null_with_the_reason():
    same = shift.population_stability_index(counts("score", {"a": {7: 50}, "b": {7: 80}}), STUDY)
    assert same["value"].null_count() == same.height > 0
    assert set(same["status"]) == {"zero_denom"}
    assert same["note"].str.contains("one bin").all()
    alone = shift.population_stability_index(counts("score", {"b": {7: 50, 8: 9}}), STUDY)
    assert set(alone["status"]) == {"single_group"}
    assert shift.population_stability_index(counts("other", {"a": {7: 50}}), STUDY).is_empty()


def test_the_first_world_is_the_base_of_the_others():
    base, actual = TOY
    cells = pl.concat(
        counts("score", {"a": dict(enumerate(v.tolist()))}, world=world).cells
        for world, v in (("then", base), ("now", actual))
    )
    score = Counts(tuple(c for c in cells.columns if c != "n"), cells)
    study = replace(STUDY, pooling={"then": "", "now": ""})
    rows = shift.population_stability_index_between_worlds(score, study)
    assert rows.select("world", "reference", "group", "param", "uncertainty").rows() == [
        ("now", "then", "a", "score deciles", "seeds")
    ]
    assert rows["value"].item() == pytest.approx(0.06019864, abs=1e-8)
    assert "same persons" in rows["note"].item()
    assert shift.population_stability_index_between_worlds(score, replace(study, pooling={"then": ""})).is_empty()


@pytest.mark.parametrize("reference", ["b", "rest"])
def test_each_rule_has_the_index_of_its_points_and_the_shift_of_the_gap(reference):
    base, actual = TOY
    points = [-20, -10, 0, 5, 10]
    groups = {"a": actual, "b": base}
    cells = pl.concat(
        counts("points", {g: dict(zip(points, v.tolist(), strict=True)) for g, v in groups.items()}, rule=rule).cells
        for rule in ("one", "two")
    )
    few = counts("points", {"a": {0: 1_000}, "b": {0: 1_000}}, rule="never").cells
    rare = counts("points", {"a": {0: 990, -5: 10}, "b": {0: 1_000}}, rule="rare").cells
    cells = pl.concat([cells, few, rare], how="diagonal").with_columns(pl.lit(0, pl.Int64).alias("score"))
    ledger = Counts(tuple(c for c in cells.columns if c not in {"n", "score"}), cells)
    study = replace(STUDY, references={"g": reference})
    rows = shift.characteristic_stability_index(ledger, study).filter(pl.col("group") == "a")
    assert term(rows, "observed", param="one")["value"].item() == pytest.approx(0.06019864, abs=1e-8)
    assert term(rows, "observed", param="one")["p"].item() == pytest.approx(chi2.sf(0.06019864 * 500, 4), rel=1e-6)
    assert term(rows, "null 95%", param="two")["value"].item() == pytest.approx(2 / 1_000 * chi2.ppf(0.95, 4))
    never = rows.filter(pl.col("param") == "never")
    assert never["value"].null_count() == never.height > 0
    assert never["note"].str.contains("one bin").all()
    told = term(rows, "observed", param="rare")
    a, e = np.array([990.5, 10.5]), np.array([1_000.5, 0.5])
    assert told["value"].item() == pytest.approx(entropy(a, e) + entropy(e, a))
    assert "half a person" in told["note"].item()
    gap = decomposition.rule_gap(ledger, study)
    moved = ((actual / 1_000 - base / 1_000) * points).sum()
    mine = gap.filter(pl.col("term") == "one", pl.col("uncertainty") == "seeds", pl.col("group") == "a")
    assert mine["value"].item() == pytest.approx(moved)


def steps(table, **also):
    """Count `(before, after) → n` of persons from the first year to the third, and what does not belong there."""
    rows = [
        {**HEAD, "group": "a", "period": 0, "lag": 2, "before": b, "after": a, "n": n, **also} for (b, a), n in table
    ]
    stray = [{**rows[0], "period": period, "lag": lag, "n": 900} for period, lag in ((0, 1), (1, 1))]
    frame = pl.DataFrame(rows + stray).with_columns(pl.col("period", "lag", "draw").cast(pl.Int32))
    return Counts(tuple(c for c in frame.columns if c != "n"), frame)


def test_bands_shift_from_the_first_year_to_the_last():
    table = [(("A", "A"), 60), (("A", "B"), 40), (("B", "A"), 10), (("B", "B"), 90)]  # 100, 100 → 70, 130
    study = replace(STUDY, schemes={"s": {"bands": ["A", "B"]}})
    rows = shift.population_stability_index_between_years(steps(table), study)
    told = rows.select("param", "reference", "period", "n", "status", "uncertainty").rows()
    assert told == [("bands", "first year", 2, 200, "ok", "seeds")]
    assert rows["value"].item() == pytest.approx(entropy([70, 130], [100, 100]) + entropy([100, 100], [70, 130]))
    assert "same persons" in rows["note"].item()


def test_moves_against_one_another_shift_nothing_and_lists_have_two_bins():
    swap = [(("listed", "not listed"), 30), (("not listed", "listed"), 30), (("not listed", "not listed"), 40)]
    rows = shift.population_stability_index_between_years(steps(swap), STUDY)
    assert rows.select("param", "value").row(0) == ("listed", 0.0)
    gone = [(("not listed", "listed"), 30), (("not listed", "not listed"), 40)]
    found = shift.population_stability_index_between_years(steps(gone), STUDY)
    a, e = np.array([30.5, 40.5]), np.array([0.5, 70.5])
    assert found["value"].item() == pytest.approx(entropy(a, e) + entropy(e, a))
    assert "half a person" in found["note"].item()


def test_one_band_cannot_shift_from_year_to_year():
    rows = shift.population_stability_index_between_years(steps([(("A", "A"), 60)]), STUDY)
    assert rows.select("value", "status").row(0) == (None, "zero_denom")
    assert "one bin" in rows["note"].item()
