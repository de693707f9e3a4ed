"""One rulebook, every engine, equal integers."""

from zlib import crc32

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hand_frames import CITED, ENGINES, HEAD, catalogue, frame_of, plan_of, polars_of, ready

from scoring import schemes
from scoring.documents import Refused, parse
from scoring.schemes.reading import made
from scoring.schemes.text import SchemeText

CATALOGUE = catalogue()
EAGER = (pl.DataFrame, pd.DataFrame, pa.Table)
MOST = {"age": 80, "lot": 10_000, "listed": 2, "prior": 1_000}  # numbers of a mixed frame; counts stay under 4


@pytest.fixture(params=ENGINES)
def engine(request):
    return ENGINES[request.param]


RULE = "  - {{id: {id}, label: {id}, {body}, because: b, actionable: now, " + CITED + "}}\n"


def toy(*bodies):
    text = HEAD + "".join(RULE.format(id=f"r{i}", body=body) for i, body in enumerate(bodies))
    return made(parse(text).validated(SchemeText))


def rows(n=200):
    return [{"age": 10 + i % 40, "n_a": i % 5, "n_b": i % 3, "consents": int(i % 7 > 0)} for i in range(n)]


def people(scheme):
    return frame_of(scheme.reads, rows(), {})


def mixed(scheme, n=120):
    """Subjects with every level, record, list and state that a scheme reads, in an order that nobody would choose."""
    levels = plan_of(scheme.subject).levels

    def given(i, column):
        number = crc32(f"{i} {column}".encode())
        if column in levels:
            return levels[column][number % len(levels[column])]
        return number % MOST.get(column.partition("__")[0], 4)

    columns = [*scheme.reads, *(f"prior__{part}" for part in scheme.state)]
    return frame_of(scheme.reads, [{c: given(i, c) for c in columns} for i in range(n)], {}, scheme.subject)


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_engine_gives_equal_integers_and_the_same_kind_of_frame(name, engine):
    loaded = CATALOGUE[name]
    scheme = loaded.drawn(1) if isinstance(loaded, schemes.Family) else ready(name)
    frame = mixed(scheme)
    mine = engine(frame)
    if scheme.opaque and not isinstance(mine, EAGER):
        with pytest.raises(TypeError, match="eager frames only"):
            scheme.score(mine)
        return
    found = scheme.score(mine)
    assert type(found) is type(mine)
    expected = scheme.score(frame)
    assert (expected["coverage"] == "scored").any()
    new = [c for c in expected.columns if c not in frame.columns]
    assert (
        polars_of(found).select(pl.col(new).cast(pl.String)).rows()
        == expected.select(pl.col(new).cast(pl.String)).rows()
    )


def test_base_and_ledger_make_the_score_on_every_engine(engine):
    scheme = toy("per: n_a, points: -10", "when: n_b >= 2, points: 30", "per: n_b, points: 9, cap: 10")
    ledger = polars_of(scheme.ledger(scheme.score(engine(people(scheme)))))
    closes = pl.sum_horizontal(pl.col("^points__.*$").cast(pl.Int64)) + 100 == pl.col("score")
    scored = ledger.filter(pl.col("coverage") == "scored")
    assert scored.height > 50
    assert scored.select(closes.all()).item()
    assert (scored["points__clip"] < 0).any()
    assert ledger.filter(pl.col("coverage") != "scored")["points__r0"].null_count() == ledger.height - scored.height


def test_a_rulebook_of_389_rules_works_on_every_engine(engine):
    scheme = toy(*(f"when: n_a >= {i % 5}, points: {-1 if i % 2 else 1}" for i in range(389)))
    found = polars_of(scheme.ledger(scheme.score(engine(people(scheme)))))
    expected = [
        None
        if row["age"] < 18 or not row["consents"]
        else min(110, max(0, 100 + sum((-1 if i % 2 else 1) for i in range(389) if row["n_a"] >= i % 5)))
        for row in rows()
    ]
    assert [None if v is None or v != v else int(v) for v in found["score"].to_list()] == expected


