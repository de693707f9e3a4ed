"""Runs beside each other: each number once, what differs, and what only one run has."""

import json

import polars as pl
import pytest
from typer.testing import CliRunner

from scoring import cli, experiment, report
from scoring.documents import Refused
from scoring.result import Result, tidy

HASHES = {"recipe": {"w": "a" * 64}, "schemes": {"old": "b" * 64}, "package": "c" * 64}
DESIGN = {"title": "Old-like (assumed weights)", "family": True, "draws": 3}
ROW = {
    "world": "w",
    "scheme": "old",
    "measure": "selection_rate_ratio",
    "outcome": "rewarded",
    "polarity": "favourable",
    "group_by": "residence",
    "group": "rural",
    "reference": "urban",
    "uncertainty": "seeds",
    "status": "ok",
    "n": 900,
}


def folder(path, rows, **told):
    manifest = {
        "experiment": "toy",
        "recipe": "weihai_2020",
        "people": 1_000,
        "years": 1,
        "seeds": [1, 2],
        "events": {},
        "worlds": ["w"],
        "designs": ["old"],
        "schemes": {"old": DESIGN},
        "groups": ["residence"],
        "hashes": HASHES,
        "command": "scoring run toy",
        "version": "0",
        "created": "2026-01-01",
    }
    Result(tidy([ROW | row for row in rows]), manifest | told).write(path)
    return path


@pytest.fixture
def pair(tmp_path):
    first = [
        {"value": 0.5, "low": 0.4, "high": 0.6},
        {"value": 0.9, "low": 0.1, "high": 2.0, "uncertainty": "audit"},  # the same number, less well founded
        {"group": "other", "value": 1.0, "low": 0.9, "high": 1.1},
        {"measure": "churn", "value": 0.2, "reference": None, "period": 1},
    ]
    second = [
        {"value": 0.8, "low": 0.7, "high": 0.9},
        {"group": "other", "value": None, "status": "zero_denom", "note": "nobody"},
        {"group": "third", "value": 1.0},
    ]
    return [folder(tmp_path / "one", first), folder(tmp_path / "two", second, people=2_000)]


def number(beside, group):
    return beside.rows.filter(pl.col("group") == group, pl.col("measure") == "selection_rate_ratio").row(0, named=True)


def test_each_number_stands_once_with_what_every_run_says(pair):
    found = experiment.beside(pair)
    rural = number(found, "rural")
    assert (rural["value_0"], rural["value_1"]) == (0.5, 0.8)
    assert rural["difference_1"] == pytest.approx(0.3)
    assert rural["apart_1"] is True
    other = number(found, "other")
    assert (other["value_1"], other["difference_1"], other["apart_1"]) == (None, None, None)
    assert (number(found, "third")["in_0"], number(found, "third")["in_1"]) == (False, True)
    assert found.measures.rows() == [("selection_rate_ratio", 2, 1, 1)]


def test_what_was_asked_otherwise_and_what_one_run_alone_has_is_told(pair):
    found = experiment.beside(pair)
    assert found.otherwise == [("people", [1_000, 2_000])]
    assert found.only == [
        ("one", 1, "measure: churn"),
        ("two", 1, "nothing that the other lacks altogether"),
    ]


@pytest.mark.parametrize(
    ("told", "same"),
    [
        ({}, True),
        ({"people": 2_000}, False),
        ({"seeds": [1, 2, 3]}, False),
        ({"hashes": HASHES | {"recipe": {"w": "d" * 64}}}, False),
        ({"hashes": HASHES | {"recipe": {"other": "a" * 64}}}, False),
        ({"designs": ["old"], "groups": ["sex"]}, True),
    ],
)
def test_differences_are_paired_only_where_the_persons_are_the_same(tmp_path, told, same):
    found = experiment.beside(
        [folder(tmp_path / "one", [{"value": 1.0}]), folder(tmp_path / "two", [{"value": 1.0}], **told)]
    )
    assert found.same == [same]
    said = report.runs_text(found)
    assert ("two drew the same persons as one" in said) == same
    assert ("nothing is paired" in said) != same


def test_the_page_and_the_text_show_both_values_the_difference_and_the_families(pair, tmp_path):
    found = experiment.beside(pair)
    page = report.write_runs(found, tmp_path / "page.html", "scoring compare one two").read_text("utf-8")
    for text in (page, report.runs_text(found)):
        assert "2 numbers stand in every run, 1 of them with bounds; of these 1 lie apart" in text
        assert "0.50 (0.40\xa0to\xa00.60)" in text
        assert "0.80 (0.70\xa0to\xa00.90)" in text
        assert "0.30 (apart)" in text
        assert "Old-like (assumed weights) is a family" in text
    assert "1 of 2 ratios lie apart" in page
    assert "<svg" in page
    assert str(tmp_path) not in page


def test_folders_are_compared_on_the_command_line_and_as_json(pair, tmp_path):
    words = ["compare", *map(str, pair), "--out", str(tmp_path / "page.html")]
    done = CliRunner().invoke(cli.app, words, catch_exceptions=False)
    assert done.output.splitlines()[-1] == str(tmp_path / "page.html")
    rows = json.loads(CliRunner().invoke(cli.app, [*words, "--json"], catch_exceptions=False).stdout)
    (rural,) = [row for row in rows if row["group"] == "rural" and row["measure"] == "selection_rate_ratio"]
    assert rural["runs"]["two"]["value"] == 0.8
    assert rural["difference"] == {"two": pytest.approx(0.3)}
    (third,) = [row for row in rows if row["group"] == "third"]
    assert set(third["runs"]) == {"two"}
    with_options = CliRunner().invoke(cli.app, [*words, "--people", "9"])
    assert with_options.exit_code == 2
    assert "leave out people" in with_options.output


def test_folders_and_schemes_are_not_mixed_and_empty_folders_are_refused(pair, tmp_path):
    with pytest.raises(Refused, match="is a folder of results, and rongcheng_2016 is none — compare schemes with"):
        CliRunner().invoke(cli.app, ["compare", str(pair[0]), "rongcheng_2016"], catch_exceptions=False)
    (tmp_path / "empty").mkdir()
    with pytest.raises(Refused, match=r"holds no results — give a folder that `scoring run` wrote"):
        experiment.beside([pair[0], tmp_path / "empty"])
    with pytest.raises(Refused, match="is named twice"):
        experiment.beside([pair[0], pair[0]])
    audit = folder(tmp_path / "audit", [{"value": 1.0}], hashes={})
    with pytest.raises(Refused, match="holds the audit of a table"):
        experiment.beside([pair[0], audit])
