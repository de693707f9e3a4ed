"""The ledger as a picture: one person's points, rule by rule, from the base down or up to the score."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import polars as pl

from scoring.report import wording
from scoring.report.charts import GREY, INK, MUTE, PAPER, RUST, STEP, TEAL, WIDTH, listed, svg

Entry = tuple[str, int]  # what gave points, and how many

MOST = 12  # bars of one walk; the smallest are merged
LINE = 42  # characters of a name before it is broken
FAR = 0.75  # how far beyond the walk, in its own length, a band edge is still near


def entries(told: Mapping[str, Any], most: int = MOST) -> list[Entry]:
    """Return what gave points in the rulebook's order, the smallest merged, floor and ceiling last.

    >>> told = {"rows": [{"label": c, "points": p} for c, p in (("a", -9), ("b", 2), ("c", -3))], "clip": 10}
    >>> entries(told)
    [('a', -9), ('b', 2), ('c', -3), ('floor and ceiling', 10)]
    >>> entries(told, most=2)
    [('a', -9), ('2 others', -1), ('floor and ceiling', 10)]
    """
    found = [(str(r["label"]), int(r["points"])) for r in told["rows"]]
    clip = [("floor and ceiling", int(told["clip"]))] if told["clip"] else []
    if len(found) <= most:
        return [*found, *clip]
    large = sorted(range(len(found)), key=lambda i: -abs(found[i][1]))[: most - 1]
    rest = [points for i, (_, points) in enumerate(found) if i not in large]
    return [*(found[i] for i in sorted(large)), (f"{len(rest)} others", sum(rest)), *clip]


def steps(base: int, gave: Sequence[Entry]) -> list[tuple[str, int, int]]:
    """Return each step of the walk with where it starts and where it ends.

    >>> steps(100, [("a", -9), ("b", 2)])
    [('a', 100, 91), ('b', 91, 93)]
    """
    found, at = [], base
    for label, points in gave:
        found.append((label, at, at + points))
        at += points
    return found


def near(bands: Sequence[Mapping[str, Any]], low: float, high: float) -> list[tuple[str, int]]:
    """Return the bands whose lower edge lies near the walk, each with that edge."""
    far = FAR * (high - low)
    edges = [(band["name"], band["low"]) for band in bands if band.get("low") is not None]
    return [(name, edge) for name, edge in edges if low - far <= edge <= high + far]


def walk(told: Mapping[str, Any], identity: str, bands: Sequence[Mapping[str, Any]]) -> str:
    """Draw one person's way from the base to the score, each bar starting where the last one ended.

    `told` is a ledger as a manifest has it. The edges of bands that lie near are dashed and named.
    """
    found = steps(told["base"], entries(told))
    if not found:
        return ""
    ends = [told["base"], *(end for *_, end in found)]
    edges = near(bands, min(ends), max(ends))
    data = pl.DataFrame([*map(bar, found), bar(("score", told["base"], told["score"]), GREY)], orient="row")
    spans = [*ends, *(edge for _, edge in edges)]
    pad = max(0.08 * (max(spans) - min(spans)), 1)
    x = alt.X("from:Q").title("points").axis(tickCount=6, format="~f")
    x = x.scale(zero=False, nice=False, domain=[min(spans) - pad, max(spans) + pad])
    base = alt.Chart(data).encode(y=listed("name"))
    bars = base.mark_bar(height=13).encode(x=x, x2="to:Q", color=alt.Color("colour:N").scale(None).legend(None))
    labels = base.mark_text(align="left", dx=5, fontSize=11, color=INK).encode(x="end:Q", text="label:N")
    halo = labels.mark_text(align="left", dx=5, fontSize=11, color=PAPER, stroke=PAPER, strokeWidth=4)
    start = alt.Chart(pl.DataFrame({"x": [told["base"]]})).mark_rule(color=INK).encode(x="x:Q")
    step = STEP * (1.5 if any("\n" in name for name in data["name"]) else 1.1)
    return svg(
        alt.layer(*edged(edges), start, bars, halo, labels).properties(width=WIDTH, height=step * data.height), identity
    )


def bar(step: tuple[str, int, int], colour: str = "") -> dict[str, Any]:
    """Return one bar as it is drawn: its broken name, its two ends, and the points written beside it."""
    name, start, end = step
    return {
        "name": "\n".join(textwrap.wrap(name, LINE)[:2]),
        "from": start,
        "to": end,
        "end": max(start, end),
        "label": wording.number(end, 0) if colour else signed(end - start),
        "colour": colour or (RUST if end < start else TEAL),
    }


def edged(edges: Sequence[tuple[str, int]]) -> list[Any]:
    """Return the marks of band edges: a dashed line each, and above it the band that begins there."""
    if not edges:
        return []
    lines = alt.Chart(pl.DataFrame({"x": [edge for _, edge in edges]})).mark_rule(color=MUTE, strokeDash=[3, 3])
    words = [
        alt.Chart(pl.DataFrame({"x": [edge], "label": [f"{name} from {wording.number(edge, 0)}"]}))
        .mark_text(fontSize=11, color=MUTE, baseline="bottom")
        .encode(x="x:Q", y=alt.value(-4 - 13 * (i % 2)), text="label:N")
        for i, (name, edge) in enumerate(edges)
    ]
    return [lines.encode(x="x:Q"), *words]


def signed(points: int) -> str:
    """Write points with their sign.

    >>> signed(-20), signed(5)
    ('−20', '+5')
    """
    return f"{'+' if points > 0 else ''}{wording.number(points, 0)}"


CHARTS = {"walk": walk}
