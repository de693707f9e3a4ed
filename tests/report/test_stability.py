"""Stability on a page: titles are findings, what is absent shows nothing, and only one measure gives a certain word."""

import re
import xml.etree.ElementTree as tree

import pytest
import stability_rows as hand

from scoring.measures import churn
from scoring.report import CHARTS, charts, page, specification, steps
from scoring.report.churn import FLAG, next_year
from scoring.report.multiverse import by_claim, curves, other_choices
from scoring.report.portability import elsewhere
from scoring.report.shown import Figure, Shown
from scoring.report.stability import stability
from scoring.report.weights import other_weights
from scoring.result import Result, tidy

PARTS = (stability, next_year, elsewhere, other_weights, other_choices)
SVG = "{http://www.w3.org/2000/svg}"


def shown(rows=None, **told):
    return Shown(Result(hand.everything() if rows is None else hand.rows_of(rows), hand.told() | told))


def made(one):
    return {part.title: part for part in page.having(one, *PARTS)}


def pictured(parts):
    return {one.id: one for part in parts.values() for one in part.shown if isinstance(one, Figure)}


def tabled(parts):
    return {one.title: one for part in parts.values() for one in part.shown if not isinstance(one, Figure)}


@pytest.fixture(scope="module")
def parts():
    return made(shown())


@pytest.fixture(scope="module")
def figures(parts):
    return pictured(parts)


@pytest.fixture(scope="module")
def tables(parts):
    return tabled(parts)


@pytest.fixture
def undrawn(monkeypatch):
    """Charts that draw nothing, for what is said beside them."""
    for module in (charts, steps, specification):
        monkeypatch.setattr(module, "svg", lambda chart, identity: "<svg/>")


def universes(**told):
    return made(shown(hand.universes(**told)))


def written(svg):
    """Return every text that a picture shows."""
    return ["".join(text.itertext()) for text in tree.fromstring(svg).iter(f"{SVG}text")]


def curve(rows):
    """Return the specification curve of some universes."""
    one = shown(rows)
    [figure] = curves(one, "toy", by_claim(one, "conclusion_share"))
    return figure


def everything_said(parts):
    """Return all words of some parts, pictures and tables among them."""
    told = [part.title + part.text for part in parts.values()]
    for part in parts.values():
        for one in part.shown:
            told += [one.title, one.text, *one.head, *(cell for row in one.rows for cell in row)]
            told += [one.note, *written(one.svg)] if isinstance(one, Figure) and one.svg else []
    return " ".join(told)


def test_the_parts_stand_in_order(parts):
    assert list(parts) == [
        "Stability",
        "The same person next year",
        "The same person elsewhere",
        "Under other weights and cuts",
        "Under other defensible choices",
    ]


TITLES = {
    "pivotal-toy": "Toy: verdicts turn most often on utility arrears",
    "mistakes-toy": "Toy: all errors together turn 1.4% of verdicts at θ = 0.05, 1.0% for the worse",
    "moves-toy": "Toy: 5.0% stand in another band than the year before; 3.0% lower, 2.0% higher",
    "staying-toy": "Toy: of those who stood in band low in the first year, 18.0% still do 2 years later",
    "somewhere": "The same persons: 2.0% are sanctioned under one design at least and 0.10% under every one; "
    "10.0% are rewarded under one design at least and 1.0% under every one",
    "weights-toy": "Toy: who stands in another band hangs most on “floor of high”, 70% of the variance",
    "conclusions": "1 of 1 comparisons hold in nearly every universe and are robust by our convention",
    "universes-toy-commended-residence-selection_rate_ratio": "Toy, commended, rural residents: 83% of 6 universes "
    "conclude “adverse”, 17% “no evidence”; 100% agree in sign",
    "importance-toy": "Toy: what moves the estimate most is the cut of band high (95% of the variance; rural "
    "residents, commended)",
}


@pytest.mark.parametrize(("identity", "title"), TITLES.items())
def test_a_title_states_the_finding(figures, identity, title):
    assert figures[identity].title == title


