"""The command line: `scoring run`, `report`, `compare`, `audit`, `explain`, `schemes`, `claims`, `population` …

Exit codes: 0 done, 1 the input is wrong (one line a problem) or a population fails its validation, 2 usage.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scoring.commands import audit, compare, explain, population, schemes
from scoring.commands.terminal import AsJson, People, Workers, cores, progress, show_json

if TYPE_CHECKING:
    from collections.abc import Sized

    from scoring.result import Result

ABOUT = "Fairness experiments on social credit designs, run over synthetic people only."

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None, help=ABOUT
)
app.add_typer(schemes.app, name="schemes")
app.add_typer(population.app, name="population")
app.command("audit")(audit.audit)
app.command("compare")(compare.compare)
app.command("explain")(explain.explain)

Seeds = Annotated[int | None, typer.Option("--seeds", min=1, help="How many seeds to run.")]
Words = Annotated[list[str] | None, typer.Argument(help="Words of it, in English or Chinese.")]


def main() -> None:
    """Run the command line."""
    from scoring.documents import Refused

    try:
        app(prog_name="scoring")
    except Refused as refusal:
        for problem in refusal.problems:
            print(problem, file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("stopped; what was finished is kept, and the same command goes on from there", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        if error.filename is None:
            raise
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        sys.exit(1)


@app.command()
def init(folder: Annotated[Path, typer.Argument(help="The folder to make.")]) -> None:
    """Make a workspace: data_synthetic/, experiments/, schemas/, schemes/ and reports/, with the shipped examples."""
    from scoring import workspace

    for name in ("data_synthetic", "experiments", "schemas"):
        shutil.copytree(workspace.shipped() / name, folder / name, dirs_exist_ok=True)
    for name in ("schemes", "reports"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    print(f"A workspace. Try: cd {folder} && scoring run tiny")
    print(folder)


@app.command()
def schemas(out: Annotated[Path, typer.Option(help="The folder to write.")] = Path("schemas")) -> None:
    """Write the JSON Schemas by which an editor completes and checks what a person writes here."""
    from scoring import experiment as room

    for path in room.write_schemas(out):
        print(path)


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
        f"{told['people']:,} people × {count(told['seeds'], 'seed')} × {count(told['worlds'], 'world')}, "
        f"{count(told['designs'], 'design')}: {result.rows.height:,} results in {told['wall_seconds']} s"
    )
    print(page)


def count(things: Sized, name: str) -> str:
    """Write how many there are of something.

    >>> count([1], "seed"), count([1, 2], "seed")
    ('1 seed', '2 seeds')
    """
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"


@app.command()
def report(folder: Annotated[Path, typer.Argument(help="A folder that a run wrote.")]) -> None:
    """Build the page of a finished run again from its results."""
    from scoring import report as pages
    from scoring.documents import Problem, Refused
    from scoring.result import Result

    if not (folder / "manifest.json").is_file():
        raise Refused([Problem(str(folder), 0, "$", "holds no results", "give a folder that `scoring run` wrote")])
    print(pages.write(Result.read(folder), folder))


@app.command("claims")
def show_claims(words: Words = None, as_json: AsJson = False) -> None:
    """Look up what is often said of social credit, what was read of it, and where."""
    from scoring.schemes import claims

    found = claims.found(words or [])
    show_json([claims.plain(claim) for claim in found]) if as_json else print(claims.told(found))


if __name__ == "__main__":
    main()
