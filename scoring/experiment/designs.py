"""Designs: the schemes of an experiment made ready to score, one entry a draw of a family."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

import polars as pl

from scoring import population, schemes
from scoring.experiment import bins
from scoring.experiment.config import Declared

TRAINING_SEED = 1_000_003  # a learned scheme is fitted on this seed, which no run scores
TRAINING_PEOPLE = 65_536
NO_DRAW = -1  # the draw of a scheme that is one scheme and not a family


@dataclass(frozen=True)
class Design:
    """One scheme that can score, with the draw it is."""

    scheme: Any
    draw: int = NO_DRAW

    @property
    def name(self) -> str:
        return str(self.scheme.name)


def ready(declared: Declared) -> list[Design]:
    """Draw the families and fit the learned schemes of an experiment."""
    designs: list[Design] = []
    for loaded in declared.schemes.values():
        designs += expand(loaded, declared)
    return designs


def expand(loaded: Any, declared: Declared) -> list[Design]:
    """Return the designs that one loaded document stands for."""
    if isinstance(loaded, schemes.Family):
        return [Design(scheme, draw) for draw, scheme in enumerate(loaded.draws(declared.config.draws))]
    if isinstance(loaded, schemes.Learnable):
        kind, world = loaded.text.subject, declared.config.worlds[0]
        return [Design(standing(loaded, lambda: population.compile_recipe(declared.recipe, world, kind)))]
    return [Design(loaded)]


def standing(loaded: Any, plan: Callable[[], Any], people: int = TRAINING_PEOPLE) -> Any:
    """Return the one scheme that stands for a document: of a family its central draw, of a learned scheme its fit."""
    if isinstance(loaded, schemes.Learnable):
        return loaded.fit(population.people(plan(), people, TRAINING_SEED))
    return loaded.central() if isinstance(loaded, schemes.Family) else loaded


def describe(designs: list[Design], declared: Declared, live: Mapping[str, set[str]]) -> dict[str, Any]:
    """Say of every scheme what a page has to show of it; `live` names the rules that fired at all."""
    described: dict[str, Any] = {}
    for design in designs:
        if design.name in described:
            described[design.name]["draws"] += 1
            continue
        scheme = design.scheme
        described[design.name] = {
            **schemes.describe(scheme),
            "family": design.draw != NO_DRAW,
            "draws": 1,
            "protected_reads": list(schemes.protected_reads(scheme, declared.recipe.subject(scheme.subject).protected)),
            "uses": [asdict(use) for use in schemes.matrix(scheme)],
            "live_rules": sorted(live.get(design.name, set())),
        }
    return described


def facts(
    drawn: Sequence[Any], binned: tuple[int, float] | None = None, known: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return what a measure needs of a scheme, given as all its draws: complexity, instrument, marks, what it closes.

    `cuts` and `edges`, those of bands, are what all draws agree on; `weights` are by draw. Where scores were put into
    bins of some width, `largest_bin` is the largest share of persons in one, and only cuts at the edge of a bin are
    left. `sides` says of each outcome by band whether it is given `above` or `below` a cut. `known` is the catalogue of
    actions, the shipped one by default.
    """
    scheme = drawn[-1]
    cuts = [cuts_of(one) for one in drawn]
    agreed = {name: cut for name, cut in cuts[0].items() if all(other.get(name) == cut for other in cuts)}
    edges = sorted(set.intersection(*(set(edges_of(one)) for one in drawn)))
    width, largest = binned or (bins.EXACT, None)
    return {
        "complexity": scheme.complexity(),
        "instrument": scheme.instrument,
        "marks": {rule.id: rule.mark for rule in scheme.rules},
        "closes": schemes.closes(scheme),
        "ways": len(schemes.recourse.deeds(scheme, known))
        + len(schemes.recourse.lives(scheme))
        + schemes.exits.ends(scheme),
        **({"listing": "reward" if scheme.text.redlist else "sanction"} if scheme.state else {}),
        "sides": {name: side for name, (_, side) in ladder_cuts(scheme).items()},
        "cuts": {name: (cut, side) for name, (cut, side) in agreed.items() if cut % width == 0},
        "edges": [edge for edge in edges if edge % width == 0],
        **({"coded": schemes.coding.coded(scheme)} if scheme.scored_rules else {}),
        "weights": {NO_DRAW if one.draw is None else one.draw: weights_of(one) for one in drawn},
        "bands": [band.name for band in scheme.bands],
        **({"largest_bin": largest} if largest is not None else {}),
    }


def edges_of(scheme: Any) -> list[int]:
    """Return the scores at which one band ends and the next begins, those between which no record decides."""
    if scheme.base is None:
        return []
    ladder = [band for band in scheme.bands if not band.direct]
    return [band.low for band in ladder[1:] if band.low is not None]


def weights_of(scheme: Any) -> dict[str, float]:
    """Return the smallest and the median number of points that a rule gives or takes."""
    points = [abs(rule.points) for rule in scheme.scored_rules if rule.points]
    return {"smallest weight": min(points), "median weight": median(points)} if points else {}


def cuts_of(scheme: Any) -> dict[str, tuple[int, str]]:
    """Return the cut of each outcome that the score alone decides: given from it on (`above`), or below it.

    Such an outcome holds the top or the bottom bands of those that scores lead to, and no record moves a person across
    the cut whatever her score.
    """
    ladder = [rank for rank, band in enumerate(scheme.bands) if not band.direct]
    names = [band.name for band in scheme.bands]
    most = [names.index(name) for _, _, name in scheme.direct_bands]  # the rank above which a record lets nobody be
    found = {}
    for outcome, cut in ladder_cuts(scheme).items():
        given = [name in scheme.outcomes[outcome].bands for name in names]
        if not any(given[low] != given[rank] for low in most for rank in ladder if rank > low):
            found[outcome] = cut
    return found


def ladder_cuts(scheme: Any) -> dict[str, tuple[int, str]]:
    """Return the cut of each outcome of the top or the bottom bands, whatever records do to the band besides."""
    ladder = [band for band in scheme.bands if not band.direct]
    found = {}
    for outcome in scheme.outcomes.values():
        held = [band.name in outcome.bands for band in ladder]
        if outcome.when is not None or outcome.listed or len(set(held)) < 2:
            continue
        if held == sorted(held):
            found[outcome.name] = (ladder[held.index(True)].low, "above")
        elif held == sorted(held, reverse=True):
            found[outcome.name] = (ladder[held.index(False)].low, "below")
    return found


def example_ledger(scheme: Any, people: pl.DataFrame, attributes: list[str]) -> dict[str, Any] | None:
    """Return the ledger of the synthetic person with the most entries, as a page shows it."""
    if scheme.base is None or scheme.opaque:
        return None
    ledger = scheme.ledger(scheme.score(people))
    rules = [rule for rule in scheme.rules if f"points__{rule.id}" in ledger.columns]
    entries = pl.sum_horizontal([(pl.col(f"points__{rule.id}") != 0).cast(pl.Int32) for rule in rules])
    person = ledger.filter(pl.col("coverage").cast(pl.String) == "scored").sort(
        entries, descending=True, maintain_order=True
    )
    if person.is_empty():
        return None
    row = person.row(0, named=True)
    return {
        "who": {a: str(row[a]) for a in attributes},
        "base": scheme.base,
        "rows": [
            {"rule": r.id, "label": r.label, "points": row[f"points__{r.id}"], "because": r.because, "mark": r.mark}
            for r in rules
            if row[f"points__{r.id}"]
        ],
        "clip": row.get("points__clip") or 0,
        "score": row["score"],
        "band": str(row["band"]),
    }
