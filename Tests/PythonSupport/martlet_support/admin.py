"""The admin API as tests call it."""

import re

from .wire import request

TOLD_BY_THE_TRAIL = ("/api/audit", "/api/flows", "/api/analytics")


class API:
    """The admin API under one bearer."""

    def __init__(self, world, token: str | None):
        self.world, self.token = world, token

    def __call__(self, method: str, path: str, body=None, **headers):
        if path.startswith(TOLD_BY_THE_TRAIL):
            self.world.gateway.settle_trail()
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        answer = request(method, f"{self.world.url}{path}", headers=sent | headers, json=body)
        assert "no-store" in answer.header("cache-control"), answer.describe()
        assert not answer.body or answer.header("content-type") == "application/json", answer.describe()
        return answer

    def ok(self, method: str, path: str, body=None, status: int = 200):
        answer = self(method, path, body)
        assert answer.status == status, answer.describe()
        return answer.json() if answer.body else None


def bearer(world, role: str, *options: str) -> API:
    return API(world, world.gateway.cli("admin", "token", "--role", role, "--ttl", "1h", *options).stdout.strip())


def placed(path: str, name: str) -> str:
    """A path of the document with something in its place: `/api/keys/{name}`."""
    return re.sub(r"\{\w+\}", name, path)


def refused(answer, status: int, code: str):
    assert answer.status == status, answer.describe()
    assert answer.json()["error"] == code and answer.json()["error_description"], answer.describe()
