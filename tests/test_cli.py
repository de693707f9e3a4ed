"""Each command as a new user meets it."""

import json
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from scoring import cli, workspace
from scoring.commands import terminal
from scoring.documents import Refused

RUNNER = CliRunner()


def call(*words):
    return RUNNER.invoke(cli.app, [str(w) for w in words], catch_exceptions=False)


def test_a_workspace_is_made_and_run_and_reported_again(tmp_path, monkeypatch):
    assert call("init", tmp_path / "mine").exit_code == 0
    monkeypatch.chdir(tmp_path / "mine")
    assert call("run", "tiny").output.splitlines()[-1] == "reports/tiny/report.html"
    written = {p.name for p in (tmp_path / "mine" / "reports" / "tiny").iterdir()}
    assert written == {"report.html", "results.csv", "results.parquet", "manifest.json", "counts"}
    before = (tmp_path / "mine/reports/tiny/report.html").read_text()
    assert call("report", "reports/tiny").output.strip() == "reports/tiny/report.html"
    assert (tmp_path / "mine/reports/tiny/report.html").read_text() == before


def test_designs_are_compared_on_the_terminal_on_a_page_and_as_json(tmp_path):
    few = ("--people", 2_000, "--seeds", 1, "--years", 1, "--group", "residence")
    words = ("compare", "rongcheng_2016", "no_scheme", *few, "--out", tmp_path / "c.html")
    assert call(*words).output.splitlines()[-1] == str(tmp_path / "c.html")
    assert (tmp_path / "c.html").is_file()
    rows = json.loads(call(*words, "--json").stdout)
    assert {"measure", "value", "status", "versus"} <= set(rows[0])


def test_schemes_are_listed_shown_and_checked(tmp_path):
    listed = json.loads(call("schemes", "list", "--json").stdout)
    assert {"rongcheng_2016", "judgment_defaulters_2017", "hangzhou_2018", "learned_baseline", "no_scheme"} <= {
        s["name"] for s in listed
    }
    shown = call("schemes", "show", "rongcheng_2016").output
    assert "−" not in shown.split("late utility")[0].splitlines()[-1]
    assert "-20 each  late utility or service fees — Attachment 1, public services [documented: CLT-STD]" in shown
    (tmp_path / "x.yaml").write_text("scheme: x\nrules: 3\n")
    assert call("schemes", "check", tmp_path / "x.yaml").exit_code == 1


LITTLE = """
scheme: little
title: {en: Little Suining}
instrument: points scheme
law: {title: a measure, rank: county government document, mark: assumed, source: ASSUMED}
in_force: {from: "2010", to: "2014"}
enrolment: {kind: automatic, text: nobody is asked, mark: assumed, source: ASSUMED}
eligibility: {when: age >= 18, text: adults, mark: assumed, source: ASSUMED}
base: {points: 1000, mark: assumed, source: ASSUMED}
bands:
  - {name: low, label: low, high: 949, mark: assumed, source: ASSUMED}
  - {name: high, label: high, low: 950, mark: assumed, source: ASSUMED}
rules:
  - id: petition
    label: petitions
    per: n_petitioning
    points: -50
    because: Art. 1
    actionable: now
    mark: assumed
    source: ASSUMED
outcomes:
  restricted: {label: r, polarity: adverse, bands: [low], mark: assumed, source: ASSUMED}
"""


