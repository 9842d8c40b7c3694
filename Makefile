# otelcol-winnet: every target installs what it needs through Go modules; `make run` and `make test` need Go and make only.

.SHELLFLAGS := -eu -c
.DEFAULT_GOAL := build
MAKEFLAGS += --no-print-directory

GO        ?= go
MODULE    := github.com/otelcol-winnet/otelcol-winnet
DIST      := dist
TOOLS     := $(CURDIR)/$(DIST)/tools
SRC       := $(DIST)/src
SOURCES   := $(shell find receiver internal extension exporter -name '*.go' -not -name '*_test.go' -o -name '*.txt') go.mod go.sum $(wildcard extension/*/go.mod extension/*/go.sum exporter/*/go.mod exporter/*/go.sum)
# The components' own Go modules, and all components, by their metadata.
MODULES   := $(patsubst %/go.mod,%,$(wildcard receiver/*/go.mod extension/*/go.mod exporter/*/go.mod))
COMPONENTS := $(patsubst %/metadata.yaml,%,$(wildcard receiver/*/metadata.yaml extension/*/metadata.yaml exporter/*/metadata.yaml exporter/*/*/metadata.yaml))
ORACLES   := $(patsubst %/go.mod,%,$(wildcard internal/test/oracle/*/go.mod))
# The modules of tests. All but these, the components' and the root are internal/tools.
NESTED    := $(ORACLES) $(patsubst %/go.mod,%,$(wildcard internal/test/*/go.mod exporter/*/internal/*/go.mod))
LDFLAGS   := -s -w
FUZZTIME  ?= 10s

# Of the benchmarks: how often each is run, and the events of the long run of memory, by default and with GOMEMLIMIT.
BENCH                 := $(DIST)/bench
COUNT                 ?= 5
MEMORY_EVENTS         ?= 50000000
MEMORY_LIMITED_EVENTS ?= 5000000

export CGO_ENABLED ?= 0

.PHONY: run modules components build build-windows check-kql test test-oracle test-kernel test-e2e test-sentinel test-roads roads-hour roads-away test-race test-windows validate ci check-windows fuzz lint \
  bench bench-events bench-sentinel bench-ring bench-keys bench-oracle bench-collector bench-windows bench-long bench-all bench-doc profile picture generate testdata clean help

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

run: build testdata/dnsserver.etl ## replay the recorded captures through the collector, and say what became of them
	@mkdir -p out; rm -f out/run.log
	@# In a terminal the collector gets a process group of its own, so that Ctrl-C reaches it and not make. That a job was stopped is
	@# an error for a script, and not for who has pressed Ctrl-C.
	@if [ -t 0 ]; then set -m; fi; status=0; \
	  $(DIST)/otelcol-winnet --config config.replay.yaml --config 'yaml:service::telemetry::logs::output_paths: [stderr, out/run.log]' || status=$$?; \
	  $(GO) run ./internal/test/report run out/run.log; if grep -q 'the replay was stopped before its end' out/run.log; then exit 0; fi; exit $$status

modules: ## list the Go modules
	@printf '%s\n' . $(MODULES) $(NESTED) internal/tools

components: ## list the components
	@printf '%s\n' $(COMPONENTS)

build: $(DIST)/otelcol-winnet ## build dist/otelcol-winnet for this machine

build-windows: $(DIST)/otelcol-winnet.exe ## build dist/otelcol-winnet.exe, windows/amd64

$(DIST)/otelcol-winnet: $(SRC)/go.mod $(SOURCES)
	$(GO) build -C $(SRC) -trimpath -ldflags '$(LDFLAGS)' -o ../otelcol-winnet .

$(DIST)/otelcol-winnet.exe: $(SRC)/go.mod $(SOURCES)
	GOOS=windows GOARCH=amd64 CGO_ENABLED=0 $(GO) build -C $(SRC) -trimpath -ldflags '$(LDFLAGS)' -o ../otelcol-winnet.exe .

# The collector's main package, written by the OpenTelemetry Collector Builder.
$(SRC)/go.mod: builder-config.yaml go.mod $(MODULES:%=%/go.mod) | $(TOOLS)/builder
	$(TOOLS)/builder --config builder-config.yaml --skip-compilation
	@touch $@

