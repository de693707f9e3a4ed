"""Repair kernels: how long a breach is shown at least and at most, and what its repair ends, by date.

A repair of a rulebook cites the kernel it rests on as `kernel.class`. The kernel has to be in force while the rulebook
is, and the repair has to wait as long as the kernel asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Literal

from pydantic import StrictInt

from scoring.documents import Document, Problem, did_you_mean, read
from scoring.schemes.bibliography import REFERENCE
from scoring.schemes.text import Cited, Law, Part, Title

FIRST, LAST = "0000-01-01", "9999-12-31"


class Told(Cited):
    """What a text says, in a sentence."""

    text: str


class Effect(Told):
    """What a repair ends."""

    ends: list[Literal["display", "sharing", "sanctions"]]


class Display(Told):
    """One class of breach: days shown before a repair may be asked for (none: no repair), and days shown at most."""

    label: str
    shown: bool = True
    least: StrictInt | None
    most: StrictInt


class Kernel(Part):
    """The rules on repair that one text put in force."""

    title: Title
    law: Law
    in_force: dict[str, str]
    counted_from: Told
    effect: Effect
    conditions: list[Told]
    at_maximum: Told
    classes: dict[str, Display]
    notes: tuple[str, ...] = ()


class Kernels(Part):
    kernels: dict[str, Kernel]


@cache
def kernels() -> dict[str, Kernel]:
    """Return every kernel by name, the oldest first. Raises Refused where the file is wrong."""
    return read(REFERENCE / "repair_kernels.yaml").validated(Kernels).kernels


def kernel_at(date: str) -> tuple[str, Kernel] | None:
    """Return the kernel in force on a day (`2026-04-01`), with its name; none where no kernel is known.

    >>> kernel_at("2026-03-31")[0], kernel_at("2026-04-01")[0], kernel_at("2012-01-01")
    ('order_58_2023', 'order_36_2026', None)
    """
    for name, kernel in kernels().items():
        first, last = span(kernel.in_force)
        if first <= date <= last:
            return name, kernel
    return None


def span(in_force: Mapping[str, Any]) -> tuple[str, str]:
    """Return the first and the last day of a period; a year or a month stands for all its days.

    >>> span({"from": "2016", "to": "2021-06"})
    ('2016-01-01', '2021-06-31')
    """
    first, last = str(in_force.get("from", "")), str(in_force.get("to", ""))
    return (
        first + FIRST[len(first) :] if first[:4].isdigit() else FIRST,
        last + LAST[len(last) :] if last[:4].isdigit() else LAST,
    )


def kernel_faults(document: Document, known: object = None) -> Iterator[Problem]:
    """Yield each repair that cites no known kernel, one that is not in force with it, or waits another time."""
    found = document.data.get("repairs")
    classes = {f"{name}.{kind}": (kernel, kind) for name, kernel in kernels().items() for kind in kernel.classes}
    for i, row in enumerate(found if isinstance(found, list) else []):
        key = row.get("repair_kernel") if isinstance(row, dict) else None
        if key is None:
            continue
        if key not in classes:
            hint = did_you_mean(str(key), classes)
            yield document.problem(("repairs", i, "repair_kernel"), f"unknown kernel of repair {key!r}", hint)
        else:
            yield from misfits(document, i, row, key, *classes[key])


def misfits(
    document: Document, i: int, row: Mapping[str, Any], key: str, kernel: Kernel, kind: str
) -> Iterator[Problem]:
    """Yield how a repair differs from the kernel that it cites."""
    least, after = kernel.classes[kind].least, row.get("after", 0)
    if least is None:
        yield document.problem(("repairs", i, "repair_kernel"), f"{key} allows no repair before the maximum")
    elif after != least:
        yield document.problem(("repairs", i, "after"), f"{key} asks for {least} days, not {after}", f"after: {least}")
    in_force = document.data.get("in_force")
    first, last = span(in_force if isinstance(in_force, dict) else {})
    begins, ends = span(kernel.in_force)
    if begins > last or ends < first:
        yield document.problem(
            ("repairs", i, "repair_kernel"), f"{key} is not in force while the rulebook is ({begins} to {ends})"
        )
