# The verbs that people and CI call. Everything a verb needs it installs itself: see scripts in .ci/.
SHELL := /bin/bash
export CGO_ENABLED = 0
GO ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LINT = github.com/golangci/golangci-lint/v2/cmd/golangci-lint
LINT_VERSION = v2.15.0

.PHONY: build demo test e2e chaos bench fuzz lint fmt generate clean

build: ## bin/datarun
	$(GO) build -trimpath -ldflags "-s -w -X datarun/internal/cli.version=$(VERSION)" -o bin/datarun ./cmd/datarun

demo: build ## a synthetic city on embedded engines, in demo-data/
	bin/datarun engine fetch
	bin/datarun demo

test: build ## every test, on real PostgreSQL, MariaDB, Apache Kafka and ClickHouse
	.ci/install && bin/datarun engine fetch
	$(GO) test -timeout 20m ./...

e2e: build ## the whole path with real processes: demo, SIGKILL, Apache Kafka
	.ci/install && bin/datarun engine fetch
	DATARUN_E2E=1 $(GO) test -count=1 -timeout 20m ./internal/e2e/...

chaos: build ## kill the hub KILLS times at random while a source changes
	DATARUN_E2E=1 KILLS=$(or $(KILLS),10) $(GO) test -count=1 -timeout 60m -run Kill -v ./internal/e2e/...

bench: build ## the figures of docs/performance.md, with the competitor in the same run
	.ci/install && bin/datarun engine fetch
	DATARUN_BENCH=1 $(GO) test -count=1 -timeout 60m -v -run TestBench ./internal/bench

FUZZTIME ?= 10s
fuzz: ## every fuzz target for FUZZTIME
	.ci/fuzz $(FUZZTIME)

lint: ## golangci-lint, a reason per rule in .golangci.yml
	$(GO) run $(LINT)@$(LINT_VERSION) run ./...

fmt:
	gofmt -w $$(git ls-files '*.go')

generate: ## code and documents made from code
	$(GO) generate ./...
	DATARUN_UPDATE=1 $(GO) test -count=1 ./internal/config

clean:
	rm -rf bin demo-data
