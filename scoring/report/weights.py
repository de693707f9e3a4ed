"""Other weights and cuts: who would fare otherwise, and which of them decide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from scoring.report import specification, wording
from scoring.report.shown import Figure, Part, Row, Shown, Table, by, cells, percents, standing

MOST = 12  # factors of one picture
ALONE, IN_ALL, TOGETHER = "S1", "ST", "interactions"


def other_weights(shown: Shown) -> Part:
    """Return the part on weights and cuts."""
    found: list[Figure | Table] = []
    for name in shown.schemes:
        found += importance(shown, name)
    tables = (verdicts_table(shown), moved_table(shown), claims_table(shown), screening_table(shown))
    text = (
        "Each weight and each distance between cuts is made a little larger or smaller on its own, and the same "
        "persons are put into bands again. How far weights may stray is assumed; ranges are of that assumption "
        "and no chance."
    )
    return Part("Under other weights and cuts", text, [*found, *(table for table in tables if table.rows)])


def named(shown: Shown, name: str, factor: str) -> str:
    """Name a weight by the label of its rule; a cut is named already."""
    return str({r["id"]: r["label"] for r in shown.told(name)["rules"]}.get(factor, factor.replace("_", " ")))


def about(row: Row) -> str:
    """Return what is asked of the weights: the first half of how a row was made."""
    told = str(row["method"]).partition(";")[0].replace("_", " ")
    return f"{told}, {row['outcome'].replace('_', ' ')}" if row["outcome"] else told


def importance(shown: Shown, name: str) -> Iterator[Figure]:
    """Yield which weights and cuts decide who stands in another band."""
    found: dict[Any, dict[str, Row]] = {}
    for r in shown.each(measure="weight_importance", scheme=name):
        found.setdefault((about(r), r["group_by"], r["group"], r["term"]), {})[r["param"]] = r
    whole = [
        (key[3], terms[ALONE], terms[IN_ALL])
        for key, terms in found.items()
        if key[1] == "everyone" and {ALONE, IN_ALL} <= set(terms) and terms[IN_ALL]["value"] is not None
    ]
    drawn = sorted(whole, key=lambda one: -one[2]["value"])[:MOST]
    identity = f"weights-{name}"
    labels = [named(shown, name, factor) for factor, _, _ in drawn]
    picture = specification.importance([(a, b) for _, a, b in drawn], identity, labels, "weights and cuts")
    if not picture:
        return
    together = next((t[ALONE] for k, t in found.items() if k[1] == "everyone" and k[3] == TOGETHER), None)
    yield Figure(
        identity,
        f"{shown.title(name)}: who stands in another band hangs most on “{labels[0]}”, "
        f"{wording.percent(min(drawn[0][2]['value'], 1), 0)} of the variance",  # an estimate may lie above all of it
        "Share of the variance of how many stand in another band, over the weights and cuts that were tried, that a "
        "factor explains alone (dark) and that it is part of (light). The table has the intervals of the estimate.",
        picture,
        ("weight or cut", "asked", "group", "n", "alone", "low", "high", "in all", "low", "high", "status"),
        [
            [
                named(shown, name, str(key[3] or "all")),
                key[0],
                wording.level(key[2]),
                wording.number(next(iter(terms.values()))["n"], 0),
                *percents(terms.get(ALONE), 1),
                *percents(terms.get(IN_ALL), 1),
                standing(next(iter(terms.values()))),
            ]
            for key, terms in found.items()
        ],
        f"{wording.percent(together['value'], 0)} of the variance no factor explains alone."
        if together and together["value"]
        else "",
    )


def who(shown: Shown, row: Row) -> list[str]:
    """Name the group and the design of a row."""
    return [wording.level(row["group"]), shown.title(row["scheme"])]


def of_everyone(shown: Shown, rows: Sequence[Row]) -> list[Row]:
    """Return the rows of everyone and of the first grouping."""
    return [r for r in rows if r["group_by"] in ("everyone", shown.grouping_of(r["scheme"]))]


def verdicts_table(shown: Shown) -> Table:
    """Return who would have another verdict under slightly other weights and cuts."""
    found = by(
        of_everyone(shown, shown.best(measure="verdict_shift_under_weights")), "scheme", "param", "group", "term"
    )
    rows = []
    for key in dict.fromkeys(key[:-1] for key in found):
        either, up, down = (found.get((*key, term)) for term in ("either", "up", "down"))
        if either:
            told = [*who(shown, either), str(key[1]).replace("_", " "), wording.number(either["n"], 0)]
            rows.append([*told, *percents(either), percents(up)[0], percents(down)[0], standing(either)])
    head = ("group", "design", "verdict", "n", "another", "least", "most", "up, or given", "down, or taken", "status")
    text = "Share of persons, on average over the weights and cuts that were tried; least and most: 5 and 95 of 100."
    return shown.tabled("Who would have another verdict", text, head, rows, 3)


def moved_table(shown: Shown) -> Table:
    """Return for how many the weights leave the band open, and how far persons move in the order of scores."""
    shifts = by(shown.best(measure="rank_shift"), "scheme", "group_by", "group", "term")
    rows = []
    for r in of_everyone(shown, shown.best(measure="band_range")):
        key = (r["scheme"], r["group_by"], r["group"])
        told = [*who(shown, r), wording.number(r["n"], 0), *percents(r)]
        mean, order = shifts.get((*key, "mean shift")), shifts.get((*key, "spearman"))
        rows.append([*told, percents(mean)[0], cells(order, 3)[0], standing(r)])
    head = ("group", "design", "n", "band open", "low", "high", "moved in rank", "rank correlation", "status")
    text = (
        "Band open: persons who stand in more than one band over nine of ten of the weights and cuts that were tried. "
        "Moved in rank: by what part of all persons, on average."
    )
    return shown.tabled("For how many the band is open", text, head, rows, 2)


def claims_table(shown: Shown) -> Table:
    """Return what declared comparisons would say under slightly other weights and cuts."""
    rows = [
        [
            *who(shown, r),
            f"{(r['outcome'] or '').replace('_', ' ')}, {str(r['param']).replace('_', ' ')}",
            wording.number(r["n"], 0),
            *cells(r),
            standing(r),
        ]
        for r in shown.each(measure="claim_under_weights")
    ]
    head = ("group", "design", "comparison", "n", "median", "least", "most", "status")
    text = "Over the weights and cuts that were tried, among the probed persons; least and most: 5 and 95 of 100."
    return shown.tabled("What would be said", text, head, rows, 3)


def screening_table(shown: Shown) -> Table:
    """Return how large the effect of each weight and cut is at all."""
    found = by(
        shown.each(measure="weight_screening"), "scheme", "method", "outcome", "group_by", "group", "term", "param"
    )
    rows = []
    for key, mu in found.items():
        if key[-1] == "mu_star" and key[3] in ("everyone", shown.grouping_of(mu["scheme"])):
            sigma = found.get((*key[:-1], "sigma"))
            told = [named(shown, mu["scheme"], str(mu["term"] or "all")), wording.level(mu["group"])]
            told += [shown.title(mu["scheme"]), about(mu), wording.number(mu["n"], 0)]
            rows.append([*told, *cells(mu, 4), cells(sigma, 4)[0], standing(mu)])
    head = ("weight or cut", "group", "design", "asked", "n", "µ*", "low", "high", "σ", "status")
    text = "µ*: the mean size of its effect over its range (Morris); σ: how unlike its effects are."
    return shown.tabled("Which weights and cuts matter at all", text, head, rows, 4)
