"""Charts of scores, of what remains among the alike, and of crossed groups: rows in, static SVG out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import altair as alt
import polars as pl

from scoring.report import wording
from scoring.report.charts import (
    GREY,
    INK,
    LINES,
    MUTE,
    PAPER,
    RULE,
    RUST,
    SERIES,
    STEP,
    TEAL,
    WIDTH,
    Row,
    given,
    listed,
    svg,
)

WIDEST = 20.0  # ratios are drawn from a twentieth to twenty times; the table has what lies beyond
RUNGS = {
    "M0": "nothing held alike",
    "M1": "alike in simulated conduct",
    "M2": "alike in records",
    "M3": "alike in the declared strata",
}
RUNG = {"M0": (GREY, "circle"), "M1": (TEAL, "diamond"), "M2": (RUST, "square"), "M3": (INK, "triangle-up")}


def chance(rows: Sequence[Row], nulls: Sequence[float], names: Sequence[str], identity: str) -> str:
    """Draw the widest difference within each grouping as a dot against the shaded range that chance alone makes."""
    drawn = [(n, r, null) for n, r, null in zip(names, rows, nulls, strict=True) if r["value"] is not None]
    if not drawn:
        return ""
    data = pl.DataFrame(
        {
            "name": [name for name, _, _ in drawn],
            "value": [100 * r["value"] for _, r, _ in drawn],
            "null": [100 * null for _, _, null in drawn],
            "start": [0.0] * len(drawn),
            "label": [wording.number(100 * r["value"], 1) if r["status"] == "ok" else "" for _, r, _ in drawn],
            "fill": [INK if r["status"] == "ok" else PAPER for _, r, _ in drawn],
            "shape": ["diamond" if r["value"] > null else "circle" for _, r, null in drawn],
        }
    )
    base = alt.Chart(data).encode(y=listed("name"))
    shade = base.mark_bar(height=15, color=RULE).encode(
        x=alt.X("start:Q").title("points between the highest and the lowest rate").axis(tickCount=6),
        x2="null:Q",
    )
    edge = base.mark_tick(color=MUTE, thickness=2, height=15).encode(x="null:Q")
    dots = base.mark_point(size=70, color=INK, strokeWidth=2).encode(
        x="value:Q", shape=given("shape"), fill=given("fill", alt.Fill)
    )
    labels = base.mark_text(dy=-10, fontSize=11, color=INK).encode(x="value:Q", text="label:N")
    return svg((shade + edge + dots + labels).properties(width=WIDTH, height=STEP * 1.75 * data.height), identity)


def named(outcome: str, cut: float) -> str:
    """Name a cut by its outcome and where it lies; an outcome of a table names its cut itself.

    >>> named("commended", 970), named("decile >= 5", 5)
    ('commended 970', 'decile >= 5')
    """
    at = wording.number(cut, 0 if cut % 1 == 0 else 2)
    itself = f" {int(cut) if cut % 1 == 0 else float(cut)}"
    return outcome if outcome.endswith(itself) else f"{outcome} {at}".strip()


def threshold(rows: Sequence[Row], identity: str, cuts: Sequence[tuple[str, float]]) -> str:
    """Draw a ratio over every cut with its simultaneous band; the cuts that decide are marked, gaps stay gaps."""
    table: list[dict[str, Any]] = []
    run = 0
    for r in sorted(rows, key=lambda r: float(r["term"])):
        if r["value"] is None or not 1 / WIDEST <= r["value"] <= WIDEST:
            run += 1
            continue
        low, high = (None if r[c] is None else min(max(r[c], 1 / WIDEST), WIDEST) for c in ("low", "high"))
        fill = INK if r["status"] == "ok" else PAPER
        table.append({"cut": float(r["term"]), "value": r["value"], "low": low, "high": high, "run": run, "fill": fill})
    if not table:
        return ""
    data = pl.DataFrame(table, schema_overrides={"low": pl.Float64, "high": pl.Float64}, infer_schema_length=None)
    values = [v for c in ("value", "low", "high") for v in data[c].drop_nulls()]
    low, high = min(0.5, *values), max(2.0, *values)
    ticks = [t for t in (0.05, 0.1, 0.25, 0.5, 0.8, 1, 1.25, 2, 4, 8, 16) if low <= t <= high]
    span = [min(one["cut"] for one in table), max(one["cut"] for one in table)]
    base = alt.Chart(data).encode(
        x=alt.X("cut:Q").title("cut").scale(zero=False, nice=False).axis(tickCount=6), detail="run:N"
    )
    y = alt.Y("value:Q").title("times as often below the cut").axis(values=ticks, format="~g")
    y = y.scale(type="log", domain=[low, high], nice=False)
    band = base.transform_filter("isValid(datum.low) && isValid(datum.high)").mark_area(color=RULE, opacity=0.8)
    band = band.encode(y=alt.Y("low:Q"), y2="high:Q")
    line = base.mark_line(color=INK, strokeWidth=2).encode(y=y)
    dots = base.mark_point(size=14, color=INK).encode(y="value:Q", fill=given("fill", alt.Fill))
    convention = (
        alt.Chart(pl.DataFrame({"y": [v for v, _ in LINES]})).mark_rule(strokeDash=[3, 3], color=MUTE).encode(y="y:Q")
    )
    one = alt.Chart(pl.DataFrame({"y": [1.0]})).mark_rule(color=INK).encode(y="y:Q")
    chart = convention + one + band + line + dots
    marked = [(told.replace("_", " "), cut) for told, cut in cuts if span[0] <= cut <= span[1]]
    if marked:
        at = pl.DataFrame(
            {
                "cut": [cut for _, cut in marked],
                "label": [named(told, cut) for told, cut in marked],
                "row": [-6 - 13 * (i % 3) for i in range(len(marked))],
            }
        )
        rules = alt.Chart(at).mark_rule(color=RUST, strokeWidth=2, strokeDash=[6, 2]).encode(x="cut:Q")
        words = [
            alt.Chart(at.slice(i, 1))
            .mark_text(fontSize=11, color=RUST, baseline="bottom")
            .encode(x="cut:Q", y=alt.value(at["row"][i]), text="label:N")
            for i in range(at.height)
        ]
        chart = alt.layer(chart, rules, *words)
    return svg(chart.properties(width=WIDTH + 120, height=220), identity)


def calibration(rows: Sequence[Row], identity: str, truth: str) -> str:
    """Draw how often each group reaches the truth, score step by score step; each line has its own mark."""
    drawn = [r for r in rows if r["value"] is not None]
    if not drawn:
        return ""
    data = pl.DataFrame(
        {
            "group": [wording.level(r["group"]) for r in drawn],
            "step": [float(r["term"]) for r in drawn],
            "rate": [100 * r["value"] for r in drawn],
            "small": [r["status"] != "ok" for r in drawn],
        }
    )
    groups = list(dict.fromkeys(data["group"]))
    colours = alt.Scale(domain=groups, range=(SERIES * len(groups))[: len(groups)])
    legend = alt.Legend(orient="top", title=None, columns=2, labelLimit=220)
    base = alt.Chart(data).encode(
        x=alt.X("step:Q")
        .title("step of the score, lowest first")
        .scale(zero=False)
        .axis(tickMinStep=1, tickCount=10, format="~f"),
        y=alt.Y("rate:Q").title(f"per cent with {truth}").scale(zero=True),
        color=alt.Color("group:N").scale(colours).legend(legend),
    )
    shape = alt.Shape("group:N").scale(domain=groups).legend(legend)
    dots = base.mark_point(size=50, filled=True).encode(shape=shape)
    hollow = base.transform_filter("datum.small").mark_point(size=50, fill=PAPER).encode(shape=shape)
    return svg((base.mark_line() + dots + hollow).properties(width=WIDTH + 120, height=220), identity)


def ladder(rows: Sequence[Row], identity: str) -> str:
    """Draw what remains of each group's difference on each rung: one mark a rung, its interval beside it."""
    drawn = [r for r in rows if r["value"] is not None]
    if not drawn:
        return ""
    several = len({r["group"] for r in drawn}) > 1
    data = pl.DataFrame(
        {
            "name": [
                f"{wording.level(r['group'])}\n{r['param']} {RUNGS[r['param']]}"
                if several
                else f"{r['param']} {RUNGS[r['param']]}"
                for r in drawn
            ],
            "value": [100 * r["value"] for r in drawn],
            "low": [None if r["low"] is None else 100 * r["low"] for r in drawn],
            "high": [None if r["high"] is None else 100 * r["high"] for r in drawn],
            "label": [wording.number(100 * r["value"], 2) if r["status"] == "ok" else "" for r in drawn],
            "colour": [RUNG[r["param"]][0] for r in drawn],
            "shape": [RUNG[r["param"]][1] for r in drawn],
            "fill": [RUNG[r["param"]][0] if r["status"] == "ok" else PAPER for r in drawn],
        },
        schema_overrides={"low": pl.Float64, "high": pl.Float64},
    )
    colour = given("colour", alt.Color)
    base = alt.Chart(data).encode(y=listed("name"))
    x = alt.X("value:Q").title("points more often than the reference group").axis(tickCount=6)
    bars = (
        base.transform_filter("isValid(datum.low) && isValid(datum.high)")
        .mark_rule(strokeWidth=2)
        .encode(x=alt.X("low:Q"), x2="high:Q", color=colour)
    )
    dots = base.mark_point(size=80, strokeWidth=2).encode(
        x=x, color=colour, shape=given("shape"), fill=given("fill", alt.Fill)
    )
    labels = base.mark_text(dy=-10, fontSize=11, color=INK).encode(x="value:Q", text="label:N")
    zero = alt.Chart(pl.DataFrame({"x": [0.0]})).mark_rule(color=INK).encode(x="x:Q")
    step = STEP * (1.7 if several else 1.3)
    return svg((zero + bars + dots + labels).properties(width=WIDTH, height=step * data.height), identity)


