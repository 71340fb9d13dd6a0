# CvOps: everything a newcomer types. `make` alone lists it.
CONFIGURATION ?= Release
CAMERA ?=
MODEL ?=
LINES ?= 2
SOAK_MINUTES ?= 10
SOAK_SEED ?=
BIN = artifacts/bin
CONFIG_FOLDER = $(shell echo $(CONFIGURATION) | tr A-Z a-z)
CVOPS = $(BIN)/CvOps.Cli/$(CONFIG_FOLDER)/cvops
UI = tests/CvOps.Ui
BUILD = dotnet build CvOps.sln -c $(CONFIGURATION) -nodeReuse:false -v quiet

.DEFAULT_GOAL := help
.PHONY: help setup build contracts openapi cli-reference configuration-reference metrics-reference up demo demo-steel demo-loop test test-slow test-crash test-backup test-observability test-versions test-deploy test-systemd package bench bench-frame bench-update bench-evidence bench-link bench-fleet bench-data soak-camera soak-link line-model clean screenshots test-ui bench-overview icons

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-14s %s\n", $$1, $$2 }'

setup: ## install what is missing (ffmpeg, mosquitto, ...)
	@.ci/setup run

build: setup ## build everything
	@$(BUILD)

up: build ## run CvOps with simulated lines until Ctrl-C; CAMERA=rtsp://... MODEL=x.cvmodel for your own, LINES=n
	@exec $(CVOPS) up --lines $(LINES) $(if $(CAMERA),--camera '$(CAMERA)') $(if $(MODEL),--model '$(MODEL)')

demo: build ## the whole loop once, with figures: install, drift, label, retrain, promote, stop
	@exec $(CVOPS) demo

demo-steel: build ## the same on real steel-line videos; needs CVOPS_DATA
	@exec $(CVOPS) demo --steel

demo-loop: build ## from a doubtful frame to a better model on real steel, round by round, beside labels by lot; needs CVOPS_DATA
	@exec $(CVOPS) demo --loop --report artifacts/demo/loop.json

test: ## build and run the tests
	@.ci/setup test
	@$(BUILD)
	@dotnet test --solution CvOps.sln -c $(CONFIGURATION) --no-build --max-parallel-test-modules 1 --filter-not-trait tier=slow

test-slow: ## the tests that take minutes
	@.ci/setup test
	@.ci/setup train
	@$(BUILD)
	@dotnet test --solution CvOps.sln -c $(CONFIGURATION) --no-build --max-parallel-test-modules 1 --filter-trait tier=slow

test-backup: ## back up a fleet that runs, destroy it, and bring it back, on files and on PostgreSQL; kills, damage and wrong passwords on the way
	@.ci/setup test
	@.ci/setup backup
	@$(BUILD)
	@$(BIN)/CvOps.Fleet.Tests/$(CONFIG_FOLDER)/CvOps.Fleet.Tests -namespace 'CvOps.Fleet.Tests.Storage'
	@$(BIN)/CvOps.EndToEnd.Tests/$(CONFIG_FOLDER)/CvOps.EndToEnd.Tests -class CvOps.EndToEnd.Tests.BackupTests

test-versions: build ## FROM=REF: agents and a fleet of another version beside these, and its data taken over (REF: a tag or commit; ten minutes)
	@.ci/setup test
	@tests/versions.sh "$(FROM)"

test-deploy: ## deploy/cloud: compose, Kubernetes and Dockerfiles checked, the fleet's image built and run without root (needs root; about ten minutes)
	@.ci/setup deploy
	@cd tests/deploy && npm ci --ignore-scripts --no-audit --no-fund --silent
	@tests/deploy/test.sh

test-observability: ## metrics, alert rules, dashboards, runbook and traces: promtool, a real Prometheus that scrapes both sides, a frame's trace through a real broker
	@.ci/setup test
	@$(BUILD)
	@promtool check rules deploy/cloud/observability/rules.yaml
	@cd deploy/cloud/observability && promtool test rules rules_test.yaml rules_test_days.yaml
	@$(BIN)/CvOps.Shared.Tests/$(CONFIG_FOLDER)/CvOps.Shared.Tests -namespace 'CvOps.Shared.Tests.Observability'
	@$(BIN)/CvOps.Agent.Tests/$(CONFIG_FOLDER)/CvOps.Agent.Tests -class CvOps.Agent.Tests.Host.AgentScrapeTests -class CvOps.Agent.Tests.Health.MetricsPageTests -class CvOps.Agent.Tests.Spool.SpoolAgesTests
	@$(BIN)/CvOps.Fleet.Tests/$(CONFIG_FOLDER)/CvOps.Fleet.Tests -class CvOps.Fleet.Tests.Observability.FleetMetricsTests -class CvOps.Fleet.Tests.Devices.SpoolTroubleTests
	@$(BIN)/CvOps.EndToEnd.Tests/$(CONFIG_FOLDER)/CvOps.EndToEnd.Tests -class CvOps.EndToEnd.Tests.TelemetryTests

