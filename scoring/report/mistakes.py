"""Mistakes: how often errors in the records turn a verdict, by the kind of error."""

from __future__ import annotations

from collections.abc import Iterator

from scoring.report import steps, wording
from scoring.report.shown import Figure, Row, Shown, Table, by, percents, standing

KINDS = {
    "lost": "records lost",
    "false": "false records",
    "swapped": "records of another type",
    "mislinked": "records of another person",
    "together": "all errors together",
}
TERMS = ("any", "worse", "better")
OBSERVED, ALIKE = "observed", "if all were alike"
ASSUMED = (
    "θ is assumed: of records lost or swapped it is the share of records, of false and mislinked ones the share of "
    "persons, so kinds are not to be held against one another."
)
Param = tuple[str, str]


def parted(param: str) -> Param:
    """Return the kind of error and its rate.

    >>> parted("lost, theta=0.05")
    ('lost', '0.05')
    """
    kind, _, theta = param.partition(", theta=")
    return kind, theta


def turned(shown: Shown, name: str) -> Iterator[Figure]:
    """Yield how often errors turn verdicts of a design, kind by kind, at the highest rate of errors that was tried."""
    found = by(shown.best(measure="flip_rate", scheme=name), "param", "group_by", "group", "term")
    more = by(shown.best(measure="flip_rate_difference", scheme=name, term="any"), "param", "group_by", "group")
    if not found:
        return
    theta = max((parted(key[0])[1] for key in found), key=float)
    bars: dict[str, tuple[Row, Row | None, Row | None]] = {
        KINDS[kind]: (whole, found.get((*place, "worse")), found.get((*place, "better")))
        for kind in KINDS
        if (place := (f"{kind}, theta={theta}", "everyone", "everyone"))
        and (whole := found.get((*place, TERMS[0])))
        and whole["value"] is not None
    }
    identity = f"mistakes-{name}"
    picture = steps.turning(list(bars.values()), identity, list(bars))
    if not picture:
        return
    kind, (most, worse, _) = max(bars.items(), key=lambda one: float(one[1][0]["value"]))
    keys = dict.fromkeys(key[:-1] for key in found if key[1] in ("everyone", shown.grouping_of(name)))
    yield Figure(
        identity,
        f"{shown.title(name)}: {kind} turn {wording.share(most['value'])} of verdicts at θ = {theta}"
        + (f", {wording.share(worse['value'])} for the worse" if worse else ""),
        f"Share of redraws in which errors of a kind give a person another verdict, at θ = {theta}; "
        f"{wording.number(most['n'], 0)} persons, {shown.place}. {steps.LOWER} worse, {steps.HIGHER} better; where "
        f"either is no verdict it is neither. {ASSUMED}",
        picture,
        ("errors", "θ", "group", "n", "any", "low", "high", "worse", "better", "points more than reference", "status"),
        [row_of(key, [found.get((*key, term)) for term in TERMS], more.get(key)) for key in keys],
        f"In the table: {wording.UNCERTAINTY.get(most['uncertainty'], 'interval')}.",
    )


def row_of(key: tuple[str, str, str], rows: list[Row | None], more: Row | None) -> list[str]:
    """Write one row of the table: a kind, a rate and a group."""
    kind, theta = parted(key[0])
    first = next(r for r in rows if r)
    return [
        KINDS.get(kind, kind),
        theta,
        wording.level(key[2]),
        wording.number(first["n"], 0),
        *percents(rows[0], 3),
        *(percents(r, 3)[0] for r in rows[1:]),
        wording.number(None if more is None or more["value"] is None else 100 * more["value"], 3),
        standing(first),
    ]


def unsteady_table(shown: Shown) -> Table:
    """Return whose verdict errors turn often, and how steeply verdicts turn while errors are rare."""
    slopes = by(shown.best(measure="flip_rate_slope", term="any"), "scheme", "param", "group_by", "group")
    found = by(shown.best(measure="flip_rate_above_10"), "scheme", "param", "group_by", "group", "term")
    rows = []
    for key in (key[:-1] for key in found if key[-1] == OBSERVED):
        scheme, param, group_by, group = key
        if group_by not in ("everyone", shown.grouping_of(scheme)):
            continue
        seen, alike = found[*key, OBSERVED], found.get((*key, ALIKE))
        kind, theta = parted(param)
        slope = slopes.get((scheme, kind, group_by, group))
        rows.append(
            [
                wording.level(group),
                shown.title(scheme),
                KINDS.get(kind, kind),
                theta,
                wording.number(seen["n"], 0),
                *percents(seen, 3),
                percents(alike, 3)[0],
                wording.number(slope["value"] if slope else None, 3),
                standing(seen),
            ]
        )
    head = ("group", "design", "errors", "θ", "n", "unsteady", "low", "high", "if all alike", "slope", "status")
    text = (
        "Unsteady: persons whose verdict turns in more than one redraw of ten, beside how many would by chance if all "
        "were alike. Slope: verdicts turned for each error while errors are rare."
    )
    return shown.tabled("Whose verdict is unsteady under errors", text, head, rows, 4)
