# Sets up everything in a virtual environment, then runs the demo, the tests or the linter in it.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# Python 3.10 to 3.13. Unless named here, the one on the PATH that has a ready wheel of mmcv, or else
# the first: see docs/install.md.
PYTHON ?=
VENV ?= .venv
# PyTorch to install when the environment is made, such as
# TORCH="torch==2.13.0 --index-url <your CUDA index>". Unless named here torch==2.13.0, or the newest
# that has a ready wheel of mmcv. To change it later, run `make distclean` first: mmcv's ops are
# compiled for one PyTorch.
TORCH ?=

ifneq ($(words $(VENV)),1)
$(error VENV="$(VENV)" has a blank or is empty, which make cannot work with: name another folder)
endif
BIN := $(abspath $(VENV))/bin
STAMP := $(VENV)/.installed
INPUTS := requirements.txt requirements-build.txt requirements-dev.txt \
          setup.cfg setup.py pyproject.toml tools/install.py $(wildcard tools/installation/*.py) \
          lidnet_mm/__init__.py
# What runs the tools that need no environment.
ANY_PYTHON := $(or $(PYTHON),python3)
PYTEST_ARGS ?=
# A process for each core; the tests of one file stay together, as they share what is slow to make.
PARALLEL := -n auto --dist loadfile

.PHONY: help install doctor demo test test-slow lint format clean distclean

help: ## show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

install: $(STAMP) ## set up $(VENV): PyTorch, the OpenMMLab stack, this package (editable)

$(STAMP): $(INPUTS)
	@command -v "$(ANY_PYTHON)" >/dev/null || { echo "There is no $(ANY_PYTHON): name another Python, for example make install PYTHON=python3.12" >&2; exit 1; }
	@"$(ANY_PYTHON)" -c "import sys; sys.version_info >= (3,) or sys.exit('PYTHON=$(ANY_PYTHON) is Python 2, only 3.10 to 3.13 are supported: make install PYTHON=python3.12')"
	@"$(ANY_PYTHON)" tools/install.py --python "$(PYTHON)" --venv "$(VENV)" --torch "$(TORCH)"
	@touch $@

doctor: ## say what is installed, what is wrong with it, and what to do
	@python="$(BIN)/python"; [ -x "$$python" ] || python="$(ANY_PYTHON)"; "$$python" tools/doctor.py

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
