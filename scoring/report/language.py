"""A language: the sentences of a letter, its names for facts, and its text for the labels of rulebooks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from scoring.documents import read

WORDS = Path(__file__).parent / "words"
LANGUAGES = ("en", "zh")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
BOTH = re.compile(r"^(?P<zh>[\u4e00-\u9fff、]+) \((?P<en>[^()]+)\)$")
ASIDE = re.compile(r"\s*\([\x00-\x7f]*\)")
KEY = re.compile(r" \([A-Z][A-Z0-9-]{2,}\)")  # of a source: for who looks it up, not for who gets a letter
YEAR = 365


@cache
def table(name: str) -> dict[str, Any]:
    """Return the table of a language. Raises Refused where the file is wrong."""
    return dict(read(WORDS / f"{name}.yaml").data)


@dataclass
class Language:
    """One language; `untranslated` remembers what had to be told in English."""

    name: str
    untranslated: list[str] = field(default_factory=list)

    @property
    def table(self) -> dict[str, Any]:
        return table(self.name)

    def __call__(self, key: str, **parts: Any) -> str:
        """Return a sentence, filled."""
        return str(self.table["words"][key].format(**parts))

    def count(self, key: str, n: int) -> str:
        """Return a number with its unit: one year, 3 days."""
        forms = self.table["words"][key]
        return str(forms["one"] if n == 1 else forms["many"].format(n=self.number(n)))

    def duration(self, days: int) -> str:
        """Return days in words, as years where they are whole ones."""
        return self.count("days", days) if days % YEAR or not days else self.count("years", days // YEAR)

    def label(self, text: str) -> str:
        """Return a label of a rulebook: its own part in this language, our text for it, or the English one, noted."""
        text = KEY.sub("", text)
        if both := BOTH.match(text):
            return both["zh"] if self.name == "zh" else both["en"]
        if self.name == "en" or not text:
            return text
        if found := self.table["labels"].get(text):
            return str(found)
        for pattern, form in self.table["patterns"].items():
            if matched := re.match(pattern, text):
                return str(form.format(**{k: self.table["labels"].get(v, v) for k, v in matched.groupdict().items()}))
        if not CHINESE.search(text) and re.search(r"[a-z]{2}", text):
            self.untranslated.append(text)
        return text

    def grade(self, band: dict[str, Any]) -> str:
        """Return a band by its name and its label, once where they say the same."""
        name, label = str(band["name"]).replace("_", " "), self.label(band["label"])
        if self.name == "zh":
            return f"“{name if CHINESE.search(name) or name.isupper() else label}”" + (
                f"（{label}）" if name.isupper() and label != name else ""
            )
        return name if label == name else f"{name} ({label})"

    def fact(self, column: str) -> str:
        """Return what a column holds, in words."""
        plain = re.sub(r"^(n|amt)_", "", column).replace("_", " ")
        return str(self.table["facts"].get(column, plain))

    def level(self, value: Any) -> str:
        """Return the level of an attribute in words."""
        return str(self.table["levels"].get(str(value), str(value).replace("_", " ")))

    def number(self, n: int) -> str:
        """Return a whole number with a proper minus."""
        return f"{n:,}".replace("-", "−")

    def points(self, n: int) -> str:
        """Return points with their sign."""
        return f"{n:+,}".replace("-", "−")

    def start(self, label: str) -> str:
        """Return a label as it stands at the beginning of a line."""
        return label[:1].upper() + label[1:]

    def joined(self, sentences: Iterable[str]) -> str:
        """Return sentences as one paragraph."""
        return str(self.table["space"]).join(filter(None, sentences))

    def law(self, title: str) -> str:
        """Return the title of a text; in Chinese its Chinese parts alone, where it has any."""
        if self.name == "en" or not CHINESE.search(title):
            return self.label(title)
        return "，".join(ASIDE.sub("", part) for part in title.split(", ") if CHINESE.search(part))

    def listed(self, parts: Iterable[str]) -> str:
        """Return an enumeration.

        >>> Language("en").listed(["a", "b", "c"])
        'a, b and c'
        """
        parts = list(dict.fromkeys(parts))
        last = str(self.table["and"])
        return last.join(filter(None, [str(self.table["comma"]).join(parts[:-1]), *parts[-1:]]))
