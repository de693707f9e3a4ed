"""Among the alike: what remains at equal conduct, records or strata, and how a gap splits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from scoring.report import charts, curves, sentences, wording
from scoring.report.sentences import p_value
from scoring.report.shown import SAME, Figure, Part, Row, Shown, Table, beside, by, cells, said, sound

FOLDS = {
    "gap": "gap",
    "explained": "explained",
    "unexplained": "unexplained",
    "endowments": "endowments",
    "coefficients": "coefficients",
    "interaction": "interaction",
}
SEEN = (
    " M1 holds alike what persons did in the simulation, which nobody outside it can see; M2 holds alike what reached "
    "the records, which is all that an auditor has. M1 less M2 is disparity that records already carry, and so hide."
)
KITAGAWA = {"total": "total", "rate": "rates differ", "composition": "make-up differs"}


def among_alike(shown: Shown) -> Part:
    """Return the part on what remains among the alike."""
    found: list[Figure | Table] = []
    for name in shown.schemes:
        found += [*rungs(shown, name), *strata(shown, name)]
    tables = (rungs_table(shown), oaxaca_table(shown), kitagawa_table(shown), fairlie_table(shown))
    found += [table for table in tables if table.rows]
    text = (
        "Conduct and records lie between belonging to a group and a verdict, so what remains among the alike is a "
        "description and no effect of the group."
    )
    return Part("Among the alike", text, found)


def first_with(shown: Shown, name: str, **equals: Any) -> list[Row]:
    """Return the rows of the foremost outcome that has any, in the first grouping that has any."""
    for outcome in shown.foremost(name):
        found = beside(shown.best(scheme=name, outcome=outcome, **equals))
        for group_by in dict.fromkeys((shown.grouping_of(name), *(r["group_by"] for r in found))):
            mine = [r for r in found if r["group_by"] == group_by]
            if mine:
                return mine
    return []


def rungs(shown: Shown, name: str) -> Iterator[Figure]:
    """Yield what remains of each group's difference on each rung of the ladder."""
    rows = [r for r in first_with(shown, name, measure="adjusted_difference") if r["param"] in curves.RUNGS]
    if not rows or all(r["value"] is None for r in rows):
        return
    groups = list(dict.fromkeys(r["group"] for r in rows))
    rows = sorted(rows, key=lambda r: (groups.index(r["group"]), r["param"]))
    firm = [r for r in sound(rows) if r["value"] is not None]
    ladders = {g: by([r for r in firm if r["group"] == g], "param") for g in groups}
    told = {g: found for g, found in ladders.items() if found}
    title = f"{shown.headed(name, rows[0]['outcome'])}: "
    far = max(told, key=lambda g: abs(next(iter(told[g].values()))["value"]), default=None)
    title += sentences.rung_finding(told[far], not shown.table) if far is not None else "every cell is small"
    laundered = by(shown.best(measure="laundered_difference", scheme=name), *SAME)
    notes = [
        f"{wording.level(r['group'])}: M1 less M2 is {wording.number(100 * one['value'], 2)} points "
        f"({wording.interval(one, 2, 100)})"
        for r in rows
        if r["param"] == "M1" and (one := laundered.get(tuple(r[c] for c in SAME))) and one["value"] is not None
    ]
    identity = f"ladder-{name}"
    seen = "" if shown.table else SEEN
    yield Figure(
        identity,
        title,
        f"Average difference to {wording.level(rows[0]['reference'])} when nothing, or something, is held alike, "
        f"{shown.place}. Bar: {wording.UNCERTAINTY.get(rows[0]['uncertainty'], 'interval')}.{seen}",
        curves.ladder(rows[:20], identity),
        ("group", "rung", "n", "points", "low", "high", "status"),
        [
            [
                wording.level(r["group"]),
                f"{r['param']}, {curves.RUNGS[r['param']]}",
                wording.number(r["n"], 0),
                *cells(r, 2, 100),
                said(r),
            ]
            for r in rows
        ],
        "; ".join(notes) + ("." if notes else ""),
    )


def rungs_table(shown: Shown) -> Table:
    """Return what remains on each rung for every outcome and group."""
    found = by(beside(shown.best(measure="adjusted_difference")), *SAME, "param")
    rows = []
    params = [p for p in curves.RUNGS if any(key[-1] == p for key in found)]
    for key in dict.fromkeys(key[:-1] for key in found):
        mine = [found.get((*key, param)) for param in params]
        first = next(r for r in mine if r)
        less = shown.one("laundered_difference", first)
        failed = next((r for r in mine if r and r["status"] != "ok"), first)
        rows.append([*who(shown, first), *(cells(r, 2, 100)[0] for r in mine), cells(less, 2, 100)[0], said(failed)])
    head = ("group", "design", "outcome", *(f"{p}, {curves.RUNGS[p]}" for p in params), "M1 less M2", "status")
    return shown.tabled("What remains, rung by rung", "Points more often than the reference group.", head, rows, 3)


def who(shown: Shown, row: Row) -> list[str]:
    """Name the group, the design and the outcome of a row."""
    return [wording.level(row["group"]), shown.title(row["scheme"]), (row["outcome"] or "").replace("_", " ")]


