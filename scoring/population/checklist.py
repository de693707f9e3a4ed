"""A checklist: what a validation found as lines that one can read, the worst first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scoring.population.checks import RELATIVE, TIMES, Z_TOTAL, Check, Part, Z

SHOWN = 6  # of those that pass
TITLES: dict[Part, str] = {
    "fitted": f"Fitted tables: |z| below {Z:g} in every cell, and a distance below {TIMES} times the expected one",
    "total": f"Published totals: |z| below {Z_TOTAL:g}",
    "mean": f"Published means: an error below {RELATIVE:.1%}",
    "rate": f"Records a year per subject at risk: |z| below {Z:g}",
    "constraint": "Constraints: never broken",
    "held_out": "Tables that nothing was fitted to: no gate",
}


def sections(checks: Sequence[Check]) -> Iterator[tuple[str, list[dict[str, str]], str]]:
    """Yield each part's title, its rows with the columns that hold anything, and how many more of it pass."""
    for part, title in TITLES.items():
        found = sorted((check for check in checks if check.part == part), key=rank)
        if found:
            rows = [row(check) for check in found[: SHOWN + sum(not check.passed for check in found)]]
            named = [column for column in rows[0] if not column or any(line[column] for line in rows)]
            more = f"and {len(found) - len(rows)} more pass" if len(rows) < len(found) else ""
            yield title, [{column: line[column] for column in named} for line in rows], more


def summary(checks: Sequence[Check]) -> str:
    """Return the verdict in one line."""
    verdicts = [verdict(check) for check in checks]
    told = f"{verdicts.count('passes')} tables pass, {verdicts.count('FAILS')} do not"
    undefined = f"{verdicts.count('undefined')} are undefined in this sample; " if "undefined" in verdicts else ""
    return f"{told}; {undefined}{verdicts.count('no gate')} held-out tables are reported without a gate"


def verdict(check: Check) -> str:
    """Return in a word what a check came to."""
    if check.passed is None:
        return "no gate" if check.part == "held_out" and check.n else "undefined"
    return "passes" if check.passed else "FAILS"


def rank(check: Check) -> tuple[int, float]:
    """Order checks: the worst first."""
    far = check.distance or 0.0 if check.z is None or check.passed is None else abs(check.z)
    return ("FAILS", "undefined", "no gate", "passes").index(verdict(check)), -far


def row(check: Check) -> dict[str, str]:
    """Return the cells of one line."""
    line = {"": verdict(check), "subject": check.subject, "name": check.name, "n": f"{check.n:,}"}
    if check.part == "constraint":
        return {**line, "broken": number(check.found), "note": check.note}
    line |= {"distance": number(check.distance), "expected": number(check.expected_distance)}
    line |= {"z": "" if check.z is None else f"{check.z:+.1f}"} if check.part != "mean" else {}
    line |= {"found": number(check.found), "target": number(check.target)}
    line |= {"worst cell": check.worst} if check.part in ("fitted", "held_out") else {}
    return {**line, "note": check.note}


def number(value: float | None) -> str:
    """Write a number to four digits, a large one whole.

    >>> number(0.0123456), number(1234567.8), number(None)
    ('0.01235', '1,234,568', '')
    """
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
