"""Other defensible choices: what declared comparisons say in every universe, and which choice moves them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from scoring.report import specification, steadiness, wording
from scoring.report.shown import MOST, Figure, Part, Row, Shown, Table, by, cells, said

CLAIM = ("scheme", "outcome", "group_by", "group", "method")
MEASURES = {  # of a comparison: its axis, and by how much its values are multiplied
    "excess_per_10000": ("more of 10,000", 1.0),
}
RATIO, DIFFERENCE = (
    ("times as often (log scale)", 1.0),
    ("points more often", 100.0),
)
DECLARED, CONCLUDES = "0", "concludes: "
CONVENTION = (
    "A comparison is called robust where at least 95 of 100 universes agree in sign and at least 80 in what they "
    "conclude; the convention is ours."
)
Claim = tuple[Any, ...]


def other_choices(shown: Shown) -> Part:
    """Return the part on the multiverse."""
    found: list[Figure | Table] = []
    shared = by_claim(shown, "conclusion_share")
    for name in shown.schemes:
        found += [*curves(shown, name, shared), *importances(shown, name)]
    tables = (universes_table(shown, shared), ranks_table(shown))
    text = (
        "A universe makes every declared choice in one way: a number of a rulebook, the reference, how the unscored "
        f"are read. Universes are no sample, so nothing here has a p value. {CONVENTION}"
    )
    found = [*conclusions(shown, shared), *found, *(table for table in tables if table.rows)]
    return Part("Under other defensible choices", text, found)


def by_claim(shown: Shown, measure: str) -> dict[Claim, dict[str, Row]]:
    """Return the rows of each comparison by their term."""
    found: dict[Claim, dict[str, Row]] = {}
    for r in sorted(shown.each(measure=measure), key=lambda r: shown.designs.index(r["scheme"])):
        found.setdefault(tuple(r[c] for c in CLAIM), {})[r["term"]] = r
    return found


def foremost(shared: dict[Claim, dict[str, Row]], name: str) -> list[Claim]:
    """Return, of each comparison of a design, the groups that stand in the most universes, the first of them."""
    chosen: dict[Any, Claim] = {}
    for key, terms in shared.items():
        scheme, outcome, group_by, _, method = key
        at = (outcome, group_by, method)
        if scheme == name and (at not in chosen or universes(terms) > universes(shared[chosen[at]])):
            chosen[at] = key
    return list(chosen.values())


def universes(terms: dict[str, Row]) -> int:
    """Return in how many universes a comparison was made."""
    return max(r["n"] or 0 for r in terms.values())


def asked(shown: Shown, key: Claim) -> str:
    """Name a comparison on two lines: whose and of what, and of which design."""
    return f"{wording.level(key[3])}, {of_what(key)}\n{shown.title(key[0])}"


def of_what(key: Claim) -> str:
    """Name what is compared; by another measure than the usual ratio it is said."""
    _, outcome, _, _, method = key
    told = "" if method == "selection_rate_ratio" else f", {str(method).replace('_', ' ')}"
    return f"{(outcome or '').replace('_', ' ')}{told}"


def conclusions(shown: Shown, shared: dict[Claim, dict[str, Row]]) -> Iterator[Figure]:
    """Yield what the universes of each comparison conclude."""
    if not shared:
        return
    held = {tuple(r[c] for c in CLAIM): r for r in shown.each(measure="robust")}
    bars = [{term: r["value"] or 0.0 for term, r in terms.items()} for terms in shared.values()]
    yield Figure(
        "conclusions",
        steadiness.steadied(list(held.values())),
        "Share of universes by conclusion: adverse to the group, favourable to it, or neither, where the interval "
        f"holds no difference or a ratio lies between 0.8 and 1.25; {shown.place}.",
        specification.conclusions(bars[:MOST], "conclusions", [asked(shown, key) for key in shared][:MOST]),
        ("group", "comparison", "design", "universes", *specification.CONCLUSIONS, "same sign", "verdict", "status"),
        [
            [
                wording.level(key[3]),
                of_what(key),
                shown.title(key[0]),
                wording.number(universes(terms), 0),
                *(
                    wording.percent(terms[t]["value"] if t in terms else None, 0)
                    for t in (*specification.CONCLUSIONS, "same sign")
                ),
                steadiness.robust(held.get(key)),
                said(next(iter(terms.values()))),
            ]
            for key, terms in shared.items()
        ],
    )


def curves(shown: Shown, name: str, shared: dict[Claim, dict[str, Row]]) -> Iterator[Figure]:
    """Yield the specification curve of each comparison of a design that some choice moves."""
    held = {tuple(r[c] for c in CLAIM): r for r in shown.each(measure="robust")}
    for key in foremost(shared, name):
        scheme, outcome, group_by, group, method = key
        told = {
            "measure": "universe_estimate",
            "scheme": scheme,
            "outcome": outcome,
            "group_by": group_by,
            "group": group,
        }
        found = [r for r in shown.each(**told) if str(r["method"]).partition(",")[0] == method]
        rows = sorted(
            (r for r in found if r["term"] != DECLARED and r["value"] is not None and r["value"] < float("inf")),
            key=lambda r: r["value"],
        )
        if len({round(r["value"], 9) for r in rows}) < 2:
            continue
        drawn = thinned(rows)
        identity = f"universes-{name}-{outcome}-{group_by.replace('*', '-')}-{method}"
        declared = [r["value"] for r in found if r["term"] == DECLARED and r["value"] is not None]
        yield Figure(
            identity,
            f"{shown.headed(name, outcome)}, {wording.level(group)}: {steadiness.universes(shared[key])}",
            curve_text(shown, rows, drawn, declared),
            specification.curve(
                drawn, identity, [made(r) for r in drawn], [concluded(r) for r in drawn], declared, scale(method)
            ),
            ("universe", "estimate", "low", "high", "n", "conclusion", "status"),
            [
                [choices_of(r), *cells(r, 3), wording.number(r["n"], 0), concluded(r), str(r["status"])]
                for r in [*(r for r in found if r["term"] == DECLARED), *drawn]
            ],
            steadiness.robust_since(held.get(key)),
        )


def curve_text(shown: Shown, rows: Sequence[Row], drawn: Sequence[Row], declared: Sequence[float]) -> str:
    """Say what a specification curve shows, and which universes it leaves out."""
    left = "" if len(drawn) == len(rows) else f", {len(drawn)} of them drawn, taken evenly along the curve"
    line = " Long dashes: as declared." if len(declared) == 1 else ""
    return (
        f"{wording.number(len(rows), 0)} universes that differ in what touches this comparison{left}, lowest estimate "
        f"first, {shown.place}. Thin bars: bounds of all seeds together. Square: adverse; hollow diamond: no evidence; "
        f"circle: favourable.{line} Beneath: the choices that each universe makes."
    )


def thinned(rows: Sequence[Row]) -> list[Row]:
    """Return as many universes as a picture holds, evenly along the curve, the first and the last among them."""
    most = specification.MOST
    if len(rows) <= most:
        return list(rows)
    return [rows[round(i * (len(rows) - 1) / (most - 1))] for i in range(most)]


def made(row: Row) -> dict[str, str]:
    """Return the choices of a universe, in words; of a family the draw is one."""
    pairs = [part.partition("=")[::2] for part in str(row["param"]).split("; ") if "=" in part]
    found = {steadiness.factor(name): choice for name, choice in pairs}
    return found if row["draw"] is None else found | {steadiness.factor("draw"): str(row["draw"] + 1)}


def choices_of(row: Row) -> str:
    """Write the choices of a universe; that which was declared is named so."""
    if row["term"] == DECLARED:
        return "as declared" if row["draw"] is None else f"as declared, draw {row['draw'] + 1}"
    return "; ".join(f"{name}: {choice}" for name, choice in made(row).items()) or "as declared"


def concluded(row: Row) -> str:
    """Return what a universe concludes."""
    return str(row["note"]).removeprefix(CONCLUDES) if row["value"] is not None else "undefined"


def scale(method: str) -> tuple[str, float]:
    """Return the axis of a comparison, and by how much its values are multiplied."""
    return MEASURES.get(method, RATIO if method.endswith("_ratio") else DIFFERENCE)


def over_universes(shown: Shown, row: Row) -> str:
    """Say of a finding whether it may be called robust; nothing where no finding of the run was put to that test."""
    told = {c: row[c] for c in ("scheme", "outcome", "group_by", "group")}
    held = next(iter(shown.each(measure="robust", method=row["measure"], **told)), None)
    tested = held or shown.each(measure="robust")
    return steadiness.robust_since(held) if tested else ""


def importances(shown: Shown, name: str) -> Iterator[Figure]:
    """Yield which choice moves the estimates of a design."""
    found = by(shown.each(measure="factor_importance", scheme=name), *CLAIM, "term", "param")
    keys = list(
        dict.fromkeys(key[:-1] for key in found if (*key[:-1], "main") in found and (*key[:-1], "total") in found)
    )
    pairs = [(found[(*key, "main")], found[(*key, "total")]) for key in keys]
    names = [
        f"{steadiness.factor(key[-1])}\n{wording.level(key[3])}, {(key[1] or '').replace('_', ' ')}" for key in keys
    ]
    moving = [(pair, label) for pair, label in zip(pairs, names, strict=True) if (pair[1]["value"] or 0) > 0.005]
    identity = f"importance-{name}"
    picture = specification.importance([p for p, _ in moving], identity, [label for _, label in moving])
    if not picture:
        return
    yield Figure(
        identity,
        f"{shown.title(name)}: {steadiness.moved_by(total for _, total in pairs)}",
        "Share of the variance of the estimate over universes that a choice explains alone (dark), and that would go "
        "if it were fixed (light); what goes with several choices counts for each, so the light bars may sum to more "
        "than 100. Choices under half a per cent stand in the table only.",
        picture,
        ("choice", "group", "outcome", "universes", "alone", "in all", "status"),
        [
            [
                steadiness.factor(main["term"]),
                wording.level(main["group"]),
                (main["outcome"] or "").replace("_", " "),
                wording.number(main["n"], 0),
                *(wording.percent(r["value"], 1) for r in (main, total)),
                said(main),
            ]
            for main, total in pairs
        ],
    )


def ranks_table(shown: Shown) -> Table:
    """Return whether designs keep their order by the size of the gap, from universe to universe."""
    found: dict[Any, dict[str, Row]] = {}
    for r in shown.each(measure="rank_stability"):
        found.setdefault(tuple(r[c] for c in ("outcome", "group_by", "group", "param")), {})[r["term"]] = r
    rows = []
    for (outcome, _, group, kind), terms in found.items():
        tau, first = terms.get("kendall_tau_b"), terms.get("first stays")
        rows.append(
            [
                wording.level(group),
                (outcome or "").replace("_", " "),
                str(kind),
                *cells(tau),
                wording.percent(first["value"] if first else None, 0),
                shown.named(str(first["note"]).removeprefix("first as declared: ")) if first else "–",
                shown.named(said(tau or first or {"status": "–", "note": ""})),
            ]
        )
    head = ("group", "outcome", "among", "τ, mean", "least", "largest", "first stays", "first as declared", "status")
    text = (
        "Kendall's τ of the order of designs by the size of the gap with the order as declared: 1 where it is the "
        "same. It orders gaps and no designs."
    )
    return Table("Do designs keep their order?", text, head, rows, 3)


def universes_table(shown: Shown, shared: dict[Claim, dict[str, Row]]) -> Table:
    """Return the comparisons that no choice moves, of which no curve is drawn."""
    moved = by(shown.each(measure="factor_importance", param="total"), *CLAIM, "term")
    still = [
        key
        for key in shared
        if (mine := [r for k, r in moved.items() if k[:-1] == key]) and all(r["value"] is None for r in mine)
    ]
    rows = [
        [
            wording.level(key[3]),
            f"{shown.title(key[0])}, {of_what(key)}",
            said(next(r for k, r in moved.items() if k[:-1] == key)),
        ]
        for key in still
    ]
    return Table("Comparisons that no choice moves", "", ("group", "comparison", "status"), rows, 3)
