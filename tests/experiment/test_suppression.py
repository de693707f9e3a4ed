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
