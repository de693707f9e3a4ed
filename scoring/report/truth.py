"""Verdicts and scores held against the truth: simulated harm of a run, a column of its own of a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scoring.report import curves, wording
from scoring.report.figures import error_curve
from scoring.report.sentences import NEVER_ZERO, p_value, points
from scoring.report.shown import SAME, Figure, Part, Shown, Table, beside_null, by, cells, said

RANKS = {"auc": "AUC", "auc_difference": "AUC, difference"}
CALIBRATED = {
    "calibration_intercept_difference": "intercept, difference",
    "calibration_slope_difference": "slope, difference",
}


def against_truth(shown: Shown) -> Part:
    """Return the part on errors and calibration."""
    found: list[Figure | Table] = [] if shown.table else [*error_curve(shown)]
    for name in shown.schemes:
        found += calibration(shown, name)
    tables = (errors_table(shown), metrics_table(shown), ranking_table(shown), calibration_table(shown))
    title = f"Errors against {'the recorded truth' if shown.table else 'simulated harm'}"
    return Part(title, "", [*found, *(table for table in tables if table.rows)])


def calibration(shown: Shown, name: str) -> Iterator[Figure]:
    """Yield how often each group reaches the truth at the same step of the score."""
    told: dict[str, Any] = {"scheme": name, "group_by": shown.grouping_of(name)}
    found = [r for r in shown.best(measure="calibration_rate", **told) if r["group"] != "unknown"]
    params = list(dict.fromkeys(r["param"] for r in found))
    if not params:
        return
    param = "tau=10" if "tau=10" in params else params[0]
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
            f"at the same step of the score, {truth} is on average {points(seen['value'])} points more or less "
            f"frequent among {wording.level(seen['group'])} than among {wording.level(seen['reference'])}; "
            f"{chance} {points(null['value'])}"
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


def metrics_table(shown: Shown) -> Table:
    """Return, by group, the functions of rows that an audit was asked for."""
    asked: list[str] = shown.manifest.get("metrics") or []
    found = {name: by(shown.best(measure=name), *SAME) for name in asked}
    rows = []
    for key, r in found[asked[0]].items() if asked else ():
        group = "" if r["group_by"] == "everyone" else f"{wording.attribute(r['group_by'])}: "
        values = (wording.number(found[name][key]["value"], 3) for name in asked)
        rows.append([f"{group}{wording.level(r['group'])}", wording.number(r["n"], 0), *values, said(r)])
    text = "Functions of rows that were asked for, over the rows that have a verdict and a truth; without intervals."
    return Table("Also asked for", text, ("group", "n", *asked, "status"), rows)


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
