# otelcol-winnet: every target installs its requirements through Go modules; `make run` and `make test` need only Go and make.

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
FUZZTIME  ?= 10s

# Benchmarks: the number of runs, and the number of events in the long memory runs, without and with GOMEMLIMIT.
BENCH                 := $(DIST)/bench
COUNT                 ?= 5
MEMORY_EVENTS         ?= 50000000
MEMORY_LIMITED_EVENTS ?= 5000000

export CGO_ENABLED ?= 0

.PHONY: packages test-apiserver bench-hubble build-node build-node-windows picture-hubble run-hubble test-hubble test-hubble-windows hunt hunt-picture bench-hunt package package-next release check-reproducible test-install run modules components build build-gateway build-windows check-kql queries test test-hunt test-oracle test-forms test-kernel test-e2e soak audit audit-vuln test-sentinel \
  test-faults test-kubernetes kustomize test-observability dashboard test-roads roads-hour roads-away test-race test-windows endurance build-verify test-verify validate ci check-windows fuzz fuzz-keep lint deadcode bench bench-events bench-sentinel \
  bench-ring bench-keys bench-hold bench-replay bench-oracle bench-collector bench-windows bench-long bench-all bench-doc bench-bill bill-doc profile picture generate \
  testdata clean help notice check-notice build-newest sizes tags

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

# actionlint checks the workflow. It is pinned here, so that the tools' module keeps its own versions.
ACTIONLINT := v1.7.12
$(TOOLS)/actionlint-$(ACTIONLINT)/actionlint:
	@mkdir -p $(@D)
	GOBIN=$(@D) $(GO) install github.com/rhysd/actionlint/cmd/actionlint@$(ACTIONLINT)

