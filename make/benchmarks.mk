# The measurements, and the documents that are written from them. docs/benchmarks.md.

.PHONY: bench bench-against bench-events bench-sentinel bench-ring bench-keys bench-volumes bench-replay bench-hold bench-oracle bench-collector bench-windows \
  bench-long bench-all bench-bill bill-doc bench-doc profile bench-hubble soak bench-hunt

# The number of runs, and the number of events in the long memory runs, without and with GOMEMLIMIT.
COUNT                 ?= 5
MEMORY_EVENTS         ?= 50000000
MEMORY_LIMITED_EVENTS ?= 5000000

bench: ## measure the performance goals, and print their table
	@for part in events sentinel ring keys volumes oracle collector; do $(MAKE) bench-$$part; done
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

# The parts of bench that bench-against measures. Ratios of two commits are comparable only from one run on one machine.
AGAINST ?= events keys
bench-against: ## measure parts of bench (AGAINST="events keys") of the last commit and of the commit OLD by turns, and print both tables: make bench-against OLD=v0.1.0; part of no other target
	@git rev-parse -q --verify '$(OLD)^{commit}' > /dev/null || { echo 'OLD is missing or is no commit; want for example: make bench-against OLD=v0.1.0'; exit 1; }
	@dir=$$(mktemp -d); trap 'rm -rf $$dir' EXIT; for tree in old new; do git clone -q . $$dir/$$tree; done; git -C $$dir/old checkout -q $$(git rev-parse '$(OLD)^{commit}'); \
	  for i in $$(seq $(COUNT)); do for part in $(AGAINST); do for tree in old new; do \
	    $(MAKE) -C $$dir/$$tree bench-$$part COUNT=1 > $$dir/log 2>&1 || { cat $$dir/log; exit 1; }; cat $$dir/$$tree/$(BENCH)/$$part.txt >> $$dir/$$tree.txt; \
	  done; done; done; for tree in old new; do git -C $$dir/$$tree log -1 --format="$$tree: %h %s"; $(GO) run ./internal/bench/goals $$dir/$$tree.txt | grep -v ' missing '; done

# Needs root on Linux; without it, its row is missing.
bench-ring:
	@mkdir -p $(BENCH); : > $(BENCH)/ring.txt
	@for i in 1 2 3; do $(GO) test -run '^$$' -bench '^BenchmarkLive$$' -benchmem ./receiver/ciliumwindowsreceiver | tee -a $(BENCH)/ring.txt; done; $(SOUND) $(BENCH)/ring.txt

bench-keys:
	@mkdir -p $(BENCH); : > $(BENCH)/keys.txt
	@for i in 1 2 3; do $(GO) test -run '^$$' -bench '^Benchmark(Aggregate|Correlate|Connections)$$/^keys=1000000$$' -skip '/^keys=1000000$$/.' -benchmem \
	  ./internal/dns/aggregate ./internal/dns/correlate ./internal/cilium/aggregate | tee -a $(BENCH)/keys.txt; \
	  $(GO) test -run '^$$' -bench '^Benchmark(Floor|Aggregated)$$/^(keys=1000000|lean|packed)$$' -benchmem ./internal/pipeline/hold ./receiver/asimdnsreceiver \
	  | tee -a $(BENCH)/keys.txt; done; $(SOUND) $(BENCH)/keys.txt

bench-volumes: ## measure an event of the traffic of docs/volume.md by volume; takes minutes, part of bench
	@mkdir -p $(BENCH); : > $(BENCH)/volumes.txt
	@for i in 1 2 3; do $(GO) test -run '^$$' -bench '^BenchmarkVolumes$$' -benchtime 1x ./receiver/asimdnsreceiver \
	  | tee -a $(BENCH)/volumes.txt; done; $(SOUND) $(BENCH)/volumes.txt

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

# A day of traffic, and what is measured of it, takes up to 3 GB in the folder for temporary files. Options of bench-bill: with -parallel 2
# two days are measured at once.
BILL ?= -parallel 1

bench-bill: testdata/dnsserver.etl ## measure what Sentinel bills for DNS and Cilium by volume, beside AMA's rows and asim-dns-collector's; takes minutes
	@mkdir -p $(BENCH)/bill; $(GO) run -C exporter/azure/internal/bill . $(BILL) $(CURDIR)/testdata/cilium_events.pcapng $(CURDIR)/testdata/cilium_ways.pcapng > $(BENCH)/bill/bill.txt; cat $(BENCH)/bill/bill.txt

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
	  -e 's|^receivers:|&\n  - gomod: $(MODULE) v$(VERSION_OF)\n    import: $(MODULE)/internal/bench/prebuilt\n    name: prebuilt\n    path: .|' \
	  builder-config.yaml > $(BENCH)/builder-config.yaml
	$(TOOLS)/builder --config $(BENCH)/builder-config.yaml --skip-compilation
	@touch $@

$(TOOLS)/bench-collector: $(SOURCES)
	$(GO) build -o $@ ./internal/bench/collector

bench-hubble: build-node ## measure what a flow and its followers cost, and the collector's processor time with ten followers
	$(GO) test -C exporter/hubbleexporter -run '^$$' -bench '^BenchmarkFlow$$' -count 3 .
	WINNET_NODE=$(CURDIR)/$(DIST)/otelcol-winnet-node $(GO) test -C internal/test/hubble -vet=off -ldflags '-s -w' -run '^$$' -bench . -benchtime 1x -v .

# How long the soak test runs. It needs root on Linux, for a ring buffer of the kernel.
SOAK ?= 30m
soak: build testdata/dnsserver.etl ## run both receivers for SOAK (30m) under fast and slow far ends, and write docs/soak.txt and docs/soak.svg (root, Linux)
	WINNET_KERNEL_TESTS=required WINNET_SOAK=$(SOAK) WINNET_SOAK_DOCS=$(CURDIR)/docs WINNET_COLLECTOR=$(CURDIR)/$(DIST)/otelcol-winnet \
	  $(GO) test -count=1 -v -timeout 0 -run '^TestSoak$$' ./internal/bench/soak

# How many events bench-hunt generates. Ten million take 3 GB of recordings, and 3 GB for the database and what its questions put aside.
HUNT_EVENTS ?= 10000000
bench-hunt: $(HUNT) testdata/dnsserver.etl ## measure the time and the memory of a hunt through HUNT_EVENTS (10 million) generated events; part of no other target
	@mkdir -p $(BENCH); $(GO) run ./internal/bench/hunt -events $(HUNT_EVENTS) $(HUNT) testdata/cilium_events.pcapng | tee $(BENCH)/hunt.txt
