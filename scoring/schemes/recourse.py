"""Recourse: the ways up that a rulebook leaves open, and the cheapest of them, exactly.

A way is a deed that a rule tagged `now` gives points for, or waiting until deductions of a stated life have run out.
Each is a menu of options (points won, months), of which a person picks at most one: deeds in steps up to their bound,
one waiting time for all records. Scores are whole numbers, so that the cheapest sum of options that wins enough is
found by dynamic programming over points, without search and without error (methods C2; Ustun, Spangher and Liu 2019).

Whose records these are is not known here.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray
from pydantic import Field, StrictInt

from scoring.documents import read
from scoring.schemes import points
from scoring.schemes.bibliography import REFERENCE
from scoring.schemes.conditions import expression
from scoring.schemes.text import Cited, Part

if TYPE_CHECKING:
    from scoring.schemes.scheme import Rule, Scheme

Menu = tuple[tuple[int, int], ...]  # options: points won, months
Ways = Mapping[str, Menu]
NOWHERE = np.inf  # the months of what no way leads to
HORIZON = 60  # months; what takes longer is no way
WAITING = "waiting"
WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
LIFE = re.compile(r"(?P<number>\d+|[a-z]+) (?P<unit>month|year)s?$")
TO_YEAR_END = "to 31 December"


class Action(Cited):
    """One deed: the columns of the records that a step of it raises, the months of a step, the steps at most."""

    label: str
    adds: dict[str, Annotated[StrictInt, Field(ge=1)]] = Field(min_length=1)
    months: Annotated[StrictInt, Field(ge=0)]
    most: Annotated[StrictInt, Field(ge=1, le=1_000)]


class Actions(Part):
    """The catalogue of actions: what a person can do to be given points, each by the record that it makes."""

    actions: dict[str, Action]


@cache
def actions(path: Path = REFERENCE / "actions.yaml") -> dict[str, Action]:
    """Return the catalogue of actions. Raises Refused with every fault of it."""
    return read(path).validated(Actions).actions


def digest(known: Mapping[str, Action]) -> str:
    """Return a hash of a catalogue of actions."""
    plain = {name: action.model_dump() for name, action in known.items()}
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def months(lasts: str) -> int | None:
    """Return how many months a record counts; none where the text states no length.

    >>> months("2 years"), months("six months"), months("to 31 December"), months("unknown")
    (24, 6, 12, None)
    """
    if lasts == TO_YEAR_END:
        return 12
    found = LIFE.match(lasts)
    if not found:
        return None
    number = found["number"]
    if not number.isdigit() and number not in WORDS:
        return None
    n = int(number) if number.isdigit() else WORDS.index(number) + 1
    return n * (12 if found["unit"] == "year" else 1)


def lives(scheme: Scheme) -> dict[str, int]:
    """Return, of each rule that states how long a record counts, the months."""
    found = {rule.id: months(rule.lasts) for rule in scheme.text.rules}
    return {rule.id: life for rule in scheme.scored_rules if (life := found.get(rule.id)) is not None}


def deeds(scheme: Scheme, known: Mapping[str, Action] | None = None) -> dict[str, Action]:
    """Return the actions for which some rule tagged `now` gives points."""
    known = actions() if known is None else known
    return {name: action for name, action in known.items() if any(map(rewards, rules_of(scheme, action, known)))}


def rewards(rule: Rule) -> bool:
    """Tell whether a rule gives points for what a person can do now."""
    return rule.points is not None and rule.points > 0 and rule.actionable == "now"


def rules_of(scheme: Scheme, action: Action, known: Mapping[str, Action]) -> list[Rule]:
    """Return the rules by which an action changes a score.

    A gain that is not hers to bring about is none; a rule that goes by two actions at once is left to neither, since
    what each would win is then not known apart.
    """
    others = {column for other in known.values() if other is not action for column in other.adds}
    mine = [r for r in scheme.scored_rules if set(r.reads) & set(action.adds) and not set(r.reads) & others]
    return [rule for rule in mine if rewards(rule) or (rule.points or 0) <= 0]


def columns_of(scheme: Scheme, name: str, known: Mapping[str, Action] | None = None) -> list[str]:
    """Return the columns that decide what an action wins."""
    known = actions() if known is None else known
    return list(dict.fromkeys(c for rule in rules_of(scheme, known[name], known) for c in rule.reads))


def won(
    scheme: Scheme, frame: Any, name: str, steps: int, known: Mapping[str, Action] | None = None
) -> NDArray[np.int64]:
    """Return the points that 1, 2, … `steps` steps of an action would win each person, one column a step.

    What a rule asks besides (an age, a place) is asked here as well: where it bars a person, every step wins nothing.
    """
    known = actions() if known is None else known
    action = known[name]
    rules = rules_of(scheme, action, known)
    people = nw.from_native(frame, eager_only=True)
    size = len(people)
    after = people[np.tile(np.arange(size), steps + 1).tolist()]
    done = nw.new_series("done", np.repeat(np.arange(steps + 1), size), nw.Int32, backend=people.implementation)
    raised = [c for c in action.adds if c in people.columns]
    after = after.with_columns(done).with_columns(
        nw.col(c).cast(nw.Int32) + nw.col("done") * action.adds[c] for c in raised
    )
    total = after.select(points.total([points.awarded(rule) for rule in rules]).alias("total"))["total"].to_numpy()
    by_step = total.astype(np.int64).reshape(steps + 1, size)
    return (by_step[1:] - by_step[0]).T


def steps(action: Action) -> int:
    """Return how many steps of an action there is time for."""
    return min(action.most, HORIZON // action.months if action.months else action.most)


def options(points_won: Sequence[int], months_a_step: int) -> Menu:
    """Return the options of some steps, those left out that win no more than a cheaper one.

    >>> options([0, 5, 5, 8], 2)
    ((5, 4), (8, 8))
    """
    found: list[tuple[int, int]] = []
    for step, more in enumerate(points_won, start=1):
        if more > (found[-1][0] if found else 0):
            found.append((int(more), step * months_a_step))
    return tuple(found)


def waits(given: Mapping[str, int], life: Mapping[str, int]) -> Menu:
    """Return the options of waiting, from the points that a person has by rule: what runs out, good and bad.

    A record is held to be new, so that its whole life is waited for; who waits does nothing wrong meanwhile.

    >>> waits({"late": -10, "theft": -50, "blood": 4}, {"late": 12, "theft": 24, "blood": 12})
    ((6, 12), (56, 24))
    """
    found: list[tuple[int, int]] = []
    for wait in sorted({life[rule] for rule, p in given.items() if p and rule in life}):
        gone = -sum(p for rule, p in given.items() if rule in life and life[rule] <= wait)
        if gone > (found[-1][0] if found else 0):
            found.append((gone, wait))
    return tuple(found)


def least(menus: Iterable[Menu], need: int) -> NDArray[np.float64]:
    """Return the fewest months that win at least 0, 1, … `need` points, with at most one option of each menu.

    Infinite where no choice wins so many. Exact: after each menu, the entry of d points is the least over its options
    of the months of the option and of what the menus before needed for the points that it leaves.
    """
    reach = np.arange(need + 1)
    best = np.where(reach == 0, 0.0, NOWHERE)
    for menu in menus:
        before = best
        for gain, cost in menu:
            best = np.minimum(best, before[np.maximum(reach - gain, 0)] + cost)
    return best


def menus(scheme: Scheme, frame: Any, given: Mapping[str, int], known: Mapping[str, Action] | None = None) -> Ways:
    """Return the menus of one subject, who has points `given` by rule, one a way: each deed, and waiting."""
    found = {
        name: options(won(scheme, frame, name, steps(action), known)[0].tolist(), action.months)
        for name, action in deeds(scheme, known).items()
    }
    life = {rule: m for rule, m in lives(scheme).items() if m <= HORIZON}
    return found | ({WAITING: waits({rule: given[rule] for rule in life}, life)} if life else {})


def cheapest(ways: Ways, need: int) -> dict[str, tuple[int, int]] | None:
    """Return, by way, the option taken where so many points are won in the fewest months; none where no choice wins so.

    >>> cheapest({"blood": ((4, 6), (8, 12)), "waiting": ((6, 12),)}, 10)
    {'blood': (4, 6), 'waiting': (6, 12)}
    """
    names, taken = list(ways), dict[str, tuple[int, int]]()
    best = [least([ways[name] for name in names[:i]], need) for i in range(len(names) + 1)]
    if best[-1][need] > HORIZON:
        return None
    for i in reversed(range(len(names))):
        for gain, cost in ((0, 0), *ways[names[i]]):
            if best[i][max(need - gain, 0)] + cost == best[i + 1][need]:
                taken |= {names[i]: (gain, cost)} if gain else {}
                need = max(need - gain, 0)
                break
    return {name: taken[name] for name in names if name in taken}


def ceiling(scheme: Scheme, frame: Any) -> Any:
    """Return the highest rank that records let each person have whatever her score, as a column `ceiling`."""
    names = [band.name for band in scheme.bands]
    most: Any = nw.lit(len(names), nw.Int32)
    for _, condition, name in scheme.direct_bands:
        at = nw.lit(names.index(name), nw.Int32)
        most = nw.when(expression(condition) & (most > at)).then(at).otherwise(most)
    return nw.from_native(frame).with_columns(most.cast(nw.Int32).alias("ceiling")).to_native()


def goals(scheme: Scheme) -> dict[str, dict[int, int | None]]:
    """Return, by goal, the rank to reach from each rank where the goal is still ahead; none where no rank has it.

    `next band` is a better band by score; the others are outcomes that follow from bands: to be given what is
    favourable, to be rid of what is adverse.
    """
    ladder = [rank for rank, band in enumerate(scheme.bands) if not band.direct]
    ranks = range(len(scheme.bands))

    def up(rank: int, good: Iterable[int]) -> int | None:
        held = set(good)
        return next((r for r in ladder if r > rank and r in held), None)

    found: dict[str, dict[int, int | None]] = {"next band": {r: up(r, ladder) for r in ranks if up(r, ladder)}}
    for outcome in scheme.outcomes.values():
        if not outcome.bands:
            continue
        given = {rank for rank in ranks if scheme.bands[rank].name in outcome.bands}
        good = given if outcome.polarity == "favourable" else set(ranks) - given
        found[outcome.name] = {rank: up(rank, good) for rank in ranks if rank not in good}
    return found
