"""Side by side: paired differences between designs over the same persons."""

from __future__ import annotations

from scoring.report import wording
from scoring.report.shown import Part, Shown, Table


def side_by_side(shown: Shown) -> Part:
    """Return the part that compares designs."""
    text = (
        "Paired differences over the same persons, among those whom both designs score. Unlike instruments are "
        "compared on like outcomes only."
    )
    tables = [table for table in (paired_table(shown),) if table.rows]
    return Part("Side by side", text, tables)


def paired_table(shown: Shown) -> Table:
    """Return paired differences to the baseline, for like outcomes only."""
    rows = []
    for r in shown.best(measure="selection_rate_difference_between_designs", group_by="everyone"):
        value, low, high = (wording.number(None if r[c] is None else 1e4 * r[c], 1) for c in ("value", "low", "high"))
        rows.append(
            [
                shown.title(r["scheme"]),
                shown.title(r["versus"]),
                (r["outcome"] or "").replace("_", " "),
                value if r["low"] is None else f"{value} ({low} to {high})",
                r["note"] or r["status"],
            ]
        )
    return Table("Differences to the baseline", "", ("design", "beside", "outcome", "more of 10,000", "note"), rows, 3)
