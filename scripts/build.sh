#!/usr/bin/env bash
# usage: scripts/build.sh debug | archive
# debug: the program and its libraries. archive: a stripped release build with licence and checksum, ready to copy elsewhere.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$repository"

need_build_tools
case "${1:-}" in
  debug)
    swift build --product martlet || fail "the build failed (output above)"
    ;;
  archive)
    # Foundation and the runtime go into the program: the target machine needs no Swift. macOS has them anyway.
    static=()
    [ "$(uname -s)" = Darwin ] || static=(--static-swift-stdlib)
    swift build -c release --product martlet ${static[@]+"${static[@]}"} || fail "the release build failed (output above)"
    name=martlet-$(uname -s | tr '[:upper:]' '[:lower:]')-$(uname -m)
    folder=.build/release-archive/$name
    rm -rf "$folder" && mkdir -p "$folder"
    cp "$(swift build -c release --product martlet ${static[@]+"${static[@]}"} --show-bin-path)/martlet" "$folder/martlet"
    strip "$folder/martlet"
    cp LICENSE "$folder/"
    cp Examples/quickstart/martlet.yaml "$folder/martlet.example.yaml"
    tar -czf ".build/release-archive/$name.tar.gz" -C .build/release-archive "$name"
    (cd .build/release-archive && { sha256sum "$name.tar.gz" 2>/dev/null || shasum -a 256 "$name.tar.gz"; } >"$name.tar.gz.sha256")
    say "Packed .build/release-archive/$name.tar.gz ($(du -h "$folder/martlet" | cut -f1) program)"
    ;;
  *)
    fail "usage: scripts/build.sh debug | archive"
    ;;
esac
