# The door for people. Everything here can be run again safely; scripts call `npx gauntlet` directly,
# because make turns every failure into its own exit code 2 (exit codes: histories/README.md).
.DEFAULT_GOAL := help
.PHONY: help setup packages engine images tools build proto proto-check test lint format jepsen compare ui mutant \
	mutants replay shrink soak \
	cluster-up cluster-down image bench bench-checker bench-load bench-sim test-long clean sim modelcheck mutants-sim

NAME ?=
RUNS ?=
NAMES ?=
RUN ?=
SEEDS ?=
FIRST_SEED ?=

# Each variable that is set becomes the flag of the same name; defaults live in `gauntlet run --help`. FLAGS takes what has
# no variable: FLAGS=--keep-going goes on to the end after a violation, FLAGS='--keep --op-timeout 5s' …
LOAD_FLAGS = $(if $(TIME_LIMIT),--time-limit '$(TIME_LIMIT)') $(if $(RATE),--rate '$(RATE)') \
	$(if $(CONCURRENCY),--concurrency '$(CONCURRENCY)') $(if $(NODES),--nodes '$(NODES)') \
	$(if $(ARRIVAL),--arrival '$(ARRIVAL)') $(if $(MAX_PROCESSES),--max-processes '$(MAX_PROCESSES)') \
	$(if $(KEY_SKEW),--key-skew '$(KEY_SKEW)') $(if $(NEMESIS),--nemesis '$(NEMESIS)') $(if $(WORKLOAD),--workload '$(WORKLOAD)') \
	$(if $(SCHEDULE),--schedule '$(SCHEDULE)') $(if $(SEED),--seed '$(SEED)') $(FLAGS)
RUN_FLAGS = $(if $(SYSTEM),--system '$(SYSTEM)') $(LOAD_FLAGS)

help: ## Print this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

setup: packages build engine images ## Install what is missing: npm packages, Docker engine, images
	@echo "setup: ready"

node_modules/.package-lock.json: package-lock.json
	@echo "setup: installing npm packages (npm ci)"
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

packages: node_modules/.package-lock.json

build: packages
	@npx --no-install tsc -b

engine:
	@sh docker/engine.sh

images: build engine
	@node docker/bin/images.js

image: images ## Build the node image, if its inputs changed

tools:
	@sh docker/tools.sh

proto: packages ## Generate proto/generated from the .proto files
	@sh proto/generate.sh

proto-check: packages
	@sh proto/generate.sh --check

test: setup tools ## Run all tests, those on real containers too
	@npx --no-install vitest run $(VITEST_FLAGS)

test-long: setup tools ## The same with ten times as many random histories (200,000 against brute force)
	@GAUNTLET_LONG=1 ANOMALY_HISTORIES=8000 npx --no-install vitest run $(VITEST_FLAGS)

lint: packages build proto-check ## Check types, lint rules, format and that generated code is current
	@npx --no-install oxlint --type-aware --deny-warnings
	@npx --no-install biome format .

format: packages ## Format the source files
	@npx --no-install biome format --write .

jepsen: setup ## Break a cluster: SYSTEM=gauntlet|etcd TIME_LIMIT=60 RATE=200 CONCURRENCY=10 NODES=5 NEMESIS=… WORKLOAD=register SCHEDULE=file SEED=7
	@node controller/bin/gauntlet.js run $(RUN_FLAGS)

ui: build ## Show recorded runs, and those that go on, in a browser: UI_PORT=2390 UI_HOST=127.0.0.1
	@node controller/bin/gauntlet.js ui $(if $(UI_PORT),--ui-port '$(UI_PORT)') $(if $(UI_HOST),--ui-host '$(UI_HOST)') $(FLAGS)

compare: setup ## The same load and faults on this server and on etcd, figures side by side; variables as for jepsen
	@node controller/bin/gauntlet.js compare $(LOAD_FLAGS)

soak: setup ## All families of faults for a long time; prints the rig's own memory over time: TIME_LIMIT=15m
	@node controller/bin/gauntlet.js run --schedule nemesis/schedules/soak.yaml $(if $(TIME_LIMIT),,--time-limit 15m) $(RUN_FLAGS)

mutant: setup ## Plant a bug and see that the rig finds it: NAME=01-stale-leader-reads RUNS=1
	@node controller/bin/gauntlet.js mutant '$(NAME)' $(if $(RUNS),--runs '$(RUNS)')

mutants: setup ## Count how often, and how soon, each planted bug is found: RUNS=10 NAMES="02 31"; an interrupted campaign goes on
	@node controller/bin/gauntlet.js mutants $(NAMES) $(if $(RUNS),--runs '$(RUNS)') $(FLAGS)

replay: setup ## The same run once more: RUN=latest or its folder
	@node controller/bin/gauntlet.js replay '$(or $(RUN),latest)' $(FLAGS)

shrink: setup ## Look for the smallest schedule that still fails: RUN=latest or its folder
	@node controller/bin/gauntlet.js shrink '$(or $(RUN),latest)' $(FLAGS)

# The simulator needs no containers, so none of these waits for Docker.
sim: build ## Run the server's own code in a deterministic world: SEEDS=1000 FIRST_SEED=1; all night: FLAGS='--time-limit 8h'
	@node sim/bin/gauntlet-sim.js run $(if $(SEEDS),--seeds '$(SEEDS)') $(if $(FIRST_SEED),--first-seed '$(FIRST_SEED)') $(FLAGS)

modelcheck: build ## Explore all reachable states of the consensus core within small bounds: FLAGS=--deep goes further
	@node sim/bin/gauntlet-sim.js modelcheck $(FLAGS)

mutants-sim: build ## Plant each bug that lives in the core and see that the simulator finds it: NAME=08-… for one
	@node sim/bin/gauntlet-sim.js mutants $(if $(NAME),'$(NAME)') $(FLAGS)

cluster-up: setup ## Start a standing cluster and print etcdctl commands to try: NODES=5
	@node docker/bin/cluster.js up $(NODES)

cluster-down: build ## Remove the standing cluster
	@node docker/bin/cluster.js down

bench: bench-checker build ## Measure: the checker; the cluster beside etcd. A part of the latter: FLAGS="--only convergence"
	@node bench/dist/cluster/main.js $(FLAGS)

bench-checker: build ## Measure the checker alone; recorded histories of peers where GAUNTLET_DATA points
	@node bench/dist/checker/main.js

bench-load: build ## Measure the rig's own load: 5,000 operations a second against nothing, and over gRPC. FLAGS="--rate 8000"
	@node bench/dist/load/main.js $(FLAGS)

bench-sim: build ## Measure the simulator: simulated seconds a second of one core, five nodes, 100 operations a second
	@node sim/dist/tools/world-bench.js 300 100 0.5

clean: ## Remove what was built here (node_modules, dist, caches); recorded runs stay
	rm -rf node_modules docker/.cache */dist */*.tsbuildinfo
