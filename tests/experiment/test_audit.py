import numpy as np
import polars as pl
import pytest
from fairlearn.metrics import MetricFrame, false_positive_rate, selection_rate, true_positive_rate
from sklearn.metrics import f1_score

import scoring
from scoring.documents import Refused
from scoring.experiment.audit import crossings


@pytest.fixture(scope="module")
def table():
    """A table of 10,000 verdicts with three groups, a truth, a stratum and a score, without anything missing."""
    rng = np.random.default_rng(7)
    n = 10_000
    race = rng.choice(["a", "b", "c", "d"], n, p=[0.6, 0.25, 0.1, 0.05])
    truth = rng.random(n) < 0.3
    return pl.DataFrame(
        {
            "sex": rng.choice(["f", "m"], n),
            "race": race,
            "age": rng.integers(1, 4, n),
            "granted": rng.random(n) < 0.3 + 0.2 * truth - 0.1 * (race == "b"),
            "repaid": truth,
            "office": rng.choice(["north", "south"], n),
            "score": rng.integers(300, 800, n),
        }
    )


def number(result, measure, group, column="value", **where):
    (row,) = result.where(measure=measure, group=group, **where).to_dicts()
    return row[column]


def test_rates_equal_those_of_fairlearn_on_three_crossed_groups(table):
    found = scoring.audit(table, ["sex", "race", "age"], "granted", truth="repaid", show_small=True).to_metricframe()
    pandas = table.to_pandas()
    functions = {
        "selection_rate": selection_rate,
        "true_positive_rate": true_positive_rate,
        "false_positive_rate": false_positive_rate,
    }
    functions = {name: function for name, function in functions.items() if name in found.by_group}
    theirs = MetricFrame(
        metrics=functions,
        y_true=pandas["repaid"].astype(int),
        y_pred=pandas["granted"].astype(int),
        sensitive_features=pandas[["sex", "race", "age"]].astype(str),
    )
    ours = found.by_group[list(functions)]
    assert (ours == theirs.by_group.astype(float)).all().all()
    assert (found.overall[list(functions)] == theirs.overall.astype(float)).all()
    for method in ("between_groups", "to_overall"):
        assert found.difference(method)[list(functions)].to_numpy() == pytest.approx(
            theirs.difference(method=method).to_numpy(float)
        )
        assert found.ratio(method)[list(functions)].to_numpy() == pytest.approx(
            theirs.ratio(method=method).to_numpy(float)
        )


@pytest.mark.parametrize("kind", ["lazy", "pandas", "arrow", "duckdb"])
def test_every_engine_finds_the_same(table, kind):
    import duckdb

    frame = {
        "lazy": table.lazy,
        "pandas": table.to_pandas,
        "arrow": table.to_arrow,
        "duckdb": lambda: duckdb.from_arrow(table.to_arrow()),
    }[kind]()
    asked = {
        "group": ["sex", "race"],
        "selected": "granted",
        "truth": "repaid",
        "strata": "office",
        "score": "score",
        "cut": [400, 600],
    }
    assert scoring.audit(frame, **asked).rows.equals(scoring.audit(table, **asked).rows)


@pytest.mark.parametrize("suffix", ["csv", "csv.gz", "tsv", "parquet", "arrow", "ndjson", "sqlite", "duckdb"])
def test_every_kind_of_file_finds_the_same(table, tmp_path, suffix):
    import gzip
    import sqlite3

    import duckdb

    path = tmp_path / f"verdicts.{suffix}"
    if suffix == "csv":
        table.write_csv(path)
    elif suffix == "csv.gz":
        path.write_bytes(gzip.compress(table.write_csv().encode()))
    elif suffix == "tsv":
        table.write_csv(path, separator="\t")
    elif suffix == "parquet":
        table.write_parquet(path)
    elif suffix == "arrow":
        table.write_ipc(path)
    elif suffix == "ndjson":
        table.write_ndjson(path)
    elif suffix == "sqlite":
        with sqlite3.connect(path) as connection:
            connection.execute("create table loans (sex, race, age, granted, repaid, office, score)")
            connection.executemany("insert into loans values (?,?,?,?,?,?,?)", table.rows())
        connection.close()
    else:
        with duckdb.connect(path) as connection:
            arrow = table.to_arrow()
            connection.register("given", arrow)
            connection.execute("create table loans as select * from given")
    asked = {"group": ["sex", "age"], "selected": "granted", "truth": "repaid", "score": "score", "cut": 500}
    found = scoring.audit(path, **asked, name="t").rows
    assert found.equals(scoring.audit(table, **asked, name="t").rows)


