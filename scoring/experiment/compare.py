"""Compare designs side by side: one population, every design over the same people, differences to the first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from scoring.documents import Document
from scoring.experiment import config as configs
from scoring.experiment.run import execute
from scoring.result import Result

GROUPS = ["residence", "hukou_place", "sex", "age_band", "disability", "income_quintile"]
REFERENCES = {
    "residence": "urban",
    "hukou_place": "local",
    "sex": "male",
    "age_band": "30-44",
    "disability": "not_disabled",
    "income_quintile": "q5",
}


def compare(
    schemes: list[str],
    people: int = 100_000,
    recipe: str = "weihai_2020",
    world: str = "equal_conduct",
    seeds: int = 1,
    draws: int = 5,
    workers: int = 1,
    out: str | Path | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Result:
    """Run two or more schemes over one population and return paired differences to the first.

    Rows carry `versus`, the first scheme. Outcomes that only one instrument has are not compared: such rows are null
    with status `not_applicable`. Raises Refused for unknown names.
    """
    data = {
        "experiment": "compare",
        "asks": f"Who would fare otherwise under {' or '.join(schemes[1:])} than under {schemes[0]}?",
        "people": {"recipe": recipe, "n": people},
        "seeds": seeds,
        "worlds": [world],
        "schemes": list(dict.fromkeys(schemes)),
        "groups": GROUPS,
        "references": REFERENCES,
        "probes": {"people": min(people, 2_000), "redraws": 21},
        "draws": draws,
    }
    document = Document("compare", data, {})
    declared = configs.resolve(document.validated(configs.Experiment), document)
    result = execute(declared, workers, out, progress=progress)
    result.manifest["versus"] = schemes[0]
    result.manifest["command"] = f"scoring compare {' '.join(schemes)} --people {people}"
    return result
