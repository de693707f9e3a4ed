"""Rows as the measures of stability write them, made by hand: what a page must be able to show."""

from impact_rows import around, manifest, row

from scoring.result import tidy

GROUPS = (("everyone", "everyone", 10000), ("residence", "rural", 4000), ("residence", "urban", 6000))
STEPS = {  # of a hundred who stood there: who stands where a year later
    "low": {"low": 60, "high": 40},
    "high": {"low": 5, "high": 95},
}
SMALL = {"status": "small_cell", "n": 7}
UNDEFINED = {"status": "zero_denom", "note": "nobody of the group stood there"}
FLAGGED = "two steps do not explain two years: read still_in_place instead"
CHOICES = [(cut, reading) for cut in (1010, 1020, 1030) for reading in ("left out", "selected")]


def of(group_by, group, n, **told):
    return {"group_by": group_by, "group": group, "n": n, "polarity": None} | told


def years(half_life=2.4, note=FLAGGED):
    """Yield where persons stand from year to year; one place is small, one was never visited."""
    for place in GROUPS:
        for period in (1, 2):
            for way, value in (("any", 0.05), ("downward", 0.03), ("upward", 0.02)):
                yield row("churn", value, term=way, period=period, span=around(value), **of(*place))
            for state, share in (("low", 0.36), ("high", 0.9)):
                share = share / period if state == "low" else share
                yield row("still_in_place", share, term=state, period=period, span=around(share), **of(*place))
        for a, ends in STEPS.items():
            for b, hundred in ends.items():
                value = hundred / 100
                yield row("transition_rate", value, term=f"{a} → {b}", period=2, span=around(value), **of(*place))
        yield row("transition_rate", 0.5, term="top → high", period=2, span=(0.1, 0.9), **of(*place) | SMALL)
        yield row("transition_rate", None, term="top → top", period=2, **of(*place) | UNDEFINED)
        yield row("mobility", 0.45, period=2, span=(0.4, 0.5), **of(*place))
        yield row("half_life", half_life, note=note, span=around(half_life), **of(*place))
        for term, value in (("gap", 0.2), ("standard error", 0.05)):
            yield row("markov_check", value, term=term, note=note, **of(*place))
    audit = {"group_by": "residence", "group": "all groups", "uncertainty": "audit", "polarity": None, "period": 2}
    yield row("transition_homogeneity", 18.9, p=0.026, **audit | {"method": "chi-square, 9 degrees of freedom"})


def designs():
    """Yield what several designs say of the same persons; in one pair kappa is undefined."""
    for place in GROUPS:
        for verdict, polarity, low, high in (
            ("sanctioned", "adverse", 0.001, 0.02),
            ("rewarded", "favourable", 0.01, 0.1),
        ):
            told = of(*place, param="any instrument", polarity=polarity)
            yield row(f"{verdict}_everywhere", low, span=around(low), **told) | {"scheme": "all schemes"}
            yield row(f"{verdict}_somewhere", high, span=around(high), **told) | {"scheme": "all schemes"}
            yield row("fleiss_kappa", 0.2, span=(0.1, 0.3), note="over toy, other", **told | {"param": verdict})
        told = of(*place, param="any instrument")
        yield row("ambiguity", 0.11, span=around(0.11), **told) | {"scheme": "all schemes"}
        for scheme in ("toy", "other"):
            yield row("portability", 0.9, span=around(0.9, 0.02), **told) | {"scheme": scheme}
            yield row("discrepancy", 0.12, span=around(0.12), **told) | {"scheme": scheme}
        pair = {"scheme": "other", "versus": "toy"}
        yield row("cohen_kappa", 0.48, span=(0.4, 0.56), **of(*place, param="rewarded")) | pair
        yield row("kappa_max", 0.88, **of(*place, param="rewarded")) | pair
        undefined = {"status": "not_applicable", "note": "the same verdict for everyone"}
        yield row("cohen_kappa", None, **of(*place, param="sanctioned") | undefined) | pair
        yield row("verdict_changed", 0.12, span=around(0.12), **of(*place)) | pair
    beside = of("residence", "rural", 4000, param="any instrument", reference="urban")
    yield row("ambiguity_difference", 0.03, span=(0.02, 0.04), **beside) | {"scheme": "all schemes"}


def again():
    """Yield what one record, one draw of detection and one entry make, and how unlike groups are."""
    for place in GROUPS:
        for record, value in (("any", 0.02), ("utility_arrears", 0.015)):
            yield row("pivotal_record_share", value, term=record, span=around(value), **of(*place))
        yield row("self_consistency", 0.98, param="band", span=(0.97, 0.99), **of(*place))
        yield row("self_consistency_below_75", 0.024, param="band", span=(0.02, 0.03), **of(*place))
        for term, value in (("near", 0.05), ("just below", 0.02), ("just above", 0.03)):
            told = of(*place, param="smallest weight", term=term)
            yield row("near_threshold_mass", value, span=around(value), **told)
    for measure, params in (
        ("population_stability_index", ["score deciles"]),
        ("characteristic_stability_index", [f"rule_{i}" for i in range(8)]),
    ):
        for i, param in enumerate(params):
            told = of("residence", "rural", 4000, reference="urban", param=param)
            yield row(measure, 0.01 * i + 0.01, term="observed", span=(0, 0.2), **told)
            yield row(measure, i + 1.5, term="ratio to null 95%", span=(0.5, 9), **told)
            audit = told | {"uncertainty": "audit", "seeds": 1}
            yield row(measure, 0.01 * i + 0.012, term="observed", p=0.004, **audit)
            yield row(measure, 0.0067, term="null 95%", **audit)


