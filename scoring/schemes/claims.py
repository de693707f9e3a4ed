"""Claims: what is often said of social credit, what was read of it, and where."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Literal

from pydantic import Field

from scoring.documents import Problem, Refused, did_you_mean, read
from scoring.schemes.bibliography import REFERENCE, shared
from scoring.schemes.text import Id, Mark, Part, Title

WIDTH = 100
WORD = re.compile(r"[a-z0-9]+(?:[.,][0-9]+)*")
CHINESE = re.compile(r"[\u4e00-\u9fff]+")


class Claim(Part):
    """A common statement, its verdict, what was read in one or two plain sentences, and the sources of that."""

    id: Id
    claim: Title
    words: list[str] = Field(default_factory=list)  # other words by which it is looked for
    verdict: Literal["documented", "refuted", "unknown", "partly"]
    says: str
    date: str
    mark: Mark
    sources: list[str] = Field(min_length=1)


class Claims(Part):
    """The file of claims."""

    claims: list[Claim]


@cache
def shipped() -> tuple[Claim, ...]:
    """Return the claims that ship. Raises Refused."""
    return tuple(read(REFERENCE / "claims.yaml").validated(Claims).claims)


def found(words: Sequence[str]) -> list[Claim]:
    """Return the claims that have all of some words, in any order, in English or Chinese; all claims for no words.

    An English word is found by its beginning, a Chinese one anywhere. Raises Refused where no claim has them all.
    """
    wanted = [part for word in words for part in parts(word)]
    claims = [claim for claim in shipped() if all(has(claim, part) for part in wanted)]
    if not claims:
        raise Refused([Problem("claims", 0, " ".join(words), "no claim has these words", hint(wanted))])
    return claims


def parts(text: str) -> Iterator[str]:
    """Yield the English words and the Chinese passages of a text.

    >>> list(parts("AI 打分, 17.5 million"))
    ['ai', '17.5', 'million', '打分']
    """
    yield from WORD.findall(text.casefold())
    yield from CHINESE.findall(text)


def text_of(claim: Claim) -> str:
    """Return everything in which a claim is looked for."""
    return " ".join([claim.id.replace("_", " "), claim.claim.en, claim.claim.zh, claim.says, *claim.words])


def has(claim: Claim, part: str) -> bool:
    """Tell whether a claim has a word."""
    text = text_of(claim)
    return part in text if CHINESE.match(part) else any(word.startswith(part) for word in WORD.findall(text.casefold()))


def hint(wanted: Sequence[str]) -> str:
    """Return the nearest word of some claim to the first word that none has."""
    known = sorted({part for claim in shipped() for part in parts(text_of(claim))})
    lacking = [part for part in wanted if not any(has(claim, part) for claim in shipped())]
    if not lacking:
        return "each word stands in some claim; give fewer"
    return did_you_mean(lacking[0], known) or "`scoring claims` lists them all"


def plain(claim: Claim) -> dict[str, Any]:
    """Return a claim as plain data, its sources in full."""
    sources = {key: shared()[key].model_dump() for key in claim.sources}
    return claim.model_dump(exclude={"words", "sources"}) | {"sources": sources}


def told(claims: Sequence[Claim]) -> str:
    """Return claims as text: verdict, what was read, and where."""
    return "\n\n".join("\n".join(lines(claim)) for claim in claims)


def lines(claim: Claim) -> Iterator[str]:
    """Yield a claim line by line."""
    yield f"{claim.verdict.upper()}: {claim.claim.en} ({claim.claim.zh})"
    yield from textwrap.wrap(claim.says, WIDTH, initial_indent="  ", subsequent_indent="  ")
    for key in claim.sources:
        source = shared()[key]
        yield f"  {key}: {source.title} <{source.where}> ({source.kind})"
    yield f"  {claim.date} [{claim.mark}]"
