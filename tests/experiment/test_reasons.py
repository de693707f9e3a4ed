"""A second look at reasons: true ones are found true, a planted untrue one is caught; every ledger replays."""

import numpy as np
import polars as pl
import pytest

from scoring import population
from scoring.documents import parse
from scoring.experiment import cubes, reasons, view
from scoring.experiment.designs import Design
from scoring.schemes.reading import made
from scoring.schemes.text import SchemeText
from tests.hand_frames import CITED, HEAD, catalogue, plan_of, ready

LEVELS = {"sex": ("f", "m")}
GROUPS = cubes.Groupings(("sex",), LEVELS)
RULES = {
    "late": "per: n_late, points: -20, actionable: now",
    "theft": "per: n_theft, points: -15, actionable: waiting",
    "young": "when: age < 20, points: -20, actionable: immutable",
}
PLANTED = f"direct_bands:\n  - {{id: x, label: x, when: n_secret >= 1, band: low, because: x, {CITED}}}\n"


def toy(rules=RULES, more=""):
    lines = "\n".join(f"  - {{id: {i}, label: {i}, {body}, because: x, {CITED}}}" for i, body in rules.items())
    return made(SchemeText.model_validate(parse(HEAD + lines + "\n" + more, "toy").data))


def looked_at(scheme, rows, probe=reasons.truthfulness):
    """Return what a probe says of everyone, from hand-made rows: the axes but the groups."""
    columns = dict.fromkeys(scheme.reads, 0) | {"age": 30, "consents": 1}
    people = pl.DataFrame([columns | row for row in rows]).with_columns(
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("person"), pl.lit(0, pl.UInt32).alias("cell")
    )
    ledger = scheme.ledger(scheme.score(people))
    found = probe(scheme, people, ledger, GROUPS) if probe in WITH_PEOPLE else probe(scheme, ledger, GROUPS)
    return None if found is None else found.filter(group_by="everyone").drop("group_by", "group")


WITH_PEOPLE = (reasons.truthfulness, reasons.neighbours)


def truth(scheme, *rows):
    found = looked_at(scheme, rows)
    return [] if found is None else found.select("truthful", "given", "tested", "n").sort(pl.all()).rows()


def test_who_has_no_adverse_verdict_is_not_asked():
    assert truth(toy(), {}, {"n_theft": 0}) == []
    assert truth(toy(), {"n_late": 1}, {}) == [(True, True, True, 1)]


@pytest.mark.parametrize("row", [{"n_secret": 1}, {"n_secret": 1, "n_late": 1}])
def test_a_planted_untrue_reason_is_caught(row):
    (told,) = truth(toy(more=PLANTED), row)
    assert told == (False, "n_late" in row, True, 1)


def test_the_same_person_has_true_reasons_without_the_plant():
    assert truth(toy(), {"n_late": 1}) == [(True, True, True, 1)]


def test_a_reason_without_a_record_cannot_be_tested():
    assert truth(toy(), {"age": 19}) == [(False, True, False, 1)]
    assert truth(toy({"none": "when: n_late == 0, points: -20, actionable: now"}), {}) == [(False, True, False, 1)]


def test_counts_and_amounts_go_together():
    scheme = toy({"owes": "when: n_late >= 1 and amt_late >= 5, points: -20, actionable: now"})
    people = pl.DataFrame({"n_late": [2, 2], "amt_late": [9, 9]})
    gone = reasons.without(scheme, people, np.array([[True], [False]]))
    assert gone.rows() == [(0, 0), (2, 9)]


@pytest.fixture(scope="module")
def people():
    return population.people(plan_of("person"), 60_000, 3).with_columns(
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("person"), pl.lit(0, pl.UInt32).alias("cell")
    )


def test_every_reason_of_points_in_proportion_to_harm_is_true(people):
    scheme = ready("harm_proportional")
    mine = people.select(*scheme.reads, "person", "cell")
    found = reasons.truthfulness(scheme, mine, scheme.ledger(scheme.score(mine)), GROUPS).filter(group_by="everyone")
    assert found["truthful"].all()
    assert found["n"].sum() > 1_000


