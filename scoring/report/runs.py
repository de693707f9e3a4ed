"""The page of earlier runs beside each other: what was asked otherwise, what each found, and what only one has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from scoring.report import contrasts, page, wording
from scoring.report.shown import Figure, Part, Row, Table
from scoring.report.text import titled
from scoring.result import TOLD, Beside

RATIO = "selection_rate_ratio"
HEADLINES = {  # measures that have a table of their own, with the term or param that stands for them, and their scale
    "reach": (None, "of 10,000", 1.0),
    "selection_rate": (None, "per cent", 100.0),
    RATIO: (None, "times", 1.0),
    "pivotal_record_share": ("any", "per cent", 100.0),
    "self_consistency": ("band", "per cent", 100.0),
    "ambiguity": (None, "per cent", 100.0),
    "veil_mean": (None, "per cent", 100.0),
    "facts_to_know": (None, "facts", 1.0),
    "recourse_feasible": (None, "per cent", 100.0),
    "criterion_value": (None, "", 1.0),
    "universe_estimate": (None, "", 1.0),
    "conclusion_share": (None, "per cent", 100.0),
}
MOST = 12  # lines of one picture


def write_runs(beside: Beside, file: str | Path, command: str) -> Path:
    """Write the page of runs beside each other and return its path."""
    path = Path(file)
    path.parent.mkdir(parents=True, exist_ok=True)
    told: dict[str, Any] = {
        "runs": beside.runs,
        "command": command,
        "title": f"What differs between {' and '.join(beside.runs)}?",
        "lede": lede(beside),
        "how": list(how(beside)),
        "families": list(families(beside)),
        "parts": [Part("What was asked", "", [otherwise_table(beside)]), *parts(beside)],
        "limits": wording.LIMITS,
    }
    path.write_text(page.render("runs.html", told), encoding="utf-8")
    return path


def runs_text(beside: Beside) -> str:
    """Return the runs beside each other as plain text."""
    tables = [otherwise_table(beside), *headlines(beside), measures_table(beside), only_table(beside)]
    told = [lede(beside), *how(beside), *families(beside)]
    return "\n\n".join([*told, *(titled(table) for table in tables if table.rows)])


def parts(beside: Beside) -> Iterator[Part]:
    """Yield the parts of the page that have anything to show."""
    found: list[Figure | Table] = [*pictures(beside), *headlines(beside)]
    if found:
        yield Part("Number beside number", "", found)
    yield Part("Measure by measure", "", [measures_table(beside), only_table(beside)])


def lede(beside: Beside) -> str:
    """Say how many numbers stand in every run, and how many of them lie apart."""
    counts = beside.measures
    numbers, bounded, apart = (int(counts[c].sum()) for c in ("numbers", "bounded", "apart"))
    if not numbers:
        return "No number stands in every run: they share no world, design and measure."
    return (
        f"{wording.number(numbers, 0)} numbers stand in every run, {wording.number(bounded, 0)} of them with bounds; "
        f"of these {wording.number(apart, 0)} lie apart, their bounds not touching."
    )


def how(beside: Beside) -> Iterator[str]:
    """Say of each later run whether it drew the persons of the first, and so how a difference is to be read."""
    first, *others = beside.runs
    for name, same in zip(others, beside.same, strict=True):
        yield (
            f"{name} drew the same persons as {first}: recipe, number, years and seeds are equal, so a difference is "
            "over the same persons. Each interval is of its own run alone, and for the difference too wide."
            if same
            else f"{name} drew other persons than {first}: nothing is paired. Each interval is of its own run alone, "
            "and a difference holds the chance of both."
        )


def families(beside: Beside) -> Iterator[str]:
    """Say which designs are families, once each."""
    told: dict[str, int] = {}
    for manifest in beside.runs.values():
        for design in manifest["schemes"].values():
            if design.get("family"):
                told.setdefault(design["title"], design["draws"])
    yield from wording.families(told)


def titles(beside: Beside) -> Mapping[str, str]:
    """Return the title of every design."""
    runs = beside.runs.values()
    return {name: told["schemes"][name]["title"] for told in runs for name in told["designs"]}


def otherwise_table(beside: Beside) -> Table:
    """Return what was asked otherwise, one column a run."""
    rows = [[what.replace("_", " "), *map(plain, each)] for what, each in beside.otherwise]
    text = (
        "" if rows else "Recipe, persons, seeds, worlds, designs, groups, probes, texts and package are all the same."
    )
    return Table("What was asked otherwise", text, ("", *beside.runs), rows, 1 + len(beside.runs))


def plain(value: Any) -> str:
    """Write a value of a manifest.

    >>> plain(["a", "b"]), plain({"people": 3}), plain(20000), plain(None)
    ('a, b', 'people 3', '20,000', '–')
    """
    if isinstance(value, dict):
        return ", ".join(f"{k} {v}" for k, v in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return wording.number(value, 0) if isinstance(value, int) else "–" if value is None else str(value)


def told_by(row: Row, i: int) -> Row:
    """Return what one run says of a number."""
    return {c: row[f"{c}_{i}"] for c in TOLD}


def shared(beside: Beside, measure: str, term: str | None) -> list[Row]:
    """Return the numbers of a measure that every run has."""
    rows = beside.rows.filter(
        pl.col("measure") == measure, *(pl.col(f"in_{i}") for i in range(len(beside.runs))), pl.col("period").is_null()
    )
    if term is not None:
        rows = rows.filter((pl.col("term") == term) | (pl.col("param") == term))
    found = rows.filter(~pl.col("group_by").fill_null("").str.contains("*", literal=True)).to_dicts()
    order = list(titles(beside))
    return sorted(found, key=lambda r: order.index(r["scheme"]) if r["scheme"] in order else len(order))


def pictures(beside: Beside) -> Iterator[Figure]:
    """Yield the ratio of outcome rates of every group, one mark a run, for each design and outcome."""
    rows = [r for r in shared(beside, RATIO, None) if r["group"] != "unknown"]
    named = titles(beside)
    for world, scheme, outcome in dict.fromkeys((r["world"], r["scheme"], r["outcome"]) for r in rows):
        of = [r for r in rows if (r["world"], r["scheme"], r["outcome"]) == (world, scheme, outcome)][:MOST]
        told = [(r, i, told_by(r, i)) for r in of for i in range(len(beside.runs))]
        if not any(one["value"] for *_, one in told):
            continue
        identity = f"runs-{world}-{scheme}-{outcome}"
        apart = [r for r in of if any(r[f"apart_{i}"] for i in range(1, len(beside.runs)))]
        said = (outcome or "").replace("_", " ")
        yield Figure(
            identity,
            f"{named[scheme]}, {said}: {len(apart)} of {len(of)} ratios lie apart",
            f"How many times as often each group gets “{said}” as the reference group, world {world}. "
            f"{wording.bars([one for *_, one in told]).capitalize()}.",
            contrasts.dots(
                [one for *_, one in told],
                [f"{wording.level(r['group'])}\nbeside {wording.level(r['reference'] or '–')}" for r, *_ in told],
                [list(beside.runs)[i] for _, i, _ in told],
                identity,
                "times as often as the reference group (log scale)",
                2,
                ratio=True,
            ),
            ("group", "run", "ratio", "n", "status"),
            [
                [
                    wording.level(r["group"]),
                    list(beside.runs)[i],
                    wording.ranged(one),
                    wording.number(one["n"], 0),
                    one["status"],
                ]
                for r, i, one in told
            ],
        )


def headlines(beside: Beside) -> Iterator[Table]:
    """Yield a table for each headline measure: what every run says, and the difference to the first."""
    named, several = titles(beside), beside.rows["world"].n_unique() > 1
    for measure, (term, unit, scale) in HEADLINES.items():
        rows = [
            [
                named.get(r["scheme"], r["scheme"] or "–"),
                what(r, term, several),
                wording.level(r["group"] or "everyone"),
                *(wording.ranged(told_by(r, i), 2, scale) for i in range(len(beside.runs))),
                *(changed(r, i, scale) for i in range(1, len(beside.runs))),
            ]
            for r in shared(beside, measure, term)
        ]
        if rows:
            first, *others = beside.runs
            head = ("design", "of what", "group", *beside.runs, *(f"{name} less {first}" for name in others))
            title = f"{measure.replace('_', ' ').capitalize()}{f', {unit}' if unit else ''}"
            yield Table(title, "", head, rows, 3)


def what(row: Row, term: str | None, several: bool) -> str:
    """Name what a number is of, besides its design and group."""
    told = [row["outcome"], *(row[c] for c in ("param", "term") if row[c] not in (None, term))]
    told += [f"beside {row['versus']}"] if row["versus"] else []
    told += [f"world {row['world']}"] if several else []
    return ", ".join(str(one).replace("_", " ") for one in told if one) or "–"


def changed(row: Row, i: int, scale: float) -> str:
    """Write a difference, and whether the two lie apart."""
    value = row[f"difference_{i}"]
    told = wording.number(None if value is None else scale * value, 2)
    return f"{told} (apart)" if row[f"apart_{i}"] else told


def measures_table(beside: Beside) -> Table:
    """Return, for every measure, how many numbers every run has, and how many lie apart."""
    rows: Sequence[Sequence[str]] = [
        [measure.replace("_", " "), *(wording.number(n, 0) for n in counts)]
        for measure, *counts in beside.measures.iter_rows()
    ]
    text = "Apart: the bounds of two runs do not touch. Of many numbers some lie apart by chance."
    return Table("In every run", text, ("measure", "numbers", "with bounds", "apart"), rows)


def only_table(beside: Beside) -> Table:
    """Return what one run alone has."""
    rows = [[name, wording.number(n, 0), text.replace("_", " ")] for name, n, text in beside.only]
    return Table("Only in one run", "", ("run", "numbers that no other has", "of"), rows, 1)
