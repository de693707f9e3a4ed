"""Behind the veil: what a design holds for a person drawn at random, and for one of the group that fares worst."""

from __future__ import annotations

from collections.abc import Iterator

from scoring.report import contrasts, wording
from scoring.report.shown import Figure, Part, Row, Shown, Table, said
from scoring.report.side_by_side import per_10000

RANDOM, WORST = "a person drawn at random", "a person of the group that fares worst"
OFF = "worst off: "  # begins the note that names the group


def veil(shown: Shown) -> Part:
    """Return the part on what one would choose without knowing who one will be."""
    text = (
        "Of all persons, scored or not: who is never scored is never rewarded either. The worst of several groups is "
        "worse by chance too, so it stands beside the line that chance alone seldom passes."
    )
    table = worst_table(shown)
    return Part("Without knowing who one will be", text, [*outcomes(shown), *([table] if table.rows else [])])


def outcomes(shown: Shown) -> Iterator[Figure]:
    """Yield, for each outcome that several designs have and mean alike, both persons under each design."""
    means = [r for name in shown.designs for r in shown.best(measure="veil_mean", scheme=name)]
    for outcome, polarity in dict.fromkeys((r["outcome"], r["polarity"]) for r in means):
        of = [r for r in means if (r["outcome"], r["polarity"]) == (outcome, polarity) and r["value"] is not None]
        if len(of) < 2:
            continue
        rows, names, series = [], [], []
        for r in of:
            worst = [
                w for w in observed(shown, r["scheme"], outcome) if w["group_by"] == shown.grouping_of(r["scheme"])
            ]
            for one, label in ((r, RANDOM), *((w, f"{WORST}, by {wording.attribute(w['group_by'])}") for w in worst)):
                rows.append(per_10000(one))
                names.append(shown.title(r["scheme"]))
                series.append(label)
        label = outcome.replace("_", " ")
        most, least = max(of, key=lambda r: r["value"]), min(of, key=lambda r: r["value"])
        identity = f"veil-{outcome}-{polarity}"
        yield Figure(
            identity,
            f"{label[:1].upper()}{label[1:]}: of 10,000 drawn at random {wording.number(1e4 * least['value'], 1)} "
            f"under {shown.title(least['scheme'])}, {wording.number(1e4 * most['value'], 1)} under "
            f"{shown.title(most['scheme'])}",
            f"How many of 10,000 get “{label}”, which is {polarity}. {wording.bars(rows).capitalize()}.",
            contrasts.dots(rows, names, series, identity, "of 10,000 persons"),
            ("design", "who", "of 10,000", "status"),
            [[name, who, wording.ranged(r, 1), worst_off(r)] for name, who, r in zip(names, series, rows, strict=True)],
        )


def observed(shown: Shown, scheme: str, outcome: str) -> list[Row]:
    """Return what the group that fares worst gets, by grouping."""
    return [
        r
        for r in shown.best(measure="veil_worst_group", scheme=scheme, outcome=outcome, term="observed")
        if r["value"] is not None and r["group_by"] in shown.groupings
    ]


def who(row: Row) -> str:
    """Name the group that fares worst; over draws of a family it need not be one and the same."""
    named = group_of(row)
    return wording.level(named) if named else said(row)


def worst_off(row: Row) -> str:
    """Write a status, and in its note the group that fares worst as readers know it."""
    named = group_of(row)
    return said(row).replace(f"{OFF}{named}", f"{OFF}{wording.level(named)}") if named else said(row)


def group_of(row: Row) -> str:
    """Return the group that a note names as the one that fares worst; empty where it names none."""
    return str(row["note"] or "").partition(OFF)[2].partition(";")[0]


def worst_table(shown: Shown) -> Table:
    """Return, for every outcome, a person drawn at random and one of the worst-off group, by grouping."""
    rows = []
    for name in shown.designs:
        for mean in shown.best(measure="veil_mean", scheme=name):
            lines = shown.best(measure="veil_worst_group", scheme=name, outcome=mean["outcome"], term="null 95%")
            null = {r["group_by"]: r for r in lines}
            for worst in observed(shown, name, mean["outcome"]):
                line = null.get(worst["group_by"])
                rows.append(
                    [
                        shown.title(name),
                        (mean["outcome"] or "").replace("_", " "),
                        wording.attribute(worst["group_by"]),
                        wording.ranged(mean, 1, 1e4),
                        wording.ranged(worst, 1, 1e4),
                        wording.number(1e4 * line["value"], 1) if line and line["value"] is not None else "–",
                        who(worst),
                    ]
                )
    head = ("design", "outcome", "groups by", "at random", "worst-off group", "chance alone", "who")
    text = "Of 10,000 persons. Of what is favourable the worst-off group gets least, of what is adverse most."
    return shown.tabled("At random, and in the worst-off group", text, head, rows, 3)
