"""A workspace finds a recipe, a scheme or an experiment by name: the user's own first, then what the package ships."""

from __future__ import annotations

from pathlib import Path

from scoring.documents import Problem, Refused, did_you_mean

FOLDERS = {"recipe": "data_synthetic/recipes", "experiment": "experiments", "scheme": "schemes"}
PACKAGE = Path(__file__).parent


def shipped() -> Path:
    """Return the folder of what ships: inside an installed wheel, else the checkout's root."""
    inside = PACKAGE / "_shipped"
    return inside if inside.is_dir() else PACKAGE.parent


def places(kind: str, folder: Path | None = None) -> list[Path]:
    """Return the folders that are searched for a kind of document, nearest first."""
    ours = PACKAGE / "schemes" / "catalogue" if kind == "scheme" else shipped() / FOLDERS[kind]
    return [(folder or Path.cwd()) / FOLDERS[kind], ours]


def names(kind: str, folder: Path | None = None) -> dict[str, Path]:
    """Return every document of a kind by name; the user's own shadow the shipped ones."""
    found: dict[str, Path] = {}
    for place in places(kind, folder):
        for path in sorted(place.glob("*.yaml")):
            if not path.name.endswith(".cases.yaml"):
                found.setdefault(path.stem, path)
    return dict(sorted(found.items()))


def beside(file: str | Path, name: str | Path) -> Path:
    """Return the path of a file that a document names, which is told from where the document lies.

    >>> beside("experiments/mine.yaml", "deeds.yaml").as_posix()
    'experiments/deeds.yaml'
    """
    return Path(file).parent / name


def find(kind: str, name: str | Path, folder: Path | None = None) -> Path:
    """Return the path of a document given its name or its path. Raises Refused with the nearest name as a hint."""
    if str(name).endswith((".yaml", ".yml")):
        if Path(name).is_file():
            return Path(name)
        raise Refused([Problem(str(name), 0, "$", "no such file", did_you_mean(Path(name).stem, names(kind, folder)))])
    known = names(kind, folder)
    if str(name) in known:
        return known[str(name)]
    hint = did_you_mean(str(name), known) or f"known: {', '.join(known) or 'none'}"
    raise Refused([Problem(str(name), 0, "$", f"no {kind} of that name", hint)])
