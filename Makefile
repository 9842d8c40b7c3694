# otelcol-winnet: every target installs its requirements; `make run` and `make test` need only Go and make. Building and testing are here, packages and
# benchmarks in make/.

.SHELLFLAGS := -eu -c
.DEFAULT_GOAL := build
MAKEFLAGS += --no-print-directory

GO        ?= go
MODULE    := github.com/otelcol-winnet/otelcol-winnet
DIST      := dist
TOOLS     := $(CURDIR)/$(DIST)/tools
SRC       := $(DIST)/src
# Every Go module of the repository, and every component: the folders with a go.mod, and those with a metadata.yaml.
folders = $(shell find . \( -name dist -o -name out -o -name node_modules -o -name '.?*' \) -prune -o -name $(1) -print | sed -e 's|/$(1)$$||' -e 's|^\./||' | LC_ALL=C sort)
ALL        := $(call folders,go.mod)
COMPONENTS := $(call folders,metadata.yaml)
RECEIVERS  := $(filter receiver/%,$(COMPONENTS))
# The modules below an internal/ are tests and tools. The others are for users: the root, and the components' own.
NESTED    := $(foreach m,$(ALL),$(if $(findstring /internal/,/$m/),$m))
MODULES   := $(filter-out . cmd/% $(NESTED),$(ALL))
# The programs beside the collectors that are modules of their own, because of what they need. Nobody requires them.
PROGRAMS  := $(filter cmd/%,$(ALL))
# The modules whose tests have a target of their own. All others belong to the target test.
ORACLES   := $(filter internal/test/oracle/%,$(NESTED))
TESTED    := $(filter-out . $(ORACLES) cmd/winnet-hunt internal/test/apiserver internal/test/docker internal/test/forms internal/test/hubble internal/test/kubernetes internal/test/roads,$(ALL))
SOURCES   := $(shell find cmd/_main cmd/winnet-setup cmd/winnet-verify receiver internal extension exporter -name '*.go' -not -name '*_test.go' -o -name '*.txt') go.mod go.sum $(MODULES:%=%/go.mod) $(MODULES:%=%/go.sum)
LDFLAGS   := -s -w
# What the builder cannot write into the main packages. A folder with _ is no package of this module.
OWN_MAIN  := cmd/_main/componentstatus.go cmd/_main/version.go
# The commit that the shipped programs are built from.
COMMIT    := $(shell git rev-parse --short=12 HEAD 2>/dev/null)$(if $(shell git status --porcelain 2>/dev/null),.modified)
STAMPED   := $(LDFLAGS) $(if $(COMMIT),-X main.commit=$(COMMIT))
# The version that builder-config.yaml says.
VERSION_OF = $(shell sed -n 's/^  version: //p' builder-config.yaml)
# The measurements' results.
BENCH     := $(DIST)/bench
FUZZTIME  ?= 10s

export CGO_ENABLED ?= 0

.PHONY: help run run-hubble modules components build build-gateway build-node build-node-windows build-windows notice check-notice check-generated audit \
  audit-vuln build-newest sizes check-kql queries test test-oracle test-hubble test-hubble-windows picture-hubble test-forms test-kernel \
  test-e2e test-sentinel test-faults test-roads roads-hour roads-away test-windows endurance build-verify test-verify hunt test-hunt hunt-picture \
  test-race test-kubernetes test-apiserver kustomize test-observability dashboard validate packages ci check-windows fuzz fuzz-keep picture \
  generate testdata lint deadcode clean

# The programs that the targets need, and the variables with which a rule names them.
include make/tools.mk

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

run: build testdata/dnsserver.etl ## replay the recorded captures through the collector, and report the results
	@mkdir -p out; rm -f out/run.log
	@# In a terminal the collector gets its own process group, so that Ctrl-C reaches it and not make. A stopped job is an error for a
	@# script, but not for a user who pressed Ctrl-C.
	@if [ -t 0 ]; then set -m; fi; status=0; \
	  $(DIST)/otelcol-winnet --config config.replay.yaml --config 'yaml:service::telemetry::logs::output_paths: [stderr, out/run.log]' || status=$$?; \
	  $(GO) run ./internal/test/report run out/run.log; if grep -q 'the replay was stopped before its end' out/run.log; then exit 0; fi; exit $$status

run-hubble: build-node testdata/dnsserver.etl ## replay a recorded capture of Cilium's events, and serve its flows by Hubble's API on localhost:4244 until Ctrl-C
	$(DIST)/otelcol-winnet-node --config examples/hubble/config.yaml

modules: ## list the Go modules
	@printf '%s\n' $(ALL)

components: ## list the components
	@printf '%s\n' $(COMPONENTS)

