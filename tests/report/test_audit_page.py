"""The page of an audit, and its text: a table as it was given, three sentences, nothing hidden but small numbers."""

import re

import impact_rows
import polars as pl
import pytest
from outline import Outline

from scoring import report
from scoring.report.audit import three_sentences
from scoring.report.shown import Shown
from scoring.result import Result


@pytest.fixture(scope="module")
def audit():
    return impact_rows.audit()


@pytest.fixture(scope="module")
def page(audit, tmp_path_factory):
    path = report.write_audit(audit, tmp_path_factory.mktemp("audit"))
    assert path.name == "audit.html"
    return path.read_text(encoding="utf-8")


def test_the_page_says_first_what_it_is_about(page):
    top = page[page.index("<h1>") : page.index("<ul class=")]
    assert "Who is hired?" in top
    assert "About a table as it was given: no certificate, and nothing was simulated." in top
    assert "Cells under 10 persons" in top


def test_parts_stand_in_order_and_no_word_is_of_a_simulation(page):
    parts = [
        "To mind",
        "Who was selected",
        "Disparate impact",
        "The score, cut by cut",
        "Errors against the recorded truth",
        "Among the alike",
        "Where attributes meet",
        "What would reverse it",
        "How to read a status",
        "What this does not show",
        "How to reproduce",
    ]
    places = [page.index(f"<h2>{part}</h2>") for part in parts]
    assert places == sorted(places)
    assert not re.search(r"simulated (?:harm|truth|conduct)|synthetic|(?<!which )world", page)


def test_it_opens_offline_and_is_well_formed(page):
    assert "<script" not in page
    assert not re.search(r"(?:src|href)=[\"']?(?:https?:)?//", page)
    outline = Outline()
    outline.feed(page)
    assert outline.open == []
    assert set(outline.refs) <= outline.ids
    assert outline.headings.count("h1") == 1
    assert len(page.encode()) < 2_000_000


def test_nothing_undefined_reaches_the_reader(page):
    shown = re.sub(r"<style.*?</style>|<svg.*?</svg>", "", page, flags=re.S)
    assert not re.search(r">[^<]*\b(?:nan|None|null|inf)\b[^<]*<", shown)
    assert not re.search(r"\b(?:fails the|is fair|unbiased|due to|biased)\b", shown)


def test_every_status_is_explained_with_how_many_rows_have_it(page):
    part = page[page.index("<h2>How to read a status</h2>") : page.index("<h2>What this does not show</h2>")]
    for status in ("ok", "small_cell", "zero_denom", "single_group", "not_applicable", "suppressed"):
        assert f'<th scope="row">{status}</th>' in part
    assert "left out: a cell under 10 persons" in part


def test_a_left_out_cell_is_a_dash(page):
    row = re.search(r"<th scope=\"row\">ethnicity: few</th>.*?</tr>", page, re.S).group()
    assert re.findall(r"<td>([^<]*)</td>", row)[:5] == ["–"] * 5
    assert "suppressed" in row


def test_a_table_is_shown_in_its_own_words(page):
    assert "women" not in page
    assert "rural residents" not in page


def test_the_text_is_a_table_and_three_sentences(audit):
    lines = report.audit_text(audit).split("\n")
    cut = lines.index("")
    assert lines[0].split() == ["group", "n", "rate", "(95%)", "ratio", "(95%)", "status"]
    rows = {line[: lines[0].index(" n ")].strip(): line for line in lines[1:cut]}
    assert rows["everyone"].split() == ["everyone", "21,200", "19.0%", "–", "ok"]
    assert rows["residence: rural"].endswith("0.71 (0.64 to 0.78)  ok")
    assert "reference" in rows["residence: urban"]
    assert rows["ethnicity: few"].split()[2:] == ["–", "–", "–", "suppressed"]
    assert rows["ethnicity: other"].split()[2:] == [*["12", "90.0", "to", "110.0%", "6.99", "to", "8.55", "small_cell"]]
    assert lines[cut + 1 :] == [
        "The widest gap: rural get “hired” 0.71 times as often as urban (95% interval of one audit of this size 0.64 "
        "to 0.78; n = 5,000).",
        "Below 0.8, a US employment-selection convention; if 3 verdicts differed, it would be 1.",
        "Of 21,250 rows, 50 have no verdict and 3 are of unknown residence; 2 cells are small and 2 are left out to "
        "protect the few.",
    ]


