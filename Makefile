# Two commands do everything: `make demo` and `make test`. They make their own .venv from the lock; only python3 (3.11 or
# later), make and git are assumed. Nothing outside this folder is written, but for temporary folders removed at the end.

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.locked
SIZE ?= 1
WORKERS ?= 2
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)

.PHONY: demo test check unit format lint types lock contract faults flood operations image compose bench migration clean
.DEFAULT_GOAL := help

help:
	@sed -n 's/^## //p' Makefile

## make demo      a day of contacts through all five services, on servers of its own, then a table of what came of them
demo: $(STAMP)
	@$(BIN)/yingda demo

## make test      every test, on real NATS and PostgreSQL; of the fault tests the small versions; WORKERS=1 one after the other
test: $(STAMP)
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile -m "not slow_faults and not slow_operations"

## make check     format, lint, types, architecture and unit tests, in under 30 seconds: run it before each commit
check: $(STAMP)
	@$(BIN)/python tests/check.py

## make faults    20,000 contacts under 300 faults and every other guarantee at full size; SEED=17 repeats a run
faults: $(STAMP)
	@SEED=$(SEED) $(BIN)/python -m pytest -q tests/faults

## make flood     a minute of ten times what the house can do, then until all is done; SECONDS=20 for less
flood: $(STAMP)
	@SECONDS=$(SECONDS) $(BIN)/python -m pytest -q tests/faults/test_flood.py -m slow_faults

## make operations  what needs a container engine or takes minutes: compose, backups, upgrades, alerts end to end
operations: $(STAMP)
	@$(BIN)/python -m pytest -q tests -m slow_operations

## make image     the image of the services, yingda:VERSION, built from the locks in deploy/
image:
	@docker build -f deploy/Dockerfile -t yingda:$(VERSION) --build-arg VERSION=$(VERSION) \
		--build-arg REVISION=$$(git rev-parse HEAD) --build-arg PIP_INDEX_URL --build-arg PIP_EXTRA_INDEX_URL \
		--build-arg PIP_TRUSTED_HOST $(if $(PYTHON_IMAGE),--build-arg PYTHON_IMAGE=$(PYTHON_IMAGE)) .

## make compose   builds deploy/compose.yaml, runs it and breaks it in every way; needs a container engine
compose: $(STAMP)
	@$(BIN)/python -m pytest -q tests/compose

## make bench     throughput, latency, deadlines, growth and idle cost on this machine, half an hour; SIZE=0.05 for a look
bench: $(STAMP)
	@$(BIN)/yingda bench all --size $(SIZE) --json .yingda/bench.json --targets

## make migration  write the next revision of a service's tables: SERVICE=routing NAME="work orders are found by tag"
migration: $(STAMP)
	@$(BIN)/python -m shared.provision.revision "$(SERVICE)" "$(NAME)"

## make format    let ruff put the code into shape
format: $(STAMP)
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

## make contract  write the generated contract in docs/contract anew
contract: $(STAMP)
	@$(BIN)/python -m shared.contract

## make lock      resolve the dependencies anew and pin them with their hashes
lock: $(STAMP)
	@CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile -q --generate-hashes --allow-unsafe --strip-extras \
		--no-emit-options \
		--extra embedded --extra otel --extra apprise --extra dev -o requirements.lock pyproject.toml
	@for lock in "requirements --extra=otel --extra=apprise" "build --only-build-deps --build-deps-for=wheel"; do \
		CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile -q --generate-hashes --allow-unsafe --strip-extras \
			--no-emit-options -c requirements.lock $${lock#* } -o deploy/$${lock%% *}.lock pyproject.toml || exit; \
	done

## make clean     remove .venv and everything that a run left in this folder
clean:
	@rm -rf .venv .yingda .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info build

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Yingda needs Python 3.11 or later; this is " + sys.version.split()[0])'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing what requirements.lock pins into .venv ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-cache-dir --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-cache-dir --no-build-isolation --no-deps -e .
	@touch $(STAMP)