# Tools, at the versions that internal/tools/go.mod pins.
$(TOOLS)/builder: PACKAGE := go.opentelemetry.io/collector/cmd/builder
$(TOOLS)/mdatagen: PACKAGE := go.opentelemetry.io/collector/cmd/mdatagen
$(TOOLS)/staticcheck: PACKAGE := honnef.co/go/tools/cmd/staticcheck
$(TOOLS)/%: internal/tools/go.mod internal/tools/go.sum
	$(GO) build -C internal/tools -o $@ $(PACKAGE)

# What checks KQL and Bicep, at the versions of internal/tools/node/package-lock.json.
NODE_MODULES := $(CURDIR)/$(DIST)/node/node_modules
NODE_TOOLS   := $(NODE_MODULES)/.package-lock.json
$(NODE_TOOLS): internal/tools/node/package.json internal/tools/node/package-lock.json
	@command -v node > /dev/null && command -v npm > /dev/null || { echo 'KQL and Bicep are checked by programs for Node.js: install node and npm, 20 or later'; exit 1; }
	@mkdir -p $(DIST)/node; cp $^ $(DIST)/node
	cd $(DIST)/node && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

check-kql: $(NODE_TOOLS) ## check the queries of deploy/ and of all documents: syntax, names, types
	@git ls-files -co --exclude-standard '*.kql' '*.md' | NODE_PATH=$(NODE_MODULES) xargs node internal/tools/node/kql.cjs

test: testdata/dnsserver.etl ## run the tests that any machine can run, and say which it could not
	@mkdir -p $(DIST)
	@( $(GO) test -v ./...; failed=$$?; for m in $(MODULES); do $(GO) test -C $$m -v ./... || failed=1; done; exit $$failed ) > $(DIST)/test.log 2>&1 || { grep -vE '^(=== |--- PASS|    --- PASS|PASS|ok|\?)' $(DIST)/test.log; exit 1; }
	@grep -E '^ok' $(DIST)/test.log
	@$(GO) run ./internal/test/report tests $(DIST)/test.log

test-oracle: ## hold the decoding against Cilium's own parsers and hubble command (the first build takes minutes)
	@# Without vet, which lint does, and debug information the first build is a tenth shorter.
	@for m in $(ORACLES); do $(GO) test -C $$m -vet=off -ldflags '-s -w' -count=1 .; done

test-kernel: ## run the tests on real eBPF maps of the Linux kernel (root), and fail where they cannot
	WINNET_KERNEL_TESTS=required $(GO) test -count=1 ./internal/cilium/... ./receiver/ciliumwindowsreceiver

test-e2e: build ## run the tests of the built collector
	WINNET_COLLECTOR=$(CURDIR)/$(DIST)/otelcol-winnet $(GO) test -count=1 -v ./internal/test/e2e

# Most of its tests wait for something, and more of them run at once than there are processors. Those that do nothing but wait, for longer
# than an exporter tries by default, are a process of their own beside the others, with its own ports.
ROADS := WINNET_COLLECTOR=$(CURDIR)/$(DIST)/otelcol-winnet $(GO) test -C internal/test/roads -vet=off -count=1 -timeout 20m -v
AWAY  := OutlastsAnOutageThatIsLongerThanAnyDefault

# The exporters to Azure against servers with the APIs' rules, and their shipped configurations through a bad hour.
test-sentinel: build check-kql ## run the tests of the exporters sentinel and app_insights, the deployment, and their shipped configurations (root, Linux)
	WINNET_COLLECTOR=$(CURDIR)/$(DIST)/otelcol-winnet WINNET_NODE_MODULES=$(NODE_MODULES) $(GO) test -C exporter/azure -count=1 ./...
	$(ROADS) -run '(GoesThroughTheBadHour|AppInsightsWritesWhat)/^(config.yaml|examples)$$/^sentinel$$' .

test-roads: build ## send every shipped configuration through outages, stops and crashes, and count what arrives (root, Linux)
	@$(MAKE) --no-print-directory -k -j 2 -O roads-hour roads-away

