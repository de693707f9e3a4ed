"""The causal graph as two pictures: attributes on layers with latent conduct at their foot, and one road a row.

Only places are found here; what the marks look like stands in the templates. Lengths are in units of which a page is
1,000 wide. The same graph gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scoring.population.filling import filled
from scoring.population.graph import Graph, Node
from scoring.population.layers import Layout, Place, layered
from scoring.population.recipe import Subject

WIDE, EDGE = 1000, 20
LETTER = 7.2  # a generous width of a letter: a font that is wider than ours must not clip
TALL, PITCH, TOP = 38, 80, 66


@dataclass(frozen=True)
class Box:
    """A box with its text; `x` and `y` are its middle."""

    x: float
    y: float
    wide: float
    tall: float
    text: str
    under: str = ""
    protected: bool = False
    mark: str = "assumed"
    margin: str = ""
    badges: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    path: str
    kind: str


def attributes(subject: Subject, graph: Graph, kind: str) -> str:
    """Return what each attribute and each latent conduct is drawn from, as SVG."""
    moved = {z: tuple(dict.fromkeys(map(subject.root, by))) for z, (by, _) in graph.latents.items()}
    parents = {name: node.parents for name, node in graph.nodes.items()} | moved
    widths = {n: LETTER * max(len(n), 0.84 * len(under(graph.nodes.get(n)))) + 26 for n in parents}
    layout = layered(parents, widths, WIDE - 2 * EDGE, list(graph.latents))
    spots = {place: (EDGE + x, TOP + TALL / 2 + PITCH * place[1]) for place, x in layout.x.items()}
    here = {name: spots[name, layout.layer[name]] for name in parents}
    shared = [
        taken(here[other], here[z], f"{z} takes {share:g} of {other}")
        for z, (_, by) in graph.latents.items()
        for other, share in by.items()
    ]
    bottom = max(y for _, y in spots.values()) + TALL / 2 + (44 if shared else 12)
    told = {
        "title": finding(subject, graph),
        "desc": described(graph, kind),
        "wide": WIDE,
        "tall": bottom + 84,
        "bottom": bottom,
        "nodes": [boxed(node, *here[name], widths[name]) for name, node in graph.nodes.items()],
        "latents": [Box(*here[z], widths[z], TALL, z, mark=subject.latent[z].mark) for z in graph.latents],
        "lines": lines(graph, subject, layout, spots, widths),
        "shared": shared,
    }
    return filled("graph.svg", told)


def finding(subject: Subject, graph: Graph) -> str:
    """Return what the picture of attributes shows, in a sentence."""
    protected = sum(node.protected for node in graph.nodes.values())
    moving = list(dict.fromkeys(a for by, _ in graph.latents.values() for a in by))
    only = f"only {listed(moving)} {'move' if len(moving) > 1 else 'moves'} conduct" if moving else ""
    counted = (
        f"{protected} of {len(graph.nodes)} attributes are protected" if protected else "No attribute is protected"
    )
    return f"{counted}; {only or 'none moves conduct'}"


def listed(words: Sequence[str]) -> str:
    """Join words as a sentence does.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def described(graph: Graph, kind: str) -> str:
    """Return the picture of attributes in words."""
    drawn = [f"{n.name} from {listed(n.parents)}" if n.parents else n.name for n in graph.nodes.values()]
    moved = [f"{z} from {listed(by) or 'nothing else'}" for z, (by, _) in graph.latents.items()]
    return f"What each attribute of a {kind} is drawn from: {'; '.join(drawn)}. Latent conduct: {'; '.join(moved)}."


def under(node: Node | None) -> str:
    """Return what is written under an attribute's name."""
    return f"also {', '.join(node.also)}" if node and node.also else ""


def boxed(node: Node, x: float, y: float, wide: float) -> Box:
    """Return the box of an attribute."""
    badges = tuple(b for b, by in (("E", node.gates), ("R", node.moves), ("C", node.touches)) if by)
    margin = node.margin[0] if node.margin else ""
    return Box(x, y, wide, TALL, node.name, under(node), node.protected, node.mark, margin, badges)


def lines(
    graph: Graph,
    subject: Subject,
    layout: Layout,
    spots: Mapping[Place, tuple[float, float]],
    widths: Mapping[str, float],
) -> list[Line]:
    """Return each stretch of line; those of protected attributes and of resources last, so that they lie on top."""
    marks = {n: node.mark for n, node in graph.nodes.items()} | {z: one.mark for z, one in subject.latent.items()}
    leads = reached(layout, marks)
    drawn: list[tuple[int, Line]] = []
    for lower, (x2, y2) in spots.items():
        own = sorted((a for a, b in layout.stretches if b == lower), key=lambda place: spots[place])
        for i, upper in enumerate(own):
            final = upper[0] != lower[0]
            step = min(12.0, (widths[lower[0]] - 24) / max(1, len(own) - 1)) if final else 0.0
            (x, y), at = spots[upper], x2 + (i - (len(own) - 1) / 2) * step
            path = curve(x, y + TALL / 2, at, y2 - TALL / 2) + ("" if final else f"v{TALL}")
            rank, colour = (2, " resource") if lower[0] in graph.latents and final else (0, "")
            if not rank and graph.nodes[upper[0]].protected:
                rank, colour = 1, " strong"
            drawn.append((rank, Line(path, leads[upper, lower] + colour + (" ends" if final else ""))))
    return [line for _, line in sorted(drawn, key=lambda one: one[0])]


def reached(layout: Layout, marks: Mapping[str, str]) -> dict[tuple[Place, Place], str]:
    """Return the mark of all that each stretch leads to, `mixed` where there are several."""
    below: dict[Place, set[str]] = {}
    for upper, lower in sorted(layout.stretches, key=lambda ends: -ends[1][1]):
        below.setdefault(upper, set()).update({marks[lower[0]]} if upper[0] != lower[0] else below[lower])
    found = {}
    for upper, lower in layout.stretches:
        leads = {marks[lower[0]]} if upper[0] != lower[0] else below[lower]
        found[upper, lower] = next(iter(leads)) if len(leads) == 1 else "mixed"
    return found


def curve(x: float, y: float, x2: float, y2: float) -> str:
    """Return a curve that leaves and arrives upright."""
    bend = (y2 - y) * 0.55
    return f"M{x:.1f} {y:.1f}C{x:.1f} {y + bend:.1f} {x2:.1f} {y2 - bend:.1f} {x2:.1f} {y2:.1f}"


def taken(start: tuple[float, float], end: tuple[float, float], text: str) -> dict[str, Any]:
    """Return a line below two kinds of latent conduct of which one takes a part of the other."""
    (x, y), (x2, _) = start, end
    y += TALL / 2
    path = f"M{x:.1f} {y:.1f}C{x:.1f} {y + 30:.1f} {x2:.1f} {y + 30:.1f} {x2:.1f} {y + 1:.1f}"
    return {"path": path, "x": (x + x2) / 2, "y": y + 37, "text": text.replace("-", "−")}
