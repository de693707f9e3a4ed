"""The cubes of scores, of verdicts beside conduct and records, and of all attributes crossed; bins and cuts."""

import importlib
from dataclasses import replace

import polars as pl
import pytest

from scoring import population, schemes, workspace
from scoring.experiment import bins, config, cubes, designs, gathered
from scoring.experiment.measured import studied
from scoring.measures import TAUS
from tests.hand_frames import catalogue, plan_of, ready

chunks = importlib.import_module("scoring.experiment.chunk")
run = importlib.import_module("scoring.experiment.run")

PLAN = population.compile_recipe(population.load(workspace.find("recipe", "weihai_2020")), "equal_conduct")
GROUPS = cubes.Groupings(("residence", "sex", "residence*income_quintile"), PLAN.levels, ("has_credit", "sex"))
NAMES = ["rongcheng_2016", "judgment_defaulters_2017", "zhima_2015", "no_scheme"]
ADVERSE = {  # of what each reads, by hand
    "judgment_defaulters_2017": "judgment_refusal enforcement_obstruction enforcement_evasion asset_report_breach "
    "spending_order_breach settlement_breach",
    "rongcheng_2016": "drink_driving contract_breach contract_judgment card_overdue private_lending_breach "
    "illegal_fundraising guarantee_breach debt_judgment pyramid_selling counterfeit_goods other_commercial_breach "
    "utility_arrears utility_judgment heating_tampering utility_theft public_property_damage traffic_violation",
}
CREDITS = {"judgment_defaulters_2017": "", "rongcheng_2016": "honour_city honour_department"}


@pytest.fixture(scope="module")
def people():
    return population.people(PLAN, 30_000, 5).with_columns(*GROUPS.places(), cubes.harm_level())


def scored(people, name):
    return ready(name).score(people.select(*ready(name).reads, "cell", "harm", "stratum", "residence", "sex"))


def made(people, name):
    scheme = ready(name)
    frame = people.select(*scheme.reads, "cell", "harm", "stratum")
    return cubes.verdict_cubes(scheme.score(frame), scheme, GROUPS, PLAN.records)


def summed(table, *axes):
    return table.group_by(axes).agg(pl.col("n").sum()).filter(pl.col("n") > 0).sort(axes)


@pytest.mark.parametrize("name", NAMES)
def test_every_cube_has_the_verdicts_of_the_outcome_cube(people, name):
    found = made(people, name)
    axes = ("group_by", "group", "outcome", "selected")
    single = found["outcome"].filter(pl.col("group_by").is_in(["residence", "sex"]))
    assert summed(found["conditional"], *axes).equals(summed(single, *axes))
    conduct = pl.col("conduct").str.strip_prefix("harm ").cast(pl.Int8).alias("harm")
    assert summed(found["conditional"].with_columns(conduct), *axes, "harm").equals(summed(single, *axes, "harm"))
    crossed = pl.concat_str("by__residence", "by__income_quintile", separator="*").alias("group")
    mine = found["outcome"].filter(pl.col("group_by") == "residence*income_quintile")
    assert summed(found["cells"].with_columns(crossed), "group", "outcome", "selected").equals(
        summed(mine, "group", "outcome", "selected")
    )
    assert [c for c in found["cells"].columns if c.startswith("by__")] == [f"by__{a}" for a in GROUPS.attributes]
    assert ("score" in found) == (ready(name).base is not None)


def test_scores_and_harm_are_those_of_the_people(people):
    mine = scored(people, "zhima_2015").filter(pl.col("coverage") == "scored")
    for attribute in ("residence", "sex"):
        classes = pl.col("harm").clip(*cubes.BESIDE_SCORES)
        told = summed(mine.with_columns(pl.col(attribute).cast(pl.String), classes, n=1), attribute, "score", "harm")
        cube = made(people, "zhima_2015")["score"].filter(pl.col("group_by") == attribute)
        assert summed(cube, "group", "score", "harm").rows() == told.rows()
    assert made(people, "zhima_2015")["score"]["width"].unique().to_list() == [1]


@pytest.mark.parametrize("name", ADVERSE)
def test_records_are_what_reached_the_scheme_of_what_it_reads(people, name):
    frame = scored(people, name).filter(pl.col("coverage") == "scored")
    bad = sum((frame[f"n_{r}"].cast(pl.Int32) for r in ADVERSE[name].split()), pl.Series([0] * frame.height))
    good = sum((frame[f"n_{r}"].cast(pl.Int32) for r in CREDITS[name].split()), pl.Series([0] * frame.height))
    words = [f"{'3+' if b >= 3 else b} adverse{', credit' if g else ''}" for b, g in zip(bad, good, strict=True)]
    mine = frame.select(pl.col("residence").cast(pl.String).alias("group"), pl.Series("records", words), n=1)
    outcome = next(iter(ready(name).outcomes))
    cube = made(people, name)["conditional"].filter(group_by="residence", outcome=outcome)
    assert summed(cube, "group", "records").rows() == summed(mine, "group", "records").rows()
    assert len(set(words)) > 1


