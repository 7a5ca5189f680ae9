# Candor: `make help` says what there is. Needs Python 3.11 or newer and make; everything made lies under .candor/.
PYTHON ?= python3
CANDOR_HOME ?= $(CURDIR)/.candor
BIN := $(CANDOR_HOME)/venv/bin
SOURCES := shared services demo tests bench tools
# Three on two cores, since tests wait for servers; a file stays with one of them, in the order of tests/conftest.py. The slowest are named at the end.
WORKERS := -n 3 --dist loadfile --no-loadscope-reorder --durations=15 --durations-min=8
# What swallows the error of its time limit ends its process, with a traceback, and all: with a process less the rest would never end.
WORKERS += -o faulthandler_timeout=360 -o faulthandler_exit_on_timeout=true --max-worker-restart=0

export CANDOR_HOME
export PYTHONNOUSERSITE := 1
unexport PYTHONPATH
unexport PYTHONPYCACHEPREFIX
unexport PYTHONHOME

.DEFAULT_GOAL := help
.PHONY: help install demo test test-long check deploy-check image-check wheels dashboards-check dashboards-pictures letters sbom compose-secrets faults bench scale scale-check clean

help:
	@echo "Candor keeps what customers were promised beside what is really happening."
	@echo
	@echo "  make demo          a real bad day at three airports, end to end on this machine; ends with Ctrl-C"
	@echo "  make demo EXIT=1   the same, and stops after the summary"
	@echo "  make test          the tests, on a real broker and database that they start themselves; a quarter of an hour"
	@echo "  make test-long     those that start, refuse and stop whole processes for minutes, and each alert changed in each part"
	@echo "  make check         ruff, mypy, the module boundaries, the contract examples"
	@echo "  make deploy-check  deploy/k8s applied to a real Kubernetes API server, built from source; needs Go"
	@echo "  make image-check   the Dockerfile's steps without Docker, then a day of the demo in its processes; needs root"
	@echo "  make wheels        our packages as wheels under .candor/wheels, installed elsewhere and started"
	@echo "  make dashboards-check     every query of every dashboard, asked of a real Prometheus beside a run; needs prometheus"
	@echo "  make dashboards-pictures  the pictures of the dashboards in docs/operations, over a replay of the demo"
	@echo "  make letters       docs/letters.md: twenty letters, each at the end of a run"
	@echo "  make faults        the long fault run: kills, pauses and restarts, with a ledger of what was lost (nothing)"
	@echo "  make bench         the benches beside their baselines, as tables and JSON; about three quarters of an hour"
	@echo "  make scale-check   each scenario of make scale at a tiny size, with its processes; some minutes"
	@echo "  make scale         millions of rows of each kind: does what stands beside them still work? half an hour, 15 GB of disk"
	@echo "  make clean         stops what runs here and removes .candor/"
	@echo
	@echo "After the first of these the command line is there: .candor/venv/bin/candor --help"
	@echo "A part of the tests: make test ARGS='tests/unit -k outbox'. Another Python: make PYTHON=python3.12 demo"

install:
	@command -v $(PYTHON) >/dev/null || { echo "candor: $(PYTHON) is missing: install Python 3.11 or newer" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "candor: Python 3.11 or newer is needed, this is %s: make PYTHON=python3.12" % sys.version.split()[0])'
	@$(PYTHON) tools/install.py

demo: install
	@$(BIN)/candor demo $(if $(EXIT),--exit)

test: install
	@$(BIN)/python -m pytest $(WORKERS) $(ARGS)

test-long: install
	@$(BIN)/python -m pytest $(WORKERS) -m long $(ARGS)

check: install
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy $(SOURCES)
	@$(BIN)/python -m pytest -q tests/test_architecture.py tests/contract

deploy-check: install
	@$(BIN)/python -m tools.kube $(ARGS)

image-check: install
	@$(BIN)/python -m tools.image

wheels: install
	@$(BIN)/python -m tools.wheels

dashboards-check: install
	@$(BIN)/python -m pytest -m dashboards tests/integration/dashboards $(ARGS)

dashboards-pictures: install
	@$(BIN)/python -m tools.grafana.pictures

letters: install
	@LETTERS=write $(BIN)/python -m pytest -q tests/component/notify/test_letters_page.py

sbom: install
	@$(BIN)/python -m tools.supply.sbom requirements.lock

compose-secrets: install
	@$(BIN)/python -m tools.compose_secrets

faults: install
	@$(BIN)/python -m pytest -s -m faults tests $(ARGS)

bench: install
	@$(PYTHON) tools/install.py --bench
	@$(BIN)/python -m bench.throughput --events 200000
	@$(BIN)/python -m bench.throughput --events 1000000
	@$(BIN)/python -m bench.latency
	@$(BIN)/python -m bench.intake
	@$(BIN)/python -m bench.forecast
	@$(BIN)/python -m bench.first_days
	@$(BIN)/python -m bench.checks
	@$(BIN)/python -m bench.memory
	@$(BIN)/python -m bench.whole

scale: install
	@$(BIN)/python -m bench.scale $(ARGS)

scale-check: install
	@$(BIN)/python -m pytest -m scale tests/integration/scale $(ARGS)

clean:
	@if [ -x $(BIN)/candor ]; then $(BIN)/candor down || true; fi
	@rm -rf $(CANDOR_HOME)
