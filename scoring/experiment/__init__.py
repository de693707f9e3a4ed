"""An experiment introduces a population to schemes, and their outcomes to measures.

Only this room has the keys to all the others; `population` and `schemes` never meet elsewhere.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scoring import schemes, workspace
from scoring.experiment.audit import audit
from scoring.experiment.beside import beside
from scoring.experiment.card import card
from scoring.experiment.catalogue import catalogue, judgements, named, problems_of_schemes, rulebooks
from scoring.experiment.compare import compare
from scoring.experiment.difference import difference
from scoring.experiment.explain import explain
from scoring.experiment.people import build, people, recipe_of
from scoring.experiment.rows_of import metric
from scoring.experiment.run import run
from scoring.experiment.sample import sample
from scoring.experiment.schemas import write_schemas
from scoring.experiment.targets import targets
from scoring.experiment.validate import validate

__all__ = [
    "audit",
    "beside",
    "build",
    "card",
    "catalogue",
    "compare",
    "difference",
    "explain",
    "judgements",
    "metric",
    "named",
    "people",
    "problems_of_schemes",
    "recipe_of",
    "rulebooks",
    "run",
    "sample",
    "scheme",
    "targets",
    "validate",
    "write_schemas",
]


def scheme(name: str | Path) -> Any:
    """Load a scheme of the catalogue, or of a YAML file, by name. Raises Refused."""
    return schemes.load(workspace.find("scheme", name))
