"""Ways: a second look at who can rise under a scheme or leave a list, at what cost, and whether the data let her.

For each person and goal, the fewest months of deeds and waiting that lead there; none where no way does. It is solved
once for all persons who have the same menus of options.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from scoring import schemes
from scoring.experiment.actions import Actions
from scoring.experiment.cubes import SCORED, Groupings, tally
from scoring.measures.recourse import OFF_LIST

HORIZON = schemes.recourse.HORIZON
LOST = 50  # of 100 deeds: where fewer reach the scheme, the deed is lost in the data; our convention
Menus = dict[str, pl.Series]  # by way: the number of each person's menu
Known = dict[str, list[schemes.recourse.Menu]]  # by way: the menus, by number


def recourse(
    scheme: Any,
    ledger: pl.DataFrame,
    groups: Groupings,
    kept: pl.DataFrame | None = None,
    known: Actions | None = None,
) -> pl.DataFrame | None:
    """Tally, by goal, the months that each person needs, by the rules alone and where lost deeds win nothing.

    `kept` holds, by person and action, how many of 100 deeds reach the scheme; without it nothing is lost. `known`
    is the catalogue of actions, the shipped one by default. None for a scheme without bands.
    """
    goals = {name: ranks for name, ranks in schemes.recourse.goals(scheme).items() if ranks}
    scored = ledger.filter(SCORED)
    if not goals or scored.is_empty():
        return None
    numbers, menus = ways(scheme, scored, known)
    lost = losses(scored, kept, list(numbers))
    ranked = schemes.recourse.ceiling(scheme, scored).select("cell", "person", "ceiling", *needs(scheme))
    people = ranked.with_columns(*(numbers[way].alias(f"way__{way}") for way in numbers), *lost)
    tables = []
    for goal, ranks in goals.items():
        ahead = headed(scheme, people, ranks)
        found = ahead.with_columns(
            months(ahead, menus, spared=False).alias("months"), months(ahead, menus, spared=True).alias("recorded")
        )
        tables.append(tally(found.with_columns(pl.lit(goal).alias("param")), ["param", "months", "recorded"]))
    return groups.roll_up(pl.concat(tables))


def off_list(scheme: Any, people: pl.DataFrame, years: schemes.exits.Years, groups: Groupings) -> pl.DataFrame | None:
    """Tally the months until each listed subject can be off the list, which goes in steps of a year.

    `years` is of the same rows. None for a redlist, which nobody has to leave, and where nobody is listed.
    """
    listed = people.select("cell", pl.Series("years", years)).filter(pl.col("years") > 0)
    if scheme.text.redlist or listed.is_empty():
        return None
    ends = pl.when(pl.col("years").is_finite()).then(pl.col("years") * schemes.exits.MONTHS).cast(pl.Int16)
    told = listed.select("cell", pl.lit(OFF_LIST).alias("param"), ends.alias("months"), ends.alias("recorded"))
    return groups.roll_up(tally(told, ["param", "months", "recorded"]))


def deeds(scheme: Any, known: Actions | None = None) -> list[str]:
    """Return the actions that some rule of a scheme rewards."""
    return list(schemes.recourse.deeds(scheme, known))


def needs(scheme: Any) -> list[pl.Expr]:
    """Return the rank of each person's band, and her score before the clip."""
    names = [band.name for band in scheme.bands]
    rank = pl.col("band").cast(pl.String).replace_strict(names, range(len(names)), return_dtype=pl.Int32)
    return [rank.alias("rank"), (pl.col("score") - pl.col("points__clip")).alias("raw")]


def headed(scheme: Any, people: pl.DataFrame, ranks: Mapping[int, int | None]) -> pl.DataFrame:
    """Return those who have a goal ahead, with the points they need; none where no score would lead there."""
    lows = {rank: band.low for rank, band in enumerate(scheme.bands)}
    target = pl.col("rank").replace_strict(list(ranks), list(ranks.values()), return_dtype=pl.Int32)
    low = target.replace_strict(list(lows), list(lows.values()), return_dtype=pl.Int32)
    ahead = people.filter(pl.col("rank").is_in(list(ranks)))
    return ahead.with_columns(pl.when(target <= pl.col("ceiling")).then(low - pl.col("raw")).clip(0).alias("need"))


