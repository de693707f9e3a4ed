"""Footing: does a gap remain once designs select as many persons, or detect as much simulated harm?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from scoring.report import contrasts, wording
from scoring.report.shown import MOST, SAME, Figure, Part, Row, Shown, beside, by, said, sound

RATE, RATIO = "selection_rate_on_footing", "selection_rate_ratio_on_footing"
FOOTINGS = ("as published", "equal shares", "equal detection")
TOLD = {"equal shares": "at equal shares", "equal detection": "at equal detection"}


def footing(shown: Shown) -> Part:
    """Return the part on the three footings."""
    text = (
        "A design that selects ten times as many has other gaps for that alone. So its cut is moved until it selects "
        f"the same share of the scored as {shown.title(shown.designs[0])} (equal shares), or the same share of those "
        "with a simulated harm of 10 or more (equal detection)."
    )
    return Part("On an equal footing", text, list(footings(shown)))


def footings(shown: Shown) -> Iterator[Figure]:
    """Yield, for each design and outcome, every group's ratio on each footing."""
    rates = by(shown.best(measure=RATE), *SAME, "param")
    found = beside(shown.best(measure=RATIO))
    for scheme, outcome in dict.fromkeys((r["scheme"], r["outcome"]) for r in shown.as_declared(found)):
        rows = [r for r in found if (r["scheme"], r["outcome"]) == (scheme, outcome) and r["value"] is not None]
        rows = shown.in_order(sorted(rows, key=lambda r: FOOTINGS.index(r["param"])))
        groups = list(dict.fromkeys(r["group"] for r in rows))[: MOST // 2]
        drawn = [r for r in rows if r["group"] in groups]
        identity = f"footing-{scheme}-{outcome}"
        label = outcome.replace("_", " ")
        references = ", ".join(dict.fromkeys(wording.level(r["reference"]) for r in rows if r["reference"]))
        if not drawn:
            continue
        yield Figure(
            identity,
            f"{shown.headed(scheme, outcome)}: {remains(rows)}",
            f"How many times as often each group gets “{label}” as {references}, on three footings beside "
            f"{shown.title(drawn[0]['versus'])}; 0 is in the table alone. {wording.bars(drawn).capitalize()}.",
            contrasts.dots(
                drawn,
                [f"{wording.level(r['group'])}\nn {wording.number(r['n'], 0)}" for r in published(drawn)],
                [r["param"] for r in drawn],
                identity,
                "times as often as the reference group (log scale)",
                2,
                ratio=True,
            ),
            ("group", "footing", "n", "selected, per cent", "ratio", "status"),
            [
                [
                    wording.level(r["group"]),
                    r["param"],
                    wording.number(r["n"], 0),
                    wording.ranged(rates.get((*(r[c] for c in SAME), r["param"])), 2, 100),
                    wording.ranged(r),
                    said(r),
                ]
                for r in rows
            ],
            "" if has_bounds(drawn) else "One seed: no intervals, so no footing is said to close or to keep a gap.",
        )


def published(rows: Sequence[Row]) -> list[Row]:
    """Return, for each row, the one of its group as published, after which the line is named."""
    first: Mapping[str, Row] = by(rows, "group")
    return [first[r["group"]] for r in rows]


def has_bounds(rows: Sequence[Row]) -> bool:
    return any(r["low"] is not None for r in rows)


def remains(rows: Sequence[Row]) -> str:
    """Say of the widest gap as published whether it remains on an equal footing; bounds that hold 1 claim nothing."""
    by_group = {group: by([r for r in rows if r["group"] == group], "param") for group in {r["group"] for r in rows}}
    firm = [r for r in sound(rows) if r["param"] == FOOTINGS[0] and not r["low"] <= 1 <= r["high"]]
    if not firm:
        return "no gap as published is told from none"
    widest = max(firm, key=lambda r: max(r["value"], 1 / r["value"]) if r["value"] else float("inf"))
    equal = [by_group[widest["group"]][p] for p in FOOTINGS[1:] if p in by_group[widest["group"]]]
    told = "; ".join(f"{wording.number(r['value'])} {TOLD[r['param']]}" for r in equal)
    kept = [r for r in sound(equal) if keeps(r, widest)]
    end = (
        "the gap remains"
        if equal and len(kept) == len(equal)
        else "the gap does not remain"
        if not kept
        else f"the gap remains {TOLD[kept[0]['param']]} alone"
    )
    who = f"{wording.level(widest['group'])} {wording.number(widest['value'])} times as often (as published)"
    return f"{who}, {told}: {end}" if equal else who


def keeps(row: Row, published: Row) -> bool:
    """Whether the bounds of a ratio lie on the side of 1 on which the published one lies."""
    return bool(row["high"] < 1 if published["value"] < 1 else row["low"] > 1)
