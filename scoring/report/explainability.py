"""Explainability: does the ledger add up, how much is there to know, and is a like person told the same?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from scoring.report import ledger, wording
from scoring.report.shown import Figure, Part, Row, Shown, Table, by, said
from scoring.report.wording import ranged

COMPLEXITY = {
    "rules": "rules",
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
}
CONCENTRATION = {
    "N1": "N1",
    "N2": "N2",
    "HHI": "HHI",
    "Gini": "Gini",
    "top rule": "largest rule's share",
    "worst 1%": "borne by the worst 1%",
}
STEP = "points changed"
WHOSE = ("group", "design", "status", "n")
ALIKE = {"band": "same band", "reasons": "like reasons", "both": "both"}


def explainability(shown: Shown) -> Part:
    """Return the part on explainability."""
    made = (complexity_table(shown), *concentration(shown), *consistency(shown))
    tables = [table for table in made if table.rows]
    return Part("Explainability", "Explainable is not understood.", [*ledgers(shown), *tables])


def ledgers(shown: Shown) -> Iterator[Figure]:
    """Yield one synthetic person's ledger under each points scheme, as a walk from the base to the score."""
    found = shown.manifest.get("example_ledgers") or {}
    for name in (name for name in shown.designs if name in found):
        told = found[name]
        who = ", ".join(map(wording.level, told["who"].values()))
        weights = (
            " Weights: one choice among the draws of those that are unknown." if shown.told(name)["family"] else ""
        )
        bands = [band for band in shown.told(name)["bands"] if not band.get("direct")]
        rows = [["base", f"{told['base']}", "", ""]]
        rows += [[r["label"], f"{r['points']:+d}", r["because"], r["mark"]] for r in told["rows"]]
        rows += [["floor and ceiling", f"{told['clip']:+d}", "", ""]] if told["clip"] else []
        band = f", band {told['band']}" if bands else ""
        yield Figure(
            f"ledger-{name}",
            f"One synthetic person under {shown.title(name)}: {walked(told, band)}",
            f"One of: {who}. The person with the most entries among 2,000, world {shown.world}. Line: the "
            f"base; dashed: where a band begins. The sum is exact and has no interval.{weights}",
            ledger.walk(told, f"ledger-{name}", bands),
            ("rule", "points", "because", "mark"),
            [*rows, [f"score{band}", f"{told['score']}", "", ""]],
        )


def walked(told: Mapping[str, Any], band: str = "") -> str:
    """Say from where to where a ledger leads, and which rule weighs most.

    >>> walked({"base": 100, "rows": [{"label": "a fine", "points": -9}], "clip": 0, "score": 91, })
    'from 100 to 91, most by “a fine” (−9)'
    """
    way = f"from {told['base']} to {told['score']}{band}"
    if not told["rows"]:
        return way
    most = max(told["rows"], key=lambda r: abs(r["points"]))
    return f"{way}, most by “{most['label']}” ({ledger.signed(most['points'])})"


def complexity_table(shown: Shown) -> Table:
    """Return the complexity vector of every design; never one index."""
    found = by(shown.best(measure="complexity"), "term", "scheme")
    text = (
        "Complexity of the text and of its use, as a vector. It claims nothing on comprehension. What is read off the "
        "rulebook has no interval; of a family of weights the range is over its draws."
    )
    told = {
        label: {scheme: counted(row) for (t, scheme), row in found.items() if t == term}
        for term, label in COMPLEXITY.items()
    }
    return shown.by_design("How much there is to know", text, told)


def counted(row: Row) -> str:
    """Write a number of the vector with its interval, whole where it is whole."""
    whole = row["low"] is None and (row["value"] is None or row["value"] % 1 == 0)
    return ranged(row, 0 if whole else 2, 1)


def concentration(shown: Shown) -> Iterator[Table]:
    """Yield whether one rule decides it all, and few persons bear it all: of everyone by design, then by group."""
    found = shown.in_order(shown.best(measure="concentration"))
    at = by(found, "term", "scheme", "group_by", "group")
    text = (
        "With q a rule's share of what moves scores: the effective numbers of rules N1 and N2, Σ q² (HHI), Gini and "
        "the largest q. Then what share of all points lost the hundredth of persons bears who lost most, and what "
        "share of what sets scores apart is no sum over rules, for a floor or a ceiling."
    )
    everyone = {
        label: {r["scheme"]: ranged(r, 2, 1) for r in found if r["term"] == term and r["group_by"] == "everyone"}
        for term, label in CONCENTRATION.items()
    }
    apart = shown.best(measure="non_additive_share", group_by="everyone")
    everyone["no sum over rules"] = {r["scheme"]: ranged(r, 2, 1) for r in apart}
    yield shown.by_design("Does one rule decide, and do few bear it?", text, everyone)
    rows = [
        [
            *whose(shown, first, at.get(("worst 1%", *of))),
            *(ranged(at.get((term, *of)), 2, 1) for term in CONCENTRATION),
        ]
        for of, first in by(found, "scheme", "group_by", "group").items()
        if first["group_by"] != "everyone"
    ]
    yield shown.tabled(
        "Rules that decide and persons who bear, by group", "", (*WHOSE, *CONCENTRATION.values()), rows, 3
    )


def consistency(shown: Shown) -> Iterator[Table]:
    """Yield whether a person who differs by one record is told the same: of everyone by design, then by group."""
    found = shown.in_order(shown.best(measure="explanation_consistency"))
    at = by(found, "term", "scheme", "group_by", "group")
    largest = by(shown.best(measure="explanation_step"), "scheme", "group_by", "group")
    text = (
        "Of persons with a record, beside one who has a record less: per cent of such neighbours in the same band, "
        "with four reasons of which at least half agree, and both; and the largest change of the ledger, in points."
    )
    everyone = {
        label: {r["scheme"]: ranged(r, 1, 100) for r in found if r["term"] == term and r["group_by"] == "everyone"}
        for term, label in ALIKE.items()
    }
    everyone[STEP] = {s: ranged(r, 1, 1) for (s, group_by, _), r in largest.items() if group_by == "everyone"}
    yield shown.by_design("Is a like person told the same?", text, everyone)
    rows = [
        [
            *whose(shown, first),
            *(ranged(at.get((term, *of)), 1, 100) for term in ALIKE),
            ranged(largest.get(of), 1, 1),
        ]
        for of, first in by(found, "scheme", "group_by", "group").items()
        if first["group_by"] != "everyone"
    ]
    yield shown.tabled("Like persons, by group", "", (*WHOSE, *ALIKE.values(), STEP), rows, 3)


def whose(shown: Shown, *rows: Row | None) -> list[str]:
    """Name the group and the design of rows, their n, and the first status among them that is not ok."""
    told = [r for r in rows if r]
    failed = next((r for r in told if r["status"] != "ok"), told[0])
    return [
        wording.level(failed["group"]),
        shown.title(failed["scheme"]),
        said(failed),
        wording.number(told[0]["n"], 0),
    ]