def test_spark_finds_the_same(table, tmp_path):
    import shutil

    sql = pytest.importorskip("pyspark.sql")
    if shutil.which("java") is None:
        pytest.skip("no Java")
    table.write_parquet(tmp_path / "verdicts.parquet")
    builder = sql.SparkSession.builder.master("local[2]")
    for key, value in {"ui.enabled": "false", "driver.host": "127.0.0.1", "driver.bindAddress": "127.0.0.1"}.items():
        builder = builder.config(f"spark.{key}", value)
    spark = builder.config("spark.sql.shuffle.partitions", "2").getOrCreate()
    try:
        asked = {"group": ["sex", "race"], "selected": "granted", "truth": "repaid", "score": "score", "cut": 500}
        found = scoring.audit(spark.read.parquet(str(tmp_path / "verdicts.parquet")), **asked).rows
    finally:
        spark.stop()
    assert found.equals(scoring.audit(table, **asked).rows)


def test_a_score_is_selected_at_or_above_its_cut_or_below_it(table):
    above = scoring.audit(table, "sex", score="score", cut=500)
    below = scoring.audit(table, "sex", score="score", cut=500, below=True, adverse=True)
    share = (table["score"] >= 500).mean()
    assert number(above, "selection_rate", "everyone", outcome="score >= 500") == share
    assert number(below, "selection_rate", "everyone", outcome="score < 500") == pytest.approx(1 - share, abs=1e-15)
    assert number(below, "selection_rate", "everyone", "polarity") == "adverse"


def test_a_score_without_a_cut_is_cut_at_its_median(table):
    found = scoring.audit(table, "sex", score="score")
    share = (table["score"] > table["score"].quantile(0.5, "lower")).mean()
    assert number(found, "selection_rate", "everyone", outcome="score above its median") == share


def test_scores_of_many_values_are_binned_and_say_so():
    rng = np.random.default_rng(1)
    table = pl.DataFrame({"g": rng.choice(["a", "b"], 20_000), "s": rng.normal(size=20_000)})
    found = scoring.audit(table, "g", score="s", cut=[0.0])
    assert any("bins" in warning for warning in found.manifest["warnings"])
    assert number(found, "selection_rate", "everyone", outcome="s >= 0") == (table["s"] >= 0).mean()


def test_missing_is_counted_and_never_left_out():
    table = pl.DataFrame(
        {
            "g": ["a"] * 500 + ["b"] * 400 + [None] * 100,
            "y": ([True] * 100 + [False] * 380 + [None] * 20) * 2,
            "t": ([1] * 200 + [0] * 280 + [None] * 20) * 2,
        }
    )
    found = scoring.audit(table, "g", "y", truth="t")
    assert found.manifest["unscored"] == 40
    assert found.manifest["unknown"] == {"g": 100}
    assert number(found, "coverage_rate", "everyone") == 0.96
    assert number(found, "selection_rate", "everyone") == 200 / 960
    assert {"a", "b", "unknown"} <= set(found.where(measure="selection_rate", group_by="g")["group"])
    assert "unknown" not in found.rows["reference"].to_list()
    assert number(found, "prevalence", "everyone") == 400 / 960


@pytest.mark.parametrize(
    ("reference", "expected"),
    [("b", "b"), ("race=b", "b"), ("rest", "rest"), ("best", "best"), ((), "a")],
)
def test_reference(table, reference, expected):
    found = scoring.audit(table, "race", "granted", reference=reference)
    assert set(found.where(measure="selection_rate_ratio")["reference"]) == {expected}


def test_references_of_attributes_make_that_of_their_crossing(table):
    found = scoring.audit(table, ["sex", "race"], "granted", reference=["m", "race=c"])
    assert set(found.where(measure="selection_rate_ratio", group_by="sex*race")["reference"]) == {"m*c"}


