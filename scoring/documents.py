"""A document is a YAML file whose every value remembers its line.

Recipes, rulebooks and experiments are read here and nowhere else, so that each problem in any of them is told the same
way: file, line, path, what is wrong, and a hint; all problems at once. The same models give the JSON Schema by which an
editor checks a document while it is written.
"""

from __future__ import annotations

import difflib
import re
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

Model = TypeVar("Model", bound=BaseModel)
Loc = tuple[str | int, ...]

MAX_BYTES = 2_000_000  # the longest rulebook known has 389 rules, about 100 kB


class Problem(NamedTuple):
    """One thing wrong with an input, and where."""

    file: str
    line: int
    path: str
    what: str
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}  {self.path}: {self.what}" + (f" — {self.hint}" if self.hint else "")


class Refused(ValueError):
    """An input was refused; `problems` holds every reason found."""

    def __init__(self, problems: Iterable[Problem]):
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(frozen=True)
class Document:
    """Plain data read from one YAML file, with the line of every value; `files` has those that another file states."""

    file: str
    data: Any
    lines: Mapping[Loc, int] = field(repr=False)
    files: Mapping[Loc, str] = field(default_factory=dict, repr=False)

    def place(self, loc: Loc) -> tuple[str, int]:
        """Return the file and line that state a value, or else the nearest known one above it."""
        while loc and loc not in self.lines:
            loc = loc[:-1]
        return self.files.get(loc, self.file), self.lines.get(loc, 0)

    def problem(self, loc: Loc, what: str, hint: str = "") -> Problem:
        """Name a problem at a location, with its place."""
        return Problem(*self.place(loc), json_path(loc), what, hint)

    def unread(self, loc: Loc, refusal: Refused) -> list[Problem]:
        """Return why a file named at a location was refused; what has no line of its own is told where it is named."""
        return [p if p.line else self.problem(loc, f"{p.file}: {p.what}", p.hint) for p in refusal.problems]

    def validated(self, model: type[Model]) -> Model:
        """Return the data as `model`, or raise Refused with one problem per fault."""
        try:
            return model.model_validate(self.data)
        except ValidationError as error:
            faults = error.errors(include_url=False)
        raise Refused(self._tell(model, fault) for fault in faults)

    def _tell(self, model: type[BaseModel], fault: Any) -> Problem:
        loc: Loc = tuple(part for part in fault["loc"] if not _is_union_tag(part))
        kind = fault["type"]
        if kind == "extra_forbidden":
            return self.problem(loc, f"unknown key {loc[-1]!r}", did_you_mean(str(loc[-1]), fields_at(model, loc[:-1])))
        if kind == "missing":
            return self.problem(loc, f"required key {str(loc[-1])!r} is missing")
        if kind in ("literal_error", "enum"):
            choices = fault["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", ")
            return self.problem(
                loc,
                f"{fault['input']!r} is not one of {', '.join(choices)}",
                did_you_mean(str(fault["input"]), choices),
            )
        if kind in ("value_error", "assertion_error"):
            return self.problem(loc, str(fault["ctx"]["error"]))
        return self.problem(loc, f"{fault['msg'][:1].lower()}{fault['msg'][1:]}, got {fault['input']!r:.60}")


def _is_union_tag(part: str | int) -> bool:
    """Tell whether pydantic put the name of a union's branch, not of a key, into a location."""
    return isinstance(part, str) and ("[" in part or part in ("int", "str", "float", "bool"))


def json_path(loc: Loc) -> str:
    """Write a location as a path.

    >>> json_path(("rules", 3, "when"))
    '$.rules[3].when'
    """
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint with the nearest known word, or an empty string.

    >>> did_you_mean("n_rent_arears", ["n_rent_arrears", "sex"])
    "did you mean 'n_rent_arrears'?"
    >>> did_you_mean("SEX", ["age", "sex"])
    "did you mean 'sex'?"
    """
    folded = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(word.casefold(), list(folded), n=1, cutoff=0.6)
    return f"did you mean {folded[near[0]]!r}?" if near else ""


def fields_at(model: Any, loc: Loc) -> list[str]:
    """Return the keys that a model allows at a location (empty where it is not a model)."""
    branches = [model]
    for part in loc:
        nearer: list[Any] = []
        for branch in (b for one in branches for b in _branches(one)):
            if isinstance(branch, type) and issubclass(branch, BaseModel):
                found = branch.model_fields.get(str(part))
                nearer += [found.annotation] if found else []
            else:
                nearer += [a for a in typing.get_args(branch)[-1:] if a is not Ellipsis]
        branches = nearer
    flat = [b for one in branches for b in _branches(one)]
    return [name for b in flat if isinstance(b, type) and issubclass(b, BaseModel) for name in b.model_fields]


def _branches(annotation: Any) -> list[Any]:
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _branches(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        return [b for one in typing.get_args(annotation) for b in _branches(one)]
    return [annotation]


def read(path: str | Path) -> Document:
    """Read one YAML 1.2 file. Raises Refused when it is missing, too large, not YAML, or repeats a key."""
    path = Path(path)
    name = str(path)
    if not path.is_file():
        raise Refused([Problem(name, 0, "$", "no such file")])
    if path.stat().st_size > MAX_BYTES:
        raise Refused([Problem(name, 0, "$", f"larger than {MAX_BYTES:,} bytes", "split it, or remove data from it")])
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise Refused([Problem(name, 0, "$", "not UTF-8 text", f"byte {error.start}")]) from None
    return parse(text, name)


@lru_cache(maxsize=128)
def parse(text: str, name: str = "<text>") -> Document:
    """Parse YAML 1.2 text; anchors and aliases are refused, so no document is larger than it looks.

    The same text is parsed once a process: whoever reads a document leaves it as it is.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError
    from ruamel.yaml.nodes import MappingNode, SequenceNode

    yaml = YAML(typ="safe", pure=True)
    lines: dict[Loc, int] = {}
    problems: list[Problem] = []
    seen: set[int] = set()

    def plain(node: Any, loc: Loc) -> Any:
        line = node.start_mark.line + 1
        lines.setdefault(loc, line)
        if id(node) in seen:
            problems.append(Problem(name, lines[loc], json_path(loc), "aliases are not read", "write the value out"))
            return None
        seen.add(id(node))
        if isinstance(node, SequenceNode):
            return [plain(child, (*loc, i)) for i, child in enumerate(node.value)]
        if not isinstance(node, MappingNode):
            return yaml.constructor.construct_object(node)
        found: dict[str, Any] = {}
        for key_node, child in node.value:
            key = str(key_node.value)
            lines[(*loc, key)] = key_node.start_mark.line + 1
            if key in found:
                problems.append(Problem(name, lines[(*loc, key)], json_path((*loc, key)), "the key stands twice"))
            found[key] = plain(child, (*loc, key))
        return found

    try:
        root = yaml.compose(text)
        data = plain(root, ()) if root is not None else None
    except MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 1 if mark else 0
        raise Refused([Problem(name, line, "$", f"not YAML: {error.problem}")]) from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise Refused([Problem(name, 0, "$", f"not YAML: {str(error).splitlines()[0]}")]) from None
    if problems:
        raise Refused(problems)
    return Document(name, data, lines)


DRAFT = "http://json-schema.org/draft-07/schema#"  # the newest that every YAML editor reads


def schema_of(model: type[BaseModel], title: str) -> dict[str, Any]:
    """Return the JSON Schema of the documents that a model validates; it refers to nothing outside itself."""
    from pydantic.json_schema import GenerateJsonSchema

    class Untitled(GenerateJsonSchema):
        """What pydantic generates, without a title that repeats the key."""

        def field_title_should_be_set(self, schema: Any) -> bool:
            return False

    found = model.model_json_schema(ref_template="#/definitions/{model}", schema_generator=Untitled)
    definitions = {n: _as_written(part) | {"title": _in_words(n)} for n, part in found.pop("$defs", {}).items()}
    return {"$schema": DRAFT} | _as_written(found) | {"title": title, "definitions": definitions}


def _in_words(name: str) -> str:
    """Name the thing that a model stands for.

    >>> _in_words("DirectBand"), _in_words("RuleText")
    ('direct band', 'rule')
    """
    return re.sub(r"(?<!^)(?=[A-Z])", " ", name.removesuffix("Text")).lower()


def _as_written(part: Any) -> Any:
    """Return a part of a schema in the words of the older draft, every object closed, without empty defaults."""
    if isinstance(part, list):
        return [_as_written(one) for one in part]
    if not isinstance(part, dict):
        return part
    part = {key: value for key, value in part.items() if key != "default" or (value and not isinstance(value, dict))}
    pair, keys, free = part.pop("prefixItems", None), part.pop("propertyNames", {}), part.get("additionalProperties")
    if pair and pair[0] == pair[-1]:  # a pair is two of a kind
        part["items"] = pair[0]
    if "enum" in keys:
        part |= {"properties": dict.fromkeys(keys["enum"], free), "additionalProperties": False}
    if "patternProperties" in part:
        part["additionalProperties"] = False
    if isinstance(part.get("description"), str):
        part["description"] = "\n\n".join(" ".join(p.split()) for p in part["description"].split("\n\n"))
    names = ("properties", "patternProperties")  # their keys are a document's own, not a schema's
    return {k: {n: _as_written(p) for n, p in v.items()} if k in names else _as_written(v) for k, v in part.items()}
