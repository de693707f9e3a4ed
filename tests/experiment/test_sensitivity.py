"""Other weights and cuts: what the probe says of persons is what a rulebook with those weights would say."""

import numpy as np
import polars as pl
import pytest
from scipy.stats import rankdata, spearmanr

from scoring import population
from scoring.documents import parse
from scoring.experiment import cubes, sensitivity
from scoring.experiment.designs import Design
from scoring.experiment.parts import SUMS
from scoring.experiment.reasons import ranks
from scoring.measures import Counts, Study, compute
from scoring.schemes.reading import made
from scoring.schemes.text import SchemeText
from tests.hand_frames import CITED, HEAD, plan_of, ready

LEVELS = {"sex": ("f", "m")}
GROUPS = cubes.Groupings(("sex",), LEVELS)
BANDS = {"low": "high: 89", "high": "low: 90, high: 104", "top": "low: 105"}
RULES = {
    "late": "per: n_late, points: -20, cap: -30",
    "theft": "per: n_theft, points: -8",
    "good": "per: n_good, points: 6",
}


def toy(rules=RULES, bands=BANDS, more=""):
    head, _, _ = HEAD.partition("bands:")
    listed = "\n".join(f"  - {{name: {name}, label: {name}, {cut}, {CITED}}}" for name, cut in bands.items())
    warned = f"{{warned: {{label: w, polarity: adverse, bands: [low], {CITED}}}}}" if "low" in bands else "{}"
    lines = "\n".join(
        f"  - {{id: {i}, label: {i}, {body}, actionable: now, because: x, {CITED}}}" for i, body in rules.items()
    )
    text = f"{head}bands:\n{listed}\noutcomes: {warned}\n{more}rules:\n{lines}\n"
    return made(SchemeText.model_validate(parse(text, "toy").data))


def people(n=300, seed=3):
    """Return persons with a few records of each kind, who are women or men."""
    rng = np.random.default_rng(seed)
    counts = {
        name: rng.poisson(rate, n).astype(np.int16) for name, rate in (("late", 0.4), ("theft", 0.7), ("good", 1))
    }
    return pl.DataFrame({f"n_{name}": of for name, of in counts.items()}).with_columns(
        pl.lit(30, pl.UInt8).alias("age"),
        pl.lit(1, pl.Int16).alias("consents"),
        pl.Series("cell", rng.integers(0, 2, n), dtype=pl.UInt32),
    )


def ledger_of(scheme, frame):
    return scheme.ledger(scheme.score(frame))


def probed(scheme, frame, primary=(), groups=GROUPS):
    return sensitivity.probed(Design(scheme), ledger_of(scheme, frame), groups, primary)


def by_person(scored, multipliers):
    return scored.ranks(np.array([multipliers], dtype=float))[0][scored.cells["kind"].to_numpy()]


def test_other_weights_and_cuts_say_what_such_a_rulebook_would():
    other = toy(
        {"late": "per: n_late, points: -30, cap: -45", "theft": "per: n_theft, points: -4", "good": RULES["good"]},
        {"low": "high: 79", "high": "low: 80, high: 107", "top": "low: 108"},
        more=f"direct_bands:\n  - {{id: x, label: x, when: n_theft >= 3, band: low, because: x, {CITED}}}\n",
    )
    scheme = toy(more=f"direct_bands:\n  - {{id: x, label: x, when: n_theft >= 3, band: low, because: x, {CITED}}}\n")
    frame = people()
    scored = sensitivity.Scored.of(scheme, ledger_of(scheme, frame))
    assert scored.factors == ["late", "theft", "good", "floor of high", "floor of top"]
    assert (by_person(scored, [1] * 5) == ranks(scheme, scheme.score(frame))).all()
    changed = ranks(other, other.score(frame))
    assert (by_person(scored, [1.5, 0.5, 1, 2, 1.6]) == changed).all()
    assert (changed != ranks(scheme, scheme.score(frame))).any()


def test_weights_and_distances_twice_as_large_treat_everybody_alike():
    scored = sensitivity.Scored.of(scheme := toy(), ledger_of(scheme, people()))
    assert (by_person(scored, [2] * 5) == by_person(scored, [1] * 5)).all()


@pytest.mark.parametrize("name", ["rongcheng_2016", "harm_proportional", "hangzhou_2018"])
def test_as_published_everyone_stands_where_the_scheme_puts_her(name):
    scheme = ready(name)
    frame = population.draw(plan_of("person"), 4, 0, 3_000).with_columns(pl.lit(0, pl.UInt32).alias("cell"))
    scored = sensitivity.Scored.of(scheme, ledger_of(scheme, frame))
    assert (scored.ranks(np.ones((1, len(scored.factors))))[0] == scored.published).all()
    assert scored.cells.height > len(scored.points) > 1