package: setup ## the agent's .deb for amd64 and arm64 into artifacts/package, looked at by lintian, with their sizes
	@.ci/setup package
	@tests/package.sh

test-systemd: ## the .deb in a real systemd (a Debian in a container, as root): installs, breaks, upgrades and removes it; three minutes more at the first time
	@.ci/setup systemd
	@$(BUILD)
	@deploy/edge/package.sh amd64
	@CONFIGURATION=$(CONFIG_FOLDER) tests/systemd/test.sh

bench: bench-frame bench-update bench-evidence bench-link bench-fleet bench-data ## every benchmark

bench-frame: build ## the frame path: each figure, its bound, and whether it holds; the names below are its parts
	@.ci/setup bench
	@$(BIN)/CvOps.Benchmarks/$(CONFIG_FOLDER)/CvOps.Benchmarks frame

bench-update: build ## a model's update: frames lost in a swap, its gap, memory after a thousand, rollback, bytes of a retrained head
	@.ci/setup bench
	@$(BIN)/CvOps.Benchmarks/$(CONFIG_FOLDER)/CvOps.Benchmarks update

bench-evidence: build ## what to label and how the world drifts: sketches, false alarms, detection delay, and what they cost
	@.ci/setup bench
	@$(BIN)/CvOps.Benchmarks/$(CONFIG_FOLDER)/CvOps.Benchmarks evidence

bench-link: build ## the link: the spool beside the bare disk, kills and power cuts, a broker that is away, publishing and ingest beside their rivals
	@.ci/setup bench
	@$(BIN)/CvOps.Benchmarks/$(CONFIG_FOLDER)/CvOps.Benchmarks link

bench-fleet: build $(UI)/node_modules/.package-lock.json ## the fleet manager: rollouts that stop, a million twins on one box, drift of any slice of them
	@.ci/setup ui
	@.ci/setup bench
	@$(BIN)/CvOps.Benchmarks/$(CONFIG_FOLDER)/CvOps.Benchmarks fleet

bench-data: build ## labels, datasets and training: formats in and out, a head retrained beside scikit-learn, the registry searched by tags, a snapshot of a million frames, similar frames among a million, a million frames restored from a backup
	@.ci/setup bench
	@$(BIN)/CvOps.Benchmarks/$(CONFIG_FOLDER)/CvOps.Benchmarks data

bench-pipeline bench-rtsp bench-allocations bench-bursts bench-footprint bench-preprocess bench-decode bench-publish bench-actuation bench-reconnect bench-swaps bench-rollbacks bench-swap-memory bench-chunks bench-sketches bench-covariates bench-detector bench-quiet-years bench-sampling bench-budget bench-estimate bench-labels bench-ingest bench-client bench-spool bench-away bench-crashes bench-twins bench-slices bench-sprt bench-paired bench-multiplicity bench-story bench-strata bench-stop-latency bench-rollout-100k bench-resume bench-head bench-formats bench-registry bench-frames bench-snapshot bench-similar bench-restore: bench-%: build
	@.ci/setup bench
	@$(BIN)/CvOps.Benchmarks/$(CONFIG_FOLDER)/CvOps.Benchmarks $*

test-crash: build ## kill updates at every step and the fleet in every state of a rollout, cut the power, fill the disk, turn the clock: what became of devices, as tables
	@.ci/setup crash
	@exec $(BIN)/CvOps.CrashMatrix/$(CONFIG_FOLDER)/CvOps.CrashMatrix full

soak-camera: build ## a real RTSP server killed, stopped and made to lose packets for SOAK_MINUTES; counts frames in and results out
	@.ci/setup soak
	@exec tests/CvOps.Benchmarks/soak-camera.sh $(BIN)/CvOps.Benchmarks/$(CONFIG_FOLDER)/CvOps.Benchmarks $(SOAK_MINUTES)

contracts: ## write the JSON Schemas and the AsyncAPI document anew, after a change of a message
	@dotnet build tests/CvOps.Shared.Tests/CvOps.Shared.Tests.csproj -c $(CONFIGURATION) -nodeReuse:false -v quiet
	@dotnet $(BIN)/CvOps.Shared.Tests/$(CONFIG_FOLDER)/CvOps.Shared.Tests.dll -explicit only -noLogo -method CvOps.Shared.Tests.Contracts.Schemas.ContractFilesTests.Writes_what_the_code_says
	@git status --short shared/CvOps.Contracts/Schemas

