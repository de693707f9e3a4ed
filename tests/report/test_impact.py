"""Disparate impact on a page: every part appears, titles are findings, small cells and undefined values are not."""

import re
import xml.etree.ElementTree as tree
from types import SimpleNamespace

import impact_rows
import polars as pl
import pytest

from scoring.report import CHARTS, charts, curves, page, sentences, wording
from scoring.report.shown import Figure, Shown
from scoring.result import STATUSES, Result, tidy


def shown(rows=None, **told):
    return Shown(Result(impact_rows.everything("toy") if rows is None else rows, impact_rows.manifest() | told))


def made(one):
    parts = page.impact(one)
    return {part.title: part for part in parts}


@pytest.fixture(scope="module")
def parts():
    return made(shown())


@pytest.fixture(scope="module")
def figures(parts):
    return {one.id: one for part in parts.values() for one in part.shown if isinstance(one, Figure)}


@pytest.fixture(scope="module")
def tables(parts):
    return {one.title: one for part in parts.values() for one in part.shown if not isinstance(one, Figure)}


def written(svg):
    """Return every text that a picture shows."""
    root = tree.fromstring(svg)
    texts = list(root.iter("{http://www.w3.org/2000/svg}text"))
    return [" ".join(filter(None, (part.text for part in (t, *t)))) for t in texts]


def test_every_part_of_the_design_is_there_in_order(parts):
    assert list(parts) == [
        "Disparate impact",
        "The score, cut by cut",
        "Errors against simulated harm",
        "Among the alike",
        "Where attributes meet",
        "What would reverse it",
    ]


TITLES = {
    "declared-commended-residence": "Commended by residence, declared beforehand: rural residents 0.71 times as often "
    "as urban residents",
    "forest-toy-commended": "Toy, commended: no interval excludes 1",
    "chance-toy": "Toy: groups by residence lie up to 5.8 points apart in “commended”, where chance alone seldom makes "
    "more than 2.1",
    "bounds": "0 of 1 comparisons keep their side of 1 however the unscored are read",
    "threshold-toy": "Toy: 20% of cuts would be worse for rural residents than the actual one for “commended”",
    "calibration-toy": "Toy: at the same step of the score, simulated harm of 10 or more is on average 3.8 points "
    "more or less frequent among rural residents than among urban residents; chance alone seldom makes more than 2.0",
    "ladder-toy": "Toy, commended: rural residents among their like 4.1 points less often in the simulated truth "
    "(M1), 2.0 points less often in what an auditor could see (M2)",
    "strata-toy": "Toy, commended: strata disagree (Breslow–Day p = 0.002), so no one ratio stands for them",
    "crossed-toy": "Toy, commended: from 15.0% of rural residents, men to 21.0% of urban residents, women",
}


@pytest.mark.parametrize(("identity", "title"), TITLES.items())
def test_a_title_states_the_finding(figures, identity, title):
    assert figures[identity].title == title


def test_there_are_no_other_figures_and_each_has_a_picture_a_text_and_a_table(figures):
    assert set(figures) == set(TITLES)
    for figure in figures.values():
        assert figure.text
        assert written(figure.svg)
        assert all(len(row) == len(figure.head) for row in figure.rows)


def test_every_table_is_as_wide_as_its_head(tables):
    assert set(tables) == {
        "The lowest rate over the highest",
        "Would an auditor have seen it?",
        "How far the scores lie apart",
        "How well the score ranks",
        "Does the same score mean the same?",
        "What remains, rung by rung",
        "Explained and unexplained",
        "Rates or make-up",
        "Explained, for probabilities",
        "Confirmed subgroups",
        "How many subgroups were looked at",
        "Raw and shrunk rates",
        "Differential fairness",
        "Tipping points",
    }
    for table in tables.values():
        assert table.rows
        assert all(len(row) == len(table.head) for row in table.rows)


def test_small_and_left_out_cells_are_never_named_in_a_title(figures):
    for figure in figures.values():
        assert not re.search(r"\bother\b|\bfew\b|7\.77|90\.0%|rural residents, women", figure.title)


