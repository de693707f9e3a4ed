"""The score behind the verdict: its distribution, every cut it could have had, and what it says of the truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from scoring.report import curves, wording
from scoring.report.figures import error_curve
from scoring.report.sentences import p_value
from scoring.report.shown import SAME, Figure, Part, Row, Shown, Table, beside, by, cells, said

GAPS = {
    "standardized_mean_difference": "standardized mean difference",
    "probability_of_superiority": "scores lower, probability",
}
WITH_NULL = {"kolmogorov_smirnov": "Kolmogorov–Smirnov", "wasserstein": "Wasserstein, points"}
RANKS = {"auc": "AUC", "auc_difference": "AUC, difference"}
CALIBRATED = {
    "calibration_intercept_difference": "intercept, difference",
    "calibration_slope_difference": "slope, difference",
}
CUT_OF = "the cut of "  # begins the note of a row at a cut in use
NEVER_ZERO = "A distance is never zero by chance: read it beside what chance alone seldom exceeds."


def every_cut(shown: Shown) -> Part:
    """Return the part on the score, cut by cut."""
    found: list[Figure | Table] = [figure for name in shown.designs for figure in threshold_curve(shown, name)]
    table = distribution_table(shown)
    return Part("The score, cut by cut", "", [*found, *([table] if table.rows else [])])


def against_truth(shown: Shown) -> Part:
    """Return the part on errors and calibration."""
    found: list[Figure | Table] = [] if shown.table else [*error_curve(shown)]
    for name in shown.designs:
        found += calibration(shown, name)
    tables = (errors_table(shown), ranking_table(shown), calibration_table(shown))
    title = f"Errors against {'the recorded truth' if shown.table else 'simulated harm'}"
    return Part(title, "", [*found, *(table for table in tables if table.rows)])


def threshold_curve(shown: Shown, name: str) -> Iterator[Figure]:
    """Yield the ratio over every cut for the group of a design that lies furthest from its reference."""
    told: dict[str, Any] = {"scheme": name, "group_by": shown.grouping_of(name)}
    found = beside(shown.best(measure="threshold_curve", **told))
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
        f"the score could have had, {shown.place}. Shaded: simultaneous band over all cuts; dashed across: 0.8 and "
        "1.25, a US employment-selection convention; dashed upright: the actual cut. Where nothing can be divided the "
        "line is broken. Shares of cuts are weighed by the persons at them.",
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


def beside_null(row: Row | None, digits: int = 3) -> list[str]:
    """Write what was observed and what chance alone seldom exceeds."""
    if row is None:
        return ["–", "–"]
    null = row["null"]
    return [wording.number(row["value"], digits), wording.number(null["value"] if null else None, digits)]


def calibration(shown: Shown, name: str) -> Iterator[Figure]:
    """Yield how often each group reaches the truth at the same step of the score."""
    told: dict[str, Any] = {"scheme": name, "group_by": shown.grouping_of(name)}
    found = [r for r in shown.best(measure="calibration_rate", **told) if r["group"] != "unknown"]
    params = list(dict.fromkeys(r["param"] for r in found))
    if not params:
        return
    param = params[min(1, len(params) - 1)]
    rows = [r for r in found if r["param"] == param]
    truth = harm(shown, param)
    gaps = [
        (seen, null)
        for seen, null in shown.against_chance(measure="calibration_gap", param=param, **told)
        if null is not None and seen["value"] is not None and seen["status"] in ("ok", "not_lossless")
    ]
    said_of = f"{shown.title(name)}: "
    if gaps:
        seen, null = max(gaps, key=lambda pair: pair[0]["value"] - pair[1]["value"])
        chance = "chance alone seldom makes more than" if seen["value"] > null["value"] else "chance alone makes up to"
        said_of += (
            f"at the same step of the score, {truth} is {wording.number(100 * seen['value'], 1)} points more or less "
            f"frequent among {wording.level(seen['group'])} than among {wording.level(seen['reference'])}; "
            f"{chance} {wording.number(100 * null['value'], 1)}"
        )
    else:
        said_of += f"how often {truth} stands behind each step of the score"
    identity = f"calibration-{name}"
    yield Figure(
        identity,
        said_of,
        f"Share of each group with {truth}, by step of the score, {shown.place}. Hollow: small cells; a step in which "
        "a group has nobody is left out.",
        curves.calibration(rows, identity, truth),
        ("group", "step", "n", "share", "low", "high", "status"),
        [
            [
                wording.level(r["group"]),
                r["term"],
                wording.number(r["n"], 0),
                *(wording.percent(r[c], 2) for c in ("value", "low", "high")),
                said(r),
            ]
            for r in rows
        ],
    )


def harm(shown: Shown, param: str) -> str:
    """Say what verdicts are held against.

    Of a run the threshold of simulated harm, of a table its own column.
    """
    return f"simulated harm of {param.removeprefix('tau=')} or more" if "=" in param else shown.truth


def errors_table(shown: Shown) -> Table:
    """Return error rates by group, both kinds, and what a verdict means."""
    measures = {
        "false_positive_rate": "false positive rate",
        "false_negative_rate": "false negative rate",
        "positive_predictive_value": "positive predictive value",
    }
    rows = []
    for name in shown.designs:
        found = {m: by(shown.best(measure=m, scheme=name), *SAME, "param") for m in measures}
        for key, r in found["false_positive_rate"].items():
            if r["group_by"] in ("everyone", shown.grouping_of(name)) or shown.table:
                values = (found[m].get(key) for m in measures)
                shares = (wording.percent(one["value"], 1) if one else "–" for one in values)
                who = [wording.level(r["group"]), shown.title(name), (r["outcome"] or "").replace("_", " ")]
                rows.append([*who, harm(shown, r["param"]), *shares, said(r)])
    head = ("group", "design", "outcome", "truth", *measures.values(), "status")
    note = (
        "Of persons without the truth, who is selected; of persons with it, who is passed over; of the selected, who "
        "has it."
    )
    return shown.tabled("Error rates by group", note, head, rows, 4)


def ranking_table(shown: Shown) -> Table:
    """Return how well the score ranks each group by the truth, and the area between the curves."""
    between = by([s | {"null": n} for s, n in shown.against_chance(measure="abroca")], *SAME, "param")
    found = {m: by(shown.best(measure=m), *SAME, "param") for m in RANKS}
    rows = []
    for key, r in found["auc"].items():
        area = between.get(key)
        rows.append(
            [
                wording.level(r["group"]),
                shown.title(r["scheme"]),
                harm(shown, r["param"]),
                wording.number(r["n"], 0),
                *(cells(found[m].get(key), 3)[0] for m in RANKS),
                *beside_null(area),
                p_value(area["p"] if area else None),
                said(r),
            ]
        )
    head = ("group", "design", "truth", "n", *RANKS.values(), "ABROCA", "chance alone", "p", "status")
    text = "AUC: how often the score puts a person with the truth and one without in order. ABROCA: the area between "
    return shown.tabled("How well the score ranks", f"{text}two groups' curves. {NEVER_ZERO}", head, rows, 3)


def calibration_table(shown: Shown) -> Table:
    """Return whether the same score means the same truth, group beside reference."""
    tests = by(shown.audited(measure="calibration_test"), *SAME, "param")
    found = {m: by(shown.best(measure=m), *SAME, "param") for m in CALIBRATED}
    rows = []
    for seen, null in shown.against_chance(measure="calibration_gap"):
        key = (*(seen[c] for c in SAME), seen["param"])
        failed = next((r for m in CALIBRATED if (r := found[m].get(key)) and r["value"] is None), seen)
        rows.append(
            [
                wording.level(seen["group"]),
                shown.title(seen["scheme"]),
                harm(shown, seen["param"]),
                *beside_null(seen | {"null": null}),
                p_value(tests.get(key, {}).get("p")),
                *(cells(found[m].get(key))[0] for m in CALIBRATED),
                said(failed),
            ]
        )
    head = ("group", "design", "truth", "mean gap", "chance alone", "p, each step", *CALIBRATED.values(), "status")
    return shown.tabled("Does the same score mean the same?", NEVER_ZERO, head, rows, 3)
