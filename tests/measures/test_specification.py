"""The multiverse: planted factors, known conclusions, orders of designs."""

import numpy as np
import polars as pl
import pytest
import scipy.stats

from scoring.measures import Counts, Criterion, Study, Universes, compute
from scoring.measures.specification import tau_b
from scoring.measures.universes import effects, sampled_effects, sobol

NAMES = ["universe_estimate", "conclusion_share", "factor_importance", "rank_stability", "robust"]
POINTS, LINE = "schemes.s.rules.a.points", "schemes.s.bands.b.low"


def ishigami(x, a=7, b=0.1):
    return np.sin(x[0]) + a * np.sin(x[1]) ** 2 + b * x[2] ** 4 * np.sin(x[0])


def test_effects_of_ishigami_are_the_published_ones():
    levels = [200, 200, 200]
    x = -np.pi + 2 * np.pi * (np.indices(levels).reshape(3, -1) + 0.5) / 200
    main, total = effects(ishigami(x), levels)
    assert main == pytest.approx([0.313905, 0.442411, 0], abs=2e-4)
    assert total == pytest.approx([0.557589, 0.442411, 0.243684], abs=2e-4)


def test_a_sample_gives_nearly_the_same():
    levels, n = [64, 64, 64], 1_024
    x = -np.pi + 2 * np.pi * (sobol(levels, n).T + 0.5) / 64
    main, total = sampled_effects(ishigami(x), 3, n)
    assert main == pytest.approx([0.313905, 0.442411, 0], abs=0.03)
    assert total == pytest.approx([0.557589, 0.442411, 0.243684], abs=0.03)


def test_few_universes_are_whole_and_many_are_a_sample():
    whole = Universes({"a": [1, 2, 3], "b": [1, 2]})
    assert (whole.sample, len(whole.rows), len({*map(tuple, whole.rows.tolist())})) == (None, 6, 6)
    many = Universes({name: [1, 2, 3, 4, 5] for name in "abcdef"})
    assert (many.sample, len(many.rows)) == (512, 512 * 8)
    assert many.rows.min() == 0
    assert many.rows.max() == 4
    assert (many.rows == Universes(many.factors).rows).all()
    assert (np.bincount(many.rows[:, 2]) / len(many.rows)) == pytest.approx(0.2, abs=0.01)


def test_an_even_choice_moves_nothing():
    assert np.isnan(effects(np.ones(6), [2, 3])).all()


def test_orders_agree_as_scipy_says():
    rng = np.random.default_rng(2)
    ranked, order = rng.integers(0, 4, (30, 6)).astype(float), rng.integers(0, 5, 6).astype(float)
    expected = [scipy.stats.kendalltau(row, order).statistic for row in ranked]
    assert tau_b(ranked, order) == pytest.approx(expected, nan_ok=True)
    scipy_example = tau_b(np.array([[12.0, 2, 1, 12, 2]]), np.array([1.0, 4, 7, 1, 0]))
    assert scipy_example == pytest.approx([-0.471405], abs=1e-6)


@pytest.fixture
def cube():
    """Return a function that makes the cube of one world: `(scheme, variant) → {group: (y, n)}`, perhaps unscored."""

    def make(verdicts, unscored=0, **also):
        rows = [
            {"world": "w", "scheme": scheme, "draw": -1, "seed": 1, "group_by": "g", "group": group, "outcome": "o"}
            | {"variant": variant, "harm": harm, "selected": said, "n": n}
            | also
            for (scheme, variant), groups in verdicts.items()
            for group, (y, n) in groups.items()
            for said, n, harm in ((1, y, 5), (0, n - y, 0), (-1, unscored if group == "a" else 0, 0))
        ]
        table = pl.DataFrame(rows).with_columns(pl.col("variant", "draw").cast(pl.Int32))
        return Counts(tuple(c for c in table.columns if c != "n"), table)

    return make


