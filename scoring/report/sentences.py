"""Sentences on disparate impact: what differs, how sure, what chance alone makes, and what would reverse it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scoring.report.wording import attribute, interval, level, number, percent

Row = Mapping[str, Any]

FAMILY = {
    "primary": "declared beforehand (p adjusted after Holm)",
    "subgroup": "subgroups (simultaneous intervals)",
    "exploratory": "exploratory, not declared beforehand (p adjusted after Benjamini and Hochberg)",
}
ASSUMPTIONS = {
    "world": "the world",
    "multipliers": "how even detection and recording are",
    "tau": "what counts as harm",
    "reference": "the reference group",
    "unscored": "how unscored persons are read",
    "cut": "the cut",
    "verdicts": "single verdicts",
}
REVERSED = {"sign": "which group fares better", "line": "the side of 0.8 or 1.25"}
NEVER_ZERO = "A distance is never zero by chance: read it beside what chance alone seldom exceeds."
OPENINGS = (
    "If",
    "A",
    "An",
    "The",
    "No",
    "One",
    "With",
    "At",
    "Only",
    "Nothing",
    "Reading",
    "None",
    "Were",
    "In",
    "Under",
)


def p_value(p: float | None) -> str:
    """Write a p value.

    >>> p_value(None), p_value(0.00004), p_value(0.0312), p_value(0.5)
    ('–', '<0.001', '0.031', '0.500')
    """
    return "–" if p is None else "<0.001" if p < 0.001 else number(p, 3)


def chance_of(probability: float | None) -> str:
    """Write a probability; what is all but certain is not certain.

    >>> chance_of(0.6402), chance_of(0.99998), chance_of(0.001), chance_of(None)
    ('64%', 'over 99%', 'under 1%', '–')
    """
    if probability is None:
        return "–"
    if probability > 0.99:
        return "over 99%"
    return "under 1%" if probability < 0.01 else percent(probability, 0)


def people(term: str) -> str:
    """Write the size of an auditor's sample.

    >>> people("n=10000")
    '10,000'
    """
    return number(float(term.removeprefix("n=")), 0)


def power(rows: Iterable[Row]) -> str:
    """Say how likely an auditor is to see a difference, the middle size first; nothing where nothing is known."""
    known = {people(r["term"]): chance_of(r["value"]) for r in rows if r["value"] is not None}
    if not known:
        return ""
    first = "10,000" if "10,000" in known else next(iter(known))
    others = "; ".join(f"with {size}, {chance}" for size, chance in known.items() if size != first)
    return f"An auditor with {first} persons would see it with probability {known[first]}" + (
        f" ({others})." if others else "."
    )


def nearest_first(rows: Iterable[Row]) -> list[Row]:
    """Order tipping points: first what reverses a finding, then what does not in the range looked at."""
    return sorted((r for r in rows if r["note"]), key=lambda r: (r["value"] is None, r["term"] != "sign"))


def reversed_by(rows: Iterable[Row], most: int = 3, skip: int = 0) -> str:
    """Say what would reverse a finding; `skip` what was said already."""
    notes = dict.fromkeys(ended(r["note"]) for r in nearest_first(rows)[skip : skip + most])
    return f"What {'else ' if skip else ''}would reverse it: {' '.join(notes)}" if notes else ""


def ended(text: str) -> str:
    """Return a sentence with its full stop.

    >>> ended("So it is"), ended("So it is.")
    ('So it is.', 'So it is.')
    """
    return text if text.endswith(".") else f"{text}."


def within(text: str) -> str:
    """Return a sentence as it stands within another.

    >>> within("If 3 verdicts differed, it would be 1."), within("African-American applicants gain.")
    ('if 3 verdicts differed, it would be 1', 'African-American applicants gain')
    """
    text = text.rstrip(".")
    return text[:1].lower() + text[1:] if text.split(" ")[0] in OPENINGS else text


def apart(rows: Sequence[Row], of: str = "") -> str:
    """Say which group is furthest from its reference, of those whose interval excludes 1."""
    far = furthest(rows)
    if far is None:
        return "no interval excludes 1" if rows else "every cell is small or undefined"
    return f"{level(far['group'])} {number(far['value'])} times as often as {level(far['reference'])}{of}"


def furthest(rows: Sequence[Row]) -> Row | None:
    """Return the ratio that lies furthest from 1, of those whose interval excludes 1."""
    found = [r for r in rows if not r["low"] <= 1 <= r["high"]]
    return max(found, key=lambda r: abs(r["value"] - 1), default=None)


def beyond_chance(pairs: Sequence[tuple[Row, Row]]) -> str:
    """Say of the widest gaps within groupings which exceed what chance alone makes."""
    found = [(seen, null) for seen, null in pairs if seen["value"] > null["value"]]
    if not found:
        return "no grouping's widest gap exceeds what chance alone makes"
    seen, null = max(found, key=lambda pair: pair[0]["value"] - pair[1]["value"])
    return (
        f"groups by {attribute(seen['group_by'])} lie up to {points(seen['value'])} points apart in "
        f"“{(seen['outcome'] or '').replace('_', ' ')}”, where chance alone seldom makes more than "
        f"{points(null['value'])}"
    )


def rung_finding(by: Mapping[str, Row], simulated: bool) -> str:
    """Say what remains of one group's gap: by the simulated truth, as an auditor could see it, or within strata."""
    who = level(next(iter(by.values()))["group"])
    told = {rung: oftener(r["value"]) for rung, r in by.items() if r["value"] is not None}
    if simulated and {"M1", "M2"} <= set(told):
        return (
            f"{who} among their like {told['M1']} in the simulated truth (M1), {told['M2']} in what an auditor could "
            "see (M2)"
        )
    if {"M0", "M3"} <= set(told):
        return f"{who} {told['M0']} as recorded (M0), {told['M3']} within the declared strata (M3)"
    return f"{who} " + ", ".join(f"{points} ({rung})" for rung, points in told.items())


