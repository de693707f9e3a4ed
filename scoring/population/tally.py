"""Tallies: sums over households from which a share, a rate or a mean follows with an honest standard error.

Members of a household are drawn together, so the household is the sampling unit: a count of y among m deviates from a
share p by the sum over households of y − m p, and its variance is the sum of the squares. Both follow from five sums.
Where there are no households, every subject is one.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import polars as pl
from scipy.special import betainc, gammainc, gammaincc, gammaln, kl_div, ndtri, rel_entr

FEW = 5  # a cell with so many members weighs as much as what is assumed of an empty one
SEEN = 30  # members from which a cell's own households tell how its members come together
LEAST = 0.01  # the smallest design effect: shares that every household has to the letter do not vary at all
TINY = 1e-290  # tails below this are told by the deviance


@dataclass(frozen=True)
class Clusters:
    """Who is drawn together: the first row of each household, and each row's household."""

    first: np.ndarray
    of: np.ndarray

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Return the sum of some values in each household."""
        whole = values.astype(np.int64)
        return np.add.reduceat(whole, self.first) if len(self.first) < len(whole) else whole

    @property
    def largest(self) -> int:
        return int(np.diff(self.first, append=len(self.of)).max())


def clusters(frame: pl.DataFrame) -> Clusters:
    """Return the households of a frame; every row is one where there are none."""
    if "household_id" not in frame.columns:
        return Clusters(np.arange(len(frame)), np.arange(len(frame)))
    ids = frame["household_id"].to_numpy()
    new = np.r_[True, ids[1:] != ids[:-1]]
    return Clusters(np.flatnonzero(new), np.cumsum(new) - 1)


@dataclass(frozen=True)
class Tally:
    """Sums over households of y (how much was found) and m (among how many): one entry a cell, or one for all."""

    y: np.ndarray
    yy: np.ndarray
    ym: np.ndarray
    m: np.ndarray
    mm: np.ndarray

    def __add__(self, other: Tally) -> Tally:
        return Tally(*(getattr(self, part.name) + getattr(other, part.name) for part in fields(self)))

    def floats(self) -> tuple[np.ndarray, ...]:
        return tuple(np.asarray(getattr(self, part.name), dtype=float) for part in fields(self))


def of_cells(cell: np.ndarray, cells: int, homes: Clusters, inside: np.ndarray | None = None) -> Tally:
    """Count subjects by cell, all of them or those inside.

    y² sums to the ordered pairs of members of one household in one cell, each with itself included.
    """
    looked = np.ones(len(cell), dtype=np.int64) if inside is None else inside.astype(np.int64)
    cell = cell if inside is None else np.where(inside, cell, cells)
    size = homes.sums(looked)
    y = np.bincount(cell, minlength=cells + 1)[:cells]
    pairs = np.zeros(cells, dtype=np.int64)
    for lag in range(1, homes.largest):  # members stand next to each other
        both = np.flatnonzero((cell[lag:] == cell[:-lag]) & (homes.of[lag:] == homes.of[:-lag]))
        pairs += np.bincount(cell[both], minlength=cells + 1)[:cells]
    ym = np.rint(np.bincount(cell, weights=size[homes.of], minlength=cells + 1)[:cells]).astype(np.int64)
    return Tally(y, y + 2 * pairs, ym, size.sum(), (size**2).sum())


def of_sums(y: np.ndarray, m: np.ndarray) -> Tally:
    """Add up what was found in each household, and among how many; whole numbers of any size."""
    pairs = (y, y * y, y * m, m, m * m)
    return Tally(*(np.array([int(v.sum())], dtype=object) for v in pairs))  # squared yuan of a country exceed 64 bits


@dataclass(frozen=True)
class Deviation:
    """How far each count is from the expected one: z, the standard deviation, and the mean distance to expect."""

    z: np.ndarray
    sd: np.ndarray
    distance: np.ndarray


def from_shares(tally: Tally, share: np.ndarray) -> Deviation:
    """Compare counts with shares of all that were looked at.

    z is the exact binomial tail, whatever the count expected, of the count divided by the design effect: how many
    members of a cell come at once. A cell of more than half is judged by those outside it.
    """
    y, yy, ym, m, mm = tally.floats()
    share = np.clip(share, 0, 1)  # sums of shares may be off by a last bit
    rare = share <= 0.5
    p = np.where(rare, share, 1 - share)
    y, yy, ym = (np.where(rare, a, b) for a, b in ((y, m - y), (yy, mm - 2 * ym + yy), (ym, mm - ym)))
    with np.errstate(divide="ignore", invalid="ignore"):
        together, found = at_once(y, yy, ym, m, mm)
        effect = np.where(found < 1, np.maximum(together / (1 - found), LEAST), 1.0)
        x, n, mean = y / effect, m / effect, m * p / effect
        above = np.where(y > 0, betainc(np.maximum(x, TINY), n - x + 1, p), 1.0)
        below = np.where(y < m, betainc(np.maximum(n - x, TINY), x + 1, 1 - p), 1.0)
        z = signed(x, mean, above, below, 2 * (rel_entr(x, mean) + rel_entr(n - x, n - mean)))
    sd = np.sqrt(effect * m * p * (1 - p))
    return Deviation(np.where(rare, z, -z), sd, effect * mean_distance(mean) * np.sqrt(1 - p))


def from_rate(tally: Tally, rate: float, least: float = 1.0) -> Deviation:
    """Compare sums with a rate: exact Poisson tails of the sum divided by its dispersion, which is at least `least`."""
    y, yy, ym, m, mm = tally.floats()
    mean = m * rate
    effect = np.maximum(at_once(y, yy, ym, m, mm)[0], least)
    x, mean = y / effect, mean / effect
    above = np.where(y > 0, gammainc(np.maximum(x, TINY), mean), 1.0)
    z = signed(x, mean, above, gammaincc(x + 1, mean), 2 * kl_div(x, mean))
    return Deviation(z, effect * np.sqrt(mean), effect * mean_distance(mean))


def at_once(
    y: np.ndarray, yy: np.ndarray, ym: np.ndarray, m: np.ndarray, mm: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return how many members of each cell come at once (the variance by household, a member), and the share found.

    The sum over households of (y − m p)² at the share p that was found, over the count found. A cell of few members
    leans on some more households, which have as many of it as the cell whose members come in the greatest numbers.
    """
    size, known = mm / m, y >= SEEN
    most = (yy[known] / y[known]).max() if known.any() else size
    y, yy, ym = y + FEW, yy + FEW * most, ym + FEW * size
    m, mm = m + FEW * size / most, mm + FEW * size**2 / most
    share = y / m
    return (yy - 2 * share * ym + share**2 * mm) / y, share


def signed(x: np.ndarray, mean: np.ndarray, above: np.ndarray, below: np.ndarray, deviance: np.ndarray) -> np.ndarray:
    """Return tails as z: what lies above the mean is positive."""
    tail = np.where(x > mean, above, below)
    z = np.where(tail > TINY, -ndtri(np.clip(tail, TINY, 0.5)), np.sqrt(np.maximum(deviance, 0)))
    return np.where(x > mean, z, -z) + 0.0


def mean_distance(mean: np.ndarray) -> np.ndarray:
    """Return the mean absolute deviation of Poisson counts (de Moivre)."""
    k = np.floor(mean)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(mean > 0, 2 * np.exp((k + 1) * np.log(mean) - mean - gammaln(k + 1)), 0.0)
