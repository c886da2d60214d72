# Two commands to remember: `make run` and `make test`.
SHELL := /bin/bash
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help run test check messages requirements clean

help:  ## What can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: $(VENV)/.installed-run locale/fa/LC_MESSAGES/django.mo  ## Everything on this machine: database, Redis, web, worker, beat, demo data
	@exec $(BIN)/python manage.py run_local

test: $(VENV)/.installed-test locale/fa/LC_MESSAGES/django.mo  ## All tests (PYTEST_ARGS="-k webhook" for some)
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

check: $(VENV)/.installed-test locale/fa/LC_MESSAGES/django.mo  ## Lint, format, types, layers, migrations, deployment checks
	@PATH="$(CURDIR)/$(BIN):$$PATH" .ci/check

messages: $(VENV)/.installed-test  ## Collect strings to translate (needs gettext)
	@$(BIN)/python manage.py makemessages --locale fa --no-location --no-obsolete --ignore '.venv/*' --ignore 'var/*' --ignore '*/tests/*'

requirements: $(VENV)/.installed-test  ## Pin requirements*.in to requirements*.txt
	@for name in requirements requirements-embedded requirements-dev; do \
		$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
			--custom-compile-command "make requirements" $$name.in --output-file $$name.txt || exit 1; done

clean:  ## Remove what `make` made here: the virtual environment and local data
	rm -rf $(VENV) var

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or later is needed: set PYTHON=/path/to/python3"; exit 1; }
	@echo "Making a virtual environment in $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed-run: requirements.txt requirements-embedded.txt | $(VENV)/bin/python
	@echo "Installing what production and the embedded servers need (a minute, once) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt -r requirements-embedded.txt
	@touch $@

$(VENV)/.installed-test: requirements-dev.txt $(VENV)/.installed-run
	@echo "Installing what the tests need (a minute, once) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

%.mo: %.po $(VENV)/.installed-run
	@$(BIN)/pybabel -q compile --domain django --directory locale --locale fa
	@touch $@
