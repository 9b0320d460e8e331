#!/usr/bin/env bash
# usage: scripts/prove.sh CHECK        (make prove CHECK=R-20)
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$repository"

[ -n "${1:-}" ] || fail "which check?" "make prove CHECK=R-20; \`scripts/prove.py --list\` names them all."
need_build_tools
scripts/python-env.sh test
python=$(find_python) || exit 1
exec "$python" scripts/prove.py "$1"
