import numpy as np
import polars as pl
import pytest
from hand_scores import scores, told, toy, worlds
from scipy.stats import norm

from scoring.measures import Study, compute, threshold

OUTCOMES = {("s", "rewarded"): "favourable", ("s", "listed"): "adverse"}


@pytest.fixture
def rows():
    def found(counts, *names, cuts=None, reference="ref", outcomes=OUTCOMES, **also):
        study = Study(outcomes, {"g": reference}, {"s": {"cuts": cuts or {}, **also.pop("facts", {})}}, **also)
        return compute({"score": counts}, study, names or ["threshold_curve", "threshold_summary"])

    return found


@pytest.fixture
def samples():
    rng = np.random.default_rng(4)
    return np.round(rng.normal(95, 20, 900)).astype(int), np.round(rng.normal(104, 14, 1700)).astype(int)


def curve(found, param, uncertainty="audit"):
    part = found.filter(pl.col("param") == param, pl.col("uncertainty") == uncertainty)
    return part.sort(pl.col("term").cast(pl.Float64))


def summary(found, term, **equals):
    return told(found, "seeds", measure="threshold_summary", term=term, **equals)["value"]


@pytest.mark.parametrize("cut", [95, 95.5, 120])
def test_at_the_cut_in_use_the_curve_is_the_selection_rate_ratio(rows, samples, verdicts, study, cut):
    mine, theirs = samples
    found = rows(scores({"group": mine, "ref": theirs}), cuts={"rewarded": (cut, "above"), "listed": (cut, "below")})
    for outcome, param, hit in (
        ("listed", "ratio", lambda s: s < cut),
        ("rewarded", "flipped_ratio", lambda s: s >= cut),
    ):
        y = {name: (int(hit(s).sum()), len(s)) for name, s in (("group", mine), ("ref", theirs))}
        verdict = compute({"outcome": verdicts(y, outcome=outcome)}, study("ref"), ["selection_rate_ratio"])
        at_cut = told(found, param=param, term=f"{cut:g}")
        assert at_cut["value"] == pytest.approx(told(verdict)["value"], abs=1e-12)
        assert at_cut["note"] == "the cut of rewarded, listed"


def test_curves_by_hand(rows):
    found = rows(toy())
    assert curve(found, "difference")["term"].to_list() == ["700", "800", "900"]
    assert curve(found, "difference")["value"].to_list() == pytest.approx([0.1, 0.2, 0.1])
    assert curve(found, "ratio")["value"].to_list() == pytest.approx([2, 5 / 3, 8 / 7])
    assert curve(found, "flipped_ratio")["value"].to_list() == pytest.approx([8 / 9, 5 / 7, 2 / 3])


def test_summaries_by_hand(rows):
    found = rows(toy(), cuts={"rewarded": (800, "above"), "listed": (800, "below")})
    assert summary(found, "area") == pytest.approx(45)
    assert summary(found, "widest") == pytest.approx(0.2)
    # 1000 is left out, since only 5 of the group stand there; 700, 800 and 900 hold 50, 70 and 35 persons.
    assert summary(found, "share_beyond_convention") == pytest.approx(120 / 155)
    assert summary(found, "share_of_cuts_worse", outcome="listed") == pytest.approx(50 / 155)
    assert summary(found, "share_of_cuts_worse", outcome="rewarded") == pytest.approx(35 / 155)
    worse = found.filter(pl.col("term") == "share_of_cuts_worse", pl.col("uncertainty") == "seeds")
    assert dict(worse.select("outcome", "polarity").iter_rows()) == {"rewarded": "favourable", "listed": "adverse"}


def test_a_risk_score_is_adverse_above_the_cut(rows):
    risk = scores({"group": np.repeat([600, 700, 800], [40, 30, 30]), "ref": np.repeat([600, 700, 800], [60, 24, 16])})
    points = summary(rows(risk), "share_beyond_convention")
    adverse = summary(rows(risk, cuts={"listed": (750, "above")}), "share_beyond_convention")
    assert summary(rows(risk, cuts={"rewarded": (750, "above")}), "share_beyond_convention") == points
    assert summary(rows(risk, cuts={"rewarded": (750, "below")}), "share_beyond_convention") == adverse
    assert (points, adverse) == (0, 1)  # above 700 and above 800 the group stands 1.5 and 1.9 times as often


