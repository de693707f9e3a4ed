"""Headlines: the comparisons that a study declared beforehand, each group beside its reference.

Counts are averaged over seeds, and over the draws of a family, so a headline is one pair of rates in one world.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from scoring.measures import disparity, errors, rates
from scoring.measures.counts import UNKNOWN, Counts
from scoring.measures.reversal import LINES, SIGN, Line, Share
from scoring.measures.study import BEST, NO_DRAW, REST, Study

SELECTIONS = {
    "selection_rate_ratio": disparity.selected,
    "selection_rate_difference": disparity.selected,
    "excess_per_10000": disparity.selected,
    "non_selection_rate_ratio": disparity.not_selected,
}
ERRORS = {f"{rate}_{how}": rate for rate in errors.RATES for how in ("difference", "ratio")}
UNSCORED = ["missing", "unenrolled"]  # for the ineligible the scheme is not meant
Groups = Mapping[str, Share]
Claim = tuple[str, str, str]


@dataclass(frozen=True)
class Headline:
    """One comparison: a group beside its reference, all the groups that it could stand beside, and what it says."""

    told: Mapping[str, Any]  # world, scheme, outcome, polarity, group_by, group, reference, seeds, method
    mine: Share
    theirs: Share
    groups: Groups
    lines: tuple[Line, ...]
    tau: str | None = None  # of a comparison of errors, the class of truth

    def __getitem__(self, name: str) -> Any:
        return self.told[name]


def headlines(
    outcome: Counts, study: Study, claim: tuple[str, str, str], coverage: Counts | None = None
) -> Iterator[Headline]:
    """Yield each comparison of one claim: world by world, scheme by scheme, group by group, and by class of truth."""
    measure, name, group_by = claim
    counts = outcome.where(outcome=name, group_by=group_by)
    if measure in SELECTIONS:
        table = SELECTIONS[measure](counts, study)
    elif measure in ERRORS:
        table = errors.against_truth(counts, study, ERRORS[measure])
    else:
        return
    if table.is_empty():
        return
    missing = without_score(coverage, group_by)
    parts = ["world", "scheme", *(["param"] if "param" in table.columns else [])]
    taus = {truth: rank for rank, truth in enumerate(errors.truths(counts))}
    found = table.partition_by(parts, as_dict=True).items()
    for (world, scheme, *tau), part in sorted(found, key=lambda of: (*of[0][:2], *(taus[t] for t in of[0][2:]))):
        repeats = part.select("draw", "seed").n_unique()
        sums = part.group_by("group").agg(pl.col("y", "n").sum(), pl.col("polarity").first()).sort("group")
        groups = {
            group: Share(y / repeats, n / repeats, missing.get((world, scheme, group), 0.0))
            for group, y, n in sums.select("group", "y", "n").iter_rows()
        }
        polarity = sums["polarity"][0]
        reference = rates.references(part, study).get(group_by)
        lines = (SIGN, LINES[polarity]) if measure == "selection_rate_ratio" else (SIGN,)
        told = {
            "world": world,
            "scheme": scheme,
            "outcome": name,
            "polarity": polarity,
            "group_by": group_by,
            "reference": reference,
            "seeds": part["seed"].n_unique(),
            "method": f"{measure}, averaged over seeds" + (" and draws" if (part["draw"] != NO_DRAW).any() else ""),
        }
        for group, mine in groups.items():
            theirs = beside(groups, group, reference, polarity) if reference else None
            if group != reference and theirs is not None:
                yield Headline(told | {"group": group}, mine, theirs, groups, lines, *tau)


def without_score(coverage: Counts | None, group_by: str) -> dict[tuple[str, str, str], float]:
    """Return, by world, scheme and group, how many persons a scheme is meant for and does not score."""
    if coverage is None:
        return {}
    cells = coverage.where(group_by=group_by).cells
    keys = ["world", "scheme", "group"]
    repeats = pl.struct("draw", "seed").n_unique().over("world", "scheme")
    table = cells.with_columns(pl.when(pl.col("coverage").is_in(UNSCORED)).then("n").otherwise(0) / repeats)
    return {(w, s, g): n for w, s, g, n in table.group_by(keys).agg(pl.col("n").sum()).iter_rows()}


def beside(groups: Groups, group: str, reference: str, polarity: str) -> Share | None:
    """Return what a group stands beside: another group, the rest of all, or the group that fares best."""
    if reference == REST:
        others = [share for name, share in groups.items() if name != group]
        return Share(*(sum(getattr(o, part) for o in others) for part in ("y", "n", "unscored"))) if others else None
    if reference == BEST:
        fit = {name: s for name, s in groups.items() if name != UNKNOWN and s.n >= rates.SMALL_GROUP}
        worth = -1 if polarity == "adverse" else 1
        best = max(sorted(fit), key=lambda name: worth * fit[name].rate, default=None)
        return None if best in (None, group) else groups[str(best)]
    return groups.get(reference)
