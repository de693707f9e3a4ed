"""Chain: what a table of steps from state to state says of how fast a scheme forgets where a person stood.

Legend: counts[a, b] persons who stood in a and a year later in b · P their shares by row · K states. A state in which
nobody stood at first has no row and is left out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse.csgraph import connected_components

Floats = NDArray[np.float64]
SPECK = 1e-9  # what an eigenvalue of an exact 0 or 1 may be off by


class Mobility(NamedTuple):
    """Shorrocks' index, its standard error, and which states it rests on."""

    value: float
    error: float
    held: NDArray[np.bool_]

    @property
    def most(self) -> float:
        """The largest that so many states allow: nobody stays."""
        k = int(self.held.sum())
        return k / (k - 1)


class Check(NamedTuple):
    """How far two single steps are from two years, and the standard error where they are farthest apart."""

    gap: float
    error: float


def steps(counts: ArrayLike) -> Floats:
    """Return the shares by row; NaN in the row of a state in which nobody stood at first."""
    counts = np.asarray(counts, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        return counts / counts.sum(axis=-1, keepdims=True)


def mobility(counts: ArrayLike) -> Mobility:
    """Return (K - tr P) / (K - 1): 0 nobody moves, 1 where one stood tells nothing (Prais 1955; Shorrocks 1978).

    Above 1, persons change places. The error is that of K independent rows: Σ P_aa (1 - P_aa) / n_a / (K - 1)².
    """
    counts = np.asarray(counts, dtype=np.float64)
    n = counts.sum(axis=1)
    held = n > 0
    k = int(held.sum())
    if k < 2:
        return Mobility(float("nan"), float("nan"), held)
    stays = np.diag(counts)[held] / n[held]
    error = np.sqrt((stays * (1 - stays) / n[held]).sum()) / (k - 1)
    return Mobility(float((k - stays.sum()) / (k - 1)), float(error), held)


def classes(shares: ArrayLike) -> list[list[int]]:
    """Return the sets of states that lead to one another, and from which no step leads out, each in rising order."""
    shares = np.asarray(shares, dtype=np.float64)
    number, label = connected_components(shares > 0, directed=True, connection="strong")
    sets = [np.flatnonzero(label == i) for i in range(number)]
    closed = [of.tolist() for of in sets if not (shares[np.ix_(of, np.setdiff1d(range(len(shares)), of))] > 0).any()]
    return sorted(closed)


def half_life(shares: ArrayLike) -> float:
    """Return after how many steps half of an initial difference is forgotten: ln ½ / ln |λ₂|.

    λ₂ is the eigenvalue of second largest modulus. 0 where one step forgets all; infinite where nothing is ever
    forgotten, as where states alternate or do not lead to one another.
    """
    size = np.sort(np.abs(np.linalg.eigvals(np.asarray(shares, dtype=np.float64))))[::-1]
    if len(size) < 2 or size[1] < SPECK:
        return 0.0
    return float("inf") if size[1] > 1 - SPECK else float(np.log(0.5) / np.log(size[1]))


def markov(once: ArrayLike, twice: ArrayLike) -> Check:
    """Compare two years with two single steps: the largest |P₂ - P²|, over states in which anybody stood.

    Where it is large, who stayed a year is likelier to stay another, so P² and the half-life promise too much movement.
    The error is by the delta method, as if the rows of P and of P₂ were independent samples.
    """
    once, twice = np.asarray(once, dtype=np.float64), np.asarray(twice, dtype=np.float64)
    n, n2 = once.sum(axis=1), twice.sum(axis=1)
    held = (n > 0) & (n2 > 0)
    p = np.nan_to_num(steps(once))
    product, seen = p @ p, np.nan_to_num(steps(twice))
    apart = np.where(held[:, None], np.abs(seen - product), -1.0)
    if not held.any():
        return Check(float("nan"), float("nan"))
    # d(P²) = dP·P + P·dP, each row of dP multinomial; row a stands in both terms of its own cells.
    stays = np.diag(p)
    with np.errstate(divide="ignore", invalid="ignore"):
        first = (p @ p**2 - product**2) / n[:, None]
        second = p**2 @ np.nan_to_num(p * (1 - p) / n[:, None])
        twofold = 2 * stays[:, None] * p * (stays[None, :] - product) / n[:, None]
        spread = first + second + twofold + seen * (1 - seen) / n2[:, None]
    at = np.unravel_index(int(np.argmax(apart)), apart.shape)
    return Check(float(apart[at]), float(np.sqrt(max(spread[at], 0.0))))
