"""Problems are told all at once, each with file, line, path, what and hint."""

import pytest
from pydantic import BaseModel, ConfigDict

from scoring.documents import Refused, parse, read


class Rule(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: str
    points: int | None = None


class Book(BaseModel):
    model_config = ConfigDict(extra="forbid")
    rules: list[Rule]


def told(text, model=Book):
    with pytest.raises(Refused) as refusal:
        parse(text, "book.yaml").validated(model)
    return [str(p) for p in refusal.value.problems]


def test_every_fault_is_told_with_its_line():
    assert told("rules:\n  - id: a\n    pionts: 3\n  - points: many\n") == [
        "book.yaml:3  $.rules[0].pionts: unknown key 'pionts' — did you mean 'points'?",
        "book.yaml:4  $.rules[1].id: required key 'id' is missing",
        "book.yaml:4  $.rules[1].points: input should be a valid integer, unable to parse string as an integer, "
        "got 'many'",
    ]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a: 1\na: 2\n", "book.yaml:2  $.a: the key stands twice"),
        ("a: &x [1]\nb: *x\n", "book.yaml:2  $.b: aliases are not read — write the value out"),
        ("a: [1, 2\n", "book.yaml:2  $: not YAML: "),
    ],
)
def test_what_is_not_plain_yaml_is_refused(text, what):
    with pytest.raises(Refused) as refusal:
        parse(text, "book.yaml")
    assert str(refusal.value).startswith(what)


def test_a_bomb_of_aliases_is_refused_at_once():
    text = "a: &a [x, x]\n" + "".join(f"{c}: &{c} [*{p}, *{p}]\n" for p, c in zip("abcdefgh", "bcdefghi", strict=True))
    with pytest.raises(Refused):
        parse(text)


def test_yaml_is_read_as_version_1_2():
    assert parse("a: yes\nb: 200_000\nc: 1e-3\nd: 0o10\n").data == {"a": "yes", "b": 200_000, "c": 0.001, "d": 8}


def test_missing_large_and_undecodable_files_are_refused(tmp_path):
    with pytest.raises(Refused, match="no such file"):
        read(tmp_path / "none.yaml")
    (tmp_path / "large.yaml").write_text("a: " + "x" * 2_000_001)
    with pytest.raises(Refused, match="larger than"):
        read(tmp_path / "large.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"a: \xff\n")
    with pytest.raises(Refused, match="not UTF-8"):
        read(tmp_path / "bytes.yaml")
