"""What a proxy under test is."""

import re
import subprocess
from string import Template

from harness.call import Call, listen, tool_call
from harness.load import FOLDER, Values
from harness.process import PinnedProcess, free_port, listens
from harness.site import Site


class NotInstalled(Exception):
    """A comparator isn't here; the message says what was looked for."""


class Proxy:
    """One proxy on one core. Subclasses say how it is configured and started.

    The paths are those of the server behind it: /mcp, /mcp/size/N, /mcp/events/N.
    """

    name = ""
    title = ""
    # Whether it takes seconds to start and answers tens of calls a second: then fewer connections and longer runs.
    is_slow = False

    def __init__(self, site: Site):
        self.site = site
        self.port = free_port()
        self.folder = site.folder / self.name
        self.folder.mkdir(exist_ok=True)
        self.process: PinnedProcess | None = None

    # What subclasses say

    def command(self) -> list:
        """How it is started; writes its configuration too."""
        raise NotImplementedError

    def is_ready(self) -> bool:
        return listens(self.port)

    def call(self, path: str = "/mcp", **shape) -> Call:
        return tool_call(path, f"127.0.0.1:{self.port}", **shape)

    def listen_call(self) -> Call:
        return listen("/mcp", f"127.0.0.1:{self.port}")

    def values(self, path: str = "/mcp") -> Values:
        """Tokens that it accepts, seen before."""
        return Values.of(self.site.tokens)

    # Life

    def start(self, cores: tuple[int, ...] | None = None) -> float:
        """Starts it; answers the seconds until it was ready."""
        self.process = PinnedProcess(
            self.command(), cores or self.site.cores.proxy, self.folder / "log", cwd=self.folder, env=self.environment())
        return self.process.wait_until(self.is_ready, 120 if self.is_slow else 30)

    def environment(self) -> dict[str, str]:
        return {}

    def version(self) -> str:
        """What the report says was measured."""
        return ""

    @staticmethod
    def version_in(*command) -> str:
        """The first version of three numbers in what a command prints."""
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
        found = re.search(r"\d+\.\d+\.\d+", done.stdout + done.stderr)
        return found[0] if found else "?"

    def stop(self) -> None:
        if self.process:
            self.process.stop()
            self.process = None

    def configured(self, template: str, **more) -> str:
        """Writes Benchmarks/proxies/TEMPLATE with its $places filled; answers where."""
        target = self.folder / template
        places = {
            "folder": self.folder, "port": self.port, "upstream_port": self.site.upstream_port,
            "core": self.site.cores.proxy[0], **more,
        }
        target.write_text(Template((FOLDER / "proxies" / template).read_text()).substitute(places))
        return str(target)


class Direct(Proxy):
    """No proxy at all: what load generator and server can do."""

    name, title = "direct", "no proxy"

    def start(self, cores=None) -> float:
        self.port = self.site.upstream_port
        return 0
