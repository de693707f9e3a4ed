"""`scoring population`: recipes, drawing, samples, cards, validation."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from scoring.commands.terminal import AsJson, Workers, cores, progress, show_json, table

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Synthetic people.")


@app.command("list")
def list_populations(as_json: AsJson = False) -> None:
    """List every recipe that can be named."""
    from scoring import experiment as room
    from scoring import workspace

    rows = [
        {"name": name, "title": recipe.title, "worlds": ", ".join(recipe.worlds)}
        for name, recipe in ((n, room.recipe_of(p, [])) for n, p in workspace.names("recipe").items())
    ]
    show_json(rows) if as_json else print(table(rows))


@app.command("build")
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


@app.command("card")
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


@app.command("sample")
def sample_population(
    name: Annotated[str, typer.Argument(help="A recipe's name, or its YAML file.")],
    people: Annotated[int, typer.Option("--people", min=1, max=100_000)] = 5_000,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    out: Annotated[Path, typer.Option(help="The folder to write into.")] = Path("reports/sample"),
) -> None:
    """Write a small sample: persons, the firms that they represent, the records of both, and the data card."""
    from scoring import experiment as room

    print("\n".join(map(str, room.sample(name, people, seed, out))))


@app.command("validate")
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
