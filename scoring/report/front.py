"""Front: designs by the criteria that were declared; who is worse than another by nothing, never a rank or a total."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations

from scoring.report import contrasts, wording
from scoring.report.shown import Figure, Part, Row, Shown, Table, by

BETTER = {"lower": "lower is better", "higher": "higher is better", "parity": "nearer to parity is better"}
ARROWS = {"lower": ("←", "↓"), "higher": ("→", "↑"), "parity": ("←", "↓")}  # along, and up


def front(shown: Shown) -> Part:
    """Return the part on declared criteria."""
    text = (
        f"{len(shown.manifest.get('criteria') or [])} criteria, declared before the run; they are not added up and no "
        "design is ranked. A design dominates another if it is at least as good by all and surely better by one; of a "
        "family, whatever its weights. Of parity the distance is shown: 0 is no gap."
    )
    tables = [table for table in (values_table(shown), dominance_table(shown), shares_table(shown)) if table.rows]
    return Part("By the declared criteria", text, [*pairs(shown), *tables])


def criteria(shown: Shown) -> list[str]:
    """Return the criteria by name, in the order in which they were declared."""
    found = list(dict.fromkeys(r["param"] for r in shown.best(measure="criterion_value")))
    declared = [c["measure"] for c in shown.manifest.get("criteria") or []]
    return sorted(found, key=lambda name: declared.index(name.split(", ")[0]))


def named(criterion: str) -> tuple[str, str]:
    """Return what a criterion measures, in words, and which way is better.

    >>> named("selection_rate_ratio, commended, residence, parity is better")
    ('selection rate ratio, commended, residence', 'parity')
    """
    *parts, direction = criterion.split(", ")
    return ", ".join(parts).replace("_", " "), direction.removesuffix(" is better")


def pairs(shown: Shown) -> Iterator[Figure]:
    """Yield every two criteria against each other."""
    rows = shown.best(measure="criterion_value")
    names = [name for name in criteria(shown) if any(r["param"] == name and r["value"] is not None for r in rows)]
    values = {
        name: {shown.title(r["scheme"]): r for r in shown.as_declared(rows) if r["param"] == name} for name in names
    }
    axes = {
        name: (f"{named(name)[0]} ({along}\u00a0better)", f"{named(name)[0]} ({up}\u00a0better)")
        for name in names
        for along, up in [ARROWS[named(name)[1]]]
    }
    picture = contrasts.scatter(values, axes, "front")
    if picture:
        yield Figure(
            "front",
            verdict(shown),
            "Each picture holds two criteria against each other; the arrow at an axis points to what is better. "
            f"Crosses: {wording.bars(rows).removeprefix('bar: ')}.",
            picture,
            *grid_of(shown, rows),
        )


def grid_of(shown: Shown, rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    """Return head and rows of a table of values: one row a criterion, one column a design."""
    found = by(rows, "param", "scheme")
    designs = [name for name in shown.designs if any(r["scheme"] == name for r in rows)]
    table = [
        [
            named(name)[0],
            BETTER[named(name)[1]],
            *(of_design(found.get((name, design))) for design in designs),
        ]
        for name in criteria(shown)
    ]
    return ["criterion", "direction", *map(shown.title, designs)], table


def of_design(row: Row | None) -> str:
    """Write what a design comes to; what is read off its text is a whole number that nothing moves.

    >>> of_design({"value": 21.0, "low": 21.0, "high": 21.0, "uncertainty": "seeds"})
    '21'
    """
    whole = row is not None and row["value"] is not None and row["low"] == row["high"] == round(row["value"])
    return wording.number(row["value"], 0) if row and whole else wording.ranged(row, 3)


def values_table(shown: Shown) -> Table:
    """Return what each design comes to, by each criterion."""
    head, rows = grid_of(shown, shown.best(measure="criterion_value"))
    text = "Mean over seeds with its 95% interval; of a family the median draw with its range. A dash: not defined."
    return Table("What each design comes to", text, head, rows, 2)


def verdict(shown: Shown) -> str:
    """Say which design dominates which."""
    found = by(shown.best(measure="dominance"), "scheme", "versus")
    told = [
        f"{shown.title(scheme)} dominates {shown.title(versus)}"
        for (scheme, versus), r in found.items()
        if r["value"] == 1
    ]
    if told:
        return "; ".join(told)
    known = any(r["value"] is not None for r in found.values())
    return "No design dominates another" if known else "Who dominates whom is not known: see the statuses beneath"


def dominance_table(shown: Shown) -> Table:
    """Return, for every two designs, what is said of them: dominates, better by something each, not distinguishable."""
    found = by(shown.best(measure="dominance"), "scheme", "versus")
    rows = []
    for one, other in combinations(shown.designs, 2):
        pair = found.get((one, other)), found.get((other, one))
        if pair[0] is not None and pair[1] is not None:
            rows.append([shown.title(one), shown.title(other), of_two(shown, pair[0], pair[1]), plain(pair[0]["note"])])
    return Table("Two by two", "", ("design", "beside", "", "by what"), rows, 4)


def of_two(shown: Shown, row: Row, turned: Row) -> str:
    """Say of two designs whether one dominates."""
    if row["value"] is None:
        return f"not known: {row['status'].replace('_', ' ')}"
    for r in (row, turned):
        if r["value"] == 1:
            return f"{shown.title(r['scheme'])} dominates"
    alike = all("better: nothing" in r["note"] for r in (row, turned))
    return "not distinguishable" if alike else "neither dominates"


def plain(note: str | None) -> str:
    """Write a note in words, without which way is better.

    >>> plain("better: selection_rate, higher is better. Worse: nothing")
    'better: selection rate. Worse: nothing'
    """
    return re.sub(r", (?:lower|higher|parity) is better", "", note or "").replace("_", " ")


def shares_table(shown: Shown) -> Table:
    """Return in how many of the seeds, and of the universes, no other design dominates this one."""
    universes = by(shown.best(measure="non_dominated_share_in_universes"), "scheme")
    rows = [
        [
            shown.title(r["scheme"]),
            wording.ranged(r, 0, 100),
            wording.number(r["seeds"], 0),
            of_universes(universes.get(r["scheme"])),
            r["status"] if r["value"] is not None else f"{r['status']}: {r['note']}",
        ]
        for r in shown.as_declared(shown.best(measure="non_dominated_share"))
    ]
    text = (
        "Per cent of seeds, and of universes that other defensible choices span, in which no other design is at least "
        "as good by all criteria and better by one. A dash: a universe cannot be asked by some criterion."
    )
    head = ("design", "per cent of seeds", "seeds", "per cent of universes", "status")
    return Table("How often no other design dominates it", text, head, rows)


def of_universes(row: Row | None) -> str:
    """Write a share of universes, and how many they are.

    >>> of_universes({"value": 0.75, "n": 216}), of_universes(None)
    ('75 (of 216)', '–')
    """
    if row is None or row["value"] is None:
        return "–"
    return f"{wording.number(100 * row['value'], 0)} (of {wording.number(row['n'], 0)})"
