# `make` without a goal prints what there is.
.DEFAULT_GOAL := help
.PHONY: help demo run test lint format bench soak clean venv venv-dev

PORT ?= 8000
SANDBOX_PORT ?= 8400
PY := .venv/bin/python
export PATH := $(CURDIR)/.venv/bin:$(PATH)

help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

demo: venv ## the whole product on this machine, with a story played through it (ONCE=1 ends after it; SPEAK=en; PORT=, SANDBOX_PORT=, DATA=new folder)
	@$(PY) -m sandbox demo --web-port $(PORT) --port $(SANDBOX_PORT) $(if $(ONCE),--once) $(if $(SPEAK),--language $(SPEAK)) $(if $(DATA),--data $(DATA))

run: venv ## the real thing, with the settings of .env
	@test -f .env || { echo "OA Desk: there is no .env yet. Begin with: install -m 600 .env.example .env" >&2; exit 1; }
	@$(PY) manage.py check
	@$(PY) manage.py migrate
	@PORT=$${PORT:-8000} $(PY) -m honcho start web bot worker clock # honcho's own default would be 5000

test: venv-dev ## all tests (PostgreSQL and Redis too, where they are reachable)
	@$(PY) -m pytest -n 2 --dist loadgroup

lint: venv-dev ## style, types and import rules
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy

format: venv-dev ## write the code the way `make lint` wants it
	@$(PY) -m ruff check --fix -q .
	@$(PY) -m ruff format -q .

bench: venv-dev ## speed, as ratios side by side
	@$(PY) -m bench

soak: venv-dev ## the long tests
	@$(PY) -m pytest -m soak -o addopts="-q --strict-markers" --timeout 3600

clean: ## remove .venv and what the tools left
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis

venv: ## .venv with what running needs; the other goals make it by themselves
	@scripts/venv.sh requirements.txt

venv-dev: ## the same, with the tools of tests and lint
	@scripts/venv.sh requirements-dev.txt
