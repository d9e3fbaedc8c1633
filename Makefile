# make study   from nothing to a tuned schedule, on the real Fashion-MNIST
# make check   lint, format, types and the tests that take a moment: of a changed line, in a minute
# make test    from nothing to all checks and tests passed
# make docs    the documentation as a site, site/index.html
#
# They make their own virtual environment, with MXNet in it. Another Python:
# make test PYTHON=python3.12 VENV=.venv-3.12; more packages beside: EXTRA="scipy matplotlib".

PYTHON ?= python3
VENV   ?= .venv
EXTRA  ?=
BIN    := $(VENV)/bin

# The tests start hundreds of processes, none of which should compile what another did.
export PYTHONDONTWRITEBYTECODE =

.PHONY: study check static test tests docs data programs postgresql browser clean

study: $(VENV)/installed data
	$(BIN)/tuner run studies/quickstart.toml

# Needs the packages alone: no data, no PostgreSQL, no browser.
check: $(VENV)/installed-dev static
	$(BIN)/pytest -n logical -m "not slow" --durations=5

# The programs are installed while the packages are.
test:
	@$(MAKE) --no-print-directory --jobs=2 $(VENV)/installed-dev programs
	@$(MAKE) --no-print-directory data
	@$(MAKE) --no-print-directory --jobs=2 static tests

static: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Three processes for two cores, since many tests wait.
tests:
	$(BIN)/pytest -n 3 --dist worksteal --durations=20

docs: $(VENV)/installed-docs
	$(BIN)/python -m sphinx -W --keep-going -n -q -b html docs site
	@echo wrote site/index.html

# Looks where the package looks, downloading included; Debian and Ubuntu have it as a package.
data: $(VENV)/installed
	@$(BIN)/python -c "from tuner.tasks.fashion_mnist import load_fashion_mnist as f; f()" 2>/dev/null \
	  || { command -v apt-get >/dev/null && sh -c ' \
	       as_root() { if [ "$$(id -u)" = 0 ]; then "$$@"; else sudo "$$@"; fi; }; \
	       as_root apt-get update -q && as_root apt-get install -q -y dataset-fashion-mnist'; } \
	  || $(BIN)/python -c "from tuner.tasks.fashion_mnist import load_fashion_mnist as f; f()"

programs: postgresql browser

# Tests run a server of their own. Debian and Ubuntu keep its programs out of the PATH.
postgresql:
	@PATH="$$PATH:$$(echo /usr/lib/postgresql/*/bin | tr ' ' :)"; command -v initdb >/dev/null \
	  || { command -v apt-get >/dev/null && sh -c ' \
	       as_root() { if [ "$$(id -u)" = 0 ]; then "$$@"; else sudo "$$@"; fi; }; \
	       as_root apt-get update -q && as_root apt-get install -q -y postgresql'; } \
	  || { echo "The tests need PostgreSQL's initdb and pg_ctl in the PATH: install PostgreSQL."; exit 1; }

# Tests open reports in it. Not beside the other one, which would have apt's lock.
browser: | postgresql
	@{ command -v chromium && command -v chromedriver; } >/dev/null \
	  || { command -v apt-get >/dev/null && sh -c ' \
	       as_root() { if [ "$$(id -u)" = 0 ]; then "$$@"; else sudo "$$@"; fi; }; \
	       as_root apt-get update -q && as_root apt-get install -q -y chromium chromium-driver'; } \
	  || { echo "The tests need chromium and chromedriver in the PATH: install Chromium."; exit 1; }

$(VENV)/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; ok = (3, 10) <= v <= (3, 12); \
	  sys.exit(0 if ok else "Python 3.10 to 3.12 is needed, because make installs MXNet 1.9.1, which" \
	  " works with no other, but $(PYTHON) is %d.%d. Type: make PYTHON=python3.11 ..., or without" \
	  " MXNet: pip install ." % v)'
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/installed: $(VENV)/python pyproject.toml
	$(BIN)/pip install --quiet --editable '.[mxnet]' $(EXTRA)
	touch $@

$(VENV)/installed-docs: $(VENV)/installed
	$(BIN)/pip install --quiet --editable '.[docs]' $(EXTRA)
	touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(BIN)/pip install --quiet --editable '.[dev]' $(EXTRA)
	touch $@

clean:
	rm -rf $(VENV) site build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
