"""The words of a page. Words: assess, never prove fair; name the harm; each number with its n and its interval."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]

LEVELS = {
    "q1": "the poorest fifth",
    "q2": "the second fifth",
    "q3": "the middle fifth",
    "q4": "the fourth fifth",
    "q5": "the richest fifth",
    "rural": "rural residents",
    "urban": "urban residents",
    "female": "women",
    "male": "men",
    "0-17": "under 18",
    "18-29": "aged 18–29",
    "30-44": "aged 30–44",
    "45-59": "aged 45–59",
    "60+": "60 and over",
    "intra_province": "migrants from the province",
    "inter_province": "migrants from other provinces",
    "local": "locals",
    "not_disabled": "not disabled people",
    "disabled": "disabled people",
    "getihu": "individual businesses (getihu)",
    "hmt": "firms from Hong Kong, Macao or Taiwan",
    "coop": "cooperatives",
    "everyone": "everyone",
}
WITH = "\N{NO-BREAK SPACE}"
REFERENCES = {"best": "the best group", "rest": "all others"}
KINDS = {"person": "persons", "firm": "firms", "government_body": "public bodies"}
POOLS = {"silo": "in silos", "city": "in the city's pool", "national": "in the country's pool"}
STATUS = {
    "ok": "computed, from enough persons to be read as it stands",
    "small_cell": "a small cell: fewer than 30 persons, fewer than 5 expected, or under 2 per cent of all; "
    "the interval says what can be said",
    "zero_denom": "undefined: nobody to divide by",
    "single_group": "undefined: only one group has members",
    "not_applicable": "does not apply: there is no such outcome, or another kind of instrument has it",
    "fit_failed": "the model could not be fitted",
    "not_lossless": "from a histogram, with its bound",
    "suppressed": "left out: a cell under 10 persons, or one from which such a cell could be worked out",
}
READ = {
    "ok": "Read the value with its interval and its n.",
    "small_cell": "Do not quote the value; it is in no headline and drawn hollow.",
    "zero_denom": "A dash is not a zero: nothing can be said.",
    "single_group": "A dash is not alike: there was nothing to compare.",
    "not_applicable": "Compare like instruments only.",
    "fit_failed": "Look at the strata by themselves.",
    "not_lossless": "The value may be off by the bound beside it.",
    "suppressed": "Nothing is hidden but the number; fewer columns make larger cells.",
}
UNCERTAINTY = {
    "seeds": "95% interval over seeds",
    "audit": "95% interval of one audit of this size",
    "specification": "range over draws of the unknown weights",
}
LIMITS = (
    "This page is not a certificate and not about a real city. It says what a design does in a world that we declared.",
    "Detection and recording by group are assumed: no source that was found gives them. The worlds differ in where a "
    "gap arises and agree in what is recorded, so records alone could not tell them apart.",
    "Latent conduct and simulated harm are model quantities, not desert. Harm weights are declared, and other weights "
    "are as defensible.",
    "Conduct does not answer to the scheme unless a run declares that it does; who is listed in one year is carried on "
    "to the next only where a run has more than one.",
    "Complexity counts text; it says nothing of what people understand. Stable is not correct.",
    "The 0.8 and 1.25 lines are a US employment-selection convention and no rule of the place.",
)


AUDIT_LIMITS = (
    "This page is about a table as it was given. It is no certificate, and it does not say how the rows came to be in "
    "the table, who is missing from it, or whether what it records is so.",
    "A difference between groups is a description: it is no effect of the group, and an equal rate is no proof of "
    "equal treatment.",
    "Cells under 10 persons, and those from which such a cell could be worked out, are left out. What is left out may "
    "be what matters most.",
    "An interval is of one sample of this size, rows taken as independent persons. Rows that belong together, or "
    "persons that stand twice, make it too narrow.",
    "The 0.8 and 1.25 lines are a US employment-selection convention and no rule of the place.",
)
WEIGHTED = "Rows are weighted: rates count weights, and n is the number of equal rows that would say as much."


class AsWritten(str):
    """The name of a group that a table gave itself; it is shown as it stands there."""

    __slots__ = ()


def level(group: str) -> str:
    """Name a group as a person would; a name that a table gave stays as it is.

    >>> level("rural*female")
    'rural residents, women'
    >>> level("q1")
    'the poorest fifth'
    >>> level(AsWritten("q1*female"))
    'q1, female'
    """
    if isinstance(group, AsWritten):
        return re.sub(r"\s+", " ", ", ".join(group.split("*")))
    return ", ".join(LEVELS.get(part, part.replace("_", " ")) for part in group.split("*"))


def attribute(group_by: str) -> str:
    """Name a grouping.

    >>> attribute("residence*sex")
    'residence and sex'
    """
    return " and ".join(part.replace("_", " ") for part in group_by.split("*"))


def number(value: float | None, digits: int = 2) -> str:
    """Write a number; what is undefined is a dash and never a zero.

    >>> number(None), number(float("inf")), number(0.71449), number(1234567.0, 0), number(-0.001)
    ('–', '∞', '0.71', '1,234,567', '0.00')
    """
    if value is None or value != value:
        return "–"
    if value in (float("inf"), float("-inf")):
        return "∞" if value > 0 else "−∞"
    text = f"{value:,.{digits}f}"
    text = text.removeprefix("-") if not text.strip("-0.,") else text
    return text.replace("-", "−")


def percent(value: float | None, digits: int = 1) -> str:
    """Write a share per hundred.

    >>> percent(0.0622)
    '6.2%'
    """
    return f"{number(None if value is None else 100 * value, digits)}%" if value is not None else "–"


def share(value: float | None) -> str:
    """Write a share per hundred that may be small.

    >>> share(0.0034), share(0.196), share(0.0), share(None)
    ('0.34%', '19.6%', '0.0%', '–')
    """
    return percent(value, 2 if value and value < 0.01 else 1)


def bars(rows: Iterable[Row]) -> str:
    """Say what the bars of a picture are; a range over draws is dashed, for it is no interval.

    >>> bars([{"uncertainty": "seeds"}, {"uncertainty": "specification"}])
    'bar: 95% interval over seeds; dashed: range over draws of the unknown weights'
    """
    kinds = [kind for kind in UNCERTAINTY if kind in {row["uncertainty"] for row in rows}]
    solid = " or ".join(UNCERTAINTY[kind] for kind in kinds if kind != "specification")
    dashed = f"dashed: {UNCERTAINTY['specification']}" if "specification" in kinds else ""
    return "; ".join(filter(None, (f"bar: {solid}" if solid else "", dashed)))


def ranged(row: Row | None, digits: int = 2, scale: float = 1) -> str:
    """Write a value with its bounds, which are not broken over lines; those of a family are told as a range.

    >>> ranged({"value": 0.5, "low": 0.1, "high": 0.7, "uncertainty": "specification"}, 1)
    '0.5 (range 0.1\xa0to\xa00.7)'
    >>> ranged({"value": 0.5, "low": None, "high": None, "uncertainty": "seeds"}, 1), ranged(None)
    ('0.5', '–')
    """
    if row is None:
        return "–"
    value, low, high = (number(None if row[c] is None else scale * row[c], digits) for c in ("value", "low", "high"))
    if row["value"] is None or row["low"] is None or row["high"] is None:
        return value
    return f"{value} ({'range ' if row['uncertainty'] == 'specification' else ''}{low}{WITH}to{WITH}{high})"


def families(draws: Mapping[str, int]) -> Iterator[str]:
    """Say of designs whose weights are unknown, by title with the number of draws, what their numbers are.

    >>> next(families({"Here-like": 5}))[:85]
    'Here-like is a family: its weights are unknown, so each of its numbers is a median ov'
    >>> next(families({"Here-like": 5, "There-like": 5}))[:56]
    'Here-like and There-like are families: their weights are'
    """
    for number_of, titles in {n: [t for t, k in draws.items() if k == n] for n in draws.values()}.items():
        named = f"{', '.join(titles[:-1])} and {titles[-1]}" if len(titles) > 1 else titles[0]
        who = ("are families: their", "their") if len(titles) > 1 else ("is a family: its", "its")
        yield (
            f"{named} {who[0]} weights are unknown, so each of {who[1]} numbers is a median over {number_of} draws of "
            "them, with the range from the lowest to the highest."
        )


def interval(row: Row, digits: int = 2, scale: float = 1) -> str:
    """Write an interval with what kind it is; nothing where there is none."""
    if row["low"] is None or row["high"] is None:
        return row.get("note") or "no interval"
    kind = UNCERTAINTY.get(row["uncertainty"], "interval")
    return f"{kind} {number(scale * row['low'], digits)} to {number(scale * row['high'], digits)}"


def ratio_finding(row: Row, title: str, outcome: str) -> str:
    """Say a ratio of outcome rates with its interval and n."""
    who, reference = level(row["group"]), level(row["reference"])
    if row["value"] is None:
        return f"{title}: for {who}, “{outcome}” cannot be compared with {reference} ({STATUS[row['status']]})."
    if row["status"] == "small_cell":
        return f"{title}: too few persons to say how often {who} get “{outcome}” beside {reference}; {interval(row)}."
    return (
        f"{title}: {who} get “{outcome}” {number(row['value'])} times as often as {reference} "
        f"({interval(row)}; n = {number(row['n'], 0)})."
    )


def line_of(row: Row) -> str:
    """Say on which side of the conventional lines a ratio lies, its whole interval considered."""
    if row["low"] is None:
        return "Without an interval no side of a line is claimed."
    if row["high"] < 0.8:
        return "Below 0.8, a US employment-selection convention."
    if row["low"] > 1.25:
        return "Above 1.25, the mirror of a US employment-selection convention."
    if row["low"] <= 1 <= row["high"]:
        return "The interval holds 1: it does not tell a gap from none."
    if row["low"] < 0.8 or row["high"] > 1.25:
        line = 0.8 if row["low"] < 0.8 else 1.25
        return f"The interval reaches across {line}, a line of a US employment-selection convention."
    return "Between 0.8 and 1.25, the lines of a US employment-selection convention."


def over_worlds(rows: Iterable[Row]) -> str:
    """Say in which worlds the ratio lies below or above 1."""
    known = [row for row in rows if row["value"] is not None]
    below = [f"{row['world']} ({number(row['value'])})" for row in known if row["value"] < 1]
    above = [f"{row['world']} ({number(row['value'])})" for row in known if row["value"] >= 1]
    if below and above:
        return f"It flips: below 1 in {', '.join(below)}; not below in {', '.join(above)}."
    found = below or above
    return f"{'Below 1' if below else '1 or above'} in every world run: {', '.join(found)}." if found else ""


def pivotal_finding(row: Row, title: str) -> str:
    """Say for how many persons one record decides."""
    return (
        f"{title}: one record less would change the verdict of {percent(row['value'], 2)} of scored persons "
        f"({interval(row, 2, 100)}; n = {number(row['n'], 0)})."
    )


def lottery_finding(rows: Iterable[Row], title: str) -> str:
    """Say how often the same conduct gets the same verdict again, by group."""
    parts = [f"{differing(r)} of {level(r['group'])}" for r in rows if r["value"] is not None]
    return (
        f"{title}: of two draws of detection and recording over the same conduct, "
        f"verdicts differ for {' and '.join(parts)}."
    )


def differing(row: Row) -> str:
    """Write how often two draws differ, from how often they agree; of a family with its range.

    >>> differing({"value": 0.98, "low": 0.97, "high": 0.99, "uncertainty": "seeds"})
    '2.00%'
    >>> differing({"value": 0.98, "low": 0.97, "high": 0.99, "uncertainty": "specification"})
    '2.00% (range 1.00%\xa0to\xa03.00%)'
    """
    value, low, high = (percent(None if row[c] is None else 1 - row[c], 2) for c in ("value", "high", "low"))
    return f"{value} (range {low}{WITH}to{WITH}{high})" if row["uncertainty"] == "specification" else value


def years_finding(lists: Iterable[tuple[str, Row, Row]]) -> str:
    """Say of each list how many are on it in the first and in the last year."""
    told = [
        f"{title}: {percent(first['value'])} in year 1 and {percent(last['value'])} in year {last['period'] + 1}"
        for title, first, last in lists
    ]
    return "; ".join(told)


def same_conduct(lists: Iterable[tuple[str, str, Row, Row]]) -> str:
    """Say who is listed when everyone does the same in the first year, and who still is in the last."""
    told = [
        f"{percent(first['value'])} of {KINDS[kind]} stand on the {title[:1].lower() + title[1:]}, and "
        f"{percent(last['value'])} in year {last['period'] + 1}"
        for kind, title, first, last in lists
    ]
    if not told:
        return ""
    return f"In the first year everyone does the same, besides what each does anyway. Then {'; '.join(told)}."


def pooled(title: str, rows: Iterable[Row], listed: Mapping[str, float], pooling: Mapping[str, str]) -> str:
    """Say how many are listed in each world, and how many doors in unrelated fields that closes."""
    told = [
        f"{number(1e4 * listed[r['world']], 1)} are listed and {number(1e4 * r['value'], 0)} doors in unrelated fields "
        f"close {POOLS[pooling[r['world']]]}"
        for r in rows
    ]
    return f"{title}: of 10,000 scored, {'; '.join(told)}."


def some(names: Sequence[str], most: int = 4) -> str:
    """Name a few of many, and say how many there are.

    >>> some(["a", "b", "c"], 2), some(["a"]), some([])
    ('3: a, b …', '1: a', 'none')
    """
    if not names:
        return "none"
    return f"{len(names)}: {', '.join(names[:most])}{' …' if len(names) > most else ''}"


def lede(reach: Mapping[str, Row], title: str) -> str:
    """Say in one sentence how far the first design reaches."""
    scored = reach.get("scored")
    told = [
        f"{number(row['value'], 1)} are {term.replace('_', ' ')}"
        for term, row in reach.items()
        if term not in {"residents", "eligible", "enrolled", "scored"}
    ]
    if scored is None:
        return ""
    return f"Of 10,000 synthetic residents, {title} covers {number(scored['value'], 0)}; {', '.join(told)}."
