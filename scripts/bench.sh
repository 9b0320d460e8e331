#!/usr/bin/env bash
# usage: scripts/bench.sh        (make bench [ONLY="throughput latency …"] [ROUNDS=5] [QUICK=1])
# Installs what is missing, builds Martlet in release mode and measures it beside other proxies; see Benchmarks/README.md.
# MARTLET_BIN=PATH measures that program instead of building one.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$repository"

need_build_tools
[ "$(uname -s)" = Linux ] || fail "the benchmark needs Linux" "It pins processes to cores and reads /proc."
if command -v dpkg-query >/dev/null; then
  need_packages nginx-light haproxy wrk gcc libc6-dev openssl
fi
for program in wrk cc; do
  command -v $program >/dev/null || fail "$program isn't installed" "It drives the load; everything but nginx, HAProxy, Envoy, FastMCP and ContextForge is needed."
done
python=$(find_python) || exit 1
# One that can't be had is a row of the report, not the end of the run.
for name in envoy contextforge fastmcp; do
  scripts/python-env.sh "$name" || say "Without $name"
done

if [ -z "${MARTLET_BIN:-}" ]; then
  say "Building Martlet in release mode (the first time takes about a quarter of an hour on two cores)"
  # As it is released (scripts/build.sh archive): with Swift's runtime in the program.
  swift build -c release --product martlet --static-swift-stdlib || fail "the release build failed (output above)"
  MARTLET_BIN=$(swift build -c release --product martlet --static-swift-stdlib --show-bin-path)/martlet
fi

options=(--martlet "$MARTLET_BIN" --rounds "${ROUNDS:-5}")
[ -z "${QUICK:-}" ] || options+=(--quick)
# shellcheck disable=SC2206
[ -z "${ONLY:-}" ] || options+=(--only $ONLY)
"$python" -m unittest discover -q -s Benchmarks/tests
exec "$python" Benchmarks/bench.py "${options[@]}"
