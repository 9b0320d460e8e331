"""nginx as a plain reverse proxy."""

import shutil

from .proxy import NotInstalled, Proxy


class Nginx(Proxy):
    name, title = "nginx", "nginx, plain"

    def version(self) -> str:
        return self.version_in(self.program(), "-v")

    @staticmethod
    def program() -> str:
        found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
        if not found:
            raise NotInstalled("nginx")
        return found

    def command(self) -> list:
        return [self.program(), "-p", self.folder, "-e", self.folder / "error.log", "-c", self.configured("nginx.conf")]
