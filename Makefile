# `make book` and `make test` are all that most people need. Both make the
# environment first: Python 3.11 or later and make are enough.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: book test check lint types clean help

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/'

book: $(READY)  ## fetch MNIST, execute every chapter, build the site
	$(BIN)/python book/build.py

test: $(READY)  ## run the tests
	$(BIN)/python -m pytest

check: lint types  ## style and types

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

clean:  ## remove the built site and the executed pages
	rm -rf book/_build

$(READY): requirements.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --editable '.[dev]'
	touch $(READY)
