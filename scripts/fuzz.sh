#!/usr/bin/env bash
# usage: MINUTES=10 scripts/fuzz.sh        (make fuzz)
# Runs the fuzz tests of all parsers again and again, each round with a seed of its own, until the time is up or a round fails.
# MARTLET_FUZZ_SEED=N runs one round with that seed: what a failed round prints.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$repository"

need_build_tools
say "Building the tests"
swift build --build-tests || fail "the build failed (output above)"
# As in scripts/swift_tests.py, which says why.
export SWT_SWIFT_ERROR_BACKTRACING_ENABLED=0
until_time=$(($(now) + ${MINUTES:-10} * 60))
rounds=0
while :; do
  seed=${MARTLET_FUZZ_SEED:-$((RANDOM * 32768 + RANDOM))}
  rounds=$((rounds + 1))
  say "Round $rounds, seed $seed"
  MARTLET_FUZZ_SEED=$seed MARTLET_FUZZ_ROUNDS=50000 MARTLET_FULL_COUNTS=1 swift test --skip-build --filter '(Fuzz|Mutation)' >.build/fuzz.log 2>&1 || {
    grep -E '✘|recorded an issue|error:|Fatal' .build/fuzz.log | head -n 20 >&2
    fail "a fuzz test failed with seed $seed (whole output: .build/fuzz.log)" "Again: MARTLET_FUZZ_SEED=$seed make fuzz"
  }
  [ -z "${MARTLET_FUZZ_SEED:-}" ] && [ "$(now)" -lt "$until_time" ] || break
done
say "$rounds rounds, no failure"
