"""Stability: would the verdict stand with one record less, or if detection and recording were drawn again?"""

from __future__ import annotations

from scoring.report import wording
from scoring.report.figures import turning_records
from scoring.report.mistakes import turned, unsteady_table
from scoring.report.shift import elsewhen_table, rules_table, scores_table
from scoring.report.shown import Figure, Part, Shown, Table, by, percents, standing

SIDES = ("near", "just below", "just above")


def stability(shown: Shown) -> Part:
    """Return the part on stability."""
    found: list[Figure | Table] = [*turning_records(shown)]
    for name in shown.schemes:
        found += turned(shown, name)
    tables = (
        lottery_table(shown),
        unsteady_table(shown),
        near_table(shown),
        scores_table(shown),
        rules_table(shown),
        elsewhen_table(shown),
    )
    found += [table for table in tables if table.rows]
    return Part("Stability", "Stable is not correct.", found)


def lottery_table(shown: Shown) -> Table:
    """Return, by group, how often redrawn detection gives the same person another verdict, and for whom often."""
    below = by(shown.best(measure="self_consistency_below_75"), "scheme", "param", "group_by", "group")
    rows = []
    for name in shown.designs:
        for r in shown.best(measure="self_consistency", scheme=name, group_by=shown.grouping_of(name)):
            often = below.get((name, r["param"], r["group_by"], r["group"]))
            rows.append(
                [
                    wording.level(r["group"]),
                    shown.title(name),
                    r["param"].replace("_", " "),
                    wording.differing(r),
                    *percents(often),
                    wording.number(r["n"], 0),
                    standing(r),
                ]
            )
    probes = shown.manifest.get("probes") or {"redraws": 0, "people": 0}
    text = (
        f"Detection and recording drawn {probes['redraws']} times over the same conduct of "
        f"{wording.number(probes['people'], 0)} persons: how often two draws give one person different verdicts, and "
        "how many persons have draws that agree in less than three of four pairs (our convention), with its interval."
    )
    head = ("group", "design", "verdict", "two draws differ", "under three in four", "low", "high", "n", "status")
    return shown.tabled("The enforcement lottery", text, head, rows, 3)


def near_table(shown: Shown) -> Table:
    """Return how many stand so near a cut that one entry more or less would carry them across."""
    found = by(shown.best(measure="near_threshold_mass"), "scheme", "outcome", "param", "group_by", "group", "term")
    rows = []
    for key in dict.fromkeys(key[:-1] for key in found):
        scheme, outcome, weight, group_by, group = key
        if group_by not in ("everyone", shown.grouping_of(scheme)):
            continue
        near, below, above = (found.get((*key, side)) for side in SIDES)
        first = next(r for r in (near, below, above) if r)
        cuts = (outcome or "any band").replace("_", " ")
        who = [wording.level(group), shown.title(scheme), cuts, str(weight), wording.number(first["n"], 0)]
        rows.append([*who, *percents(near), percents(below)[0], percents(above)[0], standing(first)])
    text = (
        "Share of scored persons whose score lies at most one weight of a rule from the nearest cut: the smallest "
        "weight, or the median one. Just below: as many points more would carry them over; just above: as many less "
        "would let them fall."
    )
    head = ("group", "design", "cut of", "weight", "n", "near", "low", "high", *SIDES[1:], "status")
    return shown.tabled("How many stand near a cut", text, head, rows, 4)
