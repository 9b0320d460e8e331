#!/usr/bin/env bash
# usage: scripts/python-env.sh NAME…
# Makes the Python environment .venvs/NAME from scripts/python/NAME.txt where it is missing or the list has changed.
# NAME: fastmcp, sdk1, sdk112, sdk19, sdk16, canaille, schemathesis, test, envoy, contextforge; or everything-server: the SDK's example server and
# its conformance client, from its source distribution.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

venvs=$repository/.venvs
sdk=2.3.0
everything="$sdk, server and client"

fingerprint() { { "$python" --version; cat "$1"; } | cksum; }

fresh() { [ "$(cat "$venvs/$1/.made-from" 2>/dev/null)" = "$2" ]; }

# make_environment NAME: one environment, its output in .venvs/NAME.log
make_environment() {
  local name=$1 list=$repository/scripts/python/$1.txt mark
  mark=$(fingerprint "$list")
  rm -rf "${venvs:?}/$name"
  # One pip serves all environments: a pip in each would cost ten seconds apiece.
  "$python" -m venv --without-pip "$venvs/$name" \
    && "$venvs/pip/bin/python" -m pip --python "$venvs/$name/bin/python" install --quiet --no-deps --no-compile -r "$list" \
    && echo "$mark" >"$venvs/$name/.made-from"
}

make_pip() {
  [ -x "$venvs/pip/bin/pip" ] && "$venvs/pip/bin/python" -m pip --version >/dev/null 2>&1 && return 0
  rm -rf "$venvs/pip"
  "$python" -m venv "$venvs/pip"
}

fetch_everything_server() {
  local folder=$venvs/everything-server
  rm -rf "$folder" && mkdir -p "$folder"
  "$venvs/pip/bin/python" -m pip download --quiet --no-deps --no-binary mcp --dest "$folder" "mcp==$sdk" \
    && tar -xzf "$folder/mcp-$sdk.tar.gz" -C "$folder" --strip-components=4 "mcp-$sdk/examples/servers/everything-server" \
    && tar -xzf "$folder/mcp-$sdk.tar.gz" -C "$folder" --strip-components=4 "mcp-$sdk/.github/actions/conformance/client.py" \
    && [ -f "$folder/mcp_everything_server/server.py" ] && [ -f "$folder/client.py" ] \
    && echo "$everything" >"$folder/.made-from"
}

make_one() {
  if [ "$1" = everything-server ]; then fetch_everything_server; else make_environment "$1"; fi
}

python=$(find_python) || exit 1
mkdir -p "$venvs"
wanted=()
for name in "$@"; do
  if [ "$name" = everything-server ]; then
    fresh "$name" "$everything" || wanted+=("$name")
  elif [ -f "$repository/scripts/python/$name.txt" ]; then
    fresh "$name" "$(fingerprint "$repository/scripts/python/$name.txt")" || wanted+=("$name")
  else
    fail "no Python environment is called '$name'" "There are: $(cd "$repository/scripts/python" && echo *.txt | sed 's/\.txt//g') everything-server"
  fi
done
[ ${#wanted[@]} -gt 0 ] || exit 0

started=$(now)
say "Python environments: ${wanted[*]}"
make_pip >"$venvs/pip.log" 2>&1 || { cat "$venvs/pip.log" >&2; fail "Python's venv could not be made (output above)" "On Debian: apt-get install python3-venv"; }
pids=()
for name in "${wanted[@]}"; do
  (
    if make_one "$name" >"$venvs/$name.log" 2>&1; then
      echo "    $name ready after $(spent "$started")"
    else
      exit 1
    fi
  ) &
  pids+=($!)
done
broken=()
for index in "${!pids[@]}"; do
  wait "${pids[$index]}" || broken+=("${wanted[$index]}")
done
for name in ${broken[@]+"${broken[@]}"}; do
  tail -n 15 "$venvs/$name.log" >&2
done
[ ${#broken[@]} -eq 0 ] || fail "could not make the Python environment(s) ${broken[*]} (output above)" \
  "They come from the Python package index: check the network or pip's configuration, then run this again." \
  "Whole output: .venvs/NAME.log"