roads-hour:
	$(ROADS) -parallel 10 -skip $(AWAY) .

roads-away:
	WINNET_ROADS_PORTS=10000 $(ROADS) -parallel 10 -run $(AWAY) .

# The packages with Windows code, and the collector itself.
WINDOWS_PACKAGES := ./internal/test/wine ./internal/pipeline/record ./internal/etw/schema ./internal/etw/session ./internal/platform/host ./internal/platform/process ./internal/platform/user ./internal/cilium/events/... ./receiver/asimdnsreceiver ./receiver/ciliumwindowsreceiver
RIG := $(CURDIR)/internal/test/wine/rig.sh $(CURDIR)/$(DIST)

test-windows: build build-windows testdata/dnsserver.etl ## run the Windows binaries under Wine (installs it on Debian), and fail where that cannot be done
	$(RIG)
	WINNET_WINE=required GOOS=windows GOARCH=amd64 CGO_ENABLED=0 $(GO) test -count=1 -p 1 -exec '$(RIG) run' $(WINDOWS_PACKAGES)
	@for m in $(MODULES); do WINNET_WINE=required GOOS=windows GOARCH=amd64 CGO_ENABLED=0 $(GO) test -C $$m -count=1 -p 1 -exec '$(RIG) run' ./...; done
	WINNET_WINE=required $(GO) test -count=1 -v ./internal/test/wine

test-race: ## run the tests with the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -race ./...
	@for m in $(MODULES); do CGO_ENABLED=1 $(GO) test -C $$m -race ./...; done

# The configurations that need variables get the values of an example.
VALIDATE = APPLICATIONINSIGHTS_CONNECTION_STRING=InstrumentationKey=00000000-0000-0000-0000-000000000001 \
  EVENTHUBS_NAMESPACE=contoso EVENTHUBS_HUB=dns EVENTHUBS_CONNECTION_STRING=Endpoint=sb://contoso.servicebus.windows.net/ \
  AZURE_STORAGE_CONNECTION_STRING=DefaultEndpointsProtocol=https AZURE_DCE_ENDPOINT=https://contoso.ingest.monitor.azure.com AZURE_DCR_ID=dcr-00000000000000000000000000000000 \
  $(DIST)/otelcol-winnet validate

# A recipe sets receivers only: it goes over a destination.
RECIPES := $(wildcard examples/*/recipe.yaml)

validate: build ## check the shipped configurations and the examples
	@for c in config.yaml config.replay.yaml $(filter-out $(RECIPES),$(wildcard examples/*/*.yaml)); do echo "validate $$c"; $(VALIDATE) --config $$c; done
	@for c in $(RECIPES); do echo "validate $$c"; $(VALIDATE) --config examples/file/config.yaml --config $$c; done

CI_PARTS := test test-oracle lint test-race test-kernel test-e2e test-sentinel test-roads test-windows validate build-windows check-windows fuzz

ci: ## all that CI runs, and how long each part takes
	@times=; for part in $(CI_PARTS); do begun=$$(date +%s); $(MAKE) $$part; \
	  times="$$times$$(printf '%6d s  %s' $$(($$(date +%s) - begun)) $$part)\n"; done; printf "\n$$times"

check-windows: build-windows ## check that the Windows binary is one, and has both receivers
	@file=$(DIST)/otelcol-winnet.exe; [ "$$(head -c 2 $$file)" = MZ ] || { echo "$$file is no PE"; exit 1; }
	@$(GO) version -m $(DIST)/otelcol-winnet.exe | grep -E 'GOOS=windows|GOARCH=amd64|CGO_ENABLED=0'
	@cd $(SRC) && deps=$$(GOOS=windows GOARCH=amd64 CGO_ENABLED=0 $(GO) list -deps . ); \
	  for p in receiver/asimdnsreceiver receiver/ciliumwindowsreceiver internal/etw/session; do \
	    echo "$$deps" | grep -qx "$(MODULE)/$$p" || { echo "$$p is not linked"; exit 1; }; echo "linked: $$p"; done

