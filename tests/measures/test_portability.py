"""Verdicts of several designs on the same persons: who contradicts whom, and how far beyond chance they agree."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats import inter_rater

from scoring.measures import Counts, Study, kappa, portability, verdicts
from scoring.measures.intervals import clopper_pearson

MEASURES = [
    portability.ambiguity,
    portability.ambiguity_difference,
    portability.discrepancy,
    portability.verdict_changed,
    portability.verdict_flow,
    portability.portability,
    portability.sanctioned_somewhere,
    portability.sanctioned_everywhere,
    portability.rewarded_somewhere,
    portability.rewarded_everywhere,
    kappa.cohen_kappa,
    kappa.kappa_max,
    kappa.fleiss_kappa,
]
FLEISS = [  # ten subjects put into five categories by fourteen raters
    [0, 0, 0, 0, 14],
    [0, 2, 6, 4, 2],
    [0, 0, 3, 5, 6],
    [0, 3, 9, 2, 0],
    [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0],
    [3, 2, 6, 3, 0],
    [2, 5, 3, 2, 2],
    [6, 5, 2, 1, 0],
    [0, 2, 2, 3, 7],
]


def signature(rows, **also):
    """Count rows of persons: a verdict (-1 unscored, 0 sanction, 1 neither, 2 reward) of each design, group, n."""
    head = {"world": "w", "draw": -1, "seed": 1, "group_by": "g", "group": "a", "n": 1, **also}
    told = []
    for row in rows:
        row = {**head, **row}
        for name in [c for c in row if c in "abcdef" and len(c) == 1]:
            said = row.pop(name)
            row |= {
                f"{name}:up": -1 if said < 0 else int(said == 2),
                f"{name}:down": -1 if said < 0 else int(said == 0),
            }
        told.append(row)
    table = pl.DataFrame(told).with_columns(pl.col("draw").cast(pl.Int32))
    axes = [c for c in table.columns if c != "n"]
    return Counts(tuple(axes), table.group_by(axes).agg(pl.col("n").sum()))


def studied(names="abc", **instruments):
    polarity = {"up": "favourable", "down": "adverse"}
    return Study(
        outcomes={(s, o): p for s in names for o, p in polarity.items()},
        schemes={s: {"instrument": instruments.get(s, "points scheme")} for s in names},
        references={"g": "a"},
        replicates=200,
    )


def value(rows, **equals):
    of = rows.filter(
        [pl.col(k).eq_missing(pl.lit(v)) for k, v in {"uncertainty": "seeds", "group": "a", **equals}.items()]
    )
    return of["value"].item()


def random_verdicts(n=3_000, schemes="abcd", seed=7):
    rng = np.random.default_rng(seed)
    latent = rng.normal(size=n)
    said = {
        s: np.digitize(latent + rng.normal(size=n) * (i + 1) / 2, [-1.5 + 0.2 * i, 1.2]) for i, s in enumerate(schemes)
    }
    return said | {"group": np.where(rng.random(n) < 0.5, "a", "b")}


def rows_of(said):
    return pl.DataFrame(said).to_dicts()


def test_kappa_of_two_by_two_is_the_textbooks():
    found = kappa.cohen(np.array([[20, 5], [10, 15]]))
    theirs = inter_rater.cohens_kappa(np.array([[20, 5], [10, 15]]))
    assert float(found.value) == pytest.approx(0.4)
    assert float(found.most) == pytest.approx(theirs.kappa_max)
    assert float(found.variance) == pytest.approx(theirs.var_kappa)


def test_kappa_is_that_of_sklearn_and_statsmodels_on_random_tables():
    rng = np.random.default_rng(3)
    tables = rng.integers(1, 60, size=(25, 3, 3))
    for weights, name, own in ((kappa.NOMINAL, None, None), (kappa.QUADRATIC, "quadratic", "fc")):
        found = kappa.cohen(tables, weights)
        for i, table in enumerate(tables):
            a, b = (np.repeat(grid.ravel(), table.ravel()) for grid in np.indices((3, 3)))
            assert found.value[i] == pytest.approx(cohen_kappa_score(a, b, weights=name))
            theirs = inter_rater.cohens_kappa(table, wt=own)
            assert found.value[i] == pytest.approx(theirs.kappa)
            assert found.variance[i] == pytest.approx(theirs.var_kappa)


def test_fleiss_is_the_textbooks_and_that_of_statsmodels():
    ways = np.array(FLEISS)
    assert float(kappa.fleiss(np.ones(10), ways)) == pytest.approx(0.2099307, abs=1e-7)
    said = random_verdicts()
    table, _ = inter_rater.aggregate_raters(np.column_stack([said[s] for s in "abcd"]))
    found = kappa.fleiss_kappa(signature(rows_of(said | {"group": ["a"] * 3_000})), studied("abcd"))
    assert value(found, param="verdict") == pytest.approx(inter_rater.fleiss_kappa(table))
    rewarded = np.column_stack([said[s] == 2 for s in "abcd"]).sum(axis=1)
    binary = inter_rater.fleiss_kappa(np.column_stack([rewarded, 4 - rewarded]))
    assert value(found, param="rewarded") == pytest.approx(binary)
    assert found.filter(pl.col("uncertainty") == "audit").select((pl.col("low") < pl.col("high")).all()).item()


def test_every_pair_has_the_kappa_of_its_persons():
    said = random_verdicts()
    found = kappa.cohen_kappa(signature(rows_of(said)), studied("abcd"))
    mine = said["group"] == "b"
    for scheme, versus in (("b", "a"), ("d", "c")):
        one, two = said[scheme][mine], said[versus][mine]
        for param, of in (
            ("verdict", (one, two)),
            ("rewarded", (one == 2, two == 2)),
            ("sanctioned", (one == 0, two == 0)),
        ):
            told = value(found, scheme=scheme, versus=versus, param=param, group="b")
            assert told == pytest.approx(cohen_kappa_score(*of))
        told = value(found, scheme=scheme, versus=versus, param="verdict, distances squared", group="b")
        assert told == pytest.approx(cohen_kappa_score(one, two, weights="quadratic"))
    audit = found.filter(pl.col("uncertainty") == "audit", pl.col("param") == "rewarded", pl.col("group") == "a")
    assert audit.height == 6
    assert audit.select((pl.col("low") < pl.col("value")) & (pl.col("value") < pl.col("high"))).to_series().all()
    most = kappa.kappa_max(signature(rows_of(said)), studied("abcd"))
    both = found.join(most, on=["scheme", "versus", "param", "group", "uncertainty"])
    assert both.height
    assert both.select(pl.col("value") <= pl.col("value_right") + 1e-12).to_series().all()


def test_a_design_that_says_the_same_of_everyone_has_no_kappa_and_the_reason_is_told():
    rows = [{"a": 1, "b": v, "n": 50} for v in (0, 1, 2)]
    found = kappa.cohen_kappa(signature(rows), studied("ab"))
    assert found["value"].null_count() == found.height > 0
    assert set(found["status"]) == {"zero_denom"}
    assert found["note"].str.contains("^a gives the same verdict for everyone").all()
    none = kappa.fleiss_kappa(signature([{"a": 1, "b": 1, "n": 50}]), studied("ab"))
    assert none["value"].null_count() == none.height > 0
    assert set(none["status"]) == {"zero_denom"}
    one = kappa.fleiss_kappa(signature(rows), studied("ab"))
    assert one["note"].str.contains("a gives everyone the same verdict").all()


def test_few_disagreements_have_an_interval_of_draws():
    rows = [{"a": 2, "b": 2, "n": 40}, {"a": 1, "b": 1, "n": 100}, {"a": 1, "b": 2, "n": 1}]
    audit = kappa.cohen_kappa(signature(rows), studied("ab")).filter(
        pl.col("uncertainty") == "audit", pl.col("param") == "rewarded"
    )
    assert audit["method"].to_list() == ["Jeffreys draws"]
    assert 0.7 < audit["low"].item() < audit["value"].item() < audit["high"].item() <= 1


def test_an_interval_holds_its_value_where_nobody_is_agreed_on():
    counts = signature([{"a": 0, "b": 1, "n": 1}, {"a": 1, "b": 0, "n": 1}, {"a": 1, "b": 1, "n": 1_160}])
    for measure in (kappa.cohen_kappa, kappa.fleiss_kappa):
        rows = measure(counts, studied("ab"))
        audit = rows.filter(pl.col("uncertainty") == "audit", pl.col("param") == "sanctioned")
        assert audit["method"].to_list() == ["Jeffreys draws"]
        assert audit["low"].item() <= audit["value"].item() < 0 < 0.3 < audit["high"].item()


def test_designs_that_could_never_say_the_same_are_not_compared():
    table = pl.DataFrame(
        {"world": "w", "seed": 1, "group_by": "g", "group": "a", "a:up": [0, 1], "b:down": [1, 0], "n": [5, 5]}
    )
    counts = Counts(tuple(c for c in table.columns if c != "n"), table)
    study = Study(outcomes={("a", "up"): "favourable", ("b", "down"): "adverse"}, schemes={"a": {}, "b": {}})
    found = kappa.cohen_kappa(counts, study)
    assert found["status"].to_list() == ["not_applicable"]
    assert "no verdict that both could give" in found["note"].item()
    assert kappa.kappa_max(counts, study).is_empty()
    assert kappa.fleiss_kappa(counts, study).is_empty()
    assert portability.sanctioned_somewhere(counts, study).is_empty()
    assert portability.ambiguity(counts, study)["value"].to_list()[0] == pytest.approx(1)


def test_shares_of_persons_are_plain_counts():
    said = random_verdicts()
    group = said["group"]
    scored = {s: np.where(np.arange(3_000) % (7 + i) == 0, -1, said[s]) for i, s in enumerate("abcd")}
    counts, study = signature(rows_of(scored | {"group": group})), studied("abcd")
    table = np.column_stack([scored[s] for s in "abcd"])
    mine = (group == "b") & ((table >= 0).sum(axis=1) > 1)

    def each(of):
        return np.mean([of({v for v in row if v >= 0}, [v for v in row if v >= 0]) for row in table[mine].tolist()])

    expected = {
        "ambiguity": each(lambda kinds, _: len(kinds) > 1),
        "sanctioned_somewhere": each(lambda kinds, _: 0 in kinds),
        "sanctioned_everywhere": each(lambda kinds, _: kinds == {0}),
        "rewarded_somewhere": each(lambda kinds, _: 2 in kinds),
        "rewarded_everywhere": each(lambda kinds, _: kinds == {2}),
    }
    for name, wanted in expected.items():
        found = getattr(portability, name)(counts, study)
        assert value(found, group="b", param="any instrument", scheme="all schemes") == pytest.approx(wanted)
        audit = found.filter(pl.col("uncertainty") == "audit", pl.col("group") == "b")
        assert audit["method"].to_list() == ["Wilson"]
        assert audit["n"].item() == mine.sum()
    gap = portability.ambiguity_difference(counts, study)
    whole = {g: value(portability.ambiguity(counts, study), group=g) for g in "ab"}
    assert value(gap, group="b", reference="a") == pytest.approx(whole["b"] - whole["a"])


def test_portability_is_the_mean_share_of_the_others_that_say_the_same():
    said = random_verdicts()
    scored = said | {"b": np.where(np.arange(3_000) % 5 == 0, -1, said["b"])}
    found = portability.portability(signature(rows_of(scored)), studied("abcd"))
    mine = [row for row in rows_of(scored) if row["group"] == "a"]
    share = [np.mean([row[s] == row["a"] for s in "bcd" if row[s] >= 0]) for row in mine]
    assert value(found, scheme="a") == pytest.approx(np.mean(share))
    audit = found.filter(pl.col("uncertainty") == "audit", pl.col("scheme") == "a", pl.col("group") == "a")
    half = 1.959964 * np.std(share) / np.sqrt(len(share))
    assert audit["low"].item() == pytest.approx(np.mean(share) - half, abs=1e-6)
    alike = portability.portability(signature([{"a": 1, "b": 1, "n": 60}]), studied("ab"))
    assert alike["value"].to_list() == [1.0] * alike.height
    assert alike["low"].null_count() == alike.height


def test_discrepancy_is_the_largest_change_and_its_bounds_hold_for_all_alternatives():
    rows = [{"a": 1, "b": 1, "c": 1, "n": 800}, {"a": 1, "b": 2, "c": 1, "n": 60}, {"a": 1, "b": 1, "c": 0, "n": 140}]
    counts, study = signature(rows), studied("abc")
    changed = portability.verdict_changed(counts, study)
    assert value(changed, scheme="b", versus="a") == pytest.approx(0.06)
    assert value(changed, scheme="c", versus="b") == pytest.approx(0.2)
    found = portability.discrepancy(counts, study)
    assert [value(found, scheme=s) for s in "abc"] == pytest.approx([0.14, 0.2, 0.2])
    audit = found.filter(pl.col("scheme") == "a", pl.col("uncertainty") == "audit")
    assert audit["note"].item() == "largest against c"
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(140, 1_000, alpha=0.025, method="wilson")
    assert (audit["low"].item(), audit["high"].item()) == pytest.approx((low, high))


def test_one_design_or_none_gives_no_rows():
    for names in ("a", ""):
        counts = signature([{"a": 2, "n": 10}, {"a": 0, "n": 10}])
        assert all(measure(counts, studied(names)).is_empty() for measure in MEASURES)


def test_flows_say_who_goes_from_which_verdict_to_which():
    counts = signature(
        [
            {"a": 0, "b": 1, "n": 30},  # sanctioned under a, neither under b
            {"a": 0, "b": 0, "n": 10},
            {"a": 1, "b": 2, "n": 20},
            {"a": 2, "b": 0, "n": 5},
            {"a": 1, "b": 1, "n": 35},
            {"a": -1, "b": 2, "n": 900},  # not scored by both
        ]
    )
    found = portability.verdict_flow(counts, studied("ab"))
    assert set(found["scheme"]) == {"b"}
    assert set(found["versus"]) == {"a"}
    seeds = found.filter(pl.col("uncertainty") == "seeds")
    assert dict(seeds.select("term", "value").iter_rows()) == pytest.approx(
        {
            "sanction → sanction": 0.1,
            "sanction → neither": 0.3,
            "sanction → reward": 0,
            "neither → sanction": 0,
            "neither → neither": 0.35,
            "neither → reward": 0.2,
            "reward → sanction": 0.05,
            "reward → neither": 0,
            "reward → reward": 0,
        }
    )
    changed = portability.verdict_changed(counts, studied("ab"))
    moved = seeds.filter(pl.col("term").is_in(["sanction → neither", "neither → reward", "reward → sanction"]))
    assert value(changed) == pytest.approx(moved["value"].sum())
    audit = found.filter(pl.col("uncertainty") == "audit", pl.col("term") == "sanction → neither")
    assert audit.select("n", "low", "high").row(0) == pytest.approx((100, 0.2189489, 0.3958485), abs=1e-6)  # Wilson


def test_ordinary_law_is_no_design_to_move_to():
    counts, law = signature([{"a": 2, "b": 0, "n": 40}]), studied("ab", b="ordinary law")
    assert verdicts.designs(counts, law) == {"a": {"up": "favourable", "down": "adverse"}}
    assert portability.ambiguity(counts, law).is_empty()
    assert set(verdicts.designs(counts, replace(studied("ab"), baseline="b"))) == {"a", "b"}


def test_whom_one_design_alone_scores_is_not_counted():
    counts = signature([{"a": 2, "b": -1, "n": 40}, {"a": 2, "b": 2, "n": 60}, {"a": -1, "b": -1, "n": 9}])
    found = portability.ambiguity(counts, studied("ab"))
    assert set(found["n"]) == {60}
    assert value(found) == 0
    audit = found.filter(pl.col("uncertainty") == "audit")
    assert audit["high"].item() == pytest.approx(float(clopper_pearson(0, 60)[1]))
    nobody = portability.ambiguity(signature([{"a": 2, "b": -1, "n": 40}]), studied("ab"))
    assert set(nobody["status"]) == {"zero_denom"}
    assert nobody["note"].str.contains("fewer than two designs").all()


def test_like_instruments_are_also_looked_at_alone():
    rows = [{"a": 2, "b": 2, "c": 1, "d": 0, "n": 30}, {"a": 1, "b": 2, "c": 1, "d": 1, "n": 70}]
    study = studied("abcd", b="learned score", c="list regime", d="list regime")
    found = portability.ambiguity(signature(rows), study)
    assert value(found, param="points scheme") == pytest.approx(0.7)
    assert value(found, param="list regime") == pytest.approx(0.3)
    assert value(found, param="any instrument") == 1


def test_a_family_is_a_range_over_its_draws():
    rows = [
        {"a": 1, "b": 1, "c": 2, "draw": 0, "n": 90},
        {"a": 1, "b": 2, "c": 2, "draw": 0, "n": 10},
        {"a": 1, "b": 1, "c": 2, "draw": 1, "n": 60},
        {"a": 1, "b": 2, "c": 2, "draw": 1, "n": 40},
    ]
    draws = pl.DataFrame({"scheme": ["a", "b", "b", "c"], "draw": [-1, 0, 1, -1], "n": [1, 1, 1, 1]})
    coverage = Counts(("scheme", "draw"), draws)
    counts, study = signature(rows), studied("abc")
    changed = portability.verdict_changed(counts, study, coverage)
    family = changed.filter(pl.col("scheme") == "b", pl.col("versus") == "a")
    assert set(family["uncertainty"]) == {"specification"}
    assert (family["low"].item(), family["high"].item()) == pytest.approx((0.1, 0.4))
    alone = changed.filter(pl.col("scheme") == "c", pl.col("versus") == "a")
    assert set(alone["uncertainty"]) == {"seeds", "audit"}
    assert set(alone["n"]) == {100}
    largest = portability.discrepancy(counts, study, coverage).filter(pl.col("scheme") == "b")
    assert (largest["low"].item(), largest["high"].item()) == pytest.approx((0.6, 0.9))
