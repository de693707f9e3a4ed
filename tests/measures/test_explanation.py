import polars as pl
import pytest

from scoring.measures import compute

RULES = {"late": "documented", "volunteering": "assumed"}
EVERYONE = {"group_by": "everyone", "group": "everyone"}


@pytest.fixture
def ledger(cube):
    """Return a function that makes a ledger cube of persons, each a tuple of points by rule; base 100."""

    def make(persons, rules=tuple(RULES)):
        rows = [
            {"rule": rule, "points": points[i], "person": k, "n": 1, "score": 100 + sum(points)}
            for k, points in enumerate(persons)
            for i, rule in enumerate(rules)
        ]
        counts = cube(rows, **EVERYONE)
        return counts.marginal([a for a in counts.axes if a != "person"])

    return make


@pytest.fixture
def coverage(cube):
    return cube([{"coverage": "scored", "n": 4}], **EVERYONE)


def terms(rows, measure="complexity"):
    return dict(rows.filter(pl.col("measure") == measure).select("term", "value").iter_rows())


def used(ledger, coverage, study, persons, rules):
    return terms(compute({"coverage": coverage, "ledger": ledger(persons, rules)}, study(), ["complexity"]))


def test_splitting_a_rule_multiplies_the_effective_number_by_two_to_its_share(ledger, coverage, study):
    whole = [(a, b) for a in (0, -4) for b in (0, -4)]
    split = [(a // 2, a // 2, b) for a, b in whole]
    before = used(ledger, coverage, study, whole, ("a", "b"))
    after = used(ledger, coverage, study, split, ("a1", "a2", "b"))
    assert before["effective_rules_entropy"] == pytest.approx(2)
    assert after["effective_rules_entropy"] / before["effective_rules_entropy"] == pytest.approx(1.41421, abs=1e-5)
    assert after["effective_rules_inverse"] == pytest.approx(1 / (2 * 0.25**2 + 0.5**2))
    assert after["fired_rules"] == before["fired_rules"] + 1


def test_order_and_names_of_the_rules_do_not_matter(ledger, coverage, study):
    one = used(ledger, coverage, study, [(0, -4), (-2, 0), (-2, -4)], ("a", "b"))
    two = used(ledger, coverage, study, [(-4, 0), (0, -2), (-4, -2)], ("x", "y"))
    assert one == pytest.approx(two)


def test_live_rules_fire_for_one_in_a_thousand(ledger, coverage, study):
    persons = [(-1, 0, 0, 0)] * 2_999 + [(-1, -5, 0, 0)]
    found = used(ledger, coverage, study, persons, ("always", "rare", "never", "clip"))
    assert (found["fired_rules"], found["live_rules"]) == (2, 1)
    assert found["rules_fired_mean"] == pytest.approx(1 + 1 / 3_000)


def test_rules_that_move_nobody_have_no_effective_number(ledger, coverage, study):
    assert used(ledger, coverage, study, [(0, 0)] * 3, ("a", "b"))["effective_rules_entropy"] is None


def test_what_the_rulebook_says_has_no_uncertainty(coverage, study):
    facts = {"s": {"complexity": {"rules": 2, "max_nesting": 3, "bytes": 120, "zlib_bytes": None}, "marks": RULES}}
    found = compute({"coverage": coverage}, study_with(study, facts))
    assert terms(found) == {"rules": 2, "max_nesting": 3, "bytes": 120}
    assert terms(found, "rule_share") == {"documented": 0.5, "assumed": 0.5}
    assert found.filter(pl.col("measure") == "complexity")["uncertainty"].null_count() == 3


def test_a_share_of_no_rules_is_undefined(coverage, study):
    facts = {"s": {"complexity": {"rules": 0, "discretionary_share": float("nan")}}}
    row = (
        compute({"coverage": coverage}, study_with(study, facts)).filter(term="discretionary_share").row(0, named=True)
    )
    assert (row["value"], row["status"], row["note"]) == (None, "zero_denom", "the scheme has no rules")


def study_with(study, facts):
    made = study()
    return type(made)(made.outcomes, made.references, facts)


def test_variance_is_shared_out_to_marks_completely(ledger, study):
    persons = [(0, 0), (-4, 2), (-2, 0), (-6, 4)]
    found = compute({"ledger": ledger(persons)}, study_with(study, {"s": {"marks": RULES}}), ["score_variance_share"])
    shares = terms(found, "score_variance_share")
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["assumed"] < 0 < shares["documented"]


def test_one_score_for_all_has_no_variance_to_share(ledger, study):
    found = compute({"ledger": ledger([(-1, 1)] * 4)}, study_with(study, {"s": {"marks": RULES}}))
    rows = found.filter(pl.col("measure") == "score_variance_share")
    assert rows["value"].null_count() == rows.height == 2
    assert set(rows["status"]) == {"zero_denom"}


def test_reasons_are_of_those_who_lost_points(cube, study):
    def row(adverse, covered, actionable, tie, replays, n):
        flags = {"adverse": adverse, "covered": covered, "actionable": actionable, "tie": tie, "replays": replays}
        return {"group": "a", "n": n, **flags}

    counts = cube(
        [
            row(True, 100, True, False, True, 30),
            row(True, 80, False, True, True, 10),
            row(False, 0, False, False, False, 60),
        ]
    )
    found = compute({"reasons": counts}, study()).filter(pl.col("uncertainty") == "seeds")
    assert dict(found.select("measure", "value").iter_rows()) == pytest.approx(
        {"reason_coverage": 0.95, "no_actionable_reason": 0.25, "reason_tie": 0.25, "ledger_replay": 0.6}
    )


def test_nobody_who_lost_points_is_no_reason_at_all(cube, study):
    flags = {"adverse": False, "covered": 0, "actionable": False, "tie": False, "replays": True}
    found = compute({"reasons": cube([{"group": "a", "n": 50, **flags}])}, study(), ["reason_coverage"])
    assert found.row(0, named=True)["value"] is None
    assert "nobody has lost points" in found.row(0, named=True)["note"]
