# Everything works on a bare machine with Python 3.11–3.13, pip and make: the first target that is
# called makes .venv from the pinned versions in constraints.txt.
.PHONY: help demo test check run sim soak bench messages screenshots constraints clean

PYTHON := $(shell for p in python3 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
  && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

help:          ## Show the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

$(VENV)/ready: constraints.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "需要 Python 3.11 到 3.13（Python 3.11 to 3.13 is needed）"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "无法创建虚拟环境；Debian 上请先运行：apt-get install python3-venv"; exit 1; }
	@echo "正在安装（installing）…"
	@$(PIP) install --constraint constraints.txt --editable '.[test]'
	@touch $@

demo: $(VENV)/ready   ## Play the sample month against the simulator
	@$(BIN)/bot demo

test: $(VENV)/ready   ## Run all tests
	@# On Debian as root a missing browser is installed; elsewhere it says what to install.
	@$(BIN)/python -m tests.browser.chromium
	@# Compiled once and not by each of three workers, whatever the machine's variables say.
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 3 --dist worksteal

check: $(VENV)/ready  ## Lint, format, types, import layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

run: $(VENV)/ready    ## Publish the calendar of schedules/ until stopped
	@$(BIN)/bot run

sim: $(VENV)/ready    ## Serve the platforms' APIs on this machine
	@$(BIN)/bot simulator

# How long each part rages, and from which seed the soaks are drawn.
SECONDS ?= 600
SEED ?= 1

soak: $(VENV)/ready   ## Kill workers and servers at random, SECONDS=600 for each way it runs
	@mkdir -p build
	$(BIN)/python -m tests.soak --seconds $(SECONDS) --seed $(SEED) --report build/soak-postgres.json
	$(BIN)/python -m tests.soak --ledger sqlite --seconds $$(($(SECONDS) / 3)) --seed $(SEED) \
	  --report build/soak-sqlite.json
	rm -f build/soak-machine.json
	BOT_SOAK_SECONDS=$(SECONDS) BOT_SOAK_REPORT=build/soak-machine.json \
	  $(BIN)/python -m pytest -q tests/property/test_at_most_once.py
	BOT_EVERYTHING_BOTH_WAYS=1 $(BIN)/python -m pytest -q -k postgres tests/scenarios
	@$(BIN)/python -m tests.soak.figures build/soak-postgres.json build/soak-sqlite.json \
	  build/soak-machine.json

bench: $(VENV)/ready  ## Measure speed as ratios (BENCH="burst --runs 3" for a part)
	@$(PIP) install --constraint constraints.txt --editable '.[test,bench]'
	@$(BIN)/python -m bench $(BENCH)

messages: $(VENV)/ready  ## Bring the message catalog up to date
	@mkdir -p build
	$(BIN)/pybabel -q extract -F pyproject.toml -k N_ --no-location --sort-output --omit-header -o build/bot.pot bot adapters
	$(BIN)/pybabel -q update -i build/bot.pot -d bot/locale -D bot -l zh_CN --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date
	$(BIN)/pybabel -q compile -d bot/locale -D bot

screenshots: $(VENV)/ready  ## Draw the pictures of the documentation again, all pages of the desk
	@$(BIN)/python -m tests.browser.chromium
	@$(BIN)/python -m docs.images.make_screenshots
	@$(BIN)/python -m tests.browser.screenshots

constraints:   ## Pin the newest versions that fit pyproject.toml
	rm -rf build/pins && $(PYTHON) -m venv build/pins
	build/pins/bin/python -m pip --quiet install --editable '.[test,bench,sample]'
	{ echo "# Exact versions of everything that is installed; \`make constraints\` makes this file anew."; \
	  build/pins/bin/python -m pip freeze --exclude-editable; } > constraints.txt

clean:         ## Remove what the other targets made; never var/, which holds the ledger
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache
