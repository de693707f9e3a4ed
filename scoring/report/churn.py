"""The same person next year: who stands elsewhere, from where to where, and how long a place lasts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scoring.report import steadiness, steps, wording
from scoring.report.sentences import p_value
from scoring.report.shown import Figure, Part, Row, Shown, Table, by, cells, percents, standing

WAYS = {"any": "another", "downward": "lower", "upward": "higher"}
FLAG = "two steps do not explain two years"  # as the half-life and its check are noted


def next_year(shown: Shown) -> Part:
    """Return the part on churn over years."""
    found: list[Figure | Table] = []
    for name in shown.schemes:
        found += [*moves(shown, name), *staying(shown, name)]
    tables = (churn_table(shown), half_life_table(shown), homogeneity_table(shown))
    text = (
        "Persons are followed from year to year among those whom a design scores in both. They stand in a band, or, "
        "under a design without bands, on its list or off it. A place that lasts is stable, and stable is not correct."
    )
    return Part("The same person next year", text, [*found, *(table for table in tables if table.rows)])


def states(shown: Shown, name: str, rows: Sequence[Row]) -> list[str]:
    """Return the states of a design, the worst first; without bands on its list, then off it."""
    seen = dict.fromkeys(state for r in rows for state in str(r["term"]).split(steps.ARROW))
    bands = [band["name"] for band in shown.told(name)["bands"]]
    return [b for b in bands if b in seen] + sorted(s for s in seen if s not in bands)


def moves(shown: Shown, name: str) -> Iterator[Figure]:
    """Yield from where to where persons move within the last year."""
    mine = by(shown.best(measure="transition_rate", scheme=name), "group", "term")
    groups = [
        "everyone",
        *(r["group"] for r in shown.best(measure="churn", scheme=name, group_by=shown.grouping_of(name))),
    ]
    rows = [r for (group, _), r in mine.items() if group == "everyone"]
    order = states(shown, name, rows)
    identity = f"moves-{name}"
    picture = steps.transitions(rows, identity, order)
    if not picture:
        return
    last = max(r["period"] for r in rows)
    churned = shown.best(measure="churn", scheme=name, group_by="everyone", period=last)
    table = [r for group in dict.fromkeys(groups) for (g, _), r in mine.items() if g == group]
    yield Figure(
        identity,
        f"{shown.title(name)}: {steadiness.churned({r['term']: r for r in churned}, listed(shown, name))}",
        f"Where those who stood in each {'place' if listed(shown, name) else 'band'} (rows, with their n) stand a year "
        f"later, from year {last} to year {last + 1}, {shown.place}. {steps.HIGHER} stands higher, {steps.LOWER} "
        "stands lower, grey stays; the darker, the more of them. Dashed: nobody, or too few, stood there before.",
        picture,
        ("from → to", "group", "n", "share", "low", "high", "status"),
        [[r["term"], wording.level(r["group"]), wording.number(r["n"], 0), *percents(r), standing(r)] for r in table],
        f"In the table: {wording.UNCERTAINTY.get(rows[0]['uncertainty'], 'interval')}.",
    )


def listed(shown: Shown, name: str) -> bool:
    """Whether persons stand on a list or off it, and in no band."""
    return not shown.told(name)["bands"]


def staying(shown: Shown, name: str) -> Iterator[Figure]:
    """Yield who stands where she stood in the first year, year by year and group by group."""
    told = {"measure": "still_in_place", "scheme": name}
    whole = shown.best(**told, group_by="everyone")
    grouped = shown.best(**told, group_by=shown.grouping_of(name))
    rows = [*whole, *(r for r in grouped if r["group"] != "unknown")]
    order = states(shown, name, rows)
    identity = f"staying-{name}"
    picture = steps.remaining(rows, identity, order)
    if not picture:
        return
    last = max(r["period"] for r in rows)
    ends = [r for r in whole if r["period"] == last and r["status"] == "ok"]
    least = min(ends, key=lambda r: r["value"], default=None)
    lasting = by(shown.best(measure="half_life", scheme=name, group_by="everyone"), "term")
    yield Figure(
        identity,
        f"{shown.title(name)}: {steadiness.staying(least, listed(shown, name))}",
        f"Of those who stood in a {'place' if listed(shown, name) else 'band'} in the first year, the share who stand "
        f"there so many years later, {shown.place}; they may have been elsewhere between. Hollow: a small cell.",
        picture,
        ("stood in", "group", "years later", "n", "share", "low", "high", "status"),
        [
            [
                r["term"],
                wording.level(r["group"]),
                str(r["period"]),
                wording.number(r["n"], 0),
                *percents(r),
                standing(r),
            ]
            for r in rows
        ],
        steadiness.half_life(lasting.get(None), FLAG),
    )


def churn_table(shown: Shown) -> Table:
    """Return who stands elsewhere than the year before, group by group and year by year."""
    found = by(shown.best(measure="churn"), "scheme", "group_by", "group", "period", "term")
    rows = []
    for key in dict.fromkeys(key[:-1] for key in found):
        scheme, _, group, period = key
        mine = [found.get((*key, way)) for way in WAYS]
        first = next(r for r in mine if r)
        rows.append(
            [
                wording.level(group),
                shown.title(scheme),
                str(period + 1),
                wording.number(first["n"], 0),
                *percents(mine[0]),
                *(percents(r)[0] for r in mine[1:]),
                standing(first),
            ]
        )
    another, *others = WAYS.values()
    head = ("group", "design", "year", "n", another, "low", "high", *others, "status")
    text = "Share of those scored in both years who stand in another band, or on the other side of the list."
    return shown.tabled("Who stands elsewhere than the year before", text, head, rows, 3)


def half_life_table(shown: Shown) -> Table:
    """Return after how long half of a difference is forgotten, whether steps forget the past at all, and mobility."""
    gaps = by(shown.best(measure="markov_check"), "scheme", "group_by", "group", "term")
    moved = by(shown.best(measure="mobility"), "scheme", "group_by", "group")
    rows = []
    for r in shown.best(measure="half_life"):
        key = (r["scheme"], r["group_by"], r["group"])
        gap, error, mobile = gaps.get((*key, "gap")), gaps.get((*key, "standard error")), moved.get(key)
        rows.append(
            [
                wording.level(r["group"]),
                shown.title(r["scheme"]),
                r["term"] or "all",
                *cells(r),
                cells(gap, 3)[0],
                cells(error, 3)[0],
                "flagged: use the empirical curve" if FLAG in (r["note"] or "") else "–" if gap is None else "passes",
                cells(mobile)[0],
                standing(r),
            ]
        )
    head = (
        "group",
        "design",
        "states",
        "years",
        "low",
        "high",
        "gap",
        "its error",
        "Markov check",
        "mobility",
        "status",
    )
    text = (
        "Years until half of a difference in where persons stand is forgotten, if steps forget the past. The check: "
        "two steps may lie up to .02, or two standard errors, from what two years show; where they lie farther, the "
        "half-life is flagged, and the share still there is to be read instead. Mobility: 0 nobody moves, 1 last year "
        "says nothing of this."
    )
    return shown.tabled("How long a place is remembered", text, head, rows, 3)


def homogeneity_table(shown: Shown) -> Table:
    """Return whether groups move alike from the same place, as one auditor would have tested it."""
    rows = [
        [
            wording.attribute(r["group_by"]),
            shown.title(r["scheme"]),
            cells(r)[0],
            r["method"],
            p_value(r["p"]),
            standing(r),
        ]
        for r in shown.audited(measure="transition_homogeneity")
    ]
    text = (
        "Chi-square over all places of departure (Anderson and Goodman). p is what one audit of this size would find; "
        "a simulation chooses its own size, so p is no evidence about the scheme."
    )
    head = ("grouping", "design", "chi-square", "method", "p", "status")
    return shown.tabled("Do groups move alike?", text, head, rows, 2)
