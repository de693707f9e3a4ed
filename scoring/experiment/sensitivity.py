"""Sensitivity: a second look at whom other weights and cuts of a points scheme would put into another band.

A factor is the weight of one rule, or the distance of one cut from the next on the way to the base; each is multiplied
by exp(.2 z). Distances are taken from the base because only they have a zero: a scheme whose weights and distances are
all twice as large treats everybody alike. A cap scales with its weight, and the limits of the score stay. No person is
scored again: her points under a rule are those of her ledger times a multiplier.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import ndtri

from scoring import schemes
from scoring.experiment.cubes import EVERYONE, SCORED, Groupings, tally
from scoring.experiment.designs import NO_DRAW, Design
from scoring.experiment.reasons import points_of, ranks
from scoring.measures import samples

SIGMA = 0.2  # of the logarithm of a multiplier; our convention
POINTS = 256  # at which all factors vary
SOBOL, SOBOL_OF_A_DRAW = 512, 128  # the size of a matrix; the draws of a family vary the weights already
SCREENED, MOST = 0.05, 8  # a factor with less than this share of the largest mean effect stays as published
MIDDLE = (0.025, 0.975)  # Morris tries the ends of a factor's range, which a normal has not
TINY = 1e-9
BAND = "band"
AT_ONCE = 1_024  # points scored in one product
SUMS = ("n", "up", "down", "selected")
Floats = NDArray[np.float64]
Ranks = NDArray[np.int64]  # point × kind
Points = NDArray[np.int64]  # kind × rule that fires
Primary = Sequence[tuple[str, str]]  # outcome, grouping


@dataclass(frozen=True)
class Scored:
    """Scored persons of one scheme; `kind` says who have the same points by rule and the same ceiling."""

    scheme: Any
    cells: pl.DataFrame  # one row a person: cell, kind
    points: Points
    rules: tuple[str, ...]
    published: NDArray[np.int64]  # the rank of each kind
    ceiling: NDArray[np.int64]

    @classmethod
    def of(cls, scheme: Any, ledger: pl.DataFrame) -> Scored:
        """Return the scored persons of a ledger, with the rules that give any of them points."""
        scored = schemes.recourse.ceiling(scheme, ledger.filter(SCORED))
        points = points_of(scheme, scored)
        fires = (points != 0).any(axis=0)
        told = np.column_stack([scored["ceiling"].to_numpy(), points[:, fires]])
        kinds, first, kind = np.unique(told, axis=0, return_index=True, return_inverse=True)
        return cls(
            scheme,
            scored.select("cell").with_columns(pl.Series("kind", kind.reshape(-1))),
            kinds[:, 1:],
            tuple(rule.id for rule, any_ in zip(scheme.scored_rules, fires, strict=True) if any_),
            ranks(scheme, scored)[first],
            kinds[:, 0],
        )

    @cached_property
    def ladder(self) -> list[int]:
        """The ranks to which scores lead, worst first."""
        return [rank for rank, band in enumerate(self.scheme.bands) if not band.direct]

    @cached_property
    def steps(self) -> dict[int, tuple[int, list[int]]]:
        """The factors of the cuts: by the rank above a cut its distance, and the signs by which it moves each cut."""
        low = [(rank, self.scheme.bands[rank].low) for rank in self.ladder[1:]]
        below = [(rank, cut) for rank, cut in reversed(low) if cut <= self.scheme.base]
        above = [(rank, cut) for rank, cut in low if cut > self.scheme.base]
        found = {}
        for side, sign in ((below, -1), (above, 1)):
            before = self.scheme.base
            for i, (rank, cut) in enumerate(side):
                beyond = {r for r, _ in side[i:]}
                if cut != before:
                    found[rank] = (abs(cut - before), [sign * (r in beyond) for r, _ in low])
                before = cut
        return found

    @property
    def factors(self) -> list[str]:
        """The factors by name: rules that fire for anybody, then the cuts."""
        return [*self.rules, *(f"floor of {self.scheme.bands[rank].name}" for rank in self.steps)]

    @property
    def touched(self) -> list[int]:
        """How many persons each factor can move: those who have points by a rule; everybody by a cut."""
        fired = (self.points[self.cells["kind"].to_numpy()] != 0).sum(axis=0)
        return [*fired.tolist(), *[self.cells.height] * len(self.steps)]

    def scores(self, multipliers: Floats) -> Floats:
        """Return the score of each kind at each point, [point, kind]; rounded, so that who is tied stays tied."""
        raw = self.scheme.base + multipliers[:, : len(self.rules)] @ self.points.T.astype(float)
        limits = self.scheme.text.limits
        return np.clip(raw, limits.get("low", -np.inf), limits.get("high", np.inf)).round(6)

    def cuts(self, multipliers: Floats) -> Floats:
        """Return the lowest score of each band but the worst at each point, [point, cut]."""
        lengths = np.array([length for length, _ in self.steps.values()], dtype=float)
        signs = np.array([sign for _, sign in self.steps.values()], dtype=float)
        moved = multipliers[:, len(self.rules) :] * lengths
        return (self.scheme.base + moved @ signs.reshape(len(lengths), len(self.ladder) - 1)).round(6)

    def ranks(self, multipliers: Floats) -> Ranks:
        """Return the rank of the band of each kind at each point."""
        scores, cuts = self.scores(multipliers), self.cuts(multipliers)
        reached = np.zeros(scores.shape, dtype=np.int64)
        for cut in cuts.T:
            reached += scores >= cut[:, None]
        return np.minimum(np.array(self.ladder)[reached], self.ceiling)


def probed(design: Design, ledger: pl.DataFrame, groups: Groupings, primary: Primary = ()) -> dict[str, pl.DataFrame]:
    """Return the cubes of one scheme: `weights`, `factors`, `band_range` and `rank_shift`; none without bands.

    `weights` counts, at each point of each design, the persons of a group (`n`), those who go `up` or `down` against
    the published weights, and those who are `selected`; of an outcome, up is given and down is taken. At `sample` all
    factors vary, and every group and outcome is counted; at `morris` and `sobol`, which rest on it to share out, only
    everyone, the groupings declared primary, the band and the outcomes declared primary. `factors` names the columns of
    each design and counts whom each touches.
    """
    scheme = design.scheme
    if ledger.filter(SCORED).is_empty() or all(band.direct for band in scheme.bands):
        return {}
    people = Scored.of(scheme, ledger)
    k = len(people.factors)
    if not k:
        return {}
    of_bands = [name for name, o in scheme.outcomes.items() if o.bands]
    outcomes = [BAND, *dict.fromkeys(outcome for outcome, _ in primary if outcome in of_bands)]
    names = [EVERYONE, *dict.fromkeys(by for _, by in primary if by in groups.names)]
    sample = multipliers(samples.at_random(k, POINTS))
    found = counted(people, groups, sample, [BAND, *of_bands], None, "sample")
    screen = counted(people, groups, multipliers(samples.morris(k), MIDDLE), outcomes, names, "morris")
    kept = screened(screen, k)
    tables = [found, screen]
    columns = {"sample": list(range(k)), "morris": list(range(k))}
    if kept:
        n = SOBOL if design.draw == NO_DRAW else SOBOL_OF_A_DRAW
        some = multipliers(samples.sobol(len(kept), n))
        whole = np.ones((len(some), k))
        whole[:, kept] = some
        tables.append(counted(people, groups, whole, outcomes, names, "sobol"))
        columns["sobol"] = kept
    return {
        "weights": pl.concat(tables),
        "factors": named(people, columns),
        "band_range": band_range(people, groups, sample),
        "rank_shift": rank_shift(people, groups, sample),
    }


def multipliers(quantiles: Floats, within: tuple[float, float] = (0, 1)) -> Floats:
    """Return exp(.2 z) of quantiles of a normal z, which are first brought within bounds."""
    low, high = within
    return np.asarray(np.exp(SIGMA * ndtri(np.clip(low + (high - low) * quantiles, TINY, 1 - TINY))))


def counted(
    people: Scored, groups: Groupings, at: Floats, outcomes: Sequence[str], names: Sequence[str] | None, design: str
) -> pl.DataFrame:
    """Return the cube of some points: by point, outcome and group the persons, and who moves and is selected."""
    who, inside = members(people, groups, names)
    held = {name: holds(people.scheme, name) for name in outcomes}
    tables: list[pl.DataFrame] = []
    for start in range(0, len(at), AT_ONCE):
        now = people.ranks(at[start : start + AT_ONCE])
        for name, flags in held.items():
            after, before = (now, people.published) if flags is None else (flags[now], flags[people.published])
            selected = np.zeros_like(after) if flags is None else after
            sums = {"up": after > before, "down": after < before, "selected": selected}
            tables.append(summed(who, inside, sums, start).with_columns(pl.lit(name).alias("outcome")))
    columns = ["point", "outcome", "group_by", "group", *SUMS]
    return pl.concat(tables).select(pl.lit(design).alias("design"), *columns)


def summed(who: pl.DataFrame, inside: Floats, sums: Mapping[str, NDArray[Any]], first: int = 0) -> pl.DataFrame:
    """Sum numbers of kinds, each [point, kind], over the persons of each group: one row a point and group."""
    points = len(next(iter(sums.values())))
    point, place = np.divmod(np.arange(points * who.height), who.height)
    totals = {name: (np.asarray(of, dtype=float) @ inside).reshape(-1) for name, of in sums.items()}
    return who[place].with_columns(
        pl.Series("point", first + point, dtype=pl.Int32),
        pl.Series("n", inside.sum(axis=0)[place]).cast(pl.Int64),
        *(pl.Series(name, total).cast(pl.Int64) for name, total in totals.items()),
    )


def members(people: Scored, groups: Groupings, names: Sequence[str] | None) -> tuple[pl.DataFrame, Floats]:
    """Return the groups, and how many persons of each kind each holds, [kind, group]."""
    rolled = groups.roll_up(tally(people.cells, ["kind"]), names=names)
    who = rolled.select("group_by", "group").unique(maintain_order=True).with_row_index("place")
    at = rolled.join(who, on=["group_by", "group"])
    inside = np.zeros((len(people.points), who.height))
    inside[at["kind"].to_numpy(), at["place"].to_numpy()] = at["n"].to_numpy()
    return who.drop("place"), inside


def holds(scheme: Any, outcome: str) -> NDArray[np.int64] | None:
    """Return whether each band gives an outcome; None of the band itself."""
    if outcome == BAND:
        return None
    return np.array([int(band.name in scheme.outcomes[outcome].bands) for band in scheme.bands])


def screened(screen: pl.DataFrame, k: int) -> list[int]:
    """Return which factors move the band or an outcome of anybody enough to be looked at closely, at most eight."""
    everyone = screen.filter(pl.col("group_by") == EVERYONE).sort("point")
    weight = np.zeros(k)
    for _, of in everyone.group_by("outcome", maintain_order=True):
        effects = samples.elementary_effects(((of["up"] + of["down"]) / of["n"]).to_numpy(), k).mu_star
        if effects.max() > 0:
            weight = np.maximum(weight, effects / effects.max())
    first = np.argsort(-weight, kind="stable")[:MOST]
    return sorted(int(i) for i in first if weight[i] >= SCREENED)


def named(people: Scored, columns: Mapping[str, Sequence[int]]) -> pl.DataFrame:
    """Return the factor of each column of each design, and how many persons it touches."""
    names, touched = people.factors, people.touched
    rows = [(design, place, names[i], touched[i]) for design, of in columns.items() for place, i in enumerate(of)]
    kinds = {"design": pl.String, "place": pl.Int32, "factor": pl.String, "n": pl.Int64}
    return pl.DataFrame(rows, schema=kinds, orient="row")


def band_range(people: Scored, groups: Groupings, at: Floats) -> pl.DataFrame:
    """Tally persons by the ranks between which nine of ten points leave them."""
    lowest, highest = np.quantile(people.ranks(at), [0.05, 0.95], axis=0, method="inverted_cdf").astype(np.int64)
    kind = people.cells["kind"].to_numpy()
    told = people.cells.with_columns(lowest=pl.Series(lowest[kind]), highest=pl.Series(highest[kind]))
    return groups.roll_up(tally(told, ["lowest", "highest"]))


def rank_shift(people: Scored, groups: Groupings, at: Floats) -> pl.DataFrame:
    """Sum, by point and group, how far persons move in the order of all probed persons by score.

    Ranks of the tied are their mean, and are summed as halves: `shift` |2r - 2r0|, `cross` 2r 2r0, `square` (2r)²,
    `before` (2r0)², with r0 the rank as published.
    """
    who, inside = members(people, groups, None)
    size = inside[:, 0]  # everyone is the first group
    was = halves(people.scores(np.ones((1, at.shape[1])))[0], size)
    now = np.array([halves(scores, size) for scores in people.scores(at)])
    sums = {
        "shift": np.abs(now - was),
        "cross": now * was,
        "square": now**2,
        "before": np.broadcast_to(was**2, now.shape),
    }
    return summed(who, inside, sums).select("point", "group_by", "group", "n", *sums)


def halves(scores: Floats, persons: Floats) -> Floats:
    """Return twice the rank of each kind, the tied at their mean, where each kind stands for some persons.

    >>> halves(np.array([5.0, 3.0, 5.0]), np.array([1, 2, 1])).tolist()
    [7.0, 3.0, 7.0]
    """
    _, at = np.unique(scores, return_inverse=True)
    tied = np.bincount(at, persons)
    return np.asarray((2 * np.cumsum(tied) - tied + 1)[at])
