# Needs only Python 3.11 or newer and make. `make` alone lists what there is.
# PORT=, DATA_DIR= and SINGLE_USER= can be given on the command line, in the environment or in .env.

# The value that .env gives to a variable: $(call dotenv,NAME), empty when it gives none.
dotenv = $(strip $(shell sed -n "s/^ *\(export \)*$(1) *= *//p" .env 2>/dev/null | tail -n 1 | tr -d "\"'"))
in_dotenv = $(shell grep -Eq "^ *(export )*$(1) *=" .env 2>/dev/null && echo yes)

ifeq ($(origin PORT),undefined)
PORT := $(or $(call dotenv,PORT),8000)
endif
ifeq ($(origin DATA_DIR),undefined)
DATA_DIR := $(or $(call dotenv,DATA_DIR),.data)
endif
export PORT DATA_DIR

# A copy for the demo lets requests without credentials act as the test user; SINGLE_USER= turns it
# off. Where something says that this is more than a copy for the demo, nothing is assumed.
more_than_demo = $(foreach name,DATABASE_URL ALLOWED_HOSTS,$(or $($(name)),$(call dotenv,$(name)))) \
	$(filter false False FALSE 0 no off,$(or $(DEBUG),$(call dotenv,DEBUG)))
ifeq ($(origin SINGLE_USER)$(call in_dotenv,SINGLE_USER),undefined)
ifeq ($(strip $(more_than_demo)),)
SINGLE_USER := test@example.com
endif
endif

# Tests and benchmarks use databases of their own, whatever DATABASE_URL and .env say
# (TEST_DATABASE_URL= runs them on a server of yours: its role must be allowed to create databases).
# Lint asks no database: its address leads nowhere.
TEST_DATA_DIR := $(DATA_DIR)-test
PARTITIONED_DATA_DIR := $(DATA_DIR)-test-partitioned
BENCH_DATA_DIR := $(DATA_DIR)-bench
# Dialogues that are evaluated with and are not part of the project.
LOCOMO ?=
NEUTRAL := env -u DJANGO_SETTINGS_MODULE SINGLE_USER= SINGLE_USER_CONFIRMED=false DEBUG=true \
	ALLOWED_HOSTS=localhost,127.0.0.1,[::1] NUM_PROXIES=0
FOR_TESTS := $(NEUTRAL) SECRET_KEY= DATABASE_URL="$(TEST_DATABASE_URL)" DATA_DIR="$(TEST_DATA_DIR)"
FOR_BENCH := $(NEUTRAL) SECRET_KEY= DATABASE_URL="$(TEST_DATABASE_URL)" DATA_DIR="$(BENCH_DATA_DIR)"
FOR_LINT := $(NEUTRAL) SECRET_KEY=lint DATABASE_URL=postgresql://lint@127.0.0.1:1/lint

PYTHON := .venv/bin/python
RUNTIME := .venv/requirements-installed
DEV := .venv/requirements-dev-installed
CHECKED := convoai partners conversations tests bench manage.py

# The newest Python that convoai runs on, looked for only when .venv has to be made.
find_python = $(firstword $(foreach name,python3.13 python3.12 python3.11 python3 python3.14 python,$(shell \
	$(name) -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $(name))))

.DEFAULT_GOAL := help
.PHONY: help run stop test test-partitioned lint format bench clean install \
	production-check lint-style lint-format lint-types lint-migrations lint-templates

help:  ## List these commands
	@echo "convoai: the memory for the people you talk with"
	@echo
	@sed -n 's/^\([a-z-]*\):.*  ## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{printf "%-22s %s\n", $$1, $$2}'
	@echo
	@echo "  PORT=$(PORT) DATA_DIR=$(DATA_DIR): give others to run a second copy beside this one"

run: $(RUNTIME)  ## Start convoai at http://127.0.0.1:8000 (SINGLE_USER= asks everyone to sign in)
	@$(if $(filter undefined,$(origin SINGLE_USER)),,export SINGLE_USER="$(SINGLE_USER)";) exec $(PYTHON) manage.py serve --port "$(PORT)"

stop:  ## Stop the bundled database (and those that tests and benchmarks left running)
	@for folder in "$(DATA_DIR)" "$(TEST_DATA_DIR)" "$(PARTITIONED_DATA_DIR)" "$(BENCH_DATA_DIR)"; do \
		if [ -d "$$folder" ] && [ -x $(PYTHON) ]; then DATA_DIR="$$folder" $(PYTHON) manage.py database stop; fi; \
	done

