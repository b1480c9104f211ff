# Sets up everything in a virtual environment, then runs the demo, the tests or the linter in it.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# Python 3.10 or 3.11.
PYTHON ?= python3
VENV ?= .venv
# PyTorch to build against when the environment is made, torch==2.13.0 unless named here, such as
# TORCH="torch==2.13.0 --index-url https://download.pytorch.org/whl/cu130". To change it later, run
# `make distclean` first: mmcv's ops are compiled for one PyTorch.
TORCH ?=

BIN := $(abspath $(VENV))/bin
STAMP := $(VENV)/.installed
INPUTS := requirements.txt requirements-build.txt requirements-dev.txt \
          setup.cfg setup.py pyproject.toml tools/install.py lidnet_mm/__init__.py
PYTEST_ARGS ?=
# A process for each core; the tests of one file stay together, as they share what is slow to make.
PARALLEL := -n auto --dist loadfile

.PHONY: help install demo test test-slow lint format clean distclean

help: ## show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

install: $(STAMP) ## set up $(VENV): PyTorch, the OpenMMLab stack, this package (editable)

$(STAMP): $(INPUTS)
	@$(PYTHON) tools/install.py --venv "$(VENV)" --torch "$(TORCH)"
	@touch $@

demo: install ## train and score the whole method on an embedded phantom (under 15 minutes)
	PATH="$(BIN):$$PATH" mim run lidnet_mm benchmark run configs/benchmark/demo.py --work-dir work_dirs/demo --jobs 2

test: install ## run the tests, without the trainings of minutes
	OMP_NUM_THREADS=1 "$(BIN)/python" -m pytest -q $(PARALLEL) $(PYTEST_ARGS)

test-slow: install ## run the trainings of minutes, too
	OMP_NUM_THREADS=1 "$(BIN)/python" -m pytest -q -m "slow or not slow" $(PARALLEL) $(PYTEST_ARGS)

lint: install ## check style and formatting
	"$(BIN)/ruff" check .
	"$(BIN)/ruff" format --check .

format: install ## format the code
	"$(BIN)/ruff" check --fix .
	"$(BIN)/ruff" format .

clean: ## remove what builds and tests leave behind
	rm -rf build dist *.egg-info .pytest_cache .ruff_cache lidnet_mm/.mim
	find lidnet_mm tools configs tests benchmarks -name __pycache__ -prune -exec rm -rf {} +

distclean: clean ## remove the virtual environment, too
	rm -rf "$(VENV)"
