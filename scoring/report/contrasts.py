"""Charts of designs side by side: several marks on one line, flows between verdicts, and pairs of criteria."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any

import altair as alt
import polars as pl

from scoring.report import wording
from scoring.report.charts import GREY, INK, MUTE, PAPER, RULE, RUST, STEP, TEAL, WIDTH, Row, bounds, given, listed, svg

LOOKS = ((INK, "circle"), (TEAL, "diamond"), (RUST, "square"), (GREY, "triangle-up"), ("#d07f4b", "cross"))
VERDICTS = ("sanction", "neither", "reward")  # worst first
PANEL, LABEL = 170, 26  # the width of one pair of criteria, and the height of a label of two lines
BOUNDS = ("value", "low", "high")
BETTER, WORSE, ALIKE = "#d3e6e8", "#f3dccf", "#eceae3"


def dots(
    rows: Sequence[Row],
    names: Sequence[str],
    series: Sequence[str],
    identity: str,
    title: str,
    digits: int = 1,
    ratio: bool = False,
) -> str:
    """Draw one or more marks on the line of each name, one colour and shape a series, each with its bounds.

    Marks of small cells are hollow. A `ratio` stands on a log scale about 1, all else about 0.
    """
    known = [
        (name, of, r)
        for name, of, r in zip(names, series, rows, strict=True)
        if r["value"] is not None and (not ratio or r["value"] > 0)
    ]
    if not known:
        return ""
    order = list(dict.fromkeys(series))
    least = min(min(r["value"] for *_, r in known), 0.5) if ratio else None
    data = pl.DataFrame(
        {
            "name": [name for name, *_ in known],
            "series": [of for _, of, _ in known],
            "value": [float(r["value"]) for *_, r in known],
            "low": [r["low"] if r["low"] is None or least is None else max(r["low"], least / 2) for *_, r in known],
            "high": [r["high"] for *_, r in known],
            "sound": [r["status"] == "ok" for *_, r in known],
            "drawn": [r["uncertainty"] == "specification" for *_, r in known],
            "label": [wording.number(r["value"], digits) if r["status"] == "ok" else "" for *_, r in known],
        },
        schema_overrides={"low": pl.Float64, "high": pl.Float64},
    )
    looks = [LOOKS[i % len(LOOKS)] for i in range(len(order))]
    named: Any = alt.Legend(orient="top", title=None, direction="vertical", labelLimit=420, columns=1)
    legend = named if len(order) > 1 else None
    colour = alt.Color("series:N").scale(domain=order, range=[c for c, _ in looks]).legend(legend)
    shape = alt.Shape("series:N").scale(domain=order, range=[s for _, s in looks]).legend(legend)
    base = alt.Chart(data).encode(y=listed("name"), yOffset=alt.YOffset("series:N").sort(order))
    x = alt.X("value:Q").title(title).axis(tickCount=6, format="~g" if ratio else "~f")
    x = x.scale(type="log", nice=False) if ratio else x.scale(zero=False)
    marks = base.mark_point(size=60, strokeWidth=2)
    full = marks.transform_filter("datum.sound").encode(
        x=x, color=colour, shape=shape, fill=alt.Fill("series:N").scale(domain=order, range=[c for c, _ in looks])
    )
    hollow = marks.transform_filter("!datum.sound").encode(x=x, color=colour, shape=shape, fill=alt.value(PAPER))
    labels = base.mark_text(align="left", fontSize=11, color=INK).encode(x=alt.value(WIDTH + 6), text="label:N")
    at = alt.Chart(pl.DataFrame({"x": [1.0 if ratio else 0.0]})).mark_rule(color=INK).encode(x="x:Q")
    height = data["name"].n_unique() * max(STEP * 1.5, 21.0 * len(order))
    drawn = alt.layer(at, bounds(base, colour), full, hollow, labels)
    return svg(drawn.properties(width=WIDTH, height=height), identity)


def flow(rows: Sequence[Row], identity: str, old: str, new: str) -> str:
    """Draw how many of 10,000 go from which verdict to which; who fares alike stands on the diagonal."""
    found = {r["term"]: r for r in rows if r["value"] is not None}
    if not found:
        return ""
    table = []
    for i, before in enumerate(VERDICTS):
        for j, after in enumerate(VERDICTS):
            r = found.get(f"{before} → {after}")
            table.append(
                {
                    "from": before,
                    "to": after,
                    "fill": ALIKE if i == j else BETTER if j > i else WORSE,
                    "told": wording.number(1e4 * r["value"], 1) if r else "–",
                    "bounds": bounded(r) if r else "",
                    "way": "alike" if i == j else "▲ better" if j > i else "▼ worse",
                }
            )
    data = pl.DataFrame(table)
    base = alt.Chart(data).encode(
        x=alt.X("to:N").sort(list(VERDICTS)).title(f"under {new}").axis(orient="top", **OF_CELLS),
        y=alt.Y("from:N").sort(list(VERDICTS)).title(["under", *lines(old)]).axis(titleAngle=0, **ASIDE, **OF_CELLS),
    )
    cells = base.mark_rect(stroke=PAPER, strokeWidth=3).encode(fill=alt.Fill("fill:N").scale(None).legend(None))
    told = base.mark_text(fontSize=15, dy=-8, color=INK).encode(text="told:N")
    small = base.mark_text(fontSize=10.5, dy=9, color=MUTE).encode(text="bounds:N")
    way = base.mark_text(fontSize=10.5, dy=23, color=MUTE).encode(text="way:N")
    return svg((cells + told + small + way).properties(width=3 * 130, height=3 * 70), identity)


OF_CELLS: dict[str, Any] = {
    "ticks": False,
    "domain": False,
    "labelAngle": 0,
    "labelPadding": 8,
    "labelFontSize": 13,
    "titlePadding": 12,
}
ASIDE: dict[str, Any] = {"titleAlign": "right", "titleX": -80, "titleY": 105}


def lines(text: str, width: int = 18) -> list[str]:
    """Break a title into lines."""
    import textwrap

    return textwrap.wrap(text, width, break_on_hyphens=False)


def in_two(title: str) -> list[str]:
    """Break the title of a design before its brackets.

    >>> in_two("Hangzhou-like (assumed weights)"), in_two("Suining")
    (['Hangzhou-like', '(assumed weights)'], ['Suining'])
    """
    name, bracket, rest = title.partition(" (")
    return [name, f"({rest}"] if bracket else [name]


def bounded(row: Row) -> str:
    """Write the bounds of a share of 10,000."""
    if row["low"] is None or row["high"] is None:
        return ""
    return f"{wording.number(1e4 * row['low'], 1)} to {wording.number(1e4 * row['high'], 1)}"


def scatter(values: Mapping[str, Mapping[str, Row]], axes: Mapping[str, tuple[str, str]], identity: str) -> str:
    """Draw every two criteria against each other; each design is named beside its mark, crosses are bounds.

    `values` are by criterion and title of a design; `axes` tells, for each criterion, its titles along and up.
    """
    panels = [panel(values[across], values[up], axes[across][0], axes[up][1]) for across, up in combinations(values, 2)]
    panels = [one for one in panels if one is not None]
    if not panels:
        return ""
    return svg(alt.concat(*panels, columns=2, spacing={"row": 24, "column": 26}), identity)


def panel(across: Mapping[str, Row], up: Mapping[str, Row], x_title: str, y_title: str) -> Any:
    """Draw one pair of criteria, none where no two designs have both; names stand at the right, led to their marks."""
    both = [name for name in across if name in up and None not in (across[name]["value"], up[name]["value"])]
    if len(both) < 2:
        return None
    bounds_of = {f"{a}{c}": [r[n][c] for n in both] for a, r in (("x", across), ("y", up)) for c in BOUNDS}
    columns = {c: pl.Series(v, dtype=pl.Float64) for c, v in bounds_of.items()}
    domains = {a: span([columns[f"{a}{c}"] for c in BOUNDS]) for a in "xy"}
    looks = [LOOKS[list(across).index(name) % len(LOOKS)] for name in both]
    data = pl.DataFrame(
        {
            **columns,
            "name": ["\n".join(in_two(name)) for name in both],
            "at": spread(bounds_of["yvalue"], domains["y"]),
            "edge": [domains["x"][1]] * len(both),
            "drawn": [across[name]["uncertainty"] == "specification" for name in both],
            "colour": [colour for colour, _ in looks],
            "shape": [shape for _, shape in looks],
        }
    )
    x = (
        alt.X("xvalue:Q")
        .scale(domain=domains["x"], nice=False)
        .title(lines(x_title, 32))
        .axis(tickCount=4, format="~g")
    )
    y = (
        alt.Y("yvalue:Q")
        .scale(domain=domains["y"], nice=False)
        .title(lines(y_title, 32))
        .axis(tickCount=4, format="~g")
    )
    base, colour = alt.Chart(data), given("colour", alt.Color)
    leaders = base.mark_rule(color=RULE, strokeWidth=1).encode(x="xvalue:Q", x2="edge:Q", y=y, y2="at:Q")
    bars = []
    for drawn in (False, True):
        some = base.transform_filter(f"{'' if drawn else '!'}datum.drawn")
        rule = some.mark_rule(strokeWidth=1.5, strokeDash=[4, 3] if drawn else [1, 0])
        bars.append(rule.encode(x=alt.X("xlow:Q"), x2="xhigh:Q", y=y, color=colour))
        bars.append(rule.encode(y=alt.Y("ylow:Q"), y2="yhigh:Q", x=x, color=colour))
    marks = base.mark_point(size=55, filled=True).encode(x=x, y=y, color=colour, shape=given("shape"))
    words = base.mark_text(align="left", baseline="middle", fontSize=10.5, color=INK, lineBreak="\n")
    words = words.encode(x=alt.value(PANEL + 5), y="at:Q", text="name:N")
    return alt.layer(leaders, *bars, marks, words).properties(width=PANEL, height=PANEL)


def span(columns: Sequence[pl.Series]) -> list[float]:
    """Return the domain of an axis, with room about what is drawn."""
    drawn = [v for column in columns for v in column.drop_nulls()]
    low, high = min(drawn), max(drawn)
    room = 0.12 * (high - low) or 0.1 * abs(high) or 1.0
    return [low - room, high + room]


def spread(heights: Sequence[float], domain: Sequence[float]) -> list[float]:
    """Move labels apart until none lies on another and, where there is room, all stand beside the picture.

    >>> spread([0.0, 0.0, 100.0], [0.0, 170.0])
    [0.0, 26.0, 100.0]
    >>> spread([160.0, 165.0], [0.0, 170.0])
    [144.0, 170.0]
    """
    line = LABEL * (domain[1] - domain[0]) / PANEL
    moved, top = list(heights), float("inf")
    order = sorted(range(len(heights)), key=lambda i: heights[i])
    for below, i in zip([None, *order], order, strict=False):
        moved[i] = heights[i] if below is None else max(heights[i], moved[below] + line)
    for i in reversed(order):
        moved[i] = min(moved[i], domain[1] if top == float("inf") else top - line)
        top = moved[i]
    return moved


CHARTS: dict[str, Callable[..., str]] = {"dots": dots, "flow": flow, "scatter": scatter}
