"""Lists: entry, term, repair and exit of a list regime from one year to the next.

A person is on the list in a year in which an entry holds, and in every later year until the term has run or a repair
holds. What is carried on is how many days are left and how many were served; a year that has no past has none. Time
goes in steps of a year, so an exit shows in the year after it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from scoring.schemes.conditions import expression

if TYPE_CHECKING:
    from scoring.schemes.scheme import Scheme

YEAR = 365
OPEN = 1_000_000  # days left of a listing without a fixed term: only a repair ends it
STATE = ("days", "served")


def before(names: list[str], part: str, prefix: str) -> Any:
    """Return a part of the state of the year before; none is 0."""
    name = f"{prefix}prior__{part}"
    return nw.col(name).fill_null(0).cast(nw.Int32) if name in names else nw.lit(0, nw.Int32)


def left(scheme: Scheme, names: list[str], prefix: str) -> Any:
    """Return the days left at the start of the year, entries of this year included; 0 where nobody is listed."""
    days = before(names, "days", prefix)
    for rule in scheme.rules:
        if rule.days is not None and rule.when is not None and not rule.unmodelled:
            longer = expression(rule.when) & (days < rule.days)
            days = nw.when(longer).then(nw.lit(rule.days, nw.Int32)).otherwise(days)
    return days


def carried(scheme: Scheme, names: list[str], now: str, prefix: str) -> dict[str, Any]:
    """Return the state to carry on, given the column that has the days left now."""
    days, served = nw.col(now), before(names, "served", prefix)
    next_days: Any = nw.when(days >= OPEN).then(days).otherwise(days - YEAR)
    next_days = nw.when(next_days < 0).then(nw.lit(0, nw.Int32)).otherwise(next_days)
    for repair in scheme.repairs:
        done = served >= repair.after
        if repair.when is not None:
            done = done & expression(repair.when)
        next_days = nw.when(done).then(nw.lit(0, nw.Int32)).otherwise(next_days)
    next_served = nw.when(days > 0).then(served + YEAR).otherwise(nw.lit(0, nw.Int32))
    return {"days": next_days.cast(nw.Int32), "served": next_served.cast(nw.Int32)}
