"""Contrasts are nobody's scheme, say so, and are what they say: by lot, by harm, one each, learned and mitigated."""

import narwhals as nw
import polars as pl
import pytest
from hand_frames import ENGINES, catalogue, catalogue_frame, frame_of, plan_of, polars_of, ready

from scoring import population, schemes
from scoring.documents import Refused, parse
from scoring.population.recipe import HARM
from scoring.schemes.bibliography import resolved
from scoring.schemes.faults import Known, faults
from scoring.schemes.learned import Learnable
from scoring.schemes.mitigation import indicators
from scoring.schemes.showing import central
from scoring.schemes.text import SchemeText

LOADED = catalogue()
OURS = (
    "equal_points",
    "harm_proportional",
    "random_draw",
    "learned_baseline",
    "learned_uncorrelated",
    "learned_parity",
)
MITIGATED = ("learned_uncorrelated", "learned_parity")
TARGET = [
    "n_judgment_refusal",
    "n_enforcement_obstruction",
    "n_enforcement_evasion",
    "n_asset_report_breach",
    "n_spending_order_breach",
    "n_settlement_breach",
]


@pytest.fixture(scope="module")
def people():
    return population.people(plan_of("person"), 200_000, 9)


@pytest.mark.parametrize("name", OURS)
def test_a_contrast_says_that_it_is_nobodys(name):
    text = central(LOADED[name]).text
    assert text.law.mark == "assumed"
    assert "nobody's" in text.title.en


def test_the_score_of_the_headlines_is_called_fictional_and_each_feature_is_refuted():
    text = central(LOADED["as_portrayed"]).text
    assert "fictional" in text.title.en
    assert any("Fictional" in note for note in text.notes)
    assert text.law.mark == "assumed"
    for part in [*text.rules, *text.outcomes.values()]:
        told = getattr(part, "because", "") or part.label + getattr(part, "note", "")
        assert "as told" in told, told
        assert "refuted" in told, told
        assert resolved(text, part.source).kind in ("primary", "copy", "secondary")


def test_sesame_credit_is_a_family_over_its_own_scale():
    family = LOADED["zhima_2015"]
    assert isinstance(family, schemes.Family)
    assert family.title.endswith("-like (assumed weights)")
    assert "contract" in family.text.law.rank
    for drawn in family.draws(3):
        scored = drawn.score(people_of(drawn)).filter(pl.col("coverage") == "scored")
        assert scored["score"].is_between(350, 950).all()
        assert scored.height > 500


def people_of(scheme):
    return catalogue_frame("person").select(scheme.reads)


def test_harm_has_one_rule_for_each_adverse_record_and_its_weight():
    adverse = {name: record for name, record in plan_of("person").records.items() if record.polarity == "adverse"}
    rules = ready("harm_proportional").rules
    assert sorted(rule.per for rule in rules) == sorted(f"n_{name}" for name in adverse)
    assert {rule.per: rule.points for rule in rules} == {f"n_{n}": -5 * HARM[r.severity] for n, r in adverse.items()}
    assert {r.severity: HARM[r.severity] for r in adverse.values()} == {
        "none": 0, "minor": 1, "moderate": 3, "serious": 10, "grave": 30,
    }  # fmt: skip
    assert not any(rule.when or rule.cap for rule in rules)


def test_the_frozen_cuts_give_the_shares_that_they_were_made_for(people):
    for name, bands, share in (
        ("harm_proportional", ["lowest"], 0.002),
        ("harm_proportional", ["lowest", "low"], 0.010),
        ("harm_proportional", ["lowest", "low", "watched"], 0.050),
        ("equal_points", ["lowest"], 0.002),
        ("equal_points", ["lowest", "low"], 0.010),
        ("equal_points", ["lowest", "low", "watched"], 0.050),
        ("equal_points", ["top"], 0.015),
    ):
        scored = ready(name).score(people.select(ready(name).reads)).filter(pl.col("coverage") == "scored")
        assert scored["band"].is_in(bands).mean() == pytest.approx(share, rel=0.25), (name, bands)


def test_every_record_counts_one_and_neutral_ones_nothing():
    records = plan_of("person").records
    sign = {"adverse": -1, "favourable": 1}
    wanted = {f"n_{n}": sign[r.polarity] for n, r in records.items() if r.polarity in sign}
    assert {rule.per: rule.points for rule in ready("equal_points").rules} == wanted
    assert any(record.polarity == "neutral" for record in records.values())


def test_a_lottery_reads_the_lot_alone_and_favours_nobody(people):
    scheme = ready("random_draw")
    assert set(scheme.reads) == {"age", "lot__draw"}
    scored = scheme.score(people).filter(pl.col("coverage") == "scored")
    for outcome, share in (("commended", 0.015), ("warned", 0.01)):
        assert abs(scored[outcome].mean() - share) < 4 * (share / scored.height) ** 0.5
        by = scored.group_by("residence").agg(pl.col(outcome).mean(), pl.len()).sort("residence")
        spread = 4 * (share / by["len"].min()) ** 0.5 * 2**0.5
        assert abs(by[outcome][0] - by[outcome][1]) < spread


def test_who_reads_the_protected_attribute_at_scoring_is_found():
    assert schemes.protected_reads(LOADED["learned_uncorrelated"], ["residence", "sex"]) == ["residence"]
    assert schemes.protected_reads(LOADED["learned_parity"], ["residence", "sex"]) == []
    assert schemes.protected_reads(LOADED["learned_baseline"], ["residence", "sex"]) == []


