"""Checks: what a validation says of each table, mean, total, constraint and rate, and whether it passes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from scoring.population.recipe import Cited
from scoring.population.tables import Part, Table
from scoring.population.tally import LEAST, SEEN, Deviation, Tally, from_rate, from_shares
from scoring.population.validation import Found, Targets

Z, Z_TOTAL = 4.5, 4.0
TIMES = 3  # the expected distance
FEW_CELLS = 3  # whose distance is that of one of them
RELATIVE = 0.025  # error of a mean
RARE = 5  # cells that expect fewer are told in the note


@dataclass(frozen=True)
class Check:
    """One comparison of a population with its recipe.

    `distance` is the total variation distance of a table, and the relative error of a mean, a total or a rate;
    `expected_distance` is what sampling alone gives on average. `worst` is the cell whose |z| is largest; `z`, `target`
    and `found` are its own, z with the standard error by household. `passed` is None where no gate applies or nothing
    can be told; the note says why.
    """

    subject: str
    part: Part
    name: str
    cells: int = 1
    n: int = 0
    distance: float | None = None
    expected_distance: float | None = None
    z: float | None = None
    worst: str = ""
    target: float | None = None
    found: float | None = None
    passed: bool | None = None
    mark: str = ""
    source: str = ""
    note: str = ""


def checks(targets: Targets, found: Found) -> list[Check]:
    """Return every check of one kind of subject, part by part in the order of the recipe."""
    kinds = (fitted, means, totals, constraints, rates, held_out)
    return [check for kind in kinds for check in kind(targets, found)]


def fitted(targets: Targets, found: Found) -> Iterator[Check]:
    """Yield each table that the recipe states, and each margin to which it is raked."""
    for table in targets.tables:
        if table.part == "fitted":
            yield held_against(targets, table, found)


def held_out(targets: Targets, found: Found) -> Iterator[Check]:
    """Yield each table that nothing was fitted to, without a gate."""
    for table in targets.tables:
        if table.part == "held_out":
            check = held_against(targets, table, found)
            yield replace(check, passed=None, note="held out: no gate" if check.n else check.note)


def held_against(targets: Targets, table: Table, found: Found) -> Check:
    """Compare a table with its shares, by the cell that is furthest from its own and by the whole distance."""
    tally, cells = found.tallies[table.part, table.name], int((table.shares > 0).sum())
    check = Check(targets.plan.subject, table.part, table.name, cells, int(tally.m))
    check = replace(check, mark=table.cited.mark, source=table.cited.source)
    if not check.n:
        return noted(check, "nobody to look at in this sample")
    away, shares = from_shares(tally, table.shares), tally.y / check.n
    astray = np.where(table.shares == 0, tally.y, 0)
    worst = int(astray.argmax() if astray.any() else np.abs(away.z).argmax())
    check = replace(
        check,
        distance=float(np.abs(shares - table.shares).sum() / 2),
        expected_distance=float(away.distance.sum() / check.n / 2),
        z=None if astray.any() else float(away.z[worst]),
        worst=table.cells[worst],
        target=float(table.shares[worst]),
        found=float(shares[worst]),
    )
    if rare := int(((table.shares > 0) & (check.n * table.shares < RARE)).sum()):
        check = noted(check, f"{rare} cells expect fewer than {RARE}")
    if astray.any():
        return noted(replace(check, passed=False), f"{int(astray.sum())} found in cells whose share is 0")
    return gated(check, away)


def gated(check: Check, away: Deviation) -> Check:
    """Pass a table if every |z| is below 4.5 and its distance below three times the expected one.

    In a table of two or three cells the distance is that of one of them, so its z tells all: three times the expected
    one would be a z of 2.4. With four, chance would still break it; 4.5 standard deviations of a cell are allowed.
    """
    assert check.distance is not None
    assert check.expected_distance is not None
    assert check.z is not None
    limit = max(TIMES * check.expected_distance, Z * away.sd.max() / check.n)
    if check.cells > FEW_CELLS and check.distance > limit:
        return noted(replace(check, passed=False), f"the distance is over {TIMES} times the expected one")
    return replace(check, passed=abs(check.z) < Z)


def totals(targets: Targets, found: Found) -> Iterator[Check]:
    """Yield each published count, scaled to the subjects drawn."""
    for name, (total, _) in targets.totals.items():
        if ("total", name) in found.tallies:
            tally = found.tallies["total", name]
            share = total.value / targets.totals["population"][0].value
            away = (
                from_shares(tally, np.array([share])) if total.count == "subjects" else from_rate(tally, share, LEAST)
            )
            n = int(tally.m[0])
            yield counted_check(
                Check(targets.plan.subject, "total", name, 1, n, mark=total.mark, source=total.source),
                int(tally.y[0]),
                n * share,
                away,
                Z_TOTAL,
            )


def rates(targets: Targets, found: Found) -> Iterator[Check]:
    """Yield the records of each type per subject at risk."""
    for name, rate in targets.rates.items():
        tally, record = found.tallies["rate", name], targets.subject.records[name]
        n = int(tally.m[0])
        note = "" if targets.calibrated else f"expected in this world; the recipe's own rate is {record.rate:g}"
        check = Check(targets.plan.subject, "rate", name, 1, n, mark=record.mark, source=record.source, note=note)
        if not n:
            yield replace(check, target=rate, note="nobody is at risk in this sample")
            continue
        check = counted_check(check, int(tally.y[0]), n * rate, from_rate(tally, rate), Z)
        yield replace(check, target=rate, found=int(tally.y[0]) / n)


def counted_check(check: Check, y: int, expected: float, away: Deviation, gate: float) -> Check:
    """Compare a count with the one expected."""
    if not expected:
        return replace(check, target=expected, found=y, passed=not y, note=check.note or "none can be here")
    return replace(
        check,
        distance=abs(y / expected - 1),
        expected_distance=float(away.distance[0] / expected),
        z=float(away.z[0]),
        target=expected,
        found=y,
        passed=bool(abs(away.z[0]) < gate),
    )


def means(targets: Targets, found: Found) -> Iterator[Check]:
    """Yield the mean of each quantity by level against the published one, where the recipe states it.

    With a factor other than 1 the published means are multiplied by it: they then hold the shape to account and not
    the level of the place.
    """
    for name, quantity in targets.subject.quantities.items():
        stated, given = quantity.targets, quantity.factor == 1
        for level, published in stated.means.items() if stated else ():
            cited: Cited = stated if stated and given else quantity
            title, target = f"{name} of {level}", published * quantity.factor
            check = Check(targets.plan.subject, "mean", title, mark=cited.mark, source=cited.source)
            times = f"the published mean times {quantity.factor:g}, which is {quantity.mark}: the level is not tested"
            yield of_mean(replace(check, note="" if given else times), target, found.tallies["mean", title])


def of_mean(check: Check, target: float, tally: Tally) -> Check:
    """Compare a mean with the published one: it passes within 2.5 %.

    Beyond that it fails if it is so by 4.5 standard errors; what lies between is too close to tell with this sample.
    """
    y, yy, ym, n, mm = (float(part[0]) for part in tally.floats())
    check = replace(check, target=target, n=int(n))
    if n < SEEN:
        return noted(check, f"fewer than {SEEN} subjects in this sample")
    mean = y / n
    error = max(0.0, yy - 2 * mean * ym + mean**2 * mm) ** 0.5 / n / target
    distance = abs(mean / target - 1)
    check = replace(check, found=mean, distance=distance, expected_distance=error * (2 / np.pi) ** 0.5)
    if RELATIVE < distance < RELATIVE + Z * error:
        return noted(check, f"too few subjects to tell whether the error is over {RELATIVE:.1%}")
    return replace(check, passed=distance <= RELATIVE)


def noted(check: Check, note: str) -> Check:
    """Add a note to a check."""
    return replace(check, note="; ".join(filter(None, [check.note, note])))


def constraints(targets: Targets, found: Found) -> Iterator[Check]:
    """Yield each constraint with how often it is broken; the cells without a share first."""
    for table in targets.tables:
        none, tally = table.shares == 0, found.tallies[table.part, table.name]
        if table.part == "fitted" and none.any():
            name = f"{table.name}: nobody in {int(none.sum())} cells whose share is 0"
            kept = constrained(targets, name, int(tally.y[none].sum()), int(tally.m), int(none.sum()))
            yield replace(kept, mark=table.cited.mark, source=table.cited.source)
    for (part, name), tally in found.tallies.items():
        if part == "constraint":
            yield constrained(targets, name, int(tally.y[0]), int(tally.m[0]))


def constrained(targets: Targets, name: str, times: int, looked: int, cells: int = 1) -> Check:
    """Return a constraint; where nobody was looked at it is not said to hold."""
    check = Check(targets.plan.subject, "constraint", name, cells, looked, target=0)
    if not looked:
        why = "conduct is another's in this world" if targets.plan.donors else "nobody to look at in this sample"
        return replace(check, note=why)
    return replace(check, found=times, passed=not times)
