"""The form in which a recipe is written, as a JSON Schema.

A recipe is written otherwise than it is validated: it may extend another and then state only what differs, and it may
name a table in the place of shares.
"""

from __future__ import annotations

from typing import Any

from scoring.documents import Loc, schema_of
from scoring.population.inheritance import depth
from scoring.population.recipe import Recipe

Schema = dict[str, Any]
ITSELF = ["recipe", "title", "version"]  # what a recipe says of itself even where it extends another
TABLED = ("Margin", "Households", "HeldOut")
OF_THE_WHOLE = ("required", "oneOf", "minProperties")  # what does not bind a part
IN_PART = "InPart"
EXTENDS = {"type": "string", "description": "the recipe of which this one states only what differs; null takes away"}
TABLE = {"type": "string", "description": "a CSV file in the place of shares, relative to the recipe's own folder"}


def schema() -> Schema:
    """Return the JSON Schema of a recipe: a whole one, or an heir of the one that it extends."""
    found = schema_of(Recipe, "Recipe of a population")
    definitions = found.pop("definitions")
    definitions |= {name: tabled(definitions[name]) for name in TABLED}
    head = {key: found.pop(key) for key in ("$schema", "title", "description")}
    found["properties"]["extends"] = EXTENDS
    heir = partial(found, (), definitions)
    own = {name: found["properties"][name] for name in [*ITSELF, "extends"]}
    heir |= {"properties": heir["properties"] | own, "required": [*ITSELF, "extends"]}
    return {**head, "if": {"required": ["extends"]}, "then": heir, "else": found, "definitions": definitions}


def tabled(part: Schema) -> Schema:
    """Return the schema of a thing that states its shares or the table that has them."""
    required = [key for key in part["required"] if key != "shares"]
    either = [{"required": ["shares"]}, {"required": ["table"]}]
    return part | {"properties": part["properties"] | {"table": TABLE}, "required": required, "oneOf": either}


def partial(part: Schema, loc: Loc, definitions: dict[str, Schema]) -> Schema:
    """Return the schema of what an heir states at a location: as much of a named thing as it likes, else all of it."""
    if len(loc) >= depth(loc):
        return part
    if "anyOf" in part:
        return part | {"anyOf": [partial(one, loc, definitions) for one in part["anyOf"]]}
    if "$ref" in part:
        name = part["$ref"].rsplit("/", 1)[-1]
        if name + IN_PART not in definitions:
            definitions[name + IN_PART] = taken_away(partial(definitions[name], loc, definitions))
        return {"$ref": part["$ref"] + IN_PART}
    if part.get("type") != "object":
        return part
    fields = {n: taken_away(partial(p, (*loc, n), definitions)) for n, p in part.get("properties", {}).items()}
    stated = {key: value for key, value in part.items() if key not in OF_THE_WHOLE} | {"properties": fields}
    others = part.get("additionalProperties")
    if isinstance(others, dict):
        stated["additionalProperties"] = taken_away(partial(others, (*loc, "*"), definitions))
    return stated


def taken_away(part: Schema) -> Schema:
    """Return the schema of what may also be null, which takes away what is inherited."""
    if part.get("type") == "object":
        return part | {"type": ["object", "null"]}  # an editor says more of a wrong key here than under an anyOf
    null = {"type": "null"}
    named = part.get("$ref", "").endswith(IN_PART)
    return part if named or null in part.get("anyOf", []) else {"anyOf": [part, null]}