def test_the_area_over_all_cuts_is_the_wasserstein_distance(rows, samples):
    counts = scores({"group": samples[0], "ref": samples[1]})
    found = rows(counts, "threshold_summary", "wasserstein", "kolmogorov_smirnov")
    distances = {m: told(found, "seeds", measure=m)["value"] for m in ("wasserstein", "kolmogorov_smirnov")}
    assert summary(found, "area") == pytest.approx(distances["wasserstein"], abs=1e-10)
    assert summary(found, "widest") == pytest.approx(distances["kolmogorov_smirnov"], abs=1e-12)


def test_a_rising_transform_moves_the_cuts_and_nothing_else(rows, samples):
    def bent(s):
        return (s + 50) ** 3

    before = rows(scores({"group": samples[0], "ref": samples[1]}), cuts={"listed": (95, "below")})
    after = rows(scores({"group": bent(samples[0]), "ref": bent(samples[1])}), cuts={"listed": (bent(95), "below")})
    for param in ("difference", "ratio", "flipped_ratio"):
        a, b = curve(before, param), curve(after, param)
        assert [bent(int(t)) for t in a["term"]] == [int(t) for t in b["term"]]
        for column in ("value", "low", "high"):
            assert a[column].to_list() == pytest.approx(b[column].to_list(), abs=1e-12)
    for term in ("rank_area", "widest", "share_beyond_convention", "share_of_cuts_worse"):
        assert summary(before, term) == pytest.approx(summary(after, term), abs=1e-12)
    assert summary(after, "area") > 100 * summary(before, "area")


def test_rank_area_of_groups_apart_and_of_ties(rows, samples):
    apart = rows(scores({"group": np.arange(50), "ref": 100 + np.arange(80)}))
    assert summary(apart, "rank_area") == pytest.approx(0.5)
    # Where one group lies below everywhere it is how far the probability of superiority is from a half.
    assert summary(rows(toy()), "rank_area") == pytest.approx(0.6125 - 0.5)
    found = rows(
        scores({"group": samples[0] + 9, "ref": samples[1]}), "threshold_summary", "probability_of_superiority"
    )
    superiority = told(found, measure="probability_of_superiority")["value"]
    assert abs(superiority - 0.5) < 0.02
    assert summary(found, "rank_area") > 0.05


def test_rank_area_is_the_distance_between_ranks(rows, samples):
    rng = np.random.default_rng(1)
    spread = [np.sort(s + rng.random((400, len(s))).ravel().reshape(400, -1)) for s in samples]
    pooled = np.sort(np.concatenate([s.ravel() for s in spread]))
    ranks = [np.searchsorted(pooled, s.ravel()) / len(pooled) for s in spread]
    grid = np.linspace(0, 1, 20_001)
    below = [np.searchsorted(np.sort(r), grid) / len(r) for r in ranks]
    found = rows(scores({"group": samples[0], "ref": samples[1]}), "threshold_summary")
    assert summary(found, "rank_area") == pytest.approx(np.abs(below[0] - below[1]).mean(), abs=2e-4)


def test_few_cuts_are_shown_of_many_and_the_persons_lie_evenly_between_them(rows):
    rng = np.random.default_rng(2)
    theirs = np.round(rng.lognormal(6, 1, 20_000)).astype(int)
    found = curve(rows(scores({"group": theirs[:5_000], "ref": theirs[5_000:]})), "difference")
    cuts = found["term"].cast(pl.Int64).to_numpy()
    between = np.diff([(theirs < cut).mean() for cut in cuts])
    assert found.height == threshold.CUTS
    assert between.max() < 2 * 0.98 / 40


def test_cuts_with_few_persons_on_a_side_are_left_out_but_not_the_one_in_use(rows):
    mine, theirs = np.repeat([1, 2, 3], [9, 50, 50]), np.repeat([1, 2, 3], [50, 50, 50])
    found = rows(scores({"group": mine, "ref": theirs}))
    assert curve(found, "ratio")["term"].to_list() == ["3"]
    found = rows(scores({"group": mine, "ref": theirs}), cuts={"listed": (2, "below")})
    row = told(found, param="ratio", term="2")
    assert (row["value"], row["low"], row["status"]) == (pytest.approx(9 / 109 / (1 / 3)), None, "small_cell")
    assert row["note"] == f"the cut of listed; {threshold.OUTSIDE}"
    assert told(found, param="ratio", term="3")["low"] is not None


