"""The same person elsewhere: what the other designs say of her, with the same records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scoring.report import steadiness, steps, wording
from scoring.report.agreement import all_table, matrix, pairs_table
from scoring.report.shown import MOST, Figure, Part, Row, Shown, Table, by, percents, standing

ANY = "any instrument"
VERDICTS = ("sanctioned", "rewarded")
WHERE = ("everywhere", "somewhere")


def elsewhere(shown: Shown) -> Part:
    """Return the part on portability."""
    tables = (
        ambiguity_table(shown),
        portability_table(shown),
        matrix(shown),
        pairs_table(shown),
        all_table(shown),
    )
    text = (
        "Every design judges the same persons by the same records, so what differs is the rulebook alone. The more "
        "designs, the more there is to contradict; unlike instruments may differ because they ask different things."
    )
    found: list[Figure | Table] = [*somewhere(shown), *(table for table in tables if table.rows)]
    return Part("The same person elsewhere", text, found)


def somewhere(shown: Shown) -> Iterator[Figure]:
    """Yield who is sanctioned, or rewarded, under one design at least, and who under every one."""
    found = {
        (verdict, where): by(shown.best(measure=f"{verdict}_{where}"), "param", "group_by", "group")
        for verdict in VERDICTS
        for where in WHERE
    }
    pairs: dict[Any, tuple[Row, Row]] = {
        (verdict, *key): (row, found[verdict, "somewhere"][key])
        for verdict in VERDICTS
        for key, row in found[verdict, "everywhere"].items()
        if key in found[verdict, "somewhere"]
    }
    drawn = {
        key: pair
        for key, pair in sorted(pairs.items(), key=lambda one: (VERDICTS.index(one[0][0]), one[0][2] != "everyone"))
        if key[1] == ANY and key[2] in ("everyone", shown.first_grouping) and key[3] != "unknown"
    }
    names = [
        f"{wording.level(group)}\n{verdict} (n {wording.number(pair[0]['n'], 0)})"
        for (verdict, _, _, group), pair in drawn.items()
    ]
    picture = steps.spans(list(drawn.values())[:MOST], "somewhere", names[:MOST])
    if not picture:
        return
    whole = {verdict: pairs[key] for verdict in VERDICTS if (key := (verdict, ANY, "everyone", "everyone")) in pairs}
    kinds = dict.fromkeys(
        wording.UNCERTAINTY.get(r["uncertainty"], "interval") for pair in drawn.values() for r in pair
    )
    yield Figure(
        "somewhere",
        steadiness.somewhere(whole),
        f"Circle: under one design at least; diamond: under every design that can so decide and scores the person; "
        f"{shown.place}. Of those whom two or more such designs score. Shaded: {' or '.join(kinds)}. Hollow: a "
        "small cell.",
        picture,
        ("group", "verdict", "over", "n", "every design", "low", "high", "one at least", "low", "high", "status"),
        [
            [
                wording.level(group),
                verdict,
                param,
                wording.number(every["n"], 0),
                *percents(every),
                *percents(some),
                standing(every if every["status"] != "ok" else some),
            ]
            for (verdict, param, _, group), (every, some) in pairs.items()
        ],
    )


def ambiguity_table(shown: Shown) -> Table:
    """Return for how many persons designs contradict one another, and beside whom more often."""
    more = by(shown.best(measure="ambiguity_difference"), "param", "group_by", "group")
    rows = []
    for r in shown.best(measure="ambiguity"):
        apart = more.get((r["param"], r["group_by"], r["group"]))
        against = wording.level(apart["reference"]) if apart and apart["reference"] else "–"
        points = [
            wording.number(None if apart is None or apart[c] is None else 100 * apart[c], 2)
            for c in ("value", "low", "high")
        ]
        rows.append(
            [
                wording.level(r["group"]),
                r["param"],
                wording.number(r["n"], 0),
                *percents(r),
                *points,
                against,
                standing(r),
            ]
        )
    head = ("group", "over", "n", "contradicted", "low", "high", "points more", "low", "high", "than", "status")
    text = "Share of persons of whom two designs say different things: sanction, neither, or reward."
    return Table("For whom designs contradict one another", text, head, rows, 2)


def portability_table(shown: Shown) -> Table:
    """Return how much of a verdict is kept under the other designs, and what the farthest of them changes."""
    most = by(shown.best(measure="discrepancy"), "scheme", "param", "group_by", "group")
    rows = []
    for r in shown.best(measure="portability"):
        if r["group_by"] not in ("everyone", shown.first_grouping):
            continue
        far = most.get((r["scheme"], r["param"], r["group_by"], r["group"]))
        rows.append(
            [
                wording.level(r["group"]),
                shown.title(r["scheme"]),
                r["param"],
                wording.number(r["n"], 0),
                *percents(r),
                *percents(far),
                standing(far or r),
            ]
        )
    head = ("group", "design", "over", "n", "kept", "low", "high", "changed at most", "low", "high", "status")
    text = (
        "Kept: under how many of the other designs a person keeps the verdict that she has under this one, on average. "
        "Changed at most: how many would get another verdict under the design that differs most."
    )
    return shown.tabled("Would she keep her verdict?", text, head, rows, 3)
