# Everything from a bare clone with Python 3.11+ and make: `make run`, `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HOME_FOLDER ?= data
LANDING ?= sample/landing
CONFIG ?= config/sales_process.yml
OLD_CLIENTS := 1.1.3 1.2.2

.PHONY: run test test-long lint serve bench bench-forecast sample setup clean

run: $(VENV)/ready ## one nightly run on the shipped sample extracts
	@$(BIN)/funnelcast run --home $(HOME_FOLDER) --landing $(LANDING) --config $(CONFIG)

serve: $(VENV)/ready ## Dagster's user interface and the schedule, on loopback
	@$(BIN)/funnelcast serve --home $(HOME_FOLDER) --landing $(LANDING) --config $(CONFIG)

test: $(VENV)/ready-to-test lint ## lint, then every test but the long ones, one process a core
	$(BIN)/pytest --numprocesses auto --dist loadfile --durations 20 -m "not long"

test-long: $(VENV)/ready-to-test ## the tests that take many nights
	$(BIN)/pytest --numprocesses auto --dist loadfile --durations 20 -m long

lint: $(VENV)/ready-to-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/ready-to-test ## speed and memory, as ratios to a floor timed in the same run
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.landing
	$(BIN)/python -m benchmarks.models

bench-forecast: $(VENV)/ready-to-test ## how good the forecast is, against an oracle and naive methods (a quarter of an hour)
	$(BIN)/python -m benchmarks.forecast

sample: $(VENV)/ready ## write the example company's extracts anew (the same bytes)
	rm -rf sample/landing
	$(BIN)/python -m simulator --out sample/landing --seed 20261122

setup: $(VENV)/ready

# uv installs the locked, hash-checked packages in seconds; where it cannot, pip does the same. Bytecode is compiled now: where
# Python may not write it later, importing the stack would take three times as long in every run. A lock names every package, so that
# dependencies need no second look: one that requirements-overrides.txt leaves out would be asked for again.
$(VENV)/ready: requirements.lock requirements-installer.lock pyproject.toml
	@echo "Setting up (once): Python packages into $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-installer.lock
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes --no-deps -r requirements.lock \
		|| $(BIN)/python -m pip install --quiet --require-hashes --no-deps -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

# What only the tests need. BI tools carry old DuckDB clients: the published file is opened with two of them.
$(VENV)/ready-to-test: $(VENV)/ready requirements-dev.lock $(wildcard tests/old_clients/*.txt)
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes --no-deps -r requirements-dev.lock
	@for version in $(OLD_CLIENTS); do \
		$(BIN)/uv pip install --quiet --python $(BIN)/python --target $(VENV)/old-clients/$$version --require-hashes \
			-r tests/old_clients/duckdb-$$version.txt || exit 1; done
	@touch $@

clean:
	rm -rf $(VENV) $(HOME_FOLDER)