def test_crossings():
    assert crossings("sex") == [("sex",)]
    assert len(crossings(["a", "b", "c"])) == 7
    assert len(crossings(["a", "b", "c", "d"])) == 14
    assert crossings([["a", "b"]]) == [("a", "b")]


def test_weights_make_effective_numbers(table):
    rng = np.random.default_rng(3)
    weighted = table.with_columns(w=pl.Series(rng.integers(1, 5, table.height)))
    found = scoring.audit(weighted, "sex", "granted", truth="repaid", weight="w")
    women = weighted.filter(pl.col("sex") == "f")
    rate = (women["granted"] * women["w"]).sum() / women["w"].sum()
    assert number(found, "selection_rate", "f") == pytest.approx(rate, rel=1e-12)
    effective = women["w"].sum() ** 2 / (women["w"] ** 2).sum()
    assert number(found, "selection_rate", "f", "n") == round(effective)
    same = scoring.audit(table.with_columns(w=pl.lit(2.5)), "sex", "granted", truth="repaid", weight="w")
    plain = scoring.audit(table, "sex", "granted", truth="repaid")
    for measure in ("selection_rate", "selection_rate_ratio", "false_positive_rate"):
        one, other = (r.where(measure=measure).select("value", "low", "high", "n") for r in (same, plain))
        assert one.to_numpy() == pytest.approx(other.to_numpy(), rel=1e-9)


def test_any_metric_of_scikit_learn_is_a_measure(table):
    found = scoring.audit(table, ["sex", "race"], "granted", truth="repaid", metrics={"f1": f1_score})
    women = table.filter(pl.col("sex") == "f")
    assert number(found, "f1", "f") == f1_score(women["repaid"], women["granted"])
    assert number(found, "f1", "everyone") == f1_score(table["repaid"], table["granted"])
    broken = scoring.audit(table, "sex", "granted", truth="repaid", metrics={"broken": lambda t, p: 1 / 0})
    assert set(broken.where(measure="broken")["status"]) == {"fit_failed"}
    assert "ZeroDivisionError" in number(broken, "broken", "f", "note")


