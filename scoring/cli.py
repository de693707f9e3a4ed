"""The command line: `scoring run`, `report`, `compare`, `schemes`, `population`, `claims`, `init`.

Exit codes: 0 done, 1 the input is wrong (one line a problem), 2 usage.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from scoring.result import Result

ABOUT = "Fairness experiments on social credit designs, run over synthetic people only."

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None, help=ABOUT
)
schemes_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The catalogue of schemes.")
population_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Synthetic people.")
app.add_typer(schemes_app, name="schemes")
app.add_typer(population_app, name="population")

People = Annotated[int | None, typer.Option("--people", min=1, help="How many people to draw.")]
Seeds = Annotated[int | None, typer.Option("--seeds", min=1, help="How many seeds to run.")]
Workers = Annotated[int | None, typer.Option("--workers", min=1, help="How many processes; all cores by default.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print machine-readable results on standard output.")]


def main() -> None:
    """Run the command line."""
    from scoring.documents import Refused

    try:
        app()
    except Refused as refusal:
        for problem in refusal.problems:
            print(problem, file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("stopped; what was finished is kept, and the same command goes on from there", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show on standard error how far long work has come; a plain line at the end where that is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def cores() -> int:
    """Return how many processes may run at once."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def show_json(data: Any) -> None:
    print(json.dumps(data, ensure_ascii=False, indent=1))


