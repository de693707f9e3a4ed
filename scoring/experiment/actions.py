"""Actions: the catalogue that ships, or one's own, held against the records that a population has."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from scoring import population, schemes
from scoring.documents import Document, Problem, Refused, did_you_mean, read

Actions = Mapping[str, schemes.recourse.Action]


def shipped() -> Actions:
    """Return the catalogue that ships."""
    return schemes.recourse.actions()


def catalogue(path: Path, recipe: population.Recipe, kinds: Collection[str]) -> Actions:
    """Read a catalogue of actions for subjects of some kinds. Raises Refused with every fault of it."""
    document = read(path)
    known = document.validated(schemes.recourse.Actions).actions
    if problems := misfits(document, known, recipe, [kind for kind in kinds if kind in recipe.subjects]):
        raise Refused(problems)
    return known


def misfits(document: Document, known: Actions, recipe: population.Recipe, kinds: Collection[str]) -> list[Problem]:
    """Return the problem of each action that makes no record, and of each column that it would raise in vain."""
    records = [name for kind in kinds for name in recipe.subject(kind).records]
    columns = [c for kind in kinds for c in population.columns(recipe, kind) if c.startswith(("n_", "amt_"))]
    problems = []
    for name, action in known.items():
        if name not in records:
            hint = did_you_mean(name, records) or "an action has the name of the record that it makes"
            problems.append(document.problem(("actions", name), f"the recipe has no record {name!r}", hint))
            continue
        for column in action.adds:
            if column not in columns:
                hint = did_you_mean(column, columns) or "n_RECORD, or amt_RECORD where it has amounts"
                problems.append(document.problem(("actions", name, "adds", column), f"no subject has {column!r}", hint))
    return problems
