"""Charts: rows in, static SVG out. A title states a finding elsewhere; here marks are drawn and labelled.

A chart is one function and one entry of CHARTS.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import altair as alt
import polars as pl

from scoring.report import wording

Row = Mapping[str, Any]

TEAL, RUST, GREY, INK, MUTE, RULE = "#00657a", "#b8431f", "#8a929a", "#1d2329", "#5f6b76", "#ddd8cc"
PAPER = "#fcfbf8"
SERIES = [RUST, TEAL, INK, GREY, "#d07f4b", "#8fc1c6"]
WORST_TO_BEST = ["#8e2d12", "#d07f4b", "#e8c9a3", "#8fc1c6", "#00657a", "#00434f"]
FONT = "sans-serif"  # laid out in one font, shown in the page's own: the style sheet sets it
WIDTH, LABELS, STEP = 360, 290, 24
LINES = ((0.8, "0.8"), (1.25, "1.25"))
SPARE = re.compile(  # a picture is one image with one name; its table says what the parts say
    r' (?:aria-label|aria-roledescription|aria-hidden|pointer-events|class|xmlns:xlink)="[^"]*"| role="graphics-\w+"'
    r'| opacity="1"| stroke-width="1"|<path d="[^"]*" display="none"/>|<path d="M0,0h[-.\d]+v[-.\d]+h-[.\d]+Z"/>'
)
GIVEN, FINER = re.compile(r'="[^"]*"'), re.compile(r"(\.\d\d)\d+")  # what an attribute is given; what no eye tells


def svg(chart: Any, identity: str) -> str:
    """Return a chart as SVG that takes the width of its figure and is named by its caption."""
    import vl_convert

    configured = chart.configure(font=FONT, padding={"left": 40, "right": 44, "top": 6, "bottom": 4}, background=PAPER)
    configured = configured.configure_view(stroke=None).configure_axis(
        labelFontSize=12,
        titleFontSize=12,
        titleFontWeight="normal",
        labelColor=INK,
        titleColor=MUTE,
        gridColor="#ece8de",
        domainColor=RULE,
        tickColor=RULE,
        labelLimit=LABELS,
        labelFlush=False,
    )
    configured = configured.configure_point(opacity=1).configure_legend(labelFontSize=12, columnPadding=28)
    text = vl_convert.vegalite_to_svg(configured.to_dict(validate=False))
    text = GIVEN.sub(lambda given: FINER.sub(r"\1", given.group()), SPARE.sub("", SPARE.sub("", text)))
    head = f'<svg role="img" aria-labelledby="{identity}-t {identity}-d" '
    return re.sub(r"^<svg ", head, text, count=1)


def forest(
    rows: Sequence[Row], identity: str, favourable: bool | None = None, names: Sequence[str] | None = None
) -> str:
    """Draw ratios to the reference with their intervals, on a log scale; hollow marks are small cells.

    A circle is of a favourable outcome, a square of an adverse one (`favourable` None: as each row says), a diamond
    pooled over strata. `names` stand for the groups; a name may have two lines.
    """
    named = zip(
        names or [f"{wording.level(r['group'])} (n {wording.number(r['n'], 0)})" for r in rows], rows, strict=True
    )
    drawn = [(name, r) for name, r in named if r["value"] is not None and 0 < r["value"] < float("inf")]
    if not drawn:
        return ""
    found = [r for _, r in drawn]
    low = min([0.5, *(max(r["low"], 0.05) for r in found if r["low"] is not None), *(r["value"] for r in found)])
    high = max([2.0, *(min(r["high"], 20) for r in found if r["high"] is not None), *(r["value"] for r in found)])
    good = [r["polarity"] == "favourable" if favourable is None else favourable for r in found]
    data = pl.DataFrame(
        {
            "group": [name for name, _ in drawn],
            "value": [r["value"] for r in found],
            "low": [max(r["low"], low) if r["low"] is not None else None for r in found],
            "high": [min(r["high"], high) if r["high"] is not None else None for r in found],
            "label": [wording.number(r["value"]) if r["status"] == "ok" else "" for r in found],
            "colour": [TEAL if one else RUST for one in good],
            "fill": [
                PAPER if r["status"] != "ok" else TEAL if one else RUST for r, one in zip(found, good, strict=True)
            ],
            "drawn": [r["uncertainty"] == "specification" for r in found],
            "shape": [
                "diamond" if r["measure"].startswith("pooled") else "circle" if one else "square"
                for r, one in zip(found, good, strict=True)
            ],
        },
        schema_overrides={"low": pl.Float64, "high": pl.Float64},
    )
    colour = given("colour", alt.Color)
    ticks = [t for t in (0.05, 0.1, 0.25, 0.5, 0.8, 1, 1.25, 2, 4, 8, 16) if low <= t <= high]
    x = alt.X("value:Q").scale(type="log", domain=[low, high], nice=False)
    x = x.title("times as often as the reference group (log scale)").axis(values=ticks, format="~g")
    base = alt.Chart(data).encode(y=listed("group"))
    lines = (
        alt.Chart(pl.DataFrame({"x": [v for v, _ in LINES]})).mark_rule(strokeDash=[3, 3], color=MUTE).encode(x="x:Q")
    )
    one = alt.Chart(pl.DataFrame({"x": [1.0]})).mark_rule(color=INK).encode(x="x:Q")
    bars = bounds(base, colour)
    dots = base.mark_point(size=70, strokeWidth=2).encode(
        x=x, color=colour, shape=given("shape"), fill=given("fill", alt.Fill)
    )
    labels = base.mark_text(dy=-9, fontSize=11, color=INK).encode(x=alt.X("value:Q"), text="label:N")
    height = STEP * (1.75 if any("\n" in name for name, _ in drawn) else 1.25) * data.height
    return svg((lines + one + bars + dots + labels).properties(width=WIDTH, height=height), identity)


def bounds(base: Any, colour: Any) -> Any:
    """Draw bounds as bars; a range over draws, where `drawn` holds, is dashed, for it is no interval."""
    known = base.transform_filter("isValid(datum.low) && isValid(datum.high)")
    return alt.layer(
        *(
            known.transform_filter(f"{'' if drawn else '!'}datum.drawn")
            .mark_rule(strokeWidth=2, strokeDash=[4, 3] if drawn else [1, 0])
            .encode(x=alt.X("low:Q"), x2="high:Q", color=colour)
            for drawn in (False, True)
        )
    )


def given(column: str, channel: Any = alt.Shape) -> Any:
    """Return a channel whose column already holds what is drawn: a colour, or a shape."""
    return channel(f"{column}:N").scale(None).legend(None)


def listed(column: str) -> Any:
    """Return the axis that lists what is drawn, in the order of its rows; a name may have two lines."""
    axis = alt.Axis(ticks=False, domain=False, labelPadding=8, labelExpr="split(datum.label, '\\n')")
    return alt.Y(f"{column}:N").sort(None).title(None).axis(axis)


def bands(rows: Sequence[Row], identity: str, order: Sequence[str]) -> str:
    """Draw the share of each band by group, stacked from worst to best; an undefined share is left out."""
    rows = [r for r in rows if r["value"] is not None]
    if not rows:
        return ""
    data = pl.DataFrame(
        {
            "group": [wording.level(r["group"]) for r in rows],
            "band": [r["term"] for r in rows],
            "share": [100.0 * r["value"] for r in rows],
            "rank": [order.index(r["term"]) for r in rows],
        }
    )
    colours = (
        WORST_TO_BEST
        if len(order) == 6
        else [WORST_TO_BEST[round(i * 5 / max(len(order) - 1, 1))] for i in range(len(order))]
    )
    chart = (
        alt.Chart(data)
        .mark_bar(stroke=PAPER, strokeWidth=0.6)
        .encode(
            x=alt.X("share:Q").title("per cent of scored persons").scale(domain=[0, 100]),
            y=alt.Y("group:N").sort(None).title(None).axis(ticks=False, domain=False, labelPadding=8),
            color=alt.Color("band:N")
            .scale(domain=list(order), range=colours)
            .legend(orient="top", title=None, direction="horizontal", labelFontSize=12),
            order="rank:Q",
        )
        .properties(width=WIDTH, height=STEP * 1.3 * data["group"].n_unique())
    )
    return svg(chart, identity)


def waterfall(rows: Sequence[Row], identity: str, names: Mapping[str, str]) -> str:
    """Draw the gap in mean points rule by rule, each bar starting where the last one ended, down to the total."""
    parts = sorted((r for r in rows if r["term"] != "total" and r["value"]), key=lambda r: r["value"])
    total = next((r["value"] for r in rows if r["term"] == "total"), None)
    if not parts or total is None:
        return ""
    at, table = 0.0, []
    for row in parts:
        table.append(
            {
                "rule": names.get(row["term"], row["term"]),
                "from": at,
                "to": at + row["value"],
                "points": row["value"],
                "kind": "total",
            }
        )
        table[-1]["kind"] = "loses" if row["value"] < 0 else "gains"
        at += row["value"]
    table.append({"rule": "gap in mean points", "from": 0.0, "to": total, "points": total, "kind": "total"})
    for row in table:
        row["label"] = wording.number(row["points"])
        row["end"] = max(row["from"], row["to"])
    data = pl.DataFrame(table)
    scale = alt.Scale(domain=["loses", "gains", "total"], range=[RUST, TEAL, GREY])
    y = alt.Y("rule:N").sort(None).title(None).axis(ticks=False, domain=False, labelPadding=8)
    bars = (
        alt.Chart(data)
        .mark_bar(height=13)
        .encode(
            y=y,
            x=alt.X("from:Q").title("points, group minus reference"),
            x2="to:Q",
            color=alt.Color("kind:N").scale(scale).legend(None),
        )
    )
    labels = (
        alt.Chart(data).mark_text(align="left", dx=4, fontSize=11, color=INK).encode(y=y, x="end:Q", text="label:N")
    )
    zero = alt.Chart(pl.DataFrame({"x": [0.0]})).mark_rule(color=INK).encode(x="x:Q")
    return svg((zero + bars + labels).properties(width=WIDTH, height=STEP * data.height), identity)


def errors(rows: Sequence[Row], identity: str) -> str:
    """Draw error rates against the simulated-harm threshold tau."""
    drawn = [r for r in rows if r["value"] is not None]
    if not drawn:
        return ""
    data = pl.DataFrame(
        {
            "tau": [int(r["param"].removeprefix("tau=")) for r in drawn],
            "rate": [100 * r["value"] for r in drawn],
            "kind": [
                {"false_positive_rate": "sanctioned below tau", "false_negative_rate": "passed over at or above tau"}[
                    r["measure"]
                ]
                for r in drawn
            ],
            "label": [wording.percent(r["value"]) for r in drawn],
        }
    )
    kinds = alt.Scale(domain=["sanctioned below tau", "passed over at or above tau"], range=[RUST, GREY])
    base = alt.Chart(data).encode(
        x=alt.X("tau:O").title("simulated harm of at least tau").axis(labelAngle=0),
        y=alt.Y("rate:Q").title("per cent").scale(domain=[0, 100]),
        color=alt.Color("kind:N").scale(kinds).legend(orient="top", title=None, labelLimit=300, labelFontSize=12),
    )
    marks = base.mark_line() + base.mark_point(size=50, filled=True).encode(shape=alt.Shape("kind:N").legend(None))
    labels = base.mark_text(dy=-10, fontSize=11).encode(text="label:N", color=alt.value(INK))
    return svg((marks + labels).properties(width=WIDTH, height=170), identity)


def years(lists: Mapping[str, Sequence[Row]], identity: str) -> str:
    """Draw the share of subjects on each list in each year; each line ends in its number and its mark."""
    rows = [(title, r) for title, found in lists.items() for r in found if r["value"] is not None]
    if not rows:
        return ""
    data = pl.DataFrame(
        {
            "list": [title for title, _ in rows],
            "year": [r["period"] + 1 for _, r in rows],
            "share": [100 * r["value"] for _, r in rows],
            "label": [wording.percent(r["value"]) for _, r in rows],
        }
    )
    titles = list(lists)
    colours = alt.Scale(domain=titles, range=(SERIES * len(titles))[: len(titles)])
    base = alt.Chart(data).encode(
        x=alt.X("year:O").title("year").axis(labelAngle=0),
        y=alt.Y("share:Q").title("per cent on the list").scale(zero=True),
        color=alt.Color("list:N").scale(colours).legend(orient="top", title=None, columns=1, labelLimit=340),
    )
    shape = alt.Shape("list:N").sort(titles).legend(None)
    marks = base.mark_line() + base.mark_point(size=55, filled=True).encode(shape=shape)
    ends = base.transform_filter((alt.datum.year == 1) | (alt.datum.year == data["year"].max()))
    labels = ends.mark_text(dy=-10, fontSize=11).encode(text="label:N", color=alt.value(INK))
    return svg((marks + labels).properties(width=WIDTH, height=200), identity)


def pivotal(rows: Sequence[Row], identity: str) -> str:
    """Draw, by record type, the share of persons whose verdict turns on one record of it."""
    drawn = sorted((r for r in rows if r["value"]), key=lambda r: -r["value"])[:12]
    if not drawn:
        return ""
    data = pl.DataFrame(
        {
            "record": ["any record" if r["term"] == "any" else r["term"].replace("_", " ") for r in drawn],
            "share": [100 * r["value"] for r in drawn],
            "label": [wording.percent(r["value"], 2) for r in drawn],
        }
    )
    y = alt.Y("record:N").sort(None).title(None).axis(ticks=False, domain=False, labelPadding=8)
    bars = (
        alt.Chart(data)
        .mark_bar(height=13, color=GREY)
        .encode(y=y, x=alt.X("share:Q").title("per cent of scored persons"))
    )
    labels = (
        alt.Chart(data).mark_text(align="left", dx=4, fontSize=11, color=INK).encode(y=y, x="share:Q", text="label:N")
    )
    return svg((bars + labels).properties(width=WIDTH, height=STEP * data.height), identity)


CHARTS: dict[str, Callable[..., str]] = {
    "forest": forest,
    "bands": bands,
    "waterfall": waterfall,
    "errors": errors,
    "pivotal": pivotal,
    "years": years,
}
