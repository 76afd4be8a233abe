# make figures: the small grid of every protocol, its figures, a comparison with the papers, a report
# make paper:   the same with the full grids
# make lint, make test, make test-slow: what CI runs, in this order
# make test-gpu: what needs NVIDIA's compiler or a GPU (with EXTRAS=test,lint,cuda and Python 3.12)

PYTHON ?= python3
GRID ?= smoke
JOBS ?= $(shell nproc 2>/dev/null || echo 1)
EXTRAS ?= test,lint

BIN := .venv/bin
READY := .venv/.ready
READY_DEV := .venv/.ready-dev
TABLES := results/$(GRID)/tables
PROTOCOLS := lowrank_boundary lowrank_recall lowrank_attractors lowrank_capacity \
	lowrank_completion lowrank_digits lowrank_robustness lowrank_prediction delay_recall delay_scan \
	delay_completion delay_capacity delay_precision delay_training delay_targets delay_sequence
RESULTS := overlap capacity completion gamma robustness prediction f1 damage distances
SOURCES := $(shell find brianmem protocols -type f -not -path '*/__pycache__/*')

.PHONY: figures paper test test-slow test-gpu lint format clean
.DELETE_ON_ERROR:

figures: $(PROTOCOLS:%=$(TABLES)/%.csv)
	@echo; echo "Figures:"
	@$(BIN)/python -m figures all --tables $(TABLES) --out results/$(GRID)/figures
	@echo; echo "Results:"
	@for result in $(RESULTS); do \
	  $(BIN)/python -m analysis.$$result --tables $(TABLES) --short || exit 1; done
	@$(BIN)/python -m analysis.f1 --of scan --tables $(TABLES) --short
	@echo; echo "Comparison:"
	@$(BIN)/python -m analysis.comparison --tables $(TABLES)
	@echo; echo "Report:"
	@$(BIN)/python -m figures.report --tables $(TABLES) --figures results/$(GRID)/figures \
	  --out results/$(GRID)/report.html

paper:
	@$(MAKE) --no-print-directory figures GRID=paper

test: $(READY_DEV)
	$(BIN)/pytest --numprocesses auto --dist worksteal

test-slow: $(READY_DEV)
	$(BIN)/pytest --slow -m "slow and not gpu and not nvcc" --numprocesses auto --dist loadgroup

test-gpu: $(READY_DEV)
	$(BIN)/pytest --slow -m "gpu or nvcc"

lint: $(READY_DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

format: $(READY_DEV)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv results

# A protocol writes its main table last, so that this file stands for all of them.
$(TABLES)/%.csv: $(SOURCES) | $(READY)
	$(BIN)/python -m protocols.$(subst _,.,$*) --grid $(GRID) --out $(TABLES) --jobs $(JOBS)

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	  || { echo "Python 3.11 to 3.13 is needed: name one with make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(READY_DEV): $(READY)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[$(EXTRAS)]'
	@touch $@
