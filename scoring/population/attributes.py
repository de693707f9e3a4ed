"""Attributes: who lives with whom, and the levels of every conditional table, parents first.

What a household holds is drawn once a household and stands for each of its members. `do` sets an attribute by hand:
only what is drawn from it changes, because all noise stays where it was.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scoring.documents import Problem, Refused, did_you_mean
from scoring.population.noise import Source
from scoring.population.plan import Categorical, Composition, Lookup, Plan, Valued
from scoring.population.steps import reached

Codes = dict[str, np.ndarray]
Do = Mapping[str, "str | int | Sequence[str] | np.ndarray"]


@dataclass(frozen=True)
class Homes:
    """The households of a block: each person's household, and each household's first person."""

    of: np.ndarray
    first: np.ndarray
    codes: Codes

    @property
    def count(self) -> int:
        return len(self.first)


@dataclass(frozen=True)
class Drawn:
    """The subjects of a block before any conduct: codes of attributes, ages and quantities, households."""

    codes: Codes
    values: Codes
    homes: Homes | None


def attributes(plan: Plan, source: Source, do: Do | None = None, wanted: Collection[str] | None = None) -> Drawn:
    """Draw the attributes and quantities of a block, or those wanted; `do` sets attributes for all, or one by one."""
    done = asked(plan, do or {}, source.rows)
    codes: Codes = {}
    homes = at_home(plan, source, codes) if plan.households else None
    for name in ("household_form", "role") if homes else ():
        derive(plan, name, codes)
    if homes:
        homes.codes.update({n: c[homes.first] for n, c in codes.items() if n != "role"})
    for name, table in plan.attributes.items():
        if wanted is not None and name not in wanted:
            continue
        if table.household and homes:
            level = (
                done[name][homes.first]
                if name in done
                else levels(table, source.dense(name, rows=homes.count), homes.codes)
            )
            homes.codes[name], codes[name] = level, level.take(homes.of)
            derive(plan, name, homes.codes)
        else:
            codes[name] = done[name] if name in done else levels(table, source.dense(name), codes)
        derive(plan, name, codes)
    quantities = {n: table for n, table in plan.quantities.items() if wanted is None or n in wanted}
    values = {name: valued(name, table, source, codes, homes) for name, table in quantities.items()}
    if plan.years:
        values["age"] = done["age"] if "age" in done else age(plan, source, codes)
    return Drawn(codes, values, homes)


def ancestors(plan: Plan, name: str) -> set[str]:
    """Return an attribute and all that it is drawn from, back to what a household is filled with."""
    root = plan.derived[name][0] if name in plan.derived else name
    parents = plan.attributes[root].given.attributes if root in plan.attributes else ()
    return {root}.union(*(ancestors(plan, parent) for parent in parents))


def asked(plan: Plan, do: Do, rows: int) -> Codes:
    """Return what is set by hand as codes. Raises Refused for a name or level that cannot be set."""
    found: Codes = {}
    problems = []
    known = [*plan.attributes, *plan.counted]
    for name, wanted in do.items():
        here = f"do({name})"
        if name == "age" and plan.years:
            attribute, spans = plan.years
            years = np.broadcast_to(np.asarray(wanted), rows).astype(np.int64)
            band = np.searchsorted(spans[:, 0].astype(np.int64), years, side="right") - 1
            if (band < 0).any() or (years >= (spans[band, 0] + spans[band, 1]).astype(np.int64)).any():
                problems.append(Problem(plan.recipe_name, 0, here, "an age outside the recipe's years of age"))
            found["age"], found[attribute] = years.astype(np.uint8), band.astype(np.uint8)
        elif name in plan.derived:
            hint = f"set {plan.derived[name][0]!r}"
            problems.append(Problem(plan.recipe_name, 0, here, "derived from another attribute", hint))
        elif name not in plan.attributes:
            problems.append(Problem(plan.recipe_name, 0, here, "nothing that can be set", did_you_mean(name, known)))
        else:
            codes_of = {level: code for code, level in enumerate(plan.levels[name])}
            one = isinstance(wanted, str)
            given = [wanted] if one else list(wanted)  # type: ignore[arg-type]
            unknown = {str(w) for w in given} - set(codes_of)
            for level in sorted(unknown):
                problems.append(
                    Problem(plan.recipe_name, 0, here, f"unknown level {level!r}", did_you_mean(level, codes_of))
                )
            if not unknown and (one or len(given) == rows):
                found[name] = np.resize(np.array([codes_of[str(w)] for w in given], dtype=np.uint8), rows)
            elif not unknown:
                problems.append(Problem(plan.recipe_name, 0, here, f"{len(given)} levels: neither one nor one a row"))
    if problems:
        raise Refused(problems)
    return found


def at_home(plan: Plan, source: Source, codes: Codes) -> Homes:
    """Fill the block with households until every row has a person; the last household may be cut."""
    composition = plan.households
    assert isinstance(composition, Composition)
    form = reached(composition.steps, source.dense("households"), np.zeros(1, dtype=np.intp))
    sizes = composition.sizes.take(form)
    ends = sizes.cumsum()
    count = int(ends.searchsorted(source.rows)) + 1 if source.rows else 0
    form, sizes, first = form[:count], sizes[:count], ends[:count] - sizes[:count]
    of = np.repeat(np.arange(count), sizes)[: source.rows]
    codes["household_form"] = form.take(of)
    first_role = form * np.int64(composition.roles.shape[1]) - first
    codes["role"] = composition.roles.reshape(-1).take(first_role.take(of) + np.arange(source.rows))
    return Homes(of, first, {})


def derive(plan: Plan, name: str, codes: Codes) -> None:
    """Add what is derived from one attribute."""
    for derived, (root, onto) in plan.derived.items():
        if root == name:
            codes[derived] = onto.take(codes[name])


def row(given: Lookup, codes: Codes, some: np.ndarray | None = None) -> np.ndarray:
    """Return the table row of each subject: its levels of the given attributes as one number.

    In the smallest type that holds it: the time goes into moving bytes.
    """
    found, rows = np.zeros(1, dtype=np.uint8), 1
    for name, size in zip(given.attributes, given.sizes, strict=True):
        level = codes[name] if some is None else codes[name].take(some)
        wide: Any = np.uint8 if rows * size <= 1 << 8 else np.uint16 if rows * size <= 1 << 16 else np.int64
        found = found.astype(wide) * wide(size) + level if rows > 1 else level
        rows *= size
    return found


def levels(table: Categorical, u: np.ndarray, codes: Codes) -> np.ndarray:
    """Return the level of each subject."""
    return reached(table.steps, u, row(table.given, codes))


def valued(name: str, table: Valued, source: Source, codes: Codes, homes: Homes | None) -> np.ndarray:
    """Return the value of a quantity of each subject."""
    shared = homes is not None and table.household
    own = homes.codes if shared and homes else codes
    u = source.dense(name, rows=homes.count if shared and homes else source.rows)
    values = table.values.reshape(-1).take(
        row(table.given, own) * np.int64(table.values.shape[1]) + (u >> np.uint32(22))
    )
    return values.take(homes.of) if shared and homes else values


def age(plan: Plan, source: Source, codes: Codes) -> np.ndarray:
    """Draw the year of age, evenly inside the band."""
    assert plan.years is not None
    name, spans = plan.years
    low, width = spans.astype(np.uint32).T
    u = source.dense("age") >> np.uint32(16)
    return (low.take(codes[name]) + ((u * width.take(codes[name])) >> np.uint32(16))).astype(np.uint8)
