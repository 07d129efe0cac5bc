# Two commands for a new machine: `make demo` and `make test`. Both set up what they need.
PYTHON ?= python3
BIN := .venv/bin
ONLY ?=

.PHONY: setup demo test test-fast lint types bench fuzz chaos clean

setup: .venv/.ready

# Made again only when what is to be installed has changed. torch comes through pip, which knows where CPU builds are.
.venv/.ready: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("raylab needs Python 3.11 or later, this is " + sys.version) if sys.version_info < (3, 11) else 0'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group dev --editable .
	touch $@

demo: setup
	$(BIN)/python jobs/demo.py

test: setup
	$(BIN)/python -m pytest

test-fast: setup
	$(BIN)/python -m pytest -m "not ray and not chaos and not allen and not fuzz"

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: setup
	$(BIN)/python -m tests.benchmarks.bench --out bench.json $(if $(ONLY),--only $(ONLY))

# Damaged and hostile files: N cases of one seed, which is drawn and printed where it is not given.
fuzz: setup
	$(BIN)/python -m tests.fuzz.run --cases $(or $(N),20000) $(if $(SEED),--seed $(SEED))

# Kills at random, KILLS of them (100), from SEED on (0), and the other tests that kill.
chaos: setup
	RAYLAB_KILLS=$(or $(KILLS),100) RAYLAB_SEED=$(or $(SEED),0) $(BIN)/python -m pytest -m chaos -s

clean:
	rm -rf .venv runs bench.json .mypy_cache .pytest_cache .ruff_cache
