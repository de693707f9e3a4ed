"""Expectation: how many records a year a subject at risk has on average, in a world.

In a world that moves only the cause of a group's gap it is the recipe's own rate. Where law, pools, or what a layer
loses are otherwise, it is summed over the joint distribution, as rates are calibrated.
"""

from __future__ import annotations

from scoring.population import rates, worlds
from scoring.population.compile import residual_weights, residuals
from scoring.population.joint import Joint
from scoring.population.recipe import Subject, World


def is_calibrated(world: World) -> bool:
    """Tell whether the recipe's rates hold in a world."""
    return world == World(label=world.label, gap_in_conduct=world.gap_in_conduct)


def expected_rate(subject: Subject, joint: Joint, name: str, world: World) -> float:
    """Return the expected records of one type per subject at risk; per subject where conduct is another's.

    A record that lands on the wrong subject is not counted: there are fewer than the sampling error of any sample.
    """
    spread = rates.spread(residual_weights(subject, subject.records[name].conduct), residuals())
    cells, occurrence = worlds.in_world(subject, joint, name, world, spread)
    happening = cells.weight * rates.expected(cells, occurrence, spread)
    if "conduct" in world.neutral:
        return float(happening.sum() * (cells.weight * cells.kept).sum())
    return float((happening * cells.kept).sum() / worlds.exposure(cells))