@pytest.fixture
def found(cube):
    def find(verdicts, factors, measure="selection_rate_ratio", polarity="favourable", unscored=0, reference="b"):
        kinds = {scheme: {"instrument": "points scheme"} for scheme, _ in verdicts}
        study = Study(
            {(scheme, "o"): polarity for scheme in kinds},
            {"g": reference},
            kinds,
            primary=[(measure, "o", "g")],
            universes=Universes(factors),
        )
        return compute({"universe": cube(verdicts, unscored)}, study, NAMES)

    return find


def values(rows, measure, *keys, **where):
    rows = rows.filter(pl.col("measure") == measure, *(pl.col(k) == v for k, v in where.items()))
    return {key[0] if len(keys) == 1 else tuple(key): value for *key, value in rows.select(*keys, "value").iter_rows()}


def planted(rates):
    """Return verdicts of one scheme: as published, and in each variant, of 10,000 persons a group."""
    return {("s", i): {"a": (round(rate * 10_000), 10_000), "b": (4_000, 10_000)} for i, rate in enumerate(rates)}


def test_the_one_factor_that_matters_has_all_the_importance(found):
    rows = found(planted([0.3, 0.2, 0.2, 0.4, 0.4]), {POINTS: [-2, -1], LINE: [1, 2]})
    main, total = (values(rows, "factor_importance", "term", param=p) for p in ("main", "total"))
    assert main == total == pytest.approx({"rules.a.points": 1, "bands.b.low": 0})


def test_factors_that_only_matter_together_have_no_main_effect(found):
    rows = found(planted([0.3, 0.2, 0.4, 0.4, 0.2]), {POINTS: [-2, -1], LINE: [1, 2]})
    assert values(rows, "factor_importance", "term", param="main") == pytest.approx(
        {"rules.a.points": 0, "bands.b.low": 0}
    )
    assert values(rows, "factor_importance", "term", param="total") == pytest.approx(
        {"rules.a.points": 1, "bands.b.low": 1}
    )


def test_every_universe_has_its_estimate_and_its_choices(found):
    rows = found(planted([0.3, 0.2, 0.4]), {POINTS: [-2, -1]})
    assert values(rows, "universe_estimate", "term", "param") == pytest.approx(
        {("0", "as declared"): 0.75, ("1", "rules.a.points=-2"): 0.5, ("2", "rules.a.points=-1"): 1}
    )
    one = rows.filter(pl.col("term") == "1", pl.col("measure") == "universe_estimate").row(0, named=True)
    assert one["low"] < 0.5 < one["high"]
    assert (one["uncertainty"], one["reference"], one["note"]) == ("specification", "b", "concludes: adverse")
    assert one["method"] == "selection_rate_ratio, score of all seeds"


def test_a_conclusion_needs_the_line_and_the_interval(found):
    rates = [0.4, 0.2, 0.38, 0.4, 0.6]
    rows = found(planted(rates), {POINTS: [1, 2, 3, 4]})
    shares = values(rows, "conclusion_share", "term")
    assert shares == {"adverse": 0.25, "no evidence": 0.5, "favourable": 0.25, "undefined": 0, "same sign": 0.5}
    rows = found(planted(rates), {POINTS: [1, 2, 3, 4]}, measure="selection_rate_difference")
    shares = values(rows, "conclusion_share", "term")  # a difference has no line: .38 is below .40 beyond chance
    assert (shares["adverse"], shares["no evidence"], shares["favourable"]) == (0.5, 0.25, 0.25)
    rows = found(planted(rates), {POINTS: [1, 2, 3, 4]}, polarity="adverse")
    shares = values(rows, "conclusion_share", "term")
    assert (shares["adverse"], shares["favourable"]) == (0.25, 0.25)


def test_few_persons_are_no_evidence(found):
    rows = found({("s", i): {"a": (3, 10), "b": (4, 10)} for i in range(3)}, {POINTS: [1, 2]})
    assert values(rows, "conclusion_share", "term")["no evidence"] == 1
    assert set(rows.filter(pl.col("measure") == "universe_estimate")["status"]) == {"small_cell"}


