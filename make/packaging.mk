# What users get: the installer for Windows, the archives, and the tags of a release. docs/releasing.md.

.PHONY: tags package package-next release check-reproducible test-install

tags: ## print the commands that tag a release of all modules: make tags VERSION=v0.2.0
	@echo '$(VERSION)' | grep -qxE 'v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?' || { echo 'VERSION is missing or is none; want for example: make tags VERSION=v0.2.0'; exit 1; }
	@for m in . $(MODULES); do tag=$$(echo "$$m/$(VERSION)" | sed 's|^\./||'); echo "git tag -a $$tag -m $$tag"; done
	@echo "git push origin $$(for m in . $(MODULES); do echo "$$m/$(VERSION)" | sed 's|^\./||'; done | tr '\n' ' ')"

# TIME_OF is the time of the commit, which is that of all files.
TIME_OF    = $(shell git log -1 --format=%ct)
PACKAGE    := $(DIST)/package
RELEASE    := $(DIST)/release
ISSUE      = otelcol-winnet-$(VERSION_OF)
RELEASER   = $(GO) run -C internal/tools ./release

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
