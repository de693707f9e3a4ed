"""Noise addressed by name: a seed, a replicate, a year, a path and a block always give the same integers.

Adding a variable cannot shift the noise of another, because no stream is shared and none has an order. What every
subject needs is drawn with Philox, a block at a time. What few subjects need (is this event detected?) is drawn with
SplitMix64 at their rows alone: its n-th number follows from n, so nothing is drawn for the others.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate

import numpy as np

assert sys.byteorder == "little", "a 64-bit word is split into two 32-bit ones in little-endian order"

WORD = (1 << 64) - 1
GAMMA = 0x9E3779B97F4A7C15
ONE, STEP, LAST = np.uint64(1), np.uint64(GAMMA), np.uint64(31)
ROUNDS = ((np.uint64(30), np.uint64(0xBF58476D1CE4E5B9)), (np.uint64(27), np.uint64(0x94D049BB133111EB)))
NOBODY = np.empty(0, dtype=np.intp)
EMPTY = np.zeros(4, dtype=np.uint64)


def address(path: str) -> int:
    """Return the 32 bits that stand for a path."""
    return zlib.crc32(path.encode())


def collisions(paths: Iterable[str]) -> list[tuple[str, str]]:
    """Return the pairs of paths that would share a stream."""
    seen: dict[int, str] = {}
    return [(seen[address(p)], p) for p in paths if seen.setdefault(address(p), p) != p]


def mixed(word: int) -> int:
    """Return the finaliser of SplitMix64 of one word."""
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9 & WORD
    word = (word ^ (word >> 27)) * 0x94D049BB133111EB & WORD
    return word ^ (word >> 31)


def splitmix(keys: int | np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the numbers of SplitMix64 generators, seeded with `keys`, at positions `rows` (from 0), as uint64."""
    word = rows.astype(np.uint64)
    word += ONE
    word *= STEP
    word += np.asarray(keys, dtype=np.uint64)
    for shift, factor in ROUNDS:
        word ^= word >> shift
        word *= factor
    word ^= word >> LAST
    return word


@dataclass(frozen=True)
class Source:
    """The noise of one block of one kind of subject.

    One Philox generator is moved from stream to stream: the same bits as a new one for each, in less time. Threads must
    not share it.
    """

    seed: int
    subject: str
    block: int
    rows: int
    year: int = 0
    replicate: int = 0
    philox: np.random.Philox = field(default_factory=lambda: np.random.Philox(0), repr=False, compare=False)

    def dense(self, path: str, yearly: bool = False, rows: int | None = None) -> np.ndarray:
        """Return one uint32 a row, of all or of the first `rows`; fewer rows give the prefix of more."""
        rows = self.rows if rows is None else rows
        key = np.array([self.seed, address(f"{self.subject}/{path}")], dtype=np.uint64)
        counter = np.array([0, 0, self.block, self.year + 1 if yearly else 0], dtype=np.uint64)
        self.philox.state = {
            "bit_generator": "Philox",
            "state": {"key": key, "counter": counter},
            "buffer": EMPTY,
            "buffer_pos": len(EMPTY),  # nothing of the buffer is left: the next number is the first of the stream
            "has_uint32": 0,
            "uinteger": 0,
        }
        return self.philox.random_raw((rows + 1) // 2).view(np.uint32)[:rows]

    def sparse(self, path: str, rows: np.ndarray, again: bool = False) -> np.ndarray:
        """Return one uint32 for each of some rows in this year; `again` if a replicate draws it anew."""
        return self.sparse_each({path: rows}, again)[path]

    def sparse_each(self, wanted: Mapping[str, np.ndarray], again: bool = False) -> dict[str, np.ndarray]:
        """Return the same for several paths, each with its rows; numpy is called once for all of them."""
        keys = np.array([self.key(path, again) for path in wanted], dtype=np.uint64)
        sizes = [len(rows) for rows in wanted.values()]
        u = splitmix(np.repeat(keys, sizes), np.concatenate([NOBODY, *wanted.values()])).view(np.uint32)[1::2]
        ends = accumulate(sizes)
        return {path: u[end - size : end] for path, size, end in zip(wanted, sizes, ends, strict=True)}

    def key(self, path: str, again: bool) -> int:
        """Return the seed of the SplitMix64 generator of a path."""
        key = self.seed
        for part in (address(f"{self.subject}/{path}"), self.block, self.year, self.replicate if again else 0):
            key = mixed((key + GAMMA ^ part) & WORD)
        return key
