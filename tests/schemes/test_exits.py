"""When a listing can end: as scoring again says, as a letter says, and never where no end is stated."""

import math

import numpy as np
import polars as pl
import pytest
from hand_frames import CITED, catalogue, frame_of, ready

from scoring.documents import parse
from scoring.schemes.exits import ends, years_on
from scoring.schemes.notice import notice
from scoring.schemes.reading import made
from scoring.schemes.text import SchemeText
from tests.schemes.test_lists import LIST

NEVER = math.inf
LOTTED = LIST.replace("when: n_paid >= 1", "when: lot__repair < 5 and n_b == 0").replace(
    f"because: b, term: {{days: 180, {CITED}}}", "because: b"
)


def listed(text, rows, others=None):
    """Return the years of hand-made subjects of a hand-made list."""
    given = dict.fromkeys(("n_a", "n_b", "n_c", "n_paid", "listed__another", "prior__days", "prior__served"), 0)
    frame = pl.DataFrame([given | {"lot__repair": 9_999} | row for row in rows]).cast(pl.Int32)
    return years_on(made(parse(text).validated(SchemeText)), frame, others).tolist()


@pytest.mark.parametrize(
    ("text", "row", "years"),
    [
        (LIST, {}, 0),
        (LIST, {"n_a": 1}, 1),  # lists go in years: 180 days are the year
        (LIST, {"n_b": 1}, 2),
        (LIST, {"n_a": 1, "n_b": 1}, 2),
        (LIST, {"n_c": 1}, NEVER),
        (LIST, {"n_c": 1, "n_paid": 1}, NEVER),  # paid before the 365 days have passed
        (LIST, {"prior__days": 1_000_000, "prior__served": 365, "n_paid": 1}, 1),
        (LIST, {"prior__days": 1_000_000, "prior__served": 365}, NEVER),
        (LIST, {"prior__days": 400}, 2),
        (LOTTED, {"n_c": 1}, 2),  # after 365 days, whatever the lot
        (LOTTED, {"n_c": 1, "n_b": 1}, 2),
        (LOTTED, {"prior__days": 1_000_000, "prior__served": 365}, 1),
        (LOTTED, {"prior__days": 1_000_000, "prior__served": 365, "n_b": 1}, 2),  # not in a year that bars it
        (LOTTED, {"n_a": 1}, 2),  # no term: a repair alone
        (LOTTED.replace("days: open", "days: 3000"), {"prior__days": 3_000}, 2),
    ],
)
def test_a_listing_ends_by_its_term_or_by_a_repair_and_else_never(text, row, years):
    assert listed(text, [row]) == [years]


def test_a_list_that_takes_over_another_ends_with_it():
    row = {"listed__another": 1}
    assert listed(LIST, [row, row, {}], {"another": np.array([3, NEVER, 0])}) == [3, NEVER, 0]
    assert listed(LIST, [row | {"n_b": 1}], {"another": np.array([1])}) == [2]
    assert listed(LIST, [row]) == [NEVER]  # nothing is known of the other


def random_frame(scheme, rows, rng, **fixed):
    """Return subjects with random records, adults on no other list."""
    counts = [c for c in scheme.reads if c.startswith(("n_", "amt_"))]
    drawn = [{c: int(rng.integers(0, 3)) * int(rng.random() < 0.4) for c in counts} for _ in range(rows)]
    return frame_of(
        scheme.reads, drawn, {"age": 30} | {c: fixed[c] for c in fixed if c in scheme.reads}, scheme.subject
    )


@pytest.mark.parametrize("name", ["judgment_defaulters_2017", "market_regulation_2021", "wage_arrears_2022"])
def test_years_are_those_that_scoring_again_finds(name):
    """Let every lot fall well, have no record any more, and see in which year the list itself lets go."""
    scheme = ready(name)
    frame = random_frame(scheme, 60, np.random.default_rng(5), lot__repair=0)
    expected, seen = np.full(frame.height, NEVER), frame
    for year in range(6):
        scored = scheme.score(seen)
        off = ~scored["listed"].fill_null(False).to_numpy()
        expected[off & np.isinf(expected)] = year
        quiet = [pl.lit(0).cast(t).alias(c) for c, t in frame.schema.items() if c.startswith(("n_", "amt_"))]
        seen = frame.with_columns(quiet).with_columns(
            scored[f"next__{part}"].alias(f"prior__{part}") for part in scheme.state
        )
    assert len(set(expected)) >= 2  # or the test says little
    lots = frame.with_columns(pl.lit(9_999, pl.Int32).alias("lot__repair"))
    assert years_on(scheme, lots).tolist() == expected.tolist()


LISTS = [name for name, scheme in catalogue().items() if hasattr(scheme, "text") and scheme.text.entries]


@pytest.mark.parametrize("name", LISTS)
def test_a_letter_and_the_count_say_the_same_of_a_listing(name):
    scheme, rng = ready(name), np.random.default_rng(11)
    for lot in (0, 9_999):
        frame = random_frame(scheme, 6, rng, lot__repair=lot, lot__draw=0)
        for i, years in enumerate(years_on(scheme, frame)):
            told = notice(scheme, frame.slice(i, 1))
            assert bool(told["listed"]) == (years > 0)
            if not told["listed"]:
                continue
            listing = told["listing"]
            if listing["leaves"]:
                assert years == 1
            if listing["days_left"] is not None:
                assert years <= math.ceil(listing["days_left"] / 365)
            elif not told["repairs"]:
                assert math.isinf(years)
            if not told["repairs"] and listing["days_left"] is not None:
                assert years == math.ceil(listing["days_left"] / 365)


def test_the_lists_of_the_catalogue_end_as_their_texts_say():
    assert len(LISTS) >= 20
    assert ends(ready("government_breach_2025")) == 0
    assert ends(ready("judgment_defaulters_2017")) == 7
    breach = frame_of(ready("government_breach_2025").reads, [{"n_gov_promise_breach": 1}], {}, "government_body")
    assert years_on(ready("government_breach_2025"), breach).tolist() == [NEVER]
    grounds = [
        {"n_judgment_refusal": 1},
        {"n_settlement_breach": 1},
        {"n_judgment_refusal": 1, "n_settlement_breach": 1},
    ]
    court = frame_of(ready("judgment_defaulters_2017").reads, grounds, {"age": 30})
    assert years_on(ready("judgment_defaulters_2017"), court).tolist() == [1, 2, 2]
