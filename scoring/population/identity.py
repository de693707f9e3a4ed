"""Ids that verify themselves as synthetic: a tag of recipe and subject, an index, a checksum.

Every id has 19 digits, so that none has the form of a citizen id (18 digits) or of a unified credit code.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

NINETEEN_DIGITS = np.uint64(1 << 62)
TAG_BITS, INDEX_BITS, CHECK_BITS = 14, 32, 16


def tag(recipe_name: str, subject: str = "person") -> int:
    """Return the 14 bits that stand for a recipe and a kind of subject (or household) in its ids."""
    return zlib.crc32(f"{recipe_name}/{subject}".encode()) >> (32 - TAG_BITS)


def checksum(body: np.ndarray) -> np.ndarray:
    """Return 16 bits that depend on every bit of tag and index (multiply-xorshift)."""
    with np.errstate(over="ignore"):
        mixed = (body ^ (body >> np.uint64(23))) * np.uint64(0xD6E8FEB86659FD93)
        mixed = (mixed ^ (mixed >> np.uint64(32))) * np.uint64(0xD6E8FEB86659FD93)
    return mixed >> np.uint64(64 - CHECK_BITS)


def ids(recipe_name: str, first: int, rows: int, subject: str = "person") -> np.ndarray:
    """Return the ids of a run of subjects as Int64."""
    index = np.arange(first, first + rows, dtype=np.uint64)
    body = (np.uint64(tag(recipe_name, subject)) << np.uint64(INDEX_BITS)) | index
    return (NINETEEN_DIGITS | (body << np.uint64(CHECK_BITS)) | checksum(body)).astype(np.int64)


def verify_id(subject_id: Any, recipe_name: str, subject: str = "person") -> Any:
    """Tell whether ids were drawn from a recipe of that name; one bool for one id, an array for an array.

    >>> bool(verify_id(110101199003070000, "weihai_2020"))
    False
    """
    given = np.asarray(subject_id).astype(np.uint64)
    body = (given & ~NINETEEN_DIGITS) >> np.uint64(CHECK_BITS)
    own = (given & np.uint64((1 << CHECK_BITS) - 1)) == checksum(body)
    ours = (body >> np.uint64(INDEX_BITS)) == np.uint64(tag(recipe_name, subject))
    return own & ours & ((given & NINETEEN_DIGITS) > 0)
