# The habits of this project. "make" alone lists them.
.DEFAULT_GOAL := help

PKG      ?= ./...
BENCH    ?= .
FUZZTIME ?= 10s

.PHONY: help test race api lint bench fuzz fmt cover quickstart goldens

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "%-11s %s\n", $$1, $$2 }' Makefile

test: ## run the tests of PKG (./...)
	go test $(PKG)

race: ## run the tests of PKG with the race detector (needs a C compiler)
	go test -race -gcflags=modernc.org/sqlite/lib=-race=false -p 2 -timeout 20m $(PKG)

api: ## compare the exported API with the last promised one as CI does
	bash .ci/run api

lint: ## check format, vet, staticcheck and go.mod as CI does
	bash .ci/run format vet staticcheck modules

bench: ## run the benchmarks of PKG whose names match BENCH (.)
	go test -run '^$$' -bench '$(BENCH)' -benchmem $(PKG)

fuzz: ## run every fuzz target of PKG for FUZZTIME (10s) each
	@set -e; for pkg in $$(go list $(PKG)); do \
		listed=$$(go test -list '^Fuzz' $$pkg); \
		for target in $$(echo "$$listed" | grep '^Fuzz'); do \
			echo "== $$pkg $$target"; \
			go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$pkg; \
		done; \
	done

fmt: ## format all code with gofumpt
	bash .ci/run fmt

cover: ## measure what the tests of PKG cover, in cover.out and cover.html
	go test -coverpkg=./... -coverprofile=cover.out $(PKG)
	go tool cover -html=cover.out -o cover.html
	@go tool cover -func=cover.out | tail -n 1

goldens: ## write the golden files of the newest format that are missing; REPLACE=1 replaces those of a format not yet frozen
	go test -count=1 ./internal/frozen -run TestTodaysCode -write-goldens $(if $(REPLACE),-replace-frozen)
	go test -count=1 ./ledger -run TestFormat1 -write-goldens $(if $(REPLACE),-replace-frozen)
	go test -count=1 ./internal/frozen -run TestTodaysCode

quickstart: ## one payment from end to end on an SQLite file
	go run ./examples/quickstart