def test_where_no_cell_can_be_compared_the_three_sentences_say_so(audit):
    rows = audit.rows.with_columns(pl.lit("small_cell").alias("status"))
    gap, line, _ = three_sentences(Shown(Result(rows, audit.manifest)))
    assert gap == "No two groups are large enough to be compared: every cell is small, undefined or left out."
    assert line == "So no line and no convention says anything of them."


def test_an_outcome_that_nobody_or_everybody_has_is_said(audit):
    ratio, everyone = pl.col("measure") == "selection_rate_ratio", pl.col("group_by") == "everyone"
    rows = audit.rows.with_columns(pl.when(ratio).then(pl.lit("zero_denom")).otherwise("status").alias("status"))
    for value, who in ((0.0, "Nobody"), (1.0, "Everybody")):
        told = rows.with_columns(pl.when(everyone).then(value).otherwise("value").alias("value"))
        assert three_sentences(Shown(Result(told, audit.manifest)))[0].startswith(f"{who} has “hired”")
    alone = rows.with_columns(pl.when(ratio).then(pl.lit("single_group")).otherwise("status").alias("status"))
    assert three_sentences(Shown(Result(alone, audit.manifest)))[0].startswith("Only one group has members")


def test_best_and_rest_are_named_in_words(audit):
    rows = audit.rows.with_columns(
        pl.when(pl.col("reference").is_not_null()).then(pl.lit("best")).otherwise("reference").alias("reference")
    )
    told = audit.manifest | {"references": dict.fromkeys(audit.manifest["groups"], "best")}
    assert "times as often as the best group" in three_sentences(Shown(Result(rows, told)))[0]


@pytest.mark.parametrize(
    ("keep", "said"),
    [
        (pl.col("value").is_null(), "nothing that was looked at would reverse it"),
        (pl.lit(False), "what would reverse it was not looked at"),
    ],
)
def test_what_would_reverse_it_is_said_or_that_nothing_was_found(audit, keep, said):
    rows = audit.rows.filter((pl.col("measure") != "tipping_point") | keep)
    _, line, _ = three_sentences(Shown(Result(rows, audit.manifest)))
    assert line == f"Below 0.8, a US employment-selection convention; {said}."


def test_twice_as_often_is_as_far_as_half_as_often(audit):
    wide = {"rural": (2.2, 2.0, 2.4), "female": (0.4, 0.3, 0.5)}
    rows = audit.rows
    for group, values in wide.items():
        mine = (pl.col("measure") == "selection_rate_ratio") & (pl.col("group") == group)
        for column, value in zip(("value", "low", "high"), values, strict=True):
            rows = rows.with_columns(pl.when(mine).then(value).otherwise(column).alias(column))
    gap, line, _ = three_sentences(Shown(Result(rows, audit.manifest)))
    assert gap.startswith("The widest gap: female get “hired” 0.40 times as often as male")
    assert line.startswith("Below 0.8")


def test_without_warnings_weights_or_left_out_cells_nothing_is_said_of_them(audit, tmp_path):
    told = audit.manifest | {"warnings": [], "suppressed": 0, "unknown": {}, "hashes": {"table": "a" * 64}}
    page = report.write_audit(Result(audit.rows, told), tmp_path).read_text(encoding="utf-8")
    assert "<h2>To mind</h2>" not in page
    assert "Rows are weighted" not in page
    assert "no group is unknown" in page
    assert "Table aaaaaaaaaaaa." in page
