# Everything runs in .venv, which is made with whatever Python >= 3.11 is at hand (or PYTHON=...).

PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
INSTALLED := .venv/.installed

# Images of containers set it. Then each command and each process of tests would compile hundreds of modules anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test thorough check mypy pyright editor deploy dashboard drills wheel bench drill soak letters repairs record clean

help:  ## Show this.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(INSTALLED)  ## Book a trip on an embedded Temporal: once well, once with a flight that can't be booked.
	$(BIN)/stepfile run definitions/trip-booking.yaml --input car_id=mini --input hotel_id=ritz --input flight_id=LH1
	$(BIN)/stepfile run definitions/trip-booking.yaml --input car_id=mini --input hotel_id=ritz --input flight_id=invalid

PURE := dsl/*,dsl/**/*,interpreter/*.py,interpreter/program/*,interpreter/failure/*,interpreter/concurrency/*,interpreter/state/*,interpreter/calls/*,interpreter/shared_breaker/*,interpreter/modifiers/*,interpreter/resume/*,interpreter/letters/*,interpreter/flow/*,interpreter/messages/*,interpreter/steps/*

FAST := not timing and not slow and not drill
PYTEST := $(BIN)/pytest

# Three at a time on a real server; what fails is tried again alone, and the output shows both. For a machine that
# stands still for seconds lets deadlines pass that a test counts on. Nothing is tried again if a process has crashed.
on_server = $(PYTEST) -n 3 --dist loadfile --no-loadscope-reorder -m "$(1)" || \
	 { test $$? = 1 && $(PYTEST) --last-failed -m "$(1)"; }

alone = $(PYTEST) -m "$(1)" || { test $$? = 1 && $(PYTEST) --last-failed -m "$(1)"; }

# Coverage is measured where it must be complete, by tests without a server; the others take half the time without it.
# With a server it must not be measured: temporalio stops threads of activities by an exception from outside, and
# coverage, hit while it holds its lock, never goes on.
# Most tests wait for servers, timers and processes half of the time, so there are more of them than cores. Those with
# a server share it as a file, small files last. Time is measured with nobody beside.
test: check  ## Check, and run all tests but slow ones; the pure rings with branch coverage.
	$(PYTEST) -n 2 --dist worksteal -m "$(FAST) and not server and not no_cover" \
		--cov=dsl --cov=interpreter --cov-branch --cov-report=
	$(BIN)/coverage report --include='$(PURE)' --skip-covered --show-missing --fail-under=99
	$(PYTEST) -n 4 --dist worksteal -m "$(FAST) and not server and no_cover"
	$(call on_server,$(FAST) and server)
	$(call alone,timing and not slow)

thorough: $(INSTALLED)  ## Run the slow tests: the same run cases on workers that forget them, soaks, tutorials, large definitions.
	$(call on_server,slow and not timing and not drill)
	$(call alone,slow and timing)

check: $(INSTALLED)  ## Check format, lint, types and import contracts.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(MAKE) --no-print-directory --jobs 2 mypy pyright
	$(BIN)/lint-imports --no-logo

mypy: $(INSTALLED)
	$(BIN)/mypy

pyright: $(INSTALLED)
	$(BIN)/basedpyright

EDITOR_TESTS := tests/editor

editor: $(INSTALLED) $(EDITOR_TESTS)/node_modules/.package-lock.json  ## Try the JSON Schema in yaml-language-server, which editors use (needs Node.js).
	$(PYTEST) $(EDITOR_TESTS)/checks.py

$(EDITOR_TESTS)/node_modules/.package-lock.json: $(EDITOR_TESTS)/package-lock.json
	npm ci --prefix $(EDITOR_TESTS) --no-audit --no-fund

DEPLOY_TESTS := tests/deploy

deploy: $(INSTALLED) .venv/.deploy  ## Check the files of deploy/ (needs prometheus, docker-compose, nginx and systemd of Debian).
	$(PYTEST) $(DEPLOY_TESTS)/test_files.py $(DEPLOY_TESTS)/checks.py

.venv/.deploy: $(DEPLOY_TESTS)/requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

dashboard: $(INSTALLED)  ## Draw the dashboard of Grafana into the docs, of a story that takes five minutes (needs prometheus).
	$(BIN)/python -m tests.deploy.picture

drills: $(INSTALLED)  ## Run small soaks, in which processes are killed and runs are reset: minutes each.
	$(PYTEST) -m drill

wheel: $(INSTALLED)  ## Build wheel and sdist into dist/, and try the wheel alone in a new environment.
	$(BIN)/python -m tests.packaging

bench: $(INSTALLED)  ## Measure the overhead of YAML against the same written by hand (BENCH_ITEMS=100000).
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.long
	$(BIN)/python -m benchmarks.growth

drill: $(INSTALLED)  ## Let a service go down for a minute, without a circuit breaker and with one of each scope.
	$(BIN)/python -m benchmarks.drill

soak: $(INSTALLED)  ## Run hundreds of sagas while workers and server are killed (SOAK_RUNS=300 SOAK_SEED=...).
	$(BIN)/python -m tests.soak

letters: $(INSTALLED)  ## Let 3 % of 2,000 items fail for good, kill workers, and redrive the letters (LETTER_ITEMS=2000 SOAK_SEED=...).
	$(BIN)/python -m tests.soak.letters
repairs: $(INSTALLED)  ## Run hundreds of sagas that are reset and started again at random (SOAK_RUNS=500 SOAK_SEED=...).
	$(BIN)/python -m tests.soak.repairs

record: $(INSTALLED)  ## Record the histories of all shipped definitions anew, for the replay tests.
	$(BIN)/python -m tests.replay.record
	$(BIN)/python -m tests.replay.record_letters
	$(BIN)/python -m tests.replay.record_resets
	$(BIN)/python -m tests.replay.record_resumes

clean:  ## Remove what make, the tests and the tools have made.
	rm -rf .venv dist $(EDITOR_TESTS)/node_modules .coverage .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis htmlcov
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): pyproject.toml
	@test -n "$(PYTHON)" || { echo "Stepfile needs Python 3.11 or newer; none was found. Try PYTHON=/path/to/python" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@