BAD = {
    "no such column": ({"group": "sexx", "selected": "granted"}, "did you mean 'sex'"),
    "no verdict": ({"group": "sex"}, "no verdict to audit"),
    "a cut without a score": ({"group": "sex", "selected": "granted", "cut": 3}, "a cut without a score"),
    "an infinite cut": ({"group": "sex", "score": "score", "cut": float("inf")}, "a cut is a finite number"),
    "an identifier as a group": ({"group": "id", "selected": "granted"}, "as an identifier has"),
    "fractions as groups": ({"group": "part", "selected": "granted"}, "numbers with fractions"),
    "text in the truth column": (
        {"group": "sex", "selected": "granted", "truth": "words"},
        "holds more than yes and no: 'maybe'",
    ),
    "text as a score": ({"group": "sex", "score": "words", "cut": 1}, "texts that are no numbers"),
    "an infinite score": ({"group": "sex", "score": "endless", "cut": 1}, "is infinite in 1 rows"),
    "a negative weight": ({"group": "sex", "selected": "granted", "weight": "minus"}, "is negative: -1 is the least"),
    "a missing weight": ({"group": "sex", "selected": "granted", "weight": "gaps"}, "is missing in 1 rows"),
    "a list as a group": ({"group": "lists", "selected": "granted"}, "neither categories nor numbers"),
    "a reference that nobody belongs to": ({"group": "sex", "selected": "granted", "reference": "x"}, "no group 'x'"),
    "another case of letters": ({"group": "SEX", "selected": "granted"}, "did you mean 'sex'"),
    "a value that no row has": ({"group": "sex", "selected": "race=z"}, "no row has 'z' in 'race' — known: a, b, c, d"),
    "a column crossed with itself": ({"group": "sex*sex", "selected": "granted"}, "'sex' is crossed with itself"),
    "below a cut without a score": (
        {"group": "sex", "selected": "granted", "below": True},
        "name the column of scores",
    ),
    "a group that is the verdict": ({"group": "race", "selected": "race=a"}, "a group and the verdict at once"),
    "a verdict that is its truth": (
        {"group": "sex", "selected": "granted", "truth": "granted"},
        "the verdict and its truth at once",
    ),
    "a reference of a column that is not compared": (
        {"group": "sex", "selected": "granted", "reference": "race=a"},
        "'race' is not compared — compared: sex",
    ),
    "texts as weights": ({"group": "sex", "selected": "granted", "weight": "words"}, "no numbers: 'maybe'"),
    "a metric that is measured anyway": (
        {"group": "sex", "selected": "granted", "truth": "repaid", "metrics": {"selection_rate": selection_rate}},
        "'selection_rate' is a measure already",
    ),
    "a group that is a stratum": ({"group": "sex", "selected": "granted", "strata": "sex"}, "a group and a stratum"),
    "a metric without a truth": (
        {"group": "sex", "selected": "granted", "metrics": {"f1": f1_score}},
        "needs truth and selected",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_question_is_one_clear_error(table, name):
    asked, message = BAD[name]
    n = table.height + 1
    wide = pl.concat([table, table[:1]]).with_columns(
        id=pl.Series(range(n)),
        part=pl.Series(np.linspace(0, 1, 7)[np.arange(n) % 7]),
        words=pl.Series(["maybe"] * n),
        endless=pl.Series([float("inf")] + [1.0] * (n - 1)),
        minus=pl.Series([-1.0] + [1.0] * (n - 1)),
        gaps=pl.Series([None] + [1.0] * (n - 1)),
        lists=pl.Series([[1]] * n),
    )
    with pytest.raises(Refused) as refusal:
        scoring.audit(wide, **asked)
    (problem,) = refusal.value.problems
    assert message in str(problem)


def test_bad_files(tmp_path):
    def refused(name, content, **asked):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(Refused) as refusal:
            scoring.audit(path, **{"group": "g", "selected": "y", **asked})
        (problem,) = refusal.value.problems
        return str(problem)

    whole = tmp_path / "whole.parquet"
    pl.DataFrame({"g": ["a", "b"] * 1000, "y": [True] * 2000}).write_parquet(whole)
    assert "0 bytes" in refused("empty.parquet", b"")
    assert "cut off" in refused("cut.parquet", whole.read_bytes()[:400])
    assert "the table has no rows" in refused("rows.csv", b"g,y\n")
    assert "'g' stands twice" in refused("twice.csv", b"g,g,y\na,b,1\n")
    assert "not UTF-8" in refused("latin.csv", "g,é\n".encode("latin-1"))
    assert "not UTF-8" in refused("late.csv", b"g,y\n" + b"a,yes\n" * 5_000 + "é,yes\n".encode("latin-1"))
    assert "more cells than there are columns" in refused("ragged.csv", b"g,y\na,yes\nb,no,no\n")
    assert "leave --table out" in refused("one.csv", b"g,y\na,yes\n", relation="t")
    assert "no kind of table" in refused("a.docx", b"PK")
    assert "no DuckDB database" in refused("a.duckdb", b"nonsense" * 100)
    with pytest.raises(Refused, match="no such file"):
        scoring.audit(tmp_path / "nowhere.csv", "g", "y")
    with pytest.raises(Refused, match="a folder"):
        scoring.audit(tmp_path, "g", "y")
    with pytest.raises(Refused, match="is no table"):
        scoring.audit(object(), "g", "y")


def test_a_spreadsheet_s_semicolons_decimal_commas_and_byte_order_mark(tmp_path):
    path = tmp_path / "sheet.csv"
    path.write_bytes("\ufeff性别;分\r\n".encode() + "女;499,5\r\n男;500,5\r\n".encode() * 100)
    found = scoring.audit(path, "性别", score="分", cut=500)
    assert number(found, "selection_rate", "everyone") == 0.5
    assert number(found, "coverage_rate", "女") == 1


def test_yes_and_no_in_chinese():
    table = pl.DataFrame({"g": ["a", "b"] * 100, "y": ["是", "否", "否", "是"] * 50})
    assert number(scoring.audit(table, "g", "y"), "selection_rate", "everyone") == 0.5


def test_a_star_in_the_name_of_a_group_parts_no_crossing(table):
    starred = table.with_columns(race=pl.col("race").replace("d", "d*e"))
    found = scoring.audit(starred, ["sex", "race"], "granted", truth="repaid", metrics={"f1": f1_score})
    for measure in ("selection_rate", "f1"):
        groups = found.where(measure=measure, group_by="sex*race")["group"]
        assert "f*d∗e" in groups
        assert all(group.count("*") == 1 for group in groups)


def test_column_names_that_stand_twice_in_a_frame():
    import pandas as pd

    with pytest.raises(Refused, match="twice"):
        scoring.audit(pd.DataFrame([["a", 1, 1]], columns=["g", "y", "y"]), "g", "y")


def test_a_database_of_several_tables_asks_which(tmp_path):
    import duckdb

    path = tmp_path / "v.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute("create table one as select 'a' g, true y from range(50); create table two as from one")
    with pytest.raises(Refused, match="it holds: one, two"):
        scoring.audit(path, "g", "y")
    with pytest.raises(Refused, match="did you mean 'two'"):
        scoring.audit(path, "g", "y", relation="twoo")
    assert scoring.audit(path, "g", "y", relation="two").manifest["n"] == 50


@pytest.mark.parametrize(
    ("groups", "verdicts", "status"),
    [
        (["a"] * 100, [True] * 50 + [False] * 50, "single_group"),
        ([None] * 100, [True] * 50 + [False] * 50, None),
        (["a"] * 50 + ["b"] * 50, [True] * 100, "small_cell"),
    ],
)
def test_degenerate_tables_get_a_status_and_never_a_number_that_means_undefined(groups, verdicts, status):
    table = pl.DataFrame({"g": pl.Series(groups, dtype=pl.String), "y": pl.Series(verdicts, dtype=pl.Boolean)})
    rows = scoring.audit(table, "g", "y").where(measure="selection_rate_ratio")
    assert set(rows["status"]) == ({status} if status else set())
    if status == "single_group":
        assert rows["value"].is_null().all()


def test_a_table_without_a_verdict_is_refused(table):
    with pytest.raises(Refused, match="missing in all 10,000 rows"):
        scoring.audit(table.with_columns(granted=pl.lit(None, pl.Boolean)), "sex", "granted")


def test_a_constant_score(table):
    found = scoring.audit(table.with_columns(score=pl.lit(5)), "sex", score="score", cut=5, truth="repaid")
    assert set(found.where(measure="selection_rate")["value"]) == {1.0}


def test_a_thousand_groups():
    rng = np.random.default_rng(2)
    table = pl.DataFrame(
        {"g": rng.integers(0, 1_000, 50_000), "y": rng.random(50_000) < 0.3, "s": rng.integers(0, 50, 50_000)}
    )
    found = scoring.audit(table, "g", "y", score="s", cut=10)
    assert found.where(measure="selection_rate", group_by="g", outcome="y").height == 1_000
    assert any("1,000 groups" in warning for warning in found.manifest["warnings"])


def test_an_unseen_small_cell_is_not_written(table, tmp_path):
    with pytest.raises(ValueError, match="small cells"):
        scoring.audit(table, "sex", "granted", show_small=True).write(tmp_path)


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_only_counts_of_a_lazy_frame_reach_python(monkeypatch, engine):
    import duckdb

    from scoring.experiment import profile, tables, verdicts

    heights = []

    def spied(lazy):
        found = tables.collected(lazy)
        heights.append(found.height)
        return found

    monkeypatch.setattr(verdicts, "collected", spied)
    monkeypatch.setattr(profile, "collected", spied)
    n = 300_000
    if engine == "polars":
        i = pl.int_range(n)
        frame = pl.LazyFrame().select((i % 3).alias("g"), (i % 7 == 0).alias("y"), (i % 2).alias("t"))
    else:
        frame = duckdb.sql(f"select i % 3 as g, i % 7 = 0 as y, i % 2 as t from range({n}) r(i)")
    found = scoring.audit(frame, "g", "y", truth="t")
    assert found.manifest["n"] == n
    assert len(heights) == 2
    assert max(heights) <= 3 * 2 * 2


def test_bounds_are_of_each_outcome_s_own_unscored(table):
    lacking = table.with_columns(score=pl.when(pl.int_range(pl.len()) % 5 > 0).then("score"))
    found = scoring.audit(lacking, "sex", "granted", score="score", cut=500, show_small=True)
    measures = [found.where(measure=m, outcome="score >= 500") for m in ("selection_rate", "selection_rate_bounds")]
    rate, bounds = (dict(rows.select("group", "value").iter_rows()) for rows in measures)
    assert bounds == pytest.approx(rate)
    of_all = (lacking["score"] >= 500).sum() / lacking.height
    (row,) = measures[1].filter(pl.col("group") == "everyone").to_dicts()
    assert (row["low"], row["high"]) == pytest.approx((of_all, of_all + 0.2))
    assert found.where(measure="selection_rate_bounds", outcome="granted").is_empty()


def test_bounds_of_weighted_rows_are_beside_the_weighted_rate(table):
    rng = np.random.default_rng(3)
    weighed = table.with_columns(
        granted=pl.when(pl.int_range(pl.len()) % 7 > 0).then("granted"), w=pl.Series(rng.exponential(1, table.height))
    )
    found = scoring.audit(weighed, "sex", "granted", weight="w", show_small=True)
    rate, bounds = (found.where(measure=m) for m in ("selection_rate", "selection_rate_bounds"))
    assert dict(bounds.select("group", "value").iter_rows()) == pytest.approx(
        dict(rate.select("group", "value").iter_rows())
    )
    all_of = weighed["w"].sum()
    (row,) = bounds.filter(pl.col("group") == "everyone").to_dicts()
    assert row["low"] == pytest.approx(weighed.filter("granted")["w"].sum() / all_of)
    assert row["high"] == pytest.approx(weighed.filter(pl.col("granted").fill_null(True))["w"].sum() / all_of)


def test_cuts_that_differ_little_are_two_outcomes(table):
    found = scoring.audit(table.with_columns(pl.col("score") + 1_000_000), "sex", score="score", cut=[1000500, 1000501])
    assert found.rows["outcome"].drop_nulls().unique().sort().to_list() == ["score >= 1000500", "score >= 1000501"]


def test_a_truth_that_some_lack_is_held_against_an_adverse_verdict(table):
    lacking = table.with_columns(repaid=pl.when(pl.int_range(pl.len()) % 9 > 0).then("repaid"))
    asked = {"selected": "granted", "truth": "repaid", "adverse": True, "show_small": True}
    found, without = (scoring.audit(t, "sex", **asked) for t in (lacking, lacking.drop_nulls("repaid")))
    for measure in ("equalized_odds_difference", "false_positive_rate"):
        assert found.where(measure=measure)["value"].to_list() == without.where(measure=measure)["value"].to_list()


def test_an_asterisk_in_a_name_is_no_crossing(table):
    starred = table.with_columns(race=pl.col("race").replace({"b": "b*c"}))
    found, plain = (scoring.audit(t, ["sex", "race"], "granted", reference="sex=m") for t in (starred, table))
    assert found.rows.height == plain.rows.height
    assert "f*b∗c" in found.rows["group"]


def test_the_order_of_rows_changes_nothing_and_twice_the_rows_no_value(table):
    few = table.head(1_500)
    asked = {"group": ["sex", "race"], "selected": "granted", "truth": "repaid", "score": "score", "cut": 500}
    asked |= {"strata": "office", "show_small": True}
    found = scoring.audit(few, **asked).rows
    assert found.equals(scoring.audit(few, **asked).rows)
    assert found.equals(scoring.audit(few.sample(fraction=1, shuffle=True, seed=1), **asked).rows)
    twice = scoring.audit(pl.concat([few, few]), **asked).rows
    same = ["selection_rate", "selection_rate_ratio", "false_positive_rate", "auc", "wasserstein", "quantile_gap"]
    key = ["measure", "param", "term", "outcome", "group_by", "group", "reference"]
    observed = pl.col("measure").is_in(same) & (pl.col("term").is_null() | (pl.col("term") != "null 95%"))
    left, right = (rows.filter(observed).sort(key).select(*key, "value") for rows in (found, twice))
    assert left.drop("value").equals(right.drop("value"))
    assert left["value"].to_list() == pytest.approx(right["value"].to_list(), rel=1e-12)
