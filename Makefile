# Two commands do all the set-up: `make run` and `make test`. Both work on Debian 12 with only Python 3.11 and root.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
.PHONY: run install dev check test lint types unit bench faults lock clean

run: $(VENV)/.installed
	$(BIN)/eakte demo --documents 60 --serve

$(VENV)/.installed: requirements/dev.lock pyproject.toml hatch_build.py package-lock.json tools/build_assets.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	touch $@

dev: $(VENV)/.installed

lint: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: dev
	$(BIN)/mypy

# Lint, types, unit and contract tests: an answer within two minutes.
check: lint types
	$(BIN)/pytest -n 2 tests -m "not journey and not fault and not browser"

# Everything; what CI calls.
test: dev
	tools/test-servers
	$(MAKE) check
	$(BIN)/pytest tests -m "journey or fault or browser"

bench: dev
	for file in benchmarks/bench_*.py; do $(BIN)/python $$file || exit 1; done

faults: dev
	$(BIN)/pytest tests/faults --kills 100

# New lock files without a download host in them.
lock:
	uv pip compile --python-version 3.11 -q --generate-hashes --no-annotate --no-header --only-binary :all: pyproject.toml -o requirements/run.lock
	uv pip compile --python-version 3.11 -q --generate-hashes --no-annotate --no-header --only-binary :all: pyproject.toml --group dev requirements/build.in -o requirements/dev.lock

clean:
	rm -rf $(VENV) .test data
