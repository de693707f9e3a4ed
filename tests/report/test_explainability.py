"""Explainability and recourse on a page: titles are findings, ledgers add up, who has no way is not left out."""

import re
import xml.etree.ElementTree as tree

import explain_rows
import pytest
from impact_rows import row

from scoring.report import CHARTS, charts, ledger, page, reasons, recourse
from scoring.report.explainability import explainability
from scoring.report.shown import Figure, Shown
from scoring.report.surrogates import surrogates

MAKE = (explainability, reasons.reasons, recourse.recourse, surrogates)


def made(rows=None, **told):
    return page.having(Shown(explain_rows.result(rows, **told)), *MAKE)


def figures_of(parts):
    return {one.id: one for part in parts for one in part.shown if isinstance(one, Figure)}


@pytest.fixture(scope="module")
def parts():
    return made()


@pytest.fixture(scope="module")
def figures(parts):
    return figures_of(parts)


@pytest.fixture(scope="module")
def tables(parts):
    return {one.title: one for part in parts for one in part.shown if not isinstance(one, Figure)}


def written(svg):
    """Return every text that a picture shows."""
    texts = list(tree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text"))
    return [" ".join(filter(None, (part.text for part in (t, *t)))) for t in texts]


TITLES = {
    "ledger-toy": "One synthetic person under Toy: from 1000 to 910, band B, most by “sued and found in breach” (−50)",
    "truthful-toy": "Toy: reasons are true for 90.0% of everyone, least often for rural residents (75.0%)",
    "actionable-toy": "Toy: 60% of the points lost can be acted on now, 30% only by waiting",
    "recourse-toy-next-band": "Toy: 62% of rural residents can reach the next band within 12 months, 81% of urban "
    "residents",
    "recourse-gap-toy": "Toy: rural residents take 7.5 months longer to reach the next band than urban residents (95% "
    "interval over seeds 5.0 to 10.0)",
    "fidelity-toy": "Toy: a tree of 4 questions comes to R² 0.92, and to 0.62 among rural residents",
}


def test_the_parts_stand_in_order(parts):
    assert [part.title for part in parts] == [
        "Explainability",
        "Reasons",
        "Recourse: who can rise, and how soon",
        "Told in short, and what is hidden",
    ]


@pytest.mark.parametrize(("identity", "title"), TITLES.items())
def test_a_title_states_the_finding_and_never_a_small_cell(figures, identity, title):
    assert figures[identity].title == title


def test_each_figure_is_named_and_has_a_text_a_picture_and_a_table(figures):
    assert set(figures) == set(TITLES)
    for identity, figure in figures.items():
        assert figure.svg.startswith(f'<svg role="img" aria-labelledby="{identity}-t {identity}-d"')
        assert "world equal_conduct" in figure.text
        assert written(figure.svg)
        assert all(len(cells) == len(figure.head) for cells in figure.rows)


def test_every_table_is_as_wide_as_its_head(tables):
    assert set(tables) == {
        "How much there is to know",
        "Does one rule decide, and do few bear it?",
        "Rules that decide and persons who bear, by group",
        "Is a like person told the same?",
        "Like persons, by group",
        "What a person is told",
        "Do two coders say the same of what can be acted on?",
        "Facts to know",
        "No way is open to anyone: 1 goal under Toy",
        "Open in the rules, lost in the data",
        "Does a short tree give the same verdict?",
        "What is hidden",
        "What is hidden, by group",
        "Which rules move a score",
        "Which facts move a score that nobody can read, roughly",
    }
    for table in tables.values():
        assert all(len(cells) == len(table.head) for cells in table.rows)


def test_nothing_undefined_is_shown_as_a_number(figures, tables):
    cells = [cell for one in (*figures.values(), *tables.values()) for told in one.rows for cell in told]
    assert not {"nan", "None", "null", "inf"} & set(cells)
    told = dict(tables["What a person is told"].rows)
    assert told["which reasons are told is arbitrary"] == "–, n\xa00, zero_denom"


def test_an_absent_measure_shows_nothing():
    assert made([], example_ledgers={}) == []
    [part] = made([r for r in explain_rows.texts() if r["measure"] == "complexity"], example_ledgers={})
    assert [table.title for table in part.shown] == ["How much there is to know"]


def test_the_ledger_walks_from_the_base_to_the_score(figures):
    walked = ledger.steps(1000, ledger.entries(explain_rows.LEDGER))
    assert [(start, end) for _, start, end in walked] == [(1000, 955), (955, 960), (960, 910)]
    assert [told[1] for told in figures["ledger-toy"].rows] == ["1000", "-45", "+5", "-50", "910"]


def test_the_last_bar_of_the_picture_ends_where_the_last_rule_ended(figures):
    bars = [
        m
        for m in tree.fromstring(figures["ledger-toy"].svg).iter("{http://www.w3.org/2000/svg}path")
        if m.get("fill") in {charts.RUST, charts.TEAL, charts.GREY}
    ]
    spans = [tuple(map(float, re.match(r"M([\d.]+),[\d.]+h([\d.]+)", m.get("d")).groups())) for m in bars]
    assert [m.get("fill") for m in bars] == [charts.RUST, charts.TEAL, charts.RUST, charts.GREY]
    (first, _), (last, _), (score, net) = spans[0], spans[2], spans[3]
    assert score == pytest.approx(last)
    assert score + net == pytest.approx(first + spans[0][1])


def test_band_edges_that_lie_near_are_named_and_far_ones_are_not(figures):
    told = written(figures["ledger-toy"].svg)
    assert {"A from 960", "B from 850"} <= set(told)
    assert not any("far" in text for text in told)


def test_many_rules_are_merged_and_still_add_up():
    told = {"rows": [{"label": f"rule {i}", "points": i} for i in range(1, 31)], "clip": -15}
    gave = ledger.entries(told)
    assert gave[-2:] == [("19 others", sum(range(1, 20))), ("floor and ceiling", -15)]
    assert len(gave) == ledger.MOST + 1
    assert ledger.steps(100, gave)[-1][2] == 100 + sum(range(1, 31)) - 15


def test_a_closed_goal_has_no_curve_and_says_why_and_one_that_nobody_has_is_not_there(figures, tables):
    assert "recourse-toy-commended" not in figures
    [closed] = tables["No way is open to anyone: 1 goal under Toy"].rows
    assert closed == ["get “commended”", "ok: the rulebook names no deed", "5,000", "0.0"]
    assert not any("warned" in cell for told in tables["Open in the rules, lost in the data"].rows for cell in told)


def test_who_has_no_way_stays_in_the_denominator(figures):
    figure = figures["recourse-toy-next-band"]
    assert "Who has no way up stays in the denominator." in figure.text
    assert next(told for told in figure.rows if told[0] == "rural residents")[-2].startswith("70.0")


def test_the_area_between_curves_stands_beside_chance(figures):
    head, told = figures["recourse-gap-toy"].head, figures["recourse-gap-toy"].rows[0]
    assert told[head.index("area")] == "7.50"
    assert told[head.index("chance alone")] == "1.25"


def test_where_no_gap_is_told_apart_the_title_says_what_everyone_can():
    rows = [r for r in explain_rows.ways() if r["measure"] != "recourse_gap"]
    told = {"measure": "recourse_gap", "group_by": "residence", "group": "rural", "reference": "urban"}
    wide = row(value=0.5, span=(-1.0, 2.0), param="next band", term="extra months", outcome=None, **told)
    title = "Toy: 81% can reach the next band within 12 months; "
    apart = figures_of(made([*rows, wide], example_ledgers={}))
    assert apart["recourse-toy-next-band"].title == title + "no group's months are told apart from its reference's"
    small = figures_of(made([*rows, wide | {"status": "small_cell"}], example_ledgers={}))
    assert small["recourse-toy-next-band"].title == title + "groups are too small to compare"


def test_months_by_which_half_can_are_named_where_a_year_tells_nothing():
    quick = {"3": {"value": 0.4}, "6": {"value": 0.8}, "12": {"value": 1.0}}
    assert recourse.telling(quick) == "3"
    assert recourse.telling(quick | {"12": {"value": 0.94}}) == "12"


def test_where_no_cell_is_large_enough_truth_has_a_table_and_no_picture():
    small = [r | {"status": "small_cell"} for r in explain_rows.reasons() if r["measure"] == "reason_truthfulness"]
    [part] = made(small, example_ledgers={})
    assert [table.title for table in part.shown] == ["What a person is told", "True reasons, by group"]
    assert part.shown[0].rows[0][1] == "90.0 (88.2\xa0to\xa091.8), n\xa05,000, small_cell"


def test_a_small_cell_is_hollow(figures):
    marks = [
        m
        for m in tree.fromstring(figures["truthful-toy"].svg).iter("{http://www.w3.org/2000/svg}path")
        if m.get("stroke-width") == "2"
    ]
    assert [m.get("fill") for m in marks].count(charts.PAPER) == 1
    assert "disabled people (n 15)" in written(figures["truthful-toy"].svg)


def test_the_range_of_a_family_stands_beside_its_effective_rules(tables):
    assert tables["How much there is to know"].rows == [
        ["rules", "19"],
        ["effective rules, N1 (entropy)", "6.50 (range 4.50\xa0to\xa07.50)"],
    ]


def test_tags_stand_beside_how_far_two_coders_agree_on_them(tables):
    assert tables["Do two coders say the same of what can be acted on?"].rows == [
        ["rules tagged by both", "20"],
        ["same tag, per cent", "80.0 (60.0\xa0to\xa090.0)"],
        ["κ", "0.50 (0.10\xa0to\xa00.90)"],
    ]


def test_exact_and_approximate_are_never_in_one_table(tables):
    exact = tables["Which rules move a score"]
    assert [told[0] for told in exact.rows] == ["bank arrears or card overdue", "sued and found in breach"]
    rough = tables["Which facts move a score that nobody can read, roughly"]
    assert [told[0] for told in rough.rows] == ["arrears"]
    assert rough.text.startswith("An approximation")


@pytest.mark.parametrize("name", ["rising", "depths", "tags", "dots", "walk"])
def test_a_chart_of_nothing_is_no_picture(name):
    nothing = row("x", None, group="a", term="1", param="1", status="zero_denom")
    empty = {"base": 1, "rows": [], "clip": 0, "score": 1}
    asked = {"dots": ([nothing], "i", ["a"], "x"), "walk": (empty, "i", [])}
    assert CHARTS[name](*asked.get(name, ({"a": [nothing]}, "i"))) == ""


def test_points_of_one_tag_alone_or_of_few_persons_need_no_picture():
    one = row("actionability_share", 1.0, group="a", term="others")
    few = row("actionability_share", 0.5, group="a", term="others", status="small_cell")
    assert CHARTS["tags"]({"pooled": [one]}, "i") == ""
    assert CHARTS["tags"]({"pooled": [few]}, "i") == ""
    assert CHARTS["tags"]({"pooled": [few | {"status": "ok"}]}, "i") != ""
