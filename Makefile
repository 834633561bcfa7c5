# `make` lists what there is. Every target makes its own environment; nothing needs a step before.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
WITH_TORCH := .venv-prove
TESTS  ?= tests
CONTEXT ?= dev
# BASE_DIGEST is looked up for each release; synthesis says how.
CDK     = $(BIN)/python -m infra.aws.cli
CDK_FOR = -c context=$(CONTEXT) $(if $(BASE_DIGEST),-c base_digest=$(BASE_DIGEST))
export PYTHONHASHSEED ?= $(shell od -An -N2 -tu2 /dev/urandom | tr -d ' ')

.DEFAULT_GOAL := help
.PHONY: help up down key demo models test prove browser screenshots lint bench evaluation openapi lock packages image synth diff deploy localstack costs clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

up: $(READY) ## Run the whole system on this machine (PORT=8000, MAMMOTHBOX_HOME=.local)
	@exec $(BIN)/python -m infra.local up

down: $(READY) ## End what `make up` started
	@exec $(BIN)/python -m infra.local down

key: $(READY) ## Make an API key: OWNER=ada ROLE=uploader
	@exec $(BIN)/python -m infra.local key --owner "$(OWNER)" --role "$(ROLE)"

demo: $(READY) ## Walk through everything against the stack that runs
	@exec $(BIN)/python -m clients.demo

models: $(READY) ## Download CLIP, verify it and quantise it
	@exec $(BIN)/python -m models.fetch

test: $(READY) ## Run the tests
	$(BIN)/pytest -q -n 2 --dist loadgroup -m "not prove and not localstack and not browser" $(TESTS)

prove: $(READY) $(WITH_TORCH)/.ready ## Run what is too heavy for `make test`
	$(BIN)/pytest -q -n 2 --dist loadfile -m prove $(TESTS)

browser: $(READY) ## Walk through the console in a real Chromium
	$(BIN)/pytest -q -m browser tests/browser

screenshots: $(READY) ## Take the README's pictures of the console anew
	$(BIN)/python -m tests.browser.screenshots

lint: $(READY) ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(READY) ## Measure speed; prints the machine, medians and 95th percentiles
	@POWERTOOLS_LOG_LEVEL=ERROR $(BIN)/python -m tests.bench $(BENCH)

evaluation: $(READY) ## Show what becomes of real JSON, in tests/evaluation/decisions.md
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	  $(BIN)/uv pip install -q --no-deps --require-hashes --target "$$folder" -r requirements/evaluation.txt && \
	  PYTHONPATH="$$folder" $(BIN)/python -m tests.evaluation > "$$folder/decisions.md" && \
	  cp "$$folder/decisions.md" tests/evaluation/decisions.md

openapi: $(READY) ## Write functions/api/openapi.json anew
	$(BIN)/python -m infra.openapi

packages: $(READY) ## Put together what is deployed: CONTEXT=dev
	$(BIN)/python -m infra.aws.packages $(CONTEXT)

image: ## Build the worker image with Docker: BASE_DIGEST=sha256:…
	docker build -f functions/Dockerfile --build-arg BASE_DIGEST=$(BASE_DIGEST) -t mammothbox-worker .

synth: $(READY) ## Write the templates: CONTEXT=dev BASE_DIGEST=sha256:…
	$(CDK) synth --quiet $(CDK_FOR)

diff: $(READY) ## Show what a deployment would change
	$(CDK) diff $(CDK_FOR)

deploy: $(READY) ## Deploy to AWS: CONTEXT=dev BASE_DIGEST=sha256:…
	$(CDK) deploy --all $(CDK_FOR)

localstack: $(READY) ## Deploy into LocalStack, run the journeys there, and take it down
	$(BIN)/pytest -q -m localstack tests/localstack

costs: $(READY) ## Estimate what AWS charges
	@$(BIN)/python -m infra.aws.costs

lock: $(READY) ## Pin and hash the newest versions that fit pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 \
	  --no-emit-index-url --generate-hashes --no-header --upgrade -q -o requirements/dev.txt
	$(BIN)/uv pip compile pyproject.toml --extra media --extra encoders --extra caption \
	  --extra tracing --extra documents --extra places --universal --python-version 3.11 \
	  --constraint requirements/dev.txt --no-emit-index-url --generate-hashes --no-header -q \
	  -o requirements/worker.txt
	for lock in core:documents caption:caption "encoders:encoders --extra places"; do \
	  $(BIN)/uv pip compile pyproject.toml --extra tracing --extra $${lock#*:} --universal \
	    --python-version 3.11 --constraint requirements/dev.txt --no-emit-index-url \
	    --generate-hashes --no-header -q -o requirements/$${lock%:*}.txt || exit; \
	done
	for lock in localstack localstack-runtime; do \
	  $(BIN)/uv pip compile requirements/$$lock.in --python-version 3.11 --python-platform linux \
	    --no-emit-index-url --generate-hashes --no-header -q -o requirements/$$lock.txt || exit; \
	done
	$(BIN)/uv pip compile requirements/prove.in --universal --python-version 3.11 \
	  --no-emit-index-url --generate-hashes --no-header --upgrade -q -o requirements/prove.txt

clean: ## Remove the environment and every cache; `.local` stays
	rm -rf $(VENV) $(WITH_TORCH) .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage htmlcov cdk.out
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# PyTorch has an environment of its own: it is the reference for CLIP, and gigabytes.
$(WITH_TORCH)/.ready: requirements/prove.txt $(READY)
	$(PYTHON) -m venv $(WITH_TORCH)
	VIRTUAL_ENV=$(WITH_TORCH) $(BIN)/uv pip sync -q --require-hashes requirements/prove.txt
	@touch $@

# uv installs the lock in seconds; it is itself pinned and hashed.
$(READY): requirements/dev.txt requirements/uv.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.txt
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip sync -q --require-hashes requirements/dev.txt requirements/uv.txt
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install -q --no-deps --no-build-isolation -e .
	@touch $@