# At the end of the time Go's own clock can race with what it stops: a target then fails with nothing but "context deadline exceeded"
# (golang/go#75804, mended in Go 1.27). That is no finding, which says what failed and where its input is; the target runs again.
fuzz: ## run every fuzz target for FUZZTIME (10s) each
	@mkdir -p $(DIST)
	@for f in $$(grep -rlE '^func Fuzz' --include=*_test.go internal receiver extension exporter); do \
	  for name in $$(grep -oE '^func Fuzz[A-Za-z0-9_]+' $$f | cut -c6-); do \
	    echo "== $$name ($$f)"; failed=1; \
	    for try in 1 2 3 4 5; do \
	      if $(GO) test -C $$(dirname $$f) -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) . > $(DIST)/fuzz.log 2>&1; then failed=0; fi; \
	      cat $(DIST)/fuzz.log; \
	      if [ $$failed = 0 ]; then break; fi; \
	      grep -v '^fuzz: elapsed: ' $(DIST)/fuzz.log | sed -E 's/[0-9.]+s\)?$$//' | tr '\n' ' ' \
	        | grep -qxE -e "--- FAIL: $$name \( +context deadline exceeded FAIL exit status 1 FAIL.[^ ]+. " || break; \
	      echo 'Nothing was found when the time was over (golang/go#75804).'; \
	    done; \
	    if [ $$failed = 1 ]; then exit 1; fi; \
	  done; done

