"""A population is a function of a recipe and a seed.

The same recipe, seed and block give the same bits on any machine, in any order: noise is addressed by name, and drawing
uses integers only. No scheme is known here.
"""

from scoring.population.compile import Plan, compile_recipe
from scoring.population.draw import BLOCK, blocks, draw, people, redraw
from scoring.population.identity import verify_id
from scoring.population.recipe import Recipe
from scoring.population.validation import load

__all__ = ["BLOCK", "Plan", "Recipe", "blocks", "compile_recipe", "draw", "load", "people", "redraw", "verify_id"]
