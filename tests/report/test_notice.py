"""Notices: what a letter says adds up, in both languages, for every scheme, and names nothing that was not read."""

import importlib
import json
import re
from functools import cache, partial

import polars as pl
import pytest
from hand_frames import catalogue, ready
from typer.testing import CliRunner

import scoring
from scoring import cli, experiment, population, schemes
from scoring.documents import Refused
from scoring.report import language, notice_page, notice_text, write_notices
from scoring.schemes.contexts import vocabulary
from scoring.schemes.laws import shipped

RUNNER = CliRunner()
room = importlib.import_module("scoring.experiment.explain")
SUBJECTS = {"person": 2_000, "firm": 6_000, "government_body": 300}
PROTECTED = ("sex", "ethnicity", "disability", "religion", "party_member", "hukou_type", "residence", "age_band")


@cache
def every():
    return {name: schemes.central(scheme) for name, scheme in catalogue().items()}


def built(folder, kind, people, years=1):
    return experiment.build("weihai_2020", people, 5, folder / f"{kind}{years}.parquet", subject=kind, years=years)


@pytest.fixture(scope="module", autouse=True)
def read_once():
    """Read every scheme and recipe once, and fit every learned scheme once; try few sets of weights."""

    def standing(loaded, plan):
        return ready(loaded.name)

    recipe = cache(lambda path, kind: recipe_of(path, [kind]))
    recipe_of = room.recipe_of
    catalogue()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schemes, "load", lambda path: catalogue()[path.stem])
        patch.setattr(room, "standing", standing)
        patch.setattr(room, "recipe_of", lambda path, kinds: recipe(path, kinds[0]))
        patch.setattr(room, "over_draws", partial(room.over_draws, draws=4))
        yield


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("people")
    return {kind: built(folder, kind, people) for kind, people in SUBJECTS.items()}


@pytest.fixture(scope="module")
def chosen(files):
    """The one with the most records, one with none, and a child, of each kind."""
    found = {}
    for kind, file in files.items():
        frame = pl.read_parquet(file).with_columns(all=pl.sum_horizontal(pl.col("^n_.*$")))
        most = frame.sort("all", descending=True, maintain_order=True)[f"{kind}_id"].head(1).to_list()
        clean = frame.filter(pl.col("all") == 0)[f"{kind}_id"].head(1).to_list()
        child = frame.filter(pl.col("age") < 18)[f"{kind}_id"].head(1).to_list() if kind == "person" else []
        found[kind] = most + clean + child
    return found


def told_all(files, chosen, kind):
    names = [name for name, scheme in every().items() if scheme.subject == kind]
    return [one for whom in chosen[kind] for one in experiment.explain(names, files[kind], whom)]


@pytest.fixture(scope="module")
def told(files, chosen):
    return [one for kind in SUBJECTS for one in told_all(files, chosen, kind)]


def numbers(text):
    return [int(n.replace(",", "").replace("−", "-")) for n in re.findall(r"(?<!\S)[+−]?\d[\d,]*$", text, re.MULTILINE)]


def test_every_account_adds_up_in_the_data_and_as_it_is_printed(told):
    accounts = [one for one in told if one["ledger"]]
    assert {one["scheme"]["name"] for one in accounts} >= {"rongcheng_2016", "wendeng_2020", "tax_credit_2014"}
    for one in accounts:
        found = one["ledger"]
        assert found["base"] + sum(line["points"] for line in found["lines"]) + found["clip"] == one["score"]
        for name, head, next_head in (("en", "HOW THE SCORE ADDS UP", "THE MAIN"), ("zh", "分数如何得出", "主要原因")):
            part = notice_text(one, name).split(head)[1].split(next_head)[0]
            *parts, score = numbers(part.split("Your grade")[0].split("您的等级")[0])
            assert sum(parts) == score == one["score"]