def oftener(difference: float) -> str:
    """Write a difference of rates.

    >>> oftener(-0.041), oftener(0.02), oftener(0.00001)
    ('4.1 points less often', '2.0 points more often', 'as often')
    """
    if points(difference) == "0.00":
        return "as often"
    return f"{points(difference)} points {'less' if difference < 0 else 'more'} often"


def points(difference: float) -> str:
    """Write the size of a difference of rates in points; what is small keeps two digits more.

    >>> points(-0.041), points(0.00123), points(0.9)
    ('4.1', '0.12', '90.0')
    """
    size = 100 * abs(difference)
    return number(size, 1 if size >= 1 else 2)


def strata_finding(pooled: Row | None, homogeneity: Row | None) -> str:
    """Say what the strata say together, unless they disagree."""
    if homogeneity and homogeneity["p"] is not None and homogeneity["p"] < 0.05:
        return f"strata disagree (Breslow–Day p {equals(homogeneity['p'])}), so no one ratio stands for them"
    if pooled is None or pooled["value"] is None or pooled["low"] is None:
        return "no ratio pooled over strata"
    return (
        f"within strata {level(pooled['group'])} {number(pooled['value'])} times as often as "
        f"{level(pooled['reference'])} ({interval(pooled)})"
    )


def equals(p: float) -> str:
    """Write a p value after its letter.

    >>> equals(0.0004), equals(0.2)
    ('< 0.001', '= 0.200')
    """
    told = p_value(p)
    return f"< {told[1:]}" if told.startswith("<") else f"= {told}"


def rows(n: int | None) -> str:
    """Write a number of rows; one too small to be shown is none.

    >>> rows(1200), rows(None)
    ('1,200', 'fewer than 10')
    """
    return "fewer than 10" if n is None else number(n, 0)


def left_out(told: Mapping[str, Any], small: int) -> str:
    """Say in one sentence who is without a verdict, unknown, in a small cell, or left out to protect the few.

    >>> left_out({"unscored": 50, "unknown": {"sex": 3, "age_band": 0}, "suppressed": 0, "rows_read": 1250}, 1)
    'Of 1,250 rows, 50 have no verdict and 3 are of unknown sex; 1 cell is small and none is left out.'
    >>> left_out({"unscored": 0, "unknown": {}, "suppressed": 2, "rows_read": 1250}, 0)
    'All 1,250 rows have a verdict and a known group; 2 cells are left out to protect the few.'
    """
    unknown = [f"{rows(n)} are of unknown {attribute(column)}" for column, n in told["unknown"].items() if n != 0]
    parts = [f"{rows(told['unscored'])} have no verdict", *(unknown or ["no group is unknown"])]
    read = f"{number(told['rows_read'], 0)} rows"
    whole = told["unscored"] == 0 and not unknown
    whose = (
        f"All {read} have a verdict and a known group"
        if whole
        else f"Of {read}, {', '.join(parts[:-1])} and {parts[-1]}"
    )
    return f"{whose}; {of_cells(small, told['suppressed'] or 0)}."


def of_cells(small: int, hidden: int) -> str:
    """Say how many cells are small, and how many are left out.

    >>> of_cells(2, 1), of_cells(0, 0)
    ('2 cells are small and 1 is left out to protect the few', 'no cell is small or left out')
    """
    if not small and not hidden:
        return "no cell is small or left out"
    few = f"{number(small, 0)} cell{' is' if small == 1 else 's are'} small" if small else ""
    if not hidden:
        return f"{few} and none is left out"
    kept = (
        f"{number(hidden, 0)}{'' if small else ' cell' if hidden == 1 else ' cells'} {'is' if hidden == 1 else 'are'}"
    )
    return f"{few}{' and ' if few else ''}{kept} left out to protect the few"
