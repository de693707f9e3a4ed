"""Schemas: the form of everything that a person writes here, for an editor that completes and checks it.

A document names its own schema in its first line; the same relative path holds in the repository and in a workspace.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scoring import population, schemes
from scoring.documents import schema_of
from scoring.experiment.config import Experiment

SCHEMAS: dict[str, Callable[[], dict[str, Any]]] = {
    "scheme": lambda: schema_of(schemes.SchemeText, "Rulebook"),
    "cases": lambda: schema_of(schemes.Cases, "Cases of a rulebook"),
    "recipe": population.schema,
    "experiment": lambda: schema_of(Experiment, "Experiment"),
    "actions": lambda: schema_of(schemes.recourse.Actions, "Catalogue of actions"),
}


def texts() -> dict[str, str]:
    """Return the text of every schema by the name of its file."""
    return {
        f"{kind}.schema.json": json.dumps(made(), ensure_ascii=False, indent=1) + "\n" for kind, made in SCHEMAS.items()
    }


def write_schemas(folder: Path) -> list[Path]:
    """Write every schema into a folder and return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts().items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts()]