def test_every_scheme_has_a_letter_in_both_languages_with_all_that_a_person_asks(told):
    assert {one["scheme"]["name"] for one in told} == set(every())
    for one in told:
        english, chinese = notice_text(one, "en"), notice_text(one, "zh")
        for head in ("THE DECISION", "WHAT WOULD CHANGE IT", "IF YOU THINK", "WHAT THIS RESTS ON"):
            assert english.count(head) == 1
        for head in ("结果", "怎样才会改变", "如果您认为结果有误", "依据"):
            assert head in chinese
        assert "Nobody of this description exists" in english
        assert "收信人并不存在" in chinese
        assert not re.search(r"[:(] ?None\b|\{|\}|\bnull\b|\bn_[a-z]|listed__", english + chinese)
        assert '<html lang="zh-CN">' in notice_page(one, "zh")


def test_no_protected_attribute_is_named_unless_the_scheme_reads_it(told):
    words = language.table("en")["facts"]
    for one in told:
        reads = set(every()[one["scheme"]["name"]].reads)
        reasons = {c for reason in one["reasons"] for c in reason["reads"]}
        assert reasons <= reads
        assert set(one["protected"]) <= reads
        if not one["protected"]:
            assert "protected" not in notice_text(one, "en")
        letter = " ".join(notice_text(one, "en").split())
        facts = letter.split("It also looks at: ")[-1].split(". ")[0] if "It also looks at: " in letter else ""
        told_of = {part.split(" (")[0] for part in facts.split("; ")}
        assert not told_of & {words.get(name, name).replace("_", " ") for name in set(PROTECTED) - reads}


def test_a_learned_score_gives_no_account_and_no_reasons(told):
    learned = [one for one in told if one["scheme"]["learned"] and one["coverage"] == "scored"]
    assert learned
    for one in learned:
        assert one["ledger"] is None
        assert one["reasons"] == []
        assert "No such account exists" in notice_text(one, "en")
        assert "没有逐项的账目" in notice_text(one, "zh")


def test_who_has_not_enough_years_is_told_so_and_has_no_account(told):
    left_out = [one for one in told if one["coverage"] == "ineligible"]
    assert left_out
    for one in left_out:
        assert one["score"] is None
        assert one["ledger"] is None
        assert "does not apply to you" in notice_text(one, "en")


def test_unknown_weights_are_told_as_a_range(told):
    families = [one for one in told if one["draws"] and one["draws"]["low"] is not None and one["score"] is not None]
    assert families
    for one in families:
        assert one["draws"]["low"] <= one["draws"]["high"]
        assert "Nobody published the weights" in notice_text(one, "en")
        assert "权重为假定" in notice_text(one, "zh")


def altered(files, tmp_path, **columns):
    """Write one person of the file with other records, and return the file and the id."""
    person = pl.read_parquet(files["person"]).filter((pl.col("age") >= 18) & (pl.col("tenure") == "one_year_or_more"))
    schema, person = person.schema, person.head(1)
    person = person.with_columns(pl.lit(v).cast(schema[c]).alias(c) for c, v in columns.items())
    file = tmp_path / "one.parquet"
    person.write_parquet(file)
    return file, person["person_id"][0]


def test_a_record_that_holds_a_grade_down_is_the_first_reason(files, tmp_path):
    nothing = {c: 0 for c in pl.read_parquet_schema(files["person"]) if c.startswith("n_")}
    file, whom = altered(files, tmp_path, **(nothing | {"n_drink_driving": 1, "n_traffic_violation": 2}))
    [one] = experiment.explain(["rongcheng_2016"], file, whom)
    assert (one["score"], one["band"]["name"]) == (990, "C")
    assert [reason["points"] for reason in one["reasons"]] == [None, -10]
    text = " ".join(notice_text(one, "en").split())
    assert "One record keeps you in grade C" in text
    assert "more points do not lift you" in text


def test_a_score_beyond_the_scale_is_shown_with_what_was_cut_off(files, tmp_path):
    file, whom = altered(files, tmp_path, n_criminal_conviction=9)
    [one] = experiment.explain(["yiwu_2017"], file, whom)
    assert one["ledger"]["clip"] > 0
    text = " ".join(notice_text(one, "en").split())
    assert f"Raised to the lowest score there is, 0 +{one['ledger']['clip']:,}" in text
    assert "Scores run from 0 to 200." in text


