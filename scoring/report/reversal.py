"""What would reverse a finding, and how likely an auditor is to see it."""

from __future__ import annotations

from typing import Any

from scoring.report import sentences, wording
from scoring.report.shown import Part, Row, Shown, Table


def reversal(shown: Shown) -> Part:
    """Return the part on what would reverse each headline."""
    table = tipping_table(shown)
    text = (
        "Of each headline, the smallest change of one assumption that reverses it. A dash: nothing in the range looked "
        "at does, which does not say that nothing would."
    )
    return Part("What would reverse it", text, [table] if table.rows else [])


def tipping_table(shown: Shown) -> Table:
    """Return the tipping points, one assumption at a time."""
    rows = [
        [
            wording.level(r["group"]),
            shown.title(r["scheme"]),
            (r["outcome"] or "").replace("_", " "),
            sentences.ASSUMPTIONS.get(r["param"], str(r["param"])),
            sentences.REVERSED.get(r["term"], str(r["term"])),
            r["note"] or "–",
            wording.number(r["value"], 3 if r["value"] is not None and r["value"] % 1 else 0),
        ]
        for r in shown.best(measure="tipping_point")
    ]
    head = ("group", "design", "outcome", "if this were otherwise", "this would change", "at", "smallest change")
    return shown.tabled("Tipping points", "", head, rows, 6)


def points_of(shown: Shown, row: Row) -> list[Row]:
    """Return the tipping points of a headline."""
    same = {c: row[c] for c in ("scheme", "outcome", "group_by", "group")}
    return shown.best(measure="tipping_point", **same)


def beside_headline(shown: Shown, row: Row, skip: int = 0) -> str:
    """Say, for one headline, what would reverse it, but what was said already, and whether an auditor would see it."""
    same: dict[str, Any] = {c: row[c] for c in ("scheme", "outcome", "group_by", "group")}
    power = sentences.power(shown.best(measure="detection_power", **same))
    return " ".join(told for told in (sentences.reversed_by(points_of(shown, row), skip=skip), power) if told)
