"""`scoring explain`: what one synthetic person would be told."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scoring.commands.audit import parts
from scoring.commands.terminal import AsJson, progress, show_json

Schemes = Annotated[str, typer.Option("--scheme", help="One scheme, or several: NAME,NAME…")]
Population = Annotated[Path, typer.Option(help="A file that `scoring population build` wrote.")]
Subject = Annotated[str, typer.Option("--id", help="A synthetic id of that file.")]
Lang = Annotated[str | None, typer.Option("--lang", help="en or zh; both by default.")]
Recipe = Annotated[str | None, typer.Option("--recipe", help="The file's recipe, where the workspace has it not.")]
Actions = Annotated[Path | None, typer.Option("--actions", help="A catalogue of your own of what a person can do.")]
Out = Annotated[Path, typer.Option(help="The folder to write into.")]


def explain(
    scheme: Schemes,
    population: Population,
    subject: Subject,
    lang: Lang = None,
    out: Out = Path("reports/notices"),
    recipe: Recipe = None,
    actions: Actions = None,
    as_json: AsJson = False,
) -> None:
    """Write what one synthetic person would be told under each scheme: a letter, as a page and as text."""
    from scoring import experiment as room
    from scoring import report as pages

    if lang not in (None, *pages.LANGUAGES):
        raise typer.BadParameter(f"{lang!r} is not one of {', '.join(pages.LANGUAGES)}", param_hint="--lang")
    if not (names := parts(scheme)):
        raise typer.BadParameter("name at least one scheme", param_hint="--scheme")
    with progress("Writing"):
        told = room.explain(names, population, subject, recipe, actions)
    if as_json:
        show_json(told)
        return
    print("\n".join(map(str, pages.write_notices(told, out, [lang] if lang else pages.LANGUAGES))))
