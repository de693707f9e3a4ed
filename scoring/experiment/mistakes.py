"""Mistakes: the same people with errors in their records.

An error comes with probability θ, which is assumed. `lost`: each record is deleted. `false`: a person is given an
adverse record that she did not earn. `swapped`: each record becomes one of another type. `mislinked`: the records of a
person are replaced as a whole by those of another of the probed. `together`: all of these at once. A type is drawn as
often as the probed have records of it; where they have none, each alike. An amount goes with the last record of its
type and comes with the first: then it is the median of those who have any.

Noise is addressed by person, record and redraw: what is in error at θ/2 is so at θ, and every design meets the same
errors.

Legend: n records, [type, redraw, person] · owner whose records a person has, [redraw, person] · θ in millionths.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from scoring.experiment.reasons import PARTS, is_record
from scoring.population import BLOCK
from scoring.population.noise import Source

REDRAWS = 1_024  # more than any probe asks for
HALF = np.uint64(32)  # bits of noise
Places = NDArray[np.intp]
Integers = NDArray[Any]


class Held(NamedTuple):
    """What the files say in each redraw: how many records of each type a person has, and whose they are."""

    n: Integers
    owner: Places


class Entries(NamedTuple):
    """Single records, in the order of their types: of which type, in which redraw, whose, and the how-manieth."""

    type: Places
    redraw: Places
    person: Places
    which: Places

    @classmethod
    def of(cls, n: Integers) -> Entries:
        """Return every record of some counts.

        >>> [of.tolist() for of in Entries.of(np.array([[[0, 2]], [[1, 0]]]))]
        [[0, 0, 1], [0, 0, 0], [1, 1, 0], [0, 1, 0]]
        """
        places = np.nonzero(n)
        times = n[places].astype(np.intp)
        which = np.arange(times.sum()) - np.repeat(np.cumsum(times) - times, times)
        of_type, redraw, person = (np.repeat(at, times) for at in places)
        return cls(of_type, redraw, person, which)


@dataclass(frozen=True)
class Register:
    """The records of the probed people that reach one scheme, and the noise of the errors in them."""

    people: pl.DataFrame
    adverse: Mapping[str, bool]  # by record type
    source: Source
    redraws: int

    @classmethod
    def of(
        cls, people: pl.DataFrame, reads: Sequence[str], records: Mapping[str, Any], source: Source, redraws: int
    ) -> Register:
        """Return the register of the record types among the columns read; `records` gives their polarity."""
        types = dict.fromkeys(c.removeprefix("n_").removeprefix("amt_") for c in reads if is_record(c))
        columns = list(dict.fromkeys(["person", *reads, *(f"n_{name}" for name in types)]))
        adverse = {name: records[name].polarity == "adverse" for name in types}
        return cls(people.select(columns), adverse, source, redraws)

    @cached_property
    def true(self) -> Integers:
        """How many records of each type each person has before any error, [type, person]."""
        return np.stack([self.people[f"n_{name}"].to_numpy() for name in self.adverse])

    @property
    def kinds(self) -> dict[str, Kind]:
        """The kinds of error that the records allow: none is false where none is adverse, nor swapped if alone."""
        possible = {"false": any(self.adverse.values()), "swapped": len(self.adverse) > 1}
        return {kind: made for kind, made in KINDS.items() if possible.get(kind, True)}

    def in_error(self, thetas: Sequence[int]) -> pl.DataFrame:
        """Return whoever is touched by an error, once for each kind, θ and redraw, with the records that she then has.

        Whoever is not touched stands in none: her verdict is the true one.
        """
        people = np.tile(np.arange(self.people.height), (self.redraws, 1))
        held = Held(np.repeat(self.true[:, None, :], self.redraws, axis=1), people)
        return pl.concat(
            self.touched(made(self, held, theta)).with_columns(
                pl.lit(kind).alias("kind"), pl.lit(theta, pl.Int32).alias("theta")
            )
            for kind, made in self.kinds.items()
            for theta in thetas
        )

    def touched(self, held: Held) -> pl.DataFrame:
        """Return the people whose records are not the true ones, once for each redraw, with those that they have."""
        me = np.arange(self.people.height)
        redraw, person = np.nonzero((held.n != self.true[:, None, :]).any(axis=0) | (held.owner != me))
        owner, changed = held.owner[redraw, person], []
        for name, n in zip(self.adverse, held.n[:, redraw, person], strict=True):
            columns = {f"n_{name}": n, f"amt_{name}": self.amount(name, n, owner)}
            changed += [
                pl.Series(c, of.astype(np.int64)).cast(self.people.schema[c])
                for c, of in columns.items()
                if c in self.people.columns
            ]
        return self.people[person].with_columns(changed)

    def amount(self, name: str, n: Integers, owner: Places) -> Integers:
        """Return the amounts that go with counts: the owner's where she has any, else what is usual."""
        if f"amt_{name}" not in self.people.columns:
            return n
        theirs = self.people[f"amt_{name}"].to_numpy()
        usual = int(np.median(theirs[theirs > 0])) if (theirs > 0).any() else 0
        return np.where(n == 0, 0, np.where(theirs[owner] == 0, usual, theirs[owner]))

    def noise(self, what: str, redraw: Places, person: Places) -> Integers:
        """Return 32 bits of noise for some persons in some redraws, whoever and however many else there are."""
        return self.source.sparse(f"mistakes/{what}", redraw * BLOCK + person).astype(np.uint64)

    def noise_of_each(self, what: str, entries: Entries) -> Integers:
        """Return 32 bits of noise for each record, whatever other types a scheme reads."""
        ends = np.searchsorted(entries.type, np.arange(1, len(self.adverse)))
        places = np.split((entries.which * REDRAWS + entries.redraw) * BLOCK + entries.person, ends)
        wanted = {f"mistakes/{what}/{name}": place for name, place in zip(self.adverse, places, strict=True)}
        return np.concatenate(list(self.source.sparse_each(wanted).values())).astype(np.uint64)

    def chosen(self, allowed: NDArray[np.bool_], noise: Integers) -> Places:
        """Return a type for each noise, among those allowed, as often as the probed have records of it."""
        weights = self.true.sum(axis=1, dtype=np.int64) * allowed
        upto = np.cumsum(weights if weights.any() else allowed.astype(np.int64))
        return np.searchsorted(upto, noise * np.uint64(upto[-1]) >> HALF, side="right")


