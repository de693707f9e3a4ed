"""Disparate impact: what was declared, what was not, what chance alone makes, and what the unscored could change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scoring.report import charts, sentences, wording
from scoring.report.extremes import extremes, extremes_table
from scoring.report.sentences import p_value
from scoring.report.shown import MOST, SAME, Figure, Part, Row, Shown, Table, beside, by, cells, said, sound

HEAD = ("n", "ratio", "low", "high", "passed over, ratio", "p", "p adjusted", "status")
SIZES = ("n=1000", "n=10000", "n=100000")
NO_EVIDENCE = (
    "In the tables p is what one audit of this size would find; a simulation chooses its own size, so p is no evidence "
    "about the scheme."
)
MARKS = (
    "Circles are favourable outcomes and squares adverse ones, hollow where the cell is small; the dashed lines at 0.8 "
    "and 1.25 are a US employment-selection convention."
)


def disparate_impact(shown: Shown) -> Part:
    """Return the part on disparate impact, both directions."""
    found: list[Figure | Table] = [*declared(shown)]
    for polarity in ("favourable", "adverse"):
        found += exploratory(shown, polarity)
    drawn = {figure.id for figure in found if isinstance(figure, Figure)}
    for name in shown.schemes:
        found += extremes(shown, name)
    tables = (further_table(shown, drawn), extremes_table(shown), power_table(shown))
    found += [*bounds(shown), *(table for table in tables if table.rows)]
    text = (
        f"Both directions are shown, and neither follows from the other. {MARKS} {'' if shown.table else NO_EVIDENCE}"
    )
    return Part("Disparate impact", text.strip(), found)


def declared(shown: Shown) -> Iterator[Figure]:
    """Yield a forest plot for each comparison that was declared beforehand, over all designs."""
    for outcome, group_by in dict.fromkeys((o, g) for m, o, g in shown.primary if m.startswith("selection_rate")):
        rows = beside(shown.best(measure="selection_rate_ratio", outcome=outcome, group_by=group_by))
        rows = shown.as_declared(rows)
        if not rows:
            continue
        several, said_of = len(shown.designs) > 1, outcome.replace("_", " ")
        identity = f"declared-{outcome}-{group_by.replace('*', '-')}"
        powers = power_of(shown, rows)
        best = sound(rows)
        far = sentences.furthest(best)
        yield Figure(
            identity,
            f"{said_of[:1].upper()}{said_of[1:]} by {wording.attribute(group_by)}, declared beforehand: "
            + sentences.apart(best, f" ({shown.title(far['scheme'])})" if several and far else ""),
            f"Test family: {sentences.FAMILY['primary']}. {of_rates(rows)}",
            charts.forest(rows[:MOST], identity, names=[label(shown, r, several) for r in rows[:MOST]]),
            ("group", *(["design"] if several else []), *HEAD),
            [with_tests(shown, r, [shown.title(r["scheme"])] if several else []) for r in rows],
            powers,
        )


def exploratory(shown: Shown, polarity: str) -> Iterator[Figure]:
    """Yield a forest plot of what was not declared beforehand, of the first outcome of one polarity of each design.

    The first is one that is declared for some grouping, and of which some cell is large enough.
    """
    for name in shown.designs:
        for outcome in (o for o in shown.foremost(name) if o in shown.outcomes(name, polarity)):
            rows = beside(
                r
                for group_by in shown.groupings
                if not shown.declared(outcome, group_by)
                for r in shown.best(measure="selection_rate_ratio", scheme=name, outcome=outcome, group_by=group_by)
            )
            if not sound(rows):
                continue
            told = shown.told(name)["outcomes"][outcome]
            firm = [r for r in sound(rows) if not shown.table or kept_after_adjusting(shown, r)]
            identity = forest_of(name, outcome)
            yield Figure(
                identity,
                f"{shown.headed(name, outcome)}: "
                + (sentences.apart(firm) if firm else "no difference is left after adjusting"),
                f"How often each group gets “{told['label']}” [{told['mark']}]. "
                f"Test family: {sentences.FAMILY['exploratory']}. {of_rates(rows)}",
                charts.forest(rows, identity, polarity == "favourable"),
                ("group", *HEAD),
                [with_tests(shown, r, []) for r in rows],
                f"Of the outcome: {told['note']}." if told.get("note") else "",
            )
            break


def forest_of(name: str, outcome: str) -> str:
    """Return the id of the forest plot of an outcome."""
    return f"forest-{name}-{outcome}"


def further_table(shown: Shown, drawn: set[str]) -> Table:
    """Return the comparisons that were not declared beforehand and that no picture shows."""
    found = [
        r
        for r in beside(shown.best(measure="selection_rate_ratio"))
        if r["group_by"] in shown.groupings
        and not shown.declared(r["outcome"], r["group_by"])
        and forest_of(r["scheme"], r["outcome"]) not in drawn
    ]
    rows = [with_tests(shown, r, [shown.title(r["scheme"]), r["outcome"].replace("_", " ")]) for r in found]
    text = (
        f"Test family: {sentences.FAMILY['exploratory']}. Further outcomes, and those that so few get that no "
        "comparison of them is more than its interval."
    )
    return shown.tabled("Further comparisons", text, ("group", "design", "outcome", *HEAD), rows, 3)


def of_rates(rows: Sequence[Row]) -> str:
    """Say what the bars are and beside whom groups stand."""
    references = ", ".join(dict.fromkeys(wording.level(r["reference"]) for r in rows if r["reference"]))
    return f"Beside {references}; {wording.bars(rows)}."


def label(shown: Shown, row: Row, several: bool) -> str:
    """Name a group, and beneath it the design where there are several."""
    who = f"{wording.level(row['group'])} (n {wording.number(row['n'], 0)})"
    return f"{who}\n{shown.title(row['scheme'])}" if several else who


def kept_after_adjusting(shown: Shown, row: Row) -> bool:
    """Whether a difference stands after adjusting for all that were looked at; so it does where none was tested."""
    test = shown.tests.get(tuple(row[c] for c in SAME))
    return test is None or test["p_adjusted"] is None or test["p_adjusted"] < 0.05


def with_tests(shown: Shown, row: Row, also: Sequence[str]) -> list[str]:
    """Return a ratio as a table has it: its interval, the flipped ratio, and p of one audit."""
    flipped = shown.one("non_selection_rate_ratio", row)
    test = shown.tests.get(tuple(row[c] for c in SAME), {})
    return [
        wording.level(row["group"]),
        *also,
        wording.number(row["n"], 0),
        *cells(row),
        cells(flipped)[0],
        p_value(test.get("p")),
        p_value(test.get("p_adjusted")),
        said(row),
    ]


def power_of(shown: Shown, rows: Sequence[Row]) -> str:
    """Say of each group, under the first design that has it, how likely an auditor is to see its difference."""
    told = []
    for group, row in by(rows, "group").items():
        same = {c: row[c] for c in SAME}
        seen = sentences.power(shown.best(measure="detection_power", **same)) if row["status"] == "ok" else ""
        if seen:
            told.append(f"{wording.level(group)}: {seen[:1].lower()}{seen[1:]}")
    return " ".join(f"{one[:1].upper()}{one[1:]}" for one in told[:3])


def power_table(shown: Shown) -> Table:
    """Return how likely an auditor is to see each declared difference, by the size of the sample."""
    found = shown.best(measure="detection_power")
    sized = by(found, *SAME, "term")
    table = [
        [
            wording.level(row["group"]),
            shown.title(row["scheme"]),
            (row["outcome"] or "").replace("_", " "),
            *(sentences.chance_of(sized.get((*key, size), {}).get("value")) for size in SIZES),
        ]
        for key, row in by(found, *SAME).items()
    ]
    return shown.tabled(
        "Would an auditor have seen it?",
        "Probability that a test at 5% tells the declared difference from none, by how many persons an auditor holds.",
        ("group", "design", "outcome", *(sentences.people(size) for size in SIZES)),
        table,
        3,
    )


def bounds(shown: Shown) -> Iterator[Figure]:
    """Yield what becomes of the first comparisons if every unscored person is read one way, or the other."""
    rows = [
        r
        for name in shown.designs
        for outcome in shown.foremost(name)[:2]
        for r in beside(
            shown.best(
                measure="selection_rate_ratio_bounds", scheme=name, outcome=outcome, group_by=shown.grouping_of(name)
            )
        )
    ]
    firm = sound(rows)
    if not any(r["low"] < r["value"] or r["high"] > r["value"] for r in firm if r["value"] is not None):
        return
    keep = sum(not r["low"] <= 1 <= r["high"] for r in firm)
    names = [f"{wording.level(r['group'])}\n{shown.headed(r['scheme'], r['outcome'])}" for r in rows]
    yield Figure(
        "bounds",
        f"{keep} of {len(firm)} comparisons keep their side of 1 however the unscored are read",
        "Mark: the ratio among the scored. Bar: not an interval, but from where unscored persons are read as all "
        "selected to where they are read as none selected.",
        charts.forest(rows[:MOST], "bounds", names=names[:MOST]),
        ("group", "design", "outcome", "n", "scored only", "low", "high", "status"),
        [
            [
                wording.level(r["group"]),
                shown.title(r["scheme"]),
                r["outcome"].replace("_", " "),
                wording.number(r["n"], 0),
                *cells(r),
                said(r),
            ]
            for r in rows
        ],
    )
