"""Figures of a scheme: its bands, its errors over the simulated harm, its rules, and the records it turns on."""

from __future__ import annotations

from collections.abc import Iterator

from scoring.report import charts, wording
from scoring.report.shown import Figure, Row, Shown, percents


def bands_by_group(shown: Shown) -> Iterator[Figure]:
    """Yield the bands of each scheme that has them, by the first grouping."""
    for name in shown.designs:
        order = [band["name"] for band in shown.told(name)["bands"]]
        rows = shown.best(measure="band_rate", scheme=name, group_by=shown.grouping_of(name))
        if not rows or not order:
            continue
        groups = list(dict.fromkeys(r["group"] for r in rows))
        by = {(r["group"], r["term"]): r for r in rows}
        rows = [by[g, b] for g in groups for b in order if (g, b) in by]
        biggest = max(rows, key=lambda r: r["value"] or 0)
        identity = f"bands-{name}"
        yield Figure(
            identity,
            f"{shown.title(name)}: band {biggest['term']} holds {wording.percent(biggest['value'])} of "
            f"{wording.level(biggest['group'])}",
            f"Share of scored persons by band and {wording.attribute(shown.grouping_of(name))}, worst band first, "
            f"world {shown.world}."
            + (
                " Medians over draws of the unknown weights, so bars need not reach 100."
                if shown.told(name)["family"]
                else ""
            ),
            charts.bands(rows, identity, order),
            ["group", *order],
            [[wording.level(g), *(share_of(by[g, b]) if (g, b) in by else "0.00%" for b in order)] for g in groups],
            "Cut points and their marks: "
            + ", ".join(f"{band['name']} [{band['mark']}]" for band in shown.told(name)["bands"])
            + ".",
        )


def share_of(row: Row) -> str:
    """Write a share; of a family with its range over draws."""
    value, low, high = percents(row)
    drawn = row["uncertainty"] == "specification" and row["low"] is not None and row["high"] is not None
    return f"{value} (range {low}{wording.WITH}to{wording.WITH}{high})" if drawn else value


def error_curve(shown: Shown) -> Iterator[Figure]:
    """Yield error rates against simulated harm over tau, for each adverse outcome."""
    for name in shown.schemes:
        for outcome in shown.outcomes(name, "adverse"):
            rows = [
                r
                for measure in ("false_positive_rate", "false_negative_rate")
                for r in shown.best(measure=measure, scheme=name, outcome=outcome, group_by="everyone")
            ]
            if not rows:
                continue
            identity = f"errors-{name}-{outcome}"
            grave = next(
                (
                    r
                    for r in rows
                    if r["measure"] == "false_negative_rate" and r["param"] == "tau=10" and r["value"] is not None
                ),
                None,
            )
            said = outcome.replace("_", " ")
            title = f"{shown.title(name)}, {said}" + (
                f": {wording.percent(grave['value'])} of persons with simulated harm of 10 or more are passed over"
                if grave
                else ""
            )
            yield Figure(
                identity,
                title,
                f"Persons selected for “{said}” whose simulated harm lies below tau, and persons at or above tau "
                f"who are passed over; world {shown.world}.",
                charts.errors(rows, identity),
                ("measure", "tau", "value", "low", "high", "status"),
                [
                    [
                        r["measure"].replace("_", " "),
                        r["param"].removeprefix("tau="),
                        wording.percent(r["value"], 2),
                        wording.percent(r["low"], 2),
                        wording.percent(r["high"], 2),
                        r["status"],
                    ]
                    for r in rows
                ],
                "Simulated harm is a declared weighting of simulated events, not desert.",
            )


def gap_by_rule(shown: Shown) -> Iterator[Figure]:
    """Yield the gap in mean points by rule, for each points scheme, in the first grouping."""
    for name in shown.designs:
        told = shown.told(name)
        names = {r["id"]: r["label"] for r in told["rules"]} | {
            "clip": "floor and ceiling",
            "total": "gap in mean points",
        }
        marks = {r["id"]: r["mark"] for r in told["rules"]}
        found = shown.best(measure="rule_gap", scheme=name, group_by=shown.grouping_of(name))
        for group in list(dict.fromkeys(r["group"] for r in found)):
            rows = [r for r in found if r["group"] == group and r["group"] != r["reference"]]
            total = next((r for r in rows if r["term"] == "total"), None)
            if total is None or total["value"] is None:
                continue
            widest = max((r for r in rows if r["term"] != "total"), key=lambda r: abs(r["value"] or 0))
            identity = f"gap-{name}-{group}"
            yield Figure(
                identity,
                f"{shown.title(name)}: “{names[widest['term']]}” moves the gap most, "
                f"by {wording.number(widest['value'])} points; the whole gap is {wording.number(total['value'])}",
                f"Mean points by rule, {wording.level(group)} minus {wording.level(total['reference'])}"
                + (
                    ", median over draws; medians need not add up."
                    if told["family"]
                    else ", adding up exactly to the gap."
                ),
                charts.waterfall(rows, identity, names),
                ("rule", "points", "low", "high", "mark"),
                [
                    [
                        str(names.get(r["term"], r["term"])),
                        *(wording.number(r[c], 3) for c in ("value", "low", "high")),
                        marks.get(r["term"], ""),
                    ]
                    for r in sorted(rows, key=lambda r: r["value"] or 0)
                ],
            )


def turning_records(shown: Shown) -> Iterator[Figure]:
    """Yield, for each design, the record types on which verdicts turn."""
    for name in shown.schemes:
        rows = shown.best(measure="pivotal_record_share", scheme=name, group_by="everyone")
        picture = charts.pivotal(rows, f"pivotal-{name}")
        if not picture:
            continue
        top = max((r for r in rows if r["term"] != "any"), key=lambda r: r["value"] or 0)
        yield Figure(
            f"pivotal-{name}",
            f"{shown.title(name)}: verdicts turn most often on {top['term'].replace('_', ' ')}",
            "Share of scored persons whose band or outcome changes when one record of the type is taken away; "
            f"{wording.number(top['n'], 0)} persons looked at again.",
            picture,
            ("record", "share", "low", "high", "status"),
            [
                [
                    r["term"].replace("_", " "),
                    *(wording.percent(r[c], 3) for c in ("value", "low", "high")),
                    r["status"],
                ]
                for r in rows
            ],
        )