def test_a_cut_below_which_nobody_of_the_reference_scores(rows):
    mine, theirs = np.repeat([1, 2, 3], [9, 50, 50]), np.repeat([2, 3], [50, 50])
    found = rows(scores({"group": mine, "ref": theirs}), cuts={"listed": (2, "below"), "rewarded": (0, "below")})
    row = told(found, param="ratio", term="2")
    assert (row["value"], row["status"], row["note"]) == (np.inf, "zero_denom", threshold.NOBODY_THERE)
    row = told(found, param="ratio", term="0")
    assert (row["value"], row["status"], row["note"]) == (None, "zero_denom", threshold.NOBODY_THERE)
    worse = told(found, "seeds", term="share_of_cuts_worse", outcome="rewarded")
    assert (worse["value"], worse["status"]) == (None, "zero_denom")


@pytest.mark.parametrize("param", ["difference", "ratio", "flipped_ratio"])
def test_the_band_holds_over_all_cuts_in_19_of_20_samples(param):
    rng, samples = np.random.default_rng(6), 300
    edges = np.arange(-1.5, 1.51, 0.25)
    below = {"group": norm.cdf(edges), "ref": norm.cdf(edges, 0.4)}
    true = threshold.curve(1, below["group"], 1, below["ref"])[param]
    cut = {f"{i + 1}": value for i, value in enumerate(true)}
    draws = {"group": rng.normal(0, 1, (samples, 700)), "ref": rng.normal(0.4, 1, (samples, 900))}
    many = [scores({g: np.searchsorted(edges, d[i], "right") for g, d in draws.items()}) for i in range(samples)]
    found = curve(threshold.threshold_curve(worlds(many), Study({}, {"g": "ref"}, replicates=400)), param)
    found = found.with_columns(pl.col("term").replace_strict(cut).alias("true"))
    held = found.group_by("world").agg(pl.col("true").is_between("low", "high").all(), pl.len())
    assert held["len"].min() >= 11
    assert held["true"].mean() == pytest.approx(0.95, abs=0.035)


def test_seeds_share_their_cuts(rows, samples):
    seeds = [scores({"group": samples[0] + s, "ref": samples[1] + 2 * s}, seed=s) for s in (1, 2, 3)]
    found = rows(seeds[0] + seeds[1] + seeds[2])
    over = curve(found, "difference", "seeds")
    assert over["seeds"].unique().to_list() == [3]
    assert over["term"].to_list() == curve(found, "difference")["term"].to_list()
    row = over.row(20, named=True)
    each = [
        (samples[0] + s < int(row["term"])).mean() - (samples[1] + 2 * s < int(row["term"])).mean() for s in (1, 2, 3)
    ]
    assert row["value"] == pytest.approx(np.mean(each))
    assert not found.filter(pl.col("measure") == "threshold_summary")["value"].is_null().any()


def test_what_cannot_be_compared(rows, verdicts):
    alone = rows(scores({"group": np.arange(50)}), reference=None)
    assert set(alone["status"]) == {"single_group"}
    assert set(alone["measure"]) == {"threshold_curve", "threshold_summary"}
    empty = rows(scores({"group": np.arange(50), "other": np.arange(60)}), reference="nobody")
    assert empty["value"].null_count() == empty.height
    assert set(empty["note"].str.split(";").list.first()) == {"nobody in the denominator"}
    assert rows(verdicts({"a": (1, 2), "b": (1, 2)})).is_empty()


def test_one_score_for_everybody_leaves_no_cut(rows):
    found = rows(scores({"group": np.full(50, 7), "ref": np.full(90, 7)}))
    assert found.filter(pl.col("measure") == "threshold_curve").is_empty()
    assert (summary(found, "area"), summary(found, "rank_area")) == (0, 0)
    for term in ("widest", "share_beyond_convention"):
        row = told(found, "seeds", term=term)
        assert (row["value"], row["status"]) == (None, "zero_denom")
        assert row["note"].startswith(threshold.NO_CUT)


def test_binned_scores_say_so(rows, samples):
    counts = scores({"group": samples[0], "ref": samples[1]})
    found = rows(counts, facts={"largest_bin": 0.1}, cuts={"listed": (95, "below")})
    assert set(found["status"]) == {"not_lossless"}
    assert all("scores were binned" in note for note in found["note"])
