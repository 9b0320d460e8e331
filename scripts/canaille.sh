#!/usr/bin/env bash
# usage: scripts/canaille.sh FOLDER PORT REDIRECT_URI
# Sets up and runs Canaille, an OIDC provider with real HTML pages, on http://localhost:PORT for tests. Everything it keeps is in
# FOLDER. Users alice (alice-pw-123) and bob (bob-pw-456), client `martlet` with secret `martlet-secret`. Runs until it is stopped.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

[ $# -eq 3 ] || fail "usage: scripts/canaille.sh FOLDER PORT REDIRECT_URI"
folder=$1 port=$2 redirect=$3
bin=$repository/.venvs/canaille/bin
[ -x "$bin/canaille" ] || fail "the environment of Canaille is missing" "Run: scripts/python-env.sh canaille"
mkdir -p "$folder"
cd "$folder"
rm -f canaille.sqlite
export CANAILLE_CONFIG=$PWD/canaille.toml

"$bin/canaille" jwk create rsa >jwk.json 2>jwk.log || fail "Canaille made no key: $(tail -n 1 jwk.log)"
"$bin/python" - "$PWD" "$port" <<'END'
import json, sys
folder, port = sys.argv[1:]
key = ", ".join(f'{name} = "{value}"' for name, value in json.load(open("jwk.json")).items() if isinstance(value, str))
open("canaille.toml", "w").write(f'''SECRET_KEY = "for tests only"
SERVER_NAME = "localhost:{port}"
PREFERRED_URL_SCHEME = "http"
TRUSTED_HOSTS = ["localhost"]
[CANAILLE]
DATABASE = "sql"
CAPTCHA_ENABLED = false
JAVASCRIPT = false
HTMX = false
[CANAILLE_SQL]
DATABASE_URI = "sqlite:///{folder}/canaille.sqlite"
[CANAILLE_OIDC]
REQUIRE_NONCE = false
ACTIVE_JWKS = [{{{key}}}]
''')
END

# All set-up in one process: each start of its command line takes seconds.
"$bin/python" - "$redirect" >setup.log 2>&1 <<'END' || fail "Canaille's set-up failed: $(tail -n 3 setup.log)"
import contextlib, io, json, sys
from canaille.commands import cli

def run(*arguments):
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        cli(list(arguments), standalone_mode=False)
    return said.getvalue()

run("install")
for name, password, family, given in (("alice", "alice-pw-123", "Doe", "Alice"), ("bob", "bob-pw-456", "Roe", "Bob")):
    run("create", "user", "--user-name", name, "--password", password, "--family-name", family, "--given-name", given,
        "--emails", f"{name}@example.org")
client = run("create", "client", "--client-id", "martlet", "--client-secret", "martlet-secret", "--client-name", "Martlet",
             "--redirect-uris", sys.argv[1], "--grant-types", "authorization_code", "--grant-types", "refresh_token",
             "--response-types", "code", "--scope", "openid", "--scope", "profile", "--scope", "email",
             "--token-endpoint-auth-method", "client_secret_basic")
# Without an audience of its own the ID token's `aud` is empty.
run("set", "client", json.loads(client.strip().splitlines()[-1])["id"], "--audience", "martlet")
END
exec "$bin/canaille" run --bind "127.0.0.1:$port"