def test_polarity_is_the_recipe_s_and_an_amount_stands_for_its_record(people):
    scheme = ready("hangzhou_2018")
    assert "n_volunteering" not in scheme.reads
    assert cubes.columns_of(scheme, PLAN.records, "favourable").count("amt_volunteering") == 1
    turned = {n: r.model_copy(update={"polarity": "favourable"}) for n, r in PLAN.records.items()}
    frame = scheme.score(people.select(*scheme.reads, "cell", "harm", "stratum"))
    found = cubes.verdict_cubes(frame, scheme, GROUPS, turned)["conditional"]
    assert set(found["records"]) == {"0 adverse", "0 adverse, credit"}


def test_strata_are_crossed_as_declared(people):
    frame = scored(people, "rongcheng_2016").with_columns(people["has_credit"]).filter(pl.col("coverage") == "scored")
    words = pl.concat_str(pl.col("has_credit", "sex").cast(pl.String), separator="*").alias("stratum")
    mine = frame.select(words, pl.col("residence").cast(pl.String).alias("group"), n=1)
    cube = made(people, "rongcheng_2016")["conditional"].filter(group_by="residence", outcome="commended")
    assert summed(cube, "group", "stratum").rows() == summed(mine, "group", "stratum").rows()
    without = cubes.verdict_cubes(
        scored(people, "rongcheng_2016"), ready("rongcheng_2016"), replace(GROUPS, strata=()), PLAN.records
    )
    assert "stratum" not in without["conditional"].columns


def test_conditional_is_left_out_where_every_grouping_is_crossed(people):
    groups = cubes.Groupings(("residence*sex",), PLAN.levels)
    frame = people.with_columns(*groups.places()).select(*ready("rongcheng_2016").reads, "cell", "harm")
    found = cubes.verdict_cubes(ready("rongcheng_2016").score(frame), ready("rongcheng_2016"), groups, PLAN.records)
    assert "conditional" not in found
    assert found["cells"].columns[:2] == ["by__residence", "by__sex"]


def test_conduct_has_a_word_for_every_level():
    assert [f"harm {level}" for level in range(len(TAUS) + 1)] == cubes.CONDUCT


@pytest.fixture(scope="module")
def declared():
    found = config.load("tiny", people=70_000, seeds=1)  # two blocks
    names = {"rongcheng_2016", "judgment_defaulters_2017"}
    assert names <= set(found.schemes)
    changed = found.config.model_copy(update={"strata": ["sex"], "groups": ["residence", ["residence", "sex"]]})
    return replace(found, config=changed.model_copy(update={"probes": None}))


def counted(declared, most, **patched):
    with pytest.MonkeyPatch.context() as patch:
        for name, value in patched.items():
            patch.setattr(chunks, name, value)
        patch.setattr(bins, "MOST", most)
        patch.setattr(bins.binned, "__defaults__", ((), most))
        return chunks.chunk(declared, PLAN, designs.ready(declared), 1)


@pytest.mark.parametrize("most", [bins.MOST, 20])
def test_blocks_apart_and_added_are_the_whole(declared, most):
    whole = counted(declared, most)
    apart = counted(declared, most, BLOCKS_AT_ONCE=1, fold=lambda tables: gathered.fold(tables, most=0))
    assert {"score", "conditional", "cells"} <= set(whole)
    for cube, counts in whole.items():
        assert apart[cube] == counts, cube
    assert (whole["score"].cells["width"].max() > 1) == (most < bins.MOST)


def lattice(scores, n=1, width=None):
    more = {} if width is None else {"width": pl.Series([width] * len(scores), dtype=pl.Int32)}
    return pl.DataFrame({"score": pl.Series(scores, dtype=pl.Int32), **more, "n": [n] * len(scores)})


def test_bins_are_no_wider_than_they_must_be_and_named_by_their_lowest_score():
    exact = bins.binned(lattice([-3, 5, 100]), most=3)
    assert exact.sort("score").rows() == [(-3, 1, 1), (5, 1, 1), (100, 1, 1)]
    assert bins.binned(lattice([-3, -2, 0, 1, 5]), most=4).sort("score").rows() == [
        (-4, 2, 1),
        (-2, 2, 1),
        (0, 2, 2),
        (4, 2, 1),
    ]


def test_bins_of_parts_added_are_the_bins_of_the_whole():
    scores = [(k * k * 7919) % 5_003 - 2_000 for k in range(4_000)]
    whole = bins.binned(lattice(scores).group_by("score").agg(pl.col("n").sum()), most=100)
    parts = [bins.binned(lattice(scores[i : i + step]), most=100) for i, step in ((0, 300), (300, 50), (350, 3_650))]
    assert len({part["width"][0] for part in parts}) > 1  # or the test says nothing
    added = bins.binned(pl.concat(parts), most=100)
    assert added.sort("score").rows() == whole.sort("score").rows()
    other = bins.binned(pl.concat([bins.binned(pl.concat(parts[1:]), most=100), parts[0]]), most=100)
    assert other.sort("score").rows() == added.sort("score").rows()


