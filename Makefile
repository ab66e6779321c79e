# make run serves the chat, make test runs every test. Both set up what they need first; a second call finds it done.
BIN := .venv/bin
STEP := @sh scripts/step
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
PIN = $(BIN)/uv pip compile $(UV) --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--custom-compile-command "make requirements"
# Two files of tests at a time, but for those that look at how soon something is done, or who suffers from whom: they have the machine alone.
TWO := $(BIN)/python -m pytest --numprocesses 2 --dist loadfile
ALONE := tests/faults/test_answers.py tests/serving tests/test_serving.py \
	$(addprefix tests/live/test_,floods.py guards.py slow_readers.py strangers.py)
PRETTY := "**/*.{js,mjs,css}"
BUILT := static/vendor/socket.io.esm.min.js
# Where there is no Node.js, set-up puts it into the virtual environment.
export PATH := $(PATH):$(CURDIR)/$(BIN)
export PYTHON

.PHONY: run test check format requirements screenshot bench bench-quick bench-page clean FORCE
.DELETE_ON_ERROR:
# npm removes what it installed before when it installs again.
.NOTPARALLEL:

run: .venv/local $(BUILT)
	@exec $(BIN)/gunicorn app:app

test: check .venv/browser
	@$(TWO) -m "served or thorough" --durations=10 $(ALONE:%=--ignore=%)
	@$(BIN)/python -m pytest -m "served or thorough" --durations=10 $(ALONE)

check: .venv/dev node_modules/dev $(BUILT)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@node_modules/.bin/eslint --max-warnings 0 .
	@node_modules/.bin/prettier --log-level warn --check $(PRETTY)
	@$(TWO) -m "not served and not thorough"

format: .venv/dev node_modules/dev
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .
	@node_modules/.bin/eslint --fix .
	@node_modules/.bin/prettier --log-level warn --write $(PRETTY)

# Pins what the .in files name and all that it needs, by version and hash; make requirements UV=--upgrade takes the newest.
requirements: .venv/made
	@$(PIP) -r requirements-uv.txt
	@for each in requirements requirements-dev; do $(PIN) --output-file $$each.txt $$each.in; done
	@for each in local node uv; do $(PIN) --no-deps --output-file requirements-$$each.txt requirements-$$each.in; done

# Measures everything and writes docs/benchmarks.md, which takes about 25 minutes; bench-quick prints the most telling part.
bench: .venv/dev bench/peers/node_modules/made $(BUILT)
	@$(BIN)/python -m bench

bench-quick: .venv/dev bench/peers/node_modules/made $(BUILT)
	@$(BIN)/python -m bench --quick

# The page in Chromium, on a desktop, a slowed phone and a slow network; about five minutes.
bench-page: .venv/dev .venv/browser $(BUILT)
	@$(BIN)/python -m bench.page

screenshot: .venv/dev .venv/browser $(BUILT)
	@$(BIN)/python -m scripts.screenshot

clean:
	rm -rf .venv node_modules bench/peers/node_modules static/vendor dist artifacts .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

# Each file below is made last, when its step is done: what was interrupted is done again.

.venv/made: FORCE
	@sh scripts/venv

.venv/local: .venv/made requirements.txt requirements-local.txt
	$(STEP) "Installing the chat's packages" $(PIP) -r requirements.txt
	$(STEP) "Finding or installing Redis" sh scripts/redis
	@touch $@

.venv/dev: .venv/local requirements-dev.txt
	$(STEP) "Installing the developer's packages" $(PIP) -r requirements-dev.txt
	@touch $@

.venv/browser: .venv/made
	$(STEP) "Finding or installing Chromium" sh scripts/browser
	@touch $@

node_modules/dev: package.json package-lock.json | .venv/made
	$(STEP) "Installing the developer's JavaScript packages" sh scripts/npm ci --ignore-scripts
	@touch $@

bench/peers/node_modules/made: bench/peers/package.json bench/peers/package-lock.json | .venv/made
	$(STEP) "Installing what the benchmarks compare with" sh scripts/npm --prefix bench/peers ci --ignore-scripts
	@touch $@

# Folders too, which change when a file of theirs goes.
$(BUILT): package.json package-lock.json scripts/build.mjs $(shell find static -not -path "static/vendor*") | .venv/made
	@test node_modules/dev -nt package-lock.json || \
		sh scripts/step "Installing what pages are built of" sh scripts/npm ci --ignore-scripts --omit=dev
	@node scripts/build.mjs
	@touch $@
