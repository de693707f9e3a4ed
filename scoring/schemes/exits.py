"""Exits: in how many years a listing can end, by waiting or by a repair that the rulebook has.

The list itself is asked, year by year: a subject has no new record, and does what a repair asks of her. A listing whose
term no source states has no end of its own, though a run lets it stand for its year alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from scoring.schemes.conditions import Node, columns
from scoring.schemes.lists import OPEN
from scoring.schemes.recourse import HORIZON
from scoring.schemes.text import LISTED

if TYPE_CHECKING:
    from scoring.schemes.scheme import Scheme

MONTHS = 12  # of a year, the step in which lists go
LOT, RECORDS = "lot__", ("n_", "amt_")
Years = NDArray[np.float64]


def years_on(scheme: Scheme, frame: Any, others: Mapping[str, Years] | None = None) -> Years:
    """Return in how many years at the earliest each subject is off the list: 0 off it now, infinite not in time.

    The frame is eager and shows what the scheme reads, and `prior__…` where there was a year before. `others` says the
    same of the lists that are taken over; one that it does not name stays as it is.
    """
    hoped, others = as_hoped(scheme), others or {}
    people = nw.from_native(frame, eager_only=True)
    found, rows = np.full(len(people), np.inf), np.arange(len(people))
    for year in range(HORIZON // MONTHS + 1):
        lists = {f"{LISTED}{name}": years[rows] > year for name, years in others.items()}
        seen = people.with_columns(
            nw.new_series(c, on.astype(np.int8), nw.Int8, backend=people.implementation)
            for c, on in lists.items()
            if c in people.columns
        )
        scored = nw.from_native(hoped.score(seen.to_native()), eager_only=True)
        listed = scored["listed"].fill_null(False).to_numpy().astype(bool)
        found[rows[~listed]] = year
        rows = rows[listed]
        if not len(rows):
            break
        carried = scored.select(nw.col(f"next__{part}").alias(f"prior__{part}") for part in scheme.state)
        people = quiet(scheme, people.with_columns(*carried.iter_columns())).filter(listed.tolist())
    return found


def as_hoped(scheme: Scheme) -> Scheme:
    """Return a list as a subject can count on it: what is left to a lot comes about, and no end is assumed."""
    unstated = {entry.id for entry in scheme.text.entries if entry.term is None}

    def stays(rule: Any) -> bool:
        return rule.id in unstated and not any(c.startswith(LISTED) for c in rule.reads)

    return replace(
        scheme,
        rules=tuple(replace(rule, days=OPEN) if stays(rule) else rule for rule in scheme.rules),
        repairs=tuple(replace(one, when=granted(one.when)) for one in scheme.repairs),
    )


def granted(node: Node | None) -> Node | None:
    """Return what is left of a condition once every lot in it falls as it has to; none where nothing is.

    >>> from scoring.schemes.conditions import parse, text
    >>> text(granted(parse("lot__repair < 1650 and n_settlement_breach == 0")))
    'n_settlement_breach == 0'
    """
    if node is None or not any(c.startswith(LOT) for c in columns(node)):
        return node
    left = [granted(part) for part in node.parts] if node.kind == "join" else [None]
    kept = [part for part in left if part is not None]
    if not kept or (node.value == "or" and len(kept) < len(left)):
        return None
    return kept[0] if len(kept) == 1 else Node("join", node.value, tuple(kept))


def quiet(scheme: Scheme, people: Any) -> Any:
    """Return the subjects in a year without a record that the list reads."""
    return people.with_columns(nw.col(c) * 0 for c in scheme.reads if c.startswith(RECORDS))


def ends(scheme: Scheme) -> int:
    """Return how many ends of a listing the rulebook states: its repairs, and the ways onto it that have a term."""
    modelled = {rule.id for rule in scheme.rules if not rule.unmodelled}
    return len(scheme.repairs) + sum(
        entry.id in modelled and ((entry.term is not None and entry.term.days != "open") or LISTED in entry.when)
        for entry in scheme.text.entries
    )
