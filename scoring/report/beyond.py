"""Beyond one year and one world: lists over the years, worlds side by side, what a verdict closes and opens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scoring.report import charts, wording
from scoring.report.figures import Figure, Row, Shown

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
    """Yield, for each list, the share of subjects on it in each year, with who comes and who leaves."""
    if shown.manifest["years"] == 1:
        return
    for name in shown.schemes:
        rows = {m: shown.best(measure=m, scheme=name, group_by="everyone") for m in YEARLY}
        listed = sorted(rows["listed_rate"], key=lambda r: r["period"])
        if not listed:
            continue
        by = {(m, r["period"]): r for m, found in rows.items() for r in found}
        identity = f"years-{name}"
        last = listed[-1]
        yield Figure(
            identity,
            f"{shown.title(name)}: {wording.percent(last['value'], 2)} are on the list in year {last['period'] + 1}",
            "Share of subjects on the list in each year; nobody was listed before the first. Time goes in steps of a "
            f"year, so an exit shows in the year after it; world {shown.world}.",
            charts.years(listed, identity),
            ("year", *YEARLY.values()),
            [[str(r["period"] + 1), *(yearly(by.get((m, r["period"])), m) for m in YEARLY)] for r in listed],
            "Terms and repairs with their marks stand in the rulebook.",
        )


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
                    ", ".join(split[True]) or "none",
                    ", ".join(split[False]) or "none",
                    mine[0]["mark"],
                ]
            )
    head = ["design", "effect", "context", "records of the same field", "unrelated records", "mark"]
    return {"head": head, "rows": rows}
