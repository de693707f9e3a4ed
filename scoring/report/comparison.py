"""The page of a comparison: designs side by side over one population, each named by its instrument."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scoring.report import page, wording
from scoring.report.explainability import complexity_table
from scoring.report.shown import Shown
from scoring.result import Result

DIFFERENCE = "selection_rate_difference_between_designs"


def write_comparison(result: Result, file: str | Path) -> Path:
    """Write the page of a comparison and return its path."""
    path = Path(file)
    path.parent.mkdir(parents=True, exist_ok=True)
    shown = Shown(result)
    told: dict[str, Any] = {
        "told": result.manifest,
        "title": result.manifest["asks"],
        "side": side_by_side(shown),
        "reach_table": page.reach_table(shown),
        "agreement": agreement_table(shown),
        "paired": paired_by_group(shown),
        "not_compared": not_compared(shown),
        "rates": rates_table(shown),
        "complexity": complexity_table(shown),
        "provenance": [page.provenance(shown, name) for name in shown.designs],
        "statuses": page.statuses_table(shown),
        "limits": wording.LIMITS,
    }
    path.write_text(page.render("comparison.html", told), encoding="utf-8")
    return path


def side_by_side(shown: Shown) -> dict[str, Any]:
    """Return one column a design: instrument, law, reach, stability."""
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
        ["one record decides for", *(wording.percent(r["value"] if r else None, 2) for r in pivotal.values())],
    ]
    return {"head": ["", *map(shown.title, shown.designs)], "rows": rows}


def differences(shown: Shown, measure: str) -> list[dict[str, Any]]:
    """Return the paired rows beside the first design."""
    return shown.best(measure=measure, versus=shown.manifest["versus"])


def agreement_table(shown: Shown) -> dict[str, Any]:
    """Return how many persons two designs say the same of."""
    rows = [
        [
            shown.title(r["scheme"]),
            (r["outcome"] or "").replace("_", " "),
            wording.percent(r["value"], 2),
            wording.interval(r, 2, 100),
        ]
        for r in differences(shown, "outcome_agreement")
        if r["group_by"] == "everyone" and r["value"] is not None
    ]
    return {"head": ["design", "outcome", "same verdict", "interval"], "rows": rows}


def paired_by_group(shown: Shown) -> dict[str, Any]:
    """Return paired differences to the first design by group, per 10,000 of both scored."""
    rows = []
    for r in differences(shown, DIFFERENCE):
        if r["value"] is None or r["group_by"] not in ("everyone", *shown.groupings):
            continue
        numbers = [wording.number(None if r[c] is None else 1e4 * r[c], 1) for c in ("value", "low", "high")]
        said = (r["outcome"] or "").replace("_", " ")
        rows.append([shown.title(r["scheme"]), said, wording.level(r["group"]), wording.number(r["n"], 0), *numbers])
    return {"head": ["design", "outcome", "group", "both score", "more of 10,000", "low", "high"], "rows": rows}


def not_compared(shown: Shown) -> list[str]:
    """Return, once each, why designs are not compared: an outcome that one lacks, or an unlike instrument."""
    found = [r for r in differences(shown, DIFFERENCE) if r["value"] is None and r["group_by"] == "everyone"]
    outcomes: dict[tuple[str, str], list[str]] = {}
    for r in found:
        why = "has no such outcome" if "no outcome" in (r["note"] or "") else r["note"] or r["status"]
        outcomes.setdefault((shown.title(r["scheme"]), why), []).append((r["outcome"] or "").replace("_", " "))
    return [f"{title}: {', '.join(said)} ({why})." for (title, why), said in outcomes.items()]


def rates_table(shown: Shown) -> dict[str, Any]:
    """Return outcome rates by group in both directions, one row a group and outcome, one column a design."""
    rows = []
    outcomes = list(dict.fromkeys(o for name in shown.designs for o in shown.outcomes(name)))
    for outcome in outcomes:
        found = {
            (r["scheme"], r["group_by"], r["group"]): r for r in shown.best(measure="selection_rate", outcome=outcome)
        }
        for group_by, group in dict.fromkeys((g, w) for _, g, w in found if g in (*shown.groupings, "everyone")):
            cells = [found.get((name, group_by, group)) for name in shown.designs]
            rows.append(
                [
                    outcome.replace("_", " "),
                    wording.level(group),
                    *(wording.percent(r["value"], 2) if r else "no such outcome" for r in cells),
                ]
            )
    return {"head": ["outcome", "group", *map(shown.title, shown.designs)], "rows": rows}


def comparison_text(result: Result) -> str:
    """Return the comparison as plain text: paired differences to the first design, agreement, stability, complexity."""
    shown = Shown(result)
    complexity = complexity_table(shown)
    parts = [
        ("Side by side", side_by_side(shown)),
        (
            f"Paired differences to {shown.title(result.manifest['versus'])}, per 10,000 persons whom both score",
            paired_by_group(shown),
        ),
        ("Rates by group", rates_table(shown)),
        ("Agreement", agreement_table(shown)),
        ("Complexity", {"head": complexity.head, "rows": complexity.rows}),
    ]
    tables = [f"{title}\n{aligned(table)}" for title, table in parts if table["rows"]]
    return "\n\n".join([*tables, "Not compared\n" + "\n".join(not_compared(shown))])


def aligned(table: dict[str, Any]) -> str:
    """Lay a table out in columns; wide characters count as two."""
    lines = [list(map(str, row)) for row in [table["head"], *table["rows"]]]
    widths = [min(max(map(wide, column)), 44) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(c + " " * max(w - wide(c), 0) for c, w in zip(row, widths, strict=True)).rstrip() for row in lines
    )


def wide(text: str) -> int:
    """Return how many columns a text takes on a terminal."""
    import unicodedata

    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
