"""`scoring compare`: designs side by side over one population, or the results of earlier runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from scoring.commands.terminal import AsJson, Workers, as_run, cores, progress, show_json

Words = Annotated[
    list[str],
    typer.Argument(
        metavar="SCHEME… | DIR…", help="Two or more schemes, or folders of results; the first is held against."
    ),
]
People = Annotated[int | None, typer.Option("--people", min=1, help="How many people to draw in each seed; 50,000.")]
Seeds = Annotated[int | None, typer.Option("--seeds", min=1, help="How many seeds; 4.")]
Years = Annotated[int | None, typer.Option("--years", min=1, help="How many years; verdicts are the last one's; 2.")]
Recipe = Annotated[str | None, typer.Option("--recipe", help="Whom to draw; weihai_2020.")]
World = Annotated[str | None, typer.Option("--world", help="A world of the recipe; equal_conduct.")]
Baseline = Annotated[
    str | None,
    typer.Option("--baseline", help="Also hold designs against this one of them; no_scheme adds ordinary law."),
]
Groups = Annotated[list[str] | None, typer.Option("--group", help="An attribute to group by; A*B crosses two.")]
Criteria = Annotated[
    list[str] | None,
    typer.Option(
        "--criterion",
        help="At most five: lower, higher or parity, a colon, a measure, and outcome=, group= or param= by commas.",
    ),
]
Out = Annotated[Path | None, typer.Option(help="The page to write; reports/compare/… by default.")]


def compare(
    words: Words,
    people: People = None,
    seeds: Seeds = None,
    years: Years = None,
    recipe: Recipe = None,
    world: World = None,
    baseline: Baseline = None,
    group: Groups = None,
    criterion: Criteria = None,
    out: Out = None,
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """Put designs side by side over one population, or the results of earlier runs beside each other."""
    if len(words) < 2:
        raise typer.BadParameter("name at least two schemes, or two folders of results")
    given = {
        "people": people,
        "seeds": seeds,
        "years": years,
        "recipe": recipe,
        "world": world,
        "baseline": baseline,
        "groups": group,
        "criteria": criterion,
    }
    asked = {name: value for name, value in given.items() if value}
    page = out or Path("reports") / "compare" / f"{'-vs-'.join(Path(word).stem for word in words)}.html"
    if of_folders(words):
        if asked:
            raise typer.BadParameter(f"results are shown as they are, and nothing is run: leave out {', '.join(asked)}")
        runs(words, page, as_json)
        return

    from scoring import experiment as room
    from scoring import report as pages

    with progress("Comparing") as tell:
        result = room.compare(words, **asked, workers=workers or cores(), progress=tell)  # type: ignore[arg-type]
    result.manifest["command"] = as_run()
    pages.write_comparison(result, page)
    if as_json:
        show_json(result.rows.to_dicts())
        return
    print(pages.comparison_text(result))
    print(page)


def of_folders(words: Sequence[str]) -> bool:
    """Whether folders of results are named, and not schemes. Raises Refused where both are."""
    from scoring import workspace
    from scoring.documents import Problem, Refused

    known = workspace.names("scheme")
    folders = [w for w in words if Path(w).is_dir() and (w not in known or (Path(w) / "manifest.json").is_file())]
    if folders and len(folders) < len(words):
        other = next(word for word in words if word not in folders)
        what = f"is a folder of results, and {other} is none"
        raise Refused([Problem(folders[0], 0, "$", what, "compare schemes with schemes, or folders with folders")])
    return bool(folders)


def runs(folders: Sequence[str], page: Path, as_json: bool) -> None:
    """Put the results of earlier runs beside each other."""
    from scoring import experiment as room
    from scoring import report as pages

    found = room.beside(folders)
    command = as_run()
    pages.write_runs(found, page, command)
    if as_json:
        show_json(found.plain())
        return
    print(pages.runs_text(found))
    print(page)
