# The project's commands.  Each makes .venv first, from nothing but Python 3.11 (or newer) and make.
#
#   make demo    every number of the lecture, and the pictures, into out/
#   make test    the tests
#   make help    the rest

SHELL  := /bin/sh
VENV   := .venv
BIN    := $(VENV)/bin
ARGS   ?=

# Threads of numerical libraries would only disturb: the work here is scalar, and tests run side by side.
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1

# What is imported is compiled once, into the environment: the tests start hundreds of processes.
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX ?= $(abspath $(VENV))/bytecode

# The first Python that runs and is new enough; PYTHON=... chooses another.
ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3.11 python3 python3.12 python3.13 python3.14 python; do \
	if "$$p" -c '$(ENOUGH)' >/dev/null 2>&1; then echo "$$p"; break; fi; done)

.DEFAULT_GOAL := help
.PHONY: help demo test peers docs bench clean

help:  ## say what there is
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

demo: $(VENV)/demos.stamp  ## every number of the lecture, and the pictures, into out/
	$(BIN)/python -m demos $(ARGS)

test: $(VENV)/dev.stamp  ## the tests; ARGS="-k tanh" chooses
	$(BIN)/python -m pytest $(ARGS)

peers: $(VENV)/peers.stamp  ## JAX and PyTorch into .venv, so that the tests that compare with them run

docs: $(VENV)/docs.stamp  ## the documentation's site, into site/; every block is run and checked
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet --strict $(ARGS)

bench: $(VENV)/dev.stamp  ## speed next to peers, in benchmarks/.peers: eager, compiled; debugger, pages, pictures
	$(BIN)/python -m benchmarks.eager $(ARGS)
	$(BIN)/python -m benchmarks.compiled $(ARGS)
	$(BIN)/python -m benchmarks.calls $(ARGS)
	$(BIN)/python -m benchmarks.sparse $(ARGS)
	$(BIN)/python -m benchmarks.arm $(ARGS)
	$(BIN)/python -m benchmarks.device $(ARGS)
	$(BIN)/python -m benchmarks.loops $(ARGS)
	$(BIN)/python -m benchmarks.rolling $(ARGS)
	$(BIN)/python -m benchmarks.tables $(ARGS)
	$(BIN)/python -m benchmarks.ready $(ARGS)
	$(BIN)/python -m benchmarks.training $(ARGS)
	$(BIN)/python -m benchmarks.minimisers $(ARGS)
	$(BIN)/python -m benchmarks.stepping $(ARGS)
	$(BIN)/python -m benchmarks.pages $(ARGS)
	$(BIN)/python -m benchmarks.pictures $(ARGS)

clean:  ## remove the environments and everything written
	rm -rf $(VENV) benchmarks/.peers out site build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	rm -f .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# -- of the repository alone: what is published goes without

.PHONY: lint format types coverage stubs wheel notes

lint: $(VENV)/dev.stamp  ## ruff: mistakes, and the layout of the source; import-linter: the floors; biome: JavaScript
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/python .ci/javascript.py

format: $(VENV)/dev.stamp  ## lay the source out (the table of primitives keeps its columns)
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

types: $(VENV)/dev.stamp  ## mypy --strict; what users' checkers are told, by mypy and pyright; the stubs
	$(BIN)/mypy --strict
	$(BIN)/mypy --strict tests/typing
	$(BIN)/basedpyright --pythonpath $(BIN)/python tests/typing
	$(BIN)/python -m mypy.stubtest --mypy-config-file pyproject.toml autograd.functions autograd.methods

coverage: $(VENV)/dev.stamp  ## the tests, and which lines and branches none of them reaches
	rm -f .coverage .coverage.*
	COVERAGE_FILE=$(CURDIR)/.coverage $(BIN)/python -m coverage run -m pytest $(ARGS)
	$(BIN)/python -m coverage combine --quiet
	$(BIN)/python -m coverage report

stubs: $(VENV)/dev.stamp  ## write the .pyi files again, after a row was added to the table
	$(BIN)/python -m autograd.stubs

wheel: $(VENV)/dev.stamp  ## what is published, into dist/: an sdist and a wheel under the one name glassgrad
	$(BIN)/python -m publishing $(ARGS)

notes: $(VENV)/dev.stamp  ## what CHANGELOG.md says of this version, for its release
	@$(BIN)/python -m publishing.notes $(ARGS)

# -- environments

# One release of PyTorch: where a file for CPUs is at hand pip prefers it to those that bring gigabytes for GPUs.
$(VENV)/peers.stamp: $(VENV)/dev.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --editable '.[dev,jax]' torch==2.13.0
	@touch $@

# One stamp for each set of extras; it is made again when pyproject.toml changes.
$(VENV)/%.stamp: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --editable '.[$*]'
	@touch $@

$(BIN)/python:
	@if [ -z "$(PYTHON)" ] || ! "$(PYTHON)" -c '$(ENOUGH)'; then \
		echo "make: no Python 3.11 or newer found; install one, or say where: make PYTHON=/path/to/python3.11" >&2; \
		exit 1; fi
	@echo "making $(VENV) with $(PYTHON)"
	@"$(PYTHON)" -m venv $(VENV) || { rm -rf $(VENV); \
		echo "make: $(PYTHON) cannot make virtual environments; on Debian and Ubuntu: apt install python3-venv" >&2; \
		exit 1; }