bench: ## measure what the performance goals are about, and print the table of them
	@for part in events sentinel ring keys oracle collector; do $(MAKE) bench-$$part; done
	@$(MAKE) bench-windows || echo 'Not measured here: golang-etw. Its rows are missing.'
	@$(GO) run ./internal/bench/goals $(BENCH)/*.txt

# Runs of all benchmarks take turns, so that what is held against each other is measured at the same time. A benchmark that fails
# ends the measurement.
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

# As root on Linux; elsewhere its row is missing.
bench-ring:
	@mkdir -p $(BENCH); : > $(BENCH)/ring.txt
	@for i in 1 2 3; do $(GO) test -run '^$$' -bench '^BenchmarkLive$$' -benchmem ./receiver/ciliumwindowsreceiver | tee -a $(BENCH)/ring.txt; done; $(SOUND) $(BENCH)/ring.txt

bench-keys:
	@mkdir -p $(BENCH); : > $(BENCH)/keys.txt
	@for i in 1 2 3; do $(GO) test -run '^$$' -bench '^Benchmark(Aggregate|Correlate|Keeper)$$/^keys=1000000$$' -skip '/^keys=1000000$$/.' -benchmem \
	  ./internal/dns/correlate ./internal/cilium/aggregate | tee -a $(BENCH)/keys.txt; done; $(SOUND) $(BENCH)/keys.txt

bench-oracle:
	@mkdir -p $(BENCH); : > $(BENCH)/oracle.txt
	@for i in $$(seq $(COUNT)); do $(GO) test -C internal/test/oracle/cilium120 -vet=off -ldflags '-s -w' -run '^$$' -bench '^BenchmarkCiliumRecord$$' -benchmem . \
	  | tee -a $(BENCH)/oracle.txt; done; $(SOUND) $(BENCH)/oracle.txt

bench-collector: $(DIST)/otelcol-bench $(TOOLS)/bench-collector testdata/dnsserver.etl
	@$(TOOLS)/bench-collector -collector $(DIST)/otelcol-bench -count $(COUNT) > $(BENCH)/collector.txt; cat $(BENCH)/collector.txt

bench-windows: testdata/dnsserver.etl ## measure golang-etw's decoding and ours under Wine (installs it on Debian)
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

bench-all: ## run every benchmark but the long ones, once
	$(GO) test -run '^$$' -bench . -benchmem $$($(GO) list ./... | grep -v internal/bench/growth)

bench-doc: ## write docs/benchmarks.md of what bench and bench-long have measured
	@mkdir -p docs
	@$(GO) run ./internal/bench/goals -doc docs $$(find $(BENCH) -maxdepth 1 -name '*.txt' 2>/dev/null | sort)

profile: ## draw flame graphs of both paths, docs/flame-dns.svg and docs/flame-cilium.svg
	@mkdir -p $(BENCH) docs
	@for path in DNS Cilium; do name=$$(echo $$path | tr A-Z a-z); \
	  $(GO) test -run '^$$' -bench "^Benchmark$${path}Record\$$/^ours\$$" -benchtime 5s -cpuprofile $(BENCH)/$$name.prof -o $(BENCH)/bench.test ./internal/bench; \
	  $(GO) tool pprof -traces -unit=ns $(BENCH)/$$name.prof > $(BENCH)/$$name.traces; \
	  $(GO) run ./internal/bench/flame -title "$$path: raw record to log record" < $(BENCH)/$$name.traces > docs/flame-$$name.svg; done

# The collector of the benchmarks: that of builder-config.yaml, with the receiver of ready-made records.
$(DIST)/otelcol-bench: $(BENCH)/src/go.mod $(SOURCES)
	$(GO) build -C $(BENCH)/src -trimpath -ldflags '$(LDFLAGS)' -o ../../otelcol-bench .

$(BENCH)/src/go.mod: builder-config.yaml go.mod $(MODULES:%=%/go.mod) | $(TOOLS)/builder
	@mkdir -p $(BENCH)
	@sed -e 's|^  output_path: .*|  output_path: ./$(BENCH)/src\n  module: $(MODULE)/bench|' \
	  -e 's|^receivers:|&\n  - gomod: $(MODULE) v0.1.0\n    import: $(MODULE)/internal/bench/prebuilt\n    name: prebuilt\n    path: .|' \
	  builder-config.yaml > $(BENCH)/builder-config.yaml
	$(TOOLS)/builder --config $(BENCH)/builder-config.yaml --skip-compilation
	@touch $@

$(TOOLS)/bench-collector: $(SOURCES)
	$(GO) build -o $@ ./internal/bench/collector

picture: ## draw docs/data-path.svg from docs/data-path.txt
	$(GO) run ./internal/test/picture < docs/data-path.txt > $(DIST)/data-path.svg
	@mv $(DIST)/data-path.svg docs/data-path.svg

generate: $(TOOLS)/mdatagen ## write the code that metadata.yaml describes, and what the lists of columns make
	@for c in $(COMPONENTS); do (cd $$c && $(TOOLS)/mdatagen metadata.yaml); done
	@gofmt -w $$(find receiver extension exporter -name 'generated_*.go')
	$(GO) generate -C exporter/azure ./internal/columns

testdata: ## write the test data anew; equal on every machine
	$(GO) run ./internal/test/datagen -out testdata

testdata/dnsserver.etl:
	$(MAKE) testdata

lint: $(TOOLS)/staticcheck ## check format, vet and staticcheck for linux and windows, and that generated code is current
	@out=$$(git ls-files '*.go' | xargs gofmt -l); if [ -n "$$out" ]; then echo "gofmt differs: $$out"; exit 1; fi
	GOOS=linux $(GO) vet ./...
	GOOS=windows $(GO) vet ./...
	@for m in $(NESTED); do echo "$(GO) vet -C $$m ."; $(GO) vet -C $$m .; done
	GOOS=linux $(TOOLS)/staticcheck ./...
	GOOS=windows $(TOOLS)/staticcheck ./...
	@for m in $(MODULES); do for os in linux windows; do echo "vet and staticcheck for $$os: $$m"; \
	  GOOS=$$os $(GO) vet -C $$m ./...; (cd $$m; GOOS=$$os $(TOOLS)/staticcheck ./...); done; done
	@before=$$(git ls-files -co --exclude-standard receiver extension exporter deploy | xargs sha256sum); $(MAKE) generate; \
	  after=$$(git ls-files -co --exclude-standard receiver extension exporter deploy | xargs sha256sum); \
	  if [ "$$before" != "$$after" ]; then echo "generated files differ from their sources: run make generate and commit"; exit 1; fi
	@for m in . $(NESTED) $(MODULES); do (cd $$m; $(GO) mod tidy -diff); done

clean: ## remove what the targets above built
	rm -rf $(DIST) out
