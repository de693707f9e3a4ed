"""The plan: a recipe compiled for one world and one kind of subject, as the integer tables that drawing reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from scoring.population.recipe import Record
from scoring.population.steps import Steps

BLOCK = 65_536  # persons; other subjects that stand with persons have proportionally fewer in a block
PAGE = 1_024  # persons; a false match and a legal representative are found on one page of the register
UNEXPOSED = -(1 << 30)
LATENT_BINS = 4096
LATENT_UNIT = 256  # a latent is stored in 1/256 of a standard deviation
INCOME_BINS = 1024
LOTS = {"consent": False, "draw": False, "repair": True}  # numbers that schemes decide by; whether new every year


@dataclass(frozen=True)
class Lookup:
    """One row of a table for each combination of some attributes' levels."""

    attributes: tuple[str, ...]
    sizes: tuple[int, ...]


@dataclass(frozen=True)
class Categorical:
    """A conditional table: the level is how many steps of its row the noise reaches."""

    given: Lookup
    steps: Steps
    household: bool


@dataclass(frozen=True)
class Composition:
    """What households are drawn from: the steps of their form, the size of each form, the role of each member."""

    steps: Steps
    sizes: np.ndarray
    roles: np.ndarray


@dataclass(frozen=True)
class Valued:
    """The value of each of 1,024 equally likely parts of a quantity, by row."""

    given: Lookup
    values: np.ndarray
    household: bool


@dataclass(frozen=True)
class Thinning:
    """How many of n survive: one row of steps for each row of the lookup and each n up to `most`."""

    given: Lookup
    steps: Steps


@dataclass(frozen=True)
class Screen:
    """Of each class of subjects, the highest rate bin, and the noise below which nobody in it has an event."""

    highest: np.ndarray
    limits: np.ndarray


@dataclass(frozen=True)
class Counted:
    """Everything needed to draw one record type."""

    latents: dict[str, int]  # what each latent residual adds to the predictor, in 1/256 a unit
    given: Lookup
    shift: np.ndarray  # what each row adds to the predictor; UNEXPOSED where it is not at risk
    screen: Screen
    occurrence: Steps  # rate bins × counts
    most: int
    layers: dict[str, Thinning]  # law, enforcement, data; either: to the right subject or another, by data's lookup
    amounts: tuple[Steps, np.ndarray] | None
    pressure: dict[str, int]  # what each unit of a pressure adds to the predictor


@dataclass(frozen=True)
class Plan:
    """A recipe compiled for one world and one kind of subject."""

    recipe_name: str
    world: str
    subject: str
    block: int  # subjects in a block
    levels: Mapping[str, tuple[str, ...]]
    households: Composition | None
    attributes: Mapping[str, Categorical]
    derived: Mapping[str, tuple[str, np.ndarray]]
    years: tuple[str, np.ndarray] | None
    quantities: Mapping[str, Valued]
    residuals: np.ndarray
    latents: Mapping[str, dict[str, int]]
    latent_shifts: Mapping[str, list[tuple[str, np.ndarray]]]
    counted: Mapping[str, Counted]
    records: Mapping[str, Record]
    strata: Mapping[str, tuple[dict[str, np.ndarray], int]]
    donors: bool  # conduct is another's: the group-neutral counterpart of conduct
    persons: Plan | None = None  # where a legal representative is found
    digest: str = field(default="")

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the frame that is drawn, in order."""
        amounts = [f"amt_{name}" for name, counted in self.counted.items() if counted.amounts]
        hidden = [f"hidden_z_{z}" for z in self.latents] + [f"hidden_events_{r}" for r in self.counted]
        return (
            f"{self.subject}_id",
            *(["household_id"] if self.households else []),
            *(["legal_representative_id"] if self.persons else []),
            *(["age"] if self.years else []),
            *(a for a in self.levels if not (self.years and a == self.years[0])),
            *self.quantities,
            *(f"n_{name}" for name in self.counted),
            *amounts,
            *(f"lot__{name}" for name in LOTS),
            *hidden,
            "hidden_others_records",
            "hidden_harm",
            "hidden_harm_law",
        )
