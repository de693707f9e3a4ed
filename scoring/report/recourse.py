"""Recourse: who can rise, how soon, and is that way open to everyone alike?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scoring.report import lines, shares, wording
from scoring.report.shown import MOST, SAME, Figure, Part, Row, Shown, Table, beside, by, cells, said, sound
from scoring.report.wording import ranged

YEAR = "12"  # months that a title names, unless hardly anybody or nearly everybody can rise by then
TOLD = (0.05, 0.95)
NEXT_BAND = "next band"
IN_DENOMINATOR = "Who has no way up stays in the denominator."
WAYS = (
    "Months are of declared deeds and of waiting, one after another, along each person's cheapest way; what a deed "
    "costs is assumed. Nothing here is a mean over those who can rise: that would flatter a design that bars the rest."
)


def recourse(shown: Shown) -> Part:
    """Return the part on recourse."""
    found: list[Figure | Table] = []
    for name in shown.schemes:
        goals = [goal for goal, row in ahead(shown, name).items() if row["value"]]
        found += [figure for goal in goals for figure in curve(shown, name, goal)]
        found += gaps(shown, name, goals)
    found += [table for table in (closed_table(shown), ways_table(shown)) if table.rows]
    return Part("Recourse: who can rise, and how soon", WAYS, found)


def ahead(shown: Shown, name: str) -> dict[str, Row]:
    """Return, by goal that anybody has ahead, who can reach it at all."""
    rows = shown.best(measure="recourse_feasible", scheme=name, group_by="everyone")
    return {r["param"]: r for r in rows if r["value"] is not None}


def to(shown: Shown, name: str, goal: str) -> str:
    """Say what it is to reach a goal: the next band, an outcome to be given or to be rid of, or the end of a list."""
    if goal == NEXT_BAND:
        return "reach the next band"
    told = goal.replace("_", " ")
    if goal in shown.outcomes(name):
        return f"get “{told}”" if shown.favourable(name, goal) else f"be rid of “{told}”"
    return f"get {told}"


def within(budget: str) -> str:
    """Say within how many months.

    >>> within("1"), within("12")
    ('a month', '12 months')
    """
    return "a month" if budget == "1" else f"{budget} months"


def curve(shown: Shown, name: str, goal: str) -> Iterator[Figure]:
    """Yield who can reach a goal within so many months, by group, with one panel a grouping."""
    found = shown.in_order(shown.best(measure="recourse_curve", scheme=name, param=goal))
    rows = [row for group in grouped(found) for row in sorted(group, key=lambda r: int(r["term"]))]
    groupings = dict.fromkeys(r["group_by"] for r in rows if r["group_by"] in shown.groupings)
    panels = {wording.attribute(g): [r for r in rows if r["group_by"] == g] for g in groupings}
    identity = f"recourse-{name}-{goal.replace(' ', '-')}"
    picture = lines.rising(panels, identity)
    if not picture:
        return
    people = max((r["n"] or 0 for r in rows if r["group_by"] == "everyone"), default=0)
    bar = wording.UNCERTAINTY.get(rows[0]["uncertainty"], "interval")
    budgets = list(dict.fromkeys(r["term"] for r in rows))
    yield Figure(
        identity,
        f"{shown.title(name)}: {finding(shown, name, goal, rows)}",
        f"Share of those who have this goal ahead (n {wording.number(people, 0)}, world {shown.world}) for whom some "
        f"deeds and waiting lead there in time. {IN_DENOMINATOR} Hollow: a small cell; the {bar} stands in the table.",
        picture,
        ("group", "n", *(f"{b} month{'s' if b != '1' else ''}" for b in budgets), "status"),
        [line(group, budgets) for group in grouped(rows)],
    )


def grouped(rows: Sequence[Row]) -> list[list[Row]]:
    """Return the rows of each group together."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        found.setdefault((row["group_by"], row["group"]), []).append(row)
    return list(found.values())


def line(rows: Sequence[Row], budgets: Sequence[str]) -> list[str]:
    """Return one group's curve as a table has it: each share with its interval."""
    at = by(rows, "term")
    failed = next((r for r in rows if r["status"] != "ok"), rows[0])
    return [
        wording.level(rows[0]["group"]),
        wording.number(rows[0]["n"], 0),
        *(ranged(at.get(budget), 1, 100) for budget in budgets),
        said(failed),
    ]


def finding(shown: Shown, name: str, goal: str, rows: Sequence[Row]) -> str:
    """Say how many of a group can reach a goal in time, beside its reference where it takes longer, or less."""
    at = by([r for r in rows if r["status"] == "ok"], "group_by", "group", "term")
    everyone = {budget: r for (grouping, _, budget), r in at.items() if grouping == "everyone"}
    if not everyone:
        return f"too few persons to say who can {to(shown, name, goal)}"
    budget = telling(everyone)
    gaps_of = beside(shown.best(measure="recourse_gap", scheme=name, param=goal, term="extra months"))
    far = furthest(gaps_of)
    pair = [at.get((far["group_by"], far[side], budget)) for side in ("group", "reference")] if far else []
    if far and all(pair):
        mine, theirs = (f"{wording.percent(r['value'], 0)} of {wording.level(r['group'])}" for r in pair if r)
        return f"{mine} can {to(shown, name, goal)} within {within(budget)}, {theirs}"
    return (
        f"{wording.percent(everyone[budget]['value'], 0)} can {to(shown, name, goal)} within {within(budget)}; "
        f"{alike(gaps_of)}"
    )


