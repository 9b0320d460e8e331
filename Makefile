# A table of contents: what each target does stands in scripts/.

CHECK ?=
MINUTES ?= 10
ONLY ?=
ROUNDS ?= 5
QUICK ?=

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

run: ## install what is missing, build, start Martlet in front of the demo MCP server
	@scripts/run.sh

test: ## install what is missing, then every check and test (reduced counts)
	@scripts/test.sh

check: ## format, lint, layers, documentation, sizes, generated pages
	@scripts/check.sh

prove: ## make prove CHECK=R-20: one check at its full count, recorded in docs/proof.md
	@scripts/prove.sh "$(CHECK)"

mutate: ## make mutate CHECK=V-050: breaks the code in a copy, and the check's tests must go red
	@scripts/mutate.py $(CHECK)

fuzz: ## the fuzz tests at length, seed after seed: make fuzz MINUTES=10
	@MINUTES="$(MINUTES)" scripts/fuzz.sh

guided: ## libFuzzer on the pure parsers, guided by coverage: make guided MINUTES=5
	@MINUTES="$(MINUTES)" scripts/fuzz-guided.sh

format: ## rewrite the Swift sources as `make check` wants them
	@swift format --in-place --parallel --recursive Sources Tests Package.swift

build: ## a debug build
	@scripts/build.sh debug

release: ## a release build, packed into .build/release-archive
	@scripts/build.sh archive

bench: ## measures Martlet beside other proxies: make bench ONLY="throughput latency" ROUNDS=5 QUICK=1
	@ONLY="$(ONLY)" ROUNDS="$(ROUNDS)" QUICK="$(QUICK)" scripts/bench.sh

clean: ## remove what was built and installed here (data/ stays)
	@rm -rf .build .venvs

.PHONY: help run test check prove mutate fuzz guided format build release bench clean
