"""Stability: would the verdict stand with one record less, or if detection and recording were drawn again?"""

from __future__ import annotations

from scoring.report import wording
from scoring.report.figures import turning_records
from scoring.report.shown import Part, Shown, Table, said


def stability(shown: Shown) -> Part:
    """Return the part on stability."""
    tables = [table for table in (lottery_table(shown),) if table.rows]
    return Part("Stability", "Stable is not correct.", [*turning_records(shown), *tables])


def lottery_table(shown: Shown) -> Table:
    """Return, by group, how often redrawn detection gives the same person another verdict."""
    rows = [
        [
            wording.level(r["group"]),
            shown.title(name),
            r["param"].replace("_", " "),
            wording.percent(None if r["value"] is None else 1 - r["value"], 2),
            wording.number(r["n"], 0),
            said(r),
        ]
        for name in shown.designs
        for r in shown.best(measure="self_consistency", scheme=name, group_by=shown.grouping_of(name))
    ]
    probes = shown.manifest.get("probes") or {"redraws": 0, "people": 0}
    text = (
        f"Detection and recording drawn {probes['redraws']} times over the same conduct of "
        f"{wording.number(probes['people'], 0)} persons: how often two draws give one person different verdicts."
    )
    head = ("group", "design", "verdict", "two draws differ", "n", "status")
    return shown.tabled("The enforcement lottery", text, head, rows, 3)
