"""The proxies, in the order in which they are measured and shown."""

from harness import tokens
from harness.site import Issuer, Site

from .contextforge import ContextForge
from .envoy import Envoy, EnvoyCached
from .fastmcp_proxy import FastMCPProxy
from .haproxy import HAProxy, HAProxyJWT
from .martlet import Martlet
from .nginx import Nginx
from .proxy import Direct, Proxy

FAST: list[type[Proxy]] = [Direct, Nginx, HAProxy, HAProxyJWT, Envoy, EnvoyCached]
SLOW: list[type[Proxy]] = [FastMCPProxy, ContextForge]
__all__ = ["ContextForge", "Direct", "Envoy", "EnvoyCached", "FAST", "FastMCPProxy", "HAProxy", "HAProxyJWT", "Martlet",
           "Nginx", "Proxy", "SLOW", "trust"]


def trust(site: Site, martlet: Martlet) -> None:
    """Has the other proxies accept the tokens that this running Martlet issues for /mcp."""
    site.tokens = martlet.tokens()
    claims, key = tokens.claims(site.tokens[0]), tokens.key_id(site.tokens[0])
    jwk = next(jwk for jwk in tokens.key_set(martlet.port)["keys"] if jwk["kid"] == key)
    site.issuer = Issuer(claims["iss"], claims["aud"], {"keys": [jwk]}, tokens.public_key_pem(jwk))
