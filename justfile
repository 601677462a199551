# Everything that is run often. `just` lists it.

default:
    @just --list

# All tests.
test *arguments:
    cargo test {{ arguments }}

# Formatting, lints and documentation, without a warning.
lint:
    cargo fmt --check
    cargo clippy --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps

# Parsing alone and the whole scan of a folder, in a profile that links quickly.
bench folder="samples":
    cargo build --profile quick
    cargo bench --profile quick --bench parse_alone -- {{ folder }}
    time target/quick/onus scan {{ folder }} --exit-zero > /dev/null

# Scans the samples as a user would.
samples *arguments:
    cargo run --profile quick -- scan samples {{ arguments }}

# What runs before a change is merged.
ci:
    .ci/run