@pytest.mark.parametrize(
    ("rates", "robust"),
    [
        ([0.2] * 20, 1),
        ([0.2] * 19 + [0.6], 1),  # 95 of 100 in sign
        ([0.2] * 18 + [0.6] * 2, 0),  # 90 of 100
        ([0.2] * 16 + [0.38] * 4, 1),  # 80 of 100 in conclusion, all in sign
        ([0.2] * 15 + [0.38] * 5, 0),
    ],
)
def test_robust_is_what_the_convention_says(found, rates, robust):
    rows = found(planted([0.4, *rates]), {POINTS: list(range(20))})
    assert values(rows, "robust", "scheme") == {"s": robust}


def test_a_ratio_to_none_is_no_estimate_and_says_why(found):
    rows = found({("s", i): {"a": (400, 10_000), "b": (0, 10_000)} for i in range(3)}, {POINTS: [-2, -1]})
    rows = rows.filter(measure="universe_estimate")
    assert set(rows.select("value", "status", "note").unique().row(0)) == {
        None, "zero_denom", "nobody in the reference has the outcome",
    }  # fmt: skip
    assert rows.height == 3


def test_where_no_universe_has_an_estimate_nothing_is_said_to_be_robust_or_not(found):
    nobody = {("s", i): {"a": (0, 10_000), "b": (0, 10_000)} for i in range(3)}
    rows = found(nobody, {POINTS: [-2, -1]}).filter(measure="robust")
    assert rows["value"].to_list() == [None]
    assert rows["note"].to_list() == ["no universe has an estimate"]


def test_the_reading_of_the_unscored_is_a_choice(found):
    verdicts = {("s", 0): {"a": (2_000, 5_000), "b": (4_000, 10_000)}}
    rows = found(verdicts, {"unscored": ["left out", "selected", "not selected"]}, unscored=5_000)
    assert values(rows, "universe_estimate", "param") == pytest.approx(
        {"as declared": 1, "unscored=left out": 1, "unscored=selected": 1.75, "unscored=not selected": 0.5}
    )


def test_a_reference_of_its_own_is_no_comparison(found):
    verdicts = {("s", 0): {"a": (2_000, 10_000), "b": (4_000, 10_000), "c": (5_000, 10_000)}}
    rows = found(verdicts, {"reference.g": ["b", "c", "rest"]})
    of = values(rows, "universe_estimate", "group", "param")
    assert of["a", "reference.g=c"] == pytest.approx(0.4)
    assert of["b", "reference.g=rest"] == pytest.approx(8 / 7)
    assert ("c", "reference.g=c") not in of
    assert values(rows, "factor_importance", "param", group="c") == pytest.approx({"main": 1, "total": 1})


def test_thresholds_of_harm_are_choices_of_errors_alone(found):
    verdicts = {("s", 0): {"a": (2_000, 10_000), "b": (1_000, 10_000)}}
    rows = found(verdicts, {"tau": [10, 100]}, measure="false_positive_rate_difference", polarity="adverse")
    of = values(rows, "universe_estimate", "param")
    assert of == {"as declared": 0, "tau=10": 0, "tau=100": 0}  # all who are selected reach the highest threshold
    assert values(rows, "conclusion_share", "term")["no evidence"] == 1


def test_designs_keep_or_lose_their_order(found):
    groups = {"b": (4_000, 10_000)}
    gaps = {("s", 0): 0.36, ("s", 1): 0.36, ("s", 2): 0.1, ("t", 0): 0.3, ("u", 0): 0.2}
    verdicts = {key: {"a": (round(rate * 10_000), 10_000), **groups} for key, rate in gaps.items()}
    rows = found(verdicts, {POINTS: [1, 2]})
    stable = rows.filter(pl.col("measure") == "rank_stability")
    tau = stable.filter(pl.col("term") == "kendall_tau_b").row(0, named=True)
    # The design s is first in one universe and last in the other, where two of three pairs are turned.
    assert (tau["value"], tau["low"], tau["high"]) == pytest.approx((1 / 3, -1 / 3, 1))
    assert values(rows, "rank_stability", "term")["first stays"] == 0.5


