# `make` alone prints what there is. Everything is installed into .venv (Python packages) and
# .services (other programs); nothing outside this folder is touched.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
JOBS ?= auto
ANVIL_VERSION := 1.7.1
CAST_VERSION := 1.7.1

.PHONY: help demo test services check bench pin clean

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/.installed-demo ## Run the main job on bundled real data (installs what it needs first)
	@$(BIN)/quorate demo

test: .venv/.installed-test ## Run every test whose parts are present; end with what was skipped
	@$(BIN)/pytest -n $(JOBS)

services: .services/.installed-$(ANVIL_VERSION)-$(CAST_VERSION) ## Install the optional programs into .services (needs npm)
	@.services/node_modules/.bin/anvil --version | head -n 1
	@.services/node_modules/.bin/cast --version | head -n 1

check: .venv/.installed-test ## Lint, types, floors and the fast tests, in about three minutes
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache --no-logo
	@$(BIN)/pytest -n $(JOBS) -m 'not slow'

bench: .venv/.installed-test ## Run every benchmark in its quick form
	@shopt -s nullglob; for file in benchmarks/bench_*.py; do \
	  echo "== $$file"; $(BIN)/python "$$file" --quick; done

pin: ## Resolve the dependencies anew and write constraints.txt
	@scripts/pin.sh

clean: ## Remove what this file installed: .venv and .services
	@rm -rf .venv .services

.venv/.installed-demo: pyproject.toml constraints.txt scripts/install.sh
	@scripts/install.sh learn
	@touch $@

.venv/.installed-test: pyproject.toml constraints.txt scripts/install.sh
	@scripts/install.sh learn,dev
	@touch .venv/.installed-demo $@

.services/.installed-$(ANVIL_VERSION)-$(CAST_VERSION): Makefile
	@command -v npm >/dev/null || { echo "could not install anvil and cast: npm is not on the PATH; install Node.js 18 or newer" >&2; exit 69; }
	@npm install --prefix .services --no-audit --no-fund --loglevel=error \
	  @foundry-rs/anvil@$(ANVIL_VERSION) @foundry-rs/cast@$(CAST_VERSION)
	@touch $@
