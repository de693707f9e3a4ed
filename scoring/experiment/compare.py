"""Compare designs side by side: one population, every design over the same people.

The comparison is an experiment that nobody wrote down, so that what it declares is fixed by the command alone: which
groups, which criteria, and which choices could have been made otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from scoring import measures, workspace
from scoring import schemes as rulebooks
from scoring.documents import Document, Refused, did_you_mean
from scoring.experiment import config as configs
from scoring.experiment.run import execute
from scoring.result import Result

LAW = "no_scheme"
GROUPS = {
    "person": ("residence", "hukou_place", "sex", "age_band", "disability", "income_quintile"),
    "firm": ("size", "ownership"),
    "government_body": ("level", "kind"),
}
REFERENCES = {
    "residence": "urban",
    "hukou_place": "local",
    "sex": "male",
    "age_band": "30-44",
    "disability": "not_disabled",
    "income_quintile": "q5",
}
CRITERIA = (  # that every points scheme has
    {"measure": "pivotal_record_share", "param": "any", "direction": "lower"},
    {"measure": "self_consistency", "param": "band", "direction": "higher"},
    {"measure": "no_actionable_reason", "direction": "lower"},
    {"measure": "complexity", "param": "facts", "direction": "lower"},
)
FAMILIES = frozenset(  # of measures: the others ask of one design why, and are for `scoring run`
    {"reach", "disparity", "stability", "turnover", "explanation", "recourse", "provenance", "specification"}
    | {"comparison"}
)
OF_ONE = "tipping_point"  # what would reverse a finding on one design
READINGS = ["left out", "selected", "not selected"]  # of who is not scored


def compare(
    schemes: Sequence[str],
    people: int = 50_000,
    recipe: str = "weihai_2020",
    world: str = "equal_conduct",
    seeds: int = 4,
    years: int = 2,
    baseline: str | None = None,
    groups: Sequence[str] = (),
    criteria: Sequence[str | Mapping[str, Any]] = (),
    draws: int = 5,
    workers: int = 1,
    out: str | Path | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Result:
    """Run two or more schemes over one population and return paired differences to the first, and to the baseline.

    Rows carry `versus`, the scheme beside which another stands. Outcomes that only one instrument has are not compared:
    such rows are null with status `not_applicable`. The baseline is one of the schemes, or `no_scheme`, ordinary law,
    which is then run too. A criterion is a mapping as in an experiment, or a text as `criterion` reads it; without any,
    designs are compared on what every points scheme has. Raises Refused for unknown names.
    """
    names = list(dict.fromkeys(schemes))
    data: dict[str, Any] = {
        "experiment": "compare",
        "people": {"recipe": recipe, "n": people, "years": years},
        "seeds": seeds,
        "worlds": [world],
        "schemes": names,
        "baseline": baseline,
        "probes": {"people": min(people, 2_000), "redraws": 21},
        "draws": draws,
        "measures": [n for n, of in measures.MEASURES.items() if of.family in FAMILIES and n != OF_ONE],
        **declared(names, groups, [criterion(c) if isinstance(c, str) else dict(c) for c in criteria]),
    }
    document = Document("compare", data, {})
    if baseline not in (None, LAW, *names):
        hint = did_you_mean(str(baseline), [*names, LAW]) or f"name it among the schemes, or give {LAW}"
        raise Refused([document.problem(("baseline",), f"{baseline!r} is not among the designs of this run", hint)])
    resolved = configs.resolve(document.validated(configs.Experiment), document)
    result = execute(resolved, workers, out, progress=progress)
    result.manifest["versus"] = names[0]
    asked = f" --baseline {baseline}" if baseline else ""
    result.manifest["command"] = f"scoring compare {' '.join(names)} --people {people} --seeds {seeds}{asked}"
    return result


def declared(names: Sequence[str], groups: Sequence[str], criteria: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what a comparison declares beforehand: groups and their references, criteria, and what could be otherwise.

    What does not load is left to the experiment to refuse, with all else that is wrong.
    """
    try:
        loaded = [rulebooks.load(workspace.find("scheme", name)) for name in names]
    except Refused:
        return {"asks": "?", "groups": list(groups) or list(GROUPS["person"])}
    told = [rulebooks.summary(scheme) for scheme in loaded]
    asked_for: list[Any] = [group.split("*") if "*" in group else group for group in groups]
    by_kind = {kind: asked_for or list(GROUPS[kind]) for kind in dict.fromkeys(of["subject"] for of in told)}
    references = {group: level for group, level in REFERENCES.items() if group in by_kind.get("person", [])}
    always = {"asks": asked([of["title"] for of in told]), "groups": by_kind, "references": references}
    gap = most_shared(loaded, next(iter(by_kind.values())))
    if gap is None:
        return always | {"criteria": list(criteria or CRITERIA)}
    reference = references.get(gap["group"], "largest")
    return always | {
        "criteria": list(criteria or [gap | {"direction": "parity"}, *CRITERIA]),
        "primary": [gap],
        "vary": {f"reference.{gap['group']}": [reference, "rest"], "unscored": READINGS},
    }


def most_shared(loaded: Sequence[Any], groups: Sequence[Any]) -> dict[str, str] | None:
    """Return the primary comparison: the outcome of the first design that most others share, by the first grouping."""
    sharing = {outcome: sum(outcome in other.outcomes for other in loaded[1:]) for outcome in loaded[0].outcomes}
    shared = sorted((outcome for outcome, n in sharing.items() if n), key=lambda outcome: -sharing[outcome])
    if not shared or not groups or not isinstance(groups[0], str):
        return None
    return {"measure": "selection_rate_ratio", "outcome": shared[0], "group": groups[0]}


def asked(titles: Sequence[str]) -> str:
    """Return the question of a comparison.

    >>> asked(["Here", "There"])
    'Who would fare otherwise under There than under Here?'
    >>> asked(["a", "b", "c", "d"])
    'Who would fare otherwise under three others than under a?'
    """
    others = titles[1:]
    numbers = {3: "three", 4: "four", 5: "five", 6: "six"}
    under = " or ".join(others) if len(others) < 3 else f"{numbers.get(len(others), len(others))} others"
    return f"Who would fare otherwise under {under} than under {titles[0]}?"


def criterion(text: str) -> dict[str, Any]:
    """Read a criterion of a command line: which way is better, a colon, a measure, and what of it by commas.

    >>> criterion("parity: selection_rate_ratio, outcome=commended, group=residence")["group"]
    'residence'
    >>> criterion("lower: complexity, param=facts")
    {'direction': 'lower', 'measure': 'complexity', 'param': 'facts'}
    """
    direction, _, rest = text.partition(":")
    measure, *parts = [part.strip() for part in rest.split(",")]
    told = dict(part.partition("=")[::2] for part in parts)
    return {"direction": direction.strip(), "measure": measure} | {k.strip(): v.strip() for k, v in told.items()}