def mistakes():
    """Yield how often errors in the records turn verdicts, at two rates of errors."""
    for place in GROUPS:
        for theta, times in (("0.025", 1), ("0.05", 2)):
            for kind, any_, worse in (("lost", 0.002, 0.0005), ("false", 0.004, 0.004), ("together", 0.007, 0.005)):
                param = f"{kind}, theta={theta}"
                for term, value in (("any", any_), ("worse", worse), ("better", any_ - worse)):
                    told = of(*place, param=param, term=term)
                    yield row("flip_rate", times * value, span=around(times * value), **told)
                for term, value in (("observed", 0.01), ("if all were alike", 0.002)):
                    yield row("flip_rate_above_10", value, span=around(value), **of(*place, param=param, term=term))
        yield row("flip_rate_slope", 0.08, span=around(0.08), **of(*place, param="lost", term="any"))


def weights():
    """Yield what other weights and cuts would do; one factor decides, one output is undefined."""
    declared = {"uncertainty": "specification"}
    for place in GROUPS:
        told = of(*place, **declared)
        for term, value in (("either", 0.02), ("up", 0.005), ("down", 0.015)):
            yield row("verdict_shift_under_weights", value, param="band", term=term, span=(0, 0.05), **told)
        moved = told | {"method": "share in another band; Sobol', n = 512"}
        for term, alone, whole in (("floor of high", 0.5, 0.7), ("arrears", 0.1, 0.3)):
            yield row("weight_importance", alone, param="S1", term=term, span=around(alone), **moved)
            yield row("weight_importance", whole, param="ST", term=term, span=around(whole), **moved)
        yield row("weight_importance", 0.4, param="S1", term="interactions", **moved)
        screened = told | {"method": "share in another band; Morris, r = 20"}
        yield row("weight_screening", 0.01, param="mu_star", term="arrears", span=(0, 0.02), **screened)
        yield row("weight_screening", 0.02, param="sigma", term="arrears", **screened)
        yield row("band_range", 0.03, span=around(0.03), **told)
        yield row("rank_shift", 0.002, term="mean shift", span=around(0.002), **told)
    claim = of("residence", "rural", 4000, reference="urban", outcome="commended", param="selection_rate_ratio")
    undefined = {"status": "not_applicable", "note": "undefined at 129 of 256 points"}
    yield row("claim_under_weights", None, **claim | declared | undefined)


def universes(robust=1.0, choices=CHOICES, measure="selection_rate_ratio", best=0.8, declared=0.77):
    """Yield the universes of one comparison, from .6 up; `robust` None: it was not put to that test."""
    told = of("residence", "rural", 4000, outcome="commended", polarity="favourable", reference="urban")
    told |= {"uncertainty": "specification"}
    made = told | {"method": f"{measure}, score of all seeds"}
    if declared is not None:
        yield row("universe_estimate", declared, term="0", param="as declared", note="concludes: adverse", **made)
    for i, (cut, reading) in enumerate(choices, 1):
        value = 0.6 + (best - 0.6) * (i - 1) / max(len(choices) - 1, 1)
        said = "adverse" if value < 0.8 else "no evidence"
        words = {"param": f"bands.high.low={cut}; unscored={reading}", "note": f"concludes: {said}"}
        yield row("universe_estimate", value, term=str(i), span=around(value), **made | words)
    of_all = told | {"n": len(choices), "method": measure, "reference": None}
    for term, value in (("adverse", 0.83), ("no evidence", 0.17), ("favourable", 0.0), ("same sign", 1.0)):
        yield row("conclusion_share", value, term=term, **of_all)
    for term, alone, whole in (("bands.high.low", 0.9, 0.95), ("unscored", 0.05, 0.1)):
        yield row("factor_importance", alone, param="main", term=term, **of_all)
        yield row("factor_importance", whole, param="total", term=term, **of_all)
    if robust is not None:
        yield row("robust", robust, note="100% of 6 universes agree in sign, 83% conclude: adverse", **of_all)
    yield row("rank_stability", 0.9, term="kendall_tau_b", param="points scheme", span=(0.3, 1), **of_all) | {
        "scheme": None
    }
    yield row("rank_stability", 0.8, term="first stays", param="points scheme", note="first as declared: toy", **of_all)


def everything():
    """Return rows of all of them, of one design where they name none."""
    rows = [*years(), *designs(), *again(), *mistakes(), *weights(), *universes()]
    return rows_of(rows)


def rows_of(rows):
    """Return rows as a result holds them."""
    about = {"experiment": "hand", "world": "equal_conduct", "scheme": "toy"}
    return tidy([about | r for r in rows])


def told():
    """Return as much of a run's manifest as the parts on stability read: two designs, one of them with bands."""
    whole = manifest()
    marked = {"label": "", "mark": "documented"}
    toy = whole["schemes"]["toy"] | {
        "bands": [{"name": name, **marked} for name in ("low", "high", "top")],
        "rules": [{"id": "arrears", "label": "late fees", "points": -10, "mark": "documented"}],
    }
    other = toy | {"title": "Other", "bands": [], "rules": []}
    return whole | {"designs": ["toy", "other"], "schemes": {"toy": toy, "other": other}, "years": 3}
