"""The page of one experiment: parts in a fixed order, each made from rows that the result already holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from scoring.report import wording
from scoring.report.alike import among_alike
from scoring.report.beyond import contexts_table, over_the_years, pooled, same_conduct, worlds_table
from scoring.report.churn import next_year
from scoring.report.explainability import explainability
from scoring.report.figures import bands_by_group, gap_by_rule
from scoring.report.flows import flows
from scoring.report.footing import footing
from scoring.report.front import front
from scoring.report.impact import disparate_impact
from scoring.report.multiverse import other_choices, over_universes
from scoring.report.portability import elsewhere
from scoring.report.reasons import reasons
from scoring.report.recourse import recourse
from scoring.report.reversal import beside_headline, reversal
from scoring.report.scores import every_cut
from scoring.report.shown import Part, Shown, grouping
from scoring.report.side_by_side import side_by_side
from scoring.report.stability import stability
from scoring.report.steadiness import UNTESTED
from scoring.report.subgroups import crossed_groups
from scoring.report.surrogates import surrogates
from scoring.report.truth import against_truth
from scoring.report.veil import veil
from scoring.report.weights import other_weights
from scoring.result import Result

TEMPLATES = Path(__file__).parent / "templates"
MARKS = ("documented", "reported", "recalled", "assumed")


def write(result: Result, folder: str | Path) -> Path:
    """Write `report.html` into a folder and return its path."""
    path = Path(folder) / "report.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render("page.html", context(result)), encoding="utf-8")
    return path


def render(template: str, told: Mapping[str, Any]) -> str:
    """Fill a template."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": wording.number, "percent": wording.percent, "level": wording.level}
    return environment.get_template(template).render(told)


def context(result: Result) -> dict[str, Any]:
    """Return everything that the page shows."""
    shown = Shown(result)
    return {
        "told": result.manifest,
        "title": result.manifest["asks"],
        "lede": same_conduct(shown)
        or pooled(shown)
        or wording.lede(reach_of(shown, shown.designs[0]), shown.title(shown.designs[0])),
        "families": list(wording.families(shown.families)),
        "reach": reach_strip(shown),
        "reach_table": reach_table(shown),
        "findings": list(findings(shown)),
        "bands": list(bands_by_group(shown)),
        "impact": impact(shown),
        "gaps": list(gap_by_rule(shown)),
        "stability": having(shown, stability, next_year, elsewhere, other_weights, other_choices),
        "explainability": having(shown, explainability, reasons, recourse, surrogates),
        "side_by_side": beside_one_another(shown),
        "provenance": [provenance(shown, name) for name in shown.designs],
        "years": list(over_the_years(shown)),
        "worlds": worlds_table(shown),
        "contexts": contexts_table(shown),
        "statuses": statuses_table(shown),
        "limits": [*wording.LIMITS, *untested(shown)],
    }


def untested(shown: Shown) -> list[str]:
    """Return that nothing was put to the test of other defensible choices, where nothing was."""
    return [] if shown.each(measure="robust") else [UNTESTED]


def impact(shown: Shown) -> list[Part]:
    """Return the parts on disparate impact that have anything to show."""
    return having(shown, disparate_impact, every_cut, against_truth, among_alike, crossed_groups, reversal)


def beside_one_another(shown: Shown) -> list[Part]:
    """Return the parts on designs side by side that have anything to show."""
    return having(shown, side_by_side, footing, flows, front, veil)


def having(shown: Shown, *parts: Callable[[Shown], Part]) -> list[Part]:
    """Return the parts that have anything to show."""
    return [part for make in parts if (part := make(shown)).shown]


def statuses_table(shown: Shown) -> dict[str, Any]:
    """Return what each status means, how it is read, and on how many of the result's rows it stands."""
    counted = dict(shown.result.rows["status"].value_counts().iter_rows())
    rows = [
        [status, meaning, wording.READ[status], wording.number(counted.get(status, 0), 0)]
        for status, meaning in wording.STATUS.items()
    ]
    return {"head": ["status", "what it means", "how to read it", "rows"], "rows": rows}


def reach_of(shown: Shown, scheme: str) -> dict[str, Any]:
    """Return the reach rows of one design by term, in the order of the pipe."""
    order = ["residents", "eligible", "enrolled", "scored", *shown.outcomes(scheme)]
    found = {row["term"]: row for row in shown.best(measure="reach", scheme=scheme)}
    return {term: found[term] for term in order if term in found}


def reach_strip(shown: Shown) -> list[tuple[str, str]]:
    """Return the strip under the lede: of 10,000 residents, under the first design."""
    rows = reach_of(shown, shown.designs[0])
    return [
        (wording.number(r["value"], 0 if r["value"] >= 100 else 1), term.replace("_", " ")) for term, r in rows.items()
    ][:6]


def reach_table(shown: Shown) -> dict[str, Any]:
    """Return reach under every design: who is scored, and what follows."""
    table = []
    for name in shown.designs:
        rows = reach_of(shown, name)
        follows = [
            f"{wording.number(r['value'], 1)} {term.replace('_', ' ')}"
            + (
                f" ({wording.number(r['low'], 1)}–{wording.number(r['high'], 1)} over draws)"
                if r["uncertainty"] == "specification"
                else ""
            )
            for term, r in rows.items()
            if term in shown.outcomes(name)
        ]
        values = [wording.number(rows[t]["value"], 0) if t in rows else "–" for t in ("eligible", "enrolled", "scored")]
        table.append(
            [shown.title(name), shown.told(name)["instrument"], *values, "; ".join(follows) or "no outcome documented"]
        )
    return {"head": ["design", "instrument", "eligible", "enrolled", "scored", "what follows"], "rows": table}


def findings(shown: Shown) -> Iterator[dict[str, str]]:
    """Yield the findings in sentences: each declared comparison, then stability."""
    for claim in shown.manifest.get("primary") or []:
        group_by = grouping(claim["group"])
        for name in shown.designs:
            rows = shown.best(measure=claim["measure"], outcome=claim["outcome"], group_by=group_by, scheme=name)
            rows = [r for r in rows if r["reference"] != r["group"]]
            if not rows:
                continue
            row = max(rows, key=lambda r: (r["status"] == "ok", abs((r["value"] or 1) - 1)))
            label = claim["outcome"].replace("_", " ")
            worlds = shown.every_world(
                measure=claim["measure"], outcome=claim["outcome"], group_by=group_by, scheme=name, group=row["group"]
            )
            yield {
                "text": wording.ratio_finding(row, shown.title(name), label),
                "small": f"{wording.line_of(row)} {wording.over_worlds(worlds)} {beside_headline(shown, row)} "
                f"{over_universes(shown, row)}".strip()
                if row["status"] == "ok"
                else "",
            }
    for name in shown.designs[:1]:
        for row in shown.best(measure="pivotal_record_share", scheme=name, term="any", group_by="everyone"):
            lottery = [
                r
                for r in shown.best(measure="self_consistency", scheme=name, group_by=shown.grouping_of(name))
                if r["param"] == "band"
            ]
            yield {
                "text": wording.pivotal_finding(row, shown.title(name)),
                "small": wording.lottery_finding(lottery, "Enforcement lottery") if lottery else "",
            }


def provenance(shown: Shown, name: str) -> dict[str, Any]:
    """Return what one design rests on: shares of rules and of score variance by mark, and what is left out."""
    told = shown.told(name)
    shares = {
        label: [
            (mark, row["value"])
            for mark in (*MARKS, "clip")
            for row in shown.best(measure=measure, scheme=name)
            if row["term"] == mark and row["value"]
        ]
        for measure, label in (("rule_share", "rules"), ("score_variance_share", "score variance"))
    }
    rules = [r for r in told["rules"] if r["points"] is not None]
    return {
        "title": shown.title(name),
        "name": name,
        "law": told["law"],
        "shares": {k: v for k, v in shares.items() if v},
        "live": (len(told["live_rules"]), len(rules)) if rules else None,
        "silent": [r["label"] for r in rules if r["id"] not in told["live_rules"]],
        "omitted": told["omitted"],
        "protected": told["protected_reads"],
        "opaque": told["opaque"],
        "notes": told["notes"],
    }
