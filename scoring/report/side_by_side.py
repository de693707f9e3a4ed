"""Side by side: who gains and who loses by moving from one design to another, over the same persons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scoring.report import contrasts, wording
from scoring.report.shown import Figure, Part, Row, Shown, Table, said, sound

DIFFERENCE, AGREEMENT = "selection_rate_difference_between_designs", "outcome_agreement"
MARKS = 24  # of one picture
HOW = (
    "Paired over the same persons, among those whom both designs score; what two designs have in common cancels. Like "
    "instruments on like outcomes alone. Each interval is of its own difference."
)


def side_by_side(shown: Shown) -> Part:
    """Return the part on paired differences: to the first design, and to the baseline where one is named."""
    found: list[Figure | Table] = []
    for first in firsts(shown):
        found += differences(shown, first)
    tables = (differences_table(shown), agreement_table(shown), not_compared(shown))
    return Part("Side by side", HOW, [*found, *(table for table in tables if table.rows)])


def firsts(shown: Shown) -> list[str]:
    """Return the designs that others are held against: the first, and the baseline."""
    named = [shown.designs[0], shown.manifest.get("baseline")]
    return [name for name in dict.fromkeys(named) if name in shown.designs]


def of_pairs(shown: Shown, measure: str, first: str) -> list[Row]:
    """Return the rows of a paired measure beside one design, the designs in the order in which they were declared."""
    rows = [r for r in shown.best(measure=measure, versus=first) if r["group_by"] in ("everyone", *shown.groupings)]
    order = ["everyone", *shown.groupings]
    return sorted(rows, key=lambda r: (order.index(r["group_by"]), shown.designs.index(r["scheme"])))


def differences(shown: Shown, first: str) -> Iterator[Figure]:
    """Yield, for each outcome, by how much more often each group gets it under other designs than under the first."""
    found = [r for r in of_pairs(shown, DIFFERENCE, first) if r["value"] is not None]
    for outcome in dict.fromkeys(r["outcome"] for r in found):
        rows = [r for r in found if r["outcome"] == outcome]
        designs = list(dict.fromkeys(r["scheme"] for r in rows))
        groups = list(dict.fromkeys(r["group"] for r in rows))[: max(4, MARKS // len(designs))]
        drawn = [per_10000(r) for r in rows if r["group"] in groups]
        identity = f"paired-{first}-{outcome}"
        label = outcome.replace("_", " ")
        names = [f"{wording.level(group)}\n{scored_by_both(rows, group)}" for group in groups]
        yield Figure(
            identity,
            f"{label[:1].upper()}{label[1:]}, beside {shown.title(first)}: {most_moved(shown, rows)}",
            f"How many more of 10,000 persons get “{label}” than under {shown.title(first)}; right of 0 more, left of "
            f"it fewer; hollow: fewer than 30 persons. {wording.bars(rows).capitalize()}.",
            contrasts.dots(
                drawn,
                [names[groups.index(r["group"])] for r in drawn],
                [shown.title(r["scheme"]) for r in drawn],
                identity,
                f"more of 10,000 than under {shown.title(first)}",
                0,
            ),
            ("group", "design", "both score", "more of 10,000", "status"),
            [
                [
                    wording.level(r["group"]),
                    shown.title(r["scheme"]),
                    wording.number(r["n"], 0),
                    wording.ranged(r, 1, 1e4),
                    said(r),
                ]
                for r in rows
            ],
        )


def per_10000(row: Row) -> Row:
    """Return a share as so many of 10,000."""
    return row | {c: None if row[c] is None else 1e4 * row[c] for c in ("value", "low", "high")}


def scored_by_both(rows: Sequence[Row], group: str) -> str:
    """Write of how many persons of a group the differences are."""
    sizes = [r["n"] for r in rows if r["group"] == group]
    least, most = (wording.number(of(sizes), 0) for of in (min, max))
    return f"n {least}" if least == most else f"n {least} to {most}"


def most_moved(shown: Shown, rows: Sequence[Row]) -> str:
    """Say who gains or loses an outcome most among differences whose bounds exclude 0."""
    row = furthest(rows)
    if row is None:
        return "no difference is told from none"
    size = wording.number(1e4 * abs(row["value"]), 0 if abs(row["value"]) >= 0.001 else 1)
    return (
        f"{size} {'more' if row['value'] > 0 else 'fewer'} of 10,000 among {wording.level(row['group'])} under "
        f"{shown.title(row['scheme'])}"
    )


def furthest(rows: Sequence[Row]) -> Row | None:
    """Return the largest of the differences whose bounds exclude 0."""
    firm = [r for r in sound(rows) if not r["low"] <= 0 <= r["high"]]
    return max(firm, key=lambda r: abs(r["value"]), default=None)


def differences_table(shown: Shown) -> Table:
    """Return, for everyone, the paired differences of all outcomes that two designs share."""
    rows = [
        [
            shown.title(r["scheme"]),
            shown.title(r["versus"]),
            (r["outcome"] or "").replace("_", " "),
            wording.ranged(r, 1, 1e4),
            wording.number(r["n"], 0),
            said(r),
        ]
        for first in firsts(shown)
        for r in of_pairs(shown, DIFFERENCE, first)
        if r["group_by"] == "everyone" and r["value"] is not None
    ]
    head = ("design", "beside", "outcome", "more of 10,000", "both score", "status")
    return Table("Of everyone whom both score", "", head, rows, 3)


def agreement_table(shown: Shown) -> Table:
    """Return of how many persons two designs say the same: 0 more of 10,000 can hide many who change places."""
    rows = [
        [
            shown.title(r["scheme"]),
            shown.title(r["versus"]),
            (r["outcome"] or "").replace("_", " "),
            wording.level(r["group"]),
            wording.ranged(r, 2, 100),
            said(r),
        ]
        for first in firsts(shown)
        for r in of_pairs(shown, AGREEMENT, first)
        if r["value"] is not None
    ]
    text = "A difference of 0 can hide persons who change places: per cent of whom both designs say the same."
    head = ("design", "beside", "outcome", "group", "same verdict, per cent", "status")
    return Table("How often two designs say the same", text, head, rows, 4)


def not_compared(shown: Shown) -> Table:
    """Return, once each, which designs are not compared and why: an outcome that one lacks, or an unlike instrument."""
    outcomes: dict[tuple[str, str, str], list[str]] = {}
    for first in firsts(shown):
        for r in of_pairs(shown, DIFFERENCE, first):
            if r["value"] is None and r["group_by"] == "everyone":
                note = r["note"] or r["status"]
                why = "one of the two has no such outcome" if "no outcome" in note else note
                pair = (shown.title(r["scheme"]), shown.title(first), why)
                outcomes.setdefault(pair, []).append((r["outcome"] or "").replace("_", " "))
    rows = [[design, first, ", ".join(said), why] for (design, first, why), said in outcomes.items()]
    return Table("Not compared", "", ("design", "beside", "outcome", "why"), rows, 4)
