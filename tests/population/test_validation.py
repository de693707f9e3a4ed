"""Validation: known answers, few false alarms over a true population, and an alarm over each planted deviation."""

import json
from dataclasses import asdict, fields

import numpy as np
import polars as pl
import pytest
from scipy import stats
from typer.testing import CliRunner

from scoring import cli, experiment, population, workspace
from scoring.documents import Refused, parse
from scoring.population import checklist, tally
from scoring.population.faults import checked

TOWN = """\
recipe: town
title: A town
version: 1
sources: {A: {title: ours}, M: {title: means}, T: {title: totals}, H: {title: held out}}
worlds:
  first: {label: one}
  harsh: {perfect: [enforcement], label: everything is detected}
  donated: {neutral: [conduct], label: conduct is another's}
subjects:
  person:
    households:
      {forms: {alone: [adult], pair: [adult, adult], four: [adult, adult, child, child]},
       shares: {alone: .3, pair: .3, four: .4}, mark: assumed, source: A}
    attributes:
      side:
        {levels: [east, west], household: true, given: [household_form],
         shares: {alone: [.7, .3], "*": [.4, .6]}, mark: assumed, source: A}
      fifth: {levels: [low, high], household: true, given: [side], shares: {"*": [.5, .5]}, mark: assumed, source: A}
      age: {levels: [0-17, 18-59, 60+], given: [role], shares: {child: [1, 0, 0], adult: [0, .7, .3]},
            mark: assumed, source: A}
      sex: {levels: [female, male], shares: {"": [.5, .5]}, mark: assumed, source: A}
      licence: {levels: [licensed, none], given: [age, sex],
            shares: {0-17 & *: [0, 1], "* & male": [.7, .3], "* & *": [.4, .6]}, mark: assumed, source: A}
      job: {levels: [work, school, rest], given: [age, side], shares: {0-17 & *: [0, .9, .1], "* & *": [.6, .1, .3]},
            margin: {by: [side], shares: {east & work: .24}, mark: documented, source: A}, mark: assumed, source: A}
    derived: {grown: {from: age, levels: {child: [0-17], adult: [18-59, 60+]}}}
    years_of_age: {0-17: [0, 17], 18-59: [18, 59], 60+: [60, 90]}
    quantities:
      yuan:
        {within: fifth, cuts: [9000], given: side, lognormal: {east: {mu: 9, sigma: 1}, west: {mu: 9, sigma: 1}},
         targets: {means: {low: 4571, high: 23752}, mark: documented, source: M},
         household: true, unit: yuan, mark: assumed, source: A}
    latent:
      z: {resources: {fifth: {low: .5}}, mark: assumed, source: A}
    chain: {share: {p: .9}, link: {p: .9, "false": .01}}
    records:
      ticket:
        {label: a ticket, polarity: adverse, agency: police, severity: minor, at_risk: {licence: [licensed]}, rate: .2,
         conduct: {z: .5}, detect: {p: .5}, mark: assumed, source: A}
      gift:
        {label: a gift, polarity: favourable, agency: charity, rate: .05, amounts: {10: .5, 20: .5}, mark: assumed,
         source: A}
    totals:
      population: {value: 250, mark: documented, source: T}
      homes: {value: 100, count: households, mark: documented, source: T}
      pupils: {value: 80, where: {age: [0-17]}, mark: documented, source: T}
    held_out:
      jobs: {of: job, among: {age: [18-59]}, shares: {work: .5}, mark: assumed, source: H}
"""


def recipe(text=TOWN):
    return checked(parse(text, "town.yaml"))


def checks_of(drawn, held_against=None, n=20_000, seed=1, world="first"):
    """Draw from one recipe and hold it against another."""
    plan = population.compile_recipe(drawn, world)
    against = population.targets(held_against or drawn, world)
    found = None
    for block, rows in population.blocks(n):
        counts = population.counted(against, population.draw(plan, seed, block, rows), seed, block)
        found = counts if found is None else found + counts
    return population.checks(against, found)


