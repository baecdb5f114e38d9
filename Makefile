.DEFAULT_GOAL := help
.PHONY: help setup demo demo-down check test soak bench fmt

help:
	@echo 'make setup      install what is missing into .tools and build target/release/nomspark'
	@echo 'make demo       start a cluster on this machine, deploy Spark, count the words of a book'
	@echo 'make demo-down  end the demo'
	@echo 'make check      the quick part of make test: format, lints, documentation, tests without agents'
	@echo 'make test       format, lints, documentation, unit and integration tests'
	@echo 'make soak       two hours of drills, jobs, WordCounts and other versions of Spark and Nomad'
	@echo 'make bench      benchmarks'
	@echo 'make fmt        format the code'

setup:
	@tools/setup.sh

demo:
	@tools/demo.sh

demo-down:
	@tools/demo-down.sh

check:
	@tools/check.sh

test:
	@tools/test.sh

soak:
	@tools/soak.sh $(ARGS)

bench:
	@tools/bench.sh $(ARGS)

fmt:
	cargo fmt
