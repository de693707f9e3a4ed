"""A population is a function of a recipe and a seed.

The same recipe, seed and block give the same bits on any machine, in any order: noise is addressed by name, and drawing
uses integers only. No scheme is known here.
"""

from scoring.population.checks import Check, checks
from scoring.population.columns import columns
from scoring.population.compile import compile_recipe, recompile
from scoring.population.draw import blocks, draw, people, redraw
from scoring.population.faults import load
from scoring.population.identity import verify_id
from scoring.population.plan import BLOCK, Plan
from scoring.population.recipe import LAYERS, Recipe, World
from scoring.population.schema import schema
from scoring.population.strata import oversampled
from scoring.population.validation import Found, Targets, counted, targets

__all__ = [
    "BLOCK",
    "LAYERS",
    "Check",
    "Found",
    "Plan",
    "Recipe",
    "Targets",
    "World",
    "blocks",
    "checks",
    "columns",
    "compile_recipe",
    "counted",
    "draw",
    "load",
    "oversampled",
    "people",
    "recompile",
    "redraw",
    "schema",
    "targets",
    "verify_id",
]
