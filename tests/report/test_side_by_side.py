"""Designs side by side on a page: titles are findings, families are ranges, nothing is ranked."""

import xml.etree.ElementTree as tree

import pytest

from scoring.report import CHARTS, comparison, contrasts, flows, footing, front, page, side_by_side, veil, wording
from scoring.report.shown import Figure, Shown
from scoring.result import Result, tidy

TITLES = {"old": "Old", "new": "New-like (assumed weights)", "list": "A list", "law": "Law"}
KINDS = {"old": "points scheme", "new": "points scheme", "list": "list regime", "law": "ordinary law"}
HEAD = {"world": "w", "uncertainty": "seeds", "status": "ok", "n": 5_000, "seeds": 4, "outcome": "rewarded"}
GAP, MORE = "selection_rate_ratio, rewarded, residence, parity is better", "selection_rate, rewarded, higher is better"


def row(measure, value, low=None, high=None, **told):
    everyone = {"group_by": "everyone", "group": "everyone", "polarity": "favourable"}
    return HEAD | everyone | {"measure": measure, "value": value, "low": low, "high": high} | told


def rural(**told):
    return {"group_by": "residence", "group": "rural", **told}


def drawn(value, low, high, **told):
    return {"value": value, "low": low, "high": high, "uncertainty": "specification", "note": "5 draws", **told}


def rows():
    """Yield rows as the measures of comparison write them: `new` is a family, `list` and `law` are unlike the rest."""
    pair = {"scheme": "new", "versus": "old"}
    difference = "selection_rate_difference_between_designs"
    yield row(difference, **drawn(0.02, 0.01, 0.03), **pair)
    yield row(difference, **drawn(-0.04, -0.05, -0.03), **pair, **rural())
    yield row(difference, **drawn(0.5, 0.1, 0.9), **pair, **rural(group="few", n=7, status="small_cell"))
    yield row("outcome_agreement", **drawn(0.9, 0.8, 0.95), **pair)
    for scheme, versus in (("list", "old"), ("new", "law"), ("old", "law")):
        unlike = {"status": "not_applicable", "note": f"unlike instruments are not compared: {scheme} and {versus}"}
        yield row(difference, None, scheme=scheme, versus=versus, **unlike)
    for param, (value, low, high) in {
        "as published": (0.5, 0.4, 0.6),
        "equal shares": (0.7, 0.6, 0.8),
        "equal detection": (0.9, 0.7, 1.2),
    }.items():
        told = rural(param=param, reference="urban")
        yield row("selection_rate_ratio_on_footing", value, low, high, **pair, **told)
        yield row("selection_rate_on_footing", value / 10, low / 10, high / 10, **pair, **rural(param=param))
    shares = dict.fromkeys(flows.WAYS, 0.0)
    shares |= {"neither → neither": 0.9, "neither → reward": 0.07, "reward → neither": 0.03}
    for way, value in shares.items():
        told = {"term": way, "outcome": None, **pair}
        yield row("verdict_flow", **drawn(value, value / 2, value), **told)
        yield row("verdict_flow", **drawn(value, value / 2, value), **told, **rural())
        yield row("verdict_flow", value, term=way, outcome=None, scheme="list", versus="old")
    yield row("verdict_changed", **drawn(0.1, 0.08, 0.2), outcome=None, **pair)
    for scheme, gap, more in (("old", 0.4, 0.1), ("new", 0.2, 0.3)):
        bounds = drawn if scheme == "new" else (lambda v, low, high: {"value": v, "low": low, "high": high})
        none = {"scheme": scheme, "outcome": None, "group_by": None, "group": None}
        yield row("criterion_value", **bounds(gap, gap - 0.1, gap + 0.1), param=GAP, **none)
        yield row("criterion_value", **bounds(more, more - 0.1, more + 0.1), param=MORE, **none)
        yield row("non_dominated_share", **drawn(float(scheme == "new"), 0, 1), **none)  # beside a family
        yield row("non_dominated_share_in_universes", 0.75, n=216, **none)
        holds = float(scheme == "new")
        other = "old" if scheme == "new" else "new"
        better = f"better: {MORE}. Worse: nothing" if holds else f"better: nothing. Worse: {MORE}"
        yield row("dominance", holds, note=better, versus=other, **none)
        yield row("veil_mean", **bounds(more, more - 0.05, more + 0.05), scheme=scheme)
        worst = {"group_by": "residence", "group": "all groups", "scheme": scheme}
        note = {} if scheme == "new" else {"note": "worst off: rural"}
        yield row("veil_worst_group", **bounds(more / 2, 0.01, 0.2) | note, term="observed", **worst)
        yield row("veil_worst_group", more * 0.9, term="null 95%", **worst | {"uncertainty": "audit"})


def shown(found=None, **told):
    manifest = {
        "designs": list(TITLES),
        "worlds": ["w"],
        "groups": ["residence"],
        "groups_of": {"person": ["residence"]},
        "baseline": "law",
        "criteria": [{"measure": "selection_rate_ratio"}, {"measure": "selection_rate"}],
        "schemes": {
            name: {
                "title": title,
                "instrument": KINDS[name],
                "subject": "person",
                "family": name == "new",
                "draws": 5 if name == "new" else 1,
                "outcomes": {"rewarded": {"polarity": "favourable"}},
            }
            for name, title in TITLES.items()
        },
    }
    return Shown(Result(tidy(list(rows()) if found is None else found), manifest | told))


@pytest.fixture(scope="module")
def parts():
    return {part.title: part for part in page.beside_one_another(shown())}


@pytest.fixture(scope="module")
def figures(parts):
    return {one.id: one for part in parts.values() for one in part.shown if isinstance(one, Figure)}


@pytest.fixture(scope="module")
def tables(parts):
    return {one.title: one for part in parts.values() for one in part.shown if not isinstance(one, Figure)}


def written(svg):
    """Return every text that a picture shows."""
    return ["".join(t.itertext()) for t in tree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


FOUND = {
    "paired-old-rewarded": "Rewarded, beside Old: 400 fewer of 10,000 among rural residents under "
    "New-like (assumed weights)",
    "footing-new-rewarded": "New-like (assumed weights), rewarded: rural residents 0.50 times as often (as published), "
    "0.70 at equal shares; 0.90 at equal detection: the gap remains at equal shares alone",
    "flow-new": "From Old to New-like (assumed weights): 1,000.0 (range 800.0\xa0to\xa02,000.0) of 10,000 get another "
    "verdict, most often from neither to reward",
    "front": "New-like (assumed weights) dominates Old",
    "veil-rewarded-favourable": "Rewarded: of 10,000 drawn at random 1,000.0 under Old, 3,000.0 under New-like "
    "(assumed weights)",
}


@pytest.mark.parametrize(("identity", "title"), FOUND.items())
def test_a_title_states_the_finding(figures, identity, title):
    assert figures[identity].title == title


def test_there_are_no_other_figures_and_each_has_a_picture_a_text_and_a_table(figures, tables):
    assert set(figures) == set(FOUND)
    for figure in figures.values():
        assert figure.text
        assert written(figure.svg)
    for one in (*figures.values(), *tables.values()):
        assert one.rows
        assert all(len(cells) == len(one.head) for cells in one.rows)


def test_the_numbers_of_a_family_are_told_as_ranges_wherever_they_stand(figures, tables):
    for one in (*figures.values(), *tables.values()):
        for cells in one.rows:
            if "New-like (assumed weights)" in cells or any("draws" in cell for cell in cells):
                numbers = [cell for cell in cells if "(" in cell and "to" in cell and cell[0].isdigit()]
                assert all("range" in cell for cell in numbers), (one.title, cells)
    for identity in ("paired-old-rewarded", "flow-new", "front", "veil-rewarded-favourable"):
        assert "range over draws of the unknown weights" in figures[identity].text
    assert 'stroke-dasharray="4,3"' in figures["paired-old-rewarded"].svg
    values = tables["What each design comes to"].rows
    assert values[0][2:] == ["0.400 (0.300\xa0to\xa00.500)", "0.200 (range 0.100\xa0to\xa00.300)"]


def test_what_a_comparison_opens_with_has_its_bounds_and_its_n():
    told = comparison.lede(shown())
    assert "400 fewer of 10,000 among rural residents under New-like (assumed weights)" in told
    assert "(range over draws of the unknown weights −500.0 to −300.0; n = 5,000)" in told


def unlike():
    """Two designs of which one lists what is good and the other what is bad."""
    listed = {"outcome": "rewarded"}
    ways = {"old": "favourable", "new": "adverse"}
    found = [
        row(measure, value, scheme=name, polarity=ways[name], **listed)
        for measure in ("veil_mean", "selection_rate")
        for name, value in (("old", 0.2), ("new", 0.01))
    ]
    one = shown(found, designs=["old", "new"])
    for name, polarity in ways.items():
        one.manifest["schemes"][name]["outcomes"] = {"rewarded": {"polarity": polarity}}
    return one


def test_outcomes_of_one_name_that_mean_otherwise_stand_in_no_picture_and_no_row_together():
    one = unlike()
    assert list(veil.outcomes(one)) == []
    assert comparison.rates_table(one).rows == [
        ["rewarded, favourable", "everyone", "20.00", "no such outcome"],
        ["rewarded, adverse", "everyone", "no such outcome", "1.00"],
    ]


def test_a_front_is_told_over_seeds_and_over_universes(tables):
    rows = tables["How often no other design dominates it"].rows
    assert [told[3] for told in rows] == ["75 (of 216)"] * 2


def test_the_first_screen_says_which_designs_are_families():
    assert shown().families == {"New-like (assumed weights)": 5}
    (line,) = wording.families(shown().families)
    assert line == (
        "New-like (assumed weights) is a family: its weights are unknown, so each of its numbers is a median over 5 "
        "draws of them, with the range from the lowest to the highest."
    )
    assert list(wording.families({})) == []


def test_unlike_instruments_are_listed_with_the_reason_and_in_no_picture(figures, tables):
    why = tables["Not compared"].rows
    assert [cells[:2] for cells in why] == [["A list", "Old"], ["Old", "Law"], ["New-like (assumed weights)", "Law"]]
    assert all("unlike instruments" in cells[3] for cells in why)
    assert "flow-list" not in figures
    assert "A list" not in " ".join(written(figures["paired-old-rewarded"].svg))


def test_a_small_cell_is_drawn_hollow_without_its_value_and_named_in_no_title(figures):
    figure = figures["paired-old-rewarded"]
    assert "few" in " ".join(written(figure.svg))
    assert "5,000" not in written(figure.svg)
    assert "5,000" not in figure.title


def test_nobody_is_ranked_and_designs_stand_as_they_were_declared(parts):
    for part in parts.values():
        for one in part.shown:
            named = [TITLES_IN_ORDER.index(c[0]) for c in one.rows if c[0] in TITLES_IN_ORDER]
            if not one.title.startswith("Not compared"):
                assert named == sorted(named), one.title
            assert not any("rank" in cell.lower() for cells in one.rows for cell in cells)


TITLES_IN_ORDER = list(TITLES.values())
PUBLISHED = {"param": "as published", "group": "rural", "value": 0.5, "low": 0.4, "high": 0.6, "status": "ok"}
EQUAL = PUBLISHED | {"param": "equal shares"}


@pytest.mark.parametrize(
    ("found", "end"),
    [
        ([PUBLISHED, EQUAL], "0.50 at equal shares: the gap remains"),
        ([PUBLISHED, EQUAL | {"high": 1.2}], "0.50 at equal shares: the gap does not remain"),
        ([PUBLISHED, EQUAL | {"value": 2.0, "low": 1.5, "high": 3.0}], "2.00 at equal shares: the gap does not remain"),
        ([PUBLISHED], "0.50 times as often (as published)"),
        ([PUBLISHED | {"high": 1.1}, EQUAL], "no gap as published is told from none"),
        ([PUBLISHED | {"low": None, "high": None}, EQUAL], "no gap as published is told from none"),
    ],
)
def test_a_gap_remains_only_where_its_bounds_keep_the_side(found, end):
    assert footing.remains([r | {"group_by": "residence"} for r in found]).endswith(end)


DOMINANCE = {"scheme": "new", "versus": "old", "value": 0.0, "status": "ok", "note": "better: nothing. Worse: nothing"}


@pytest.mark.parametrize(
    ("row", "turned", "told"),
    [
        (DOMINANCE, DOMINANCE, "not distinguishable"),
        (DOMINANCE | {"value": 1.0}, DOMINANCE, "New-like (assumed weights) dominates"),
        (DOMINANCE | {"note": "better: a. Worse: b"}, DOMINANCE | {"note": "better: b. Worse: a"}, "neither dominates"),
        (DOMINANCE | {"value": None, "status": "not_applicable"}, DOMINANCE, "not known: not applicable"),
    ],
)
def test_two_designs_dominate_or_not_or_are_not_told_apart(row, turned, told):
    assert front.of_two(shown(), row, turned) == told


def test_flows_show_of_10000_how_many_go_which_way(figures):
    texts = written(figures["flow-new"].svg)
    assert {"9,000.0", "700.0", "350.0 to 700.0", "300.0"} <= set(texts)
    assert texts.count("▲ better") == texts.count("▼ worse") == texts.count("alike") == 3


def test_the_worst_off_group_is_named_and_stands_beside_what_chance_makes(tables):
    old, new = tables["At random, and in the worst-off group"].rows
    assert old[-2:] == ["900.0", "rural residents"]
    assert new[-1] == "ok: 5 draws"


def test_nothing_to_compare_leaves_no_part():
    assert page.beside_one_another(shown(found=[row("selection_rate", 0.1, scheme="old")])) == []
    for part in (side_by_side.side_by_side, footing.footing, flows.flows, front.front, veil.veil):
        assert part(shown(found=[])).shown == []


def test_charts_of_nothing_draw_nothing():
    gone = [row("x", None)]
    assert contrasts.dots(gone, ["a"], ["b"], "i", "t") == ""
    assert contrasts.flow([], "i", "a", "b") == ""
    assert (
        contrasts.scatter({"one": {"a": gone[0]}, "two": {"a": gone[0]}}, {"one": ("", ""), "two": ("", "")}, "i") == ""
    )
    assert {"dots", "flow", "scatter"} <= set(CHARTS)
