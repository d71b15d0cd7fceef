# Puffling's commands. `make run` needs Python 3.11 or newer and make, nothing else.
.DEFAULT_GOAL := help
.PHONY: run test bench bench-quick lint format doctor price lock audit browser clean help
SHELL := /bin/sh
# Compiled modules are kept whatever the shell says: without them each of a dozen processes starts seconds later.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
RUN_READY := $(VENV)/.installed-requirements
DEV_READY := $(VENV)/.installed-requirements-dev
# The environment's own Python, or the first suitable one of this machine when there is no environment yet.
BOOTSTRAP = python="$$([ -x $(BIN)/python ] && $(BIN)/python -c '' 2>/dev/null && echo $(BIN)/python || PYTHON='$(PYTHON)' scripts/find-python)" && "$$python" scripts/bootstrap.py

run: $(RUN_READY) ## start everything; make run ARGS="--port 9000" passes options, ARGS=--help lists them
	@PUFFLING_END_WITH_PARENT=1 exec $(BIN)/python -m puffling_site.runtime $(ARGS)

test: $(DEV_READY) ## lint, types, import rules, migrations, then the tests (and browser tests when Chromium is here)
	@scripts/check lint tests browser

lint: $(DEV_READY) ## only the checks that run no test
	@scripts/check lint

browser: $(DEV_READY) ## only the browser tests
	@scripts/check browser

format: $(DEV_READY) ## format the code and fix what can be fixed by rule
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

bench: $(DEV_READY) ## every benchmark; writes bench/results/
	@$(BIN)/python -m bench $(ARGS)

bench-quick: $(DEV_READY) ## a smoke run of the benchmarks, three minutes at most
	@$(BIN)/python -m bench --quick $(ARGS)

doctor: $(RUN_READY) ## say what is wrong with this installation and what to do about it
	@$(BIN)/python -m puffling_site.runtime.attached doctor $(ARGS)

price: $(RUN_READY) ## push a price of the demo market: make price SYMBOL=AAPL PRICE=430
	@$(BIN)/python -m puffling_site.runtime.attached demo_price $(or $(SYMBOL),AAPL) $(PRICE) $(ARGS)

lock: $(DEV_READY) ## renew requirements.lock and requirements-dev.lock
	@scripts/lock

audit: $(DEV_READY) ## look for insecure code (bandit) and for packages with known holes (pip-audit)
	@scripts/audit

clean: ## remove the environment and the caches, keep the data in .puffling
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(RUN_READY): requirements.lock scripts/bootstrap.py scripts/uv.lock
	@$(BOOTSTRAP) requirements.lock && touch $@

$(DEV_READY): requirements-dev.lock scripts/bootstrap.py scripts/uv.lock
	@$(BOOTSTRAP) requirements-dev.lock && touch $@
