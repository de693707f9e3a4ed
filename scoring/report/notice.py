"""The notice: what one synthetic subject is told under one scheme, as a letter on a page and as plain text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from scoring.report import page
from scoring.report.language import LANGUAGES, Language
from scoring.report.letter import Section, letter
from scoring.report.text import wide

WIDTH = 76


def write_notices(
    told: Sequence[dict[str, Any]], folder: str | Path, languages: Sequence[str] = LANGUAGES
) -> list[Path]:
    """Write each notice in each language, a page and a text; return their paths."""
    folder = Path(folder)
    texts: dict[Path, str] = {}
    for one in told:
        for name in languages:
            stem = f"{one['scheme']['name']}-{one['who']['id']}.{name}"
            texts[folder / f"{stem}.html"] = notice_page(one, name)
            texts[folder / f"{stem}.txt"] = notice_text(one, name)
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    return list(texts)


def notice_page(told: dict[str, Any], language: str) -> str:
    """Return a notice as one HTML page that opens offline."""
    words = Language(language)
    return page.render("notice.html", {"lang": words.table["language"], **letter(told, words)})


def notice_text(told: dict[str, Any], language: str) -> str:
    """Return a notice as plain text."""
    written = letter(told, Language(language))
    head = [written["to"], "", *wrapped(written["title"]), "", *wrapped(written["synthetic"])]
    parts = ["\n".join(part(section)) for section in written["sections"]]
    return "\n\n".join(["\n".join(head), *parts, "\n".join(wrapped(written["foot"]))]) + "\n"


def part(section: Section) -> Iterator[str]:
    """Yield the lines of one section."""
    yield section.title.upper()
    for block in section.blocks:
        yield ""
        if block.kind == "ledger":
            for row in block.rows:
                yield from entry(row.label, row.amount, row.rule)
                yield from wrapped(row.basis, "    ") if row.basis else ()
        elif block.kind == "items":
            yield from wrapped(block.text) if block.text else ()
            for row in block.rows:
                yield from wrapped(row.label, "  - ", "    ")
                yield from wrapped(row.basis, "    ") if row.basis else ()
        else:
            yield from wrapped(block.text)


def entry(label: str, amount: str, total: bool) -> Iterator[str]:
    """Yield a line of a ledger, the amount at the right."""
    if total:
        yield "  " + "-" * (WIDTH - 2)
    lines = wrapped(label, "  ", "    ", WIDTH - 12)
    yield from lines[:-1]
    yield lines[-1] + " " * max(1, WIDTH - wide(lines[-1]) - wide(amount)) + amount


def wrapped(text: str, first: str = "", later: str | None = None, width: int = WIDTH) -> list[str]:
    """Break text into lines; a Chinese character is two columns wide, and a line may end after it."""
    later = first if later is None else later
    if wide(text) == len(text):
        return textwrap.wrap(text, width, initial_indent=first, subsequent_indent=later, break_long_words=False) or [""]
    lines, line = [], first
    for piece in pieces(text):
        if wide(line) + wide(piece.rstrip()) > width and line.strip() and piece[0] not in "，。；：、）”！？":
            lines.append(line.rstrip())
            line = later + piece.lstrip()
        else:
            line += piece
    return [*lines, line.rstrip()]


def pieces(text: str) -> Iterator[str]:
    """Yield what a line may not be broken inside: a wide character, or a word with the space after it."""
    word = ""
    for character in text:
        if wide(character) == 2:
            opens = word[-1:] in ("(", "“")
            yield from [word + character] if opens else filter(None, [word, character])
            word = ""
        else:
            word += character
            if character == " ":
                yield word
                word = ""
    yield from filter(None, [word])
