"""`scoring audit`: verdicts already made, in a table that the user brings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scoring.commands.terminal import AsJson, as_run, show_json

Columns = Annotated[
    str, typer.Option("--group", help="Columns to compare, by commas; crossed too. a*b names a crossing.")
]
Selected = Annotated[
    str | None, typer.Option("--selected", help="The column of verdicts: yes and no, or COLUMN=VALUE.")
]
Score = Annotated[str | None, typer.Option("--score", help="A column of scores instead of verdicts, or beside them.")]
Cuts = Annotated[str | None, typer.Option("--cut", help="Cuts of the score, by commas; its median if none is given.")]
Above = Annotated[bool, typer.Option("--above/--below", help="Whether scores at or above the cut are selected.")]
Adverse = Annotated[bool, typer.Option("--adverse", help="To be selected is a harm: a sanction, a listing, a refusal.")]
Truth = Annotated[
    str | None, typer.Option("--truth", help="What the verdict is held against: yes and no, or COLUMN=VALUE.")
]
Strata = Annotated[str | None, typer.Option("--strata", help="Columns of legitimate grounds to differ, by commas.")]
Weight = Annotated[str | None, typer.Option("--weight", help="A weight of each row.")]
Reference = Annotated[
    str | None, typer.Option("--reference", help="A group, COLUMN=GROUP, largest, best or rest; several by commas.")
]
Metrics = Annotated[
    list[str] | None,
    typer.Option("--metric", help="Also this function of rows: sklearn.metrics.… or fairlearn.metrics.…"),
]
Relation = Annotated[str | None, typer.Option("--table", help="The table inside a DuckDB or SQLite database.")]
Missing = Annotated[str | None, typer.Option("--missing", help="Texts of a CSV file that mean missing, by commas.")]
Replicates = Annotated[int, typer.Option("--replicates", min=100, max=100_000, help="Replicates of each resampling.")]
Out = Annotated[Path | None, typer.Option(help="Where to write; reports/audit-TABLE by default.")]


def audit(
    table: Annotated[str, typer.Argument(help="CSV, Parquet, Arrow, JSON lines, DuckDB or SQLite.")],
    group: Columns,
    selected: Selected = None,
    score: Score = None,
    cut: Cuts = None,
    above: Above = True,
    adverse: Adverse = False,
    truth: Truth = None,
    strata: Strata = None,
    weight: Weight = None,
    reference: Reference = None,
    metric: Metrics = None,
    relation: Relation = None,
    missing: Missing = None,
    replicates: Replicates = 1_000,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Audit a table of verdicts already made, and write the report. Small cells are left out of all that is shown."""
    from scoring import experiment as room
    from scoring import report as pages

    result = room.audit(
        table,
        group=parts(group),
        selected=selected,
        score=score,
        cut=numbers(cut),
        below=not above,
        adverse=adverse,
        truth=truth,
        strata=parts(strata),
        weight=weight,
        reference=parts(reference),
        metrics={name.rpartition(".")[2]: room.metric(name) for name in metric or []},
        relation=relation,
        missing=parts(missing),
        replicates=replicates,
    )
    result.manifest["command"] = as_run()
    folder = out or Path("reports") / f"audit-{result.manifest['table']}"
    result.write(folder)
    page = pages.write_audit(result, folder)
    if as_json:
        told = result.manifest
        show_json({"rows": result.rows.to_dicts(), "warnings": told["warnings"], "n": told["rows_read"]})
        return
    print(pages.audit_text(result))
    print(page)


def parts(text: str | None) -> list[str]:
    """Split an option that takes several values.

    >>> parts("sex, race*sex"), parts(None)
    (['sex', 'race*sex'], [])
    """
    return [part.strip() for part in text.split(",") if part.strip()] if text else []


def numbers(text: str | None) -> list[float]:
    """Read an option that takes several numbers."""
    try:
        return [float(part) for part in parts(text)]
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no number", param_hint="--cut") from None