Kind = Callable[[Register, Held, int], Held]


def lost(register: Register, held: Held, theta: int) -> Held:
    """Delete each record with probability θ."""
    gone, n = struck(register, "lost", held, theta), held.n.copy()
    np.subtract.at(n, (gone.type, gone.redraw, gone.person), 1)
    return held._replace(n=n)


def false(register: Register, held: Held, theta: int) -> Held:
    """Give each person, with probability θ, an adverse record that she did not earn."""
    redraw, person = befallen(register, "false", theta)
    adverse, n = np.array(list(register.adverse.values())), held.n.copy()
    n[register.chosen(adverse, register.noise("false/type", redraw, person)), redraw, person] += 1
    return held._replace(n=n)


def swapped(register: Register, held: Held, theta: int) -> Held:
    """Make each record, with probability θ, one of another type."""
    taken, n = struck(register, "swapped", held, theta), held.n.copy()
    noise, to = register.noise_of_each("swapped/type", taken), np.empty_like(taken.type)
    for own in np.unique(taken.type):
        mine = taken.type == own
        to[mine] = register.chosen(np.arange(len(n)) != own, noise[mine])
    np.subtract.at(n, (taken.type, taken.redraw, taken.person), 1)
    np.add.at(n, (to, taken.redraw, taken.person), 1)
    return held._replace(n=n)


def mislinked(register: Register, held: Held, theta: int) -> Held:
    """Replace a person's records, with probability θ, by those that another of the probed has."""
    redraw, person = befallen(register, "mislinked", theta)
    others, noise = register.people.height - 1, register.noise("mislinked/donor", redraw, person)
    donor = (person + 1 + (noise * np.uint64(others) >> HALF).astype(np.intp)) % (others + 1)
    n, owner = held.n.copy(), held.owner.copy()
    n[:, redraw, person], owner[redraw, person] = register.true[:, donor], donor
    return Held(n, owner)


def together(register: Register, held: Held, theta: int) -> Held:
    """Make every error that the records allow, each with probability θ: first the person's, then those of records."""
    for kind in (mislinked, lost, swapped, false):
        if kind.__name__ in register.kinds:
            held = kind(register, held, theta)
    return held


KINDS: dict[str, Kind] = {made.__name__: made for made in (lost, false, swapped, mislinked, together)}


def befallen(register: Register, what: str, theta: int) -> tuple[Places, Places]:
    """Return in which redraws an error befalls which persons."""
    redraw, person = np.indices((register.redraws, register.people.height)).reshape(2, -1)
    hit = register.noise(what, redraw, person) < below(theta)
    return redraw[hit], person[hit]


def struck(register: Register, what: str, held: Held, theta: int) -> Entries:
    """Return the records that an error strikes."""
    every = Entries.of(held.n)
    hit = register.noise_of_each(what, every) < below(theta)
    return Entries(*(of[hit] for of in every))


def below(theta: int) -> np.uint64:
    """Return the noise below which an error happens."""
    return np.uint64((theta << 32) // PARTS)
