# `make` alone lists the targets. Each makes its own environment: nothing but Python 3.11 or newer is needed.
# ARGS goes on to the program behind a target: make test ARGS="tests/unit -k spool"
# Tests run on WORKERS processes, a file on one of them: make test WORKERS=8

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

UV_VERSION := 0.13.9
BIN := .venv/bin
WORKERS := 2
INSTALLED := .venv/installed-$(shell cat locks/dev.txt locks/previous.txt pyproject.toml | sha256sum | cut -c 1-16)
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header $(ARGS)

.PHONY: help demo test check campaign bench bare-install first-run setup system-packages lock clean

help: ## This list.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(INSTALLED) ## Collector and dashboard on the embedded engine, with live traffic to look at.
	@$(BIN)/watchkeeper up --demo $(ARGS)

test: $(INSTALLED) system-packages ## All tests, with a seeded sample of each campaign.
	@$(BIN)/python -m pytest -m "not campaign" -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(INSTALLED) ## Format, lint, types and the direction of imports.
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest -q tests/unit/test_imports.py

campaign: $(INSTALLED) system-packages ## The long campaigns: hundreds of kills, thousands of random cases.
	@$(BIN)/python -m pytest -m campaign $(ARGS)
	@$(BIN)/python scripts/first_run.py

bench: $(INSTALLED) ## The benchmarks, with the machine's figures beside them.
	@$(BIN)/python -m benchmarks $(ARGS)

bare-install: $(INSTALLED) ## Prove that the wheel alone installs the SDK and no server package.
	@$(BIN)/python scripts/bare_install.py

first-run: $(INSTALLED) ## Prove a user's first minutes: the wheel, three programs, a collector that is killed.
	@$(BIN)/python scripts/first_run.py

setup: $(INSTALLED) ## The environment in .venv, from locks/dev.txt.

system-packages: ## Debian packages that the tests need: installed by root, named to others.
	@sh scripts/system-packages

lock: $(INSTALLED) ## Write locks/ anew after a change of pyproject.toml (ARGS=--upgrade for newer versions).
	@$(BIN)/python -m pip install --quiet uv==$(UV_VERSION)
	@$(COMPILE) pyproject.toml --extra dev --output-file locks/dev.txt
	@$(COMPILE) pyproject.toml --extra server --extra postgres --constraint locks/dev.txt --output-file locks/server.txt
	@$(COMPILE) pyproject.toml --constraint locks/dev.txt --output-file locks/base.txt
	@$(COMPILE) --no-deps locks/previous.in --output-file locks/previous.txt
	@$(COMPILE) locks/build.in --constraint locks/dev.txt --output-file locks/build.txt

clean: ## Remove the environment, caches and builds; data stays.
	rm -rf .venv dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +

$(INSTALLED):
	@sh scripts/make-environment
	@touch $@