def ways(scheme: Any, scored: pl.DataFrame, known: Actions | None = None) -> tuple[Menus, Known]:
    """Return each person's menus, numbered, one a way: each deed, and waiting."""
    numbers: Menus = {}
    menus: Known = {}
    for name, action in schemes.recourse.deeds(scheme, known).items():
        alike, rows = numbered(scored.select(schemes.recourse.columns_of(scheme, name, known)))
        won = schemes.recourse.won(scheme, rows, name, schemes.recourse.steps(action), known)
        numbers[name], menus[name] = alike, [schemes.recourse.options(row, action.months) for row in won.tolist()]
    life = {rule: m for rule, m in schemes.recourse.lives(scheme).items() if m <= HORIZON}
    if life:
        numbers[schemes.recourse.WAITING], rows = numbered(scored.select(f"points__{rule}" for rule in life))
        menus[schemes.recourse.WAITING] = [
            schemes.recourse.waits(dict(zip(life, row, strict=True)), life) for row in rows.rows()
        ]
    return merged(numbers, menus)


def merged(numbers: Menus, menus: Known) -> tuple[Menus, Known]:
    """Give persons whose menus hold the same options the same number."""
    for way, found in menus.items():
        distinct = list(dict.fromkeys(found))
        numbers[way] = pl.Series([distinct.index(menu) for menu in found], dtype=pl.Int32).gather(numbers[way])
        menus[way] = distinct
    return numbers, menus


def numbered(table: pl.DataFrame) -> tuple[pl.Series, pl.DataFrame]:
    """Return which of the distinct rows of a table each row is, and the distinct rows."""
    rows = table.unique(maintain_order=True)
    number = table.join(rows.with_row_index("number"), on=table.columns, how="left", maintain_order="left")["number"]
    return number.cast(pl.Int32), rows


def losses(scored: pl.DataFrame, kept: pl.DataFrame | None, names: list[str]) -> list[pl.Series]:
    """Return, for each way, for whom it is lost in the data: too few of her deeds reach the scheme."""
    if kept is None:
        return [pl.Series(f"lost__{name}", [False] * scored.height) for name in names]
    shares = scored.select("person").join(kept, on="person", how="left", maintain_order="left")
    return [
        (shares[name] < LOST).fill_null(False).alias(f"lost__{name}")
        if name in shares.columns
        else pl.Series(f"lost__{name}", [False] * scored.height)
        for name in names
    ]


def months(ahead: pl.DataFrame, menus: Known, spared: bool) -> pl.Series:
    """Return the fewest months by which each person wins what she needs; null where no way leads there in time.

    Where `spared`, deeds that are lost in the data win nothing.
    """
    chosen = [
        pl.when(pl.lit(spared) & pl.col(f"lost__{way}")).then(-1).otherwise(f"way__{way}").alias(way) for way in menus
    ]
    asked = ahead.select(*chosen, "need")
    every = asked.drop_nulls("need").unique(maintain_order=True)
    solved = []
    for key, part in every.group_by(list(menus), maintain_order=True) if menus else [((), every)]:
        mine = [of[number] for of, number in zip(menus.values(), key, strict=True) if number >= 0]
        best = schemes.recourse.least(mine, int(part["need"].max() or 0))  # type: ignore[arg-type]
        found = best[part["need"].to_numpy()]
        solved.append(part.with_columns(pl.Series("months", np.where(found <= HORIZON, found, np.nan))))
    if not solved:
        return pl.Series("months", [None] * ahead.height, dtype=pl.Int16)
    costs = pl.concat(solved).with_columns(pl.col("months").fill_nan(None).cast(pl.Int16))
    return asked.join(costs, on=[*menus, "need"], how="left", maintain_order="left")["months"]
