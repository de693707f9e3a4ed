"""Beyond one year and one world: lists over the years, worlds side by side, what a verdict closes and opens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scoring.report import charts, wording
from scoring.report.shown import Figure, Row, Shown

YEARLY = {
    "listed_rate": "on the list",
    "entry_rate": "come onto it",
    "exit_rate": "of the listed leave it",
    "exits_over_entries": "leave for each who comes",
}
ACROSS = {
    "selection_rate": "selected",
    "false_positive_rate": "selected below the simulated harm",
    "false_negative_rate": "passed over at or above it",
}
RELATED = {True: "of the same field", False: "unrelated"}


def over_the_years(shown: Shown) -> Iterator[Figure]:
    """Yield the share of subjects on each list in each year, with who comes and who leaves."""
    if shown.manifest["years"] == 1:
        return
    found = {name: yearly_rows(shown, name, "listed_rate") for name in shown.schemes}
    lists = {name: rows for name, rows in found.items() if rows}
    if not lists:
        return
    table = []
    for name, listed in lists.items():
        by = {(m, r["period"]): r for m in YEARLY for r in yearly_rows(shown, name, m)}
        for row in listed:
            told = (yearly(by.get((m, row["period"])), m) for m in YEARLY)
            table.append([shown.title(name), str(row["period"] + 1), *told])
    yield Figure(
        "years",
        wording.years_finding([(shown.title(name), rows[0], rows[-1]) for name, rows in lists.items()]),
        "Share of subjects on each list in each year; nobody was listed before the first. Time goes in steps of a "
        f"year, so an exit shows in the year after it; world {shown.world}.",
        charts.years({shown.title(name): rows for name, rows in lists.items()}, "years"),
        ("list", "year", *YEARLY.values()),
        table,
        "Terms and repairs with their marks stand in the rulebooks.",
    )


def yearly_rows(shown: Shown, name: str, measure: str) -> list[Row]:
    """Return one row a year of a measure over all subjects of a design."""
    rows = shown.best(measure=measure, scheme=name, group_by="everyone")
    return sorted(rows, key=lambda r: r["period"])


def same_conduct(shown: Shown) -> str:
    """Say who is listed when everyone does the same in the first year; nothing where no such thing was declared."""
    if not shown.manifest.get("events"):
        return ""
    found = [(shown.told(n)["subject"], shown.title(n), yearly_rows(shown, n, "listed_rate")) for n in shown.schemes]
    return wording.same_conduct([(kind, title, rows[0], rows[-1]) for kind, title, rows in found if rows])


def pooled(shown: Shown) -> str:
    """Say what pooling adds where some world is a silo; nothing where none is, or nothing closes doors."""
    told = []
    for name in shown.schemes:
        found = shown.every_world(measure="contexts_closed", scheme=name, term="unrelated", group_by="everyone")
        rates = shown.every_world(measure="selection_rate", scheme=name, outcome="listed", group_by="everyone")
        listed = {r["world"]: r["value"] for r in rates}
        if len(found) > 1 and any(not r["value"] for r in found) and any(r["value"] for r in found):
            told.append(wording.pooled(shown.title(name), found, listed, shown.manifest["pooling"]))
    return " ".join(told)


def yearly(row: Row | None, measure: str) -> str:
    """Write one yearly number."""
    if row is None:
        return "–"
    return wording.number(row["value"]) if measure == "exits_over_entries" else wording.percent(row["value"], 3)


def worlds_table(shown: Shown) -> dict[str, Any]:
    """Return, for each outcome, what becomes of it in every world that was run."""
    worlds = shown.manifest["worlds"]
    rows = []
    for name in shown.designs if len(worlds) > 1 else []:
        for outcome in shown.outcomes(name):
            for measure, label in ACROSS.items():
                found = across(shown, worlds, measure=measure, scheme=name, outcome=outcome, group_by="everyone")
                if any(found):
                    said = outcome.replace("_", " ")
                    rows.append([shown.title(name), said, label, *(f"{per_10000(r)}" for r in found)])
        for term, label in (
            ("related", "contexts closed, of the same field"),
            ("unrelated", "contexts closed, unrelated"),
        ):
            found = across(shown, worlds, measure="contexts_closed", scheme=name, term=term, group_by="everyone")
            if any(found):
                rows.append([shown.title(name), "listed", label, *(per_10000(r) for r in found)])
    return {"head": ["design", "outcome", "of 10,000", *(w.replace("_", " ") for w in worlds)], "rows": rows}


def across(shown: Shown, worlds: list[str], **equals: Any) -> list[Row | None]:
    """Return one row a world, at the second of the thresholds of simulated harm where there are several."""
    found = shown.every_world(**equals)
    params = list(dict.fromkeys(r["param"] for r in found))
    param = params[min(1, len(params) - 1)] if params else None
    by = {r["world"]: r for r in found if r["param"] == param}
    return [by.get(world) for world in worlds]


def per_10000(row: Row | None) -> str:
    """Write a share or a mean as a number of 10,000, with its interval."""
    if row is None or row["value"] is None:
        return "–"
    text = wording.number(1e4 * row["value"], 1)
    if row["low"] is None or row["high"] is None:
        return text
    return f"{text} ({wording.number(1e4 * row['low'], 1)} to {wording.number(1e4 * row['high'], 1)})"


def contexts_table(shown: Shown) -> dict[str, Any]:
    """Return which contexts each design closes or opens, and from which records, of the same field or unrelated."""
    rows = []
    for name in shown.schemes:
        uses = shown.told(name)["uses"]
        for effect, context in dict.fromkeys((u["effect"], u["context"]) for u in uses):
            mine = [u for u in uses if (u["effect"], u["context"]) == (effect, context)]
            split = {k: [u["record"].replace("_", " ") for u in mine if u["related"] == k] for k in RELATED}
            rows.append(
                [
                    shown.title(name),
                    effect,
                    context.replace("_", " "),
                    wording.some(split[True]),
                    wording.some(split[False]),
                    mine[0]["mark"],
                ]
            )
    head = ["design", "effect", "context", "records of the same field", "unrelated records", "mark"]
    return {"head": head, "rows": rows}
