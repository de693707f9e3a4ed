"""One run, end to end: the same bytes whoever computes it, and nothing lost when it is stopped."""

import itertools

import polars as pl
import pytest

import scoring
from scoring import experiment, population, workspace
from scoring.documents import Refused
from scoring.experiment import config, cubes, designs, measured, parts, probes
from scoring.result import COLUMNS, STATUSES


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    return experiment.run("tiny", out=folder), folder


def csv(folder):
    return (folder / "results.csv").read_bytes()


def test_a_run_gives_the_same_bytes_again_and_in_two_processes(tiny, tmp_path, monkeypatch):
    assert experiment.run("tiny", out=tmp_path / "again").rows.equals(tiny[0].rows)
    for module in (parts, measured):
        monkeypatch.setattr(module, "WORTH_A_PROCESS", 0)
    experiment.run("tiny", workers=2, out=tmp_path / "two")
    assert csv(tmp_path / "again") == csv(tiny[1]) == csv(tmp_path / "two")


def test_a_stopped_run_goes_on_where_it_was(tiny, tmp_path, monkeypatch):
    computed = []
    chunk = parts.chunk

    def stop_at_the_second(*args):
        if computed:
            raise KeyboardInterrupt
        computed.append(args[-1])
        return chunk(*args)

    monkeypatch.setattr(parts, "chunk", stop_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        experiment.run("tiny", out=tmp_path)
    monkeypatch.setattr(parts, "chunk", lambda *args: computed.append(args[-1]) or chunk(*args))
    experiment.run("tiny", out=tmp_path)
    assert computed == [1, 2]
    assert csv(tmp_path) == csv(tiny[1])


def test_other_weights_are_tried_on_the_people_of_the_first_seed(tiny):
    cells = pl.read_parquet(tiny[1] / "counts" / "weights.parquet")
    assert cells.select("scheme", "seed").unique().rows() == [("rongcheng_2016", 1)]
    assert set(cells["design"]) == {"sample", "morris", "sobol"}


def test_rows_are_tidy_and_undefined_is_null_with_a_reason(tiny):
    rows = tiny[0].rows
    assert list(rows.columns) == list(COLUMNS)
    assert set(rows["status"]) <= set(STATUSES)
    assert rows.filter(pl.col("value").is_nan()).is_empty()
    undefined = rows.filter(pl.col("value").is_null())
    assert undefined.height > 0
    assert undefined.filter(pl.col("note").is_null() | (pl.col("status") == "ok")).is_empty()
    bounded = rows.filter(pl.col("low").is_not_null() & pl.col("value").is_not_null())
    assert bounded.filter(~pl.col("value").is_between(pl.col("low") - 1e-9, pl.col("high") + 1e-9)).is_empty()


def test_every_person_is_counted_once_in_every_grouping(tiny):
    for cube in ("coverage", "outcome", "band", "ledger"):
        cells = pl.read_parquet(tiny[1] / "counts" / f"{cube}.parquet")
        within = [c for c in ("world", "seed", "scheme", "draw", "outcome", "rule") if c in cells.columns]
        totals = cells.group_by(*within, "group_by").agg(pl.col("n").sum()).group_by(within).agg(pl.col("n").n_unique())
        assert totals["n"].to_list() == [1] * totals.height
    coverage = pl.read_parquet(tiny[1] / "counts" / "coverage.parquet")
    assert set(coverage.group_by("seed", "scheme", "draw", "group_by").agg(pl.col("n").sum())["n"]) == {5_000}


def test_rates_equal_those_of_the_people_themselves(tiny):
    people = pl.concat(scoring.people("weihai_2020", n=5_000, seed=s).with_columns(seed=s) for s in (1, 2))
    outcome = scoring.scheme("rongcheng_2016").score(people).filter(pl.col("coverage") == "scored")
    mine = (
        outcome.group_by("seed", "residence")
        .agg(pl.col("warned").mean())
        .group_by("residence")
        .agg(pl.col("warned").mean())
    )
    rows = tiny[0].where(
        measure="selection_rate", scheme="rongcheng_2016", outcome="warned", group_by="residence", uncertainty="seeds"
    )
    for group, value in mine.with_columns(pl.col("residence").cast(pl.String)).rows():
        assert rows.filter(pl.col("group") == group)["value"].item() == pytest.approx(value, rel=1e-12)


def test_lines_of_the_gap_sum_to_it(tiny):
    for scheme, world in (("rongcheng_2016", "equal_conduct"),):
        rows = tiny[0].where(measure="rule_gap", scheme=scheme, world=world, group_by="residence")
        lines = rows.filter(pl.col("term") != "total")["value"].sum()
        assert lines == pytest.approx(rows.filter(pl.col("term") == "total")["value"].item(), abs=1e-9)


def test_cells_roll_up_to_what_a_plain_count_gives():
    plan = population.compile_recipe(population.load(workspace.find("recipe", "weihai_2020")), "equal_conduct")
    groups = cubes.Groupings(("residence", "residence*sex"), plan.levels)
    people = population.people(plan, 3_000, 4).with_columns(groups.cell())
    rolled = groups.roll_up(cubes.tally(people, []))
    for residence, sex in itertools.product(plan.levels["residence"], plan.levels["sex"]):
        mine = people.filter((pl.col("residence") == residence) & (pl.col("sex") == sex)).height
        assert rolled.filter(pl.col("group") == f"{residence}*{sex}")["n"].item() == mine


def test_a_pivotal_record_is_one_whose_absence_changes_the_verdict():
    declared = config.load("tiny")
    plan = population.compile_recipe(declared.recipe, "equal_conduct")
    scheme = declared.schemes["rongcheng_2016"]
    groups = cubes.Groupings(("residence",), plan.levels)
    index = pl.int_range(20_000, dtype=pl.UInt32, eager=True).alias("person")
    people = population.draw(plan, 1, 0, 20_000).with_columns(index, groups.cell())
    mine = people.select(*scheme.reads, "cell", "person")
    table = probes.pivotal(scheme, mine, scheme.score(mine), groups)
    found = table.filter(
        (pl.col("record") == "traffic_violation") & pl.col("pivotal") & (pl.col("group_by") == "everyone")
    )
    had = people.filter(pl.col("n_traffic_violation") > 0)
    before = scheme.score(had.select(scheme.reads))
    after = scheme.score(had.with_columns(pl.col("n_traffic_violation") - 1).select(scheme.reads))
    assert found["n"].sum() == (before["band"] != after["band"]).sum() > 0


def test_a_learned_scheme_is_fitted_on_a_seed_that_is_not_scored():
    declared = config.load("city_pilots", people=1_000, seeds=1)
    (design,) = designs.expand(declared.schemes["learned_baseline"], declared)
    assert design.scheme.opaque
    assert max(range(1, declared.config.seeds + 1)) < designs.TRAINING_SEED


def test_comparing_pairs_the_same_people_and_names_what_is_unlike():
    result = scoring.compare("rongcheng_2016", "hangzhou_2018", "no_scheme", people=5_000, seeds=1, years=1, draws=2)
    assert result.manifest["versus"] == "rongcheng_2016"
    rows = result.where(measure="selection_rate_difference_between_designs", versus="rongcheng_2016")
    unlike = rows.filter(pl.col("scheme") == "no_scheme")
    assert set(unlike["status"]) == {"not_applicable"}
    assert unlike["value"].null_count() == unlike.height
    assert unlike["note"].str.contains("unlike instruments").all()
    alike = rows.filter((pl.col("scheme") == "hangzhou_2018") & (pl.col("outcome") == "commended"))
    assert alike.filter(pl.col("group_by") == "everyone")["value"].item() is not None


def test_people_of_an_unknown_world_are_refused():
    with pytest.raises(Refused, match="did you mean 'mixed'"):
        scoring.people("weihai_2020", n=10, seed=1, world="mixd")


def test_a_population_is_written_whole_and_without_what_only_auditors_see(tmp_path):
    path = experiment.build("weihai_2020", 70_000, 3, tmp_path / "x.parquet")
    written = pl.read_parquet(path)
    assert written.height == 70_000
    assert not [c for c in written.columns if c.startswith("hidden_")]
    assert written["person_id"].equals(scoring.people("weihai_2020", n=70_000, seed=3)["person_id"])
    hidden = experiment.build("weihai_2020", 100, 3, tmp_path / "y.parquet", hidden=True)
    assert "hidden_harm" in pl.read_parquet(hidden).columns
