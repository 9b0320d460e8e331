"""Shows that each check can fail: bad snippets must be refused, good ones must pass."""

import sys

import documentation
import layers
import lint
import reference
import sizes
import words
from swift_source import Source, masked

# rule, bad code
BAD_CODE = [
    ("S-01", "let value = try JSONDecoder().decode(Thing.self, from: data)"),
    ("S-01", "let value = try JSONSerialization.jsonObject(with: data)"),
    ("S-02", r'let lines = text.split(separator: "\n")'),
    ("S-02", r'let lines = text.components(separatedBy: "\r\n")'),
    ("S-02", r'if header.contains("\n") { throw Bad.header }'),
    ("S-03", "if client.id.string == presented { return }"),
    ("S-03", "if presented != known.id.string { return }"),
    ("S-04", "guard claims.nonce == expected else { return }"),
    ("S-04", "if presented != metadata.issuer { return }"),
    ("S-06", "let key = String(decoding: bytes, as: UTF8.self)"),
    ("S-11", "posix_spawn(&child, path, nil, nil, arguments, environment)"),
    ("S-11", "let child = fork()"),
    ("S-11", "import Subprocess"),
    ("S-05", "let host = url.host.lowercased()"),
    ("S-07", "let seconds = Int(claims.exp.double)"),
    ("S-07", "let seconds = Int64(date.timeIntervalSince1970)"),
    ("S-08", "let value = try! parse(text)"),
    ("S-08", "let value = other as! Thing"),
    ("S-08", "let value = members[key]!"),
    ("S-08", "let value = first!.second"),
    ("S-08", "var field: Thing!"),
    ("S-08", 'fatalError("never")'),
    ("S-08", "precondition(count > 0)"),
    ("S-09", 'let pattern = try Regex("^(a+)+$")'),
    ("S-09", "let pattern = #/a+/#"),
    ("S-10", "let child = Process()"),
    ("S-13", "let data = Data(base64Encoded: text)"),
    ("S-14", "let parts = URLComponents(string: text)"),
    ("S-14", "let url = URL(string: text)"),
    ("S-16", "public actor Cache {"),
    ("S-17", "Task { await work() }"),
    ("S-17", "Task.detached { await work() }"),
    ("S-18", "pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))"),
    ("invariant-3", "@_spi(Verification) import MartletDomain"),
    ("invariant-7", "let clientSecret: String"),
    ("invariant-7", "var password: String"),
    ("output", 'print("here")'),
    ("unsafe", "nonisolated(unsafe) static var shared = 0"),
    ("unsafe", "final class Box: @unchecked Sendable {}"),
    ("names", "struct TokenManager {}"),
    ("names", "final class SessionHelper {}"),
    ("todo", "// TODO: later"),
]

# Looks like trouble, and isn't.
GOOD_CODE = [
    "guard claims.nonce != nil, ByteString(claims.issuer) == ByteString(expected) else { return }",
    "guard let text = String(validating: bytes, as: UTF8.self) else { return }",
    "guard !isReady, a != b, a !== b else { return }",
    'let text = "try! as! fatalError() x! JSONDecoder"',
    "// nobody calls try! here",
    'let text = "\\(members.count)"',
    "tasks.addTask { await work() }",
    "let task: Task<Void, Never>",
    "/// Box.\n// Locked by `state`, which nobody else holds.\nfinal class Box: @unchecked Sendable {}",
    'return lines.joined(separator: "\\n")',
    "let secretDigests: [ArtefactDigest]",
    "let name = ASCII.lowercased(field.name.utf8)",
    'let text = #"a "quoted" x! b"#',
    'let text = """\n  x! try!\n  """',
    "/* outer /* inner try! */ still a comment x! */ let a = 1",
]

BAD_IMPORTS = [
    ("Sources/StrictCoding/A.swift", "import Foundation"),
    ("Sources/OAuthProtocol/A.swift", "import MCPProtocol"),
    ("Sources/MCPProtocol/A.swift", "import NIOCore"),
    ("Sources/MartletDomain/A.swift", "import MartletAudit"),
    ("Sources/MartletAuthorizationServer/A.swift", "import MartletIdentity"),
    ("Sources/MartletIdentity/A.swift", "@testable import MartletAuthorizationServer"),
    ("Sources/MartletProxy/A.swift", "import struct MartletIdentity.LocalUsers"),
    ("Sources/MartletStoreSQLite/A.swift", "import MartletAuthorizationServer"),
    ("Sources/MartletProxy/A.swift", "public import Hummingbird"),
    ("Sources/MartletAudit/A.swift", "import OAuthProtocol"),
    ("Sources/Stranger/A.swift", "import StrictCoding"),
]

UNDOCUMENTED = [
    "public struct A {}",
    "/// A.\npublic struct A {\n  public var b = 1\n}",
    "/// A.\npublic protocol A {\n  func b()\n}",
    "/// A.\npublic enum A {\n  case b\n}",
    "/// A.\n\npublic func a() {}",
    "// A.\n@discardableResult\npublic func a() -> Int { 1 }",
]
DOCUMENTED = [
    "/// A.\n@frozen\npublic struct A {\n  var b = 1\n  private func c() {}\n}",
    "/// A.\npublic enum A {\n  /// B.\n  case b\n  func c() {\n    switch self {\n    case .b: break\n    }\n  }\n}",
    "public extension A {}",
    "struct A {\n  func b() {}\n}",
]

