"""What an export leaves out cannot be worked out from what it shows."""

from itertools import product

import numpy as np
import polars as pl
import pytest

import scoring
from scoring.experiment.suppression import SMALLEST, small, withheld


def shown_of(cells):
    """Return every cell of a crossing and of its margins, with the counts that publishing it shows."""
    shown: dict = {}
    for (sex, race), (y, n) in cells.items():
        for key in (("sex", sex), ("race", race), ("sex*race", f"{sex}*{race}")):
            old = shown.get(key, (0, 0, 0))
            shown[key] = (old[0] + y, old[1] + n - y, old[2] + n)
    return {key: counts for key, counts in shown.items() if counts[2]}


def recoverable(shown, hidden):
    """Return the small cells that subtraction finds: alone in a line whose total is known."""
    known = {key for key in shown if key not in hidden}
    crossed = [key for key in shown if key[0] == "sex*race"]
    lines = [
        [("sex", key[1]) for key in shown if key[0] == "sex"],
        [("race", key[1]) for key in shown if key[0] == "race"],
    ]
    totals: list = [None, None]  # the total of everybody is always known
    for parent in [key for key in shown if key[0] != "sex*race"]:
        place = 0 if parent[0] == "sex" else 1
        lines.append([key for key in crossed if key[1].split("*")[place] == parent[1]])
        totals.append(parent)
    found = set()
    while True:
        new = set()
        for line, total in zip(lines, totals, strict=True):
            missing = [key for key in line if key not in known]
            if total is None or total in known:
                new |= {missing[0]} if len(missing) == 1 else set()
            elif not missing:
                new.add(total)
        if not new - known:
            return {key for key in found if any(map(small, shown[key]))}
        found |= new - known
        known |= new


def test_no_small_cell_can_be_worked_out_by_subtraction():
    rng = np.random.default_rng(11)
    for _ in range(300):
        cells = {}
        for sex, race in product("fmx", "abcd"):
            n = int(rng.choice([0, 3, 12, 40, 200, 1_000]))
            cells[sex, race] = (int(rng.binomial(n, 0.3)), n)
        shown = shown_of(cells)
        hidden = withheld(shown)
        assert {key for key, counts in shown.items() if any(map(small, counts))} <= hidden
        assert recoverable(shown, hidden) == set()


def test_nothing_is_withheld_where_nothing_is_small():
    shown = shown_of(dict.fromkeys(product("fm", "ab"), (100, 300)))
    assert withheld(shown) == set()


@pytest.fixture(scope="module")
def audits():
    """The same audit as its owner sees it and as it leaves the house."""
    rng = np.random.default_rng(4)
    n = 4_000
    table = pl.DataFrame(
        {
            "sex": rng.choice(["f", "m"], n),
            "race": rng.choice(["a", "b", "c", "d"], n, p=[0.55, 0.4, 0.0485, 0.0015]),
            "listed": rng.random(n) < 0.06,
            "late": rng.random(n) < 0.2,
            "office": rng.choice(["north", "south"], n),
            "score": rng.integers(300, 700, n),
        }
    )
    asked = {
        "group": ["sex", "race"],
        "selected": "listed",
        "truth": "late",
        "adverse": True,
        "strata": "office",
        "score": "score",
    }
    return table, *(scoring.audit(table, **asked, show_small=flag).rows for flag in (True, False))


def test_a_suppressed_row_shows_no_number(audits):
    _, _, rows = audits
    gone = rows.filter(pl.col("status") == "suppressed")
    assert gone.height > 0
    assert gone.select(pl.col("value", "low", "high", "p", "p_adjusted", "n").is_null().all()).row(0) == (True,) * 6


def test_what_is_shown_is_what_was_computed(audits):
    _, whole, rows = audits
    assert rows.height == whole.height
    shown = rows["status"] != "suppressed"
    columns = ["measure", "group", "term", "value", "low", "high", "n"]
    assert rows.select(columns).filter(shown).equals(whole.select(columns).filter(shown))


def test_no_rate_that_is_shown_stands_on_a_small_count(audits):
    _, _, rows = audits
    rates = rows.filter(
        pl.col("measure").is_in(["selection_rate", "false_positive_rate", "false_negative_rate", "prevalence"])
    )
    shown = rates.drop_nulls("value").with_columns((pl.col("value") * pl.col("n")).round().alias("y"))
    for count in (pl.col("y"), pl.col("n") - pl.col("y"), pl.col("n")):
        assert shown.filter(count.is_between(1, SMALLEST - 1)).is_empty()
    assert "d" not in shown["group"]
    assert rates.filter(pl.col("group") == "d")["status"].unique().to_list() == ["suppressed"]


