"""Explainability: does the ledger add up, how much is there to know, and is a like person told the same?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from scoring.report import ledger, wording
from scoring.report.shown import Figure, Part, Row, Shown, Table, by, ranged, said

COMPLEXITY = {
    "rules": "rules",
    "fired_rules": "rules that fired at all",
    "live_rules": "rules that fired for one in a thousand",
    "rules_fired_mean": "rules that fired, per person",
    "bands": "bands",
    "facts": "facts to know",
    "sources": "kinds of source",
    "interactions": "rules of two facts or more",
    "max_nesting": "deepest nesting",
    "effective_rules_entropy": "effective rules, N1 (entropy)",
    "effective_rules_inverse": "effective rules, N2 (1 / Σ q²)",
    "discretionary_share": "share at discretion",
    "bytes": "bytes of text",
    "zlib_bytes": "bytes of text, compressed",
}
CONCENTRATION = {
    "N1": "N1",
    "N2": "N2",
    "HHI": "HHI",
    "Gini": "Gini",
    "top rule": "largest rule's share",
    "worst 1%": "borne by the worst 1%",
}
ALIKE = {"band": "same band", "reasons": "like reasons", "both": "both"}


def explainability(shown: Shown) -> Part:
    """Return the part on explainability."""
    made = (complexity_table(shown), concentration_table(shown), consistency_table(shown))
    tables = [table for table in made if table.rows]
    return Part("Explainability", "Explainable is not understood.", [*ledgers(shown), *tables])


def ledgers(shown: Shown) -> Iterator[Figure]:
    """Yield one synthetic person's ledger under each points scheme, as a walk from the base to the score."""
    found = shown.manifest.get("example_ledgers") or {}
    for name in (name for name in shown.designs if name in found):
        told = found[name]
        who = "; ".join(f"{wording.attribute(a)}: {wording.level(w)}" for a, w in told["who"].items())
        weights = (
            " Weights: one choice among the draws of those that are unknown." if shown.told(name)["family"] else ""
        )
        bands = [band for band in shown.told(name)["bands"] if not band.get("direct")]
        rows = [["base", f"{told['base']}", "", ""]]
        rows += [[r["label"], f"{r['points']:+d}", r["because"], r["mark"]] for r in told["rows"]]
        rows += [["floor and ceiling", f"{told['clip']:+d}", "", ""]] if told["clip"] else []
        yield Figure(
            f"ledger-{name}",
            f"One synthetic person under {shown.title(name)}: {walked(told)}",
            f"{who[:1].upper()}{who[1:]}. The person with the most entries among 2,000, world {shown.world}. Line: the "
            f"base; dashed: where a band begins. The sum is exact and has no interval.{weights}",
            ledger.walk(told, f"ledger-{name}", bands),
            ("rule", "points", "because", "mark"),
            [*rows, [f"score, band {told['band']}", f"{told['score']}", "", ""]],
        )


def walked(told: Mapping[str, Any]) -> str:
    """Say from where to where a ledger leads, and which rule weighs most.

    >>> walked({"base": 100, "rows": [{"label": "a fine", "points": -9}], "clip": 0, "score": 91, "band": "B"})
    'from 100 to 91, band B, most by “a fine” (−9)'
    """
    way = f"from {told['base']} to {told['score']}, band {told['band']}"
    if not told["rows"]:
        return way
    most = max(told["rows"], key=lambda r: abs(r["points"]))
    return f"{way}, most by “{most['label']}” ({ledger.signed(most['points'])})"


def complexity_table(shown: Shown) -> Table:
    """Return the complexity vector of every design; never one index."""
    found = by(shown.best(measure="complexity"), "scheme", "term")
    named = [name for name in shown.designs if any(scheme == name for scheme, _ in found)]
    rows = [
        [label, *(counted(found.get((name, term))) for name in named)]
        for term, label in COMPLEXITY.items()
        if any((name, term) in found for name in named)
    ]
    text = (
        "Complexity of the text and of its use, as a vector. It claims nothing on comprehension. What is read off the "
        "rulebook has no interval; of a family of weights the range is over its draws."
    )
    return Table("How much there is to know", text, ("", *map(shown.title, named)), rows)


def counted(row: Row | None) -> str:
    """Write a number of the vector, whole where it is whole, with its interval."""
    whole = row is None or row["value"] is None or row["value"] % 1 == 0
    return ranged(row, 0 if whole and (row is None or row["low"] is None) else 2, 1)


def concentration_table(shown: Shown) -> Table:
    """Return whether one rule decides it all, and few persons bear it all, by group."""
    found = shown.best(measure="concentration")
    at = by(found, "scheme", "group_by", "group", "term")
    rows = []
    for (scheme, group_by, group), first in by(found, "scheme", "group_by", "group").items():
        mine = [at.get((scheme, group_by, group, term)) for term in CONCENTRATION]
        failed = next((r for r in mine if r and r["status"] != "ok"), first)
        digits = [ranged(r, 2, 1) for r in mine]
        rows.append([wording.level(group), shown.title(scheme), said(failed), wording.number(first["n"], 0), *digits])
    text = (
        "With q a rule's share of what moves scores: the effective numbers of rules N1 and N2, Σ q² (HHI), Gini and the "
        "largest q. Then what share of all points lost the hundredth of persons bears who lost most. Each with its "
        "interval."
    )
    head = ("group", "design", "status", "n", *CONCENTRATION.values())
    return shown.tabled("Does one rule decide, and do few bear it?", text, head, rows, 3)


def consistency_table(shown: Shown) -> Table:
    """Return whether a person who differs by one record is told the same, by group."""
    found = shown.best(measure="explanation_consistency")
    at = by(found, "scheme", "group_by", "group", "term")
    rungs = by(shown.best(measure="explanation_step"), "scheme", "group_by", "group")
    rows = [
        [
            wording.level(group),
            shown.title(scheme),
            said(first),
            wording.number(first["n"], 0),
            *(ranged(at.get((scheme, group_by, group, term))) for term in ALIKE),
            ranged(rungs.get((scheme, group_by, group)), 1, 1),
        ]
        for (scheme, group_by, group), first in by(found, "scheme", "group_by", "group").items()
    ]
    text = (
        "Of persons with a record, beside one who has a record less: per cent of such neighbours in the same band, with "
        "four reasons of which at least half agree, and both; and the largest change of the ledger, in points."
    )
    head = ("group", "design", "status", "n", *ALIKE.values(), "points changed")
    return shown.tabled("Is a like person told the same?", text, head, rows, 3)