build: $(DIST)/otelcol-winnet ## build dist/otelcol-winnet for this machine

build-gateway: $(DIST)/otelcol-winnet-gateway ## build dist/otelcol-winnet-gateway, which takes agents' records to Sentinel

build-node: $(DIST)/otelcol-winnet-node ## build dist/otelcol-winnet-node, with Hubble's API, for this machine

build-node-windows: $(DIST)/otelcol-winnet-node.exe ## build dist/otelcol-winnet-node.exe, windows/amd64, for a node of a cluster

build-windows: $(DIST)/otelcol-winnet.exe ## build dist/otelcol-winnet.exe, windows/amd64, and put the licences beside it
	@cp LICENSE NOTICE LICENSES/GPL-3.0.txt $(DIST)

$(DIST)/otelcol-winnet: $(SRC)/go.mod $(SOURCES)
	$(GO) build -C $(SRC) -trimpath -buildvcs=false -ldflags '$(STAMPED)' -o ../otelcol-winnet .

$(DIST)/otelcol-winnet.exe: $(SRC)/go.mod $(SOURCES)
	GOOS=windows GOARCH=amd64 CGO_ENABLED=0 $(GO) build -C $(SRC) -trimpath -buildvcs=false -ldflags '$(STAMPED)' -o ../otelcol-winnet.exe .

$(DIST)/otelcol-winnet-gateway: $(SRC)-gateway/go.mod $(SOURCES)
	$(GO) build -C $(SRC)-gateway -trimpath -buildvcs=false -ldflags '$(STAMPED)' -o ../otelcol-winnet-gateway .

$(DIST)/otelcol-winnet-node: $(SRC)-node/go.mod $(SOURCES)
	$(GO) build -C $(SRC)-node -trimpath -buildvcs=false -ldflags '$(STAMPED)' -o ../otelcol-winnet-node .

$(DIST)/otelcol-winnet-node.exe: $(SRC)-node/go.mod $(SOURCES)
	GOOS=windows GOARCH=amd64 CGO_ENABLED=0 $(GO) build -C $(SRC)-node -trimpath -buildvcs=false -ldflags '$(STAMPED)' -o ../otelcol-winnet-node.exe .
	@cp LICENSE NOTICE $(DIST)

$(SRC)-gateway/go.mod: builder-config.gateway.yaml go.mod $(MODULES:%=%/go.mod) $(OWN_MAIN) | $(TOOLS)/builder
	$(TOOLS)/builder --config builder-config.gateway.yaml --skip-compilation
	@cp $(OWN_MAIN) $(@D); $(FINISH_MAIN) $(@D)/main.go; touch $@

# The collector's main package, written by the OpenTelemetry Collector Builder. The wrapper of internal/platform/service takes the place of
# the builder's function run.
$(SRC)/go.mod: builder-config.yaml
$(SRC)-node/go.mod: builder-config.node.yaml
$(SRC)/go.mod $(SRC)-node/go.mod: go.mod $(MODULES:%=%/go.mod) $(OWN_MAIN) cmd/_main/run.go | $(TOOLS)/builder
	@rm -f $(@D)/run.go
	$(TOOLS)/builder --config $(filter builder-config%,$^) --skip-compilation
	@$(FINISH_MAIN) $(@D)/main.go
	@rm -f $(@D)/main_windows.go $(@D)/main_others.go; cp $(OWN_MAIN) cmd/_main/run.go $(@D); touch $@

# The version that the builder writes gets the commit.
FINISH_MAIN := sed -i 's|Version: *\("[^"]*"\),|Version: version(\1),|'

# The main packages of the collectors that are handed on.
SHIPPED := $(SRC) $(SRC)-gateway $(SRC)-node
# And those of all programs for users.
LICENSED := $(SHIPPED) cmd/winnet-hunt cmd/winnet-setup cmd/winnet-verify

notice: $(SHIPPED:%=%/go.mod) ## write NOTICE: the licences of all that the programs for users link
	@$(GO) run -C internal/tools ./notice $(CURDIR)/NOTICE $(LICENSED:%=$(CURDIR)/%)

check-notice: $(SHIPPED:%=%/go.mod) ## check that NOTICE is current
	@$(GO) run -C internal/tools ./notice -check $(CURDIR)/NOTICE $(LICENSED:%=$(CURDIR)/%)