def test_what_is_missing_is_no_small_number_together():
    shown = {("g", "a"): (2, 100), ("g", "b"): (3, 100), ("g", "c"): (40, 100), ("g", "d"): (50, 100)}
    assert withheld(shown) == {("g", "a"), ("g", "b"), ("g", "c")}


def test_a_cell_that_follows_from_several_lines_is_no_secret():
    small_at = [(0, 0), (0, 1), (1, 0), (1, 1), (2, 2), (2, 3), (3, 2), (3, 3), (1, 2)]  # two rings and a bridge
    shown = {("a*b", f"{i}*{j}"): (6 if (i, j) in small_at else 50,) for i in range(4) for j in range(4)}
    for by, place in (("a", 0), ("b", 1)):
        for i in range(4):
            line = [n for (_, group), (n,) in shown.items() if "*" in group and group.split("*")[place] == str(i)]
            shown |= {(by, str(i)): (sum(line),)}
    hidden = withheld(shown)
    crossed = sorted(cell for cell in hidden if cell[0] == "a*b")
    system = np.array([[cell[1].split("*")[k] == str(i) for cell in crossed] for k in (0, 1) for i in range(4)], float)
    for at in range(len(crossed)):
        wanted = np.eye(len(crossed))[at]
        found, *_ = np.linalg.lstsq(system.T, wanted, rcond=None)
        assert not np.allclose(system.T @ found, wanted)


def persons(**counts):
    """Return a table of so many persons of each kind: `group_selected_truth`, y and n standing for yes and no."""
    flag = {"y": True, "n": False, "u": None}
    rows = [{"g": g, "s": flag[s], "t": flag[t]} for kind, n in counts.items() for g, s, t in [kind.split("_")] * n]
    return pl.DataFrame(rows, schema={"g": pl.String, "s": pl.Boolean, "t": pl.Boolean})


def status(rows, measure, group):
    return rows.filter(pl.col("measure") == measure, pl.col("group") == group)["status"].unique().to_list()


def test_one_small_error_is_not_left_over_by_the_others():
    four = {"a_y_y": 60, "a_y_n": 50, "a_n_y": 4, "a_n_n": 90, "b_y_y": 80, "b_y_n": 70, "b_n_y": 60, "b_n_n": 90}
    rows = scoring.audit(persons(**four), "g", "s", truth="t").rows
    for measure in ("false_negative_rate", "positive_predictive_value", "false_positive_rate"):
        assert status(rows, measure, "a") == ["suppressed"], measure
    assert status(rows, "selection_rate", "a") == status(rows, "prevalence", "a") == ["ok"]


def test_the_few_without_a_truth_or_a_verdict_cannot_be_told_from_sums():
    of = {f"{g}_{s}_{t}": 50 for g in "ab" for s in "yn" for t in "yn"}
    rows = scoring.audit(persons(**of, a_y_u=3), "g", "s", truth="t").rows
    assert status(rows, "prevalence", "a") == status(rows, "false_positive_rate", "a") == ["suppressed"]
    found = scoring.audit(persons(**of, a_u_y=3), "g", "s")
    scored = found.where(measure="selection_rate", group="everyone")["n"].item()
    assert found.manifest["people"] == found.manifest["rows_read"] == scored
    assert not any("403" in warning for warning in found.manifest["warnings"])


def test_the_best_group_is_not_told_where_it_is_small():
    of = {"a_y_y": 46, "a_n_y": 4, "b_y_y": 60, "b_n_y": 60, "c_y_y": 90, "c_n_y": 60}
    rows = scoring.audit(persons(**of), "g", "s", reference="best").rows
    assert status(rows, "selection_rate_ratio", "c") == ["suppressed"]
    assert set(status(rows, "shrunk_rate", "c")) == {"suppressed"}


