"""HAProxy: plain, and verifying tokens with `jwt_verify`."""

import shutil

from .proxy import NotInstalled, Proxy


class HAProxy(Proxy):
    name, title = "haproxy", "HAProxy, plain"

    def rules(self) -> str:
        return ""

    def version(self) -> str:
        return self.version_in(self.program(), "-v")

    @staticmethod
    def program() -> str:
        found = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")
        if not found:
            raise NotInstalled("haproxy")
        return found

    def command(self) -> list:
        return [self.program(), "-db", "-f", self.configured("haproxy.cfg", rules=self.rules())]


class HAProxyJWT(HAProxy):
    """The cheapest form: algorithm and signature only, neither issuer nor audience nor expiry."""

    name, title = "haproxy-jwt", "HAProxy, `jwt_verify` ES256"

    def rules(self) -> str:
        key = self.folder / "key.pem"
        key.write_text(self.site.issuer.public_key_pem)
        return "\n  ".join([
            "http-request set-var(txn.bearer) http_auth_bearer",
            "http-request deny deny_status 401 unless { var(txn.bearer),jwt_header_query('$.alg') -m str ES256 }",
            f'http-request deny deny_status 401 unless {{ var(txn.bearer),jwt_verify("ES256","{key}") 1 }}',
        ])
