"""Recut: would designs still contradict one another, if each sanctioned and rewarded equally many?

Published cuts sanction or reward very unlike shares, so that what differs is how many as well as whom. Here each design
that has a score sanctions the lowest and rewards the highest of those whom it scores, the same shares everywhere: what
is left is whom. Persons who are tied at a cut are told apart by a lot of each design's own, and a cut by which more
than half of those selected are is no verdict of the design: there it is left out, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import polars as pl

from scoring.measures import estimates, kappa, nulls, portability, rates, verdicts
from scoring.measures.counts import Counts
from scoring.measures.kappa import REWARDED, SANCTIONED
from scoring.measures.rates import RATE
from scoring.measures.study import EVERYONE, NO_DRAW, Study
from scoring.measures.verdicts import ADVERSE, ALL, ANY_INSTRUMENT, FAVOURABLE, KEYS
from scoring.result import NOT_APPLICABLE

LOWEST, HIGHEST = 5, 5  # of 100 whom a design scores: how many it sanctions and rewards; our convention
SHARES = f"lowest {LOWEST}%, highest {HIGHEST}%"
SIDES = {SANCTIONED: ADVERSE, REWARDED: FAVOURABLE}
MOST_TIED = 0.5  # of those selected; our convention
CHANCE = "by chance"
CLOSED = "closed form: designs independent"
NO_SCORE = "left out: it has no score that could be cut elsewhere"
TIED = "left out: more than half of those {} at equal shares are tied at the cut, where a lot decides"
FEW = "fewer than two designs tell persons apart at these shares"


def ambiguity_at_equal_shares(
    recut: Counts, study: Study, coverage: Counts | None = None, recut_ties: Counts | None = None
) -> pl.DataFrame:
    """For how many persons would the designs contradict one another, if each sanctioned and rewarded equally many?

    `ambiguity` over the designs whose scores tell persons apart at both cuts; `param` names the shares. Beside what is
    `observed` stands what designs that have nothing to do with one another come to (`by chance`): of m of them
    1 - s^m - r^m - (1 - s - r)^m for shares s and r, averaged over persons by how many designs score them. A design
    that is left out has an undefined row that says why. Interval: Wilson.
    """
    fair = usable(recut, study, recut_ties, both=True)
    observed = portability.ambiguity(recut, fair, coverage)
    found = [observed.with_columns(pl.lit(nulls.OBSERVED).alias("term"))] if not observed.is_empty() else []
    return finished([*found, by_chance(recut, fair, coverage)], recut, study, recut_ties, "ambiguity_at_equal_shares")


def cohen_kappa_at_equal_shares(
    recut: Counts, study: Study, coverage: Counts | None = None, recut_ties: Counts | None = None
) -> pl.DataFrame:
    """Do two designs choose the same persons, if each sanctions and rewards equally many?

    `cohen_kappa` after the cut, so that 1 is within reach and all that is missing to it is whom. `param` names the
    shares as well. Where one cut is by lot, a design is left out of that cut's questions, with an undefined row that
    says why.
    """
    found = kappa.cohen_kappa(recut, usable(recut, study, recut_ties), coverage)
    if not found.is_empty():  # of two designs with one cut each and not the same, their own rows say why
        found = found.filter(pl.col("status") != NOT_APPLICABLE)
    return finished([found], recut, study, recut_ties, "cohen_kappa_at_equal_shares")


def fleiss_kappa_at_equal_shares(
    recut: Counts, study: Study, coverage: Counts | None = None, recut_ties: Counts | None = None
) -> pl.DataFrame:
    """Do all designs choose the same persons, if each sanctions and rewards equally many?

    `fleiss_kappa` after the cut, over the designs that `cohen_kappa_at_equal_shares` has; a note names them.
    """
    found = kappa.fleiss_kappa(recut, usable(recut, study, recut_ties), coverage)
    return finished([found], recut, study, recut_ties, "fleiss_kappa_at_equal_shares")


def recut_tied(recut_ties: Counts, study: Study) -> pl.DataFrame:
    """How many of those whom a design would sanction or reward at equal shares does a lot pick among equals?

    Selected persons whose score is that of others who are not selected / selected persons, from 0 to 1: among them
    agreement with another design is chance. `param` names the side and the shares. Interval: Wilson.
    """
    table = rates.tally(recut_ties.cells, pl.col("tied"), by=("side",)).rename({"side": "param"})
    found = rates.rows(table, study, "recut_tied", replace(RATE, undefined="nobody of the group is selected"))
    return found.with_columns(at_shares())


def at_shares() -> pl.Expr:
    """Return the question that a row answers together with the shares at which it does."""
    return pl.format(f"{{}}; {SHARES}", "param").alias("param")


def chosen_by_lot(recut_ties: Counts | None) -> set[tuple[str, str]]:
    """Return the (design, side) of which more than half of the selected are tied, over all that was run."""
    if recut_ties is None:
        return set()
    everyone = recut_ties.cells.filter(pl.col("group_by") == EVERYONE)
    tied = (pl.col("n") * pl.col("tied")).sum() / pl.col("n").sum()
    return set(
        everyone.group_by("scheme", "side").agg(tied).filter(pl.col("n") > MOST_TIED).select("scheme", "side").rows()
    )


def usable(recut: Counts, study: Study, recut_ties: Counts | None, both: bool = False) -> Study:
    """Return the study of the designs as they were cut again, without cuts by lot; `both` keeps whole designs alone."""
    lots, names = chosen_by_lot(recut_ties), designs(study)
    told = {
        (name, side): polarity
        for name in names
        for side, polarity in SIDES.items()
        if f"{name}:{side}" in recut.axes and (name, side) not in lots
    }
    whole = {name for name in names if all((name, side) in told for side in SIDES)}
    return replace(study, outcomes={of: p for of, p in told.items() if of[0] in whole or not both})


def designs(study: Study) -> list[str]:
    """Return the designs of a study, ordinary law left out."""
    return list(dict.fromkeys(name for name, _ in study.outcomes if name != study.baseline))


def by_chance(recut: Counts, fair: Study, coverage: Counts | None) -> pl.DataFrame:
    """Return the ambiguity of designs that are independent of one another, of as many as score each person."""
    families, found = verdicts.families(coverage), []
    sanctioned, rewarded = LOWEST / 100, HIGHEST / 100
    for param, names in verdicts.instruments(recut, fair).items():
        cells = verdicts.of_these(verdicts.joint(recut, fair), names, families)
        scored = pl.sum_horizontal((pl.col(name) >= 0).cast(pl.Int64) for name in names)
        shares = (sanctioned, rewarded, 1 - sanctioned - rewarded)
        alike = pl.sum_horizontal(pl.lit(share).pow(scored) for share in shares)
        among = cells.with_columns((1 - alike).alias("apart")).filter(scored > 1).sort(*KEYS, "apart")
        found.append(
            among.group_by(KEYS, maintain_order=True).agg(
                ((pl.col("apart") * pl.col("n")).sum() / pl.col("n").sum()).alias("value"), pl.col("n").sum()
            ).with_columns(
                pl.lit(param).alias("param"), pl.lit(ALL).alias("scheme"), pl.lit(CHANCE).alias("term"),
                pl.when(pl.col("draw") == NO_DRAW).then(pl.lit(CLOSED)).alias("method"),
            )
        )  # fmt: skip
    if not found:
        return pl.DataFrame()
    rows = estimates.of_table(pl.concat(found), fair, "ambiguity_at_equal_shares")
    return rows.filter(pl.col("uncertainty") != "seeds")  # it follows from the shares, and no seed moves them


def finished(
    found: Sequence[pl.DataFrame], recut: Counts, study: Study, recut_ties: Counts | None, measure: str
) -> pl.DataFrame:
    """Return the rows of a measure with the shares in `param`, and one undefined row a design that is left out."""
    if len(designs(study)) < 2:
        return pl.DataFrame()
    some = [table.with_columns(pl.lit(measure).alias("measure")) for table in found if not table.is_empty()]
    gone = list(left_out(recut, study, recut_ties))
    if not some:
        gone.insert(0, {"scheme": ALL, "param": ANY_INSTRUMENT, "note": FEW})
    head = {"group_by": EVERYONE, "group": EVERYONE, "status": NOT_APPLICABLE, "draw": NO_DRAW, "n": 0, "value": None}
    runs = recut.cells.select("world", "seed").unique().sort("world", "seed").to_dicts()
    rows = estimates.rows([run | head | one for run in runs for one in gone], study, measure)
    return pl.concat([*some, *([rows] if gone else [])], how="diagonal_relaxed").with_columns(at_shares())


def left_out(recut: Counts, study: Study, recut_ties: Counts | None) -> Iterator[dict[str, str]]:
    """Yield each design that is left out, of what, and why."""
    lots = chosen_by_lot(recut_ties)
    for name in designs(study):
        for side in SIDES:
            if f"{name}:{side}" not in recut.axes:
                yield {"scheme": name, "param": side, "note": NO_SCORE}
            elif (name, side) in lots:
                yield {"scheme": name, "param": side, "note": TIED.format(side)}
