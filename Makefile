# One verb a task. `make demo` and `make test` need only Python 3.11+ with venv, and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
# Test processes: much of a test's time is waiting, so two more than the two cores that CI has. A file stays in one.
WORKERS ?= 4

.PHONY: demo test check format lint types bench requirements clean

$(VENV)/.dev: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Setting up .venv (the first time takes a minute) …"
	@$(BIN)/python -m pip install -q --disable-pip-version-check -e ".[dev]"
	@touch $@

$(VENV)/.demo: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Setting up .venv (the first time takes a minute) …"
	@$(BIN)/python -m pip install -q --disable-pip-version-check -e ".[demo]"
	@touch $@

demo: $(VENV)/.demo  ## The real bot in a simulated Discord, no token needed
	@$(BIN)/opsbot demo $(ARGS)

test: $(VENV)/.dev  ## All tests
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(VENV)/.dev  ## Format, lint, types, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(MAKE) test

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.dev  ## The figures of the README, as one table
	$(BIN)/python -m bench $(ARGS)

requirements: $(VENV)/.dev  ## Hash-pinned requirements for the Docker image
	$(BIN)/pip-compile -q --generate-hashes --strip-extras --no-emit-index-url --no-emit-find-links --no-header --output-file requirements.txt pyproject.toml

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist
