"""A measure is a function of counts.

`MEASURES` is the catalogue: what each measure asks, which cube of counts it reads, and the function that answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import polars as pl

from scoring.measures import families
from scoring.measures.catalogue import MEASURES, WEIGHABLE, Measure
from scoring.measures.counts import Counts
from scoring.measures.errors import TAUS
from scoring.measures.study import REFERENCES, REPLICATES, Study
from scoring.result import COLUMNS, tidy

__all__ = ["MEASURES", "REFERENCES", "REPLICATES", "TAUS", "WEIGHABLE", "Counts", "Measure", "Study", "compute"]


def compute(cubes: Mapping[str, Counts], study: Study, names: Literal["all"] | Iterable[str] = "all") -> pl.DataFrame:
    """Return the rows of the named measures, tidy, each p in its family; a measure whose cube was not counted has none.

    Raises KeyError for a name that is not in MEASURES.
    """
    found = []
    for name in MEASURES if names == "all" else names:
        measure = MEASURES[name]
        if measure.cube not in cubes:
            continue
        also = {cube: cubes.get(cube) for cube in measure.also}
        rows = measure.function(cubes[measure.cube], study, **also)
        if study.single and not rows.is_empty():
            rows = rows.filter(pl.col("uncertainty") != "seeds")
        if not rows.is_empty():
            found.append(tidy(rows.select(c for c in COLUMNS if c in rows.columns)))
    return families.adjusted(tidy(pl.concat(found)), study) if found else pl.DataFrame(schema=COLUMNS)