def test_coverage_names_the_first_reason_that_holds():
    scheme = toy("per: n_a, points: -10")
    given = [
        {"age": 10, "consents": 0},
        {"age": 20, "consents": 0},
        {"age": 20, "consents": 1, "n_a": None},
        {"age": None},
    ]
    found = scheme.score(frame_of(scheme.reads, given, {"consents": 1}))
    assert found["coverage"].to_list() == ["ineligible", "unenrolled", "missing", "missing"]
    assert found["score"].null_count() == found["warned"].null_count() == 4
    assert set(found["band"]) == {"unscored"}


def test_a_taken_name_is_refused_and_a_prefix_helps():
    scheme = toy("per: n_a, points: -10")
    once = scheme.score(people(scheme))
    with pytest.raises(KeyError, match="give a prefix"):
        scheme.score(once)
    twice = scheme.score(once, prefix="again_")
    assert twice["again_score"].equals(twice["score"].alias("again_score"))
    with pytest.raises(KeyError, match="reads age"):
        scheme.score(once.drop("age"))


def test_a_list_regime_gives_no_ledger_and_no_score():
    scheme = catalogue()["judgment_defaulters_2017"]
    with pytest.raises(TypeError, match="a list regime has no points"):
        scheme.ledger(frame_of(scheme.reads, [{}], {}))


def test_draws_of_a_family_are_fixed_and_inside_their_ranges():
    family = catalogue()["hangzhou_2018"]
    draws = family.draws(40)
    assert [d.digest for d in draws] == [d.digest for d in family.draws(40)]
    assert len({d.digest for d in draws}) == 40
    for row, column in zip(
        family.text.rules, zip(*([r.points for r in d.rules] for d in draws), strict=True), strict=True
    ):
        assert row.range[0] <= min(column) < max(column) <= row.range[1]


def test_splitting_a_rule_adds_one_to_the_count_of_rules():
    whole, split = toy("per: n_a, points: -10"), toy("per: n_a, points: -5", "per: n_a, points: -5")
    assert split.complexity()["rules"] == whole.complexity()["rules"] + 1
    assert whole.score(people(whole))["score"].equals(split.score(people(whole))["score"])


WRONG = HEAD + (
    "  - {id: one, label: l, when: n_aa >= 1, points: -10, because: b, actionable: now, " + CITED + "}\n"
    "  - {id: one, label: l, when: n_a >=, points: -10, because: b, actionable: now, " + CITED + "}\n"
    "  - {id: two, label: l, per: n_a, points: -10, because: b, actionable: now, mark: assumed, source: Y}\n"
)


def test_six_planted_errors_are_all_told_with_their_lines(tmp_path):
    text = WRONG.replace("low: 90", "low: 92").replace("bands: [low]", "bands: [lov]")
    (tmp_path / "toy.yaml").write_text(text, encoding="utf-8")
    lines = text.splitlines()
    at = {
        word: next(i for i, line in enumerate(lines, 1) if word in line)
        for word in ("low: 92", "[lov]", ">=,", "source: Y")
    }
    first, second = [i for i, line in enumerate(lines, 1) if "id: one" in line]
    told = [(p.line, p.what) for p in schemes.problems_in(tmp_path / "toy.yaml", ["age", "n_a", "consents"])]
    assert told == [
        (at["low: 92"], "no band holds 90, between low and high"),
        (at["[lov]"], "unknown band 'lov'"),
        (first, "unknown field 'n_aa'"),
        (at[">=,"], "expected a value in 'n_a >=⧛ ⧚'"),
        (second, "the id 'one' stands twice"),
        (at["source: Y"], "unknown source 'Y'"),
    ]


