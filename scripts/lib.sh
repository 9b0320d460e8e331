# shellcheck shell=bash
# Sourced by the other scripts: messages, what must be installed, the repository's folder.

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

if [ -t 1 ]; then bold=$'\e[1m' red=$'\e[31m' plain=$'\e[0m'; else bold='' red='' plain=''; fi

# say TEXT: one line of progress
say() { printf '%s==>%s %s\n' "$bold" "$plain" "$1"; }

# fail WHAT DO: what failed, what to do about it
fail() {
  printf '%smartlet: %s%s\n' "$red" "$1" "$plain" >&2
  [ $# -lt 2 ] || printf '  %s\n' "${@:2}" >&2
  exit 1
}

# as_root COMMAND…: needs root or sudo; need_root says so in time
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

need_root() {
  [ "$(id -u)" = 0 ] || command -v sudo >/dev/null || fail "root is needed, and there is no sudo, for: $*" \
    "Run that command as root, then run this again."
}

# need_packages PACKAGE…: installs Debian packages that are missing
need_packages() {
  local missing=() package log
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  need_root apt-get install "${missing[@]}"
  say "Installing Debian packages: ${missing[*]}"
  log=$(mktemp)
  if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" >"$log" 2>&1; then
    # The package lists of a fresh machine are empty or old.
    as_root apt-get update >"$log" 2>&1 || { tail -n 20 "$log" >&2; fail "apt-get update failed (output above)" "Check the network and /etc/apt/sources.list, then run this again."; }
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" >"$log" 2>&1 \
      || { tail -n 20 "$log" >&2; fail "apt-get could not install ${missing[*]} (output above)" "Install them by hand, then run this again."; }
  fi
  rm -f "$log"
}

# need_build_tools: everything between a clean machine with Swift and `swift build`
need_build_tools() {
  need_swift
  case "$(uname -s)" in
    Darwin)
      python3 -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
        || fail "Python 3.11 or newer is needed" "Install it with: brew install python@3.13"
      ;;
    *)
      command -v dpkg-query >/dev/null || {
        say "Not Debian or Ubuntu: the packages git, sqlite3 and zlib development files, python3 with venv must be there"
        return 0
      }
      need_packages git ca-certificates libsqlite3-dev zlib1g-dev python3 python3-venv
      ;;
  esac
}

need_swift() {
  local version
  command -v swift >/dev/null || fail "Swift isn't installed" "Get Swift 6.2 or newer from https://www.swift.org/install and put it on PATH."
  ! lacks_system_parts || need_packages binutils g++ libc6-dev libcurl4 libedit2 libncurses6 libsqlite3-0 libxml2 pkg-config tzdata
  version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9]*\.[0-9][0-9]*\).*/\1/p' | head -n 1) || true
  case "$version" in
    '') fail "\`swift --version\` gives no version" "Reinstall Swift 6.2 or newer from https://www.swift.org/install" ;;
    [0-5].* | 6.[01]) fail "Swift $version is too old" "Martlet needs Swift 6.2 or newer: https://www.swift.org/install" ;;
  esac
}

# Whether Swift's archive was unpacked on a Debian that hasn't got what Swift takes for granted.
lacks_system_parts() {
  local tools
  command -v dpkg-query >/dev/null || return 1
  tools=$(dirname "$(readlink -f "$(command -v swift)")")
  [ ! -e /usr/include/stdio.h ] || ldd "$tools"/swift-{build,frontend} "$tools"/clang 2>/dev/null | grep -q 'not found'
}

# The interpreter that environments are made from: the system's own where it is new enough.
find_python() {
  local candidate
  for candidate in /usr/bin/python3 python3 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$candidate"
      return 0
    fi
  done
  fail "no Python 3.11 or newer with venv" "Install it: apt-get install python3 python3-venv (Debian, Ubuntu) or brew install python@3.13 (macOS)."
}

# now: seconds; spent START: the time since, as "3 min 20 s"
now() { date +%s; }
spent() {
  local seconds=$(($(now) - $1))
  if [ $seconds -lt 60 ]; then echo "$seconds s"; else echo "$((seconds / 60)) min $((seconds % 60)) s"; fi
}
