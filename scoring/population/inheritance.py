"""Inheritance: a recipe that `extends` another states only what differs.

What is named is merged by name (a source, a world, an attribute, a record type, each of their fields); what a field
holds is replaced whole, so that no table is ever half of one city and half of another. `null` takes away.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from scoring.documents import Document, Loc, Refused, read

Find = Callable[[str], Path]
DEPTH = {"sources": 2, "worlds": 3, "subjects": 5}  # so many keys name a thing; what stands there is replaced whole
SHALLOWER = {"years_of_age": 3, "households": 4, "chain": 4}  # parts of a subject that are no list of names


def whole(path: Path, find: Find) -> Document:
    """Read a recipe and all that it extends, as one document. Raises Refused."""
    return extended(read(path), find, (path.resolve(),))


def beside(path: Path) -> Find:
    """Return what finds a recipe by name in the folder of another."""
    return lambda name: path.parent / (name if name.endswith((".yaml", ".yml")) else f"{name}.yaml")


def extended(document: Document, find: Find, through: tuple[Path, ...]) -> Document:
    """Lay a document over the one that it extends; `through` are the files read on the way here."""
    data, loc = document.data, ("extends",)
    if not isinstance(data, dict) or "extends" not in data:
        return document
    name = data["extends"]
    if not isinstance(name, str):
        raise Refused([document.problem(loc, f"the name of a recipe is expected, got {name!r}")])
    try:
        path = find(name)
        if path.resolve() in through:
            what = f"a recipe cannot extend itself: {' → '.join(p.stem for p in (*through, path))}"
            raise Refused([document.problem(loc, what)])
        base = extended(read(path), find, (*through, path.resolve()))
    except Refused as refused:
        raise Refused(document.unread(loc, refused)) from None
    if not isinstance(base.data, dict):
        raise Refused([document.problem(loc, f"{name!r} is not a recipe")])
    own = {key: value for key, value in data.items() if key != "extends"}
    replaced: set[Loc] = set()
    together = merged(base.data, own, (), replaced)
    return Document(document.file, together, *places(base, document, replaced))


def merged(under: Any, over: Any, loc: Loc, replaced: set[Loc]) -> Any:
    """Merge named things and replace what they hold; note every location that is replaced."""
    if not (isinstance(under, dict) and isinstance(over, dict) and len(loc) < depth(loc)):
        replaced.add(loc)
        return over
    found = dict(under)
    for name, value in over.items():
        if value is None:
            replaced.add((*loc, name))
            found.pop(name, None)
        else:
            found[name] = merged(under.get(name), value, (*loc, name), replaced)
    return found


def depth(loc: Loc) -> int:
    """Return how many keys lead to what is replaced whole."""
    if loc[:1] == ("subjects",) and len(loc) > 2:
        return SHALLOWER.get(str(loc[2]), DEPTH["subjects"])
    return DEPTH.get(str(loc[0]), 1) if loc else 1


def places(base: Document, over: Document, replaced: set[Loc]) -> tuple[dict[Loc, int], dict[Loc, str]]:
    """Return the line and the file of every value of two documents laid over each other."""
    lines: dict[Loc, int] = {}
    files: dict[Loc, str] = {}
    for document in (base, over):
        for loc in document.lines:
            if document is over or not any(loc[:i] in replaced for i in range(len(loc) + 1)):
                files[loc], lines[loc] = document.place(loc)
    return lines, files
