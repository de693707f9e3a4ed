"""Small hand-made frames, on every engine that a scheme scores."""

from functools import cache

import duckdb
import polars as pl

from scoring import population, schemes, workspace
from scoring.documents import read

CITED = "mark: assumed, source: X"
HEAD = f"""
scheme: toy
title: {{en: Toy}}
instrument: points scheme
law: {{title: none, rank: none, {CITED}}}
in_force: {{from: "2000"}}
enrolment: {{kind: consent, when: consents == 1, text: asks, {CITED}}}
eligibility: {{when: age >= 18, text: adults, {CITED}}}
base: {{points: 100, {CITED}}}
limits: {{low: 0, high: 110}}
sources: {{X: {{title: x, where: here}}}}
bands:
  - {{name: low, label: low, high: 89, {CITED}}}
  - {{name: high, label: high, low: 90, {CITED}}}
outcomes:
  warned: {{label: w, polarity: adverse, bands: [low], {CITED}}}
rules:
"""


@cache
def catalogue():
    return {name: schemes.load(path) for name, path in workspace.names("scheme").items()}


def cases(name):
    return read(workspace.find("scheme", name).with_name(f"{name}.cases.yaml")).data


@cache
def plan_of(subject):
    recipe = population.load(workspace.find("recipe", "weihai_2020"), [subject])
    return population.compile_recipe(recipe, "equal_conduct", subject)


@cache
def catalogue_frame(subject):
    """Subjects of one kind to fit on."""
    return population.people(plan_of(subject), 20_000, 5)


@cache
def ready(name):
    """Return a scheme of the catalogue as one that scores: a family at its defaults, a learned one fitted."""
    loaded = catalogue()[name]
    if isinstance(loaded, schemes.Learnable):
        return loaded.fit(catalogue_frame(loaded.central().subject))
    return loaded.central() if isinstance(loaded, schemes.Family) else loaded


def frame_of(reads, rows, defaults, subject="person"):
    """One row a case; what a case does not give is the default, the first level of its attribute, or zero.

    The state of the year before (`prior__…`) is a column where some case gives it, and null where a case does not.
    """
    levels = plan_of(subject).levels
    state = dict.fromkeys(c for row in rows for c in row if c.startswith("prior__"))
    columns = [*reads, *state]
    first = {c: levels[c][0] if c in levels else None if c in state else 0 for c in columns}
    full = [{c: {**first, **defaults, **row}[c] for c in columns} for row in rows]
    return pl.DataFrame(full, schema={c: type_of(c, levels) for c in columns})


def type_of(column, levels):
    if column in levels:
        return pl.Enum(levels[column])
    if column.startswith(("amt_", "lot__", "prior__")):
        return pl.Int32
    return pl.Int8 if column.startswith("listed__") else pl.UInt8 if column == "age" else pl.Int16


ENGINES = {
    "polars": lambda f: f,
    "lazy": lambda f: f.lazy(),
    "pandas": lambda f: f.to_pandas(),
    "pyarrow": lambda f: f.to_arrow(),
    "duckdb": lambda f: duckdb.connect().from_arrow(f.with_columns(pl.selectors.enum().cast(pl.String)).to_arrow()),
}


def polars_of(frame):
    """Return any engine's frame as Polars, in a fixed order of rows."""
    if isinstance(frame, pl.LazyFrame):
        return frame.collect()
    if isinstance(frame, duckdb.DuckDBPyRelation):
        return pl.from_arrow(frame.to_arrow_table())
    return frame if isinstance(frame, pl.DataFrame) else pl.DataFrame(frame)
