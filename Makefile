# `make` prints what there is. Everything runs in .venv, which scripts/bootstrap.py makes from the lock files.
.DEFAULT_GOAL := help
.PHONY: help run test quick check bench bench-yardsticks chaos canary clean bootstrap bootstrap-dev

PYTHON3 := $(shell command -v python3 || command -v python3.13 || command -v python3.12 || command -v python3.11)
BIN := .venv/bin
# More words for the command: make run ARGS="--port 8010 --once", make test ARGS="-k card -x". Tests run in three
# processes (two for quick), a file in one of them; many wait for a broker. ARGS="-n 0" runs them in one.
ARGS ?=

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: bootstrap ## start broker, worker and sample conversations on this machine; Ctrl-C ends it
	@$(BIN)/signalstream dev $(ARGS)

test: bootstrap-dev ## run every test
	@$(BIN)/pytest -n 3 --dist loadfile $(ARGS)

quick: bootstrap-dev ## run the fast tests: no broker, no browser, no installation
	@$(BIN)/pytest -n 2 --dist loadfile -m "not embedded and not kafka and not browser and not install and not slow" $(ARGS)

check: bootstrap-dev ## check format, lint, types, layers, and packages for known holes
	@$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy && $(BIN)/lint-imports && $(BIN)/python scripts/known_holes.py

bench: bootstrap-dev ## measure latency and throughput on Apache Kafka (needs Java and Maven)
	@$(BIN)/python -m benchmarks $(ARGS)

bench-yardsticks: bootstrap-dev ## install what make bench compares with, into .venv-bench; without it those rows say so
	@$(BIN)/python -m venv .venv-bench && .venv-bench/bin/python -m pip install --quiet --require-hashes -r requirements/bench.txt

chaos: bootstrap-dev ## kill, stop and freeze workers while messages keep coming, and count what is missing (needs Java and Maven)
	@$(BIN)/python -m tests.chaos $(ARGS)

canary: bootstrap-dev ## plant 1,000 personal values and look for them wherever they must not be (needs Java and Maven)
	@$(BIN)/python -m tests.canary $(ARGS)

clean: ## remove .venv, caches and build outputs
	@rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .run *.egg-info
	@find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

bootstrap:
	@$(call with_python,scripts/bootstrap.py)

bootstrap-dev:
	@$(call with_python,scripts/bootstrap.py --dev)

define with_python
if [ -z "$(PYTHON3)" ]; then echo "signalstream: needs Python 3.11, 3.12 or 3.13, but there is no python3 on the PATH" >&2; exit 2; fi; "$(PYTHON3)" $(1)
endef