audit: $(SHIPPED:%=%/go.mod) $(TOOLS)/actionlint-$(ACTIONLINT)/actionlint ## check the licences of all linked modules, that no GPL module is linked off Windows, and the workflows
	@$(GO) run -C internal/tools ./notice -audit $(LICENSED:%=$(CURDIR)/%)
	@$(TOOLS)/actionlint-$(ACTIONLINT)/actionlint -shellcheck= -pyflakes= .github/workflows/*.yml
	@bad=$$(grep -nE 'uses:' .github/workflows/*.yml | grep -vE 'uses: +[^@ ]+@[0-9a-f]{40} +# v[0-9.]+$$' || true); \
	  if [ -n "$$bad" ]; then echo "an action is not pinned by the hash of its commit, with its version beside it:"; echo "$$bad"; exit 1; fi

audit-vuln: $(SHIPPED:%=%/go.mod) $(TOOLS)/govulncheck-$(GOVULNCHECK)/govulncheck ## check the shipped programs for known vulnerabilities (needs the internet; .github/workflows/ci.yml runs it)
	@for os in linux windows; do for c in $(LICENSED); do echo "govulncheck for $$os: $$c"; \
	  (cd $$c; GOOS=$$os GOARCH=amd64 $(TOOLS)/govulncheck-$(GOVULNCHECK)/govulncheck ./...); done; done

$(DIST)/newest/go.mod: builder-config.newest.yaml go.mod $(MODULES:%=%/go.mod) | $(TOOLS)/builder-$(NEWEST)/builder
	$(TOOLS)/builder-$(NEWEST)/builder --config builder-config.newest.yaml --skip-compilation
	@touch $@

build-newest: testdata/dnsserver.etl $(DIST)/newest/go.mod ## build the components with the newest core, and replay captures to their end
	$(GO) build -C $(DIST)/newest -trimpath -ldflags '$(LDFLAGS)' -o ../otelcol-winnet-newest .
	WINNET_COLLECTOR_NEWEST=$(CURDIR)/$(DIST)/otelcol-winnet-newest $(GO) test -count=1 -v -run TestTheNewestCore ./internal/test/e2e

# A collector of one receiver, the exporters otlp and debug, and nothing else.
SIZES := $(DIST)/sizes
sizes: | $(TOOLS)/builder ## measure the executables of collectors with one receiver, for linux and windows
	@for r in $(notdir $(RECEIVERS)); do mkdir -p $(SIZES)/$$r; \
	  { printf 'dist: {name: %s, output_path: ./$(SIZES)/%s}\n' $$r $$r; \
	    printf 'receivers:\n  - {gomod: $(MODULE) v$(VERSION_OF), import: $(MODULE)/receiver/%s, name: %s, path: .}\n' $$r $$r; \
	    printf 'exporters:\n'; grep -E 'exporter/(debug|otlp)exporter ' builder-config.yaml; \
	    sed -n '/^providers:/,$$p' builder-config.yaml; } > $(SIZES)/$$r.yaml; \
	  $(TOOLS)/builder --config $(SIZES)/$$r.yaml --skip-compilation 2> $(SIZES)/$$r.log || { cat $(SIZES)/$$r.log; exit 1; }; \
	  for os in linux windows; do GOOS=$$os GOARCH=amd64 CGO_ENABLED=0 $(GO) build -C $(SIZES)/$$r -trimpath -ldflags '$(LDFLAGS)' -o ../$$r-$$os .; \
	    printf '%-22s %-8s %11d bytes\n' $$r $$os $$(wc -c < $(SIZES)/$$r-$$os); done; done

# What Microsoft Sentinel has from deploy/sentinel, with queries in it.
CONTENT := 'deploy/sentinel/parsers/*.yaml' 'deploy/sentinel/rules/*.yaml' 'deploy/sentinel/queries/*.yaml' 'deploy/sentinel/workbook/*.json'

check-kql: $(NODE_TOOLS) ## check the queries of deploy/ and of all documents: syntax, names, types
	@git ls-files -co --exclude-standard '*.kql' '*.md' $(CONTENT) | NODE_PATH=$(NODE_MODULES) xargs node internal/tools/node/kql.cjs

queries: ## write deploy/sentinel/queries from the twenty questions of cmd/winnet-hunt
	@$(GO) run -C cmd/winnet-hunt ./internal/cookbook/generate $(CURDIR)/deploy/sentinel/queries

test: testdata/dnsserver.etl ## run the tests that any machine can run, and report those that were not run
	@mkdir -p $(DIST)
	@( $(GO) test -v ./...; failed=$$?; for m in $(TESTED); do $(GO) test -C $$m -v ./... || failed=1; done; exit $$failed ) > $(DIST)/test.log 2>&1 || { grep -vE '^(=== |--- PASS|    --- PASS|PASS|ok|\?)' $(DIST)/test.log; exit 1; }
	@grep -E '^ok' $(DIST)/test.log
	@$(GO) run ./internal/test/report tests $(DIST)/test.log

test-oracle: ## compare the decoding with Cilium's own parsers and hubble command (the first build takes minutes)
	@# Without vet, which lint runs, and without debug information, the first build takes a tenth less time.
	@for m in $(ORACLES); do $(GO) test -C $$m -vet=off -ldflags '-s -w' -count=1 .; done

test-hubble: build-node ## test Hubble's API of the built collector with the hubble command, Hubble Relay and Cilium's own server (the first build takes minutes)
	WINNET_NODE=$(CURDIR)/$(DIST)/otelcol-winnet-node $(GO) test -C internal/test/hubble -vet=off -ldflags '-s -w' -count=1 -v -skip '^TestWine' .

test-hubble-windows: build-node build-node-windows ## run the Windows program with Hubble's API under Wine (installs it on Debian), for the hubble command
	$(RIG)
	WINNET_RIG='$(RIG) run' WINNET_NODE=$(CURDIR)/$(DIST)/otelcol-winnet-node WINNET_NODE_EXE=$(CURDIR)/$(DIST)/otelcol-winnet-node.exe \
	  $(GO) test -C internal/test/hubble -vet=off -ldflags '-s -w' -count=1 -v -run '^TestWine' .

picture-hubble: build-node ## draw docs/hubble.svg from what the hubble command prints of examples/hubble
	WINNET_NODE=$(CURDIR)/$(DIST)/otelcol-winnet-node $(GO) test -C internal/test/hubble -vet=off -ldflags '-s -w' -count=1 -run PictureShows . -update

test-forms: ## check the schemas of the configurations against the code and the shipped configurations
	$(VALIDATE) $(GO) test -C internal/test/forms -count=1 ./...

test-kernel: ## run the tests on real eBPF maps of the Linux kernel (root); fail if they cannot run
	WINNET_KERNEL_TESTS=required $(GO) test -count=1 ./internal/cilium/... ./receiver/ciliumwindowsreceiver

test-e2e: build build-node ## run the tests of the built collector (root on Linux, for those with maps of the kernel)
	WINNET_KERNEL_TESTS=$$(test $$(id -u) != 0 || echo required) WINNET_COLLECTOR=$(CURDIR)/$(DIST)/otelcol-winnet WINNET_NODE=$(CURDIR)/$(DIST)/otelcol-winnet-node $(GO) test -count=1 -v ./internal/test/e2e

# Most of these tests wait, so more of them run at once than there are processors. Those that only wait, for longer than an exporter
# retries by default, run in a process of their own in parallel.
ROADS := WINNET_COLLECTOR=$(CURDIR)/$(DIST)/otelcol-winnet WINNET_GATEWAY=$(CURDIR)/$(DIST)/otelcol-winnet-gateway $(GO) test -C internal/test/roads -vet=off -count=1 -timeout 20m -v
AWAY   := OutlastsAnOutageThatIsLongerThanAnyDefault
FAULTS := ^TestFault

# The exporters to Azure, tested with servers that enforce the APIs' rules, and examples/sentinel and config.yaml in an hour of outages. The other
# ways to Azure, through Event Hubs, blobs, files, gateways and a fleet, are in test-roads; the receivers' part is in test.
test-sentinel: build check-kql ## test the exporters to Azure, the deployment, config.yaml and examples/sentinel; other ways: test-roads, receivers: test (root, Linux)
	WINNET_COLLECTOR=$(CURDIR)/$(DIST)/otelcol-winnet WINNET_NODE_MODULES=$(NODE_MODULES) $(GO) test -C exporter/azure -count=1 -timeout 20m ./...
	$(ROADS) -run '(GoesThroughTheBadHour|AppInsightsWritesWhat)/^(config.yaml|examples)$$/^sentinel$$' .

test-faults: build ## run the built collector through faults of its host, disk and far end; docs/reliability.md has the results (root, Linux)
	$(ROADS) -parallel 8 -run $(FAULTS) .

test-roads: build build-gateway ## run every shipped configuration through outages, stops and crashes, and count what arrives (root, Linux)
	@$(MAKE) --no-print-directory -k -j 2 -O roads-hour roads-away

roads-hour:
	$(ROADS) -parallel 10 -skip '$(AWAY)|$(FAULTS)' .

roads-away:
	$(ROADS) -parallel 30 -run $(AWAY) .

# The packages with Windows code or tests of it, of the root module, and others whose tests replay on any system.
WINDOWS_PACKAGES := $(shell find cmd/winnet-verify receiver internal \( -name '*_windows.go' -o -name '*_windows_test.go' \) -exec dirname {} + | sed 's|^|./|' | LC_ALL=C sort -u) \
  ./internal/cilium/capture ./receiver/ciliumwindowsreceiver ./cmd/winnet-verify

test-windows: build build-windows build-verify testdata/dnsserver.etl ## run the Windows binaries under Wine (installs it on Debian); fail if they cannot run
	$(RIG)
	WINNET_WINE=required GOOS=windows GOARCH=amd64 CGO_ENABLED=0 $(GO) test -count=1 -p 1 -timeout 20m -exec '$(RIG) run' $(WINDOWS_PACKAGES)
	@for m in $(MODULES); do WINNET_WINE=required GOOS=windows GOARCH=amd64 CGO_ENABLED=0 $(GO) test -C $$m -count=1 -p 1 -exec '$(RIG) run' ./...; done
	WINNET_WINE=required $(GO) test -count=1 -v ./internal/test/wine

endurance: build-windows testdata/dnsserver.etl ## run the tests of rate and of kills under Wine with 122,043 events at 2,000 a second and 11 kills; minutes, not in CI
	$(RIG)
	WINNET_WINE=required WINNET_ROUNDS=51 WINNET_KILLS=11 $(GO) test -count=1 -v -timeout 30m -run '^(TestEveryEventOfTwoThousandASecondBecomesARecord|TestACollectorStartsAgainAfterEveryKill.*)$$' ./internal/test/wine

# winnet-verify: a program for users, which checks on their Windows what the project assumes. test-windows tests it.
build-verify: $(DIST)/winnet-verify.exe ## build dist/winnet-verify.exe, windows/amd64, and put the licences beside it; docs/winnet-verify.md says what it does
	@cp LICENSE NOTICE LICENSES/GPL-3.0.txt $(DIST)

$(DIST)/winnet-verify.exe: $(SOURCES)
	GOOS=windows GOARCH=amd64 CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags '$(STAMPED)' -o $@ ./cmd/winnet-verify

test-verify: build-verify ## run winnet-verify's probes under Wine, as test-windows does (installs it on Debian)
	$(RIG)
	WINNET_WINE=required GOOS=windows GOARCH=amd64 CGO_ENABLED=0 $(GO) test -count=1 -p 1 -exec '$(RIG) run' ./cmd/winnet-verify/...
	WINNET_WINE=required $(GO) test -count=1 -v -run '^TestWinnetVerify' ./internal/test/wine

# winnet-hunt: a program for users, which asks recorded files twenty questions without a workspace. docs/hunting.md.
HUNT := $(DIST)/winnet-hunt
$(HUNT): $(SOURCES) $(shell find cmd/winnet-hunt -type f)
	$(GO) build -C cmd/winnet-hunt -trimpath -buildvcs=false -ldflags '$(STAMPED)' -o $(CURDIR)/$@ .

FILES ?= testdata
hunt: $(HUNT) testdata/dnsserver.etl ## ask recorded files twenty questions: make hunt FILES="dns.etl pods.pcapng"; the answers are in out/hunt.html
	@mkdir -p out
	@# As in the target run, Ctrl-C reaches the program and not make.
	@if [ -t 0 ]; then set -m; fi; $(HUNT) -replace -out out/hunt.html $(FILES)

# With WINNET_HUNT_TESTS=required a test fails that lacks Chromium or the evaluator of KQL, where go test skips it.
BROWSED = WINNET_HUNT_TESTS=required WINNET_CHROMIUM=$$(command -v chromium) $(GO) test -C cmd/winnet-hunt -count=1

# The scenario's seed is a new one in each run; WINNET_SEED=n takes that of an earlier run. A seed that fails goes into the kept ones.
test-hunt: check-kql $(CHROMIUM) testdata/dnsserver.etl ## ask the twenty questions of a random scenario in each mode, and test winnet-hunt with its page in headless Chromium (installs it on Debian)
	@mkdir -p $(DIST); WINNET_NODE_MODULES=$(NODE_MODULES) $(BROWSED) -v -timeout 30m ./... > $(DIST)/test-hunt.log 2>&1 || { grep -vE '^(=== |ok|\?)|--- PASS' $(DIST)/test-hunt.log; exit 1; }
	@grep -oE 'the seed is .*' $(DIST)/test-hunt.log | LC_ALL=C sort -u; grep '^ok' $(DIST)/test-hunt.log

hunt-picture: $(CHROMIUM) ## draw docs/hunt.png
	$(BROWSED) -run '^TestThePictureOfTheDocuments' . -update

test-race: ## run the tests with the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -race -timeout 20m ./...
	@for m in $(MODULES); do CGO_ENABLED=1 $(GO) test -C $$m -race ./...; done
	@# The rest of winnet-hunt links SQLite in Go, which takes minutes to build with the detector.
	CGO_ENABLED=1 $(GO) test -C cmd/winnet-hunt -race ./internal/playback

# Kubernetes' own validation and Helm's engine are large: the first build takes a minute or more.
KUBERNETES := WINNET_COLLECTOR=$(CURDIR)/$(DIST)/otelcol-winnet WINNET_GATEWAY=$(CURDIR)/$(DIST)/otelcol-winnet-gateway WINNET_NODE=$(CURDIR)/$(DIST)/otelcol-winnet-node $(GO) test -C internal/test/kubernetes -vet=off -ldflags '-s -w' -count=1

test-kubernetes: build build-gateway build-node ## check the chart, the Kustomize base and the Dockerfiles of deploy/, and the configurations in them
	$(KUBERNETES) ./...
	$(GO) test -C internal/test/docker -vet=off -count=1 ./...

# The servers are a module of their own, so their build stays in Go's cache whatever the tests need.
SERVERS := $(CURDIR)/$(DIST)/apiserver
test-apiserver: ## test k8s_names and its roles against a real kube-apiserver and etcd (the first build takes minutes)
	$(GO) build -C internal/test/apiserver/servers -ldflags '-s -w' -o $(SERVERS)/etcd go.etcd.io/etcd/server/v3
	$(GO) build -C internal/test/apiserver/servers -ldflags '-s -w' -o $(SERVERS)/kube-apiserver k8s.io/kubernetes/cmd/kube-apiserver
	WINNET_SERVERS=$(SERVERS) $(GO) test -C internal/test/apiserver -vet=off -count=1 -v ./...

kustomize: build build-gateway build-node ## write deploy/kubernetes/kustomize/base from the chart
	$(KUBERNETES) -run TestTheKustomizeBase . -update

OBSERVE := PATH=$(PROMETHEUS):$$PATH WINNET_COLLECTOR=$(CURDIR)/$(DIST)/otelcol-winnet $(GO) test -count=1 -v ./internal/test/observability

test-observability: build testdata/dnsserver.etl $(PROMETHEUS)/promtool ## run the dashboard's queries on a Prometheus that scraped both receivers, and the alert rules' tests (gets Debian's Prometheus)
	$(OBSERVE)

dashboard: build testdata/dnsserver.etl $(PROMETHEUS)/promtool ## draw docs/dashboard.svg from a run, as test-observability does
	$(OBSERVE) -update

# Example values for the configurations that need variables.
VALIDATE = APPLICATIONINSIGHTS_CONNECTION_STRING=InstrumentationKey=00000000-0000-0000-0000-000000000001 \
  EVENTHUBS_NAMESPACE=contoso EVENTHUBS_HUB=dns EVENTHUBS_CONNECTION_STRING=Endpoint=sb://contoso.servicebus.windows.net/ \
  AZURE_STORAGE_CONNECTION_STRING=DefaultEndpointsProtocol=https AZURE_DCE_ENDPOINT=https://contoso.ingest.monitor.azure.com AZURE_DCR_ID=dcr-00000000000000000000000000000000 \
  KAFKA_BROKER=localhost:9093 KAFKA_USER=winnet KAFKA_PASSWORD=secret WINNET_PSEUDONYMIZATION_KEY=00112233445566778899aabbccddeeff

# A recipe has no destination, and is checked with one. The examples' gateways and examples/hubble are configurations of other binaries; a snapshot is none.
RECIPES := $(wildcard examples/*/recipe.yaml)