def test_a_rule_that_fires_for_nobody_and_a_cut_at_the_base_are_no_factors():
    scheme = toy(bands={"low": "high: 99", "high": "low: 100"})
    frame = people().with_columns(n_theft=pl.lit(0, pl.Int16))
    factors = probed(scheme, frame)["factors"].filter(design="sample")
    assert factors["factor"].to_list() == ["late", "good"]
    assert factors["n"].to_list() == [(frame[f"n_{name}"] > 0).sum() for name in ("late", "good")]


def test_where_nobody_has_points_and_no_cut_moves_nothing_is_asked():
    frame = people().with_columns(pl.lit(0, pl.Int16).alias(f"n_{name}") for name in RULES)
    assert probed(toy(bands={"low": "high: 99", "high": "low: 100"}), frame) == {}


def told(table, *sums):
    """Return a table of one scheme as counts."""
    head = {"world": "w", "scheme": "toy", "draw": -1, "seed": 1}
    axes = [*head, *(c for c in table.columns if c not in sums)]
    return Counts(tuple(axes), table.select(*(pl.lit(v).alias(k) for k, v in head.items()), pl.all()))


def measured(scheme, frame, primary=()):
    found = probed(scheme, frame, [claim[1:] for claim in primary])
    counts = {cube: told(table, *SUMS.get(cube, ["n"])) for cube, table in found.items()}
    names = ["verdict_shift_under_weights", "weight_screening", "weight_importance", "band_range", "rank_shift"]
    return compute(counts, Study({("toy", "warned"): "adverse"}, primary=primary), [*names, "claim_under_weights"])


def test_a_rulebook_with_one_band_never_moves_anybody():
    rows = measured(toy(bands={"all": "low: 0"}), people())
    shift = rows.filter(measure="verdict_shift_under_weights")
    assert set(shift["value"]) == {0}
    assert set(rows.filter(measure="band_range")["value"]) == {0}
    shares = rows.filter(measure="weight_importance")
    assert shares["value"].is_null().all()
    assert shares["note"].str.contains("variance is 0").all()


def test_the_whole_path_names_what_moves_whom():
    primary = [("selection_rate_difference", "warned", "sex")]
    rows = measured(toy(), people(), primary)
    shift = rows.filter(measure="verdict_shift_under_weights", param="band", term="either", group="everyone")
    assert 0 < shift["low"].item() < shift["value"].item() < shift["high"].item() < 1
    shares = rows.filter(measure="weight_importance", param="ST", group="everyone")
    assert set(shares["term"]) == {"late", "theft", "good", "floor of high", "floor of top"}
    assert set(rows.filter(measure="weight_screening")["group"]) == {"everyone", "f", "m"}
    claim = rows.filter(measure="claim_under_weights").row(0, named=True)
    frame = toy().score(people())
    said = dict(frame.group_by("cell").agg(pl.col("warned").mean()).iter_rows())
    known = {(g, r): said[LEVELS["sex"].index(g)] - said[LEVELS["sex"].index(r)] for g, r in (("f", "m"), ("m", "f"))}
    assert claim["low"] <= known[claim["group"], claim["reference"]] <= claim["high"]
    assert set(rows.filter(rows["measure"] != "band_range")["uncertainty"]) == {"specification"}


@pytest.mark.parametrize("many", [80, 8000])  # of 8,000 persons the squares of the rank sums are beyond 64 bits
def test_rank_shifts_and_correlations_are_those_of_the_scores(many):
    scheme, frame = toy(), people(many)
    scored = sensitivity.Scored.of(scheme, ledger_of(scheme, frame))
    at = np.exp(0.2 * np.random.default_rng(1).standard_normal((6, 5)))
    kind = scored.cells["kind"].to_numpy()
    was, now = (scored.scores(m)[:, kind] for m in (np.ones((1, 5)), at))
    shifts = [np.abs(rankdata(row) - rankdata(was[0])).mean() / many for row in now]
    rho = [spearmanr(row, was[0]).statistic for row in now]
    table = sensitivity.rank_shift(scored, GROUPS, at)
    counts = told(table, *SUMS["rank_shift"])
    rows = compute({"rank_shift": counts}, Study({}), ["rank_shift"])
    everyone = rows.filter(group="everyone")
    found = {r["term"]: r["value"] for r in everyone.iter_rows(named=True)}
    assert found == pytest.approx({"mean shift": np.mean(shifts), "spearman": np.mean(rho)})
    whole = rows.filter(term="mean shift", group_by="sex").select((pl.col("value") * pl.col("n")).sum()).item()
    assert whole / many == pytest.approx(np.mean(shifts))
