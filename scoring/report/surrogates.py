"""Surrogates: could a short tree say what a scheme says, how much is hidden, and what moves a score?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scoring.report import lines, wording
from scoring.report.shown import Figure, Part, Row, Shown, Table, by, cells, said, sound
from scoring.report.wording import ranged

HIDDEN = {"score": "of what sets scores apart", "verdict": "of persons, two verdicts that could be hers differ"}
AGREEMENT = {"agreement": "same verdict", "balanced": "balanced over verdicts", "kappa": "kappa"}
MOST = 12  # rules or facts of one design
OF = ("design", "status", "n", "value", "low", "high")
TEXT = (
    "A short decision tree, fitted on what persons are shown of themselves and tried on others. A tree that does well "
    "explains the scheme to an analyst, and says nothing of what a person understands."
)


def surrogates(shown: Shown) -> Part:
    """Return the part on what can be said of a scheme from outside."""
    found: list[Figure | Table] = [figure for name in shown.schemes for figure in fidelity(shown, name)]
    tables = (agreement_table(shown), *opacity(shown), shapley_table(shown), permutation_table(shown))
    return Part("Told in short, and what is hidden", TEXT, [*found, *(table for table in tables if table.rows)])


def fidelity(shown: Shown, name: str) -> Iterator[Figure]:
    """Yield how well a tree of so many questions tells the score of each group, with one panel a grouping."""
    rows = shown.in_order(shown.best(measure="surrogate_fidelity", scheme=name))
    groupings = dict.fromkeys(r["group_by"] for r in rows if r["group_by"] in shown.groupings)
    panels = {wording.attribute(g): [r for r in rows if r["group_by"] == g] for g in groupings}
    identity = f"fidelity-{name}"
    picture = lines.depths(panels, identity)
    if not picture:
        return
    depths = sorted({r["param"] for r in rows}, key=int)
    at = by(rows, "group_by", "group", "param")
    needed = by(shown.best(measure="surrogate_depth", scheme=name), "group_by", "group")
    bar = wording.UNCERTAINTY.get(rows[0]["uncertainty"], "interval")
    yield Figure(
        identity,
        f"{shown.title(name)}: {told_by(rows, needed.get(('everyone', 'everyone')), depths)}",
        f"R² of persons whom the tree has not seen, within each group; world {shown.world}. Below 0 the tree does "
        f"worse than the group's mean. Hollow: a small cell; the {bar} stands in the table.",
        picture,
        ("group", "n", *(f"{d} questions" for d in depths), "questions for R² .9", "status"),
        [
            [
                wording.level(group),
                wording.number(first["n"], 0),
                *(ranged(at.get((group_by, group, depth)), 2, 1) for depth in depths),
                cells(needed.get((group_by, group)), 0)[0],
                said(first),
            ]
            for (group_by, group), first in by(rows, "group_by", "group").items()
        ],
    )


def told_by(rows: Sequence[Row], needed: Row | None, depths: Sequence[str]) -> str:
    """Say how many questions tell nearly all that sets scores apart, and of whom they tell least."""
    depth = depths[-1] if needed is None or needed["value"] is None else wording.number(needed["value"], 0)
    known = [r for r in sound(rows) if r["param"] == depth and r["value"] is not None]
    everyone = next((r for r in known if r["group_by"] == "everyone"), None)
    if everyone is None:
        return "too few persons to say what a short tree tells"
    least = min(known, key=lambda r: r["value"])
    said_of = f"a tree of {depth} questions comes to R² {wording.number(everyone['value'])}"
    if least["value"] == everyone["value"]:
        return said_of
    return f"{said_of}, and to {wording.number(least['value'])} among {wording.level(least['group'])}"


def agreement_table(shown: Shown) -> Table:
    """Return how often a tree gives the same verdict, beside always saying the most frequent one."""
    found = by(shown.best(measure="surrogate_agreement", group_by="everyone"), "term", "param", "scheme")
    told = {
        f"{label}, {'always the most frequent' if param == 'majority' else f'{param} questions'}": {
            scheme: ranged(row, 1, 100) if term != "kappa" else ranged(row, 2, 1)
            for (t, p, scheme), row in found.items()
            if (t, p) == (term, param)
        }
        for term, label in AGREEMENT.items()
        for param in sorted({p for _, p, _ in found})
    }
    text = "Per cent of persons of whom the tree says what the scheme says; kappa: agreement beyond chance, 1 at most."
    return shown.by_design("Does a short tree give the same verdict?", text, told)


def opacity(shown: Shown) -> Iterator[Table]:
    """Yield how much cannot be worked out from what is published, and why: of everyone by design, then by group."""
    found = shown.in_order(shown.best(measure="opacity"))
    everyone = [r for r in found if r["group_by"] == "everyone"]
    told = {
        f"per cent {label}": {r["scheme"]: ranged(r, 1, 100) for r in everyone if r["term"] == term}
        for term, label in HIDDEN.items()
    }
    told["what is not published"] = {r["scheme"]: str(r["method"] or "–") for r in everyone}
    text = "How much of scores, and of verdicts, nobody can work out from the published facts and rules."
    yield shown.by_design("What is hidden", text, told)
    rows = [
        [
            wording.level(r["group"]),
            shown.title(r["scheme"]),
            HIDDEN.get(r["term"], str(r["term"])),
            said(r),
            wording.number(r["n"], 0),
            ranged(r, 1, 100),
        ]
        for r in found
        if r["group_by"] != "everyone"
    ]
    head = ("group", "design", "what", "status", "n", "per cent")
    yield shown.tabled("What is hidden, by group", "", head, rows, 4)


def shapley_table(shown: Shown) -> Table:
    """Return by how many points each rule moves a score away from what is usual: exact, from the ledger."""
    rows = []
    for name in shown.schemes:
        labels = {rule["id"]: rule["label"] for rule in shown.told(name)["rules"]}
        found = largest(shown, "shapley_value", name)
        rows += [[labels.get(r["param"], str(r["param"])), *of(shown, r)] for r in found]
    text = (
        "Mean of |φ| over everyone, in points: exact Shapley values of a score that is a sum, taken from the ledger. "
        f"The {MOST} largest of each design."
    )
    return shown.tabled("Which rules move a score", text, ("rule", *OF), rows, 3)


def permutation_table(shown: Shown) -> Table:
    """Return which facts move a score that nobody can read: an approximation, in a table of its own."""
    rows = [
        [str(r["param"]).removeprefix("n_").replace("_", " "), *of(shown, r)]
        for name in shown.schemes
        for r in largest(shown, "permutation_importance", name)
    ]
    text = (
        "An approximation, never to be held against the exact points of a ledger: how far scores move on average, in "
        "points, where each person is given the fact of another and keeps the rest."
    )
    return shown.tabled("Which facts move a score that nobody can read, roughly", text, ("fact", *OF), rows, 3)


def of(shown: Shown, row: Row) -> list[str]:
    """Return the cells of a row as OF names them."""
    return [shown.title(row["scheme"]), said(row), wording.number(row["n"], 0), *cells(row)]


def largest(shown: Shown, measure: str, name: str) -> list[Row]:
    """Return the rows of everyone, the largest first."""
    rows = shown.best(measure=measure, scheme=name, group_by="everyone")
    return sorted(rows, key=lambda r: -(r["value"] or 0))[:MOST]