def gap(name, people):
    """Return how much larger a share of the country than of the town is warned."""
    scheme = ready(name)
    scored = scheme.score(people).filter(pl.col("coverage") == "scored")
    warned = dict(scored.group_by("residence").agg(pl.col("warned").mean()).iter_rows())
    return warned["rural"] - warned["urban"]


def test_both_mitigations_bring_town_and_country_nearer(people):
    unmitigated = gap("learned_baseline", people)
    assert unmitigated > 0.008
    for name in MITIGATED:
        assert abs(gap(name, people)) < unmitigated / 2, name


def test_parity_holds_at_the_cut_that_it_was_asked_for():
    """Seen at the worst fiftieth, parity among the worst half is worth less than parity there."""
    text, frame = LOADED["learned_parity"].text, catalogue_frame("person")
    gaps = {}
    for worst in (20, 500):
        chosen = text.learned.mitigation.model_copy(update={"worst": worst})
        learned = text.learned.model_copy(update={"mitigation": chosen})
        scheme = Learnable(text.model_copy(update={"learned": learned})).fit(frame)
        scored = scheme.score(frame).filter(pl.col("coverage") == "scored")
        warned = dict(scored.group_by("residence").agg(pl.col("warned").mean()).iter_rows())
        gaps[worst] = abs(warned["rural"] - warned["urban"])
    assert gaps[20] < 0.006 < gaps[500]


@pytest.mark.parametrize("name", MITIGATED)
def test_a_mitigated_score_is_one_number_for_the_same_facts(name):
    frame = catalogue_frame("person")
    one, two = LOADED[name].fit(frame), LOADED[name].fit(frame)
    assert one.digest == two.digest != ready("learned_baseline").digest
    sample = frame.head(3_000).select(one.reads)
    scored = one.score(sample)["score"]
    assert scored.equals(two.score(sample)["score"])
    for engine in ("pandas", "pyarrow"):
        assert polars_of(one.score(ENGINES[engine](sample)))["score"].to_list() == scored.to_list()
    with pytest.raises(TypeError, match="eager frames only"):
        one.score(sample.lazy())


def test_parity_ignores_where_a_person_lives_and_the_remover_does_not():
    rows = [{"age": 40, "residence": word, "n_card_overdue": 2} for word in ("urban", "rural")]
    for name, differs in (("learned_parity", False), ("learned_uncorrelated", True)):
        scheme = ready(name)
        frame = frame_of([*scheme.reads, *(["residence"] if "residence" not in scheme.reads else [])], rows, {})
        score = scheme.score(frame)["score"]
        assert (score[0] != score[1]) == differs, name


def hand(feature, residence, refusal):
    n = len(feature)
    given = [
        {"age": 30, "residence": residence[i], "n_card_overdue": feature[i], "n_judgment_refusal": refusal[i]}
        for i in range(n)
    ]
    return frame_of(["age", "residence", "hukou_place", "n_card_overdue", *TARGET], given, {})


def learner(method, features="[n_card_overdue]", protected="residence"):
    mitigated = f"  mitigation: {{method: {method}, protected: {protected}, mark: assumed, source: ASSUMED}}\n"
    text = f"""
scheme: toy_learner
title: {{en: Toy}}
instrument: learned score
law: {{title: none, rank: none, mark: assumed, source: ASSUMED}}
in_force: {{from: never}}
enrolment: {{kind: automatic, text: all, mark: assumed, source: ASSUMED}}
eligibility: {{text: all, mark: assumed, source: ASSUMED}}
base: {{points: 0, mark: assumed, source: ASSUMED}}
learned:
  estimator: logistic_regression
  features: {features}
  target: n_judgment_refusal >= 1
{mitigated if method else ""}  mark: assumed
  source: ASSUMED
outcomes: {{}}
"""
    return parse(text)


def test_a_fact_that_is_nothing_but_residence_tells_nothing_once_it_is_taken_out():
    """A feature equal to the protected attribute, and a target that follows it: one score is left for all."""
    residence = ["urban", "rural"] * 200
    rural = [int(word == "rural") for word in residence]
    frame = hand(rural, residence, [r if i % 4 else 1 - r for i, r in enumerate(rural)])
    plain = Learnable(learner("").validated(SchemeText)).fit(frame).score(frame)
    assert plain["score"].n_unique() == 2
    removed = Learnable(learner("correlation_remover").validated(SchemeText)).fit(frame).score(frame)
    assert removed["score"].n_unique() == 1


def test_a_mitigation_needs_a_group_to_tell_apart():
    frame = hand([0, 1, 0, 1], ["urban"] * 4, [0, 1, 1, 0])
    for method in ("correlation_remover", "demographic_parity"):
        with pytest.raises(ValueError, match="protected attribute residence is the same for everybody"):
            Learnable(learner(method).validated(SchemeText)).fit(frame)


def test_an_attribute_of_three_levels_gives_two_indicators():
    column = pl.Series(["local", "intra_province", "inter_province", None])
    levels = ["inter_province", "intra_province", "local"]
    found = indicators(nw.from_native(column, series_only=True), levels)
    assert found.tolist() == [[0, 1], [1, 0], [0, 0], [0, 0]]


def test_a_mitigation_that_is_wrong_is_told():
    known = Known(frozenset({"n_card_overdue", "n_judgment_refusal", "residence"}))
    told = [str(p) for p in faults(learner("demographic_parity", protected="residense"), known)]
    assert any("unknown field 'residense' — did you mean 'residence'?" in line for line in told)
    told = [str(p) for p in faults(learner("demographic_parity", protected="hidden_harm"), known)]
    assert any("simulated truth" in line for line in told)
    with pytest.raises(Refused, match="'magic' is not one of correlation_remover, demographic_parity"):
        learner("magic").validated(SchemeText)
