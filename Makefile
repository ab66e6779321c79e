# make run: serve the chat.  make test: run every test.  Both set up what they need first; a second call finds it done.
PYTHON ?= python3
BIN := .venv/bin
STEP := sh scripts/step
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# The machine's npm, or the one that requirements-node.txt puts into the virtual environment.
export PATH := $(PATH):$(CURDIR)/$(BIN)
export PYTHONDONTWRITEBYTECODE := $(CI)

.PHONY: run test check format screenshot clean
.DELETE_ON_ERROR:

run: .venv/local static/vendor/socket.io.esm.min.js
	@exec $(BIN)/gunicorn app:app

test: check
	@$(BIN)/python -m pytest --durations=5 -m served

check: .venv/dev node_modules/dev static/vendor/socket.io.esm.min.js .venv/browser
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@node_modules/.bin/eslint --max-warnings 0 .
	@$(BIN)/python -m pytest -m "not served"

format: .venv/dev node_modules/dev
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .
	@node_modules/.bin/eslint --fix .

screenshot: .venv/dev .venv/browser static/vendor/socket.io.esm.min.js
	@$(BIN)/python -m scripts.screenshot

clean:
	rm -rf .venv node_modules static/vendor artifacts .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

# Each file below is a stamp: it is there when its step was done.

.venv/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "The chat needs Python 3.11 or later; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try make PYTHON=python3.12." >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
		{ echo "$(PYTHON) has no venv: install it, for example with 'apt-get install python3-venv'." >&2; exit 1; }
	@$(STEP) "Making a virtual environment" $(PYTHON) -m venv --clear .venv
	@touch $@

.venv/local: .venv/made requirements.txt requirements-local.txt
	@$(STEP) "Installing the chat's packages" $(PIP) -r requirements-local.txt
	@touch $@

.venv/dev: .venv/local requirements-dev.txt
	@$(STEP) "Installing the developer's packages" $(PIP) -r requirements-dev.txt
	@touch $@

.venv/node: .venv/made requirements-node.txt
	@command -v npm >/dev/null || $(STEP) "Installing Node.js into the virtual environment" $(PIP) -r requirements-node.txt
	@touch $@

.venv/browser: .venv/made scripts/browser
	@$(STEP) "Looking for Chromium" sh scripts/browser
	@touch $@

static/vendor/socket.io.esm.min.js: package.json package-lock.json scripts/vendor.mjs | .venv/node
	@test -d node_modules/socket.io-client || $(STEP) "Installing the Socket.IO client" npm ci --omit=dev --ignore-scripts
	@node scripts/vendor.mjs
	@touch $@

node_modules/dev: package.json package-lock.json | .venv/node
	@$(STEP) "Installing the developer's JavaScript packages" npm ci --ignore-scripts
	@touch $@
