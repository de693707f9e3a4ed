"""The catalogue beside a population: which rules it can fire, and what is wrong with a rulebook and its cases."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scoring import population, schemes, workspace
from scoring.documents import Problem, Refused, did_you_mean, read
from scoring.experiment.designs import standing
from scoring.experiment.people import planned, recipe_of
from scoring.experiment.people import problem as unknown
from scoring.schemes import cases, laws, legality
from scoring.schemes.legality import Judgement
from scoring.schemes.text import LISTED, Instrument, SubjectKind

ENOUGH = 10_000  # cases of a learned score say what holds of any fit, so a small one will do
ORDER = {"subject": typing.get_args(SubjectKind), "instrument": typing.get_args(Instrument)}


@dataclass(frozen=True)
class Offered:
    """What a population offers to schemes of one kind of subject."""

    columns: Sequence[str]
    levels: Mapping[str, Sequence[str]]
    protected: Sequence[str]


def offered(recipe: str | Path) -> dict[str, Offered]:
    """Return what a recipe offers, by kind of subject; nothing is compiled for it. Raises Refused."""
    loaded = recipe_of(workspace.find("recipe", recipe), [])
    return {
        kind: Offered(population.columns(loaded, kind), subject.levels(), subject.protected)
        for kind, subject in loaded.subjects.items()
    }


def catalogue(recipe: str | Path = "weihai_2020") -> list[dict[str, Any]]:
    """Return a row a scheme that can be named, by subject and instrument.

    `live` counts the rules that the recipe's population can fire, those that join another scheme's list included; it
    and `reads_protected` are null where the recipe has no such subject. Raises Refused.
    """
    loaded = {name: schemes.load(path) for name, path in workspace.names("scheme").items()}
    known = offered(recipe)
    joined = [f"{LISTED}{name}" for name in loaded]
    rows = []
    for name, scheme in loaded.items():
        line = {"name": name, **schemes.summary(scheme), "live": None, "reads_protected": None}
        if has := known.get(line["subject"]):
            live = schemes.live_rules(scheme, [*has.columns, *joined])
            line |= {"live": len(live), "reads_protected": schemes.protected_reads(scheme, has.protected)}
        rows.append(line)
    return sorted(rows, key=lambda row: (*(order.index(row[key]) for key, order in ORDER.items()), row["name"]))


def rulebooks(names: Iterable[str]) -> list[Path]:
    """Return the files of schemes by name or by path, a rulebook for its cases. Raises Refused with every problem."""
    files: dict[Path, None] = {}
    problems: list[Problem] = []
    for name in names:
        try:
            file = workspace.find("scheme", name)
            files[cases.beside(file) if file.name.endswith(cases.SUFFIX) else file] = None
        except Refused as refusal:
            problems += refusal.problems
    if problems:
        raise Refused(problems)
    return list(files)


def named(names: Iterable[str] | None) -> list[schemes.Scheme]:
    """Return schemes by name or by path, a family at its written defaults; the whole catalogue for none."""
    files = rulebooks(names) if names else workspace.names("scheme").values()
    return [schemes.central(schemes.load(file)) for file in files]


def judgements(files: Iterable[Path], keys: Iterable[str]) -> list[Judgement]:
    """Return what each law makes of each scheme; `all` is every law. Raises Refused for a law that is not known."""
    known, wanted = laws.shipped(), list(dict.fromkeys(keys))
    refused = [problem for key in wanted if key != "all" and (problem := unknown("--law", "$", "law", key, known))]
    if refused:
        raise Refused(refused)
    chosen = list(known) if "all" in wanted else wanted
    loaded = [schemes.central(schemes.load(file)) for file in files]
    return [legality.judged(scheme, key, known[key]) for scheme in loaded for key in chosen]


def problems_of_schemes(paths: Iterable[str | Path], recipe: str | Path) -> list[Problem]:
    """Return every problem of some scheme files, and of the cases beside them, in a recipe's population."""
    known, shipped = offered(recipe), workspace.names("scheme")
    rings = {Path(path).stem: Path(path) for path in paths}
    found = [problem for path in paths for problem in problems_of(path, known, recipe)]
    return found or schemes.joint.cycles(shipped | rings, list(rings))


def problems_of(path: str | Path, known: Mapping[str, Offered], recipe: str | Path) -> list[Problem]:
    """Return every problem of one scheme file; where there is none, every problem of its cases."""
    kind = kind_in(path)
    if kind not in known and kind in ORDER["subject"]:
        hint = did_you_mean(kind, known) or f"known: {', '.join(known)}"
        return [Problem(str(path), 0, "$.subject", f"the recipe {recipe} has no {kind}", hint)]
    if kind not in known:
        return schemes.problems_in(path)
    has, beside = known[kind], cases.beside(path)
    found = schemes.problems_in(path, has.columns, has.levels, workspace.names("scheme"))
    if found or not beside.is_file():
        return found
    scheme = standing(schemes.load(path), lambda: planned(recipe, subject=kind), ENOUGH)
    return cases.wrong(beside, scheme, has.columns, has.levels)


def kind_in(path: str | Path) -> str:
    """Return the kind of subject that a scheme file names; a person where it names none, or cannot be read."""
    try:
        data = read(path).data
    except Refused:
        return "person"
    return str(data.get("subject", "person")) if isinstance(data, dict) else "person"
