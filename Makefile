# otelcol-winnet: every target installs what it needs through Go modules; `make run` and `make test` need Go and make only.

.SHELLFLAGS := -eu -c
.DEFAULT_GOAL := build
MAKEFLAGS += --no-print-directory

GO        ?= go
DIST      := dist
TOOLS     := $(CURDIR)/$(DIST)/tools
SRC       := $(DIST)/src
SOURCES   := $(shell find receiver internal -name '*.go' -not -name '*_test.go' -o -name '*.txt') go.mod go.sum
RECEIVERS := asimdnsreceiver ciliumwindowsreceiver
ORACLES   := $(patsubst %/go.mod,%,$(wildcard internal/oracle/*/go.mod))
LDFLAGS   := -s -w
FUZZTIME  ?= 10s

export CGO_ENABLED ?= 0

.PHONY: run build build-windows test test-oracle test-kernel test-e2e test-race test-windows validate ci check-windows fuzz lint \
  bench generate testdata clean help

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

run: build testdata/dnsserver.etl ## replay the recorded captures through the collector until Ctrl-C
	@# In a terminal the collector gets a process group of its own, so that Ctrl-C reaches it and not make.
	@if [ -t 0 ]; then set -m; fi; $(DIST)/otelcol-winnet --config config.replay.yaml || exit $$?

build: $(DIST)/otelcol-winnet ## build dist/otelcol-winnet for this machine

build-windows: $(DIST)/otelcol-winnet.exe ## build dist/otelcol-winnet.exe, windows/amd64

$(DIST)/otelcol-winnet: $(SRC)/go.mod $(SOURCES)
	$(GO) build -C $(SRC) -trimpath -ldflags '$(LDFLAGS)' -o ../otelcol-winnet .

$(DIST)/otelcol-winnet.exe: $(SRC)/go.mod $(SOURCES)
	GOOS=windows GOARCH=amd64 CGO_ENABLED=0 $(GO) build -C $(SRC) -trimpath -ldflags '$(LDFLAGS)' -o ../otelcol-winnet.exe .

# The collector's main package, written by the OpenTelemetry Collector Builder.
$(SRC)/go.mod: builder-config.yaml go.mod | $(TOOLS)/builder
	$(TOOLS)/builder --config builder-config.yaml --skip-compilation
	@touch $@

# Tools, at the versions that internal/tools/go.mod pins.
$(TOOLS)/builder: PACKAGE := go.opentelemetry.io/collector/cmd/builder
$(TOOLS)/mdatagen: PACKAGE := go.opentelemetry.io/collector/cmd/mdatagen
$(TOOLS)/staticcheck: PACKAGE := honnef.co/go/tools/cmd/staticcheck
$(TOOLS)/%: internal/tools/go.mod internal/tools/go.sum
	$(GO) build -C internal/tools -o $@ $(PACKAGE)

test: testdata/dnsserver.etl ## run the tests that any machine can run, and say which it could not
	@mkdir -p $(DIST)
	@$(GO) test -v ./... > $(DIST)/test.log 2>&1 || { grep -vE '^(=== |--- PASS|    --- PASS|PASS|ok|\?)' $(DIST)/test.log; exit 1; }
	@grep -E '^ok' $(DIST)/test.log
	@if grep -q -e '--- SKIP' $(DIST)/test.log; then \
	  printf '\nNot run here; make test-kernel, make test-e2e and make test-windows run these, or fail:\n'; \
	  grep -B1 -E '^ *--- SKIP' $(DIST)/test.log | grep -vE '^(=== |--$$)'; fi

test-oracle: ## hold the decoding against Cilium's own parsers and hubble command (the first build takes minutes)
	@# Without vet, which lint does, and debug information the first build is a tenth shorter.
	@for m in $(ORACLES); do $(GO) test -C $$m -vet=off -ldflags '-s -w' -count=1 .; done

test-kernel: ## run the tests on real eBPF maps of the Linux kernel (root), and fail where they cannot
	WINNET_KERNEL_TESTS=required $(GO) test -count=1 ./internal/cilium/... ./receiver/ciliumwindowsreceiver

test-e2e: build ## run the tests of the built collector
	WINNET_COLLECTOR=$(CURDIR)/$(DIST)/otelcol-winnet $(GO) test -count=1 -v ./internal/e2e

# The packages with Windows code, and the collector itself.
WINDOWS_PACKAGES := ./internal/windowstest ./internal/record ./internal/etw/schema ./internal/etw/session ./internal/host ./internal/process ./internal/cilium/events/... ./receiver/asimdnsreceiver ./receiver/ciliumwindowsreceiver
RIG := $(CURDIR)/internal/windowstest/rig.sh $(CURDIR)/$(DIST)

test-windows: build build-windows testdata/dnsserver.etl ## run the Windows binaries under Wine (installs it on Debian), and fail where that cannot be done
	$(RIG)
	WINNET_WINE=required GOOS=windows GOARCH=amd64 CGO_ENABLED=0 $(GO) test -count=1 -p 1 -exec '$(RIG) run' $(WINDOWS_PACKAGES)
	WINNET_WINE=required $(GO) test -count=1 -v ./internal/windowstest

test-race: ## run the tests with the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -race ./...

validate: build ## check the shipped configurations
	$(DIST)/otelcol-winnet validate --config config.yaml
	$(DIST)/otelcol-winnet validate --config config.replay.yaml

ci: test test-oracle lint test-race test-kernel test-e2e test-windows validate build-windows check-windows fuzz ## all that CI runs

check-windows: build-windows ## check that the Windows binary is one, and has both receivers
	@file=$(DIST)/otelcol-winnet.exe; [ "$$(head -c 2 $$file)" = MZ ] || { echo "$$file is no PE"; exit 1; }
	@$(GO) version -m $(DIST)/otelcol-winnet.exe | grep -E 'GOOS=windows|GOARCH=amd64|CGO_ENABLED=0'
	@cd $(SRC) && deps=$$(GOOS=windows GOARCH=amd64 CGO_ENABLED=0 $(GO) list -deps . ); \
	  for p in receiver/asimdnsreceiver receiver/ciliumwindowsreceiver internal/etw/session; do \
	    echo "$$deps" | grep -qx "github.com/otelcol-winnet/otelcol-winnet/$$p" || { echo "$$p is not linked"; exit 1; }; echo "linked: $$p"; done

fuzz: ## run every fuzz target for FUZZTIME (10s) each
	@for f in $$(grep -rlE '^func Fuzz' --include=*_test.go internal receiver); do \
	  for name in $$(grep -oE '^func Fuzz[A-Za-z0-9_]+' $$f | cut -c6-); do \
	    echo "== $$name ($$f)"; $(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) ./$$(dirname $$f); \
	  done; done

bench: ## run the benchmarks
	$(GO) test -run '^$$' -bench . -benchmem ./...

generate: $(TOOLS)/mdatagen ## write the code that metadata.yaml describes
	@for r in $(RECEIVERS); do (cd receiver/$$r && $(TOOLS)/mdatagen metadata.yaml); done
	@gofmt -w $$(find receiver -name 'generated_*.go')

testdata: ## write the test data anew; equal on every machine
	$(GO) run ./internal/testdatagen -out testdata

testdata/dnsserver.etl:
	$(MAKE) testdata

lint: $(TOOLS)/staticcheck ## check format, vet and staticcheck for linux and windows, and that generated code is current
	@out=$$(git ls-files '*.go' | xargs gofmt -l); if [ -n "$$out" ]; then echo "gofmt differs: $$out"; exit 1; fi
	GOOS=linux $(GO) vet ./...
	GOOS=windows $(GO) vet ./...
	@for m in $(ORACLES); do echo "$(GO) vet -C $$m ."; $(GO) vet -C $$m .; done
	GOOS=linux $(TOOLS)/staticcheck ./...
	GOOS=windows $(TOOLS)/staticcheck ./...
	@before=$$(git ls-files -co --exclude-standard receiver | xargs sha256sum); $(MAKE) generate; \
	  after=$$(git ls-files -co --exclude-standard receiver | xargs sha256sum); \
	  if [ "$$before" != "$$after" ]; then echo "generated code differs from metadata.yaml: run make generate and commit"; exit 1; fi
	@for m in . $(ORACLES); do (cd $$m; $(GO) mod tidy -diff); done

clean: ## remove what the targets above built
	rm -rf $(DIST) out