def named(checks, name):
    (found,) = [check for check in checks if check.name == name]
    return found


TRUE = recipe()


def test_a_true_population_passes_and_nothing_passes_silently():
    checks = checks_of(TRUE, n=60_000)
    assert {c.part for c in checks} == {"fitted", "mean", "total", "constraint", "rate", "held_out"}
    assert [c for c in checks if c.passed is not True] == [named(checks, "jobs")]
    assert all(c.note for c in checks if c.passed is None)
    assert {"population", "homes", "pupils"} - {c.name for c in checks} == {"population"}  # it is the scale


def test_a_true_population_raises_few_false_alarms():
    """Some 12,000 cells of 200 populations: z has the spread of a normal though members come together."""
    against = population.targets(TRUE, "first")
    alarms, z, ratio = 0, [], []
    for seed in range(200):
        found = population.counted(against, population.draw(against.plan, seed, 0, 4_000), seed, 0)
        alarms += sum(c.passed is False for c in population.checks(against, found))
        for table in against.tables:
            counts = found.tallies[table.part, table.name]
            away = tally.from_shares(counts, table.shares)
            if table.part == "fitted":
                z.append(away.z[table.shares > 0.02])
                ratio.append(np.abs(counts.y / counts.m - table.shares).sum() / (away.distance.sum() / counts.m))
    assert alarms <= 2
    assert np.concatenate(z).std() == pytest.approx(1, abs=0.05)
    assert np.mean(ratio) == pytest.approx(1, abs=0.05)


PLANTED = [
    ("shares: {alone: .3, pair: .3, four: .4}", "shares: {alone: .32, pair: .3, four: .38}", "household_form"),
    ("shares: {alone: .3, pair: .3, four: .4}", "shares: {alone: .32, pair: .3, four: .38}", "homes"),
    ("shares: {alone: .3, pair: .3, four: .4}", "shares: {alone: .32, pair: .3, four: .38}", "pupils"),
    ("alone: [.7, .3]", "alone: [.75, .25]", "side given household_form"),
    (
        'sex: {levels: [female, male], shares: {"": [.5, .5]}',
        'sex: {levels: [female, male], shares: {"": [.52, .48]}',
        "sex",
    ),
    ("adult: [0, .7, .3]", "adult: [0, .72, .28]", "age given role"),
    ('"* & male": [.7, .3]', '"* & male": [.73, .27]', "licence given age, sex"),
    ("east & work: .24", "east & work: .26", "job by side (margin)"),
    ("mu: 9, sigma: 1}, west", "mu: 9, sigma: 1.3}, west", "yuan of high"),
    ("rate: .2", "rate: .22", "ticket"),
    ("rate: .05", "rate: .057", "gift"),
]


@pytest.mark.parametrize(("stated", "drawn", "name"), PLANTED)
def test_a_planted_deviation_is_caught_where_it_is(stated, drawn, name):
    assert TOWN.count(stated) == 1
    checks = checks_of(recipe(TOWN.replace(stated, drawn)), TRUE, 60_000)
    assert named(checks, name).passed is False
    assert named(checks_of(TRUE, n=60_000), name).passed is True


def test_what_has_no_share_must_be_empty():
    stated = '"* & male": [.7, .3], "* & *": [.4, .6]'
    strict = recipe(TOWN.replace(stated, '"60+ & female": [0, 1], ' + stated))
    check = named(checks_of(TRUE, strict, 400), "licence given age, sex")
    assert (check.passed, check.z, check.target, check.worst) == (False, None, 0.0, "60+ & female & licensed")
    assert check.found > 0
    assert "found in cells whose share is 0" in check.note
    broken = named(checks_of(TRUE, strict, 400), "licence given age, sex: nobody in 3 cells whose share is 0")
    assert broken.passed is False
    assert broken.found == round(check.found * 400)


