"""Canaille, a real OpenID provider with its own HTML forms, as a process of a test's own."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

from .browser import Browser, Callback, Page
from .gateway import free_port, repository
from .wire import request

ALICE, BOB = ("alice", "alice-pw-123"), ("bob", "bob-pw-456")


@contextlib.contextmanager
def canaille(folder: Path, redirect_uri: str):
    """Runs it with one client, `martlet` with the secret `martlet-secret`; yields the issuer."""
    port = free_port()
    issuer = f"http://localhost:{port}"
    with open(folder / "run.log", "wb") as log:
        process = subprocess.Popen(
            [repository / "scripts/canaille.sh", folder, str(port), redirect_uri], stdin=subprocess.DEVNULL, stdout=log,
            stderr=log, start_new_session=True)
    try:
        _wait(issuer, process, folder)
        yield issuer
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(issuer: str, process: subprocess.Popen, folder: Path):
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        assert process.poll() is None, (folder / "run.log").read_text(errors="replace")
        with contextlib.suppress(OSError):
            if request("GET", f"{issuer}/.well-known/openid-configuration").status == 200:
                return
        time.sleep(0.2)
    raise AssertionError((folder / "run.log").read_text(errors="replace"))


def through(browser: Browser, page: Page | Callback, issuer: str, user: tuple[str, str] = ALICE):
    """Fills in the provider's pages until the browser is back."""
    while isinstance(page, Page) and page.url.startswith(issuer):
        form = page.forms[0]
        filled = {"login": user[0], "password": user[1], "answer": "accept"}
        page = browser.submit(page, {name: value for name, value in filled.items() if name in form.names}, form=form)
    return page