def strata(shown: Shown, name: str) -> Iterator[Figure]:
    """Yield the ratio in each stratum with the pooled ratio beneath, and whether the strata agree."""
    found = first_with(shown, name, measure="stratum_ratio")
    if not found:
        return
    group = found[0]["group"]
    rows = [r for r in found if r["group"] == group]
    pooled = shown.one("pooled_risk_ratio", rows[0])
    tested = {
        m: next(iter(shown.audited(measure=m, **{c: rows[0][c] for c in SAME})), None)
        for m in ("homogeneity_test", "mantel_haenszel_test")
    }
    identity = f"strata-{name}"
    drawn = [*rows[:24], *([pooled] if pooled else [])]
    names = [f"{stratum(r)} (n {wording.number(r['n'], 0)})" for r in rows[:24]] + ["all strata pooled"] * bool(pooled)
    odds = shown.one("pooled_odds_ratio", rows[0])
    notes = [
        f"Breslow–Day test of alike odds ratios: p {p_value(tested['homogeneity_test']['p'])}"
        if tested["homogeneity_test"]
        else "",
        f"Mantel–Haenszel test: p {p_value(tested['mantel_haenszel_test']['p'])}"
        if tested["mantel_haenszel_test"]
        else "",
        f"pooled odds ratio {wording.number(odds['value'], 3)} ({wording.interval(odds, 3)})" if odds else "",
    ]
    yield Figure(
        identity,
        f"{shown.headed(name, rows[0]['outcome'])}: " + sentences.strata_finding(pooled, tested["homogeneity_test"]),
        f"Ratios of {wording.level(group)} to {wording.level(rows[0]['reference'])} within each stratum. "
        f"Bar: {wording.UNCERTAINTY.get(rows[0]['uncertainty'], 'interval')}; diamond: pooled over strata "
        "(Mantel–Haenszel); hollow: a small cell; a stratum without a ratio stands in the table only.",
        charts.forest(drawn, identity, shown.favourable(name, rows[0]["outcome"]), names),
        ("stratum", "n", "ratio", "low", "high", "status"),
        [[label, wording.number(r["n"], 0), *cells(r, 3), said(r)] for label, r in stratum_rows(rows, pooled)],
        "; ".join(note for note in notes if note) + ".",
    )


def stratum(row: Row) -> str:
    """Name a stratum."""
    return str(row["term"]).replace("_", " ")


def stratum_rows(rows: Sequence[Row], pooled: Row | None) -> Iterator[tuple[str, Row]]:
    """Yield each stratum with its name, and what they say together last."""
    yield from ((stratum(r), r) for r in rows)
    if pooled:
        yield "pooled over strata", pooled


def split(shown: Shown, measure: str, also: Sequence[str] = ()) -> Iterator[tuple[Row, dict[str, Row]]]:
    """Yield the terms of each decomposition of a gap, with a row that names whose it is."""
    found: dict[Any, dict[str, Row]] = {}
    for r in beside(shown.best(measure=measure)):
        found.setdefault(tuple(r[c] for c in (*SAME, *also)), {})[r["term"]] = r
    yield from ((next(iter(terms.values())), terms) for terms in found.values())


def by_axis(terms: dict[str, Row]) -> str:
    """Write how much each axis explains."""
    parts = [f"{term.removeprefix('explained: ')} {cells(r, 2, 100)[0]}" for term, r in terms.items() if ": " in term]
    return "; ".join(parts) or "–"


def worst(terms: dict[str, Row]) -> str:
    """Return the first status that is not ok, else ok."""
    return said(next((r for r in terms.values() if r["status"] != "ok"), next(iter(terms.values()))))


def oaxaca_table(shown: Shown) -> Table:
    """Return how a gap splits into what differs and what differs in its weight (Oaxaca and Blinder)."""
    found = list(split(shown, "oaxaca_blinder"))
    folds = [fold for fold in FOLDS if any(fold in terms for _, terms in found)]
    rows = [[*who(shown, r), *(cells(t.get(f), 2, 100)[0] for f in folds), by_axis(t), worst(t)] for r, t in found]
    head = ("group", "design", "outcome", *(FOLDS[f] for f in folds), "explained by", "status")
    text = (
        "Oaxaca and Blinder, in points: what lies in a different make-up, and what in a different weight of the same."
    )
    return shown.tabled("Explained and unexplained", text, head, rows, 3)


def kitagawa_table(shown: Shown) -> Table:
    """Return how a gap splits over one axis into rates and make-up (Kitagawa)."""
    rows = [
        [*who(shown, r), str(r["param"]).replace("_", " "), *(cells(t.get(k), 2, 100)[0] for k in KITAGAWA), worst(t)]
        for r, t in split(shown, "kitagawa", ["param"])
    ]
    head = ("group", "design", "outcome", "over", *KITAGAWA.values(), "status")
    return shown.tabled("Rates or make-up", "Kitagawa, in points; the two parts add up to the total.", head, rows, 4)


def fairlie_table(shown: Shown) -> Table:
    """Return what a different make-up explains of a gap in probabilities (Fairlie)."""
    rows = [
        [*who(shown, r), cells(t.get("explained"), 2, 100)[0], by_axis(t), worst(t)] for r, t in split(shown, "fairlie")
    ]
    head = ("group", "design", "outcome", "explained", "explained by", "status")
    text = "Fairlie, in points: as Oaxaca and Blinder, for probabilities; averaged over orders of the parts."
    return shown.tabled("Explained, for probabilities", text, head, rows, 3)
