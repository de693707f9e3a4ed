"""Rows as the measures of explanation and recourse write them, made by hand: what a page must be able to show."""

from impact_rows import row

from scoring.result import Result, tidy

GROUPS = {
    "everyone": {"everyone": (5000, "ok")},
    "residence": {"urban": (3000, "ok"), "rural": (2000, "ok")},
    "disability": {"not_disabled": (4985, "ok"), "disabled": (15, "small_cell")},
}
REFERENCES = {"residence": "urban", "disability": "not_disabled"}
UNDEFINED = {"status": "zero_denom", "note": "nobody of the group", "n": 0}
CURVE = {  # months: of urban and of rural residents who can by then
    "1": (0.0, 0.0),
    "3": (0.2, 0.1),
    "6": (0.5, 0.3),
    "12": (0.81, 0.62),
    "24": (0.9, 0.7),
    "36": (0.9, 0.7),
    "60": (0.9, 0.7),
}
TAGS = {"now": 0.6, "waiting": 0.3, "immutable": 0.1, "others": 0.0}
LEDGER = {
    "who": {"sex": "female", "residence": "rural"},
    "base": 1000,
    "rows": [
        {"rule": "arrears", "label": "bank arrears or card overdue", "points": -45, "because": "1", "mark": "assumed"},
        {"rule": "honour", "label": "an award", "points": 5, "because": "2", "mark": "documented"},
        {"rule": "court", "label": "sued and found in breach", "points": -50, "because": "3", "mark": "documented"},
    ],
    "clip": 0,
    "score": 910,
    "band": "B",
}


def each(measure, values, **told):
    """Yield one row a group; `values` gives that of rural residents last and everyone else's first."""
    for group_by, groups in GROUPS.items():
        for group, (n, status) in groups.items():
            value = values[-1] if group == "rural" else values[0]
            of = {"group_by": group_by, "group": group, "n": n, "status": status, "outcome": None, "polarity": None}
            yield row(measure, value, span=(0.98 * value, 1.02 * value), **of | told)


def beside(measure, values, **told):
    """Yield one row a group that stands beside its reference, with its interval."""
    for group_by, reference in REFERENCES.items():
        for group, (n, status) in GROUPS[group_by].items():
            if group == reference:
                continue
            value, span = values[group]
            of = {"group_by": group_by, "group": group, "reference": reference, "n": n, "status": status}
            yield row(measure, value, span=span, outcome=None, polarity=None, **of | told)


def reasons():
    """Yield what persons are told; the verdict that nobody has is undefined."""
    yield from each("reason_truthfulness", (0.9, 0.75), term="truthful")
    yield from each("reason_truthfulness", (0.02,), term="no reason given")
    yield from each("reason_truthfulness", (0.1,), term="untestable")
    yield from each("reason_coverage", (0.95,))
    yield from each("no_actionable_reason", (0.2, 0.3))
    yield row("reason_tie", None, group_by="everyone", group="everyone", **UNDEFINED)
    yield from each("ledger_replay", (0.0,), term="failing")
    for term, share in TAGS.items():
        yield from each("actionability_share", (share,), param="pooled", term=term)
        yield from each("actionability_share", (share,), param="person mean", term=term)
    yield from each("facts_to_know", (3.2,))
    of = {"group_by": "everyone", "group": "everyone", "uncertainty": None, "n": 20}
    yield row("coding_agreement", 0.8, term="same tag", span=(0.6, 0.9), **of)
    yield row("coding_agreement", 0.5, term="kappa", span=(0.1, 0.9), **of)


def ways():
    """Yield recourse to one goal that is open, to one that is closed to all, and to one that nobody has ahead."""
    for months, (urban, rural) in CURVE.items():
        yield from each("recourse_curve", (urban, rural), param="next band", term=months)
        yield from each("recourse_curve", (0.0,), param="commended", term=months)
        yield row(
            "recourse_curve", None, param="warned", term=months, group_by="everyone", group="everyone", **UNDEFINED
        )
    yield from each("recourse_feasible", (0.9, 0.7), param="next band")
    yield from each("recourse_feasible", (0.0,), param="commended", note="the rulebook names no deed")
    yield row("recourse_feasible", None, param="warned", group_by="everyone", group="everyone", **UNDEFINED)
    yield from each("paper_recourse", (0.05,), param="next band")
    gap = {"rural": (7.5, (5.0, 10.0)), "disabled": (20.0, (15.0, 25.0))}
    yield from beside("recourse_gap", gap, param="next band", term="extra months")
    yield from beside("recourse_gap", gap, param="next band", term="observed")
    for term, value in (("observed", 7.6), ("null 95%", 1.25)):
        of = {"group_by": "residence", "group": "rural", "reference": "urban", "outcome": None}
        yield row("recourse_gap", value, param="next band", term=term, uncertainty="audit", seeds=1, **of)


def texts():
    """Yield complexity, concentration and consistency."""
    everyone = {"group_by": "everyone", "group": "everyone"}
    yield row("complexity", 19.0, term="rules", uncertainty=None, **everyone)
    yield row(
        "complexity",
        6.5,
        term="effective_rules_entropy",
        span=(4.5, 7.5),
        **everyone | {"uncertainty": "specification"},
    )
    for term, value in (("N1", 6.5), ("N2", 4.7), ("HHI", 0.21), ("Gini", 0.57), ("top rule", 0.39), ("worst 1%", 0.2)):
        yield from each("concentration", (value,), term=term)
    for term, value in (("band", 0.96), ("reasons", 0.44), ("both", 0.41)):
        yield from each("explanation_consistency", (value,), term=term)
    yield from each("explanation_step", (8.8,))


def outside():
    """Yield surrogates, opacity, and what moves a score."""
    for depth, fit in (("2", 0.6), ("3", 0.8), ("4", 0.92), ("5", 0.95)):
        yield from each("surrogate_fidelity", (fit, fit - 0.3), param=depth)
    yield from each("surrogate_depth", (4.0,))
    for param, value in (("majority", 0.8), ("2", 0.85)):
        yield from each("surrogate_agreement", (value,), param=param, term="agreement")
        yield from each("surrogate_agreement", (0.5,), param=param, term="kappa")
    yield from each("opacity", (0.25,), term="score", method="the weights")
    for rule, value in (("court", 1.5), ("arrears", 2.5)):
        yield from each("shapley_value", (value,), param=rule)
    yield from each("non_additive_share", (0.01,))
    yield from each("permutation_importance", (4.0,), param="n_arrears")


def manifest():
    """Return as much of a run's manifest as figures read."""
    told = {
        "title": "Toy",
        "subject": "person",
        "instrument": "points scheme",
        "family": False,
        "outcomes": {
            "commended": {"label": "commended", "polarity": "favourable", "mark": "documented"},
            "warned": {"label": "warned", "polarity": "adverse", "mark": "documented"},
        },
        "bands": [
            {"name": "C", "high": 849, "direct": False},
            {"name": "B", "low": 850, "high": 959, "direct": False},
            {"name": "A", "low": 960, "high": 2999, "direct": False},
            {"name": "far", "low": 3000, "direct": False},
        ],
        "rules": [{"id": r["rule"], "label": r["label"]} for r in LEDGER["rows"]],
    }
    return {
        "experiment": "hand",
        "asks": "Can she rise?",
        "worlds": ["equal_conduct"],
        "designs": ["toy"],
        "schemes": {"toy": told},
        "groups": ["residence", "disability"],
        "groups_of": {"person": ["residence", "disability"]},
        "primary": [],
        "seeds": [1, 2],
        "example_ledgers": {"toy": LEDGER},
    }


def result(rows=None, **told):
    """Return all rows, or those given, as a result."""
    rows = [*reasons(), *ways(), *texts(), *outside()] if rows is None else rows
    about = {"experiment": "hand", "world": "equal_conduct", "scheme": "toy"}
    return Result(tidy([about | r for r in rows]), manifest() | told)