def test_there_are_no_other_figures_and_each_says_what_it_is_to_eyes_and_to_ears(figures):
    assert set(figures) == set(TITLES)
    for figure in figures.values():
        root = tree.fromstring(figure.svg)
        assert (root.get("role"), root.get("aria-labelledby")) == ("img", f"{figure.id}-t {figure.id}-d")
        assert figure.text
        assert written(figure.svg)
        assert figure.rows
        assert all(len(row) == len(figure.head) for row in figure.rows)


def test_every_table_is_as_wide_as_its_head(tables):
    assert set(tables) == {
        "The enforcement lottery",
        "Whose verdict is unsteady under errors",
        "How many stand near a cut",
        "Scores and bands beside the reference",
        "Which rules see another population",
        "Who stands elsewhere than the year before",
        "How long a place is remembered",
        "Do groups move alike?",
        "For whom designs contradict one another",
        "Would she keep her verdict?",
        "How far two designs agree",
        "Agreement of two designs, group by group",
        "Agreement of all designs at once",
        "Who would have another verdict",
        "For how many the band is open",
        "What would be said",
        "Which weights and cuts matter at all",
        "Do designs keep their order?",
    }
    for table in tables.values():
        assert table.rows
        assert all(len(row) == len(table.head) for row in table.rows)


def test_nothing_is_shown_where_there_are_no_rows():
    assert made(Shown(Result(tidy([]), hand.told()))) == {}


@pytest.mark.parametrize("rows", [hand.years, hand.designs, hand.again, hand.mistakes, hand.weights, hand.universes])
def test_each_part_stands_without_the_others(rows, undrawn):
    [part] = made(shown(rows())).values()
    assert part.shown


def test_a_transition_is_told_with_its_way_and_a_small_or_undefined_one_without_a_number(figures):
    told = written(figures["moves-toy"].svg)
    assert {"60.0%", "40.0% ▲", "5.0% ▼", "95.0%", "small ▼", "–"} <= set(told)
    undefined = next(row for row in figures["moves-toy"].rows if row[0] == "top → top")
    assert undefined[3:] == ["–", "–", "–", "zero_denom: nobody of the group stood there"]
    assert "50.0%" not in told


def test_a_half_life_that_fails_its_check_is_flagged_for_the_empirical_curve(figures, tables):
    assert "Flagged: single steps do not explain" in figures["staying-toy"].note
    [*_, last] = tables["How long a place is remembered"].rows
    assert "flagged: use the empirical curve" in last
    assert FLAG in churn.NOT_MARKOV == hand.FLAGGED


def test_a_half_life_that_passes_its_check_is_said_without_a_flag(undrawn):
    parts = made(shown(hand.years(note=None)))
    assert pictured(parts)["staying-toy"].note == "Half-life: 2.40 years (95% interval over seeds 2.16 to 2.64)."
    assert "flagged" not in " ".join(tabled(parts)["How long a place is remembered"].rows[0])


def test_an_undefined_half_life_says_why(undrawn):
    figures = pictured(made(shown(hand.years(half_life=None, note="all of them stood in one state"))))
    assert figures["staying-toy"].note == "Half-life: undefined (all of them stood in one state)."


def test_of_a_list_one_is_on_it_or_off_it(undrawn):
    rows = [r for r in hand.years() if r["measure"] in ("churn", "transition_rate", "still_in_place")]
    names = {
        "low": "listed",
        "high": "not listed",
        "low → low": "listed → listed",
        "high → high": "not listed → not listed",
    }
    names |= {"low → high": "listed → not listed", "high → low": "not listed → listed"}
    rows = [r | {"scheme": "other", "term": names.get(r["term"], r["term"])} for r in rows if "top" not in r["term"]]
    figures = pictured(made(shown(rows)))
    assert figures["moves-other"].title == (
        "Other: 5.0% stand on the other side of the list than the year before; 3.0% came onto the list, 2.0% left it"
    )
    assert figures["staying-other"].title == (
        "Other: of those who were listed in the first year, 18.0% still are 2 years later"
    )


