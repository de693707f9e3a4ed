"""Difference: who moves when one rulebook takes the place of another, over the same synthetic subjects.

One year is drawn, so nobody was listed before it. Nothing row-level outlives its block.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import polars as pl

from scoring import population, schemes, workspace
from scoring.documents import Problem, Refused, did_you_mean
from scoring.experiment.cubes import EVERYONE, SCORED, Groupings, tally
from scoring.experiment.designs import standing
from scoring.experiment.joined import lists_of, with_lists
from scoring.experiment.people import planned
from scoring.measures import intervals
from scoring.schemes import difference as rulebooks
from scoring.schemes.scheme import UNSCORED

PER = 10_000
ORDERED = ("rise", "fall", "stay")  # what only verdicts with a common order can do
NO_OUTCOME = "no outcome"
SIDES = ("before", "after")
GROUPS = {
    "person": ("residence", "hukou_place", "income_quintile"),
    "firm": ("size", "ownership"),
    "government_body": ("level", "kind"),
}


@dataclass(frozen=True)
class Side:
    """One of the two schemes, ready to score, with the lists that it joins."""

    scheme: Any
    lists: Sequence[Any]
    family: bool

    def verdicts(self, people: pl.DataFrame) -> pl.Series:
        """Return what the scheme says of each: its band, else whether it lists her, else its outcomes."""
        frame = with_lists(people, self.lists) if self.lists else people
        outcome = self.scheme.score(frame.select(self.scheme.reads) if self.scheme.reads else frame)
        return outcome.select(pl.when(SCORED).then(self.verdict()).otherwise(pl.lit(UNSCORED)))[:, 0]

    def verdict(self) -> pl.Expr:
        """Return the verdict on who is scored."""
        if self.scheme.bands:
            return pl.col("band").cast(pl.String)
        if self.scheme.text.entries:
            worst, best = rulebooks.ladder(self.scheme)
            redlist = self.scheme.text.redlist
            on, off = (best, worst) if redlist else (worst, best)
            return pl.when(pl.col("listed")).then(pl.lit(on)).otherwise(pl.lit(off))
        held = [pl.when(pl.col(name)).then(pl.lit(name)) for name in self.scheme.outcomes]
        said = pl.concat_str(held, separator=" + ", ignore_nulls=True) if held else pl.lit("")
        return pl.when(said == "").then(pl.lit(NO_OUTCOME)).otherwise(said)


def difference(
    before: str,
    after: str,
    recipe: str = "weihai_2020",
    people: int = 100_000,
    groups: Sequence[str] | None = None,
    world: str | None = None,
    seed: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Any]:
    """Return what changed between two rulebooks and who moves, as plain data.

    `moves` and `transitions` count subjects of each group, with the share of the group's subjects per 10,000; a family
    stands at its central draw. Raises Refused for unknown names and for subjects of different kinds.
    """
    loaded = found(before, after)
    plan = planned(recipe, world, loaded[0].text.subject)
    names = grouped(plan, groups, recipe)
    sides = [ready(one, plan) for one in loaded]
    first, second = (side.scheme for side in sides)
    counts = counted(plan, sides, names, people, seed, progress)
    return {
        "before": schemes.summary(first) | {"name": first.name},
        "after": schemes.summary(second) | {"name": second.name},
        "central": [side.scheme.name for side in sides if side.family],
        "recipe": plan.recipe_name,
        "world": plan.world,
        "subject": plan.subject,
        "people": people,
        "seed": seed,
        "changes": [change.plain() for change in rulebooks.changes(first.text, second.text)],
        "unchanged": rulebooks.unchanged(first.text, second.text),
        "no_order": rulebooks.no_order(first, second),
        "verdicts": {"before": order(first, counts["before"]), "after": order(second, counts["after"])},
        "transitions": shares(counts),
        "moves": moved(counts, first, second),
    }


def found(before: str, after: str) -> list[Any]:
    """Load both rulebooks. Raises Refused with what is wrong in either, and where they are for unlike subjects."""
    problems: list[Problem] = []
    loaded = []
    for name in (before, after):
        try:
            loaded.append(schemes.load(workspace.find("scheme", name)))
        except Refused as refused:
            problems += refused.problems
    if not problems and loaded[0].text.subject != loaded[1].text.subject:
        kinds = [f"{one.name} is for a {one.text.subject}" for one in loaded]
        hint = "compare schemes of one kind of subject"
        problems.append(Problem(f"{before}, {after}", 0, "$.subject", " and ".join(kinds), hint))
    if problems:
        raise Refused(dict.fromkeys(problems))
    return loaded


def grouped(plan: Any, groups: Sequence[str] | None, recipe: object) -> Groupings:
    """Return the groupings asked for, crossed ones joined by `*`, or those of the kind of subject. Raises Refused."""
    known = [name for name in plan.levels if name in plan.columns]
    asked = tuple(dict.fromkeys(groups or [name for name in GROUPS[plan.subject] if name in known]))
    wrong = dict.fromkeys(a for name in asked for a in name.split("*") if a not in known)
    if wrong:
        hints = {a: did_you_mean(a, known) or f"known: {', '.join(known)}" for a in wrong}
        raise Refused(Problem(str(recipe), 0, "group", f"no attribute {a!r}", hint) for a, hint in hints.items())
    return Groupings(asked, plan.levels)


def ready(loaded: Any, plan: Any) -> Side:
    """Make one rulebook ready to score the subjects of a plan."""
    scheme = standing(loaded, lambda: plan)
    return Side(scheme, lists_of(scheme, plan), isinstance(loaded, schemes.Family))


def counted(
    plan: Any, sides: Sequence[Side], groups: Groupings, n: int, seed: int, progress: Callable[[int, int], None]
) -> pl.DataFrame:
    """Count the subjects of each group by both verdicts, block by block."""
    axes = ["cell", *SIDES]
    cells = pl.DataFrame()
    blocks = population.blocks(n, plan.block)
    for done, (block, rows) in enumerate(blocks, 1):
        drawn = population.draw(plan, seed, block, rows)
        people = drawn.select(pl.exclude("^hidden_.*$"))
        verdicts = {name: side.verdicts(people) for name, side in zip(SIDES, sides, strict=True)}
        new = tally(people.select(groups.cell()).with_columns(**verdicts), SIDES)
        cells = pl.concat([cells, new]).group_by(axes).agg(pl.col("n").sum())
        progress(done, len(blocks))
    return groups.roll_up(cells).join(ranked(groups), on=["group_by", "group"]).sort("rank", *SIDES).drop("rank")


def ranked(groups: Groupings) -> pl.DataFrame:
    """Return the groups in the order of their levels, everyone first."""
    crossed = [
        (n, "*".join(parts)) for n in groups.names for parts in product(*(groups.levels[a] for a in n.split("*")))
    ]
    return pl.DataFrame([(EVERYONE, EVERYONE), *crossed], ["group_by", "group"], orient="row").with_row_index("rank")


def order(scheme: Any, seen: pl.Series) -> list[str]:
    """Return the verdicts of a scheme as a table shows them: worst first, those without an order, unscored."""
    ladder = rulebooks.ladder(scheme)
    others = sorted(set(seen) - {*ladder, UNSCORED})
    return [*ladder, *others, UNSCORED]


def shares(counts: pl.DataFrame) -> list[dict[str, Any]]:
    """Return counts as rows, with what they are of each group's 10,000."""
    whole = pl.col("n").sum().over("group_by", "group")
    return counts.with_columns(per_10000=(PER * pl.col("n") / whole).round(2)).to_dicts()


