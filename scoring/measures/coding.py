"""Coding: do two who read the same rules agree on what a person can do about them?"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from scipy.special import ndtri

from scoring.measures import intervals, kappa
from scoring.measures.counts import Counts
from scoring.measures.study import EVERYONE, GROUP, Study
from scoring.result import NOT_APPLICABLE, OK, ZERO_DENOM, tidy

CODERS = "two coders"  # the method of a number that rests on rules and not on persons
ONE_TAG = "a coder gave every rule the same tag: agreement beyond chance has no meaning"
NOT_CODED = "no rule of the scheme was tagged by a second coder"


def coding_agreement(coverage: Counts, study: Study) -> pl.DataFrame:
    """How far does it depend on who reads the rules, what a person can do about them?

    Over the rules that a second coder tagged, who saw their labels alone: `term` `same tag`, the share to which both
    gave one tag, from 0 to 1, Wilson; `kappa`, Cohen's, 1 always the same, 0 as by chance; normal. `n` counts rules.
    What rests on tags (`actionability_share`, ways to rise) rests on this. Undefined where a coder used one tag only.
    """
    rows = []
    for world in coverage.cells["world"].unique().sort():
        for scheme, facts in study.schemes.items():
            if "coded" in facts:
                told = {"world": world, "scheme": scheme, "measure": "coding_agreement", "method": CODERS}
                rows += [told | row for row in agreement(facts["coded"], study.level)]
    return tidy(rows).with_columns(pl.lit(EVERYONE).alias(c) for c in GROUP) if rows else pl.DataFrame()


def agreement(coded: list[tuple[str, str]], level: float) -> list[dict[str, Any]]:
    """Return the share of pairs of tags that agree, and their kappa."""
    n = len(coded)
    if not n:
        undefined = {"value": None, "n": 0, "status": NOT_APPLICABLE, "note": NOT_CODED}
        return [{"term": term, **undefined} for term in ("same tag", "kappa")]
    tags = sorted({tag for pair in coded for tag in pair})
    table = np.zeros((len(tags), len(tags)))
    for first, second in coded:
        table[tags.index(first), tags.index(second)] += 1
    y, found = int(np.trace(table)), kappa.cohen(table)
    share, half = intervals.rate(y, n, level), float(ndtri((1 + level) / 2)) * float(np.sqrt(found.variance))
    same = {"value": y / n, "low": float(share.low), "high": float(share.high), "status": OK}
    beyond: dict[str, Any] = {"value": None, "status": ZERO_DENOM, "note": ONE_TAG}
    if not np.isnan(found.value):
        low, high = max(float(found.value) - half, -1.0), min(float(found.value) + half, 1.0)
        bounds = {"low": low, "high": high} if half > 0 else {}  # of few rules that all agree, none is known
        beyond = {"value": float(found.value), **bounds, "status": OK}
    both = (("same tag", same), ("kappa", beyond))
    return [{"term": term, "n": n, "level": level, **row} for term, row in both]
