"""Front: does a design stay undominated when choices are made otherwise?

The criteria are those declared that a universe can be asked: a declared comparison of groups, and the selection rate of
everyone. Universes are no sample of anything, so a share of them has no interval.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from scoring.measures import multiverse, pareto
from scoring.measures.comparison import KIND
from scoring.measures.counts import Counts
from scoring.measures.multiverse import CHOSEN, READINGS, Asked
from scoring.measures.specification import gap
from scoring.measures.study import EVERYONE, GROUP, Criterion, Study
from scoring.measures.universes import UNSCORED
from scoring.result import NOT_APPLICABLE, OK, tidy

Floats = NDArray[np.float64]
Designs = dict[tuple[str, str], Floats]  # world and scheme → a value a universe
RATE = "selection_rate"


def non_dominated_share_in_universes(counts: Counts, study: Study) -> pl.DataFrame:
    """In how many universes does no other design dominate this one?

    Universes in which no like design is at least as good by all criteria and better by one / universes, from 0 to 1,
    without an interval. Undefined where a criterion cannot be asked of a universe, or has no estimate in one.
    """
    if study.universes is None or not study.criteria:
        return pl.DataFrame()
    found = [of_criterion(counts, study, criterion) for criterion in study.criteria]
    unknown = [c.name for c, of in zip(study.criteria, found, strict=True) if not of]
    designs = dict.fromkeys(key for of in found for key in of)
    fronts: dict[tuple[str, str], list[str]] = {}
    for world, scheme in sorted(designs, key=lambda key: (key[0], list(study.schemes).index(key[1]))):
        kind = str(study.schemes[scheme].get("instrument"))
        fronts.setdefault((world, KIND.get(kind, kind)), []).append(scheme)
    rows: list[dict[str, Any]] = []
    for (world, _kind), names in fronts.items():
        if len(names) < 2:
            continue
        told: dict[str, Any] = {"world": world, "measure": "non_dominated_share_in_universes"}
        told |= {"uncertainty": "specification", "n": len(study.universes.rows)}
        whole = all((world, name) in of for of in found for name in names)
        costs = np.stack([np.stack([of[world, n] for n in names], axis=1) for of in found], axis=2) if whole else None
        if costs is None or np.isnan(costs).any():
            why = f"cannot be asked of a universe: {'; '.join(unknown)}" if unknown else "some universe has no estimate"
            rows += [told | {"scheme": n, "value": None, "status": NOT_APPLICABLE, "note": why} for n in names]
            continue
        for i, name in enumerate(names):
            share = 1 - float(pareto.dominated(costs * pareto.ways(study), i).mean())
            beside = f"beside {', '.join(other for other in names if other != name)}"
            rows.append(told | {"scheme": name, "value": share, "status": OK, "note": beside})
    return tidy(rows).with_columns(pl.lit(EVERYONE).alias(c) for c in GROUP) if rows else pl.DataFrame()


def of_criterion(counts: Counts, study: Study, criterion: Criterion) -> Designs:
    """Return what each design comes to by a criterion in every universe; nothing where universes cannot be asked."""
    claim = (criterion.measure, criterion.outcome, criterion.group_by)
    if criterion.direction == "parity" and claim in list(study.primary):
        return worst_gaps([one for one in multiverse.asked(counts, study) if one.claim == claim])
    if criterion.measure == RATE and criterion.group_by is None:
        return rates(counts, study, criterion.outcome)
    return {}


def worst_gaps(asked: list[Asked]) -> Designs:
    """Return the gap of the group that fares worst; a group that is its own reference in a universe has none there."""
    found: Designs = {}
    for one in asked:
        compared = one.table["group"].is_not_null().to_numpy().reshape(-1, len(one.draws)).all(axis=1)
        apart = np.where(compared, gap(one, one.table), -np.inf)[one.universes.of]
        key = one.told["world"], one.told["scheme"]
        found[key] = np.maximum(found[key], apart) if key in found else apart
    return {key: np.where(np.isneginf(of), np.nan, of) for key, of in found.items()}


def rates(counts: Counts, study: Study, outcome: str | None) -> Designs:
    """Return the selection rate of everyone, as each universe scores and reads the unscored; of a family the median."""
    assert study.universes is not None
    cells = counts.where(outcome=outcome).cells
    if cells.is_empty():
        return {}
    group_by = cells["group_by"][0]  # each grouping holds everyone
    said = [pl.col("n").filter(pl.col("selected") == of).sum() for of in (1, 0, UNSCORED)]
    yes, no, unscored = (one.alias(name) for one, name in zip(said, ("yes", "no", "unscored"), strict=True))
    keys = ["world", "scheme", "draw", "variant"]
    table = cells.filter(group_by=group_by).group_by(keys).agg(yes, no, unscored).sort(keys)
    found: Designs = {}
    for (world, scheme), part in table.partition_by("world", "scheme", as_dict=True).items():
        about = study.universes.about([*study.universes.own(str(scheme)), "unscored"])
        places = multiverse.chosen(about, study, str(scheme), group_by).select("universe", *CHOSEN)
        read = places.join(part, on="variant", how="left", maintain_order="left")
        left_out = pl.col("reading") == READINGS[0]
        taken = pl.when(pl.col("reading") == READINGS[1]).then("unscored").otherwise(0)
        among = pl.col("yes") + pl.col("no") + pl.when(left_out).then(0).otherwise("unscored")
        rate = read.with_columns(((pl.col("yes") + taken) / among).alias("rate"))
        of = rate.group_by("universe", maintain_order=True).agg(pl.col("rate").median())["rate"].to_numpy()
        found[str(world), str(scheme)] = of[about.of]
    return found