def test_children_with_a_licence_or_at_the_wheel_are_counted():
    assert named(checks_of(TRUE), "licence given age, sex: nobody in 2 cells whose share is 0").n == 20_000
    free = recipe(TOWN.replace("0-17 & *: [0, 1]", "0-17 & *: [.01, .99]"))
    checks = checks_of(free, TRUE)
    assert named(checks, "licence given age, sex: nobody in 2 cells whose share is 0").passed is False


def changed(frame, column, values, rows):
    """Write values into some rows of a column."""
    whole = frame[column].to_list()
    for row, value in zip(rows, values, strict=True):
        whole[row] = value
    return frame.with_columns(pl.Series(column, whole, dtype=frame.schema[column]))


def first(frame, condition):
    return int(frame.with_row_index().filter(condition)["index"][0])


UNLICENSED = pl.col("licence") == "none"
FOUR = pl.col("household_form") == "four"
EAST = pl.col("side") == "east"
BREAKS = [
    ("ticket happens only to those at risk", "hidden_events_ticket", UNLICENSED, 1),
    ("what is recorded happened or is another's", "n_ticket", pl.col("hidden_others_records") == 0, 30),
    ("harm that the law forbids is at most the harm", "hidden_harm_law", pl.col("hidden_harm") == 0, 1),
    ("gift has an amount where and only where it is recorded", "amt_gift", pl.col("n_gift") > 0, 0),
    ("gift has an amount where and only where it is recorded", "amt_gift", pl.col("n_gift") == 0, 10),
    ("gift has an amount where and only where it is recorded", "amt_gift", pl.col("n_gift") > 0, 11),
    ("ages are among the recipe's years", "age", pl.lit(True), 91),
    ("yuan lies in the band that fifth names", "yuan", pl.col("fifth") == "low", 9_001),
    ("yuan lies in the band that fifth names", "yuan", pl.col("fifth") == "high", 8_999),
    ("grown follows from age", "grown", pl.col("grown") == "child", "adult"),
    ("households have the members of their form", "role", pl.col("role") == "child", "adult"),
    ("members share what a household holds", "side", FOUR & EAST, "west"),
    ("ids of a person verify themselves and stand once", "person_id", pl.lit(True), 110101199003070000),
    ("ids of a household verify themselves and stand once", "household_id", pl.col("household_form") == "alone", 7),
]


@pytest.mark.parametrize(("name", "column", "where", "value"), BREAKS)
def test_each_constraint_can_be_broken_and_counts_how_often(name, column, where, value):
    against = population.targets(TRUE, "first")
    frame = population.draw(against.plan, 1, 0, 2_000)
    wrong = changed(frame, column, [value], [first(frame, where)])
    for one, times in ((frame, 0), (wrong, 1)):
        check = named(population.checks(against, population.counted(against, one, 1, 0)), name)
        assert check.part == "constraint"
        assert (check.found, check.passed) == (times, not times)
        assert check.n > 0


def test_a_household_that_is_split_counts_as_two_but_the_last_of_a_block_may_be_cut():
    against, name = population.targets(TRUE, "first"), "households have the members of their form"
    frame = population.draw(against.plan, 1, 0, 2_000)
    start = first(frame, FOUR)
    for rows, found in ((start, 0), (start + 1, 0), (start + 3, 0)):
        assert (
            named(population.checks(against, population.counted(against, frame.head(rows), 1, 0)), name).found == found
        )
    split = changed(frame, "household_id", [1], [start])
    assert named(population.checks(against, population.counted(against, split, 1, 0)), name).found == 2


def test_an_id_that_stands_twice_or_in_another_block_is_counted():
    against = population.targets(TRUE, "first")
    frame, name = population.draw(against.plan, 1, 0, 500), "ids of a person verify themselves and stand once"
    twice = changed(frame, "person_id", [frame["person_id"][0]], [1])
    assert named(population.checks(against, population.counted(against, twice, 1, 0)), name).found == 1
    assert named(population.checks(against, population.counted(against, frame, 1, 1)), name).found == 500


