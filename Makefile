# `make` alone lists what there is. CI runs the same targets (.ci/run), so
# whatever it does, anyone can do.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
ARGS     ?=
BENCH    ?= .
FUZZTIME ?= 20s
OUTAGE   ?= 10m
RATE     ?= 1000

export FUZZTIME VERSION

.PHONY: help demo test vm soak deps build lite bench lint cross proto fuzz clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' Makefile
	@printf '\n  ARGS="--for 30s"  more for demo and vm    BENCH=Name  which benchmarks    FUZZTIME=5m  for each fuzz target\n'

demo: build ## Show sensord at work: its own server, a replayed capture, nothing to configure
	@bin/sensord demo $(ARGS)

test: deps ## Fetch what the tests need, then run them all: race detector, 32 bit, end to end, radios
	@.ci/test

vm: deps ## Run only the tests that need radios, in a virtual machine
	@.ci/vm $(ARGS)

soak: deps ## The outage test at full length: 10 minutes without a server at 1 000 frames/s, with all that goes wrong
	@.ci/vm ./cmd/sensord -- -test.run=^TestVMOutage$$ -test.timeout=40m -outage $(OUTAGE) -outage-rate $(RATE)

deps: ## Install from Debian what the tests need and this machine lacks
	@.ci/deps

build: ## Build bin/sensord, static and stripped
	@CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/sensord ./cmd/sensord

lite: ## Build bin/sensord-lite, which has no NATS server of its own: for routers
	@CGO_ENABLED=0 go build -tags lite,nethttpomithttp2 -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/sensord-lite ./cmd/sensord

bench: ## Run the benchmarks
	@command -v tcpdump >/dev/null || { echo 'bench: tcpdump is missing: install it, live capture is compared with it' >&2; exit 1; }
	@go test -run '^$$' -bench '$(BENCH)' -benchmem ./... | grep -v 'no test files'

lint: ## Run the linters, import directions included
	@.ci/lint

proto: ## Write the code of the bus's messages anew, behind a change of bus/pb/sensord.proto
	@.ci/proto --write

cross: ## Build and vet for every target, full and lite, print the sizes
	@.ci/cross

fuzz: ## Run each fuzz target for FUZZTIME
	@.ci/fuzz

clean: ## Remove what build and cross made
	@rm -rf bin
