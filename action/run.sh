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
arguments+=(-o "text=$work/text" -o "json=$work/json" -o "sarif=$sarif")
arguments+=(-o "github=$work/annotations" -o "markdown=$work/summary")
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

# The report quotes the code that was scanned. Nothing in it may be taken for a command to the runner.
token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
printf '::stop-commands::%s\n' "$token"
code=0
"$binary" "${arguments[@]}" 2>&1 || code=$?
if [ -s "$work/text" ]; then cat "$work/text"; fi
printf '::%s::\n' "$token"

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

# The summary stands at the head of the JSON report, one number a line, the worst severity first.
findings='' highest='' unknowns=''
if [ -s "$work/json" ]; then
  findings=0
  number='^ +"(critical|high|medium|low|info|unsure)": ([0-9]+),?$'
  while IFS= read -r line && [[ $line != '  "findings": ['* ]]; do
    [[ $line =~ $number ]] || continue
    if [ "${BASH_REMATCH[1]}" = unsure ]; then
      unknowns=${BASH_REMATCH[2]}
    elif [ "${BASH_REMATCH[2]}" -gt 0 ]; then
      findings=$((findings + BASH_REMATCH[2]))
      highest=${highest:-${BASH_REMATCH[1]}}
    fi
  done <"$work/json"
fi

{
  printf 'sarif-file=%s\n' "$sarif"
  printf 'exit-code=%s\n' "$code"
  printf 'findings=%s\n' "$findings"
  printf 'highest-severity=%s\n' "$highest"
  printf 'unknowns=%s\n' "$unknowns"
} >>"$GITHUB_OUTPUT"

exit "$code"
