"""The difference of two rulebooks as plain text: what changed, who moves, and by group; 100 columns at most."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from scoring.report import wording
from scoring.report.text import wide

WIDTH = 100
MARGIN = 15  # where what changed begins
TERMS = {None: "for the year alone", "open": "until repaired"}
HEADS = {
    "rise": "rise",
    "fall": "fall",
    "stay": "stay",
    "unordered": "no order",
    "become_scored": "+scored",
    "become_unscored": "-scored",
    "unscored_in_both": "unscored",
}
LEGEND = {
    "rise": "[95% interval, as if drawn one by one]",
    "fall": "[95% interval, as if drawn one by one]",
    "unordered": "no order: the two do not say which verdict is better",
    "become_scored": "+scored: under the second alone",
    "become_unscored": "-scored: under the first alone",
    "unscored_in_both": "unscored: under neither",
}
Row = dict[str, Any]


def difference_text(told: Row) -> str:
    """Return what changed between two rulebooks and who moves, the answer in the first sentence."""
    parts = [
        answer(told),
        "\n".join(["What changed", *changed(told)]),
        f"Verdicts before (rows) and after (columns), of 10,000\n{transitions(told)}",
        f"By group, of 10,000 of each\n{by_group(told)}",
        "\n".join(notes(told)),
    ]
    return "\n\n".join(parts)


def answer(told: Row) -> str:
    """Say in one sentence who moves."""
    everyone = {row["move"]: row for row in told["moves"] if row["group_by"] == "everyone"}
    n = {move: wording.number(row["per_10000"], 0) for move, row in everyone.items()}
    who = (
        f"Of 10,000 {wording.KINDS[told['subject']]}, moving from {told['before']['name']} to {told['after']['name']},"
    )
    scored = f"{n['become_scored']} become scored, {n['become_unscored']} become unscored"
    if told["no_order"]:
        said = f"{who} {scored}; who rises or falls cannot be said: {told['no_order']}."
    else:
        said = f"{who} {n['rise']} rise, {n['fall']} fall, {n['stay']} stay, {scored}."
    return "\n".join(folded(said, WIDTH))


def changed(told: Row) -> Iterator[str]:
    """Yield the lines of what changed, part by part; a long list of rows is one paragraph."""
    parts = dict.fromkeys(change["part"] for change in told["changes"])
    if not parts:
        yield "  nothing that decides a verdict"
    for part in parts:
        here = [change for change in told["changes"] if change["part"] == part]
        paragraphs = [*rewritten(here), *listed(part, here, "dropped", "before"), *listed(part, here, "added", "after")]
        if told["unchanged"][part]:
            paragraphs.append(f"{told['unchanged'][part]} alike")
        lines = [line for paragraph in paragraphs for line in folded(paragraph, WIDTH - MARGIN)]
        for i, line in enumerate(lines):
            yield f"  {'' if i else part.replace('_', ' '):<{MARGIN - 2}}{line}"


def rewritten(here: Iterable[Row]) -> Iterator[str]:
    """Yield one paragraph a row that was changed, its fields in turn."""
    found: dict[str, list[str]] = {}
    for change in here:
        if change["what"] == "changed":
            said = f"{change['field']} {value(change['before'])} → {value(change['after'])}"
            found.setdefault(change["id"], []).append(said)
    yield from (f"{name}: {'; '.join(said)}" if name else "; ".join(said) for name, said in found.items())


def listed(part: str, here: Iterable[Row], what: str, side: str) -> Iterator[str]:
    """Yield the rows that were added, or dropped, as one paragraph."""
    short = SHORT.get(part, lambda row: "")
    rows = [f"{c['id']} {short(c[side])}".strip() or fields(c[side]) for c in here if c["what"] == what]
    if rows:
        yield f"{what}: {', '.join(rows)}"


def fields(row: Row) -> str:
    """Write a row without a name by its fields."""
    return "; ".join(f"{field} {value(found)}" for field, found in row.items() if found is not None)


def value(found: object) -> str:
    """Write one value; what is not there is a dash.

    >>> value(None), value([560, 620]), value(False), value("a == 1")
    ('–', '560…620', 'no', 'a == 1')
    """
    if found is None:
        return "–"
    if isinstance(found, bool):
        return "yes" if found else "no"
    if isinstance(found, list):
        pair = len(found) == 2 and all(isinstance(one, int) for one in found)
        return ("…" if pair else ", ").join(map(str, found))
    return str(found)


def points(rule: Row) -> str:
    """Write the points of a rule, and the range in which they are assumed."""
    shown = f"{rule['points']:+d}{' each' if rule['per'] else ''}"
    shown += f" of {value(rule['range'])}" if rule["range"] else ""
    return shown if rule["cap"] is None else f"{shown}, at most {rule['cap']:+d}"


SHORT: dict[str, Callable[[Row], str]] = {
    "bands": lambda band: "direct" if band["direct"] else f"({value(band['low'])} to {value(band['high'])})",
    "rules": lambda rule: f"({points(rule)})",
    "entries": lambda entry: f"({TERMS[entry['term']] if entry['term'] in TERMS else str(entry['term']) + ' days'})",
    "outcomes": lambda outcome: f"({outcome['polarity']})",
    "parameters": lambda parameter: f"({value(parameter['range'])})",
}


def transitions(told: Row) -> str:
    """Return the table of verdicts before and after; a heading that would not fit is a number, told beneath."""
    rows, columns = told["verdicts"]["before"], told["verdicts"]["after"]
    found = {(r["before"], r["after"]): r["per_10000"] for r in told["transitions"] if r["group_by"] == "everyone"}
    cells = [[count(found.get((old, new))) for new in columns] for old in rows]
    sums = [count(sum(found.get((old, new), 0) for new in columns)) for old in rows]
    heads = columns
    if sum(max(wide(c), 6) + 2 for c in columns) + max(map(wide, rows)) + 10 > WIDTH:
        heads = [str(i) for i in range(1, len(columns) + 1)]
    table = [["", *heads, "all"], *([old, *row, whole] for old, row, whole in zip(rows, cells, sums, strict=True))]
    lines = [right(table)]
    if heads != columns:
        lines += [f"  {head} = {name}" for head, name in zip(heads, columns, strict=True)]
    return "\n".join(lines)


def by_group(told: Row) -> str:
    """Return the moves of every group; a column that is empty for all is left out."""
    found, kept = {(r["group_by"], r["group"], r["move"]): r for r in told["moves"]}, seen(told)
    table, last = [["", "n", *(HEADS[move] for move in kept)]], "everyone"
    for by, group in dict.fromkeys((r["group_by"], r["group"]) for r in told["moves"]):
        if by != last:
            table.append([wording.attribute(by), *[""] * (len(kept) + 1)])
        last = by
        cells = [told_share(found[by, group, move]) for move in kept]
        name = group if by == "everyone" else f"  {group.replace('*', ', ')}"
        table.append([name, f"{found[by, group, 'stay']['of']:,}", *cells])
    return right(table)


def seen(told: Row) -> list[str]:
    """Return the moves that somebody makes."""
    return [move for move in HEADS if any(row["n"] for row in told["moves"] if row["move"] == move)]


def told_share(row: Row) -> str:
    """Write a share of 10,000; with its interval for who rises and who falls."""
    shown = count(row["per_10000"])
    if row["move"] not in ("rise", "fall") or row["low"] is None:
        return shown
    return f"{shown} [{wording.number(row['low'], 0)}, {wording.number(row['high'], 0)}]"


def count(of_ten_thousand: float | None) -> str:
    """Write how many of 10,000; a few that round to none are not none.

    >>> count(12.4), count(0.2), count(0), count(None)
    ('12', '<1', '0', '0')
    """
    some = of_ten_thousand or 0
    return "<1" if 0 < some < 0.5 else wording.number(some, 0)


def right(table: Sequence[Sequence[str]]) -> str:
    """Lay a table out, first column left and numbers right; wide characters count as two."""
    widths = [max(map(wide, column)) for column in zip(*table, strict=True)]
    lines = []
    for first, *cells in table:
        padded = [" " * (w - wide(c)) + c for c, w in zip(cells, widths[1:], strict=True)]
        lines.append("  ".join([f"  {first}{' ' * (widths[0] - wide(first))}", *padded]).rstrip())
    return "\n".join(lines)


def folded(text: str, width: int) -> list[str]:
    """Break a text into lines of so many columns at most."""
    from rich.console import Console
    from rich.text import Text

    return [str(line).rstrip() for line in Text(text).wrap(Console(width=width), width, overflow="fold")]


def notes(told: Row) -> Iterator[str]:
    """Yield how it was found, and what it does not say."""
    legend = dict.fromkeys(LEGEND[move] for move in seen(told) if move in LEGEND)
    yield from folded(f"{'; '.join(legend)}.", WIDTH) if legend else ()
    drawn = f"{told['people']:,} synthetic {wording.KINDS[told['subject']]} of {told['recipe']}"
    said = f"{drawn}, world {told['world']}, seed {told['seed']}, one year, nobody listed before; about no real city."
    yield from folded(said, WIDTH)
    for name in told["central"]:
        yield from folded(f"{name} is a family: its central draw stands for it, and other draws may differ.", WIDTH)