def test_schemes_are_held_against_a_law(tmp_path):
    (tmp_path / "little.yaml").write_text(LITTLE)
    done = call("schemes", "check", tmp_path / "little.yaml", "--law", "2020-49")
    assert done.exit_code == 0
    assert "today it would be" in done.output
    assert "rule petition (petitioning): rests on no judgment" in done.output
    rows = json.loads(
        call("schemes", "check", "rongcheng_2016", tmp_path / "little.yaml", "--law", "all", "--json").stdout
    )
    assert len({(row["scheme"], row["law"]) for row in rows}) == len(rows) == 14
    flagged = {
        f["id"] for row in rows if row["scheme"] == "little" for f in row["findings"] if f["verdict"] != "allowed"
    }
    assert {"petition", "restricted"} <= flagged
    words = ("schemes", "check", "hangzhou_2018", "zhima_2015", "--law", "pipl", "--law", "2020-49")
    table = call(*words).output.splitlines()
    assert [line.split()[:2] for line in table[-4:-2]] == [["hangzhou_2018", "pipl"], ["hangzhou_2018", "2020-49"]]
    assert table[-1].split()[-7:] == ["–", "–", "–", "–", "outside", "its", "scope"]


def test_a_law_or_a_scheme_that_is_not_known_is_refused_with_a_hint(tmp_path):
    with pytest.raises(Refused, match="no law 'piql' — did you mean 'pipl'"):
        call("schemes", "check", "hangzhou_2018", "--law", "piql")
    with pytest.raises(Refused) as refused:
        call("schemes", "check", "hangzho_2018", "rongchen_2016", "--law", "all")
    assert [p.hint for p in refused.value.problems] == [
        "did you mean 'hangzhou_2018'?",
        "did you mean 'rongcheng_2016'?",
    ]
    (tmp_path / "little.yaml").write_text(LITTLE.replace("n_petitioning", "n_petitionin"))
    wrong = call("schemes", "check", tmp_path / "little.yaml", "--law", "2020-49")
    assert wrong.exit_code == 1
    assert "did you mean 'n_petitioning'" in wrong.stderr


def test_contexts_and_claims_are_shown():
    assert "✗ unrelated" in call("schemes", "contexts", "hangzhou_2018").output
    uses = json.loads(call("schemes", "contexts", "--json").stdout)
    assert {"rongcheng_2016", "judgment_defaulters_2017"} <= {use["scheme"] for use in uses}
    assert call("claims", "score", "flights").output.startswith("REFUTED: A low score bans people")
    claim = json.loads(call("claims", "飞机", "信用分", "--json").stdout)
    assert [c["id"] for c in claim] == ["score_bans_travel"]
    assert {s["kind"] for s in claim[0]["sources"].values()} == {"copy", "secondary"}
    with pytest.raises(Refused, match="did you mean 'flights'"):
        call("claims", "flihgts")


def test_every_document_of_a_workspace_finds_the_schema_that_it_names(tmp_path):
    call("init", tmp_path)
    documents = [p for folder in ("data_synthetic/recipes", "experiments") for p in (tmp_path / folder).glob("*.yaml")]
    assert documents
    for document in documents:
        named = document.read_text("utf-8").splitlines()[0].removeprefix("# yaml-language-server: $schema=")
        assert (document.parent / named).resolve().parent == (tmp_path / "schemas").resolve()
        assert (document.parent / named).is_file()


def test_schemas_are_written(tmp_path):
    written = call("schemas", "--out", tmp_path / "s").output.split()
    kinds = ("scheme", "cases", "recipe", "experiment", "actions")
    assert written == [str(tmp_path / "s" / f"{kind}.schema.json") for kind in kinds]
    assert all(json.loads(Path(path).read_text("utf-8"))["title"] for path in written)


def test_schemes_are_listed_by_subject_and_instrument_with_what_they_read():
    lines = call("schemes", "list").output.splitlines()
    assert lines[0].split("  ")[1] == "name"
    assert "person · points scheme" in lines
    (hangzhou,) = [line for line in lines if line.startswith("  hangzhou_2018 ")]
    assert hangzhou.split() == ["hangzhou_2018", "2018-11-16–", "consent", "18", "0%", "18", "family", "hukou_place"]
    (law,) = [line for line in lines if line.startswith("  no_scheme ")]
    assert law.split() == ["no_scheme", "always", "automatic", "0", "–", "–"]


def test_a_rulebook_is_checked_with_its_cases_whichever_of_the_two_is_named(tmp_path):
    for suffix in (".yaml", ".cases.yaml"):
        text = workspace.find("scheme", "no_scheme").with_name(f"no_scheme{suffix}").read_text("utf-8")
        (tmp_path / f"no_scheme{suffix}").write_text(text.replace("fined: true", "fined: false"), encoding="utf-8")
    for suffix in (".yaml", ".cases.yaml"):
        done = RUNNER.invoke(cli.app, ["schemes", "check", str(tmp_path / f"no_scheme{suffix}")])
        assert done.exit_code == 1
        assert "no_scheme.cases.yaml:5  $.cases[1]: case 'ticket' comes out with fined true, not false" in done.output


def test_what_changed_between_two_rulebooks_is_told_and_given_as_json():
    words = ("schemes", "diff", "rongcheng_2016", "hangzhou_2018", "--people", 2_000, "--group", "sex")
    told = call(*words).output
    assert told.startswith("Of 10,000 persons, moving from rongcheng_2016 to hangzhou_2018, ")
    found = json.loads(call(*words, "--json").stdout)
    assert {row["group_by"] for row in found["moves"]} == {"everyone", "sex"}
    assert {"part", "id", "what", "field", "before", "after"} == set(found["changes"][0])


def test_a_population_is_built(tmp_path):
    words = ("population", "build", "weihai_2020", "--people", 1_000, "--seed", 1, "--out", tmp_path / "x.parquet")
    assert call(*words).output.strip() == str(tmp_path / "x.parquet")
    assert pl.read_parquet(tmp_path / "x.parquet").height == 1_000
    assert "weihai_2020" in call("population", "list").output


def test_what_is_not_known_is_refused_with_a_hint():
    with pytest.raises(Refused, match="did you mean 'tiny'"):
        call("run", "tinyy")
    done = subprocess.run(
        [sys.executable, "-m", "scoring.cli", "schemes", "show", "rongchen_2016"], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "did you mean 'rongcheng_2016'?" in done.stderr
    assert "Traceback" not in done.stderr


def test_usage_errors_exit_with_2():
    assert call("compare", "rongcheng_2016").exit_code == 2
    assert call("run").exit_code == 2
    assert call("nonsense").exit_code == 2


def test_a_page_is_made_again_by_a_command_that_names_no_folder(monkeypatch):
    said = ["scoring", "compare", "a", "b", "--out", "/somewhere/page.html", "--people", "20", "--out=x"]
    monkeypatch.setattr(sys, "argv", said)
    assert terminal.as_run() == "scoring compare a b --people 20"


def test_help_is_quick():
    best = min(_seconds() for _ in range(3))
    assert best < 0.5


def _seconds():
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "scoring.cli", "--help"], check=True, capture_output=True)
    return time.perf_counter() - started


def test_what_is_not_encoded_is_listed_with_the_reason():
    told = call("schemes", "gaps").output
    assert "beijing" in told
    assert "not encoded: " in told
    assert max(map(len, told.splitlines())) <= 100
    known = json.loads(call("schemes", "gaps", "--json").output)
    assert all(gap["why"] and gap["known"] for gap in known.values())
    assert f"{len(known)} more are known and not encoded" in call("schemes", "list").output


def test_a_place_that_cannot_be_written_is_told_in_one_line(tmp_path, monkeypatch, capsys):
    table, taken = tmp_path / "loans.csv", tmp_path / "taken"
    table.write_text("sex,granted\n" + "f,yes\nm,no\nf,no\nm,yes\n" * 50, encoding="utf-8")
    taken.write_text("a file", encoding="utf-8")
    words = ["scoring", "audit", str(table), "--group", "sex", "--selected", "granted", "--replicates", "100"]
    monkeypatch.setattr(sys, "argv", [*words, "--out", str(taken)])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 1
    assert capsys.readouterr().err == f"{taken}: File exists\n"
