"""Explainability: does the ledger add up, do reasons tell enough, and how much is there to know?"""

from __future__ import annotations

from collections.abc import Iterator

from scoring.report import wording
from scoring.report.shown import Figure, Part, Shown, Table

COMPLEXITY = {
    "rules": "rules",
    "live_rules": "rules that fired",
    "bands": "bands",
    "facts": "facts to know",
    "interactions": "rules of two facts or more",
    "max_nesting": "deepest nesting",
    "effective_rules_entropy": "effective rules (entropy)",
    "discretionary_share": "share at discretion",
    "bytes": "bytes of text",
}
REASONS = {
    "ledger_replay": "ledgers that do not replay",
    "reason_coverage": "adverse points covered by four reasons",
    "no_actionable_reason": "persons with no reason to act on now",
    "reason_tie": "lists of reasons that are arbitrary",
}


def explainability(shown: Shown) -> Part:
    """Return the part on explainability."""
    tables = [table for table in (reasons_table(shown), complexity_table(shown)) if table.rows]
    return Part("Explainability", "Explainable is not understood.", [*ledgers(shown), *tables])


def ledgers(shown: Shown) -> Iterator[Figure]:
    """Yield one synthetic person's ledger under each points scheme."""
    found = shown.manifest.get("example_ledgers") or {}
    for name in (name for name in found if name in shown.designs):
        told = found[name]
        who = "; ".join(f"{wording.attribute(a)}: {wording.level(w)}" for a, w in told["who"].items())
        rows = [["base", f"{told['base']}", "", ""]]
        rows += [[r["label"], f"{r['points']:+d}", r["because"], r["mark"]] for r in told["rows"]]
        rows += [["floor and ceiling", f"{told['clip']:+d}", "", ""]] if told["clip"] else []
        yield Figure(
            f"ledger-{name}",
            f"One synthetic person under {shown.title(name)}: score {told['score']}, band {told['band']}",
            f"{who}. The person with the most entries among 2,000.",
            "",
            ("rule", "points", "because", "mark"),
            [*rows, [f"score, band {told['band']}", f"{told['score']}", "", ""]],
        )


def reasons_table(shown: Shown) -> Table:
    """Return what the four largest deductions tell, under each points scheme."""
    rows = []
    for name in shown.designs:
        found = {m: next(iter(shown.best(measure=m, scheme=name, group_by="everyone")), None) for m in REASONS}
        if any(found.values()):
            rows.append([shown.title(name), *(wording.percent(r["value"] if r else None, 2) for r in found.values())])
    return Table("Reasons that a person is given", "", ("design", *REASONS.values()), rows)


def complexity_table(shown: Shown) -> Table:
    """Return the complexity vector of every design; never one index."""
    rows = []
    for term, label in COMPLEXITY.items():
        values = []
        for name in shown.designs:
            row = next((r for r in shown.best(measure="complexity", scheme=name) if r["term"] == term), None)
            value = row["value"] if row else None
            values.append(wording.number(value, 0 if value is None or value % 1 == 0 else 2))
        rows.append([label, *values])
    text = "Complexity of the text, as a vector. It claims nothing on comprehension."
    return Table("How much there is to know", text, ("", *map(shown.title, shown.designs)), rows)
