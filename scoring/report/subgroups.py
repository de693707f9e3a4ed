"""Crossed groups: who stands where several attributes meet, with small cells drawn hollow and never named."""

from __future__ import annotations

from collections.abc import Iterator

from scoring.report import curves, wording
from scoring.report.sentences import p_value
from scoring.report.shown import SAME, Figure, Part, Row, Shown, Table, by, cells, percents, said, sound


def crossed_groups(shown: Shown) -> Part:
    """Return the part on crossed groups."""
    found: list[Figure | Table] = []
    for name in shown.schemes:
        found += heat_map(shown, name)
    tables = (confirmed_table(shown), scanned_table(shown), shrunk_table(shown), differential_table(shown))
    return Part("Where attributes meet", "", [*found, *(table for table in tables if table.rows)])


def heat_map(shown: Shown, name: str) -> Iterator[Figure]:
    """Yield the rate of every cell of the first two attributes that were crossed."""
    pair, outcome, rows = next(
        (
            (group_by, outcome, rows)
            for group_by in shown.crossed
            if group_by.count("*") == 1
            for outcome in shown.foremost(name)
            if (rows := shown.best(measure="selection_rate", scheme=name, outcome=outcome, group_by=group_by))
        ),
        ("", "", []),
    )
    identity = f"crossed-{name}"
    down, across = pair.split("*") if pair else ("", "")
    axes = {"row": wording.attribute(down), "column": wording.attribute(across)}
    picture = curves.heat(rows, identity, axes, shown.favourable(name, outcome)) if rows else ""
    if not picture:
        return
    firm = [r for r in sound(rows) if "unknown" not in r["group"].split("*")]
    told = "every cell is small"
    if firm:
        least, most = (pick(firm, key=lambda r: r["value"]) for pick in (min, max))
        told = (
            f"from {wording.share(least['value'])} of {wording.level(least['group'])} to "
            f"{wording.share(most['value'])} of {wording.level(most['group'])}"
        )
    label = shown.told(name)["outcomes"][outcome]["label"]
    yield Figure(
        identity,
        f"{shown.headed(name, outcome)}: {told}",
        f"Share of each crossed group that gets “{label}”, with its n, {shown.place}. Hollow with a dashed edge: a "
        "small cell, whose rate is not to be quoted, or one that was left out.",
        picture,
        ("group", "n", "rate", "low", "high", "shrunk", "low", "high", "points apart", "low", "high", "status"),
        [
            [
                wording.level(r["group"]),
                wording.number(r["n"], 0),
                *percents(r),
                *percents(shown.one("shrunk_rate", r)),
                *cells(shown.one("simultaneous_difference", r), 2, 100),
                said(r),
            ]
            for r in rows
        ],
        "Points apart: difference to the reference cell, with bounds that hold for all cells at once. Shrunk: drawn "
        "towards the mean of all cells by as much as its n is small. It guards against chance, and can "
        "hide a real harm to a small group.",
    )


def confirmed_table(shown: Shown) -> Table:
    """Return the subgroups that were found and then confirmed on persons who had no part in finding them."""
    rows = [
        [
            f"{wording.level(r['group'])} ({wording.attribute(r['group_by'])})",
            shown.title(r["scheme"]),
            (r["outcome"] or "").replace("_", " "),
            wording.number(r["n"], 0),
            *cells(r, 2, 100),
            p_value(r["p"]),
            p_value(r["p_adjusted"]),
            said(r),
        ]
        for r in confirmed(shown)
    ]
    head = ("subgroup", "design", "outcome", "n", "points", "low", "high", "p", "p adjusted", "status")
    text = (
        "Difference to everyone else, in points. Searched for among some of the persons and measured among the others: "
        "these numbers are of the others, and no subgroup that was only found is named."
    )
    return shown.tabled("Confirmed subgroups", text, head, rows, 3)


def scanned_table(shown: Shown) -> Table:
    """Return how many subgroups were looked at, found and confirmed, by design and outcome."""
    terms = ("looked_at", "discovered", "confirmed")
    found = by(shown.best(measure="subgroups_scanned"), "scheme", "outcome", "term")
    rows = [
        [
            shown.title(scheme),
            (outcome or "").replace("_", " "),
            *(wording.number(found.get((scheme, outcome, term), {}).get("value"), 0) for term in terms),
        ]
        for scheme, outcome in dict.fromkeys(key[:2] for key in found)
    ]
    head = ("design", "outcome", "looked at", "found", "confirmed")
    return Table("How many subgroups were looked at", "At most ten of those found are tested again.", head, rows, 2)


def confirmed(shown: Shown) -> list[Row]:
    """Return the confirmed subgroups, with what a test says of them where one was made."""
    tested = by(shown.audited(measure="confirmed_subgroup_difference"), *SAME)
    rows = shown.best(measure="confirmed_subgroup_difference")
    return [r if r["p"] is not None else r | with_test(tested.get(tuple(r[c] for c in SAME))) for r in rows]


def with_test(row: Row | None) -> Row:
    """Return the test of a row."""
    return {c: row[c] if row else None for c in ("p", "p_adjusted")}


def shrunk_table(shown: Shown) -> Table:
    """Return raw and shrunk rates of the crossed groups that no picture shows."""
    rows = []
    for r in shown.best(measure="shrunk_rate"):
        raw = shown.one("selection_rate", r)
        if "*" in r["group_by"]:
            who = [wording.level(r["group"]), shown.title(r["scheme"]), (r["outcome"] or "").replace("_", " ")]
            rows.append([*who, wording.number(r["n"], 0), percents(raw)[0], *percents(r), said(raw or r)])
    head = ("group", "design", "outcome", "n", "raw rate", "shrunk rate", "low", "high", "status")
    return shown.tabled("Raw and shrunk rates", "Always read both: neither replaces the other.", head, rows, 3)


def differential_table(shown: Shown) -> Table:
    """Return differential fairness, beside what chance alone makes of it."""
    rows = [
        [
            wording.attribute(seen["group_by"]),
            shown.title(seen["scheme"]),
            (seen["outcome"] or "bands").replace("_", " "),
            str(seen["param"] or "observed"),
            wording.number(seen["value"], 3),
            wording.number(null["value"] if null else None, 3),
            p_value(seen["p"]),
            said(seen),
        ]
        for seen, null in shown.against_chance(measure="differential_fairness")
    ]
    head = ("crossed by", "design", "outcome", "counts", "ε", "chance alone", "p", "status")
    text = (
        "ε: the largest log ratio of the chances of two cells, 0 where all are alike. With many cells it is large by "
        "chance, so read it beside what chance makes."
    )
    return shown.tabled("Differential fairness", text, head, rows, 4)
