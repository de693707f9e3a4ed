"""Joined lists: a scheme that takes over who is on another list is shown that list as a column `listed__NAME`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from scoring import schemes, workspace
from scoring.documents import Problem, Refused
from scoring.experiment.designs import standing
from scoring.schemes.text import LISTED


def lists_of(scheme: Any, plan: Any, through: tuple[str, ...] = ()) -> list[Any]:
    """Return the lists that a scheme joins, those that they join themselves before them. Raises Refused."""
    through = (*through, scheme.name)
    found: dict[str, Any] = {}
    for name in schemes.joined(scheme):
        if name in through:
            raise Refused([Problem(scheme.name, 0, "$", f"a list joins itself: {' → '.join((*through, name))}")])
        path = workspace.find("scheme", name)
        one = standing(schemes.load(path), lambda: plan)
        if refused := list(unfit(scheme, one, path)):
            raise Refused(refused)
        found |= {other.name: other for other in lists_of(one, plan, through)} | {name: one}
    return list(found.values())


def unfit(scheme: Any, joining: Any, path: Path) -> Iterator[Problem]:
    """Yield why a scheme cannot join another."""
    if not joining.text.entries:
        yield Problem(str(path), 0, "$.entries", f"{scheme.name} joins {joining.name}, which is no list")
    if joining.subject != scheme.subject:
        what = f"{scheme.name} is for a {scheme.subject} and joins a list of a {joining.subject}"
        yield Problem(str(path), 0, "$.subject", what)


def with_lists(people: pl.DataFrame, lists: Sequence[Any]) -> pl.DataFrame:
    """Return the people with who is on each list; whom a list does not reach is not on it."""
    for one in lists:
        listed = one.score(people.select(one.reads))["listed"].fill_null(False).cast(pl.Int32)
        people = people.with_columns(listed.alias(f"{LISTED}{one.name}"))
    return people
