"""How long tests wait. A promise in time is held to the letter where a check is proved (`make prove`); the ordinary suite shares its
machine with whatever else runs there, so in it a promise only has to come true."""

import os
import time

FULL = os.environ.get("MARTLET_FULL_COUNTS") == "1"
PATIENCE = 60.0


def within(seconds: float) -> float:
    """The limit for what is promised within so many seconds."""
    return seconds if FULL else max(PATIENCE, 4 * seconds)


def until(check, limit: float = PATIENCE, every: float = 0.05) -> bool:
    """Whether a condition comes true."""
    deadline = time.monotonic() + limit
    while not check():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True