production-check: $(RUNTIME)  ## Say what is not yet right for a server that others reach
	@$(PYTHON) manage.py production_check --problems

# The tests of a file share servers and databases, so they stay in one process. Many wait for servers
# of theirs, so one process more than cores; more than four gain little.
TEST_PROCESSES = $(shell $(PYTHON) -c 'import os; print(min((os.cpu_count() or 1) + 1, 4))')
test: $(DEV)  ## Run the whole test suite (ARGS=tests/guards: only that)
	@sh .ci/browser $(PYTHON)
	@sh .ci/pgbouncer
	@trap '$(FOR_TESTS) $(PYTHON) manage.py database stop >/dev/null' EXIT; \
	trap 'exit 130' INT; trap 'exit 143' TERM; \
	$(FOR_TESTS) $(PYTHON) -m pytest -n $(TEST_PROCESSES) --dist loadfile $(ARGS)

test-partitioned:  ## The same with conversations and messages partitioned by year
	@TEST_LAYOUT=partitioned $(MAKE) --no-print-directory test TEST_DATA_DIR="$(PARTITIONED_DATA_DIR)"

lint: lint-style lint-format lint-types lint-migrations lint-templates  ## Check style, types, migrations and templates

lint-style: $(DEV)  ## Lint with ruff
	@$(PYTHON) -m ruff check .

lint-format: $(DEV)  ## Check the format with ruff
	@$(PYTHON) -m ruff format --check .

lint-types: $(DEV)  ## Check the types with mypy, strict
	@$(FOR_LINT) $(PYTHON) -m mypy $(wildcard $(CHECKED))

lint-migrations: $(DEV)  ## Check that no migration is missing
	@$(FOR_LINT) $(PYTHON) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run

lint-templates: $(DEV)  ## Compile every template
	@$(FOR_LINT) $(PYTHON) manage.py check_templates

format: $(DEV)  ## Put imports and layout in order
	@$(PYTHON) -m ruff check --fix --quiet . || true
	@$(PYTHON) -m ruff format .

bench: $(DEV)  ## Measure the API, and loading a LoCoMo file (LOCOMO=path), on a database of its own
	@trap '$(FOR_BENCH) $(PYTHON) manage.py database stop >/dev/null' EXIT; \
	trap 'exit 130' INT; trap 'exit 143' TERM; \
	$(FOR_BENCH) $(PYTHON) bench/api.py $(ARGS) || exit 1; \
	if [ -n "$(LOCOMO)" ]; then $(FOR_BENCH) $(PYTHON) bench/load.py "$(LOCOMO)"; \
	else echo "Give LOCOMO=path to measure loading such a file too."; fi

clean: stop  ## Remove .venv, caches and the test databases; your data stays
	@rm -rf "$(TEST_DATA_DIR)" "$(PARTITIONED_DATA_DIR)" "$(BENCH_DATA_DIR)" .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo "Removed .venv, caches and test data. $(DATA_DIR) is untouched."

install: $(DEV)  ## Install everything that working on convoai needs

# A .venv that is missing or whose Python is gone is made anew, then filled.
ifneq ($(shell $(PYTHON) -c 'print(1)' 2>/dev/null),1)
.PHONY: .venv/pyvenv.cfg
endif
.venv/pyvenv.cfg:
	$(if $(find_python),,$(error convoai needs Python 3.11 or newer: install it, then run make again))
	@echo "Making .venv with $(find_python)"
	@$(find_python) -m venv --clear .venv || \
		{ echo "Python cannot make a .venv: install its venv module (Debian: apt-get install python3-venv)."; rm -rf .venv; exit 1; }

# --no-compile: modules are compiled when first used, which is quicker than compiling all of them.
$(RUNTIME): requirements.txt constraints.txt .venv/pyvenv.cfg
	@echo "Installing requirements.txt (about half a minute)"
	@$(PYTHON) -m pip install --quiet --no-compile --disable-pip-version-check --no-input -r requirements.txt
	@touch $@

$(DEV): requirements-dev.txt requirements-s3.txt requirements.txt constraints.txt .venv/pyvenv.cfg
	@echo "Installing requirements-dev.txt (about a minute)"
	@$(PYTHON) -m pip install --quiet --no-compile --disable-pip-version-check --no-input -r requirements-dev.txt
	@touch $(RUNTIME) $@
