"""Rows as the measures of disparate impact write them, made by hand: what a page must be able to show."""

import polars as pl

from scoring.result import Result, tidy

RUN = {
    "uncertainty": "seeds",
    "method": "t over seeds",
    "status": "ok",
    "n": 5000,
    "seeds": 8,
    "level": 0.95,
    "polarity": "favourable",
}
GROUPS = {
    "residence": ("urban", {"rural": (0.71, 5000, "ok")}),
    "sex": ("male", {"female": (0.97, 9000, "ok")}),
    "ethnicity": ("largest", {"other": (7.77, 12, "small_cell"), "few": (None, None, "suppressed")}),
}


def row(measure, value, **told):
    """Return one row; `span` is its interval."""
    span = told.pop("span", None)
    low, high = (None, None) if span is None else span
    return RUN | {"measure": measure, "value": value, "low": low, "high": high} | told


def around(value, half=0.1):
    return None if value is None else (value * (1 - half), value * (1 + half))


def compared(outcome="commended", polarity="favourable"):
    """Yield rates, ratios, differences, bounds and tests of every group; one is small and one is suppressed."""
    for group_by, (reference, groups) in GROUPS.items():
        base = {"outcome": outcome, "polarity": polarity, "group_by": group_by}
        yield row("selection_rate", 0.2, group=reference, n=12000, span=(0.19, 0.21), **base)
        for group, (ratio, n, status) in groups.items():
            told = base | {"group": group, "reference": reference, "n": n, "status": status}
            gone = None if ratio is None else "left out: fewer than 10 persons"
            told["note"] = None if ratio is not None else gone or "left out: fewer than 10 persons"
            rate = None if ratio is None else min(0.2 * ratio, 1)
            yield row("selection_rate", rate, span=around(rate), **{k: v for k, v in told.items() if k != "reference"})
            yield row("selection_rate_ratio", ratio, span=around(ratio), **told)
            yield row("non_selection_rate_ratio", None if ratio is None else 1.07, span=around(1.07), **told)
            difference = None if ratio is None else rate - 0.2
            yield row("selection_rate_difference", difference, span=around(difference), **told)
            if ratio is None:
                continue
            audit = told | {"uncertainty": "audit", "seeds": 1}
            primary = group_by == "residence"
            family = "primary" if primary else "exploratory"
            yield row("association_test", -4.2, param="z", p=0.0004, p_adjusted=0.0012, test_family=family, **audit)
            for size, chance in (("n=1000", 0.12), ("n=10000", 0.64), ("n=100000", 0.9999)) if primary else ():
                yield row("detection_power", chance, term=size, **audit)
            for kind in ("rate_difference", "rate_ratio"):
                at = difference if kind == "rate_difference" else ratio
                spread = (at - 0.4, at + 0.4) if group_by == "residence" else (at * 0.9, at * 1.1)
                yield row(f"selection_{kind}_bounds", at, span=spread, **told | {"uncertainty": "specification"})
        whole = base | {"group": "all groups", "uncertainty": "audit", "seeds": 1}
        status = "small_cell" if group_by == "ethnicity" else "ok"
        yield row("widest_difference", 0.058, term="observed", p=0.002, status=status, **whole)
        yield row(
            "widest_difference", 0.021, term="null 95%", status=status, method="equal rates, 2,000 draws", **whole
        )
        yield row("lowest_to_highest_ratio", 0.71, term="observed", p=0.002, status=status, **whole)
        yield row("lowest_to_highest_ratio", 0.9, term="null 95%", status=status, method="equal rates", **whole)
        yield row("association_test", 17.6, param="chi_square", p=0.00003, **whole)


def scores(param="tau=10"):
    """Yield what is known of the score: its distribution, a curve over cuts, calibration and ranking."""
    told = {"group_by": "residence", "group": "rural", "reference": "urban", "polarity": None}
    audit = told | {"uncertainty": "audit", "seeds": 1}
    for measure, value in (
        ("standardized_mean_difference", -0.31),
        ("hedges_g", -0.3),
        ("probability_of_superiority", 0.58),
        ("cohens_h", -0.15),
    ):
        yield row(measure, value, span=around(value), **told)
    yield row("quantile_gap", -5.0, term="q=0.5", span=(-8, -2), **told)
    for measure, value, null in (("kolmogorov_smirnov", 0.11, 0.03), ("wasserstein", 6.4, 1.2)):
        yield row(measure, value, term="observed", p=0.002, **audit)
        yield row(measure, null, term="null 95%", method="labels permuted, 500 times", **audit)
    for step in range(21):
        cut, ratio = 900 + 10 * step, 2.2 - 0.06 * step
        if step == 7:  # nobody of the reference lies below this cut: the curve has a gap
            yield row("threshold_curve", None, param="ratio", term=str(cut), **told | {"status": "zero_denom"})
            continue
        note = {"note": "the cut of commended"} if cut == 1030 else {}
        for form, value in (("ratio", ratio), ("difference", 0.01 * step), ("flipped_ratio", 1 / ratio)):
            yield row("threshold_curve", value, param=form, term=str(cut), span=around(value), **told | note)
    for term, value in (("area", 6.4), ("rank_area", 0.07), ("widest", 0.11), ("share_beyond_convention", 0.6)):
        yield row("threshold_summary", value, term=term, **told)
    yield row("threshold_summary", 0.2, term="share_of_cuts_worse", outcome="commended", **told)
    for group, shift in (("urban", 0.0), ("rural", 0.04)):
        of = told | {"group": group, "reference": None}
        yield row("auc", 0.72 - shift, param=param, span=around(0.72 - shift, 0.02), **of)
        for step in range(1, 11):
            status = "small_cell" if step == 10 else "ok"
            value = None if step == 9 and group == "rural" else 0.6 - 0.05 * step + shift
            status = "zero_denom" if value is None else status
            yield row("calibration_rate", value, param=param, term=str(step), **of | {"status": status})
    yield row("auc_difference", -0.04, param=param, span=(-0.06, -0.02), **told)
    yield row("abroca", 0.041, param=param, term="observed", p=0.01, **audit)
    yield row("abroca", 0.022, param=param, term="null 95%", method="labels permuted within classes", **audit)
    yield row("calibration_gap", 0.038, param=param, term="observed", p=0.004, **audit)
    yield row("calibration_gap", 0.02, param=param, term="null 95%", **audit)
    yield row("calibration_test", 9.1, param=param, p=0.003, **audit)
    yield row("calibration_intercept_difference", 0.3, param=param, span=(0.1, 0.5), **told)
    yield row("calibration_slope_difference", None, param=param, **told | {"status": "fit_failed", "note": "separated"})


def alike(rungs=("M0", "M1", "M2", "M3"), outcome="commended"):
    """Yield what remains among the alike, and how the gap splits."""
    told = {"group_by": "residence", "group": "rural", "reference": "urban", "outcome": outcome}
    for rung, value in zip(rungs, (-0.058, -0.041, -0.02, -0.05), strict=False):
        yield row("adjusted_difference", value, param=rung, span=around(value, 0.2), **told)
    if "M1" in rungs:
        yield row("laundered_difference", -0.021, span=(-0.025, -0.017), **told)
    for term, value in (("gap", -0.058), ("explained", -0.03), ("unexplained", -0.028), ("explained: records", -0.03)):
        yield row("oaxaca_blinder", value, term=term, **told)
    for term, value in (("total", -0.058), ("rate", -0.04), ("composition", -0.018)):
        yield row("kitagawa", value, param="records", term=term, **told)
    yield row("fairlie", -0.031, term="explained", **told)
    yield row("fairlie", None, term="explained: records", **told | {"status": "fit_failed"})
    audit = told | {"uncertainty": "audit", "seeds": 1}
    for stratum, value, n, status in (("A", 1.18, 900, "ok"), ("B", 0.94, 600, "ok"), ("C", 0.5, 11, "small_cell")):
        yield row("stratum_ratio", value, term=stratum, span=around(value, 0.2), **audit | {"n": n, "status": status})
    yield row("pooled_risk_ratio", 0.945, span=(0.88, 1.01), **audit)
    yield row("pooled_odds_ratio", 0.905, span=(0.77, 1.06), **audit)
    yield row("mantel_haenszel_test", 1.43, p=0.23, **audit)
    yield row("homogeneity_test", 18.8, p=0.0021, **audit)


def crossed(outcome="commended"):
    """Yield two attributes crossed: one cell is small, one is left out."""
    rates = {
        "urban*male": (0.2, 6000, "ok"),
        "urban*female": (0.21, 6000, "ok"),
        "rural*male": (0.15, 3000, "ok"),
        "rural*female": (0.9, 14, "small_cell"),
        "unknown*male": (None, None, "suppressed"),
    }
    told = {"group_by": "residence*sex", "outcome": outcome}
    for group, (value, n, status) in rates.items():
        of = told | {"group": group, "n": n, "status": status}
        yield row("selection_rate", value, span=around(value), **of)
        if value is not None:
            yield row("shrunk_rate", 0.9 * value, span=around(0.9 * value), **of)
    whole = told | {"group": "all groups", "uncertainty": "audit", "seeds": 1}
    yield row("differential_fairness", 0.34, param="smoothed", term="observed", p=0.01, **whole)
    yield row("differential_fairness", 0.12, param="smoothed", term="null 95%", **whole)
    for term, value in (("looked_at", 148.0), ("discovered", 5.0), ("confirmed", 1.0)):
        yield row("subgroups_scanned", value, term=term, group_by="everyone", group="everyone", outcome=outcome)
    yield row(
        "confirmed_subgroup_difference",
        -0.05,
        group_by="residence*income_quintile",
        group="rural*q1",
        reference="rest",
        outcome=outcome,
        span=(-0.07, -0.03),
        p=0.001,
        p_adjusted=0.002,
        n=800,
    )


def tipping(outcome="commended", looked_at="world"):
    """Yield what would reverse a headline."""
    told = {"group_by": "residence", "group": "rural", "reference": "urban", "outcome": outcome}
    told |= {"uncertainty": "specification"}
    yield row(
        "tipping_point", 3.0, param="verdicts", term="sign", note="If 3 verdicts differed, it would be 1.", **told
    )
    note = f"No {looked_at} looked at reverses it."
    yield row("tipping_point", None, param=looked_at, term="sign", note=note, **told)
    yield row("tipping_point", 1.4, param="multipliers", term="line", note="At 1.4 it would cross 0.8.", **told)


def everything(scheme, world="equal_conduct", outcome="commended", param="tau=10", looked_at="world", **alike_told):
    """Return the rows of every measure, of one scheme in one world."""
    rows = [*compared(outcome), *scores(param), *alike(outcome=outcome, **alike_told), *crossed(outcome)]
    return tidy(
        [{"experiment": "hand", "world": world, "scheme": scheme} | r for r in [*rows, *tipping(outcome, looked_at)]]
    )


def manifest(scheme="toy", outcome="commended"):
    """Return as much of a run's manifest as figures read."""
    told = {
        "title": "Toy",
        "subject": "person",
        "instrument": "points scheme",
        "family": False,
        "outcomes": {outcome: {"label": outcome, "polarity": "favourable", "mark": "documented"}},
        "bands": [],
        "rules": [],
    }
    return {
        "experiment": "hand",
        "asks": "Who is commended?",
        "worlds": ["equal_conduct"],
        "designs": [scheme],
        "schemes": {scheme: told},
        "groups": [*GROUPS, "residence*sex"],
        "groups_of": {"person": [*GROUPS, "residence*sex"]},
        "primary": [{"measure": "selection_rate_ratio", "outcome": outcome, "group": "residence"}],
        "seeds": [1, 2],
        "years": 1,
    }


def audit():
    """Return the result of an audit of a table."""
    told = manifest("hiring.csv", "hired") | {
        "experiment": "audit",
        "asks": "Who is hired?",
        "table": "hiring.csv",
        "rows_read": 21250,
        "n": 21200,
        "unscored": 50,
        "unknown": {"residence": 3, "sex": 0},
        "weights": False,
        "references": {"residence": "urban"},
        "outcome": "hired",
        "polarity": "favourable",
        "truth": True,
        "score": "points",
        "cuts": [1030],
        "strata": ["department"],
        "suppressed": 2,
        "warnings": ["60 rows stand twice"],
        "worlds": ["as recorded"],
        "primary": [],
        "command": "scoring audit hiring.csv --group residence,sex --selected hired",
        "version": "0.1.0",
        "created": "2026-11-24",
        "libraries": {"polars": "1.0"},
        "wall_seconds": 1.2,
        "peak_mb": 300,
        "hashes": {},
    }
    told["schemes"]["hiring.csv"] = {
        "title": "hiring.csv",
        "subject": "person",
        "instrument": "table of verdicts",
        "family": False,
        "outcomes": {"hired": {"label": "hired", "polarity": "favourable", "mark": "as recorded"}},
        "bands": [],
        "rules": [],
    }
    rows = everything("hiring.csv", "as recorded", "hired", "truth", "cut", rungs=("M0", "M3"))
    everyone = row("selection_rate", 0.19, group_by="everyone", group="everyone", outcome="hired", n=21200)
    errors = [
        row(m, 0.2, param="truth", group_by="residence", group=g, outcome="hired", span=(0.18, 0.22))
        for m in ("false_positive_rate", "false_negative_rate")
        for g in ("urban", "rural")
    ]
    about = {"experiment": "audit", "world": "as recorded", "scheme": "hiring.csv"}
    rows = pl.concat([rows, tidy([about | r for r in [everyone, *errors]])])
    seedless = pl.when(pl.col("uncertainty") == "seeds").then(pl.lit("audit")).otherwise("uncertainty")
    return Result(rows.with_columns(seedless.alias("uncertainty")), told)
