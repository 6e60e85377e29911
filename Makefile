# Building, testing and running need nothing but Go and make. Without a C compiler the tests run
# without the race detector.
GO      ?= go
TAGS    := -tags=grpcnotrace
# Functions begin at 16 bytes in place of 32, which is 0.8 % of the program.
BUILD   := CGO_ENABLED=0 $(GO) build -trimpath $(TAGS) -ldflags="-s -w -funcalign=16" -buildvcs=auto
RACE    := $(if $(filter 1,$(shell $(GO) env CGO_ENABLED)),-race)
TARGETS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
# The older versions of Kubernetes that make e2e-all tests as well; the newest is in every run.
OLDER   ?= 1.35.4
MODULES := . $(patsubst %/go.mod,%,$(wildcard e2e/go.mod))
FUZZTIME ?= 10s
tool = $(GO) tool -modfile=tools/$(1).mod

.PHONY: help build test check lint cross tidy release-check fuzz bench e2e e2e-all cluster cluster-down generate vuln clean
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "%-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build bin/otlpctl, static, stripped and stamped with the commit
	$(BUILD) -o bin/ ./cmd/otlpctl

test: ## run the tests; TESTFLAGS=-json for machines
	$(GO) test $(RACE) $(TAGS) $(TESTFLAGS) ./...

check: tidy lint cross ## everything short of the tests: modules, linter, arrows, reference, all platforms
	$(GO) test $(TAGS) -run '^(TestArrows|TestImports|TestReference)$$' ./...

lint: ## run the linter on every module
	@linter=$$($(call tool,lint) -n golangci-lint) && for m in $(MODULES); do \
		echo "lint $$m"; (cd $$m && $$linter run --config $(CURDIR)/.golangci.yaml ./...) || exit 1; done

cross: ## compile and vet for every platform that is released
	@for t in $(TARGETS); do echo "build and vet $$t"; export GOOS=$${t%/*} GOARCH=$${t#*/}; \
		$(BUILD) -o /dev/null ./cmd/otlpctl && CGO_ENABLED=0 $(GO) vet $(TAGS) ./... || exit 1; done

tidy: ## fail unless every go.mod says what is needed, and no more
	@for m in $(MODULES); do echo "tidy $$m"; $(GO) -C $$m mod tidy -diff || exit 1; done

release-check: ## validate the release configuration
	$(call tool,release) goreleaser check

fuzz: ## fuzz every decoder, FUZZTIME each
	@grep -rHo --include='*_test.go' '^func Fuzz[A-Za-z0-9]*' pkg receiver | sed 's|/[^/]*:func | |' | sort | \
		while read -r dir name; do echo "fuzz $$name"; \
		$(GO) test $(TAGS) -run='^$$' -fuzz="^$$name\$$" -fuzztime=$(FUZZTIME) -fuzzminimizetime=10x ./$$dir || exit 1; done

bench: ## run the Go benchmarks, then whole processes beside the Collector; BENCHFLAGS=-full for all rows
	$(GO) test $(TAGS) -run='^$$' -bench=. -benchmem ./...
	cd e2e && $(GO) run $(TAGS) ./cmd/bench $(BENCHFLAGS)

e2e: ## run the tests with real peers, a Go module of their own
	cd e2e && $(GO) test $(TAGS) -timeout=60m $(TESTFLAGS) ./...

e2e-all: e2e ## the same, and what runs on Kubernetes again with older versions of it
	cd e2e && for v in $(OLDER); do echo "Kubernetes $$v"; OTLPCTL_E2E_KUBERNETES=$$v \
		$(GO) test $(TAGS) -timeout=60m $(TESTFLAGS) -run '^TestKubernetes' . || exit 1; done

cluster: ## start a Kubernetes cluster; its output is for a shell to eval; needs root
	@cd e2e && $(GO) run ./cmd/cluster up $(CLUSTERFLAGS)

cluster-down: ## stop the cluster, and remove what killed tests have left of theirs
	@cd e2e && $(GO) run ./cmd/cluster down

generate: ## write what is generated: the command reference
	$(GO) generate ./...

vuln: ## look for known vulnerabilities; needs the network
	@$(call tool,dev) govulncheck $(TAGS) ./... || { test $$? -eq 3 && exit 1; echo "not checked: see above"; }

clean: ## remove what was built
	rm -rf bin dist
