import numpy as np
import polars as pl
import pytest
import scipy.stats

from scoring.measures import Study, compute
from scoring.measures.comparison import compare, paired
from scoring.measures.resample import philox, replicates

POINTS = {"instrument": "points scheme"}


@pytest.fixture
def joint(cube):
    """Return a function that makes a signature cube of `(verdict under old, under new) → n`."""

    def make(cells, old="old:rewarded", new="new:rewarded", **also):
        rows = [{"group": "everyone", old: a, new: b, "n": n} for (a, b), n in cells.items()]
        counts = cube(rows, group_by="everyone", **also)
        return counts.marginal([a for a in counts.axes if a != "scheme"])

    return make


@pytest.fixture
def designs():
    def make(facts=None, outcomes=None):
        facts = facts or {"old": POINTS, "new": POINTS}
        return Study(outcomes or {(s, "rewarded"): "favourable" for s in facts}, {}, facts)

    return make


def one(rows, measure, uncertainty="audit"):
    return rows.filter(pl.col("measure") == measure, pl.col("uncertainty") == uncertainty).row(0, named=True)


DIFFERENCE, AGREEMENT = "selection_rate_difference_between_designs", "outcome_agreement"


def test_gains_losses_and_agreement_of_those_whom_both_score(joint, designs):
    cells = {(1, 1): 40, (0, 0): 30, (0, 1): 20, (1, 0): 10, (-1, 1): 7}
    found = compute({"signature": joint(cells)}, designs())
    difference, agreement = one(found, DIFFERENCE), one(found, AGREEMENT)
    assert (difference["scheme"], difference["versus"], difference["n"]) == ("new", "old", 100)
    assert difference["value"] == pytest.approx(0.1)
    assert agreement["value"] == pytest.approx(0.7)
    assert difference["note"].startswith("7 persons not scored under both")


def test_pairing_narrows_the_interval_as_mcnemar_says():
    persons, both, gained, lost = 20_000, 1_250, 1_150, 850
    low, high, _ = paired(np.array([gained]), np.array([lost]), np.array([persons]), philox(4))
    cells = [np.array([both + k, persons - both - k]) for k in (gained, lost)]
    new, old = (next(replicates(c, 4_000, philox(i)))[:, 0] for i, c in enumerate(cells))
    mcnemar = np.sqrt(gained + lost - (gained - lost) ** 2 / persons) / persons
    assert (high - low)[0] / (2 * 1.96) == pytest.approx(mcnemar, rel=0.1)
    assert mcnemar == pytest.approx(0.00221, rel=0.1)
    assert np.std((new - old) / persons) == pytest.approx(0.00318, rel=0.1)


def test_few_who_move_are_drawn_from_a_prior_that_leaves_open_how_rare_they_are():
    low, high, method = paired(np.array([3, 40]), np.array([0, 30]), np.array([1_000, 1_000]), philox(4))
    assert list(method) == ["Jeffreys draws, paired", "percentile, paired"]
    assert low[0] < 3 / 1_000 - 2 / 1_000 < high[0] < 0.0105
    gained = scipy.stats.beta(3.5, 998)  # lost is Beta(1/2, 1,001): nearly nobody
    assert (low[0], high[0]) == pytest.approx(gained.ppf([0.025, 0.975]), abs=0.0012)


def test_a_move_that_changes_nobody_keeps_an_interval(joint, designs):
    row = one(compute({"signature": joint({(1, 1): 40, (0, 0): 60})}, designs()), DIFFERENCE)
    assert row["value"] == 0
    assert row["high"] == -row["low"] == pytest.approx(1 - 0.025 ** (1 / 100))


def test_seeds_are_paired(joint, designs):
    counts = sum(
        (joint({(1, 1): k, (0, 1): 10, (0, 0): 90 - k}, seed=s) for s, k in ((2, 40), (3, 70))),
        start=joint({(1, 1): 10, (0, 1): 10, (0, 0): 80}),
    )
    row = one(compute({"signature": counts}, designs()), DIFFERENCE, "seeds")
    assert (row["value"], row["low"], row["high"]) == pytest.approx((0.1, 0.1, 0.1))


@pytest.mark.parametrize(
    ("facts", "outcomes", "why"),
    [
        ({"old": POINTS, "new": {"instrument": "list regime"}}, None, "unlike instruments"),
        (None, {("old", "rewarded"): "favourable"}, "new has no outcome 'rewarded'"),
        (None, {("old", "rewarded"): "favourable", ("new", "rewarded"): "adverse"}, "is adverse in one design"),
    ],
)
def test_unlike_designs_are_not_compared(joint, designs, facts, outcomes, why):
    names = [DIFFERENCE, "outcome_agreement"]
    found = compute({"signature": joint({(1, 1): 10})}, designs(facts, outcomes), names)
    assert set(found["status"]) == {"not_applicable"}
    assert found["value"].null_count() == found.height == 2
    assert all(why in note for note in found["note"])


def test_draws_of_a_family_are_a_range_and_leave_the_others_alone(joint, designs):
    facts = {"old": POINTS, "new": POINTS, "third": POINTS}
    tables = []
    for draw, gained in enumerate((0, 10, 30)):
        cells = joint({(0, 1): gained, (0, 0): 100 - gained}, draw=draw).cells
        tables.append(cells.with_columns(pl.col("old:rewarded").alias("third:rewarded")))
    table = pl.concat(tables)
    signature = type(joint({(0, 0): 1}))(tuple(c for c in table.columns if c != "n"), table)
    found = compare(signature, "old", designs(facts), philox(1), frozenset({"new"}))
    family = one(found.filter(pl.col("scheme") == "new"), DIFFERENCE, "specification")
    assert (family["value"], family["low"], family["high"]) == pytest.approx((0.1, 0, 0.3))
    assert one(found.filter(pl.col("scheme") == "third"), DIFFERENCE)["n"] == 100
