"""make bench: measures Martlet beside other proxies. See README.md in this folder."""

import argparse
import importlib
import json
import sys
import time
from pathlib import Path

from harness import machine
from harness.site import REPOSITORY, Site
from parts.plan import Plan

PARTS = ["throughput", "latency", "sizes", "events", "idle", "start", "growth", "profile"]


def main() -> int:
    options = arguments()
    machine.allow_many_files()
    site = Site(options.martlet.resolve())
    plan = Plan(site, rounds=1 if options.quick else options.rounds, is_quick=options.quick)
    results, started = {}, time.monotonic()
    for name in options.only or PARTS:
        print(f"==> {name}", flush=True)
        upstream = site.start_upstream()
        try:
            results[name] = importlib.import_module(f"parts.{name}").run(plan) | {
                "machine": machine.description(), "cores": site.cores.described(), "rounds": plan.rounds,
                "at": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())}
        finally:
            upstream.stop()
    from report.report import write
    write(results, REPOSITORY / "docs/benchmarks" if not options.quick else site.folder / "report")
    print(f"==> done in {(time.monotonic() - started) / 60:.1f} min")
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--martlet", type=Path, required=True, help="the release build")
    parser.add_argument("--only", nargs="*", choices=PARTS, help="these parts")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="one short round; docs/ stays as it is")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
