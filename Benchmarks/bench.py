"""make bench: measures Martlet beside other proxies. See README.md in this folder."""

import argparse
import importlib
import signal
import sys
import time
import traceback
from pathlib import Path

from harness import machine
from harness.site import REPOSITORY, Site
from parts.plan import Plan
from report.report import write

PARTS = ["throughput", "latency", "neighbour", "sizes", "events", "idle", "start", "growth", "instructions", "profile"]


def main() -> int:
    options = arguments()
    machine.allow_many_files()
    site = Site(options.martlet.resolve())
    plan = Plan(site, rounds=1 if options.quick else options.rounds, is_quick=options.quick)
    # What runs is stopped when this is.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    results, broken, started = {}, [], time.monotonic()
    for name in options.only or PARTS:
        print(f"==> {name}", flush=True)
        try:
            results[name] = measured(name, plan)
        except Exception:
            # The other parts are worth having; the exit code tells of this one.
            traceback.print_exc()
            broken.append(name)
    write(results, REPOSITORY / "docs/benchmarks" if not options.quick else site.folder / "report")
    print(f"==> done in {(time.monotonic() - started) / 60:.1f} min" + "".join(f"; {name} FAILED" for name in broken))
    return 1 if broken else 0


def measured(name: str, plan: Plan) -> dict:
    about = {"machine": machine.description(), "cores": plan.site.cores.described(), "rounds": plan.rounds,
             "at": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())}
    upstream = plan.site.start_upstream()
    try:
        return importlib.import_module(f"parts.{name}").run(plan) | about
    finally:
        upstream.stop()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--martlet", type=Path, required=True, help="the release build")
    parser.add_argument("--only", nargs="*", choices=PARTS, help="these parts")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="one short round; docs/ stays as it is")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
