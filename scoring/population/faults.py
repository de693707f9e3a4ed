"""Everything that can be wrong in a recipe which has the right form, told at once and with its line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import product
from pathlib import Path

from scoring.documents import Document, Loc, Problem, Refused, did_you_mean
from scoring.population.compile import compile_recipe
from scoring.population.inheritance import Find, beside, whole
from scoring.population.margins import filled
from scoring.population.recipe import Attribute, HeldOut, Margin, Quantity, Recipe, Record, Ruling, Stage, Subject, cell

TOLERANCE = 1e-6
STAGES = ("detect", "enforce", "share", "link")


def load(path: str | Path, kinds: Collection[str] | None = None, find: Find | None = None) -> Recipe:
    """Read a recipe, what it extends and the tables it names. Raises Refused with every problem found.

    `kinds` limits whose numbers are compiled; `find` returns the path of a recipe that is extended by name, else it is
    looked for beside its heir.
    """
    return checked(filled(whole(Path(path), find or beside(Path(path)))), kinds)


def checked(document: Document, kinds: Collection[str] | None = None) -> Recipe:
    """Return the recipe that a document holds. Raises Refused with every problem found."""
    recipe = document.validated(Recipe)
    problems = [
        *(p for kind, subject in recipe.subjects.items() for p in Faults(recipe, kind, subject, document)),
        *of_worlds(recipe, document),
    ]
    problems = problems or [
        p for kind in recipe.subjects if kinds is None or kind in kinds for p in of_numbers(recipe, kind, document)
    ]
    if problems:
        raise Refused(dict.fromkeys(problems))  # what is wrong with persons is also found where firms look for one
    return recipe


def of_numbers(recipe: Recipe, kind: str, document: Document) -> Iterator[Problem]:
    """Yield each number that no population can meet; only compiling tells."""
    try:
        compile_recipe(recipe, next(iter(recipe.worlds)), kind)
    except Refused as refused:
        for problem in refused.problems:
            yield document.problem(tuple(problem.path.split(".")[1:]), problem.what, problem.hint)


def of_worlds(recipe: Recipe, document: Document) -> Iterator[Problem]:
    """Yield what is wrong with the worlds: a law that no record declares, bias planted where it cannot be."""
    levels = {kind: subject.levels() for kind, subject in recipe.subjects.items() if not unformed(subject)}
    for world, declared in recipe.worlds.items():
        for record, law in declared.law.items():
            loc = ("worlds", world, "law", record)
            found = [s.records[record].law for s in recipe.subjects.values() if record in s.records]
            known = {name for law in found for name in law.alternatives}
            if not found:
                names = [name for s in recipe.subjects.values() for name in s.records]
                yield document.problem(loc, f"unknown record {record!r}", did_you_mean(record, names))
            elif law not in known:
                yield document.problem(loc, f"unknown alternative law of {record} {law!r}", did_you_mean(law, known))
        if declared.planted:
            loc = ("worlds", world, "planted", "by")
            (attribute, by), *_ = declared.planted.by.items()
            if declared.gap_in_conduct or declared.law:
                yield document.problem(
                    loc, "bias is planted where nothing else differs", "no gap_in_conduct, no law here"
                )
            if not any(attribute in known for known in levels.values()):
                every = [name for known in levels.values() for name in known]
                yield document.problem(
                    (*loc, attribute), f"unknown attribute {attribute!r}", did_you_mean(attribute, every)
                )
            for level in by:
                at = [known[attribute] for known in levels.values() if attribute in known]
                if at and not any(level in ls for ls in at):
                    what = f"unknown level of {attribute} {level!r}"
                    yield document.problem((*loc, attribute, level), what, did_you_mean(level, at[0]))


def unformed(subject: Subject) -> list[str]:
    """Return the household forms whose share is missing, and the shares whose form is."""
    return sorted(set(subject.households.forms) ^ set(subject.households.shares)) if subject.households else []


class Faults:
    """An iterable of the problems of one kind of subject."""

    def __init__(self, recipe: Recipe, kind: str, subject: Subject, document: Document):
        self.recipe, self.subject, self.document, self.here = recipe, subject, document, ("subjects", kind)
        self.levels = {} if unformed(subject) else subject.levels()

    def problem(self, loc: Loc, what: str, hint: str = "") -> Problem:
        return self.document.problem((*self.here, *loc), what, hint)

    def __iter__(self) -> Iterator[Problem]:
        subject = self.subject
        for loc, source in cited(subject):
            yield from self.unknown(source, self.recipe.sources, loc, "source")
        for form in unformed(subject):
            yield self.problem(("households", "shares"), f"form {form!r} needs both its roles and its share")
        if unformed(subject):
            return
        for i, name in enumerate(subject.protected):
            yield from self.unknown(name, self.levels, ("protected", i), "attribute")
        for name, attribute in subject.attributes.items():
            yield from self.of_attribute(("attributes", name), attribute)
        yield from self.order()
        for name in subject.derived:
            yield from self.of_derived(name)
        yield from self.of_years()
        for name, quantity in subject.quantities.items():
            yield from self.of_quantity(("quantities", name), quantity)
        for name in subject.latent:
            yield from self.of_latent(name)
        for name, record in subject.records.items():
            yield from self.of_record(("records", name), record)
        for stage in ("elsewhere", "share", "link"):
            yield from self.of_stage(("chain", stage), getattr(subject.chain, stage))
        for name, stratum in subject.strata.items():
            yield from self.by_level(stratum.where, ("strata", name, "where"))
        for name, total in subject.totals.items():
            yield from self.by_level(total.where, ("totals", name, "where"))
            if "population" not in subject.totals:
                yield self.problem(("totals",), "no total named 'population' for the others to be a share of")
        for name, table in subject.held_out.items():
            yield from self.of_held_out(("held_out", name), table)

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
            yield from self.of_margin((*here, "margin"), attribute.margin, str(here[-1]), attribute)
        if attribute.household:
            yield from self.of_household(here, attribute)

    def of_shares(self, loc: Loc, shares: list[float], attribute: Attribute) -> Iterator[Problem]:
        """Yield what is wrong with one row of a conditional table."""
        if len(shares) != len(attribute.levels):
            yield self.problem(loc, f"{len(shares)} shares for {len(attribute.levels)} levels")
        elif abs(sum(shares) - 1) > TOLERANCE:
            yield self.problem(loc, f"shares sum to {sum(shares):g}, not 1")
        if any(parent not in self.levels for parent in attribute.given):
            return
        parts = cell(str(loc[-1]), attribute.given, self.levels)
        stated = len(str(loc[-1]).split("&")) if attribute.given else 0
        if stated != len(attribute.given):
            yield self.problem(loc, f"{stated} parts for {len(attribute.given)} given attributes")
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

    def of_margin(self, here: Loc, margin: Margin, name: str, attribute: Attribute) -> Iterator[Problem]:
        """Yield what is wrong with the shares that the whole population must have."""
        if margin.by != [parent for parent in attribute.given if parent in margin.by]:
            yield self.problem((*here, "by"), "not among given, in their order", f"given: {', '.join(attribute.given)}")
            return
        axes, named = [*margin.by, name], Counter[tuple[str, ...]]()
        for key in margin.shares:
            parts, stated = cell(key, axes, self.levels), len(key.split("&"))
            if stated != len(axes):
                yield self.problem((*here, "shares", key), f"{stated} parts for {', '.join(axes)}")
                continue
            for part, axis in zip(parts, axes, strict=True):
                for level in part:
                    yield from self.unknown(level, self.levels[axis], (*here, "shares", key), f"level of {axis}")
            named.update(product(*parts))
        for where, times in named.items():
            if times > 1:
                yield self.problem(here, f"{' & '.join(where)!r} stands {times} times")
        total = sum(margin.shares.values())
        whole = len(named) == len(list(product(*(self.levels[a] for a in axes))))
        if total > 1 + TOLERANCE or (whole and total < 1 - TOLERANCE):
            hint = "in a table, a column 'count' is scaled to its sum"
            yield self.problem((*here, "shares"), f"shares sum to {total:.8g}, not 1", hint)

    def of_household(self, here: Loc, attribute: Attribute) -> Iterator[Problem]:
        """Yield each parent of a household's attribute that is not the household's."""
        if self.subject.households is None:
            yield self.problem((*here, "household"), "there are no households here")
        shared = {"household_form", *(n for n, a in self.subject.attributes.items() if a.household)}
        for i, parent in enumerate(attribute.given):
            if parent in self.levels and self.subject.root(parent) not in shared:
                yield self.problem((*here, "given", i), f"{parent!r} differs inside a household")

    def order(self) -> Iterator[Problem]:
        """Yield each attribute that is given something declared after it, or itself."""
        known: set[str] = set()
        for name, attribute in self.subject.attributes.items():
            for i, parent in enumerate(attribute.given):
                root = self.subject.root(parent)
                if root in self.subject.attributes and root not in known:
                    what, hint = f"{parent!r} is not declared before {name!r}", "parents come first"
                    if circle := self.circle(root, name):
                        what, hint = f"a cycle: {' → '.join(circle)}", "an attribute cannot be given itself"
                    yield self.problem(("attributes", name, "given", i), what, hint)
            known.add(name)

    def circle(self, start: str, end: str) -> list[str]:
        """Return a way from an attribute's child back to it through what each is given, or nothing."""
        ways = [[end, start]]
        for way in ways:
            if way[-1] == end:
                return way
            attribute = self.subject.attributes.get(way[-1])
            ways += [
                [*way, r] for g in (attribute.given if attribute else ()) if (r := self.subject.root(g)) not in way[1:]
            ]
        return []

    def of_derived(self, name: str) -> Iterator[Problem]:
        """Yield what keeps a derived attribute from giving each level of its root exactly one of its own."""
        derived, here = self.subject.derived[name], ("derived", name)
        if name in self.subject.attributes:
            yield self.problem(here, f"{name!r} is already an attribute")
        if derived.derived_from not in self.subject.drawn:
            yield from self.unknown(derived.derived_from, self.subject.drawn, (*here, "from"), "attribute")
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
        years = self.subject.years_of_age
        if years and list(years) not in [a.levels for a in self.subject.attributes.values()]:
            yield self.problem(("years_of_age",), "its keys are the levels, in order, of no attribute")
        for level, (low, high) in years.items():
            if not 0 <= low <= high <= 255:
                yield self.problem(("years_of_age", level), f"{low} to {high} is no span of years")

    def of_latent(self, name: str) -> Iterator[Problem]:
        """Yield what is wrong with a latent: no protected attribute may move conduct."""
        latent, here = self.subject.latent[name], ("latent", name)
        yield from self.by_level(latent.resources, (*here, "resources"))
        protected = {self.subject.root(p) for p in self.subject.protected}
        for resource in latent.resources:
            if self.subject.root(resource) in protected:
                what = f"protected attribute {resource!r} may not move conduct"
                yield self.problem((*here, "resources", resource), what, "declare a resource instead")
        for other in latent.shares_with:
            known = [z for z in self.subject.latent if z != name]
            yield from self.unknown(other, known, (*here, "shares_with", other), "latent conduct")
        if sum(v * v for v in latent.shares_with.values()) > 1:
            yield self.problem((*here, "shares_with"), "the squares of what is shared sum to more than 1")

    def of_record(self, here: Loc, record: Record) -> Iterator[Problem]:
        """Yield what is wrong with one record type."""
        yield from self.by_level(record.at_risk, (*here, "at_risk"))
        rulings: dict[Loc, Ruling] = {("law",): record.law}
        for other, ruling in record.law.alternatives.items():
            rulings["law", "alternatives", other] = ruling
        for at, ruling in rulings.items():
            yield from self.by_level(ruling.by, (*here, *at, "by"))
            if len(ruling.by) > 1:
                yield self.problem((*here, *at, "by"), "the law may depend on one attribute only")
        for pressure in record.pressure:
            yield from self.unknown(pressure, self.subject.pressures, (*here, "pressure", pressure), "pressure")
        for z in record.conduct:
            yield from self.unknown(z, self.subject.latent, (*here, "conduct", z), "latent conduct")
        for stage in STAGES:
            link = getattr(record, stage)
            if link is not None:
                yield from self.of_stage((*here, stage), link)
        if record.amounts and abs(sum(record.amounts.values()) - 1) > TOLERANCE:
            yield self.problem((*here, "amounts"), f"shares sum to {sum(record.amounts.values()):g}, not 1")

    def of_stage(self, here: Loc, link: Stage) -> Iterator[Problem]:
        """Yield what is wrong with one link of the recording chain."""
        yield from self.by_level(link.by, (*here, "by"))
        if link.p == 0 and here[-1] != "elsewhere":
            yield self.problem((*here, "p"), "with 0 nothing is ever recorded")
        for name, row in link.by.items():
            for level, multiplier in row.items():
                low, high = multiplier.range
                if not 0 < low <= multiplier.value <= high:
                    what = f"the value {multiplier.value:g} is outside its range {low:g} to {high:g}"
                    yield self.problem((*here, "by", name, level), what)

    def of_quantity(self, here: Loc, quantity: Quantity) -> Iterator[Problem]:
        """Yield what keeps a quantity from lying inside the bands that its attribute names."""
        for part, name in (("within", quantity.within), ("given", quantity.given)):
            yield from self.unknown(name, self.levels, (*here, part), "attribute")
        if {quantity.within, quantity.given} <= set(self.levels):
            bands = len(self.levels[quantity.within])
            if len(quantity.cuts) != bands - 1 or quantity.cuts != sorted(set(quantity.cuts)):
                what = f"{len(quantity.cuts)} cuts for {bands} levels of {quantity.within}"
                yield self.problem((*here, "cuts"), what, "one rising cut between each two levels")
            for level in set(self.levels[quantity.given]) ^ set(quantity.lognormal):
                yield self.problem((*here, "lognormal"), f"level {level!r} of {quantity.given} must stand once")
            for level in quantity.targets.means if quantity.targets else ():
                loc = (*here, "targets", "means", level)
                yield from self.unknown(level, self.levels[quantity.within], loc, f"level of {quantity.within}")

    def of_held_out(self, here: Loc, table: HeldOut) -> Iterator[Problem]:
        """Yield what is wrong with a held-out table: what was fitted cannot validate."""
        for name in [table.of, *table.by, *table.among]:
            yield from self.unknown(name, self.levels, here, "attribute")
        yield from self.by_level(table.among, (*here, "among"))
        axes = [*table.by, table.of]
        for key in table.shares if set(axes) <= set(self.levels) else []:
            for part, name in zip(cell(key, axes, self.levels), axes, strict=False):
                for level in part:
                    yield from self.unknown(level, self.levels[name], (*here, "shares", key), f"level of {name}")
        fitted = {source: loc for loc, source in cited(self.subject) if loc[0] not in ("held_out", "totals")}
        if table.source in fitted:
            where = ".".join(map(str, fitted[table.source]))
            what = f"source {table.source!r} also sets {where}: what was fitted cannot validate"
            yield self.problem((*here, "source"), what, "name the table that it is under a key of its own")


def cited(subject: Subject) -> Iterator[tuple[Loc, str]]:
    """Yield the place and the key of every source."""
    for name, attribute in subject.attributes.items():
        yield ("attributes", name, "source"), attribute.source
        if attribute.margin:
            yield ("attributes", name, "margin", "source"), attribute.margin.source
    for part in ("households", "density"):
        if one := getattr(subject, part):
            yield (part, "source"), one.source
    for part in ("quantities", "latent", "pressures", "totals", "held_out"):
        for name, one in getattr(subject, part).items():
            yield (part, name, "source"), one.source
    for name, quantity in subject.quantities.items():
        if quantity.targets:
            yield ("quantities", name, "targets", "source"), quantity.targets.source
    for stage in ("elsewhere", "share", "link"):
        yield ("chain", stage, "source"), getattr(subject.chain, stage).source
    for name, record in subject.records.items():
        yield ("records", name, "source"), record.source
        yield ("records", name, "law", "source"), record.law.source
        for stage in STAGES:
            own = getattr(record, stage)
            if own is not None:
                yield ("records", name, stage, "source"), own.source
