# Every target sets up what it needs by itself; `make` alone lists them.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# A Node.js that the set-up brought along comes first; the machine's is used otherwise.
export PATH := $(CURDIR)/backend/.venv/node/bin:$(PATH)
setup := sh scripts/setup.sh
python := $(CURDIR)/backend/.venv/bin/python
npm := npm --prefix frontend

.PHONY: help
help: ## this list
	@awk -F ' *## ' '/^[a-z-]+:.*## / { sub(/:.*/, "", $$1); printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# ---- run (exec: signals reach the runner itself, which stops its children in order)

.PHONY: run
run: ## start everything in the foreground: page and API on one port (PORT=5000), worker, Beat
	@$(setup) python page
	@cd backend && exec $(python) -m launch --with-parent

.PHONY: demo
demo: ## the same with demonstration data in a folder of its own; prints the logins. DATA=FILE.csv.gz: a real city's
	@$(setup) python page
	@cd backend && DEMO_CITY="$(abspath $(DATA))" DATA_DIR="$${DATA_DIR:-backend/instance/demo$(if $(DATA),-city)}" TIMEZONE="$${TIMEZONE:-Europe/$(if $(DATA),London,Berlin)}" exec $(python) -m launch --with-parent --demo

.PHONY: dev
dev: ## for development: API that reloads on PORT, page by Vite on http://localhost:5173
	@$(setup) dev node
	@cd backend && exec $(python) -m launch --with-parent --dev

# ---- check

.PHONY: test
test: ## all tests and linters, backend and page, also in a real browser; STEPS="backend page e2e lint" picks some
	@$(setup) dev node browser
	@exec $(python) scripts/test.py $(STEPS)

.PHONY: lint
lint: ## linters and type checks only
	@$(setup) dev node
	@exec $(python) scripts/test.py lint

.PHONY: audit
audit: ## compare all locked libraries with lists of known weaknesses (also weekly: .github/workflows/audit.yml)
	@$(setup) dev node
	@exec $(python) scripts/audit.py

.PHONY: bench
bench: ## measure speed and CPU beside plain code of the same job, on both databases, in under 10 minutes; ARGS=…
	@$(setup) dev page
	@PYTHONPATH=.:backend exec $(python) -m bench $(ARGS)

.PHONY: bench-job
bench-job: ## measure mail, reports and exports: WHAT=mail, monthly, exports, backup, spreadsheet, outages, beats, campaign, hosts, hosts.upgrade, slow, streams or waitlist; ARGS=…
	@$(setup) dev page
	@PYTHONPATH=.:backend exec $(python) -m bench.$(WHAT) $(ARGS)

.PHONY: bench-page
bench-page: ## measure the page in a browser: Lighthouse, a map of 500 spots, journeys on a slow phone; RUNS=3
	@$(setup) dev page browser
	@$(npm) run --silent bench

.PHONY: bench-scale
bench-scale: ## every page with 10,000 lots and 10 million bookings; made once, kept in BENCH_DATA or a cache; ARGS=…
	@$(setup) dev page
	@PYTHONPATH=.:backend exec $(python) -m bench.scale $(ARGS)

.PHONY: replay
replay: ## play a day of a real city's lots: DATA=FILE.csv.gz [DAY=2016-10-04] [ARGS=…]
	@$(setup) dev page
	@PYTHONPATH=.:backend exec $(python) -m bench.replay --data "$(DATA)" $(if $(DAY),--day $(DAY)) $(ARGS)

# ---- write

.PHONY: format
format: ## put all code into its standard form
	@$(setup) dev node
	@cd backend && $(python) -m ruff check --config pyproject.toml --fix --quiet . ../scripts ../bench \
		&& $(python) -m ruff format --config pyproject.toml . ../scripts ../bench
	@$(npm) run --silent format

.PHONY: migration
migration: ## write a migration for changed models: NAME="what it does"
	@$(setup) dev
	@test -n "$(NAME)" || { echo 'make migration NAME="what it does"' >&2; exit 1; }
	@cd backend && $(python) -m flask db upgrade && $(python) -m flask db revision --autogenerate -m "$(NAME)"

.PHONY: lock
lock: ## choose the newest allowed versions anew and write all lock files (with extras: pip 23 wants them pinned too)
	@$(setup) dev node
	@cd backend && for name in requirements requirements-dev requirements-setup requirements-node; do \
		$(python) -m uv pip compile --quiet --upgrade --generate-hashes --universal --python-version 3.11 \
			--no-strip-extras --no-emit-index-url --no-annotate --no-header $$name.in --output-file $$name.txt || exit 1; done
	@$(npm) update --package-lock-only --ignore-scripts

.PHONY: mails
mails: ## render every kind of mail with sample data to files one can open: FOLDER=backend/instance/mails
	@$(setup) python
	@cd backend && $(python) -m flask mail render "$(abspath $(or $(FOLDER),backend/instance/mails))"

.PHONY: screenshots
screenshots: ## take the pictures of the README anew
	@$(setup) dev page browser
	@$(npm) run --silent screenshots