BAD_WORDS = [
    "cd /" + "work/main", "open(\"/" + "root/.cache\")", "see /" + "home/somebody/notes", "/" + "tmp/h/thing/a",
    "https://artifactory.corp.example/api/pypi", "https://user:hunter2@registry.example", "gh" + "p_" + "a" * 36,
    "-----BEGIN " + "PRIVATE KEY-----\n" + "A" * 40,
    "ours\n" + "<" * 7 + " HEAD\n", "theirs\n" + ">" * 7 + " main\n", ">" * 7, "base\n" + "|" * 7 + " 1234567\n",
]
GOOD_WORDS = ["http://127.0.0.1:8080/work", "docs/work/notes.md", "https://example.com/home/page", "${TMPDIR:-/tmp}", "<" * 20, "a " + "<" * 7 + " b"]


def failures() -> list[str]:
    failed = []

    def expect(condition: bool, words_: str) -> None:
        if not condition:
            failed.append(words_)

    for rule, code in BAD_CODE:
        found = {problem.rule for problem in lint.lint(Source.of("Sources/MartletDomain/Sample.swift", code))}
        expect(rule in found, f"lint: {rule} lets {code!r} pass (found {sorted(found)})")
    for code in GOOD_CODE:
        found = lint.lint(Source.of("Sources/MartletDomain/Sample.swift", code))
        expect(not found, f"lint: refuses {code!r}: {[str(problem) for problem in found]}")
    expect(len(lint.fuzz_coverage([])) == len(lint.FUZZED), "lint: S-15 is content without fuzz tests")

    declared = {target: ours | modules for target, (ours, modules) in layers.LAYERS.items()}
    for path, code in BAD_IMPORTS:
        expect(bool(layers.check_source(Source.of(path, code), declared)), f"layers: {path} may {code!r}")
    undeclared = layers.check_source(Source.of("Sources/MartletDomain/A.swift", "import OAuthProtocol"), {})
    expect(bool(undeclared), "layers: an undeclared import passes")
    fine = layers.check_source(Source.of("Sources/MartletDomain/A.swift", "import OAuthProtocol\nimport Foundation"), declared)
    expect(not fine, f"layers: refuses what is declared: {fine}")
    expect(bool(layers.check_package({"MartletIdentity": {"MartletProxy"}})), "layers: a wrong dependency passes")
    expect(bool(layers.check_package({"Stranger": set()})), "layers: an unknown target passes")

    for code in UNDOCUMENTED:
        expect(bool(documentation.check(Source.of("A.swift", code))), f"documentation: lets {code!r} pass")
    for code in DOCUMENTED:
        found = documentation.check(Source.of("A.swift", code))
        expect(not found, f"documentation: refuses {code!r}: {[str(problem) for problem in found]}")

    def function(lines: int) -> str:
        return "struct A {\n  func b(\n    c: Int\n  ) throws -> Int {\n" + "    work()\n" * (lines - 4) + "  }\n}\n"

    expect(bool(sizes.check(Source.of("A.swift", "let a = 1\n" * 501))[0]), "sizes: 501 lines pass")
    expect(not sizes.check(Source.of("A.swift", "let a = 1\n" * 500))[0], "sizes: 500 lines fail")
    expect(bool(sizes.check(Source.of("A.swift", function(81)))[0]), "sizes: a function of 81 lines passes")
    expect(not sizes.check(Source.of("A.swift", function(80)))[0], "sizes: a function of 80 lines fails")
    expect(len(sizes.check(Source.of("A.swift", function(41)))[1]) == 1, "sizes: a function of 41 lines isn't listed")

    for text in BAD_WORDS:
        expect(bool(words.check("README.md", text)), f"words: lets {text!r} pass")
    for text in GOOD_WORDS:
        expect(not words.check("README.md", text), f"words: refuses {text!r}")

    keys = '  /// a\n  static let a: [ConfigurationKey] = [\n    Key("b", "c", "", "d|e"),\n  ]\n'
    expect("| `b` | c | – | d\\|e |" in reference.configuration(keys), "reference: a key is lost")
    case = "public enum AuditAction: String {\n  /// B.\n  case b = \"b.c\"\n}\n"
    expect("| `b.c` | B. |" in reference.audit_events(case), "reference: an event is lost")
    expect(not reference.is_current(reference.PAGES / "none.md", "x"), "reference: a missing page is current")
    expect(masked('a("b\\(c + "d")e") // f') == 'a("  (c + " ") ")     ', "masking loses its way")
    return failed


def main() -> int:
    failed = failures()
    for line in failed:
        print(line, file=sys.stderr)
    if not failed:
        print(f"{len(BAD_CODE) + len(BAD_IMPORTS) + len(UNDOCUMENTED) + len(BAD_WORDS) + 9} bad snippets refused")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
