"""A malformed rulebook is refused with clear errors, quickly, and nothing in it is ever executed."""

import time

import pytest

from scoring import workspace
from scoring.experiment import problems_of_schemes

GOOD = workspace.find("scheme", "rongcheng_2016").read_text("utf-8").replace("scheme: rongcheng_2016", "scheme: mine")
LIST = workspace.find("scheme", "rail_ban_2018").read_text("utf-8").replace("scheme: rail_ban_2018", "scheme: mine")
CODE = "__import__('os').system('touch executed')"

WRONG = {
    "an unknown record": (
        GOOD,
        "per: n_contract_breach",
        "per: n_contract_breech",
        "did you mean 'n_contract_breach'?",
    ),
    "overlapping bands": (GOOD, "low: 850, high: 959", "low: 840, high: 959", "overlap at 840"),
    "points that are no whole number": (GOOD, "points: -50", "points: -49.5", "valid integer"),
    "a condition that cannot be read": (GOOD, "when: age >= 18 and", "when: age >=> 18 and", "expected a value"),
    "code in a condition": (GOOD, "when: age >= 18 and", f'when: "{CODE}" #', "unexpected"),
    "an id that stands twice": (GOOD, "id: utility_theft", "id: heating_tampering", "stands twice"),
    "a list that takes over itself": (LIST, "when: n_fare_evasion >= 1", "when: listed__mine == 1", "mine"),
    "a bomb of aliases": (GOOD, "notes:", "x: &a [1]\ny: [*a, *a]\nnotes:", "aliases are not read"),
    "ten megabytes": (GOOD, "notes:", "# " + "x" * 10_000_000 + "\nnotes:", "larger than"),
    "what is no YAML": (GOOD, "rules:", "rules: [", "not YAML"),
}


@pytest.fixture(scope="module", autouse=True)
def _ready():
    """Load once what every check needs: the recipe and the vocabulary."""
    problems_of_schemes([workspace.find("scheme", "no_scheme")], "weihai_2020")


@pytest.mark.parametrize("name", WRONG)
def test_it_is_refused_clearly_and_in_under_two_seconds(name, tmp_path, monkeypatch):
    text, right, wrong, told = WRONG[name]
    assert right in text
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(text.replace(right, wrong, 1), encoding="utf-8")
    started = time.perf_counter()
    problems = [str(p) for p in problems_of_schemes(["mine.yaml"], "weihai_2020")]
    assert time.perf_counter() - started < 2
    assert any(told in p for p in problems), problems
    assert all(p.startswith("mine.yaml") for p in problems)
    assert not (tmp_path / "executed").exists()
