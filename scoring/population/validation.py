"""Everything that can be wrong in a recipe which has the right form, told at once and with its line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

from scoring.documents import Document, Loc, Problem, Refused, did_you_mean, read
from scoring.population.recipe import Attribute, Margin, Recipe, Record, Stage, cell

TOLERANCE = 1e-6
STAGES = ("detect", "enforce", "share", "link")


def load(path: str | Path) -> Recipe:
    """Read a recipe. Raises Refused with every problem found."""
    return checked(read(path))


def checked(document: Document) -> Recipe:
    """Return the recipe that a document holds. Raises Refused with every problem found."""
    recipe = document.validated(Recipe)
    problems = list(Faults(recipe, document))
    if problems:
        raise Refused(problems)
    return recipe


class Faults:
    """An iterable of the problems of one recipe."""

    def __init__(self, recipe: Recipe, document: Document):
        self.recipe, self.document, self.levels = recipe, document, recipe.levels()
        self.problem = document.problem

    def __iter__(self) -> Iterator[Problem]:
        recipe = self.recipe
        for i, name in enumerate(recipe.protected):
            yield from self.unknown(name, self.levels, ("protected", i), "attribute")
        for loc, source in cited(recipe):
            yield from self.unknown(source, recipe.sources, loc, "source")
        for name, attribute in recipe.attributes.items():
            yield from self.of_attribute(("attributes", name), attribute)
        yield from self.order()
        for name in recipe.derived:
            yield from self.of_derived(name)
        yield from self.of_years()
        for name in recipe.latent:
            yield from self.of_latent(name)
        for name, record in recipe.records.items():
            yield from self.of_record(("records", name), record)
        for stage, link in recipe.chain.items():
            yield from self.of_stage(("chain", stage), link)
        yield from self.of_worlds()

    def unknown(self, name: str, known: Iterable[str], loc: Loc, what: str) -> Iterator[Problem]:
        """Yield a problem if a name is not among those known."""
        if name not in known:
            yield self.problem(loc, f"unknown {what} {name!r}", did_you_mean(name, known))

    def by_level(self, table: Mapping[str, Iterable[str]], loc: Loc) -> Iterator[Problem]:
        """Yield each unknown attribute, and each unknown level, of a table by attribute and level."""
        for name, row in table.items():
            yield from self.unknown(name, self.levels, (*loc, name), "attribute")
            for level in row if name in self.levels else []:
                yield from self.unknown(level, self.levels[name], (*loc, name, level), f"level of {name}")

    def of_attribute(self, here: Loc, attribute: Attribute) -> Iterator[Problem]:
        """Yield what is wrong with one conditional table."""
        for level, times in Counter(attribute.levels).items():
            if times > 1:
                yield self.problem((*here, "levels"), f"level {level!r} stands {times} times")
        for i, parent in enumerate(attribute.given):
            yield from self.unknown(parent, self.levels, (*here, "given", i), "parent")
        for key, shares in attribute.shares.items():
            yield from self.of_shares((*here, "shares", key), shares, attribute)
        if all(parent in self.levels for parent in attribute.given):
            yield from self.uncovered(here, attribute)
        yield from self.of_odds((*here, "odds"), attribute)
        if attribute.margin:
            yield from self.of_margin((*here, "margin"), attribute.margin, attribute.levels)

    def of_shares(self, loc: Loc, shares: list[float], attribute: Attribute) -> Iterator[Problem]:
        """Yield what is wrong with one row of a conditional table."""
        if len(shares) != len(attribute.levels):
            yield self.problem(loc, f"{len(shares)} shares for {len(attribute.levels)} levels")
        elif abs(sum(shares) - 1) > TOLERANCE:
            yield self.problem(loc, f"shares sum to {sum(shares):g}, not 1")
        if any(parent not in self.levels for parent in attribute.given):
            return
        parts = cell(str(loc[-1]), attribute.given, self.levels)
        if len(parts) != len(attribute.given):
            yield self.problem(loc, f"{len(parts)} parts for {len(attribute.given)} given attributes")
        for part, parent in zip(parts, attribute.given, strict=False):
            for level in part:
                yield from self.unknown(level, self.levels[parent], loc, f"level of {parent}")

    def uncovered(self, here: Loc, attribute: Attribute) -> Iterator[Problem]:
        """Yield the first cell of the given attributes for which no shares are stated."""
        stated = [[set(p) for p in cell(key, attribute.given, self.levels)] for key in attribute.shares]
        for combination in product(*(self.levels[parent] for parent in attribute.given)):
            if not any(all(w in p for w, p in zip(combination, parts, strict=False)) for parts in stated):
                yield self.problem((*here, "shares"), f"no shares for the cell '{' & '.join(combination)}'")
                return

    def of_odds(self, here: Loc, attribute: Attribute) -> Iterator[Problem]:
        """Yield each odds multiplier that would change nothing."""
        yield from self.by_level(attribute.odds, here)
        for name, rows in attribute.odds.items():
            if name in self.levels and name not in attribute.given:
                yield self.problem((*here, name), f"odds by {name!r}, which is not given", "name it in given")
            for level, targets in rows.items():
                for target in targets:
                    yield from self.unknown(target, attribute.levels, (*here, name, level, target), "level")

    def of_margin(self, here: Loc, margin: Margin, levels: list[str]) -> Iterator[Problem]:
        """Yield what is wrong with the shares that the whole population must have."""
        named = Counter(word.strip() for key in margin.shares for word in key.split("|"))
        for level, times in named.items():
            yield from self.unknown(level, levels, here, "level")
            if times > 1:
                yield self.problem(here, f"level {level!r} stands {times} times")
        total = sum(margin.shares.values())
        if total > 1 + TOLERANCE or (set(named) == set(levels) and total < 1 - TOLERANCE):
            yield self.problem(here, f"shares sum to {total:g}, not 1")

    def order(self) -> Iterator[Problem]:
        """Yield each attribute that is given something declared after it, or itself."""
        known: set[str] = set()
        for name, attribute in self.recipe.attributes.items():
            for i, parent in enumerate(attribute.given):
                root = self.root(parent)
                if root in self.recipe.attributes and root not in known:
                    what = f"{parent!r} is not declared before {name!r}"
                    yield self.problem(("attributes", name, "given", i), what, "parents come first")
            known.add(name)

    def root(self, name: str) -> str:
        """Return the drawn attribute behind a derived one."""
        return self.recipe.derived[name].derived_from if name in self.recipe.derived else name

    def of_derived(self, name: str) -> Iterator[Problem]:
        """Yield what keeps a derived attribute from giving each level of its root exactly one of its own."""
        derived, here = self.recipe.derived[name], ("derived", name)
        if name in self.recipe.attributes:
            yield self.problem(here, f"{name!r} is already an attribute")
        if derived.derived_from not in self.recipe.attributes:
            yield from self.unknown(derived.derived_from, self.recipe.attributes, (*here, "from"), "attribute")
            return
        whole = self.levels[derived.derived_from]
        held = Counter(level for levels in derived.levels.values() for level in levels)
        for own, levels in derived.levels.items():
            for level in levels:
                yield from self.unknown(level, whole, (*here, "levels", own), f"level of {derived.derived_from}")
        for level in whole:
            if held[level] != 1:
                yield self.problem((*here, "levels"), f"level {level!r} is held {held[level]} times, not once")

    def of_years(self) -> Iterator[Problem]:
        """Yield what is wrong with the years of age."""
        years = self.recipe.years_of_age
        if years and list(years) not in [a.levels for a in self.recipe.attributes.values()]:
            yield self.problem(("years_of_age",), "its keys are the levels, in order, of no attribute")
        for level, (low, high) in years.items():
            if not 0 <= low <= high <= 255:
                yield self.problem(("years_of_age", level), f"{low} to {high} is no span of years")

    def of_latent(self, name: str) -> Iterator[Problem]:
        """Yield what is wrong with a latent: no protected attribute may move conduct."""
        latent, here = self.recipe.latent[name], ("latent", name)
        yield from self.by_level(latent.resources, (*here, "resources"))
        protected = {self.root(p) for p in self.recipe.protected}
        for resource in latent.resources:
            if self.root(resource) in protected:
                what = f"protected attribute {resource!r} may not move conduct"
                yield self.problem((*here, "resources", resource), what, "declare a resource instead")
        for other in latent.shares_with:
            known = [z for z in self.recipe.latent if z != name]
            yield from self.unknown(other, known, (*here, "shares_with", other), "latent conduct")
        if sum(v * v for v in latent.shares_with.values()) > 1:
            yield self.problem((*here, "shares_with"), "the squares of what is shared sum to more than 1")

    def of_record(self, here: Loc, record: Record) -> Iterator[Problem]:
        """Yield what is wrong with one record type."""
        yield from self.by_level(record.at_risk, (*here, "at_risk"))
        yield from self.by_level(record.law.by, (*here, "law", "by"))
        if len(record.law.by) > 1:
            yield self.problem((*here, "law", "by"), "the law may depend on one attribute only")
        for z in record.conduct:
            yield from self.unknown(z, self.recipe.latent, (*here, "conduct", z), "latent conduct")
        for stage in STAGES:
            link = getattr(record, stage)
            if link is not None:
                yield from self.of_stage((*here, stage), link)
            elif stage not in self.recipe.chain:
                yield self.problem((*here, stage), f"no {stage!r} here and none in chain")
        if record.amounts and abs(sum(record.amounts.values()) - 1) > TOLERANCE:
            yield self.problem((*here, "amounts"), f"shares sum to {sum(record.amounts.values()):g}, not 1")

    def of_stage(self, here: Loc, link: Stage) -> Iterator[Problem]:
        """Yield what is wrong with one link of the recording chain."""
        yield from self.by_level(link.by, (*here, "by"))
        if link.p == 0:
            yield self.problem((*here, "p"), "with 0 nothing is ever recorded")
        for name, row in link.by.items():
            for level, multiplier in row.items():
                low, high = multiplier.range
                if not 0 < low <= multiplier.value <= high:
                    what = f"the value {multiplier.value:g} is outside its range {low:g} to {high:g}"
                    yield self.problem((*here, "by", name, level), what)

    def of_worlds(self) -> Iterator[Problem]:
        """Yield each law in force of a world that no record type declares as an alternative."""
        for world, declared in self.recipe.worlds.items():
            for record, law in declared.law.items():
                loc = ("worlds", world, "law", record)
                yield from self.unknown(record, self.recipe.records, loc, "record")
                if record in self.recipe.records:
                    alternatives = self.recipe.records[record].law.alternatives
                    yield from self.unknown(law, alternatives, loc, f"alternative law of {record}")


def cited(recipe: Recipe) -> Iterator[tuple[Loc, Any]]:
    """Yield the place and the key of every source."""
    for name, attribute in recipe.attributes.items():
        yield ("attributes", name, "source"), attribute.source
        if attribute.margin:
            yield ("attributes", name, "margin", "source"), attribute.margin.source
    for name, latent in recipe.latent.items():
        yield ("latent", name, "source"), latent.source
    for common, link in recipe.chain.items():
        yield ("chain", common, "source"), link.source
    for name, record in recipe.records.items():
        yield ("records", name, "source"), record.source
        yield ("records", name, "law", "source"), record.law.source
        for stage in STAGES:
            own = getattr(record, stage)
            if own is not None:
                yield ("records", name, stage, "source"), own.source