def telling(everyone: dict[str, Row]) -> str:
    """Return the months to name: twelve, or where nobody or everybody can by then those by which half can."""
    year = everyone.get(YEAR)
    if year is not None and TOLD[0] <= year["value"] <= TOLD[1]:
        return YEAR
    return min(everyone, key=lambda budget: abs(everyone[budget]["value"] - 0.5))


def furthest(rows: Sequence[Row]) -> Row | None:
    """Return the gap in months that is widest, of those whose interval excludes none."""
    firm = [r for r in sound(beside(rows)) if not r["low"] <= 0 <= r["high"]]
    return max(firm, key=lambda r: abs(r["value"]), default=None)


def alike(rows: Sequence[Row]) -> str:
    """Say why no group's gap in months is named."""
    if not sound(rows):
        return "groups are too small to compare"
    return "no group's months are told apart from its reference's"


def gaps(shown: Shown, name: str, goals: Sequence[str]) -> Iterator[Figure]:
    """Yield how many months more each group takes than its reference, over the goals to which some way is open."""
    found = shown.in_order(beside(shown.best(measure="recourse_gap", scheme=name, term="extra months")))
    rows = [r for goal in goals for r in found if r["param"] == goal and r["reference"]]
    drawn = [r for r in rows if r["value"] is not None][:MOST]
    if not drawn:
        return
    nulls = {key(seen): null for seen, null in shown.against_chance(measure="recourse_gap", scheme=name)}
    areas = by(shown.best(measure="recourse_gap", scheme=name, term="observed"), *SAME, "param")
    far = furthest(rows)
    bar = wording.UNCERTAINTY.get(rows[0]["uncertainty"], "interval")
    identity = f"recourse-gap-{name}"
    names = [
        f"{wording.level(r['group'])} (n {wording.number(r['n'], 0)})\nto {to(shown, name, r['param'])}" for r in drawn
    ]
    yield Figure(
        identity,
        f"{shown.title(name)}: " + (longer(far, to(shown, name, far["param"])) if far else alike(rows)),
        f"Months more than the reference group, each person counted with 60 at most, and with 60 where she has no way "
        f"up; world {shown.world}. Bar: {bar}; hollow: a small cell. The area between two curves is never zero, so in "
        "the table it stands beside what labels dealt at random seldom exceed.",
        shares.dots(drawn, identity, names, "months more than the reference group", line=0) if sound(drawn) else "",
        ("group", "goal", "beside", "n", "months more", "low", "high", "area", "chance alone", "status"),
        [
            [
                wording.level(r["group"]),
                to(shown, name, r["param"]),
                wording.level(r["reference"]),
                wording.number(r["n"], 0),
                *cells(r),
                cells(areas.get(key(r)))[0],
                cells(nulls.get(key(r)))[0],
                said(r),
            ]
            for r in rows
        ],
    )


def key(row: Row) -> tuple[str | None, ...]:
    """Return whose gap a row is, and towards which goal."""
    return tuple(row[c] for c in (*SAME, "param"))


def longer(row: Row, goal: str) -> str:
    """Say how much longer a group takes."""
    months = wording.number(abs(row["value"]), 1)
    than = "longer" if row["value"] > 0 else "less"
    return (
        f"{wording.level(row['group'])} take {months} months {than} to {goal} than {wording.level(row['reference'])} "
        f"({wording.interval(row, 1)})"
    )


def closed_table(shown: Shown) -> Table:
    """Return the goals that people have ahead and to which no way is open to anyone, and why."""
    closed = [(name, r) for name in shown.schemes for r in ahead(shown, name).values() if r["value"] == 0]
    rows = [
        [to(shown, name, r["param"]), shown.title(name), f"{said(r)}", wording.number(r["n"], 0), "0.0"]
        for name, r in closed
    ]
    designs = list(dict.fromkeys(shown.title(name) for name, _ in closed))
    return shown.tabled(
        f"No way is open to anyone: {len(closed)} goal{'s' if len(closed) != 1 else ''} under {'; '.join(designs)}",
        "Of those who have the goal ahead, nobody can reach it in 60 months, so no curve is drawn.",
        ("goal", "design", "status", "n", "per cent who can"),
        rows,
        3,
    )


def ways_table(shown: Shown) -> Table:
    """Return by group who can rise at all, and whose way is open in the rules and lost in the data."""
    lost = by(shown.best(measure="paper_recourse"), *SAME, "param")
    open_to = {(name, goal) for name in shown.schemes for goal, r in ahead(shown, name).items() if r["value"]}
    rows = [
        [
            wording.level(r["group"]),
            shown.title(r["scheme"]),
            to(shown, r["scheme"], r["param"]),
            said(r),
            wording.number(r["n"], 0),
            ranged(r, 1, 100),
            ranged(lost.get(key(r)), 1, 100),
        ]
        for r in shown.in_order(shown.best(measure="recourse_feasible"))
        if (r["scheme"], r["param"]) in open_to
    ]
    text = (
        "Per cent of those who have the goal ahead, with the interval; then, of those who can rise by the rules, per "
        "cent who cannot once a deed wins nothing where fewer than half of her deeds would reach the scheme."
    )
    head = ("group", "design", "goal", "status", "n", "can rise at all", "lost in the data")
    return shown.tabled("Open in the rules, lost in the data", text, head, rows, 4)
