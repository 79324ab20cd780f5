# Every target first creates the environment if it is missing or outdated.
PYTHON ?= python3
VENV   ?= .venv
READY  := $(VENV)/.complete
RUN    := $(VENV)/bin/python
# Python files without an extension, which ruff does not find.
SCRIPTS := .ci/dist .ci/environment .ci/lock .ci/tools

.DEFAULT_GOAL := help
.PHONY: help demo test test-all test-brokers test-matrix lint format bench bench-eta bench-farm test-home-assistant docs site pages screenshots dist lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-20s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(READY): .ci/environment .ci/requirements.lock pyproject.toml tests/support/debian.py
	@$(PYTHON) .ci/environment $(VENV)
	@touch $@

demo: $(READY) ## Start a broker and OctoPrint with a virtual printer, with a live view (DEMO_HTTP_PORT, DEMO_MQTT_PORT, MQTT_URL, DEMO_SECONDS)
	@$(RUN) -m tests.demo

# One process more than CI has cores: many tests wait for a server or a browser.
test: $(READY) ## Run the tests
	@$(RUN) .ci/tools
	@$(RUN) -m pytest -m "not slow and not home_assistant" --numprocesses 3 --dist loadfile --no-loadscope-reorder

test-all: $(READY) ## Run all tests, also slow ones and those with Home Assistant
	@$(RUN) .ci/tools
	@$(RUN) -m pytest -m "not matrix" --numprocesses 2 --dist loadfile --hypothesis-profile thorough

test-brokers: $(READY) ## Test the connection with mosquitto, NATS, RabbitMQ and aedes (downloads what is missing)
	@$(RUN) .ci/tools
	@$(RUN) -m pytest -m brokers tests/integration/test_brokers.py -rs

test-matrix: $(READY) ## Test with Python 3.11 to 3.13, OctoPrint 1.11 and 2.0, paho-mqtt 1.6 and 2 (downloads 1 GB once)
	@$(RUN) -m pytest tests/integration/test_matrix.py -m matrix -v -rs

lint: $(READY) ## Check style and types
	@$(RUN) -m ruff check . $(SCRIPTS)
	@$(RUN) -m ruff format --check . $(SCRIPTS)
	@$(RUN) -m mypy
	@$(VENV)/bin/biome lint --error-on-warnings .

format: $(READY) ## Format the code
	@$(RUN) -m ruff check --fix-only --quiet . $(SCRIPTS)
	@$(RUN) -m ruff format . $(SCRIPTS)

bench: $(READY) ## Measure what the plugin costs beside a bare OctoPrint and a raw publish (30 minutes)
	@$(RUN) -m tests.benchmarks.side_by_side
	@$(RUN) -m tests.benchmarks.memory
	@$(RUN) -m tests.benchmarks
	@$(RUN) -m tests.benchmarks.worker

bench-eta: $(READY) ## Measure the accuracy of the estimates on simulated heaters, or on recordings (TRACES=folder, with plots)
	@$(RUN) -m tests.benchmarks.eta $(if $(TRACES),$(TRACES) --leave-out --plots docs/img)

bench-farm: $(READY) ## Measure 1 to 200 printers on one broker, and a restart of the broker under that load
	@$(RUN) -m tests.benchmarks.farm

test-home-assistant: $(READY) ## Test with a real Home Assistant (slow, large download)
	@$(RUN) -m pytest tests/e2e -m "home_assistant and not slow" --numprocesses $(if $(HA_URL),0,2) --dist worksteal

docs: $(READY) ## Generate the reference pages from schemas, settings and docstrings
	@$(RUN) -m tests.support.contract_docs

site: $(READY) ## Build the documentation as a site in build/site
	@NO_MKDOCS_2_WARNING=1 $(RUN) -m mkdocs build --strict --config-file .ci/mkdocs.yml

pages: $(READY) ## Generate style sheet, sounds and translation catalogues of the OctoPrint pages (needs Chromium)
	@$(RUN) -m tests.support.style_sheet
	@$(RUN) -m tests.support.sounds
	@$(RUN) -m tests.support.translations

screenshots: $(READY) ## Take the picture of the OctoPrint pages in README and docs (needs Chromium)
	@$(RUN) -m tests.support.pages_picture

dist: $(READY) ## Build source distribution, wheel, and the zip for the Plugin Manager into dist/
	@$(RUN) .ci/dist

lock: $(READY) ## Update .ci/requirements.lock to the newest matching versions
	@$(RUN) .ci/lock

clean: ## Remove the environment and all generated files
	rm -rf $(VENV) .cache build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