def test_an_unknown_fact_stays_unknown(files, tmp_path):
    file, whom = altered(files, tmp_path, n_card_overdue=None)
    [one] = experiment.explain(["rongcheng_2016"], file, whom)
    assert one["coverage"] == "missing"
    assert one["facts"]["n_card_overdue"] is None
    text = " ".join(notice_text(one, "en").split())
    assert "It is not counted for you or against you" in text
    assert "Unknown, and left unknown: card overdue" in text


def test_a_listing_has_grounds_a_term_ways_off_and_a_way_to_object(files, tmp_path):
    file, whom = altered(files, tmp_path, n_judgment_refusal=1, lot__repair=9_999)
    listed, banned, restricted = experiment.explain(
        ["judgment_defaulters_2017", "aviation_ban_2018", "rail_ban_2018"], file, whom
    )
    text = " ".join(notice_text(listed, "en").split())
    assert "You are on this list" in text
    assert "Able to perform and refuses Art. 1(1)" in text
    assert "It has no fixed term" in text
    assert "Performs or settles" in text
    assert "apply to the court for a correction" in text
    assert "Plane tickets" in text
    assert "您在这份名单上" in notice_text(listed, "zh")
    assert "another list" in notice_text(banned, "en")
    assert restricted["listed"] is False


def test_years_are_carried_on(files, tmp_path):
    file, whom = altered(files, tmp_path, n_asset_report_breach=1, lot__repair=9_999)
    first = pl.read_parquet(file)
    later = first.with_columns(pl.lit(0).cast(first.schema["n_asset_report_breach"]).alias("n_asset_report_breach"))
    years = pl.concat([first.with_columns(year=pl.lit(0)), later.with_columns(year=pl.lit(1))])
    years.write_parquet(tmp_path / "two.parquet")
    [one] = experiment.explain(["judgment_defaulters_2017"], tmp_path / "two.parquet", whom)
    assert one["listed"] is True
    assert one["listing"]["entries"] == []
    assert one["listing"]["days_left"] == 365
    text = " ".join(notice_text(one, "en").split())
    assert "You were entered in an earlier year. No new ground was found" in text
    assert "It ends with this year" in text


def refusal(*arguments):
    with pytest.raises(Refused) as caught:
        experiment.explain(*arguments)
    [problem] = caught.value.problems
    assert problem.hint
    return problem.what


def test_bad_input_is_one_clear_error_with_a_hint(files, chosen, tmp_path):
    people, whom = files["person"], chosen["person"][0]
    assert "no synthetic id" in refusal(["rongcheng_2016"], people, "370682199003071234")
    assert "no synthetic id" in refusal(["rongcheng_2016"], people, "somebody")
    assert "no synthetic id" in refusal(["rongcheng_2016"], people, whom + 1)
    assert "no synthetic id" in refusal(["rongcheng_2016"], people, "9" * 40)
    assert "no synthetic id" in refusal(["rongcheng_2016"], people, chosen["firm"][0])
    other = int(experiment.people("weihai_2020", 3_000, 1)["person_id"][-1])
    assert "no such id in the file" in refusal(["rongcheng_2016"], people, other)
    assert "no such file" in refusal(["rongcheng_2016"], tmp_path / "x.parquet", whom)
    (tmp_path / "text.parquet").write_text("name,score\n")
    assert "no Parquet file" in refusal(["rongcheng_2016"], tmp_path / "text.parquet", whom)
    pl.DataFrame({"person": [1]}).write_parquet(tmp_path / "other.parquet")
    assert "no population" in refusal(["rongcheng_2016"], tmp_path / "other.parquet", whom)
    pl.DataFrame({"person_id": [whom, 370682199003071234]}).write_parquet(tmp_path / "real.parquet")
    assert "not all its ids verify" in refusal(["rongcheng_2016"], tmp_path / "real.parquet", whom)
    assert "for a firm" in refusal(["tax_credit_2014"], people, whom)
    assert "no scheme of that name" in refusal(["rongcheng_2061"], people, whom)
    pl.read_parquet(people).drop("n_card_overdue").write_parquet(tmp_path / "less.parquet")
    assert "n_card_overdue" in refusal(["rongcheng_2016"], tmp_path / "less.parquet", whom)


