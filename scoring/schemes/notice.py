"""A notice: what one subject would be told under a scheme, as plain data; every number is the scheme's own.

The ledger is asked of the scheme and added up here, so that what a letter shows is what the score is. Where a fact, a
term or a way to object is not known, it is absent here and a letter says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import narwhals as nw

from scoring.schemes import conditions, recourse
from scoring.schemes.contexts import vocabulary
from scoring.schemes.family import Family
from scoring.schemes.laws import shipped
from scoring.schemes.legality import judged
from scoring.schemes.lists import OPEN
from scoring.schemes.scheme import Band, Rule, Scheme
from scoring.schemes.text import LISTED, RuleText

MOST_REASONS = 4  # as many as the official commentary on US Regulation B advises
DRAWS = 32
Row = Mapping[str, Any]


def notice(scheme: Scheme, frame: Any, known: Mapping[str, recourse.Action] | None = None) -> dict[str, Any]:
    """Return what the one subject of a frame would be told under a scheme.

    The frame is eager, has one row, and shows what the scheme reads; `prior__…` of the year before where there was one.
    `known` is the catalogue of actions, the shipped one by default.
    """
    facts = only_row(frame)
    scored = only_row(scheme.score(frame))
    found = ledger(scheme, frame, scored)
    direct = direct_bands(scheme, frame, scored)
    return {
        "scheme": about(scheme),
        "coverage": scored["coverage"],
        "score": scored["score"],
        "band": band_of(scheme, scored["band"]),
        "listed": scored["listed"],
        "outcomes": [outcome(scheme, name, scored[name], facts) for name in scheme.outcomes],
        "ledger": found,
        "reasons": reasons(found, direct),
        "direct_bands": direct,
        "listing": listing(scheme, frame, facts, scored),
        "bands": {one.name: {"name": one.name, "label": one.label} for one in scheme.bands},
        "next_band": next_band(scheme, scored),
        "gains": gains(scheme, found, facts),
        "way": way(scheme, frame, scored, known) if found else None,
        "repair": "" if scheme.text.repair.startswith(("unknown", "not applicable")) else scheme.text.repair,
        "repairs": [one.model_dump(exclude={"when"}) for one in scheme.text.repairs],
        "closes": [context(one) for one in scheme.text.sanctions],
        "opens": [context(one) for one in scheme.text.rewards],
        "contest": [one.model_dump() for one in scheme.text.contest],
        "rights": rights(scheme),
        "facts": {name: plain(facts[name]) for name in scheme.reads if not name.startswith("lot__")},
        "by_lot": [name for name in scheme.reads if name.startswith("lot__")],
    }


def only_row(frame: Any) -> dict[str, Any]:
    """Return the one row of a frame."""
    [row] = nw.from_native(frame, eager_only=True).rows(named=True)
    return dict(row)


def plain(value: Any) -> Any:
    """Return a value as JSON has it; an unknown one stays none."""
    return value if value is None or isinstance(value, int | bool | float) else str(value)


def about(scheme: Scheme) -> dict[str, Any]:
    """Return what a letter says of the scheme itself."""
    text = scheme.text
    return {
        "name": scheme.name,
        "title": text.title.model_dump(),
        "instrument": scheme.instrument,
        "subject": scheme.subject,
        "family": text.family,
        "redlist": text.redlist,
        "opaque": scheme.opaque,
        "learned": text.learned.model_dump(include={"estimator", "features"}) if text.learned else None,
        "law": text.law.model_dump(),
        "in_force": dict(text.in_force),
        "enrolment": text.enrolment.model_dump(exclude={"when"}),
        "eligibility": text.eligibility.model_dump(exclude={"when"}),
        "notice": text.notice.model_dump() if text.notice else None,
        "base_mark": text.base.mark if text.base else None,
        "limits": dict(text.limits),
        "rules": len(scheme.rules),
        "documented": sum(rule.mark == "documented" for rule in scheme.rules),
        "digest": scheme.digest,
    }


def band_of(scheme: Scheme, name: str) -> dict[str, Any] | None:
    """Return a band as a letter names it; none for a subject that is in none."""
    found = next((one for one in scheme.bands if one.name == name), None)
    return {"name": found.name, "label": found.label} if found else None


def holds(frame: Any, node: conditions.Node | None) -> bool:
    """Tell whether a condition holds for the one subject of a frame; an unknown fact makes nothing hold."""
    if node is None:
        return True
    known = nw.from_native(frame, eager_only=True)
    return bool(known.select(conditions.expression(node).alias("holds"))["holds"][0])


def outcome(scheme: Scheme, name: str, follows: bool | None, facts: Row) -> dict[str, Any]:
    """Return one outcome, whether it follows, and the records that its own condition found."""
    declared, written = scheme.outcomes[name], scheme.text.outcomes[name]
    read = conditions.columns(declared.when) if declared.when else []
    return {
        "name": name,
        "label": declared.label,
        "polarity": declared.polarity,
        "follows": follows,
        "by": "list" if declared.listed else "condition" if declared.when else "band",
        "records": {c: plain(facts[c]) for c in read if facts[c] and not c.startswith("lot__")},
        "by_lot": any(c.startswith("lot__") for c in read),
        "named_only": written.named_only,
        "note": written.note,
        "mark": declared.mark,
    }


def ledger(scheme: Scheme, frame: Any, scored: Row) -> dict[str, Any] | None:
    """Return base, rules and clip, which add up to the score; none where there is no score or nobody can read one."""
    if scheme.base is None or scheme.opaque or scored["coverage"] != "scored":
        return None
    points = only_row(scheme.ledger(frame))
    texts = {row.id: row for row in scheme.text.rules}
    lines = [
        line(rule, texts[rule.id], points[f"points__{rule.id}"], points)
        for rule in scheme.scored_rules
        if points[f"points__{rule.id}"]
    ]
    return {
        "base": scheme.base,
        "lines": lines,
        "sum": scheme.base + sum(one["points"] for one in lines),
        "clip": points["points__clip"],
        "score": scored["score"],
    }


def line(rule: Rule, text: RuleText, points: int, facts: Row) -> dict[str, Any]:
    """Return one line of a ledger."""
    times = int(facts[rule.per]) if rule.per else None
    return {
        "rule": rule.id,
        "label": rule.label,
        "points": points,
        "times": times,
        "each": rule.points if rule.per else None,
        "capped": times is not None and rule.points is not None and times * rule.points != points,
        "because": rule.because,
        "lasts": "" if text.lasts == "unknown" else text.lasts,
        "actionable": rule.actionable,
        "discretionary": rule.discretionary,
        "mark": rule.mark,
        "reads": rule.reads,
    }


def direct_bands(scheme: Scheme, frame: Any, scored: Row) -> list[dict[str, Any]]:
    """Return the records that hold the subject in a band, whatever the score; `binding` where they lower it."""
    if scored["coverage"] != "scored":
        return []
    texts = {row.id: row for row in scheme.text.direct_bands}
    names = [one.name for one in scheme.bands]
    reached = by_score(scheme, scored["score"])
    found = []
    for name, node, band in scheme.direct_bands:
        if holds(frame, node):
            lowers = reached is not None and names.index(band) < scheme.bands.index(reached)
            found.append(
                {
                    "id": name,
                    "label": texts[name].label,
                    "band": band,
                    "binding": lowers and band == scored["band"],
                    "because": texts[name].because,
                    "mark": texts[name].mark,
                    "reads": conditions.columns(node),
                }
            )
    return found


def by_score(scheme: Scheme, score: int | None) -> Band | None:
    """Return the band that the score alone leads to."""
    ladder = [one for one in scheme.bands if not one.direct]
    reached = [one for i, one in enumerate(ladder) if i == 0 or (score is not None and score >= (one.low or 0))]
    return reached[-1] if reached and score is not None else None


def reasons(found: dict[str, Any] | None, direct: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the main reasons against the subject: what holds the band down, then the largest deductions."""
    if found is None:
        return []
    against = sorted((one for one in found["lines"] if one["points"] < 0), key=lambda one: int(one["points"]))
    first = [{"label": one["label"], "points": None, "reads": one["reads"]} for one in direct if one["binding"]]
    rest = [{"label": one["label"], "points": one["points"], "reads": one["reads"]} for one in against]
    return [*first, *rest][:MOST_REASONS]


def listing(scheme: Scheme, frame: Any, facts: Row, scored: Row) -> dict[str, Any] | None:
    """Return why a subject is on a list, for how many days still, and what is not known of it; none without a list."""
    if not scheme.text.entries or scored["coverage"] != "scored":
        return None
    entries = []
    for rule, written in zip(scheme.rules, scheme.text.entries, strict=True):
        if not rule.unmodelled and holds(frame, rule.when):
            entries.append(
                written.model_dump(include={"id", "label", "because", "actionable", "discretionary", "mark"})
                | {"term": written.term.model_dump() if written.term else None, "reads": rule.reads, "days": rule.days}
            )
    before = int(facts.get("prior__days") or 0)
    unstated = any(one["term"] is None and not joins(one) for one in entries)
    left = max([before, *(one["days"] for one in entries)])
    return {
        "entries": entries,
        "ways_on": [rule.label for rule in scheme.rules if not rule.unmodelled],
        "from_before": before > 0,
        "days_left": None if left >= OPEN or unstated else left,
        "open": left >= OPEN,
        "leaves": bool(scored["listed"]) and scored["next__days"] == 0 and not unstated,
        "other_lists": [c.removeprefix(LISTED) for one in entries for c in joins(one)],
    }


def joins(entry: dict[str, Any]) -> list[str]:
    """Return the columns that put a subject on a list because she is on another."""
    return [c for c in entry["reads"] if c.startswith(LISTED)]


def next_band(scheme: Scheme, scored: Row) -> dict[str, Any] | None:
    """Return the next better band that the score leads to, and how many points are missing; none at the top."""
    here = by_score(scheme, scored["score"])
    if here is None:
        return None
    above = [one for one in scheme.bands[scheme.bands.index(here) + 1 :] if not one.direct]
    if not above or above[0].low is None:
        return None
    return {"name": above[0].name, "label": above[0].label, "points": above[0].low - scored["score"]}


def gains(scheme: Scheme, found: dict[str, Any] | None, facts: Row) -> list[dict[str, Any]]:
    """Return the rules that give points for what a person can do now and that have not given her all they can."""
    if found is None:
        return []
    given = {one["rule"]: one["points"] for one in found["lines"]}
    return [
        {"label": rule.label, "points": rule.points, "each": rule.per is not None, "cap": rule.cap, "mark": rule.mark}
        for rule in scheme.scored_rules
        if rule.actionable == "now"
        and (rule.points or 0) > 0
        and (rule.id not in given or (rule.per is not None and given[rule.id] != rule.cap))
    ]


def way(
    scheme: Scheme, frame: Any, scored: Row, known: Mapping[str, recourse.Action] | None = None
) -> dict[str, Any] | None:
    """Return the fewest months in which deeds and waiting lead to a better band, and by what; none where none is ahead.

    The months are none where no way leads there in time, or where a record holds the subject down.
    """
    names = [band.name for band in scheme.bands]
    target = recourse.goals(scheme)["next band"].get(names.index(scored["band"])) if names else None
    if target is None:
        return None
    points = only_row(scheme.ledger(frame))
    given = {rule.id: points[f"points__{rule.id}"] for rule in scheme.scored_rules}
    need = max((scheme.bands[target].low or 0) - (scored["score"] - points["points__clip"]), 0)
    held = target > only_row(recourse.ceiling(scheme, frame))["ceiling"]
    taken = None if held else recourse.cheapest(recourse.menus(scheme, frame, given, known), need)
    labels = {name: action.label for name, action in (recourse.actions() if known is None else known).items()}
    return {
        "band": band_of(scheme, names[target]),
        "months": None if taken is None else sum(cost for _, cost in taken.values()),
        "steps": [
            {"label": labels.get(name), "points": gain, "months": cost} for name, (gain, cost) in (taken or {}).items()
        ],
    }


def context(one: Any) -> dict[str, Any]:
    """Return a context that a verdict closes or opens, with the label of the vocabulary."""
    return {"label": vocabulary().contexts[one.context].label, "text": one.text, "mark": one.mark}


def rights(scheme: Scheme) -> list[dict[str, Any]]:
    """Return what a law gives a subject to ask for: of laws in force while the scheme is, that have to do with it."""
    found = []
    for key, law in shipped().items():
        judgement = judged(scheme, key, law)
        speak = {finding.provision.id for finding in judgement.findings}
        if judgement.standing != "in force" or judgement.outside:
            continue
        found += [
            {
                "right": one.right,
                "law": law.title.model_dump(),
                "rank": law.rank,
                "from": law.in_force,
                "until": law.until,
                "article": one.article,
                "quote": one.quote,
                "quote_en": one.quote_en,
                "mark": one.mark,
            }
            for one in law.provisions
            if one.right and one.id in speak
        ]
    return found


def over_draws(family: Family, frame: Any, draws: int = DRAWS) -> dict[str, Any]:
    """Return how a subject fares over draws of the unknown weights: the range of scores, and how often in each band."""
    found = [only_row(one.score(frame)) for one in family.draws(draws)]
    scores = [one["score"] for one in found if one["score"] is not None]
    bands = [one["band"] for one in found if one["coverage"] == "scored"]
    names = [one.name for one in family.central().bands]
    return {
        "draws": draws,
        "scored": len(bands),
        "low": min(scores, default=None),
        "high": max(scores, default=None),
        "bands": {name: bands.count(name) for name in names if name in bands},
        "listed": sum(bool(one["listed"]) for one in found),
    }
