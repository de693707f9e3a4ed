"""`scoring schemes`: the catalogue, what changed, what it closes, what the law says of it."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from scoring.commands.terminal import AsJson, Recipe, progress, show_json, table

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The catalogue of schemes.")

Names = Annotated[list[str] | None, typer.Argument(help="Schemes, or YAML files; the whole catalogue by default.")]
Law = Annotated[list[str] | None, typer.Option("--law", help="A law to hold them against: 2020-49, pipl … or all.")]


@app.command("list")
def list_schemes(recipe: Recipe = "weihai_2020", as_json: AsJson = False) -> None:
    """List every scheme that can be named, by subject and instrument."""
    from scoring import experiment as room
    from scoring import schemes

    rows = room.catalogue(recipe)
    if as_json:
        show_json(rows)
        return
    print(schemes.listed(rows))
    print(f"\n{len(schemes.gaps())} more are known and not encoded, each with the reason: scoring schemes gaps")


@app.command("gaps")
def show_gaps(as_json: AsJson = False) -> None:
    """List the schemes that are known and no rulebook here, with what is known of each and why that is too little."""
    from scoring import schemes

    known = schemes.gaps()
    if as_json:
        show_json({name: gap.model_dump() for name, gap in known.items()})
        return
    print("\n\n".join(gap.told(name) for name, gap in known.items()))


@app.command("show")
def show_scheme(name: str, as_json: AsJson = False) -> None:
    """Print a scheme: each rule with its points, its article and its mark."""
    from scoring import experiment as room
    from scoring import schemes

    described = schemes.describe(room.scheme(name))
    show_json(described) if as_json else print(schemes.told(described))


@app.command("check")
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


@app.command("contexts")
def show_contexts(names: Names = None, as_json: AsJson = False) -> None:
    """Show which records close or open which contexts, pairs of unrelated fields marked."""
    from scoring import experiment as room
    from scoring.schemes import pairs

    found = pairs.uses(room.named(names))
    show_json(pairs.plain(found)) if as_json else print(pairs.told(found))


@app.command("diff")
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


@app.command("joint")
def joint_schemes(
    names: Annotated[list[str] | None, typer.Argument(help="The schemes to show; all by default.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what a listing closes or opens, and on which other lists it puts a subject, each step with its mark."""
    from scoring import schemes, workspace

    whole = schemes.joint.graph(workspace.names("scheme") | {n: workspace.find("scheme", n) for n in names or []})
    shown = names or whole.joined()
    show_json(schemes.joint.describe(whole, shown)) if as_json else print(schemes.joint.told(whole, shown))


@app.command("targets")
def scheme_targets(
    names: Annotated[list[str] | None, typer.Argument(help="The schemes; all with a target by default.")] = None,
    people: Annotated[int, typer.Option("--people", min=1)] = 200_000,
    recipe: Annotated[str, typer.Option(help="The population to look at.")] = "national_2020",
    as_json: AsJson = False,
) -> None:
    """Print each published number beside what a simulation gives, and whether it was set to meet it."""
    from scoring import experiment as room
    from scoring.experiment.targets import NOTE, told

    with progress("Looking at targets") as tell:
        lines = room.targets(names or (), people, recipe, tell)
    if as_json:
        show_json([vars(line) for line in lines])
        return
    print(table(told(lines)))
    print(NOTE)
