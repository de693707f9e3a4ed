"""Charts of the same person next year and under other designs: rows in, static SVG out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import altair as alt
import polars as pl

from scoring.report import wording
from scoring.report.charts import GREY, INK, MUTE, PAPER, RUST, SERIES, STEP, TEAL, Row, given, listed, svg

ARROW = " → "  # in the term of a transition
HIGHER, LOWER, STAYS = "▲", "▼", ""
PANEL, ACROSS = 96, 480  # the width of one of several panels, and of all of them


def transitions(rows: Sequence[Row], identity: str, order: Sequence[str]) -> str:
    """Draw how many of those who stood in a state (rows) stand in which a year later (columns), worst state first.

    Shaded by the share; a mark tells who stands higher from who stands lower; a small cell is hollow and dashed.
    """
    drawn = [(*r["term"].split(ARROW), r) for r in rows]
    if not any(r["value"] is not None for *_, r in drawn):
        return ""
    at = {state: i for i, state in enumerate(order)}
    n = {a: r["n"] for a, _, r in drawn}
    data = pl.DataFrame(
        {
            "from": [f"{a} (n {wording.number(n[a], 0)})" for a, _, _ in drawn],
            "to": [b for _, b, _ in drawn],
            "i": [at[a] for a, _, _ in drawn],
            "j": [at[b] for _, b, _ in drawn],
            "share": [r["value"] for *_, r in drawn],
            "told": [cell(r, at[b] - at[a]) for a, b, r in drawn],
            "colour": [GREY if a == b else TEAL if at[b] > at[a] else RUST for a, b, _ in drawn],
            "sound": [r["status"] == "ok" for *_, r in drawn],
        },
        schema_overrides={"share": pl.Float64},
    )
    states = data["to"].n_unique()
    base = alt.Chart(data).encode(
        x=alt.X("to:N")
        .sort(field="j", order="ascending")
        .title("a year later")
        .axis(orient="top", labelAngle=0, ticks=False, domain=False, labelLimit=120),
        y=alt.Y("from:N")
        .sort(field="i", order="ascending")
        .title(None)
        .axis(ticks=False, domain=False, labelPadding=8),
    )
    full = base.transform_filter("datum.sound").mark_rect(stroke=PAPER, strokeWidth=2)
    full = full.encode(
        color=given("colour", alt.Color),
        opacity=alt.Opacity("share:Q").scale(domain=[0, 1], range=[0.1, 1]).legend(None),
    )
    hollow = base.transform_filter("!datum.sound").mark_rect(
        fill=PAPER, stroke=MUTE, strokeWidth=1.5, strokeDash=[4, 3]
    )
    dark = alt.condition("datum.sound && datum.share > 0.6", alt.value("#ffffff"), alt.value(INK))
    words = base.mark_text(fontSize=12).encode(text="told:N", color=dark)
    width = min(max(84 * states, 180), 440)
    return svg((full + hollow + words).properties(width=width, height=38 * data["from"].n_unique()), identity)


def cell(row: Row, step: int) -> str:
    """Write the share in one cell, with the way that it leads."""
    if row["value"] is None:
        return "–"
    told = wording.share(row["value"]) if row["status"] == "ok" else "small"
    way = HIGHER if step > 0 else LOWER if step < 0 else STAYS
    return f"{told} {way}".strip() if row["value"] else told


def remaining(rows: Sequence[Row], identity: str, order: Sequence[str]) -> str:
    """Draw, state by state, the share of each group that stands where it stood in the first year, year by year.

    The group of the first row is everyone; its last year is written out.
    """
    drawn = [r for r in rows if r["value"] is not None]
    firm = {r["term"] for r in drawn if r["status"] == "ok"}
    states = [state for state in order if state in firm]
    drawn = [r for r in drawn if r["term"] in states]
    if not drawn:
        return ""
    groups = list(dict.fromkeys(wording.level(r["group"]) for r in drawn))
    last = max(r["period"] for r in drawn)
    colours = [GREY if name == groups[0] else SERIES[i % len(SERIES)] for i, name in enumerate(groups, -1)]
    data = pl.DataFrame(
        {
            "group": [wording.level(r["group"]) for r in drawn],
            "state": [r["term"] for r in drawn],
            "later": [r["period"] for r in drawn],
            "share": [100 * r["value"] for r in drawn],
            "fill": [colours[groups.index(wording.level(r["group"]))] if r["status"] == "ok" else PAPER for r in drawn],
            "label": [wording.share(r["value"]) if r["status"] == "ok" else "small" for r in drawn],
        }
    )
    scale = alt.Scale(domain=groups, range=colours)
    legend = alt.Legend(orient="top", title=None, columns=3, labelLimit=220, symbolFillColor=PAPER)
    x = alt.X("later:O").title("years later").axis(labelAngle=0)
    y = alt.Y("share:Q").title("per cent still there").scale(domain=[-6, 106], nice=False)
    y = y.axis(values=[0, 25, 50, 75, 100])
    base = alt.Chart().encode(x=x, y=y, color=alt.Color("group:N").scale(scale).legend(legend))
    shape = alt.Shape("group:N").scale(domain=groups).legend(legend)
    lines, dots = base.mark_line(), base.mark_point(size=50).encode(shape=shape, fill=given("fill", alt.Fill))
    whole = base.transform_filter((alt.datum.later == last) & (alt.datum.group == groups[0]))
    words = whole.mark_text(align="left", dx=8, fontSize=11).encode(text="label:N", color=alt.value(INK))
    width = max(PANEL, min(200, ACROSS // len(states) - 28))
    picture = alt.layer(lines, dots, words, data=data).properties(width=width, height=150)
    column = alt.Facet("state:N").sort(states).title(None).header(labelFontSize=12, labelColor=INK)
    return svg(picture.facet(column, columns=4, spacing=28), identity)


def spans(pairs: Sequence[tuple[Row, Row]], identity: str, names: Sequence[str]) -> str:
    """Draw, for each group, the share under every design (diamond) and under one at least (circle), a line between."""
    drawn = [(name, *p) for name, p in zip(names, pairs, strict=True) if all(r["value"] is not None for r in p)]
    if not drawn:
        return ""
    ends: list[dict[str, Any]] = []
    for name, *pair in drawn:
        for row, shape, below in zip(pair, ("diamond", "circle"), (False, True), strict=True):
            colour = TEAL if row["polarity"] == "favourable" else RUST
            ok = row["status"] == "ok"
            ends.append(
                {
                    "name": name,
                    **{c: None if row[c] is None else 100 * row[c] for c in ("value", "low", "high")},
                    "shape": shape,
                    "colour": colour,
                    "fill": colour if ok else PAPER,
                    "label": wording.share(row["value"]) if ok else "",
                    "below": below,
                }
            )
    data = pl.DataFrame(ends, schema_overrides={"low": pl.Float64, "high": pl.Float64}, infer_schema_length=None)
    joined = data.group_by("name", "colour", maintain_order=True).agg(
        pl.col("value").min().alias("from"), pl.col("value").max().alias("to")
    )
    most = max(v for c in ("value", "high") for v in data[c].drop_nulls())
    x = alt.X("value:Q").title("per cent of those whom two or more such designs score").axis(tickCount=6)
    x = x.scale(domain=[-0.08 * most, 1.02 * most], nice=False)  # room for the label of a share near none
    y, colour = listed("name"), given("colour", alt.Color)
    link = (
        alt.Chart(joined).mark_rule(strokeWidth=1, strokeDash=[2, 3]).encode(y=y, x="from:Q", x2="to:Q", color=colour)
    )
    base = alt.Chart(data).encode(y=y, color=colour)
    bars = (
        base.transform_filter("isValid(datum.low) && isValid(datum.high)")
        .mark_rule(strokeWidth=3, opacity=0.35)
        .encode(x="low:Q", x2="high:Q")
    )
    dots = base.mark_point(size=70, strokeWidth=2).encode(x=x, shape=given("shape"), fill=given("fill", alt.Fill))
    words = [
        base.transform_filter(alt.datum.below == below)
        .mark_text(dy=13 if below else -10, fontSize=11)
        .encode(x="value:Q", text="label:N", color=alt.value(INK))
        for below in (False, True)
    ]
    chart = alt.layer(link, bars, dots, *words)
    return svg(chart.properties(width=320, height=STEP * 1.9 * joined.height), identity)


def turning(rows: Sequence[Sequence[Row | None]], identity: str, names: Sequence[str]) -> str:
    """Draw, for each kind of error, the share of verdicts that turn for the worse, and then that for the better.

    Each kind has three rows: any, worse, better; what turns in any way is written beside the bar.
    """
    parts: list[dict[str, Any]] = []
    labels: list[dict[str, Any]] = []
    for name, (any_, *ways) in zip(names, rows, strict=True):
        at = 0.0
        for way, row in zip(("worse", "better"), ways, strict=True):
            size = 100 * row["value"] if row and row["value"] is not None else 0.0
            parts.append({"name": name, "way": way, "from": at, "to": at + size})
            at += size
        if any_ is not None and any_["value"] is not None:
            told = [f"{m} {wording.share(r['value'])}" for m, r in zip((LOWER, HIGHER), ways, strict=True) if r]
            label = f"{wording.share(any_['value'])} ({', '.join(told)})" if any_["status"] == "ok" else "small"
            labels.append({"name": name, "at": at, "label": label})
    if not labels:
        return ""
    scale = alt.Scale(domain=["worse", "better"], range=[RUST, TEAL])
    y = listed("name")
    bars = alt.Chart(pl.DataFrame(parts)).mark_bar(height=14)
    bars = bars.encode(
        y=y,
        x=alt.X("from:Q").title("per cent of verdicts that turn").axis(tickCount=6),
        x2="to:Q",
        color=alt.Color("way:N").scale(scale).legend(orient="top", title=None, labelFontSize=12),
    )
    words = alt.Chart(pl.DataFrame(labels)).mark_text(align="left", dx=5, fontSize=11, color=INK)
    return svg(
        (bars + words.encode(y=y, x="at:Q", text="label:N")).properties(width=260, height=STEP * len(names)), identity
    )


CHARTS: dict[str, Callable[..., str]] = {
    "transitions": transitions,
    "remaining": remaining,
    "spans": spans,
    "turning": turning,
}