audit: $(SHIPPED:%=%/go.mod) $(TOOLS)/actionlint-$(ACTIONLINT)/actionlint ## check the licences of all linked modules, that no GPL module is linked off Windows, and the workflows
	@$(GO) run -C internal/tools ./notice -audit $(LICENSED:%=$(CURDIR)/%)
	@$(TOOLS)/actionlint-$(ACTIONLINT)/actionlint -shellcheck= -pyflakes= .github/workflows/*.yml
	@bad=$$(grep -nE 'uses:' .github/workflows/*.yml | grep -vE 'uses: +[^@ ]+@[0-9a-f]{40} +# v[0-9.]+$$' || true); \
	  if [ -n "$$bad" ]; then echo "an action is not pinned by the hash of its commit, with its version beside it:"; echo "$$bad"; exit 1; fi

# The database of vulnerabilities is on the internet.
GOVULNCHECK := v1.9.0
$(TOOLS)/govulncheck-$(GOVULNCHECK)/govulncheck:
	@mkdir -p $(@D)
	GOBIN=$(@D) $(GO) install golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK)

audit-vuln: $(SHIPPED:%=%/go.mod) $(TOOLS)/govulncheck-$(GOVULNCHECK)/govulncheck ## check the shipped programs for known vulnerabilities (needs the internet; .github/workflows/ci.yml runs it)
	@for os in linux windows; do for c in $(LICENSED); do echo "govulncheck for $$os: $$c"; \
	  (cd $$c; GOOS=$$os GOARCH=amd64 $(TOOLS)/govulncheck-$(GOVULNCHECK)/govulncheck ./...); done; done

# The newest core, with ocb of its version.
NEWEST := v0.165.0
$(TOOLS)/builder-$(NEWEST)/builder:
	@mkdir -p $(@D)
	GOBIN=$(@D) $(GO) install go.opentelemetry.io/collector/cmd/builder@$(NEWEST)

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
	    printf 'receivers:\n  - {gomod: $(MODULE) v0.1.0, import: $(MODULE)/receiver/%s, name: %s, path: .}\n' $$r $$r; \
	    printf 'exporters:\n'; grep -E 'exporter/(debug|otlp)exporter ' builder-config.yaml; \
	    sed -n '/^providers:/,$$p' builder-config.yaml; } > $(SIZES)/$$r.yaml; \
	  $(TOOLS)/builder --config $(SIZES)/$$r.yaml --skip-compilation 2> $(SIZES)/$$r.log || { cat $(SIZES)/$$r.log; exit 1; }; \
	  for os in linux windows; do GOOS=$$os GOARCH=amd64 CGO_ENABLED=0 $(GO) build -C $(SIZES)/$$r -trimpath -ldflags '$(LDFLAGS)' -o ../$$r-$$os .; \
	    printf '%-22s %-8s %11d bytes\n' $$r $$os $$(wc -c < $(SIZES)/$$r-$$os); done; done

tags: ## print the commands that tag a release of all modules: make tags VERSION=v0.2.0
	@echo '$(VERSION)' | grep -qxE 'v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?' || { echo 'VERSION is missing or is none; want for example: make tags VERSION=v0.2.0'; exit 1; }
	@for m in . $(MODULES); do tag=$$(echo "$$m/$(VERSION)" | sed 's|^\./||'); echo "git tag -a $$tag -m $$tag"; done
	@echo "git push origin $$(for m in . $(MODULES); do echo "$$m/$(VERSION)" | sed 's|^\./||'; done | tr '\n' ' ')"

# Tools, at the versions that internal/tools/go.mod pins.
$(TOOLS)/builder: PACKAGE := go.opentelemetry.io/collector/cmd/builder
$(TOOLS)/mdatagen: PACKAGE := go.opentelemetry.io/collector/cmd/mdatagen
$(TOOLS)/staticcheck: PACKAGE := honnef.co/go/tools/cmd/staticcheck
$(TOOLS)/deadcode: PACKAGE := golang.org/x/tools/cmd/deadcode
$(TOOLS)/%: internal/tools/go.mod internal/tools/go.sum
	$(GO) build -C internal/tools -o $@ $(PACKAGE)

# The programs that check KQL and Bicep, at the versions in internal/tools/node/package-lock.json.
NODE_MODULES := $(CURDIR)/$(DIST)/node/node_modules
NODE_TOOLS   := $(NODE_MODULES)/.package-lock.json
$(NODE_TOOLS): internal/tools/node/package.json internal/tools/node/package-lock.json
	@command -v node > /dev/null && command -v npm > /dev/null || { echo 'KQL and Bicep are checked by programs for Node.js: install node and npm, 20 or later'; exit 1; }
	@mkdir -p $(DIST)/node; cp $^ $(DIST)/node
	cd $(DIST)/node && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

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

bench-hubble: build-node ## measure what a flow and its followers cost, and the collector's processor time with ten followers
	$(GO) test -C exporter/hubbleexporter -run '^$$' -bench '^BenchmarkFlow$$' -count 3 .
	WINNET_NODE=$(CURDIR)/$(DIST)/otelcol-winnet-node $(GO) test -C internal/test/hubble -vet=off -ldflags '-s -w' -run '^$$' -bench . -benchtime 1x -v .

test-forms: ## check the schemas of the configurations against the code and the shipped configurations
	$(VALIDATE) $(GO) test -C internal/test/forms -count=1 ./...

test-kernel: ## run the tests on real eBPF maps of the Linux kernel (root); fail if they cannot run
	WINNET_KERNEL_TESTS=required $(GO) test -count=1 ./internal/cilium/... ./receiver/ciliumwindowsreceiver

# How long the soak test runs. It needs root on Linux, for a ring buffer of the kernel.
SOAK ?= 30m
soak: build testdata/dnsserver.etl ## run both receivers for SOAK (30m) under fast and slow far ends, and write docs/soak.txt and docs/soak.svg (root, Linux)
	WINNET_KERNEL_TESTS=required WINNET_SOAK=$(SOAK) WINNET_SOAK_DOCS=$(CURDIR)/docs WINNET_COLLECTOR=$(CURDIR)/$(DIST)/otelcol-winnet \
	  $(GO) test -count=1 -v -timeout 0 -run '^TestSoak$$' ./internal/bench/soak

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
	WINNET_COLLECTOR=$(CURDIR)/$(DIST)/otelcol-winnet WINNET_NODE_MODULES=$(NODE_MODULES) $(GO) test -C exporter/azure -count=1 ./...
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
RIG := $(CURDIR)/internal/test/wine/rig.sh $(CURDIR)/$(DIST)

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

# A file with this name is there when Debian's Chromium is.
CHROMIUM := $(TOOLS)/chromium
$(CHROMIUM):
	@mkdir -p $(@D)
	@command -v chromium > /dev/null || { apt-get update -q; DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install -y -q --no-install-recommends chromium fonts-dejavu-core; }
	@touch $@
BROWSED = WINNET_CHROMIUM=$$(command -v chromium) $(GO) test -C cmd/winnet-hunt -count=1

# The scenario's seed is a new one in each run; WINNET_SEED=n takes that of an earlier run. A seed that fails goes into the kept ones.
test-hunt: check-kql $(CHROMIUM) testdata/dnsserver.etl ## ask the twenty questions of a random scenario in each mode, and test winnet-hunt with its page in headless Chromium (installs it on Debian)
	@mkdir -p $(DIST); WINNET_NODE_MODULES=$(NODE_MODULES) $(BROWSED) -v -timeout 15m ./... > $(DIST)/test-hunt.log 2>&1 || { grep -vE '^(=== |ok|\?)|--- PASS' $(DIST)/test-hunt.log; exit 1; }
	@grep -oE 'the seed is .*' $(DIST)/test-hunt.log | LC_ALL=C sort -u; grep '^ok' $(DIST)/test-hunt.log

hunt-picture: $(CHROMIUM) ## draw docs/hunt.png
	$(BROWSED) -run '^TestThePictureOfTheDocuments' . -update

# How many events bench-hunt generates. Ten million take 3 GB of recordings, and 3 GB for the database and what its questions put aside.
HUNT_EVENTS ?= 10000000
bench-hunt: $(HUNT) testdata/dnsserver.etl ## measure the time and the memory of a hunt through HUNT_EVENTS (10 million) generated events; part of no other target
	@mkdir -p $(BENCH); $(GO) run ./internal/bench/hunt -events $(HUNT_EVENTS) $(HUNT) testdata/cilium_events.pcapng | tee $(BENCH)/hunt.txt

# The packages and the release. VERSION_OF is what builder-config.yaml says; TIME_OF is the time of the commit, which is that of all files.
VERSION_OF = $(shell sed -n 's/^  version: //p' builder-config.yaml)
TIME_OF    = $(shell git log -1 --format=%ct)
PACKAGE    := $(DIST)/package
RELEASE    := $(DIST)/release
ISSUE      = otelcol-winnet-$(VERSION_OF)
RELEASER   = $(GO) run -C internal/tools ./release

# A file with this name is there when Debian's packages for the MSI are.
MSI_TOOLS := $(TOOLS)/msi
$(MSI_TOOLS):
	@mkdir -p $(@D)
	@if ! command -v wixl >/dev/null || ! command -v msibuild >/dev/null || ! command -v faketime >/dev/null || ! command -v osslsigncode >/dev/null; then \
	  command -v apt-get >/dev/null || { echo 'install wixl, msitools, faketime and osslsigncode'; exit 1; }; \
	  apt-get update -q; DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends wixl msitools faketime osslsigncode; fi
	@touch $@

# What is installed on Windows, for an architecture: $(1).
stage = rm -rf $(DIST)/stage-$(1); mkdir -p $(DIST)/stage-$(1); cp LICENSE NOTICE LICENSES/GPL-3.0.txt deploy/windows/config.yaml $(DIST)/stage-$(1); \
  GOOS=windows GOARCH=$(1) CGO_ENABLED=0 $(GO) build -C $(SRC) -trimpath -buildvcs=false -ldflags '$(STAMPED)' -o ../stage-$(1)/otelcol-winnet.exe .; \
  GOOS=windows GOARCH=$(1) CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags '$(STAMPED)' -o $(DIST)/stage-$(1) ./cmd/winnet-verify ./cmd/winnet-setup; \
  if [ -n "$${SIGN_PKCS12:-}" ]; then deploy/windows/sign.sh $(DIST)/stage-$(1)/*.exe; fi
# The zip of an architecture, into a folder: $(2).
zip = $(RELEASER) zip $(TIME_OF) $(CURDIR)/$(2)/$(ISSUE)-windows-$(1).zip $(CURDIR)/deploy/windows/install.ps1 $(CURDIR)/deploy/windows/uninstall.ps1 $(addprefix $(CURDIR)/$(DIST)/stage-$(1)/,otelcol-winnet.exe winnet-verify.exe config.yaml LICENSE NOTICE GPL-3.0.txt)
# The MSI of an architecture, into a folder: $(2).
msi = deploy/windows/msi.sh $(1) $(DIST)/stage-$(1) $(VERSION_OF) $(COMMIT) $(TIME_OF) $(2)/$(ISSUE)-windows-$(1).msi; \
  if [ -n "$${SIGN_PKCS12:-}" ]; then deploy/windows/sign.sh $(2)/$(ISSUE)-windows-$(1).msi; fi

# The SBOM of each program for Windows of an architecture, into a folder: $(2); and the files that describe all others in a folder: $(1).
sbom     = for program in otelcol-winnet winnet-setup winnet-verify; do \
  $(RELEASER) sbom $(VERSION_OF) $(TIME_OF) $(CURDIR)/$(DIST)/stage-$(1)/$$program.exe $(CURDIR)/$(2)/$$program-$(VERSION_OF)-windows-$(1).cdx.json; done
describe = $(RELEASER) checksums $(CURDIR)/$(1); $(RELEASER) provenance $(VERSION_OF) $$(git rev-parse HEAD) $(TIME_OF) $(CURDIR)/$(1)

package: $(SRC)/go.mod $(MSI_TOOLS) ## build the MSI and the zip for windows/amd64, with what describes them, in dist/package; signed if SIGN_PKCS12 and SIGN_PASSWORD_FILE are set
	@rm -rf $(PACKAGE); mkdir -p $(PACKAGE)
	@$(call stage,amd64)
	@$(call msi,amd64,$(PACKAGE))
	@$(call zip,amd64,$(PACKAGE))
	@$(call sbom,amd64,$(PACKAGE))
	@$(call describe,$(PACKAGE))
	@ls -l $(PACKAGE)

package-next: $(DIST)/stage-amd64 $(MSI_TOOLS) ## build the MSI of package again in dist/next, as version 99.0.0, for tests of upgrades on Windows
	@rm -rf $(DIST)/next; mkdir -p $(DIST)/next
	@deploy/windows/msi.sh amd64 $(DIST)/stage-amd64 99.0.0 $(COMMIT) $(TIME_OF) $(DIST)/next/otelcol-winnet-99.0.0-windows-amd64.msi

$(DIST)/stage-amd64:
	@$(MAKE) package

release: $(SRC)/go.mod $(SRC)-gateway/go.mod $(MSI_TOOLS) ## build all files of a release of the current commit in dist/release: docs/releasing.md
	@[ -z "$$(git status --porcelain)" ] || { echo 'files differ from the commit: commit or remove them, so that the release is that of a commit'; exit 1; }
	@rm -rf $(RELEASE); mkdir -p $(RELEASE)
	@for arch in amd64 arm64; do \
	  for program in otelcol-winnet:$(SRC) otelcol-winnet-gateway:$(SRC)-gateway; do name=$${program%%:*}; stage=$(DIST)/stage-linux-$$arch/$$name; \
	    rm -rf $$stage; mkdir -p $$stage; cp LICENSE NOTICE $$stage; \
	    GOOS=linux GOARCH=$$arch CGO_ENABLED=0 $(GO) build -C $${program##*:} -trimpath -buildvcs=false -ldflags '$(STAMPED)' -o $(CURDIR)/$$stage/$$name .; \
	    tar -C $$stage --sort=name --mtime=@$(TIME_OF) --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX -cf - . | gzip -9n > $(RELEASE)/$$name-$(VERSION_OF)-linux-$$arch.tar.gz; \
	    $(RELEASER) sbom $(VERSION_OF) $(TIME_OF) $(CURDIR)/$$stage/$$name $(CURDIR)/$(RELEASE)/$$name-$(VERSION_OF)-linux-$$arch.cdx.json; done; done
	@$(call stage,amd64)
	@$(call stage,arm64)
	@$(call msi,amd64,$(RELEASE))
	@$(call msi,arm64,$(RELEASE))
	@$(call zip,amd64,$(RELEASE))
	@$(call zip,arm64,$(RELEASE))
	@$(call sbom,amd64,$(RELEASE))
	@$(call sbom,arm64,$(RELEASE))
	@$(call describe,$(RELEASE))
	@cat $(RELEASE)/SHA256SUMS

# A copy of the commit in another folder, whose build finds nothing in a cache, makes the same files.
check-reproducible: package ## build the package of the current commit again, in another folder with an empty build cache, and compare; takes minutes
	@[ -z "$$(git status --porcelain)" ] || { echo 'files differ from the commit: commit or remove them'; exit 1; }
	@dir=$$(mktemp -d); trap 'chmod -R u+w $$dir; rm -rf $$dir' EXIT; git clone -q --no-hardlinks . $$dir/another; git -C $$dir/another checkout -q $$(git rev-parse HEAD); \
	  GOCACHE=$$dir/cache $(MAKE) -C $$dir/another package; \
	  for f in $(PACKAGE)/*; do cmp $$f $$dir/another/$$f; echo "equal: $$f"; done

# Wine without stand-ins: they have no service functions.
INSTALL_PREFIX := $(CURDIR)/$(DIST)/wine-install
test-install: package testdata/dnsserver.etl $(NODE_TOOLS) ## build the package, install, upgrade and remove the MSI under Wine (installs it on Debian), and check the scripts' syntax
	@# Without the flag, Node optimizes the parser in the background before it ends, which takes minutes on a busy machine.
	NODE_PATH=$(NODE_MODULES) node --liftoff-only internal/tools/node/powershell.cjs $$(git ls-files '*.ps1')
	internal/test/install/prefix.sh $(INSTALL_PREFIX)
	PATH=$$PATH:/usr/lib/wine WINNET_INSTALL_PREFIX=$(INSTALL_PREFIX) WINNET_INSTALL_PROGRAM=$(CURDIR)/$(DIST)/stage-amd64/otelcol-winnet.exe WINNET_INSTALL_PACKAGE=$(CURDIR)/$(PACKAGE) \
	  $(GO) test -count=1 -v -timeout 30m ./internal/test/install

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

# Prometheus and promtool are Debian's, unpacked only: the installed package would start a service.
PROMETHEUS := $(CURDIR)/$(DIST)/prometheus/usr/bin
$(PROMETHEUS)/promtool:
	@mkdir -p $(DIST)/prometheus; cd $(DIST)/prometheus; apt-get download prometheus || { apt-get update -q; apt-get download prometheus; }; dpkg -x prometheus_*.deb .
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
CI_SECOND := test-windows test-hubble-windows test-install check-windows build-newest test-race fuzz

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

bench: ## measure the performance goals, and print their table
	@for part in events sentinel ring keys oracle collector; do $(MAKE) bench-$$part; done
	@$(MAKE) bench-windows || echo 'Not measured here: golang-etw. Its rows are missing.'
	@$(GO) run ./internal/bench/goals $(BENCH)/*.txt

# The runs of all benchmarks alternate, so that values to compare are measured at the same time. A benchmark that fails ends the
# measurement.
SOUND = ! grep -E '^(FAIL|--- FAIL|panic:)'

bench-events:
	@mkdir -p $(BENCH); : > $(BENCH)/events.txt
	@for i in $$(seq $(COUNT)); do $(GO) test -run '^$$' -bench '^Benchmark((DNS|Cilium)(Record|Decode|Filtered)|Offer)$$' -benchmem \
	  ./internal/bench ./internal/pipeline/queue | tee -a $(BENCH)/events.txt; done; $(SOUND) $(BENCH)/events.txt

bench-sentinel:
	@mkdir -p $(BENCH); : > $(BENCH)/sentinel.txt
	@for i in $$(seq $(COUNT)); do $(GO) test -C exporter/azure -run '^$$' -bench '^Benchmark(Row|Call|Envelope|Items)$$' -benchmem ./internal/row ./internal/envelope ./sentinelexporter ./appinsightsexporter \
	  | tee -a $(BENCH)/sentinel.txt; $(GO) test -C exporter/azure/internal/rival -vet=off -run '^$$' -bench '^BenchmarkSend$$' -benchmem . \
	  | tee -a $(BENCH)/sentinel.txt; done; $(SOUND) $(BENCH)/sentinel.txt

# Needs root on Linux; without it, its row is missing.
bench-ring:
	@mkdir -p $(BENCH); : > $(BENCH)/ring.txt
	@for i in 1 2 3; do $(GO) test -run '^$$' -bench '^BenchmarkLive$$' -benchmem ./receiver/ciliumwindowsreceiver | tee -a $(BENCH)/ring.txt; done; $(SOUND) $(BENCH)/ring.txt

bench-keys:
	@mkdir -p $(BENCH); : > $(BENCH)/keys.txt
	@for i in 1 2 3; do $(GO) test -run '^$$' -bench '^Benchmark(Aggregate|Correlate|Connections)$$/^keys=1000000$$' -skip '/^keys=1000000$$/.' -benchmem \
	  ./internal/dns/aggregate ./internal/dns/correlate ./internal/cilium/aggregate | tee -a $(BENCH)/keys.txt; \
	  $(GO) test -run '^$$' -bench '^Benchmark(Floor|Aggregated)$$/^(keys=1000000|lean)$$' -benchmem ./internal/pipeline/hold ./receiver/asimdnsreceiver \
	  | tee -a $(BENCH)/keys.txt; done; $(SOUND) $(BENCH)/keys.txt

# Each in a process of its own, because the first replay of a process takes the memory for all.
bench-replay: ## measure a replay with a storage, with pseudonyms, and with neither; part of no other target
	@mkdir -p $(BENCH); : > $(BENCH)/replay.txt
	@for i in 1 2 3; do for one in plain storage pseudonyms; do $(GO) test -run '^$$' -bench "^BenchmarkReplay\$$/^$$one\$$" -benchtime 1x -benchmem \
	  ./receiver/asimdnsreceiver | tee -a $(BENCH)/replay.txt; done; done; $(SOUND) $(BENCH)/replay.txt

bench-hold: ## measure the store of events kept back beside go-freelru and a Go map with container/list; part of no other target
	@mkdir -p $(BENCH); : > $(BENCH)/hold.txt
	@for i in 1 2 3 4 5; do $(GO) test -C internal/test/rival -run '^Test' -bench '^BenchmarkHold$$' -benchtime 0.2s -benchmem . | tee -a $(BENCH)/hold.txt; done; $(SOUND) $(BENCH)/hold.txt

bench-oracle:
	@mkdir -p $(BENCH); : > $(BENCH)/oracle.txt
	@for i in $$(seq $(COUNT)); do $(GO) test -C internal/test/oracle/cilium120 -vet=off -ldflags '-s -w' -run '^$$' -bench '^BenchmarkCilium(Record|Line)$$' -benchmem . \
	  | tee -a $(BENCH)/oracle.txt; done; $(SOUND) $(BENCH)/oracle.txt

bench-collector: $(DIST)/otelcol-bench $(TOOLS)/bench-collector testdata/dnsserver.etl
	@$(TOOLS)/bench-collector -collector $(DIST)/otelcol-bench -count $(COUNT) > $(BENCH)/collector.txt; cat $(BENCH)/collector.txt

bench-windows: testdata/dnsserver.etl ## measure golang-etw's decoding and this project's under Wine (installs it on Debian)
	@mkdir -p $(BENCH); : > $(BENCH)/windows.txt
	$(RIG)
	@for i in 1 2 3; do WINNET_WINE=required GOOS=windows GOARCH=amd64 CGO_ENABLED=0 $(GO) test -run '^$$' -bench '^BenchmarkETW$$' -benchtime 1x \
	  -exec '$(RIG) run' ./internal/test/wine | tee -a $(BENCH)/windows.txt; done; $(SOUND) $(BENCH)/windows.txt

bench-long: $(DIST)/otelcol-bench $(TOOLS)/bench-collector testdata/dnsserver.etl ## measure memory with MEMORY_EVENTS (50 million), and short and long replays
	@$(TOOLS)/bench-collector -collector $(DIST)/otelcol-bench -memory $(MEMORY_EVENTS) > $(BENCH)/memory.txt; cat $(BENCH)/memory.txt
	@$(TOOLS)/bench-collector -collector $(DIST)/otelcol-bench -memory $(MEMORY_LIMITED_EVENTS) -gomemlimit 110MiB > $(BENCH)/memory-limited.txt
	@cat $(BENCH)/memory-limited.txt; : > $(BENCH)/growth.txt
	@for i in 1 2 3; do $(GO) test -run '^$$' -bench . -benchtime 1x -timeout 1h ./internal/bench/growth | tee -a $(BENCH)/growth.txt; done; $(SOUND) $(BENCH)/growth.txt
	@$(GO) run ./internal/bench/goals $(BENCH)/*.txt

bench-all: ## run every benchmark of every module once, except the long ones
	$(GO) test -run '^$$' -bench . -benchmem $$($(GO) list ./... | grep -v internal/bench/growth)
	@for m in $(filter-out .,$(ALL)); do if grep -rqE --include='*_test.go' '^func Benchmark' $$m; then \
	  $(GO) test -C $$m -vet=off -run '^$$' -bench . -benchmem ./... || exit 1; fi; done

# A day of traffic, and what is measured of it, takes up to 2 GB in the folder for temporary files.
bench-bill: testdata/dnsserver.etl ## measure what Sentinel bills for DNS and Cilium by volume, beside AMA's rows and asim-dns-collector's; takes minutes
	@mkdir -p $(BENCH)/bill; $(GO) run -C exporter/azure/internal/bill . $(CURDIR)/testdata/cilium_events.pcapng $(CURDIR)/testdata/cilium_ways.pcapng > $(BENCH)/bill/bill.txt; cat $(BENCH)/bill/bill.txt

bill-doc: ## write docs/volume.md with its plot, and docs/sizing.md, from the results of bench-bill
	@$(GO) run ./internal/bench/goals -volume docs $(BENCH)/bill/bill.txt

bench-doc: ## write docs/benchmarks.md and docs/sizing.md from the results of bench and bench-long
	@mkdir -p docs
	@$(GO) run ./internal/bench/goals -doc docs $$(find $(BENCH) -maxdepth 1 -name '*.txt' 2>/dev/null | sort)

profile: ## draw flame graphs of both paths, docs/flame-dns.svg and docs/flame-cilium.svg
	@mkdir -p $(BENCH) docs
	@for path in DNS Cilium; do name=$$(echo $$path | tr A-Z a-z); \
	  $(GO) test -run '^$$' -bench "^Benchmark$${path}Record\$$/^ours\$$" -benchtime 5s -cpuprofile $(BENCH)/$$name.prof -o $(BENCH)/bench.test ./internal/bench; \
	  $(GO) tool pprof -traces -unit=ns $(BENCH)/$$name.prof > $(BENCH)/$$name.traces; \
	  $(GO) run ./internal/bench/flame -title "$$path: raw record to log record" < $(BENCH)/$$name.traces > docs/flame-$$name.svg; done

# The collector for the benchmarks: that of builder-config.yaml, plus the receiver of ready-made records.
$(DIST)/otelcol-bench: $(BENCH)/src/go.mod $(SOURCES)
	$(GO) build -C $(BENCH)/src -trimpath -ldflags '$(LDFLAGS)' -o ../../otelcol-bench .

$(BENCH)/src/go.mod: builder-config.yaml go.mod $(MODULES:%=%/go.mod) | $(TOOLS)/builder
	@mkdir -p $(BENCH)
	@sed -e 's|^  output_path: .*|  output_path: ./$(BENCH)/src|' -e 's|^  module: .*|  module: $(MODULE)/bench|' \
	  -e 's|^receivers:|&\n  - gomod: $(MODULE) v0.1.0\n    import: $(MODULE)/internal/bench/prebuilt\n    name: prebuilt\n    path: .|' \
	  builder-config.yaml > $(BENCH)/builder-config.yaml
	$(TOOLS)/builder --config $(BENCH)/builder-config.yaml --skip-compilation
	@touch $@

$(TOOLS)/bench-collector: $(SOURCES)
	$(GO) build -o $@ ./internal/bench/collector

picture: ## draw docs/data-path.svg from docs/data-path.txt
	$(GO) run ./internal/test/picture < docs/data-path.txt > $(DIST)/data-path.svg
	@mv $(DIST)/data-path.svg docs/data-path.svg

# mdatagen would write the Go type of the configuration too, from the section config, which is the last one. It does not know the
# distribution's address, nor that the owners are a team.
generate: $(TOOLS)/mdatagen ## write the code, tables and schemas that metadata.yaml describes, the lists of components, and what the lists of columns make
	@for c in $(COMPONENTS); do (cd $$c; sed '/^config:/,$$d' metadata.yaml > metadata.mdatagen.yaml; failed=0; \
	  $(TOOLS)/mdatagen metadata.mdatagen.yaml || failed=1; rm metadata.mdatagen.yaml; \
	  sed -i -e 's|^\(\[otelcol-winnet[a-z-]*\]\): *$$|\1: https://$(MODULE)|' -e 's|https://www.github.com/otelcol-winnet/maintainers|https://github.com/orgs/otelcol-winnet/teams/maintainers|' README.md; exit $$failed); done
	$(GO) run ./internal/test/components .
	@for m in $(MODULES); do $(GO) mod edit -require=$(MODULE)/$$m@v0.0.0 -replace=$(MODULE)/$$m=../../../$$m internal/test/forms/go.mod; done; cd internal/test/forms; $(GO) mod tidy
	$(GO) run -C internal/test/forms ./generate $(CURDIR)
	@gofmt -w $$(find receiver extension exporter -name 'generated_*.go')
	$(GO) generate -C exporter/azure ./internal/columns
	@for m in $(MODULES); do [ -d $$m/internal/private ] || continue; rm -rf $$m/internal/private; mkdir -p $$m/internal/private; for f in $(PRIVATE)/*.go; do \
	  sed '1a\\n// Code generated by make generate from $(PRIVATE); DO NOT EDIT.' $$f > $$m/internal/private/$${f##*/}; done; done

