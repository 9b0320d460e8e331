#!/usr/bin/env bash
# usage: scripts/run.sh        (make run)
# Installs what is missing, builds Martlet in release mode and runs it in front of the demo MCP server.
# MARTLET_BIN=PATH runs that program instead of building one.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$repository"

url=http://127.0.0.1:8080
config=Examples/quickstart/martlet.yaml
data=$repository/data
password_file=$data/demo-password
children=()

stop() {
  trap - EXIT
  # A second Ctrl-C waits for nobody.
  trap 'kill -KILL "${children[@]}" 2>/dev/null; exit 1' INT TERM
  local pid
  # Last started, first stopped: Martlet drains its calls while the server behind it still answers.
  for ((i = ${#children[@]} - 1; i >= 0; i--)); do
    pid=${children[$i]}
    kill -TERM "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true
  done
}

answers() { "$python" -c 'import sys, urllib.request as u; u.urlopen(sys.argv[1], timeout=2)' "$1" 2>/dev/null; }

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

need_free_port() {
  listens "$1" || return 0
  fail "port $1 on 127.0.0.1 is taken, and $2 needs it" "Stop what listens there (ss -ltnp 'sport = :$1' names it), then run this again."
}

build() {
  [ -z "${MARTLET_BIN:-}" ] || { martlet=$MARTLET_BIN; return 0; }
  say "Building Martlet in release mode (the first time takes about a quarter of an hour on two cores)"
  swift build -c release --product martlet || fail "the build failed (output above)" "If a dependency could not be fetched, check the network and run this again."
  martlet=$(swift build -c release --product martlet --show-bin-path)/martlet
}

start_demo_server() {
  say "Starting the demo MCP server on http://127.0.0.1:9001/mcp (log: data/demo-server.log)"
  .venvs/fastmcp/bin/python Examples/demo-server/server.py --port 9001 >"$data/demo-server.log" 2>&1 </dev/null &
  local pid=$!
  children+=("$pid")
  for ((i = 0; i < 120; i++)); do
    listens 9001 && return 0
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.25
  done
  tail -n 15 "$data/demo-server.log" >&2
  fail "the demo MCP server did not start (output above)" "Its whole output is in data/demo-server.log."
}

# The password is made once and kept where only its owner can read it.
make_demo_user() {
  [ -s "$password_file" ] && return 0
  local password output
  password=$("$python" -c 'import secrets; print(secrets.token_urlsafe(15))')
  output=$("$martlet" user add demo --config "$config" --password-stdin <<<"$password" 2>&1) \
    || output=$("$martlet" user password demo --config "$config" --password-stdin <<<"$password" 2>&1) \
    || fail "the user demo could not be made: $output" "To start over, remove the folder data and run this again."
  (umask 077 && printf '%s\n' "$password" >"$password_file")
}

start_martlet() {
  say "Starting Martlet on $url"
  "$martlet" serve --config "$config" </dev/null &
  gateway=$!
  children+=("$gateway")
  for ((i = 0; i < 120; i++)); do
    answers "$url/readyz" && return 0
    kill -0 "$gateway" 2>/dev/null || fail "Martlet ended before it was ready (its last words are above)"
    sleep 0.25
  done
  fail "Martlet was not ready after 30 s (its log is above)"
}

banner() {
  cat <<END

${bold}Martlet is running: $url${plain}

  MCP server  $url/demo/mcp
  user        demo
  password    $(cat "$password_file")       (kept in data/demo-password)

${bold}Claude Code${plain}
  claude mcp add --transport http demo $url/demo/mcp
  then /mcp inside Claude Code, and log in

${bold}VS Code${plain}, .vscode/mcp.json
  {"servers": {"demo": {"type": "http", "url": "$url/demo/mcp"}}}

${bold}Cursor${plain}, .cursor/mcp.json or ~/.cursor/mcp.json
  {"mcpServers": {"demo": {"url": "$url/demo/mcp"}}}

${bold}Python${plain}, with .venvs/fastmcp/bin/python or after pip install fastmcp
  import asyncio
  from fastmcp import Client

  async def main():
      async with Client("$url/demo/mcp", auth="oauth") as client:
          print(await client.call_tool("who_am_i"))

  asyncio.run(main())

Ctrl-C stops everything.

END
}

need_build_tools
python=$(find_python) || exit 1
need_free_port 8080 Martlet
need_free_port 9001 "the demo MCP server"
scripts/python-env.sh fastmcp
build
mkdir -p "$data"
trap 'stop; exit 0' INT
trap 'stop; exit 143' TERM
trap stop EXIT
start_demo_server
make_demo_user
start_martlet
banner
# `wait` ends when Martlet does, or when a signal arrives.
status=0
wait "$gateway" || status=$?
fail "Martlet ended by itself with exit code $status (its last words are above)"
