"""The data card of a population, written beside its pictures: what its recipe says, and what a validation found."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from scoring import population, workspace
from scoring.experiment.people import recipe_of
from scoring.experiment.validate import validate
from scoring.population import card as cards
from scoring.population import croissant, datasheet

VALIDATED = 200_000  # persons


def card(
    name: str | Path,
    out: Path,
    people: int = VALIDATED,
    seed: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Path]:
    """Write the data card of a recipe into a folder, and return what was written, the card itself last."""
    recipe = recipe_of(workspace.find("recipe", name), [])
    plans: dict[str, dict[str, population.Plan]] = {kind: {} for kind in recipe.subjects}
    wanted = [(kind, world) for world in recipe.worlds for kind in recipe.subjects]
    for done, (kind, world) in enumerate(wanted, 1):
        plans[kind][world] = population.compile_recipe(recipe, world, kind)
        progress(done, len(wanted))
    told = cards.card(recipe, plans, validate(name, people, seed), people, seed, versions())
    out.mkdir(parents=True, exist_ok=True)
    texts = {f"{recipe.name}.croissant.json": croissant.written(told), **datasheet.files(told)}
    for file, text in texts.items():
        (out / file).write_text(text, encoding="utf-8", newline="\n")
    return [out / file for file in texts]


def versions() -> dict[str, str]:
    return {library: version(library) for library in ("scoring-experiments", "numpy")}
