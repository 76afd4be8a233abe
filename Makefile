# make figures: the small grid of every protocol, its figures, a comparison with the papers, a report
# make paper:   the same with the full grids
# make lint, make test, make test-slow: what CI runs; the last: every backend, and the small grids
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
	lowrank_completion lowrank_hopfield lowrank_digits lowrank_robustness lowrank_prediction \
	delay_recall delay_scan delay_completion delay_capacity delay_precision delay_training delay_targets delay_sequence
PICTURES := results/$(GRID)/figures
OUTDATED := results/$(GRID)/.outdated
REPORT := results/$(GRID)/report.html
# Linear algebra has no further threads in the processes that run tests, one on each core.
ONE_THREAD := OMP_NUM_THREADS=1
SOURCES := $(shell find brianmem protocols -type f -not -path '*/__pycache__/*')
DRAWN := $(shell find analysis figures -type f -not -path '*/__pycache__/*')

.PHONY: figures paper test test-slow test-gpu lint format clean
.DELETE_ON_ERROR:

figures: $(REPORT)
	@echo "All results in one page: $(REPORT)"

# Tables that are outdated name themselves in a file; one process makes them all.
$(REPORT): $(PROTOCOLS:%=$(TABLES)/%.csv) $(DRAWN)
	@if [ -f $(OUTDATED) ]; then \
	  names=$$(cat $(OUTDATED)); rm $(OUTDATED); echo; echo "Tables:"; \
	  $(BIN)/python -m protocols $$names --grid $(GRID) --out $(TABLES) --jobs $(JOBS); fi
	@$(BIN)/python -m figures.report --fresh --tables $(TABLES) --figures $(PICTURES) --out $@

paper:
	@$(MAKE) --no-print-directory figures GRID=paper

test: $(READY_DEV)
	$(ONE_THREAD) $(BIN)/pytest --numprocesses auto --dist loadgroup

test-slow: $(READY_DEV)
	$(ONE_THREAD) $(BIN)/pytest --slow -m "slow and not gpu and not nvcc" --numprocesses auto --dist loadgroup

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
	@mkdir -p $(@D); echo $(subst _,.,$*) >> $(OUTDATED)

# The first picture is there while the others' tables are made.
$(TABLES)/lowrank_boundary.csv: $(SOURCES) | $(READY)
	@echo "The first table and its picture:"
	@$(BIN)/python -m protocols.lowrank.boundary --grid $(GRID) --out $(TABLES) --jobs $(JOBS)
	@$(BIN)/python -m figures lowrank_boundary --tables $(TABLES) --out $(PICTURES)

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	  || { echo "Python 3.11 to 3.13 is needed: name one with make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(READY_DEV): $(READY)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[$(EXTRAS)]'
	@touch $@
