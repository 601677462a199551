# Everything that is run often. `just` lists it.

default:
    @just --list

# All tests.
test *arguments:
    cargo test {{ arguments }}

# Formatting, lints and documentation, without a warning.
lint:
    cargo fmt --check
    cargo clippy --all-targets --features oracle -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps

# The whole scan of a folder beside parsing its Terraform files alone, as a ratio; in a profile that links quickly.
bench folder="samples" runs="5":
    cargo build --profile quick
    cargo bench --profile quick --no-run
    target/quick/deps/$(ls -t target/quick/deps | grep -E '^ratio-[0-9a-f]+$' | head -1) {{ runs }} \
        target/quick/onus scan {{ folder }} --exit-zero \
        --vs target/quick/deps/$(ls -t target/quick/deps | grep -E '^parse_alone-[0-9a-f]+$' | head -1) {{ folder }}

# Ten times the resources: processor time and memory of 1,000 and of 10,000, in each form. Each should be ten times the other.
bench-size form="count":
    cargo build --profile quick
    cargo bench --profile quick --bench estates -- target/estates/small 1000 {{ form }}
    cargo bench --profile quick --bench estates -- target/estates/large 10000 {{ form }}
    bash -c 'for size in small large; do command time -f "$size: %U s, %M KiB" target/quick/onus scan target/estates/$size --exit-zero --short > /dev/null; done'

# Generated expressions, evaluated by onus and by the Terraform on the path, compared; what differs is made small and printed,
# with `--record` appended to the recordings.
oracle count="20000" seed="1" *flags:
    cargo test --features oracle --test oracle -- expressions {{ count }} {{ seed }} {{ flags }}

# Expressions of a file, one a line, with what both make of them where they differ.
oracle-ask file:
    cargo test --features oracle --test oracle -- ask {{ file }}

# The same, and those on which both agree are appended to the recordings.
oracle-record file:
    cargo test --features oracle --test oracle -- record {{ file }}

# Compares the configurations of a file, written as the recordings are, with Terraform; `--record` keeps those that agree.
oracle-configurations file *flags:
    cargo test --features oracle --test oracle -- configurations {{ file }} {{ flags }}

# Every recording in tests/recorded/terraform, asked again of the Terraform on the path. ORACLE_PLUGINS names a folder of
# providers for the policies.
oracle-recheck:
    cargo test --features oracle --test oracle -- recheck

# What starting costs: the version, and a scan of one small file; twenty runs each.
bench-start:
    cargo build --profile quick
    cargo bench --profile quick --bench estates -- target/estates/one 2 terraform
    bash -c 'time for run in {1..20}; do target/quick/onus --version > /dev/null; done'
    bash -c 'time for run in {1..20}; do target/quick/onus scan target/estates/one --exit-zero > /dev/null; done'

# Scans the samples as a user would.
samples *arguments:
    cargo run --profile quick -- scan samples {{ arguments }}

# Compiles the table of CloudFormation's resource types anew from the schemas in a folder of cfn-lint's package.
resource-types package:
    python3 src/cloudformation/schema/compile.py {{ package }} > target/types.txt
    mv target/types.txt src/cloudformation/schema/types.txt

# Records anew what other implementations make of generated templates; needs tests/oracle/cloudformation/requirements.txt.
oracle-cfn python="python3":
    cargo build --bin onus
    {{ python }} tests/oracle/cloudformation/record.py target/debug/onus --write tests/recorded/cloudformation.json

# Compares onus with them on as many further templates, and prints what differs.
oracle-cfn-compare count="500" from="100000" python="python3":
    cargo build --bin onus
    {{ python }} tests/oracle/cloudformation/record.py target/debug/onus --compare {{ count }} --from {{ from }}

# Records what AWS's serverless translator makes of our templates; `pip install -r tests/oracle/sam/requirements.txt` first.
oracle-sam python="python3":
    {{ python }} tests/oracle/sam/record.py tests/recorded/sam.json

# What runs before a change is merged.
ci:
    .ci/run
