"""The page of a comparison: designs side by side over one population, each named by its instrument."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scoring.report import page, wording
from scoring.report.explainability import complexity_table
from scoring.report.flows import groups_table
from scoring.report.front import dominance_table, values_table
from scoring.report.shown import Shown, Table
from scoring.report.side_by_side import (
    DIFFERENCE,
    agreement_table,
    differences_table,
    furthest,
    most_moved,
    not_compared,
    of_pairs,
)
from scoring.report.text import titled
from scoring.report.veil import worst_table
from scoring.result import Result

POLARITIES = ("favourable", "adverse")


def write_comparison(result: Result, file: str | Path) -> Path:
    """Write the page of a comparison and return its path."""
    path = Path(file)
    path.parent.mkdir(parents=True, exist_ok=True)
    shown = Shown(result)
    told: dict[str, Any] = {
        "told": result.manifest,
        "title": result.manifest["asks"],
        "lede": lede(shown),
        "kinds": shown.kinds,
        "families": list(wording.families(shown.families)),
        "instruments": instruments(shown),
        "reach_table": page.reach_table(shown),
        "parts": page.beside_one_another(shown),
        "rates": rates_table(shown),
        "complexity": complexity_table(shown),
        "provenance": [page.provenance(shown, name) for name in shown.designs],
        "statuses": page.statuses_table(shown),
        "limits": wording.LIMITS,
    }
    path.write_text(page.render("comparison.html", told), encoding="utf-8")
    return path


def lede(shown: Shown) -> str:
    """Say, of each outcome that two designs share, who gains or loses it most by moving from the first."""
    rows = of_pairs(shown, DIFFERENCE, shown.designs[0])
    told = []
    for outcome in dict.fromkeys(r["outcome"] for r in rows if r["value"] is not None):
        of = [r for r in rows if r["outcome"] == outcome]
        row = furthest(of)
        bounds = f" ({wording.interval(row, 1, 1e4)}; n = {wording.number(row['n'], 0)})" if row else ""
        told.append(f"“{outcome.replace('_', ' ')}”: {most_moved(shown, of)}{bounds}")
    first = shown.title(shown.designs[0])
    return f"Beside {first}, {'; '.join(told)}." if told else f"No other design has an outcome like those of {first}."


def instruments(shown: Shown) -> Table:
    """Return one column a design: instrument, law, outcomes, for how many one record decides."""
    pivotal = {
        name: next(iter(shown.best(measure="pivotal_record_share", scheme=name, term="any", group_by="everyone")), None)
        for name in shown.designs
    }
    told = [shown.told(name) for name in shown.designs]
    rows = [
        ["instrument", *(t["instrument"] for t in told)],
        ["enrolment", *(t["enrolment"]["kind"] for t in told)],
        ["in force from", *(t["in_force"].get("from", "–") for t in told)],
        ["outcomes", *("; ".join(o.replace("_", " ") for o in t["outcomes"]) or "none" for t in told)],
        ["one record decides for, per cent", *(wording.ranged(r, 2, 100) for r in pivotal.values())],
    ]
    return Table("The designs", "", ["", *map(shown.title, shown.designs)], rows)


def rates_table(shown: Shown) -> Table:
    """Return outcome rates by group in both directions, one row a group and outcome, one column a design."""
    rows = []
    polarities = {(name, o): p for name in shown.designs for p in POLARITIES for o in shown.outcomes(name, p)}
    for outcome, polarity in dict.fromkeys((o, p) for (_, o), p in polarities.items()):
        has = [name for name in shown.designs if polarities.get((name, outcome)) == polarity]
        rated = [r for r in shown.best(measure="selection_rate", outcome=outcome) if r["scheme"] in has]
        found = {(r["scheme"], r["group_by"], r["group"]): r for r in rated}
        for group_by, group in dict.fromkeys((g, w) for _, g, w in found if g in (*shown.groupings, "everyone")):
            cells = {name: found.get((name, group_by, group)) for name in shown.designs}
            told = [wording.ranged(r, 2, 100) if name in has else "no such outcome" for name, r in cells.items()]
            rows.append([f"{outcome.replace('_', ' ')}, {polarity}", wording.level(group), *told])
    text = "Per cent of the scored."
    return Table("Rates by group", text, ["outcome", "group", *map(shown.title, shown.designs)], rows, 2)


def comparison_text(result: Result) -> str:
    """Return the comparison as plain text: who gains and loses, agreement, flows, criteria, the veil, complexity."""
    shown = Shown(result)
    tables = (
        instruments(shown),
        differences_table(shown),
        groups_table(shown),
        rates_table(shown),
        agreement_table(shown),
        values_table(shown),
        dominance_table(shown),
        worst_table(shown),
        complexity_table(shown),
        not_compared(shown),
    )
    parts = [titled(table) for table in tables if table.rows]
    return "\n\n".join([lede(shown), *wording.families(shown.families), *parts])
