"""Tipping points: for each comparison that a study declared beforehand, the smallest change that would reverse it.

Counts are averaged over seeds, and over the draws of a family. Each row changes one assumption and leaves the others
as they are; that nothing in the range looked at reverses a comparison does not say that nothing would.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl

from scoring.measures import rates, reversal
from scoring.measures.counts import UNKNOWN, Counts
from scoring.measures.headlines import Headline, beside, headlines
from scoring.measures.reversal import SIGN, Line, Share
from scoring.measures.study import BEST, REST, Study
from scoring.result import NOT_APPLICABLE, OK, SMALL_CELL, ZERO_DENOM, tidy

MEASURE = "tipping_point"
SAME = ("method", "scheme", "outcome", "group_by", "group")
ALIKE = "Nothing to reverse: the rates are alike."
NOBODY = "Nothing to reverse: nobody to compare, or nobody has the outcome."


@dataclass(frozen=True)
class Change:
    """A change of one assumption: by how much it turns the comparison (None if it does not), and a sentence."""

    param: str
    value: float | None
    note: str


@dataclass(frozen=True)
class Asked:
    """What one line of a headline says, and whatever else the changes look at."""

    headline: Headline
    line: Line
    now: int
    taus: tuple[Headline, ...]
    worlds: tuple[Headline, ...]
    scores: pl.DataFrame | None  # persons by group and score, where the outcome hangs on the score alone
    cut: tuple[float, str] | None

    @property
    def turns(self) -> str:
        return telling(self.line)[0]

    @property
    def it(self) -> str:
        return telling(self.line)[1]

    def turned(self, mine: Share, theirs: Share) -> bool:
        return reversal.turned(self.line, self.now, mine, theirs)


def telling(line: Line) -> tuple[str, str]:
    """Return how a sentence says that a comparison turns: of itself, and of what makes it turn."""
    if line is SIGN:
        return "the gap turns round", "turns the gap round"
    return f"the ratio crosses {line.at:g}", f"takes the ratio across {line.at:g}"


def tipping_point(
    outcome: Counts, study: Study, coverage: Counts | None = None, score: Counts | None = None
) -> pl.DataFrame:
    """How much would have to be otherwise for this comparison to turn round, or to cross the convention?

    By assumption (`param`): `verdicts`, how many in the group; `reference` and `world`, how many of the others looked
    at turn it; `unscored`, how far the unscored would have to be from the scored, 0 as they are, 1 all and none; `tau`,
    the simulated harm from which on; `cut`, by how many points the cut would move. Term `sign` is which rate is the
    higher, `line` the side of .8 or 1.25 of a ratio of selection rates. Null where nothing looked at turns it.
    """
    rows = []
    for claim in study.primary:
        families: dict[Any, list[Headline]] = {}
        for one in headlines(outcome, study, claim, coverage):
            families.setdefault(tuple(one[name] for name in SAME), []).append(one)
        for family in families.values():
            for one in (one for one in family if one.tau == family[0].tau):
                rows += [
                    row(one, line, change) for line in one.lines for change in changes(one, line, family, study, score)
                ]
    return tidy(rows) if rows else pl.DataFrame()


def changes(one: Headline, line: Line, family: list[Headline], study: Study, score: Counts | None) -> Iterator[Change]:
    """Yield what each assumption would have to be for one line of a headline to turn."""
    now = reversal.side(line, one.mine, one.theirs)
    if not now:
        yield Change("verdicts", None, NOBODY if now is None else ALIKE)
        return
    cut = study.schemes.get(one["scheme"], {}).get("cuts", {}).get(one["outcome"])
    asked = Asked(
        one,
        line,
        now,
        tuple(o for o in family if o.tau != one.tau and o["world"] == one["world"]),
        tuple(o for o in family if o.tau == one.tau and o["world"] != one["world"]),
        None if cut is None or score is None or one.tau else scored(score, one),
        cut,
    )
    for change in (verdicts, reference, unscored, tau, cuts, worlds):
        if (found := change(asked)) is not None:
            yield found


def verdicts(asked: Asked) -> Change:
    """How many verdicts in the group would have to be otherwise?"""
    one = asked.headline
    number = reversal.verdicts(asked.line, one.mine, one.theirs)
    if number is None:
        return Change("verdicts", None, f"No number of other verdicts in the group {asked.it}.")
    otherwise = f"If {number:,} of the group's {one.mine.n:,.0f} verdicts were otherwise"
    return Change("verdicts", number, f"{otherwise}, {asked.turns}.")


def reference(asked: Asked) -> Change | None:
    """Beside how many other groups, the rest of all, or the best, would it be otherwise?"""
    one = asked.headline
    names = [name for name in (*one.groups, REST, BEST) if name not in (one["group"], one["reference"], UNKNOWN)]
    beside_ = {name: beside(one.groups, one["group"], name, one["polarity"]) for name in names}
    others = {
        name: share for name, share in beside_.items() if share and share.n >= rates.SMALL_GROUP and share != one.theirs
    }
    turning = [name for name, share in others.items() if asked.turned(one.mine, share)]
    if not others:
        return None
    if not turning:
        return Change("reference", None, f"No other reference ({', '.join(others)}) {asked.it}.")
    instead = f"With {' or '.join(turning)} instead of {one['reference']} as the reference, {asked.turns}"
    return Change("reference", len(turning), f"{instead} ({len(turning)} of {len(others)} looked at).")


def unscored(asked: Asked) -> Change | None:
    """How far would the unscored have to be from the scored?"""
    one = asked.headline
    if one.tau or not (one.mine.unscored or one.theirs.unscored):
        return None
    found = reversal.unscored(asked.line, one.mine, one.theirs)
    if found is None:
        return Change("unscored", None, f"Nothing that the unscored could have been given {asked.it}.")
    far, mine, theirs = found
    given = f"If {mine:.0%} of the group's unscored had it and {theirs:.0%} of the reference's"
    return Change("unscored", far, f"{given}, {asked.turns}.")


def tau(asked: Asked) -> Change | None:
    """From which other simulated harm on would it be otherwise?"""
    one = asked.headline
    if not one.tau or not asked.taus:
        return None
    turning = [o for o in asked.taus if asked.turned(o.mine, o.theirs)]
    if not turning:
        return Change("tau", None, f"No other threshold of simulated harm {asked.it}.")
    here, there = (str(o.tau).removeprefix("tau=") for o in (one, turning[0]))
    return Change("tau", float(there), f"At a simulated harm of {there} instead of {here}, {asked.turns}.")


def cuts(asked: Asked) -> Change | None:
    """By how many points would the cut have to move?"""
    if asked.scores is None or asked.cut is None:
        return None
    (at, side), line = asked.cut, asked.line
    mine, theirs = (asked.scores[name].to_numpy() for name in ("mine", "theirs"))
    found = reversal.cut(line, asked.scores["score"].to_numpy(), mine, theirs, at, side == "above")
    if found is None:
        return Change("cut", None, f"No other cut looked at {asked.it}.")
    return Change("cut", found - at, f"With the cut at {found:g} instead of {at:g} points, {asked.turns}.")


def worlds(asked: Asked) -> Change | None:
    """In how many of the other worlds is it otherwise?"""
    turning = [o["world"] for o in asked.worlds if asked.turned(o.mine, o.theirs)]
    if not asked.worlds:
        return None
    if not turning:
        return Change("world", None, f"No other world looked at {asked.it}.")
    return Change("world", len(turning), f"In {' and '.join(turning)}, {asked.turns}.")


def scored(score: Counts, one: Headline) -> pl.DataFrame | None:
    """Return persons of the group (`mine`) and of its reference (`theirs`) by score, all seeds together."""
    cells = score.where(world=one["world"], scheme=one["scheme"], group_by=one["group_by"]).cells
    sums = cells.group_by("group", "score").agg(pl.col("n").sum())
    theirs = {one["reference"]} if one["reference"] in one.groups else set(one.groups) - {one["group"]}
    if one["reference"] == BEST or sums.is_empty():
        return None
    of = [pl.col("n").filter(pl.col("group").is_in(groups)).sum() for groups in ([one["group"]], sorted(theirs))]
    return sums.group_by("score").agg(of[0].alias("mine"), of[1].alias("theirs")).sort("score")


def row(one: Headline, line: Line, change: Change) -> dict[str, Any]:
    """Return the result row of one change."""
    nothing = ZERO_DENOM if change.note == NOBODY else NOT_APPLICABLE
    small = min(one.mine.n, one.theirs.n) < rates.SMALL_GROUP
    return {
        **one.told,
        "measure": MEASURE,
        "param": change.param,
        "term": line.term,
        "value": change.value,
        "uncertainty": "specification",
        "n": round(one.mine.n),
        "status": nothing if change.value is None else SMALL_CELL if small else OK,
        "note": change.note,
    }