def test_a_small_cell_is_hollow_and_without_its_value(figures):
    picture = figures["forest-toy-commended"].svg
    assert "7.77" not in " ".join(written(picture))
    assert "other (n 12)" in written(picture)
    marks = [
        m for m in tree.fromstring(picture).iter("{http://www.w3.org/2000/svg}path") if m.get("stroke-width") == "2"
    ]
    assert {m.get("fill") for m in marks} == {charts.TEAL, charts.PAPER}


def test_a_crossed_cell_shows_its_n_and_a_small_one_no_rate(figures):
    told = written(figures["crossed-toy"].svg)
    assert {"15.0%", "n 3,000", "small", "n 14", "–", "left out"} <= set(told)
    assert "90.0%" not in told


def test_nothing_undefined_is_shown_as_a_number(figures, tables):
    suppressed = next(row for row in figures["forest-toy-commended"].rows if row[0] == "few")
    assert suppressed == ["few", *["–"] * 7, "suppressed: left out: fewer than 10 persons"]
    gap = next(row for row in figures["threshold-toy"].rows if row[0] == "970")
    assert gap == ["970", *["–"] * 5, "zero_denom"]
    [calibrated] = tables["Does the same score mean the same?"].rows
    assert calibrated[-2:] == ["–", "fit_failed: separated"]
    cells = [cell for one in (*figures.values(), *tables.values()) for row in one.rows for cell in row]
    assert not {"nan", "None", "null", "inf", "", "0.000000"} & set(cells)


def test_a_curve_is_broken_where_nothing_can_be_divided():
    rows = [r for r in impact_rows.scores() if r["measure"] == "threshold_curve" and r["param"] == "ratio"]
    lines = [
        m
        for m in tree.fromstring(curves.threshold(rows, "t", [])).iter("{http://www.w3.org/2000/svg}path")
        if m.get("fill") is None and m.get("stroke") == charts.INK and m.get("stroke-width") == "2"
    ]
    assert len(lines) == 2


def test_the_actual_cut_is_marked_as_the_rows_note_it(figures):
    assert "commended 1,030" in written(figures["threshold-toy"].svg)


def test_the_family_and_its_correction_are_said(figures):
    assert "Holm" in figures["declared-commended-residence"].text
    assert "Benjamini and Hochberg" in figures["forest-toy-commended"].text
    row = figures["declared-commended-residence"].rows[0]
    assert row[figures["declared-commended-residence"].head.index("p adjusted")] == "0.001"


def test_a_run_that_measures_no_tests_has_the_p_of_its_ratios():
    ratio = {"scheme": "toy", "outcome": "commended", "group_by": "sex", "group": "f", "p": 0.01, "p_adjusted": 0.02}
    found = {"selection_rate_ratio": [ratio]}
    alone = SimpleNamespace(audited=lambda measure: found.get(measure, []))
    [told] = Shown.tests.func(alone).values()
    assert told["p_adjusted"] == 0.02


def test_power_is_said_beside_what_was_declared(figures):
    said = "an auditor with 10,000 persons would see it with probability 64% (with 1,000, 12%; with 100,000, over 99%)"
    assert said in figures["declared-commended-residence"].note


def test_strata_that_agree_are_pooled_in_the_title():
    rows = impact_rows.everything("toy").with_columns(
        pl.when(pl.col("measure") == "homogeneity_test").then(0.4).otherwise("p").alias("p")
    )
    figures = {one.id: one for part in made(shown(rows)).values() for one in part.shown if isinstance(one, Figure)}
    assert figures["strata-toy"].title == (
        "Toy, commended: within strata rural residents 0.94 times as often as urban residents (95% interval of one "
        "audit of this size 0.88 to 1.01)"
    )