def test_agreement_stands_beside_the_most_that_it_could_be(tables):
    assert tables["How far two designs agree"].rows == [
        ["Other", "rewarded κ 0.48 of at most 0.88; sanctioned κ –; 12.00% judged otherwise"]
    ]
    undefined = next(row for row in tables["Agreement of two designs, group by group"].rows if row[2] == "sanctioned")
    assert undefined[4:8] == ["–", "–", "–", "–"]
    assert undefined[-1] == "not_applicable: the same verdict for everyone"


def test_of_many_rules_those_farthest_beyond_chance_are_shown_beside_what_chance_makes(tables):
    table = tables["Which rules see another population"]
    assert [row[0] for row in table.rows] == ["rule_7", "rule_6", "rule_5", "rule_4", "rule_3"]
    assert {row[table.head.index("chance alone")] for row in table.rows} == {"0.0067"}
    assert "of 8 rules and groups" in table.text


def test_the_lottery_says_for_whom_it_is_one(tables):
    table = tables["The enforcement lottery"]
    assert table.rows[0][table.head.index("two draws differ")] == "2.00%"
    assert table.rows[0][table.head.index("under three in four")] == "2.40%"


def test_errors_are_shown_at_the_higher_rate_with_both_ways_written_out(figures):
    told = written(figures["mistakes-toy"].svg)
    assert "0.40% (▼ 0.10%, ▲ 0.30%)" in told
    assert {row[1] for row in figures["mistakes-toy"].rows} == {"0.025", "0.05"}
    assert "θ is assumed" in figures["mistakes-toy"].text


def test_a_rule_whose_weight_decides_is_named_by_its_label(figures):
    assert {"floor of high", "late fees"} <= set(written(figures["weights-toy"].svg))
    assert figures["weights-toy"].note == "40% of the variance no factor explains alone."


def test_an_undefined_claim_is_a_dash_with_its_reason(tables):
    [claim] = tables["What would be said"].rows
    assert claim[-4:] == ["–", "–", "–", "not_applicable: undefined at 129 of 256 points"]


def test_a_specification_curve_shows_each_conclusion_by_colour_and_by_shape_and_the_choices_beneath():
    figure = curve(hand.universes())
    marks = [m for m in tree.fromstring(figure.svg).iter(f"{SVG}path") if m.get("stroke-width") == "1.5"]
    assert len([m for m in marks if m.get("stroke") == charts.RUST and m.get("fill") == charts.RUST]) == 5
    assert len([m for m in marks if m.get("stroke") == charts.GREY and m.get("fill") == charts.PAPER]) == 1
    assert len({re.sub(r"[-\d.]+", "", m.get("d")) for m in marks}) == 2
    assert {"the cut of band high: 1010", "the unscored: left out", "0.77"} <= set(written(figure.svg))
    assert [row[1] for row in figure.rows[1:]] == sorted(row[1] for row in figure.rows[1:])
    assert figure.rows[0][0] == "as declared"


def test_of_many_universes_a_few_hundred_are_drawn_evenly_and_it_is_said(undrawn):
    choices = [(cut, "selected") for cut in range(401)]
    figure = curve(hand.universes(choices=choices))
    assert "401 universes" in figure.text
    assert "200 of them drawn, taken evenly along the curve" in figure.text
    assert len(figure.rows) == 1 + specification.MOST
    assert [figure.rows[i][1] for i in (1, -1)] == ["0.600", "0.800"]


def test_draws_of_a_family_are_a_choice_like_any_other():
    rows = [r | {"draw": d} for r in hand.universes() for d in (0, 1) if r["measure"] == "universe_estimate"]
    rows += [r for r in hand.universes() if r["measure"] != "universe_estimate"]
    figure = curve(rows)
    assert {"the draw of weights: 1", "the draw of weights: 2"} <= set(written(figure.svg))
    assert len(figure.rows) == 14


