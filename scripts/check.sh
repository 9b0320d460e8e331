#!/usr/bin/env bash
# make check: format, lint, layers, documentation, sizes, words, generated pages. Everything runs; one failure fails the whole.
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
failed=()

# step NAME COMMAND…
step() {
  local name=$1 output
  shift
  if output=$("$@" 2>&1); then
    printf '  %-14s ok%s\n' "$name" "${output:+  ($(tail -n 1 <<<"$output"))}"
  else
    printf '  %-14s %sFAILED%s\n' "$name" "$red" "$plain"
    sed 's/^/    /' <<<"$output"
    failed+=("$name")
  fi
}

need_swift
command -v python3 >/dev/null || fail "python3 is missing" "Install Python 3.11 or newer."
export PYTHONDONTWRITEBYTECODE=1
say "Checking"
step self-test python3 scripts/check/selftest.py
step format swift format lint --strict --parallel --recursive Sources Tests Package.swift
step lint python3 scripts/check/lint.py
step layers python3 scripts/check/layers.py
step documentation python3 scripts/check/documentation.py
step sizes python3 scripts/check/sizes.py
step words python3 scripts/check/words.py
step reference python3 scripts/check/reference.py

[ ${#failed[@]} -eq 0 ] && exit 0
fail "make check failed: ${failed[*]}" \
  "format: make format" "reference: python3 scripts/check/reference.py --write" "everything else: see above; each line names its rule"