# What keeps files from other users. Each module of users that writes files has a copy of its own, in internal/private, because it requires no other one.
PRIVATE := internal/pipeline/private

testdata: ## regenerate the test data; equal on every machine
	$(GO) run ./internal/test/datagen -out testdata

testdata/dnsserver.etl:
	$(MAKE) testdata

# Where generate writes.
GENERATED := receiver extension exporter deploy builder-config.yaml builder-config.newest.yaml docs/releasing.md docs/install.md internal/test/forms

lint: $(TOOLS)/staticcheck check-notice ## check format, vet and staticcheck for linux and windows, and that generated code is current
	@out=$$(git ls-files '*.go' | xargs gofmt -l); if [ -n "$$out" ]; then echo "gofmt differs: $$out"; exit 1; fi
	GOOS=linux $(GO) vet ./...
	GOOS=windows $(GO) vet ./...
	@for m in $(NESTED); do echo "$(GO) vet -C $$m ./..."; $(GO) vet -C $$m ./...; done
	GOOS=linux $(TOOLS)/staticcheck ./...
	GOOS=windows $(TOOLS)/staticcheck ./...
	@for m in $(MODULES) $(PROGRAMS); do for os in linux windows; do echo "vet and staticcheck for $$os: $$m"; \
	  GOOS=$$os $(GO) vet -C $$m ./...; (cd $$m; GOOS=$$os $(TOOLS)/staticcheck ./...); done; done
	@before=$$(git ls-files -co --exclude-standard $(GENERATED) | xargs -d '\n' sha256sum); $(MAKE) generate; \
	  after=$$(git ls-files -co --exclude-standard $(GENERATED) | xargs -d '\n' sha256sum); \
	  if [ "$$before" != "$$after" ]; then echo "generated files differ from their sources: run make generate and commit"; exit 1; fi
	@for m in $(ALL); do (cd $$m; $(GO) mod tidy -diff); done

# Linux alone builds the modules of tests and the collector of the benchmarks. A function of theirs that only Windows compiles is not seen.
LINUX_ONLY := $(filter-out internal/tools,$(NESTED)) $(BENCH)/src

# The main packages of every manifest that users build.
MAINS := $(SHIPPED) $(DIST)/newest

deadcode: $(TOOLS)/deadcode $(MAINS:%=%/go.mod) $(BENCH)/src/go.mod ## find functions that no program and no test reaches, on either system; takes minutes
	@$(GO) run ./internal/test/deadcode $(TOOLS)/deadcode $(filter-out $(LINUX_ONLY),$(ALL)) $(MAINS) $(LINUX_ONLY:%=linux:%)

clean: ## remove everything that the targets above built
	rm -rf $(DIST) out
