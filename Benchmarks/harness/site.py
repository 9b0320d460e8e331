"""What every part of the benchmark shares: folder, cores, the server behind the proxies, the tokens that all accept."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from .load import FOLDER, Load, compile_program
from .machine import Cores
from .process import PinnedProcess, free_port, listens

REPOSITORY = FOLDER.parent


@dataclass(frozen=True)
class Issuer:
    """Whose tokens the proxies accept: Martlet's, so that each proxy is sent the very same."""

    issuer: str
    audience: str
    jwks: dict
    public_key_pem: str


@dataclass
class Site:
    martlet: Path
    folder: Path = REPOSITORY / ".build/bench"
    cores: Cores = field(default_factory=Cores.of_this_machine)
    issuer: Issuer | None = None
    # What the other proxies are sent.
    tokens: list[str] = field(default_factory=list)

    def __post_init__(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        compile_program(FOLDER / "upstream/upstream.c", self.folder / "upstream")
        compile_program(FOLDER / "load/paced.c", self.folder / "paced")
        self.upstream_port = free_port()
        self.load = Load(self.folder, self.cores)

    def start_upstream(self) -> PinnedProcess:
        process = PinnedProcess(
            [self.folder / "upstream", self.upstream_port], self.cores.upstream, self.folder / "upstream.log")
        process.wait_until(lambda: listens(self.upstream_port), 5)
        return process

    @property
    def upstream_host(self) -> str:
        return f"127.0.0.1:{self.upstream_port}"
