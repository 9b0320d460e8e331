"""What every part is told."""

import time
from dataclasses import dataclass

from harness.site import Site


@dataclass
class Plan:
    site: Site
    rounds: int = 5
    is_quick: bool = False

    def seconds(self, usual: float) -> float:
        """How long to measure."""
        return min(usual, 1) if self.is_quick else usual

    def say(self, text: str) -> None:
        print(f"    {time.strftime('%H:%M:%S')} {text}", flush=True)
