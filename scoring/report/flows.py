"""Flows: who goes from which verdict to which by moving from the first design to another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scoring.report import contrasts, wording
from scoring.report.contrasts import VERDICTS
from scoring.report.shown import Figure, Part, Row, Shown, Table

WAYS = [f"{before} → {after}" for before in VERDICTS for after in VERDICTS]
STILL = {f"{verdict} → {verdict}" for verdict in VERDICTS}


def flows(shown: Shown) -> Part:
    """Return the part on flows between verdicts."""
    text = (
        "Sanction: any adverse outcome holds; reward: else any favourable one; neither: no outcome. Of the persons "
        "whom both designs score; whom one of them leaves out is not counted here."
    )
    by_group = groups_table(shown)
    return Part("From which verdict to which", text, [*between(shown), *([by_group] if by_group.rows else [])])


def beside_first(shown: Shown) -> list[str]:
    """Return the designs of the first one's instrument, in the order in which they were declared."""
    kinds = {name: shown.told(name)["instrument"].replace("learned score", "points scheme") for name in shown.designs}
    return [name for name in shown.designs[1:] if kinds[name] == kinds[shown.designs[0]]]


def between(shown: Shown) -> Iterator[Figure]:
    """Yield, for each like design beside the first, how many of 10,000 go which way."""
    first = shown.designs[0]
    for name in beside_first(shown):
        rows = shown.best(measure="verdict_flow", scheme=name, versus=first, group_by="everyone")
        identity = f"flow-{name}"
        picture = contrasts.flow(rows, identity, shown.title(first), shown.title(name))
        if not picture:
            continue
        changed = shown.best(measure="verdict_changed", scheme=name, versus=first, group_by="everyone")
        yield Figure(
            identity,
            f"From {shown.title(first)} to {shown.title(name)}: {moved(rows, changed)}",
            f"Of 10,000 of the {wording.number(rows[0]['n'], 0)} {shown.kinds} whom both score; grey: alike, teal: "
            f"better, rust: worse. Small figures: {wording.bars(rows).replace('bar: ', '').replace('dashed: ', '')}.",
            picture,
            ("from → to", "of 10,000", "status"),
            [
                [r["term"], wording.ranged(r, 1, 1e4), r["status"]]
                for r in sorted(rows, key=lambda r: WAYS.index(r["term"]))
            ],
        )


def moved(rows: Sequence[Row], changed: Sequence[Row]) -> str:
    """Say how many get another verdict, and which way most of them go."""
    ways = [r for r in rows if r["term"] not in STILL and r["value"]]
    if not ways or not changed or changed[0]["value"] is None:
        return "nobody gets another verdict"
    most = max(ways, key=lambda r: r["value"])
    total = wording.ranged(changed[0], 1, 1e4)
    return f"{total} of 10,000 get another verdict, most often from {most['term'].replace(' → ', ' to ')}"


def groups_table(shown: Shown) -> Table:
    """Return the flows of each group: the ways that anybody goes, of 10,000."""
    first, rows = shown.designs[0], []
    names = beside_first(shown)
    found = [r for name in names for r in shown.best(measure="verdict_flow", scheme=name, versus=first)]
    found = [r for r in found if r["group_by"] in shown.groupings and r["value"] is not None]
    taken = {r["term"] for r in found if r["value"]} - STILL
    for name in names:
        mine = [r for r in found if r["scheme"] == name]
        for group in dict.fromkeys(r["group"] for r in mine):
            of = {r["term"]: r for r in mine if r["group"] == group}
            told = [wording.ranged(of.get(way), 1, 1e4) for way in WAYS if way in taken]
            size = wording.number(next(iter(of.values()))["n"], 0)
            rows.append([shown.title(name), wording.level(group), size, *told])
    head = ("design", "group", "both score", *(way for way in WAYS if way in taken))
    title = f"Who moves, by group, of 10,000: from {shown.title(first)}"
    return Table(title, "", head, rows, 2)
