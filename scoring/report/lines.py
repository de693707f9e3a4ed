"""Charts of curves by group, one panel a grouping: who can rise within so many months, how much a short text tells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import altair as alt
import polars as pl

from scoring.report import wording
from scoring.report.charts import INK, PAPER, SERIES, WIDTH, Row, svg

Panels = Mapping[str, Sequence[Row]]


def rising(panels: Panels, identity: str) -> str:
    """Draw the share of each group who can rise within so many months, as steps; hollow marks are small cells."""
    months = alt.X("at:Q").title("months of deeds and waiting (log scale)")
    return panelled(panels, identity, "term", months, "per cent who can", 100)


def depths(panels: Panels, identity: str) -> str:
    """Draw how well a tree of so many questions tells the score of each group; hollow marks are small cells."""
    questions = alt.X("at:Q").title("questions that a tree may ask")
    return panelled(panels, identity, "param", questions, "R²", 1)


def panelled(panels: Panels, identity: str, at: str, x: Any, title: str, scale: float) -> str:
    """Draw one panel a grouping, beneath one another, on the same axes; each line has its colour and its mark.

    `at` is the column of rows that holds where along the axis they lie.
    """
    drawn = {name: [r for r in rows if r["value"] is not None] for name, rows in panels.items()}
    drawn = {name: rows for name, rows in drawn.items() if rows}
    if not drawn:
        return ""
    ticks = sorted({int(r[at]) for rows in drawn.values() for r in rows})
    x = x.axis(values=ticks, format="~f").scale(type="log" if scale == 100 else "linear", nice=False)
    low = min(0.0, *(r["value"] for rows in drawn.values() for r in rows))
    y = alt.Y("value:Q").title(title).scale(domain=[scale * max(low, -1.0), scale], clamp=True).axis(tickCount=5)
    last = list(drawn)[-1]
    charts = [
        curve(rows, f"by {name}", at, x if name == last else x.title(None), y, scale) for name, rows in drawn.items()
    ]
    joined = alt.vconcat(*charts, spacing=14).resolve_scale(color="independent", shape="independent")
    return svg(joined, identity)


def curve(rows: Sequence[Row], name: str, at: str, x: Any, y: Any, scale: float) -> Any:
    """Return the lines of one panel."""
    data = pl.DataFrame(
        {
            "group": [wording.level(r["group"]) for r in rows],
            "at": [int(r[at]) for r in rows],
            "value": [scale * r["value"] for r in rows],
            "small": [r["status"] != "ok" for r in rows],
        }
    )
    groups = list(dict.fromkeys(data["group"]))
    colours = alt.Scale(domain=groups, range=(SERIES * len(groups))[: len(groups)])
    legend = alt.Legend(orient="right", title=None, labelLimit=200)
    base = alt.Chart(data).encode(x=x, y=y, color=alt.Color("group:N").scale(colours).legend(legend))
    marks = alt.Shape("group:N").scale(domain=groups).legend(legend)
    points = base.mark_point(size=46, filled=True).encode(shape=marks)
    hollow = base.transform_filter("datum.small").mark_point(size=46, fill=PAPER).encode(shape=marks)
    title = alt.Title(name, anchor="start", fontSize=12, fontWeight="normal", color=INK)
    lines = base.mark_line(interpolate="step-after") if at == "term" else base.mark_line()
    return (lines + points + hollow).properties(width=WIDTH, height=132, title=title)


CHARTS: dict[str, Callable[..., str]] = {"rising": rising, "depths": depths}