def test_a_representative_is_an_adult_who_stands_for_one_firm():
    weihai = population.load(workspace.find("recipe", "weihai_2020"), [])
    against = population.targets(weihai, "equal_conduct", "firm")
    firms = population.draw(against.plan, 1, 1, 600)
    people = population.draw(against.plan.persons, 1, 1, 5_000)
    child = people.filter(pl.col("age") < 18)["person_id"][0]
    adult, once = "a representative is an adult of the population", "a representative stands for one firm"
    for ids, found in (([], (0, 0)), ([child], (1, 0)), ([firms["legal_representative_id"][1]], (0, 1)), ([5], (1, 0))):
        frame = changed(firms, "legal_representative_id", ids, range(len(ids)))
        checks = population.checks(against, population.counted(against, frame, 1, 1))
        assert (named(checks, adult).found, named(checks, once).found) == found


def test_what_nobody_can_tell_is_null_and_says_why():
    nobody = checks_of(recipe(TOWN.replace('"* & male": [.7, .3], "* & *": [.4, .6]', '"* & *": [.0001, .9999]')), n=40)
    ticket = named(nobody, "ticket")
    assert (ticket.passed, ticket.found, ticket.z, ticket.n) == (None, None, None, 0)
    assert ticket.note == "nobody is at risk in this sample"
    assert "fewer than 30" in named(nobody, "yuan of low").note
    plan = population.compile_recipe(TRUE, "first")
    old = next(seed for seed in range(50) if population.draw(plan, seed, 0, 1)["age"][0] >= 60)
    jobs = named(checks_of(TRUE, n=1, seed=old), "jobs")
    assert (jobs.passed, jobs.n, jobs.note) == (None, 0, "nobody to look at in this sample")


def test_a_mean_too_near_the_gate_is_left_open_until_there_are_more():
    """The exact mean below the cut is exp(9.5) Φ(ln 9000 - 10) / Φ(ln 9000 - 9) = 4,571: 6 % more than 4,300."""
    for target, n, passed in ((4_571, 400_000, True), (4_300, 5_000, None), (4_300, 400_000, False)):
        against = recipe(TOWN.replace("low: 4571", f"low: {target}"))
        assert named(checks_of(TRUE, against, n), "yuan of low").passed is passed


def test_a_factor_moves_the_target_and_is_said_to():
    poorer = recipe(TOWN.replace("household: true, unit", "household: true, factor: .8, unit"))
    check = named(checks_of(poorer, n=60_000), "yuan of high")
    assert check.target == pytest.approx(0.8 * 23_752)
    assert (check.passed, check.mark, check.source) == (True, "assumed", "A")
    assert "the level is not tested" in check.note
    assert named(checks_of(TRUE), "yuan of high").mark == "documented"
    assert named(checks_of(poorer, TRUE), "yuan of high").passed is False


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("{low: 4571,", "{lwo: 4600,", "unknown level of fifth 'lwo'"),
        ("mark: documented, source: M", "mark: documented", "required key 'source' is missing"),
        ("mark: documented, source: M", "mark: documented, source: N", "unknown source 'N'"),
        ("{low: 4571, high: 23752}", "{low: -1}", "greater than 0"),
        ("assumed, source: H", "assumed, source: M", "what was fitted cannot validate"),
    ],
)
def test_published_means_are_checked(right, wrong, told):
    assert TOWN.count(right) == 1
    with pytest.raises(Refused, match=told) as refused:
        recipe(TOWN.replace(right, wrong))
    assert all(p.line for p in refused.value.problems)


def test_rates_are_those_of_the_world():
    """Where everything is detected there are 1 / .5 times the records; a donor's conduct asks for no licence."""
    harsh = named(checks_of(TRUE, world="harsh"), "ticket")
    assert harsh.passed is True
    assert harsh.target == pytest.approx(0.4, rel=0.03)  # less what the cap of four a year takes
    assert harsh.note == "expected in this world; the recipe's own rate is 0.2"
    donated = checks_of(TRUE, world="donated", n=population.BLOCK)
    assert named(donated, "ticket").passed is True
    assert named(donated, "ticket").n == population.BLOCK
    only = named(donated, "ticket happens only to those at risk")
    assert (only.passed, only.note) == (None, "conduct is another's in this world")


