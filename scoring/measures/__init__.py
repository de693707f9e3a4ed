"""A measure is a function of counts.

`MEASURES` is the catalogue: what each measure asks, which cube of counts it reads, and the function that answers.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Literal

import polars as pl

from scoring.measures.catalogue import MEASURES, WEIGHABLE, Measure
from scoring.measures.counts import Counts
from scoring.measures.errors import TAUS
from scoring.measures.families import in_families
from scoring.measures.study import REFERENCES, REPLICATES, Criterion, Study
from scoring.measures.universes import Universes
from scoring.result import COLUMNS, tidy

__all__ = [
    "FAMILIES",
    "MEASURES",
    "REFERENCES",
    "REPLICATES",
    "TAUS",
    "WEIGHABLE",
    "Counts",
    "Criterion",
    "Measure",
    "Study",
    "Universes",
    "compute",
    "in_families",
    "named",
    "rows",
]


FAMILIES = tuple(dict.fromkeys(measure.family for measure in MEASURES.values()))


def named(asked: Literal["all"] | Iterable[str]) -> list[str]:
    """Return the measures that are asked for, each once: by name, by the name of a whole family, or all of them.

    >>> named(["reach", "robust"])
    ['reach', 'coverage_rate', 'robust']
    """
    if asked == "all":
        return list(MEASURES)
    wanted = (
        [name for name, measure in MEASURES.items() if measure.family == one] if one in FAMILIES else [one]
        for one in asked
    )
    return list(dict.fromkeys(itertools.chain.from_iterable(wanted)))


def compute(cubes: Mapping[str, Counts], study: Study, names: Literal["all"] | Iterable[str] = "all") -> pl.DataFrame:
    """Return the rows of the named measures, tidy, each p in its family; a measure whose cube was not counted has none.

    Names may be those of whole families. Raises KeyError for one that is neither.
    """
    return in_families(rows(cubes, study, named(names)), study)


def rows(cubes: Mapping[str, Counts], study: Study, names: Iterable[str]) -> pl.DataFrame:
    """Return the rows of the named measures, tidy; p is not yet corrected for how many were asked."""
    found = []
    for name in names:
        measure = MEASURES[name]
        if measure.cube not in cubes:
            continue
        also = {cube: cubes.get(cube) for cube in measure.also}
        of_measure = measure.function(cubes[measure.cube], study, **also)
        if study.single and not of_measure.is_empty():
            of_measure = of_measure.filter(pl.col("uncertainty") != "seeds")
        if not of_measure.is_empty():
            found.append(tidy(of_measure.select(c for c in COLUMNS if c in of_measure.columns)))
    return tidy(pl.concat(found)) if found else pl.DataFrame(schema=COLUMNS)
