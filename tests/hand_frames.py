"""Small hand-made frames, on every engine that a scheme scores."""

import duckdb
import polars as pl

from scoring import schemes, workspace
from scoring.documents import read

WORDS = {
    "hukou_place": "local",
    "education": "junior",
    "employment": "employed",
    "social_insurance": "insured",
    "income_quintile": "q3",
    "internet_user": "online",
    "has_credit": "credit",
    "tenure": "one_year_or_more",
    "hukou_type": "non_agricultural",
    "residence": "urban",
    "party_member": "non_member",
    "marital": "married",
}

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


def catalogue():
    return {name: schemes.load(path) for name, path in workspace.names("scheme").items()}


def cases(name):
    return read(workspace.find("scheme", name).with_name(f"{name}.cases.yaml")).data


def frame_of(reads, rows, defaults):
    """One row a case; what a case does not give is the default, a word of its attribute, or zero."""
    full = [{c: {**defaults, **row}.get(c, WORDS.get(c, 0)) for c in reads} for row in rows]
    types = {c: pl.String if c in WORDS else pl.UInt8 if c == "age" else pl.Int16 for c in reads}
    frame = pl.DataFrame(full, schema=types)
    return frame.with_columns(
        pl.col(c).cast(pl.Enum(frame[c].drop_nulls().unique().to_list())) for c in reads if c in WORDS
    )


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
