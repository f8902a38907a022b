#!/usr/bin/env bash
# What action.yml runs: audits models, and leaves verdicts on the run's page and files for the steps that follow.
# Everything comes in through the environment, so that no text of a workflow is ever part of a command.
set -euo pipefail

models=()
if [ -n "${PATHS:-}" ]; then
    while IFS= read -r line; do [ -z "$line" ] || models+=("$line"); done <<<"$PATHS"
elif [ -n "${BASE:-}" ] && git cat-file -e "$BASE^{commit}" 2>/dev/null; then
    while IFS= read -r -d '' file; do models+=("$file"); done \
        < <(git diff --name-only --diff-filter=d -z "$BASE" HEAD -- '*.tflite')
else
    [ -z "${BASE:-}" ] || echo "::notice::the pull request's base isn't here (fetch-depth: 0 brings it): all models are audited"
    while IFS= read -r -d '' file; do models+=("$file"); done < <(git ls-files -z -- '*.tflite')
fi
if [ "${#models[@]}" -eq 0 ]; then
    echo "no model to audit"
    echo "exit-code=0" >>"$GITHUB_OUTPUT"
    exit 0
fi

folder="$(mktemp -d "${RUNNER_TEMP:-/tmp}/delegate-audit.XXXXXX")"
arguments=(--format github -o - -o "$folder/report.html" -o "$folder/audit.json" -o "$folder/audit.sarif" -o "$folder/summary.md")
[ -z "${DELEGATES:-}" ] || arguments+=(-d "$DELEGATES")
[ -z "${PLATFORM:-}" ] || arguments+=(--for "$PLATFORM")
[ -z "${BASELINE:-}" ] || arguments+=(--baseline "$BASELINE")
while IFS= read -r policy; do [ -z "$policy" ] || arguments+=(--fail-on "$policy"); done <<<"${FAIL_ON:-}"

code=0
delegate-analyzer audit "${arguments[@]}" -- "${models[@]}" || code=$?
if [ -f "$folder/summary.md" ]; then
    # A step's summary may hold 1 MiB.
    head -c 1000000 "$folder/summary.md" >>"$GITHUB_STEP_SUMMARY"
    echo "folder=$folder" >>"$GITHUB_OUTPUT"
fi
echo "exit-code=$code" >>"$GITHUB_OUTPUT"
exit "$code"
