"""Columns: what a frame of subjects has to show to a scheme, known from the recipe before anything is compiled."""

from __future__ import annotations

from scoring.population.plan import LOTS
from scoring.population.recipe import Recipe


def columns(recipe: Recipe, kind: str = "person") -> tuple[str, ...]:
    """Return the columns of a frame that are no simulated truth, in order, as `Plan.columns` has them."""
    subject = recipe.subject(kind)
    in_years = next((n for n, a in subject.attributes.items() if a.levels == list(subject.years_of_age)), None)
    return (
        f"{kind}_id",
        *(["household_id"] if subject.households else []),
        *(["legal_representative_id"] if subject.legal_representative else []),
        *(["age"] if in_years else []),
        *(name for name in subject.levels() if name != in_years),
        *subject.quantities,
        *(f"n_{name}" for name in subject.records),
        *(f"amt_{name}" for name, record in subject.records.items() if record.amounts),
        *(f"lot__{name}" for name in LOTS),
    )