def moved(counts: pl.DataFrame, before: Any, after: Any) -> list[dict[str, Any]]:
    """Return, of each group, how many rise, fall and stay, and with which interval; null where that has no meaning."""
    known, why = rulebooks.moves(before, after), rulebooks.no_order(before, after)
    pairs = counts.select(SIDES).unique()
    named = pairs.with_columns(
        move=pl.Series([rulebooks.move(old, new, known) for old, new in pairs.iter_rows()], dtype=pl.String)
    )
    totals = counts.join(named, on=SIDES).group_by("group_by", "group", "move").agg(pl.col("n").sum())
    every = counts.group_by("group_by", "group", maintain_order=True).agg(pl.col("n").sum().alias("of"))
    asked = every.join(pl.DataFrame({"move": rulebooks.MOVES}), how="cross", maintain_order="left_right")
    full = asked.join(totals, on=["group_by", "group", "move"], how="left", maintain_order="left")
    return [
        {"group_by": by, "group": group, "move": move, "of": of, **share(n or 0, of, why if move in ORDERED else None)}
        for by, group, of, move, n in full.iter_rows()
    ]


def share(n: int, of: int, why: str | None) -> dict[str, Any]:
    """Return a count, its share per 10,000 and the 95 % interval of it over samples as large; null with a reason."""
    if why is not None:
        return {"n": None, "per_10000": None, "low": None, "high": None, "why": why}
    found = intervals.rate(n, of)
    low, high = (round(PER * float(bound), 2) for bound in (found.low, found.high))
    return {"n": n, "per_10000": round(PER * n / of, 2), "low": low, "high": high, "why": None}
