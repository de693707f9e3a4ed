"""Samples: at which points some factors are tried, and what an output over these points says of each factor.

The design of Morris (1991) moves one factor at a time from many places, which tells the few that matter from the rest;
that of Sobol' (2001) shares the variance of the output out to them. SALib draws and analyses both. A sample is a
function of its size alone, so that who scored its points and who reads the counts need not send it to one another.

Legend: k factors, each a quantile from 0 to 1 · n the size of a matrix, a power of 2.
"""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

SEED = 20_050_501  # of every sample and of SALib's intervals; fixed, so that rows are a function of the counts
TRAJECTORIES, LEVELS = 20, 4
Floats = NDArray[np.float64]


class Effects(NamedTuple):
    """What Morris says of each factor: the mean size of its effects, how they differ, half the 95% interval."""

    mu_star: Floats
    sigma: Floats
    mu_star_half: Floats


class Shares(NamedTuple):
    """What Sobol' says of each factor: its share of the variance alone and in all, half the 95% interval of each."""

    first: Floats
    total: Floats
    first_half: Floats
    total_half: Floats


def problem(k: int) -> dict[str, Any]:
    """Return the factors as SALib names them."""
    return {"num_vars": k, "names": [f"x{i}" for i in range(k)], "bounds": [[0.0, 1.0]] * k}


def at_random(k: int, n: int) -> Floats:
    """Return n points at which all factors vary, spread evenly, [point, factor]."""
    from scipy.stats import qmc

    return np.asarray(qmc.Sobol(k, rng=np.random.default_rng(SEED)).random(n))


def morris(k: int) -> Floats:
    """Return the points of 20 trajectories, each of which moves every factor once, [20 (k + 1), factor]."""
    from SALib.sample.morris import sample

    return np.asarray(sample(problem(k), TRAJECTORIES, num_levels=LEVELS, seed=SEED))


def sobol(k: int, n: int) -> Floats:
    """Return two matrices of n points, and one with each factor taken from the other, [n (k + 2), factor]."""
    from SALib.sample.sobol import sample

    return np.asarray(sample(problem(k), n, calc_second_order=False, seed=SEED))


def elementary_effects(values: Floats, k: int) -> Effects:
    """Return the effects of k factors on values over the points of `morris`, per whole range of a factor."""
    from SALib.analyze.morris import analyze

    found = analyze(problem(k), morris(k), values, num_levels=LEVELS, seed=SEED)
    return Effects(*(np.asarray(found[name], dtype=float) for name in ("mu_star", "sigma", "mu_star_conf")))


def variance_shares(values: Floats, k: int) -> Shares | None:
    """Return the shares of k factors in the variance of values over the points of `sobol`; None where none varies.

    The variance is that over the points at which all factors differ at once. A first share below 0 by no more than its
    own interval is 0.
    """
    from SALib.analyze.sobol import analyze

    at_once = np.concatenate([values[:: k + 2], values[k + 1 :: k + 2]])
    if np.ptp(at_once) <= 1e-12 * np.abs(values).max(initial=0):
        return None
    with warnings.catch_warnings():  # where few points differ, a resample for the interval may hold none of them
        warnings.filterwarnings("ignore", "Constant values encountered", UserWarning)
        found = analyze(problem(k), values, calc_second_order=False, seed=SEED)
    first, total, first_half, total_half = (
        np.asarray(found[name], dtype=float) for name in ("S1", "ST", "S1_conf", "ST_conf")
    )
    return Shares(np.where((first < 0) & (-first <= first_half), 0.0, first), total, first_half, total_half)
