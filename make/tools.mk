# The programs that targets need, at pinned versions where they are Go's or Node.js'. Each is built or installed in dist/tools, dist/node or dist/prometheus.

# Tools, at the versions that internal/tools/go.mod pins.
$(TOOLS)/builder: PACKAGE := go.opentelemetry.io/collector/cmd/builder
$(TOOLS)/mdatagen: PACKAGE := go.opentelemetry.io/collector/cmd/mdatagen
$(TOOLS)/staticcheck: PACKAGE := honnef.co/go/tools/cmd/staticcheck
$(TOOLS)/deadcode: PACKAGE := golang.org/x/tools/cmd/deadcode
$(TOOLS)/%: internal/tools/go.mod internal/tools/go.sum
	$(GO) build -C internal/tools -o $@ $(PACKAGE)

# actionlint checks the workflows. It is pinned here, so that the tools' module keeps its own versions.
ACTIONLINT := v1.7.12
$(TOOLS)/actionlint-$(ACTIONLINT)/actionlint:
	@mkdir -p $(@D)
	GOBIN=$(@D) $(GO) install github.com/rhysd/actionlint/cmd/actionlint@$(ACTIONLINT)

# The database of vulnerabilities is on the internet.
GOVULNCHECK := v1.9.0
$(TOOLS)/govulncheck-$(GOVULNCHECK)/govulncheck:
	@mkdir -p $(@D)
	GOBIN=$(@D) $(GO) install golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK)

# The newest core, with ocb of its version.
NEWEST := v0.165.0
$(TOOLS)/builder-$(NEWEST)/builder:
	@mkdir -p $(@D)
	GOBIN=$(@D) $(GO) install go.opentelemetry.io/collector/cmd/builder@$(NEWEST)

# The programs that check KQL and Bicep, at the versions in internal/tools/node/package-lock.json.
NODE_MODULES := $(CURDIR)/$(DIST)/node/node_modules
NODE_TOOLS   := $(NODE_MODULES)/.package-lock.json
$(NODE_TOOLS): internal/tools/node/package.json internal/tools/node/package-lock.json
	@command -v node > /dev/null && command -v npm > /dev/null || { echo 'KQL and Bicep are checked by programs for Node.js: install node and npm, 20 or later'; exit 1; }
	@mkdir -p $(DIST)/node; cp $^ $(DIST)/node
	cd $(DIST)/node && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

# A file with this name is there when Debian's Chromium is.
CHROMIUM := $(TOOLS)/chromium
$(CHROMIUM):
	@mkdir -p $(@D)
	@command -v chromium > /dev/null || { apt-get update -q; DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install -y -q --no-install-recommends chromium fonts-dejavu-core; }
	@touch $@

# A file with this name is there when Debian's packages for the MSI are.
MSI_TOOLS := $(TOOLS)/msi
$(MSI_TOOLS):
	@mkdir -p $(@D)
	@if ! command -v wixl >/dev/null || ! command -v msibuild >/dev/null || ! command -v faketime >/dev/null || ! command -v osslsigncode >/dev/null; then \
	  command -v apt-get >/dev/null || { echo 'install wixl, msitools, faketime and osslsigncode'; exit 1; }; \
	  apt-get update -q; DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends wixl msitools faketime osslsigncode; fi
	@touch $@

# Prometheus and promtool are Debian's, unpacked only: the installed package would start a service.
PROMETHEUS := $(CURDIR)/$(DIST)/prometheus/usr/bin
$(PROMETHEUS)/promtool:
	@mkdir -p $(DIST)/prometheus; cd $(DIST)/prometheus; apt-get download prometheus || { apt-get update -q; apt-get download prometheus; }; dpkg -x prometheus_*.deb .

# Wine with stand-ins for DLLs that it lacks. Without arguments the script installs it on Debian; with run it runs a program.
RIG := $(CURDIR)/internal/test/wine/rig.sh $(CURDIR)/$(DIST)
