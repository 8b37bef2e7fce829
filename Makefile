.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
TESTS ?=

help:            ## what can be made
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/:.*##/\t/'

setup: $(STAMP)  ## make .venv from pinned, hashed requirements

$(STAMP): requirements/core.txt requirements/dev.txt pyproject.toml deploy/setup.sh
	@PYTHON=$(PYTHON) sh deploy/setup.sh

run: setup       ## start everything, load the demo province, run the main job, serve (ONCE=1: stop after the job)
	@$(BIN)/tongban run $(if $(ONCE),--once,)

test: setup      ## run all tests (TESTS=path for some)
	@if [ -n "$(TESTS)" ]; then $(BIN)/python -m pytest -n 2 --dist loadfile $(TESTS); else \
	  $(BIN)/python -m pytest -n 2 --dist loadfile src && $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder tests; fi

bench: setup     ## run the benchmarks (NAME=g1 for one)
	@$(BIN)/python -m bench $(NAME)

lint: setup      ## formatter, linter, types, import contracts
	$(BIN)/ruff format --check src tests bench conftest.py
	$(BIN)/ruff check src tests bench conftest.py
	$(BIN)/mypy
	$(BIN)/lint-imports

requirements:    ## pin again (needs uv)
	for group in core dev spark; do \
	  uv pip compile -q --generate-hashes --universal --python-version 3.11 --no-emit-index-url \
	    --no-header requirements/$$group.in -o requirements/$$group.txt; done

.PHONY: help setup run test bench lint requirements
