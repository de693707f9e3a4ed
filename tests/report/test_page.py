"""The page: every part, no script needed, nothing undefined shown as a number."""

import re

import impact_rows
import polars as pl
import pytest
from outline import Outline

import scoring
from scoring import experiment, report
from scoring.report import wording
from scoring.result import Result


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return experiment.run("tiny", out=tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def page(tiny, tmp_path_factory):
    return report.write(tiny, tmp_path_factory.mktemp("page")).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def full(tiny, tmp_path_factory):
    """The page of a run with hand-made rows of every measure of disparate impact."""
    hand = impact_rows.everything("rongcheng_2016")
    replaced = pl.col("measure").is_in(hand["measure"].unique().to_list())
    mine = tiny.rows.filter((pl.col("scheme") != "rongcheng_2016") | ~replaced)
    rows = pl.concat([mine, hand])
    groups = [*impact_rows.GROUPS, "residence*sex"]
    told = tiny.manifest | {"groups": groups, "groups_of": {"person": groups}}
    return report.write(Result(rows, told), tmp_path_factory.mktemp("full")).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    result = scoring.compare(
        "rongcheng_2016", "hangzhou_2018", baseline="no_scheme", people=5_000, seeds=2, years=1, draws=2
    )
    path = report.write_comparison(result, tmp_path_factory.mktemp("c") / "page.html")
    return result, path.read_text(encoding="utf-8")


def test_parts_stand_in_the_order_of_the_design(page):
    parts = [
        "Bands and outcomes",
        "Disparate impact",
        "Errors against simulated harm",
        "Where the gap comes from",
        "Stability",
        "Explainability",
        "Side by side",
        "What this rests on",
        "What this does not show",
        "How to reproduce",
    ]
    places = [page.index(f"<h2>{part}</h2>") for part in parts]
    assert places == sorted(places)


def test_the_parts_on_disparate_impact_stand_in_their_place(full):
    parts = [
        "Disparate impact",
        "The score, cut by cut",
        "Errors against simulated harm",
        "Among the alike",
        "Where attributes meet",
        "What would reverse it",
        "Where the gap comes from",
        "How to read a status",
        "What this does not show",
    ]
    places = [full.index(f"<h2>{part}</h2>") for part in parts]
    assert places == sorted(places)
    outline = Outline()
    outline.feed(full)
    assert outline.open == []


def test_a_headline_says_what_would_reverse_it_and_who_would_have_seen_it(full):
    headline = full[full.index('<ol class="findings">') : full.index("</ol>")]
    assert "get “commended” 0.71 times as often as urban residents" in headline
    assert "What would reverse it: If 3 verdicts differed, it would be 1." in headline
    assert "An auditor with 10,000 persons would see it with probability 64%" in headline


def test_a_page_opens_offline_without_scripts_and_stays_small(page, full, comparison):
    for text in (page, full, comparison[1]):
        assert "<script" not in text
        assert not re.search(r"(?:src|href)=[\"']?(?:https?:)?//", text)
        assert "@import" not in text
        assert len(text.encode()) < 2_000_000


@pytest.mark.parametrize(("which", "least"), [("page", 6), ("full", 14)])
def test_every_picture_has_a_title_a_description_and_a_table(which, least, request):
    page = request.getfixturevalue(which)
    figures = re.findall(r"<figure.*?</figure>", page, re.S)
    assert len(figures) >= least
    for figure in figures:
        assert "<figcaption><h3" in figure
        assert "<summary>The numbers</summary>" in figure
        assert '<th scope="row">' in figure
    outline = Outline()
    outline.feed(page)
    assert set(outline.refs) <= outline.ids
    assert outline.headings[0] == "h1"
    assert outline.headings.count("h1") == 1


def test_nothing_undefined_reaches_the_reader(page, full, comparison):
    for text in (page, full, comparison[1]):
        shown = re.sub(r"<style.*?</style>|<svg.*?</svg>", "", text, flags=re.S)
        assert not re.search(r">[^<]*\b(?:nan|None|null|inf)\b[^<]*<", shown)


def test_the_page_says_what_it_is_not(page):
    assert "not a certificate and not about a real city" in page
    assert "US employment-selection convention" in page
    assert not re.search(r"\b(?:fails the|is fair|unbiased|due to)\b", page)


def test_one_persons_ledger_adds_up(page):
    table = re.search(r"One synthetic person under.*?</table>", page, re.S).group()
    numbers = [int(n) for n in re.findall(r"<td>(?:<strong>)?([+-]?\d+)", table)]
    assert sum(numbers[:-1]) == numbers[-1]


def test_a_comparison_names_each_instrument_and_what_cannot_be_compared(comparison):
    result, text = comparison
    for instrument in ("points scheme", "ordinary law"):
        assert instrument in text
    assert "Hangzhou-like (assumed weights)" in text
    assert "unlike instruments" in text
    assert "no such outcome" in text
    assert "is a family: its weights are unknown, so each of its numbers is a median over 2 draws" in text
    for part in ("Side by side", "From which verdict to which", "By the declared criteria", "On an equal footing"):
        assert f"<h2>{part}</h2>" in text
    told = report.comparison_text(result)
    for table in ("Of everyone whom both score", "What each design comes to", "Two by two", "Not compared"):
        assert f"\n{table}\n" in told


ROW = {
    "value": 0.71,
    "low": 0.68,
    "high": 0.74,
    "group": "rural",
    "reference": "urban",
    "n": 57130,
    "status": "ok",
    "uncertainty": "seeds",
    "note": None,
    "world": "equal_conduct",
}

SENTENCES = [
    (
        ROW,
        "Toy: rural residents get “commended” 0.71 times as often as urban residents "
        "(95% interval over seeds 0.68 to 0.74; n = 57,130).",
    ),
    (
        ROW | {"value": None, "low": None, "status": "zero_denom"},
        "Toy: for rural residents, “commended” cannot be compared with urban residents "
        "(undefined: nobody to divide by).",
    ),
    (
        ROW | {"status": "small_cell"},
        "Toy: too few persons to say how often rural residents get “commended” beside urban residents; "
        "95% interval over seeds 0.68 to 0.74.",
    ),
]


@pytest.mark.parametrize(("row", "sentence"), SENTENCES)
def test_a_finding_is_said_with_its_interval_its_n_or_its_reason(row, sentence):
    assert wording.ratio_finding(row, "Toy", "commended") == sentence


def test_a_sign_that_flips_between_worlds_is_said():
    rows = [ROW, ROW | {"world": "mixed", "value": 1.2}]
    assert wording.over_worlds(rows) == "It flips: below 1 in equal_conduct (0.71); not below in mixed (1.20)."
    assert wording.over_worlds(rows[:1]) == "Below 1 in every world run: equal_conduct (0.71)."


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.6, 0.7, "Below 0.8"),
        (1.3, 1.5, "Above 1.25"),
        (0.9, 1.1, "holds 1"),
        (0.75, 0.9, "across 0.8"),
        (1.1, 1.3, "across 1.25"),
        (0.8, 0.9, "Between 0.8 and 1.25"),
        (None, None, "no side"),
    ],
)
def test_a_side_of_a_line_is_claimed_for_whole_intervals_only(low, high, said):
    assert said in wording.line_of({"low": low, "high": high})
