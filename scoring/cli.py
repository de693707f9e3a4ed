"""The command line: `scoring run`, `report`, `compare`, `schemes`, `claims`, `population`, `init`, `schemas`.

Exit codes: 0 done, 1 the input is wrong (one line a problem) or a population fails its validation, 2 usage.
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
Names = Annotated[list[str] | None, typer.Argument(help="Schemes, or YAML files; the whole catalogue by default.")]
Law = Annotated[list[str] | None, typer.Option("--law", help="A law to hold them against: 2020-49, pipl … or all.")]
Words = Annotated[list[str] | None, typer.Argument(help="Words of it, in English or Chinese.")]
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
    """Write the JSON Schemas by which an editor completes and checks rulebooks, cases, recipes and experiments."""
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


Recipe = Annotated[str, typer.Option("--recipe", help="The recipe whose subjects and records the schemes meet.")]


@schemes_app.command("list")
def list_schemes(recipe: Recipe = "weihai_2020", as_json: AsJson = False) -> None:
    """List every scheme that can be named, by subject and instrument."""
    from scoring import experiment as room

    rows = room.catalogue(recipe)
    if as_json:
        show_json(rows)
        return
    heading, *lines = table([line_of(row) for row in rows]).splitlines()
    kinds = [f"{row['subject'].replace('_', ' ')} · {row['instrument']}" for row in rows]
    print(f"  {heading}")
    for i, (kind, line) in enumerate(zip(kinds, lines, strict=True)):
        print(f"{'' if i and kinds[i - 1] == kind else kind + chr(10)}  {line}")


def line_of(row: dict[str, Any]) -> dict[str, Any]:
    """Return what the list shows of a scheme; what is undefined is a dash."""
    from scoring import schemes

    share, live, reads = row["documented_share"], row["live"], row["reads_protected"]
    return {
        "name": row["name"],
        "in force": schemes.years(row["from"], row["to"]),
        "enrolment": row["enrolment"],
        "rules": row["rules"],
        "documented": "–" if share is None else f"{100 * share:.0f}%",
        "live": "–" if live is None or not row["rules"] else live,
        "family": "family" if row["family"] else "",
        "reads protected": "–" if reads is None else ", ".join(reads),
    }


@schemes_app.command("show")
def show_scheme(name: str, as_json: AsJson = False) -> None:
    """Print a scheme: each rule with its points, its article and its mark."""
    from scoring import experiment as room
    from scoring import schemes

    described = schemes.describe(room.scheme(name))
    show_json(described) if as_json else print(schemes.told(described))


@schemes_app.command("check")
def check_schemes(names: list[str], recipe: Recipe = "weihai_2020", law: Law = None, as_json: AsJson = False) -> None:
    """Check schemes and their cases against the records of a recipe; with --law, what the law would not allow."""
    from scoring import experiment as room
    from scoring.schemes import opinion

    rulebooks = room.rulebooks(names)
    problems = room.problems_of_schemes(rulebooks, recipe)
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        sys.exit(1)
    if not law:
        show_json([str(file) for file in rulebooks]) if as_json else print("\n".join(map(str, rulebooks)))
        return
    judged = room.judgements(rulebooks, law)
    show_json([opinion.plain(one) for one in judged]) if as_json else print(opinion.all_told(judged))


@schemes_app.command("contexts")
def show_contexts(names: Names = None, as_json: AsJson = False) -> None:
    """Show which records close or open which contexts, pairs of unrelated fields marked."""
    from scoring import experiment as room
    from scoring.schemes import pairs

    found = pairs.uses(room.named(names))
    show_json(pairs.plain(found)) if as_json else print(pairs.told(found))


@app.command("claims")
def show_claims(words: Words = None, as_json: AsJson = False) -> None:
    """Look up what is often said of social credit, what was read of it, and where."""
    from scoring.schemes import claims

    found = claims.found(words or [])
    show_json([claims.plain(claim) for claim in found]) if as_json else print(claims.told(found))


@schemes_app.command("diff")
def diff_schemes(
    before: Annotated[str, typer.Argument(help="A scheme's name, or its YAML file.")],
    after: Annotated[str, typer.Argument(help="The scheme that takes its place.")],
    recipe: Recipe = "weihai_2020",
    people: Annotated[int, typer.Option("--people", min=1, help="How many subjects to draw.")] = 100_000,
    group: Annotated[list[str] | None, typer.Option("--group", help="An attribute; A*B crosses two.")] = None,
    world: Annotated[str | None, typer.Option(help="The recipe's first world by default.")] = None,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    as_json: AsJson = False,
) -> None:
    """Say what changed between two rulebooks, and who moves between their bands or lists."""
    from scoring import experiment as room

    with progress(f"Scoring {people:,} under both") as tell:
        told = room.difference(before, after, recipe, people, group, world, seed, tell)
    if as_json:
        show_json(told)
        return
    from scoring import report as pages

    print(pages.difference_text(told))


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


@population_app.command("card")
def card_of_population(
    name: Annotated[str, typer.Argument(help="A recipe's name, or its YAML file.")],
    out: Annotated[Path, typer.Option(help="The folder to write into.")] = Path("reports/cards"),
    people: Annotated[int, typer.Option("--people", min=1, help="How many people the validation draws.")] = 200_000,
) -> None:
    """Write the data card of a population: Markdown, Croissant, and its causal graph drawn."""
    from scoring import experiment as room

    with progress(f"Compiling {name}") as tell:
        written = room.card(name, out, people, progress=tell)
    print("\n".join(map(str, written)))


@population_app.command("sample")
def sample_population(
    name: Annotated[str, typer.Argument(help="A recipe's name, or its YAML file.")],
    people: Annotated[int, typer.Option("--people", min=1, max=100_000)] = 5_000,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    out: Annotated[Path, typer.Option(help="The folder to write into.")] = Path("reports/sample"),
) -> None:
    """Write a small sample: persons, the firms that they represent, the records of both, and the data card."""
    from scoring import experiment as room

    print("\n".join(map(str, room.sample(name, people, seed, out))))


@population_app.command("validate")
def validate_population(
    name: Annotated[str, typer.Argument(help="A recipe's name, or its YAML file.")],
    people: Annotated[int, typer.Option("--people", min=1, help="Other subjects as stand with them.")] = 1_000_000,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    world: Annotated[str | None, typer.Option(help="The recipe's first world by default.")] = None,
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """Draw a population and hold it against its recipe; exit code 1 if anything that has a gate fails."""
    from dataclasses import asdict

    from scoring import experiment as room
    from scoring.population import checklist

    with progress(f"Validating {name}") as tell:
        checks = room.validate(name, people, seed, world, workers or cores(), tell)
    if as_json:
        show_json([asdict(check) for check in checks])
    else:
        for title, rows, more in checklist.sections(checks):
            print("\n".join(filter(None, [title, table(rows), more])), end="\n\n")
        print(checklist.summary(checks))
    if any(check.passed is False for check in checks):
        sys.exit(1)


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
