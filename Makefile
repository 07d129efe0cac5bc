# Two commands for a new machine: `make demo` and `make test`. Both set up what they need.

# Any Python 3.11 or later, from which the virtual environment is made.
PYTHON ?= python3
# The virtual environment. `.ci/run` names another one, so that it never touches a developer's.
VENV ?= .venv
BIN := $(VENV)/bin
ONLY ?=
PYTEST := $(BIN)/python -m pytest

.PHONY: setup demo lint types docs pages style bench fuzz chaos clean
.PHONY: test test-fast test-ray test-chaos test-allen test-fuzz
# Groups of tests start real Ray clusters and measure time limits: they never run beside each other, not even with `make -j`.
.NOTPARALLEL:

setup: $(VENV)/.ready

# Made again only when what is to be installed has changed. torch comes through pip, which knows where CPU builds are.
$(VENV)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("raylab needs Python 3.11 or later, this is " + sys.version) if sys.version_info < (3, 11) else 0'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group dev --editable '.[docs]'
	touch $@

demo: setup
	$(BIN)/python jobs/demo.py

# The groups share no test, and together they are all tests.
test: test-fast test-ray test-chaos test-allen test-fuzz

# Two processes, a file of tests to one of them, so that what a file's fixtures make is made once. Each has one thread:
# two processes with two threads each would wait for each other on two cores.
test-fast: export OMP_NUM_THREADS = 1
test-fast: setup
	$(PYTEST) -m "not ray and not slow and not chaos and not allen and not fuzz" -n 2 --dist loadfile

# Serial, because each test of this group starts a Ray or processes of its own that expect the whole machine.
test-ray: setup
	$(PYTEST) -m "(ray or slow) and not chaos and not allen"

# Serial, because these tests kill processes and look at what is left of them on the machine.
test-chaos: setup
	$(PYTEST) -m "chaos and not allen"

# Serial, because the environment of allensdk is made once per user.
test-allen: setup
	$(PYTEST) -m allen

# Serial, because the limits of memory and time hold for one reading process at a time.
test-fuzz: setup
	$(PYTEST) -m fuzz

# The site of the documentation, in build/site. Warnings are errors; notebooks are run.
docs: setup
	$(BIN)/python -m docs.site.build

# Every command and block of Python of README and docs, in the order in which it is written. RUN=network also runs what
# needs a network, RUN=takes what takes minutes or hours, and searches in the sizes that pages
# state, RUN=network,takes both; PAGE=answering only one page.
pages: export RAYLAB_PAGES = $(RUN)
pages: setup
	$(PYTEST) tests/unit/docs tests/unit/test_docstrings.py tests/ray/test_pages_run.py $(if $(PAGE),-k $(PAGE))

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

# Figures of the code's style beside what is aimed at.
style: setup
	$(BIN)/python -m tests.tools.style

bench: setup
	$(BIN)/python -m tests.benchmarks.bench --out bench.json $(if $(ONLY),--only $(ONLY))

# Damaged and hostile files: N cases of one seed, which is drawn and printed where it is not given.
fuzz: setup
	$(BIN)/python -m tests.fuzz.run --cases $(or $(N),20000) $(if $(SEED),--seed $(SEED))

# Kills at random, KILLS of them (100), from SEED on (0), and the other tests that kill.
chaos: setup
	RAYLAB_KILLS=$(or $(KILLS),100) RAYLAB_SEED=$(or $(SEED),0) $(PYTEST) -m chaos -s

clean:
	rm -rf $(VENV) .ci/work build runs bench.json .mypy_cache .pytest_cache .ruff_cache
