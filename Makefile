# Two commands do all the set-up: `make run` and `make test`. Both work on Debian 12 with only Python 3.11 and root.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Where it is set, each of the many processes that tests start would compile the whole product anew (6 s instead of 2).
unexport PYTHONDONTWRITEBYTECODE
.PHONY: run dev check test lint types unit parts whole servers test-real bench faults long lock clean

# The sample municipality at http://127.0.0.1:8000; a second call goes on with the same data.
run: dev
	$(BIN)/eakte demo --documents 60 --serve

dev: $(VENV)/.installed

$(VENV)/bin/python:
	PYTHON="$(PYTHON)" tools/environment --empty

$(VENV)/.installed: requirements/dev.lock requirements/installer.lock pyproject.toml hatch_build.py package-lock.json tools/build_assets.py tools/environment | $(VENV)/bin/python
	PYTHON="$(PYTHON)" tools/timed "set-up: packages" tools/environment

lint: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: dev
	$(BIN)/mypy

# A file's tests stay together because they share what is slow to set up. What starts programs waits for them now and
# then, so there is one test process more than processors; with two more it took an eighth longer, all lying in memory.
TOGETHER := --dist loadfile --no-loadscope-reorder
SPREAD := -n $(shell nproc) $(TOGETHER)
WORKING := -n $(shell expr $$(nproc) + 1) $(TOGETHER)

# The whole product is tested here, and its parts everywhere else (tests/conftest.py sees to it): what a part of the run
# does not need is not even loaded, half a minute of each process.
WHOLE := tests/journeys tests/faults tests/browser tests/operations/test_rebuilding.py tests/web/test_preview_browser.py
PARTS := tests $(WHOLE:%=--ignore=%)

unit: dev
	tools/tests $(SPREAD) $(PARTS) -m "not outside and not long"

# The parts with real programs: PostgreSQL, S3, OpenSearch and ClamAV, text recognition, LibreOffice.
parts: dev
	tools/tests --servers $(WORKING) $(PARTS) -m "outside and not long"

# The whole product: journeys through its faces, kills and outages, the pages in a browser.
whole: dev
	tools/tests --servers $(WORKING) $(WHOLE) -m "not long"

# Lint, types, unit and contract tests on what is embedded: an answer within two minutes.
check: dev
	tools/timed "lint and layers" $(MAKE) --no-print-directory lint
	tools/timed "types" $(MAKE) --no-print-directory types
	tools/timed "unit and contract tests" $(MAKE) --no-print-directory unit

# What they are fetched with is in the virtualenv from its beginning.
servers: $(VENV)/bin/python
	tools/timed "set-up: servers" tools/test-servers

# Everything; what CI calls. Servers are fetched and built while packages are installed and tests run that need none.
test:
	@rm -f .test/minutes
	$(MAKE) --no-print-directory --jobs=2 --output-sync=recurse servers check
	tools/timed "parts on real programs" $(MAKE) --no-print-directory parts
	tools/timed "journeys, faults, browser" $(MAKE) --no-print-directory whole
	@tools/timed --table

# Everything that runs in both modes, on real servers alone.
test-real: dev
	tools/test-servers
	tools/tests --servers $(WORKING) $(WHOLE) -m "journey" -k "real"

# Figures for the README: on a quiet machine only. `make bench ARGS=--quick` only shows that they work.
bench: dev
	tools/test-servers --bench
	for file in benchmarks/bench_*.py; do $(BIN)/python $$file $(ARGS) || exit 1; done

# Also what is too long for CI: many kills, and each server killed, hanging and full in turn.
faults: dev
	tools/test-servers
	tools/tests tests/faults --kills 100 -m "fault or long"

# What `make test` leaves out: each real server killed, hanging and full in turn under load, the rest of the real pages
# before axe, days without single keys and on real servers, whether the benchmarks work.
long: dev
	tools/test-servers
	tools/tests tests -m long

# New lock files without a download host in them.
lock: dev
	$(BIN)/uv pip compile --python-version 3.11 -q --generate-hashes --no-annotate --no-header --only-binary :all: requirements/installer.in -o requirements/installer.lock
	$(BIN)/uv pip compile --python-version 3.11 -q --generate-hashes --no-strip-extras --no-annotate --no-header --only-binary :all: pyproject.toml -o requirements/run.lock
	$(BIN)/uv pip compile --python-version 3.11 -q --generate-hashes --no-strip-extras --no-annotate --no-header --only-binary :all: pyproject.toml --group dev requirements/build.in -o requirements/dev.lock

# The data folder of `make run` stays: somebody may have filed something.
clean:
	rm -rf $(VENV) .test
