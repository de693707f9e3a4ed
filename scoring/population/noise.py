"""Noise addressed by name: a seed, a replicate, a path and a block always give the same integers.

Adding a variable cannot shift the noise of another, because no stream is shared and none has an order.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterable

import numpy as np

assert sys.byteorder == "little", "a 64-bit word is split into two 32-bit ones in little-endian order"


def address(path: str) -> int:
    """Return the 32 bits that stand for a path."""
    return zlib.crc32(path.encode())


def uint32(seed: int, path: str, block: int, rows: int, replicate: int = 0) -> np.ndarray:
    """Return one uint32 a row; fewer rows give the prefix of more."""
    key = np.array([seed, replicate << 32 | address(path)], dtype=np.uint64)
    words = np.random.Philox(key=key, counter=np.array([0, 0, block, 0], dtype=np.uint64)).random_raw((rows + 1) // 2)
    return words.view(np.uint32)[:rows]


def collisions(paths: Iterable[str]) -> list[tuple[str, str]]:
    """Return the pairs of paths that would share a stream."""
    seen: dict[int, str] = {}
    return [(seen[address(p)], p) for p in paths if seen.setdefault(address(p), p) != p]
