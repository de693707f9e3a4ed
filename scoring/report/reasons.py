"""Reasons: is what a person is told true, does it tell enough, and what can she do about it?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scoring.report import shares, wording
from scoring.report.shown import MOST, Figure, Part, Row, Shown, Table, by, cells, said, sound
from scoring.report.wording import ranged

REASONS = {
    ("reason_truthfulness", "truthful"): "reasons given are the reasons",
    ("reason_truthfulness", "no reason given"): "adverse verdict, no reason given",
    ("reason_truthfulness", "untestable"): "reasons that cannot be tested",
    ("reason_coverage", None): "lost points that four reasons carry",
    ("no_actionable_reason", None): "no reason among four to act on now",
    ("reason_tie", None): "which reasons are told is arbitrary",
    ("ledger_replay", "failing"): "ledger does not add up to the score",
}
COUNTS = {"person mean": "mean over persons who lost points", "pooled": "all points together"}
TEXT = (
    "A reason is true if the verdict gets better once the records behind the four largest deductions are taken away. A "
    "true reason need not be a good one, and what can be acted on is as the rulebook's author tagged it."
)


def reasons(shown: Shown) -> Part:
    """Return the part on reasons."""
    figures = {name: [*truth(shown, name), *actionable(shown, name)] for name in shown.schemes}
    drawn = {figure.id for found in figures.values() for figure in found}
    tables = (reasons_table(shown), truth_table(shown, drawn), coding_table(shown), facts_table(shown))
    found = [table for table in tables if table.rows]
    return Part("Reasons", TEXT, [*found[:1], *(f for made in figures.values() for f in made), *found[1:]])


def reasons_table(shown: Shown) -> Table:
    """Return what reasons tell, under each design that gives any: everyone together, each share with its n."""
    rows = {
        label: {
            name: of_persons(r)
            for name in shown.schemes
            for r in told(shown, name, measure, term)
            if r["group_by"] == "everyone"
        }
        for (measure, term), label in REASONS.items()
    }
    text = (
        "Per cent of the persons whom the question concerns, with the interval and how many they are. Four reasons are "
        "told, the custom of US Regulation B."
    )
    return shown.by_design("What a person is told", text, rows)


def told(shown: Shown, name: str, measure: str, term: str | None = None) -> list[Row]:
    """Return the rows of one measure on reasons, everyone first."""
    return shown.in_order(r for r in shown.best(measure=measure, scheme=name) if r["term"] == term)


def of_persons(row: Row | None) -> str:
    """Write a share with its interval, its n and, unless it is ok, its status.

    >>> row = {"value": 0.982, "low": 0.971, "high": 0.99, "n": 240, "status": "ok", "uncertainty": "seeds"}
    >>> of_persons(row), of_persons(row | {"value": None, "low": None, "status": "zero_denom", "n": 0})
    ('98.2 (97.1\xa0to\xa099.0), n\xa0240', '–, n\xa00, zero_denom')
    """
    if row is None:
        return "–"
    status = "" if row["status"] == "ok" else f", {row['status']}"
    return f"{ranged(row, 1, 100)}, n{wording.WITH}{wording.number(row['n'], 0)}{status}"


def truth(shown: Shown, name: str) -> Iterator[Figure]:
    """Yield, by group, for how many the reasons given are the reasons; only where some cell is large enough."""
    rows = told(shown, name, "reason_truthfulness", "truthful")
    firm = sound(rows)
    if not firm:
        return
    identity = f"truthful-{name}"
    drawn = rows[:MOST]
    bar = wording.UNCERTAINTY.get(rows[0]["uncertainty"], "interval")
    yield Figure(
        identity,
        f"{shown.title(name)}: {true_for(firm)}",
        f"Of persons with an adverse verdict whose reasons can be tested, world {shown.world}: whose verdict gets "
        f"better once the records behind her reasons are taken away. Bar: {bar}; hollow: a small cell.",
        shares.dots(drawn, identity, [who(r) for r in drawn], "per cent with true reasons", 100),
        ("group", "n", "per cent", "low", "high", "status"),
        [[wording.level(r["group"]), wording.number(r["n"], 0), *cells(r, 1, 100), said(r)] for r in rows],
    )


def true_for(firm: Sequence[Row]) -> str:
    """Say for how many the reasons are true, and for whom least often."""
    everyone = next((r for r in firm if r["group_by"] == "everyone"), None)
    least = min(firm, key=lambda r: r["value"])
    if everyone is None or least["value"] == everyone["value"]:
        among = least if everyone is None else everyone
        return f"reasons are true for {wording.share(among['value'])} of {wording.level(among['group'])}"
    return (
        f"reasons are true for {wording.share(everyone['value'])} of everyone, least often for "
        f"{wording.level(least['group'])} ({wording.share(least['value'])})"
    )


def who(row: Row) -> str:
    """Name a group with its n."""
    return f"{wording.level(row['group'])} (n {wording.number(row['n'], 0)})"


def truth_table(shown: Shown, drawn: set[str]) -> Table:
    """Return by group whether reasons are true, where no picture shows it."""
    rows = [
        [wording.level(r["group"]), shown.title(name), said(r), wording.number(r["n"], 0), *cells(r, 1, 100)]
        for name in shown.schemes
        if f"truthful-{name}" not in drawn
        for r in told(shown, name, "reason_truthfulness", "truthful")
    ]
    text = "Too few persons with an adverse verdict for a picture: per cent with true reasons."
    return shown.tabled(
        "True reasons, by group", text, ("group", "design", "status", "n", "per cent", "low", "high"), rows, 3
    )


def actionable(shown: Shown, name: str) -> Iterator[Figure]:
    """Yield how the points that each group lost split by what can be done about them, counted in both ways."""
    found = shown.in_order(shown.best(measure="actionability_share", scheme=name))
    if not any(r["value"] is not None for r in found):
        return
    panels = {label: [r for r in found if r["param"] == param] for param, label in COUNTS.items()}
    everyone = by([r for r in found if r["group_by"] == "everyone" and r["param"] == "pooled"], "term")
    identity = f"actionable-{name}"
    draws = (
        " Medians over draws of the unknown weights, so bars need not reach 100." if shown.told(name)["family"] else ""
    )
    parts = by(found, "param", "group_by", "group", "term")
    yield Figure(
        identity,
        f"{shown.title(name)}: {acted_on(everyone)}",
        f"Points that persons lost (n: how many lost any; world {shown.world}), by what the rulebook's author says can "
        f"be done about them. Hollow: a small cell.{draws}",
        shares.tags(panels, identity),
        ("group", "counted as", "n", *(label for label, _ in shares.TAGS.values()), "status"),
        [
            [
                wording.level(group),
                COUNTS[param],
                wording.number(first["n"], 0),
                *(ranged(parts.get((param, group_by, group, tag)), 1, 100) for tag in shares.TAGS),
                said(first),
            ]
            for (param, group_by, group), first in by(found, "param", "group_by", "group").items()
        ],
    )


def acted_on(everyone: dict[str, Row]) -> str:
    """Say how much of what was lost can be acted on, and what stands against the rest."""
    now = everyone.get("now")
    if now is None or now["status"] != "ok":
        return "too few persons lost points to say what can be done about them"
    rest = {t: r for t, r in everyone.items() if t != "now" and r["value"]}
    share = f"{wording.percent(now['value'], 0)} of the points lost can be acted on now"
    if not rest:
        return share
    tag, most = max(rest.items(), key=lambda pair: pair[1]["value"])
    return f"{share}, {wording.percent(most['value'], 0)} {shares.TAGS[tag][0]}"


def coding_table(shown: Shown) -> Table:
    """Return how far two coders agree on what a person can do about a rule."""
    found = {name: by(shown.best(measure="coding_agreement", scheme=name), "term") for name in shown.schemes}
    found = {name: terms for name, terms in found.items() if terms}
    rows = {
        "rules tagged by both": {name: wording.number(terms["kappa"]["n"], 0) for name, terms in found.items()},
        "same tag, per cent": {name: ranged(terms["same tag"], 1, 100) for name, terms in found.items()},
        "κ": {name: ranged(terms["kappa"], 2, 1) for name, terms in found.items()},
    }
    text = (
        "What can be acted on is read off the rules: by the rulebook's author, and again by a second coder who saw the "
        "labels alone. κ: 1 they always agree, 0 as often as by chance. Where it is low, shares by tag say little."
    )
    return shown.by_design("Do two coders say the same of what can be acted on?", text, rows)


def facts_table(shown: Shown) -> Table:
    """Return how many facts a person needs to work out her score, by group."""
    rows = [
        [wording.level(r["group"]), shown.title(name), said(r), wording.number(r["n"], 0), *cells(r)]
        for name in shown.schemes
        for r in told(shown, name, "facts_to_know")
    ]
    text = (
        "Mean number of distinct facts that the rules read which gave a person her points. A count of facts, and no "
        "measure of what anyone understands."
    )
    return shown.tabled("Facts to know", text, ("group", "design", "status", "n", "facts", "low", "high"), rows, 3)