@pytest.mark.parametrize("name", ["weihai_2020", "national_2020"])
def test_the_expected_rate_of_a_plain_world_is_the_recipes(name):
    from scoring.population.expectation import expected_rate
    from scoring.population.joint import Joint

    shipped = population.load(workspace.find("recipe", name), [])
    for kind, records in (("person", ["ticket", "traffic_violation", "volunteering"]), ("government_body", ["honour"])):
        subject = shipped.subject(kind)
        for record in set(records) & set(subject.records):
            rate = expected_rate(subject, Joint(subject), record, shipped.worlds["mixed"])
            assert rate == pytest.approx(subject.records[record].rate, rel=1e-6)


def slowly(cell, home, cells):
    """The five sums of a tally, household by household."""
    y = np.array([[(cell[home == h] == c).sum() for c in range(cells)] for h in np.unique(home)])
    m = np.array([(home == h).sum() for h in np.unique(home)])
    return [y.sum(0), (y**2).sum(0), (y * m[:, None]).sum(0), m.sum(), (m**2).sum()]


def test_a_tally_is_the_sum_over_households_and_two_add_up():
    rng = np.random.default_rng(0)
    home, cell = np.repeat(np.arange(300), rng.integers(1, 8, 300)), rng.integers(0, 5, 2_100)
    cell = cell[: len(home)]
    cut = int(np.searchsorted(home, 120))
    parts = [(cell[part], home[part]) for part in (slice(None), slice(cut), slice(cut, None))]
    whole, one, two = (tally.of_cells(c, 5, tally.clusters(pl.DataFrame({"household_id": h}))) for c, h in parts)
    for name, expected in zip(("y", "yy", "ym", "m", "mm"), slowly(cell, home, 5), strict=True):
        assert (getattr(whole, name) == expected).all()
        assert (getattr(one + two, name) == expected).all()


def alone(y, m):
    y = np.asarray(y)
    return tally.Tally(y, y, y, np.array(m), np.array(m))


@pytest.mark.parametrize(
    ("y", "m", "p"), [(0, 50, 0.1), (3, 1_000, 0.0002), (12, 40, 0.2), (31, 40, 0.9), (520, 1_000, 0.5)]
)
def test_z_of_single_subjects_is_the_exact_binomial_tail(y, m, p):
    tail = stats.binom.sf(y - 1, m, p) if y > m * p else stats.binom.cdf(y, m, p)
    expected = stats.norm.isf(tail) if y > m * p else stats.norm.ppf(tail)
    assert tally.from_shares(alone([y], m), np.array([p])).z[0] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("y", "mean"), [(0, 4.0), (9, 3.0), (1_050, 1_000.0)])
def test_z_of_a_rate_is_the_exact_poisson_tail(y, mean):
    tail = stats.poisson.sf(y - 1, mean) if y > mean else stats.poisson.cdf(y, mean)
    expected = stats.norm.isf(tail) if y > mean else stats.norm.ppf(tail)
    single = tally.of_sums(np.repeat([1, 0], [y, 10_000 - y]), np.ones(10_000, dtype=np.int64))
    assert tally.from_rate(single, mean / 10_000).z[0] == pytest.approx(expected, rel=1e-3, abs=1e-3)


def test_members_who_are_alike_count_as_one():
    """2,000 of 4,000 where 1,900 were expected, in households of four alike: the z of 500 of 1,000 single subjects."""
    together = tally.Tally(np.array([2_000]), np.array([8_000]), np.array([8_000]), np.array(4_000), np.array(16_000))
    share = np.array([0.475])
    z = tally.from_shares(together, share).z[0]
    assert z == pytest.approx(tally.from_shares(alone([500], 1_000), share).z[0], rel=1e-3)
    assert z == pytest.approx(25 / (1_000 * 0.475 * 0.525) ** 0.5, rel=0.05)