def test_a_record_that_the_population_lacks_is_told_unless_it_is_unmodelled(tmp_path):
    body = "  - {id: one, label: l, when: n_aa >= 1, points: -10, because: b, actionable: now, " + CITED + "}\n"
    path = tmp_path / "toy.yaml"
    path.write_text(HEAD + body, encoding="utf-8")
    (problem,) = schemes.problems_in(path, ["age", "n_a", "consents"])
    assert (problem.what, problem.hint) == ("unknown field 'n_aa'", "did you mean 'n_a'?")
    path.write_text(HEAD + body.replace("because", "unmodelled: true, because"), encoding="utf-8")
    assert schemes.problems_in(path, ["age", "n_a", "consents"]) == []


def test_points_are_whole_numbers():
    text = HEAD + RULE.format(id="r", body="per: n_a, points: -1.5")
    with pytest.raises(Refused, match=r"\$\.rules\[0\]\.points: input should be a valid integer"):
        parse(text).validated(SchemeText)


def test_a_learned_scheme_is_fitted_once_and_scores_eager_frames_only():
    learnable = catalogue()["learned_baseline"]
    reads = [*learnable.central().reads, "n_judgment_refusal", "n_enforcement_obstruction", "n_enforcement_evasion"]
    reads += ["n_asset_report_breach", "n_spending_order_breach", "n_settlement_breach"]
    given = [{"age": 18 + i % 60, "n_card_overdue": i % 7, "n_judgment_refusal": int(i % 7 > 4)} for i in range(2_000)]
    frame = frame_of(reads, given, {})
    one, two = learnable.fit(frame), learnable.fit(frame)
    assert one.digest == two.digest
    scored = one.score(frame)
    assert scored["score"].equals(two.score(frame)["score"])
    assert scored["score"].is_between(0, 1_000).all()
    risky = scored.filter(pl.col("n_card_overdue") > 4)["score"].mean()
    assert risky < scored.filter(pl.col("n_card_overdue") < 4)["score"].mean()
    for name in ("pandas", "pyarrow"):
        assert polars_of(one.score(ENGINES[name](frame)))["score"].to_list() == scored["score"].to_list()
    with pytest.raises(TypeError, match="eager frames only"):
        one.score(frame.lazy())
    unknown = one.score(frame.with_columns(pl.when(pl.int_range(pl.len()) > 0).then("n_card_overdue")))
    assert unknown["coverage"][:2].to_list() == ["missing", "scored"]
    assert unknown["score"][1:].equals(scored["score"][1:])
    shuffled = frame.to_pandas().sample(frac=1, random_state=0)
    assert one.score(shuffled)["score"].sort_index().to_list() == scored["score"].to_list()
    with pytest.raises(TypeError, match="its points cannot be read"):
        one.ledger(frame)


def planted(tmp_path, text, *known):
    """Return every problem of a rulebook's text, as line and words."""
    path = tmp_path / "toy.yaml"
    path.write_text(text, encoding="utf-8")
    return [(p.line, p.what) for p in schemes.problems_in(path, *known)]


def test_a_fault_of_form_hides_no_other_fault(tmp_path):
    text = WRONG.replace("points: -10", "points: -1.5", 1).replace("low: 90", "low: 88")
    told = [what for _, what in planted(tmp_path, text, ["age", "n_a", "consents"])]
    assert told[0] == "low and high overlap at 88"
    assert "unknown field 'n_aa'" in told
    assert any("valid integer" in what for what in told)
    assert told[-1] == "unknown source 'Y'"


NEVER = {
    "hidden_harm >= 1": "'hidden_harm' is simulated truth, which no scheme may read",
    "sex == femal": "sex is never 'femal'",
    "sex == 1": "sex is a word and never a number",
    "n_a == n_b": "n_a is a number and never 'n_b'",
}


@pytest.mark.parametrize("condition", NEVER)
def test_a_condition_that_can_never_hold_is_told(condition, tmp_path):
    text = HEAD + RULE.format(id="r", body=f"when: {condition}, points: -10")
    columns = ["age", "sex", "n_a", "n_b", "consents", "hidden_harm"]
    assert planted(tmp_path, text, columns, {"sex": ("female", "male")}) == [(text.count("\n"), NEVER[condition])]


