"""Filling in the templates of this room, and how a number is written in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TEMPLATES = Path(__file__).parent / "templates"


def filled(template: str, told: Mapping[str, Any]) -> str:
    """Fill a template; what it names and is not told is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=template.endswith(".svg"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"r": rounded, "n": number, "percent": percent, "cell": cell}
    return environment.get_template(template).render(told)


def rounded(length: float) -> str:
    """Write a length to a tenth.

    >>> rounded(3.04), rounded(3.16)
    ('3', '3.2')
    """
    return f"{length:.1f}".removesuffix(".0")


def number(value: Any) -> str:
    """Write a number with at most six digits and no exponent; what is not known is a dash.

    >>> number(0.00001), number(2906548), number(0.3), number(None)
    ('0.00001', '2,906,548', '0.3', '—')
    """
    if value is None:
        return "—"
    if abs(value) >= 10_000:
        return f"{value:,.0f}"
    return f"{float(f'{value:.6g}'):.10f}".rstrip("0").rstrip(".")


def percent(share: float) -> str:
    """Write a share as a percentage; a share that is not zero is never written as zero.

    >>> percent(0.0175), percent(0.0001), percent(0.0)
    ('1.8%', 'under 0.1%', '0%')
    """
    if 0 < share < 0.0005:
        return "under 0.1%"
    return f"{100 * share:.1f}".removesuffix(".0") + "%"


def cell(text: Any) -> str:
    """Write a text so that it stays inside one cell of a table.

    >>> cell("old|young")
    'old or young'
    """
    return "" if text is None else re.sub(r"\s*\|\s*", " or ", str(text)).replace("\n", " ").replace(" *", " any")
