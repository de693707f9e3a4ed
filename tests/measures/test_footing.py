import polars as pl
import pytest

from scoring.measures import Counts, Study, compute

HEAD = [pl.lit("w").alias("world"), pl.lit(-1, pl.Int32).alias("draw"), pl.lit(1, pl.Int32).alias("seed")]
NAMES = ["selection_rate_on_footing", "selection_rate_ratio_on_footing"]


@pytest.fixture
def found():
    def find(designs, side="below", outcome="listed", polarity="adverse"):
        """`designs` maps a scheme to its cut and to {(group, score, harm): n}; selected is below the cut."""
        scores, verdicts = [], []
        for scheme, (cut, persons) in designs.items():
            for (group, score, harm), n in persons.items():
                for by, of in (("g", group), ("everyone", "everyone")):
                    told = {"scheme": scheme, "group_by": by, "group": of, "harm": harm, "n": n}
                    selected = score < cut if side == "below" else score >= cut
                    verdicts.append({**told, "outcome": outcome, "selected": selected})
                    scores.append({**told, "score": score})
        cubes = {}
        for name, rows in (("outcome", verdicts), ("score", scores)):
            table = pl.DataFrame(rows).group_by(pl.exclude("n")).agg(pl.col("n").sum())
            axes = ["world", "draw", "seed", *(c for c in table.columns if c != "n")]
            whole = table.with_columns(HEAD)
            cubes[name] = Counts(tuple(axes), whole.select(*axes, "n"))
        facts = {s: {"instrument": "points scheme", "sides": {outcome: side}} for s in designs}
        study = Study({(s, outcome): polarity for s in designs}, {"g": "b"}, facts)
        return compute(cubes, study, NAMES)

    return find


def values(rows, measure, group):
    mine = rows.filter(pl.col("measure") == measure, pl.col("group") == group, pl.col("uncertainty") == "seeds")
    return dict(mine.select("param", "value").iter_rows())


FIRST = (10, {("a", 5, 0): 10, ("a", 15, 0): 90, ("b", 5, 3): 10, ("b", 15, 3): 90})  # lists 10% of all, and of harm


def test_equal_shares_moves_the_cut_to_the_share_of_the_first(found):
    second = {("a", 1, 0): 40, ("a", 9, 3): 60, ("b", 2, 3): 60, ("b", 9, 0): 40}
    rows = found({"first": FIRST, "second": (5, second)})
    assert set(rows["versus"]) == {"first"}
    # As published it lists 100 of 200; of the 20 that 10% are, all are among the 40 lowest, who are of group a.
    assert values(rows, "selection_rate_on_footing", "a")["as published"] == pytest.approx(0.4)
    assert values(rows, "selection_rate_on_footing", "a")["equal shares"] == pytest.approx(0.2)
    assert values(rows, "selection_rate_on_footing", "b")["equal shares"] == 0
    assert values(rows, "selection_rate_on_footing", "everyone")["equal shares"] == pytest.approx(0.1)


def test_equal_detection_moves_the_cut_to_the_harm_that_the_first_detects(found):
    second = {("a", 1, 0): 40, ("a", 9, 3): 60, ("b", 2, 3): 60, ("b", 9, 0): 40}
    rows = found({"first": FIRST, "second": (5, second)})
    # 10% of the 120 harmful are 12 of the 60 who score 2; whoever scores less is listed as well.
    assert values(rows, "selection_rate_on_footing", "b")["equal detection"] == pytest.approx(12 / 100)
    assert values(rows, "selection_rate_on_footing", "a")["equal detection"] == pytest.approx(40 / 100)
    assert values(rows, "selection_rate_ratio_on_footing", "a")["equal detection"] == pytest.approx(40 / 12)


def test_the_same_design_stands_on_every_footing_where_it_stood(found):
    rows = found({"first": FIRST, "same": FIRST})
    for group in ("a", "b", "everyone"):
        assert set(values(rows, "selection_rate_on_footing", group).values()) == {0.1}


def test_of_a_reward_the_highest_are_selected_first(found):
    first = (15, FIRST[1])
    second = (2, {("a", 1, 0): 50, ("a", 2, 0): 50, ("b", 1, 3): 20, ("b", 3, 3): 80})
    rows = found({"first": first, "second": second}, side="above", outcome="rewarded", polarity="favourable")
    shares = values(rows, "selection_rate_on_footing", "b"), values(rows, "selection_rate_on_footing", "a")
    assert shares[0]["equal shares"] == pytest.approx(0.8 + 0.2 * 5 / 7)  # of 180, 130 score more than 1, and 50 of 70
    assert shares[0]["as published"] == pytest.approx(0.8)


def test_unlike_instruments_and_unknown_sides_have_no_footing(found, verdicts, study):
    assert compute({"outcome": verdicts({"a": (1, 50), "b": (2, 50)})}, study(), NAMES).is_empty()
