"""An MCP server in a process of its own, that tests may kill at any moment and that leaves behind what it did."""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from .fake_mcp_server import FakeMCPServer
from .gateway import free_port


class UpstreamProcess:
    """A stateful legacy server whose tool `once` writes its argument down before it answers; use as a context manager."""

    def __init__(self, folder: Path):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/mcp"
        self._record = folder / f"executed-{self.port}"
        self._record.touch()
        self._process: subprocess.Popen | None = None

    def __enter__(self) -> "UpstreamProcess":
        return self.start()

    def __exit__(self, *_) -> None:
        self.kill()

    def start(self) -> "UpstreamProcess":
        self._process = subprocess.Popen(
            [sys.executable, "-m", "martlet_support.upstream_process", str(self.port), str(self._record)],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])},
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return self

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def executed(self) -> Counter:
        """How often each argument was executed, over all lives of the process."""
        return Counter(self._record.read_text().split())


def serve(port: int, record: str) -> None:
    file = os.open(record, os.O_WRONLY | os.O_APPEND)
    server = FakeMCPServer("stateful", port=port)
    usual = server.tool_text

    def once(params: dict, request) -> str:
        if params.get("name") != "once":
            return usual(params, request)
        # One write of one line: there or not there, whenever the process dies.
        os.write(file, params["arguments"]["nonce"].encode() + b"\n")
        time.sleep(random.random() * 0.02)
        server.answer = random.choice(["json", "sse"])
        return params["arguments"]["nonce"]

    server.tool_text = once
    server.start()
    while True:
        time.sleep(60)


if __name__ == "__main__":
    serve(int(sys.argv[1]), sys.argv[2])