def test_a_scheme_that_no_choice_touches_has_one_universe(found):
    verdicts = {**planted([0.3, 0.2, 0.4]), ("t", 0): {"a": (1_000, 10_000), "b": (4_000, 10_000)}}
    rows = found(verdicts, {POINTS: [1, 2]}).filter(pl.col("scheme") == "t")
    assert values(rows, "universe_estimate", "term") == {"0": 0.25, "1": 0.25}
    assert values(rows, "robust", "scheme") == {"t": 1}
    assert rows.filter(pl.col("measure") == "factor_importance").is_empty()


GAP, MORE = Criterion("selection_rate_ratio", "o", "g", "parity"), Criterion("selection_rate", "o", None, "higher")


def undominated(cube, verdicts, criteria=(GAP, MORE)):
    kinds = {scheme: {"instrument": "points scheme"} for scheme, _ in verdicts}
    study = Study(
        {(scheme, "o"): "favourable" for scheme in kinds},
        {"g": "b"},
        kinds,
        primary=[("selection_rate_ratio", "o", "g")],
        universes=Universes({POINTS: [-2, -1], LINE: [1, 2]}),
        criteria=criteria,
    )
    return compute({"universe": cube(verdicts)}, study, ["non_dominated_share_in_universes"])


def test_a_design_is_dominated_in_the_universes_where_another_is_better_by_all(cube):
    # In three of four universes the varied design selects more and more evenly, in one as many and less evenly.
    verdicts = planted([0.4, 0.4, 0.4, 0.3, 0.1]) | {("t", 0): {"a": (2_000, 10_000), "b": (3_000, 10_000)}}
    rows = undominated(cube, verdicts)
    assert values(rows, "non_dominated_share_in_universes", "scheme") == {"s": 0.75, "t": 0.25}
    assert set(rows["n"]) == {4}
    assert rows["low"].null_count() == rows.height


def test_a_criterion_that_no_universe_answers_leaves_the_front_undefined(cube):
    verdicts = planted([0.4] * 5) | {("t", 0): {"a": (2_000, 10_000), "b": (3_000, 10_000)}}
    rows = undominated(cube, verdicts, (GAP, Criterion("facts_to_know", None, None, "lower")))
    assert rows["value"].to_list() == [None, None]
    assert rows["note"].str.contains("cannot be asked of a universe: facts_to_know").all()


def test_nothing_varied_has_no_rows(cube):
    study = Study({("s", "o"): "favourable"}, {"g": "b"}, primary=[("selection_rate_ratio", "o", "g")])
    assert compute({"universe": cube(planted([0.3]))}, study, NAMES).is_empty()


def test_of_more_than_5000_universes_a_sample_finds_the_planted_factor(found):
    factors = {name: [1, 2, 3, 4, 5] for name in (POINTS, LINE, *(f"schemes.t.rules.{r}.points" for r in "abcd"))}
    verdicts = planted([0.3, *(rate for rate in (0.1, 0.2, 0.3, 0.4, 0.5) for _ in range(5))])
    rows = found({**verdicts, ("t", 0): verdicts["s", 0]}, factors).filter(pl.col("scheme") == "s")
    assert rows.filter(pl.col("measure") == "universe_estimate").height == 26
    for param in ("main", "total"):
        shares = values(rows, "factor_importance", "term", param=param)
        assert shares == pytest.approx({"rules.a.points": 1, "bands.b.low": 0}, abs=0.02)
    share = rows.filter(pl.col("measure") == "conclusion_share", pl.col("term") == "adverse").row(0, named=True)
    assert share["n"] == 512 * 8
    assert share["value"] == pytest.approx(3 / 5, abs=0.01)
