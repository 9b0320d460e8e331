"""R-93: somebody puts the machine's clock right, or wrong, while Martlet runs."""

import contextlib
import mmap
import shutil
import struct
import subprocess
import threading

import pytest
from martlet_support import MCPConnection
from martlet_support.mcp import LEGACY
from martlet_support.oauth import Tokens
from martlet_support.steps import person, registered, until
from martlet_support.trail import records

# Steps the clock of the day for one process alone. What is measured with (CLOCK_MONOTONIC) goes on as it is.
SOURCE = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static volatile int64_t *offset;
__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("CLOCK_OFFSET_FILE");
  int file = path ? open(path, O_RDONLY) : -1;
  if (file >= 0) offset = mmap(0, 8, PROT_READ, MAP_SHARED, file, 0);
}
int clock_gettime(clockid_t clock, struct timespec *time) {
  int result = (int)syscall(SYS_clock_gettime, clock, time);
  if (result == 0 && clock == CLOCK_REALTIME && offset) time->tv_sec += *offset;
  return result;
}
int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  struct timespec now;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &now);
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return 0;
}
time_t time(time_t *out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out) *out = now.tv_sec;
  return now.tv_sec;
}
"""


@pytest.fixture
def stepped(install, tmp_path):
    """An installation, and step(seconds), which sets how far its clock is from the true one."""
    compiler = shutil.which("clang") or shutil.which("cc")
    assert compiler, "a C compiler comes with Swift"
    source, library, offset = tmp_path / "clock.c", tmp_path / "clock.so", tmp_path / "offset"
    source.write_text(SOURCE)
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, source], check=True)
    offset.write_bytes(bytes(8))
    world = install(env={"LD_PRELOAD": str(library), "CLOCK_OFFSET_FILE": str(offset)})
    with open(offset, "r+b") as file, mmap.mmap(file.fileno(), 8) as shared:

        def step(seconds: int) -> None:
            shared[:] = struct.pack("<q", seconds)

        yield world, step


class Crowd:
    """What people hold while the clock is stepped: tokens, sessions, keys, an open stream."""

    def __init__(self, world):
        self.world = world
        self.client = registered(world)
        self.tokens = [person(world).tokens(self.client) for _ in range(3)]
        self.key = world.gateway.cli_json("key", "create", "clock", "--owner", world.user, "--expires-in", "1d")["key"]
        self.sessions = []
        for token in [*(one.access for one in self.tokens), self.key]:
            connection = MCPConnection(world.mcp_url(), token, revision=LEGACY)
            connection.initialize()
            self.sessions.append(connection)
        self.streams = [one.open_stream() for one in self.sessions]
        self.ended = [threading.Event() for _ in self.streams]
        for stream, event in zip(self.streams, self.ended):
            threading.Thread(target=self.watch, args=(stream, event), daemon=True).start()

    @staticmethod
    def watch(stream, event):
        with contextlib.suppress(Exception):
            list(stream.stream.events(silence=3600))
        event.set()

    def statuses(self) -> list[int]:
        """Of calls in the sessions that there were."""
        return [one.post("tools/call", {"name": "echo", "arguments": {"text": "x"}}).status for one in self.sessions]

    def refresh(self) -> None:
        for index, tokens in enumerate(self.tokens):
            self.tokens[index] = Tokens.of(self.client.refresh(tokens.refresh))
            self.sessions[index].token = self.tokens[index].access


@pytest.mark.parametrize("seconds", [120, -120])
def test_R_93_a_step_of_two_minutes_logs_nobody_out(stepped, seconds):
    world, step = stepped
    crowd, unused = Crowd(world), person(world).tokens(registered(world)).access
    step(seconds)
    first = MCPConnection(world.mcp_url(), unused, revision=LEGACY)
    first.initialize()
    for _ in range(2):
        assert crowd.statuses() == [200] * 4
        crowd.refresh()
    assert crowd.statuses() == [200] * 4
    step(0)
    assert crowd.statuses() == [200] * 4, "and back again"
    crowd.refresh()
    fresh = person(world).tokens(crowd.client)
    assert MCPConnection(world.mcp_url("stateful"), fresh.access).post("initialize", {
        "protocolVersion": LEGACY, "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}).status == 200
    assert not any(event.is_set() for event in crowd.ended), "no stream was closed"
    assert world.gateway.cli("audit", "verify").returncode == 0
    assert records(world)


def test_N_30_a_login_is_over_after_twelve_hours(stepped):
    world, step = stepped
    browser = world.browser()
    browser.submit(browser.open(f"{world.url}/login"), {"username": world.user, "password": world.password})
    asked = lambda: "password" in browser.open(f"{world.url}/account").main_form.names
    assert not asked()
    step(12 * 3600 - 300)
    assert not asked(), "twelve hours are twelve hours, used or not"
    step(12 * 3600 + 60)
    assert asked()


@pytest.mark.parametrize("seconds", [3600, -3600])
def test_R_93_after_a_step_of_an_hour_a_refresh_is_enough(stepped, seconds):
    """Tokens may be over, or not yet; whoever has a refresh token or a key goes on, and nothing hangs or is forgotten."""
    world, step = stepped
    crowd = Crowd(world)
    step(seconds)
    assert set(crowd.statuses()[:3]) <= {200, 401} and crowd.statuses()[3] == 200
    crowd.refresh()
    assert crowd.statuses() == [200] * 4
    world.gateway.cli("key", "revoke", "clock", "--owner", world.user)
    assert until(lambda: crowd.statuses()[3] == 401), "what is taken away is gone, whatever the clock says"
    assert crowd.statuses()[:3] == [200] * 3
    step(0)
    crowd.refresh()
    assert crowd.statuses() == [200] * 3 + [401]
    assert world.gateway.cli("audit", "verify").returncode == 0
