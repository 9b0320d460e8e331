"""Where Martlet's time goes: samples of its stacks under load, by `perf`."""

import re
import shutil
import subprocess
import time
from collections import Counter

from harness.measurement import rush
from proxies.lineup import Martlet

from .plan import Plan
from .throughput import martlet_rows

SECONDS, SAMPLES_A_SECOND = 6, 1999
FRAME = re.compile(r"\s*[0-9a-f]+ (.*?) \(([^()]*|\[.*\])\)$")


def run(plan: Plan) -> dict:
    if not shutil.which("perf"):
        return {"missing": {"perf": "not installed: perf (Debian: linux-perf)"}, "stacks": {}}
    site = plan.site
    martlet = Martlet(site)
    try:
        martlet.start()
        row = martlet_rows(martlet)[0]
        rush(site, row, seconds=1)
        samples = martlet.folder / "perf.data"
        perf = subprocess.Popen(
            ["perf", "record", "-q", "-e", "cpu-clock", "-F", str(SAMPLES_A_SECOND), "--call-graph", "fp", "-o", samples,
             "-p", str(martlet.process.popen.pid)], stdin=subprocess.DEVNULL)
        time.sleep(0.5)
        seen = rush(site, row, seconds=plan.seconds(SECONDS))
        perf.terminate()
        perf.wait(60)
        stacks = folded(samples)
    finally:
        martlet.stop()
    plan.say(f"{sum(stacks.values()):,} samples, {seen['cpu_us']:.1f} us a call")
    return {"missing": {}, "cpu_us": seen["cpu_us"], "stacks": {";".join(k): v for k, v in stacks.most_common()}}


def folded(samples) -> Counter:
    """Stacks, outermost frame first, each frame `name [object]`, and how often each was seen."""
    text = subprocess.run(["perf", "script", "-i", samples, "-F", "comm,ip,sym,dso", "--no-inline"],
                          capture_output=True, text=True).stdout
    raw: Counter = Counter()
    for block in text.split("\n\n"):
        found = [FRAME.match(line) for line in block.splitlines()[1:]]
        frames = [(match[1], match[2].rsplit("/", 1)[-1]) for match in found if match]
        if frames:
            raw[tuple(reversed(frames))] += 1
    names = readable({name for stack in raw for name, _ in stack})
    stacks: Counter = Counter()
    for stack, count in raw.items():
        stacks[tuple(f"{names[name]} [{place.strip('[]')}]" for name, place in stack)] += count
    return stacks


def readable(symbols: set[str]) -> dict[str, str]:
    """Demangled, short, without what would break a folded line."""
    listed = sorted(symbols)
    if not shutil.which("swift"):
        return {symbol: symbol for symbol in listed}
    done = subprocess.run(["swift", "demangle", "-simplified"], input="\n".join(listed), capture_output=True, text=True)
    lines = done.stdout.split("\n")
    return {symbol: (line[:140] or symbol).replace(";", ",") for symbol, line in zip(listed, lines)}
