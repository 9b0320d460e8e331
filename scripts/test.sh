#!/usr/bin/env bash
# usage: scripts/test.sh [STAGE…]        (make test)
# Installs what is missing, then runs the stages of scripts/test_stages.py: all of them, or those that are named.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$repository"

started=$(now)
say "Set-up"
need_build_tools
if [ "$(uname -s)" != Darwin ] && command -v dpkg-query >/dev/null; then
  need_packages chromium fonts-dejavu-core prometheus rsyslog
fi
scripts/python-env.sh test fastmcp sdk1 sdk112 sdk19 sdk16 canaille schemathesis everything-server
say "Set-up done after $(spent "$started")"
python=$(find_python) || exit 1
exec "$python" scripts/test_stages.py "$@"
