"""The roads as a picture: a row for each, banded by the conduct that moves what happens on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scoring.population.filling import filled
from scoring.population.graph import Graph, Road
from scoring.population.picture import WIDE, Box, listed
from scoring.population.recipe import Subject

LETTER = 6.4  # a generous width of a small letter
LINE, CHIP, BETWEEN = 14, 20, 8
TOP = 66
COLUMNS = {"conduct": 16, "exposed": 122, "records": 280, "law": 602, "enforcement": 716, "data": 890}
ENDS = {"conduct": 108, "exposed": 274, "records": 596, "law": 710, "enforcement": 886, "data": 982}
SPACE = "\u2003"
SIGNS = {"adverse": "−", "favourable": "+", "neutral": "○"}


def roads(subject: Subject, graph: Graph, kind: str) -> str:
    """Return the roads from exposure and conduct to the file, as SVG."""
    everywhere = list(dict.fromkeys(a for by in graph.everywhere.values() for a in by))
    shared = chips(subject, "data", everywhere, TOP + 46 + CHIP * (len(everywhere) - 1) / 2)
    y: float = TOP + (46 + CHIP * len(everywhere) if everywhere else 32)
    bands: list[dict[str, Any]] = []
    for road in graph.roads:
        if not bands or bands[-1]["latents"] != road.latents:
            y += 10 if bands else 0
            bands.append({"latents": road.latents, "rows": []})
        bands[-1]["rows"].append(row(subject, road, y))
        y += bands[-1]["rows"][-1]["tall"] + 3
    for band in bands:
        band["start"], band["end"] = (band["rows"][at]["middle"] for at in (0, -1))
        band["chips"] = latents(band["latents"], (band["start"] + band["end"]) / 2)
    told = {"title": finding(subject, graph), "desc": described(subject, graph, kind), "wide": WIDE, "tall": y + 38}
    return filled("roads.svg", {**told, "top": TOP, "bands": bands, "shared": shared, "bottom": y} | places())


def places() -> dict[str, Any]:
    return {"at": COLUMNS, "ends": ENDS}


def finding(subject: Subject, graph: Graph) -> str:
    """Return what the picture shows, in a sentence."""
    protected = {subject.root(name) for name in subject.protected}
    groups, counted = ("protected groups", protected) if protected else ("groups", set(graph.nodes))

    def told_apart(names: Sequence[str]) -> list[str]:
        return [name for name in names if subject.root(name) in counted]

    own = sum(len(road.records) for road in graph.roads if told_apart([*road.law, *road.enforcement, *road.data]))
    every = told_apart(list(dict.fromkeys(a for by in graph.everywhere.values() for a in by)))
    told = f"The recording chain tells {groups} apart in {own} of {len(subject.records)} record types"
    return told + (f"; it tells {listed(every)} apart in all" if every else "")


def described(subject: Subject, graph: Graph, kind: str) -> str:
    """Return the picture in words."""
    told = []
    for road in graph.roads:
        names = "; ".join(subject.records[name].label for name in road.records)
        parts = {"exposed by": road.gates, "law": road.law, "enforcement": road.enforcement, "data": road.data}
        acts = ", ".join(f"{part} {listed(by)}" for part, by in parts.items() if by)
        told.append(f"{names}: moved by {listed(road.latents)}{', ' if acts else ''}{acts}")
    return f"By which road the records of a {kind} come about. {'. '.join(told)}."


def row(subject: Subject, road: Road, y: float) -> dict[str, Any]:
    """Return one road with its upper edge at y."""
    records = [subject.records[name] for name in road.records]
    text = wrapped([f"{SIGNS[record.polarity]} {record.label}" for record in records])
    parts = {"exposed": road.gates, "law": road.law, "enforcement": road.enforcement, "data": road.data}
    most = max(len(on_lines(part, names)) for part, names in parts.items())
    tall = max(CHIP * most + 5, LINE * len(text) + 9)
    chipped = [chip for part, names in parts.items() for chip in chips(subject, part, names, y + tall / 2)]
    return {"y": y, "middle": y + tall / 2, "tall": tall, "text": text, "chips": chipped}


def chips(subject: Subject, part: str, names: Sequence[str], middle: float) -> list[Box]:
    """Return the attributes that act at one part of a road, on as many lines as they need around its middle."""
    protected = {subject.root(name) for name in subject.protected}
    placed = on_lines(part, names)
    found = []
    for i, line in enumerate(placed):
        free = ENDS[part] - COLUMNS[part] - across(line)
        x = COLUMNS[part] + (2 if part == "exposed" else free / 2)
        for name in line:
            wide = across([name])
            y = middle + CHIP * (i - (len(placed) - 1) / 2)
            found.append(Box(x + wide / 2, y, wide, CHIP - 5, name, protected=subject.root(name) in protected))
            x += wide + BETWEEN
    return found


def across(names: Sequence[str]) -> float:
    """Return the width of chips that stand on one line."""
    return sum(LETTER * len(name) + 10 for name in names) + BETWEEN * (len(names) - 1)


def on_lines(part: str, names: Sequence[str]) -> list[list[str]]:
    """Return names on as few lines of chips as their column holds."""
    found: list[list[str]] = []
    for name in names:
        if found and across([*found[-1], name]) <= ENDS[part] - COLUMNS[part]:
            found[-1].append(name)
        else:
            found.append([name])
    return found


def latents(names: Sequence[str], middle: float) -> list[Box]:
    """Return the latent conduct that moves a band of roads."""
    first = middle - 24 * (len(names) - 1) / 2
    x = (COLUMNS["conduct"] + ENDS["conduct"]) / 2
    return [Box(x, first + 24 * i, LETTER * len(z) + 14, 20, z) for i, z in enumerate(names)]


def wrapped(labels: Sequence[str]) -> list[str]:
    """Return labels on as few lines as the column of records holds; no label is broken."""
    most = int((ENDS["records"] - COLUMNS["records"] - 14) / LETTER)
    found: list[str] = []
    for label in labels:
        if found and len(found[-1]) + 3 + len(label) <= most:
            found[-1] += f"{SPACE}{label}"
        else:
            found.append(label)
    return found