def test_drink_driving_decides_in_rongcheng_whatever_the_reasons(people):
    scheme = ready("rongcheng_2016")
    mine = people.select(*scheme.reads, "person", "cell")
    found = reasons.truthfulness(scheme, mine, scheme.ledger(scheme.score(mine)), GROUPS).filter(group_by="everyone")
    untrue = found.filter(~pl.col("truthful"))["n"].sum()
    driven = scheme.score(mine).filter(pl.col("n_drink_driving") >= 1, coverage="scored").height
    assert 0 < untrue <= driven


def test_what_was_lost_is_shared_out_by_tag():
    scheme = toy()
    found = looked_at(scheme, [{"n_late": 1, "n_theft": 2, "age": 19}, {"n_theft": 1}, {}], reasons.actionability)
    table = {r["tag"]: (r["n"], r["parts"], r["points"], r["all"]) for r in found.iter_rows(named=True)}
    assert table["now"] == (2, round(1e6 * 20 / 70), 20, 85)
    assert table["waiting"] == (2, round(1e6 * 30 / 70) + 1_000_000, 45, 85)
    assert table["immutable"] == (2, round(1e6 * 20 / 70), 20, 85)
    assert table["others"] == (2, 0, 0, 85)


def test_facts_are_those_that_points_went_by():
    rules = RULES | {"both": "when: n_late >= 1 and n_theft >= 1, points: 1, actionable: now"}
    found = looked_at(toy(rules), [{"n_late": 1}, {"n_late": 1, "n_theft": 1}, {}], reasons.burden)
    assert sorted(found.select("lost", "facts", "n").rows()) == [(0, 0, 1), (20, 1, 1), (35, 2, 1)]


def test_neighbours_have_one_record_less():
    rows = [{"n_late": 1}, {"n_theft": 3}, {"n_late": 2, "n_theft": 1}, {}]
    # The first loses band and reason; the second keeps both; the third keeps low twice, and her reasons: with a theft
    # less, one of two is left, which is half.
    found = looked_at(toy(), rows, reasons.neighbours).row(0, named=True)
    assert found == {"n": 3, "band": 2_000_000, "reasons": 2_000_000, "both": 2_000_000, "step": 20 + 15 + 20}


def test_a_step_is_bounded_by_the_largest_weight(people):
    scheme = ready("harm_proportional")
    mine = people.head(5_000).select(*scheme.reads, "person", "cell")
    found = reasons.neighbours(scheme, mine, scheme.ledger(scheme.score(mine)), GROUPS).filter(group_by="everyone")
    assert 0 < found["step"].item() <= 150 * found["n"].item()


def test_four_reasons_are_stated_ties_by_the_order_of_the_rules():
    points = np.array([[-5, -20, 3, -5, -5, -5], [0, 1, 0, 0, 0, 0], [-1, 0, 0, 0, 0, 0]])
    assert reasons.stated(points).sum(axis=1).tolist() == [4, 0, 1]
    assert reasons.stated(points)[0].tolist() == [True, True, False, True, True, False]


@pytest.mark.parametrize("name", sorted(catalogue()))
def test_base_and_ledger_replay_every_score_of_the_catalogue(name):
    """The whole of each rulebook, families at three draws, over the subjects that it is for."""
    loaded = catalogue()[name]
    drawn = [*loaded.draws(3), loaded.central()] if hasattr(loaded, "draws") else [ready(name)]
    if not view.has_ledger(Design(drawn[0])):
        pytest.skip("no points that anybody could read")
    people = population.people(plan_of(drawn[0].subject), 3_000, 11)
    listed = [n for n in catalogue() if f"listed__{n}" in drawn[0].reads]
    for scheme in drawn:
        mine = view.with_lists(people, people, Design(scheme), [Design(ready(n)) for n in listed])
        ledger = scheme.ledger(scheme.score(mine)).filter(coverage="scored")
        points = ledger.select(c for c in ledger.columns if c.startswith("points__")).sum_horizontal()
        assert ledger.height > 0
        assert (scheme.base + points == ledger["score"]).all()