def test_where_no_cell_is_large_enough_there_is_a_table_and_no_picture():
    small = [r | {"status": "small_cell"} for r in impact_rows.compared() if r["measure"] == "selection_rate_ratio"]
    about = {"experiment": "hand", "world": "equal_conduct", "scheme": "toy"}
    [part] = made(shown(tidy([about | r for r in small]), primary=[])).values()
    [table] = part.shown
    assert table.title == "Further comparisons"
    assert {row[0] for row in table.rows} == {"few", "other", "women", "rural residents"}


def test_nothing_is_shown_where_there_are_no_rows():
    assert made(shown(tidy([]))) == {}


def test_no_gap_beyond_chance_is_said_so():
    rows = impact_rows.everything("toy").with_columns(
        pl.when(pl.col("term") == "null 95%").then(9.0).otherwise("value").alias("value")
    )
    figures = {one.id: one for part in made(shown(rows)).values() for one in part.shown if isinstance(one, Figure)}
    assert figures["chance-toy"].title == "Toy: no grouping's widest gap exceeds what chance alone makes"
    assert "chance alone makes up to 900.0" in figures["calibration-toy"].title


def test_a_ratio_of_none_or_of_infinity_stands_in_the_table_and_in_no_picture():
    rows = [impact_rows.row("selection_rate_ratio", v, group=g, reference="r") for g, v in (("a", 0.0), ("b", 1.5))]
    rows.append(impact_rows.row("selection_rate_ratio", float("inf"), group="c", reference="r"))
    assert [t for t in written(charts.forest(rows, "f", True)) if "(n" in t] == ["b (n 5,000)"]


@pytest.mark.parametrize("name", ["chance", "threshold", "calibration", "ladder", "heat", "forest"])
def test_a_chart_of_nothing_is_no_picture(name):
    row = impact_rows.row("x", None, group="a*b", reference="r", term="1", param="M0", status="zero_denom")
    also = {
        "chance": ([0.1], ["a"], "i"),
        "threshold": ("i", []),
        "calibration": ("i", "harm"),
        "ladder": ("i",),
        "heat": ("i", {"row": "a", "column": "b"}, True),
        "forest": ("i", True),
    }[name]
    assert CHARTS[name]([row], *also) == ""


def test_every_status_that_a_row_can_have_is_explained():
    assert tuple(wording.STATUS) == STATUSES
    assert set(wording.READ) == set(STATUSES)


def test_what_reverses_a_finding_comes_before_what_does_not():
    told = sentences.reversed_by(list(impact_rows.tipping()))
    assert told == (
        "What would reverse it: If 3 verdicts differed, it would be 1. At 1.4 it would cross 0.8. "
        "No world looked at reverses it."
    )
    assert sentences.reversed_by([]) == ""


def test_a_title_names_the_design_whose_interval_excludes_1_and_not_the_widest_guess():
    wide = impact_rows.row("x", 0.5, group="rural", reference="urban", span=(0.1, 2.0))
    firm = impact_rows.row("x", 0.92, group="female", reference="male", span=(0.9, 0.94))
    assert sentences.furthest([wide, firm]) is firm
    assert sentences.apart([wide, firm]) == "women 0.92 times as often as men"
    assert sentences.apart([wide]) == "no interval excludes 1"
    assert sentences.apart([]) == "every cell is small or undefined"


def test_the_declared_title_names_the_design_of_its_own_number():
    other = impact_rows.everything("other")
    ratio = (pl.col("measure") == "selection_rate_ratio") & (pl.col("group") == "rural")
    for column, value in (("value", 0.5), ("low", 0.1), ("high", 2.0)):
        other = other.with_columns(pl.when(ratio).then(value).otherwise(column).alias(column))
    told = impact_rows.manifest()["schemes"]["toy"]
    two = {"designs": ["toy", "other"], "schemes": {"toy": told, "other": told | {"title": "Other"}}}
    part = made(shown(pl.concat([impact_rows.everything("toy"), other]), **two))["Disparate impact"]
    assert part.shown[0].title.endswith("rural residents 0.71 times as often as urban residents (Toy)")
