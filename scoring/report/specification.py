"""Charts of the multiverse: what a comparison says in every universe, how many agree, and which choice moves it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import altair as alt
import polars as pl

from scoring.report import wording
from scoring.report.charts import GREY, INK, LINES, MUTE, PAPER, RULE, RUST, STEP, TEAL, WIDTH, Row, given, listed, svg

MOST = 200  # universes of one picture; its table says how many there are
ACROSS = 330
WORDED, TOLD = 30, 10  # per cent from which on a part of a bar has room for words, and for its number
MOST_CHOICES = 8  # of one factor; with more its dots are left out
CONCLUSIONS = {  # how each is drawn: by colour, by shape, and filled or not
    "adverse": (RUST, "square", RUST),
    "no evidence": (GREY, "diamond", PAPER),
    "favourable": (TEAL, "circle", TEAL),
    "undefined": (MUTE, "cross", PAPER),
}
Choices = Mapping[str, str]


def curve(
    rows: Sequence[Row],
    identity: str,
    choices: Sequence[Choices],
    conclusions: Sequence[str],
    declared: Sequence[float],
    scale: tuple[str, float],
) -> str:
    """Draw every universe by its estimate, with its interval, and beneath it which choices it makes.

    One row a universe, in the order of their estimates, with its choices and its conclusion; `declared` is what the
    comparison says as declared; `scale` names the axis and tells by how much an estimate is multiplied. A ratio is on
    a log scale.
    """
    if not rows:
        return ""
    ratio = rows[0]["method"].partition(",")[0].endswith("_ratio")
    title, times = scale
    values = [
        times * v for r in rows for v in (r["value"], r["low"], r["high"]) if v is not None and (v > 0 or not ratio)
    ]
    if not values:
        return ""
    low, high = min(values), max(values)
    if ratio:
        low, high = max(min(low, 0.75), 0.05), min(max(high, 1.35), 20.0)
    bounds = [[None if r[c] is None else min(max(times * r[c], low), high) for r in rows] for c in ("low", "high")]
    data = pl.DataFrame(
        {
            "at": list(range(1, len(rows) + 1)),
            "value": [min(max(times * r["value"], low), high) for r in rows],
            "low": bounds[0],
            "high": bounds[1],
            "conclusion": list(conclusions),
            "colour": [CONCLUSIONS[c][0] for c in conclusions],
            "shape": [CONCLUSIONS[c][1] for c in conclusions],
            "fill": [CONCLUSIONS[c][2] for c in conclusions],
        },
        schema_overrides={"low": pl.Float64, "high": pl.Float64},
    )
    place = alt.Scale(domain=[0, len(rows) + 1], nice=False)
    size = max(12, min(60, 2400 // len(rows)))
    base = alt.Chart(data).encode(x=alt.X("at:Q").scale(place).axis(None), color=given("colour", alt.Color))
    y = alt.Y("value:Q").title(title)
    ticks = [t for t in (0.05, 0.1, 0.25, 0.5, 0.8, 1, 1.25, 2, 4, 8, 16) if low <= t <= high]
    y = (
        y.scale(type="log", domain=[low, high], nice=False).axis(values=ticks, format="~g", minExtent=46)
        if ratio
        else y.scale(domain=[min(low, 0), max(high, 0)]).axis(tickCount=5, minExtent=46)
    )
    bars = (
        base.transform_filter("isValid(datum.low) && isValid(datum.high)")
        .mark_rule(strokeWidth=1, opacity=0.7)
        .encode(y=alt.Y("low:Q"), y2="high:Q")
    )
    dots = base.mark_point(size=size, strokeWidth=1.5).encode(y=y, shape=given("shape"), fill=given("fill", alt.Fill))
    above = alt.layer(
        *level_lines(ratio), bars, dots, *as_declared([times * v for v in declared], len(rows), (low, high))
    )
    above = above.properties(width=ACROSS, height=190)
    table = panel(choices, data)
    if table.is_empty():
        return svg(above, identity)
    names = list(dict.fromkeys(table["choice"]))
    beneath = (
        alt.Chart(table)
        .mark_point(size=min(size, 34), strokeWidth=1.2)
        .encode(
            x=alt.X("at:Q").scale(place).axis(None),
            y=alt.Y("choice:N")
            .sort(names)
            .title(None)
            .axis(ticks=False, domain=False, grid=True, labelPadding=6, labelFontSize=11),
            color=given("colour", alt.Color),
            shape=given("shape"),
            fill=given("fill", alt.Fill),
        )
        .properties(width=ACROSS, height=17 * len(names))
    )
    return svg(alt.vconcat(above, beneath, spacing=10), identity)


def level_lines(ratio: bool) -> list[alt.Chart]:
    """Return the line of no difference, and of a ratio those of the convention."""
    level = alt.Chart(pl.DataFrame({"y": [1.0 if ratio else 0.0]})).mark_rule(color=INK).encode(y="y:Q")
    if not ratio:
        return [level]
    dashed = alt.Chart(pl.DataFrame({"y": [v for v, _ in LINES]}))
    return [dashed.mark_rule(strokeDash=[3, 3], color=MUTE).encode(y="y:Q"), level]


def as_declared(values: Sequence[float], universes: int, bounds: tuple[float, float]) -> list[alt.Chart]:
    """Return the line of what the comparison says as declared, where it says one thing."""
    if len(values) != 1 or not bounds[0] <= values[0] <= bounds[1]:
        return []
    at = alt.Chart(pl.DataFrame({"y": [values[0]], "x": [universes + 1], "told": [wording.number(values[0])]}))
    line = at.mark_rule(color=INK, strokeDash=[8, 3], strokeWidth=1).encode(y="y:Q")
    words = at.mark_text(align="left", dx=5, fontSize=11, color=INK, lineBreak="\n")
    return [line, words.encode(x="x:Q", y="y:Q", text="told:N")]


def panel(choices: Sequence[Choices], data: pl.DataFrame) -> pl.DataFrame:
    """Return one row for each choice of each universe; factors of one choice, or of too many, are left out."""
    levels: dict[str, dict[str, None]] = {}
    for made in choices:
        for factor, choice in made.items():
            levels.setdefault(factor, {})[choice] = None
    names = {
        (factor, choice): f"{factor}: {choice}"
        for factor, found in levels.items()
        if 1 < len(found) <= MOST_CHOICES
        for choice in sorted(found, key=in_order)
    }
    rows: list[dict[str, Any]] = [
        {"at": at, "choice": name, "colour": colour, "shape": shape, "fill": fill}
        for (factor, choice), name in names.items()
        for at, colour, shape, fill, made in zip(
            data["at"], data["colour"], data["shape"], data["fill"], choices, strict=True
        )
        if made.get(factor) == choice
    ]
    return pl.DataFrame(rows)


def in_order(choice: str) -> tuple[bool, float, str]:
    """Order choices: numbers by their size, words as they are spelt."""
    try:
        return (False, float(choice), "")
    except ValueError:
        return (True, 0.0, choice)


def conclusions(shares: Sequence[Mapping[str, float]], identity: str, names: Sequence[str]) -> str:
    """Draw, for each comparison, the share of universes that conclude each way, as one bar."""
    rows = [
        {"name": name, "conclusion": which, "share": 100 * found[which], "rank": i, "from": 100 * start(found, i)}
        for name, found in zip(names, shares, strict=True)
        for i, which in enumerate(CONCLUSIONS)
        if found.get(which)
    ]
    if not rows:
        return ""
    data = pl.DataFrame(rows).with_columns(
        pl.struct("conclusion", "share").map_elements(label, return_dtype=pl.String).alias("label"),
        (pl.col("from") + pl.col("share") / 2).alias("middle"),
        (pl.col("from") + pl.col("share")).alias("to"),
        pl.col("conclusion").is_in(["adverse", "favourable"]).alias("dark"),
    )  # fmt: skip
    found = [c for c in CONCLUSIONS if c in set(data["conclusion"])]
    colours = {"adverse": RUST, "no evidence": RULE, "favourable": TEAL, "undefined": PAPER}
    scale = alt.Scale(domain=found, range=[colours[c] for c in found])
    base = alt.Chart(data).encode(y=listed("name"))
    bars = base.mark_bar(height=20, stroke=MUTE, strokeWidth=0.6).encode(
        x=alt.X("from:Q").title("per cent of universes").scale(domain=[0, 100]),
        x2="to:Q",
        color=alt.Color("conclusion:N").scale(scale).legend(orient="top", title=None, labelFontSize=12),
    )
    words = base.mark_text(fontSize=11).encode(
        x="middle:Q", text="label:N", color=alt.condition("datum.dark", alt.value("#ffffff"), alt.value(INK))
    )
    return svg((bars + words).properties(width=WIDTH, height=STEP * 1.75 * len(names)), identity)


def label(part: Mapping[str, Any]) -> str:
    """Write what a part of a bar has room for: the conclusion and its share, the share, or nothing."""
    told = f"{part['share']:.0f}%"
    return f"{part['conclusion']} {told}" if part["share"] >= WORDED else told if part["share"] >= TOLD else ""


def start(found: Mapping[str, float], i: int) -> float:
    """Return where the part of a bar begins."""
    return sum(found.get(which, 0.0) for which in list(CONCLUSIONS)[:i])


def importance(pairs: Sequence[tuple[Row, Row]], identity: str, names: Sequence[str], over: str = "universes") -> str:
    """Draw how much of the variance over universes each choice explains alone (dark) and with others (light)."""
    drawn = [(name, *p) for name, p in zip(names, pairs, strict=True) if all(r["value"] is not None for r in p)]
    if not drawn:
        return ""
    data = pl.DataFrame(
        {
            "name": [name for name, _, _ in drawn],
            "main": [100 * max(main["value"], 0.0) for _, main, _ in drawn],
            "total": [100 * max(total["value"], 0.0) for _, _, total in drawn],
            "label": [
                f"{wording.percent(main['value'], 0)} alone, {wording.percent(total['value'], 0)} in all"
                for _, main, total in drawn
            ],
        }
    )
    base = alt.Chart(data).encode(y=listed("name"))
    light = base.mark_bar(height=15, color=RULE, stroke=MUTE, strokeWidth=0.6).encode(
        x=alt.X("total:Q").title(f"per cent of the variance over {over}").scale(domain=[0, 100], clamp=True)
    )
    dark = base.mark_bar(height=7, color=INK).encode(x="main:Q")
    words = base.mark_text(dy=-14, align="left", fontSize=11, color=INK).encode(x=alt.value(2), text="label:N")
    return svg((light + dark + words).properties(width=WIDTH, height=STEP * 1.75 * data.height), identity)


CHARTS: dict[str, Callable[..., str]] = {
    "curve": curve,
    "conclusions": conclusions,
    "importance": importance,
}
