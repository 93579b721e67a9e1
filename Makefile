# `make demo` and `make test` are the two commands; CONTRIBUTING.md explains the rest.
# Every path is relative, so that the folder may have any name.

PYTHON := $(shell for p in python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 7))' >/dev/null 2>&1 && { echo $$p; break; }; done)
BIN := .venv/bin
RUN := $(BIN)/python
TEMPLATES = find templates */templates -name '*.html' -print0 2>/dev/null

.DEFAULT_GOAL := help
.PHONY: help install tools parquet demo up test trials lint format messages lock peers

help:
	@echo "make demo      install, fill a demo shop and start it"
	@echo "make up        start the shop that is here"
	@echo "make test      run every test that this machine can run"
	@echo "make trials    run the long ones: kills, soaks, big simulations"
	@echo "make lint      style, types, templates, migrations"
	@echo "make parquet   install what reads Parquet files"
	@echo "make messages  collect and compile translations"
	@echo "make lock      renew the lock files after a change of pyproject.toml"
	@echo "make peers     install what benchmarks compare with"

install:
	@if [ -z "$(PYTHON)" ]; then echo "Tailorline needs Python 3.11 or later, and finds none on the PATH." >&2; exit 1; fi
	@$(PYTHON) bootstrap.py requirements.txt
	@$(RUN) -m production.scheduling.warming
	@$(RUN) -m production.simulation.warming

tools: install
	@$(PYTHON) bootstrap.py requirements-tools.txt

parquet: install
	@$(PYTHON) bootstrap.py requirements-parquet.txt

demo: install
	@exec $(RUN) manage.py up --demo

up: install
	@exec $(RUN) manage.py up

test: install
	$(RUN) -m pytest -n 2 $(TEST)

trials: install
	$(RUN) -m pytest -m trial $(TEST)

lint: tools
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	$(TEMPLATES) | xargs -0 -r $(BIN)/djade --check --target-version 5.2
	$(TEMPLATES) | xargs -0 -r $(RUN) -m djlint --lint --quiet
	$(RUN) manage.py makemigrations --check --dry-run
	$(RUN) deploy/locks.py --check

format: tools
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .
	$(TEMPLATES) | xargs -0 -r $(BIN)/djade --target-version 5.2

messages: install
	$(RUN) manage.py makemessages --locale zh_Hans --no-obsolete --ignore .venv --ignore var
	$(RUN) manage.py compilemessages --locale zh_Hans --ignore .venv

lock: tools
	$(RUN) deploy/locks.py

peers: install
	@$(PYTHON) bootstrap.py requirements-peers.txt
