"""A family: a scheme whose weights nobody published, as a set of draws from declared ranges.

A draw is a definition, not chance at scoring time: its numbers come from noise addressed by the family's name and the
draw, so draw 3 is the same scheme everywhere.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace

import numpy as np

from scoring.schemes.reading import made
from scoring.schemes.scheme import Scheme
from scoring.schemes.text import SchemeText


@dataclass(frozen=True)
class Family:
    """A set of schemes that share a text and differ in what is assumed."""

    text: SchemeText

    @property
    def name(self) -> str:
        return self.text.scheme

    @property
    def title(self) -> str:
        return self.text.title.en

    @property
    def outcomes(self) -> dict[str, object]:
        return dict(self.text.outcomes)

    def central(self) -> Scheme:
        """Return the scheme at its written defaults, to be shown and never to be reported alone."""
        return made(self.text)

    def draws(self, n: int) -> list[Scheme]:
        """Return the first n draws."""
        return [self.drawn(i) for i in range(n)]

    def drawn(self, draw: int) -> Scheme:
        """Return one draw: every range replaced by a whole number inside it."""
        text = self.text
        numbers = {name: self.within(f"parameters/{name}", p.range, draw) for name, p in text.parameters.items()}
        points = {r.id: self.within(f"rules/{r.id}", r.range, draw) for r in text.rules if r.range}
        base = self.within("base", text.base.range, draw) if text.base and text.base.range else None
        return replace(made(text, numbers, points, base), draw=draw)

    def within(self, path: str, bounds: tuple[int, int], draw: int) -> int:
        """Return a whole number inside bounds, both included, addressed by name and draw."""
        key = np.array([zlib.crc32(self.name.encode()) << 32 | zlib.crc32(path.encode()), draw], dtype=np.uint64)
        word = int(np.random.Philox(key=key).random_raw()) >> 32
        low, high = bounds
        return low + ((word * (high - low + 1)) >> 32)
