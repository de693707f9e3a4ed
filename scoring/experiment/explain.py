"""Explain: what one synthetic subject would be told under each of several schemes.

A notice tells of one row, so it is made for ids that verify themselves as synthetic, and for no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from scoring import population, schemes, workspace
from scoring.documents import Problem, Refused, did_you_mean
from scoring.experiment.actions import Actions, catalogue
from scoring.experiment.designs import Design, standing
from scoring.experiment.joined import lists_of
from scoring.experiment.people import planned, recipe_of
from scoring.experiment.years import Past, in_order, seen_by
from scoring.schemes.notice import notice, over_draws

SUBJECTS = ("person", "firm", "government_body")
BUILD = "give a Parquet file that `scoring population build` wrote"


def explain(
    names: Sequence[str],
    file: str | Path,
    subject_id: int | str,
    recipe: str | None = None,
    actions: str | Path | None = None,
) -> list[Any]:
    """Return what the subject of an id would be told under each scheme, as plain data. Raises Refused.

    The file is a population that was built, of one year or of several; the verdict is that of its last year. The recipe
    is known by the tag in the ids; one outside the workspace has to be named. `actions` is a catalogue of one's own of
    what a person can do, and how long it takes.
    """
    path = Path(file)
    kind, ids = population_of(path)
    name = recipe_named(path, kind, ids, recipe)
    years = rows_of(path, kind, verified(path, kind, name, subject_id))
    loaded = [schemes.load(workspace.find("scheme", one)) for one in dict.fromkeys(names)]
    if refused := [problem for one in loaded for problem in unfit(one, kind, years[0].columns, path)]:
        raise Refused(refused)
    known = recipe_of(workspace.find("recipe", name), [kind])
    deeds = catalogue(Path(actions), known, [kind]) if actions else None
    protected = known.subject(kind).protected
    who = {"id": str(years[-1][f"{kind}_id"][0]), "kind": kind, "recipe": name, "years": len(years)}
    return [told(one, years, name, protected, deeds) | {"who": who} for one in loaded]


def population_of(path: Path) -> tuple[str, pl.Series]:
    """Return the kind of subject in a file, and all its ids. Raises Refused for what is no population."""
    if not path.is_file():
        raise Refused([Problem(str(path), 0, "--population", "no such file", BUILD)])
    try:
        columns = pl.read_parquet_schema(path)
    except (pl.exceptions.PolarsError, OSError):
        raise Refused([Problem(str(path), 0, "--population", "no Parquet file", BUILD)]) from None
    kind = next((k for k in SUBJECTS if columns.get(f"{k}_id") == pl.Int64), None)
    if kind is None:
        raise Refused([Problem(str(path), 0, "--population", "no population: it has no column of ids", BUILD)])
    return kind, pl.scan_parquet(path).select(f"{kind}_id").collect().to_series()


def recipe_named(path: Path, kind: str, ids: pl.Series, recipe: str | None) -> str:
    """Return the recipe whose tag every id of a file has. Raises Refused where there is none."""
    for name in [recipe] if recipe else workspace.names("recipe"):
        own = Path(name).stem
        if len(ids) and not ids.null_count() and population.verify_id(ids.to_numpy(), own, kind).all():
            return name
    whose = f"the recipe {recipe}" if recipe else "any recipe in the workspace"
    what = f"not all its ids verify themselves as synthetic ones of {whose}"
    hint = "notices are written for synthetic ids alone; a recipe kept elsewhere is named with --recipe"
    raise Refused([Problem(str(path), 0, "--population", what, hint)])


def verified(path: Path, kind: str, recipe: str, subject_id: int | str) -> int:
    """Return an id that verifies itself as one of a recipe. Raises Refused."""
    text = str(subject_id).strip()
    whole = int(text) if text.isascii() and text.isdigit() and len(text) == 19 else 0
    if not 0 < whole < 1 << 63 or not population.verify_id(whole, Path(recipe).stem, kind):
        hint = (
            f"take one from the column {kind}_id of {path}: 19 digits with a checksum; no other subject gets a notice"
        )
        raise Refused([Problem("--id", 0, text, f"no synthetic id of a {kind} of {recipe}", hint)])
    return whole


def rows_of(path: Path, kind: str, whole: int) -> list[pl.DataFrame]:
    """Return the rows of a subject, one frame a year. Raises Refused where there is none."""
    rows = pl.scan_parquet(path).filter(pl.col(f"{kind}_id") == whole).collect()
    if rows.is_empty():
        hint = "the id is synthetic, and the file was drawn with fewer people"
        raise Refused([Problem(str(path), 0, str(whole), "no such id in the file", hint)])
    rows = rows.drop(c for c in rows.columns if c.startswith("hidden_"))
    if "year" not in rows.columns:
        return [rows.head(1)]
    rows = rows.sort("year")
    return [rows.slice(i, 1).drop("year") for i in range(rows.height)]


def unfit(loaded: Any, kind: str, columns: Sequence[str], path: Path) -> list[Problem]:
    """Return why a scheme has nothing to tell the subjects of a file."""
    scheme = schemes.central(loaded)
    if scheme.subject != kind:
        hint = f"build one: scoring population build RECIPE --subject {scheme.subject} --out FILE.parquet"
        return [Problem(str(path), 0, loaded.name, f"it is for a {scheme.subject}, and the file holds {kind}s", hint)]
    own = (c for c in scheme.reads if not c.startswith("listed__"))
    return [
        Problem(str(path), 0, loaded.name, f"reads {c}, which the file has not", did_you_mean(c, columns) or BUILD)
        for c in own
        if c not in columns
    ]


def told(
    loaded: Any, years: Sequence[pl.DataFrame], recipe: str, protected: Sequence[str], deeds: Actions | None = None
) -> dict[str, Any]:
    """Return the notice of a subject under one scheme, every year carried on to the next."""
    kind = schemes.central(loaded).subject

    def plan() -> Any:
        return planned(recipe, subject=kind)

    scheme = standing(loaded, plan)
    before, past = [Design(one) for one in lists_of(loaded, None)], Past()
    for year in years:
        verdicts: dict[str, pl.DataFrame] = {}
        for design in in_order(before):
            verdicts[design.name] = design.scheme.score(seen_by(year, design, past, verdicts))
            past.keep(design, verdicts[design.name])
        seen = seen_by(year, Design(scheme), past, verdicts)
        past.keep(Design(scheme), scheme.score(seen))
    return notice(scheme, seen, deeds) | {
        "protected": schemes.protected_reads(scheme, protected),
        "draws": over_draws(loaded, seen) if isinstance(loaded, schemes.Family) else None,
    }