@app.command()
def init(folder: Annotated[Path, typer.Argument(help="The folder to make.")]) -> None:
    """Make a workspace: data_synthetic/, experiments/, schemes/ and reports/, with the shipped examples."""
    from scoring import workspace

    for name in ("data_synthetic", "experiments"):
        shutil.copytree(workspace.shipped() / name, folder / name, dirs_exist_ok=True)
    for name in ("schemes", "reports"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    print(f"A workspace. Try: cd {folder} && scoring run tiny")
    print(folder)


@app.command()
def run(
    experiment: Annotated[str, typer.Argument(help="An experiment's name, or its YAML file.")],
    people: People = None,
    seeds: Seeds = None,
    workers: Workers = None,
    out: Annotated[Path | None, typer.Option(help="Where to write; reports/NAME by default.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Do not take up what a stopped run left.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run an experiment and write its results and its report."""
    from scoring import experiment as room
    from scoring import report as pages
    from scoring import workspace

    path = workspace.find("experiment", experiment)
    folder = out or Path("reports") / path.stem
    with progress(f"Running {path.stem}") as tell:
        result = room.run(path, people, seeds, workers or cores(), folder, fresh, tell)
    page = pages.write(result, folder)
    show_json(result.rows.to_dicts()) if as_json else conclude(result, page)


def conclude(result: Result, page: Path) -> None:
    """Print what was run and where the page is."""
    told = result.manifest
    print(
        f"{told['people']:,} people × {len(told['seeds'])} seeds × {len(told['worlds'])} worlds, "
        f"{len(told['designs'])} designs: {result.rows.height:,} results in {told['wall_seconds']} s"
    )
    print(page)


@app.command()
def report(folder: Annotated[Path, typer.Argument(help="A folder that a run wrote.")]) -> None:
    """Build the page of a finished run again from its results."""
    from scoring import report as pages
    from scoring.documents import Problem, Refused
    from scoring.result import Result

    if not (folder / "manifest.json").is_file():
        raise Refused([Problem(str(folder), 0, "$", "holds no results", "give a folder that `scoring run` wrote")])
    print(pages.write(Result.read(folder), folder))


@app.command()
def compare(
    schemes: Annotated[list[str], typer.Argument(help="Two or more schemes; the others are compared with the first.")],
    people: Annotated[int, typer.Option("--people", min=1)] = 100_000,
    out: Annotated[Path | None, typer.Option(help="The page to write; reports/compare/… by default.")] = None,
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """Put designs side by side over one population."""
    from scoring import experiment as room
    from scoring import report as pages

    if len(schemes) < 2:
        raise typer.BadParameter("name at least two schemes")
    with progress("Comparing") as tell:
        result = room.compare(schemes, people=people, workers=workers or cores(), progress=tell)
    page = pages.write_comparison(result, out or Path("reports") / "compare" / f"{'-vs-'.join(schemes)}.html")
    if as_json:
        show_json(result.rows.to_dicts())
        return
    print(pages.comparison_text(result))
    print(page)


@schemes_app.command("list")
def list_schemes(as_json: AsJson = False) -> None:
    """List every scheme that can be named."""
    from scoring import schemes, workspace

    rows = [{"name": name, **schemes.summary(schemes.load(path))} for name, path in workspace.names("scheme").items()]
    show_json(rows) if as_json else print(table(rows))


@schemes_app.command("show")
def show_scheme(name: str, as_json: AsJson = False) -> None:
    """Print a scheme: each rule with its points, its article and its mark."""
    from scoring import experiment as room
    from scoring import schemes

    described = schemes.describe(room.scheme(name))
    show_json(described) if as_json else print(schemes.told(described))


@schemes_app.command("check")
def check_schemes(
    names: Annotated[list[str], typer.Argument(help="Schemes of the catalogue, or YAML files.")],
    recipe: Annotated[str, typer.Option(help="The recipe whose records the rules may read.")] = "weihai_2020",
    law: Annotated[list[str] | None, typer.Option(help="Hold them against a law: 2020-49, pipl … or all.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check schemes against the schema and the records of a recipe; with --law, what the law would not allow.

    What a law would not allow is a finding and no error.
    """
    from scoring import experiment as room

    laws, files = known_laws(law or []), scheme_files(names)
    problems = [problem for file in files for problem in room.problems_of_scheme(file, recipe)]
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        sys.exit(1)
    if laws:
        show_judgements(files, laws, as_json)
    else:
        show_json([str(file) for file in files]) if as_json else print("\n".join(map(str, files)))


def scheme_files(names: list[str]) -> list[Path]:
    """Return the files of schemes. Raises Refused with every name that is not known."""
    from scoring import workspace
    from scoring.documents import Problem, Refused

    files: list[Path] = []
    problems: list[Problem] = []
    for name in names:
        try:
            files.append(workspace.find("scheme", name))
        except Refused as refusal:
            problems += refusal.problems
    if problems:
        raise Refused(problems)
    return files


def known_laws(given: list[str]) -> list[str]:
    """Return the keys of the laws that were named, every one for `all`."""
    from scoring.documents import did_you_mean
    from scoring.schemes import laws

    known = laws.shipped()
    for name in given:
        if name not in known and name != "all":
            hint = did_you_mean(name, known) or f"known: {', '.join(known)}, all"
            raise typer.BadParameter(f"no law {name!r} — {hint}", param_hint="--law")
    return list(known) if "all" in given else list(dict.fromkeys(given))


def show_judgements(files: list[Path], keys: list[str], as_json: bool) -> None:
    """Print what laws make of schemes, and a line each of how much was found."""
    from scoring import schemes
    from scoring.schemes import laws, legality, opinion

    loaded = [schemes.central(schemes.load(file)) for file in files]
    judged = [legality.judged(scheme, key, laws.shipped()[key]) for scheme in loaded for key in keys]
    rows = [opinion.plain(judgement) for judgement in judged]
    if as_json:
        show_json(rows)
        return
    print("\n\n\n".join(map(opinion.told, judged)))
    if len(rows) > 1:
        print()
        print(table([{name: row[name] for name in ("scheme", "law", "standing")} | row["counts"] for row in rows]))


@schemes_app.command("contexts")
def show_contexts(
    names: Annotated[list[str] | None, typer.Argument(help="Schemes, or YAML files; the whole catalogue else.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show which records close or open which contexts, and which of these pairs are of unrelated fields."""
    from scoring import schemes, workspace
    from scoring.schemes import pairs

    files = scheme_files(names) if names else list(workspace.names("scheme").values())
    found = pairs.uses(schemes.central(schemes.load(file)) for file in files)
    show_json(pairs.plain(found)) if as_json else print(pairs.told(found))


@app.command("claims")
def show_claims(
    words: Annotated[list[str] | None, typer.Argument(help="Words of the claim, in English or Chinese.")] = None,
    as_json: AsJson = False,
) -> None:
    """Look up what is often said of social credit, what was read of it, and where."""
    from scoring.schemes import claims

    found = claims.found(words or [])
    show_json([claims.plain(claim) for claim in found]) if as_json else print(claims.told(found))


@population_app.command("list")
def list_populations(as_json: AsJson = False) -> None:
    """List every recipe that can be named."""
    from scoring import experiment as room
    from scoring import workspace

    rows = [
        {"name": name, "title": recipe.title, "worlds": ", ".join(recipe.worlds)}
        for name, recipe in ((n, room.recipe_of(p, [])) for n, p in workspace.names("recipe").items())
    ]
    show_json(rows) if as_json else print(table(rows))


@population_app.command("build")
def build_population(
    name: Annotated[str, typer.Argument(help="A recipe's name, or its YAML file.")],
    out: Annotated[Path, typer.Option(help="The Parquet file to write.")],
    people: Annotated[int, typer.Option("--people", min=1)] = 100_000,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    world: Annotated[str | None, typer.Option(help="The recipe's first world by default.")] = None,
    auditor: Annotated[bool, typer.Option("--auditor", help="Also write the hidden columns.")] = False,
    subject: Annotated[str, typer.Option(help="person, firm or government_body.")] = "person",
    years: Annotated[int, typer.Option(min=1, max=50, help="The same subjects once a year.")] = 1,
    neutral: Annotated[list[str] | None, typer.Option(help="A layer that treats all groups alike.")] = None,
    do: Annotated[list[str] | None, typer.Option(help="Set an attribute for everyone: residence=urban.")] = None,
) -> None:
    """Draw synthetic people, or firms or public bodies, into a Parquet file."""
    from scoring import experiment as room

    with progress(f"Drawing {people:,} × {years}") as tell:
        print(
            room.build(name, people, seed, out, world, auditor, subject, years, neutral or (), settings(do or []), tell)
        )


def settings(given: list[str]) -> dict[str, str]:
    """Return what each `name=level` sets.

    >>> settings(["residence=urban"])
    {'residence': 'urban'}
    """
    for one in given:
        if "=" not in one:
            raise typer.BadParameter(f"{one!r} is not NAME=LEVEL", param_hint="--do")
    return dict(one.split("=", 1) for one in given)


def table(rows: list[dict[str, Any]]) -> str:
    """Lay rows out in columns.

    >>> print(table([{"name": "a", "rules": 3}, {"name": "bcd", "rules": 12}]))
    name  rules
    a     3
    bcd   12
    """
    lines = [list(rows[0]), *([str(v) for v in row.values()] for row in rows)] if rows else []
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in lines)


if __name__ == "__main__":
    main()
