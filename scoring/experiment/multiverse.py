"""The multiverse: the same people under every variant of a scheme that the declared choices span.

Each seed's people are drawn once. Only schemes that a choice touches are scored again, and of those only the columns
that differ. What is counted is a verdict by variant; references, thresholds of harm and the reading of the unscored are
chosen by the measures, from the same counts.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl

from scoring import schemes
from scoring.experiment.config import Experiment, grouping
from scoring.experiment.cubes import Groupings
from scoring.experiment.designs import Design
from scoring.experiment.view import as_read
from scoring.measures import TAUS, Universes
from scoring.measures.universes import PUBLISHED, UNSCORED

LEVELS = len(TAUS) + 1  # of simulated harm


@dataclass(frozen=True)
class Multiverse:
    """What is asked of every universe: which outcomes, of which groups."""

    universes: Universes
    draws: int
    groups: Groupings
    outcomes: tuple[str, ...]

    @classmethod
    def of(cls, config: Experiment, plan: Any) -> Multiverse | None:
        """Return what an experiment asks of subjects of one kind; None where it varies nothing."""
        mine = [grouping(group) for group in config.groups_of(plan.subject)]
        names = [name for claim in config.primary if (name := grouping(claim.group)) in mine]
        if not config.vary or not names:
            return None
        outcomes = tuple(dict.fromkeys(claim.outcome for claim in config.primary))
        groups = Groupings(tuple(dict.fromkeys(names)), plan.levels)
        return cls(Universes(config.vary), config.draws, groups, outcomes)

    def count(self, people: pl.DataFrame, outcome: pl.DataFrame, design: Design) -> dict[str, pl.DataFrame]:
        """Count one design as published, as `outcome` has it, and in each of its variants."""
        cells = people.select(self.groups.cell(), "harm")
        asked = [name for name in self.outcomes if name in design.scheme.outcomes]
        if not asked:
            return {}
        again = schemes.Repeated(as_read(outcome, design))
        said = ((number, again.verdicts(scheme)) for number, scheme in self.variants(design))
        published = PUBLISHED, schemes.Verdicts.of(design.scheme, outcome)
        table = tallied(cells, itertools.chain([published], said), asked)
        return {"universe": self.groups.roll_up(table, names=self.groups.names)}

    def variants(self, design: Design) -> Iterator[tuple[int, Any]]:
        """Yield each variant of a design, with its number."""
        own = self.universes.own(design.name)
        if not own:
            return
        text = design.scheme.text.model_dump_json(by_alias=True)
        factors = json.dumps(dict(self.universes.factors))
        for number, drawn in enumerate(varied(text, design.name, factors, self.draws), start=PUBLISHED + 1):
            yield number, drawn[max(design.draw, 0)]


@lru_cache(maxsize=16)
def varied(text: str, name: str, factors: str, draws: int) -> list[list[Any]]:
    """Return every variant of a scheme, each as all its draws; the same ones are made once a process."""
    written, universes = schemes.SchemeText.model_validate_json(text), Universes(json.loads(factors))
    own = universes.about(universes.own(name))
    paths = [tuple(factor.split(".")[2:]) for factor in own.names]
    found = []
    for row in own.rows.tolist():
        values = [universes.factors[factor][level] for factor, level in zip(own.names, row, strict=True)]
        made = schemes.chosen(written, dict(zip(paths, values, strict=True)))
        found.append(made.draws(draws) if isinstance(made, schemes.Family) else [made])
    return found


def tallied(
    cells: pl.DataFrame, numbered: Iterable[tuple[int, schemes.Verdicts]], outcomes: Sequence[str]
) -> pl.DataFrame:
    """Count verdicts by variant, outcome, cell and level of harm; whom a scheme is not meant for are left out.

    `selected` is 1, 0, or -1 for who is meant and not scored.
    """
    codes = cells.select(pl.col("cell").cast(pl.Int64) * LEVELS + pl.col("harm")).to_series().to_numpy()
    places, code = np.unique(codes, return_inverse=True)
    size = len(places)
    numbers, counted = [], []
    for number, said in numbered:
        unscored = np.bincount(code[~said.scored & said.eligible], minlength=size)
        scored = np.bincount(code[said.scored], minlength=size)
        for name in outcomes:
            yes = np.bincount(code[said.scored & said.selected[name]], minlength=size)
            counted.append(np.stack([unscored, scored - yes, yes]))
            numbers.append((number, outcomes.index(name)))
    cube = np.stack(counted)  # [variant and outcome, how selected, place]
    which, selected, place = np.nonzero(cube)
    number, outcome = np.array(numbers, dtype=np.int32).T
    return pl.DataFrame(
        {
            "variant": number[which],
            "outcome": pl.Series(outcomes).gather(outcome[which]),
            "selected": (selected + UNSCORED).astype(np.int8),
            "harm": (places % LEVELS)[place].astype(np.int8),
            "cell": (places // LEVELS)[place],
            "n": cube[which, selected, place],
        }
    )
