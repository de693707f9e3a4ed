"""The laws of the house, as tests: who may import whom, and how large a room's parts may be."""

import re
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "scoring").rglob("*.py"))
TEXTS = [p for p in ROOT.rglob("*") if p.suffix in {".py", ".yaml", ".md", ".toml", ".j2", ".html", ".csv"}]
OURS = [p for p in TEXTS if not {".venv", ".git", "reports"} & set(p.relative_to(ROOT).parts)]


def lines(path):
    return len(path.read_text(encoding="utf-8").splitlines())


def test_the_rooms_import_only_what_their_law_allows():
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_module_is_over_400_lines(path):
    assert lines(path) <= 400


def test_the_median_module_is_under_150_lines():
    assert statistics.median(map(lines, MODULES)) < 150


def test_every_room_states_its_law_first():
    for room in ("population", "schemes", "measures", "experiment", "report", "commands"):
        text = (ROOT / "scoring" / room / "__init__.py").read_text(encoding="utf-8")
        assert re.match(r'"""(A|An|The) \w+', text), room


def test_no_text_names_a_machine_path_or_unfinished_work():
    words = re.compile(r"/(?:work|tmp)/|\bTO" + r"DO\b|\bFIX" + r"ME\b|NotImplemented" + r"Error")
    found = [f"{p}: {m.group()}" for p in OURS for m in words.finditer(p.read_text(encoding="utf-8"))]
    assert not found


def test_help_answers_without_loading_heavy_libraries():
    heavy = ("polars", "pandas", "sklearn", "statsmodels", "altair", "scipy")
    code = f"import sys, scoring.cli; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
