"""Agreement of designs about the same persons, beyond what their rates alone would bring about."""

from __future__ import annotations

from scoring.report import wording
from scoring.report.shown import Row, Shown, Table, by, cells, standing

KAPPA = (
    "κ: 1 where two designs always say the same, 0 where they agree as often as chance would have it. Designs that "
    "reward or sanction unequally many cannot reach 1: what κ falls short of the most it could be is who is chosen, "
    "and the rest is how many."
)


def matrix(shown: Shown) -> Table:
    """Return the agreement of every two designs: kappa of the most it could be, and how many verdicts change."""
    kappas = by(shown.best(measure="cohen_kappa", group_by="everyone"), "scheme", "versus", "param")
    most = by(shown.best(measure="kappa_max", group_by="everyone"), "scheme", "versus", "param")
    changed = by(shown.best(measure="verdict_changed", group_by="everyone"), "scheme", "versus")
    pairs = dict.fromkeys([*changed, *(key[:2] for key in kappas)])
    names = [name for name in shown.designs if any(name in pair for pair in pairs)]
    rows = []
    for i, mine in enumerate(names[1:], 1):
        row = [shown.title(mine)]
        for theirs in names[:-1]:
            pair = next((p for p in ((mine, theirs), (theirs, mine)) if p in pairs), None)
            if pair is None or names.index(theirs) >= i:
                row.append("")
                continue
            asked = [
                (key[2], r) for key, r in kappas.items() if key[:2] == pair and key[2] != "verdict, distances squared"
            ]
            told = [of_most(param, r, most.get((*pair, param))) for param, r in asked]
            told.append(f"{wording.percent(changed[pair]['value'], 2)} judged otherwise" if pair in changed else "")
            row.append("; ".join(one for one in told if one))
        rows.append(row)
    text = f"{KAPPA} Of everyone whom both designs score, {shown.place}; intervals stand in the next table."
    return Table("How far two designs agree", text, ("", *(shown.title(name) for name in names[:-1])), rows, len(names))


def of_most(param: str, kappa: Row, most: Row | None) -> str:
    """Write a kappa beside the most that it could be; a dash where it has no meaning."""
    if kappa["value"] is None:
        return f"{param} κ –"
    limit = f" of at most {cells(most)[0]}" if most and most["value"] is not None else ""
    return f"{param} κ {wording.number(kappa['value'])}{limit}"


def pairs_table(shown: Shown) -> Table:
    """Return the agreement of every two designs with its interval, group by group."""
    most = by(shown.best(measure="kappa_max"), "scheme", "versus", "param", "group_by", "group")
    changed = by(shown.best(measure="verdict_changed"), "scheme", "versus", "group_by", "group")
    rows = []
    for r in shown.best(measure="cohen_kappa"):
        pair, who = (r["scheme"], r["versus"]), (r["group_by"], r["group"])
        moved = changed.get((*pair, *who))
        rows.append(
            [
                wording.level(r["group"]),
                f"{shown.title(r['scheme'])} and {shown.title(r['versus'])}",
                r["param"],
                wording.number(r["n"], 0),
                *cells(r),
                cells(most.get((*pair, r["param"], *who)))[0],
                wording.percent(moved["value"] if moved else None, 2),
                standing(r),
            ]
        )
    head = ("group", "designs", "asked", "n", "κ", "low", "high", "at most", "judged otherwise", "status")
    return Table("Agreement of two designs, group by group", "", head, rows, 3)


def all_table(shown: Shown) -> Table:
    """Return the agreement of all designs that can so decide."""
    rows = [
        [
            wording.level(r["group"]),
            r["param"],
            shown.named(r["note"] or "–"),
            wording.number(r["n"], 0),
            *cells(r),
            shown.named(standing(r)),
        ]
        for r in shown.best(measure="fleiss_kappa")
    ]
    text = "Fleiss' κ over the persons whom all of the designs score; each row names the designs."
    return Table(
        "Agreement of all designs at once",
        text,
        ("group", "asked", "designs", "n", "κ", "low", "high", "status"),
        rows,
        3,
    )
