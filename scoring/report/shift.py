"""Shift: how unlike a group is to the reference, seen through bands, scores and rules, beside what chance makes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from scoring.report import wording
from scoring.report.sentences import p_value
from scoring.report.shown import Row, Shown, Table, by, cells, standing

KEY = ("scheme", "group_by", "group", "param")
OBSERVED, CHANCE, RATIO = "observed", "null 95%", "ratio to null 95%"
MOST = 5  # rules of one design
READ = (
    "0 where both are alike; never zero by chance, so it is held against what like groups of this size seldom exceed. "
    "Times: the index over that; of a family the times alone are known. Where a bin is empty in one of the two, half a "
    "person is added to every bin of both."
)
INDEX = ("n", "index", "low", "high", "chance alone", "times", "p", "status")


def triples(shown: Shown, measure: str) -> dict[Any, tuple[Row, Row | None, Row | None, Row | None]]:
    """Return each index with what chance alone makes of it, their ratio, and the test of one audit."""
    found = by(shown.best(measure=measure), *KEY, "term")
    audits = by(shown.audited(measure=measure), *KEY, "term")
    return {
        key[:-1]: (row, audits.get((*key[:-1], CHANCE)), found.get((*key[:-1], RATIO)), audits.get(key))
        for key, row in found.items()
        if key[-1] == OBSERVED
    }


def beside_chance(one: tuple[Row, Row | None, Row | None, Row | None]) -> list[str]:
    """Write an index with its n and its interval, what chance alone makes of it, and the test."""
    row, chance, ratio, test = one
    told = [*cells(row, 4), cells(chance, 4)[0], cells(ratio, 1)[0], p_value(test["p"] if test else None)]
    return [wording.number(row["n"], 0), *told, standing(row)]


def scores_table(shown: Shown) -> Table:
    """Return how far the scores and the bands of each group lie from those of the reference."""
    rows = [
        [
            wording.level(row["group"]),
            shown.title(row["scheme"]),
            row["param"],
            *beside_chance(one),
        ]
        for one in triples(shown, "population_stability_index").values()
        for row in one[:1]
    ]
    head = ("group", "design", "bins", *INDEX)
    text = f"Population stability index beside the reference. {READ}"
    return shown.tabled("Scores and bands beside the reference", text, head, rows, 3)


def rules_table(shown: Shown) -> Table:
    """Return the rules of each design that see the most unlike groups."""
    found = triples(shown, "characteristic_stability_index")
    rows, known = [], 0
    for name in shown.schemes:
        labels = {r["id"]: r["label"] for r in shown.told(name)["rules"]}
        mine = [one for key, one in found.items() if key[0] == name and one[0]["value"] is not None]
        known += len(mine)
        for one in sorted(mine, key=times, reverse=True)[:MOST]:
            rule, group = one[0]["param"], one[0]["group"]
            rows.append([str(labels.get(rule, rule)), wording.level(group), shown.title(name), *beside_chance(one)])
    head = ("rule", "group", "design", *INDEX)
    text = (
        f"Characteristic stability index of the points that a rule gives. {READ} At most {MOST} rules of each design, "
        f"those farthest beyond chance, of {wording.number(known, 0)} rules and groups."
    )
    return shown.tabled("Which rules see another population", text, head, rows, 3)


def times(one: Iterable[Row | None]) -> float:
    """Return how many times as large as chance an index is."""
    ratio = list(one)[2]
    return float(ratio["value"]) if ratio and ratio["value"] is not None else 0.0


def elsewhen_table(shown: Shown) -> Table:
    """Return how far scores and bands shift from the first world to another, and from the first year to the last."""
    found = [
        (f"{r['reference']} to {r['world']}".replace("_", " "), r)
        for r in shown.every_world(measure="population_stability_index_between_worlds")
    ]
    found += [
        (f"{r['reference']} to year {r['period'] + 1}", r)
        for r in shown.best(measure="population_stability_index_between_years")
    ]
    rows = [
        [
            wording.level(r["group"]),
            shown.title(r["scheme"]),
            r["param"],
            between,
            wording.number(r["n"], 0),
            *cells(r, 4),
            standing(r),
        ]
        for between, r in found
        if r["group_by"] in ("everyone", shown.grouping_of(r["scheme"]))
    ]
    head = ("group", "design", "bins", "from", "n", "index", "low", "high", "status")
    text = (
        "Population stability index of the same persons in two worlds, or two years; since they are the same, there is "
        "no line that chance alone seldom passes."
    )
    return shown.tabled("Scores and bands from one world or year to another", text, head, rows, 4)