FORM = {
    ("per: n_a, points: -10, cap: 30", ""): "a cap of 30 cannot bound points of the other sign",
    ("per: n_a, points: -10, range: [-9, -5]", ""): "-10 is outside its range [-9, -5]",
    ("per: n_a, points: -10", "low: -5, "): "no band holds a score below -5",
    ("per: n_a, points: -20_000", ""): "input should be greater than or equal to -10000, got -20000",
}


@pytest.mark.parametrize(("body", "low"), FORM)
def test_points_and_bands_that_make_no_sense_are_told(body, low, tmp_path):
    text = HEAD.replace("label: low, ", f"label: low, {low}") + RULE.format(id="r", body=body)
    assert [what for _, what in planted(tmp_path, text)] == [FORM[body, low]]


def test_a_null_fact_leaves_a_person_unscored_alike_on_every_engine(engine):
    scheme = toy("per: n_a, points: -10", "when: n_a + n_b >= 1, points: -10")
    given = [{"age": None}, {"age": 10}, {"age": 30, "n_a": None}, {"age": 30, "consents": None}, {"age": 30, "n_a": 1}]
    found = polars_of(scheme.ledger(scheme.score(engine(frame_of(scheme.reads, given, {"consents": 1})))))
    assert found["coverage"].to_list() == ["missing", "ineligible", "missing", "missing", "scored"]
    assert found["score"].to_list() == [None, None, None, None, 80]
    assert found["points__r0"].to_list() == [None, None, None, None, -10]


def test_a_worst_band_that_says_where_the_range_ends_moves_no_band():
    text = HEAD.replace("label: low, ", "label: low, low: 0, ") + RULE.format(id="r", body="per: n_a, points: -10")
    scheme = made(parse(text).validated(SchemeText))
    found = scheme.score(frame_of(scheme.reads, [{"n_a": 2}, {"n_a": 0}], {"age": 30, "consents": 1}))
    assert found["band"].to_list() == ["low", "high"]


CAPPED = {  # points, cap: what 0 to 4 records give
    (-10, -25): [0, -10, -20, -25, -25],
    (10, 25): [0, 10, 20, 25, 25],
    (0, -30): [0, 0, 0, 0, 0],
    (0, 30): [0, 0, 0, 0, 0],
}


@pytest.mark.parametrize(("points", "cap"), CAPPED)
def test_a_cap_bounds_what_a_rule_gives_and_gives_nothing_itself(points, cap):
    scheme = toy(f"per: n_a, points: {points}, cap: {cap}")
    found = scheme.ledger(frame_of(scheme.reads, [{"n_a": n} for n in range(5)], {"age": 30, "consents": 1}))
    assert found["points__r0"].to_list() == CAPPED[points, cap]


def test_no_draw_of_a_family_gives_points_for_records_that_nobody_has():
    family = catalogue()["hangzhou_2018"]
    nothing = frame_of(family.central().reads, [{"age": 40}], {})
    for scheme in family.draws(40):
        ledger = scheme.ledger(nothing)
        assert ledger["points__clip"].to_list() == [0]
        assert [rule.id for rule in scheme.rules if rule.per and ledger[f"points__{rule.id}"][0] != 0] == []


def test_rules_beside_a_list_put_nobody_on_it():
    entry = "entries:\n  - {id: e, label: e, when: n_b >= 1, because: b, " + CITED + "}\n"
    text = HEAD + RULE.format(id="r", body="when: n_a >= 1, points: -10") + entry
    scheme = made(parse(text).validated(SchemeText))
    found = scheme.score(frame_of(scheme.reads, [{"n_a": 1}, {"n_b": 1}], {"age": 30, "consents": 1}))
    assert found["listed"].to_list() == [False, True]
