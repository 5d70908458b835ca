# Two commands do all the set-up: `make demo` and `make test`. Both build .venv from the committed lock.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-postgres lint format bench docs lock clean \
  docs-results study-volatility study-signals study-stops study-grid study-synth study-squeeze study-regime study-regime-use study-hedge \
  study-parity rehearse-faults rehearse-soak

help:  ## show the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else f"Outrigger needs Python 3.11 or newer, {sys.executable} is {v.major}.{v.minor}: run make PYTHON=/path/to/python3.11")'
	@echo "Setting up $(VENV) from requirements.lock (a minute or two, once) ..."
	@$(PYTHON) -m venv $(VENV)
	@# The lock is complete: resolving again would let an older pip look past it for "package[extra]".
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -m pip check --disable-pip-version-check > $(VENV)/check.txt || { cat $(VENV)/check.txt; exit 1; }
	@touch $@

setup: $(READY)  ## build .venv from the lock

demo: $(READY)  ## the whole story on a synthetic market, offline
	@$(BIN)/outrigger demo

test: $(READY) lint  ## lint, type checks and the test suite
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup --cov --cov-report=term:skip-covered --cov-fail-under=90

test-postgres: $(READY)  ## reviews read from a real PostgreSQL server, started for the tests
	@$(BIN)/python -m pytest -n 0 -m postgres -rs tests/review/test_database.py

lint: $(READY)  ## ruff, ruff format, mypy --strict
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(READY)  ## let ruff rewrite the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(READY)  ## speed and memory, as ratios measured side by side
	@$(BIN)/python -m tests.benchmarks

DATADIR ?= ../shared/market/binance-5m-2025h1
TIMEFRAME ?= 5m

study-volatility: $(READY)  ## forecasts compared on QLIKE (DATADIR=)
	@$(BIN)/python -m outrigger.volatility.compare --datadir $(DATADIR)

study-signals: $(READY)  ## entries against random entries (DATADIR=, TIMEFRAME=)
	@$(BIN)/python -m outrigger.signals.study --datadir $(DATADIR) --timeframe $(TIMEFRAME)

study-stops: $(READY)  ## stop policies on the same entries (DATADIR= one or more)
	@$(BIN)/outrigger study $(addprefix --datadir ,$(DATADIR))

study-grid: $(READY)  ## settings around the shipped stop: a plateau or a peak (DATADIR= one or more)
	@$(BIN)/python -m outrigger.review.same_entry_command --grid --datadir $(DATADIR)

study-squeeze: $(READY)  ## the shipped stop with and without funding, depth, guard (DATADIR=, STORE=, CONFIG=)
	@$(BIN)/python -m outrigger.review.same_entry_command --squeeze --datadir $(DATADIR) \
	  $(if $(STORE),--store $(STORE)) $(if $(CONFIG),--config $(CONFIG))

study-regime: $(READY)  ## regime models compared by purged walk-forward (DATADIR=)
	@$(BIN)/python -m outrigger.regime.compare --datadir $(DATADIR)

study-regime-use: $(READY)  ## does the classifier earn its place beside the stop (DATADIR= one or more)
	@$(BIN)/python -m outrigger.review.regime_study --datadir $(DATADIR)

study-hedge: $(READY)  ## what a correlated leg takes away, and what it costs (DATADIR=)
	@$(BIN)/python -m outrigger.hedge.study --datadir $(DATADIR)

START ?= 2025-06-02
DAYS ?= 10

study-parity: $(READY)  ## the same days through backtest and live engine (DATADIR= with 1m, START=, DAYS=)
	@$(BIN)/python -m outrigger.rehearsal.parity_command --datadir $(DATADIR) --start $(START) --days $(DAYS)

MARKET ?= ../shared/market

rehearse-faults: $(READY)  ## every fault of exchange, orders, machine and process against a bot with a position (MARKET=)
	@$(BIN)/python -m outrigger.rehearsal.fault_matrix --market $(MARKET)

rehearse-soak: $(READY)  ## recorded days with faults on: invariants, memory, loop time (DATADIR= with 1m, START=, DAYS=)
	@MALLOC_TRIM_THRESHOLD_=131072 $(BIN)/python -m outrigger.rehearsal.soak --datadir $(DATADIR) --start $(START) --days $(DAYS)

study-synth: $(READY)  ## stylised facts, synthetic beside real (DATADIR=)
	@$(BIN)/outrigger synth --out user_data/synthetic --days 30 --seed 7
	@$(BIN)/python -m outrigger.replay.synth.compare --real $(DATADIR) --synthetic user_data/synthetic

docs: $(READY)  ## the generated parts of the README
	@$(BIN)/python -m outrigger.settings.table README.md

SETS ?= ../shared/market/binance-1m-2025-02 ../shared/market/binance-1m-2025-05 ../shared/market/binance-5m-2025h1

# The classifier's multipliers have a study of their own, study-regime-use: scoring candles takes longer than all stops.
POLICIES := volatility-hedge,naive,fixed,trail-1,trail-2,trail-3,chandelier,activation-trail,none,none-10x

docs-results: $(READY)  ## the README's table of stops, from the study on all sets (SETS=)
	@$(BIN)/outrigger study $(addprefix --datadir ,$(SETS)) --policies $(POLICIES) --trials 160 --no-tune \
	  --readme README.md --html user_data/study/report.html

lock:  ## resolve the dependency ranges anew (needs uv)
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-annotate --no-header --quiet -o requirements.lock

clean:  ## remove what builds and tests leave behind, keep .venv and user_data
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.* build dist *.egg-info
	@find outrigger strategies tests -name __pycache__ -type d -prune -exec rm -rf {} +