def test_what_is_beyond_any_tail_is_still_told_by_how_much():
    far = tally.from_shares(alone([900_000, 100_000], 1_000_000), np.array([0.5, 0.5]))
    deviance = 2 * 1e6 * (0.9 * np.log(1.8) + 0.1 * np.log(0.2))
    assert far.z == pytest.approx([deviance**0.5, -(deviance**0.5)])


@pytest.mark.parametrize("mean", [0.01, 0.7, 3.0, 41.5])
def test_the_mean_distance_is_that_of_poisson_counts(mean):
    k = np.arange(400)
    expected = (np.abs(k - mean) * stats.poisson.pmf(k, mean)).sum()
    assert tally.mean_distance(np.array([mean]))[0] == pytest.approx(expected)


@pytest.mark.parametrize("name", ["weihai_2020", "national_2020"])
def test_a_shipped_population_passes(name):
    checks = experiment.validate(name, 200_000, seed=3)
    assert {c.subject for c in checks} == {"person", "firm", "government_body"}
    assert [c for c in checks if c.passed is False] == []
    assert {c.part for c in checks if c.passed is None} <= {"held_out", "mean"}
    n = {c.subject: max(d.n for d in checks if d.subject == c.subject) for c in checks}
    assert n == {"person": 200_000, "firm": 26_000, "government_body": population.BLOCK}


def test_processes_and_the_order_of_blocks_change_nothing(tmp_path, monkeypatch):
    (tmp_path / "town.yaml").write_text(TOWN)
    door = __import__("sys").modules["scoring.experiment.validate"]
    monkeypatch.setattr(door, "BLOCKS_A_JOB", 1)
    one = experiment.validate(tmp_path / "town.yaml", 200_000)
    monkeypatch.setattr(door, "WORTH_A_PROCESS", 0)
    assert experiment.validate(tmp_path / "town.yaml", 200_000, workers=2) == one


def call(*words):
    return CliRunner().invoke(cli.app, ["population", "validate", *map(str, words)])


def test_the_command_tells_its_verdict_in_words_and_in_its_exit_code(tmp_path):
    (tmp_path / "town.yaml").write_text(TOWN)
    (tmp_path / "wrong.yaml").write_text(TOWN.replace("pupils: {value: 80", "pupils: {value: 90"))
    right = call(tmp_path / "town.yaml", "--people", 5_000)
    assert right.exit_code == 0
    assert right.stdout.splitlines()[-1].endswith("1 held-out tables are reported without a gate")
    wrong = call(tmp_path / "wrong.yaml", "--people", 5_000)
    assert wrong.exit_code == 1
    assert [line.split()[:3] for line in wrong.stdout.splitlines() if "FAILS" in line] == [
        ["FAILS", "person", "pupils"]
    ]
    rows = json.loads(call(tmp_path / "wrong.yaml", "--people", 5_000, "--json").stdout)
    assert [row["name"] for row in rows if row["passed"] is False] == ["pupils"]
    assert list(rows[0]) == [field.name for field in fields(population.Check)]
    assert call(tmp_path / "town.yaml", "--world", "frist").exit_code == 1


def test_the_worst_stands_first():
    checks = checks_of(recipe(TOWN.replace("rate: .05", "rate: .1")), TRUE)
    for title, rows, _ in checklist.sections(checks):
        words = [row[""] for row in rows]
        assert words == sorted(words, key=["FAILS", "undefined", "no gate", "passes"].index), title
    rate = next(rows for title, rows, _ in checklist.sections(checks) if title.startswith("Records"))
    assert [(row[""], row["name"]) for row in rate] == [("FAILS", "gift"), ("passes", "ticket")]
    assert asdict(named(checks, "gift"))["passed"] is False
