"""Sentences on stability: who stands elsewhere, what lasts, what other designs and other choices would say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scoring.report.sentences import ended
from scoring.report.wording import interval, level, number, percent, share

Row = Mapping[str, Any]
Pair = tuple[Row, Row]

PARTS = {  # of the path of a choice, in the words of a reader
    "low": "the cut of band",
    "points": "the points of",
    "per": "the unit of",
    "cap": "the cap of",
    "lasts": "how long lasts",
}
UNTESTED = "No finding on this page was put to the test of other defensible choices, so none is to be called robust."


def churned(by: Mapping[str, Row], listed: bool) -> str:
    """Say how many stand elsewhere than the year before, and which way they went."""
    moved = by.get("any")
    if moved is None or moved["value"] is None:
        return "from where to where persons move within a year"
    down, up = by.get("downward"), by.get("upward")
    ways = [
        f"{share(r['value'])} {way}" for r, way in ((down, "lower"), (up, "higher")) if r and r["value"] is not None
    ]
    if listed:
        ways = [f"{share(r['value'])} {way}" for r, way in ((down, "came onto the list"), (up, "left it")) if r]
    what = "stand on the other side of the list than" if listed else "stand in another band than"
    return f"{share(moved['value'])} {what} the year before" + (f"; {', '.join(ways)}" if ways else "")


def staying(least: Row | None, listed: bool) -> str:
    """Say of the place that is left most how many still stand there."""
    if least is None:
        return "too few stood in any place to say how long it lasts"
    off = listed and least["term"].startswith("not ")
    place, still = (f"were {least['term']}", "are") if listed else (f"stood in band {least['term']}", "do")
    years = f"{number(least['period'], 0)} year{'s' if least['period'] != 1 else ''}"
    return (
        f"of those who {place} in the first year, {share(least['value'])} still {still}{' not' if off else ''} "
        f"{years} later"
    )


def half_life(row: Row | None, flag: str) -> str:
    """Say after how long half of a difference is forgotten, and whether that may be believed."""
    if row is None:
        return ""
    if row["value"] is None:
        return f"Half-life: undefined ({row['note']})." if row["note"] else "Half-life: undefined."
    told = f"Half-life: {number(row['value'])} years ({interval(row)})"
    if flag in (row["note"] or ""):
        return (
            f"{told}. Flagged: single steps do not explain where persons stand later, so use the empirical curve above."
        )
    return f"{told}."


def somewhere(whole: Mapping[str, Pair]) -> str:
    """Say how many are judged so under every design, and how many under one at least."""
    told = [
        f"{share(some['value'])} are {verdict} under one design at least and {share(every['value'])} under every one"
        for verdict, (every, some) in whole.items()
        if every["value"] is not None and some["value"] is not None
    ]
    return (
        f"The same persons: {'; '.join(told)}" if told else "Who is sanctioned or rewarded, and under how many designs"
    )


def factor(name: str) -> str:
    """Name a choice as a reader would.

    >>> factor("bands.AA.low"), factor("rules.contract_breach.points"), factor("reference.residence")
    ('the cut of band AA', 'the points of contract breach', 'the reference of residence')
    >>> factor("unscored"), factor("draw"), factor("tau"), factor("limits.high")
    ('the unscored', 'the draw of weights', 'what counts as harm (tau)', 'limits high')
    """
    known = {"unscored": "the unscored", "draw": "the draw of weights", "tau": "what counts as harm (tau)"}
    head, *rest = name.split(".")
    if head == "reference":
        return f"the reference of {' and '.join('.'.join(rest).split('*'))}".replace("_", " ")
    if len(rest) == 2 and head in ("bands", "rules") and rest[1] in PARTS:
        return f"{PARTS[rest[1]]} {rest[0].replace('_', ' ')}"
    return known.get(name, name.replace(".", " ").replace("_", " "))


def universes(shares: Mapping[str, Row]) -> str:
    """Say what most universes conclude, and how many agree in sign.

    >>> row = {"value": 0.5, "n": 54}
    >>> universes({"adverse": row, "no evidence": row | {"value": 0.4}, "same sign": row | {"value": 1.0}})
    '50% of 54 universes conclude “adverse”, 40% “no evidence”; 100% agree in sign'
    """
    sides = [(name, r) for name, r in shares.items() if name != "same sign" and r["value"]]
    sides.sort(key=lambda one: -one[1]["value"])
    if not sides:
        return "no universe says anything"
    (first, most), *others = sides
    told = [f"{percent(most['value'], 0)} of {number(most['n'], 0)} universes conclude “{first}”"]
    told += [f"{percent(r['value'], 0)} “{name}”" for name, r in others]
    sign = shares.get("same sign")
    return ", ".join(told) + (
        f"; {percent(sign['value'], 0)} agree in sign" if sign and sign["value"] is not None else ""
    )


def robust(row: Row | None) -> str:
    """Say whether a finding may be called robust; the word is given by the measure of that name alone.

    >>> robust(None), robust({"value": None})
    ('Not put to the test of other defensible choices.', 'Not put to the test of other defensible choices.')
    >>> robust({"value": 1.0}), robust({"value": 0.0})
    ('Robust by our convention.', 'Not to be called robust.')
    """
    if row is None or row["value"] is None:
        return "Not put to the test of other defensible choices."
    return "Robust by our convention." if row["value"] == 1 else "Not to be called robust."


def robust_since(row: Row | None) -> str:
    """Say whether a finding may be called robust, and why: what the universes conclude.

    >>> robust_since({"value": 1.0, "note": "99% of 216 universes agree in sign, 95% conclude: no evidence"})
    'Robust by our convention: 99% of 216 universes agree in sign, 95% conclude: no evidence.'
    """
    return f"{robust(row).removesuffix('.')}: {ended(row['note'])}" if row and row["note"] else robust(row)


def steadied(rows: Sequence[Row]) -> str:
    """Say how many comparisons hold in nearly every universe."""
    hold = sum(r["value"] == 1 for r in rows)
    if not rows:
        return "What the universes conclude"
    many = f"of {number(len(rows), 0)} comparisons"
    if not hold:
        return f"None {many} holds in nearly every universe: none is to be called robust"
    return f"{number(hold, 0)} {many} hold in nearly every universe and are robust by our convention"


def moved_by(rows: Iterable[Row]) -> str:
    """Say which choice moves an estimate most, together with others."""
    most = max((r for r in rows if r["value"] is not None), key=lambda r: r["value"], default=None)
    if most is None:
        return "no choice moves the estimate"
    who = f"{level(most['group'])}, {(most['outcome'] or '').replace('_', ' ')}"
    return (
        f"what moves the estimate most is {factor(most['term'])} ({percent(most['value'], 0)} of the variance; {who})"
    )
