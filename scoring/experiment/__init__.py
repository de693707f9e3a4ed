"""An experiment introduces a population to schemes, and their outcomes to measures.

Only this room has the keys to all the others; `population` and `schemes` never meet elsewhere.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scoring import schemes, workspace
from scoring.documents import Refused, read
from scoring.experiment.card import card
from scoring.experiment.compare import compare
from scoring.experiment.people import build, people, planned, recipe_of
from scoring.experiment.run import run
from scoring.experiment.sample import sample
from scoring.experiment.targets import targets
from scoring.experiment.validate import validate

__all__ = [
    "build",
    "card",
    "compare",
    "people",
    "problems_of_scheme",
    "recipe_of",
    "run",
    "sample",
    "scheme",
    "targets",
    "validate",
]


def scheme(name: str | Path) -> Any:
    """Load a scheme of the catalogue, or of a YAML file, by name. Raises Refused."""
    return schemes.load(workspace.find("scheme", name))


def problems_of_scheme(path: str | Path, recipe: str | Path) -> list[Any]:
    """Return every problem of a scheme file, the columns that a recipe's population has known."""
    plan = planned(recipe, None, subject_of(path))
    found = schemes.problems_in(path, plan.columns, plan.levels)
    name = Path(path).stem
    return found or schemes.joint.cycles(workspace.names("scheme") | {name: Path(path)}, [name])


def subject_of(path: str | Path) -> str:
    """Return the kind of subject that a scheme file is for; a person where it does not say, or cannot be read."""
    try:
        data = read(path).data
    except Refused:
        return "person"
    subject = data.get("subject") if isinstance(data, dict) else None
    return subject if subject in ("firm", "government_body") else "person"
