"""The page of an audit: verdicts that a table already holds, in aggregates, small cells left out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scoring.report import page, sentences, wording
from scoring.report.reversal import beside_headline, points_of
from scoring.report.sentences import p_value
from scoring.report.shown import SAME, Row, Shown, Table, beside, sound
from scoring.report.text import aligned
from scoring.report.truth import metrics_table
from scoring.result import Result

EVERYONE = "everyone"
RATIO = "selection_rate_ratio"
MOST_ROWS = 40  # of the table in a terminal


def write_audit(result: Result, folder: str | Path) -> Path:
    """Write `audit.html` into a folder and return its path."""
    path = Path(folder) / "audit.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page.render("audit.html", context(result)), encoding="utf-8")
    return path


def context(result: Result) -> dict[str, Any]:
    """Return everything that the page of an audit shows."""
    shown = Shown(result)
    widest, line, left_out = three_sentences(shown)
    told = [beside_headline(shown, row, skip=1) for row in headlines(shown)[:1]]
    return {
        "told": result.manifest,
        "title": result.manifest["asks"],
        "lede": widest,
        "strip": strip(shown),
        "findings": [{"text": line, "small": " ".join(told)}, {"text": left_out, "small": ""}],
        "rates": rates_table(shown),
        "impact": page.impact(shown),
        "statuses": page.statuses_table(shown),
        "limits": wording.AUDIT_LIMITS,
        "weighted": wording.WEIGHTED if result.manifest["weights"] else "",
    }


def audit_text(result: Result) -> str:
    """Return an audit as plain text: a table of rates and ratios by group, and three sentences."""
    shown = Shown(result)
    table = compact_table(shown)
    rows, more = table["rows"][:MOST_ROWS], len(table["rows"]) - MOST_ROWS
    rest = [f"… and {more} more, in the report"] if more > 0 else []
    metrics = metrics_table(shown)
    also = ["", aligned(metrics.head, metrics.rows[:MOST_ROWS])] if metrics.rows else []
    return "\n".join([aligned(table["head"], rows), *rest, *also, "", *three_sentences(shown)])


def strip(shown: Shown) -> list[tuple[str, str]]:
    """Return the strip under the lede: rows read, with a verdict, without, and how many are selected."""
    told = shown.manifest
    everyone = [r for r in rates(shown) if r["group_by"] == EVERYONE and r["value"] is not None][:1]
    counted = [(told["rows_read"], "rows read"), (told["n"], "with a verdict"), (told["unscored"], "without")]
    selected = [(wording.percent(r["value"]), label_of(shown, r)) for r in everyone]
    return [*((wording.number(n, 0), word) for n, word in counted), *selected]


def rates(shown: Shown) -> list[Row]:
    """Return the rates, everyone first, then grouping by grouping as they were asked for."""
    order = [EVERYONE, *shown.manifest["groups"]]
    found = [r for r in shown.best(measure="selection_rate") if r["group_by"] in order]
    return sorted(found, key=lambda r: (shown.outcomes(r["scheme"]).index(r["outcome"]), order.index(r["group_by"])))


def label_of(shown: Shown, row: Row) -> str:
    """Return what an outcome is called."""
    return str(shown.told(row["scheme"])["outcomes"][row["outcome"]]["label"])


def rates_table(shown: Shown) -> Table:
    """Return rates and ratios by group, with the test of each difference."""
    compact = compact_table(shown)
    *head, status = compact["head"]
    rows = []
    for r, (who, *told, short) in zip(rates(shown), compact["rows"], strict=True):
        test = shown.tests.get(tuple(r[c] for c in SAME), {})
        why = (shown.one(RATIO, r) or r)["note"] if short != "suppressed" else None
        told = [cell.replace(" to ", "\u00a0to\u00a0") for cell in told]
        rows.append(
            [who, *told, p_value(test.get("p")), p_value(test.get("p_adjusted")), f"{short}: {why}" if why else short]
        )
    text = (
        "Rates with Wilson intervals, ratios to the reference of each grouping with score intervals; of a small cell "
    )
    return Table("", f"{text}the intervals only.", [*head, "p", "p adjusted", status], rows, len(head) - 3)


def compact_table(shown: Shown) -> dict[str, Any]:
    """Return group, n, rate and ratio with their intervals, and status, as a terminal has room for."""
    several = len(dict.fromkeys(r["outcome"] for r in rates(shown))) > 1
    rows = []
    for r in rates(shown):
        by = "" if r["group_by"] == EVERYONE else f"{wording.attribute(r['group_by'])}: "
        also = [label_of(shown, r)] if several else []
        status = (shown.one(RATIO, r) or r)["status"]  # a ratio needs more than a rate does
        who = [f"{by}{wording.level(r['group'])}", *also, wording.number(r["n"], 0)]
        rows.append([*who, told_rate(r), told_ratio(shown, r), status])
    head = ["group", *(["outcome"] if several else []), "n", "rate (95%)", "ratio (95%)", "status"]
    return {"head": head, "rows": rows}


def told_rate(row: Row) -> str:
    """Write a rate with its interval, of a small cell the interval only."""
    low, high = (wording.number(None if row[c] is None else 100 * row[c], 1) for c in ("low", "high"))
    if row["value"] is None or row["low"] is None:
        return wording.percent(row["value"])
    interval = f"{low} to {high}"
    return f"{interval}%" if row["status"] == "small_cell" else f"{wording.percent(row['value'])} ({interval})"


def told_ratio(shown: Shown, rate: Row) -> str:
    """Write the ratio of a group with its interval, of a small cell the interval only; the reference says so."""
    row = shown.one(RATIO, rate)
    if row is None:
        references = {r["reference"] for r in shown.best(measure=RATIO, group_by=rate["group_by"])}
        return "reference" if rate["group"] in references else "–"
    if row["value"] is None:
        return "–"
    if row["low"] is None or row["high"] is None:
        return wording.number(row["value"])
    interval = f"{wording.number(row['low'])} to {wording.number(row['high'])}"
    return interval if row["status"] == "small_cell" else f"{wording.number(row['value'])} ({interval})"


def headlines(shown: Shown) -> list[Row]:
    """Return the comparisons that a sentence may name: what was declared first, and of that the widest."""
    found = [r for r in beside(shown.best(measure=RATIO)) if "unknown" not in r["group"].split("*")]
    firm = [r for r in sound(found) if r["value"] is not None and r["group_by"] in shown.manifest["groups"]]
    declared = {(claim["outcome"], claim["group"]) for claim in shown.manifest["primary"]}
    return sorted(firm, key=lambda r: ((r["outcome"], r["group_by"]) in declared, distance(r)), reverse=True)


def distance(row: Row) -> float:
    """Order ratios by how far they lie from 1, half as often and twice as often being alike."""
    value: float = row["value"]
    return max(value, 1 / value) if value > 0 else float("inf")


def three_sentences(shown: Shown) -> tuple[str, str, str]:
    """Say the widest gap, what a convention says of it and what would reverse it, and who is left out."""
    found = headlines(shown)
    cells = shown.best(measure="selection_rate")
    left_out = sentences.left_out(shown.manifest, sum(r["status"] == "small_cell" for r in cells))
    if not found:
        return incomparable(shown), "So no line and no convention says anything of them.", left_out
    row = found[0]
    gap = wording.ratio_finding(row, "The widest gap", label_of(shown, row))
    return gap, line_and_reversal(row, points_of(shown, row)), left_out


def incomparable(shown: Shown) -> str:
    """Say why no two groups can be compared."""
    told = shown.manifest["outcome"]
    shares = [r["value"] for r in rates(shown) if r["group_by"] == EVERYONE and r["outcome"] == told]
    ratios = shown.best(measure=RATIO)
    if shares in ([0.0], [1.0]):
        return f"{'Everybody' if shares == [1.0] else 'Nobody'} has “{told}”, so groups cannot be told apart by it."
    if ratios and all(r["status"] == "single_group" for r in ratios):
        return "Only one group has members, so there is nothing to compare it with."
    return "No two groups are large enough to be compared: every cell is small, undefined or left out."


def line_and_reversal(row: Row, points: Sequence[Row]) -> str:
    """Say in one sentence on which side of a line a ratio lies, and the nearest change that would reverse it."""
    line = sentences.ended(wording.line_of(row).rstrip(".").replace(": ", ", so "))
    told = sentences.nearest_first(points)
    if not told or told[0]["value"] is None:
        why = "nothing that was looked at would reverse it" if points else "what would reverse it was not looked at"
        return f"{line[:-1]}; {why}."
    return f"{line[:-1]}; {sentences.within(told[0]['note'])}."
