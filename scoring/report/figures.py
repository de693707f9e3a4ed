"""Figures: the rows of one picture, its title, its description, its table, and what must be minded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from scoring.report import charts, wording
from scoring.result import Result

Row = dict[str, Any]
PREFERRED = ("seeds", "specification", "audit")


@dataclass(frozen=True)
class Figure:
    """One picture with everything that a reader without eyes, or without trust, needs."""

    id: str
    title: str
    text: str
    svg: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


class Shown:
    """The rows of a result as a page needs them: the main world, the best-founded interval."""

    def __init__(self, result: Result):
        self.result, self.manifest = result, result.manifest
        self.designs: list[str] = self.manifest["designs"]
        self.world: str = self.manifest["worlds"][0]
        self.groupings = [g for g in self.manifest["groups"] if "*" not in g]
        primary = self.manifest.get("primary") or []
        first = primary[0]["group"] if primary else self.manifest["groups"][0]
        self.first_grouping = first if isinstance(first, str) else "*".join(first)

    def grouping_of(self, scheme: str) -> str:
        """Return what the subjects of a design are first grouped by."""
        mine: list[str] = self.manifest["groups_of"][self.told(scheme)["subject"]]
        return self.first_grouping if self.first_grouping in mine else mine[0]

    @property
    def schemes(self) -> list[str]:
        """The designs without ordinary law, which the page shows as what they are held against."""
        return [name for name in self.designs if self.told(name)["instrument"] != "ordinary law"]

    def told(self, scheme: str) -> dict[str, Any]:
        """Return what the manifest says of a design."""
        found: dict[str, Any] = self.manifest["schemes"][scheme]
        return found

    def title(self, scheme: str) -> str:
        """Return the title of a design, the assumed weights of a family in it."""
        return str(self.told(scheme)["title"])

    def outcomes(self, scheme: str, polarity: str | None = None) -> list[str]:
        """Return the outcomes of a design, of one polarity if asked."""
        return [o for o, told in self.told(scheme)["outcomes"].items() if polarity in (None, told["polarity"])]

    def best(self, **equals: Any) -> list[Row]:
        """Return rows of the main world, each number once, with the interval that is best founded."""
        return once(self.result.where(world=self.world, **equals), [])

    def every_world(self, **equals: Any) -> list[Row]:
        """Return rows of every world, the main one first."""
        rows = once(self.result.where(**equals), ["world"])
        return sorted(rows, key=lambda r: self.manifest["worlds"].index(r["world"]))


def once(rows: pl.DataFrame, also: Sequence[str]) -> list[Row]:
    """Keep one row a number: over seeds if there is an interval, else over draws, else one audit's."""
    key = ["scheme", "versus", "measure", "param", "term", "outcome", "group_by", "group", "period", *also]
    rank = pl.col("uncertainty").replace_strict(
        {u: i for i, u in enumerate(PREFERRED)}, default=9, return_dtype=pl.Int32
    )
    ranked = rows.with_columns(
        (rank + 5 * (pl.col("low").is_null() & (pl.col("uncertainty") == "seeds")).cast(pl.Int32)).alias("rank")
    )
    return (
        ranked.sort("rank", maintain_order=True).unique(key, keep="first", maintain_order=True).drop("rank").to_dicts()
    )


def numbered(rows: Sequence[Row], digits: int = 2, scale: float = 1) -> list[list[str]]:
    """Return rows as a table: group, n, value, low, high, status."""
    return [
        [
            wording.level(r["group"]),
            wording.number(r["n"], 0),
            *(wording.number(None if r[c] is None else scale * r[c], digits) for c in ("value", "low", "high")),
            r["status"] if not r["note"] else f"{r['status']}: {r['note']}",
        ]
        for r in rows
    ]


NUMBERS = ("group", "n", "value", "low", "high", "status")


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
            [
                [wording.level(g), *(wording.percent(by[g, b]["value"], 2) if (g, b) in by else "0.00%" for b in order)]
                for g in groups
            ],
            "Cut points and their marks: "
            + ", ".join(f"{band['name']} [{band['mark']}]" for band in shown.told(name)["bands"])
            + ".",
        )


def forests(shown: Shown, polarity: str) -> Iterator[Figure]:
    """Yield a forest plot for each outcome of one polarity, every group beside its reference."""
    for name in shown.designs:
        for outcome in shown.outcomes(name, polarity):
            rows = [
                r
                for group_by in shown.groupings
                for r in shown.best(measure="selection_rate_ratio", scheme=name, outcome=outcome, group_by=group_by)
                if r["group"] != r["reference"] and r["group"] != "unknown"
            ]
            if not rows:
                continue
            told = shown.told(name)["outcomes"][outcome]
            sound = [r for r in rows if r["status"] == "ok" and r["low"] is not None]
            apart = [r for r in sound if not r["low"] <= 1 <= r["high"]]
            far = max(apart, key=lambda r: abs(r["value"] - 1), default=None)
            said = outcome.replace("_", " ")
            title = f"{shown.title(name)}, {said}: " + (
                f"{wording.level(far['group'])} {wording.number(far['value'])} times as often as "
                f"{wording.level(far['reference'])}"
                if far
                else ("no interval excludes 1" if sound else "every cell is small")
            )
            identity = f"forest-{name}-{outcome}"
            yield Figure(
                identity,
                title,
                f"How often each group gets “{told['label']}” [{told['mark']}], relative to its reference group "
                f"({', '.join(dict.fromkeys(wording.level(r['reference']) for r in rows))}). "
                f"Mark: ratio, hollow where the cell is small; bar: {wording.UNCERTAINTY[rows[0]['uncertainty']]}; "
                "dashed: 0.8 and 1.25, a US employment-selection convention.",
                charts.forest(rows, identity, polarity == "favourable") if sound else "",
                NUMBERS,
                numbered(rows),
                told.get("note", ""),
            )


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
                f"{wording.number(widest['value'])} of {wording.number(total['value'])} points",
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