def test_a_difference_is_drawn_in_points_about_zero():
    told = written(curve(hand.universes(measure="selection_rate_difference", best=0.7)).svg)
    assert "points more often" in told
    assert "1.25" not in told


def test_where_no_choice_moves_a_comparison_there_is_no_curve_and_it_is_said(undrawn):
    rows = [r | {"value": 0.6} if r["measure"] == "universe_estimate" else r for r in hand.universes()]
    still = {"value": None, "status": "not_applicable", "note": "no choice moves the estimate"}
    rows = [r | still if r["measure"] == "factor_importance" else r for r in rows]
    parts = made(shown(rows))
    assert set(pictured(parts)) == {"conclusions"}
    assert tabled(parts)["Comparisons that no choice moves"].rows == [
        ["rural residents", "Toy, commended", "not_applicable: no choice moves the estimate"]
    ]


def calling(text):
    """Return the sentences in which a finding is called robust, that which declares the convention left out."""
    text = text.replace("A comparison is called robust where at least 95", "")
    return re.findall(r"(?<!to be called )\b[Rr]obust\b", text)


def test_a_finding_is_called_robust_where_the_measure_is_1(undrawn):
    assert calling(everything_said(universes(robust=1.0)))


@pytest.mark.parametrize("robust", [0.0, None])
def test_no_other_finding_is_called_robust_and_the_page_says_so(robust, undrawn):
    text = everything_said(universes(robust=robust))
    assert calling(text) == []
    assert ("Not to be called robust." if robust == 0 else "Not put to the test") in text


def test_where_no_universes_were_spanned_the_page_says_that_nothing_was_put_to_that_test(undrawn):
    assert page.untested(shown(hand.years())) == [
        "No finding on this page was put to the test of other defensible choices, so none is to be called robust."
    ]
    assert page.untested(shown(hand.universes(robust=0.0))) == []


@pytest.mark.parametrize(("robust", "told"), [(1.0, "Robust by our convention: 100% of 6"), (0.0, "Not to be called")])
def test_a_headline_says_whether_it_holds_in_nearly_every_universe(robust, told):
    span = (0.7, 0.84)
    ratio = hand.row("selection_rate_ratio", 0.77, span=span, outcome="commended", group_by="residence", group="rural")
    one = shown([ratio | {"reference": "urban"}, *hand.universes(robust=robust)])
    [finding] = page.findings(one)
    assert told in finding["small"]


def test_no_p_value_is_given_across_universes(parts):
    part = parts["Under other defensible choices"]
    assert all("p" not in one.head for one in part.shown)


def test_nothing_undefined_is_shown_as_a_number(parts):
    cells = {cell for part in parts.values() for one in part.shown for row in one.rows for cell in row}
    assert not {"nan", "None", "null", "inf"} & cells


@pytest.mark.parametrize(
    ("name", "also"),
    [
        ("transitions", ("i", ["a", "b"])),
        ("remaining", ("i", ["a → b"])),
        ("conclusions", ("i", ["a"])),
    ],
)
def test_a_chart_of_nothing_is_no_picture(name, also):
    row = hand.row("x", None, group="everyone", term="a → b", period=1, status="zero_denom")
    rows = [{"adverse": 0.0}] if name == "conclusions" else [row]
    assert CHARTS[name](rows, *also) == ""


@pytest.mark.parametrize("name", ["spans", "importance", "turning"])
def test_a_chart_of_undefined_pairs_is_no_picture(name):
    row = hand.row("x", None, group="everyone", status="zero_denom")
    assert CHARTS[name]([(row, row, row) if name == "turning" else (row, row)], "i", ["a"]) == ""


def test_a_curve_of_no_universes_is_no_picture():
    assert CHARTS["curve"]([], "i", [], [], [], ("times as often", 1.0)) == ""


def test_designs_are_told_by_their_titles(tables):
    one = shown()
    assert {row[2] for row in tables["Agreement of all designs at once"].rows} == {f"over {one.title('toy')}, Other"}
    assert one.title("toy") in tables["Do designs keep their order?"].rows[0]