validate: build build-gateway build-node ## check the shipped configurations and the examples
	@for c in config.yaml config.replay.yaml deploy/windows/config.yaml $(filter-out $(RECIPES) examples/hubble/snapshot.yaml,$(wildcard examples/*/*.yaml)); do echo "validate $$c"; \
	  case $$c in examples/fleet/gateway.yaml|examples/gateway/gateway.yaml) binary=otelcol-winnet-gateway;; examples/hubble/*) binary=otelcol-winnet-node;; *) binary=otelcol-winnet;; esac; \
	  $(VALIDATE) $(DIST)/$$binary validate --config $$c; done
	@for c in $(RECIPES); do echo "validate $$c"; $(VALIDATE) $(DIST)/otelcol-winnet validate --config examples/file/config.yaml --config $$c; done

# First comes what writes into the tree, and what several parts install or build. Then two lanes run beside each other, as most tests wait longer than they
# compute. Everything under Wine is in the second lane.
CI_PARTS  := packages lint audit build build-gateway build-windows build-verify build-node build-node-windows test test-oracle test-hubble test-forms test-kernel test-e2e test-sentinel test-hunt test-faults test-roads test-kubernetes test-apiserver test-observability validate test-windows test-hubble-windows test-install check-windows build-newest test-race fuzz
CI_FIRST  := packages lint audit build build-gateway build-windows build-verify build-node build-node-windows
CI_SECOND := test-windows test-hubble-windows test-install check-windows test-race

packages: $(MSI_TOOLS) $(CHROMIUM) $(PROMETHEUS)/promtool ## install Debian's packages that tests need; each test installs its own, too
	$(RIG)

ci: ## run everything that CI runs, two parts at a time, and report how long each takes
	@dir=$$(mktemp -d); trap 'rm -rf $$dir' EXIT; trap 'trap - INT TERM; kill 0' INT TERM; touch $$dir/times; \
	part() { begun=$$(date +%s); if $(MAKE) $$1 > $$dir/$$1.log 2>&1; then result=ok; else result=failed; touch $$dir/failed; fi; \
	  printf '%6d s  %s %s\n' $$(($$(date +%s) - begun)) $$1 $$result >> $$dir/times; printf '\n== %s\n' $$1; cat $$dir/$$1.log; }; \
	lane() { for part in $$1; do if [ ! -e $$dir/failed ]; then part $$part; fi; done; }; \
	lane '$(filter $(CI_FIRST),$(CI_PARTS))'; \
	lane '$(filter $(CI_SECOND),$(CI_PARTS))' & lane '$(filter-out $(CI_FIRST) $(CI_SECOND),$(CI_PARTS))'; wait; \
	echo; cat $$dir/times; [ ! -e $$dir/failed ]

check-windows: build-windows check-notice ## check that the Windows binary is a Windows program with every receiver, and that the licences are beside it
	@for f in LICENSE NOTICE LICENSES/GPL-3.0.txt; do cmp $$f $(DIST)/$$(basename $$f); done
	@file=$(DIST)/otelcol-winnet.exe; [ "$$(head -c 2 $$file)" = MZ ] || { echo "$$file is not a PE file"; exit 1; }
	@$(GO) version -m $(DIST)/otelcol-winnet.exe | grep -E 'GOOS=windows|GOARCH=amd64|CGO_ENABLED=0'
	@cd $(SRC) && deps=$$(GOOS=windows GOARCH=amd64 CGO_ENABLED=0 $(GO) list -deps . ); \
	  for p in $(RECEIVERS) internal/etw/session; do \
	    echo "$$deps" | grep -qx "$(MODULE)/$$p" || { echo "$$p is not linked"; exit 1; }; echo "linked: $$p"; done

# Shortening an input takes up to a minute by default, in which a target tries nothing else.
# When the time ends, a race in Go's fuzzer can make a target fail with nothing but "context deadline exceeded" (golang/go#75804, fixed in
# Go 1.27). A real finding names the failure and its input. Without one, the target runs again.
fuzz: ## run every fuzz target for FUZZTIME (10s) each
	@mkdir -p $(DIST)
	@for f in $$(grep -rlE '^func Fuzz' --include=*_test.go cmd internal receiver extension exporter); do \
	  for name in $$(grep -oE '^func Fuzz[A-Za-z0-9_]+' $$f | cut -c6-); do \
	    echo "== $$name ($$f)"; failed=1; \
	    for try in 1 2 3 4 5; do \
	      if $(GO) test -C $$(dirname $$f) -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 100x . > $(DIST)/fuzz.log 2>&1; then failed=0; fi; \
	      cat $(DIST)/fuzz.log; \
	      if [ $$failed = 0 ]; then break; fi; \
	      grep -v '^fuzz: elapsed: ' $(DIST)/fuzz.log | sed -E 's/[0-9.]+s\)?$$//' | tr '\n' ' ' \
	        | grep -qxE -e "--- FAIL: $$name \( +context deadline exceeded FAIL exit status 1 FAIL.[^ ]+. " || break; \
	      echo 'No finding when the time ended (golang/go#75804).'; \
	    done; \
	    if [ $$failed = 1 ]; then exit 1; fi; \
	  done; done

# Only inputs up to 4 KB are kept. Their names are hashes, so the first ones are any ones.
KEEP ?= 8
fuzz-keep: ## keep inputs that fuzzing found, up to KEEP (8) for each target, in testdata/fuzz of its package
	@cache=$$($(GO) env GOCACHE)/fuzz; \
	for f in $$(grep -rlE '^func Fuzz' --include=*_test.go cmd internal receiver extension exporter); do \
	  package=$$($(GO) list -C $$(dirname $$f) .); \
	  for name in $$(grep -oE '^func Fuzz[A-Za-z0-9_]+' $$f | cut -c6-); do \
	    kept=$$(dirname $$f)/testdata/fuzz/$$name; \
	    [ -d $$cache/$$package/$$name ] || continue; mkdir -p $$kept; \
	    for input in $$(find $$cache/$$package/$$name -type f -size -5k | LC_ALL=C sort); do \
	      [ $$(ls $$kept | wc -l) -lt $(KEEP) ] || break; cp $$input $$kept/; \
	    done; \
	  done; done

picture: ## draw docs/data-path.svg from docs/data-path.txt
	$(GO) run ./internal/test/picture < docs/data-path.txt > $(DIST)/data-path.svg
	@mv $(DIST)/data-path.svg docs/data-path.svg

# mdatagen would write the Go type of the configuration too, from the section config, which is the last one. It does not know the
# distribution's address, nor that the owners are a team.
generate: $(TOOLS)/mdatagen ## write the code, tables and schemas that metadata.yaml describes, the lists of components, and what the lists of columns make
	@for c in $(COMPONENTS); do (cd $$c; sed '/^config:/,$$d' metadata.yaml > metadata.mdatagen.yaml; failed=0; \
	  $(TOOLS)/mdatagen metadata.mdatagen.yaml || failed=1; rm metadata.mdatagen.yaml; \
	  sed -i -e 's|^\(\[otelcol-winnet[a-z-]*\]\): *$$|\1: https://$(MODULE)|' -e 's|https://www.github.com/otelcol-winnet/maintainers|https://github.com/orgs/otelcol-winnet/teams/maintainers|' README.md; exit $$failed); done
	@for m in $(filter-out .,$(ALL)); do if grep -qE '^(require )?\s*$(MODULE) v' $$m/go.mod; then $(GO) mod edit -require=$(MODULE)@v$(VERSION_OF) $$m/go.mod; fi; done
	$(GO) run ./internal/test/components .
	@for m in $(MODULES); do $(GO) mod edit -require=$(MODULE)/$$m@v0.0.0 -replace=$(MODULE)/$$m=../../../$$m internal/test/forms/go.mod; done; cd internal/test/forms; $(GO) mod tidy
	$(GO) run -C internal/test/forms ./generate $(CURDIR)
	@gofmt -w $$(find receiver extension exporter -name 'generated_*.go')
	$(GO) generate -C exporter/azure ./internal/columns

testdata: ## regenerate the test data; equal on every machine
	$(GO) run ./internal/test/datagen -out testdata

testdata/dnsserver.etl:
	$(MAKE) testdata

# Where generate writes.
GENERATED := $(filter-out ./go.mod,$(ALL:%=%/go.mod)) receiver extension exporter deploy builder-config.yaml builder-config.newest.yaml docs/releasing.md docs/install.md internal/test/forms

check-generated: ## check that generated code, tables and schemas are current, in seconds
	@dir=$$(mktemp -d); trap 'rm -rf $$dir' EXIT; sums() { git ls-files -co --exclude-standard $(GENERATED) | xargs -d '\n' sha256sum; }; sums > $$dir/before; $(MAKE) generate; sums > $$dir/after; \
	  diff $$dir/before $$dir/after || { echo "generated files (above) differ from their sources: run make generate and commit"; exit 1; }

lint: $(TOOLS)/staticcheck check-notice check-generated ## check format, vet and staticcheck for linux and windows, and that generated code is current
	@out=$$(git ls-files '*.go' | xargs gofmt -l); if [ -n "$$out" ]; then echo "gofmt differs: $$out"; exit 1; fi
	GOOS=linux $(GO) vet ./...
	GOOS=windows $(GO) vet ./...
	@for m in $(NESTED); do echo "$(GO) vet -C $$m ./..."; $(GO) vet -C $$m ./...; done
	GOOS=linux $(TOOLS)/staticcheck ./...
	GOOS=windows $(TOOLS)/staticcheck ./...
	@for m in $(MODULES) $(PROGRAMS); do for os in linux windows; do echo "vet and staticcheck for $$os: $$m"; \
	  GOOS=$$os $(GO) vet -C $$m ./...; (cd $$m; GOOS=$$os $(TOOLS)/staticcheck ./...); done; done
	@for m in $(ALL); do (cd $$m; $(GO) mod tidy -diff); done

# Linux alone builds the modules of tests and the collector of the benchmarks. A function of theirs that only Windows compiles is not seen.
LINUX_ONLY := $(filter-out internal/tools,$(NESTED)) $(BENCH)/src

# The main packages of every manifest that users build.
MAINS := $(SHIPPED) $(DIST)/newest

deadcode: $(TOOLS)/deadcode $(MAINS:%=%/go.mod) $(BENCH)/src/go.mod ## find functions that no program and no test reaches, on either system; takes minutes
	@$(GO) run ./internal/test/deadcode $(TOOLS)/deadcode $(filter-out $(LINUX_ONLY),$(ALL)) $(MAINS) $(LINUX_ONLY:%=linux:%)

include make/packaging.mk make/benchmarks.mk

clean: ## remove everything that the targets above built
	rm -rf $(DIST) out