def test_each_scheme_and_draw_has_bins_of_its_own_and_a_study_hears_of_the_largest():
    told = {"world": "w", "seed": 1, "group_by": "everyone", "group": "everyone"}
    one = lattice([0, 1, 2, 3], 10).with_columns(scheme=pl.lit("fine"), draw=-1)
    two = lattice([0, 64], 30).with_columns(scheme=pl.lit("coarse"), draw=-1)
    cells = bins.binned(pl.concat([one, two]), bins.ONE, most=2).with_columns(
        pl.lit(v).alias(k) for k, v in told.items()
    )
    assert dict(cells.select("scheme", "width").unique().iter_rows()) == {"fine": 2, "coarse": 1}
    assert bins.rough(cells) == {"fine": (2, 0.5)}
    scheme = ready("zhima_2015")
    assert "largest_bin" not in designs.facts([scheme])
    assert designs.facts([scheme], (2, 0.5))["largest_bin"] == 0.5
    assert designs.facts([scheme], (2, 0.5))["cuts"] == {"deposit_free": (650, "above")}
    assert designs.facts([scheme], (4, 0.5))["cuts"] == {}  # 650 is not at the edge of a bin
    assert designs.facts([scheme])["edges"] == [550, 600, 650, 700]
    assert designs.facts([scheme], (100, 0.5))["edges"] == [600, 700]


def test_a_measure_hears_how_much_a_rule_weighs_draw_by_draw():
    points = ready("rongcheng_2016")
    assert designs.facts([points])["weights"] == {
        -1: {"smallest weight": 5, "median weight": 30}
    }  # of 18 rules the ninth and the tenth
    assert designs.facts([points])["bands"] == ["D", "C", "B", "A", "AA", "AAA"]
    family = schemes.load(workspace.find("scheme", "hangzhou_2018")).draws(2)
    weights = designs.facts(family)["weights"]
    assert list(weights) == [0, 1]
    assert [of["smallest weight"] for of in weights.values()] == [1, 3]
    assert designs.facts([ready("judgment_defaulters_2017")])["weights"] == {-1: {}}


CUT = [name for name in catalogue() if designs.cuts_of(ready(name))]


@pytest.mark.parametrize("name", CUT)
def test_a_cut_gives_the_outcome_to_exactly_those_beyond_it(name):
    scheme = ready(name)
    frame = population.people(plan_of(scheme.subject), 20_000, 3)
    lists = [pl.lit(0, pl.Int8).alias(c) for c in scheme.reads if c.startswith("listed__")]
    found = scheme.score(frame.with_columns(lists)).filter(pl.col("coverage") == "scored")
    for outcome, (cut, side) in designs.cuts_of(scheme).items():
        beyond = found["score"] >= cut if side == "above" else found["score"] < cut
        assert (found[outcome] == beyond).all(), outcome


def test_what_a_record_decides_beside_the_score_has_no_cut():
    assert {"hangzhou_2018", "learned_baseline", "weihai_2018"} <= set(CUT)
    assert designs.cuts_of(ready("rongcheng_2016")) == {}  # drink driving leads to C whatever the score
    assert designs.cuts_of(ready("judgment_defaulters_2017")) == {}
    low = replace(ready("rongcheng_2016"), direct_bands=())
    assert designs.cuts_of(low)["commended"] == (1030, "above")
    assert designs.cuts_of(low)["warned"] == (850, "below")
    (direct,) = ready("rongcheng_2016").direct_bands
    top = replace(low, direct_bands=((*direct[:2], "AA"),))  # lets nobody be above AA: AA or better stays whole
    assert set(designs.cuts_of(top)) == {"commended", "warned", "restricted"}


def test_a_study_is_told_of_what_was_declared():
    declared = config.load("city_pilots", people=100, seeds=1)
    changed = declared.config.model_copy(update={"references": {"sex": "rest"}})
    study = studied(replace(declared, config=changed), designs.ready(declared), "person", {})
    assert study.primary[0] == ("selection_rate_ratio", "commended", "residence")
    assert study.references["sex"] == "rest"
    assert study.schemes["hangzhou_2018"]["cuts"] == {"commended": (700, "above")}
    assert next(iter(study.schemes)) == "rongcheng_2016"  # differences are taken from the first


def test_chunks_of_other_strata_are_not_taken_up_again():
    declared = config.load("tiny")
    keys = {run.key(declared.config.model_copy(update={"strata": s}), {}) for s in ([], ["sex"], ["residence"])}
    assert len(keys) == 3
    assert run.key(declared.config.model_copy(update={"references": {}, "criteria": []}), {}) in keys
