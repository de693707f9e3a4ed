"""Conditions: a closed grammar of comparisons, read into a small tree and turned into a dataframe expression.

    condition  := conjunct ("or" conjunct)*
    conjunct   := negation ("and" negation)*
    negation   := "not" negation | "(" condition ")" | comparison
    comparison := sum ("==" | "!=" | "<" | "<=" | ">" | ">=") sum  |  sum "in" "[" value ("," value)* "]"
    sum        := value (("+" | "-") value)*             of whole numbers and columns
    value      := whole number | column | 'text' | bare word on the right of ==, != and in

Nothing is ever evaluated as code.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import narwhals as nw

COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
ADD: dict[str, Callable[[Any, Any], Any]] = {"+": operator.add, "-": operator.sub}
JOIN: dict[str, Callable[[Any, Any], Any]] = {"and": operator.and_, "or": operator.or_}
TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+)(?![\w.])|(?P<name>[a-z_]\w*)|'(?P<text>[^']*)'|(?P<sign>==|!=|<=|>=|[<>+\-()\[\],]))", re.I
)
LONGEST = 2_000  # characters; a rule that needs more wants splitting
DEEPEST = 20


class BadCondition(ValueError):
    """A condition cannot be read; the message shows the place."""

    def __init__(self, text: str, start: int, end: int, what: str):
        shown = f"{text[:start]}⧛{text[start:end] or ' '}⧚{text[end:]}"
        super().__init__(f"{what} in {shown.strip()!r}" if text.strip() else what)


@dataclass(frozen=True)
class Node:
    """A part of a condition: an operator over parts, or a leaf (`number`, `column`, `text`)."""

    kind: str
    value: Any
    parts: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    start: int
    end: int


def tokens(text: str) -> Iterator[Token]:
    """Split a condition into tokens; every token remembers its span."""
    at, end = 0, len(text.rstrip())
    while at < end:
        found = TOKEN.match(text, at)
        if not found:
            start = at + len(text[at:]) - len(text[at:].lstrip())
            raise BadCondition(text, start, start + 1, "unexpected character")
        kind = str(found.lastgroup)
        yield Token(kind, found[kind], found.end() - len(found[0].lstrip()), found.end())
        at = found.end()


class Reader:
    """Reads one condition, left to right."""

    def __init__(self, text: str):
        if len(text) > LONGEST:
            raise BadCondition("", 0, 0, f"a condition is longer than {LONGEST:,} characters")
        self.text, self.tokens, self.at, self.depth = text, list(tokens(text)), 0, 0

    def condition(self) -> Node:
        node = self.joined("or", lambda: self.joined("and", self.negation))
        if self.at < len(self.tokens) and self.depth == 0:
            self.fail("unexpected")
        return node

    def joined(self, word: str, part: Callable[[], Node]) -> Node:
        parts = [part()]
        while self.take(word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else Node("join", word, tuple(parts))

    def negation(self) -> Node:
        if self.take("not"):
            return Node("not", "not", (self.negation(),))
        if self.take("("):
            self.depth += 1
            if self.depth > DEEPEST:
                self.fail("nested too deep")
            inside = self.condition()
            self.depth -= 1
            self.expect(")")
            return inside
        return self.comparison()

    def comparison(self) -> Node:
        left = self.sum()
        if self.take("in"):
            if not columns(left):
                self.at -= 1
                self.fail("a comparison needs a column")
            self.expect("[")
            values = [self.value(right=True)]
            while self.take(","):
                values.append(self.value(right=True))
            self.expect("]")
            return Node("in", "in", (left, *values))
        for sign in COMPARE:
            if self.take(sign):
                return self.compared(left, sign)
        self.fail("expected a comparison")
        raise AssertionError

    def compared(self, left: Node, sign: str) -> Node:
        start, equality = self.at, sign in ("==", "!=")
        right = self.sum(right=equality)
        if left.kind == "text" or (right.kind == "text" and not equality):
            self.at = start
            self.fail("a text can only stand right of ==, != or in")
        node = Node("compare", sign, (left, right))
        if not columns(node):
            self.at = start
            self.fail("a comparison needs a column")
        return node

    def sum(self, right: bool = False) -> Node:
        node = self.value(right)
        while (sign := self.peek()) in ADD:
            if node.kind == "text":
                self.fail("a text cannot be added to")
            self.at += 1
            more = self.value()
            if more.kind == "text":
                self.at -= 1
                self.fail("a text cannot be added")
            node = Node("add", sign, (node, more))
        return node

    def value(self, right: bool = False) -> Node:
        if self.at >= len(self.tokens):
            self.fail("expected a value")
        token = self.tokens[self.at]
        if token.kind == "sign" or token.text in ("and", "or", "not", "in"):
            self.fail("expected a value")
        self.at += 1
        if token.kind == "number":
            return Node("number", int(token.text))
        return Node("text" if right or token.kind == "text" else "column", token.text)

    def peek(self) -> str:
        return self.tokens[self.at].text if self.at < len(self.tokens) and self.tokens[self.at].kind != "text" else ""

    def take(self, word: str) -> bool:
        taken = self.peek() == word
        self.at += taken
        return taken

    def expect(self, word: str) -> None:
        if not self.take(word):
            self.fail(f"expected {word!r}")

    def fail(self, what: str) -> None:
        end = len(self.text.rstrip())
        token = self.tokens[self.at] if self.at < len(self.tokens) else Token("end", "", end, end)
        raise BadCondition(self.text, token.start, token.end, what)


def parse(text: str) -> Node:
    """Read a condition. Raises BadCondition.

    >>> parse("n_a + n_b >= 1 and sex in [male, 'female']").kind
    'join'
    """
    return Reader(text).condition()


def leaves(node: Node) -> Iterator[Node]:
    """Yield the leaves of a tree, left to right."""
    yield from (one for one in nodes(node) if not one.parts)


def nodes(node: Node) -> Iterator[Node]:
    """Yield a tree and everything in it."""
    yield node
    for part in node.parts:
        yield from nodes(part)


def columns(node: Node) -> list[str]:
    """Return the columns that a condition reads, once each, in order."""
    return list(dict.fromkeys(leaf.value for leaf in leaves(node) if leaf.kind == "column"))


def nesting(node: Node) -> int:
    """Return how deep joins and negations nest; a single comparison is 1."""
    return max((nesting(part) for part in node.parts), default=0) + (node.kind in ("join", "not", "compare", "in"))


def filled(node: Node, numbers: Mapping[str, int]) -> Node:
    """Return the tree with named parameters replaced by their numbers."""
    if node.kind == "column" and node.value in numbers:
        return Node("number", numbers[node.value])
    return Node(node.kind, node.value, tuple(filled(part, numbers) for part in node.parts))


def text(node: Node) -> str:
    """Write a tree as a condition that reads back as the same tree.

    >>> text(parse("not (n_a+n_b>=1 or sex in [male])"))
    "not (n_a + n_b >= 1 or sex in ['male'])"
    """
    parts = [f"({text(part)})" if part.kind == "join" else text(part) for part in node.parts]
    match node.kind:
        case "text":
            return f"'{node.value}'"
        case "number" | "column":
            return str(node.value)
        case "not":
            return f"not {parts[0]}"
        case "in":
            return f"{parts[0]} in [{', '.join(parts[1:])}]"
        case _:
            return f" {node.value} ".join(parts)


def whole(part: Any) -> Any:
    """Return a term of a sum as whole numbers; who has a null is not scored, and counts as 0 until then."""
    return part.fill_null(0).cast(nw.Int32) if isinstance(part, nw.Expr) else part


def expression(node: Node) -> Any:
    """Return the condition as a narwhals expression (a whole number or a text as itself)."""
    parts = [expression(part) for part in node.parts]
    match node.kind:
        case "number" | "text":
            return node.value
        case "column":
            return nw.col(node.value)
        case "not":
            return ~parts[0]
        case "in":
            return reduce(operator.or_, (parts[0] == value for value in parts[1:]))
        case "join":
            return reduce(JOIN[node.value], parts)
        case "add":
            return ADD[node.value](*map(whole, parts))
        case _:
            return COMPARE[node.value](*parts)
