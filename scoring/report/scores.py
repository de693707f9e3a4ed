"""The score behind the verdict: how far scores lie apart, and every cut that they could have had."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from scoring.report import curves, wording
from scoring.report.sentences import NEVER_ZERO
from scoring.report.shown import SAME, Figure, Part, Row, Shown, Table, beside, beside_null, by, cells, said

GAPS = {
    "standardized_mean_difference": "standardized mean difference",
    "probability_of_superiority": "scores lower, probability",
}
WITH_NULL = {"kolmogorov_smirnov": "Kolmogorov–Smirnov", "wasserstein": "Wasserstein, points"}
BANDS = wording.UNCERTAINTY | {"audit": "95% band over all cuts at once, of one audit of this size"}
CUT_OF = "the cut of "  # begins the note of a row at a cut in use


def every_cut(shown: Shown) -> Part:
    """Return the part on the score, cut by cut."""
    found: list[Figure | Table] = [figure for name in shown.schemes for figure in threshold_curve(shown, name)]
    table = distribution_table(shown)
    return Part("The score, cut by cut", "", [*found, *([table] if table.rows else [])])


def threshold_curve(shown: Shown, name: str) -> Iterator[Figure]:
    """Yield the ratio over every cut for the group of a design that lies furthest from its reference."""
    told: dict[str, Any] = {"scheme": name, "group_by": shown.grouping_of(name)}
    found = beside(shown.audited(measure="threshold_curve", **told) or shown.best(measure="threshold_curve", **told))
    summary = by(shown.best(measure="threshold_summary", **told), "group", "term", "outcome")
    groups = [g for g in dict.fromkeys(r["group"] for r in found) if known(summary, g)]
    if not groups:
        return
    group = max(groups, key=lambda g: abs(summary[g, "widest", None]["value"]))
    rows = by([r for r in found if r["group"] == group], "param", "term")
    ratios = [r for (param, _), r in rows.items() if param == "ratio"]
    who = wording.level(ratios[0]["group"])
    worse = next((r for (g, term, _), r in summary.items() if (g, term) == (group, "share_of_cuts_worse")), None)
    line = summary.get((group, "share_beyond_convention", None))
    title = f"{shown.title(name)}: "
    if worse and worse["value"] is not None:
        said_of = f" for “{worse['outcome'].replace('_', ' ')}”" if worse["outcome"] else ""
        title += f"{wording.percent(worse['value'], 0)} of cuts would be worse for {who} than the actual one{said_of}"
    elif line and line["value"] is not None:
        title += f"{who} lie beyond a US convention at {wording.percent(line['value'], 0)} of cuts"
    else:
        title += f"{who} beside {wording.level(ratios[0]['reference'])} at every cut"
    identity = f"threshold-{name}"
    yield Figure(
        identity,
        title,
        f"How many times as often {who} lie below a cut as {wording.level(ratios[0]['reference'])}, at every cut that "
        f"the score could have had, {shown.place}. Shaded: {BANDS.get(ratios[0]['uncertainty'], 'interval')}; dashed "
        "across: 0.8 and 1.25, a US employment-selection convention; dashed upright: the actual cut. Where nothing can "
        "be divided the line is broken. Shares of cuts are weighed by the persons at them.",
        curves.threshold(ratios, identity, cuts_in_use(shown, ratios)),
        ("cut", "ratio", "low", "high", "difference", "flipped ratio", "status"),
        [
            [
                r["term"],
                *cells(r),
                cells(rows.get(("difference", r["term"])), 4)[0],
                cells(rows.get(("flipped_ratio", r["term"])))[0],
                said(r),
            ]
            for r in sorted(ratios, key=lambda r: float(r["term"]))
        ],
        "A cut is a choice; this is what the others would have done.",
    )


def cuts_in_use(shown: Shown, rows: Sequence[Row]) -> list[tuple[str, float]]:
    """Return the cuts that decide verdicts, as the rows note them; of a table those that were asked for."""
    noted = [(r["note"].removeprefix(CUT_OF).split(";")[0], r) for r in rows if (r["note"] or "").startswith(CUT_OF)]
    asked = [("cut", float(cut)) for cut in shown.manifest.get("cuts") or []]
    return [(outcome, float(r["term"])) for outcome, r in noted] or asked


def known(summary: dict[Any, Row], group: str) -> bool:
    """Whether a group is large enough for its curve to be shown."""
    row = summary.get((group, "widest", None))
    return row is not None and row["value"] is not None and row["status"] in ("ok", "not_lossless")


def distribution_table(shown: Shown) -> Table:
    """Return how far the scores of each group lie from those of its reference, with what chance alone makes."""
    nulls = {m: by([s | {"null": n} for s, n in shown.against_chance(measure=m)], *SAME) for m in WITH_NULL}
    medians = by(shown.best(measure="quantile_gap", term="q=0.5"), *SAME)
    rows = []
    for r in beside(shown.best(measure="standardized_mean_difference")):
        key = tuple(r[c] for c in SAME)
        rows.append(
            [
                wording.level(r["group"]),
                shown.title(r["scheme"]),
                wording.number(r["n"], 0),
                *(cells(shown.one(m, r))[0] for m in GAPS),
                cells(medians.get(key), 1)[0],
                *(told for m in WITH_NULL for told in beside_null(nulls[m].get(key))),
                said(r),
            ]
        )
    pairs = [label for m in WITH_NULL.values() for label in (m, "chance alone")]
    head = ("group", "design", "n", *GAPS.values(), "median, difference", *pairs, "status")
    return shown.tabled("How far the scores lie apart", NEVER_ZERO, head, rows, 2)
