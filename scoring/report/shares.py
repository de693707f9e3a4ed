"""Charts of shares and means by group: dots with their intervals, and bars that add up. Rows in, static SVG out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import altair as alt
import polars as pl

from scoring.report import wording
from scoring.report.charts import GREY, INK, PAPER, RUST, STEP, TEAL, WIDTH, Row, given, listed, svg

TAGS = {
    "now": ("now", TEAL),
    "waiting": ("only by waiting", "#8fc1c6"),
    "immutable": ("not at all", RUST),
    "others": ("lost by what others did", GREY),
}


def dots(
    rows: Sequence[Row], identity: str, names: Sequence[str], title: str, scale: float = 1, line: float | None = None
) -> str:
    """Draw values with their intervals, one row each; a hollow mark is a small cell, a rule at `line` is no difference.

    `scale` turns the value into what the axis says: 100 for per cent, which then runs from 0 to 100.
    """
    drawn = [(name, r) for name, r in zip(names, rows, strict=True) if r["value"] is not None]
    if not drawn:
        return ""
    digits = 0 if scale == 100 else 1
    data = pl.DataFrame(
        {
            "name": [name for name, _ in drawn],
            **{c: [None if r[c] is None else scale * r[c] for _, r in drawn] for c in ("value", "low", "high")},
            "label": [wording.number(scale * r["value"], digits) if r["status"] == "ok" else "" for _, r in drawn],
            "fill": [INK if r["status"] == "ok" else PAPER for _, r in drawn],
        },
        schema_overrides={"low": pl.Float64, "high": pl.Float64},
    )
    x = alt.X("value:Q").title(title).axis(tickCount=6)
    x = x.scale(domain=[0, 100], clamp=True) if scale == 100 else x
    base = alt.Chart(data).encode(y=listed("name"))
    bars = base.transform_filter("isValid(datum.low) && isValid(datum.high)").mark_rule(strokeWidth=2, color=INK)
    marks = base.mark_point(size=70, color=INK, strokeWidth=2).encode(x=x, fill=given("fill", alt.Fill))
    labels = base.mark_text(dy=-10, fontSize=11, color=INK).encode(x="value:Q", text="label:N")
    chart = bars.encode(x="low:Q", x2="high:Q") + marks + labels
    if line is not None:
        chart = alt.Chart(pl.DataFrame({"x": [line]})).mark_rule(color=INK).encode(x="x:Q") + chart
    step = STEP * (1.7 if any("\n" in name for name, _ in drawn) else 1.3)
    return svg(chart.properties(width=WIDTH, height=step * data.height), identity)


def tags(panels: Mapping[str, Sequence[Row]], identity: str) -> str:
    """Draw how the points that were lost split by what can be done about them, one bar a group; small cells are hollow.

    `panels` gives the rows of each way to count, beneath one another. Where all points are of one tag, or
    every cell is small, there is no picture.
    """
    drawn = {name: [r for r in rows if r["value"] is not None] for name, rows in panels.items()}
    charts = [stacked(rows, name) for name, rows in drawn.items() if rows]
    split = any(0 < r["value"] < 1 and r["status"] == "ok" for rows in drawn.values() for r in rows)
    return svg(alt.vconcat(*charts, spacing=22), identity) if charts and split else ""


def stacked(rows: Sequence[Row], name: str) -> alt.Chart:
    """Return the bars of one panel."""
    words = [word for word, _ in TAGS.values()]
    scale = alt.Scale(domain=words, range=[colour for _, colour in TAGS.values()])
    data = pl.DataFrame(
        {
            "group": [f"{wording.level(r['group'])} (n {wording.number(r['n'], 0)})" for r in rows],
            "tag": [TAGS[r["term"]][0] for r in rows],
            "rank": [list(TAGS).index(r["term"]) for r in rows],
            "share": [100.0 * r["value"] for r in rows],
            "sound": [1.0 if r["status"] == "ok" else 0.0 for r in rows],
        }
    ).filter(pl.col("share") > 0)
    legend = alt.Legend(orient="top", title=None, direction="horizontal")
    bars = alt.Chart(data).mark_bar(strokeWidth=1.4, height=15)
    return bars.encode(
        x=alt.X("share:Q").title("per cent of the points lost").scale(domain=[0, 100]),
        y=listed("group"),
        color=alt.Color("tag:N").scale(scale).legend(legend),
        stroke=alt.Stroke("tag:N").scale(scale).legend(None),
        fillOpacity=alt.FillOpacity("sound:Q").scale(None).legend(None),
        order="rank:Q",
    ).properties(
        width=WIDTH,
        height=STEP * data["group"].n_unique(),
        title=alt.Title(name, anchor="start", fontSize=12, fontWeight="normal", color=INK),
    )


CHARTS: dict[str, Callable[..., str]] = {"dots": dots, "tags": tags}
