"""Mantel and Haenszel: one association out of many tables, and whether the tables agree on one.

`cells` is 2 × 2 × strata, a group above its reference, those with the outcome before those without. Every stratum holds
both groups and both verdicts. Where statsmodels' `StratifiedTable` has a statistic it is taken from there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

if TYPE_CHECKING:
    from statsmodels.stats.contingency_tables import StratifiedTable

Floats = NDArray[np.float64]


def test(table: StratifiedTable) -> tuple[float, float]:
    """Return the chi-square of an odds ratio of 1 in every stratum, and p."""
    cells = table.table
    first = cells[0].sum(axis=0) * cells[:, 0].sum(axis=0) / cells.sum(axis=(0, 1))
    # Half a person is taken off only from a deviation that has it; the library would turn a smaller one round.
    corrected = abs(cells[0, 0].sum() - first.sum()) >= 0.5
    statistic = float(table.test_null_odds(correction=bool(corrected)).statistic)
    return statistic, float(chdtrc(1, statistic))


def breslow_day(cells: Floats) -> tuple[float | None, float | None, float]:
    """Return the chi-square of one odds ratio in all strata, p, and the persons that the emptiest cell expects.

    The statistic of statsmodels `test_equal_odds`, whose root divides by 1 - odds ratio and so has no value, or a rough
    one, where the pooled odds ratio is 1 or next to it; here the same root is written so that it has.
    """
    (a, b), (c, d) = cells
    n = cells.sum(axis=(0, 1))
    above, below = np.sum(a * d / n), np.sum(b * c / n)
    if above == 0 or below == 0:
        return None, None, 0.0
    ratio = above / below
    middle = ratio * (a + b + a + c) + d - a
    product = ratio * (a + b) * (a + c)
    first = 2 * product / (middle + np.sqrt(middle**2 - 4 * (ratio - 1) * product))
    fitted = np.stack([first, a + b - first, a + c - first, d - a + first])
    if fitted.min() <= 0:  # an odds ratio beyond what floating point can tell from 0 or infinity
        return None, None, 0.0
    statistic = float(np.sum((a - first) ** 2 * np.sum(1 / fitted, axis=0)))
    return statistic, float(chdtrc(len(a) - 1, statistic)) if len(a) > 1 else None, float(fitted.min())


def log_risk_error(cells: Floats) -> float:
    """Return the standard error of the log of the pooled ratio of rates (Greenland and Robins 1985)."""
    (y, no), (y_ref, no_ref) = cells
    n, n_ref, both = y + no, y_ref + no_ref, cells.sum(axis=(0, 1))
    spread = np.sum(((y + y_ref) * n * n_ref - y * y_ref * both) / both**2)
    return float(np.sqrt(spread / (np.sum(y * n_ref / both) * np.sum(y_ref * n / both))))


def reach(cells: Floats) -> float:
    """Return how far the selected of the group can lie from what is expected of them, on the nearer side."""
    mine, selected, n = cells[0].sum(axis=0), cells[:, 0].sum(axis=0), cells.sum(axis=(0, 1))
    expected = (mine * selected / n).sum()
    least, most = np.maximum(0, mine + selected - n).sum(), np.minimum(mine, selected).sum()
    return float(min(expected - least, most - expected))