cli-reference: ## write fleet/CLI.md anew, after cvops got other commands
	@dotnet build tests/CvOps.Fleet.Tests/CvOps.Fleet.Tests.csproj -c $(CONFIGURATION) -nodeReuse:false -v quiet
	@dotnet $(BIN)/CvOps.Fleet.Tests/$(CONFIG_FOLDER)/CvOps.Fleet.Tests.dll -explicit only -noLogo -method CvOps.Fleet.Tests.Cli.CliReferenceTests.Writes_what_the_code_says
	@git status --short fleet/CLI.md

configuration-reference: ## write agent/CONFIGURATION.md and fleet/CONFIGURATION.md anew, after options changed
	@for side in Agent Fleet; do dotnet build tests/CvOps.$$side.Tests/CvOps.$$side.Tests.csproj -c $(CONFIGURATION) -nodeReuse:false -v quiet || exit 1; done
	@dotnet $(BIN)/CvOps.Agent.Tests/$(CONFIG_FOLDER)/CvOps.Agent.Tests.dll -explicit only -noLogo -method CvOps.Agent.Tests.Configuration.ConfigurationReferenceTests.Writes_what_the_code_says
	@dotnet $(BIN)/CvOps.Fleet.Tests/$(CONFIG_FOLDER)/CvOps.Fleet.Tests.dll -explicit only -noLogo -method CvOps.Fleet.Tests.Serving.ConfigurationReferenceTests.Writes_what_the_code_says
	@git status --short agent/CONFIGURATION.md fleet/CONFIGURATION.md

metrics-reference: ## write deploy/cloud/observability/METRICS.md anew, after there are other metrics
	@dotnet build tests/CvOps.Shared.Tests/CvOps.Shared.Tests.csproj -c $(CONFIGURATION) -nodeReuse:false -v quiet
	@dotnet $(BIN)/CvOps.Shared.Tests/$(CONFIG_FOLDER)/CvOps.Shared.Tests.dll -explicit only -noLogo -method CvOps.Shared.Tests.Observability.MetricRulesTests.Writes_what_the_code_says
	@git status --short deploy/cloud/observability/METRICS.md

openapi: ## write fleet/openapi.json anew, after the API got more
	@dotnet build tests/CvOps.Fleet.Tests/CvOps.Fleet.Tests.csproj -c $(CONFIGURATION) -nodeReuse:false -v quiet
	@dotnet $(BIN)/CvOps.Fleet.Tests/$(CONFIG_FOLDER)/CvOps.Fleet.Tests.dll -explicit only -noLogo -method CvOps.Fleet.Tests.Api.ApiDocumentTests.Writes_what_the_code_says
	@git status --short fleet/openapi.json

soak-link: build ## broker, agent and fleet killed and their lines broken at random for SOAK_MINUTES; counts messages sent and applied
	@.ci/setup soak
	@exec $(BIN)/CvOps.Benchmarks/$(CONFIG_FOLDER)/CvOps.Benchmarks soak-link $(SOAK_MINUTES) $(SOAK_SEED)

$(UI)/node_modules/.package-lock.json: $(UI)/package-lock.json
	@cd $(UI) && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

screenshots: build $(UI)/node_modules/.package-lock.json ## pictures of every page of a filled fleet, light, dark and on a phone: artifacts/screenshots (about five minutes)
	@.ci/setup ui
	@CONFIGURATION=$(CONFIGURATION) node $(UI)/screenshots.mjs

test-ui: build $(UI)/node_modules/.package-lock.json ## the dashboard in a driven browser: journeys, axe and Lighthouse on every page (about ten minutes)
	@.ci/setup ui
	@node $(UI)/icons.mjs --check
	@CONFIGURATION=$(CONFIGURATION) node $(UI)/test.mjs

bench-overview: build $(UI)/node_modules/.package-lock.json ## the overview with ten thousand devices in a driven browser, and what two hundred open pages cost the ingest
	@.ci/setup ui
	@.ci/setup bench
	@$(BIN)/CvOps.Benchmarks/$(CONFIG_FOLDER)/CvOps.Benchmarks overview

icons: $(UI)/node_modules/.package-lock.json ## write the icons that pages name into the file that the fleet serves
	@node $(UI)/icons.mjs

line-model: ## train the simulator's model again (PyTorch, a few minutes)
	@.ci/setup train
	@$(BUILD)
	@CONFIGURATION=$(CONFIGURATION) fleet/CvOps.Trainer/pytorch/train-line-model.sh

clean: ## remove everything that was built or run
	@rm -rf artifacts
