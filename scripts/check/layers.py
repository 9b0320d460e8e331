"""Holds imports to the layers of ARCHITECTURE.md: SwiftPM builds an undeclared import of a sibling without a word."""

import json
import re
import subprocess
import sys
import tempfile

from swift_source import REPOSITORY, Problem, Source, report, sources

VOCABULARY = {"StrictCoding", "OAuthProtocol", "MCPProtocol"}
NIO = {"NIOCore", "NIOPosix", "NIOHTTP1", "NIOTLS", "NIOSSL"}

# What each target may depend on at most: our own targets, and modules of packages.
LAYERS: dict[str, tuple[set[str], set[str]]] = {
    "StrictCoding": (set(), set()),
    "HTTPWire": (set(), set()),
    "OAuthProtocol": ({"StrictCoding"}, {"Crypto"}),
    "MCPProtocol": ({"StrictCoding"}, set()),
    "MartletDomain": (VOCABULARY, {"Crypto"}),
    "OAuthClient": ({"StrictCoding", "OAuthProtocol"}, {"Crypto", "CryptoExtras"} | NIO),
    "MartletAuthorizationServer": ({"StrictCoding", "OAuthProtocol", "MartletDomain", "OAuthClient"}, {"Crypto"}),
    "MartletIdentity": ({"StrictCoding", "OAuthProtocol", "MartletDomain", "OAuthClient"}, {"Crypto", "CryptoExtras"}),
    "MartletVault": ({"StrictCoding", "OAuthProtocol", "MartletDomain", "OAuthClient"}, {"Crypto"}),
    "MartletPolicy": ({"StrictCoding", "MCPProtocol", "MartletDomain"}, set()),
    "MartletAudit": ({"StrictCoding", "MartletDomain"}, set()),
    "MartletProxy": (
        VOCABULARY | {"HTTPWire", "MartletDomain", "OAuthClient", "MartletPolicy", "MartletAudit", "MartletVault"},
        {"Crypto"} | NIO),
    "MartletStoreSQLite": ({"StrictCoding", "OAuthProtocol", "MartletDomain"}, {"GRDB", "GRDBSQLite"}),
    "MartletIntegrations": (
        {"StrictCoding", "OAuthProtocol", "MartletDomain", "OAuthClient", "MartletAudit"}, {"Crypto", "NIOCore", "NIOPosix"}),
    "MartletServer": (
        VOCABULARY | {
            "HTTPWire", "MartletDomain", "OAuthClient", "MartletAuthorizationServer", "MartletIdentity", "MartletPolicy",
            "MartletAudit", "MartletVault", "MartletProxy", "MartletStoreSQLite", "MartletIntegrations"},
        {"Crypto", "Hummingbird", "HTTPTypes", "Mustache", "Yams", "Logging", "NIOExtras", "UnixSignals"} | NIO),
    "martlet": (
        {"StrictCoding", "OAuthProtocol", "MartletDomain", "MartletAuthorizationServer", "MartletIdentity",
         "MartletAudit", "MartletServer"}, {"ArgumentParser"}),
}

# Comes with Swift.
PLATFORM = {"Swift", "Synchronization", "Foundation", "FoundationEssentials", "Dispatch", "Glibc", "Musl", "Darwin"}
# The vocabulary does no I/O and has no clock, so it has no Foundation either.
PURE = {"StrictCoding", "HTTPWire", "OAuthProtocol", "MCPProtocol"}

IMPORT = re.compile(
    r"(?m)^\s*(?:(?:@[\w()]+|public|package|internal|private|fileprivate)\s+)*import\s+"
    r"(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)")


def imports(source: Source) -> list[tuple[str, int]]:
    return [(found.group(1), source.line_at(found.start(1))) for found in IMPORT.finditer(source.code)]


def target_of(path: str) -> str:
    return path.split("/")[1]


def check_source(source: Source, declared: dict[str, set[str]]) -> list[Problem]:
    target = target_of(source.path)
    if target not in LAYERS:
        return [Problem(source.path, 1, "layers", f"the target {target} has no layer: add it to scripts/check/layers.py")]
    ours, modules = LAYERS[target]
    problems = []
    for name, line in imports(source):
        if name == target:
            continue
        if name in PLATFORM:
            if target in PURE and name not in {"Swift", "Synchronization"}:
                problems.append(Problem(source.path, line, "layers", f"{target} is pure and must not import {name}"))
        elif name not in ours | modules:
            problems.append(Problem(source.path, line, "layers", f"{target} must not import {name}"))
        elif name not in declared.get(target, set()):
            problems.append(Problem(source.path, line, "layers", f"{target} imports {name}, which Package.swift doesn't declare"))
    return problems


def check_package(declared: dict[str, set[str]]) -> list[Problem]:
    problems = []
    for target, names in declared.items():
        if target not in LAYERS:
            problems.append(Problem("Package.swift", 1, "layers", f"the target {target} has no layer"))
            continue
        ours, modules = LAYERS[target]
        for name in sorted(names - ours - modules):
            problems.append(Problem("Package.swift", 1, "layers", f"{target} must not depend on {name}"))
    return problems


def package_dependencies() -> dict[str, set[str]]:
    """Dependencies of each target in Sources, from the package description itself."""
    # In a folder of its own: a build that is going on holds the lock of .build.
    with tempfile.TemporaryDirectory() as scratch:
        done = subprocess.run(
            ["swift", "package", "--scratch-path", scratch, "dump-package"],
            cwd=REPOSITORY, capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise SystemExit(f"swift package dump-package failed:\n{done.stderr}")
    declared = {}
    for target in json.loads(done.stdout)["targets"]:
        if target["type"] == "test" or (target.get("path") or "").startswith("Tests"):
            continue
        declared[target["name"]] = {next(iter(dependency.values()))[0] for dependency in target["dependencies"]}
    return declared


def main() -> int:
    declared = package_dependencies()
    found = sources("Sources")
    problems = check_package(declared) + [problem for source in found for problem in check_source(source, declared)]
    return report(problems, summary=f"{len(declared)} targets, {len(found)} files")


if __name__ == "__main__":
    sys.exit(main())
