"""Fairness experiments on social credit designs, run over synthetic people only.

>>> import scoring
>>> people = scoring.people("weihai_2020", n=1_000, seed=7)
>>> outcome = scoring.scheme("rongcheng_2016").score(people)
>>> outcome.height
1000
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from scoring.result import Result

__all__ = ["audit", "compare", "explain", "people", "run", "scheme"]


def people(recipe: str | Path, n: int, seed: int, **options: Any) -> pl.DataFrame:
    """Draw synthetic subjects: one row each, with attributes and the records of one year.

    The same arguments give the same rows. `world` defaults to the recipe's first, `subject` to person, `year` to 0;
    `stratum` draws a rare kind more often and adds its weight.
    """
    from scoring import experiment

    return experiment.people(recipe, n, seed, **options)


def scheme(name: str | Path) -> Any:
    """Load a scheme of the catalogue, or of a YAML file, by name."""
    from scoring import experiment

    return experiment.scheme(name)


def run(config: str | Path, **options: Any) -> Result:
    """Run an experiment and return its result; see `scoring.experiment.run` for the options."""
    from scoring import experiment

    return experiment.run(config, **options)


def compare(*schemes: str, **options: Any) -> Result:
    """Put designs side by side over one population; see `scoring.experiment.compare` for the options."""
    from scoring import experiment

    return experiment.compare(list(schemes), **options)


def explain(schemes: str | list[str], population: str | Path, subject_id: int | str, lang: str = "en") -> str:
    """Return, as text, what one synthetic subject of a built population would be told under each scheme.

    Only an id that verifies itself as synthetic gets a notice. `scoring explain` writes pages as well.
    """
    from scoring import experiment, report

    names = [schemes] if isinstance(schemes, str) else schemes
    return "\n\n".join(report.notice_text(told, lang) for told in experiment.explain(names, population, subject_id))


def audit(table: Any, group: Any, selected: str | None = None, **options: Any) -> Result:
    """Audit verdicts already made, in a file or in any frame that narwhals knows; see `scoring.experiment.audit`.

    >>> import polars as pl
    >>> hired = pl.DataFrame({"sex": ["f", "m"] * 200, "hired": [True, True, False, True] * 100})
    >>> result = audit(hired, group="sex", selected="hired", reference="m")
    >>> result.where(measure="selection_rate_ratio")["value"].to_list()
    [0.5]
    """
    from scoring import experiment

    return experiment.audit(table, group, selected, **options)
