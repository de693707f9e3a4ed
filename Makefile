# The verbs of the project. Everything is installed into .venv; nothing outside this folder is touched.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/ready

.PHONY: demo test check bench soak clean

demo: $(READY)  ## run the shipped experiment and print where its report is
	$(BIN)/scoring run experiments/city_pilots.yaml

test: $(READY)  ## run the tests
	$(BIN)/python -m pytest -n auto --dist loadfile

check: $(READY)  ## lint, format, types, import laws
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)  ## time ours beside the peers, in one run
	$(BIN)/python benchmarks/group_rates.py
	$(BIN)/python benchmarks/audit.py
	$(BIN)/python benchmarks/population.py
	$(BIN)/python benchmarks/designs.py

soak: $(READY)  ## how often intervals cover and tests err, some minutes; writes docs/coverage.md
	$(BIN)/python benchmarks/coverage.py

clean:
	rm -rf $(VENV)

$(READY): pyproject.toml
	@if command -v uv >/dev/null 2>&1; then \
	  uv venv --quiet --allow-existing --python '>=3.11' $(VENV) && \
	  uv pip install --quiet --python $(BIN)/python -e '.[dev]'; \
	else \
	  $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }; \
	  $(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	    { echo "Python's venv or pip is missing; on Debian or Ubuntu: apt-get install python3-venv python3-pip"; exit 1; }; \
	  $(PYTHON) -m venv $(VENV) && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'; \
	fi
	@touch $(READY)
