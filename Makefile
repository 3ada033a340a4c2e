# Verbs for people; `make` lists them. All work in one environment, .venv, which they make by themselves.
.DEFAULT_GOAL := help
.PHONY: help serve synth diff bootstrap deploy destroy deploy-local sbom test check format docs lock models clean \
	bench bench-check bench-peers serving deploying testing benching
.SUFFIXES:

PYTHON := .venv/bin/python
PORT ?= 3000
export PORT
STAGE ?= dev
APPROVAL ?= broadening
TESTS ?= tests
UPGRADE ?=
PARTS ?=

help: ## list the verbs
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r verb text; do \
		printf '%-18s %s\n' "$$verb" "$$text"; done

serve: serving ## serve the models on http://127.0.0.1:3000 (PORT=4000 changes the port)
	@exec .venv/bin/serin serve

synth: deploying ## write the templates of a stage into cdk.out (STAGE=prod); needs no AWS account
diff: deploying ## show what a deploy would change
bootstrap: deploying ## make ready an account and region for the CDK, once
deploy: deploying ## deploy a stage to AWS (STAGE=prod APPROVAL=never)
destroy: deploying ## remove a stage from AWS (APPROVAL=never does not ask)
synth diff bootstrap deploy destroy:
	@exec $(PYTHON) -m local.stage $@ "$(STAGE)" "$(APPROVAL)"

deploy-local: deploying ## deploy a stage onto an emulator of AWS on this machine, and call it; Linux with podman
	@exec $(PYTHON) -m local.trial "$(STAGE)"

sbom: deploying ## list what is in the images of the last deploy, into build/sbom
	@exec $(PYTHON) -m local.sbom

test: testing ## run the whole suite (TESTS=tests/unit runs a part)
	@exec $(PYTHON) -m pytest -n auto --maxprocesses 4 $(TESTS)

bench: benching ## measure Serin beside what people would build instead, in turns (PARTS=cold,warm shows some)
	@exec $(PYTHON) -m benchmarks run --parts "$(PARTS)"

bench-check: benching ## the short form of it; fails on a ratio worse than its bound (PARTS=cold,warm)
	@exec $(PYTHON) -m benchmarks check --parts "$(PARTS)"

bench-peers: benching ## requests a second and latency of other model servers, each in an environment of its own
	@exec $(PYTHON) -m benchmarks peers

check: testing ## format, lint, types, locks, generated pages and models are as they must be
	$(PYTHON) -m ruff format --check
	$(PYTHON) -m ruff check
	$(PYTHON) -m mypy
	$(PYTHON) .ci/locks.py check
	$(PYTHON) .ci/docs.py check
	$(PYTHON) .ci/operators.py check
	.venv/bin/serin verify --all

format: testing ## put the code into its format and mend what the linter can mend
	$(PYTHON) -m ruff check --fix
	$(PYTHON) -m ruff format

docs: testing ## write the generated pages and lists anew
	@$(PYTHON) .ci/docs.py write && $(PYTHON) .ci/operators.py write

lock: testing ## pin the dependencies anew (UPGRADE=--upgrade takes the newest)
	@exec $(PYTHON) .ci/locks.py write $(UPGRADE)

models: testing ## train the sample models anew
	@for script in examples/*/train.py; do echo "$$script" && $(PYTHON) "$$script" || exit 1; done

clean: ## remove the environment and all that the verbs made
	rm -rf .venv .cache cdk.out .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info layers/runtime/build
	rm -rf layers/runtime/python/*.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

serving:
	@.ci/environment requirements.txt

deploying:
	@.ci/environment requirements.txt infra/requirements.txt

benching:
	@.ci/environment requirements.txt benchmarks/requirements.txt

testing:
	@.ci/environment requirements.txt tests/requirements.txt
