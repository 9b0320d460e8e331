#!/usr/bin/env bash
# usage: MINUTES=5 scripts/fuzz-guided.sh [TARGET…]        (make guided)
# libFuzzer on the pure parsers, guided by coverage: json, message, form, event_stream, http_request, each for so many minutes. What it
# learned stays in .build/fuzz/TARGET. The parsers that stand on swift-crypto are fuzzed by `make fuzz`.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$repository"

need_build_tools
out=.build/fuzz
mkdir -p "$out"
say "Building the parsers with libFuzzer"
compile() { swiftc -O -wmo -parse-as-library -sanitize=fuzzer -enable-upcoming-feature ExistentialAny -I "$out" "$@"; }
objects=()
for module in StrictCoding HTTPWire MCPProtocol; do
  mapfile -t files < <(find "Sources/$module" -name '*.swift')
  compile -module-name "$module" -emit-module -emit-module-path "$out/$module.swiftmodule" -c "${files[@]}" -o "$out/$module.o" \
    || fail "$module could not be built with libFuzzer (output above)" "The toolchain must offer -sanitize=fuzzer; those of swift.org for Linux do."
  objects+=("$out/$module.o")
done
compile -module-name ParserFuzz Tests/Fuzz/ParserFuzz.swift "${objects[@]}" -o "$out/parsers"

minutes=${MINUTES:-5}
[ "$minutes" -gt 0 ] || fail "MINUTES must be a whole number of minutes, at least 1"
[ $# -gt 0 ] || set -- json message form event_stream http_request
for target in "$@"; do
  say "Fuzzing $target for $minutes min"
  mkdir -p "$out/$target"
  MARTLET_FUZZ_TARGET=$target "$out/parsers" -max_total_time=$((minutes * 60)) -max_len=4096 -timeout=10 -print_final_stats=1 \
    -artifact_prefix="$out/$target-" "$out/$target" >"$out/$target.log" 2>&1 </dev/null \
    || { tail -n 30 "$out/$target.log" >&2; fail "fuzzing $target found something (whole output: $out/$target.log)" "The input is $out/$target-crash-…"; }
  grep -E 'DONE|number_of_executed' "$out/$target.log" | sed 's/^/    /'
done
