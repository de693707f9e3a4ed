"""Common claims: each is found, sourced, and as sure as its sources."""

import pytest

from scoring.documents import Refused
from scoring.schemes import claims
from scoring.schemes.bibliography import shared

CLAIMS = claims.shipped()


def ids(*words):
    return [claim.id for claim in claims.found(words)]


ASKED = {
    "score flights": ["score_bans_travel"],
    "flights score": ["score_bans_travel"],
    "17.5 million": ["seventeen_million"],
    "Million 17.5": ["seventeen_million"],
    "AI": ["ai_lists", "ai_scores"],
    "上访": ["petitioning"],
    "黑名单 人工智能": ["ai_lists"],
    "信用分 飞机": ["score_bans_travel"],
    "Beijing": ["beijing", "petitioning"],
}


@pytest.mark.parametrize("words", ASKED)
def test_a_claim_is_found_by_its_words_in_any_order_and_language(words):
    assert ids(*words.split()) == ASKED[words] == ids(*reversed(words.split()))


def test_no_words_find_every_claim():
    assert ids() == [claim.id for claim in CLAIMS]
    assert len({claim.id for claim in CLAIMS}) == len(CLAIMS) >= 16


MISSED = {
    "flihgts": "did you mean 'flights'?",
    "petitoning points": "did you mean 'petitioning'?",
    "Beijing nappies": "each word stands in some claim; give fewer",
    "zzzz": "`scoring claims` lists them all",
}


@pytest.mark.parametrize("words", MISSED)
def test_what_no_claim_has_is_told_with_the_nearest_word(words):
    with pytest.raises(Refused) as refused:
        claims.found(words.split())
    assert refused.value.problems[0].hint == MISSED[words]


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda c: c.id)
def test_a_claim_is_as_sure_as_its_sources(claim):
    kinds = {shared()[key].kind for key in claim.sources}
    needed = {"documented": {"primary", "copy"}, "reported": {"secondary"}}
    assert kinds & needed[claim.mark]
    assert claim.verdict != "documented" or claim.mark == "documented"
    assert claim.date
    assert claim.claim.zh


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda c: c.id)
def test_a_verdict_is_said_in_one_or_two_plain_sentences_and_told_with_its_sources(claim):
    sentences = claim.says.replace("nos. ", "").replace("Art. ", "").count(". ") + 1
    assert claim.says.endswith(".")
    assert sentences <= 2
    told = claims.told([claim])
    assert told.startswith(f"{claim.verdict.upper()}: {claim.claim.en}")
    for key in claim.sources:
        assert f"  {key}: {shared()[key].title} <{shared()[key].where}>" in told


def test_every_verdict_is_given_somewhere():
    assert {claim.verdict for claim in CLAIMS} == {"documented", "refuted", "partly", "unknown"}
