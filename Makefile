# `make demo` and `make test` need nothing but Python >= 3.10 and make: they create .venv, install, and run.
# PYTHON=… picks the interpreter, ARGS=… is passed on to what runs: make test ARGS="tests/test_project.py -x"

VENV := .venv
PY := $(VENV)/bin/python
CANDIDATES = python3 python3.14 python3.13 python3.12 python3.11 python3.10 python
ARGS ?=
# Worker processes of pytest; one BLAS thread each, or they would fight for the cores.
WORKERS ?= -n auto --maxprocesses 8 --dist worksteal
# The extra for the CUDA version that the NVIDIA driver supports; empty without such a driver, or with CUDA_EXTRA= .
CUDA_EXTRA ?= $(eval CUDA_EXTRA := $(shell (nvidia-smi 2>/dev/null || true) | sed -n \
	-e 's/.*CUDA[A-Za-z ]*Version *: *12\..*/cuda12/p' -e 's/.*CUDA[A-Za-z ]*Version *: *1[3-9]\..*/cuda13/p'))$(CUDA_EXTRA)
install_cuda = $(MAKE) --no-print-directory $(VENV)/.installed-$(CUDA_EXTRA)
try_cuda = $(if $(CUDA_EXTRA),$(install_cuda) || echo "$(CUDA_EXTRA) could not be installed: going on without the GPU." >&2,\
	echo "No NVIDIA driver for CUDA 12 or newer found: running on the CPU.")

.PHONY: help demo test test-slow test-gpu check format ledger notebooks bench clean
.DEFAULT_GOAL := help

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# The demo's matrices are too small for several BLAS threads, which on a busy machine wait for one another.
demo: $(VENV)/.installed-demo ## train on real data, on the GPU where there is one
	+@$(try_cuda)
	OPENBLAS_NUM_THREADS=1 $(PY) examples/demo.py $(ARGS)

test: $(VENV)/.installed-test ## everything that runs without a GPU in some minutes
	OPENBLAS_NUM_THREADS=1 $(PY) -m pytest -m "not gpu and not slow" $(WORKERS) $(ARGS)

test-slow: $(VENV)/.installed-test ## the tests marked slow
	$(PY) -m pytest -m "slow and not gpu" $(ARGS)

test-gpu: $(VENV)/.installed-test ## the tests marked gpu
	+@$(if $(CUDA_EXTRA),$(install_cuda),echo "make test-gpu needs an NVIDIA driver for CUDA 12 or newer;" \
		"nvidia-smi shows none. Install the driver, or run make test." >&2; exit 1)
	$(PY) -m pytest -m gpu $(ARGS)

check: $(VENV)/.installed-dev ## linter, formatter, type checker, direction of imports
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) -m pytest -q tests/test_project.py -k "import or backend_name"

format: $(VENV)/.installed-dev ## format the code, and mend what the linter can mend
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

ledger: $(VENV)/.installed-test ## write docs/coverage.md from the table of test cases
	$(PY) -m tests.ledger

notebooks: $(VENV)/.installed-test ## run the notebooks and keep their outputs (ARGS=04 for one)
	$(PY) -m tests.notebooks $(ARGS)

bench: $(VENV)/.installed-all $(VENV)/.installed-peers ## measure what the README quotes, and write it there
	+@$(try_cuda)
	$(PY) -m benchmarks --set readme --threads 1 --json benchmarks/results/latest.json \
		--markdown benchmarks/results/latest.md --plot benchmarks/results --readme README.md $(ARGS)

clean: ## remove .venv, caches and builds
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One stamp per extra: pip runs again only when pyproject.toml changed.
$(VENV)/.installed-%: pyproject.toml | $(PY)
	@echo "Installing xpgrad[$*] into $(VENV) ..."
	@$(PY) -m pip install --quiet -e ".[$*]"
	@touch $@

$(PY):
	@for python in $(or $(PYTHON),$(CANDIDATES)); do \
		if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
		echo "xpgrad needs Python 3.10 or newer; tried: $(or $(PYTHON),$(CANDIDATES))." >&2; \
		echo "Install one, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; \
		exit 1; \
	fi; \
	echo "Creating $(VENV) with $$("$$found" --version); the first installation takes some minutes."; \
	"$$found" -m venv --clear $(VENV) || { \
		rm -rf $(VENV); \
		echo "$$found can't create environments (on Debian and Ubuntu: apt-get install python3-venv)." >&2; \
		exit 1; \
	}
