# Two commands: `make demo` runs the main job, `make test` runs every test.
# The build cache lies outside the clone, so that a fresh clone builds fast the second time.

CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/antiphon
export CARGO_TARGET_DIR ?= $(CACHE)/target

FEATURES := cli/postgres,cli/player

.PHONY: demo test test-needs lint nightly

demo:
	cargo run --release -- demo

# What only tests need: a PostgreSQL to run the suite on, a browser to look at pages with, the
# headers of the sound library for the listening post, for the interop test a server of another kind
# (Fedify, with a Node.js of its own), and axe-core, which looks at every page in that browser. Node.js
# runs nothing of ours.
INTEROP := $(CACHE)/interop
INTEROP_WANTS := node/tests/it/interop/package.json
TEST_NEEDS := postgresql libpq-dev libasound2-dev chromium chromium-driver pkg-config
test-needs:
	@missing=; for p in $(TEST_NEEDS); do \
	    dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then \
	    sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	    echo "installing for the tests:$$missing"; \
	    $$sudo apt-get update -q && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -qy --no-install-recommends $$missing; \
	fi
	@command -v npm >/dev/null || { sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	    DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -qy --no-install-recommends npm; }
	@mkdir -p $(INTEROP) && cmp -s $(INTEROP_WANTS) $(INTEROP)/installed.json || { \
	    echo "installing for the tests: Fedify and axe-core, from npm"; \
	    cp $(INTEROP_WANTS) $(INTEROP)/package.json && \
	    npm install --prefix $(INTEROP) --no-audit --no-fund --loglevel=error && \
	    $(INTEROP)/node_modules/node/bin/node --version >/dev/null && \
	    cp $(INTEROP_WANTS) $(INTEROP)/installed.json || { \
	    echo "Fedify and axe-core could not be installed from npm, and the tests need them: is the registry within reach?"; \
	    exit 1; }; }

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --features $(FEATURES) -- -D warnings

test: test-needs lint
	cargo test --workspace --features $(FEATURES)
	# The same binaries again, on the other database: other packages or features would build anew.
	ANTIPHON_TEST_DATABASE=postgres cargo test --workspace --features $(FEATURES) --test it
	# The reduction by DuckDB, which comes from PyPI into the cache, against ours, which `cargo test` built.
	ANTIPHON_REDUCTION=$(CARGO_TARGET_DIR)/debug/examples/reduction bench/agree.py 200

# A longer look than the hour of `make test` allows.
nightly: test
	PROPTEST_CASES=1000000 cargo test --release -p settlement
	bench/agree.py 20000
