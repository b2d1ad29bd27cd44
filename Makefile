# Each target works alone on a fresh clone: all it needs is Python 3.11 or newer with venv, and make.

.DEFAULT_GOAL := help
SHELL := /bin/sh
# Without bytecode every start of the command compiles it all again: three times as slow.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
DB ?= results/roadblock.db
# Further options of the command, as in: make run ARGS="instagram --profile quick"
ARGS ?=

.PHONY: help demo run test bench lint format types walls wheel truth dated regressions mutants constants gallery schema requirements check clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

demo: $(READY) ## A whole run inside the lab: sends nothing to the outside, asks nothing
	@$(BIN)/roadblock demo $(ARGS)

run: $(READY) ## Measure from here into results/roadblock.db (CONSENT=yes agrees beforehand)
	@set -e; \
	consent=; \
	if [ "$(CONSENT)" = yes ]; then \
		$(BIN)/roadblock consent show >&2; \
		consent="--consent $$($(BIN)/roadblock consent hash)"; \
	fi; \
	code=0; $(BIN)/roadblock run --db $(DB) $$consent $(ARGS) || code=$$?; \
	if [ $$code -eq 3 ]; then echo "The run ended without a measurement; the reason is above." >&2; exit 0; fi; \
	exit $$code

test: $(READY) ## Run the tests; needs no network
	@$(BIN)/pytest -n auto --maxprocesses 4 $(ARGS)

bench: $(READY) ## Print the figures of speed and memory (PARTS="cpu wall hang long start lab core stored ooni")
	@$(BIN)/python -m probe.trial.bench $(PARTS)

lint: $(READY) ## Check style and formatting
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: $(READY) ## Mend style and formatting
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

types: $(READY) ## Check types
	@$(BIN)/mypy

walls: $(READY) ## Check that rooms import downwards only
	@$(BIN)/lint-imports

wheel: $(READY) ## Build the wheel and try it in an empty environment and an empty folder
	@.ci/try-wheel $(BIN)/python

build/campaign.db: $(READY)
	@mkdir -p build
	@echo "Playing a campaign into build/campaign.db; \`make clean\` forgets it." >&2
	@$(BIN)/roadblock lab score --profile standard --scenarios 240 --benign 480 --seed 7 --db $@ >/dev/null

mutants: build/campaign.db ## Plant faults in the judge's rules; list what no scenario notices
	@$(BIN)/python -m probe.trial.mutants --db $< --of rules $(ARGS)

constants: build/campaign.db ## Halve and double each of the judge's thresholds; the score beside
	@$(BIN)/python -m probe.trial.mutants --db $< --of constants $(ARGS)

located: $(READY) ## Count how often --locate finds the link that a box stands on
	@$(BIN)/python -m probe.trial.located $(ARGS)

peers: $(READY) ## Ask curl and blackbox exporter about the same targets, on real packets
	@$(BIN)/python -m probe.trial.peers $(ARGS)

null: $(READY) ## Count what the exact test claims where there is nothing (10 million sequences)
	@$(BIN)/python -m probe.trial.null $(ARGS)

gallery: $(READY) ## Make the pictures of docs/gallery anew (two minutes)
	@$(BIN)/python -m probe.trial.gallery docs/gallery

schema: $(READY) ## Write results/schema/ and its dictionary anew from the models
	@$(BIN)/python -m probe.report.schema results/schema
	@$(BIN)/python -m probe.exchange.contract

truth: $(READY) ## Count in the lab how often the judge is right (ARGS="--scenarios 1000")
	@$(BIN)/roadblock lab score $(ARGS)

dated: $(READY) ## Play a campaign that today's date draws: reports, fails nothing
	@echo "Seed $$(date -u +%Y%m%d):"
	@$(BIN)/roadblock lab score --seed $$(date -u +%Y%m%d) --scenarios 40 --benign 60 $(ARGS)

regressions: $(READY) ## Play the scenarios that once were judged wrongly
	@$(BIN)/python -m probe.trial.regressions

requirements: $(READY) ## Resolve the pinned requirements anew from pyproject.toml
	@.ci/resolve $(BIN)/python

check: lint types walls test wheel ## All of lint, types, walls, test and wheel

clean: ## Remove the environment and everything generated; measurements stay
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): pyproject.toml requirements-dev.txt
	@.ci/set-up $(VENV)
	@touch $@
