"""Points: rules compiled to integer expressions, summed as a balanced tree, cut into bands.

A flat sum of some hundred terms is a chain as deep as it is long, which database engines refuse; a balanced tree is
not.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import narwhals as nw

from scoring.schemes import lists
from scoring.schemes.conditions import Node, columns, expression

if TYPE_CHECKING:
    from scoring.schemes.scheme import Rule, Scheme

RAW, RANK, SUM, LEFT = "raw__", "rank__", "sum__", "left__"  # columns of our own, gone before the frame is returned
TOGETHER = 16  # rules summed in one expression: each sum becomes a column of its own before the next


def awarded(rule: Rule) -> nw.Expr:
    """Return the points that a rule gives each person; a null count is 0 here, and its person is not scored."""
    assert rule.points is not None
    per = nw.col(rule.per).fill_null(0).cast(nw.Int32) if rule.per else nw.lit(1, nw.Int32)
    points = per * rule.points
    if rule.cap is not None:
        # The cap's own sign tells its side: a family may draw 0 points, which must stay 0.
        beyond = points < rule.cap if rule.cap < 0 else points > rule.cap
        points = nw.when(beyond).then(nw.lit(rule.cap, nw.Int32)).otherwise(points)
    if rule.when is not None:
        points = nw.when(expression(rule.when)).then(points).otherwise(nw.lit(0, nw.Int32))
    return points.cast(nw.Int32)


def total(terms: Sequence[Any]) -> Any:
    """Return the sum of expressions as a balanced tree."""
    if len(terms) == 1:
        return terms[0]
    half = len(terms) // 2
    return total(terms[:half]) + total(terms[half:])


def coverage(scheme: Scheme) -> nw.Expr:
    """Return whether a person is ineligible, unenrolled, missing a fact, or scored: the first that holds."""
    found: Any = nw.when(null_in(scheme.reads)).then(nw.lit("missing")).otherwise(nw.lit("scored"))
    for condition, name in ((scheme.enrolled, "unenrolled"), (scheme.eligible, "ineligible")):
        if condition is not None:
            found = nw.when(surely_not(condition)).then(nw.lit(name)).otherwise(found)
    return found


def surely_not(condition: Node) -> Any:
    """Return whether a condition is false of facts that are all known; engines differ on what a null makes of it."""
    return ~null_in(columns(condition)) & ~expression(condition)


def null_in(names: Sequence[str]) -> Any:
    """Return whether some column is null."""
    return total_or([nw.col(name).is_null() for name in names] or [nw.lit(False)])


def total_or(terms: Sequence[Any]) -> Any:
    """Return the disjunction of expressions as a balanced tree."""
    if len(terms) == 1:
        return terms[0]
    half = len(terms) // 2
    return total_or(terms[:half]) | total_or(terms[half:])


def only_scored(value: Any, prefix: str = "") -> nw.Expr:
    """Return a value where the person is scored, else null."""
    return nw.when(nw.col(f"{prefix}coverage") == "scored").then(value)


def nothing(zero: Any, prefix: str = "") -> nw.Expr:
    """Return a column of nulls of the type of `zero` (pandas has no null literal of a given type)."""
    return nw.when(nw.col(f"{prefix}coverage") == "never").then(zero)


def prepared(scheme: Scheme, frame: Any, new: Sequence[str]) -> Any:
    """Return a narwhals frame that has what the scheme reads and not what it writes. Raises KeyError."""
    known = nw.from_native(frame)
    names = known.collect_schema().names()
    lacking = [c for c in scheme.reads if c not in names]
    if lacking:
        raise KeyError(f"{scheme.name} reads {', '.join(lacking)}, which the frame has not")
    taken = [c for c in names if c in new or c in (RAW, RANK, LEFT) or c.startswith(SUM)]
    if taken:
        raise KeyError(f"the frame already has {', '.join(taken)}; give a prefix")
    return known


def score(scheme: Scheme, frame: Any, prefix: str = "") -> Any:
    """Score a frame; see Scheme.score."""
    carried = [f"next__{part}" for part in scheme.state]
    new = [prefix + c for c in ("score", "band", "listed", "coverage", *scheme.outcomes, *carried)]
    known = prepared(scheme, frame, new)
    keep = known.collect_schema().names()
    known = known.with_columns(coverage(scheme).alias(f"{prefix}coverage"))
    known = with_raw(scheme, known, prefix)
    known = known.with_columns(clipped(scheme).alias(f"{prefix}score"))
    known = known.with_columns(only_scored(nw.col(f"{prefix}score"), prefix).alias(f"{prefix}score"))
    known = with_list(scheme, known.with_columns(rank(scheme, prefix).alias(RANK)), keep, prefix)
    known = known.with_columns(
        band(scheme).alias(f"{prefix}band"),
        *(
            only_scored(outcome(scheme, name, prefix), prefix).alias(prefix + name)
            for name in scheme.outcomes
            if name != "listed"
        ),
    )
    whole = [prefix + c for c in ("score", *carried)]
    flags = [f"{prefix}listed", *(prefix + name for name in scheme.outcomes)]
    return typed(known.select(*keep, *dict.fromkeys(new)), whole, flags)


def with_raw(scheme: Scheme, known: Any, prefix: str) -> Any:
    """Add the score before the clip: what a model says, or base and points in sums of a few rules each."""
    if scheme.base is None:
        return known.with_columns(nothing(nw.lit(0, nw.Int32), prefix).alias(RAW))
    if scheme.model is not None:
        return scheme.model(known, RAW)
    terms = [awarded(rule) for rule in scheme.scored_rules] or [nw.lit(0, nw.Int32)]
    sums = [total(terms[i : i + TOGETHER]) for i in range(0, len(terms), TOGETHER)]
    names = [f"{SUM}{i}" for i in range(len(sums))]
    known = known.with_columns(*(s.cast(nw.Int32).alias(name) for name, s in zip(names, sums, strict=True)))
    return known.with_columns((total([nw.col(name) for name in names]) + scheme.base).cast(nw.Int32).alias(RAW))


def clipped(scheme: Scheme) -> nw.Expr:
    """Return the score inside the range, where the scheme has one."""
    value: Any = nw.col(RAW)
    for bound, limit in scheme.text.limits.items():
        beyond = value < limit if bound == "low" else value > limit
        value = nw.when(beyond).then(nw.lit(limit, nw.Int32)).otherwise(value)
    return value


def rank(scheme: Scheme, prefix: str) -> nw.Expr:
    """Return how many band floors the score reaches, lowered by records that cap the band."""
    if not scheme.bands:
        return nothing(nw.lit(0, nw.Int32), prefix)
    reached = [(i, b.low) for i, b in enumerate(scheme.bands) if not b.direct]
    steps = [
        (nw.col(f"{prefix}score") >= low).cast(nw.Int32) * (i - below)
        for (below, _), (i, low) in pairwise(reached)
        if low is not None
    ]
    value: Any = (total(steps) + reached[0][0]) if steps else nw.lit(reached[0][0] if reached else 0, nw.Int32)
    names = [b.name for b in scheme.bands]
    for _, condition, name in scheme.direct_bands:
        most = nw.lit(names.index(name), nw.Int32)
        value = nw.when(expression(condition) & (value > names.index(name))).then(most).otherwise(value)
    return only_scored(value, prefix)


def band(scheme: Scheme) -> nw.Expr:
    """Return the name of the band; `unscored` where there is none."""
    value: Any = nw.lit("unscored")
    for i, one in enumerate(scheme.bands):
        value = nw.when(nw.col(RANK) == i).then(nw.lit(one.name)).otherwise(value)
    return value


def with_list(scheme: Scheme, known: Any, names: list[str], prefix: str) -> Any:
    """Add whether each is listed, and what the next year has to know; null for a scheme without a list."""
    if not scheme.state:
        return known.with_columns(nothing(nw.lit(False), prefix).alias(f"{prefix}listed"))
    known = known.with_columns(lists.left(scheme, names, prefix).cast(nw.Int32).alias(LEFT))
    carried = lists.carried(scheme, names, LEFT, prefix)
    return known.with_columns(
        only_scored(nw.col(LEFT) > 0, prefix).alias(f"{prefix}listed"),
        *(only_scored(value, prefix).alias(f"{prefix}next__{part}") for part, value in carried.items()),
    )


def outcome(scheme: Scheme, name: str, prefix: str) -> Any:
    """Return whether an outcome follows: by listing, by a condition, or by band."""
    declared = scheme.outcomes[name]
    if declared.listed:
        return nw.col(f"{prefix}listed")
    if declared.when is not None:
        return expression(declared.when)
    names = [b.name for b in scheme.bands]
    return total_or([nw.col(RANK) == names.index(b) for b in declared.bands])


def ledger(scheme: Scheme, frame: Any) -> Any:
    """Add the ledger to a frame; see Scheme.ledger."""
    if scheme.base is None or scheme.model is not None:
        why = "its points cannot be read" if scheme.model is not None else f"a {scheme.instrument} has no points"
        raise TypeError(f"{scheme.name} gives no ledger: {why}")
    rules = scheme.scored_rules
    new = [*(f"points__{rule.id}" for rule in rules), "points__clip"]
    known = prepared(scheme, frame, [*new, "ledger__coverage"])
    keep = known.collect_schema().names()
    known = known.with_columns(coverage(scheme).alias("ledger__coverage"))
    known = known.with_columns(*(awarded(rule).alias(f"points__{rule.id}") for rule in rules))
    names = [nw.col(f"points__{rule.id}") for rule in rules] or [nw.lit(0, nw.Int32)]
    known = known.with_columns((total(names) + scheme.base).cast(nw.Int32).alias(RAW))
    known = known.with_columns((clipped(scheme) - nw.col(RAW)).alias("points__clip"))
    known = known.with_columns(*(only_scored(nw.col(c), "ledger__").alias(c) for c in new))
    return typed(known.select(*keep, *new), new, [])


def typed(known: Any, whole: Sequence[str], flags: Sequence[str]) -> Any:
    """Return the native frame; in pandas, which turns nulls into floats, with whole numbers and booleans again."""
    frame = known.to_native()
    if known.implementation.is_pandas():
        return frame.astype({**dict.fromkeys(whole, "Int32"), **dict.fromkeys(flags, "boolean")})
    return frame
