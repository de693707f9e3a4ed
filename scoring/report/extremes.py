"""Extremes: the widest of many differences, which is never zero, held against what chance alone makes of it."""

from __future__ import annotations

from collections.abc import Iterator

from scoring.report import curves, sentences, wording
from scoring.report.sentences import p_value
from scoring.report.shown import MOST, Figure, Shown, Table, said


def extremes(shown: Shown, name: str) -> Iterator[Figure]:
    """Yield the widest difference within each grouping against what chance alone makes, for one design."""
    pairs = [
        (seen, null)
        for outcome in shown.foremost(name)[:3]
        for seen, null in shown.against_chance(measure="widest_difference", scheme=name, outcome=outcome)
        if null is not None and seen["value"] is not None and "*" not in seen["group_by"]
    ][:MOST]
    if not pairs:
        return
    names = [f"{wording.attribute(s['group_by'])}\n{(s['outcome'] or '').replace('_', ' ')}" for s, _ in pairs]
    identity = f"chance-{name}"
    yield Figure(
        identity,
        f"{shown.headed(name)}: " + sentences.beyond_chance([p for p in pairs if p[0]["status"] == "ok"]),
        "Difference between the highest and the lowest rate within a grouping. The widest of many differences is never "
        f"zero, so it is held against what chance alone makes ({pairs[0][1]['method'] or 'equal rates'}): shaded, up "
        "to its 95% point. Diamond: beyond it; hollow: from small cells.",
        curves.chance([s for s, _ in pairs], [n["value"] for _, n in pairs], names, identity),
        ("grouping", "outcome", "widest, points", "chance alone", "p", "status"),
        [
            [
                wording.attribute(seen["group_by"]),
                (seen["outcome"] or "").replace("_", " "),
                wording.number(100 * seen["value"], 2),
                wording.number(100 * null["value"], 2),
                p_value(seen["p"]),
                said(seen),
            ]
            for seen, null in pairs
        ],
    )


def extremes_table(shown: Shown) -> Table:
    """Return the lowest rate over the highest within each grouping, beside what chance alone makes."""
    table = [
        [
            wording.attribute(seen["group_by"]),
            shown.title(seen["scheme"]),
            (seen["outcome"] or "").replace("_", " "),
            wording.number(seen["value"], 3),
            wording.number(null["value"] if null else None, 3),
            p_value(seen["p"]),
            said(seen),
        ]
        for seen, null in shown.against_chance(measure="lowest_to_highest_ratio")
    ]
    return shown.tabled(
        "The lowest rate over the highest",
        "A lowest rate is low by chance too: read the ratio beside the one below which chance alone seldom falls.",
        ("grouping", "design", "outcome", "lowest over highest", "chance alone", "p", "status"),
        table,
        3,
    )
