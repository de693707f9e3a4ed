"""Reversal: the smallest change after which a comparison of two rates no longer says what it says.

A comparison says two things: which rate is the higher (its sign), and, of selection rates, on which side of a US
employment-selection convention their ratio lies. Both are p against c · p_ref, with c of 1, .8 or 1.25, so what turns
one of them is found in closed form, without a search.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.measures.rates import CONVENTION

NEAR = 1e-12  # relative; below it two rates are alike
ENOUGH = 10  # persons on each side of a cut, in either group, below which a cut is not looked at


@dataclass(frozen=True)
class Share:
    """y of n persons, and how many more the verdict was meant for who have none; means over seeds need not be whole."""

    y: float
    n: float
    unscored: float = 0.0

    @property
    def rate(self) -> float:
        return self.y / self.n


@dataclass(frozen=True)
class Line:
    """What is said of p against `at` · p_ref: its sign, or, with `beyond`, whether it lies below (-1) or above (1)."""

    term: str
    at: float
    beyond: int = 0


SIGN = Line("sign", 1.0)
LINES = {
    "favourable": Line("line", CONVENTION["favourable"], -1),
    "adverse": Line("line", CONVENTION["adverse"], 1),
}


def side(line: Line, mine: Share, theirs: Share) -> int | None:
    """Return what a comparison says: -1, 0 or 1 of a sign, 1 or -1 of a line; None where it says nothing."""
    if not mine.n or not theirs.n or not (mine.y or theirs.y):
        return None
    p, q = mine.rate, line.at * theirs.rate
    sign = 0 if math.isclose(p, q, rel_tol=NEAR) else 1 if p > q else -1
    return sign if not line.beyond else 1 if sign == line.beyond else -1


def turned(line: Line, now: int | None, mine: Share, theirs: Share) -> bool:
    """Tell whether a comparison no longer says what it said; a difference that is gone has turned."""
    then = side(line, mine, theirs)
    gone = line is SIGN and mine.n > 0 and theirs.n > 0  # nobody has the outcome in either group
    return bool(now) and (gone if then is None else then != now)


def direction(line: Line, now: int) -> int:
    """Return whether the rate of the group must rise (1) or fall (-1) for a comparison to turn."""
    return -now * line.beyond if line.beyond else -now


def verdicts(line: Line, mine: Share, theirs: Share) -> int | None:
    """Return how many verdicts in the group would have to be otherwise; None if even all would not do."""
    now = side(line, mine, theirs)
    if not now:
        return None
    step = direction(line, now)
    least = math.ceil(step * (line.at * theirs.rate * mine.n - mine.y) - NEAR * mine.n)
    for number in (least, least + 1):
        other = replace(mine, y=mine.y + step * number)
        if number and -NEAR <= other.y <= mine.n + NEAR and turned(line, now, other, theirs):
            return number
    return None


def unscored(line: Line, mine: Share, theirs: Share) -> tuple[float, float, float] | None:
    """Return how far the unscored must be from those scored: 0 as they are, 1 all or none; and the rates of both then.

    The unscored of the group and of the reference move together, in opposite directions. None if not even all against
    none turns the comparison.
    """
    now = side(line, mine, theirs)
    if not now:
        return None
    end, their_end = (1.0, 0.0) if direction(line, now) > 0 else (0.0, 1.0)
    gap = mine.rate - line.at * theirs.rate
    part, their_part = (one.unscored / (one.n + one.unscored) for one in (mine, theirs))
    slope = part * (end - mine.rate) - line.at * their_part * (their_end - theirs.rate)
    if not slope or not 0 <= -gap / slope <= 1 + NEAR:
        return None
    far = min(1.0, -gap / slope)
    return far, mine.rate + far * (end - mine.rate), theirs.rate + far * (their_end - theirs.rate)


def cut(
    line: Line,
    scores: NDArray[Any],
    mine: NDArray[np.int64],
    theirs: NDArray[np.int64],
    at: float,
    above: bool,
) -> float | None:
    """Return the cut nearest to the one at `at` with which the comparison turns; None if none that was looked at does.

    `mine` and `theirs` are persons by score, the scores sorted. Of cuts that select the same persons it is the nearest;
    where scores are whole numbers, so are cuts. Cuts with fewer than 10 persons on either side are not looked at.
    """
    whole = np.issubdtype(scores.dtype, np.integer)
    higher = scores[scores >= at] + 1 if whole else scores[scores > at]
    cuts = np.concatenate([[at], higher, scores[scores < at]])
    first = np.searchsorted(scores, cuts, side="left")
    shares = []
    for counts in (mine, theirs):
        below = np.concatenate([[0], np.cumsum(counts)])[first]
        total = counts.sum()
        shares.append([Share(float(total - b if above else b), float(total)) for b in below])
    now = side(line, shares[0][0], shares[1][0])
    found = [
        float(c)
        for c, a, b in zip(cuts[1:], shares[0][1:], shares[1][1:], strict=True)
        if turned(line, now, a, b) and all(ENOUGH <= s.y <= s.n - ENOUGH for s in (a, b))
    ]
    return min(found, key=lambda c: (abs(c - at), c), default=None)
