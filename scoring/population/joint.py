"""Exact joint distributions: conditional tables multiplied out and summed, never simulated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np

from scoring.documents import Problem, Refused
from scoring.population.recipe import Attribute, HeldOut, Margin, Subject, cell

ROUNDS = 2_000  # of raking; where a share is near one, each step is small
CLOSE, NEAR = 1e-12, 1e-6
ROOM = "give some cell more room"


class Joint:
    """The joint distribution of a subject's attributes, built table by table in the declared order."""

    def __init__(self, subject: Subject):
        self.subject, self.problems = subject, list[Problem]()
        self.drawn, self.levels, self.root = subject.drawn, subject.levels(), subject.root
        self.tables: dict[str, np.ndarray] = {}
        for name, attribute in self.drawn.items():
            self.tables[name] = self.fitted(name, attribute)
        if self.problems:
            raise Refused(self.problems)

    def axes(self, names: Sequence[str]) -> list[str]:
        """Return the drawn attributes that a set of names depends on, in the declared order."""
        wanted: set[str] = set()
        queue = [self.root(n) for n in names]
        while queue:
            name = queue.pop()
            if name not in wanted:
                wanted.add(name)
                queue += [self.root(g) for g in self.drawn[name].given]
        return [name for name in self.drawn if name in wanted]

    def onto(self, name: str) -> np.ndarray:
        """Return, for each level of the drawn attribute, the level of `name`; the identity for a drawn one."""
        drawn = self.levels[self.root(name)]
        if name not in self.subject.derived:
            return np.arange(len(drawn))
        held = self.subject.derived[name].levels
        return np.array([next(i for i, ls in enumerate(held.values()) if level in ls) for level in drawn])

    def margin(self, names: Sequence[str]) -> np.ndarray:
        """Return P(names) as an array with one axis a name, summed over everything they depend on."""
        axes = self.axes(names)
        operands: list[Any] = []
        index = {name: i for i, name in enumerate(axes)}
        for name in axes:
            given = self.drawn[name].given
            operands += [
                self.tables[name][np.ix_(*map(self.onto, given))],
                [index[self.root(g)] for g in given] + [index[name]],
            ]
        drawn = list(dict.fromkeys(self.root(n) for n in names))
        p = np.einsum(*operands, [index[n] for n in drawn], optimize="greedy")
        return self.regrouped(p, drawn, names)

    def regrouped(self, p: np.ndarray, drawn: list[str], names: Sequence[str]) -> np.ndarray:
        """Turn P(drawn) into P(names), where names may be derived from the drawn, and even share one."""
        shape = tuple(len(self.levels[n]) for n in names)
        out = np.zeros(shape)
        grids = np.meshgrid(*(np.arange(s) for s in p.shape), indexing="ij")
        where = tuple(self.onto(n)[grids[drawn.index(self.root(n))]] for n in names)
        np.add.at(out, where, p)
        return out

    def fitted(self, name: str, attribute: Attribute) -> np.ndarray:
        """Return one conditional table, given × levels, with its odds applied and raked to its margin."""
        table = self.stated(attribute)
        for i, parent in enumerate(attribute.given):
            for level, odds in attribute.odds.get(parent, {}).items():
                row = [slice(None)] * i + [self.levels[parent].index(level)]
                table[tuple(row)] *= [odds.get(target, 1.0) for target in attribute.levels]
        table /= table.sum(axis=-1, keepdims=True)
        return self.raked(name, table, attribute) if attribute.margin else table

    def stated(self, attribute: Attribute) -> np.ndarray:
        """Return the shares as written; a later cell only fills what earlier ones left."""
        shape = [len(self.levels[g]) for g in attribute.given]
        table = np.full([*shape, len(attribute.levels)], np.nan)
        for key, shares in attribute.shares.items():
            parts = cell(key, attribute.given, self.levels)
            for combination in product(
                *([self.levels[g].index(w) for w in ws] for g, ws in zip(attribute.given, parts, strict=True))
            ):
                if np.isnan(table[combination]).all():
                    table[combination] = shares
        if np.isnan(table).any():
            raise ValueError(f"no shares for some cell of {attribute.given}")
        return table

    def raked(self, name: str, table: np.ndarray, attribute: Attribute) -> np.ndarray:
        """Scale levels until the whole population has the shares of the margin (iterative proportional fitting)."""
        margin = attribute.margin
        assert margin is not None
        given = self.margin(attribute.given) if attribute.given else np.ones(())
        kept = [attribute.given.index(parent) for parent in margin.by]
        summed = tuple(i for i in range(len(attribute.given)) if i not in kept)
        groups = list(self.groups(margin, name))
        for _ in range(ROUNDS):
            now = (given[..., None] * table).sum(axis=summed)
            factors = np.ones(now.shape)
            for where, share in groups:
                factors[where] = share / max(now[where].sum(), CLOSE) if share else 0.0
            wrong = max(abs(now[where].sum() - share) for where, share in groups)
            if wrong < CLOSE:
                return table
            table = table * np.expand_dims(factors, summed)
            table = table / np.maximum(table.sum(axis=-1, keepdims=True), CLOSE)
        if wrong > NEAR:
            what, hint = f"no table of this form has these shares: its zeros leave no room (off by {wrong:.2g})", ROOM
            for key, theirs, ours in self.disagreement(margin):
                what = f"{theirs:.6f} of all are {key} in this margin, {ours:.6f} where {margin.by[0]} is declared"
                hint = "make the two agree"
            self.problems.append(Problem("", 0, f"$.attributes.{name}.margin", what, hint))
        return table

    def disagreement(self, margin: Margin) -> list[tuple[str, float, float]]:
        """Return the level of the first attribute crossed with, if any, of which a margin has another share."""
        if not margin.by or abs(sum(margin.shares.values()) - 1) > NEAR:
            return []
        theirs = dict.fromkeys(self.levels[margin.by[0]], 0.0)
        for key, share in margin.shares.items():
            level = key.split("&")[0].strip()
            theirs[level] = theirs.get(level, 0.0) + share
        if len(theirs) > len(self.levels[margin.by[0]]):
            return []  # some levels are joined
        ours = dict(zip(theirs, self.margin(margin.by[:1]), strict=True))
        off = [(level, theirs[level], share) for level, share in ours.items() if abs(theirs[level] - share) > NEAR]
        return off[:1]

    def groups(self, margin: Margin | HeldOut, name: str) -> Iterator[tuple[Any, float]]:
        """Yield where in a table of the stated axes each of its shares stands.

        The attributes of `by` are named in the order of `given`.
        """
        for key, share in margin.shares.items():
            axes = [*margin.by, name]
            parts = cell(key, axes, self.levels)
            yield np.ix_(*([self.levels[a].index(w) for w in ws] for a, ws in zip(axes, parts, strict=True))), share