def test_cuts_and_points_of_a_curve_with_a_few_persons_between_them_are_not_both_shown():
    rng = np.random.default_rng(6)
    table = pl.DataFrame({"g": rng.choice(["a", "b"], 400), "score": rng.permuted(np.arange(400)) // 2})
    rows = scoring.audit(table, "g", score="score", cut=[100, 102], replicates=50).rows
    shown = rows.filter(pl.col("measure") == "selection_rate", pl.col("group") == "a").drop_nulls("value")
    assert shown["outcome"].to_list() == ["score >= 100"]
    curve = rows.filter(pl.col("measure") == "threshold_curve", pl.col("param") == "difference").drop_nulls("value")
    for group in ("a", "b"):
        scores = table.filter(pl.col("g") == group)["score"]
        below = [0, *sorted((scores < float(term)).sum() for term in curve["term"]), len(scores)]
        assert not any(map(small, np.diff(below)))


def test_ratios_within_strata_are_left_out_together():
    four = {"a_y_y": 60, "a_n_y": 50, "a_y_n": 3, "a_n_n": 90, "b_y_y": 80, "b_n_y": 70, "b_y_n": 60, "b_n_n": 90}
    rows = scoring.audit(persons(**four), "g", "s", strata="t").rows
    for measure in ("pooled_odds_ratio", "pooled_risk_ratio", "mantel_haenszel_test", "stratum_ratio"):
        gone = rows.filter(pl.col("measure") == measure)
        assert set(gone["status"]) == {"suppressed"}, measure
        assert gone["method"].is_null().all()


def test_a_curve_beside_the_rest_does_not_give_away_a_group_without_a_point():
    rng = np.random.default_rng(8)
    table = pl.DataFrame({"g": ["a"] * 300 + ["b"] * 300 + [None] * 40, "score": rng.integers(0, 30, 640)})
    rows = scoring.audit(table, "g", score="score", cut=15, reference="rest", replicates=50).rows
    curve = rows.filter(pl.col("measure") == "threshold_curve", pl.col("param") == "difference").drop_nulls("value")
    assert curve.height > 0
    unknown = table.filter(pl.col("g").is_null())["score"]
    assert not any(small((unknown < float(term)).sum()) for term in curve["term"])


def test_a_few_persons_of_a_stratum_between_two_cuts_are_not_told():
    score = [*range(300)] * 4
    table = pl.DataFrame({"g": ["a"] * 600 + ["b"] * 600, "score": score, "z": (["n"] * 300 + ["s"] * 300) * 2})
    rows = scoring.audit(table, "g", score="score", cut=[100, 106], strata="z", replicates=50).rows
    shown = rows.filter(pl.col("measure") == "stratum_ratio").drop_nulls("value")
    assert set(shown["outcome"]) == {"score >= 100"}


def test_a_metric_of_rows_shows_no_count_that_its_rates_leave_out():
    from sklearn.metrics import precision_score

    table = pl.DataFrame(
        {
            "g": ["a"] * 400 + ["b"] * 400 + ["c"] * 400,
            "y": ([True] * 100 + [False] * 300) * 3,
            "t": [True] * 97 + [False] * 303 + ([True] * 60 + [False] * 240 + [True] * 100) * 2,
        }
    )
    rows = scoring.audit(table, "g", "y", truth="t", metrics={"precision": precision_score}).rows
    shown = rows.filter(pl.col("measure") == "precision", pl.col("value").is_not_null())["group"].to_list()
    rates = rows.filter(pl.col("measure") == "positive_predictive_value", pl.col("value").is_not_null())
    assert "a" not in shown
    assert set(shown) <= set(rates["group"])


def test_a_ratio_to_the_best_group_does_not_show_the_rate_of_one_that_is_left_out():
    counts = {"a": (60, 140), "b": (90, 110), "c": (97, 3)}  # of c, the best, three are passed over
    parts = [([g] * sum(n), [True] * n[0] + [False] * n[1]) for g, n in counts.items()]
    table = pl.DataFrame({"g": [g for part, _ in parts for g in part], "y": [y for _, part in parts for y in part]})
    found = scoring.audit(table, "g", "y", reference="best").rows.filter(pl.col("measure") == "selection_rate_ratio")
    assert set(found["status"]) == {"suppressed"}
    named = scoring.audit(table, "g", "y", reference="b").rows.filter(pl.col("measure") == "tipping_point")
    assert named.filter(pl.col("param") == "reference", pl.col("status") != "suppressed").is_empty()
    even = scoring.audit(table.filter(pl.col("g") != "c"), "g", "y", reference="best").rows
    assert even.filter(pl.col("measure") == "selection_rate_ratio", pl.col("status") == "ok").height == 2


def test_beside_the_rest_no_curve_is_shown_where_bins_would_tell_who_has_no_truth():
    rng = np.random.default_rng(9)
    n = 6_000
    table = pl.DataFrame({"g": rng.choice(["a", "b", "c"], n), "score": rng.integers(1, 11, n)})
    table = table.with_columns(
        truth=pl.Series([None if rng.random() < 0.01 else bool(rng.random() < 0.3) for _ in range(n)])
    )
    curves = {
        name: scoring.audit(frame, "g", score="score", cut=5, truth="truth", reference="rest").where(
            measure="threshold_curve"
        )
        for name, frame in {"some": table, "none": table.drop_nulls("truth")}.items()
    }
    assert set(curves["some"]["status"]) == {"suppressed"}
    assert "suppressed" not in curves["none"]["status"]