def heat(rows: Sequence[Row], identity: str, across: Mapping[str, str], favourable: bool) -> str:
    """Draw the rate of every crossed group with its n; small cells are hollow and dashed, left-out ones say so.

    `across` gives the names of the two attributes, of the rows and of the columns.
    """
    split = [(*r["group"].split("*"), r) for r in rows]
    if not split or not any(r["value"] is not None for *_, r in split):
        return ""
    name = type(rows[0]["group"])  # a table's own names stay its own
    data = pl.DataFrame(
        {
            "row": [wording.level(name(a)) for a, _, _ in split],
            "column": [wording.level(name(b)) for _, b, _ in split],
            "rate": [None if r["value"] is None else 100 * r["value"] for *_, r in split],
            "told": [
                wording.share(r["value"]) if r["status"] == "ok" else "small" if r["value"] is not None else "–"
                for *_, r in split
            ],
            "n": [f"n {wording.number(r['n'], 0)}" if r["n"] is not None else "left out" for *_, r in split],
            "sound": [r["status"] == "ok" for *_, r in split],
        },
        schema_overrides={"rate": pl.Float64},
    )
    most = max([v for v, ok in zip(data["rate"], data["sound"], strict=True) if ok and v is not None], default=1.0)
    ramp = [PAPER, TEAL if favourable else RUST]
    columns = data["column"].n_unique()
    base = alt.Chart(data).encode(
        x=alt.X("column:N")
        .sort(None)
        .title(across["column"])
        .axis(orient="top", labelAngle=0 if columns < 5 else -35, ticks=False, domain=False, labelLimit=120),
        y=alt.Y("row:N")
        .sort(None)
        .title(across["row"])
        .axis(ticks=False, domain=False, labelPadding=8, titlePadding=30),
    )
    full = base.transform_filter("datum.sound").mark_rect(stroke=PAPER, strokeWidth=2)
    full = full.encode(
        color=alt.Color("rate:Q").scale(domain=[0, most or 1.0], range=ramp, interpolate="rgb").legend(None)
    )
    hollow = base.transform_filter("!datum.sound").mark_rect(
        fill=PAPER, stroke=MUTE, strokeWidth=1.5, strokeDash=[4, 3]
    )
    dark = alt.condition(f"datum.sound && datum.rate > {0.75 * most}", alt.value("#ffffff"), alt.value(INK))
    rates = base.mark_text(dy=-7, fontSize=12).encode(text="told:N", color=dark)
    counted = base.mark_text(dy=9, fontSize=10.5).encode(text="n:N", color=dark)
    width = min(max(80 * columns, 160), WIDTH + 80)
    chart = (full + hollow + rates + counted).properties(width=width, height=44 * data["row"].n_unique())
    return svg(chart, identity)


CHARTS: dict[str, Callable[..., str]] = {
    "chance": chance,
    "threshold": threshold,
    "calibration": calibration,
    "ladder": ladder,
    "heat": heat,
}