def test_the_command_writes_a_page_and_a_text_a_language(files, chosen, tmp_path):
    words = ["explain", "--scheme", "rongcheng_2016,no_scheme", "--population", files["person"]]
    words = [str(w) for w in [*words, "--id", chosen["person"][0], "--out", tmp_path / "letters"]]
    printed = RUNNER.invoke(cli.app, words, catch_exceptions=False).output.split()
    assert len(printed) == 8
    assert {p.suffix for p in (tmp_path / "letters").iterdir()} == {".html", ".txt"}
    assert sorted(printed) == sorted(map(str, (tmp_path / "letters").iterdir()))
    only = RUNNER.invoke(cli.app, [*words, "--lang", "zh"], catch_exceptions=False).output.split()
    assert [p.endswith((".zh.html", ".zh.txt")) for p in only] == [True] * 4
    assert RUNNER.invoke(cli.app, [*words, "--lang", "fr"]).exit_code == 2
    plain = json.loads(RUNNER.invoke(cli.app, [*words, "--json"], catch_exceptions=False).stdout)
    assert [one["scheme"]["name"] for one in plain] == ["rongcheng_2016", "no_scheme"]


def test_python_gives_the_text(files, chosen):
    text = scoring.explain("rongcheng_2016", files["person"], chosen["person"][0])
    assert text.startswith("To the synthetic person")
    assert "Rongcheng" in text


def test_nothing_is_written_where_something_is_wrong(files, chosen, tmp_path):
    words = ["explain", "--scheme", "rongcheng_2016,tax_credit_2014", "--population", str(files["person"])]
    done = RUNNER.invoke(cli.app, [*words, "--id", str(chosen["person"][0]), "--out", str(tmp_path / "none")])
    assert isinstance(done.exception, Refused)
    assert not (tmp_path / "none").exists()


def test_a_page_stands_alone_and_escapes_what_it_is_given(told, tmp_path):
    one = next(one for one in told if one["ledger"])
    one = one | {"repair": "<script>alert(1)</script>"} | {"listed": None}
    page = write_notices([one], tmp_path, ["en"])[0].read_text("utf-8")
    assert "<script" not in page
    assert "http" not in page


def shape(table):
    """Return the sentences of a language, each with the names that are filled in."""
    return {
        key: sorted(re.findall(r"\{(\w+)\}", str(said["many"] if isinstance(said, dict) else said)))
        for key, said in table["words"].items()
    }


def test_both_languages_have_the_same_sentences_with_the_same_names():
    assert shape(language.table("en")) == shape(language.table("zh"))
    assert set(language.table("zh")["marks"]) == set(language.table("en")["marks"])


def test_chinese_labels_are_of_texts_that_the_catalogue_has():
    known = json.dumps([scheme.text.plain() for scheme in every().values()], ensure_ascii=False)
    known += json.dumps(vocabulary().model_dump(), ensure_ascii=False)
    known += json.dumps([law.model_dump() for law in shipped().values()], ensure_ascii=False)
    stale = [
        text
        for text in language.table("zh")["labels"]
        if json.dumps(text, ensure_ascii=False)[1:-1] not in known and text not in ("second", "third")
    ]
    assert stale == []


def test_what_a_person_lives_under_most_is_all_told_in_chinese(files, chosen):
    names = ["rongcheng_2016", "judgment_defaulters_2017", "hangzhou_2018"]
    for one in experiment.explain(names, files["person"], chosen["person"][0]):
        assert "照录英文" not in notice_text(one, "zh")


def test_an_id_of_the_file_verifies_itself(files):
    assert population.verify_id(pl.read_parquet(files["person"])["person_id"].to_numpy(), "weihai_2020").all()
