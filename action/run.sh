#!/usr/bin/env bash
# The action's only step: finds or builds onus, scans, hands over what it found. A file of its own, so that a test can run
# it. Runs in bash 3.2 as well, which is what macOS has.
set -euo pipefail

stop() {
  printf '::error title=onus::%s\n' "$1"
  exit 2
}

# Empty inputs are the defaults of action.yml.
paths=${ONUS_PATHS:-.}
fail_on=${ONUS_FAIL_ON:-high}
report_level=${ONUS_REPORT_LEVEL:-low}
sarif=${ONUS_SARIF_FILE:-onus.sarif}
binary=${ONUS_BINARY_PATH:-}

case $sarif in
*$'\n'* | *$'\r'*) stop 'sarif-file is one path, on one line' ;;
esac

# Paths in reports are relative to where the program starts, and GitHub wants them relative to the repository.
cd "$GITHUB_WORKSPACE"

if [ -z "$binary" ]; then
  command -v cargo >/dev/null || stop 'no cargo on this runner: install Rust, or give binary-path'
  source=$(dirname "$(dirname "${BASH_SOURCE[0]}")")
  target=${RUNNER_TEMP:-/tmp}/onus-target
  echo '::group::Building onus'
  cargo build --release --locked --manifest-path "$source/Cargo.toml" --target-dir "$target"
  echo '::endgroup::'
  binary=$target/release/onus
fi
[ -x "$binary" ] || stop "binary-path: there is no program at $binary"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

arguments=(scan --fail-on "$fail_on" --report-level "$report_level" --color never)
arguments+=(-o "text=$work/text" -o "sarif=$sarif" -o "github=$work/annotations" -o "markdown=$work/summary")
if [ -n "${ONUS_CATEGORY:-}" ]; then
  arguments+=(--category "$ONUS_CATEGORY")
fi
while IFS= read -r line; do
  line=${line%$'\r'}
  if [ -n "$line" ]; then arguments+=("$line"); fi
done <<<"${ONUS_ARGS:-}"
# What follows is a path even if it looks like an option.
arguments+=(--)
while IFS= read -r line; do
  line=${line%$'\r'}
  if [ -n "$line" ]; then arguments+=("$line"); fi
done <<<"$paths"

code=0
"$binary" "${arguments[@]}" || code=$?

if [ -s "$work/text" ]; then
  # The report quotes the code that was scanned. Nothing in it may be taken for a command to the runner.
  token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  printf '::stop-commands::%s\n' "$token"
  cat "$work/text"
  printf '::%s::\n' "$token"
fi
if [ "${ONUS_ANNOTATIONS:-true}" = true ] && [ -s "$work/annotations" ]; then
  cat "$work/annotations"
fi
if [ "${ONUS_SUMMARY:-true}" = true ] && [ -s "$work/summary" ]; then
  # GitHub refuses a step's summary of more than 1 MiB.
  if [ "$(wc -c <"$work/summary")" -le 1000000 ]; then
    cat "$work/summary" >>"$GITHUB_STEP_SUMMARY"
  else
    echo 'The summary of onus is too long to be shown here; see its SARIF file.' >>"$GITHUB_STEP_SUMMARY"
  fi
fi

# The line that sums the report up: "5 findings: 1 critical, 4 low; 2 unsure (…", or "no findings; …".
findings='' highest='' unknowns=''
if [ -s "$work/text" ]; then
  line=$(grep -E '^(no findings|[0-9]+ findings?: ).* checked with [0-9]+ rules?\)$' "$work/text" | tail -n 1) || true
  findings=0 unknowns=0
  if [[ $line =~ ^([0-9]+)\ findings?:\ [0-9]+\ ([a-z]+) ]]; then
    findings=${BASH_REMATCH[1]}
    highest=${BASH_REMATCH[2]}
  fi
  if [[ $line =~ \;\ ([0-9]+)\ unsure ]]; then
    unknowns=${BASH_REMATCH[1]}
  fi
fi

{
  printf 'sarif-file=%s\n' "$sarif"
  printf 'exit-code=%s\n' "$code"
  printf 'findings=%s\n' "$findings"
  printf 'highest-severity=%s\n' "$highest"
  printf 'unknowns=%s\n' "$unknowns"
} >>"$GITHUB_OUTPUT"

exit "$code"
